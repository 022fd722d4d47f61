//! `store path|stats|check|export` and `reports prune`: the store as a whole.

use serde::Serialize;

use super::args::{ListFormat, PruneArgs, StoreArgs, StoreCommand};
use super::keep::Keep;
use super::{Exit, Failure, Streams, setup};
use crate::archive::store::{StoreError, VERSION};
use crate::render::{escape, store as page};

/// Runs what is to be done with the store as a whole.
pub(super) fn run(command: &StoreCommand, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    match command {
        StoreCommand::Path(args) => path(args, streams),
        StoreCommand::Stats(args) => stats(args, streams),
        StoreCommand::Check(args) => check(args, streams),
        StoreCommand::Export(args) => export(args, streams),
    }
}

/// Where the store is, or would be.
fn path(args: &StoreArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let path = Keep::of(&args.which)?.path;
    match args.format {
        ListFormat::Text => writeln!(streams.out, "{}", escape::terminal(&path.display().to_string()))?,
        ListFormat::Json | ListFormat::Ndjson => document(&page::Place::new(path.clone(), path.exists()), args.format, streams)?,
    }
    Ok(Exit::Ready)
}

fn stats(args: &StoreArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let stats = Keep::of(&args.which)?.required()?.stats()?;
    match args.format {
        ListFormat::Text => streams.out.write_all(page::stats(&stats, streams.width).as_bytes())?,
        ListFormat::Json | ListFormat::Ndjson => document(&stats, args.format, streams)?,
    }
    Ok(Exit::Ready)
}

/// Exits with 4 if anything is wrong.
fn check(args: &StoreArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let store = Keep::of(&args.which)?.required()?;
    let faults = store.check()?;
    let sound = faults.is_empty();
    match args.format {
        ListFormat::Text => {
            let path = store.path().display().to_string();
            streams.out.write_all(page::check(&path, &faults, streams.width).as_bytes())?;
        }
        ListFormat::Json | ListFormat::Ndjson => {
            document(&page::Checked { path: store.path().to_owned(), schema: VERSION, sound, faults }, args.format, streams)?;
        }
    }
    Ok(if sound { Exit::Ready } else { Exit::Internal })
}

/// Exits with 4 if a part could not be read; all else is there.
fn export(args: &StoreArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let store = Keep::of(&args.which)?.required()?;
    let lost = store.export(|line| streams.out.write_all(escape::json_line(&line)?.as_bytes())).map_err(printing)?;
    streams.out.flush()?;
    for what in &lost {
        writeln!(streams.err, "stsready: not exported: {}", escape::terminal(what))?;
    }
    Ok(if lost.is_empty() { Exit::Ready } else { Exit::Internal })
}

/// That a reader has had enough is no fault of the store.
fn printing(error: StoreError) -> Failure {
    match error {
        StoreError::Output(error) => Failure::Output(error),
        error => error.into(),
    }
}

/// Takes old reports away, or says what would go.
pub(super) fn prune(args: &PruneArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let store = Keep::of(&args.store)?.required()?;
    let line = setup::clock()
        .checked_sub(args.older_than)
        .map_err(|_| Failure::Usage("--older-than reaches back beyond the calendar".to_owned()))?;
    let pruned = store.prune(line, args.dry_run)?;
    match args.format {
        ListFormat::Text => streams.out.write_all(page::pruned(&pruned, args.dry_run, streams.width).as_bytes())?,
        ListFormat::Json | ListFormat::Ndjson => {
            document(&page::Pruning::new(line, args.dry_run, pruned), args.format, streams)?;
        }
    }
    Ok(Exit::Ready)
}

/// One object: over several lines, or in one.
fn document(value: &impl Serialize, format: ListFormat, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let text = if format == ListFormat::Ndjson { page::line(value)? } else { page::document(value)? };
    streams.out.write_all(text.as_bytes())?;
    Ok(())
}
