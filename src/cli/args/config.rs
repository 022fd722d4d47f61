//! Arguments of `config`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Common, ListFormat, Outputs};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ConfigCommand {
    /// Whether the configuration is right: every fault, with its line
    Check(ConfigCheckArgs),
    /// The configuration in effect, and where each value comes from: an argument, the environment, the file, or the default
    #[command(after_help = "Example:\n  stsready config show --timeout 5s --format json")]
    Show(Box<ConfigShowArgs>),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ConfigCheckArgs {
    /// The file (default: stsready/config.toml in the user's configuration folder)
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,
    /// The same, named as elsewhere
    #[arg(long, value_name = "FILE", env = "STSREADY_CONFIG")]
    pub(in crate::cli) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ConfigShowArgs {
    #[command(flatten)]
    pub(in crate::cli) outputs: Outputs<ListFormat>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}
