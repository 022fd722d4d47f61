//! MX hosts with several addresses and chains, and the runway of their certificates.

use super::{BREAKOUT, FORMULA, HOSTILE, days_from_now, domain, endless, now};
use crate::model::assessment::{
    AddressOutcome, AddressSummary, ChainSummary, DaneSummary, KnownFrom, LeafSummary, MxSummary, RunwayBounds, RunwayEntry, RunwayPlace,
};
use crate::model::expiry::HostRole;
use crate::model::facts::dane::Security;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// Proven, broken, unknown; covered and not; with DANE and without.
pub(super) fn all() -> Vec<MxSummary> {
    let mut hosts = clean();
    hosts.extend([
        MxSummary {
            host: domain("mx2.example.net"),
            host_unicode: None,
            preference: Some(20),
            covered_by: None,
            dane: Some(DaneSummary {
                records: vec!["3 1 1 0123456789abcdef".to_owned()],
                security: Security::Bogus,
                by: HOSTILE.to_owned(),
                matches: Some(false),
            }),
            known_from: Some(KnownFrom::ProbeOnly),
            addresses: vec![
                address("192.0.2.10", AddressOutcome::Broken, Some("offered"), vec![chain("rsa", "mx2", -9, false)]),
                address("2001:db8::10", AddressOutcome::Broken, Some("missing"), Vec::new()),
            ],
        },
        MxSummary {
            host: domain("xn--mx-eka.example.org"),
            host_unicode: Some("müx.example.org".to_owned()),
            preference: Some(30),
            covered_by: Some("*.example.org".to_owned()),
            dane: None,
            known_from: Some(KnownFrom::Neither),
            addresses: vec![
                address("198.51.100.4", AddressOutcome::Undetermined, None, Vec::new()),
                address("198.51.100.5", AddressOutcome::Broken, Some("rejected"), Vec::new()),
            ],
        },
        MxSummary {
            host: Domain::from_dns(&format!("{BREAKOUT}.evil.example")),
            host_unicode: None,
            preference: None,
            covered_by: Some(HOSTILE.to_owned()),
            dane: None,
            known_from: None,
            addresses: Vec::new(),
        },
    ]);
    hosts
}

/// One host that nothing speaks against.
pub(super) fn clean() -> Vec<MxSummary> {
    vec![MxSummary {
        host: domain("mx1.example.net"),
        host_unicode: None,
        preference: Some(10),
        covered_by: Some("mx1.example.net".to_owned()),
        dane: Some(DaneSummary {
            records: vec!["3 1 1 fedcba9876543210".to_owned()],
            security: Security::Secure,
            by: "validated here".to_owned(),
            matches: Some(true),
        }),
        known_from: Some(KnownFrom::Reports),
        addresses: vec![
            address(
                "192.0.2.1",
                AddressOutcome::Proven,
                Some("offered"),
                vec![chain("rsa", "mx1 rsa", 60, true), ChainSummary { handshakes: Some(7), ..chain("ecdsa", "mx1 ecdsa", 5, true) }],
            ),
            address("2001:db8::1", AddressOutcome::Proven, Some("offered"), vec![chain("ecdsa", "mx1 ecdsa", 5, true)]),
        ],
    }]
}

fn address(address: &str, outcome: AddressOutcome, starttls: Option<&'static str>, chains: Vec<ChainSummary>) -> AddressSummary {
    let spoke = !chains.is_empty();
    AddressSummary {
        address: address.parse().expect("an address"),
        outcome,
        starttls,
        tls_version: spoke.then(|| "TLSv1.3".to_owned()),
        suite: spoke.then(|| "TLS_AES_256_GCM_SHA384".to_owned()),
        chains,
    }
}

fn chain(key_type: &str, leaf: &str, days: i64, trusted: bool) -> ChainSummary {
    ChainSummary {
        key_type: key_type.to_owned(),
        leaf: self::leaf(leaf, days),
        trusted,
        served: 3,
        handshakes: None,
        root: trusted.then(|| "CN=ISRG Root X1".to_owned()),
    }
}

/// A certificate of 90 days that ends `days` from now, with hostile words in it.
pub(super) fn leaf(seed: &str, days: i64) -> LeafSummary {
    LeafSummary {
        names: vec!["mx.example.net".to_owned(), BREAKOUT.to_owned(), endless()],
        issuer: format!("CN=R11, O={HOSTILE}"),
        serial: "03:ab".to_owned(),
        not_before: days_from_now(days - 90),
        not_after: days_from_now(days),
        sha256: Fingerprint::of(seed.as_bytes()),
    }
}

/// Host, address and key type of a subject; a certificate of 90 days.
pub(super) fn place(subject: &str, days: i64) -> RunwayPlace {
    let (rest, key_type) = subject.rsplit_once(' ').expect("a key type");
    let (host, address) = rest.split_once(' ').expect("an address");
    RunwayPlace {
        host: Domain::from_dns(host),
        role: if host.starts_with("mta-sts.") { HostRole::PolicyHost } else { HostRole::Mx },
        address: address.to_owned(),
        key_type: key_type.to_owned(),
        seen_at: now(),
        bounds: Some(bounds(days)),
    }
}

/// Those of a certificate of 90 days.
pub(super) fn bounds(days: i64) -> RunwayBounds {
    RunwayBounds { warning: days_from_now(days - 22), critical: days_from_now(days - 11) }
}

/// Soonest first: one that is over, one in the critical days, one far, one of years; and one that nobody would believe.
pub(super) fn runway() -> Vec<RunwayEntry> {
    let entry = |subject: &str, leaf: &str, days: i64| RunwayEntry {
        subject: subject.to_owned(),
        not_after: days_from_now(days),
        seconds_left: now().duration_until(days_from_now(days)).as_secs(),
        sha256: Fingerprint::of(leaf.as_bytes()),
        place: place(subject, days),
    };
    vec![
        entry("mx2.example.net 192.0.2.10 rsa", "mx2", -9),
        entry("mx1.example.net 192.0.2.1 ecdsa", "mx1 ecdsa", 5),
        entry("mx1.example.net 2001:db8::1 ecdsa", "mx1 ecdsa", 5),
        entry(&format!("{HOSTILE} {FORMULA}"), "hostile", 17),
        entry("mx1.example.net 192.0.2.1 rsa", "mx1 rsa", 60),
        entry("mta-sts.xn--bcher-kva.example 192.0.2.80 ecdsa", "policy host", 75),
        entry("old.example.net 192.0.2.99 rsa", "private", 3_650),
        entry("far.example.net 192.0.2.98 rsa", "far", 365 * 7_000),
    ]
}
