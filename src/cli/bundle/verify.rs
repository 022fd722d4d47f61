//! `bundle verify`: reads a bundle, judges its facts again, and says whether the answer still follows.

use super::judge::verify;
use super::read::Contents;
use crate::cli::args::{BundleCommand, BundleVerify, ListFormat};
use crate::cli::{Exit, Failure, Streams, setup};
use crate::model::bundle::Follows;
use crate::render::bundle;

pub(in crate::cli) fn run(command: &BundleCommand, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let BundleCommand::Verify(BundleVerify { path, now, outputs }) = command;
    outputs.ready()?;
    let contents = Contents::of(path)?;
    let now = now.unwrap_or_else(setup::clock);
    let verified = verify(contents, now).map_err(|why| Failure::Usage(format!("{} is no bundle: {why}", path.display())))?;
    outputs.print(streams, |format, width| {
        Ok(match format {
            ListFormat::Text => bundle::text(&verified, width),
            ListFormat::Json => bundle::document(&verified)?,
            ListFormat::Ndjson => bundle::line(&verified)?,
        })
    })?;
    Ok(match verified.outcome {
        Follows::Yes => Exit::Ready,
        Follows::No => Exit::NotReady,
        Follows::CannotTell => Exit::Inconclusive,
    })
}
