//! The text of a report as it came, compressed.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::value::unreadable;
use crate::wire::gzip;

/// Packs.
pub(super) fn pack(text: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory cannot fail; if it did, the text would be found missing, not wrong.
    packer.write_all(text).and_then(|()| packer.finish()).unwrap_or_default()
}

/// Keeps a report's text, if there is one.
pub(super) fn keep(connection: &Connection, report: i64, packed: Option<&[u8]>) -> Result<()> {
    let Some(packed) = packed else { return Ok(()) };
    connection.prepare_cached("INSERT INTO raw VALUES (?1, ?2)")?.execute(params![report, packed]).map(drop)
}

/// Whether a report's text is kept.
pub(super) fn is_kept(connection: &Connection, report: i64) -> Result<bool> {
    connection.prepare_cached("SELECT 1 FROM raw WHERE report = ?1")?.exists([report])
}

/// The text of a report as it is kept.
pub(super) fn packed(connection: &Connection, report: i64) -> Result<Option<Vec<u8>>> {
    connection.prepare_cached("SELECT gzip FROM raw WHERE report = ?1")?.query_row([report], |row| row.get(0)).optional()
}

/// The text of a report, if it was kept.
pub(super) fn of(connection: &Connection, report: i64) -> Result<Option<Vec<u8>>> {
    let packed = packed(connection, report)?;
    packed.map(|packed| gzip::unpack(&packed).map(|unpacked| unpacked.data).map_err(|error| unreadable(&error))).transpose()
}
