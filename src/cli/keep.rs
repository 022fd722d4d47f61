//! From options to the store.

use std::path::PathBuf;

use super::args::WhichStore;
use super::config::Config;
use super::{Failure, Streams};
use crate::archive::store::Store;
use crate::render::escape;

/// The command that fills a store with reports.
pub(super) const INGEST: &str = "stsready reports ingest PATH";

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

    /// The store, which must be there.
    pub(super) fn required(&self) -> Result<Store, Failure> {
        Store::open_existing(&self.path)?.ok_or_else(|| Failure::Usage(self.none(INGEST)))
    }

    /// The store, if there is one yet.
    pub(super) fn if_any(&self) -> Result<Option<Store>, Failure> {
        Ok(Store::open_existing(&self.path)?)
    }

    /// The store, if there is one yet; if not, it is said which command makes one.
    pub(super) fn existing(&self, maker: &str, streams: &mut Streams<'_>) -> Result<Option<Store>, Failure> {
        let store = self.if_any()?;
        if store.is_none() {
            writeln!(streams.err, "stsready: {}", escape::terminal(&self.none(maker)))?;
        }
        Ok(store)
    }

    fn none(&self, maker: &str) -> String {
        format!("there is no store at {} yet; `{maker}` makes one", self.path.display())
    }
}
