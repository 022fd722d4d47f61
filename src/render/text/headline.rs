//! The first lines: the answer, in one sentence, and what it rests on.

use super::sessions::count;
use crate::model::assessment::{Answer, Assessment, Question, State};
use crate::model::finding::{Finding, codes};
use crate::model::rule::Stage;
use crate::render::page::{Look, Page};

pub(super) fn write(assessment: &Assessment, page: &mut Page) {
    let (_, look) = sign(assessment.answer);
    page.paragraph(&[(look, word(assessment)), (Look::Plain, "  ")], Look::Strong, &sentence(assessment));
    if let Some(owner) = &assessment.keeper.owner {
        page.paragraph(&[(Look::Faint, "owner ")], Look::Plain, owner);
    }
    if !assessment.because.is_empty() {
        page.paragraph(&[(Look::Faint, "because ")], Look::Faint, &assessment.because.join(", "));
    }
    let accepted = accepted(assessment);
    if !accepted.is_empty() {
        page.paragraph(&[(Look::Unknown, "accepted risks ")], Look::Plain, &accepted.join(", "));
    }
}

/// The sign and the look of the answer.
pub(in crate::render) fn sign(answer: Answer) -> (&'static str, Look) {
    match answer {
        Answer::Ready => ("✓", Look::Good),
        Answer::NotReady => ("✗", Look::Bad),
        Answer::Inconclusive => ("?", Look::Unknown),
        Answer::NotApplicable => ("–", Look::Faint),
    }
}

/// The answer in a word.
pub(in crate::render) fn word(assessment: &Assessment) -> &'static str {
    match (assessment.answer, assessment.question) {
        (Answer::Ready, Question::CheckStage) => "PASS",
        (Answer::NotReady, Question::CheckStage) => "FAIL",
        (Answer::Ready, _) => "READY",
        (Answer::NotReady, _) => "NOT READY",
        (Answer::Inconclusive, _) => "INCONCLUSIVE",
        (Answer::NotApplicable, _) => "NOT APPLICABLE",
    }
}

/// The codes of the findings that are accepted, each once.
pub(in crate::render) fn accepted(assessment: &Assessment) -> Vec<&'static str> {
    codes(assessment.findings.iter().filter(|finding| finding.accepted.is_some()))
}

/// The answer in a sentence, without a full stop.
pub(in crate::render) fn sentence(assessment: &Assessment) -> String {
    let domain = assessment.domain.shown();
    let blockers = assessment.findings.iter().filter(|finding| finding.blocks()).count();
    let faults = count(blockers as u64, "fault");
    match (assessment.answer, assessment.question) {
        (Answer::NotApplicable, _) => format!("{domain} takes no mail: there is nothing for MTA-STS to protect"),
        (Answer::Ready, Question::SwitchToEnforce) => format!("{domain} can switch MTA-STS from testing to enforce now"),
        (Answer::Ready, Question::StayInEnforce) => format!("{domain} is in enforce and can stay there"),
        (Answer::Ready, Question::StartTesting) => format!("{domain} can start with MTA-STS in testing"),
        (Answer::Ready, Question::CheckStage) => format!("nothing is broken in the {} of {domain}", looked_at(assessment)),
        (Answer::NotReady, Question::SwitchToEnforce) => {
            format!("{domain} must not switch to enforce yet: {faults} would delay mail or leave senders without the policy")
        }
        (Answer::NotReady, Question::StayInEnforce) => {
            format!("{domain} is in enforce with {faults}: mail is being refused or soon will be")
        }
        (Answer::NotReady, Question::StartTesting) => {
            let stage = assessment.stages.iter().find(|stage| stage.state == State::Fail).map_or("policy", |stage| name(stage.stage));
            format!("{domain} has no usable MTA-STS policy: {faults} to mend before testing can start, the {stage} first")
        }
        (Answer::NotReady, Question::CheckStage) => format!("{domain} has {faults} in the {}", looked_at(assessment)),
        (Answer::Inconclusive, question) => inconclusive(assessment, question, &domain),
    }
}

fn inconclusive(assessment: &Assessment, question: Question, domain: &str) -> String {
    let unsettled: Vec<&Finding> = assessment.findings.iter().filter(|finding| finding.unsettles()).collect();
    let only_evidence = !unsettled.is_empty() && unsettled.iter().all(|finding| finding.stage == Stage::Reports);
    if only_evidence && question == Question::SwitchToEnforce {
        let when = assessment.reports.as_ref().and_then(|reports| reports.suffices_at);
        let date = when.map(|at| format!("; it can suffice on {} at the earliest", super::date(at)));
        return format!(
            "servers and policy of {domain} pass, but the evidence of reports does not suffice yet{}",
            date.unwrap_or_default()
        );
    }
    if only_evidence {
        return format!("the reports about {domain} do not suffice to answer");
    }
    let things = count(unsettled.len() as u64, "thing");
    format!("{things} that the answer for {domain} needs could not be looked at from here")
}

fn looked_at(assessment: &Assessment) -> String {
    let names: Vec<&str> = assessment.stages.iter().map(|stage| name(stage.stage)).collect();
    names.join(", ")
}

/// A stage as people say it.
pub(in crate::render) fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Record => "TLS-RPT record",
        Stage::Policy => "policy",
        Stage::Mx => "MX hosts",
        Stage::Reports => "reports",
    }
}
