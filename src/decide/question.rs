//! Which question the policy's current state poses, and what that does to severities.

use crate::model::assessment::Question;
use crate::model::facts::reports::PolicyType;
use crate::model::finding::{Finding, Outcome};
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::rule::{Severity, Stage};
use crate::rules::Case;
use crate::wire::policy::{self, Mode};

/// The question for this case.
///
/// The mode is read from the body even where the fetch is unusable, else from what senders last reported to hold:
/// they may have cached an enforce policy while today's fetch fails.
pub(super) fn of(case: &Case<'_>) -> Question {
    let facts = case.facts;
    if facts.record.is_none() || facts.policy.is_none() || facts.servers.is_none() || facts.reports.is_none() {
        return Question::CheckStage;
    }
    match case.policy.as_ref().and_then(|policy| policy.mode).or_else(|| reported_mode(case)) {
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
