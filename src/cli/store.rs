use super::args::{PruneArgs, StoreCommand};
use super::{Exit, Failure, Streams};

pub(super) fn prune(_: &PruneArgs, _: &mut Streams<'_>) -> Result<Exit, Failure> {
    Err(Failure::Usage("not there yet".to_owned()))
}

pub(super) fn run(_: &StoreCommand, _: &mut Streams<'_>) -> Result<Exit, Failure> {
    Err(Failure::Usage("not there yet".to_owned()))
}
