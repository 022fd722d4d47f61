//! Who verifies mailed reports. A stand-in that verifies none, until the verifier itself is joined.

use jiff::Timestamp;

use super::Failure;
use super::args::Verifying;
use super::config::Config;
use crate::archive::intake::Verifier;
use crate::model::facts::reports::Authenticity;

struct Unverified;

impl Verifier for Unverified {
    fn verify(&self, _: &[u8], _: Option<Timestamp>) -> Authenticity {
        Authenticity::Unverifiable { why: "no signature was looked at".to_owned(), again: true }
    }
}

/// The verifier for these options.
#[expect(clippy::unnecessary_wraps, reason = "what stands in for it may fail")]
pub(super) fn verifier(_: &Verifying, _: &Config) -> Result<Box<dyn Verifier>, Failure> {
    Ok(Box::new(Unverified))
}
