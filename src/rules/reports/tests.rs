use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use crate::evidence::past::Held;
use crate::evidence::reports::letters::{Letter, TESTING, facts, now};
use crate::model::facts::dns::{MailFacts, MxRecord};
use crate::model::facts::reports::{Authenticity, PolicyType, Rejected, SetAside};
use crate::model::facts::{Facts, SCHEMA};
use crate::model::finding::{Finding, Outcome};
use crate::model::fixture::vantage;
use crate::model::history::{Day, History};
use crate::model::looked::Answer;
use crate::model::rule::Severity;
use crate::model::settings::Settings;
use crate::wire::policy;

/// A domain with two MX hosts that nothing was found against, since nothing was looked at but its reports.
fn domain(reports: Option<ReportFacts>) -> Facts {
    let mx = [(10, "mx1.shop.example"), (20, "mx2.shop.example")];
    let mx = mx.map(|(preference, host)| MxRecord { preference, exchange: Domain::from_dns(host) }).to_vec();
    Facts {
        schema: SCHEMA.to_owned(),
        domain: Domain::from_dns("shop.example"),
        observed_at: now(),
        vantage: vantage(),
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
    findings_beside(facts, policy, now, &Settings::default(), Sheet::default())
}

/// The same where the other rules have written this already.
fn findings_beside(facts: &Facts, policy: Option<&str>, now: Timestamp, settings: &Settings, mut sheet: Sheet) -> Vec<Finding> {
    let policy = policy.map(policy::parse);
    let case = Case { facts, now, settings, body: None, policy, past: facts.history.clone(), held: Held::default() };
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

/// The messages and the rows of evidence of what is broken.
fn told(letters: impl IntoIterator<Item = Letter>) -> Vec<(String, String)> {
    let all = findings_of(&domain(Some(facts(letters))), Some(TESTING));
    let broken = all.into_iter().filter(|finding| finding.outcome == Outcome::Broken);
    broken.map(|finding| (finding.message, finding.evidence.into_iter().map(|row| row.text).collect::<Vec<_>>().join("\n"))).collect()
}

#[test]
fn a_refusal_says_how_many_hosts_are_left() {
    let failing = |mx: &str| Letter::new("google.com", 2).failed("certificate-expired", mx, 5);
    let message = |letter: Letter| told([two(3..=20), vec![letter]].concat()).remove(0).0;
    assert_eq!(
        message(failing("mx1.shop.example")),
        "under enforce google.com would have refused mx1.shop.example in 5 sessions (certificate-expired); 1 of 2 MX hosts left"
    );
    let both = failing("mx1.shop.example").failed("certificate-not-trusted", "mx2.shop.example", 1);
    assert!(message(both).ends_with("; none of 2 MX hosts left, so the mail would have waited"));
    assert!(message(failing("")).ends_with("(certificate-expired)"), "nobody knows which host it was");
    // What another reporter met says nothing about the hosts that were left to this one.
    let other = Letter::new("microsoft.com", 2).failed("certificate-expired", "mx1.shop.example", 5);
    let other = other.failed("certificate-not-trusted", "mx2.shop.example", 1);
    let all = told([two(3..=20), vec![failing("mx1.shop.example"), other]].concat());
    let of = |begins: &str| all.iter().map(|it| it.0.as_str()).find(|it| it.starts_with(begins)).expect("it is told");
    assert!(of("under enforce google.com would have refused mx1").ends_with("; 1 of 2 MX hosts left"));
    assert!(of("under enforce microsoft.com would have refused mx1").contains("; none of 2 MX hosts left"));
    // A sender without a policy refused nothing.
    let hint = Letter::new("postfix.example", 2).kind(PolicyType::NoPolicyFound).failed("starttls-not-supported", "mx1.shop.example", 5);
    assert_eq!(
        message(hint),
        "postfix.example, which applied no MTA-STS policy, met starttls-not-supported at mx1.shop.example in 5 sessions: senders that do would \
         refuse it; 1 of 2 MX hosts left"
    );
}

#[test]
fn failures_of_one_kind_stand_together_with_their_days() {
    let failing = |ago, sessions| Letter::new("google.com", ago).failed("certificate-expired", "mx1.shop.example", sessions);
    let hint = Letter::new("postfix.example", 2).kind(PolicyType::NoPolicyFound).failed("starttls-not-supported", "mx1.shop.example", 1);
    for (letters, subject, found) in [
        (vec![failing(2, 1)], "google.com mx1.shop.example certificate-expired", "1 session on 2026-03-29"),
        (vec![failing(2, 5)], "google.com mx1.shop.example certificate-expired", "5 sessions on 2026-03-29"),
        (
            vec![failing(2, 5), failing(4, 2)],
            "google.com mx1.shop.example certificate-expired",
            "7 sessions on 2 days from 2026-03-27 to 2026-03-29",
        ),
        (vec![hint], "postfix.example mx1.shop.example starttls-not-supported (no policy applied)", "1 session on 2026-03-29"),
    ] {
        let all = findings_of(&domain(Some(facts([two(5..=20), letters].concat()))), Some(TESTING));
        let finding = all.iter().find(|finding| finding.rule == &FAILING && finding.is_shown()).expect("it is told");
        assert_eq!((finding.subject.as_str(), finding.found.as_deref()), (subject, Some(found)));
    }
}

#[test]
fn what_the_live_checks_show_too_is_linked_and_not_told_twice() {
    use crate::model::finding::{Evidence, EvidenceKind};
    use crate::rules::{cert, fetch};
    let seen = || Evidence::new(EvidenceKind::Tls, "seen");
    let expired = Letter::new("google.com", 2).failed("certificate-expired", "mx1.shop.example", 5);
    let error = Letter::new("google.com", 2).kind(PolicyType::Sts).sessions(0).failed("sts-policy-fetch-error", "", 3);
    for (letter, rule, subject, linked, words) in [
        (expired, &cert::EXPIRED, "mx1.shop.example 192.0.2.1 rsa", &FAILING, "these 5 sessions (certificate-expired) too"),
        (error, &fetch::STATUS, "mta-sts.shop.example 192.0.2.1", &FETCH_ERROR, "these 3 sessions (sts-policy-fetch-error) too"),
    ] {
        let mut sheet = Sheet::default();
        sheet.broken(rule, subject, "it is so", seen());
        let facts = domain(Some(facts([two(3..=20), vec![letter]].concat())));
        let all = findings_beside(&facts, Some(TESTING), now(), &Settings::default(), sheet);
        assert!(!all.iter().any(|finding| finding.code().starts_with("reports-") && finding.is_shown()), "{words}");
        let told = all.iter().find(|finding| finding.rule == linked).expect("it leaves its word");
        assert_eq!(told.outcome, Outcome::NotApplicable);
        assert_eq!(told.message, format!("still true: the live checks show the fault of {words}"));
    }
}

#[test]
fn a_fault_that_a_long_clean_run_follows_is_past() {
    use crate::model::facts::dns::AddressFacts;
    use crate::model::facts::servers::{MxHost, Probe};
    use crate::wire::smtp::Reply;
    let proven = |name: &str| {
        let absent = crate::model::looked::Absence { kind: crate::model::looked::AbsenceKind::NoData, via: Vec::new() };
        let ehlo_after = Some(Looked::Seen(Reply::new(250, vec!["mx".to_owned()])));
        MxHost {
            name: Domain::from_dns(name),
            source: MxSource::Record,
            preference: Some(10),
            addresses: AddressFacts {
                v4: Looked::Seen(Answer { value: vec![[192, 0, 2, 1].into()], ttl: 300, via: Vec::new() }),
                v6: Looked::Absent(absent),
            },
            probes: vec![Probe { ehlo_after, ..Probe::begun([192, 0, 2, 1].into(), 25, now(), Looked::Seen(1)) }],
            dane: None,
            addresses_left_out: 0,
        }
    };
    let failing = |ago| Letter::new("google.com", ago).failed("certificate-expired", "mx1.shop.example", 5);
    let letters = [two(1..=14), vec![failing(20), failing(21)]].concat();
    let servers = Some(vec![proven("mx1.shop.example"), proven("mx2.shop.example")]);
    let all = findings_of(&Facts { servers, ..domain(Some(facts(letters))) }, Some(TESTING));
    let fixed = all.iter().find(|finding| finding.rule == &FIXED).expect("it leaves its word");
    assert_eq!((fixed.outcome, fixed.severity), (Outcome::Broken, Severity::Advice));
    assert_eq!(
        fixed.message,
        "10 failures of google.com (certificate-expired) are taken as fixed: so long a clean run is no chance at the old rate, and 14 clean \
         days with 280 sessions since"
    );
    assert_eq!(fixed.found.as_deref(), Some("10 sessions on 2 days from 2026-03-10 to 2026-03-11"));
}

#[test]
fn few_reporters_are_named_and_many_counted() {
    let fetch =
        |number| Letter::new(&format!("r{number}.example"), 1).kind(PolicyType::Sts).sessions(0).failed("sts-policy-fetch-error", "", 3);
    for (number, who) in [(1, "r1.example"), (3, "r1.example, r2.example, r3.example"), (4, "4 reporters"), (5, "5 reporters")] {
        let message = told([two(4..=20), (1..=number).map(fetch).collect()].concat()).remove(0).0;
        assert_eq!(message, format!("{who} could not obtain the policy on 1 day, and no recovery is seen since"));
    }
}

#[test]
fn the_hosts_that_reports_are_held_against_are_those_that_take_the_mail() {
    use crate::model::facts::dns::AddressFacts;
    use crate::model::facts::servers::MxHost;
    use crate::model::looked::{Absence, AbsenceKind, Failure, FailureKind};
    let absent = || Absence { kind: AbsenceKind::NoData, via: Vec::new() };
    let server = |name: &str, source| MxHost {
        name: Domain::from_dns(name),
        source,
        preference: None,
        addresses: AddressFacts { v4: Looked::Absent(absent()), v6: Looked::Absent(absent()) },
        probes: Vec::new(),
        dane: None,
        addresses_left_out: 0,
    };
    let whole = domain(None);
    let servers = Some(vec![server("mx1.shop.example", MxSource::Record), server("new.shop.example", MxSource::Asked)]);
    let seen = whole.mail.as_ref().expect("looked up").mx.clone();
    let failed = Looked::Failed(Failure::new(FailureKind::ServFail, "SERVFAIL"));
    for (what, mx, expected) in [
        ("seen", Some(seen), &["mx1.shop.example", "mx2.shop.example"][..]),
        ("none", Some(Looked::Absent(absent())), &["shop.example"]),
        ("failed", Some(failed), &["mx1.shop.example"]),
        ("not looked up", None, &["mx1.shop.example"]),
    ] {
        let mail = mx.map(|mx| MailFacts { mx, mx_total: None, own_addresses: None, parent_policy: None });
        let facts = Facts { mail, servers: servers.clone(), ..whole.clone() };
        let settings = Settings::default();
        let case = Case { facts: &facts, now: now(), settings: &settings, body: None, policy: None, past: None, held: Held::default() };
        assert_eq!(live_mx(&case).iter().map(Domain::as_str).collect::<Vec<_>>(), expected, "{what}");
    }
}

#[test]
fn where_there_is_no_report_it_is_said_whether_any_was_given() {
    let none = |reports: ReportFacts| {
        let all = findings_of(&domain(Some(reports)), Some(TESTING));
        let finding = all.into_iter().find(|finding| finding.code() == "reports-none").expect("it was judged");
        (finding.message, finding.found.unwrap_or_default(), finding.fix.map(|fix| fix.say).unwrap_or_default())
    };
    let give = "give the files, folders or mails in which the reports lie: --reports PATH";
    let (message, found, fix) = none(ReportFacts::default());
    assert_eq!((message.as_str(), found.as_str()), ("no TLS reports were given, so nothing is known about what senders meet", "no report"));
    assert!(fix.starts_with(give) && !fix.contains("names a mailbox"), "{fix}");
    let (message, found, fix) = none(ReportFacts { files: 1, ..facts([]) });
    assert_eq!((message.as_str(), found.as_str()), ("no TLS report about shop.example among 1 file", "no report"));
    assert!(fix.starts_with(&format!("{give}; see that _smtp._tls.shop.example names a mailbox that receives them")), "{fix}");
    let one = vec![aside("a.example", 1, unverified("it is not signed", false))];
    let (message, found, _) = none(ReportFacts { set_aside: one, ..facts([]) });
    assert!(message.starts_with("no TLS report about shop.example counts: 1 report is set aside"), "{message}");
    assert_eq!(found, "1 report, none of them authentic");
}

/// A failure at an address of a family that could not be probed: what was a loose end is then an open question.
#[test]
fn a_failure_at_an_address_that_was_not_probed_opens_the_question_of_its_family() {
    use crate::model::facts::dns::AddressFacts;
    use crate::model::facts::servers::{MxHost, Probe};
    use crate::model::looked::{Absence, AbsenceKind, Failure, FailureKind};
    use crate::rules::starttls;
    let (v4, v6) = ("192.0.2.1", "2001:db8::1");
    let probe = |address: &str, connect| Probe::begun(address.parse().expect("an address"), 25, now(), connect);
    let asked = |address| probe(address, Looked::Seen(1));
    let no_route = |address| probe(address, Looked::Failed(Failure::new(FailureKind::NoRoute, "no IPv6 here")));
    let server = |name: &str, source, probes| {
        let absent = || Absence { kind: AbsenceKind::NoData, via: Vec::new() };
        let addresses = AddressFacts { v4: Looked::Absent(absent()), v6: Looked::Absent(absent()) };
        MxHost { name: Domain::from_dns(name), source, preference: None, addresses, probes, dane: None, addresses_left_out: 0 }
    };
    let half = || vec![asked(v4), no_route(v6)];
    let (record, by_name) = (MxSource::Record, MxSource::Asked);
    let (mx1, mx2, other) = ("mx1.shop.example", "mx2.shop.example", "mx.elsewhere.example");
    for (what, result_type, mx, address, source, probes, opened) in [
        ("of that family", "certificate-expired", mx1, v6, record, half(), true),
        ("another of it", "certificate-expired", mx1, "2001:db8::2", record, half(), true),
        ("of the family that was probed", "certificate-expired", mx1, v4, record, half(), false),
        ("at a host that is not named", "certificate-expired", "", v6, record, half(), true),
        ("at another MX host", "certificate-expired", mx2, v6, record, half(), false),
        ("at a host that is no MX", "certificate-expired", other, v6, record, half(), false),
        ("of DANE", "tlsa-invalid", mx1, v6, record, half(), false),
        ("in fetching the policy", "sts-policy-fetch-error", "", v6, record, half(), false),
        ("at a host asked for by name", "certificate-expired", mx1, v6, by_name, half(), false),
        (
            "one of that family was asked",
            "certificate-expired",
            mx1,
            v6,
            record,
            vec![asked("2001:db8::2"), probe(v4, Looked::Failed(Failure::new(FailureKind::SwitchedOff, "no IPv4")))],
            false,
        ),
    ] {
        let mut reports = facts([two(3..=20), vec![Letter::new("google.com", 2).failed(result_type, mx, 5)]].concat());
        let detail = reports.reports.iter_mut().flat_map(|report| &mut report.policies).flat_map(|policy| &mut policy.details).next();
        detail.expect("a failure").receiving_ip = Some(address.parse().expect("an address"));
        let servers = Some(vec![server(mx1, source, probes), server("mx3.shop.example", record, vec![asked(v4)])]);
        let facts = Facts { servers, ..domain(Some(reports)) };
        let settings = Settings::default();
        let mut sheet = Sheet::default();
        // Another loose end at the same host.
        sheet.undetermined(&crate::rules::mx::UNPROBED, mx1, "it was not looked at", Evidence::new(EvidenceKind::Dns, "left out"));
        starttls::judge(&Case::new(&facts, &settings, now()), &mut sheet);
        let before = sheet.findings().to_vec();
        let all = findings_beside(&facts, Some(TESTING), now(), &settings, sheet);
        let of_family =
            |all: &[Finding]| all.iter().find(|it| it.rule == &starttls::FAMILY_UNPROBED && it.subject == mx1).cloned().expect("told");
        let (was, is) = (of_family(&before), of_family(&all));
        assert_eq!((was.outcome, was.severity), (Outcome::Undetermined, Severity::Warning), "{what}");
        assert_eq!(is.severity, if opened { Severity::Blocker } else { Severity::Warning }, "{what}");
        let row = format!("google.com met {result_type} at {address}, of a family that was not probed");
        assert_eq!(is.evidence.iter().any(|evidence| evidence.text == row), opened, "{what}");
        // Nothing else that was said has changed.
        let others =
            |all: &[Finding]| all[..before.len()].iter().filter(|it| it.rule != is.rule || it.subject != mx1).cloned().collect::<Vec<_>>();
        assert_eq!(others(&all), others(&before), "{what}");
    }
}

#[test]
fn the_reporters_words_are_read_in_the_evidence() {
    let failing = Letter::new("google.com", 2).failed("validation-failure", "mx1.shop.example", 5).because("MX_HOSTS_MISMATCH");
    let rows = told([two(3..=20), vec![failing]].concat()).remove(0).1;
    assert!(rows.ends_with("; that is: no mx of the policy that the sender applied covers the MX host (see mx-uncovered)"), "{rows}");
    let way_out = |reporter: &str, reason: &str| {
        let failing = Letter::new(reporter, 2).failed("validation-failure", "mx1.shop.example", 5).because(reason);
        let all = findings_of(&domain(Some(facts([two(3..=20), vec![failing]].concat()))), Some(TESTING));
        let finding = all.into_iter().find(|finding| finding.rule == &FAILING && finding.is_shown()).expect("it is told");
        finding.fix.map(|fix| fix.say).unwrap_or_default()
    };
    assert!(way_out("google.com", "MX_HOSTS_MISMATCH").contains("; the reporters' words lead to mx-uncovered; then let clean days"));
    assert!(!way_out("google.com", "words that nobody knows").contains("the reporters' words"));
    assert!(!way_out("microsoft.com", "VALIDATION_FAILURE").contains("the reporters' words"), "a guess leads nowhere");
    let fetch = Letter::new("mail.ru", 1).kind(PolicyType::Sts).sessions(0).failed("sts-policy-fetch-error", "", 3);
    let rows = told([two(3..=20), vec![fetch.because("bad https response code: 404")]].concat()).remove(0).1;
    assert!(rows.contains("HTTP 404: the policy is not there (see fetch-status)"), "{rows}");
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
fn rejected_files_are_counted_whether_or_not_all_of_them_are_told() {
    for (files, told, beside, message, found) in [
        (50, 20, 5, "25 files or mails could not be read", "25 rejected of 50 looked into"),
        (0, 20, 20, "40 files or mails could not be read", "40 rejected"),
        (0, 1, 0, "1 file or mail could not be read", "1 rejected"),
        (50, 20, 0, "20 files or mails could not be read", "20 rejected of 50 looked into"),
    ] {
        let mut reports = facts(two(1..=20));
        (reports.files, reports.rejected_beside) = (files, beside);
        reports.rejected = (0..told).map(|n| Rejected { source: format!("{n}.json"), reason: "empty".to_owned() }).collect();
        let all = findings_of(&domain(Some(reports)), Some(TESTING));
        let finding = all.iter().find(|finding| finding.code() == "reports-rejected").expect("told");
        assert!(finding.message.starts_with(message), "{}", finding.message);
        assert_eq!(finding.found.as_deref(), Some(found));
        assert_eq!(finding.evidence.last().map(|row| row.text.starts_with("and ")), Some(beside > 0));
    }
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

fn unverified(why: &str, again: bool) -> Authenticity {
    Authenticity::Unverifiable { why: why.to_owned(), again }
}

fn aside(reporter: &str, reports: u64, authenticity: Authenticity) -> SetAside {
    SetAside { reporter: reporter.to_owned(), authenticity, reports, newest: now() }
}

#[test]
fn reports_that_nothing_proves_are_told_worst_first() {
    let mut reports = facts(two(1..=20));
    let forged = Authenticity::Failed { why: "the body is not the one that was signed".to_owned() };
    reports.set_aside = vec![
        aside("a.example", 3, unverified("it is not signed", false)),
        aside("b.example", 1, forged.clone()),
        aside("c.example", 9, unverified("the signature had expired", false)),
    ];
    let facts_of = |reports: &ReportFacts| domain(Some(reports.clone()));
    assert_eq!(shown(&facts_of(&reports), Some(TESTING)), ["reports-unauthenticated"]);
    let told = |reports: &ReportFacts| {
        let findings = findings_of(&facts_of(reports), Some(TESTING));
        findings.into_iter().find(|finding| finding.code() == "reports-unauthenticated").expect("it was judged")
    };
    let finding = told(&reports);
    assert_eq!(finding.message, "13 mailed reports do not count, for nothing proves who wrote them");
    let found = finding.found.clone().expect("found");
    assert_eq!(found, "1 with a wrong signature, 12 unsigned or no longer verifiable, 0 of these counted");
    let rows: Vec<&str> = finding.evidence.iter().map(|row| row.text.as_str()).collect();
    assert_eq!(
        rows,
        [
            "b.example: 1 report set aside, the newest about 2026-03-31; not authentic: the body is not the one that was signed",
            "c.example: 9 reports set aside, the newest about 2026-03-31; not verified: the signature had expired",
            "a.example: 3 reports set aside, the newest about 2026-03-31; not verified: it is not signed",
        ]
    );
    let fix = |reports: &ReportFacts| told(reports).fix.map(|fix| fix.say).unwrap_or_default();
    assert!(fix(&reports).contains("--authserv-id"), "{}", fix(&reports));
    reports.set_aside = vec![aside("b.example", 1, forged)];
    assert!(fix(&reports).contains("altered on the way"), "{}", fix(&reports));
    reports.set_aside.push(aside("d.example", 1, unverified("the key could not be asked for", true)));
    assert!(fix(&reports).contains("ingest or fetch once more, which reads such mails again by itself"), "{}", fix(&reports));
    reports.set_aside = (0..100).map(|number| aside(&format!("r{number}.example"), 1, unverified("it is not signed", false))).collect();
    assert_eq!(told(&reports).evidence.last().map(|row| row.text.clone()).as_deref(), Some("and 80 more"));
    assert_eq!(told(&reports).evidence.len(), 20 + 1, "what is told and what is counted are all");

    // Saved facts may say any number.
    reports.set_aside = vec![aside("a.example", u64::MAX, unverified("it is not signed", false))];
    reports.unverified_counted = 1;
    assert!(told(&reports).found.is_some_and(|found| found.contains(&u64::MAX.to_string())));
}

#[test]
fn reports_that_count_on_request_are_told_too() {
    let letters = each(two(1..=20), |letter| letter.authenticity(unverified("it is not signed", false)));
    let mut reports = facts(letters);
    reports.unverified_counted = 40;
    let finding = findings_of(&domain(Some(reports.clone())), Some(TESTING))
        .into_iter()
        .find(|finding| finding.code() == "reports-unauthenticated")
        .expect("it was judged");
    assert!(finding.is_shown());
    assert_eq!(finding.message, "40 mailed reports count although nothing proves who wrote them, for that was asked for");
    assert_eq!(finding.evidence[0].text, "google.com: report google.com-1 counted; not verified: it is not signed");
}

#[test]
fn where_all_reports_are_set_aside_that_is_why_there_is_none() {
    let mut reports = facts([]);
    reports.set_aside =
        vec![aside("a.example", 3, unverified("it is not signed", false)), aside("b.example", 1, unverified("it is not signed", false))];
    let facts = domain(Some(reports));
    assert_eq!(shown(&facts, Some(TESTING)), ["reports-none?", "reports-unauthenticated"]);
    let none = findings_of(&facts, Some(TESTING)).into_iter().find(|finding| finding.code() == "reports-none").expect("it was judged");
    let message =
        "no TLS report about shop.example counts: 4 reports are set aside, for nothing proves who wrote them (reports-unauthenticated)";
    assert_eq!(none.message, message);
    assert_eq!(none.found.as_deref(), Some("4 reports, none of them authentic"));
    assert!(none.fix.is_some_and(|fix| fix.say.contains("reports-unauthenticated")));
}

#[test]
fn a_regular_reporter_that_has_stopped_is_told_while_others_go_on() {
    let letters = |stopped: i64| [Letter::daily("google.com", 1..=20), Letter::daily("microsoft.com", stopped..=20)].concat();
    assert_eq!(said(letters(4)), NOTHING, "late reports come");
    assert_eq!(said(letters(5)), ["reports-silent"]);
    assert_eq!(said(two(12..=30)), ["reports-stale?"], "all of them: another matter");
    let mut reports = facts(letters(8));
    let told = |reports: &ReportFacts| {
        let finding =
            findings_of(&domain(Some(reports.clone())), Some(TESTING)).into_iter().find(|finding| finding.code() == "reports-silent");
        let finding = finding.expect("it was judged");
        (finding.subject, finding.message)
    };
    let message = "microsoft.com, which reported daily, has stopped: its newest report is about 2026-03-23";
    assert_eq!(told(&reports), ("microsoft.com".to_owned(), message.to_owned()));
    reports.set_aside = vec![aside("microsoft.com", 7, unverified("its key is gone", false))];
    let instead = "; 7 reports of it since then are set aside (reports-unauthenticated)";
    assert_eq!(told(&reports).1, format!("{message}{instead}"));
    let newest = "2026-03-20T12:00:00Z".parse().expect("a time");
    reports.set_aside = vec![
        aside("other.example", 7, unverified("its key is gone", false)),
        SetAside { newest, ..aside("microsoft.com", 7, unverified("its key is gone", false)) },
    ];
    assert_eq!(told(&reports).1, message, "another's, and one of before, are not in its stead");
}

#[test]
fn of_many_that_have_stopped_the_rest_is_counted() {
    for (number, rest) in [(20, None), (21, Some("1 reporter more has stopped")), (23, Some("3 reporters more have stopped"))] {
        let stopped = (1..=number).flat_map(|number| Letter::daily(&format!("r{number}.example"), 8..=20));
        let letters: Vec<Letter> = Letter::daily("google.com", 1..=20).into_iter().chain(stopped).collect();
        let all = findings_of(&domain(Some(facts(letters))), Some(TESTING));
        let silent = all.iter().filter(|finding| finding.rule == &SILENT && finding.is_shown());
        let of_domain: Vec<&str> = silent.filter(|finding| finding.subject == "shop.example").map(|it| it.message.as_str()).collect();
        assert_eq!(of_domain, rest.into_iter().collect::<Vec<_>>(), "{number}");
    }
}

#[test]
fn failures_that_leap_up_are_told_as_news() {
    let usual = |reporter: &str| each(Letter::daily(reporter, 2..=20), |letter| letter.sessions(100));
    let letters = |mx: &str| {
        let newest = Letter::new("google.com", 1).sessions(60).failed("certificate-expired", mx, 40);
        [usual("google.com"), usual("microsoft.com"), vec![newest]].concat()
    };
    assert_eq!(said(letters("mx1.shop.example")), ["reports-failing!", "reports-spike"]);
    assert_eq!(said(letters("mx.elsewhere.example")), ["reports-foreign-mx"]);
    // Another's failure of the same day makes no news of what is told otherwise.
    let other = Letter::new("microsoft.com", 1).sessions(100).failed("certificate-expired", "mx1.shop.example", 1);
    assert_eq!(said([letters("mx.elsewhere.example"), vec![other]].concat()), ["reports-failing", "reports-foreign-mx"]);
    let findings = findings_of(&domain(Some(facts(letters("mx1.shop.example")))), Some(TESTING));
    let spike = findings.iter().find(|finding| finding.code() == "reports-spike").expect("it was judged");
    assert_eq!(spike.message, "failures at google.com have leapt up: 40 of 100 sessions failed on 2026-03-30, 0 of 1900 sessions before");
    assert_eq!(spike.expected.as_deref(), Some("a failure rate near that of before, which was at most 0.16 %"));
}

#[test]
fn each_lack_says_how_much_there_is_and_how_much_is_needed() {
    let lacking = |facts: &Facts, code: &str| {
        let finding = findings_of(facts, Some(TESTING)).into_iter().find(|finding| finding.code() == code).expect("it was judged");
        (finding.expected.unwrap_or_default(), finding.found.unwrap_or_default(), finding.fix.map(|fix| fix.say).unwrap_or_default())
    };
    let (expected, ..) = lacking(&domain(Some(facts([]))), "reports-none");
    assert_eq!(expected, "reports over at least 14 days, from at least 2 reporters, of at least 300 sessions");

    let few = domain(Some(facts(each(Letter::daily("google.com", 1..=14), |letter| letter.sessions(1)))));
    let (expected, _, fix) = lacking(&few, "reports-few-sessions");
    let or = "20 of them and clean live checks of every MX address on 3 days";
    assert_eq!(expected, format!("at least 300 sessions; so many without a failure bound its rate below 1.0 %; or {or}"));
    let by_checking = "; clean checks of every MX address, with the same store, stand in for what is missing (0 of 3 days so far)";
    assert!(fix.contains(by_checking), "{fix}");

    // Where checks stand in, fewer sessions are needed.
    let places = ["mx1.shop.example 192.0.2.1", "mx2.shop.example 192.0.2.1"].map(str::to_owned).to_vec();
    let checked = |ago: i64| {
        let at = now() - jiff::SignedDuration::from_hours(24 * ago);
        let (day, vantage) = (at.to_zoned(jiff::tz::TimeZone::UTC).date(), "roots mozilla".to_owned());
        Day { day, vantage, times: 1, first_at: at, last_at: at, proven: places.clone(), broken: Vec::new(), given: places.clone() }
    };
    let history = History { days: (1..=3).rev().map(checked).collect(), ..History::nothing(few.domain.clone()) };
    let (expected, _, fix) = lacking(&Facts { history: Some(history), ..few.clone() }, "reports-few-sessions");
    assert_eq!(expected, "at least 20 sessions, beside the clean live checks of every MX address that stand in for the rest");
    assert!(!fix.contains("stand in for what is missing"), "they stand in already: {fix}");

    // The bound of a rate goes with the number that is asked for.
    let mut settings = Settings::default();
    settings.evidence.sessions = 1_200;
    let all = findings_beside(&few, Some(TESTING), now(), &settings, Sheet::default());
    let expected = all.iter().find(|finding| finding.code() == "reports-few-sessions").and_then(|finding| finding.expected.clone());
    let begins = "at least 1200 sessions; so many without a failure bound its rate below 0.2 %";
    assert!(expected.as_ref().is_some_and(|expected| expected.starts_with(begins)), "{expected:?}");

    let others = ["a", "b", "c", "d", "e", "f"].map(|name| Letter::new(&format!("{name}.example"), 2).kind(PolicyType::NoPolicyFound));
    let beside = |others: &[Letter]| domain(Some(facts([Letter::daily("google.com", 1..=20), others.to_vec()].concat())));
    let (_, found, _) = lacking(&beside(&others[..5]), "reports-single-reporter");
    assert!(found.ends_with("d.example, e.example"), "{found}");
    let (_, found, fix) = lacking(&beside(&others), "reports-single-reporter");
    let rest = "a.example, b.example, c.example, d.example, e.example and 1 more";
    assert_eq!(found, format!("1 reporter; about another policy or none: {rest}"));
    assert!(fix.contains(by_checking), "{fix}");
}
