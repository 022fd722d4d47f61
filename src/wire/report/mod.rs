//! TLS reports (RFC 8460 §4.4), read as senders really write them.
//!
//! In: the bytes of one or several JSON documents. Out: a [`TlsReport`] for each, or why it is none. A member that is not as the
//! schema wants it costs only itself: it is coerced or kept out, and [`TlsReport::oddities`] says so. Only a document without
//! policies or without a usable period is no report at all.

mod entry;
mod instant;
mod json;

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::json::{Notes, clip, kind, members, text};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// At most this many documents are read out of one file; real files hold one.
pub const DOCUMENT_CAP: usize = 10_000;
/// At most this many policies of one report are kept.
pub const POLICY_CAP: usize = 10_000;
/// At most this many failure details of one report are kept.
pub const DETAIL_CAP: usize = 10_000;
/// More sessions than this in one count are no count: kept out, and said.
pub const COUNT_CAP: u64 = 1_000_000_000_000;

/// A broken document may be read to the end of the file before it proves broken; so many bytes are spent on that.
const RESCAN_CAP: usize = 256 << 20;

/// A report as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TlsReport {
    /// `organization-name`, as written; empty if missing.
    pub organization: String,
    /// `contact-info`, as written.
    pub contact: Option<String>,
    /// `report-id`, as written; empty if missing.
    pub id: String,
    /// The period's start; a time without zone is taken as UTC.
    pub start: Timestamp,
    /// The period's end, not before its start.
    pub end: Timestamp,
    /// The entries, in their order.
    pub policies: Vec<PolicyEntry>,
    /// What was coerced, kept out or unknown, each once.
    pub oddities: Vec<String>,
    /// Of the document's text.
    pub sha256: Fingerprint,
}

/// One entry of `policies`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyEntry {
    /// Which policy the sender applied.
    pub policy_type: PolicyType,
    /// `policy-domain`; `None` if missing or no name.
    pub domain: Option<Domain>,
    /// `policy-string`, a line an element; empty if missing.
    pub policy_string: Vec<String>,
    /// `mx-host`, as written.
    pub mx_host: Vec<String>,
    /// `total-successful-session-count`.
    pub successful: u64,
    /// `total-failure-session-count`.
    pub failed: u64,
    /// `failure-details`.
    pub details: Vec<FailureDetail>,
}

/// `policy-type` (RFC 8460 §4.4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyType {
    /// An MTA-STS policy.
    Sts,
    /// DANE TLSA records.
    Tlsa,
    /// Neither was found.
    NoPolicyFound,
    /// Anything else, as written.
    Other(String),
}

/// One entry of `failure-details`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureDetail {
    /// `result-type`, lower case; the list grows (RFC 8460 §4.3), so unknown ones are kept. `unspecified` if missing.
    pub result_type: String,
    /// `receiving-mx-hostname`, as a name where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mx: Option<Domain>,
    /// `receiving-mx-helo`, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helo: Option<String>,
    /// `receiving-ip`, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiving_ip: Option<String>,
    /// `sending-mta-ip`, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending_ip: Option<String>,
    /// `failed-session-count`.
    pub sessions: u64,
    /// `failure-reason-code` (or the draft's `failure-error-code`), as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `additional-information`, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional: Option<String>,
    /// Keys that RFC 8460 does not know, as they came.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

/// Why a document is no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAReport {
    /// Not JSON, or JSON that breaks off.
    #[error("not JSON at line {line}, column {column}: {what}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// The parser's words.
        what: String,
    },
    /// JSON, but no object.
    #[error("JSON, but {0} and no report")]
    NotAnObject(&'static str),
    /// An object without policies: JSON of another kind.
    #[error("JSON without `policies`: not a TLS report")]
    NoPolicies,
    /// No period, so nothing can be counted.
    #[error("no usable `date-range`: {0}")]
    Range(String),
    /// The rest of the file was not read.
    #[error("more than {0} broken documents in one file; the rest was not read")]
    TooManyBroken(usize),
    /// The rest of the file was not read.
    #[error("more than {DOCUMENT_CAP} documents in one file; the rest was not read")]
    TooManyDocuments,
}

/// Reads every document in `bytes`: one, several after one another, one a line, or an array of them.
///
/// A broken document ends at the next line that begins with `{`, so that one half-written line costs no other.
pub fn read_all(bytes: &[u8]) -> Vec<Result<TlsReport, NotAReport>> {
    let text = String::from_utf8_lossy(bytes);
    let encoding = matches!(text, std::borrow::Cow::Owned(_)).then_some("bytes that are not UTF-8 were replaced");
    let mut found = Vec::new();
    let mut from = 0;
    let mut broken_left = (RESCAN_CAP / text.len().max(1)).clamp(8, 1000);
    let broken_cap = broken_left;
    while let Some(rest) = text.get(from..).filter(|rest| !is_blank(rest)) {
        let skipped = rest.len() - rest.trim_start_matches(is_filler).len();
        let mut stream = serde_json::Deserializer::from_str(&rest[skipped..]).into_iter::<&RawValue>();
        let mut good = 0;
        let problem = loop {
            match stream.next() {
                None => return found,
                Some(Ok(document)) => {
                    good = stream.byte_offset();
                    if !read_document(document, encoding, &mut found) {
                        found.push(Err(NotAReport::TooManyDocuments));
                        return found;
                    }
                }
                Some(Err(problem)) => break problem,
            }
        };
        let begins = from + skipped + good;
        found.push(Err(syntax(&problem, &text[..from + skipped])));
        broken_left -= 1;
        if broken_left == 0 {
            found.push(Err(NotAReport::TooManyBroken(broken_cap)));
            return found;
        }
        // The failed document begins at or after `begins`; skip its own first line before looking for the next.
        let failed = begins + text[begins..].find(|c| !is_filler(c)).unwrap_or(0);
        let Some(next) = text[failed..].find("\n{") else { break };
        from = failed + next + 1;
    }
    found
}

/// One document: an object, or an array of objects as some archives export. `false` once the cap is reached.
fn read_document(document: &RawValue, encoding: Option<&str>, found: &mut Vec<Result<TlsReport, NotAReport>>) -> bool {
    if kind(document) != "an array" {
        found.push(read_one(document, encoding));
        return found.len() < DOCUMENT_CAP;
    }
    let mut room = true;
    let walked = json::elements(document, |element| {
        room = found.len() < DOCUMENT_CAP;
        if room {
            found.push(read_one(element, encoding));
        }
    });
    debug_assert!(walked.is_ok(), "a raw value is well-formed");
    room
}

/// Reads one object.
fn read_one(document: &RawValue, encoding: Option<&str>) -> Result<TlsReport, NotAReport> {
    if kind(document) != "an object" {
        return Err(NotAReport::NotAnObject(kind(document)));
    }
    let mut notes = Notes::default();
    if let Some(encoding) = encoding {
        notes.add(encoding);
    }
    let (mut organization, mut contact, mut id, mut range, mut policies) = (None, None, None, None, None);
    let walked = members(document, &mut notes, |key, value, notes| match key {
        "organization-name" => organization = text(value, key, notes),
        "contact-info" => contact = text(value, key, notes),
        "report-id" => id = text(value, key, notes),
        "date-range" => range = Some(value),
        "policies" => policies = Some(value),
        _ => notes.add(format!("unknown key `{}`", clip(key, 60))),
    });
    debug_assert!(walked.is_ok(), "a raw value is well-formed");
    let policies = policies.filter(|value| matches!(kind(value), "an array" | "an object")).ok_or(NotAReport::NoPolicies)?;
    let (start, end) = period(range, &mut notes)?;
    let policies = entry::policies(policies, &mut notes);
    let missing = [("organization-name", organization.is_none()), ("report-id", id.is_none())];
    for (key, _) in missing.into_iter().filter(|(_, missing)| *missing) {
        notes.add(format!("`{key}` is missing"));
    }
    Ok(TlsReport {
        organization: organization.unwrap_or_default(),
        contact,
        id: id.unwrap_or_default(),
        start,
        end,
        policies,
        oddities: notes.into_vec(),
        sha256: Fingerprint::of(document.get().as_bytes()),
    })
}

/// `date-range`. One bound alone stands for a day: the other is what most senders would have written.
fn period(range: Option<&RawValue>, notes: &mut Notes) -> Result<(Timestamp, Timestamp), NotAReport> {
    let unusable = |why: &str| NotAReport::Range(why.to_owned());
    let range = range.filter(|range| kind(range) == "an object").ok_or_else(|| unusable("it is missing"))?;
    let (mut start, mut end) = (None, None);
    let walked = members(range, notes, |key, value, notes| match key {
        "start-datetime" => start = instant::read(value, key, instant::Bound::Start, notes),
        "end-datetime" => end = instant::read(value, key, instant::Bound::End, notes),
        _ => notes.add(format!("unknown key `{}` in `date-range`", clip(key, 60))),
    });
    debug_assert!(walked.is_ok(), "a raw value is well-formed");
    let (start, end) = match (start, end) {
        (Some(start), Some(end)) => (start, end),
        (Some(start), None) => {
            notes.add("`end-datetime` is missing; a day is assumed");
            (start, start.saturating_add(24.hours()).unwrap_or(start))
        }
        (None, Some(end)) => {
            notes.add("`start-datetime` is missing; a day is assumed");
            (end.saturating_sub(24.hours()).unwrap_or(end), end)
        }
        (None, None) => return Err(unusable("neither start nor end is a date and time")),
    };
    if end < start {
        return Err(unusable("it ends before it starts"));
    }
    Ok((start, end))
}

/// The parser's words without their own "at line …", and the line counted in the whole file.
fn syntax(problem: &serde_json::Error, before: &str) -> NotAReport {
    let what = problem.to_string();
    let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what).to_owned();
    let what = if problem.is_eof() { "it breaks off here".to_owned() } else { what };
    NotAReport::Syntax { line: before.matches('\n').count() + problem.line(), column: problem.column(), what }
}

/// Whitespace, and the byte order mark that RFC 8259 §8.1 lets a reader ignore.
fn is_filler(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}' || c == '\0'
}

fn is_blank(text: &str) -> bool {
    text.chars().all(is_filler)
}

#[cfg(test)]
mod tests;
