//! Accepting a risk: which findings an operator may take upon himself, and what becomes of each acceptance.
//!
//! An accepted finding stays where it is, with its severity, its evidence and the reason; it only neither blocks nor unsettles the answer.
//! Warnings, advice, and what could not be determined can be accepted; blockers cannot, but for two: those of the TLS-RPT record (an
//! organisation may collect no reports), and reported failures of one group that is named whole. And whoever asks whether to switch
//! cannot accept that nothing was seen at all: the policy, and an MX host that works, must have been.

use crate::model::acceptance::{Acceptance, AcceptanceNote, AcceptanceState, Accepted};
use crate::model::assessment::{AddressOutcome, MxSummary, Question};
use crate::model::facts::Facts;
use crate::model::finding::{Finding, Outcome};
use crate::model::looked::Looked;
use crate::model::rule::{Rule, Severity, Stage};
use crate::rules::{Case, catalogue, reports};

/// Why a code cannot be accepted, whatever is found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// No such rule.
    #[error("there is no rule {code:?}; {}`stsready rules` lists them all", near.map(|near| format!("did you mean {near}? ")).unwrap_or_default())]
    Unknown {
        /// As given.
        code: String,
        /// The code that comes closest.
        near: Option<&'static str>,
    },
    /// A rule whose findings are all blockers.
    #[error("{0} is a blocker wherever it is found, and a blocker cannot be accepted: it delays mail, whoever answers for it")]
    Blocker(&'static str),
    /// A rule about a planned change.
    #[error("{0} is about a change that is planned: what a plan depends on must be proven, and cannot be accepted")]
    Planned(&'static str),
}

/// The rule of a code whose findings can be accepted, some of them at least.
pub fn acceptable(code: &str) -> Result<&'static Rule, CodeError> {
    let written = code.trim().to_ascii_lowercase();
    let unknown = || CodeError::Unknown { code: code.to_owned(), near: catalogue::nearest(code).map(|rule| rule.code) };
    let rule = catalogue::find(&written).ok_or_else(unknown)?;
    if rule.family() == "change" {
        return Err(CodeError::Planned(rule.code));
    }
    let only_blocks = rule.severities == [Severity::Blocker] && !rule.undetermined;
    if only_blocks && rule.family() != "record" { Err(CodeError::Blocker(rule.code)) } else { Ok(rule) }
}

/// What the acceptances are held against.
pub(super) struct Situation<'a> {
    pub(super) case: &'a Case<'a>,
    pub(super) question: Question,
    /// The MX hosts, as they fared.
    pub(super) mx: &'a [MxSummary],
    /// Whether there may be a policy that could not be read.
    pub(super) mode_unknown: bool,
}

/// Marks the findings that are accepted, and says what became of every acceptance that concerns this domain.
pub(super) fn apply(situation: &Situation<'_>, findings: &mut [Finding]) -> Vec<AcceptanceNote> {
    let facts = situation.case.facts;
    let all = situation.case.settings.accept.iter();
    let ours = all.filter(|acceptance| acceptance.domain.as_ref().is_none_or(|domain| *domain == facts.domain));
    ours.filter_map(|acceptance| one(situation, acceptance, findings)).collect()
}

/// `None` where the stage that it is about was not looked at: nothing can be said of it then.
fn one(situation: &Situation<'_>, acceptance: &Acceptance, findings: &mut [Finding]) -> Option<AcceptanceNote> {
    let holds = acceptance.holds_at(situation.case.now);
    let (mut accepted, mut met, mut why) = (0, false, None);
    for finding in findings.iter_mut().filter(|finding| finding.is_shown() && acceptance.is_about(finding)) {
        met = true;
        if !holds {
            continue;
        }
        match refusal(situation, acceptance, finding) {
            Some(refused) => why = why.or(Some(refused)),
            None => {
                let risk = || Accepted { reason: acceptance.reason.clone(), until: acceptance.until };
                finding.accepted.get_or_insert_with(risk);
                accepted += 1;
            }
        }
    }
    let state = match (holds, met, &why) {
        (_, false, _) if !looked_at(situation.case.facts, acceptance.rule.stage) => return None,
        (false, _, _) => AcceptanceState::Expired,
        (true, false, _) => AcceptanceState::Unused,
        (true, true, Some(_)) => AcceptanceState::Refused,
        (true, true, None) => AcceptanceState::Used,
    };
    Some(AcceptanceNote {
        code: acceptance.rule.code,
        subject: acceptance.subject.clone(),
        domain: acceptance.domain.clone(),
        reason: acceptance.reason.clone(),
        until: acceptance.until,
        state,
        findings: accepted,
        why,
    })
}

fn looked_at(facts: &Facts, stage: Stage) -> bool {
    match stage {
        Stage::Record => facts.record.is_some(),
        Stage::Policy => facts.policy.is_some(),
        Stage::Mx => facts.servers.is_some(),
        Stage::Reports => facts.reports.is_some(),
    }
}

/// Why this finding cannot be accepted; `None` if it can.
fn refusal(situation: &Situation<'_>, acceptance: &Acceptance, finding: &Finding) -> Option<String> {
    if finding.severity < Severity::Blocker {
        return None;
    }
    if finding.outcome == Outcome::Undetermined {
        let decides = situation.question == Question::SwitchToEnforce && finding.stage != Stage::Reports;
        return decides.then(|| nothing_seen(situation)).flatten();
    }
    if finding.rule.family() == "record" {
        return None;
    }
    let about_the_whole = finding.subject == situation.case.facts.domain.as_str();
    if finding.rule != &reports::FAILING || about_the_whole {
        return Some(format!("{} at {} is a blocker, and a blocker cannot be accepted", finding.code(), finding.subject));
    }
    (!acceptance.names(finding)).then(|| {
        format!("a blocker among reported failures is accepted by the name of its group alone: {}@{}", finding.code(), finding.subject)
    })
}

/// What must have been seen before anybody can take it upon himself that something else was not.
fn nothing_seen(situation: &Situation<'_>) -> Option<String> {
    let facts = situation.case.facts;
    let mx = facts.mail.as_ref().map(|mail| &mail.mx);
    let hosts_unknown = matches!(mx, Some(Looked::Failed(_)));
    let record_unknown = facts.policy.as_ref().is_some_and(|policy| matches!(policy.txt.answer, Looked::Failed(_)));
    // A host that was only asked about is no MX of the domain; one without MX records takes its mail itself.
    let itself = matches!(mx, Some(Looked::Absent(_)));
    let hosts = situation.mx.iter().filter(|host| itself || host.preference.is_some());
    let mut addresses = hosts.flat_map(|host| &host.addresses);
    if situation.mode_unknown {
        Some("the policy could not be read, so nobody knows what would be enforced".to_owned())
    } else if hosts_unknown {
        Some("the MX records could not be looked up, so nobody knows which hosts the policy must cover".to_owned())
    } else if record_unknown {
        Some("the policy's record could not be looked up, so nobody knows what senders go by".to_owned())
    } else if !addresses.any(|address| address.outcome == AddressOutcome::Proven) {
        Some("no address of any MX host was seen to work, and on nothing no switch can rest".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
