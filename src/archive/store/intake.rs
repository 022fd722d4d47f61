//! Parcels into the store, in batches: each a transaction of its own, held only while it is written and never while a source is waited
//! for. Killed at any moment, the store holds whole batches; what a source said it holds is marked as read in the same batch, so the same
//! command again takes in the rest.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

use super::row::{self, Outcome};
use super::text::{self, Digest, Interner};
use super::value::{count, nanos};
use super::{Store, StoreError};
use crate::archive::intake::{Parcel, Received, Refused, Stamp};
use crate::model::facts::reports::Authenticity;

/// A batch is written once it weighs this much: reports, their entries and details, a KiB of kept text each.
const BATCH: usize = 4_000;
/// Or once its first parcel has waited this long.
const WAIT: Duration = Duration::from_secs(1);

/// How far a folder of an IMAP server was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// UIDVALIDITY (RFC 9051 §2.3.1.1).
    pub uid_validity: u32,
    /// The highest UID that was read.
    pub last_uid: u32,
}

/// What became of what was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Reports that were not there.
    pub new: u64,
    /// Reports that were there.
    pub known: u64,
    /// Reports in place of others of the same key that weighed less.
    pub replaced: u64,
    /// Of the new and the replacing ones, those that do not count, for nothing proves who wrote them.
    pub unproven: u64,
    /// What could not be read as a report.
    pub rejected: u64,
    /// Sources that plainly are something else.
    pub ignored: u64,
}

/// A taking in. What was taken is in the store after [`Intake::commit`] or [`Intake::finish`]; dropped before, the last batch is lost.
#[must_use = "what was taken is kept only by `finish`"]
pub struct Intake<'a> {
    store: &'a Store,
    now: Timestamp,
    texts: Interner,
    /// `PRAGMA data_version` as of which `texts` holds.
    version: i64,
    pending: Vec<Item>,
    weight: usize,
    since: Option<Instant>,
    /// Files of which something has to be tried again, until their last parcel.
    tainted: HashSet<String>,
    tally: Tally,
}

enum Item {
    Parcel { reports: Vec<Received>, rejected: Vec<Refused>, stamp: Option<Stamp>, ignored: bool },
    Mark { account: String, folder: String, mark: Mark },
}

impl<'a> Intake<'a> {
    pub(super) fn new(store: &'a Store, now: Timestamp) -> Self {
        let (texts, pending) = (Interner::default(), Vec::new());
        Self { store, now, texts, version: -1, pending, weight: 0, since: None, tainted: HashSet::new(), tally: Tally::default() }
    }

    /// From here on it is taken in as of `now`: a run that stays tells the time again.
    pub fn at(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.commit()?;
        self.now = now;
        Ok(())
    }

    /// Takes a parcel; writes the batch when it is large or old enough. A source that pauses (a mailbox that is waited at) commits by
    /// itself before it does.
    pub fn take(&mut self, parcel: Parcel) -> Result<(), StoreError> {
        self.since.get_or_insert_with(Instant::now);
        self.weight += 1 + parcel.reports.iter().map(weight).sum::<usize>() + parcel.rejected.len();
        let stamp = self.stamp(&parcel);
        let Parcel { reports, rejected, ignored, .. } = parcel;
        self.pending.push(Item::Parcel { reports, rejected, stamp, ignored });
        let old = self.since.is_some_and(|since| since.elapsed() > WAIT);
        if old || self.weight >= BATCH { self.commit() } else { Ok(()) }
    }

    /// Notes how far a folder was read, together with the parcels taken before.
    pub fn mark(&mut self, account: &str, folder: &str, mark: Mark) -> Result<(), StoreError> {
        self.since.get_or_insert_with(Instant::now);
        self.pending.push(Item::Mark { account: account.to_owned(), folder: folder.to_owned(), mark });
        Ok(())
    }

    /// Writes what was taken up to here.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let done = self.store.write(|connection| {
            // Another process may have pruned texts away.
            let version = connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
            if version != self.version {
                self.texts.forget();
                self.version = version;
            }
            let mut tally = self.tally;
            for item in &self.pending {
                put(connection, &mut self.texts, item, self.now, &mut tally)?;
            }
            Ok(tally)
        });
        match done {
            Ok(tally) => {
                self.tally = tally;
                self.pending.clear();
                self.weight = 0;
                self.since = None;
                Ok(())
            }
            Err(error) => {
                // Texts that were put in are gone again.
                self.texts.forget();
                Err(error)
            }
        }
    }

    /// Writes the rest and says what became of everything.
    pub fn finish(mut self) -> Result<Tally, StoreError> {
        self.commit()?;
        Ok(self.tally)
    }

    /// The stamp to write with a parcel: that of a file which ends here and of which nothing is to be tried again.
    fn stamp(&mut self, parcel: &Parcel) -> Option<Stamp> {
        let stamp = parcel.stamp.as_ref()?;
        let again = |received: &Received| matches!(received.authenticity, Authenticity::Unverifiable { again: true, .. });
        let tainted = !parcel.rejected.is_empty() || parcel.reports.iter().any(again);
        if !parcel.last {
            if tainted {
                self.tainted.insert(stamp.path.clone());
            }
            return None;
        }
        let before = self.tainted.remove(&stamp.path);
        (!tainted && !before).then(|| stamp.clone())
    }
}

fn weight(received: &Received) -> usize {
    let entries = &received.report.policies;
    let details: usize = entries.iter().map(|entry| entry.details.len()).sum();
    1 + entries.len() + details + received.raw.as_ref().map_or(0, |raw| raw.len() >> 10)
}

fn put(connection: &Connection, texts: &mut Interner, item: &Item, now: Timestamp, tally: &mut Tally) -> Result<()> {
    match item {
        Item::Parcel { reports, rejected, stamp, ignored } => {
            for received in reports {
                let outcome = row::put(connection, texts, received, now)?;
                match outcome {
                    Outcome::New => tally.new += 1,
                    Outcome::Known => tally.known += 1,
                    Outcome::Replaced => tally.replaced += 1,
                }
                tally.unproven += u64::from(outcome != Outcome::Known && !received.authenticity.counts(false));
            }
            for refused in rejected {
                reject(connection, refused, now)?;
            }
            tally.rejected += rejected.len() as u64;
            tally.ignored += u64::from(*ignored);
            stamp.as_ref().map_or(Ok(()), |stamp| put_stamp(connection, stamp))
        }
        Item::Mark { account, folder, mark } => {
            let row = params![account, folder, mark.uid_validity, mark.last_uid];
            connection.prepare_cached("INSERT OR REPLACE INTO mark VALUES (?1, ?2, ?3, ?4)")?.execute(row).map(drop)
        }
    }
}

/// The same thing, refused for the same reason, is one row, whatever its bytes are by now.
fn reject(connection: &Connection, refused: &Refused, now: Timestamp) -> Result<()> {
    let (source, reason) = (&refused.rejected.source, &refused.rejected.reason);
    let key = text::digest(format!("{}:{source}{reason}", source.len()).as_bytes());
    let row = params![key, source, reason, refused.sha256.as_bytes(), count(refused.size), nanos(now)];
    connection
        .prepare_cached(
            "INSERT INTO rejection (key, source, reason, sha256, size, first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) \
             ON CONFLICT (key) DO UPDATE SET sha256 = ?4, size = ?5, last_seen = max(last_seen, ?6)",
        )?
        .execute(row)
        .map(drop)
}

fn put_stamp(connection: &Connection, stamp: &Stamp) -> Result<()> {
    let row = params![path_digest(&stamp.path), count(stamp.size), stamp.modified];
    connection.prepare_cached("INSERT OR REPLACE INTO stamp VALUES (?1, ?2, ?3)")?.execute(row).map(drop)
}

/// What a path is kept as.
pub(super) fn path_digest(path: &str) -> Digest {
    text::digest(path.as_bytes())
}
