//! What was observed of a domain, out of the store.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::text::{self, Texts};
use super::value::{instant, uncount, unjson, unreadable};
use super::{Store, StoreError};
use crate::model::facts::Der;
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{Day, History, Span, Subject};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

impl Store {
    /// Everything observed of `domain`, as of one moment.
    pub fn history(&self, domain: &Domain) -> Result<History, StoreError> {
        self.read_at_once(|connection| match text::find(connection, domain.as_str())? {
            Some(number) => history(connection, number, domain.clone()),
            None => Ok(History::nothing(domain.clone())),
        })
    }
}

/// The history of a domain by its number.
pub(super) fn history(connection: &Connection, number: i64, domain: Domain) -> Result<History> {
    let mut texts = Texts::of(connection);
    let subjects = subjects(connection, &mut texts, number)?;
    let certificates = certificates(connection, &subjects)?;
    Ok(History { domain, subjects, days: days(connection, &mut texts, number)?, certificates, leaves: BTreeMap::new() })
}

/// Every domain that was looked at, with its number.
pub(super) fn observed(connection: &Connection) -> Result<Vec<(i64, Domain)>> {
    let mut select = connection
        .prepare("SELECT id, value FROM text WHERE id IN (SELECT domain FROM subject UNION SELECT domain FROM look) ORDER BY value")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, Domain::from_dns(row.get_ref(1)?.as_str()?))))?;
    rows.collect()
}

fn subjects(connection: &Connection, texts: &mut Texts<'_>, domain: i64) -> Result<Vec<Subject>> {
    let mut select = connection.prepare_cached("SELECT id, kind, name, looked_at FROM subject WHERE domain = ?1")?;
    let mut rows = select.query([domain])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let name = texts.get(row.get(2)?)?.as_ref().to_owned();
        let subject = Subject {
            kind: kind(row.get_ref(1)?.as_str()?)?,
            name,
            looked_at: instant(row.get(3)?)?,
            spans: spans(connection, texts, row.get(0)?)?,
        };
        found.push(subject);
    }
    found.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok(found)
}

fn kind(name: &str) -> Result<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| unreadable(&format!("{name:?} is nothing that is observed")))
}

fn spans(connection: &Connection, texts: &mut Texts<'_>, subject: i64) -> Result<Vec<Span>> {
    let mut select =
        connection.prepare_cached("SELECT value, first_seen, last_seen FROM span WHERE subject = ?1 ORDER BY first_seen, value")?;
    let mut rows = select.query([subject])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let seen: Seen = unjson(&texts.get(row.get(0)?)?)?;
        found.push(Span { seen, first_seen: instant(row.get(1)?)?, last_seen: instant(row.get(2)?)? });
    }
    Ok(found)
}

fn days(connection: &Connection, texts: &mut Texts<'_>, domain: i64) -> Result<Vec<Day>> {
    let mut select = connection.prepare_cached(
        "SELECT day, vantage, times, first_at, last_at, proven, broken, given FROM look WHERE domain = ?1 ORDER BY day, first_at, vantage",
    )?;
    let mut rows = select.query([domain])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Day {
            day: row.get_ref(0)?.as_str()?.parse().map_err(|error: jiff::Error| unreadable(&error))?,
            vantage: texts.get(row.get(1)?)?.as_ref().to_owned(),
            times: uncount(row.get(2)?)?,
            first_at: instant(row.get(3)?)?,
            last_at: instant(row.get(4)?)?,
            proven: unjson(&texts.get(row.get(5)?)?)?,
            broken: row.get::<_, Option<String>>(6)?.map_or_else(|| Ok(Vec::new()), |text| unjson(&text))?,
            given: row.get::<_, Option<String>>(7)?.map_or_else(|| Ok(Vec::new()), |text| unjson(&text))?,
        });
    }
    Ok(found)
}

/// The certificates of all chains, as far as they are there.
fn certificates(connection: &Connection, subjects: &[Subject]) -> Result<BTreeMap<Fingerprint, Der>> {
    let mut select = connection.prepare_cached("SELECT der FROM certificate WHERE sha256 = ?1")?;
    let mut found = BTreeMap::new();
    for span in subjects.iter().flat_map(|subject| &subject.spans) {
        let Seen::Chain { certificates, .. } = &span.seen else { continue };
        for sha256 in certificates {
            if !found.contains_key(sha256)
                && let Some(der) = select.query_row(params![sha256.as_bytes()], |row| row.get(0)).optional()?
            {
                found.insert(*sha256, Der(der));
            }
        }
    }
    Ok(found)
}
