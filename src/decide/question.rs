//! Which question the policy's current state poses, and what that does to severities.

use jiff::{SignedDuration, Timestamp};

use crate::model::assessment::Question;
use crate::model::facts::reports::PolicyType;
use crate::model::finding::{Finding, Outcome};
use crate::model::history::seen::{Kind, Seen};
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::rule::{Severity, Stage};
use crate::rules::Case;
use crate::wire::policy::{self, Mode};

/// The question for this case.
///
/// The mode is read from the body even where the fetch is unusable, else from what earlier checks saw, else from what senders last
/// reported to hold: they may have cached an enforce policy while today's fetch fails.
pub(super) fn of(case: &Case<'_>) -> Question {
    let facts = case.facts;
    if facts.record.is_none() || facts.policy.is_none() || facts.servers.is_none() || facts.reports.is_none() {
        return Question::CheckStage;
    }
    match case.policy.as_ref().and_then(|policy| policy.mode).or_else(|| remembered_mode(case)).or_else(|| reported_mode(case)) {
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

/// The mode of the policy that earlier checks saw last, as long as a sender may hold it.
fn remembered_mode(case: &Case<'_>) -> Option<Mode> {
    let spans = case.past.as_ref()?.of(Kind::Policy).flat_map(|subject| &subject.spans);
    let held = spans.filter_map(|span| {
        let Seen::Policy { text, .. } = &span.seen else { return None };
        let policy = policy::parse(text);
        let max_age = SignedDuration::from_secs(i64::try_from(policy.max_age?).ok()?);
        let until = span.last_seen.checked_add(max_age).unwrap_or(Timestamp::MAX);
        Some((span.last_seen, policy.mode?)).filter(|_| until >= case.now)
    });
    held.max_by_key(|(last_seen, _)| *last_seen).map(|(_, mode)| mode)
}

/// The mode of the policy that the newest report names.
fn reported_mode(case: &Case<'_>) -> Option<Mode> {
    let reports = case.facts.reports.as_ref()?;
    let newest = reports
        .reports
        .iter()
        .filter(|report| report.end <= case.now)
        .filter_map(|report| {
            let sts = report.policies.iter().filter(|policy| policy.policy_type == PolicyType::Sts);
            let mode = sts.map(|policy| policy::parse(&policy.policy_string.join("\n"))).find_map(|policy| policy.mode)?;
            Some((report.end, mode))
        })
        .max_by_key(|(end, _)| *end);
    newest.map(|(_, mode)| mode)
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
    use super::*;
    use crate::model::facts::Facts;
    use crate::model::facts::vantage::{Family, Means, Roots, Vantage};
    use crate::model::history::{History, Span, Subject};
    use crate::model::settings::Settings;
    use crate::wire::fingerprint::Fingerprint;
    use crate::wire::name::Domain;

    /// A domain of which nothing is seen now, and this policy was last seen so many days ago.
    fn remembered(text: &str, days: i64) -> Option<Mode> {
        let now: Timestamp = "2026-03-31T12:00:00Z".parse().expect("a time");
        let then = now - SignedDuration::from_hours(24 * days);
        let domain = Domain::from_dns("shop.example");
        let vantage = Vantage {
            resolvers: Vec::new(),
            roots: Roots { name: "mozilla".to_owned(), count: 0, sha256: Fingerprint::of(b"") },
            ipv4: Family::Available,
            ipv6: Family::Available,
            helo: "here.example".to_owned(),
            means: Means::default(),
        };
        let seen = Seen::Policy { sha256: Fingerprint::of(text.as_bytes()), text: text.to_owned(), mode: None, max_age: None };
        let spans = vec![Span { seen, first_seen: then, last_seen: then }];
        let subject = Subject { kind: Kind::Policy, name: "mta-sts.shop.example".to_owned(), looked_at: then, spans };
        let history = History { subjects: vec![subject], ..History::nothing(domain.clone()) };
        let facts = Facts { history: Some(history), ..Facts::nothing(domain, now, vantage) };
        let settings = Settings::default();
        remembered_mode(&Case::new(&facts, &settings, now))
    }

    #[test]
    fn a_policy_that_cannot_be_read_today_has_the_mode_that_senders_may_still_hold() {
        let week = "version: STSv1\nmode: enforce\nmx: mx1.shop.example\nmax_age: 604800\n";
        assert_eq!(remembered(week, 0), Some(Mode::Enforce));
        assert_eq!(remembered(week, 7), Some(Mode::Enforce));
        assert_eq!(remembered(week, 8), None, "nobody holds it any more");
        assert_eq!(remembered(&week.replace("enforce", "testing"), 3), Some(Mode::Testing));
        assert_eq!(remembered("<html>out of order</html>", 1), None);
    }
}
