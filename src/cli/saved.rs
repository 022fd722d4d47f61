//! Facts files: what was observed, kept for later and for elsewhere.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::Failure;
use super::whole::Whole;
use crate::model::facts::{Facts, SCHEMA};
use crate::wire::name::Domain;

/// Reads one facts object, an array of them, or one a line.
fn read(path: &Path) -> Result<Vec<Facts>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::Read { path: path.to_owned(), error })?;
    let wrong =
        |error: &dyn std::fmt::Display| Failure::Usage(format!("{} is no facts file: {error}; --save-facts writes one", path.display()));
    let mut all = Vec::new();
    for value in serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>() {
        let value = value.map_err(|error| wrong(&error))?;
        let values = match value {
            serde_json::Value::Array(values) => values,
            one => vec![one],
        };
        for value in values {
            let facts: Facts = serde_json::from_value(value).map_err(|error| wrong(&error))?;
            if facts.schema != SCHEMA {
                return Err(wrong(&format!("its schema is {:?}, not {SCHEMA:?}", facts.schema)));
            }
            all.push(facts);
        }
    }
    if all.is_empty() { Err(wrong(&"it is empty")) } else { Ok(all) }
}

/// Reads all files; the facts of each domain together, in the order in which the domains first appear.
pub(super) fn by_domain(paths: &[PathBuf]) -> Result<Vec<(Domain, Vec<Facts>)>, Failure> {
    let mut groups: Vec<(Domain, Vec<Facts>)> = Vec::new();
    let mut places: HashMap<Domain, usize> = HashMap::new();
    for facts in paths.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        let place = *places.entry(facts.domain.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push(facts),
            None => groups.push((facts.domain.clone(), vec![facts])),
        }
    }
    Ok(groups)
}

/// Writes facts whole or not at all.
pub(super) fn write(path: &Path, facts: &[Facts]) -> Result<(), Failure> {
    let text = match facts {
        [one] => serde_json::to_string_pretty(one)?,
        many => serde_json::to_string_pretty(many)?,
    };
    let mut whole = Whole::begin(path)?;
    whole.write_all(text.as_bytes()).and_then(|()| whole.write_all(b"\n")).map_err(|error| whole.failed(error))?;
    whole.finish()
}
