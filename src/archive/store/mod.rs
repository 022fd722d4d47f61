//! The store: every report once, for good, and what live checks observed; one SQLite file.
//!
//! In: [`Parcel`](super::intake::Parcel)s through an [`Intake`], [`Facts`](crate::model::facts::Facts) through [`Store::observe`].
//! Out: what a domain's reports say ([`Store::facts`]), reports as they are ([`Store::each`]), what was observed when
//! ([`Store::history`]). Several processes may use it at once: writers wait for one another, a batch at a time; readers never wait.

mod check;
mod error;
mod export;
mod facts;
mod history;
mod intake;
mod list;
mod observe;
mod open;
mod prune;
mod raw;
mod ready;
mod row;
mod schema;
mod stats;
mod text;
mod told;
mod value;
mod verdicts;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result as SqlResult, Transaction, TransactionBehavior};

pub use self::error::StoreError;
pub use self::intake::{Intake, Mark, Tally};
pub use self::list::{Filter, Stored};
pub use self::ready::Ready;
pub use self::schema::VERSION;
use super::intake::Stamp;

/// An open store. It may be handed to another thread, and used by one at a time; each thread may open its own.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens the store, and makes it where there is none: the folder for its owner only (0700), the file too (0600). An older schema is
    /// brought up to date.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        open::or_create(path)
    }

    /// Opens the store if there is one.
    pub fn open_existing(path: &Path) -> Result<Option<Self>, StoreError> {
        open::existing(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins to take in reports, as of `now`. While it lasts nothing else is to be written through this `Store`.
    pub fn intake(&self, now: Timestamp) -> Result<Intake<'_>, StoreError> {
        Ok(Intake::new(self, now))
    }

    /// Tells whether a file is as it was when it was read whole, and whether these means would prove no more of it than they did then
    /// ([`Intake::by`]). As of now: files that are read later are not known to it.
    pub fn unchanged(&self, means: &str) -> Result<impl Fn(&Stamp) -> bool + Sync + use<>, StoreError> {
        let means = intake::digest_of(means);
        let stamps = self.read(|connection| {
            // In the order of the table, which is that of the digests: to be searched by halves.
            let known = "SELECT path, size, modified FROM stamp WHERE means IS NULL OR means = ?1 ORDER BY path";
            let mut select = connection.prepare(known)?;
            let rows =
                select.query_map([means], |row| Ok((row.get::<_, text::Digest>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
            rows.collect::<SqlResult<Vec<_>>>()
        })?;
        Ok(move |stamp: &Stamp| {
            let path = intake::digest_of(&stamp.path);
            let found = stamps.binary_search_by(|(known, _, _)| known.cmp(&path)).ok().and_then(|at| stamps.get(at));
            found.is_some_and(|(_, size, modified)| (*size, *modified) == (value::count(stamp.size), stamp.modified))
        })
    }

    /// How far a folder of an IMAP server was read.
    pub fn mark(&self, account: &str, folder: &str) -> Result<Option<Mark>, StoreError> {
        self.read(|connection| {
            let mark = "SELECT uid_validity, last_uid FROM mark WHERE account = ?1 AND folder = ?2";
            let read = |row: &rusqlite::Row<'_>| Ok(Mark { uid_validity: row.get(0)?, last_uid: row.get(1)? });
            connection.prepare_cached(mark)?.query_row([account, folder], read).optional()
        })
    }

    /// Reads; errors name the store.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> SqlResult<T>) -> Result<T, StoreError> {
        work(&self.connection).map_err(|error| StoreError::of(&self.path, error))
    }

    /// Reads as of one moment, however many statements it takes.
    fn read_at_once<T>(&self, work: impl FnOnce(&Connection) -> SqlResult<T>) -> Result<T, StoreError> {
        self.read(|connection| {
            let snapshot = connection.unchecked_transaction()?;
            let read = work(connection)?;
            snapshot.commit()?;
            Ok(read)
        })
    }

    /// Writes all of it or nothing.
    fn write<T>(&self, work: impl FnOnce(&Connection) -> SqlResult<T>) -> Result<T, StoreError> {
        // The lock at the beginning: a transaction that read first and then wants to write cannot wait for another writer.
        let begun = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate);
        let transaction = begun.map_err(|error| StoreError::of(&self.path, error))?;
        // A later version may have changed the schema since this process opened the store.
        let (_, found) = self.read(schema::header)?;
        if found != VERSION {
            return Err(StoreError::Newer { path: self.path.clone(), found, known: VERSION });
        }
        self.read(|connection| {
            let done = work(connection)?;
            transaction.commit()?;
            Ok(done)
        })
    }
}

#[cfg(test)]
mod tests;
