//! Which question the policy's current state poses, and what that does to severities.

use crate::model::assessment::Question;
use crate::model::finding::{Finding, Outcome};
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::rule::{Severity, Stage};
use crate::rules::Case;
use crate::wire::policy::Mode;

/// The question for this case.
///
/// The mode is read from the body even where the fetch is unusable, else from the policy that senders may hold that checks saw last, else
/// from the one that senders named last: they may have cached an enforce policy while today's fetch fails.
pub(super) fn of(case: &Case<'_>) -> Question {
    let facts = case.facts;
    if facts.record.is_none() || facts.policy.is_none() || facts.servers.is_none() || facts.reports.is_none() {
        return Question::CheckStage;
    }
    match case.policy.as_ref().and_then(|policy| policy.mode).or_else(|| case.held.last_mode()) {
        Some(Mode::Testing) => Question::SwitchToEnforce,
        Some(Mode::Enforce) => Question::StayInEnforce,
        Some(Mode::None) => Question::StartTesting,
        None if mode_is_unknown(case) => Question::SwitchToEnforce,
        None => Question::StartTesting,
    }
}

/// Whether there may be a policy whose mode could not be read, because looking failed.
pub(super) fn mode_is_unknown(case: &Case<'_>) -> bool {
    let Some(policy) = &case.facts.policy else { return false };
    if case.policy.as_ref().is_some_and(|policy| policy.mode.is_some()) || policy.draft.is_some() {
        return false;
    }
    let silent = |looked: Option<&Failure>| looked.is_some_and(|failure| failure.kind.is_silence() || failure.kind == FailureKind::Other);
    // One address that answered has said what there is.
    if policy.fetches.iter().any(|fetch| fetch.answered().is_some()) {
        return false;
    }
    let fetch_unknown = policy.fetches.iter().any(|fetch| {
        silent(fetch.connect.failure())
            || silent(fetch.tls.as_ref().and_then(Looked::failure))
            || silent(fetch.response.as_ref().and_then(Looked::failure))
    });
    fetch_unknown || (policy.fetches.is_empty() && policy.addresses.failures().next().is_some())
}

/// Severities that depend on the question are set here, after the rules, never inside them.
///
/// Staying in enforce needs neither a record nor fresh evidence: live probes decide. Starting to test needs no reports.
pub(super) fn adjust(question: Question, findings: &mut [Finding]) {
    for finding in findings {
        let softened = match question {
            Question::StayInEnforce if finding.stage == Stage::Record => Severity::Warning,
            Question::StayInEnforce if finding.stage == Stage::Reports && finding.outcome == Outcome::Undetermined => Severity::Warning,
            Question::StartTesting if finding.stage == Stage::Reports && finding.outcome == Outcome::Undetermined => Severity::Advice,
            _ => continue,
        };
        finding.severity = finding.severity.min(softened);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::Ipv4Addr;

    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::model::assessment::Question::{StartTesting, StayInEnforce, SwitchToEnforce};
    use crate::model::facts::Facts;
    use crate::model::facts::dns::{AddressFacts, TxtFacts};
    use crate::model::facts::policy::{Body, Draft, Fetch, PolicyFacts, Response};
    use crate::model::finding::{Evidence, EvidenceKind, Sheet};
    use crate::model::fixture::{served, vantage};
    use crate::model::history::seen::{Kind, Seen};
    use crate::model::history::{History, Span, Subject};
    use crate::model::looked::{Absence, AbsenceKind, Answer};
    use crate::model::rule::Rule;
    use crate::model::settings::Settings;
    use crate::rules::{record, reports, starttls};
    use crate::wire::fingerprint::Fingerprint;
    use crate::wire::name::Domain;

    /// A domain of which nothing is seen now; this policy was last seen so many days ago, and looked for last so many days ago.
    fn remembered(text: &str, seen: i64, looked: i64) -> Option<Mode> {
        let now: Timestamp = "2026-03-31T12:00:00Z".parse().expect("a time");
        let ago = |days: i64| now - SignedDuration::from_hours(24 * days);
        let domain = Domain::from_dns("shop.example");
        let policy = Seen::Policy { sha256: Fingerprint::of(text.as_bytes()), text: text.to_owned(), mode: None, max_age: None };
        let spans = vec![Span { seen: policy, first_seen: ago(seen + 1), last_seen: ago(seen) }];
        let subject = Subject { kind: Kind::Policy, name: "mta-sts.shop.example".to_owned(), looked_at: ago(looked), spans };
        let history = History { subjects: vec![subject], ..History::nothing(domain.clone()) };
        let facts = Facts { history: Some(history), ..Facts::nothing(domain, now, vantage()) };
        let settings = Settings::default();
        Case::new(&facts, &settings, now).held.last_mode()
    }

    fn silent<T>() -> Looked<T> {
        Looked::Failed(Failure::new(FailureKind::Timeout, "no answer"))
    }

    fn refused<T>() -> Looked<T> {
        Looked::Failed(Failure::new(FailureKind::Refused, "refused"))
    }

    fn absent<T>() -> Looked<T> {
        Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() })
    }

    /// A domain whose policy host has these addresses and was fetched from so.
    fn fetched(v4: Looked<Answer<Vec<Ipv4Addr>>>, fetches: Vec<Fetch>) -> Facts {
        Facts {
            policy: Some(PolicyFacts {
                txt: TxtFacts { name: Domain::from_dns("_mta-sts.shop.example"), answer: absent(), elsewhere: Vec::new() },
                host: Domain::from_dns("mta-sts.shop.example"),
                addresses: AddressFacts { v4, v6: absent() },
                fetches,
                by_agent: Vec::new(),
                draft: None,
                pattern_domains: BTreeMap::new(),
                https_witness: None,
                addresses_left_out: 0,
            }),
            ..Facts::nothing(Domain::from_dns("shop.example"), Timestamp::UNIX_EPOCH, vantage())
        }
    }

    #[test]
    fn only_silence_leaves_it_open_whether_there_is_a_policy() {
        let fetch = |connect, response| Fetch {
            address: [192, 0, 2, 1].into(),
            at: Timestamp::UNIX_EPOCH,
            agent: "test".to_owned(),
            elapsed_ms: 1,
            connect,
            tls: None,
            response,
        };
        let gone = || Some(Looked::Seen(Response { status: 404, ..served("not found") }));
        let drafted = |mut facts: Facts| {
            let draft = Draft { file: "new".to_owned(), body: Body::new(b"version: STSv1\n") };
            facts.policy.as_mut().expect("it was looked at").draft = Some(draft);
            facts
        };
        let settings = Settings::default();
        for (what, facts, unknown) in [
            ("no address", fetched(absent(), vec![]), false),
            ("an address that could not be looked up", fetched(silent(), vec![]), true),
            ("half a lookup, and a refusal", fetched(silent(), vec![fetch(refused(), None)]), false),
            ("a refusal", fetched(absent(), vec![fetch(refused(), None)]), false),
            ("silence", fetched(absent(), vec![fetch(silent(), None)]), true),
            ("silence beside a refusal", fetched(absent(), vec![fetch(refused(), None), fetch(silent(), None)]), true),
            ("silence after the connection", fetched(absent(), vec![fetch(Looked::Seen(1), Some(silent()))]), true),
            ("silence beside an answer", fetched(absent(), vec![fetch(silent(), None), fetch(Looked::Seen(1), gone())]), false),
            ("a draft, of which no mode is known", drafted(fetched(silent(), vec![])), false),
            ("nobody looked", Facts { policy: None, ..fetched(absent(), vec![]) }, false),
        ] {
            assert_eq!(mode_is_unknown(&Case::new(&facts, &settings, Timestamp::UNIX_EPOCH)), unknown, "{what}");
        }
    }

    #[test]
    fn a_policy_that_cannot_be_read_today_has_the_mode_that_senders_may_still_hold() {
        let week = "version: STSv1\nmode: enforce\nmx: mx1.shop.example\nmax_age: 604800\n";
        assert_eq!(remembered(week, 0, 0), Some(Mode::Enforce));
        assert_eq!(remembered(week, 90, 90), Some(Mode::Enforce), "nobody has looked since: it may have been served a minute ago");
        assert_eq!(remembered(week, 90, 6), Some(Mode::Enforce), "it may have gone just before the look that missed it");
        assert_eq!(remembered(week, 90, 8), None, "nobody holds it any more");
        assert_eq!(remembered(&week.replace("enforce", "testing"), 3, 3), Some(Mode::Testing));
        assert_eq!(remembered("<html>out of order</html>", 1, 1), None);
    }

    #[test]
    fn the_question_softens_what_it_does_not_need_and_nothing_else() {
        let adjusted = |question, rule: &'static Rule, is_broken| {
            let (mut sheet, evidence) = (Sheet::default(), Evidence::new(EvidenceKind::Dns, "seen"));
            let finding = if is_broken {
                sheet.broken(rule, "shop.example", "it is so", evidence)
            } else {
                sheet.undetermined(rule, "shop.example", "nobody knows", evidence)
            };
            finding.severity(Severity::Blocker);
            let mut findings = sheet.into_findings();
            adjust(question, &mut findings);
            findings[0].severity
        };
        use Severity::{Advice, Blocker, Warning};
        for (rule, is_broken, switch, stay, start) in [
            (&record::MISSING, true, Blocker, Warning, Blocker),
            (&record::MISSING, false, Blocker, Warning, Blocker),
            (&reports::NONE, false, Blocker, Warning, Advice),
            (&reports::FAILING, true, Blocker, Blocker, Blocker),
            (&starttls::MISSING, true, Blocker, Blocker, Blocker),
            (&starttls::MISSING, false, Blocker, Blocker, Blocker),
        ] {
            for (question, expected) in [(SwitchToEnforce, switch), (StayInEnforce, stay), (StartTesting, start)] {
                assert_eq!(adjusted(question, rule, is_broken), expected, "{} {is_broken} {question:?}", rule.code);
            }
        }
    }
}
