//! What a bundle says of itself, and what is found when it is looked into again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::assessment::{Answer, Question};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// The schema of `bundle.json`.
pub const SCHEMA: &str = "stsready/bundle/1";

/// `bundle.json`: everything but the facts that the answers rest on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// Who made it.
    pub tool: Tool,
    /// What was answered, a domain each.
    pub domains: Vec<Answered>,
    /// Every threshold by its name, as in the configuration: a later version may have other defaults.
    pub thresholds: BTreeMap<String, serde_json::Value>,
    /// The risks that were to be accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<Risk>,
    /// The change that was planned, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Planned>,
    /// The other files, each with the digest of its bytes.
    pub files: BTreeMap<String, Fingerprint>,
}

/// A program and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tool {
    /// `stsready`.
    pub name: String,
    /// `MAJOR.MINOR.PATCH`.
    pub version: String,
}

/// What was answered of one domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Answered {
    /// The policy domain.
    pub domain: Domain,
    /// What was asked.
    pub question: Question,
    /// The answer.
    pub answer: Answer,
    /// The codes that decided.
    pub because: Vec<String>,
    /// As of when it was judged.
    pub asked_at: Timestamp,
    /// When the facts were observed.
    pub observed_at: Timestamp,
    /// Until when the answer holds.
    pub valid_until: Timestamp,
    /// The digest of the roots that senders were taken to trust.
    pub roots: Fingerprint,
    /// Who answers for the domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The group of domains that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A risk that the operator took upon himself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Risk {
    /// The code of the rule.
    pub code: String,
    /// The subject; all unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The domain; all unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// A planned change. What it was planned with (a draft, a chain) is in the plan alone, so a plan is not made again from a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Planned {
    /// As in the command.
    pub change: String,
    /// What it is about, where that is more than the domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Ready: go.
    pub answer: Answer,
}

/// A bundle, looked into again.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verified {
    /// Whether the answer still follows.
    pub outcome: Follows,
    /// Who made it; `None` where its manifest cannot be read.
    pub tool: Option<Tool>,
    /// As of when it is said whether the evidence is still valid.
    pub now: Timestamp,
    /// What it answers, a domain each.
    pub domains: Vec<StillValid>,
    /// How many files have the digest that they should have.
    pub files: usize,
    /// What is wrong with the files.
    pub faults: Vec<String>,
    /// Where what follows from the facts differs from what it says.
    pub differs: Vec<String>,
    /// What cannot be told, and why.
    pub untold: Vec<String>,
    /// What is to be known besides.
    pub notes: Vec<String>,
}

/// Whether a bundle's answer follows from its facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Follows {
    /// It does, and every file is as it was.
    Yes,
    /// It does not, or a file was changed.
    No,
    /// It was made by what is too new for this version, or with rules that it does not have.
    CannotTell,
}

/// What a bundle answers of a domain, and whether that still holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StillValid {
    /// What it says.
    #[serde(flatten)]
    pub answered: Answered,
    /// Whether its evidence is still valid.
    pub valid: bool,
}
