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
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Assessment"))]
pub(super) struct View<'a> {
    /// The schema's name and version.
    schema: &'static str,
    /// Who wrote it.
    tool: Tool,
    /// The policy domain, in A-labels.
    domain: &'a str,
    /// Its U-labels, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_unicode: Option<String>,
    #[serde(flatten)]
    keeper: &'a Keeper,
    /// What was asked.
    question: Question,
    /// What the facts answer.
    answer: Answer,
    /// As of when it was judged.
    asked_at: jiff::Timestamp,
    /// When the facts were observed.
    observed_at: jiff::Timestamp,
    /// Until when the answer holds.
    valid_until: jiff::Timestamp,
    /// From where it was looked.
    vantage: VantageView<'a>,
    /// Further vantages whose facts were merged, newest first.
    #[serde(skip_serializing_if = "<[OtherVantage]>::is_empty")]
    vantages: &'a [OtherVantage],
    /// The state of each stage that was looked at, in their order.
    stages: &'a [StageState],
    /// The codes of the rules that decide, each once.
    because: &'a [&'static str],
    /// What would change the answer, as sentences.
    would_change_if: &'a [String],
    /// What to do now, in order.
    next: &'a [Fix],
    /// How many rule and subject pairs were looked at.
    checked: usize,
    /// What is broken or undetermined, worst first; with `--all` also what holds or does not apply.
    findings: Vec<FindingView<'a>>,
    /// The MX hosts, as probed.
    mx: &'a [MxSummary],
    /// The policy in force, or the draft; `None` where neither was seen.
    policy: &'a Option<PolicySummary>,
    /// The TLS-RPT record (RFC 8460 §3); `None` where none was seen.
    record: &'a Option<RecordSummary>,
    /// What the reports add up to; `None` where they were not looked at.
    reports: &'a Option<ReportsSummary>,
    /// Every certificate's end, soonest first.
    runway: &'a [RunwayEntry],
    /// Until when senders hold what, if the switch is made now; `None` where nothing can be held.
    horizon: &'a Option<Horizon>,
    /// Senders that will treat this very domain differently from what the RFCs say.
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
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "VantageHere"))]
struct VantageView<'a> {
    #[serde(flatten)]
    vantage: &'a Vantage,
    /// Seconds that the clock here is ahead of the policy host's; left out where no answer told the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_offset_seconds: Option<i64>,
}

/// Who wrote it.
#[derive(Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Tool {
    /// The program.
    pub(super) name: &'static str,
    /// Its version.
    pub(super) version: &'static str,
}

/// This program.
pub(super) const TOOL: Tool = Tool { name: "stsready", version: env!("CARGO_PKG_VERSION") };

/// What a rule says of one subject.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Finding"))]
pub(super) struct FindingView<'a> {
    /// The rule's code; later versions may bring new ones.
    code: &'static str,
    /// The rule's title.
    title: &'static str,
    /// The stage that it belongs to.
    stage: Stage,
    /// What came of it.
    outcome: Outcome,
    /// How much it matters if broken.
    severity: Severity,
    /// What it is about: a domain, a host, a host and its address.
    subject: &'a str,
    /// One plain sentence.
    message: &'a str,
    /// What should be, where that can be said.
    expected: Option<&'a str>,
    /// What is, where that can be said.
    found: Option<&'a str>,
    /// What it rests on.
    evidence: &'a [Evidence],
    /// What to do about it.
    fix: Option<&'a str>,
    /// The exact text to publish, where `fix` has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    publish: Option<&'a str>,
    /// The line of the policy that it is about, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Where it is written that it should be so.
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
