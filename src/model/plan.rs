//! The plan of a change: whether it may be made, and its steps in their order, of which one is next.

use jiff::Timestamp;
use serde::Serialize;

use super::assessment::Answer;
use super::facts::vantage::Vantage;
use super::finding::Finding;
use crate::wire::name::Domain;
use crate::wire::policy::Mode;

/// The plan of one change at one domain: what every format renders.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The policy domain.
    pub domain: Domain,
    /// The change, as in the command.
    pub change: &'static str,
    /// What it is about, where that is more than the domain.
    pub subject: Option<String>,
    /// Ready: go. Not ready: refused. Inconclusive: something that it needs could not be looked at.
    pub answer: Answer,
    /// As of when it was judged.
    pub asked_at: Timestamp,
    /// When the facts were observed.
    pub observed_at: Timestamp,
    /// Until when the answer holds.
    pub valid_until: Timestamp,
    /// From where it was looked.
    pub vantage: Vantage,
    /// The codes that decide, each once.
    pub because: Vec<&'static str>,
    /// What decides, and what the change would bring; worst first.
    pub findings: Vec<Finding>,
    /// Blockers of today that the change neither causes nor has to do with.
    pub standing: Vec<Finding>,
    /// In their order.
    pub steps: Vec<Step>,
    /// Which step is next, from 0; `None` where the change is refused or nothing is left to do.
    pub next: Option<usize>,
    /// What is to be known besides.
    pub notes: Vec<String>,
    /// The policies that senders may hold, today's first.
    pub held: Vec<Held>,
}

impl Plan {
    /// Whether the world is already as the change wants it.
    pub fn is_done(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.state == StepState::Done)
    }
}

/// A policy that senders may hold in their caches (RFC 8461 §3.2, `max_age`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Held {
    /// Its mode, if it has a valid one.
    pub mode: Option<Mode>,
    /// Seconds, if valid.
    pub max_age: Option<u64>,
    /// Its patterns.
    pub mx: Vec<String>,
    /// Until when at the latest.
    pub until: Timestamp,
    /// Where it was seen.
    pub seen: HeldFrom,
}

/// Where a policy was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HeldFrom {
    /// It is served now.
    Now,
    /// An earlier check saw it.
    Checks,
    /// Senders reported under it.
    Reports,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Step {
    /// What to do, as a sentence.
    pub say: String,
    /// The exact texts, each with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub publish: Vec<Publish>,
    /// What is to be waited for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Wait>,
    /// Commands that show whether it is done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verify: Vec<String>,
    /// The way back, where there is more to it than to stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back: Option<String>,
    /// Where it stands.
    pub state: StepState,
}

/// Where a step stands, by what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// What it is to bring about is there.
    Done,
    /// It is the one to do now.
    Next,
    /// Its turn, and its time is not over.
    Waiting,
    /// Its turn comes later.
    Later,
}

/// A text and its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Publish {
    /// What is to be done with it there.
    pub action: Action,
    /// A URL, `dns`, or a host.
    pub place: String,
    /// The text: a policy, or lines of a zone file.
    pub text: String,
}

/// What is to be done with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It takes the place of what is there.
    Replace,
    /// It comes to what is there.
    Add,
    /// It goes.
    Remove,
}

/// A time to wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Wait {
    /// For what.
    pub why: String,
    /// How long, from when the step before it was done; as of now, where its end does not depend on that step.
    pub seconds: u64,
    /// When it is over; where that step is still to come, the earliest time.
    pub until: Timestamp,
}
