use super::args::IngestArgs;
use super::{Exit, Failure, Streams};

pub(super) fn ingest(_: &IngestArgs, _: &mut Streams<'_>) -> Result<Exit, Failure> {
    Err(Failure::Usage("not there yet".to_owned()))
}
