//! Opening a store: the folder and the file for their owner only, the schema brought up to date, several processes at once.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{Store, StoreError, schema};

/// Writers hold the lock for a batch, far less than a second; whoever waits for this long meets something that hangs.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two tries at what SQLite does not wait for by itself.
const PAUSE: Duration = Duration::from_millis(20);
/// Pages held in memory, in KiB (negative by SQLite's convention).
const CACHE: i32 = -32 * 1024;
/// Pages that the log may hold before they go to their places: 16 MiB. A page that several large batches changed is then put there once.
const LOG: i32 = 4 * 1024;

/// Opens, or makes.
pub(super) fn or_create(path: &Path) -> Result<Store, StoreError> {
    let failed = |error| StoreError::Open { path: path.to_owned(), error };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_folder(folder).map_err(failed)?;
    }
    match private(OpenOptions::new().write(true).create_new(true)).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    store(path)
}

/// Opens what is there; `None` if nothing is.
pub(super) fn existing(path: &Path) -> Result<Option<Store>, StoreError> {
    match fs::metadata(path) {
        Ok(_) => store(path).map(Some),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(StoreError::Open { path: path.to_owned(), error }),
    }
}

fn store(path: &Path) -> Result<Store, StoreError> {
    // No URI file names: a path is a path. No mutex: a connection is used by one thread at a time, which the compiler sees to.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(PATIENCE)?;
        // The file may be anybody's: nothing in its schema is to run with our rights.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // As of one moment: another process may be making the store just now.
        let moment = connection.unchecked_transaction()?;
        let header = schema::header(&connection)?;
        let empty = header == (0, 0) && schema::is_empty(&connection)?;
        moment.commit()?;
        Ok((connection, header, empty))
    });
    let (connection, (id, version), empty) = opened.map_err(|error| StoreError::of(path, error))?;
    if id != schema::APPLICATION_ID && !empty {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    if version > schema::VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found: version, known: schema::VERSION });
    }
    let ready = patiently(|| prepare(&connection, version)).map_err(|error| StoreError::of(path, error))?;
    match ready {
        Ready::Yes => Ok(Store { connection, path: path.to_owned() }),
        Ready::Newer(found) => Err(StoreError::Newer { path: path.to_owned(), found, known: schema::VERSION }),
    }
}

/// Whether the file is as this version wants it.
enum Ready {
    Yes,
    /// Another process of a later version was quicker.
    Newer(u32),
}

/// Brings the file up to date and sets the connection.
fn prepare(connection: &Connection, version: u32) -> rusqlite::Result<Ready> {
    connection.pragma_update(None, "cache_size", CACHE)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Every commit reaches the disk before it is said to be done: after it a mail is moved away, or a delivery agent forgets it. At a
    // commit for a thousand reports that costs nothing.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", LOG, |_| Ok(()))?;
    connection.set_prepared_statement_cache_capacity(64);
    if version == 0 {
        // Room that pruning frees is given back in small steps, between which others can write; only an empty file can be told so.
        connection.pragma_update(None, "auto_vacuum", "incremental")?;
    }
    if version < schema::VERSION {
        // The first to come holds the lock; the others find the work done.
        connection.execute_batch("BEGIN EXCLUSIVE")?;
        let (_, version) = schema::header(connection)?;
        let stepped = if version < schema::VERSION { schema::take_steps(connection, version) } else { Ok(()) };
        connection.execute_batch(if stepped.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        stepped?;
        if version > schema::VERSION {
            return Ok(Ready::Newer(version));
        }
    }
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    Ok(Ready::Yes)
}

/// Changing the journal of a file that another process opens at the same time fails at once, whatever the timeout.
fn patiently<T>(attempt: impl Fn() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let begun = Instant::now();
    loop {
        match attempt() {
            Err(rusqlite::Error::SqliteFailure(failure, _))
                if failure.code == rusqlite::ErrorCode::DatabaseBusy && begun.elapsed() < PATIENCE =>
            {
                thread::sleep(PAUSE);
            }
            other => return other,
        }
    }
}

#[cfg(unix)]
fn create_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_folder(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
