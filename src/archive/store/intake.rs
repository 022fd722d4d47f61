//! Parcels into the store, in batches: each a transaction of its own, held only while it is written and never while a source is waited
//! for. Killed at any moment, the store holds whole batches; what a source said it holds is marked as read in the same batch, so the same
//! command again takes in the rest. What a source was refused for before and is not any more is taken back with the same batch.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::ready::{Open, Ready, Report, Stamped};
use super::row::{Outcome, Rows};
use super::text::{self, Digest, Interner};
use super::value::{count, nanos};
use super::{Store, StoreError};
use crate::archive::intake::{Parcel, Refused};

/// The first batch is written once it weighs this much: reports, their entries and details, a KiB of kept text each. Killed early, little
/// is to be done again.
const FIRST_BATCH: usize = 2_000;
/// Each further one at twice as much, up to this. Reports lie everywhere in an index of digests, so a batch rewrites most of its pages:
/// with batches a quarter as large, three times as much is written for the same store.
const LARGEST_BATCH: usize = 16_000;
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
    /// Reports older than what was pruned away, which stay away.
    pub pruned: u64,
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
    /// The weight at which the next batch is written.
    enough: usize,
    since: Option<Instant>,
    /// How mails are verified.
    means: Digest,
    /// What is open about files, until their last parcel.
    open: HashMap<Digest, Open>,
    tally: Tally,
}

enum Item {
    Parcel { reports: Vec<Report>, rejected: Vec<Refused>, ignored: bool, origin: Option<Digest>, read: Option<Read> },
    Mark { account: String, folder: String, mark: Mark },
}

/// A source that was read to its end.
struct Read {
    /// The file as it was, and by what means the mails in it were to be proven, if some were not; `None` if it is to be read again.
    stamp: Option<(Stamped, Option<Digest>)>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(store: &'a Store, now: Timestamp) -> Self {
        let (texts, pending, means) = (Interner::default(), Vec::new(), digest_of(""));
        let (open, tally) = (HashMap::new(), Tally::default());
        Self { store, now, texts, version: -1, pending, weight: 0, enough: FIRST_BATCH, since: None, means, open, tally }
    }

    /// Mails are verified by these means, in any words: a file that has mails which they do not prove is read again once they change.
    pub fn by(mut self, means: &str) -> Self {
        self.means = digest_of(means);
        self
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
        self.take_ready(Ready::of(parcel))
    }

    /// The same of a parcel that was made ready elsewhere.
    pub fn take_ready(&mut self, parcel: Ready) -> Result<(), StoreError> {
        self.since.get_or_insert_with(Instant::now);
        self.weight += parcel.weight;
        let read = self.read(&parcel);
        let Ready { reports, rejected, ignored, origin, .. } = parcel;
        let reports = reports.map_err(|error| StoreError::of(self.store.path(), error))?;
        self.pending.push(Item::Parcel { reports, rejected, ignored, origin, read });
        let old = self.since.is_some_and(|since| since.elapsed() > WAIT);
        if self.weight >= self.enough {
            self.enough = LARGEST_BATCH.min(2 * self.enough);
            return self.commit();
        }
        if old { self.commit() } else { Ok(()) }
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
            let pruned = pruned_to(connection)?;
            let refused = connection.prepare_cached("SELECT 1 FROM rejection WHERE origin IS NOT NULL")?.exists([])?;
            let rows = Rows::new(connection, &mut self.texts, self.now)?;
            let mut batch = Batch { connection, rows, now: self.now, pruned, refused, tally: self.tally };
            self.pending.iter().try_for_each(|item| batch.put(item))?;
            Ok(batch.tally)
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

    /// What is known of a source by its last parcel.
    fn read(&mut self, parcel: &Ready) -> Option<Read> {
        let mut open = parcel.open;
        if let Some(stamp) = &parcel.stamp {
            let before = self.open.remove(&stamp.path).unwrap_or_default();
            open = Open { again: open.again || before.again, unproven: open.unproven || before.unproven };
            if !parcel.last {
                self.open.insert(stamp.path, open);
            }
        }
        let stamp = parcel.stamp.filter(|_| !open.again);
        (parcel.last && !parcel.unread).then(|| Read { stamp: stamp.map(|stamp| (stamp, open.unproven.then_some(self.means))) })
    }
}

/// What is written in one transaction.
struct Batch<'a> {
    connection: &'a Connection,
    rows: Rows<'a>,
    now: Timestamp,
    /// Reports whose period ends no later stay away.
    pruned: Option<i64>,
    /// Whether anything is refused that is known by its source, so that there may be something to take back.
    refused: bool,
    tally: Tally,
}

impl Batch<'_> {
    fn put(&mut self, item: &Item) -> Result<()> {
        match item {
            Item::Parcel { reports, rejected, ignored, origin, read } => {
                reports.iter().try_for_each(|report| self.report(report))?;
                let keys = rejected.iter().map(|refused| self.reject(refused, origin.as_ref())).collect::<Result<Vec<_>>>()?;
                self.tally.rejected += rejected.len() as u64;
                self.tally.ignored += u64::from(*ignored);
                let Some(Read { stamp }) = read else { return Ok(()) };
                origin.as_ref().map_or(Ok(()), |origin| self.take_back(origin, &keys))?;
                stamp.as_ref().map_or(Ok(()), |(stamp, means)| self.stamp(stamp, means.as_ref()))
            }
            Item::Mark { account, folder, mark } => {
                let row = params![account, folder, mark.uid_validity, mark.last_uid];
                self.connection.prepare_cached("INSERT OR REPLACE INTO mark VALUES (?1, ?2, ?3, ?4)")?.execute(row).map(drop)
            }
        }
    }

    fn report(&mut self, report: &Report) -> Result<()> {
        if self.pruned.is_some_and(|line| report.ends <= line) {
            self.tally.pruned += 1;
            return Ok(());
        }
        let outcome = self.rows.put(report)?;
        match outcome {
            Outcome::New => self.tally.new += 1,
            Outcome::Known => self.tally.known += 1,
            Outcome::Replaced => self.tally.replaced += 1,
        }
        self.tally.unproven += u64::from(outcome != Outcome::Known && !report.counts);
        Ok(())
    }

    /// The same thing, refused for the same reason, is one row, whatever its bytes are by now; its key.
    fn reject(&mut self, refused: &Refused, origin: Option<&Digest>) -> Result<Digest> {
        self.refused |= origin.is_some();
        let (source, reason) = (&refused.rejected.source, &refused.rejected.reason);
        let key = text::digest(format!("{}:{source}{reason}", source.len()).as_bytes());
        let row = params![key, source, reason, refused.sha256.as_bytes(), count(refused.size), nanos(self.now), origin];
        self.connection
            .prepare_cached(
                "INSERT INTO rejection (key, source, reason, sha256, size, first_seen, last_seen, origin) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7) \
                 ON CONFLICT (key) DO UPDATE SET sha256 = ?4, size = ?5, last_seen = max(last_seen, ?6), origin = coalesce(?7, origin)",
            )?
            .execute(row)?;
        Ok(key)
    }

    /// A source was read to its end: what it was refused for before, and was not this time, is so no more.
    fn take_back(&self, origin: &Digest, refused_now: &[Digest]) -> Result<()> {
        if !self.refused {
            return Ok(());
        }
        let mut select = self.connection.prepare_cached("SELECT id, key FROM rejection WHERE origin = ?1")?;
        let before = select.query_map([origin], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Digest>(1)?)))?;
        for (number, _) in before.collect::<Result<Vec<_>>>()?.into_iter().filter(|(_, key)| !refused_now.contains(key)) {
            self.connection.prepare_cached("DELETE FROM rejection WHERE id = ?1")?.execute([number])?;
        }
        Ok(())
    }

    fn stamp(&self, stamp: &Stamped, means: Option<&Digest>) -> Result<()> {
        let row = params![stamp.path, stamp.size, stamp.modified, means];
        self.connection.prepare_cached("INSERT OR REPLACE INTO stamp VALUES (?1, ?2, ?3, ?4)")?.execute(row).map(drop)
    }
}

/// Up to where reports were pruned away.
pub(super) fn pruned_to(connection: &Connection) -> Result<Option<i64>> {
    connection.prepare_cached("SELECT line FROM pruned")?.query_row([], |row| row.get(0)).optional()
}

/// What a path, or whatever else is only compared, is kept as.
pub(super) fn digest_of(text: &str) -> Digest {
    text::digest(text.as_bytes())
}
