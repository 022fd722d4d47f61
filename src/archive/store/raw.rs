//! The text of a report as it came, compressed.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use rusqlite::{Connection, OptionalExtension as _, Result};

use super::value::unreadable;
use crate::wire::gzip;

/// Packs.
pub(super) fn pack(text: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory cannot fail; if it did, the text would be found missing, not wrong.
    packer.write_all(text).and_then(|()| packer.finish()).unwrap_or_default()
}

/// The text of a report, if it was kept.
pub(super) fn of(connection: &Connection, report: i64) -> Result<Option<Vec<u8>>> {
    let packed: Option<Vec<u8>> =
        connection.prepare_cached("SELECT gzip FROM raw WHERE report = ?1")?.query_row([report], |row| row.get(0)).optional()?;
    packed.map(|packed| gzip::unpack(&packed).map(|unpacked| unpacked.data).map_err(|error| unreadable(&error))).transpose()
}
