use jiff::SignedDuration;

use super::*;
use crate::model::facts::policy::Body;
use crate::model::finding::Outcome;
use crate::model::history::Span;
use crate::model::settings::Settings;
use crate::rules::fixture;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::policy;

const ENFORCE: &str = "version: STSv1\nmode: enforce\nmx: mx1.example.com\nmx: mx2.example.com\nmax_age: 604800\n";

fn ago(days: i64) -> Timestamp {
    fixture::NOW.parse::<Timestamp>().expect("a time") - SignedDuration::from_hours(24 * days)
}

fn served(text: &str, from: i64, to: i64) -> Span {
    let seen = Seen::Policy { sha256: Fingerprint::of(text.as_bytes()), text: text.to_owned(), mode: None, max_age: None };
    Span { seen, first_seen: ago(from), last_seen: ago(to) }
}

fn published(id: &str, from: i64, to: i64) -> Span {
    let seen = Seen::PolicyRecord { text: format!("v=STSv1; id={id}"), id: Some(id.to_owned()) };
    Span { seen, first_seen: ago(from), last_seen: ago(to) }
}

/// `code severity` of what is broken where `text` is served today under the id 1, and these were seen before.
fn broken(text: &str, policies: Vec<Span>, records: Vec<Span>) -> Vec<String> {
    let mut facts = fixture::facts();
    facts.policy.as_mut().expect("it has one").draft = None;
    let (body, settings) = (Body::new(text.as_bytes()), Settings::default());
    let subject = |kind, name: &str, spans: Vec<Span>| Subject { kind, name: name.to_owned(), looked_at: ago(0), spans };
    let past = History {
        subjects: vec![
            subject(Kind::Policy, "mta-sts.example.com", policies),
            subject(Kind::PolicyRecord, "_mta-sts.example.com", records),
        ],
        ..History::nothing(fixture::name("example.com"))
    };
    let case =
        Case { facts: &facts, now: ago(0), settings: &settings, body: Some(&body), policy: Some(policy::parse(text)), past: Some(past) };
    let mut sheet = Sheet::default();
    judge(&case, &mut sheet);
    for rule in RULES {
        assert!(sheet.findings().iter().any(|finding| finding.rule == *rule), "{} wrote nothing", rule.code);
    }
    let broken = sheet.findings().iter().filter(|finding| finding.outcome == Outcome::Broken);
    broken
        .map(|finding| {
            assert!(finding.expected.is_some() && finding.found.is_some() && finding.fix.is_some(), "{}", finding.code());
            format!("{} {}", finding.code(), finding.severity.as_str())
        })
        .collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_text_and_its_id_go_together() {
    let older = ENFORCE.replace("604800", "86400");
    let with = |text: &str, records| broken(ENFORCE, vec![served(text, 9, 1), served(ENFORCE, 0, 0)], records);
    assert_eq!(with(&older, vec![published("0", 9, 1), published("1", 0, 0)]), NOTHING);
    assert_eq!(with(&older, vec![published("1", 9, 0)]), ["drift-body-without-id warning"]);
    let narrow = ENFORCE.replace("mx: mx2.example.com\n", "");
    assert_eq!(with(&narrow, vec![published("1", 9, 0)]), ["drift-body-without-id blocker"], "mx2 is refused by who holds it");
    assert_eq!(with(&narrow.replace("enforce", "testing"), vec![published("1", 9, 0)]), ["drift-body-without-id warning"]);
    let over = vec![served(&narrow, 40, 39), served(ENFORCE, 38, 0)];
    assert_eq!(broken(ENFORCE, over, vec![published("1", 40, 0)]), NOTHING, "nobody holds it any more");
}

#[test]
fn a_new_id_alone_is_told_for_a_month() {
    let at = |days: i64| broken(ENFORCE, vec![served(ENFORCE, 90, 0)], vec![published("0", 90, days + 1), published("1", days, 0)]);
    assert_eq!(at(3), ["drift-id-without-body advice"]);
    assert_eq!(at(40), NOTHING);
    assert_eq!(broken(ENFORCE, vec![served(ENFORCE, 3, 0)], vec![published("0", 9, 4), published("1", 3, 0)]), NOTHING);
}

#[test]
fn a_policy_in_enforce_that_asks_more_than_todays_is_named_while_it_is_held() {
    let with = |today: &str, older: &str, gone: i64| {
        let policies = vec![served(older, 60, gone + 1), served(today, gone, 0)];
        broken(today, policies, vec![published("0", 60, gone + 1), published("1", gone, 0)])
    };
    let testing = ENFORCE.replace("enforce", "testing");
    assert_eq!(with(&testing, ENFORCE, 3), ["drift-cached-stricter warning"]);
    assert_eq!(with(&testing, ENFORCE, 8), NOTHING, "a week is over");
    assert_eq!(with(&ENFORCE.replace("604800", "86400"), ENFORCE, 3), ["drift-cached-stricter warning"], "held for longer than today's");
    assert_eq!(with(ENFORCE, &ENFORCE.replace("mx: mx2.example.com\n", ""), 3), ["drift-cached-stricter warning"]);
    assert_eq!(with(ENFORCE, &(ENFORCE.to_owned() + "mx: more.example.com\n"), 3), NOTHING, "it asks no more");
    assert_eq!(with(ENFORCE, &testing, 3), NOTHING, "testing refuses nothing");
}

#[test]
fn without_a_past_nothing_is_said() {
    let sheet = fixture::judged(&fixture::facts(), judge);
    assert!(sheet.findings().iter().all(|finding| finding.outcome == Outcome::NotApplicable) && sheet.findings().len() == RULES.len());
}
