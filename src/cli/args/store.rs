//! Which store, and what is to be done with it as a whole.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ListFormat;

/// Which store, by which configuration.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct WhichStore {
    /// Where reports and observations are kept (default: stsready/store.sqlite in the user's data folder)
    #[arg(long = "store", id = "store", value_name = "PATH", env = "STSREADY_STORE", help_heading = "Input")]
    pub(in crate::cli) path: Option<PathBuf>,
    /// The configuration (TOML; default: stsready/config.toml in the user's configuration folder)
    #[arg(long, value_name = "FILE", env = "STSREADY_CONFIG", help_heading = "Input")]
    pub(in crate::cli) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum StoreCommand {
    /// Where the store is
    Path(StoreArgs),
    /// How much is in it, of when, and how large it is
    Stats(StoreArgs),
    /// Whether the file is sound
    Check(StoreArgs),
    /// Everything in it as one JSON object a line, to read elsewhere
    #[command(after_help = "Example:\n  stsready store export > stsready.ndjson")]
    Export(StoreArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct StoreArgs {
    /// text or json
    #[arg(long, value_enum, default_value_t, env = "STSREADY_FORMAT")]
    pub(in crate::cli) format: ListFormat,
    #[command(flatten)]
    pub(in crate::cli) which: WhichStore,
}
