//! Risks that the operator accepts: what is asked for, how a finding carries it, and what became of each.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::finding::Finding;
use super::rule::Rule;
use crate::wire::name::Domain;

/// A risk that the operator takes upon himself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The rule whose findings are accepted.
    pub rule: &'static Rule,
    /// The subject, or the words that it begins with; all subjects unless given.
    pub subject: Option<String>,
    /// The domain; all domains unless given.
    pub domain: Option<Domain>,
    /// Why, in the operator's words; never empty.
    pub reason: String,
    /// The last day (UTC) on which it counts; for good unless given.
    pub until: Option<Date>,
}

impl Acceptance {
    /// Whether it still counts at `now`.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.until.and_then(day_after).is_none_or(|end| now < end)
    }

    /// Whether it speaks of this finding: by its rule, and by its subject or whole words at the beginning of it.
    pub fn is_about(&self, finding: &Finding) -> bool {
        let named = |subject: &String| {
            let rest = finding.subject.get(..subject.len()).filter(|begin| begin.eq_ignore_ascii_case(subject));
            rest.is_some() && finding.subject.get(subject.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        finding.rule == self.rule && self.subject.as_ref().is_none_or(named)
    }

    /// Whether it names exactly the subject of this finding.
    pub fn names(&self, finding: &Finding) -> bool {
        finding.rule == self.rule && self.subject.as_ref().is_some_and(|subject| subject.eq_ignore_ascii_case(&finding.subject))
    }
}

/// What an accepted finding carries in every output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Accepted {
    /// Why, in the operator's words.
    pub reason: String,
    /// The last day (UTC) on which it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

impl Accepted {
    /// The instant from which on it counts no more.
    pub fn ends(&self) -> Option<Timestamp> {
        self.until.and_then(day_after)
    }
}

/// What became of an acceptance at one domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AcceptanceNote {
    /// The rule's code.
    pub code: &'static str,
    /// The subject it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The domain it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// Why, in the operator's words.
    pub reason: String,
    /// The last day on which it counts, or counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// What became of it.
    pub state: AcceptanceState,
    /// How many findings are accepted by it.
    pub findings: usize,
    /// Why it was refused, in one sentence without a full stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl AcceptanceNote {
    /// `CODE` or `CODE@SUBJECT`, as in the option.
    pub fn target(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{}@{subject}", self.code),
            None => self.code.to_owned(),
        }
    }

    /// What is to be said of it apart from the findings, without a full stop; nothing of one in use, which is told with them.
    pub fn said(&self) -> Option<String> {
        let target = self.target();
        match self.state {
            AcceptanceState::Used => None,
            // One for all domains may be in use at another.
            AcceptanceState::Unused if self.domain.is_none() => Some(format!("{target}: unused, for it does not occur here")),
            AcceptanceState::Unused => Some(format!("{target}: unused, for nothing of the kind is found; take it out")),
            AcceptanceState::Expired => {
                let until = self.until.map(|until| format!(", for {until} is over")).unwrap_or_default();
                Some(format!("{target}: counts no more{until} ({})", self.reason))
            }
            AcceptanceState::Refused => Some(format!("{target}: refused, for {}", self.why.as_deref().unwrap_or("it is a blocker"))),
        }
    }
}

/// What became of an acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AcceptanceState {
    /// There are findings that it accepts.
    Used,
    /// What it accepts does not occur (any more).
    Unused,
    /// Its last day is over; it counts no more.
    Expired,
    /// It names what cannot be accepted.
    Refused,
}

/// The first instant of the next day, UTC.
fn day_after(day: Date) -> Option<Timestamp> {
    Some(day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
