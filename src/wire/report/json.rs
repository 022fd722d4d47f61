//! JSON read member by member. The document's syntax was checked once, without building a tree and without recursion (a raw
//! value is skipped, not parsed); so depth, width and numbers of a hostile document cost time in proportion to its length only.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Unknown;

/// No text of a report is kept beyond this many characters.
pub(super) const TEXT_CAP: usize = 2048;
/// So many oddities say enough about a report.
const NOTE_CAP: usize = 40;

/// Unknown keys of one object that are kept.
const UNKNOWN_KEYS: usize = 16;
/// The longest value among them, as written.
const UNKNOWN_LENGTH: usize = 4096;
/// Of all unknown values of one report, as written: read, they take many times as much.
const UNKNOWN_BYTES: usize = 256 << 10;

/// How much of unknown values may still be kept, in bytes as written.
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(UNKNOWN_BYTES)
    }
}

/// Keeps the value of an unknown key, or of a known one that cannot be used, as it came; `within` names the object for the note that
/// says if it cannot be kept either.
pub(super) fn keep(key: &str, value: &RawValue, within: &str, unknown: &mut Unknown, budget: &mut Budget, notes: &mut Notes) {
    let (key, length) = (clip(key, 60), value.get().len());
    if unknown.len() < UNKNOWN_KEYS
        && length <= UNKNOWN_LENGTH
        && length <= budget.0
        && let Ok(value) = serde_json::from_str(value.get())
    {
        budget.0 -= length;
        unknown.insert(key.to_owned(), value);
    } else {
        notes.add(format!("the value of `{key}` in `{within}` was kept out"));
    }
}

/// What was unusual, each once, capped.
#[derive(Default)]
pub(super) struct Notes {
    list: Vec<String>,
    more: usize,
}

impl Notes {
    /// Notes something unless it was noted before.
    pub(super) fn add(&mut self, note: impl Into<String>) {
        let note = note.into();
        if self.list.contains(&note) {
            return;
        }
        if self.list.len() < NOTE_CAP {
            self.list.push(note);
        } else {
            self.more += 1;
        }
    }

    /// The notes, with a last line if there were more.
    pub(super) fn into_vec(mut self) -> Vec<String> {
        if self.more > 0 {
            self.list.push(format!("and {} more", self.more));
        }
        self.list
    }
}

/// Calls `each` with the members of an object in order; of a repeated key the last counts, as in most JSON readers, and it is noted.
pub(super) fn members<'a>(
    object: &'a RawValue,
    notes: &mut Notes,
    mut each: impl FnMut(&str, &'a RawValue, &mut Notes),
) -> Result<(), serde_json::Error> {
    let mut seen = std::collections::HashSet::new();
    let each = |key: String, value: &'a RawValue| {
        // Only so many keys are watched for repetition: an object of a million keys is no report worth the memory.
        if seen.len() < 256 && !seen.insert(key.clone()) {
            notes.add(format!("`{}` is there twice; the last one counts", clip(&key, 60)));
        }
        each(&key, value, notes);
    };
    serde_json::Deserializer::from_str(object.get()).deserialize_map(Members(each))
}

/// Calls `each` with the elements of an array in order.
pub(super) fn elements<'a>(array: &'a RawValue, each: impl FnMut(&'a RawValue)) -> Result<(), serde_json::Error> {
    serde_json::Deserializer::from_str(array.get()).deserialize_seq(Elements(each))
}

/// What sort of JSON value it is, with its article.
pub(super) fn kind(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a truth value",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// A text member: null and empty are nothing, a number is taken as its digits, anything else is kept out.
pub(super) fn text(value: &RawValue, key: &str, notes: &mut Notes) -> Option<String> {
    let text = match kind(value) {
        "null" => return None,
        "a string" => {
            let Ok(text) = serde_json::from_str::<String>(value.get()) else {
                notes.add(format!("`{key}` has an escape that is no character; kept out"));
                return None;
            };
            text
        }
        "a number" | "a truth value" => {
            notes.add(format!("`{key}` is {}, not a string", kind(value)));
            value.get().to_owned()
        }
        other => {
            notes.add(format!("`{key}` is {other}, not a string; kept out"));
            return None;
        }
    };
    let trimmed = text.trim();
    let kept = clip(trimmed, TEXT_CAP);
    if kept.len() < trimmed.len() {
        notes.add(format!("`{key}` was cut at {TEXT_CAP} characters"));
    }
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// The first `most` characters.
pub(super) fn clip(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

struct Members<F>(F);

impl<'de, F: FnMut(String, &'de RawValue)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key>()? {
            let value = map.next_value()?;
            (self.0)(key.0, value);
        }
        Ok(())
    }
}

/// A key; one with an impossible escape must not cost the other members, so it is kept in its raw form.
struct Key(String);

impl<'de> serde::Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `serde_json` hands out keys only as strings; bytes let a lone surrogate pass.
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Key, E> {
                Ok(Key(String::from_utf8_lossy(bytes).into_owned()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key, E> {
                Ok(Key(text.to_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

struct Elements<F>(F);

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        while let Some(element) = seq.next_element()? {
            (self.0)(element);
        }
        Ok(())
    }
}
