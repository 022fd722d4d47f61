//! Of which standing of a domain somebody was told last, for each channel.

use jiff::Timestamp;
use rusqlite::OptionalExtension as _;

use super::text::{self, Interner, Texts};
use super::value::{instant, json, nanos, unjson};
use super::{Store, StoreError};
use crate::model::standing::Standing;
use crate::wire::name::Domain;

impl Store {
    /// What the channel was told last of `domain`, and when.
    pub fn told(&self, domain: &Domain, channel: &str) -> Result<Option<(Timestamp, Standing)>, StoreError> {
        self.read_at_once(|connection| {
            let (Some(domain), Some(channel)) = (text::find(connection, domain.as_str())?, text::find(connection, channel)?) else {
                return Ok(None);
            };
            let row: Option<(i64, i64)> = connection
                .prepare_cached("SELECT at, value FROM told WHERE domain = ?1 AND channel = ?2")?
                .query_row([domain, channel], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            row.map(|(at, value)| Ok((instant(at)?, unjson(&Texts::of(connection).get(value)?)?))).transpose()
        })
    }

    /// Notes that the channel knows now how `domain` stands; what it was told later stays.
    pub fn tell(&self, domain: &Domain, channel: &str, at: Timestamp, standing: &Standing) -> Result<(), StoreError> {
        self.write(|connection| {
            let mut texts = Interner::default();
            let row = [
                texts.number(connection, domain.as_str())?,
                texts.number(connection, channel)?,
                nanos(at),
                texts.number(connection, &json(standing)?)?,
            ];
            let insert = "INSERT INTO told VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET at = ?3, value = ?4 WHERE at <= ?3";
            connection.prepare_cached(insert)?.execute(row).map(drop)
        })
    }
}
