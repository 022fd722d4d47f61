//! What live checks answered, into the store and out of it: a row for each answer and the time it lasted.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::text::{self, Interner, Texts};
use super::value::{instant, json, nanos, uncount, unjson};
use super::{Store, StoreError};
use crate::model::verdict::{Verdict, VerdictSpan};
use crate::wire::name::Domain;

impl Store {
    /// Notes what a check of `domain` answered at `at`. The same answer again makes its row longer; one that is older than the newest row
    /// changes nothing.
    pub fn answered(&self, domain: &Domain, at: Timestamp, verdict: &Verdict) -> Result<(), StoreError> {
        self.write(|connection| {
            let mut texts = Interner::default();
            let domain = texts.number(connection, domain.as_str())?;
            let (value, at) = (texts.number(connection, &json(verdict)?)?, nanos(at));
            let newest: Option<(i64, i64, i64)> = connection
                .prepare_cached("SELECT first_at, last_at, value FROM verdict WHERE domain = ?1 ORDER BY first_at DESC LIMIT 1")?
                .query_row([domain], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            match newest {
                Some((_, last, _)) if at <= last => return Ok(()),
                Some((first, _, same)) if same == value => connection
                    .prepare_cached("UPDATE verdict SET last_at = ?3, times = times + 1 WHERE domain = ?1 AND first_at = ?2")?
                    .execute([domain, first, at])?,
                _ => connection
                    .prepare_cached("INSERT INTO verdict (domain, first_at, last_at, times, value) VALUES (?1, ?2, ?2, 1, ?3)")?
                    .execute([domain, at, value])?,
            };
            Ok(())
        })
    }

    /// What checks of `domain` answered, the earliest first.
    pub fn verdicts(&self, domain: &Domain) -> Result<Vec<VerdictSpan>, StoreError> {
        self.read_at_once(|connection| match text::find(connection, domain.as_str())? {
            Some(number) => of(connection, number),
            None => Ok(Vec::new()),
        })
    }
}

/// The answers about a domain by its number.
pub(super) fn of(connection: &Connection, domain: i64) -> Result<Vec<VerdictSpan>> {
    let mut texts = Texts::of(connection);
    let mut select =
        connection.prepare_cached("SELECT first_at, last_at, times, value FROM verdict WHERE domain = ?1 ORDER BY first_at")?;
    let mut rows = select.query(params![domain])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let verdict: Verdict = unjson(&texts.get(row.get(3)?)?)?;
        let (first_at, last_at) = (instant(row.get(0)?)?, instant(row.get(1)?)?);
        found.push(VerdictSpan { first_at, last_at, times: uncount(row.get(2)?)?, verdict });
    }
    Ok(found)
}

/// Every domain with an answer, with its number.
pub(super) fn domains(connection: &Connection) -> Result<Vec<(i64, Domain)>> {
    let mut select = connection.prepare("SELECT id, value FROM text WHERE id IN (SELECT domain FROM verdict) ORDER BY value")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, Domain::from_dns(row.get_ref(1)?.as_str()?))))?;
    rows.collect()
}
