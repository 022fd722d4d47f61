//! What a live check saw, into the store: a row for each value and the time it lasted.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::text::{self, Interner};
use super::value::{json, nanos, unjson};
use super::{Store, StoreError};
use crate::model::facts::Facts;
use crate::model::history::Fared;
use crate::model::history::seen::{self, Look};

impl Store {
    /// Notes what a live check observed, and how the MX addresses fared in it. What it could not look at stays as it was; a look older
    /// than the newest one at the same subject changes nothing there. A check that could look at nothing leaves no trace.
    pub fn observe(&self, facts: &Facts, fared: &Fared) -> Result<(), StoreError> {
        let looks = seen::of(facts);
        if looks.is_empty() {
            return Ok(());
        }
        self.write(|connection| {
            let mut texts = Interner::default();
            let domain = texts.number(connection, facts.domain.as_str())?;
            for (sha256, der) in &facts.certificates {
                let row = params![sha256.as_bytes(), der.0];
                connection.prepare_cached("INSERT INTO certificate VALUES (?1, ?2) ON CONFLICT DO NOTHING")?.execute(row)?;
            }
            for look in &looks {
                note(connection, &mut texts, domain, look, facts.observed_at)?;
            }
            day(connection, &mut texts, domain, facts, fared)
        })
    }
}

fn note(connection: &Connection, texts: &mut Interner, domain: i64, look: &Look, at: Timestamp) -> Result<()> {
    let name = texts.number(connection, &look.name)?;
    let known: Option<(i64, i64)> = connection
        .prepare_cached("SELECT id, looked_at FROM subject WHERE domain = ?1 AND kind = ?2 AND name = ?3")?
        .query_row(params![domain, look.kind.as_str(), name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let at = nanos(at);
    let (subject, before) =
        match known {
            Some((_, before)) if before >= at => return Ok(()),
            Some((subject, before)) => {
                connection.prepare_cached("UPDATE subject SET looked_at = ?2 WHERE id = ?1")?.execute([subject, at])?;
                (subject, before)
            }
            None => {
                connection
                    .prepare_cached("INSERT INTO subject (domain, kind, name, looked_at) VALUES (?1, ?2, ?3, ?4)")?
                    .execute(params![domain, look.kind.as_str(), name, at])?;
                (connection.last_insert_rowid(), at)
            }
        };
    // A value goes on if the look before saw it, or if it may have been away meanwhile.
    let since = if look.kind.rejoins() { i64::MIN } else { before };
    for value in &look.values {
        let value = texts.number(connection, &json(value)?)?;
        let first: Option<i64> = connection
            .prepare_cached("SELECT max(first_seen) FROM span WHERE subject = ?1 AND value = ?2 AND last_seen >= ?3")?
            .query_row([subject, value, since], |row| row.get(0))?;
        match first {
            Some(first) => connection
                .prepare_cached("UPDATE span SET last_seen = ?4 WHERE subject = ?1 AND first_seen = ?2 AND value = ?3")?
                .execute([subject, first, value, at])?,
            None => connection
                .prepare_cached("INSERT INTO span (subject, first_seen, value, last_seen) VALUES (?1, ?2, ?3, ?2)")?
                .execute([subject, at, value])?,
        };
    }
    Ok(())
}

/// Notes that there was a check on this day, from this vantage; what several of a day saw adds up.
fn day(connection: &Connection, texts: &mut Interner, domain: i64, facts: &Facts, fared: &Fared) -> Result<()> {
    let day = facts.observed_at.to_zoned(TimeZone::UTC).date().to_string();
    let vantage = texts.number(connection, &seen::vantage(facts))?;
    let known: Option<(i64, Option<String>, Option<String>)> = connection
        .prepare_cached("SELECT proven, broken, given FROM look WHERE domain = ?1 AND day = ?2 AND vantage = ?3")?
        .query_row(params![domain, day, vantage], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (proven, broken, given) = known.map_or((None, None, None), |(proven, broken, given)| (Some(proven), broken, given));
    let proven = proven.map(|number| text::Texts::of(connection).get(number).map(|text| text.as_ref().to_owned())).transpose()?;
    let proven = texts.number(connection, &with(proven, &fared.proven)?)?;
    let (broken, given) = (with(broken, &fared.broken)?, with(given, &fared.given)?);
    connection
        .prepare_cached(
            "INSERT INTO look (domain, day, vantage, times, first_at, last_at, proven, broken, given) \
             VALUES (?1, ?2, ?3, 1, ?4, ?4, ?5, ?6, ?7) \
             ON CONFLICT DO UPDATE SET times = times + 1, first_at = min(first_at, ?4), last_at = max(last_at, ?4), proven = ?5, \
             broken = ?6, given = ?7",
        )?
        .execute(params![domain, day, vantage, nanos(facts.observed_at), proven, broken, given])
        .map(drop)
}

/// A list as JSON with more in it: sorted, each once.
fn with(known: Option<String>, more: &[String]) -> Result<String> {
    let mut all = known.map_or(Ok(Vec::new()), |known| unjson::<Vec<String>>(&known))?;
    all.extend_from_slice(more);
    all.sort_unstable();
    all.dedup();
    json(&all)
}
