//! Floor 2: playbooks, the ways of working as files. Pure: text in; steps with their gates, waits and filled-in texts out.
//!
//! A playbook is Markdown with a TOML head between two lines `+++`:
//!
//! ```text
//! +++
//! [[step]]
//! id = "report"
//! gate = ["stage:record"]
//! +++
//! # From nothing to enforce
//! ## report: Publish the TLS-RPT record
//! Publish this:
//! ```
//!
//! Each `[[step]]` has its section `## ID: TITLE`, in the same order. [`gate`] says what can stand in `gate`, [`wait`] in `wait`; `plan`
//! puts the steps of a change plan in the step's place. In the text `{{NAME}}` is a [`placeholder`]; a fenced block `publish policy`,
//! `publish dns`, `publish dns add` or `publish dns remove` is a text to publish, `verify` holds commands that show whether it is done.
//!
//! Whatever is wrong with the text is a [`Fault`] with its line, all of them at once. Rules lie on a floor above: their codes are given.

mod body;
pub mod embedded;
mod fault;
pub mod gate;
mod head;
pub mod placeholder;
mod prose;
mod template;
pub mod wait;

use std::collections::BTreeSet;

pub use self::fault::{Fault, Faults, Wrong};
use self::gate::Condition;
use self::placeholder::{Placeholder, Values};
use self::prose::Template;
use self::template::Line;
use self::wait::WaitFor;
use crate::model::guide::Block;
use crate::model::rule::Rule;

/// A playbook longer than this is none.
pub const TEXT_CAP: usize = 256 * 1024;
/// A ladder with more steps than this helps nobody.
const STEPS_CAP: usize = 64;

/// A way of working.
#[derive(Clone, Debug)]
pub struct Playbook {
    /// As in the command: the file's name without its end.
    pub name: String,
    title: Line,
    intro: Vec<Template>,
    /// In their order; at least one.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name inside the playbook.
    pub id: String,
    /// What must hold before it counts as done: each of these.
    pub gates: Vec<Condition>,
    /// What is to be waited for.
    pub wait: Option<WaitFor>,
    /// The change whose plan stands in the place of this step.
    pub plan: Option<PlanOf>,
    title: Line,
    body: Vec<Template>,
}

/// The changes that can be planned, as `stsready change` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanOf {
    /// From testing to enforce.
    Enforce,
    /// Back to testing.
    Testing,
    /// One more MX host.
    AddMx,
    /// An MX host goes.
    RemoveMx,
    /// Another certificate.
    Certificate,
    /// Another provider.
    Provider,
    /// Out of MTA-STS.
    Leave,
}

impl PlanOf {
    /// All, in order.
    pub const ALL: [Self; 7] = [Self::Enforce, Self::Testing, Self::AddMx, Self::RemoveMx, Self::Certificate, Self::Provider, Self::Leave];

    /// As in the command.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Testing => "testing",
            Self::AddMx => "add-mx",
            Self::RemoveMx => "remove-mx",
            Self::Certificate => "certificate",
            Self::Provider => "provider",
            Self::Leave => "leave",
        }
    }
}

impl Playbook {
    /// Reads a playbook. `rules` is the catalogue whose codes and families its gates may name.
    ///
    /// # Errors
    /// [`Faults`]: everything that is wrong with the text, by line.
    pub fn parse(name: &str, text: &str, rules: &[&'static Rule]) -> Result<Self, Faults> {
        if text.len() > TEXT_CAP {
            return Err(Faults(vec![Fault { line: 1, wrong: Wrong::TooLong(TEXT_CAP) }]));
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut faults = Vec::new();
        let (head, body) = head::split(text).map_err(|fault| Faults(vec![fault]))?;
        let heads = head::read(&head, rules, &mut faults);
        let body = body::read(&body, &mut faults);
        let known: BTreeSet<&str> = heads.iter().map(|step| step.id.as_str()).collect();
        for section in body.sections.iter().filter(|section| !known.contains(section.id.as_str())) {
            faults.push(Fault { line: section.line, wrong: Wrong::NoSuchStep(section.id.clone()) });
        }
        let mut steps = Vec::new();
        let mut at = 0;
        for head in heads {
            let Some(place) = body.sections.iter().position(|section| section.id == head.id) else {
                faults.push(Fault { line: head.line, wrong: Wrong::NoSection(head.id) });
                continue;
            };
            let Some(section) = body.sections.get(place) else { continue };
            if place < at {
                faults.push(Fault { line: section.line, wrong: Wrong::SectionOrder(head.id.clone()) });
            }
            at = at.max(place);
            steps.push(Step {
                id: head.id,
                gates: head.gates,
                wait: head.wait,
                plan: head.plan,
                title: section.title.clone(),
                body: section.blocks.clone(),
            });
        }
        if steps.len() > STEPS_CAP {
            faults.push(Fault { line: 1, wrong: Wrong::TooManySteps(STEPS_CAP) });
        }
        if !faults.is_empty() {
            faults.sort_by_key(|fault| fault.line);
            return Err(Faults(faults));
        }
        Ok(Self { name: name.to_owned(), title: body.title, intro: body.intro, steps })
    }

    /// The changes that its steps plan.
    pub fn plans(&self) -> impl Iterator<Item = PlanOf> {
        self.steps.iter().filter_map(|step| step.plan)
    }

    /// The placeholders that stand in it.
    pub fn placeholders(&self) -> BTreeSet<Placeholder> {
        let mut all: BTreeSet<Placeholder> = self.title.placeholders().collect();
        all.extend(self.steps.iter().flat_map(|step| step.title.placeholders()));
        all.extend(self.intro.iter().chain(self.steps.iter().flat_map(|step| &step.body)).flat_map(Template::placeholders));
        all
    }

    /// What it is for, filled in.
    pub fn title(&self, values: &Values) -> String {
        self.title.fill(values)
    }

    /// What stands before its steps, filled in.
    pub fn intro(&self, values: &Values) -> Vec<Block> {
        self.intro.iter().map(|block| block.fill(values)).collect()
    }
}

impl Step {
    /// What is to be done, filled in.
    pub fn title(&self, values: &Values) -> String {
        self.title.fill(values)
    }

    /// How it is done, filled in.
    pub fn body(&self, values: &Values) -> Vec<Block> {
        self.body.iter().map(|block| block.fill(values)).collect()
    }
}

#[cfg(test)]
mod tests;
