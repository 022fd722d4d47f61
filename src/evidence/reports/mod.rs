//! What reports add up to. Pure arithmetic: what their entries would mean under enforce, whether they are enough to conclude from, and
//! what became of the failures in them.
//!
//! In: a [`Situation`]: the reports of a domain, its live MX hosts, the policy in force, what the probes showed, a time. Out: a
//! [`Judged`]: the summary, what the evidence lacks, and the groups of failures with their labels.

mod bound;
mod breakdown;
mod course;
mod day;
mod digest;
mod entries;
mod groups;
mod named;
mod refused;
mod reporters;
mod spike;
mod stand_in;
mod summary;
mod tally;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

pub use self::bound::upper_bound;
pub use self::breakdown::breakdown;
pub use self::digest::digest;
pub use self::entries::{Meaning, applied, meaning};
pub use self::groups::{Explanation, Group};
pub use self::named::named_hosts;
pub use self::reporters::Stopped;
pub use self::spike::Spike;
pub use self::summary::judge;
pub use self::window::Lack;
use super::past::Change;
use crate::model::assessment::ReportsSummary;
use crate::model::facts::reports::ReportFacts;
use crate::model::settings::EvidenceSettings;
use crate::wire::name::Domain;
use crate::wire::policy::Policy;

/// Everything that the reports of a domain are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The reports.
    pub reports: &'a ReportFacts,
    /// The live MX hosts; empty where they are not known.
    pub live_mx: &'a BTreeSet<Domain>,
    /// The policy in force; `None` where there is none to compare with, and then every testing or enforce policy counts.
    pub policy: Option<&'a Policy>,
    /// What the probes showed.
    pub live: &'a Live,
    /// As of when it is judged; reports of periods that begin later are left out.
    pub now: Timestamp,
    /// The thresholds.
    pub settings: &'a EvidenceSettings,
}

/// What today's probes say about the faults that reports name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// Faults shown now: the MX host and the result-type that a sender would report for it.
    pub faults: BTreeSet<(Domain, &'static str)>,
    /// MX hosts that were probed and found clean.
    pub proven: BTreeSet<Domain>,
    /// Since when each MX host can have served its present certificates: the latest `notBefore` of their paths, or the look that found
    /// them first where another was seen before.
    pub certificate_since: BTreeMap<Domain, Timestamp>,
    /// Since when earlier checks see each MX host at its present addresses, where it had others before.
    pub moved_since: BTreeMap<Domain, Timestamp>,
    /// Whether the policy, or the way to it, is broken now.
    pub policy_fault: bool,
    /// Whether the policy was fetched and found clean.
    pub policy_proven: bool,
    /// Since when the policy host can have served its present certificate.
    pub policy_certificate_since: Option<Timestamp>,
    /// The last change after which reports are about another state; out of earlier checks.
    pub changed: Option<Change>,
    /// Since when earlier checks remember the policy: from then on they, not reports, tell when it changed.
    pub remembered_since: Option<Timestamp>,
    /// The days on which live checks proved every MX address clean, today's included, since the last one that saw any broken.
    pub clean_days: BTreeSet<Date>,
}

/// The reports, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What they add up to.
    pub summary: ReportsSummary,
    /// What keeps them from being enough; empty if they suffice.
    pub lacks: Vec<Lack>,
    /// The failures of the longest window, worst first.
    pub groups: Vec<Group>,
    /// Regular reporters that have stopped, by name.
    pub stopped: Vec<Stopped>,
    /// Reporters whose failures have leapt up, by name.
    pub spikes: Vec<Spike>,
    /// Reports of periods that lie in the future: not evidence.
    pub from_the_future: usize,
}

#[cfg(test)]
pub(crate) mod letters;
#[cfg(test)]
mod tests;
