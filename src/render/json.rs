//! `stsready/assessment/1`: the frozen shape that other programs read. Fields may be added, never renamed or removed.

use serde::Serialize;

use super::escape;
use crate::model::acceptance::{AcceptanceNote, Accepted};
use crate::model::assessment::{
    Answer, Assessment, Horizon, Keeper, MxSummary, PolicySummary, Question, RecordSummary, ReportsSummary, RunwayEntry, SenderNote,
    StageState,
};
use crate::model::facts::vantage::{OtherVantage, Vantage};
use crate::model::finding::{Evidence, Finding, Fix, Outcome};
use crate::model::rule::{Severity, Stage};
use crate::model::threshold::Changed;

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/assessment/1";

#[derive(Serialize)]
struct View<'a> {
    schema: &'static str,
    tool: Tool,
    domain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_unicode: Option<String>,
    #[serde(flatten)]
    keeper: &'a Keeper,
    question: Question,
    answer: Answer,
    asked_at: jiff::Timestamp,
    observed_at: jiff::Timestamp,
    valid_until: jiff::Timestamp,
    vantage: VantageView<'a>,
    #[serde(skip_serializing_if = "<[OtherVantage]>::is_empty")]
    vantages: &'a [OtherVantage],
    stages: &'a [StageState],
    because: &'a [&'static str],
    would_change_if: &'a [String],
    /// What to do now, in order.
    next: &'a [Fix],
    /// How many rule and subject pairs were looked at.
    checked: usize,
    findings: Vec<FindingView<'a>>,
    mx: &'a [MxSummary],
    policy: &'a Option<PolicySummary>,
    record: &'a Option<RecordSummary>,
    reports: &'a Option<ReportsSummary>,
    runway: &'a [RunwayEntry],
    horizon: &'a Option<Horizon>,
    #[serde(skip_serializing_if = "<[SenderNote]>::is_empty")]
    senders: &'a [SenderNote],
    /// What became of the risks that were to be accepted.
    #[serde(skip_serializing_if = "<[AcceptanceNote]>::is_empty")]
    acceptances: &'a [AcceptanceNote],
    /// The thresholds that differ from the defaults.
    #[serde(skip_serializing_if = "<[Changed]>::is_empty")]
    thresholds: &'a [Changed],
    /// The file of the draft that was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<&'a str>,
}

#[derive(Serialize)]
struct VantageView<'a> {
    #[serde(flatten)]
    vantage: &'a Vantage,
    /// Seconds that the clock here is ahead of the policy host's; left out where no answer told the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_offset_seconds: Option<i64>,
}

/// Who wrote it.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

/// This program.
pub(super) const TOOL: Tool = Tool { name: "stsready", version: env!("CARGO_PKG_VERSION") };

#[derive(Serialize)]
pub(super) struct FindingView<'a> {
    code: &'static str,
    title: &'static str,
    stage: Stage,
    outcome: Outcome,
    severity: Severity,
    subject: &'a str,
    message: &'a str,
    expected: Option<&'a str>,
    found: Option<&'a str>,
    evidence: &'a [Evidence],
    fix: Option<&'a str>,
    /// The exact text to publish, where `fix` has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    publish: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    reference: &'static str,
    /// That the operator accepts it as a risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<&'a Accepted>,
}

impl<'a> FindingView<'a> {
    pub(super) fn of(finding: &'a Finding) -> Self {
        Self {
            code: finding.code(),
            title: finding.rule.title,
            stage: finding.stage,
            outcome: finding.outcome,
            severity: finding.severity,
            subject: &finding.subject,
            message: &finding.message,
            expected: finding.expected.as_deref(),
            found: finding.found.as_deref(),
            evidence: &finding.evidence,
            fix: finding.fix.as_ref().map(|fix| fix.say.as_str()),
            publish: finding.fix.as_ref().and_then(|fix| fix.publish.as_deref()),
            line: finding.line,
            reference: finding.rule.reference,
            accepted: finding.accepted.as_ref(),
        }
    }
}

impl<'a> View<'a> {
    fn of(assessment: &'a Assessment, all: bool) -> Self {
        let Assessment {
            domain,
            question,
            answer,
            asked_at,
            observed_at,
            valid_until,
            vantage,
            vantages,
            clock_offset_seconds,
            stages,
            because,
            would_change_if,
            next,
            findings,
            mx,
            policy,
            record,
            reports,
            runway,
            horizon,
            senders,
            acceptances,
            thresholds,
            keeper,
            draft,
            last_known: _,
            looked_at: _,
        } = assessment;
        Self {
            schema: SCHEMA,
            tool: TOOL,
            domain: domain.as_str(),
            domain_unicode: domain.unicode(),
            keeper,
            question: *question,
            answer: *answer,
            asked_at: *asked_at,
            observed_at: *observed_at,
            valid_until: *valid_until,
            vantage: VantageView { vantage, clock_offset_seconds: *clock_offset_seconds },
            vantages,
            stages,
            because,
            would_change_if,
            next,
            checked: findings.len(),
            findings: findings.iter().filter(|finding| all || finding.is_shown()).map(FindingView::of).collect(),
            mx,
            policy,
            record,
            reports,
            runway,
            horizon,
            senders,
            acceptances,
            thresholds,
            draft: draft.as_deref(),
        }
    }
}

/// One object; an array where there are several. `all` also lists the findings that hold or do not apply.
pub fn document(assessments: &[&Assessment], all: bool) -> Result<String, serde_json::Error> {
    match assessments {
        [one] => escape::json_pretty(&View::of(one, all)),
        many => escape::json_pretty(&many.iter().map(|one| View::of(one, all)).collect::<Vec<_>>()),
    }
}

/// One line.
pub fn line(assessment: &Assessment, all: bool) -> Result<String, serde_json::Error> {
    escape::json_line(&View::of(assessment, all))
}
