//! Tag lists (RFC 6376 §3.2): `a=1; b=2`, with white space and line breaks anywhere around them.

use std::ops::Range;

/// A list of more tags than this is none.
const TAG_CAP: usize = 100;

/// The tags of one list, each name once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tags<'a> {
    list: &'a [u8],
    tags: Vec<(&'a str, Range<usize>)>,
}

/// Why text is no tag list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoTags;

impl<'a> Tags<'a> {
    /// Reads a list. A name twice makes the whole list void (§3.2).
    pub(super) fn read(list: &'a [u8]) -> Result<Self, NoTags> {
        let mut tags: Vec<(&str, Range<usize>)> = Vec::new();
        let mut at = 0;
        for tag in list.split(|byte| *byte == b';') {
            let begin = at;
            at += tag.len() + 1;
            if tag.trim_ascii().is_empty() {
                // Only the last semicolon may have nothing behind it.
                if at <= list.len() {
                    return Err(NoTags);
                }
                continue;
            }
            let equals = tag.iter().position(|byte| *byte == b'=').ok_or(NoTags)?;
            let name = std::str::from_utf8(tag[..equals].trim_ascii()).map_err(|_| NoTags)?;
            // The hyphen is not in the grammar, but in records.
            let letter = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
            let legal = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(letter);
            if !legal || tags.len() == TAG_CAP || tags.iter().any(|(known, _)| *known == name) {
                return Err(NoTags);
            }
            tags.push((name, begin + equals + 1..begin + tag.len()));
        }
        if tags.is_empty() { Err(NoTags) } else { Ok(Self { list, tags }) }
    }

    /// The value of a tag, spaces around it removed; names are told apart by case (§3.2).
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let span = self.span(name)?;
        // A byte that is no UTF-8 is in no value that anyone reads.
        Some(std::str::from_utf8(self.list.get(span)?).unwrap_or_default().trim_ascii())
    }

    /// The value without any white space in it, as base64 is written.
    pub(super) fn packed(&self, name: &str) -> Option<String> {
        Some(self.get(name)?.split_ascii_whitespace().collect())
    }

    /// Where the value of a tag stands in the list, the spaces around it included.
    pub(super) fn span(&self, name: &str) -> Option<Range<usize>> {
        self.tags.iter().find(|(known, _)| *known == name).map(|(_, span)| span.clone())
    }

    /// The name of the first tag.
    pub(super) fn first(&self) -> Option<&'a str> {
        self.tags.first().map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_are_read_with_the_space_around_them() {
        let tags = Tags::read(b" v=1;\r\n\ta = rsa-sha256 ; b=ab\r\n cd = ;").expect("a list");
        assert_eq!((tags.get("v"), tags.get("a"), tags.get("A")), (Some("1"), Some("rsa-sha256"), None));
        assert_eq!(tags.packed("b").as_deref(), Some("abcd="));
        assert_eq!(tags.span("b"), Some(27..37));
        assert_eq!(tags.first(), Some("v"));
        assert_eq!(Tags::read(b"p=").expect("a list").get("p"), Some(""));
    }

    #[test]
    fn what_is_no_list_is_refused_whole() {
        for list in ["", " ", ";", "v=1;;a=2", "v=1;;", "v=1; ;", "v", "v=1; a", "1=2", "=1", "v=1; v=1", "v v=1"] {
            assert_eq!(Tags::read(list.as_bytes()), Err(NoTags), "{list:?}");
        }
        let many: String = (0..=TAG_CAP).map(|number| format!("t{number}=1;")).collect();
        assert_eq!(Tags::read(many.as_bytes()), Err(NoTags));
    }

    proptest! {
        #[test]
        fn spans_lead_to_the_values(list in "( ?[a-d] ?= ?[a-z=\r\n]{0,4};){1,5}") {
            let Ok(tags) = Tags::read(list.as_bytes()) else { return Ok(()) };
            for name in ["a", "b", "c", "d"] {
                let by_span = tags.span(name).map(|span| list[span].trim_ascii());
                prop_assert_eq!(tags.get(name), by_span);
            }
        }

        #[test]
        fn any_bytes_are_answered(list in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Tags::read(&list).map(|tags| tags.packed("b"));
        }
    }
}
