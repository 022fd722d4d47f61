//! What one source may come to in all, however often it is packed.
//!
//! In: what is read of it, and what comes out of its layers. Out: whether that is still within bounds. Each format holds the ratio of its
//! own layer; without a bound over all of them three layers would multiply.

use std::cell::Cell;
use std::io::{self, Read};

use crate::wire::gzip::RATIO_CAP;

/// What a file may come to, however small it is. A file is the operator's: it may hold a whole archive.
const FILE_FREE: u64 = 1 << 30;
/// What a mail may come to, however small it is. Anybody sends mails, as many as they like.
const MAIL_FREE: u64 = 64 << 20;
/// And however large it is.
const MAIL_CAP: u64 = 1 << 30;

/// What may be unpacked, and what was.
#[derive(Debug)]
pub(super) struct Purse {
    /// How large the source is, as far as it was read.
    given: Cell<u64>,
    spent: Cell<u64>,
    free: u64,
    most: u64,
}

/// There is no more in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it unpacks to more than {} MiB in all", .0 >> 20)]
pub(super) struct Empty(u64);

impl Purse {
    /// For a file of which so much is in memory.
    pub(super) fn of_file(held: usize) -> Self {
        Self { given: Cell::new(held as u64), spent: Cell::new(0), free: FILE_FREE, most: u64::MAX }
    }

    /// For a mail, which pays for all that is in it: a hundred small bombs in it are one bomb, and cost no other mail anything.
    pub(super) fn of_mail(bytes: &[u8]) -> Self {
        Self { given: Cell::new(bytes.len() as u64), spent: Cell::new(0), free: MAIL_FREE, most: MAIL_CAP }
    }

    /// Pays for what came out of a layer.
    pub(super) fn pay(&self, bytes: usize) -> Result<(), Empty> {
        let spent = self.spent.get().saturating_add(bytes as u64);
        self.spent.set(spent);
        let limit = self.given.get().saturating_mul(RATIO_CAP as u64).clamp(self.free, self.most);
        if spent > limit { Err(Empty(limit)) } else { Ok(()) }
    }

    /// The source itself, which is too large for memory: what is read of it is what it has.
    pub(super) fn fill<R>(&self, reader: R) -> Filling<'_, R> {
        Filling { purse: self, reader }
    }

    /// What comes out of a layer a piece at a time.
    pub(super) fn charge<R>(&self, reader: R) -> Charging<'_, R> {
        Charging { purse: self, reader }
    }
}

/// Reads a source.
pub(super) struct Filling<'a, R> {
    purse: &'a Purse,
    reader: R,
}

impl<R: Read> Read for Filling<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.purse.given.set(self.purse.given.get().saturating_add(read as u64));
        Ok(read)
    }
}

/// Reads out of a layer, as long as it can be paid for.
pub(super) struct Charging<'a, R> {
    purse: &'a Purse,
    reader: R,
}

impl<R: Read> Read for Charging<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.purse.pay(read).map_err(io::Error::other)?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_paid_for_by_its_size_beyond_what_is_free() {
        for (purse, limit) in [
            (Purse::of_file(10), FILE_FREE),
            (Purse::of_file(1 << 30), 200 << 30),
            (Purse::of_mail(b"From: a"), MAIL_FREE),
            (Purse::of_mail(&vec![b'a'; 1 << 20]), 200 << 20),
            (Purse::of_mail(&vec![b'a'; 25 << 20]), MAIL_CAP),
        ] {
            purse.spent.set(limit - 1);
            assert_eq!((purse.pay(1), purse.pay(1)), (Ok(()), Err(Empty(limit))));
        }
    }

    #[test]
    fn what_is_read_of_a_source_fills_its_purse_and_what_comes_out_empties_it() {
        let purse = Purse::of_mail(b"");
        let source = vec![0; 1 << 20];
        assert_eq!(io::copy(&mut purse.fill(&source[..]), &mut io::sink()).ok(), Some(1 << 20));
        let out = io::copy(&mut purse.charge(io::repeat(0)), &mut io::sink()).expect_err("it ends").to_string();
        assert_eq!((out.as_str(), purse.spent.get() >> 20), ("it unpacks to more than 200 MiB in all", 200));
    }
}
