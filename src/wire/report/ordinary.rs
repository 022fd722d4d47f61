//! The short way through an ordinary report: its JSON straight into a [`TlsReport`], without looking at a member twice.
//!
//! In: text that begins with a document. Out: the report and the document's length; `None` at the first thing out of the ordinary (an
//! unknown key, a number in a string, a name that is none), for which there is the forgiving walk of the other rooms. Where this way
//! answers at all, it answers the same; a property test holds it to that.

use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::entry::{LINE_CAP, LINES_CAP, TYPES, encoded_once_more, lines_of, plain_name};
use super::instant::{self, Bound};
use super::json::TEXT_CAP;
use super::{COUNT_CAP, DETAIL_CAP, FailureDetail, POLICY_CAP, PolicyEntry, PolicyType, TlsReport, Unknown};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// A longer document is left to the walk, which bounds what it holds; real ones have a tenth of this.
const LENGTH_CAP: usize = 4 << 20;
/// Microsoft writes so, every day; beside times without a zone it is all that this way notes.
const ENCODED_ONCE_MORE: &str = "`policy-string` is an array encoded once more in a string";

/// Reads the document that `text` begins with.
pub(super) fn read(text: &str) -> Option<(TlsReport, usize)> {
    let text = &text[..text.floor_char_boundary(LENGTH_CAP)];
    if !text.starts_with('{') {
        return None;
    }
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<Report>();
    let report = documents.next()?.ok()?;
    let length = documents.byte_offset();
    let Report { organization, contact, id, range, policies } = report;
    let details: usize = policies.iter().map(|Object(entry)| entry.details.0.len()).sum();
    let lines: usize = policies.iter().map(|Object(entry)| entry.policy.0.lines.list.len() + entry.policy.0.mx_host.0.list.len()).sum();
    if range.end < range.start || details > DETAIL_CAP || lines > LINES_CAP || policies.len() > POLICY_CAP {
        return None;
    }
    let encoded = policies.iter().any(|Object(entry)| entry.policy.0.lines.encoded).then(|| ENCODED_ONCE_MORE.to_owned());
    let report = TlsReport {
        organization: organization.0?,
        contact: contact.0,
        id: id.0?,
        start: range.start,
        end: range.end,
        policies: policies.into_iter().map(entry).collect(),
        oddities: range.notes.into_iter().chain(encoded).collect(),
        sha256: Fingerprint::of(&text.as_bytes()[..length]),
        unknown: Unknown::new(),
        unknown_in_range: Unknown::new(),
    };
    Some((report, length))
}

fn entry(Object(entry): Object<Entry>) -> PolicyEntry {
    let (Object(policy), Object(summary)) = (entry.policy, entry.summary);
    PolicyEntry {
        policy_type: policy.applied.0,
        domain: policy.domain.0,
        policy_string: policy.lines.list,
        mx_host: policy.mx_host.0.list,
        successful: summary.successful.0,
        failed: summary.failed.0,
        details: entry.details.0.into_iter().map(detail).collect(),
        ..PolicyEntry::default()
    }
}

fn detail(Object(detail): Object<Detail>) -> FailureDetail {
    FailureDetail {
        result_type: detail.result_type.0,
        mx: detail.mx.0,
        helo: detail.helo.0,
        receiving_ip: detail.receiving_ip.0,
        sending_ip: detail.sending_ip.0,
        sessions: detail.sessions.0,
        reason: detail.reason.0,
        additional: detail.additional.0,
        unknown: Unknown::new(),
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    #[serde(rename = "organization-name")]
    organization: Text,
    #[serde(rename = "contact-info", default)]
    contact: Text,
    #[serde(rename = "report-id")]
    id: Text,
    #[serde(rename = "date-range")]
    range: Range,
    /// Not [`List`], for which null and nothing at all are an empty one: without policies it is no report.
    policies: Vec<Object<Entry>>,
}

struct Range {
    start: Timestamp,
    end: Timestamp,
    /// In the order in which the two stand there.
    notes: Vec<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    policy: Object<Policy>,
    summary: Object<Summary>,
    #[serde(rename = "failure-details", default)]
    details: List<Detail>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    #[serde(rename = "policy-type")]
    applied: Type,
    #[serde(rename = "policy-string", default)]
    lines: Lines,
    #[serde(rename = "policy-domain", default)]
    domain: Name,
    #[serde(rename = "mx-host", default)]
    mx_host: Hosts,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Summary {
    #[serde(rename = "total-successful-session-count", default)]
    successful: Count,
    #[serde(rename = "total-failure-session-count", default)]
    failed: Count,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Detail {
    #[serde(rename = "result-type")]
    result_type: ResultType,
    #[serde(rename = "receiving-mx-hostname", default)]
    mx: Name,
    #[serde(rename = "receiving-mx-helo", default)]
    helo: Text,
    #[serde(rename = "receiving-ip", default)]
    receiving_ip: Text,
    #[serde(rename = "sending-mta-ip", default)]
    sending_ip: Text,
    #[serde(rename = "failed-session-count")]
    sessions: Sessions,
    #[serde(rename = "failure-reason-code", alias = "failure-error-code", default)]
    reason: Text,
    #[serde(rename = "additional-information", alias = "additional-info-uri", default)]
    additional: Text,
}

/// What may be a text or null; anything else, or a text of unusual length, is out of the ordinary.
struct Texts<F>(F);

impl<T, F: FnOnce(Option<&str>) -> Option<T>> Visitor<'_> for Texts<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an ordinary text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let text = Some(text.trim()).filter(|text| text.len() <= TEXT_CAP);
        let Some(text) = text else { return Err(E::custom("too long")) };
        (self.0)(Some(text).filter(|text| !text.is_empty())).ok_or_else(|| E::custom("out of the ordinary"))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        (self.0)(None).ok_or_else(|| E::custom("null"))
    }
}

#[derive(Default)]
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Texts(|text: Option<&str>| Some(Self(text.map(str::to_owned)))))
    }
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bounds;
        impl<'de> Visitor<'de> for Bounds {
            type Value = Range;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("two instants")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Range, A::Error> {
                let (mut start, mut end, mut notes) = (None, None, Vec::new());
                while let Some(bound) = map.next_key::<Bound>()? {
                    let (instant, note) = map.next_value_seed(bound)?;
                    notes.extend(note);
                    let place = if bound == Bound::Start { &mut start } else { &mut end };
                    if place.replace(instant).is_some() {
                        return Err(A::Error::custom("twice"));
                    }
                }
                let (Some(start), Some(end)) = (start, end) else { return Err(A::Error::custom("one bound alone")) };
                Ok(Range { start, end, notes })
            }
        }
        deserializer.deserialize_map(Bounds)
    }
}

impl<'de> DeserializeSeed<'de> for Bound {
    type Value = (Timestamp, Option<String>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(Texts(|text: Option<&str>| instant::noted(text?, self)))
    }
}

#[derive(Default)]
struct Name(Option<Domain>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Texts(|text: Option<&str>| match text {
            None => Some(Self(None)),
            Some(text) => Some(Self(Some(plain_name(text)?))),
        }))
    }
}

struct Type(PolicyType);

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Texts(|text: Option<&str>| {
            let text = text?;
            TYPES.iter().find(|(name, _)| *name == text).map(|(_, known)| Self(known.clone()))
        }))
    }
}

struct ResultType(String);

impl<'de> Deserialize<'de> for ResultType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(Texts(|text: Option<&str>| text.filter(|text| text.len() <= 100).map(|text| Self(text.to_ascii_lowercase()))))
    }
}

#[derive(Default)]
struct Count(u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counts;
        impl Visitor<'_> for Counts {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count")
            }

            fn visit_u64<E: Error>(self, count: u64) -> Result<Count, E> {
                if count <= COUNT_CAP { Ok(Count(count)) } else { Err(E::custom("implausible")) }
            }

            fn visit_unit<E>(self) -> Result<Count, E> {
                Ok(Count(0))
            }
        }
        deserializer.deserialize_any(Counts)
    }
}

/// A count that must be there: what a missing one means is for the walk to say.
struct Sessions(u64);

impl<'de> Deserialize<'de> for Sessions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let count = u64::deserialize(deserializer)?;
        if count <= COUNT_CAP { Ok(Self(count)) } else { Err(D::Error::custom("implausible")) }
    }
}

/// An object. By itself a struct would be read out of an array of its members, too.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

/// An array of objects, or null for none.
struct List<T>(Vec<Object<T>>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<Vec<Object<T>>>::deserialize(deserializer).map(|list| Self(list.unwrap_or_default()))
    }
}

/// Lines of a policy.
#[derive(Default)]
struct Lines {
    list: Vec<String>,
    /// Whether they were encoded once more.
    encoded: bool,
}

impl Lines {
    fn push(&mut self, written: &str) -> Option<()> {
        let written = Some(written.trim()).filter(|text| text.len() <= TEXT_CAP)?;
        if let Some(decoded) = encoded_once_more(written) {
            self.encoded = true;
            for text in &decoded {
                lines_of(text, |line| self.list.push(line.to_owned()));
            }
        } else {
            lines_of(written, |line| self.list.push(line.to_owned()));
        }
        (self.list.len() <= LINE_CAP).then_some(())
    }
}

/// Names of hosts: an array, or the one name that the RFC's own example has.
#[derive(Default)]
struct Hosts(Lines);

struct LinesIn {
    /// Whether one text is as good as an array.
    one: bool,
}

impl<'de> Visitor<'de> for LinesIn {
    type Value = Lines;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Lines, A::Error> {
        let mut lines = Lines::default();
        while let Some(()) = seq.next_element_seed(Line(&mut lines))? {}
        if lines.encoded && self.one {
            return Err(A::Error::custom("out of the ordinary"));
        }
        Ok(lines)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Lines, E> {
        let mut lines = Lines::default();
        // Some write an empty text for no policy.
        let ordinary = text.is_empty() || self.one && lines.push(text).is_some() && !lines.encoded;
        if ordinary { Ok(lines) } else { Err(E::custom("a text, no array")) }
    }

    fn visit_unit<E>(self) -> Result<Lines, E> {
        Ok(Lines::default())
    }
}

/// One line, into the list: no text is made of it that is not kept.
struct Line<'a>(&'a mut Lines);

impl<'de> DeserializeSeed<'de> for Line<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Line<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.push(text).ok_or_else(|| E::custom("too many lines"))
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LinesIn { one: false })
    }
}

impl<'de> Deserialize<'de> for Hosts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LinesIn { one: true }).map(Self)
    }
}

#[cfg(test)]
mod tests;
