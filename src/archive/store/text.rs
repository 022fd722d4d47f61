//! Texts that repeat are kept once; rows hold their numbers.

use std::collections::HashMap;
use std::rc::Rc;

use rusqlite::{Connection, OptionalExtension as _, Result, params};

use crate::wire::fingerprint::Fingerprint;

/// Half a SHA-256: what tells texts and keys apart. Nobody finds two with the same one.
pub(super) type Digest = [u8; 16];

/// How many bytes of texts are remembered, at the most.
const REMEMBERED: usize = 8 << 20;

/// The number of "no text"; the row is part of the schema.
pub(super) const NONE: i64 = 0;

/// The first half of the SHA-256.
pub(super) fn digest(bytes: &[u8]) -> Digest {
    let mut half = [0; 16];
    half.copy_from_slice(&Fingerprint::of(bytes).as_bytes()[..16]);
    half
}

/// Texts on their way in. What it remembers holds only as long as nobody else has written, for pruning takes texts away.
#[derive(Debug, Default)]
pub(super) struct Interner {
    known: HashMap<Box<str>, i64>,
    bytes: usize,
}

impl Interner {
    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.bytes = 0;
    }

    /// The number of a text, which is put in if it is new.
    pub(super) fn number(&mut self, connection: &Connection, value: &str) -> Result<i64> {
        if let Some(number) = self.known.get(value) {
            return Ok(*number);
        }
        let digest = digest(value.as_bytes());
        let found = number_of(connection, &digest)?;
        let number = match found {
            Some(number) => number,
            None => {
                connection.prepare_cached("INSERT INTO text (digest, value) VALUES (?1, ?2)")?.execute(params![digest, value])?;
                connection.last_insert_rowid()
            }
        };
        self.bytes += value.len();
        if self.bytes > REMEMBERED {
            self.forget();
            self.bytes = value.len();
        }
        self.known.insert(value.into(), number);
        Ok(number)
    }
}

/// The number of a text, if it is there.
pub(super) fn find(connection: &Connection, value: &str) -> Result<Option<i64>> {
    number_of(connection, &digest(value.as_bytes()))
}

fn number_of(connection: &Connection, digest: &Digest) -> Result<Option<i64>> {
    connection.prepare_cached("SELECT id FROM text WHERE digest = ?1")?.query_row([digest], |row| row.get(0)).optional()
}

/// Texts on their way out.
pub(super) struct Texts<'a> {
    connection: &'a Connection,
    known: HashMap<i64, Rc<str>>,
    bytes: usize,
}

impl<'a> Texts<'a> {
    /// Reads from this store.
    pub(super) fn of(connection: &'a Connection) -> Self {
        Self { connection, known: HashMap::new(), bytes: 0 }
    }

    /// The text of a number.
    pub(super) fn get(&mut self, number: i64) -> Result<Rc<str>> {
        if let Some(text) = self.known.get(&number) {
            return Ok(Rc::clone(text));
        }
        let text: String = self.connection.prepare_cached("SELECT value FROM text WHERE id = ?1")?.query_row([number], |row| row.get(0))?;
        let text: Rc<str> = text.into();
        self.bytes += text.len();
        if self.bytes > REMEMBERED {
            self.known.clear();
            self.bytes = text.len();
        }
        self.known.insert(number, Rc::clone(&text));
        Ok(text)
    }
}
