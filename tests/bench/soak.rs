//! Whether anything grows when the same is done again and again: memory, open files and sockets, threads, the store.
//!
//! `cargo bench --bench soak -- --minutes 60` (2 unless given). One process serves the lab, another goes through the commands in a loop, as a
//! daemon would that called the library: a healthy domain, one whose policy host answers 404, one without STARTTLS, one whose MX host is
//! silent, one whose DNS fails; all with one store, into which the same reports are read again in each round. Nothing changes out there, so
//! from the second tenth of the time to the last nothing may grow. Ends with 1 if something does.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints, and may panic")]

#[path = "../lab/mod.rs"]
mod lab;
#[path = "../letters.rs"]
mod letters;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use lab::{Ehlo, Fault, Greeting, Https, Lab, Page, Smtp};
use stsready::cli::{Exit, Streams};

const HEALTHY: &str = "alpha.test";
const DOMAINS: [&str; 5] = [HEALTHY, "unpublished.test", "plain.test", "silent.test", "unknown.test"];
/// A machine that does other things as well is no fault.
const PATIENCE: &str = "30s";
/// Samples that are printed, and held against each other.
const SAMPLES: u32 = 30;
/// An allocator keeps what it once had to have: so much more is no leak.
const SLACK_KIB: u64 = 4 * 1024;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    // `cargo test --all-targets` runs benchmarks once, without `--bench`: then there is nothing to measure.
    if !words.iter().any(|word| word == "--bench") {
        return ExitCode::SUCCESS;
    }
    let after = |option: &str| words.iter().position(|word| word == option).and_then(|at| words.get(at + 1));
    let minutes: f64 = after("--minutes").map_or(2.0, |minutes| minutes.parse().expect("minutes"));
    match words.iter().position(|word| word == "--lab") {
        Some(at) => walk(Duration::from_secs_f64(minutes * 60.0), Path::new(&words[at + 1]), &words[at + 2..]),
        None => serve(minutes),
    }
}

/// Serves the lab to a process of its own, whose memory is then its own.
fn serve(minutes: f64) -> ExitCode {
    let lab = Lab::start_blocking().expect("the lab needs 127.0.0.0/8");
    let domains = DOMAINS.map(|name| lab.good_domain(name, |plan| plan.mode = "enforce".into()));
    let [healthy, unpublished, plain, silent, _] = &domains;
    unpublished.policy_host.set(Https::serving(Page::status(404)));
    plain.mx[0].1.set(Smtp { ehlo: Ehlo::WithoutStarttls, ..Smtp::default() });
    silent.mx[0].1.set(Smtp { greeting: Greeting::Silent, ..Smtp::default() });
    lab.dns().fault("_mta-sts.unknown.test", Fault::ServFail);
    let reports = lab.folder().join("reports");
    fs::create_dir(&reports).expect("a folder");
    for letter in letters::clean(HEALTHY, &healthy.policy, 1..=14) {
        letter.write_gzip(&reports);
    }
    let own = std::env::current_exe().expect("this program");
    let status =
        Command::new(own).args(["--bench", "--minutes", &minutes.to_string(), "--lab"]).arg(lab.folder()).args(lab.args()).status();
    if status.expect("this program starts").success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is held at one time.
#[derive(Clone, Copy, Debug)]
struct Held {
    memory_kib: u64,
    files: usize,
    threads: usize,
    store: u64,
}

impl Held {
    fn now(store: &Path) -> Self {
        let status = fs::read_to_string("/proc/self/status").expect("a system with /proc");
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        let count = |folder: &str| fs::read_dir(folder).expect("a system with /proc").count();
        Self {
            memory_kib: memory.trim().trim_end_matches(" kB").trim().parse().expect("a number"),
            files: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
            store: fs::metadata(store).map_or(0, |store| store.len()),
        }
    }
}

/// Goes round until the time is over.
fn walk(time: Duration, folder: &Path, lab: &[String]) -> ExitCode {
    let (store, reports) = (folder.join("store.sqlite"), folder.join("reports"));
    let call = |words: &[&str], at_lab: bool, exit: Exit| {
        let mut line: Vec<OsString> = ["stsready"].iter().chain(words).map(OsString::from).collect();
        line.extend(["--store".into(), store.clone().into_os_string()]);
        line.extend(if at_lab { lab.iter().map(OsString::from).collect() } else { Vec::new() });
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let ended = stsready::cli::run(line, &mut Streams { out: &mut out, err: &mut err, width: 100, progress: false });
        assert_eq!(ended, exit, "{words:?}: {}{}", String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    };
    let folder = reports.to_str().expect("a name");
    let begun = Instant::now();
    let (mut rounds, mut samples) = (0_u64, Vec::new());
    while begun.elapsed() < time {
        call(&["reports", "ingest", folder], false, Exit::Ready);
        for (domain, exit, patience) in [
            (HEALTHY, Exit::Ready, PATIENCE),
            ("unpublished.test", Exit::NotReady, PATIENCE),
            ("plain.test", Exit::NotReady, PATIENCE),
            ("silent.test", Exit::Inconclusive, "1s"),
            ("unknown.test", Exit::Inconclusive, PATIENCE),
        ] {
            call(&["check", domain, "--format", "html", "--timeout", patience], true, exit);
        }
        call(&["expiry", HEALTHY, "--timeout", PATIENCE], true, Exit::Ready);
        call(&["reports", "digest"], false, Exit::Ready);
        rounds += 1;
        if begun.elapsed() >= time / SAMPLES * u32::try_from(samples.len()).expect("few") {
            let held = Held::now(&store);
            println!(
                "{:>5} s  {rounds:>6} rounds  {:>6} KiB  {:>3} files  {:>3} threads  store {} bytes",
                begun.elapsed().as_secs(),
                held.memory_kib,
                held.files,
                held.threads,
                held.store
            );
            samples.push(held);
        }
    }
    verdict(&samples)
}

/// Holds the end against the second tenth of the time; before that caches fill. Of each the least counts: what is held for a moment is no
/// leak, and a leak lifts the least as well.
fn verdict(samples: &[Held]) -> ExitCode {
    let tenth = samples.len().div_ceil(10);
    let (Some(early), Some(late)) = (samples.get(tenth..2 * tenth), samples.get(samples.len().saturating_sub(tenth)..)) else {
        println!("too few rounds to tell");
        return ExitCode::FAILURE;
    };
    let least = |samples: &[Held], of: fn(&Held) -> u64| samples.iter().map(of).min().unwrap_or(0);
    let mut grown = false;
    for (what, of, slack) in [
        ("memory (KiB)", (|held| held.memory_kib) as fn(&Held) -> u64, SLACK_KIB),
        ("open files", |held| held.files as u64, 0),
        ("threads", |held| held.threads as u64, 0),
        ("store (bytes)", |held| held.store, 0),
    ] {
        let (before, after) = (least(early, of), least(late, of));
        let grew = after > before + slack;
        println!("{what}: {before} to {after}: {}", if grew { "it grows" } else { "flat" });
        grown |= grew;
    }
    if grown { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
