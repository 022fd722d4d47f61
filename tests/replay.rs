//! Situations replayed: facts made from a healthy domain and what deviates, judged, and held against what is due.
//!
//! A file of `tests/replay/` is a table of situations ([`situation::Situation`] says what a row may tell); a reader sees only what differs
//! from `shop.example` in good order. Reports are written as RFC 8460 has them and read back as the tool reads them, once out of the files
//! and once out of a store: both must be judged alike.

mod properties;
mod situation;
mod world;

use std::collections::BTreeSet;
use std::path::Path;

use self::situation::Situation;
use self::world::World;

/// Every situation, with the file that it stands in.
fn situations() -> Vec<(String, Situation)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "toml"));
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let table: situation::Table =
            toml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        all.extend(table.situation.into_iter().map(|situation| (name.clone(), situation)));
    }
    all
}

#[test]
fn every_situation_is_judged_as_it_is_due() {
    let world = World::new();
    let situations = situations();
    assert!(situations.len() >= 60, "{} situations", situations.len());
    let names: BTreeSet<&str> = situations.iter().map(|(_, situation)| situation.name.as_str()).collect();
    assert_eq!(names.len(), situations.len(), "each has a name of its own");
    let mut wrong = Vec::new();
    for (file, situation) in &situations {
        let differences = world.replay(situation);
        if !differences.is_empty() {
            wrong.push(format!("== {file}: {}\n{}", situation.name, differences.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} situations\n{}", wrong.len(), situations.len(), wrong.join("\n\n"));
}
