use std::net::IpAddr;

use super::*;
use crate::model::facts::Facts;
use crate::model::facts::policy::{Fetch, Response};
use crate::model::finding::Outcome;
use crate::model::looked::Looked;
use crate::rules::fixture::{self, judged};

/// An answer that was complete at 09:00:00 and took `elapsed_ms`, with these headers.
fn fetch(date: Option<&str>, age: Option<&str>, elapsed_ms: u64) -> Fetch {
    Fetch {
        address: IpAddr::from([192, 0, 2, 1]),
        at: fixture::NOW.parse().expect("a time"),
        agent: "test".to_owned(),
        elapsed_ms,
        connect: Looked::Seen(1),
        tls: None,
        response: Some(Looked::Seen(Response {
            date: date.map(str::to_owned),
            age: age.map(str::to_owned),
            ..crate::model::fixture::served(fixture::POLICY)
        })),
    }
}

fn facts(fetches: Vec<Fetch>) -> Facts {
    let mut facts = fixture::facts();
    let policy = facts.policy.as_mut().expect("a policy");
    policy.draft = None;
    policy.fetches = fetches;
    facts
}

fn offset(fetches: Vec<Fetch>) -> Option<i64> {
    clock::offset(&facts(fetches)).map(|offset| offset.seconds)
}

#[test]
fn the_difference_leaves_out_what_the_fetch_took_and_what_a_cache_held() {
    let date = |time: &str| format!("Sun, 22 Nov 2026 {time} GMT");
    for (time, age, elapsed_ms, seconds) in [
        ("09:00:00", None, 0, 0),
        ("08:59:59", None, 0, 0),
        ("09:00:01", None, 0, 0),
        ("08:59:30", None, 30_000, 0),
        ("08:50:00", None, 0, 599),
        ("08:50:00", None, 60_000, 539),
        ("09:10:00", None, 60_000, -600),
        ("08:00:00", Some("3600"), 0, 0),
        ("08:00:00", Some("nonsense"), 0, 3_599),
        // Only an answer from the future cannot come of a cache.
        ("09:10:00", Some("600"), 0, -600),
        // A cache dates its answers anew, or keeps the Date of the origin: what lies between fits both.
        ("09:00:00", Some("540"), 0, 0),
        ("08:55:00", Some("540"), 0, 0),
        ("08:50:00", Some("60"), 0, 539),
    ] {
        assert_eq!(offset(vec![fetch(Some(&date(time)), age, elapsed_ms)]), Some(seconds), "{time} {age:?} {elapsed_ms}");
    }
    assert_eq!(offset(vec![fetch(None, None, 0), fetch(Some("soon"), None, 0)]), None);
    let (old, new) = (date("03:00:00"), date("08:59:00"));
    assert_eq!(offset(vec![fetch(Some(&old), None, 0), fetch(Some(&new), None, 0)]), Some(59), "the least of several");
}

#[test]
fn a_clock_more_than_five_minutes_off_keeps_the_answer_open() {
    let outcome = |time: &str| {
        let date = format!("Sun, 22 Nov 2026 {time} GMT");
        let sheet = judged(&facts(vec![fetch(Some(&date), None, 0)]), judge);
        let [finding] = sheet.findings() else { panic!("one finding") };
        (finding.outcome, finding.message.clone())
    };
    assert_eq!(outcome("08:55:00").0, Outcome::Holds);
    assert_eq!(outcome("09:05:00").0, Outcome::Holds, "five minutes are tolerated");
    assert_eq!(outcome("09:05:01").0, Outcome::Undetermined);
    let (ahead, behind, days) = (outcome("08:50:00"), outcome("12:00:00"), {
        let sheet = judged(&facts(vec![fetch(Some("Sun, 01 Nov 2026 09:00:00 GMT"), None, 0)]), judge);
        sheet.findings()[0].message.clone()
    });
    assert_eq!((ahead.0, behind.0), (Outcome::Undetermined, Outcome::Undetermined));
    assert!(ahead.1.contains("9 minutes ahead of"), "{}", ahead.1);
    assert!(behind.1.contains("3 hours behind"), "{}", behind.1);
    assert!(days.contains("20 days ahead of"), "{days}");
}

#[test]
fn without_a_date_nothing_is_said() {
    for facts in [facts(Vec::new()), facts(vec![fetch(None, None, 0)]), fixture::facts()] {
        let sheet = judged(&facts, judge);
        assert!(sheet.findings().iter().all(|finding| finding.outcome == Outcome::NotApplicable));
        assert_eq!(sheet.findings().len(), 1);
    }
}

/// What another vantage fetched was dated by its clock, and says nothing about the one here.
#[test]
fn the_clock_is_that_of_the_newest_vantage() {
    use crate::model::facts::vantage::OtherVantage;
    let date = |time: &str| format!("Sun, 22 Nov 2026 {time} GMT");
    let lent = Fetch { address: IpAddr::from([192, 0, 2, 2]), ..fetch(Some(&date("09:00:00")), None, 0) };
    let mut facts = facts(vec![fetch(Some(&date("10:00:00")), None, 0), lent]);
    let seconds = |facts: &Facts| clock::offset(facts).map(|offset| offset.seconds);
    assert_eq!(seconds(&facts), Some(0));
    let gave = vec!["mta-sts.example.com 192.0.2.2".to_owned()];
    let other = OtherVantage {
        vantage: facts.vantage.clone(),
        observed_at: fixture::NOW.parse().expect("a time"),
        gave,
        proved: vec![],
        too_old: vec![],
    };
    facts.others = vec![other];
    assert_eq!(seconds(&facts), Some(-3_600));
    facts.others[0].gave.push("mta-sts.example.com 192.0.2.1".to_owned());
    assert_eq!(seconds(&facts), None, "nothing was fetched here");
}

#[test]
fn a_date_that_fails_only_by_a_clock_that_is_behind_is_an_open_question() {
    let outcome = |time: &str, rule: &'static Rule| {
        let facts = facts(vec![fetch(Some(&format!("Sun, 22 Nov 2026 {time} GMT")), None, 0)]);
        let settings = crate::model::settings::Settings::default();
        let mut sheet = Sheet::default();
        sheet.broken(rule, "mx1.example.com", "it is so by the clock here", Evidence::new(EvidenceKind::Http, "the clock"));
        doubt_dates(&Case::new(&facts, &settings, facts.observed_at), &mut sheet);
        (sheet.findings()[0].outcome, sheet.findings()[0].evidence.len())
    };
    let (doubted, kept) = ((Outcome::Undetermined, 2), (Outcome::Broken, 1));
    for rule in [&cert::NOT_YET_VALID, &cert::EXPIRED] {
        assert_eq!(outcome("12:00:00", rule), doubted, "{}", rule.code);
        assert_eq!(outcome("09:04:00", rule), kept, "{}: little enough to be tolerated", rule.code);
        assert_eq!(outcome("06:00:00", rule), kept, "{}: an answer of the past may be a cache's", rule.code);
    }
    assert_eq!(outcome("12:00:00", &cert::UNTRUSTED), kept, "no date makes it so");
}

/// A fault that stands by both clocks is one; that another certificate is at fault by the other clock says nothing about this one.
#[test]
fn a_date_is_doubted_for_each_certificate_and_each_rule_alone() {
    use crate::model::facts::Der;
    use crate::model::facts::servers::Probe;
    use crate::model::facts::tls::{TlsFacts, Trust};
    use crate::net::trust::fixture::self_signed;
    use crate::wire::fingerprint::Fingerprint;
    let mut facts = facts(vec![fetch(Some("Sun, 22 Nov 2026 12:00:00 GMT"), None, 0)]);
    // It ended a year before.
    let leaf = self_signed(&["mx1.example.com"], -100..-1, |_| ());
    let print = Fingerprint::of(&leaf);
    facts.certificates.insert(print, Der(leaf));
    let tls = TlsFacts {
        version: "TLSv1.3".into(),
        suite: "TLS_AES_128_GCM_SHA256".into(),
        chain: vec![print],
        trust: Trust::none("not judged here"),
        stapled: None,
        signature_problem: None,
        fetched: None,
    };
    let begun = Probe::begun(IpAddr::from([192, 0, 2, 1]), 25, facts.observed_at, Looked::Seen(1));
    facts.servers.as_mut().expect("it has servers")[0].probes = vec![Probe { tls: Some(Looked::Seen(tls)), ..begun }];
    let settings = crate::model::settings::Settings::default();
    for (rule, subject, outcome) in [
        (&cert::EXPIRED, "mx1.example.com 192.0.2.1 ecdsa", Outcome::Broken),
        (&cert::EXPIRED, "mx2.example.com 192.0.2.1 ecdsa", Outcome::Undetermined),
        (&cert::NOT_YET_VALID, "mx1.example.com 192.0.2.1 ecdsa", Outcome::Undetermined),
    ] {
        let mut sheet = Sheet::default();
        sheet.broken(rule, subject, "it is so by the clock here", Evidence::new(EvidenceKind::Http, "the clock"));
        doubt_dates(&Case::new(&facts, &settings, facts.observed_at), &mut sheet);
        assert_eq!(sheet.findings()[0].outcome, outcome, "{} of {subject}", rule.code);
    }
}
