//! `store path|stats|check|export` and `reports prune`: the store as a whole.

use std::path::PathBuf;

use serde::Serialize;

use super::args::{ListFormat, PruneArgs, StoreArgs, StoreCommand, WhichStore};
use super::config::Config;
use super::{Exit, Failure, Streams, setup};
use crate::archive::store::{Pruned, Stats, Store, StoreError, VERSION};
use crate::render::escape;
use crate::render::page::{Look, Page};

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
    #[derive(Serialize)]
    struct Place {
        path: PathBuf,
        exists: bool,
    }
    let path = located(&args.which)?;
    match args.format {
        ListFormat::Text => writeln!(streams.out, "{}", escape::terminal(&path.display().to_string()))?,
        ListFormat::Json | ListFormat::Ndjson => document(&Place { exists: path.exists(), path }, args.format, streams)?,
    }
    Ok(Exit::Ready)
}

fn stats(args: &StoreArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let stats = existing(&args.which)?.stats()?;
    match args.format {
        ListFormat::Text => streams.out.write_all(table(&stats, streams.width).as_bytes())?,
        ListFormat::Json | ListFormat::Ndjson => document(&stats, args.format, streams)?,
    }
    Ok(Exit::Ready)
}

fn table(stats: &Stats, width: usize) -> String {
    let states = stats.reports;
    let mut page = Page::new(width);
    page.line(&[(Look::Strong, &stats.path.display().to_string())]);
    let row = |name: &str, value: String| vec![(Look::Faint, name.to_owned()), (Look::Plain, value)];
    let mut rows = vec![
        row("reports", states.total.to_string()),
        row(
            "  by proof",
            format!(
                "{} verified, {} plain files, {} not verified, {} with a wrong signature",
                states.verified, states.operator, states.unverifiable, states.failed
            ),
        ),
    ];
    if let (Some(first), Some(last)) = (stats.first, stats.last) {
        rows.push(row("  periods", format!("{first} to {last}")));
    }
    rows.extend([
        row("  about", format!("{} domains, by {} reporters", stats.domains, stats.reporters)),
        row("  texts kept", stats.texts_kept.to_string()),
        row("rejected", stats.rejections.to_string()),
        row("read", format!("{} files, {} IMAP folders", stats.files, stats.folders)),
        row(
            "observed",
            format!("{} values at {} domains, {} certificates", stats.observations, stats.observed_domains, stats.certificates),
        ),
        row("size", size(stats)),
        row("schema", stats.schema.to_string()),
    ]);
    page.table(2, &rows);
    page.finish()
}

fn size(stats: &Stats) -> String {
    match stats.bytes_a_report {
        Some(each) => format!("{} ({each} bytes a report)", bytes(stats.bytes)),
        None => bytes(stats.bytes),
    }
}

/// With the unit that leaves few digits.
fn bytes(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        10_000..=9_999_999 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// Exits with 4 if anything is wrong.
fn check(args: &StoreArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Checked {
        path: PathBuf,
        schema: u32,
        sound: bool,
        faults: Vec<String>,
    }
    let store = existing(&args.which)?;
    let faults = store.check()?;
    let sound = faults.is_empty();
    match args.format {
        ListFormat::Text => {
            let mut page = Page::new(streams.width);
            let path = store.path().display().to_string();
            let (look, word) = if sound { (Look::Good, "sound") } else { (Look::Bad, "damaged") };
            page.line(&[(look, word), (Look::Plain, "  "), (Look::Plain, &path)]);
            for fault in &faults {
                page.paragraph(&[(Look::Bad, "  - ")], Look::Plain, fault);
            }
            if !sound {
                let way_out = "`stsready store export` saves what can still be read; then move the file away and ingest the reports again";
                page.paragraph(&[(Look::Plain, "  ")], Look::Plain, way_out);
            }
            streams.out.write_all(page.finish().as_bytes())?;
        }
        ListFormat::Json | ListFormat::Ndjson => {
            document(&Checked { path: store.path().to_owned(), schema: VERSION, sound, faults }, args.format, streams)?;
        }
    }
    Ok(if sound { Exit::Ready } else { Exit::Internal })
}

/// Exits with 4 if a part could not be read; all else is there.
fn export(args: &StoreArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let store = existing(&args.which)?;
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
    let store = existing(&args.store)?;
    let line = setup::clock()
        .checked_sub(args.older_than)
        .map_err(|_| Failure::Usage("--older-than reaches back beyond the calendar".to_owned()))?;
    let pruned = store.prune(line, args.dry_run)?;
    match args.format {
        ListFormat::Text => writeln!(streams.out, "{}", told(&pruned, args.dry_run))?,
        ListFormat::Json | ListFormat::Ndjson => {
            #[derive(Serialize)]
            struct Line {
                older_than: jiff::Timestamp,
                dry_run: bool,
                #[serde(flatten)]
                pruned: Pruned,
            }
            document(&Line { older_than: line, dry_run: args.dry_run, pruned }, args.format, streams)?;
        }
    }
    Ok(Exit::Ready)
}

fn told(pruned: &Pruned, dry_run: bool) -> String {
    let what = format!("{} reports and {} rejections", pruned.reports, pruned.rejections);
    let stays = format!("{} reports stay, and all that live checks observed", pruned.reports_kept);
    if dry_run {
        format!("{what} would go; {stays}")
    } else {
        format!("{what} are gone; {stays}; {} before, {} now", bytes(pruned.bytes_before), bytes(pruned.bytes_after))
    }
}

fn located(which: &WhichStore) -> Result<PathBuf, Failure> {
    Config::load(which)?.store(which)
}

fn existing(which: &WhichStore) -> Result<Store, Failure> {
    let path = located(which)?;
    Store::open_existing(&path)?
        .ok_or_else(|| Failure::Usage(format!("there is no store at {} yet; `stsready reports ingest PATH` makes one", path.display())))
}

/// One object: over several lines, or in one.
fn document(value: &impl Serialize, format: ListFormat, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let text = if format == ListFormat::Ndjson { escape::json_line(value)? } else { escape::json_pretty(value)? };
    streams.out.write_all(text.as_bytes())?;
    Ok(())
}
