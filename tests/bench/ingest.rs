//! 100,000 gzip reports in files, into a fresh store: seconds, memory, bytes a report; beside bare rusqlite with the same rows.
//!
//! `cargo bench --bench ingest`. The command must keep within 200 MiB, be linear, take at most 1 KB of store a clean report, and have
//! nothing to do the second time; and take, from opening the files on, within 1.5 times as long as inserting the rows it comes to, with
//! nothing known about reports. Beside that stands the store's own work on one thread, which the command shares out among its threads.
//! `STSREADY_BENCH_REPORTS` makes it smaller.

#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and may panic"
)]

#[path = "../corpus.rs"]
mod corpus;
#[path = "../documents.rs"]
mod documents;
#[path = "../lab/mod.rs"]
mod lab;
#[path = "../run.rs"]
mod run;

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params_from_iter, types::Value};
use stsready::archive::intake::Parcel;
use stsready::archive::store::Store;

use corpus::Corpus;
use run::{Run, stsready};

/// The best of so many counts.
const TAKES: usize = 3;

fn main() {
    // `cargo test --all-targets` runs benchmarks once, without `--bench`: then there is nothing to measure.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let reports = std::env::var("STSREADY_BENCH_REPORTS").ok().and_then(|number| number.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().expect("a folder");
    let bare = own_work(folder.path(), reports);
    let whole = command(folder.path(), reports);
    let ratio = whole / bare.as_secs_f64();
    let met = if ratio <= 1.5 { "met" } else { "missed" };
    println!("the whole command takes {ratio:.2} times as long as bare rusqlite with its rows (<= 1.5: {met})");
}

/// The store's own work, beside the same rows into the same tables; the best of several takes in turns, for a disk has its moods.
fn own_work(folder: &Path, reports: usize) -> Duration {
    let corpus = Corpus::new(1_000, reports);
    let (mut own, mut least) = (Duration::MAX, Duration::MAX);
    for take in 0..TAKES {
        let path = folder.join(format!("own{take}.sqlite"));
        let store = Store::open(&path).expect("made");
        let parcels: Vec<Parcel> = corpus.parcels().collect();
        settle();
        let begun = Instant::now();
        let mut intake = store.intake(corpus.end()).expect("an intake");
        for parcel in parcels {
            intake.take(parcel).expect("taken");
        }
        assert_eq!(intake.finish().expect("kept").new, reports as u64);
        own = own.min(begun.elapsed());
        drop(store);
        least = least.min(bare(&path, &folder.join(format!("bare{take}.sqlite"))));
    }
    let ratio = own.as_secs_f64() / least.as_secs_f64();
    println!(
        "the store's own work, on one thread: {reports} reports in {:.2} s ({:.0} a second); bare rusqlite, the same rows: {:.2} s; ratio {ratio:.2}",
        own.as_secs_f64(),
        reports as f64 / own.as_secs_f64(),
        least.as_secs_f64(),
    );
    least
}

/// What was written before goes to the disk before, not while something is timed.
fn settle() {
    assert!(std::process::Command::new("sync").status().expect("coreutils").success());
}

/// Reads every row of the store into memory, then times their insertion in the order in which they came, in batches as large.
fn bare(from: &Path, into: &Path) -> Duration {
    let source = Connection::open(from).expect("there");
    let names = |sql: &str| -> Vec<String> {
        let mut select = source.prepare(sql).expect("a table");
        select.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("rows")
    };
    let tables = ["text", "report", "entry", "stamp"];
    let rows: Vec<Vec<(usize, Vec<Value>)>> = batches(&source, &tables);
    drop(Store::open(into).expect("made"));
    let target = Connection::open(into).expect("there");
    target.execute_batch("PRAGMA synchronous = full; PRAGMA cache_size = -32768; DELETE FROM text").expect("set");
    let inserts: Vec<String> = tables
        .iter()
        .map(|table| {
            let columns = names(&format!("SELECT name FROM pragma_table_info('{table}')")).len();
            format!("INSERT INTO {table} VALUES ({})", vec!["?"; columns].join(", "))
        })
        .collect();
    settle();
    let begun = Instant::now();
    for batch in rows {
        target.execute_batch("BEGIN IMMEDIATE").expect("begun");
        for (table, row) in batch {
            target.prepare_cached(&inserts[table]).expect("a statement").execute(params_from_iter(row)).expect("inserted");
        }
        target.execute_batch("COMMIT").expect("kept");
    }
    begun.elapsed()
}

/// The rows as they came: texts before the reports that use them, a report before its entries and its file's stamp.
fn batches(source: &Connection, tables: &[&str]) -> Vec<Vec<(usize, Vec<Value>)>> {
    const REPORTS: usize = 5_333;
    let read = |sql: &str| -> Vec<Vec<Value>> {
        let mut select = source.prepare(sql).expect("a table");
        let columns = select.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect();
        select.query_map([], row).expect("rows").collect::<Result<_, _>>().expect("rows")
    };
    let mut batches = Vec::new();
    let texts = read("SELECT * FROM text ORDER BY id");
    batches.push(texts.into_iter().map(|row| (0, row)).collect());
    let (reports, entries, stamps) =
        (read("SELECT * FROM report ORDER BY id"), read("SELECT * FROM entry ORDER BY report, position"), read("SELECT * FROM stamp"));
    let (mut entries, mut stamps) = (entries.into_iter().peekable(), stamps.into_iter());
    for some in reports.chunks(REPORTS) {
        let mut batch = Vec::new();
        for report in some {
            batch.push((1, report.clone()));
            while let Some(entry) = entries.next_if(|entry| entry[2] == report[0]) {
                batch.push((2, entry));
            }
            batch.extend(stamps.next().map(|stamp| (3, stamp)));
        }
        batches.push(batch);
    }
    assert_eq!((tables.len(), entries.next()), (4, None));
    batches
}

/// The command, from files to the end; its seconds for all of them.
fn command(folder: &Path, reports: usize) -> f64 {
    let mut seconds = Vec::new();
    for (name, number) in [("half", reports / 2), ("whole", reports)] {
        let files = folder.join(name);
        let corpus = Corpus::new(1_000, number);
        let begun = Instant::now();
        let bytes = corpus.write(&files);
        println!("{number} files of {} bytes on average, made in {:.1} s", bytes / number, begun.elapsed().as_secs_f64());
        let mut runs = Vec::new();
        for take in 0..TAKES {
            let store = folder.join(format!("{name}{take}.sqlite"));
            settle();
            let first = ingest(&files, &store);
            runs.push((first, ingest(&files, &store), store));
        }
        let (first, second, store) = runs.into_iter().min_by_key(|(first, ..)| first.taken).expect("takes");
        let kept = Store::open_existing(&store).expect("sound").expect("there").stats().expect("readable");
        assert_eq!(kept.reports.total, number as u64, "{first}");
        let each = kept.bytes_a_report.expect("there are reports");
        let (one, two) = (first.taken.as_secs_f64(), second.taken.as_secs_f64());
        println!(
            "ingest: {number} reports in {one:.2} s ({:.0} a second), peak {} MiB, {each} bytes of store a report; again in {two:.2} s \
             ({:.1} times faster), peak {} MiB",
            number as f64 / one,
            first.peak_kib / 1024,
            one / two,
            second.peak_kib / 1024,
        );
        assert!(first.peak_kib <= 200 * 1024 && second.peak_kib <= 200 * 1024, "memory");
        assert!(each <= 1_000, "{each} bytes a report");
        println!("a second run that finds nothing new is at least 5 times as fast: {}", if one >= 5.0 * two { "met" } else { "missed" });
        seconds.push(one);
    }
    let growth = seconds[1] / seconds[0];
    println!("twice as many take {growth:.2} times as long (linear is 2)");
    seconds[1]
}

fn ingest(files: &Path, store: &Path) -> Run {
    stsready(["reports", "ingest", "--no-dkim"]).args([files]).args(["--store".as_ref(), store.as_os_str()]).run().exits(0)
}
