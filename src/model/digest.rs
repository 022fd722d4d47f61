//! What a person wants to know of the reports each morning.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::wire::name::Domain;

/// The digest of several domains.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Digest {
    /// As of when.
    pub as_of: Timestamp,
    /// A domain each, in the order asked.
    pub domains: Vec<DomainDigest>,
}

/// The digest of one domain. Reports of different senders arrive at different times, so each reporter's newest day is held against its
/// own day before: a report that is only late is no drop.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DomainDigest {
    /// Whom the reports are about.
    pub domain: Domain,
    /// The newest day that any report covers; `None` without reports.
    pub day: Option<Date>,
    /// Each reporter's newest day, added up.
    pub newest: Figures,
    /// Each of these reporters' day before that, added up.
    pub before: Figures,
    /// The four weeks before: an average day.
    pub usual: Figures,
    /// What failed on the newest days, most sessions first.
    pub failures: Vec<Failing>,
    /// What failed on the day before and no longer does.
    pub ended: Vec<Failing>,
    /// Who reported lately, most sessions first.
    pub reported: Vec<Reported>,
    /// Regular reporters that have stopped.
    pub silent: Vec<Silent>,
    /// Reporters that were never seen in the weeks before.
    pub newcomers: Vec<String>,
    /// Policies that senders apply since the day before and did not before.
    pub policies: Vec<NewPolicy>,
    /// Mailed reports of these weeks that do not count, for nothing proves who wrote them.
    pub set_aside: u64,
}

/// Sessions of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Figures {
    /// All of them.
    pub sessions: u64,
    /// Those that failed.
    pub failed: u64,
}

impl Figures {
    /// The share that failed; `None` without sessions.
    pub fn rate(self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a share to show")]
        (self.sessions > 0).then(|| self.failed as f64 / self.sessions as f64)
    }
}

/// One kind of failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Failing {
    /// `result-type`.
    pub result_type: String,
    /// The MX host named.
    pub mx: Option<Domain>,
    /// `failure-reason-code`, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who reports it.
    pub reporters: Vec<String>,
    /// Sessions.
    pub sessions: u64,
    /// The first day in these weeks.
    pub since: Date,
    /// Whether it was not there in the weeks before.
    pub new: bool,
}

/// One who reported.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reported {
    /// Registered domain.
    pub reporter: String,
    /// The newest day it reported.
    pub day: Date,
    /// Sessions of that day.
    pub figures: Figures,
}

/// A regular reporter that has stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Silent {
    /// Registered domain.
    pub reporter: String,
    /// The newest day it reported.
    pub last: Date,
    /// Days between its reports, as a rule.
    pub every_days: i64,
}

/// A policy that is new among those applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NewPolicy {
    /// The beginning of the SHA-256 of its text.
    pub version: String,
    /// Its text, a line an element.
    pub text: Vec<String>,
    /// The first day it was applied.
    pub since: Date,
    /// Who applies it.
    pub reporters: Vec<String>,
}
