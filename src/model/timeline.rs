//! What changed of a domain over time, as live checks saw it: for people and other programs.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::history::Leaf;
use super::history::seen::{Kind, Seen};
use super::verdict::VerdictSpan;
use crate::wire::name::Domain;

/// The timeline of one domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Timeline {
    /// The policy domain.
    pub domain: Domain,
    /// Its first instant.
    pub since: Timestamp,
    /// The days with checks, oldest first.
    pub days: Vec<CheckDay>,
    /// What came and went, oldest first.
    pub events: Vec<Event>,
    /// What checks answered, oldest first: a row for each answer and the time it lasted.
    pub answers: Vec<VerdictSpan>,
}

/// The checks of one UTC day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckDay {
    /// The day.
    pub day: Date,
    /// How many checks, from all vantages.
    pub times: u64,
    /// The last of them.
    pub last_at: Timestamp,
    /// The MX addresses (`HOST ADDRESS`) that one of them proved clean.
    pub proven: Vec<String>,
}

/// A value that came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Event {
    /// The look that saw it first; for what went, the one that saw it last.
    pub at: Timestamp,
    /// Which of both.
    pub event: Turn,
    /// What about it.
    pub kind: Kind,
    /// Which; see [`Kind`].
    pub name: String,
    /// The value.
    pub seen: Seen,
    /// The server's own certificate, of a chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf: Option<Leaf>,
}

/// What happened to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// It was there at the first look ever made: nobody knows since when.
    Found,
    /// It came.
    Came,
    /// It went: later looks saw it no more.
    Went,
}
