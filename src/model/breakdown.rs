//! What reports say about a domain, broken down: per day, reporter, policy version, MX host and result. Nothing is held against it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::assessment::DaySummary;
use crate::wire::name::Domain;
use crate::wire::report::PolicyType;

/// The reports of one domain, broken down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Breakdown {
    /// Whom they are about.
    pub domain: Domain,
    /// The first day.
    pub since: Date,
    /// The last day.
    pub until: Date,
    /// Reports of periods that reach into these days.
    pub reports: u64,
    /// Sessions that succeeded. Of a report that tells the same sessions under several policy types only one type is added up.
    pub successful: u64,
    /// Sessions that failed, under any policy type: the larger of a total and its details.
    pub failed: u64,
    /// A line a day, oldest first, none left out.
    pub days: Vec<DaySummary>,
    /// Who reported, most sessions first.
    pub reporters: Vec<ReporterLine>,
    /// Which policies they applied, newest first.
    pub policies: Vec<PolicyLine>,
    /// What failed where, most sessions first.
    pub failures: Vec<FailureLine>,
    /// Everything at once, by day: what a spreadsheet wants.
    pub rows: Vec<Row>,
    /// Rows beyond the cap, whose MX host and reason are no longer told apart.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rows_merged: bool,
}

/// One who reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReporterLine {
    /// Registered domain.
    pub reporter: String,
    /// `organization-name` as last written.
    pub organization: String,
    /// How many reports.
    pub reports: u64,
    /// Sessions that succeeded.
    pub successful: u64,
    /// Sessions that failed.
    pub failed: u64,
    /// The first day reported.
    pub first: Date,
    /// The end of the newest period.
    pub last: Timestamp,
}

/// One policy as senders applied it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PolicyLine {
    /// Its type.
    pub policy_type: PolicyType,
    /// The beginning of the SHA-256 of its text; absent where reports gave no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its text, a line an element.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub text: Vec<String>,
    /// Who applied it.
    pub reporters: Vec<String>,
    /// Sessions that succeeded under it.
    pub successful: u64,
    /// Sessions that failed under it.
    pub failed: u64,
    /// The first day it was applied.
    pub first: Date,
    /// The last.
    pub last: Date,
}

/// One kind of failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FailureLine {
    /// Who reported it.
    pub reporter: String,
    /// Under which type of policy.
    pub policy_type: PolicyType,
    /// The MX host named; `None` where none was.
    pub mx: Option<Domain>,
    /// `result-type`.
    pub result_type: String,
    /// `failure-reason-code`, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Sessions.
    pub sessions: u64,
    /// On how many days.
    pub days: u64,
    /// The first of them.
    pub first: Date,
    /// The last of them.
    pub last: Date,
}

/// Sessions of one day, reporter, policy, MX host and result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Row {
    /// The UTC day.
    pub day: Date,
    /// Who reported.
    pub reporter: String,
    /// Under which type of policy.
    pub policy_type: PolicyType,
    /// The policy's version, as in [`PolicyLine`].
    pub version: Option<String>,
    /// The MX host; successes are not told per host.
    pub mx: Option<Domain>,
    /// `success`, or the `result-type`.
    pub result: String,
    /// `failure-reason-code`, as written.
    pub reason: Option<String>,
    /// How many.
    pub sessions: u64,
    /// Whether the totals count it: the same sessions may stand under several policy types.
    pub counted: bool,
}
