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
struct View<'a> {
    schema: &'static str,
    tool: Tool,
    domain: &'a str,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    answer: Answer,
    /// Whether nothing is left to do.
    done: bool,
    asked_at: Timestamp,
    observed_at: Timestamp,
    valid_until: Timestamp,
    because: &'a [&'static str],
    findings: Vec<FindingView<'a>>,
    standing: Vec<FindingView<'a>>,
    steps: &'a [Step],
    /// The number of the next step, from 1.
    next: Option<usize>,
    notes: &'a [String],
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
