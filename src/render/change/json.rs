//! `stsready/change/1`: the frozen shape that other programs read. Fields may be added, never renamed or removed.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::assessment::Answer;
use crate::model::plan::{Held, Plan, Step};
use crate::render::escape;
use crate::render::json::{FindingView, TOOL, Tool};

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/change/1";

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Plan"))]
pub(in crate::render) struct View<'a> {
    /// The schema's name and version.
    schema: &'static str,
    /// Who wrote it.
    tool: Tool,
    /// The policy domain, in A-labels.
    domain: &'a str,
    /// The change that was asked for, as the command is called.
    change: &'static str,
    /// What is to be changed: a host or a file; left out where the domain itself is.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    /// Whether the change is safe.
    answer: Answer,
    /// Whether nothing is left to do.
    done: bool,
    /// As of when it was judged.
    asked_at: Timestamp,
    /// When the facts were observed.
    observed_at: Timestamp,
    /// Until when the answer holds.
    valid_until: Timestamp,
    /// The codes of the rules that decide, each once.
    because: &'a [&'static str],
    /// What speaks against the change.
    findings: Vec<FindingView<'a>>,
    /// What is wrong already, with or without the change.
    standing: Vec<FindingView<'a>>,
    /// What is to be done, in order.
    steps: &'a [Step],
    /// The number of the next step, from 1.
    next: Option<usize>,
    /// What else is worth to be known, as sentences.
    notes: &'a [String],
    /// The policies that senders may hold.
    held: &'a [Held],
}

impl<'a> View<'a> {
    fn of(plan: &'a Plan) -> Self {
        Self {
            schema: SCHEMA,
            tool: TOOL,
            domain: plan.domain.as_str(),
            change: plan.change,
            subject: plan.subject.as_deref(),
            answer: plan.answer,
            done: plan.answer == Answer::Ready && plan.is_done(),
            asked_at: plan.asked_at,
            observed_at: plan.observed_at,
            valid_until: plan.valid_until,
            because: &plan.because,
            findings: plan.findings.iter().map(FindingView::of).collect(),
            standing: plan.standing.iter().map(FindingView::of).collect(),
            steps: &plan.steps,
            next: plan.next.map(|next| next + 1),
            notes: &plan.notes,
            held: &plan.held,
        }
    }
}

/// One object.
pub fn document(plan: &Plan) -> Result<String, serde_json::Error> {
    escape::json_pretty(&View::of(plan))
}

/// One line.
pub fn line(plan: &Plan) -> Result<String, serde_json::Error> {
    escape::json_line(&View::of(plan))
}
