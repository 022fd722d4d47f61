//! Facts out of TLS reports (RFC 8460 §4): one value per report that concerns the domain, duplicates gone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
pub use crate::wire::report::{FailureDetail, PolicyType};

/// Everything read from the reports that were given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReportFacts {
    /// The paths given, as typed.
    pub sources: Vec<String>,
    /// How many files were looked into.
    pub files: u64,
    /// How many reports came again (same organisation, id and range) and were counted once.
    pub duplicates: u64,
    /// Files in given directories that plainly are something else (a README, `.DS_Store`): looked into, no report lost.
    #[serde(default)]
    pub ignored: u64,
    /// How many readable reports concern other domains only.
    pub other_domains: u64,
    /// Files, or messages in them, that could not be read as reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejected>,
    /// How many more there are than are told in [`Self::rejected`].
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub rejected_beside: usize,
    /// The reports about this domain that count, by period, then reporter, then id.
    pub reports: Vec<Report>,
    /// Mailed reports about this domain that do not count, for nothing proves who wrote them (RFC 8460 §5.3); by reporter, then state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<SetAside>,
    /// How many of [`Self::reports`] count only because unverified ones were asked for (`--trust-unverified`).
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub unverified_counted: usize,
}

impl ReportFacts {
    /// Keeps each text once, the better proven of two: a mail and a plain file of the same report may stand under different reporters, for a
    /// signature tells more than a report does of itself.
    pub fn keep_each_text_once(&mut self) {
        let mut best: BTreeMap<(Fingerprint, Timestamp, Timestamp), u8> = BTreeMap::new();
        let of = |report: &Report| (report.sha256, report.start, report.end);
        for report in &self.reports {
            let rank = best.entry(of(report)).or_default();
            *rank = (*rank).max(report.authenticity.rank() + 1);
        }
        let before = self.reports.len();
        // Zero: one of this text is kept already.
        self.reports.retain(|report| {
            best.get_mut(&of(report)).is_some_and(|rank| *rank == report.authenticity.rank() + 1 && std::mem::take(rank) > 0)
        });
        self.duplicates = self.duplicates.saturating_add((before - self.reports.len()) as u64);
    }
}

/// How far it is proven who wrote a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Authenticity {
    /// A plain file, or any file given as evidence: the operator's word.
    #[default]
    Operator,
    /// A DKIM signature of this domain, aligned with the submitter, was verified.
    Verified {
        /// `d=` of the signature.
        domain: Domain,
        /// The trusted server (authserv-id) whose word it is; absent where it was verified here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authserv: Option<String>,
    },
    /// There is a signature, and it is wrong: never evidence.
    Failed {
        /// In words that complete "not authentic: ".
        why: String,
    },
    /// No signature that could be verified: none at all, expired, its key gone or not to be had.
    Unverifiable {
        /// In words that complete "not verified: ".
        why: String,
        /// Whether the key could not be asked for, so that a later attempt may answer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
}

impl Authenticity {
    /// Which of two looks at the same report is to be kept: the higher. A verified report replaces an unverified one, never the other
    /// way round (decision.md, "Which reports count"): a sender's report-ids are predictable.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Verified { .. } => 3,
            Self::Operator => 2,
            Self::Unverifiable { .. } => 1,
            Self::Failed { .. } => 0,
        }
    }

    /// Whose signature proves who wrote it.
    pub fn signer(&self) -> Option<&Domain> {
        match self {
            Self::Verified { domain, .. } => Some(domain),
            Self::Operator | Self::Failed { .. } | Self::Unverifiable { .. } => None,
        }
    }

    /// Whether it is the operator's word.
    pub fn is_operator(&self) -> bool {
        matches!(self, Self::Operator)
    }

    /// Whether a report counts as evidence.
    pub fn counts(&self, trust_unverified: bool) -> bool {
        match self {
            Self::Verified { .. } | Self::Operator => true,
            Self::Unverifiable { .. } => trust_unverified,
            Self::Failed { .. } => false,
        }
    }
}

/// Mailed reports of one reporter that do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SetAside {
    /// Who they say they are from.
    pub reporter: String,
    /// Of the newest of them: [`Authenticity::Failed`] or [`Authenticity::Unverifiable`].
    pub authenticity: Authenticity,
    /// How many.
    pub reports: u64,
    /// The end of the newest period.
    pub newest: Timestamp,
}

/// A file that is no readable report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Rejected {
    /// The path, or what in it.
    pub source: String,
    /// Why, in words that complete "rejected: ".
    pub reason: String,
}

/// A rejection as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Rejection {
    /// What, and why.
    #[serde(flatten)]
    pub rejected: Rejected,
    /// Of its bytes, when it was last met.
    pub sha256: Fingerprint,
    /// Its length in bytes, then.
    pub size: u64,
    /// When it was met first.
    pub first_seen: Timestamp,
    /// When it was met last.
    pub last_seen: Timestamp,
}

/// One report, reduced to the policies that concern the domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Report {
    /// The registered domain of who sent it: from the contact address, else the mail's sender, else the organisation's name in lower case.
    pub reporter: String,
    /// `organization-name`, as written.
    pub organization: String,
    /// `report-id`, as written.
    pub id: String,
    /// The period's start; a time without zone is taken as UTC.
    pub start: Timestamp,
    /// The period's end.
    pub end: Timestamp,
    /// Where it was read from.
    pub source: String,
    /// Of the report's JSON as it came, decompressed.
    pub sha256: Fingerprint,
    /// How far it is proven who wrote it.
    #[serde(default, skip_serializing_if = "Authenticity::is_operator")]
    pub authenticity: Authenticity,
    /// The policies about this domain.
    pub policies: Vec<ReportPolicy>,
    /// What was unusual in it: coerced types, unknown keys and values; nothing is lost silently.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oddities: Vec<String>,
}

/// One entry of `policies`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReportPolicy {
    /// Which policy the sender applied.
    pub policy_type: PolicyType,
    /// `policy-domain` as a domain; the report's subject where it is missing.
    pub domain: Domain,
    /// `policy-string`, a line an element, as written; empty if missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_string: Vec<String>,
    /// `mx-host`, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mx_host: Vec<String>,
    /// `total-successful-session-count`.
    pub successful: u64,
    /// `total-failure-session-count`.
    pub failed: u64,
    /// `failure-details`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<FailureDetail>,
}

impl ReportPolicy {
    /// The failures of this entry: senders' totals and details disagree, so the larger of both (decision.md, "Totals lie").
    pub fn failures(&self) -> u64 {
        self.failed.max(self.detailed_failures())
    }

    /// Σ `failed-session-count`: an upper bound, for details may overlap.
    pub fn detailed_failures(&self) -> u64 {
        FailureDetail::sessions_of(&self.details)
    }
}
