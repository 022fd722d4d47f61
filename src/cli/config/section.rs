//! Reading a section of the configuration: what it asks for comes out, and every fault is noted with its line, not only the first.

use std::cell::RefCell;
use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::wire::likeness;

/// Something that is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli) struct Fault {
    /// The line, from 1.
    pub(in crate::cli) line: usize,
    /// What is wrong, and the way out.
    pub(in crate::cli) what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// The faults found so far.
pub(super) struct Faults<'t> {
    text: &'t str,
    all: RefCell<Vec<Fault>>,
}

impl<'t> Faults<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, all: RefCell::default() }
    }

    /// Notes a fault at this byte.
    pub(super) fn add(&self, at: usize, what: impl Into<String>) {
        let line = self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        self.all.borrow_mut().push(Fault { line, what: what.into() });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.borrow().is_empty()
    }

    /// All of them, by line.
    pub(super) fn into_all(self) -> Vec<Fault> {
        let mut all = self.all.into_inner();
        all.sort();
        all
    }
}

/// A table of the file while it is read.
pub(super) struct Section<'a, 'i> {
    /// As people call it: `[reports]`; empty for the top of the file.
    name: String,
    at: usize,
    table: Option<&'a DeTable<'i>>,
    asked: Vec<&'static str>,
    faults: &'a Faults<'a>,
}

impl<'a, 'i> Section<'a, 'i> {
    /// The top of the file.
    pub(super) fn top(table: &'a DeTable<'i>, faults: &'a Faults<'a>) -> Self {
        Self { name: String::new(), at: 0, table: Some(table), asked: Vec::new(), faults }
    }

    /// The section `[name]`; an empty one where there is none.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        let name = format!("[{key}]");
        let Some(value) = self.get(key) else { return Self { name, at: 0, table: None, asked: Vec::new(), faults: self.faults } };
        self.of_value(name, value)
    }

    /// The sections `[[name]]`.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Self> {
        let name = format!("[[{key}]]");
        match self.get(key) {
            None => Vec::new(),
            Some(value) => match value.get_ref() {
                DeValue::Array(values) => values.iter().map(|value| self.of_value(name.clone(), value)).collect(),
                other => {
                    self.faults.add(value.span().start, format!("{key} is written as {name}, not as a {}", other.type_str()));
                    Vec::new()
                }
            },
        }
    }

    fn of_value(&self, name: String, value: &'a Spanned<DeValue<'i>>) -> Self {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.faults.add(value.span().start, format!("{name} is a section, not a {}", value.get_ref().type_str()));
        }
        Self { name, at: value.span().start, table, asked: Vec::new(), faults: self.faults }
    }

    /// The value of a key, which is then known.
    fn get(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.asked.push(key);
        self.table?.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// The value of a key as `read` takes it; its refusal is noted.
    pub(super) fn read<T>(&mut self, key: &'static str, read: impl FnOnce(&DeValue<'i>) -> Result<T, String>) -> Option<T> {
        let value = self.get(key)?;
        read(value.get_ref()).map_err(|why| self.faults.add(value.span().start, why)).ok()
    }

    /// Text.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        self.parsed(key, |text| Ok(text.to_owned()))
    }

    /// Text that must be there.
    pub(super) fn needed(&mut self, key: &'static str) -> String {
        let found = self.text(key);
        if found.as_ref().is_none_or(|text| text.trim().is_empty()) && (found.is_some() || !self.has(key)) {
            self.fault(format!("{} lacks its {key}", self.name));
        }
        found.unwrap_or_default()
    }

    /// Text with a meaning.
    pub(super) fn parsed<T>(&mut self, key: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.read(key, |value| match value.as_str() {
            Some(text) => parse(text),
            None => Err(format!("{key} is text in quotation marks, not a {}", value.type_str())),
        })
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.read(key, |value| value.as_bool().ok_or_else(|| format!("{key} is a boolean, true or false, not a {}", value.type_str())))
    }

    /// One text, or several in brackets.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.read(key, |value| texts(value).ok_or_else(|| format!("{key} is text, or a list of texts in brackets")))
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.iter().any(|(name, _)| name.get_ref() == key))
    }

    /// Where a key's value begins; the section where there is none.
    pub(super) fn place(&self, key: &str) -> usize {
        let value = self.table.and_then(|table| table.iter().find(|(name, _)| name.get_ref() == key));
        value.map_or(self.at, |(_, value)| value.span().start)
    }

    /// Notes a fault of the section as a whole.
    pub(super) fn fault(&self, what: impl Into<String>) {
        self.faults.add(self.at, what);
    }

    /// Notes a fault of a key's value.
    pub(super) fn fault_at(&self, key: &str, what: impl Into<String>) {
        self.faults.add(self.place(key), what);
    }

    /// To be called once all is read: what was never asked for is no setting. A misspelt one must not be silently left out.
    pub(super) fn finish(self) {
        for (key, _) in self.table.into_iter().flat_map(|table| table.iter()) {
            let name: &str = key.get_ref();
            if !self.asked.contains(&name) {
                let near =
                    likeness::nearest(name, self.asked.iter().copied()).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                let place = if self.name.is_empty() { String::new() } else { format!(" in {}", self.name) };
                self.faults.add(key.span().start, format!("there is no setting {name:?}{place}{near}"));
            }
        }
    }
}

/// A text or a number as text; a hexadecimal, octal or binary number by its value.
pub(super) fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Integer(number) => Some(i128::from_str_radix(number.as_str(), number.radix()).ok()?.to_string()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Datetime(time) => Some(time.to_string()),
        DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    match value.as_array() {
        Some(list) => list.iter().map(|value| value.get_ref().as_str().map(str::to_owned)).collect(),
        None => value.as_str().map(|text| vec![text.to_owned()]),
    }
}
