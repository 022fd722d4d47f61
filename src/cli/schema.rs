//! `schema`: the JSON Schemas of what is written.

use super::args::SchemaArgs;
use super::{Exit, Failure, Streams};
use crate::render::schema;

/// Prints the schema of a document, or which there are.
pub(super) fn schema(args: &SchemaArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let page = match &args.document {
        Some(name) => {
            let published = schema::find(name).ok_or_else(|| Failure::Internal(format!("there is no schema {name:?}")))?;
            published.text.to_owned()
        }
        None => schema::list(streams.width),
    };
    streams.out.write_all(page.as_bytes())?;
    streams.out.flush()?;
    Ok(Exit::Ready)
}
