//! What a rule is: one fault, its code, its page.

use serde::{Deserialize, Serialize};

/// One fault that the tool can find. Every rule is a `static`; its code is its only identity.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case, prefixed by the family; a contract with other programs.
    pub code: &'static str,
    /// The fault in a few words, lower case, no full stop.
    pub title: &'static str,
    /// The stage it belongs to.
    pub stage: Stage,
    /// The severities it can have when broken, worst first; empty for a rule that only notes.
    pub severities: &'static [Severity],
    /// Whether "could not look" at this makes the verdict inconclusive.
    pub undetermined: bool,
    /// RFC and section, or another source.
    pub reference: &'static str,
    /// The page, Markdown, in the fixed form that a test checks.
    pub page: &'static str,
}

impl Rule {
    /// The family: what stands before the first hyphen of the code.
    pub fn family(&self) -> &'static str {
        self.code.split_once('-').map_or(self.code, |(family, _)| family)
    }

    /// The severity that a broken finding has unless the check says otherwise.
    pub fn worst(&self) -> Severity {
        self.severities.first().copied().unwrap_or(Severity::Advice)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

/// The stages of a rollout, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The TLS-RPT record.
    Record,
    /// The `_mta-sts` record, the policy host, the policy, its cover of the MX set.
    Policy,
    /// Every address of every MX: STARTTLS, TLS, certificate.
    Mx,
    /// What senders reported.
    Reports,
}

impl Stage {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Record, Self::Policy, Self::Mx, Self::Reports];

    /// As in commands and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Policy => "policy",
            Self::Mx => "mx",
            Self::Reports => "reports",
        }
    }
}

/// How bad a broken rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// An improvement.
    Advice,
    /// Works today, fails soon or at some senders.
    Warning,
    /// Under enforce mail would be refused or delayed, the policy cannot be obtained or applied, or failures would go unseen.
    Blocker,
}

impl Severity {
    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advice => "advice",
            Self::Warning => "warning",
            Self::Blocker => "blocker",
        }
    }
}
