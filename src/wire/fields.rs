//! The fields of the two TXT records: `*WSP ";" *WSP name=value`, the same grammar in RFC 8461 §3.1 and RFC 8460 §3.
//!
//! In: what stands behind the version. Out: the fields, each with its fault, forgiven where its meaning is plain.

/// What the grammar calls white space.
pub(super) const WSP: [char; 2] = [' ', '\t'];

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Between two semicolons, untrimmed.
    pub raw: &'a str,
    /// Before the first `=`, without white space; the whole field where there is no `=`.
    pub name: &'a str,
    /// Behind the first `=`, without white space.
    pub value: &'a str,
    /// What is wrong with its form; values of fields that an RFC defines are judged where they are known.
    pub fault: Option<FieldFault>,
}

/// Why a field is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    /// Nothing between two semicolons.
    #[error("is empty: two semicolons in a row")]
    Empty,
    /// No semicolon between the version and what follows.
    #[error("is not set off from the version by a semicolon")]
    NoSemicolon,
    /// No `=`.
    #[error("has no `=`")]
    NoEquals,
    /// White space on either side of `=`.
    #[error("has white space around `=`")]
    SpaceAtEquals,
    /// White space at the record's end, with no semicolon behind it.
    #[error("ends in white space without a semicolon")]
    SpaceAtEnd,
    /// Not a letter or digit and at most 31 of letters, digits, `_`, `-`, `.`.
    #[error("has a name that the grammar does not allow")]
    Name,
    /// An extension without a value.
    #[error("has no value")]
    EmptyValue,
    /// An extension's value with a character outside `!`…`~`, or `=`.
    #[error("has the character {0:?} in its value")]
    Value(char),
}

/// Reads everything behind the version; `known` are the fields whose values are judged elsewhere.
///
/// One semicolon at the very end is legal and opens no field. Of a run of empty fields one is returned.
pub fn read<'a>(rest: &'a str, known: &[&str]) -> Vec<Field<'a>> {
    let mut pieces: Vec<&str> = rest.split(';').collect();
    let set_off = pieces.first().is_some_and(|first| first.trim_matches(WSP).is_empty());
    pieces.pop_if(|last| last.trim_matches(WSP).is_empty());
    // `[field-delim]` at the end has a semicolon; white space alone is outside the grammar.
    let open_end = rest.ends_with(WSP) && !rest.trim_end_matches(WSP).ends_with(';');
    let count = pieces.len();
    let mut fields: Vec<Field<'a>> = Vec::new();
    for (index, raw) in pieces.into_iter().enumerate() {
        if index == 0 && set_off {
            continue;
        }
        let mut field = read_one(raw, known);
        if index == 0 {
            field.fault = Some(FieldFault::NoSemicolon);
        } else if field.fault.is_none() && open_end && index + 1 == count {
            field.fault = Some(FieldFault::SpaceAtEnd);
        }
        let again = field.fault == Some(FieldFault::Empty) && fields.last().is_some_and(|last| last.fault == Some(FieldFault::Empty));
        if !again {
            fields.push(field);
        }
    }
    fields
}

fn read_one<'a>(raw: &'a str, known: &[&str]) -> Field<'a> {
    let text = raw.trim_matches(WSP);
    let Some((name, value)) = text.split_once('=') else {
        let fault = if text.is_empty() { FieldFault::Empty } else { FieldFault::NoEquals };
        return Field { raw, name: text, value: "", fault: Some(fault) };
    };
    let bare = (name.trim_end_matches(WSP), value.trim_start_matches(WSP));
    let spaced = bare.0.len() < name.len() || bare.1.len() < value.len();
    let fault = match extension_fault(bare.0, bare.1) {
        Some(FieldFault::Name) => Some(FieldFault::Name),
        _ if spaced => Some(FieldFault::SpaceAtEquals),
        _ if known.contains(&bare.0) => None,
        fault => fault,
    };
    Field { raw, name: bare.0, value: bare.1, fault }
}

/// `sts-extension` and `tlsrpt-extension`.
fn extension_fault(name: &str, value: &str) -> Option<FieldFault> {
    let legal = name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    if !legal {
        return Some(FieldFault::Name);
    }
    if value.is_empty() {
        return Some(FieldFault::EmptyValue);
    }
    value.chars().find(|c| !c.is_ascii_graphic() || *c == '=').map(FieldFault::Value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_read_with_the_fault_of_each() {
        for (rest, expected) in [
            ("", vec![]),
            (";", vec![]),
            (" ; ", vec![]),
            ("; id=1", vec![("id", "1", None)]),
            (";id=1;", vec![("id", "1", None)]),
            ("; id=1 ; note=x", vec![("id", "1", None), ("note", "x", None)]),
            ("; id=1 ", vec![("id", "1", Some(FieldFault::SpaceAtEnd))]),
            (";;; id=1", vec![("", "", Some(FieldFault::Empty)), ("id", "1", None)]),
            ("; id=1;;", vec![("id", "1", None), ("", "", Some(FieldFault::Empty))]),
            (" id=1", vec![("id", "1", Some(FieldFault::NoSemicolon))]),
            ("; id = 1", vec![("id", "1", Some(FieldFault::SpaceAtEquals))]),
            ("; id =1", vec![("id", "1", Some(FieldFault::SpaceAtEquals))]),
            ("; id= 1", vec![("id", "1", Some(FieldFault::SpaceAtEquals))]),
            ("; -n = 1", vec![("-n", "1", Some(FieldFault::Name))]),
            ("; enforce", vec![("enforce", "", Some(FieldFault::NoEquals))]),
            ("; -n=1", vec![("-n", "1", Some(FieldFault::Name))]),
            ("; n=", vec![("n", "", Some(FieldFault::EmptyValue))]),
            ("; id=", vec![("id", "", None)]),
            ("; n=a b", vec![("n", "a b", Some(FieldFault::Value(' ')))]),
            ("; n=a=b", vec![("n", "a=b", Some(FieldFault::Value('=')))]),
            ("; n=ä", vec![("n", "ä", Some(FieldFault::Value('ä')))]),
        ] {
            let fields = read(rest, &["id"]);
            let seen: Vec<_> = fields.iter().map(|field| (field.name, field.value, field.fault)).collect();
            assert_eq!(seen, expected, "{rest:?}");
        }
    }

    proptest! {
        #[test]
        fn legal_fields_come_back_as_written(
            fields in proptest::collection::vec(("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,31}", "[!-:<>-~]{1,20}"), 0..6),
            delimiter in "[ \t]{0,2};[ \t]{0,2}", end in any::<bool>(),
        ) {
            let parts: Vec<String> = fields.iter().map(|(name, value)| format!("{delimiter}{name}={value}")).collect();
            let mut text = parts.concat();
            if end { text.push_str(&delimiter); }
            let expected: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str(), None)).collect();
            let seen = read(&text, &[]);
            prop_assert_eq!(seen.iter().map(|field| (field.name, field.value, field.fault)).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,40}") {
            read(&text, &["id"]);
        }
    }
}
