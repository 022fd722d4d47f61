//! Arguments of `playbook`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ListFormat, PageFormat};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PlaybookCommand {
    /// All there are, those of your own first
    List(PlaybookList),
    /// One of them, to be read without a domain
    #[command(
        after_help = "Examples:\n  stsready playbook show rollout\n  stsready playbook show rollout --format markdown > own.md   (to begin one of your own)"
    )]
    Show(PlaybookShow),
    /// Whether files are playbooks: everything that is wrong with them, by line
    #[command(after_help = "Example:\n  stsready playbook check own.md")]
    Check(PlaybookCheck),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PlaybookList {
    /// text, json, or ndjson with one a line
    #[arg(long, value_enum, default_value_t, env = "STSREADY_FORMAT")]
    pub(in crate::cli) format: ListFormat,
    /// The configuration (TOML; default: stsready/config.toml in the user's configuration folder)
    #[arg(long, value_name = "FILE", env = "STSREADY_CONFIG")]
    pub(in crate::cli) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PlaybookShow {
    /// A name of `stsready playbook list`, or a file
    #[arg(value_name = "NAME|FILE")]
    pub(in crate::cli) name: String,
    /// text, or the file as it is written
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: PageFormat,
    /// The configuration (TOML; default: stsready/config.toml in the user's configuration folder)
    #[arg(long, value_name = "FILE", env = "STSREADY_CONFIG")]
    pub(in crate::cli) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PlaybookCheck {
    /// Files; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// List what can be filled in, too
    #[arg(long)]
    pub(in crate::cli) placeholders: bool,
}
