use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use crate::evidence::reports::letters::{Letter, TESTING, facts, now};
use crate::model::facts::dns::{MailFacts, MxRecord};
use crate::model::facts::reports::{PolicyType, Rejected};
use crate::model::facts::vantage::{Family, Roots, Vantage};
use crate::model::facts::{Facts, SCHEMA};
use crate::model::finding::{Finding, Outcome};
use crate::model::looked::Answer;
use crate::model::rule::Severity;
use crate::model::settings::Settings;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::policy;

/// A domain with two MX hosts that nothing was found against, since nothing was looked at but its reports.
fn domain(reports: Option<ReportFacts>) -> Facts {
    let mx = [(10, "mx1.shop.example"), (20, "mx2.shop.example")];
    let mx = mx.map(|(preference, host)| MxRecord { preference, exchange: Domain::from_dns(host) }).to_vec();
    Facts {
        schema: SCHEMA.to_owned(),
        domain: Domain::from_dns("shop.example"),
        observed_at: now(),
        vantage: Vantage {
            resolvers: Vec::new(),
            roots: Roots { name: "mozilla".to_owned(), count: 0, sha256: Fingerprint::of(b"") },
            ipv4: Family::Available,
            ipv6: Family::Available,
            helo: "here.example".to_owned(),
            means: crate::model::facts::vantage::Means::default(),
        },
        others: Vec::new(),
        mail: Some(MailFacts {
            mx: Looked::Seen(Answer { value: mx, ttl: 300, via: Vec::new() }),
            mx_total: None,
            own_addresses: None,
            parent_policy: None,
        }),
        record: None,
        policy: None,
        servers: None,
        reports,
        disk: Vec::new(),
        certificates: BTreeMap::new(),
        history: None,
    }
}

fn findings_of(facts: &Facts, policy: Option<&str>) -> Vec<Finding> {
    findings_at(facts, policy, now())
}

fn findings_at(facts: &Facts, policy: Option<&str>, now: Timestamp) -> Vec<Finding> {
    let settings = Settings::default();
    let case = Case { facts, now, settings: &settings, body: None, policy: policy.map(policy::parse), past: None };
    let mut sheet = Sheet::default();
    judge(&case, &mut sheet);
    sheet.into_findings()
}

/// What a person is shown: codes, `?` behind the undetermined, `!` behind blockers.
fn shown(facts: &Facts, policy: Option<&str>) -> Vec<String> {
    let mark = |finding: &Finding| match (finding.outcome, finding.severity) {
        (Outcome::Undetermined, _) => "?",
        (_, Severity::Blocker) => "!",
        _ => "",
    };
    findings_of(facts, policy)
        .iter()
        .filter(|finding| finding.is_shown())
        .map(|finding| finding.code().to_owned() + mark(finding))
        .collect()
}

fn said(letters: impl IntoIterator<Item = Letter>) -> Vec<String> {
    shown(&domain(Some(facts(letters))), Some(TESTING))
}

/// Two reporters with 20 sessions each on each of these days.
fn two(days: impl IntoIterator<Item = i64> + Clone) -> Vec<Letter> {
    [Letter::daily("google.com", days.clone()), Letter::daily("microsoft.com", days)].concat()
}

fn each(letters: Vec<Letter>, change: impl Fn(Letter) -> Letter) -> Vec<Letter> {
    letters.into_iter().map(change).collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn enough_clean_reports_leave_nothing_to_say() {
    assert_eq!(said(two(1..=14)), NOTHING);
    assert_eq!(said(two(1..=30)), NOTHING);
    assert_eq!(said(two(2..=17)), NOTHING, "yesterday's are still on their way");
    assert_eq!(said(two((1..=28).filter(|ago| ![2, 3, 9, 10, 16, 17, 23, 24].contains(ago)))), NOTHING, "weekends rest");
    assert_eq!(said(two((1..=14).filter(|ago| ![4, 7, 11].contains(ago)))), NOTHING, "three days of fourteen may be missing");
    assert_eq!(said([Letter::daily("google.com", 1..=20), each(Letter::daily("m.example", [3, 10, 17]), |l| l)].concat()), NOTHING);
}

#[test]
fn each_lack_has_its_own_code_and_no_other() {
    assert_eq!(said([]), ["reports-none?"]);
    assert_eq!(said(Letter::daily("google.com", 1..=20)), ["reports-single-reporter?"]);
    assert_eq!(said(each(two(1..=20), |letter| letter.sessions(1))), ["reports-few-sessions?"]);
    assert_eq!(said(two(1..=5)), ["reports-window-short?"]);
    assert_eq!(said(two(1..=13)), ["reports-window-short?"]);
    assert_eq!(said(each(two([28, 22, 15, 9, 3, 1]), |letter| letter.sessions(60))), ["reports-gaps?"]);
    assert_eq!(said(each(two((1..=28).step_by(3)), |letter| letter.sessions(60))), ["reports-gaps?"]);
    assert_eq!(said(two(12..=30)), ["reports-stale?"]);
    assert_eq!(said(two(40..=60)), ["reports-stale?"]);
    assert_eq!(said(each(two(1..=20), |letter| letter.policy(&TESTING.replace("testing", "enforce")))), ["reports-other-policy?"]);
    assert_eq!(said(each(two(1..=20), |letter| letter.policy(&TESTING.replace("mx2.", "old.")))), ["reports-other-policy?"]);
    assert_eq!(said(each(two(1..=20), |letter| letter.kind(PolicyType::NoPolicyFound))), ["reports-other-policy?"]);
    assert_eq!(said(each(two(1..=20), |letter| letter.kind(PolicyType::Tlsa))), ["reports-other-policy?"]);
}

#[test]
fn two_lacks_are_both_said() {
    assert_eq!(said(Letter::daily("google.com", 1..=5)), ["reports-window-short?", "reports-single-reporter?"]);
    assert_eq!(said(each(two(1..=5), |letter| letter.sessions(1))), ["reports-window-short?", "reports-few-sessions?"]);
    assert_eq!(
        said(each(Letter::daily("google.com", 12..=30), |letter| letter.sessions(1))),
        ["reports-stale?", "reports-few-sessions?", "reports-single-reporter?"]
    );
}

#[test]
fn failures_are_blockers_when_they_weigh_and_advice_when_they_are_past() {
    let failing = |ago, sessions| Letter::new("google.com", ago).failed("certificate-expired", "mx1.shop.example", sessions);
    assert_eq!(said([two(3..=20), vec![failing(2, 5), Letter::new("google.com", 1)]].concat()), ["reports-failing!"]);
    assert_eq!(said([two(3..=20), vec![failing(2, 1).sessions(9000)]].concat()), ["reports-failing"]);
    let foreign = Letter::new("google.com", 2).failed("certificate-expired", "mx.elsewhere.example", 5);
    assert_eq!(said([two(3..=20), vec![foreign]].concat()), ["reports-foreign-mx"]);
    let dane = Letter::new("google.com", 2).failed("tlsa-invalid", "mx1.shop.example", 5);
    assert_eq!(said([two(3..=20), vec![dane]].concat()), ["reports-dane"]);
    let hint = Letter::new("postfix.example", 2).kind(PolicyType::NoPolicyFound).failed("starttls-not-supported", "mx1.shop.example", 5);
    assert_eq!(said([two(1..=20), vec![hint]].concat()), ["reports-failing"]);
}

#[test]
fn fetch_errors_weigh_by_reporters_and_days() {
    let fetch = |reporter: &str, ago| Letter::new(reporter, ago).kind(PolicyType::Sts).sessions(0).failed("sts-policy-fetch-error", "", 3);
    assert_eq!(said([two(4..=20), vec![fetch("google.com", 1)]].concat()), ["reports-fetch-error"]);
    assert_eq!(said([two(4..=20), vec![fetch("google.com", 1), fetch("microsoft.com", 1)]].concat()), ["reports-fetch-error!"]);
    assert_eq!(said([two(4..=20), (1..=3).map(|ago| fetch("google.com", ago)).collect()].concat()), ["reports-fetch-error!"]);
    assert_eq!(said((1..=3).map(|ago| fetch("google.com", ago))), ["reports-few-sessions?", "reports-fetch-error!"]);
}

#[test]
fn without_a_policy_there_is_nothing_that_reports_could_be_about() {
    let some = domain(Some(facts(two(1..=5))));
    assert_eq!(shown(&some, None), NOTHING);
    assert_eq!(shown(&some, Some(&TESTING.replace("testing", "none"))), NOTHING);
    assert_eq!(shown(&domain(Some(ReportFacts::default())), None), ["reports-none?"]);
}

#[test]
fn rejected_files_are_a_warning_beside_the_rest() {
    let mut reports = facts(two(1..=20));
    reports.rejected = (0..30).map(|n| Rejected { source: format!("{n}.json"), reason: "empty".to_owned() }).collect();
    let all = findings_of(&domain(Some(reports)), Some(TESTING));
    let rejected: Vec<_> = all.iter().filter(|finding| finding.is_shown()).collect();
    assert_eq!(rejected.len(), 1);
    assert_eq!((rejected[0].code(), rejected[0].evidence.len()), ("reports-rejected", 21));
}

#[test]
fn every_rule_says_something_whatever_the_case() {
    for reports in [None, Some(ReportFacts::default()), Some(facts(two(1..=20))), Some(facts(two(1..=2)))] {
        for policy in [None, Some(TESTING)] {
            let all = findings_of(&domain(reports.clone()), policy);
            for rule in RULES {
                assert!(all.iter().any(|finding| finding.rule == *rule), "{}", rule.code);
            }
        }
    }
}

#[test]
fn what_is_undetermined_says_what_is_needed_and_when() {
    let all = findings_of(&domain(Some(facts(two(1..=5)))), Some(TESTING));
    let short = all.iter().find(|finding| finding.is_shown()).expect("the window is short");
    assert!(short.unsettles() && short.expected.is_some() && short.found.is_some() && !short.evidence.is_empty());
    assert!(short.fix.as_ref().is_some_and(|fix| fix.say.contains("enough on 2026-04-09")), "{:?}", short.fix);
}

#[test]
fn judged_as_of_an_earlier_day_only_what_had_begun_counts() {
    let facts = domain(Some(facts(two(1..=30))));
    let then = "2026-03-06T12:00:00Z".parse().expect("a time");
    let shown: Vec<_> =
        findings_at(&facts, Some(TESTING), then).into_iter().filter(Finding::is_shown).map(|finding| finding.code()).collect();
    assert_eq!(shown, ["reports-window-short"]);
}
