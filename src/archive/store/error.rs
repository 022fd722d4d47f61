//! What goes wrong with a store, each with the file's path and the way out.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the store did not do as asked. What was committed before stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or the file cannot be made or read.
    #[error("failed to open the store {path}: {error}", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: std::io::Error,
    },
    /// A file of another program; or one of ours that has lost its beginning, which nobody can tell apart.
    #[error("{path} is no store of stsready, or its first page is damaged; name another with --store", path = .0.display())]
    Foreign(PathBuf),
    /// Written by a later version.
    #[error("the store {path} is of a later version of stsready (schema {found}; this one knows up to {known}): use that version", path = path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema known here.
        known: u32,
    },
    /// Another process has been writing for longer than anybody should.
    #[error("the store {path} is in use by another process; try again once it has ended", path = .0.display())]
    Busy(PathBuf),
    /// The file may only be read.
    #[error("the store {path} cannot be written: {why}", path = path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        why: String,
    },
    /// No room on the disk.
    #[error("no room is left for the store {path}; what was read up to here is kept, and the same command again goes on from there", path = .0.display())]
    Full(PathBuf),
    /// The file is not what was written.
    #[error(
        "the store {path} is damaged: {why}; `stsready store check` says where, `stsready store export` saves what can still be read; \
         then move the file away and ingest the reports again",
        path = path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// SQLite's words, or what cannot be.
        why: String,
    },
    /// Anything else that SQLite said.
    #[error("the store {path}: {error}", path = path.display())]
    Sql {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        error: rusqlite::Error,
    },
    /// What is exported cannot be written.
    #[error("failed to print: {0}")]
    Output(#[from] std::io::Error),
}

impl StoreError {
    /// What an error means to whoever waits for the store.
    pub(super) fn of(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match &error {
            rusqlite::Error::FromSqlConversionFailure(_, _, why) => Self::Damaged { path, why: why.to_string() },
            rusqlite::Error::InvalidColumnType(_, name, kind) => Self::Damaged { path, why: format!("{name} is {kind}") },
            rusqlite::Error::SqliteFailure(failure, words) => {
                let why = words.clone().unwrap_or_else(|| failure.to_string());
                match failure.code {
                    ErrorCode::NotADatabase => Self::Foreign(path),
                    ErrorCode::DatabaseCorrupt => Self::Damaged { path, why },
                    ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy(path),
                    ErrorCode::ReadOnly => Self::ReadOnly { path, why },
                    ErrorCode::DiskFull => Self::Full(path),
                    // The index that processes share beside the store could not be made as long as it has to be.
                    _ if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => Self::Full(path),
                    ErrorCode::CannotOpen | ErrorCode::SystemIoFailure => Self::Open { path, error: std::io::Error::other(why) },
                    _ => Self::Sql { path, error },
                }
            }
            _ => Self::Sql { path, error },
        }
    }
}
