//! How much is in the store.

use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::{Connection, Result};
use serde::Serialize;

use super::value::{instant, uncount};
use super::{Store, StoreError, schema};

/// Numbers of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Where it is.
    pub path: PathBuf,
    /// Its schema's version.
    pub schema: u32,
    /// How large it is, in bytes, with what is not yet folded into the main file.
    pub bytes: u64,
    /// That, by report; `None` without reports.
    pub bytes_a_report: Option<u64>,
    /// Reports by state.
    pub reports: ByState,
    /// Reports whose text was kept.
    pub texts_kept: u64,
    /// Domains that reports concern.
    pub domains: u64,
    /// Reporters.
    pub reporters: u64,
    /// Where the earliest period begins.
    pub first: Option<Timestamp>,
    /// Where the latest period ends.
    pub last: Option<Timestamp>,
    /// What could not be read.
    pub rejections: u64,
    /// Files that were read whole.
    pub files: u64,
    /// IMAP folders that were read.
    pub folders: u64,
    /// Domains that live checks looked at.
    pub observed_domains: u64,
    /// Values that they saw.
    pub observations: u64,
    /// Certificates.
    pub certificates: u64,
}

/// Reports by how far it is proven who wrote them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ByState {
    /// All.
    pub total: u64,
    /// Of plain files.
    pub operator: u64,
    /// By DKIM.
    pub verified: u64,
    /// Not verified.
    pub unverifiable: u64,
    /// With a signature that is wrong.
    pub failed: u64,
}

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
