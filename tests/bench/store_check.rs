//! The reports stage of a `check` out of a store with 1,000,000 reports about 1,000 domains: a year from three reporters.
//!
//! `cargo bench --bench store_check`. What the store says about one domain, opened anew each time, must be there within 50 ms; that of
//! 120 days, as `check` asks, and that of everything. `STSREADY_BENCH_REPORTS` makes it smaller; `STSREADY_BENCH_STORE` names a store to
//! be kept and used again.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and may panic"
)]

#[path = "../corpus.rs"]
mod corpus;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use stsready::archive::store::Store;

use corpus::Corpus;

const DOMAINS: usize = 1_000;
/// Domains asked about, far from one another.
const ASKED: usize = 50;
const LIMIT: Duration = Duration::from_millis(50);

fn main() {
    // `cargo test --all-targets` runs benchmarks once, without `--bench`: then there is nothing to measure.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let reports = std::env::var("STSREADY_BENCH_REPORTS").ok().and_then(|number| number.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let kept = std::env::var_os("STSREADY_BENCH_STORE").map(PathBuf::from);
    let path = kept.unwrap_or_else(|| folder.path().join("store.sqlite"));
    let corpus = Corpus::new(DOMAINS, reports);
    if !path.exists() {
        build(corpus, &path);
    }
    let stats = Store::open(&path).and_then(|store| store.stats()).expect("readable");
    println!(
        "{} reports, {} domains, {} MiB, {} bytes a report",
        stats.reports.total,
        stats.domains,
        stats.bytes >> 20,
        stats.bytes_a_report.unwrap_or(0)
    );
    let check = corpus.end() - SignedDuration::from_hours(24 * 120);
    for (what, since) in [("120 days", check), ("everything", Timestamp::UNIX_EPOCH)] {
        ask(corpus, &path, what, since);
    }
}

fn build(corpus: Corpus, path: &Path) {
    let begun = Instant::now();
    let store = Store::open(path).expect("made");
    let mut intake = store.intake(corpus.end()).expect("an intake");
    for parcel in corpus.parcels() {
        intake.take(parcel).expect("taken");
    }
    let tally = intake.finish().expect("kept");
    println!("built: {} reports in {:.1} s, their text included", tally.new, begun.elapsed().as_secs_f64());
}

fn ask(corpus: Corpus, path: &Path, what: &str, since: Timestamp) {
    let mut times = Vec::new();
    let mut rows = 0;
    for number in 0..ASKED {
        let domain = corpus.domain(number * 397);
        let begun = Instant::now();
        let store = Store::open_existing(path).expect("sound").expect("there");
        let facts = store.facts(&domain, since, false).expect("readable");
        times.push(begun.elapsed());
        rows += facts.reports.len();
    }
    times.sort_unstable();
    let (median, worst) = (times[ASKED / 2], times[ASKED - 1]);
    println!(
        "{what}: {} reports of a domain: median {:.1} ms, worst {:.1} ms",
        rows / ASKED,
        median.as_secs_f64() * 1e3,
        worst.as_secs_f64() * 1e3
    );
    assert!(rows >= ASKED, "there are reports about each");
    assert!(median <= LIMIT, "{median:?} is more than {LIMIT:?}");
}
