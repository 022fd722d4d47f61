//! Numbers of the store, and what pruning took out of it.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

/// Numbers of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Stats {
    /// Where it is.
    pub path: PathBuf,
    /// Its schema's version.
    pub schema: u32,
    /// How large it is, in bytes, with what is not yet folded into the main file.
    pub bytes: u64,
    /// That, by report; `None` without reports.
    pub bytes_a_report: Option<u64>,
    /// Reports by state.
    pub reports: ByState,
    /// Reports whose text was kept.
    pub texts_kept: u64,
    /// Domains that reports concern.
    pub domains: u64,
    /// Reporters.
    pub reporters: u64,
    /// Where the earliest period begins.
    pub first: Option<Timestamp>,
    /// Where the latest period ends.
    pub last: Option<Timestamp>,
    /// Reports whose period ended no later were pruned away and stay away; `None` if none ever were.
    pub pruned_to: Option<Timestamp>,
    /// What could not be read.
    pub rejections: u64,
    /// Files that were read whole.
    pub files: u64,
    /// IMAP folders that were read.
    pub folders: u64,
    /// Domains that live checks looked at.
    pub observed_domains: u64,
    /// Values that they saw.
    pub observations: u64,
    /// Certificates.
    pub certificates: u64,
}

/// Reports by how far it is proven who wrote them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ByState {
    /// All.
    pub total: u64,
    /// Of plain files.
    pub operator: u64,
    /// By DKIM.
    pub verified: u64,
    /// Not verified.
    pub unverifiable: u64,
    /// With a signature that is wrong.
    pub failed: u64,
}

/// What a pruning took away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Pruned {
    /// Reports whose period ended no later than the line.
    pub reports: u64,
    /// Rejections that were last met before it.
    pub rejections: u64,
    /// Reports that stay.
    pub reports_kept: u64,
    /// The size before, in bytes.
    pub bytes_before: u64,
    /// The size after.
    pub bytes_after: u64,
}
