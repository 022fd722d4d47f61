//! Text with placeholders in it: read once, filled in for each domain.

use super::placeholder::{Placeholder, Value, Values};
use super::{Fault, Wrong};

/// A run of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Placeholder),
}

impl Line {
    /// Reads text of any length. What is no placeholder stays as it stands: [`check`] has complained of it.
    pub(super) fn read(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            plain.push_str(before);
            let found = behind.split_once("}}").and_then(|(name, behind)| Some((Placeholder::find(name.trim())?, behind)));
            match found {
                Some((placeholder, behind)) => {
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(Part::Value(placeholder));
                    rest = behind;
                }
                None => {
                    plain.push_str("{{");
                    rest = behind;
                }
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Self(parts)
    }

    /// With the values in their places; what is not known says so.
    pub(super) fn fill(&self, values: &Values) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(placeholder) => match values.get(*placeholder) {
                Value::Known(text) => text.trim_end().to_owned(),
                Value::Unknown(why) => format!("(not known: {why})"),
            },
        });
        parts.collect()
    }

    /// The same, where every value must be known.
    pub(super) fn whole(&self, values: &Values) -> Result<String, String> {
        let unknown = self.placeholders().find_map(|placeholder| match values.get(placeholder) {
            Value::Unknown(why) => Some(why.clone()),
            Value::Known(_) => None,
        });
        unknown.map_or_else(|| Ok(self.fill(values)), Err)
    }

    pub(super) fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.0.iter().filter_map(|part| if let Part::Value(placeholder) = part { Some(*placeholder) } else { None })
    }
}

/// Looks at the placeholders of one line of the file.
pub(super) fn check(text: &str, number: usize, fenced: bool, faults: &mut Vec<Fault>) {
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once("{{") {
        let Some((name, behind)) = behind.split_once("}}") else {
            faults.push(Fault { line: number, wrong: Wrong::OpenPlaceholder });
            return;
        };
        rest = behind;
        let alone = fenced && text.trim().strip_prefix("{{").and_then(|text| text.strip_suffix("}}")) == Some(name);
        let wrong = match Placeholder::find(name.trim()) {
            None => Wrong::NoSuchPlaceholder { name: name.trim().to_owned(), near: Placeholder::nearest(name.trim()).map(str::to_owned) },
            Some(placeholder) if placeholder.is_several_lines() && !alone => Wrong::SeveralLines(placeholder.name()),
            Some(_) => continue,
        };
        faults.push(Fault { line: number, wrong });
    }
}
