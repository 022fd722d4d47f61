//! How much is in the store.

use jiff::Timestamp;
use rusqlite::{Connection, Result};

use super::value::{instant, uncount};
use super::{Store, StoreError, intake, schema};
use crate::model::store::{ByState, Stats};

impl Store {
    /// Counts.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let domains = self.domains()?.len() as u64;
        self.read_at_once(|connection| {
            let reports = by_state(connection)?;
            let bytes = size(connection)?;
            let time = |sql: &str| -> Result<Option<Timestamp>> {
                connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0))?.map(instant).transpose()
            };
            Ok(Stats {
                path: self.path.clone(),
                schema: schema::VERSION,
                bytes,
                bytes_a_report: bytes.checked_div(reports.total),
                reports,
                texts_kept: number(connection, "SELECT count(*) FROM raw")?,
                domains,
                reporters: number(connection, "SELECT count(DISTINCT reporter) FROM report")?,
                first: time("SELECT min(begins) FROM report")?,
                last: time("SELECT max(ends) FROM report")?,
                pruned_to: intake::pruned_to(connection)?.map(instant).transpose()?,
                rejections: number(connection, "SELECT count(*) FROM rejection")?,
                files: number(connection, "SELECT count(*) FROM stamp")?,
                folders: number(connection, "SELECT count(*) FROM mark")?,
                observed_domains: number(connection, "SELECT count(DISTINCT domain) FROM subject")?,
                observations: number(connection, "SELECT count(*) FROM span")?,
                certificates: number(connection, "SELECT count(*) FROM certificate")?,
            })
        })
    }
}

/// The size of the database: pages in use and free ones.
pub(super) fn size(connection: &Connection) -> Result<u64> {
    let pages = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let bytes = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    Ok(uncount(pages)?.saturating_mul(uncount(bytes)?))
}

/// A count.
pub(super) fn number(connection: &Connection, sql: &str) -> Result<u64> {
    uncount(connection.query_row(sql, [], |row| row.get(0))?)
}

fn by_state(connection: &Connection) -> Result<ByState> {
    let mut select = connection.prepare("SELECT proof, count(*) FROM report GROUP BY proof")?;
    let mut rows = select.query([])?;
    let mut states = ByState::default();
    while let Some(row) = rows.next()? {
        let count = uncount(row.get(1)?)?;
        states.total += count;
        *match row.get(0)? {
            3_i64 => &mut states.verified,
            2 => &mut states.operator,
            1 => &mut states.unverifiable,
            _ => &mut states.failed,
        } += count;
    }
    Ok(states)
}
