//! What a live check saw, into the store: a row for each value and the time it lasted.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::text::{self, Interner};
use super::value::{json, nanos, unjson};
use super::{Store, StoreError};
use crate::model::facts::Facts;
use crate::model::history::seen::{self, Look};

impl Store {
    /// Notes what a live check observed, and that `proven` (`HOST ADDRESS`) were proven clean by it. What it could not look at stays as
    /// it was; a look older than the newest one at the same subject changes nothing there. A check that could look at nothing leaves no
    /// trace.
    pub fn observe(&self, facts: &Facts, proven: &[String]) -> Result<(), StoreError> {
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
            day(connection, &mut texts, domain, facts, proven)
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

/// Notes that there was a check on this day, from this vantage.
fn day(connection: &Connection, texts: &mut Interner, domain: i64, facts: &Facts, proven: &[String]) -> Result<()> {
    let day = facts.observed_at.to_zoned(TimeZone::UTC).date().to_string();
    let vantage = texts.number(connection, &seen::vantage(&facts.vantage))?;
    let known: Option<i64> = connection
        .prepare_cached("SELECT proven FROM look WHERE domain = ?1 AND day = ?2 AND vantage = ?3")?
        .query_row(params![domain, day, vantage], |row| row.get(0))
        .optional()?;
    let mut all = match known {
        Some(number) => unjson::<Vec<String>>(&text::Texts::of(connection).get(number)?)?,
        None => Vec::new(),
    };
    all.extend_from_slice(proven);
    all.sort_unstable();
    all.dedup();
    let proven = texts.number(connection, &json(&all)?)?;
    connection
        .prepare_cached(
            "INSERT INTO look (domain, day, vantage, times, first_at, last_at, proven) VALUES (?1, ?2, ?3, 1, ?4, ?4, ?5) \
             ON CONFLICT DO UPDATE SET times = times + 1, first_at = min(first_at, ?4), last_at = max(last_at, ?4), proven = ?5",
        )?
        .execute(params![domain, day, vantage, nanos(facts.observed_at), proven])
        .map(drop)
}
