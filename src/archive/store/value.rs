//! Values as columns hold them, and back. A column that holds what was never written is a damaged store, and says so.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::fingerprint::Fingerprint;
use crate::wire::report::{PolicyType, Unknown};

/// Nanoseconds since 1970; what lies beyond the years 1677 to 2262 becomes the nearest instant within.
pub(super) fn nanos(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at.as_second() < 0 { i64::MIN } else { i64::MAX })
}

/// The instant.
pub(super) fn instant(nanos: i64) -> Result<Timestamp> {
    Timestamp::from_nanosecond(i128::from(nanos)).map_err(|error| unreadable(&error))
}

/// A count; SQLite's integers end at 2^63.
pub(super) fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The count.
pub(super) fn uncount(count: i64) -> Result<u64> {
    u64::try_from(count).map_err(|_| unreadable(&format!("{count} is no count")))
}

/// A digest.
pub(super) fn fingerprint(bytes: &[u8]) -> Result<Fingerprint> {
    let digest = <[u8; 32]>::try_from(bytes).map_err(|_| unreadable(&format!("{} bytes are no SHA-256", bytes.len())))?;
    Ok(Fingerprint::from_bytes(digest))
}

/// JSON.
pub(super) fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::ToSqlConversionFailure(error.into()))
}

/// JSON; nothing for an empty list.
pub(super) fn json_of_list<T: Serialize>(list: &[T]) -> Result<Option<String>> {
    if list.is_empty() { Ok(None) } else { json(&list).map(Some) }
}

/// Unknown keys of several objects as JSON; nothing if there are none, as in nearly every report.
pub(super) fn json_of_unknown<const N: usize>(objects: [&Unknown; N]) -> Result<Option<String>> {
    if objects.iter().all(|object| object.is_empty()) { Ok(None) } else { json(&objects.as_slice()).map(Some) }
}

/// Out of JSON.
pub(super) fn unjson<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| unreadable(&error))
}

/// A policy type by the name that reports have for it.
pub(super) fn policy_type(value: &PolicyType) -> &str {
    match value {
        PolicyType::Sts => "sts",
        PolicyType::Tlsa => "tlsa",
        PolicyType::NoPolicyFound => "no-policy-found",
        PolicyType::Other(written) => written,
    }
}

/// The policy type of a name.
pub(super) fn policy_type_of(name: &str) -> PolicyType {
    match name {
        "sts" => PolicyType::Sts,
        "tlsa" => PolicyType::Tlsa,
        "no-policy-found" => PolicyType::NoPolicyFound,
        written => PolicyType::Other(written.to_owned()),
    }
}

/// What was read cannot have been written.
pub(super) fn unreadable(why: &dyn ToString) -> Error {
    Error::FromSqlConversionFailure(0, Type::Null, why.to_string().into())
}
