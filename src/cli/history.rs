//! `history`: what changed of a domain, as earlier checks saw it, and what they answered. Out of the store; nothing is looked up.

use super::args::{HistoryArgs, ListFormat};
use super::keep::Keep;
use super::{Exit, Failure, Streams, setup};
use crate::evidence::timeline::timeline;
use crate::render::history as page;

/// Prints the timeline. Exits with 3 if nothing was ever observed of the domain.
pub(super) fn history(args: &HistoryArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let keep = Keep::of(&args.store)?;
    let Some(store) = keep.existing("stsready check DOMAIN", streams)? else { return Ok(Exit::Inconclusive) };
    let (history, answers) = (store.history(&args.domain)?, store.verdicts(&args.domain)?);
    if history.is_empty() && answers.is_empty() {
        writeln!(streams.err, "stsready: {} was never observed; `stsready check {0}` does", args.domain)?;
        return Ok(Exit::Inconclusive);
    }
    let timeline = timeline(&history, answers, args.since.from(setup::clock()));
    args.outputs.print(streams, |format, width| {
        Ok(match format {
            ListFormat::Text => page::text(&timeline, width),
            ListFormat::Json => page::document(&timeline)?,
            ListFormat::Ndjson => page::lines(&timeline)?,
        })
    })?;
    Ok(Exit::Ready)
}
