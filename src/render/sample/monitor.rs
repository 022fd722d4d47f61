//! What is looked at every day: the list of certificates, and the digest of reports.

use jiff::civil::date;

use super::servers::{bounds, leaf, place};
use super::{BREAKOUT, FORMULA, HOSTILE, days_from_now, domain, endless, now};
use crate::model::assessment::RunwayPlace;
use crate::model::digest::{Digest, DomainDigest, Failing, Figures, NewPolicy, Reported, Silent};
use crate::model::expiry::{DiskSummary, Expiry, ExpiryEntry, HostRole, LastKnown, OnDisk, RunwayState, Unseen};
use crate::wire::name::Domain;

/// A certificate in each state, with every role.
pub(crate) fn expiry() -> Expiry {
    let entry = |host: &str, state, role, days: i64| ExpiryEntry {
        host: domain(host),
        host_unicode: None,
        address: "192.0.2.1".parse().expect("an address"),
        port: (role != HostRole::PolicyHost).then_some(25),
        role,
        key_type: "rsa".to_owned(),
        state,
        not_after: days_from_now(days),
        seconds_left: days * 86_400,
        decided_by: "the certificate".to_owned(),
        leaf: leaf(host, days),
        trusted: true,
        on_disk: None,
        domains: vec![domain("xn--bcher-kva.example"), domain("good.example")],
        bounds: bounds(days),
    };
    let mut entries = vec![
        entry("mx2.example.net", RunwayState::Expired, HostRole::Mx, -9),
        ExpiryEntry { on_disk: Some(OnDisk::Newer), ..entry("mx1.example.net", RunwayState::Critical, HostRole::Mx, 5) },
        ExpiryEntry {
            host: Domain::from_dns(&format!("{BREAKOUT}.evil.example")),
            decided_by: HOSTILE.to_owned(),
            trusted: false,
            ..entry("mx3.example.net", RunwayState::Warning, HostRole::Mx, 17)
        },
        entry("mta-sts.xn--bcher-kva.example", RunwayState::Overdue, HostRole::PolicyHost, 28),
        ExpiryEntry { port: Some(465), key_type: FORMULA.to_owned(), ..entry("asked.example.net", RunwayState::Fine, HostRole::Host, 80) },
        entry("early.example.net", RunwayState::NotYetValid, HostRole::Mx, 91),
    ];
    entries.sort_by_key(|entry| entry.not_after);
    Expiry {
        asked_at: now(),
        vantage: Some(super::past::vantage()),
        entries,
        unseen: vec![
            Unseen {
                host: domain("mx4.example.com"),
                address: Some("198.51.100.4".parse().expect("an address")),
                role: HostRole::Mx,
                why: format!("it does not answer {HOSTILE}"),
                open: true,
                domains: vec![domain("xn--bcher-kva.example")],
            },
            Unseen {
                host: domain("silent.example"),
                address: None,
                role: HostRole::Mx,
                why: "it takes no mail".to_owned(),
                open: false,
                domains: Vec::new(),
            },
        ],
        files: vec![
            DiskSummary { file: format!("/etc/tls/{BREAKOUT}.pem"), leaf: Some(leaf("disk", 80)), compared: 1 },
            DiskSummary { file: FORMULA.to_owned(), leaf: None, compared: 0 },
        ],
        last_known: vec![LastKnown {
            place: RunwayPlace { seen_at: days_from_now(-2), bounds: None, ..place("mx4.example.com 198.51.100.4 rsa", 40) },
            not_after: days_from_now(40),
        }],
    }
}

/// A domain with everything to be said of it, a quiet one, one without reports.
pub(crate) fn digest() -> Digest {
    let figures = |sessions, failed| Figures { sessions, failed };
    let failing = |result_type: &str, sessions, new| Failing {
        result_type: result_type.to_owned(),
        mx: Some(domain("mx2.example.net")),
        reason: Some(HOSTILE.to_owned()),
        reporters: vec!["google.com".to_owned(), BREAKOUT.to_owned()],
        sessions,
        since: date(2026, 3, 8),
        new,
    };
    let reported = |reporter: &str, sessions, failed| Reported {
        reporter: reporter.to_owned(),
        day: date(2026, 3, 9),
        figures: figures(sessions, failed),
    };
    let quiet = |name: &str| DomainDigest {
        domain: domain(name),
        day: Some(date(2026, 3, 9)),
        newest: figures(330, 0),
        before: figures(310, 0),
        usual: figures(300, 0),
        failures: Vec::new(),
        ended: Vec::new(),
        reported: vec![reported("google.com", 330, 0)],
        silent: Vec::new(),
        newcomers: Vec::new(),
        policies: Vec::new(),
        set_aside: 0,
    };
    Digest {
        as_of: now(),
        domains: vec![
            DomainDigest {
                newest: figures(200, 44),
                failures: vec![
                    failing("certificate-expired", 40, true),
                    Failing { mx: None, reason: None, ..failing(FORMULA, 3, false) },
                    Failing { mx: Some(Domain::from_dns(&format!("{BREAKOUT}.example"))), ..failing(HOSTILE, 1, false) },
                ],
                ended: vec![failing("starttls-not-supported", 7, false)],
                reported: vec![reported("google.com", 180, 40), reported(HOSTILE, 20, 4), reported(&endless(), 0, 0)],
                silent: vec![Silent { reporter: FORMULA.to_owned(), last: date(2026, 2, 27), every_days: 1 }],
                newcomers: vec![BREAKOUT.to_owned()],
                policies: vec![NewPolicy {
                    version: "0a1b2c3d".to_owned(),
                    text: vec!["version: STSv1".to_owned(), HOSTILE.to_owned(), FORMULA.to_owned()],
                    since: date(2026, 3, 9),
                    reporters: vec!["google.com".to_owned(), HOSTILE.to_owned()],
                }],
                set_aside: 2,
                ..quiet("xn--bcher-kva.example")
            },
            quiet("good.example"),
            DomainDigest {
                day: None,
                newest: Figures::default(),
                before: Figures::default(),
                usual: Figures::default(),
                reported: Vec::new(),
                ..quiet("waiting.example")
            },
        ],
    }
}
