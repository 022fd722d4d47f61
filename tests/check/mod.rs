//! `check` against the lab: a healthy domain, one thing broken, and exactly what must be said of it.
//!
//! One file a family. A row names a scenario, breaks something ([`scene`]), and gives the answer with every finding that is due, of any
//! severity ([`row`]): one too many fails as one too few does.

mod cert;
mod change;
mod dane;
mod disk;
mod domain;
mod drift;
mod fetch;
mod mx;
mod policy;
mod record;
mod reports;
pub(crate) mod row;
mod scene;
mod several;
mod starttls;
mod txt;
mod vantage;

use std::collections::BTreeSet;

pub(crate) use self::scene::Scene;

use self::row::Row;
use crate::run::stsready;

fn tables() -> Vec<Row> {
    [
        domain::rows(),
        record::rows(),
        txt::rows(),
        fetch::rows(),
        policy::rows(),
        mx::rows(),
        starttls::rows(),
        cert::rows(),
        change::rows(),
        dane::rows(),
        disk::rows(),
        drift::rows(),
        reports::rows(),
        several::rows(),
        vantage::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The tables about what breaks on the way, each with its name.
pub(crate) fn faults() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        ("DNS, in tests/check", domain::rows()),
        ("MX hosts, in tests/check", starttls::rows()),
        ("policy hosts, in tests/check", fetch::rows()),
    ]
}

/// Every rule of the catalogue is raised by at least one row: none is there that no real server can meet.
#[test]
fn every_code_is_staged() {
    let rules = stsready(["rules", "--format", "json"]).run().exits(0).json();
    let catalogue: BTreeSet<String> = rules.as_array().unwrap().iter().map(|rule| rule["code"].as_str().unwrap().to_owned()).collect();
    let staged: BTreeSet<String> = tables().iter().flat_map(Row::codes).map(str::to_owned).collect();
    let missing: Vec<&String> = catalogue.difference(&staged).collect();
    assert!(missing.is_empty(), "no row expects {missing:?}");
    let unknown: Vec<&String> = staged.difference(&catalogue).collect();
    assert!(unknown.is_empty(), "rows expect what is no rule: {unknown:?}");
}

#[test]
fn scenarios_have_names_of_their_own() {
    let names: Vec<&str> = tables().iter().map(|row| row.name).collect();
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(distinct.len(), names.len());
}
