//! TLS reports (RFC 8460 §4.4), read as senders really write them.
//!
//! In: the bytes of one or several JSON documents. Out: a [`TlsReport`] for each, or why it is none. A member that is not as the
//! schema wants it costs only itself: it is coerced or kept out, and [`TlsReport::oddities`] says so. Only a document without
//! policies or without a usable period is no report at all.

mod entry;
mod instant;
mod json;
mod ordinary;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::json::{Budget, Notes, clip, keep, kind, members, text};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// At most this many documents are read out of one file; real files hold one.
pub const DOCUMENT_CAP: usize = 100_000;
/// At most this many policies of one report are kept.
pub const POLICY_CAP: usize = 10_000;
/// At most this many failure details of one report are kept.
pub const DETAIL_CAP: usize = 10_000;
/// More sessions than this in one count are no count: kept out, and said.
pub const COUNT_CAP: u64 = 1_000_000_000_000;

/// A broken document may be read to the end of the file before it proves broken; so many bytes are spent on that.
const RESCAN_CAP: usize = 256 << 20;

/// Values that have no place in the schema, by their keys, as they came.
pub type Unknown = BTreeMap<String, serde_json::Value>;

/// A report as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Keys beside those of RFC 8460.
    #[serde(default, skip_serializing_if = "Unknown::is_empty")]
    pub unknown: Unknown,
    /// The same in `date-range`.
    #[serde(default, skip_serializing_if = "Unknown::is_empty")]
    pub unknown_in_range: Unknown,
}

/// One entry of `policies`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Keys beside `policy`, `summary` and `failure-details`.
    #[serde(default, skip_serializing_if = "Unknown::is_empty")]
    pub unknown: Unknown,
    /// The same in `policy`, and values of known keys that could not be used.
    #[serde(default, skip_serializing_if = "Unknown::is_empty")]
    pub unknown_in_policy: Unknown,
    /// The same in `summary`.
    #[serde(default, skip_serializing_if = "Unknown::is_empty")]
    pub unknown_in_summary: Unknown,
}

impl PolicyEntry {
    /// Its failures: senders' totals and details disagree, so the larger of both.
    pub fn failures(&self) -> u64 {
        self.failed.max(FailureDetail::sessions_of(&self.details))
    }
}

/// `policy-type` (RFC 8460 §4.4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

impl Default for PolicyType {
    /// What is said of an entry that says nothing.
    fn default() -> Self {
        Self::Other(String::new())
    }
}

/// One entry of `failure-details`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Keys that RFC 8460 does not know, and values of known keys that could not be used.
    #[serde(default, skip_serializing_if = "Unknown::is_empty")]
    pub unknown: Unknown,
}

impl FailureDetail {
    /// Σ `failed-session-count`: an upper bound, for details may overlap.
    pub fn sessions_of(details: &[Self]) -> u64 {
        details.iter().fold(0, |sum, detail| sum.saturating_add(detail.sessions))
    }
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

/// One document of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// As it came; bytes that are not UTF-8 are replaced. Of a broken one all that was passed over.
    pub text: &'a str,
    /// The report, or why it is none.
    pub read: Result<TlsReport, NotAReport>,
}

/// Reads every document in `bytes`; see [`each`].
pub fn read_all(bytes: &[u8]) -> Vec<Result<TlsReport, NotAReport>> {
    let mut found = Vec::new();
    let _ = each(bytes, |document| {
        found.push(document.read);
        ControlFlow::Continue(())
    });
    found
}

/// Hands over every document in `bytes`, until `take` has enough: one, several after one another, one a line, or an array of them.
///
/// A broken document ends at the next line that begins with `{`, so that one half-written line costs no other.
pub fn each(bytes: &[u8], take: impl FnMut(Document<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
    // The check of the whole is several times faster than the walk that replaces what is wrong, and nearly every report passes it.
    let text = std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    let encoding = matches!(text, Cow::Owned(_)).then_some("bytes that are not UTF-8 were replaced");
    let mut documents = Documents { take, encoding, number: 0 };
    let broken_cap = (RESCAN_CAP / text.len().max(1)).clamp(8, 1000);
    let (mut broken, mut from) = (0, 0);
    loop {
        let rest = text[from..].trim_start_matches(is_filler);
        from = text.len() - rest.len();
        if rest.is_empty() {
            return ControlFlow::Continue(());
        }
        if encoding.is_none()
            && let Some((report, length)) = ordinary::read(rest)
        {
            documents.hand_over(&rest[..length], || Ok(report))?;
            from += length;
            continue;
        }
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        match stream.next() {
            None => return ControlFlow::Continue(()),
            Some(Ok(document)) => {
                documents.read(document)?;
                from += stream.byte_offset();
            }
            Some(Err(problem)) => {
                let end = rest.find("\n{").map_or(rest.len(), |at| at + 1);
                documents.hand_over(&rest[..end], || Err(syntax(&problem, &text[..from])))?;
                broken += 1;
                if broken == broken_cap {
                    return documents.hand_over(&rest[end..], || Err(NotAReport::TooManyBroken(broken_cap)));
                }
                from += end;
            }
        }
    }
}

/// The documents of a file on their way out.
struct Documents<F> {
    take: F,
    /// What is to be noted about each.
    encoding: Option<&'static str>,
    number: usize,
}

impl<F: FnMut(Document<'_>) -> ControlFlow<()>> Documents<F> {
    /// One document: an object, or an array of objects as some archives export.
    fn read(&mut self, document: &RawValue) -> ControlFlow<()> {
        let encoding = self.encoding;
        if kind(document) != "an array" {
            return self.hand_over(document.get(), || read_one(document, encoding));
        }
        let mut outcome = ControlFlow::Continue(());
        let walked = json::elements(document, |element| {
            if outcome.is_continue() {
                outcome = self.hand_over(element.get(), || read_one(element, encoding));
            }
        });
        debug_assert!(walked.is_ok(), "a raw value is well-formed");
        outcome
    }

    fn hand_over(&mut self, text: &str, read: impl FnOnce() -> Result<TlsReport, NotAReport>) -> ControlFlow<()> {
        let room = self.number < DOCUMENT_CAP;
        self.number += 1;
        let read = if room { read() } else { Err(NotAReport::TooManyDocuments) };
        (self.take)(Document { text, read })?;
        if room { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
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
    let (mut unknown, mut unknown_in_range, mut budget) = (Unknown::new(), Unknown::new(), Budget::default());
    let walked = members(document, &mut notes, |key, value, notes| match key {
        "organization-name" => organization = text(value, key, notes),
        "contact-info" => contact = text(value, key, notes),
        "report-id" => id = text(value, key, notes),
        "date-range" => range = Some(value),
        "policies" => policies = Some(value),
        _ => {
            notes.add(format!("unknown key `{}`", clip(key, 60)));
            keep(key, value, "the report", &mut unknown, &mut budget, notes);
        }
    });
    debug_assert!(walked.is_ok(), "a raw value is well-formed");
    let policies = policies.filter(|value| matches!(kind(value), "an array" | "an object")).ok_or(NotAReport::NoPolicies)?;
    let (start, end) = period(range, &mut unknown_in_range, &mut budget, &mut notes)?;
    let policies = entry::policies(policies, &mut budget, &mut notes);
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
        unknown,
        unknown_in_range,
    })
}

/// `date-range`. One bound alone stands for a day: the other is what most senders would have written.
fn period(
    range: Option<&RawValue>,
    unknown: &mut Unknown,
    budget: &mut Budget,
    notes: &mut Notes,
) -> Result<(Timestamp, Timestamp), NotAReport> {
    let unusable = |why: &str| NotAReport::Range(why.to_owned());
    let range = range.filter(|range| kind(range) == "an object").ok_or_else(|| unusable("it is missing"))?;
    let (mut start, mut end) = (None, None);
    let walked = members(range, notes, |key, value, notes| match key {
        "start-datetime" => start = instant::read(value, instant::Bound::Start, notes),
        "end-datetime" => end = instant::read(value, instant::Bound::End, notes),
        _ => {
            notes.add(format!("unknown key `{}` in `date-range`", clip(key, 60)));
            keep(key, value, "date-range", unknown, budget, notes);
        }
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

/// The parser's words without their own "at line …", and the place counted in the whole file.
fn syntax(problem: &serde_json::Error, before: &str) -> NotAReport {
    let what = problem.to_string();
    let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what).to_owned();
    let what = if problem.is_eof() { "it breaks off here".to_owned() } else { what };
    let indent = if problem.line() == 1 { before.len() - before.rfind('\n').map_or(0, |end| end + 1) } else { 0 };
    NotAReport::Syntax { line: before.matches('\n').count() + problem.line(), column: indent + problem.column(), what }
}

/// Whitespace, and the byte order mark that RFC 8259 §8.1 lets a reader ignore.
fn is_filler(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}' || c == '\0'
}

#[cfg(test)]
mod tests;
