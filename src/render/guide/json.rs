//! `stsready/guide/1`: the frozen shape that other programs read. Fields may be added, never renamed or removed.

use jiff::Timestamp;
use serde::Serialize;

use super::markdown;
use crate::model::guide::{GateState, Guide, Rung, RungState, Standing};
use crate::model::plan::{Publish, Wait};
use crate::render::escape;
use crate::render::json::{FindingView, TOOL, Tool};

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/guide/1";

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Guide"))]
pub(in crate::render) struct View<'a> {
    /// The schema's name and version.
    schema: &'static str,
    /// Who wrote it.
    tool: Tool,
    /// The policy domain, in A-labels.
    domain: &'a str,
    /// The playbook that is walked: its name, or its file.
    playbook: &'a str,
    /// The playbook's title.
    title: &'a str,
    /// Where the domain stands.
    standing: Standing,
    /// As of when it was judged.
    asked_at: Timestamp,
    /// When the facts were observed.
    observed_at: Timestamp,
    /// The command that looks again.
    again: &'a str,
    /// The number of the current step, from 1; `null` where nothing is left or nothing applies.
    current: Option<usize>,
    /// The steps in their order.
    steps: Vec<StepView<'a>>,
}

/// One step of the playbook.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Step"))]
struct StepView<'a> {
    /// What it is called in the playbook.
    id: &'a str,
    /// Its title.
    title: &'a str,
    /// How far it is.
    state: RungState,
    /// What must hold; empty where nothing here can check the step.
    gates: &'a [GateState],
    /// The earliest time at which it can be begun, where that is later than now and known.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    /// What is to be waited for before it.
    #[serde(skip_serializing_if = "<[Wait]>::is_empty")]
    waits: &'a [Wait],
    /// The exact texts, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    publish: Vec<&'a Publish>,
    /// Commands that show whether it is done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    verify: Vec<&'a str>,
    /// How it is done, Markdown.
    body: String,
    /// What keeps it from being done.
    against: Vec<FindingView<'a>>,
}

impl<'a> StepView<'a> {
    fn of(rung: &'a Rung) -> Self {
        Self {
            id: &rung.id,
            title: &rung.title,
            state: rung.state,
            gates: &rung.gates,
            from: rung.from,
            waits: &rung.waits,
            publish: rung.publish().collect(),
            verify: rung.verify().collect(),
            body: markdown::blocks(&rung.body).trim_end().to_owned(),
            against: rung.against.iter().map(FindingView::of).collect(),
        }
    }
}

impl<'a> View<'a> {
    fn of(guide: &'a Guide) -> Self {
        Self {
            schema: SCHEMA,
            tool: TOOL,
            domain: guide.domain.as_str(),
            playbook: &guide.playbook,
            title: &guide.title,
            standing: guide.standing,
            asked_at: guide.asked_at,
            observed_at: guide.observed_at,
            again: &guide.again,
            current: guide.current.map(|current| current + 1),
            steps: guide.rungs.iter().map(StepView::of).collect(),
        }
    }
}

/// One object.
pub fn document(guide: &Guide) -> Result<String, serde_json::Error> {
    escape::json_pretty(&View::of(guide))
}

/// One line.
pub fn line(guide: &Guide) -> Result<String, serde_json::Error> {
    escape::json_line(&View::of(guide))
}

/// The schema's name and version, of a playbook in a list.
pub const PLAYBOOK_SCHEMA: &str = "stsready/playbook/1";

/// A playbook that there is.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Playbook"))]
pub struct Listed {
    /// The schema's name and version.
    schema: &'static str,
    /// What it is called.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The operator's file; left out where it is one of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What its steps are called, in their order.
    steps: Vec<String>,
}

impl Listed {
    /// A playbook and its steps.
    pub fn new(name: String, title: String, file: Option<String>, steps: Vec<String>) -> Self {
        Self { schema: PLAYBOOK_SCHEMA, name, title, file, steps }
    }
}
