use super::*;
use crate::model::facts::dns::MailFacts;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::fixture::vantage;
use crate::model::looked::{Failure, FailureKind};
use crate::model::settings::Settings;
use crate::rules::{cert, domain, mx, record, starttls};
use crate::wire::name::Domain;

const NOW: &str = "2026-11-22T12:00:00Z";

/// What one finding of each kind is, as rules write it.
const FINDINGS: [(&Rule, Outcome, Severity, &str); 9] = [
    (&record::MISSING, Outcome::Broken, Severity::Blocker, "_smtp._tls.shop.example"),
    (&cert::EXPIRING, Outcome::Broken, Severity::Warning, "mx1.shop.example 192.0.2.1 rsa"),
    (&cert::EXPIRING, Outcome::Broken, Severity::Blocker, "mx2.shop.example 192.0.2.2 rsa"),
    (&starttls::UNREACHABLE, Outcome::Undetermined, Severity::Blocker, "mx3.shop.example 192.0.2.3"),
    (&mx::SINGLE, Outcome::Broken, Severity::Advice, "shop.example"),
    (&reports::FEW_SESSIONS, Outcome::Undetermined, Severity::Blocker, "shop.example"),
    (&reports::FAILING, Outcome::Broken, Severity::Blocker, "sender.example mx1.shop.example certificate-expired"),
    (&reports::FAILING, Outcome::Broken, Severity::Blocker, "shop.example"),
    (&domain::DNS_FAILED, Outcome::Holds, Severity::Blocker, "shop.example"),
];

fn findings() -> Vec<Finding> {
    let mut sheet = Sheet::default();
    for (rule, outcome, severity, subject) in FINDINGS {
        let seen = || Evidence::new(EvidenceKind::Dns, "seen");
        match outcome {
            Outcome::Broken => {
                sheet.broken(rule, subject, "it is broken", seen()).severity(severity);
            }
            Outcome::Undetermined => {
                sheet.undetermined(rule, subject, "it is not known", seen()).severity(severity);
            }
            Outcome::Holds | Outcome::NotApplicable => sheet.holds(rule, subject),
        }
    }
    sheet.into_findings()
}

fn facts() -> Facts {
    let nothing = Facts::nothing(Domain::from_dns("shop.example"), NOW.parse().expect("a time"), vantage());
    Facts { servers: Some(Vec::new()), reports: Some(crate::model::facts::reports::ReportFacts::default()), ..nothing }
}

fn proven() -> Vec<MxSummary> {
    let address = crate::model::assessment::AddressSummary {
        address: [192, 0, 2, 1].into(),
        outcome: AddressOutcome::Proven,
        starttls: Some("offered"),
        tls_version: None,
        suite: None,
        chains: Vec::new(),
    };
    let host = Domain::from_dns("mx1.shop.example");
    vec![MxSummary {
        host,
        host_unicode: None,
        preference: Some(10),
        covered_by: None,
        dane: None,
        known_from: None,
        addresses: vec![address],
    }]
}

fn acceptance(target: &str) -> Acceptance {
    let (code, subject) = target.split_once('@').map_or((target, None), |(code, subject)| (code, Some(subject.to_owned())));
    let rule = acceptable(code).expect("it can be accepted");
    Acceptance { rule, subject, domain: None, reason: "we know".to_owned(), until: None }
}

/// The subjects that are accepted, and what became of the acceptance.
fn applied(acceptance: Acceptance, question: Question, mx: &[MxSummary], mode_unknown: bool) -> (Vec<String>, Vec<AcceptanceNote>) {
    applied_to(&facts(), acceptance, question, mx, mode_unknown)
}

fn applied_to(
    facts: &Facts,
    acceptance: Acceptance,
    question: Question,
    mx: &[MxSummary],
    mode_unknown: bool,
) -> (Vec<String>, Vec<AcceptanceNote>) {
    let settings = Settings { accept: vec![acceptance], ..Settings::default() };
    let case = Case::new(facts, &settings, NOW.parse().expect("a time"));
    let mut findings = findings();
    let notes = apply(&Situation { case: &case, question, mx, mode_unknown }, &mut findings);
    (findings.into_iter().filter(|finding| finding.accepted.is_some()).map(|finding| finding.subject).collect(), notes)
}

#[test]
fn what_may_be_accepted_is_and_what_may_not_is_refused() {
    use AcceptanceState::{Refused, Unused, Used};
    let group = "sender.example mx1.shop.example certificate-expired";
    for (target, subjects, state) in [
        ("reports-few-sessions", &["shop.example"][..], Some(Used)),
        ("REPORTS-few-sessions@Shop.Example", &["shop.example"], Some(Used)),
        ("mx-single", &["shop.example"], Some(Used)),
        ("cert-expiring@mx1.shop.example", &["mx1.shop.example 192.0.2.1 rsa"], Some(Used)),
        ("cert-expiring@mx1.shop.exa", &[], Some(Unused)),
        ("cert-expiring@mx2.shop.example", &[], Some(Refused)),
        ("cert-expiring", &["mx1.shop.example 192.0.2.1 rsa"], Some(Refused)),
        ("starttls-unreachable", &["mx3.shop.example 192.0.2.3"], Some(Used)),
        ("starttls-unreachable@mx9.shop.example", &[], Some(Unused)),
        (&format!("reports-failing@{group}"), &[group], Some(Used)),
        ("reports-failing@sender.example", &[], Some(Refused)),
        ("reports-failing", &[], Some(Refused)),
        ("reports-failing@shop.example", &[], Some(Refused)),
        ("reports-silent", &[], Some(Unused)),
        ("record-missing", &["_smtp._tls.shop.example"], Some(Used)),
        ("domain-dns-failed", &[], Some(Unused)),
        // Its stage was not looked at.
        ("record-rua-missing", &[], None),
    ] {
        let (accepted, notes) = applied(acceptance(target), Question::SwitchToEnforce, &proven(), false);
        assert_eq!(accepted, subjects, "{target}");
        let states: Vec<_> = notes.iter().map(|note| note.state).collect();
        assert_eq!(states, state.into_iter().collect::<Vec<_>>(), "{target}");
        assert_eq!(notes.iter().any(|note| note.why.is_some()), state == Some(Refused), "{target}");
        assert!(notes.iter().all(|note| note.findings == subjects.len()), "{target}");
    }
}

/// Whoever asks whether to switch must have seen something; evidence may be taken upon oneself all the same.
#[test]
fn nobody_can_accept_that_nothing_was_seen() {
    let accepts = |code: &str, question, mx: &[MxSummary], mode_unknown| {
        let (accepted, notes) = applied(acceptance(code), question, mx, mode_unknown);
        assert_eq!(accepted.is_empty(), notes[0].state == AcceptanceState::Refused, "{notes:?}");
        !accepted.is_empty()
    };
    let switch = Question::SwitchToEnforce;
    assert!(accepts("starttls-unreachable", switch, &proven(), false));
    assert!(!accepts("starttls-unreachable", switch, &proven(), true));
    assert!(!accepts("starttls-unreachable", switch, &[], false));
    assert!(accepts("starttls-unreachable", Question::CheckStage, &[], false));
    assert!(accepts("starttls-unreachable", Question::StayInEnforce, &[], false));
    assert!(accepts("reports-few-sessions", switch, &[], false));
    let only_asked = vec![MxSummary { preference: None, ..proven().remove(0) }];
    assert!(!accepts("starttls-unreachable", switch, &only_asked, false), "it is no MX host of the domain");
    // What a lookup would have told is not replaced by hosts that were named by hand.
    let failed = Looked::Failed(Failure::new(FailureKind::Timeout, "no answer"));
    let mail = MailFacts { mx: failed, mx_total: None, own_addresses: None, parent_policy: None };
    let unseen = Facts { mail: Some(mail), ..facts() };
    let (accepted, notes) = applied_to(&unseen, acceptance("starttls-unreachable"), switch, &proven(), false);
    assert!(accepted.is_empty() && notes[0].why.as_ref().is_some_and(|why| why.contains("MX records")), "{notes:?}");
}

#[test]
fn an_acceptance_ends_with_its_last_day_and_counts_for_its_domain() {
    let until = |day: &str| Acceptance { until: Some(day.parse().expect("a day")), ..acceptance("reports-few-sessions") };
    for (day, counts) in [("2026-11-21", false), ("2026-11-22", true), ("2026-12-31", true)] {
        let (accepted, notes) = applied(until(day), Question::SwitchToEnforce, &[], false);
        assert_eq!((!accepted.is_empty(), notes[0].state != AcceptanceState::Expired), (counts, counts), "{day}");
        assert_eq!(notes[0].until, day.parse().ok());
    }
    let of = |name: &str| Acceptance { domain: Some(Domain::from_dns(name)), ..acceptance("reports-few-sessions") };
    assert_eq!(applied(of("shop.example"), Question::SwitchToEnforce, &[], false).0.len(), 1);
    // Where it is meant for all domains, that one of them does not need it is no reason to take it out.
    let unused = |domain: Option<&str>| {
        let unused = Acceptance { domain: domain.map(Domain::from_dns), ..acceptance("reports-silent") };
        applied(unused, Question::SwitchToEnforce, &[], false).1[0].said().expect("it is told")
    };
    assert!(unused(Some("shop.example")).ends_with("take it out"));
    assert!(unused(None).ends_with("does not occur here"));
    assert_eq!(applied(of("other.example"), Question::SwitchToEnforce, &[], false), (vec![], vec![]), "not a word about other domains");
}

#[test]
fn a_code_that_can_never_be_accepted_is_refused_at_once() {
    for (code, words) in [
        ("cert-expired", "cert-expired is a blocker wherever"),
        ("mx-uncovered", "a blocker"),
        ("change-unproven", "what a plan depends on must be proven"),
        ("change-other-key", "what a plan depends on must be proven"),
        ("reports-few-sesions", "did you mean reports-few-sessions?"),
        ("whatever-it-is", "stsready rules"),
    ] {
        let why = acceptable(code).expect_err(code).to_string();
        assert!(why.contains(words), "{code}: {why}");
    }
    for code in ["record-missing", "RECORD-rua-missing ", "reports-failing", "domain-dns-failed", "cert-expiring", "mx-single"] {
        assert!(acceptable(code).is_ok(), "{code}");
    }
}
