//! The policy body (RFC 8461 §3.2): text in, what it asks of senders out, with every problem of the text.
//!
//! Problems are found independently: a field that can be guessed from a faulty line is read as it was meant, so a fault never shows
//! as another one. `lines` cuts the text, `field` reads a line, `value` and `mx` judge values, `document` knows what is no policy at all.

mod document;
pub mod edit;
mod field;
mod lines;
mod mx;
mod value;

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};

use serde::{Deserialize, Serialize};

pub use self::document::Document;
pub use self::field::{Key, SyntaxFault};
pub use self::mx::MxFault;
pub use self::value::MaxAgeFault;
use super::pattern::MxPattern;
use field::Reading;

/// At most this many problems of one kind are kept: a body of 64 KiB can hold thousands.
const KEPT_PER_KIND: usize = 20;

/// What the policy asks of senders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Report failures, deliver anyway.
    Testing,
    /// Refuse delivery on failure.
    Enforce,
    /// No policy is active.
    None,
}

impl Mode {
    /// As in the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Testing => "testing",
            Self::Enforce => "enforce",
            Self::None => "none",
        }
    }
}

/// A policy as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The first `mode`, if valid (RFC 8461 §3.2: all but the first are ignored).
    pub mode: Option<Mode>,
    /// The first `max_age`, if valid, in seconds.
    pub max_age: Option<u64>,
    /// The valid patterns, in their order.
    pub mx: Vec<MxPattern>,
    /// The line of each of [`Policy::mx`], from 1.
    pub mx_lines: Vec<usize>,
    /// What `mx:` lines with an invalid value, and lines whose key is a slip of `mx`, were meant to say.
    pub mx_meant: Vec<Meant>,
    /// Every line that has a key and a value, in their order.
    pub fields: Vec<Field>,
    /// Every problem, by line.
    pub problems: Vec<Problem>,
    /// How many lines the text has.
    pub lines: usize,
    left_out: HashMap<Discriminant<Kind>, usize>,
}

impl Policy {
    /// How many more problems of the same kind there are than [`Policy::problems`] holds.
    pub fn left_out(&self, kind: &Kind) -> usize {
        self.left_out.get(&discriminant(kind)).copied().unwrap_or_default()
    }

    /// The first field with this key: the one that counts.
    pub fn field(&self, key: Key) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == Some(key))
    }

    /// Whether there is any policy to judge: the text is neither empty nor another document.
    pub fn is_policy(&self) -> bool {
        !self.problems.iter().any(|problem| matches!(problem.kind, Kind::Empty | Kind::NotAPolicy(_)))
    }

    fn note(&mut self, problem: Problem) {
        let kind = discriminant(&problem.kind);
        if self.problems.iter().filter(|known| discriminant(&known.kind) == kind).count() < KEPT_PER_KIND {
            self.problems.push(problem);
        } else {
            *self.left_out.entry(kind).or_default() += 1;
        }
    }
}

/// A line with a key and a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Which field, if RFC 8461 knows it.
    pub key: Option<Key>,
    /// The key as written.
    pub name: String,
    /// The value without white space around it.
    pub value: String,
    /// The line, from 1.
    pub line: usize,
}

/// A pattern that a faulty line was meant to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// The pattern.
    pub pattern: MxPattern,
    /// The line, from 1.
    pub line: usize,
    /// Whether the key is what is wrong (`MX:`, `nmx:`), rather than the value: then senders ignore the line without complaint.
    pub by_key: bool,
}

/// One thing that is wrong with the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What.
    pub kind: Kind,
    /// The line, from 1; `None` for something that is missing everywhere.
    pub line: Option<usize>,
    /// The line as it stands, without its end.
    pub raw: String,
    /// What the line should be, where that can be computed; several lines where one must become several.
    pub corrected: Option<String>,
}

/// The kinds of problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, or nothing but white space.
    Empty,
    /// Another document.
    NotAPolicy(Document),
    /// A byte order mark in front.
    Bom,
    /// No `version`; the line, if given, looks like one.
    VersionMissing,
    /// A `version` other than `STSv1`.
    VersionInvalid,
    /// A right `version` behind another field.
    VersionNotFirst,
    /// No `mode`; the line, if given, looks like one.
    ModeMissing,
    /// A `mode` that does not exist.
    ModeInvalid,
    /// No `max_age`; the line, if given, looks like one.
    MaxAgeMissing,
    /// A `max_age` that is no number of seconds up to the maximum.
    MaxAgeInvalid(MaxAgeFault),
    /// No `mx`; the line, if given, looks like one.
    MxMissing,
    /// An `mx` that is no pattern.
    MxInvalid(MxFault),
    /// A line that is not of the form `key: value`.
    Syntax(SyntaxFault),
    /// A line that ends in a carriage return without line feed.
    BareCr,
    /// A line with nothing on it but white space.
    BlankLine,
    /// A key that RFC 8461 does not define, and the one it looks like.
    UnknownField(Option<Key>),
    /// A field that stands once already.
    DuplicateField {
        /// The line that counts.
        first: usize,
        /// Whether both say the same.
        same: bool,
    },
    /// White space behind a field: legal.
    TrailingSpace,
}

/// Reads a policy. Text that is not UTF-8 must have been made so (U+FFFD) before; that the bytes were wrong is not seen here.
pub fn parse(text: &str) -> Policy {
    let mut policy = Policy::default();
    let body = text.trim_start_matches('\u{feff}');
    if body.trim().is_empty() {
        policy.note(Problem { kind: Kind::Empty, line: None, raw: String::new(), corrected: None });
        return policy;
    }
    let lines = lines::split(body);
    policy.lines = lines.len();
    if let Some(document) = document::detect(body, &lines) {
        let raw = lines.iter().map(|line| line.text).find(|line| !line.trim().is_empty()).unwrap_or_default();
        policy.note(Problem { kind: Kind::NotAPolicy(document), line: None, raw: raw.to_owned(), corrected: None });
        return policy;
    }
    if body.len() < text.len() {
        let raw = lines.first().map_or("", |line| line.text);
        policy.note(Problem { kind: Kind::Bom, line: Some(1), raw: raw.to_owned(), corrected: Some(raw.to_owned()) });
    }
    for line in &lines {
        read_line(&mut policy, line);
    }
    note_missing(&mut policy);
    policy.problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
    policy
}

/// Reads one line into the policy, with all its problems.
fn read_line(policy: &mut Policy, line: &lines::Line<'_>) {
    let at = |kind, corrected| Problem { kind, line: Some(line.number), raw: line.text.to_owned(), corrected };
    if line.bare_cr {
        policy.note(at(Kind::BareCr, None));
    }
    match field::read(line.text) {
        Reading::Blank => policy.note(at(Kind::BlankLine, None)),
        Reading::NotAField(fault) => policy.note(at(Kind::Syntax(fault), None)),
        Reading::TxtVersion => {
            // The record's form of the version, in the file: a wrong version, not a wrong line.
            policy.note(at(Kind::VersionInvalid, Some("version: STSv1".to_owned())));
            let field = Field { key: Some(Key::Version), name: "v".to_owned(), value: line.text.trim().to_owned(), line: line.number };
            policy.fields.push(field);
        }
        Reading::Field(read) => {
            for &fault in &read.faults {
                let corrected = format!("{}: {}", read.name, read.value);
                policy.note(at(Kind::Syntax(fault), (!read.value.is_empty()).then_some(corrected)));
            }
            if read.trailing_space {
                policy.note(at(Kind::TrailingSpace, Some(line.text.trim_end_matches(field::WSP).to_owned())));
            }
            judge_field(policy, &read, line);
            let field = Field { key: read.key, name: read.name.to_owned(), value: read.value.to_owned(), line: line.number };
            policy.fields.push(field);
        }
    }
}

/// Judges a field's value, or that it stands where or how it does; `policy.fields` are those before it.
fn judge_field(policy: &mut Policy, read: &field::Read<'_>, line: &lines::Line<'_>) {
    let at = |kind, corrected| Problem { kind, line: Some(line.number), raw: line.text.to_owned(), corrected };
    let Some(key) = read.key else {
        if read.unknown_is_legal() {
            let meant = field::meant(read.name, read.value);
            let corrected = meant.map(|key| likely_line(key, read.value).unwrap_or_else(|| format!("{key}: {}", read.value)));
            if meant == Some(Key::Mx)
                && let Ok(pattern) = mx::parse(read.value)
            {
                policy.mx_meant.push(Meant { pattern, line: line.number, by_key: true });
            }
            policy.note(at(Kind::UnknownField(meant), corrected));
        }
        return;
    };
    if key != Key::Mx
        && let Some(first) = policy.field(key)
    {
        let kind = Kind::DuplicateField { first: first.line, same: first.value == read.value };
        policy.note(at(kind, None));
        return;
    }
    match key {
        Key::Version if read.value != "STSv1" => policy.note(at(Kind::VersionInvalid, likely_line(key, read.value))),
        Key::Version if policy.fields.is_empty() => {}
        Key::Version => policy.note(at(Kind::VersionNotFirst, None)),
        Key::Mode => {
            policy.mode = value::mode(read.value);
            if policy.mode.is_none() {
                policy.note(at(Kind::ModeInvalid, likely_line(key, read.value)));
            }
        }
        Key::MaxAge => match value::max_age(read.value) {
            Ok(seconds) => policy.max_age = Some(seconds),
            Err(fault) => policy.note(at(Kind::MaxAgeInvalid(fault), likely_line(key, read.value))),
        },
        Key::Mx => match mx::parse(read.value) {
            Ok(pattern) => {
                policy.mx.push(pattern);
                policy.mx_lines.push(line.number);
            }
            Err(fault) => {
                let likely = mx::likely(read.value).into_iter();
                policy.mx_meant.extend(likely.map(|pattern| Meant { pattern, line: line.number, by_key: false }));
                policy.note(at(Kind::MxInvalid(fault), likely_line(key, read.value)));
            }
        },
    }
}

/// The line, or lines, that a value was likely meant to give.
fn likely_line(key: Key, value: &str) -> Option<String> {
    match key {
        Key::Version => Some("version: STSv1".to_owned()),
        Key::Mode => value::likely_mode(value).map(|mode| format!("mode: {}", mode.as_str())),
        Key::MaxAge => value::likely_max_age(value).map(|seconds| format!("max_age: {seconds}")),
        Key::Mx => {
            let lines: Vec<String> = mx::likely(value).iter().map(|pattern| format!("mx: {pattern}")).collect();
            (!lines.is_empty()).then(|| lines.join("\n"))
        }
    }
}

/// Notes the fields that must be there and are not, at the line whose key is a slip of the missing one where there is such a line.
fn note_missing(policy: &mut Policy) {
    for (key, kind) in [
        (Key::Version, Kind::VersionMissing),
        (Key::Mode, Kind::ModeMissing),
        (Key::MaxAge, Kind::MaxAgeMissing),
        (Key::Mx, Kind::MxMissing),
    ] {
        if policy.field(key).is_some() {
            continue;
        }
        let slip = policy.problems.iter().find(|problem| problem.kind == Kind::UnknownField(Some(key)));
        let problem = match slip {
            Some(slip) => Problem { kind, ..slip.clone() },
            None => Problem { kind, line: None, raw: String::new(), corrected: None },
        };
        policy.note(problem);
    }
}

#[cfg(test)]
mod tests;
