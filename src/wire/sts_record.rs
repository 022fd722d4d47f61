//! The `_mta-sts` TXT record (RFC 8461 §3.1): text in; the id and every problem out.

use super::fields::{self, Field, FieldFault, WSP};
use super::version::STS;

/// At most this many problems are kept.
const PROBLEMS_KEPT: usize = 50;

/// A record as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StsRecord {
    /// The first `id`, if valid.
    pub id: Option<String>,
    /// Every problem behind the version.
    pub problems: Vec<Problem>,
    /// The legal extension fields, `name=value`.
    extensions: Vec<String>,
    /// The first `id` as it stands.
    written_id: Option<String>,
}

/// One thing that is wrong with the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// White space between the version and the first semicolon (erratum 6285).
    SpaceBeforeSemicolon,
    /// No `id`; a field that looks like one, as written.
    IdMissing(Option<String>),
    /// Not 1 to 32 letters or digits.
    IdInvalid {
        /// As written.
        value: String,
        /// What is wrong with it.
        fault: IdFault,
    },
    /// A field that stands once already.
    Duplicate {
        /// Its name.
        name: String,
        /// The value that counts.
        first: String,
        /// The value that does not.
        again: String,
    },
    /// A field that is not `name=value` as the grammar wants it.
    Syntax {
        /// The field as it stands.
        field: String,
        /// What is wrong with it.
        fault: FieldFault,
    },
}

/// Why an id is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdFault {
    /// `id=`
    #[error("is empty")]
    Empty,
    /// More than 32 characters.
    #[error("has {0} characters, more than 32")]
    TooLong(usize),
    /// Something other than a letter or digit.
    #[error("has the character {0:?}; only letters and digits are allowed")]
    Character(char),
}

/// The record that senders take out of all at the name: the only one that begins with the version (RFC 8461 §3.1).
pub fn select(texts: &[String]) -> Option<StsRecord> {
    STS.only(texts).map(parse)
}

/// Reads a record that begins with the version; of any other text, what can be read as its fields.
pub fn parse(text: &str) -> StsRecord {
    let mut record = StsRecord::default();
    let rest = STS.rest(text).unwrap_or(text);
    if rest.starts_with(WSP) && rest.trim_start_matches(WSP).starts_with(';') {
        record.problems.push(Problem::SpaceBeforeSemicolon);
    }
    let fields = fields::read(rest, &["id"]);
    let mut seen: Vec<(&str, &str)> = vec![("v", "STSv1")];
    for field in &fields {
        read_field(&mut record, field, &mut seen);
    }
    if record.written_id.is_none() {
        let looks_like = fields.iter().find(|field| field.name.eq_ignore_ascii_case("id") && !field.value.is_empty());
        record.note(Problem::IdMissing(looks_like.map(|field| field.raw.trim_matches(WSP).to_owned())));
    }
    record
}

fn read_field<'a>(record: &mut StsRecord, field: &Field<'a>, seen: &mut Vec<(&'a str, &'a str)>) {
    if let Some(fault) = field.fault {
        record.note(Problem::Syntax { field: field.raw.trim_matches(WSP).to_owned(), fault });
    }
    if matches!(field.fault, Some(FieldFault::Empty | FieldFault::NoEquals | FieldFault::Name)) {
        return;
    }
    if let Some((_, first)) = seen.iter().find(|(name, _)| *name == field.name) {
        record.note(Problem::Duplicate { name: field.name.to_owned(), first: (*first).to_owned(), again: field.value.to_owned() });
        return;
    }
    // More names than this are no record that anybody wrote; the search above must stay cheap.
    if seen.len() < 64 {
        seen.push((field.name, field.value));
    }
    if field.name != "id" {
        if field.fault.is_none() && !field.name.eq_ignore_ascii_case("id") {
            record.extensions.push(format!("{}={}", field.name, field.value));
        }
        return;
    }
    record.written_id = Some(field.value.to_owned());
    match id_fault(field.value) {
        None => record.id = Some(field.value.to_owned()),
        Some(fault) => record.note(Problem::IdInvalid { value: field.value.to_owned(), fault }),
    }
}

fn id_fault(value: &str) -> Option<IdFault> {
    if value.is_empty() {
        return Some(IdFault::Empty);
    }
    if let Some(c) = value.chars().find(|c| !c.is_ascii_alphanumeric()) {
        return Some(IdFault::Character(c));
    }
    (value.len() > 32).then_some(IdFault::TooLong(value.len()))
}

impl StsRecord {
    /// The record as it should be: the id kept where it is valid or becomes so without the illegal characters, else `fresh_id`.
    pub fn corrected(&self, fresh_id: &str) -> String {
        let cleaned = || self.written_id.as_ref().map(|id| id.chars().filter(char::is_ascii_alphanumeric).collect::<String>());
        let id = self.id.clone().or_else(cleaned).filter(|id| id_fault(id).is_none());
        let mut text = format!("{}; id={}", STS.as_str(), id.as_deref().unwrap_or(fresh_id));
        for extension in &self.extensions {
            text.push_str("; ");
            text.push_str(extension);
        }
        text
    }

    /// The record with another id; its extension fields stay.
    pub fn with_id(&self, id: &str) -> String {
        Self { id: Some(id.to_owned()), ..self.clone() }.corrected(id)
    }

    fn note(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS_KEPT {
            self.problems.push(problem);
        }
    }
}

/// The record that a near miss was meant to be.
pub fn repaired(near_miss: &str, fresh_id: &str) -> String {
    let unquoted = near_miss.replace(['"', '\'', '\\'], "");
    let fields: Vec<&str> = unquoted.split(';').take(16).filter(|field| !STS.is_meant_by(field)).collect();
    parse(&format!("{};{}", STS.as_str(), fields.join(";"))).corrected(fresh_id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn syntax(field: &str, fault: FieldFault) -> Problem {
        Problem::Syntax { field: field.to_owned(), fault }
    }

    fn invalid(value: &str, fault: IdFault) -> Problem {
        Problem::IdInvalid { value: value.to_owned(), fault }
    }

    #[test]
    fn every_problem_is_named_and_the_record_corrected() {
        let long = "1".repeat(33);
        for (text, id, problems, corrected) in [
            ("v=STSv1; id=20261122090000Z", Some("20261122090000Z"), vec![], "v=STSv1; id=20261122090000Z"),
            ("v=STSv1;id=a;", Some("a"), vec![], "v=STSv1; id=a"),
            ("v=STSv1; note=x; id=a", Some("a"), vec![], "v=STSv1; id=a; note=x"),
            ("v=STSv1 ; id=a", Some("a"), vec![Problem::SpaceBeforeSemicolon], "v=STSv1; id=a"),
            ("v=STSv1;", None, vec![Problem::IdMissing(None)], "v=STSv1; id=NEW"),
            ("v=STSv1", None, vec![Problem::IdMissing(None)], "v=STSv1; id=NEW"),
            ("v=STSv1; note=x", None, vec![Problem::IdMissing(None)], "v=STSv1; id=NEW; note=x"),
            (&format!("v=STSv1; id={}", "1".repeat(32)), Some(&"1".repeat(32)), vec![], &format!("v=STSv1; id={}", "1".repeat(32))),
            ("v=STSv1; ID=a", None, vec![Problem::IdMissing(Some("ID=a".to_owned()))], "v=STSv1; id=NEW"),
            ("v=STSv1; id=", None, vec![invalid("", IdFault::Empty)], "v=STSv1; id=NEW"),
            ("v=STSv1; id=2026-11-22", None, vec![invalid("2026-11-22", IdFault::Character('-'))], "v=STSv1; id=20261122"),
            (&format!("v=STSv1; id={long}"), None, vec![invalid(&long, IdFault::TooLong(33))], "v=STSv1; id=NEW"),
            ("v=STSv1 id=a", Some("a"), vec![syntax("id=a", FieldFault::NoSemicolon)], "v=STSv1; id=a"),
            ("v=STSv1; id = a", Some("a"), vec![syntax("id = a", FieldFault::SpaceAtEquals)], "v=STSv1; id=a"),
            ("v=STSv1; enforce; id=a", Some("a"), vec![syntax("enforce", FieldFault::NoEquals)], "v=STSv1; id=a"),
            ("v=STSv1; id=a ", Some("a"), vec![syntax("id=a", FieldFault::SpaceAtEnd)], "v=STSv1; id=a"),
            (
                "v=STSv1; id=a; id=b",
                Some("a"),
                vec![Problem::Duplicate { name: "id".to_owned(), first: "a".to_owned(), again: "b".to_owned() }],
                "v=STSv1; id=a",
            ),
        ] {
            let record = parse(text);
            assert_eq!((record.id.as_deref(), &record.problems), (id, &problems), "{text}");
            assert_eq!(record.corrected("NEW"), corrected, "{text}");
        }
    }

    #[test]
    fn of_a_hostile_record_only_so_many_problems_are_kept() {
        assert_eq!(parse(&format!("v=STSv1;{}", "x;".repeat(PROBLEMS_KEPT + 9))).problems.len(), PROBLEMS_KEPT);
    }

    #[test]
    fn another_id_leaves_the_rest_as_it_is() {
        assert_eq!(parse("v=STSv1; id=a; note=x").with_id("b"), "v=STSv1; id=b; note=x");
    }

    #[test]
    fn senders_take_the_one_record_that_begins_with_the_version() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let id = |all: &[&str]| select(&texts(all)).and_then(|record| record.id);
        assert_eq!(id(&["v=spf1 -all", "v=STSv1; id=a"]).as_deref(), Some("a"));
        assert_eq!(id(&["v=STSv1; id=a", "v=STSv1; id=b"]), None);
        assert_eq!(id(&["v=spf1 -all"]), None);
    }

    #[test]
    fn near_misses_are_repaired_with_what_they_hold() {
        for (text, expected) in [
            ("v=stsv1; id=a", "v=STSv1; id=a"),
            ("id=a; v=STSv1", "v=STSv1; id=a"),
            ("\"v=STSv1; id=a;\"", "v=STSv1; id=a"),
            ("v=STS1", "v=STSv1; id=NEW"),
        ] {
            assert_eq!(repaired(text, "NEW"), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_corrected_record_has_no_problem_left(rest in "([;= \t]|id|note|v|[a-z0-9]{1,3}|\\PC){0,20}") {
            let record = parse(&format!("v=STSv1{rest}")).corrected("20261122090000Z");
            prop_assert_eq!(parse(&record).problems, vec![], "{}", record);
        }
    }
}
