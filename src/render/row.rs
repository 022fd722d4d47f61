//! A row in a line of its own, as ndjson has it: the schema's name first, then what the row says.

use serde::Serialize;

use super::escape;

/// One row.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "{T}Line"))]
pub(super) struct Row<'a, T> {
    /// The schema's name and version.
    schema: &'static str,
    #[serde(flatten)]
    of: &'a T,
}

/// One object, in one line.
pub(super) fn line(schema: &'static str, row: &impl Serialize) -> Result<String, serde_json::Error> {
    escape::json_line(&Row { schema, of: row })
}
