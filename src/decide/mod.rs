//! Floor 4: from facts to the answer. Pure: the same facts, settings and time give the same assessment on any machine.

pub mod accept;
mod back;
pub mod change;
pub mod expiry;
pub mod generate;
pub mod guide;
mod next;
mod question;
mod stages;
pub mod standing;
mod summary;
mod texts;
mod verdict;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::evidence::clock;
use crate::evidence::last_known;
use crate::evidence::runway;
use crate::evidence::senders;
use crate::model::assessment::{Answer, Assessment, Keeper, Question};
use crate::model::facts::Facts;
use crate::model::finding::Finding;
use crate::model::settings::Settings;
use crate::model::threshold;
use crate::model::verdict::Verdict;
use crate::rules::{self, Case};

/// Judges one domain as of `now`.
pub fn assess(facts: &Facts, settings: &Settings, now: Timestamp) -> Assessment {
    let case = Case::new(facts, settings, now);
    let judged = rules::judge(&case);
    let question = question::of(&case);
    let mut findings = judged.findings;
    question::adjust(question, &mut findings);
    let mx = summary::mx(&case, &findings);
    let mode_unknown = question::mode_is_unknown(&case);
    let acceptances = accept::apply(&accept::Situation { case: &case, question, mx: &mx, mode_unknown }, &mut findings);
    let stages = stages::of(facts, &mut findings);
    sort(&mut findings);
    let runway = runway::entries(facts, &settings.runway, now);
    let verdict = verdict::of(&verdict::Grounds {
        case: &case,
        question,
        findings: &findings,
        reports: judged.reports.as_ref(),
        runway: &runway,
        mode_unknown,
    });
    let policy = summary::policy(&case, &findings);
    let horizon = back::horizon(&case, question, policy.as_ref(), &findings);
    Assessment {
        domain: facts.domain.clone(),
        question,
        answer: verdict.answer,
        asked_at: now,
        observed_at: facts.observed_at,
        valid_until: verdict.valid_until,
        vantage: facts.vantage.clone(),
        vantages: facts.others.clone(),
        clock_offset_seconds: clock::offset(facts).map(|offset| offset.seconds),
        stages,
        because: verdict.because,
        would_change_if: verdict.would_change_if,
        next: next::steps(&case, question, verdict.answer),
        mx,
        policy,
        record: summary::record(facts),
        reports: judged.reports,
        runway,
        horizon,
        senders: match verdict.answer {
            Answer::NotApplicable => Vec::new(),
            _ => senders::differing(&senders::View { facts, body: case.body, policy: case.policy.as_ref() }),
        },
        acceptances,
        thresholds: threshold::changed(settings),
        keeper: Keeper::default(),
        draft: facts.policy.as_ref().and_then(|policy| policy.draft.as_ref()).map(|draft| draft.file.clone()),
        last_known: last_known::certificates(facts),
        looked_at: last_known::looked_at(facts, &findings),
        findings,
    }
}

/// What is worth to be remembered of an answer: the question as a whole must have been asked, not a stage alone.
pub fn remembered(assessment: &Assessment) -> Option<Verdict> {
    let accepted: BTreeSet<&str> = assessment.findings.iter().filter(|finding| finding.accepted.is_some()).map(Finding::code).collect();
    (assessment.question != Question::CheckStage).then(|| Verdict {
        question: assessment.question,
        answer: assessment.answer,
        because: assessment.because.iter().map(ToString::to_string).collect(),
        accepted: accepted.into_iter().map(str::to_owned).collect(),
        thresholds: assessment.thresholds.iter().map(|changed| format!("{} {}", changed.name, changed.value)).collect(),
    })
}

/// Worst first; among equals in the order of the stages, then as the rules wrote them.
fn sort(findings: &mut [Finding]) {
    use crate::model::finding::Outcome;
    findings.sort_by_key(|finding| {
        let outcome = match finding.outcome {
            Outcome::Broken | Outcome::Undetermined => 0,
            Outcome::Holds => 1,
            Outcome::NotApplicable => 2,
        };
        (outcome, std::cmp::Reverse(finding.severity), finding.outcome, finding.stage)
    });
}

#[cfg(test)]
mod tests;
