//! What the fuzz targets promise, held on their seeds: inputs of every kind, hostile ones, and each that was once a fault; and on what
//! becomes of seeds when they are spoilt.
//!
//! Nothing of libFuzzer is needed for that; `tests/fuzz/run` goes on from here, and learns on the way.

mod spoiling;
#[path = "fuzz/src/lib.rs"]
mod stsready_fuzz;

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use spoiling::Spoiler;
use stsready::wire::fingerprint::Fingerprint;
use stsready_fuzz::{TARGETS, Target};

/// So many seconds each target is given spoilt seeds; without it so many as a build should take.
const SECONDS: &str = "STSREADY_FUZZ_SECONDS";
/// Any number: others make other inputs. The same one makes the same, so that a build fails for what was changed and not by luck.
const NUMBER: &str = "STSREADY_FUZZ_NUMBER";
/// So many are that.
const INPUTS: usize = 60;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder().join("seeds").join(target)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn every_target_has_its_program_and_its_seeds() {
    let known: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&folder().join("src/bin")), known);
    assert_eq!(names(&folder().join("seeds")), known);
    assert!(names(&folder().join("dictionaries")).is_subset(&known));
}

#[test]
fn every_seed_is_answered_whole_and_cut_off_anywhere() {
    /// So many places to cut at.
    const CUTS: usize = 40;
    let mut wrong = Vec::new();
    for (target, body) in TARGETS {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{target} has seeds");
        for (path, bytes) in seeds {
            let cuts = (0..bytes.len()).step_by(bytes.len().div_ceil(CUTS).max(1)).chain([bytes.len()]);
            let fails = |cut: &usize| catch_unwind(|| body(&bytes[..*cut])).is_err();
            wrong.extend(cuts.filter(fails).map(|cut| format!("{}, {cut} bytes of it", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn spoilt_seeds_are_answered() {
    let said = |name| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let (span, number) = (said(SECONDS).map(Duration::from_secs), said(NUMBER).unwrap_or(0));
    let (left, wrong) = (Mutex::new(TARGETS.iter()), Mutex::new(Vec::new()));
    let next = || left.lock().unwrap().next();
    let cores = std::thread::available_parallelism().unwrap().get();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(target) = next() {
                    let input = spoil(target, span, number);
                    wrong.lock().unwrap().extend(input);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "a promise was broken; the inputs: {wrong:#?}");
}

/// The first input that breaks a promise, kept in a file.
#[expect(clippy::print_stderr, reason = "a run for a given time says how far it came")]
fn spoil((target, body): &Target, span: Option<Duration>, number: u64) -> Option<PathBuf> {
    let words =
        std::fs::read_to_string(folder().join("dictionaries").join(target)).map_or_else(|_| Vec::new(), |text| spoiling::words(&text));
    let mut spoiler = Spoiler::new(seeds(target).into_iter().map(|(_, bytes)| bytes).collect(), words, number);
    let (begun, mut inputs) = (Instant::now(), 0_usize);
    while span.map_or(inputs < INPUTS, |span| begun.elapsed() < span) {
        let input = spoiler.next();
        inputs += 1;
        if catch_unwind(|| body(&input)).is_err() {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}-{}", Fingerprint::of(&input).short()));
            std::fs::write(&kept, &input).unwrap();
            return Some(kept);
        }
    }
    if span.is_some() {
        eprintln!("{target}: {inputs} inputs");
    }
    None
}
