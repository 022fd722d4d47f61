//! What senders may still hold, the way back, and from where it was looked.

use super::{BREAKOUT, HOSTILE, POLICY, at, days_from_now, domain, now};
use crate::model::assessment::{Clamp, Horizon, OlderPolicy};
use crate::model::facts::vantage::{ControlFacts, Family, Means, OtherVantage, Vantage};
use crate::model::finding::Fix;
use crate::model::fixture;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::plan::HeldFrom;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// Older policies of every mode, one only known from reports, and one held beyond belief.
pub(super) fn horizon() -> Horizon {
    let older = |seed: &str, mode: &str, seen, last: i64, max_age: u64| OlderPolicy {
        sha256: (seen != HeldFrom::Reports).then(|| Fingerprint::of(seed.as_bytes())),
        seen,
        mode: mode.to_owned(),
        max_age,
        mx: vec!["mx1.example.net".to_owned(), BREAKOUT.to_owned()],
        first_seen: days_from_now(last - 20),
        last_seen: days_from_now(last),
        held_until: days_from_now(last) + jiff::SignedDuration::from_secs(i64::try_from(max_age).expect("seconds")),
        clamped: Vec::new(),
        satisfied: true,
        uncovered: Vec::new(),
        broken: Vec::new(),
    };
    let clamp = Clamp { sender: "Google", max_age: 86_400, held_until: days_from_now(1) };
    Horizon {
        held_until: days_from_now(7),
        max_age: 604_800,
        txt_ttl: 3_600,
        clamped: vec![clamp.clone()],
        older: vec![
            OlderPolicy {
                satisfied: false,
                uncovered: vec![domain("mx3.example.com"), Domain::from_dns(BREAKOUT)],
                broken: vec![domain("mx2.example.net")],
                clamped: vec![clamp],
                ..older("long", "enforce", HeldFrom::Checks, -40, 31_557_600)
            },
            older("reported", "enforce", HeldFrom::Reports, -3, 1_209_600),
            older("testing", "testing", HeldFrom::Checks, -2, 604_800),
            older("none", HOSTILE, HeldFrom::Now, 0, 86_400),
        ],
        roll_back: vec![
            Fix { say: "serve the policy in testing".to_owned(), publish: Some(POLICY.replace("enforce", "testing")) },
            Fix {
                say: format!("change the id {HOSTILE}"),
                publish: Some("_mta-sts.xn--bcher-kva.example. TXT \"v=STSv1; id=3\"".to_owned()),
            },
            Fix { say: "leave both until everything that is held has ended".to_owned(), publish: None },
        ],
    }
}

/// Every means at once.
pub(super) fn vantage() -> Vantage {
    Vantage {
        resolvers: vec!["192.0.2.53:53".to_owned(), HOSTILE.to_owned()],
        ipv6: Family::NoRoute,
        helo: format!("here.example {BREAKOUT}"),
        means: Means {
            socks5: Some("proxy.example:1080".to_owned()),
            socks5_dns: true,
            proxy: Some("http://proxy.example:3128".to_owned()),
            source: vec!["192.0.2.200".parse().expect("an address")],
            deny_private: true,
            control: Some(ControlFacts {
                target: "control.example".to_owned(),
                port: 25,
                address: None,
                at: now(),
                outcome: Looked::Failed(Failure::new(FailureKind::Timeout, HOSTILE)),
            }),
        },
        ..fixture::vantage()
    }
}

/// A second place.
pub(super) fn vantages() -> Vec<OtherVantage> {
    vec![OtherVantage {
        vantage: Vantage { ipv4: Family::SwitchedOff, ..fixture::vantage() },
        observed_at: at("2026-03-10T08:00:00Z"),
        gave: vec!["mx1.example.net 2001:db8::1".to_owned(), HOSTILE.to_owned()],
        proved: vec!["mx2.example.net 2001:db8::10".to_owned()],
        too_old: vec![BREAKOUT.to_owned()],
    }]
}
