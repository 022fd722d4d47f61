//! Arguments of bundles: `--bundle`, and `bundle verify`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::values::time;
use super::{ListFormat, Outputs};

/// Where a bundle goes.
#[derive(Debug, Default, Args)]
pub(in crate::cli) struct BundleTo {
    /// Keep everything for the change: the ticket, the assessment, the facts, and the digests of all, in this folder or packed into this
    /// file. `stsready bundle verify` judges it again
    #[arg(long = "bundle", id = "bundle", value_name = "DIR|FILE.tar.gz", help_heading = "Output")]
    pub(in crate::cli) path: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BundleCommand {
    /// Whether every file is as it was, and whether the answer follows from the facts
    #[command(after_help = EXIT)]
    Verify(BundleVerify),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct BundleVerify {
    /// The folder, or the packed bundle
    #[arg(value_name = "DIR|FILE.tar.gz")]
    pub(in crate::cli) path: PathBuf,
    /// Say whether the evidence is valid as of this time (RFC 3339, or a date; default: now)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(in crate::cli) now: Option<Timestamp>,
    #[command(flatten)]
    pub(in crate::cli) outputs: Outputs<ListFormat>,
}

/// The exit codes of `bundle verify`.
const EXIT: &str = "\
Exit codes:
  0  every file is as it was, and the same answer follows from the facts
  1  a file was changed, or another answer follows
  2  there is no bundle
  3  cannot tell: it was made by what is too new for this version
Whether the evidence is still valid today is said, and changes no exit code.";
