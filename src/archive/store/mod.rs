//! The store: every report once, for good. A stand-in that keeps keys and marks in one JSON file, until the store itself is joined.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::intake::Parcel;

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system's word.
    #[error("cannot use the store {0}: {1}")]
    File(PathBuf, std::io::Error),
}

/// How far a folder has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Of the folder.
    pub uid_validity: u32,
    /// The last UID.
    pub last_uid: u32,
}

/// What an intake has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Not known before.
    pub new: u64,
    /// Known.
    pub known: u64,
    /// In place of another text.
    pub replaced: u64,
    /// Refused.
    pub rejected: u64,
    /// Something else.
    pub ignored: u64,
}

/// The store.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    keys: BTreeSet<String>,
    marks: BTreeMap<String, Mark>,
}

/// Reports on their way in.
#[derive(Debug)]
pub struct Intake<'a> {
    store: &'a Store,
    content: Content,
    tally: Tally,
}

impl Store {
    /// Opens or creates it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Self { path: path.to_owned() };
        store.read().map(|_| store)
    }

    /// Takes reports in.
    pub fn intake(&self, _now: Timestamp) -> Result<Intake<'_>, StoreError> {
        Ok(Intake { store: self, content: self.read()?, tally: Tally::default() })
    }

    /// How far a folder has been read.
    pub fn mark(&self, account: &str, folder: &str) -> Result<Option<Mark>, StoreError> {
        Ok(self.read()?.marks.get(&format!("{account} {folder}")).copied())
    }

    fn read(&self) -> Result<Content, StoreError> {
        match std::fs::read(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Content::default()),
            Err(error) => Err(StoreError::File(self.path.clone(), error)),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| StoreError::File(self.path.clone(), error.into())),
        }
    }
}

impl Intake<'_> {
    /// Takes what a source holds.
    pub fn take(&mut self, parcel: Parcel) -> Result<(), StoreError> {
        for received in &parcel.reports {
            let is_new = self.content.keys.insert(format!("{:?}", received.key()));
            *(if is_new { &mut self.tally.new } else { &mut self.tally.known }) += 1;
        }
        self.tally.rejected += parcel.rejected.len() as u64;
        self.tally.ignored += u64::from(parcel.ignored);
        Ok(())
    }

    /// Notes how far a folder has been read.
    pub fn mark(&mut self, account: &str, folder: &str, mark: Mark) -> Result<(), StoreError> {
        self.content.marks.insert(format!("{account} {folder}"), mark);
        Ok(())
    }

    /// Keeps it.
    pub fn finish(self) -> Result<Tally, StoreError> {
        let path = &self.store.path;
        let text = serde_json::to_vec(&self.content).map_err(|error| StoreError::File(path.clone(), error.into()))?;
        let beside = path.with_extension("new");
        std::fs::write(&beside, text)
            .and_then(|()| std::fs::rename(&beside, path))
            .map_err(|error| StoreError::File(path.clone(), error))?;
        Ok(self.tally)
    }
}
