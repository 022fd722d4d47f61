//! DKIM signatures (RFC 6376, RFC 8301, RFC 8463) as TLS reports must carry them (RFC 8460 §3).
//!
//! In: a mail, split; one of its DKIM-Signature fields; its key record. Out: whether the one is the other's, or what is the matter.
//! Looking keys up, and whose signature is wanted when, is for others to say.
//!
//! Written here and not taken from a crate: those at hand ask DNS by themselves, read the system's clock, and take `l=0` for no `l=`; a
//! report is judged as of its receipt, and each reason for not believing it is told.

mod canon;
mod key;
mod signature;
mod tags;

use std::cell::OnceCell;
use std::collections::HashMap;

use self::canon::Canon;
pub use self::key::{Algorithm, Key, KeyFlaw};
pub use self::signature::{Flaw, Signature, Unusable};
use super::header::{Field, Header};

/// Which part of a mail is not what was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// `bh=` is of another body.
    #[error("the body is not the one that was signed")]
    Body,
    /// `b=` is of other fields, or by another key.
    #[error("the header is not the one that was signed")]
    Header,
}

/// A mail whose signatures are verified. Its body is hashed once in each form, however many signatures there are.
#[derive(Debug)]
pub struct Signed<'a> {
    mail: &'a Header<'a>,
    simple: OnceCell<[u8; 32]>,
    relaxed: OnceCell<[u8; 32]>,
}

impl<'a> Signed<'a> {
    /// Of a mail that was split.
    pub fn new(mail: &'a Header<'a>) -> Self {
        Self { mail, simple: OnceCell::new(), relaxed: OnceCell::new() }
    }

    /// Verifies the signature that was read from field number `at`.
    pub fn verify(&self, signature: &Signature, at: usize, key: &Key) -> Result<(), Mismatch> {
        let Some(own) = self.mail.fields.get(at) else { return Err(Mismatch::Header) };
        // The body first: most mails that were altered on the way had something added to it.
        if self.body_hash(signature.body)[..] != signature.body_hash[..] {
            return Err(Mismatch::Body);
        }
        let data = signature.data(self.mail, at, own);
        if key.verifies(&data, &signature.value) { Ok(()) } else { Err(Mismatch::Header) }
    }

    fn body_hash(&self, canon: Canon) -> &[u8; 32] {
        let known = match canon {
            Canon::Simple => &self.simple,
            Canon::Relaxed => &self.relaxed,
        };
        known.get_or_init(|| canon.body_hash(self.mail.body))
    }
}

impl Signature {
    /// What `b=` is made over (RFC 6376 §3.7): the fields of `h=`, then the signature's own without the value of `b=`.
    fn data(&self, mail: &Header<'_>, at: usize, own: &Field<'_>) -> Vec<u8> {
        let mut data = Vec::new();
        // Of several fields of one name the lowest is signed first; a name once too often signs that there is no more (§5.4.2).
        let mut left: HashMap<Vec<u8>, Vec<&Field<'_>>> = HashMap::new();
        for (_, field) in mail.fields.iter().enumerate().filter(|(place, _)| *place != at) {
            left.entry(field.name().to_ascii_lowercase()).or_default().push(field);
        }
        for name in &self.signed {
            if let Some(field) = left.get_mut(name.as_bytes()).and_then(Vec::pop) {
                self.header.field(field, &mut data);
                data.extend_from_slice(b"\r\n");
            }
        }
        let (before, behind) = (own.raw.get(..self.hole.start), own.raw.get(self.hole.end..));
        let holed = [before.unwrap_or_default(), behind.unwrap_or_default()].concat();
        self.header.field(&Field::new(&holed), &mut data);
        data
    }
}

#[cfg(test)]
mod tests;
