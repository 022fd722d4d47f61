use super::args::FetchArgs;
use super::{Exit, Failure, Streams};

pub(super) fn fetch(_: &FetchArgs, _: &mut Streams<'_>) -> Result<Exit, Failure> {
    Err(Failure::Usage("not there yet".to_owned()))
}
