//! The schema, as the steps that led to it. A fresh store takes all of them, an older one those that it lacks; so there is one way to
//! come to a schema, and every store in the field has gone it. A step that was released is never changed.

use rusqlite::{Connection, Result};

/// `STSR`, in the file's header, so that `file` and we tell the store from other databases.
pub(super) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"STSR");

/// Step *n* leads from schema *n* to schema *n* + 1.
pub(super) const STEPS: &[&str] =
    &[include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql"), include_str!("schema/4.sql")];

/// The schema that this version writes.
#[expect(clippy::cast_possible_truncation, reason = "a handful of steps")]
pub const VERSION: u32 = STEPS.len() as u32;

/// Whose file it is, and of which schema, by its header; a file without content is nobody's yet.
pub(super) fn header(connection: &Connection) -> Result<(i32, u32)> {
    let id = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok((id, version))
}

/// Whether there is nothing in the file at all.
pub(super) fn is_empty(connection: &Connection) -> Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

/// Takes the steps that are lacking, in the transaction that is open.
pub(super) fn take_steps(connection: &Connection, from: u32) -> Result<()> {
    for step in STEPS.iter().skip(from as usize) {
        connection.execute_batch(step)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)
}
