use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::*;
use crate::evidence::past::Held;
use crate::model::facts::Facts;
use crate::model::facts::dns::MxRecord;
use crate::model::finding::Outcome;
use crate::model::history::{Leaf, Span, Subject};
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

/// What is broken where `text` is served today under the id 1, and these were seen before; an empty text stands for none.
fn told(text: &str, policies: Vec<Span>, records: Vec<Span>) -> Vec<Finding> {
    let mut facts = fixture::facts();
    facts.policy.as_mut().expect("it has one").draft = None;
    let subject = |kind, name: &str, spans: Vec<Span>| Subject { kind, name: name.to_owned(), looked_at: ago(0), spans };
    let past = vec![subject(Kind::Policy, "mta-sts.example.com", policies), subject(Kind::PolicyRecord, "_mta-sts.example.com", records)];
    judged(&facts, text, past)
}

/// The same where anything else was seen.
fn judged(facts: &Facts, text: &str, subjects: Vec<Subject>) -> Vec<Finding> {
    let (body, settings) = (Body::new(text.as_bytes()), Settings::default());
    let leaves = BTreeMap::from(["old", "new"].map(|leaf| (Fingerprint::of(leaf.as_bytes()), self::leaf(leaf))));
    let past = History { subjects, leaves, ..History::nothing(fixture::name("example.com")) };
    let policy = Some(policy::parse(text)).filter(policy::Policy::is_policy);
    let held = Held::of(facts, policy.as_ref(), &past, ago(0));
    let body = policy.is_some().then_some(&body);
    let case = Case { facts, now: ago(0), settings: &settings, body, policy, past: Some(past), held };
    let mut sheet = Sheet::default();
    judge(&case, &mut sheet);
    for rule in RULES {
        assert!(sheet.findings().iter().any(|finding| finding.rule == *rule), "{} wrote nothing", rule.code);
    }
    let broken = sheet.into_findings().into_iter().filter(|finding| finding.outcome == Outcome::Broken);
    broken
        .inspect(|finding| {
            assert!(finding.expected.is_some() && finding.found.is_some() && finding.fix.is_some(), "{}", finding.code());
            assert!(!finding.message.ends_with('.') && finding.rule.severities.contains(&finding.severity), "{}", finding.code());
        })
        .collect()
}

fn leaf(name: &str) -> Leaf {
    Leaf { names: vec!["mx1.example.com".to_owned()], issuer: format!("CN=Issuer of the {name}"), not_before: ago(90), not_after: ago(-30) }
}

/// `code severity` of what is broken.
fn broken(text: &str, policies: Vec<Span>, records: Vec<Span>) -> Vec<String> {
    told(text, policies, records).iter().map(|finding| format!("{} {}", finding.code(), finding.severity.as_str())).collect()
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
    for (days, words) in [(3, "id 0, then 1 from 2026-11-19 on"), (0, "id 0, then 1 from 2026-11-22 on")] {
        let told = told(ENFORCE, vec![served(ENFORCE, 90, 0)], vec![published("0", 90, days + 1), published("1", days, 0)]);
        assert_eq!(told.len(), 1, "{days} days ago");
        assert_eq!(told[0].evidence[0].text, words);
    }
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
fn the_policy_that_hurts_is_told_before_the_one_that_lasts() {
    let (long, testing) = (ENFORCE.replace("604800", "31000000"), ENFORCE.replace("enforce", "testing"));
    let narrow = ENFORCE.replace("mx: mx2.example.com\n", "").replace("604800", "2592000");
    let policies = vec![served(&long, 50, 43), served(&narrow, 42, 7), served(&testing, 6, 0)];
    let told = told(&testing, policies, vec![published("0", 50, 7), published("1", 6, 0)]);
    assert_eq!(told.len(), 1);
    let message = "senders may hold the enforce policy that was served until 2026-11-15 for as long as 2026-12-16, and mx2.example.com would be \
         refused by it";
    assert_eq!(told[0].message, message);
}

#[test]
fn an_id_that_came_back_tells_nobody_who_held_another_text_under_it() {
    let (other, testing) = (ENFORCE.replace("mx: mx2.example.com\n", ""), ENFORCE.replace("enforce", "testing"));
    let texts = || vec![served(&other, 6, 5), served(&testing, 4, 3), served(ENFORCE, 2, 0)];
    let ids = |second: &str| vec![published("1", 6, 5), published(second, 4, 3), published("1", 2, 0)];
    assert_eq!(broken(ENFORCE, texts(), ids("2")), ["drift-body-without-id blocker"]);
    let fix = told(ENFORCE, texts(), ids("2"))[0].fix.as_ref().and_then(|fix| fix.publish.clone()).expect("a record to publish");
    assert!(fix.starts_with("_mta-sts.example.com. IN TXT \"v=STSv1; id=20261122090000Z") && !fix.contains("id=1;"), "{fix}");
}

#[test]
fn other_bytes_are_no_other_policy() {
    let text = ENFORCE.replace('\n', "\r\n");
    assert_eq!(broken(&text, vec![served(ENFORCE, 9, 1), served(&text, 0, 0)], vec![published("1", 9, 0)]), NOTHING);
}

#[test]
fn what_is_held_counts_also_where_nothing_is_served() {
    let narrow = ENFORCE.replace("mx: mx2.example.com\n", "");
    assert_eq!(broken("", vec![served(&narrow, 9, 1)], vec![published("1", 9, 0)]), ["drift-cached-stricter warning"]);
    assert_eq!(
        broken("", vec![served(ENFORCE, 9, 1)], vec![published("1", 9, 0)]),
        NOTHING,
        "it suits the hosts: that it is gone is told elsewhere"
    );
    assert_eq!(broken("", vec![served(&narrow, 29, 21)], vec![published("1", 9, 0)]).len(), 1, "the first look that missed it is today's");
}

fn subject(kind: Kind, name: &str, spans: Vec<(Seen, i64, i64)>) -> Subject {
    let spans = spans.into_iter().map(|(seen, from, to)| Span { seen, first_seen: ago(from), last_seen: ago(to) }).collect();
    Subject { kind, name: name.to_owned(), looked_at: ago(0), spans }
}

#[test]
fn what_came_and_went_is_told_for_a_week() {
    let mx = |hosts: &[&str]| Seen::Mx {
        records: hosts.iter().map(|host| MxRecord { preference: 10, exchange: fixture::name(host) }).collect(),
    };
    let address = |last: u8| Seen::Address { address: [192, 0, 2, last].into() };
    let chain = |leaf: &str| Seen::Chain { certificates: vec![Fingerprint::of(leaf.as_bytes())], root: None };
    let (one, two) = (mx(&["mx1.example.com"]), mx(&["mx1.example.com", "mx2.example.com"]));
    let (of_mx, of_address, of_chain) =
        ((Kind::Mx, "example.com"), (Kind::Address, "mx1.example.com A"), (Kind::Chain, "mx1.example.com 192.0.2.1 rsa"));
    for ((kind, name), spans, expected) in [
        (of_mx, vec![(one.clone(), 20, 4), (two.clone(), 3, 0)], "the MX records changed on 2026-11-19: 10 mx2.example.com came"),
        (of_mx, vec![(one.clone(), 20, 10), (two.clone(), 9, 0)], ""),
        (of_mx, vec![(two.clone(), 3, 0)], ""),
        (of_mx, vec![(two.clone(), 20, 3), (one.clone(), 2, 0)], "the MX records changed on 2026-11-20: 10 mx2.example.com went"),
        // The same again, after a look that saw none.
        (of_mx, vec![(two.clone(), 20, 3), (two.clone(), 1, 0)], ""),
        (of_address, vec![(address(1), 20, 0)], ""),
        // What the first look saw came at no time that is known.
        (of_address, vec![(address(1), 3, 0)], ""),
        // Nobody looked for more than a week: what was there at the last look before the change has gone with it.
        (
            of_address,
            vec![(address(1), 20, 12), (address(2), 3, 0)],
            "the addresses of mx1.example.com changed on 2026-11-19: 192.0.2.2 came; 192.0.2.1 went",
        ),
        (of_mx, vec![(one.clone(), 20, 12), (two.clone(), 3, 0)], "the MX records changed on 2026-11-19: 10 mx2.example.com came"),
        // Where nothing came, the look that missed it tells when it went.
        (
            of_address,
            vec![(address(1), 20, 0), (address(2), 20, 3), (address(3), 20, 2)],
            "the addresses of mx1.example.com changed on 2026-11-22: 192.0.2.2, 192.0.2.3 went",
        ),
        (
            of_address,
            vec![(address(1), 20, 0), (address(2), 20, 3)],
            "the addresses of mx1.example.com changed on 2026-11-22: 192.0.2.2 went",
        ),
        (
            of_address,
            vec![(address(1), 20, 3), (address(2), 2, 0)],
            "the addresses of mx1.example.com changed on 2026-11-20: 192.0.2.2 came; 192.0.2.1 went",
        ),
        (
            of_address,
            vec![(address(1), 20, 0), (address(2), 2, 0)],
            "the addresses of mx1.example.com changed on 2026-11-20: 192.0.2.2 came",
        ),
        (of_address, vec![(address(1), 20, 0), (address(2), 20, 9)], ""),
        // A pool takes turns.
        (of_address, (1..=5).map(|last| (address(last), i64::from(last), i64::from(last) - 1)).collect(), ""),
        (
            of_chain,
            vec![(chain("old"), 20, 3), (chain("new"), 2, 0)],
            "mx1.example.com serves another certificate since 2026-11-20, at 192.0.2.1",
        ),
        (of_chain, vec![(chain("old"), 20, 0), (chain("new"), 2, 0)], ""),
        (of_chain, vec![(chain("old"), 20, 13), (chain("new"), 12, 0)], ""),
    ] {
        let told: Vec<String> = judged(&fixture::facts(), ENFORCE, vec![subject(kind, name, spans.clone())])
            .into_iter()
            .map(|finding| finding.message)
            .collect();
        assert_eq!(told.join("; "), expected, "{spans:?}");
    }
}

#[test]
fn without_a_past_nothing_is_said() {
    let sheet = fixture::judged(&fixture::facts(), judge);
    assert!(sheet.findings().iter().all(|finding| finding.outcome == Outcome::NotApplicable) && sheet.findings().len() == RULES.len());
}

#[test]
fn a_change_names_what_was_there_and_what_is_there() {
    let address = |last: u8| Seen::Address { address: [192, 0, 2, last].into() };
    let chain = |leaf: &str| Seen::Chain { certificates: vec![Fingerprint::of(leaf.as_bytes())], root: None };
    let short = |leaf: &str| Fingerprint::of(leaf.as_bytes()).short();
    let of = |leaf: &str| format!("SHA-256 {} by CN=Issuer of the {leaf}, until 2026-12-22", short(leaf));
    let (of_address, of_chain) = ((Kind::Address, "mx1.example.com A"), (Kind::Chain, "mx1.example.com 192.0.2.1 rsa"));
    for ((kind, name), spans, was, is) in [
        (of_address, vec![(address(1), 20, 3), (address(2), 2, 0)], "192.0.2.1".to_owned(), "192.0.2.2".to_owned()),
        (of_address, vec![(address(1), 20, 0), (address(2), 2, 0)], "192.0.2.1".to_owned(), "192.0.2.1, 192.0.2.2".to_owned()),
        (of_address, vec![(address(1), 20, 0), (address(2), 20, 2)], "192.0.2.1, 192.0.2.2".to_owned(), "192.0.2.1".to_owned()),
        (of_chain, vec![(chain("old"), 20, 3), (chain("new"), 2, 0)], of("old"), of("new")),
        // The history forgets certificates before it forgets that they were served.
        (of_chain, vec![(chain("lost"), 20, 3), (chain("new"), 2, 0)], format!("SHA-256 {}", short("lost")), of("new")),
    ] {
        let told = judged(&fixture::facts(), ENFORCE, vec![subject(kind, name, spans)]);
        let said: Vec<_> = told.iter().map(|finding| (finding.expected.as_deref(), finding.found.as_deref())).collect();
        assert_eq!(said, [(Some(was.as_str()), Some(is.as_str()))]);
    }
}

#[test]
fn what_changed_is_told_also_where_only_the_mx_records_were_looked_up() {
    let mx = |host: &str| Seen::Mx { records: vec![MxRecord { preference: 10, exchange: fixture::name(host) }] };
    let past = || vec![subject(Kind::Mx, "example.com", vec![(mx("mx1.example.com"), 20, 4), (mx("mx2.example.com"), 3, 0)])];
    let whole = fixture::facts();
    for (what, facts) in [("no server", Facts { servers: None, ..whole.clone() }), ("no mail", Facts { mail: None, ..whole })] {
        let codes: Vec<&str> = judged(&facts, ENFORCE, past()).iter().map(Finding::code).collect();
        assert_eq!(codes, ["drift-mx"], "{what}");
    }
}

/// Only a fault of its TLS or its certificate keeps a sender from a host that the older policy covers.
#[test]
fn a_host_is_broken_for_an_older_policy_where_senders_cannot_prove_it() {
    use crate::rules::{cert, mx, starttls};
    let facts = fixture::facts();
    let settings = Settings::default();
    let case = Case::new(&facts, &settings, ago(0));
    let shown = || Evidence::new(EvidenceKind::Tls, "seen");
    for (rule, severity, subject, breaks) in [
        (&starttls::MISSING, Severity::Blocker, "mx1.example.com 192.0.2.1", true),
        (&cert::EXPIRED, Severity::Blocker, "mx1.example.com 192.0.2.1 rsa", true),
        (&cert::EXPIRED, Severity::Blocker, "mx3.example.com 192.0.2.1 rsa", false),
        (&starttls::SUITES, Severity::Warning, "mx1.example.com 192.0.2.1", false),
        (&mx::UNCOVERED, Severity::Blocker, "mx1.example.com", false),
    ] {
        let mut sheet = Sheet::default();
        sheet.broken(rule, subject, "it is so", shown()).severity(severity);
        let hosts = hosts(&case, sheet.findings());
        let broken: Vec<&str> = hosts.broken.iter().map(Domain::as_str).collect();
        assert_eq!(broken, if breaks { vec!["mx1.example.com"] } else { vec![] }, "{} of {subject}", rule.code);
        assert_eq!(hosts.live.len(), 2);
    }
}
