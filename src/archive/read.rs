//! stub
use super::ReadError;
use super::intake::{Parcel, Stamp, Verifier};
use std::path::PathBuf;
pub struct Options<'a> {
    pub verifier: &'a dyn Verifier,
    pub keep_raw: bool,
    pub cores: usize,
    pub unchanged: &'a (dyn Fn(&Stamp) -> bool + Sync),
}
pub struct Done {
    pub files: u64,
    pub of: u64,
}
pub struct Totals {
    pub files: u64,
    pub unchanged: u64,
}
pub enum ReadFailure<E> {
    Read(ReadError),
    Take(E),
}
pub fn each<E>(_: &[PathBuf], _: &Options<'_>, _: impl FnMut(Parcel, Done) -> Result<(), E>) -> Result<Totals, ReadFailure<E>> {
    todo!()
}
