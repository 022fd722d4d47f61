//! What the fuzz targets promise, held on their seeds: inputs of every kind, hostile ones, and each that was once a fault.
//!
//! Nothing of libFuzzer is needed for that; `tests/fuzz/run` goes on from here with inputs of its own.

#[path = "fuzz/src/lib.rs"]
mod stsready_fuzz;

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use stsready_fuzz::TARGETS;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_target_has_its_program_and_its_seeds() {
    let known: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&folder().join("src/bin")), known);
    assert_eq!(names(&folder().join("seeds")), known);
}

#[test]
fn every_seed_is_answered_whole_and_cut_off_anywhere() {
    /// So many places to cut at.
    const CUTS: usize = 40;
    let mut wrong = Vec::new();
    for (target, body) in TARGETS {
        let mut seeds: Vec<PathBuf> = std::fs::read_dir(folder().join("seeds").join(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
        seeds.sort();
        assert!(!seeds.is_empty(), "{target} has seeds");
        for seed in seeds {
            let bytes = std::fs::read(&seed).unwrap();
            let cuts = (0..bytes.len()).step_by(bytes.len().div_ceil(CUTS).max(1)).chain([bytes.len()]);
            wrong.extend(cuts.filter(|cut| catch_unwind(|| body(&bytes[..*cut])).is_err()).map(|cut| format!("{}, {cut} bytes of it", seed.display())));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
