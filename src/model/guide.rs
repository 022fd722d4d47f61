//! A playbook walked for one domain: the ladder with what is done, what is current and what lies ahead; what every format renders.
//!
//! The texts in it are a playbook's own and what was seen of the domain, side by side: all of it is escaped where it is shown.

use jiff::Timestamp;
use serde::Serialize;

use super::finding::Finding;
use super::plan::{Publish, Wait};
use crate::wire::name::Domain;

/// One playbook at one domain.
#[derive(Clone, Debug)]
pub struct Guide {
    /// The policy domain.
    pub domain: Domain,
    /// The playbook's name, as in the command.
    pub playbook: String,
    /// What it is for.
    pub title: String,
    /// What stands before its steps.
    pub intro: Vec<Block>,
    /// Where the domain stands on the ladder.
    pub standing: Standing,
    /// As of when it was judged.
    pub asked_at: Timestamp,
    /// When the facts were observed.
    pub observed_at: Timestamp,
    /// The command that looks again.
    pub again: String,
    /// The steps in their order.
    pub rungs: Vec<Rung>,
    /// The step to do or to wait for now, from 0; `None` where nothing is left, or nothing applies.
    pub current: Option<usize>,
}

impl Guide {
    /// The step to do or to wait for now.
    pub fn current(&self) -> Option<&Rung> {
        self.current.and_then(|current| self.rungs.get(current))
    }

    /// The steps to be read now: the current one, and those right before it that nothing here can check.
    pub fn now(&self) -> impl Iterator<Item = (usize, &Rung)> {
        self.rungs.iter().enumerate().filter(|(_, rung)| matches!(rung.state, RungState::Current | RungState::Waiting))
    }
}

/// Where a domain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Every step that can be checked is done.
    Done,
    /// The current step is to be done.
    ToDo,
    /// Nothing is to be done but to wait.
    Waiting,
    /// Whether the current step is done could not be looked at.
    Unknown,
    /// The domain takes no mail.
    NotApplicable,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Rung {
    /// Its name inside the playbook; a step out of a change plan has its number behind the name (`enforce.2`).
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// Where it stands.
    pub state: RungState,
    /// What must hold before it counts as done; empty where nothing here can check it.
    pub gates: Vec<GateState>,
    /// What keeps the gates closed, worst first.
    pub against: Vec<Finding>,
    /// When it can be begun at the earliest, where that is later than now and a date can be computed.
    pub from: Option<Timestamp>,
    /// What is to be waited for.
    pub waits: Vec<Wait>,
    /// How it is done, filled in for this domain.
    pub body: Vec<Block>,
}

impl Rung {
    /// The exact texts, each with its place, in the order in which they are to be published.
    pub fn publish(&self) -> impl Iterator<Item = &Publish> {
        self.body.iter().filter_map(|block| if let Block::Publish(publish) = block { Some(publish) } else { None })
    }

    /// Commands that show whether it is done.
    pub fn verify(&self) -> impl Iterator<Item = &str> {
        let verify = self.body.iter().filter_map(|block| if let Block::Verify(commands) = block { Some(commands) } else { None });
        verify.flatten().map(String::as_str)
    }
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RungState {
    /// Its gates hold.
    Done,
    /// It is the one to do now, or to read now.
    Current,
    /// It is its turn, and there is nothing to do but to wait.
    Waiting,
    /// Its turn comes later.
    Ahead,
}

/// A gate, as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GateState {
    /// As the playbook has it.
    pub gate: String,
    /// Whether it holds.
    pub open: bool,
}

/// A part of a text. Nothing in it is markup any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading inside a step.
    Heading(Vec<Piece>),
    /// A paragraph.
    Paragraph(Vec<Piece>),
    /// An item of a list.
    Item {
        /// `-`, or its number with a dot.
        mark: String,
        /// How deep it lies, from 0.
        depth: usize,
        /// What it says.
        pieces: Vec<Piece>,
    },
    /// Lines to read or to copy.
    Code(String),
    /// A text to publish.
    Publish(Publish),
    /// Commands that show whether it is done.
    Verify(Vec<String>),
}

/// A run of text in one manner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As is.
    Text(String),
    /// Stressed.
    Strong(String),
    /// A command, a name, a code.
    Code(String),
}

impl Piece {
    /// The text alone.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Strong(text) | Self::Code(text) => text,
        }
    }
}
