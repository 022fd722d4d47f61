//! The configuration: a TOML file of the user's. Arguments and environment variables go before it.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::Deserialize;

use super::Failure;
use super::args::WhichStore;

/// A configuration longer than this is none.
const CONFIG_CAP: u64 = 1 << 20;

/// What the file says; everything may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Config {
    /// Where the store is.
    pub(super) store: Option<PathBuf>,
    /// How reports are taken in and counted.
    pub(super) reports: Reports,
}

/// `[reports]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Reports {
    /// Servers whose Authentication-Results are believed.
    pub(super) authserv_id: Vec<String>,
    /// Whether unsigned and no longer verifiable mails count.
    pub(super) trust_unverified: bool,
    /// Whether the text of each report is kept.
    pub(super) keep_raw: bool,
}

impl Config {
    /// Reads the file that was named, or the user's own if there is one.
    pub(super) fn load(which: &WhichStore) -> Result<Self, Failure> {
        let Some(path) = which.config.clone().or_else(own) else { return Ok(Self::default()) };
        match read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && which.config.is_none() => Ok(Self::default()),
            Err(error) => Err(Failure::Read { path, error }),
            Ok(text) => toml::from_str(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display()))),
        }
    }

    /// Where the store is: by argument, by configuration, else in the user's data folder; an error where the user has none.
    pub(super) fn store(&self, which: &WhichStore) -> Result<PathBuf, Failure> {
        let given = which.path.clone().or_else(|| self.store.clone());
        given.or_else(|| Some(etcetera::choose_base_strategy().ok()?.data_dir().join("stsready").join("store.sqlite"))).ok_or_else(|| {
            Failure::Usage("there is no home folder to keep the store in; name one with --store PATH, or use --no-store".to_owned())
        })
    }
}

fn own() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("stsready").join("config.toml"))
}

fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?.take(CONFIG_CAP).read_to_string(&mut text)?;
    Ok(text)
}
