//! Arguments of the commands that tell about stsready itself: schemas, completions, man pages.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValue;
use clap_complete::Shell;

use crate::render::schema;

#[derive(Debug, Args)]
pub(in crate::cli) struct SchemaArgs {
    /// The document; all of them are listed where none is named
    #[arg(value_name = "DOCUMENT", value_parser = documents())]
    pub(in crate::cli) document: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(in crate::cli) shell: Shell,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ManArgs {
    /// Write every page into this folder, one for each command, instead of the main page to standard output
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) output_dir: Option<PathBuf>,
}

/// The documents that have a schema.
fn documents() -> Vec<PossibleValue> {
    let shown = schema::ALL.iter().map(|published| PossibleValue::new(published.name).aliases(published.also).help(published.about));
    shown.chain([PossibleValue::new(schema::VERIFY.name).hide(true)]).collect()
}
