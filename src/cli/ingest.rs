//! `reports ingest`: reports out of files, directories, mailboxes and standard input into the store.

use super::args::{IngestArgs, ListFormat};
use super::keep::Keep;
use super::{Exit, Failure, Streams, keys, observe, progress, setup};
use crate::archive::intake::Stamp;
use crate::archive::read::{self, ReadFailure};
use crate::archive::store::Ready;
use crate::render::ingest;

/// Rejections that are told at once; the store has all of them.
const REJECTED_KEPT: usize = 1_000;

/// Reads everything and says what came of it. What cannot be read as a report is kept aside and is no failure of the run: a delivery agent
/// would return the mail.
pub(super) fn ingest(args: &IngestArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let keep = Keep::of(&args.store)?;
    let runtime = observe::runtime()?;
    let verifier = keys::verifier(&args.verifying, &keep.config, runtime.handle())?;
    let store = keep.open()?;
    let means = format!("{} quoted-mbox={}", keys::means(&args.verifying, &keep.config), args.quoted_mbox);
    let (unchanged, never) = (store.unchanged(&means)?, |_: &Stamp| false);
    let options = read::Options {
        verifier: &*verifier,
        keep_raw: args.keep_raw || keep.config.reports.keep_raw,
        quoted_mailboxes: args.quoted_mbox,
        cores: 0,
        unchanged: if args.again { &never } else { &unchanged },
    };
    let bar = progress::bar(streams.progress && !args.quiet, "files");
    let mut outcome = ingest::Intake { store: keep.path.display().to_string(), ..ingest::Intake::default() };
    let mut intake = store.intake(setup::clock())?.by(&means);
    let totals = read::each_made(&args.paths, &options, &Ready::of, |parcel, done| {
        // To be told its length makes it reckon and draw anew.
        if bar.length() != Some(done.of) {
            bar.set_length(done.of);
        }
        bar.set_position(done.files);
        let room = REJECTED_KEPT.saturating_sub(outcome.rejected.len());
        outcome.rejected.extend(parcel.rejected().iter().take(room).map(|refused| refused.rejected.clone()));
        intake.take_ready(parcel)
    });
    // What was read before a failure stays.
    let tally = intake.finish()?;
    bar.finish_and_clear();
    let totals = totals.map_err(|failure| match failure {
        ReadFailure::Read(error) => Failure::from(error),
        ReadFailure::Taken(error) => Failure::from(error),
    })?;
    (outcome.files, outcome.unchanged) = (totals.files + totals.unchanged, totals.unchanged);
    (outcome.new, outcome.known, outcome.replaced) = (tally.new, tally.known, tally.replaced);
    (outcome.unproven, outcome.pruned) = (tally.unproven, tally.pruned);
    (outcome.rejected_count, outcome.ignored) = (tally.rejected, tally.ignored);
    let page = match args.format {
        ListFormat::Text => ingest::text(&outcome, args.quiet, streams.width),
        ListFormat::Json | ListFormat::Ndjson => ingest::document(&outcome)?,
    };
    streams.out.write_all(page.as_bytes())?;
    streams.out.flush()?;
    Ok(Exit::Ready)
}
