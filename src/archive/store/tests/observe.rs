use serde_json::{Value, json};

use super::*;
use crate::model::facts::Facts;
use crate::model::history::seen::{Kind, Seen, Showed};
use crate::model::history::{Fared, History, Subject};

fn time(hour: u32) -> Timestamp {
    now() + SignedDuration::from_hours(i64::from(hour))
}

/// What one check saw.
struct Sight {
    at: Timestamp,
    policy: Option<&'static str>,
    record: Value,
    mx: Value,
    v4: Value,
    chain: &'static str,
    starttls: bool,
}

fn seen(value: Value) -> Value {
    json!({"seen": {"value": value, "ttl": 300}})
}

fn failed() -> Value {
    json!({"failed": {"kind": "timeout", "detail": ""}})
}

fn absent() -> Value {
    json!({"absent": {"kind": "nx-domain"}})
}

impl Sight {
    fn at(hour: u32) -> Self {
        Self {
            at: time(hour),
            policy: Some("version: STSv1\nmode: testing\nmx: mx.shop.example\nmax_age: 86400\n"),
            record: seen(json!([["v=STSv1; id=", "1;"]])),
            mx: seen(json!([{"preference": 10, "exchange": "mx.shop.example"}])),
            v4: seen(json!(["192.0.2.1"])),
            chain: "one",
            starttls: true,
        }
    }

    fn facts(&self) -> Facts {
        let leaf = Fingerprint::of(self.chain.as_bytes());
        let tls = json!({"seen": {"version": "TLSv1.3", "suite": "s", "chain": [leaf], "trust": {"public": null}}});
        let reply = |code: u16, lines: Value| json!({"seen": {"code": code, "lines": lines}});
        let mut probe = json!({"address": "192.0.2.1", "port": 25, "at": self.at, "connect": {"seen": 1},
            "greeting": reply(220, json!(["mx"])), "ehlo": reply(250, json!(if self.starttls { vec!["mx", "STARTTLS"] } else { vec!["mx"] }))});
        if self.starttls {
            probe["starttls"] = reply(220, json!(["go"]));
            probe["tls"] = tls.clone();
            probe["ehlo_after"] = reply(250, json!(["mx"]));
        }
        let response = self
            .policy
            .map(|text| json!({"seen": {"status": 200, "body": {"text": text, "sha256": Fingerprint::of(text.as_bytes()), "utf8": true}}}));
        let fetch = json!({"address": "192.0.2.9", "at": self.at, "agent": "a", "elapsed_ms": 1, "connect": {"seen": 1}, "tls": tls,
            "response": response.unwrap_or_else(failed)});
        let facts = json!({
            "schema": "stsready/facts/1", "domain": "shop.example", "observed_at": self.at,
            "vantage": {"resolvers": ["192.0.2.53:53"], "roots": {"name": "mozilla", "count": 1, "sha256": leaf}, "ipv4": "available",
                "ipv6": "no-route", "helo": "check.example"},
            "mail": {"mx": self.mx},
            "policy": {"txt": {"name": "_mta-sts.shop.example", "answer": self.record}, "host": "mta-sts.shop.example",
                "addresses": {"v4": seen(json!(["192.0.2.9"])), "v6": absent()}, "fetches": [fetch]},
            "servers": [{"name": "mx.shop.example", "source": "record", "preference": 10,
                "addresses": {"v4": self.v4, "v6": absent()}, "probes": [probe]}],
            "certificates": {leaf.to_string(): "AQID"},
        });
        serde_json::from_value(facts).expect("facts")
    }
}

/// How addresses fared: these were proven, those broken, and DNS gave all of them.
fn fared(proven: &[&str], broken: &[&str]) -> Fared {
    let list = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    Fared { given: [list(proven), list(broken)].concat(), proven: list(proven), broken: list(broken) }
}

/// Every row of a kind: from which hour to which, and whether it still holds.
fn hours(history: &History, kind: Kind) -> Vec<(i64, i64, bool)> {
    let hour = |at: Timestamp| at.duration_since(now()).as_hours();
    let rows = |subject: &Subject| {
        let gone = |last: Timestamp| last == subject.looked_at;
        subject.spans.iter().map(|span| (hour(span.first_seen), hour(span.last_seen), gone(span.last_seen))).collect::<Vec<_>>()
    };
    history.of(kind).flat_map(rows).collect()
}

fn observed(sights: impl IntoIterator<Item = Sight>) -> History {
    let scene = Scene::new();
    for sight in sights {
        scene.store.observe(&sight.facts(), &fared(&["mx.shop.example 192.0.2.1"], &[])).expect("kept");
    }
    assert_eq!(scene.store.check().expect("readable"), Vec::<String>::new());
    scene.store.history(&domain("shop.example")).expect("readable")
}

#[test]
fn what_stays_is_one_row_and_what_changes_another() {
    const OTHER: &str = "version: STSv1\nmode: enforce\nmx: mx.shop.example\nmax_age: 86400\n";
    let history = observed([
        Sight::at(0),
        Sight::at(1),
        Sight { policy: Some(OTHER), chain: "two", ..Sight::at(2) },
        Sight { policy: Some(OTHER), starttls: false, ..Sight::at(3) },
        Sight::at(4),
    ]);
    assert_eq!(hours(&history, Kind::Policy), [(0, 1, false), (2, 3, false), (4, 4, true)]);
    assert_eq!(hours(&history, Kind::PolicyRecord), [(0, 4, true)]);
    assert_eq!(hours(&history, Kind::Mx), [(0, 4, true)]);
    assert_eq!(hours(&history, Kind::Server), [(0, 2, false), (3, 3, false), (4, 4, true)]);
    // Of the MX host, which was not asked at hour 3, and of the policy host; what took turns is one row.
    assert_eq!(hours(&history, Kind::Chain), [(0, 4, true), (2, 2, false), (0, 4, true), (2, 2, false)]);
    let values: Vec<&Seen> = history.of(Kind::Server).flat_map(Subject::current).map(|span| &span.seen).collect();
    assert_eq!(values, [&Seen::Server { showed: Showed::SpeaksTls, version: Some("TLSv1.3".into()) }]);
    let modes: Vec<_> = history.of(Kind::Policy).flat_map(|subject| &subject.spans).map(|span| span.seen.clone()).collect();
    assert!(matches!(&modes[1], Seen::Policy { mode: Some(mode), max_age: Some(86400), text, .. } if mode == "enforce" && text == OTHER));
    assert_eq!(history.certificates.len(), 2);
}

#[test]
fn absent_is_an_answer_and_silence_is_none() {
    let history = observed([
        Sight::at(0),
        Sight { record: failed(), mx: failed(), v4: failed(), policy: None, ..Sight::at(1) },
        Sight { record: absent(), mx: absent(), v4: absent(), ..Sight::at(2) },
    ]);
    assert_eq!(hours(&history, Kind::Policy), [(0, 2, true)], "the look that could not see is not held against it");
    for kind in [Kind::PolicyRecord, Kind::Mx] {
        assert_eq!(hours(&history, kind), [(0, 0, false)], "{kind:?}");
    }
    assert_eq!(
        history.of(Kind::Address).map(|subject| subject.name.as_str()).collect::<Vec<_>>(),
        ["mx.shop.example A", "mx.shop.example AAAA"]
    );
    assert_eq!(hours(&history, Kind::Address), [(0, 0, false)]);
}

#[test]
fn a_check_that_saw_nothing_leaves_no_trace() {
    let mut facts = Sight::at(0).facts();
    (facts.mail, facts.policy, facts.servers) = (None, None, None);
    let scene = Scene::new();
    scene.store.observe(&facts, &Fared::default()).expect("nothing to keep");
    let history = scene.store.history(&domain("shop.example")).expect("readable");
    assert_eq!((history.subjects, history.days), (vec![], vec![]));
}

#[test]
fn addresses_that_take_turns_are_one_row_each() {
    let turn = |hour: u32| Sight { v4: seen(json!([format!("192.0.2.{}", 1 + hour % 3)])), ..Sight::at(hour) };
    let history = observed((0..12).map(turn));
    assert_eq!(hours(&history, Kind::Address), [(0, 9, false), (1, 10, false), (2, 11, true)]);
}

#[test]
fn a_look_that_comes_late_changes_nothing() {
    let late = Sight { policy: Some("version: STSv1\nmode: none\n"), ..Sight::at(1) };
    let history = observed([Sight::at(0), Sight::at(2), late]);
    assert_eq!(hours(&history, Kind::Policy), [(0, 2, true)]);
}

#[test]
fn a_day_has_one_row_a_vantage_with_how_the_addresses_fared() {
    let scene = Scene::new();
    for (hour, proven, broken) in [(0, &["a"][..], &[][..]), (1, &["b", "a"], &[]), (2, &[], &["b"]), (24, &[], &[])] {
        scene.store.observe(&Sight::at(hour).facts(), &fared(proven, broken)).expect("kept");
    }
    let mut elsewhere = Sight::at(3).facts();
    elsewhere.vantage.helo = "other.example".into();
    scene.store.observe(&elsewhere, &Fared::default()).expect("kept");
    let mut submission = Sight::at(4).facts();
    submission.servers.as_mut().expect("servers")[0].probes[0].port = 587;
    scene.store.observe(&submission, &fared(&["a"], &[])).expect("kept");
    let days = scene.store.history(&domain("shop.example")).expect("readable").days;
    let rows: Vec<_> =
        days.iter().map(|day| (day.day.to_string(), day.times, day.proven.join(" "), day.broken.join(" "), day.given.join(" "))).collect();
    let row = |day: &str, times, proven: &str, broken: &str, given: &str| {
        (day.to_owned(), times, proven.to_owned(), broken.to_owned(), given.to_owned())
    };
    assert_eq!(
        rows,
        [
            row("2026-11-22", 3, "a b", "b", "a b"),
            row("2026-11-22", 1, "", "", ""),
            row("2026-11-22", 1, "a", "", "a"),
            row("2026-11-23", 1, "", "", "")
        ]
    );
    assert!(days[0].vantage.contains("check.example") && days[0].vantage.contains("no IPv6"), "{}", days[0].vantage);
    assert!(days[2].vantage.contains("port 587") && !days[0].vantage.contains("port"), "another port is another vantage");
}
