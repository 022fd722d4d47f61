//! Reports, each once, and what each says about a domain.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::origin::Found;
use crate::model::facts::reports::{Authenticity, Report, ReportPolicy};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::report::{PolicyEntry, TlsReport};

/// A report that was read at least once.
#[derive(Debug)]
pub(super) struct Collected {
    found: Found,
    reporter: String,
    subject: Option<Domain>,
    /// How often it came again.
    pub(super) duplicates: u64,
}

/// What makes two files the same report: organisation, id and range (an id alone collides across organisations, and some senders use
/// one again for another day). Without an id only the same text is the same report.
type Key = (String, Result<String, Fingerprint>, Timestamp, Timestamp);

fn key(found: &Found) -> Key {
    let report = &found.report;
    let id = if report.id.is_empty() { Err(report.sha256) } else { Ok(report.id.clone()) };
    (report.organization.to_lowercase(), id, report.start, report.end)
}

/// Drops duplicates and sorts by period, reporter and id. Of two texts under one key the one with more failures stays, whichever
/// was read first: a second version must not hide a failure.
pub(super) fn once_each(found: Vec<Found>) -> Vec<Collected> {
    let mut by_key: BTreeMap<Key, (Found, u64)> = BTreeMap::new();
    for found in found {
        match by_key.entry(key(&found)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert((found, 0));
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                let (kept, duplicates) = entry.get_mut();
                *duplicates += 1;
                if rank(&found) > rank(kept) {
                    *kept = found;
                }
            }
        }
    }
    let mut all: Vec<Collected> = by_key
        .into_values()
        .map(|(found, duplicates)| Collected { reporter: found.reporter(), subject: found.subject(), duplicates, found })
        .collect();
    all.sort_by(|a, b| a.order().cmp(&b.order()));
    all
}

/// Failures first, then the text and the source, so that the choice is the same in any order of reading.
fn rank(found: &Found) -> (u64, Fingerprint, std::cmp::Reverse<&str>) {
    let failures = found.report.policies.iter().map(failures).fold(0, u64::saturating_add);
    (failures, found.report.sha256, std::cmp::Reverse(&found.source))
}

fn failures(entry: &PolicyEntry) -> u64 {
    entry.failed.max(entry.details.iter().fold(0, |sum, detail| sum.saturating_add(detail.sessions)))
}

impl Collected {
    fn order(&self) -> (Timestamp, Timestamp, &str, &str, Fingerprint) {
        let report = &self.found.report;
        (report.start, report.end, &self.reporter, &report.id, report.sha256)
    }

    /// The domain of an entry: its own, else the report's subject.
    fn domain_of<'a>(&'a self, entry: &'a PolicyEntry) -> Option<&'a Domain> {
        entry.domain.as_ref().or(self.subject.as_ref())
    }

    /// Who sent it, where it was read from, and the report.
    pub(super) fn as_read(&self) -> (&str, &str, &TlsReport) {
        (&self.reporter, &self.found.source, &self.found.report)
    }

    /// The domains that it concerns, each once.
    pub(super) fn domains(&self) -> Vec<Domain> {
        let mut domains: Vec<Domain> = self.found.report.policies.iter().filter_map(|entry| self.domain_of(entry)).cloned().collect();
        domains.sort_unstable();
        domains.dedup();
        domains
    }

    /// The report reduced to `domain`: its entries, and those that name no domain at all.
    pub(super) fn about(&self, domain: &Domain) -> Report {
        let report = &self.found.report;
        let concerns = |entry: &&PolicyEntry| self.domain_of(entry).is_none_or(|named| named == domain);
        Report {
            reporter: self.reporter.clone(),
            organization: report.organization.clone(),
            id: report.id.clone(),
            start: report.start,
            end: report.end,
            source: self.found.source.clone(),
            sha256: report.sha256,
            authenticity: Authenticity::Operator,
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
