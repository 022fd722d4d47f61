//! From options to the store.

use std::path::PathBuf;

use super::Failure;
use super::args::WhichStore;
use super::config::Config;
use crate::archive::store::Store;

/// What options and configuration say of the store.
pub(super) struct Keep {
    /// The configuration.
    pub(super) config: Config,
    /// Where the store is.
    pub(super) path: PathBuf,
}

impl Keep {
    /// Reads the configuration.
    pub(super) fn of(which: &WhichStore) -> Result<Self, Failure> {
        let config = Config::load(which)?;
        let path = config.store(which)?;
        Ok(Self { config, path })
    }

    /// The store, created where there is none.
    pub(super) fn open(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.path)?)
    }

    /// The store, if there is one.
    pub(super) fn existing(&self) -> Result<Option<Store>, Failure> {
        Ok(Store::open_existing(&self.path)?)
    }
}
