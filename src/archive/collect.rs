//! Reports, each once, and what each says about a domain.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;

use super::intake::{Key, Rank, Received};
use crate::model::facts::reports::{Report, ReportPolicy};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::report::{PolicyEntry, TlsReport};

/// A report that was read at least once.
#[derive(Debug)]
pub(super) struct Collected {
    received: Received,
    /// How often it came again.
    pub(super) duplicates: u64,
}

/// Reports by what makes them the same.
#[derive(Debug, Default)]
pub(super) struct Collection(BTreeMap<Key, Collected>);

impl Collection {
    /// Takes a report in. Of two texts under one key the one of the greater rank stays, whichever was read first.
    pub(super) fn add(&mut self, received: Received) {
        match self.0.entry(received.key()) {
            Entry::Vacant(entry) => {
                entry.insert(Collected { received, duplicates: 0 });
            }
            Entry::Occupied(mut entry) => {
                let kept = entry.get_mut();
                kept.duplicates += 1;
                if rank(&received) > rank(&kept.received) {
                    kept.received = received;
                }
            }
        }
    }

    /// By period, reporter and id.
    pub(super) fn sorted(self) -> Vec<Collected> {
        let mut all: Vec<Collected> = self.0.into_values().collect();
        all.sort_by(|a, b| a.order().cmp(&b.order()));
        all
    }
}

/// The source last, so that the choice is the same in any order of reading.
fn rank(received: &Received) -> (Rank, Reverse<&str>) {
    (received.rank(), Reverse(&received.source))
}

impl Collected {
    fn order(&self) -> (Timestamp, Timestamp, &str, &str, Fingerprint) {
        let report = &self.received.report;
        (report.start, report.end, &self.received.reporter, &report.id, report.sha256)
    }

    /// Who sent it, where it was read from, and the report.
    pub(super) fn as_read(&self) -> (&str, &str, &TlsReport) {
        (&self.received.reporter, &self.received.source, &self.received.report)
    }

    /// The domains that it concerns, each once.
    pub(super) fn domains(&self) -> Vec<Domain> {
        let entries = self.received.report.policies.iter();
        let mut domains: Vec<Domain> = entries.filter_map(|entry| self.received.domain_of(entry)).cloned().collect();
        domains.sort_unstable();
        domains.dedup();
        domains
    }

    /// The report reduced to `domain`: its entries, and those that name no domain at all.
    pub(super) fn about(&self, domain: &Domain) -> Report {
        let Received { report, reporter, source, authenticity, .. } = &self.received;
        let concerns = |entry: &&PolicyEntry| self.received.domain_of(entry).is_none_or(|named| named == domain);
        Report {
            reporter: reporter.clone(),
            organization: report.organization.clone(),
            id: report.id.clone(),
            start: report.start,
            end: report.end,
            source: source.clone(),
            sha256: report.sha256,
            authenticity: authenticity.clone(),
            policies: report.policies.iter().filter(concerns).map(|entry| policy(entry, domain)).collect(),
            oddities: report.oddities.clone(),
        }
    }
}

fn policy(entry: &PolicyEntry, domain: &Domain) -> ReportPolicy {
    ReportPolicy {
        policy_type: entry.policy_type.clone(),
        domain: domain.clone(),
        policy_string: entry.policy_string.clone(),
        mx_host: entry.mx_host.clone(),
        successful: entry.successful,
        failed: entry.failed,
        details: entry.details.clone(),
    }
}
