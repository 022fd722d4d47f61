//! The ladder of stages: a sign, a word, and one line of what was seen there.

use super::headline::name;
use super::sessions::count;
use crate::model::assessment::{AddressOutcome, Assessment, State};
use crate::model::finding::Outcome;
use crate::model::rule::Stage;
use crate::render::page::{Look, Page};

pub(super) fn write(assessment: &Assessment, page: &mut Page) {
    page.gap();
    let rows: Vec<_> = assessment
        .stages
        .iter()
        .map(|stage| {
            let (sign, word, look) = sign(stage.state);
            vec![
                (look, sign.to_owned()),
                (Look::Strong, name(stage.stage).to_owned()),
                (look, word.to_owned()),
                (Look::Plain, seen(assessment, stage.stage)),
            ]
        })
        .collect();
    page.table(2, &rows);
}

/// The sign and word of a state; both say it without colour.
pub(in crate::render) fn sign(state: State) -> (&'static str, &'static str, Look) {
    match state {
        State::Pass => ("✓", "pass", Look::Good),
        State::Warn => ("!", "warn", Look::Warning),
        State::Fail => ("✗", "fail", Look::Bad),
        State::Undetermined => ("?", "unknown", Look::Unknown),
        State::NotApplicable => ("–", "none", Look::Faint),
    }
}

/// One line of what was seen of a stage.
pub(in crate::render) fn seen(assessment: &Assessment, stage: Stage) -> String {
    match stage {
        Stage::Record => record(assessment),
        Stage::Policy => policy(assessment),
        Stage::Mx => mx(assessment),
        Stage::Reports => reports(assessment),
    }
}

fn record(assessment: &Assessment) -> String {
    let rua = assessment.record.as_ref().map(|record| record.rua.join(", ")).unwrap_or_default();
    if rua.is_empty() {
        first_message(assessment, Stage::Record).unwrap_or_else(|| "no record".to_owned())
    } else {
        format!("reports go to {rua}")
    }
}

fn policy(assessment: &Assessment) -> String {
    let Some(policy) = &assessment.policy else {
        return first_message(assessment, Stage::Policy).unwrap_or_else(|| "no policy".to_owned());
    };
    let mode = policy.mode.as_deref().unwrap_or("no valid mode");
    let patterns = count(policy.mx.len() as u64, "mx pattern");
    let age = policy.max_age.map_or_else(|| "no valid max_age".to_owned(), |age| format!("max_age {}", super::duration(age)));
    let usable = if policy.usable { "" } else { "; not usable as it is" };
    format!("{mode}, {patterns}, {age}{usable}")
}

fn mx(assessment: &Assessment) -> String {
    let addresses: Vec<AddressOutcome> =
        assessment.mx.iter().flat_map(|host| host.addresses.iter().map(|address| address.outcome)).collect();
    if addresses.is_empty() {
        return first_message(assessment, Stage::Mx).unwrap_or_else(|| "no MX host with an address".to_owned());
    }
    let fared = |outcome| addresses.iter().filter(|other| **other == outcome).count();
    let hosts = count(assessment.mx.len() as u64, "host");
    let (proven, broken, unknown) = (fared(AddressOutcome::Proven), fared(AddressOutcome::Broken), fared(AddressOutcome::Undetermined));
    let mut parts = vec![format!("{hosts}, {proven} of {} addresses proven", addresses.len())];
    if broken > 0 {
        parts.push(format!("{broken} broken"));
    }
    if unknown > 0 {
        parts.push(format!("{unknown} not known"));
    }
    parts.join(", ")
}

fn reports(assessment: &Assessment) -> String {
    let Some(reports) = assessment.reports.as_ref().filter(|reports| reports.reports > 0) else {
        return first_message(assessment, Stage::Reports).unwrap_or_else(|| "none".to_owned());
    };
    let reporters = count(reports.reporters.len() as u64, "reporter");
    format!(
        "{} sessions, {} failed, {reporters}, {} of {} days",
        reports.sessions, reports.failures, reports.days_with_reports, reports.window.days
    )
}

fn first_message(assessment: &Assessment, stage: Stage) -> Option<String> {
    let shown = |outcome| matches!(outcome, Outcome::Broken | Outcome::Undetermined);
    assessment.findings.iter().find(|finding| finding.stage == stage && shown(finding.outcome)).map(|finding| finding.rule.title.to_owned())
}
