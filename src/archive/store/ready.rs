//! A parcel made ready for its rows: digests taken, lists written as JSON, texts packed.
//!
//! In: a [`Parcel`]. Out: a [`Ready`], which holds what the rows will, but for the numbers of texts. Several threads read and only one
//! writes, so whatever needs no store is better done by those who read.

use rusqlite::Result;

use super::raw;
use super::row::key_of;
use super::text::{self, Digest};
use super::value::{count, json, json_of_list, json_of_unknown, nanos};
use crate::archive::intake::{Parcel, Received, Refused, Stamp};
use crate::model::facts::reports::Authenticity;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::report::{PolicyEntry, PolicyType, TlsReport};

/// A parcel on its way into the store.
#[derive(Debug)]
pub struct Ready {
    /// Whoever puts them in says what could not be written as JSON.
    pub(super) reports: Result<Vec<Report>>,
    pub(super) rejected: Vec<Refused>,
    pub(super) ignored: bool,
    pub(super) last: bool,
    pub(super) origin: Option<Digest>,
    pub(super) stamp: Option<Stamped>,
    /// Whether something was not handed out by the system.
    pub(super) unread: bool,
    pub(super) open: Open,
    /// Rows, and a KiB of kept text each.
    pub(super) weight: usize,
}

/// What a source leaves open.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Open {
    /// Something is to be tried again whatever the means.
    pub(super) again: bool,
    /// Something may be proven by other means.
    pub(super) unproven: bool,
}

/// A [`Stamp`], its path as a digest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamped {
    pub(super) path: Digest,
    pub(super) size: i64,
    pub(super) modified: i64,
}

/// A report.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) key: Digest,
    /// [`Received::rank`].
    pub(super) rank: (u8, i64, Fingerprint),
    /// Whether it counts as evidence.
    pub(super) counts: bool,
    pub(super) organization: String,
    pub(super) contact: Option<String>,
    pub(super) id: String,
    pub(super) begins: i64,
    pub(super) ends: i64,
    pub(super) reporter: String,
    pub(super) subject: Option<Domain>,
    pub(super) source: String,
    pub(super) authenticity: String,
    pub(super) received_at: Option<i64>,
    pub(super) oddities: Option<String>,
    pub(super) unknown: Option<String>,
    pub(super) entries: Vec<Entry>,
    /// Its text, packed, if it is to be kept.
    pub(super) raw: Option<Vec<u8>>,
}

/// An entry of `policies`.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its own, else the report's subject.
    pub(super) domain: Option<Domain>,
    /// Whether it is its own.
    pub(super) named: bool,
    pub(super) kind: PolicyType,
    pub(super) policy: Option<String>,
    pub(super) mx: Option<String>,
    pub(super) successful: i64,
    pub(super) failed: i64,
    pub(super) details: Option<String>,
    pub(super) unknown: Option<String>,
}

impl Ready {
    /// Makes it ready.
    pub fn of(parcel: Parcel) -> Self {
        let Parcel { origin, stamp, reports, rejected, ignored, last } = parcel;
        let again = |received: &Received| matches!(received.authenticity, Authenticity::Unverifiable { again: true, .. });
        let stamp_path = stamp.as_ref().map(|stamp| text::digest(stamp.path.as_bytes()));
        let origin = match (origin, &stamp) {
            (Some(origin), Some(stamp)) if origin == stamp.path => stamp_path,
            (Some(origin), _) => Some(text::digest(origin.as_bytes())),
            (None, _) => stamp_path,
        };
        let unread = rejected.iter().any(|refused| refused.again);
        let stamped = |(Stamp { size, modified, .. }, path)| Stamped { path, size: count(size), modified };
        Self {
            open: Open {
                again: unread || reports.iter().any(again),
                unproven: reports.iter().any(|received| !received.authenticity.counts(false)),
            },
            unread,
            weight: 1 + reports.iter().map(weight).sum::<usize>() + rejected.len(),
            reports: reports.into_iter().map(Report::of).collect(),
            stamp: stamp.zip(stamp_path).map(stamped),
            origin,
            rejected,
            ignored,
            last,
        }
    }

    /// What could not be read as a report.
    pub fn rejected(&self) -> &[Refused] {
        &self.rejected
    }
}

fn weight(received: &Received) -> usize {
    let entries = &received.report.policies;
    let details: usize = entries.iter().map(|entry| entry.details.len()).sum();
    1 + entries.len() + details + received.raw.as_ref().map_or(0, |raw| raw.len() >> 10)
}

impl Report {
    fn of(received: Received) -> Result<Self> {
        let key = key_of(&received.key());
        let (proof, failures, sha256) = received.rank();
        let Received { report, reporter, subject, source, authenticity, received_at, raw } = received;
        let TlsReport { organization, contact, id, start, end, policies, oddities, unknown, unknown_in_range, .. } = report;
        Ok(Self {
            key,
            rank: (proof, count(failures), sha256),
            counts: authenticity.counts(false),
            organization,
            contact,
            id,
            begins: nanos(start),
            ends: nanos(end),
            reporter,
            source,
            authenticity: json(&authenticity)?,
            received_at: received_at.map(nanos),
            oddities: json_of_list(&oddities)?,
            unknown: json_of_unknown([&unknown, &unknown_in_range])?,
            entries: policies.into_iter().map(|entry| Entry::of(entry, subject.as_ref())).collect::<Result<_>>()?,
            subject,
            raw: raw.as_deref().map(raw::pack),
        })
    }
}

impl Entry {
    fn of(entry: PolicyEntry, subject: Option<&Domain>) -> Result<Self> {
        Ok(Self {
            policy: json_of_list(&entry.policy_string)?,
            mx: json_of_list(&entry.mx_host)?,
            successful: count(entry.successful),
            failed: count(entry.failed),
            details: json_of_list(&entry.details)?,
            unknown: json_of_unknown([&entry.unknown, &entry.unknown_in_policy, &entry.unknown_in_summary])?,
            named: entry.domain.is_some(),
            domain: entry.domain.or_else(|| subject.cloned()),
            kind: entry.policy_type,
        })
    }
}
