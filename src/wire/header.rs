//! The header of a mail as it lies there (RFC 5322 §2.2): which fields, byte for byte, in their order, and what comes after them.
//!
//! In: the bytes of one mail, lines ended by CRLF or by a bare LF as Maildir and mbox have them. Out: a [`Header`]. Nothing is decoded
//! and nothing repaired: signatures are made over what is written.

use std::borrow::Cow;

/// The longest header block that is read.
const LENGTH_CAP: usize = 256 << 10;
/// How many fields are read.
const FIELD_CAP: usize = 2000;

/// A mail, split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The fields, topmost first.
    pub fields: Vec<Field<'a>>,
    /// What comes after the empty line; empty where there is none.
    pub body: &'a [u8],
}

/// One field, unfolded lines included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// All of it but the line end that closes it.
    pub raw: &'a [u8],
    /// Where its colon is; `None` for a line that is no field.
    colon: Option<usize>,
}

impl<'a> Header<'a> {
    /// Splits a mail; `None` where its header is longer than anyone needs. A `From ` line of an mbox before the fields is passed over.
    pub fn split(mail: &'a [u8]) -> Option<Self> {
        let mut fields: Vec<Field<'a>> = Vec::new();
        // The field that is being read: where it begins, and where its last line ends without its line end.
        let mut open: Option<(usize, usize)> = None;
        let close = |open: Option<(usize, usize)>, fields: &mut Vec<Field<'a>>| {
            let Some((begin, end)) = open else { return };
            if begin > 0 || !mail.starts_with(b"From ") {
                fields.push(Field::new(&mail[begin..end]));
            }
        };
        let mut at = 0;
        for line in mail.split_inclusive(|byte| *byte == b'\n') {
            let (begin, next) = (at, at + line.len());
            let content = without_line_end(line);
            if content.is_empty() {
                close(open, &mut fields);
                return Some(Self { fields, body: &mail[next..] });
            }
            if next > LENGTH_CAP || fields.len() >= FIELD_CAP {
                return None;
            }
            let end = begin + content.len();
            match &mut open {
                Some((_, last)) if matches!(content.first(), Some(b' ' | b'\t')) => *last = end,
                _ => {
                    close(open.take(), &mut fields);
                    open = Some((begin, end));
                }
            }
            at = next;
        }
        close(open, &mut fields);
        Some(Self { fields, body: &[] })
    }

    /// The fields of this name, topmost first, each with its place.
    pub fn named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = (usize, Field<'a>)> + use<'a, 's> {
        self.fields.iter().copied().enumerate().filter(move |(_, field)| field.is(name))
    }

    /// The value of the only field of this name; an error where there are several, for then nobody knows which one is meant.
    pub fn only(&self, name: &str) -> Result<Option<Field<'a>>, Several> {
        let mut found = self.named(name).map(|(_, field)| field);
        let first = found.next();
        if found.next().is_some() { Err(Several) } else { Ok(first) }
    }
}

/// A field that may be there once (RFC 5322 §3.6) is there more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Several;

impl<'a> Field<'a> {
    pub(super) fn new(raw: &'a [u8]) -> Self {
        Self { raw, colon: raw.iter().position(|byte| *byte == b':') }
    }

    /// Its name, as written; empty for a line that is no field.
    pub fn name(&self) -> &'a [u8] {
        self.raw.get(..self.colon.unwrap_or_default()).unwrap_or_default().trim_ascii_end()
    }

    /// What stands behind its colon, with its line breaks.
    pub fn value(&self) -> &'a [u8] {
        self.colon.and_then(|colon| self.raw.get(colon + 1..)).unwrap_or_default()
    }

    /// Whether it has this name, in whatever case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name.as_bytes())
    }

    /// Its value on one line, without spaces around it.
    pub fn text(&self) -> String {
        let text: Cow<'_, str> = String::from_utf8_lossy(self.value());
        text.replace(['\r', '\n'], "").trim().to_owned()
    }
}

/// A line without the CRLF or LF that ends it.
pub fn without_line_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(mail: &str) -> (Vec<String>, String) {
        let header = Header::split(mail.as_bytes()).expect("short");
        let fields = header.fields.iter().map(|field| format!("{}|{}", String::from_utf8_lossy(field.name()), field.text())).collect();
        (fields, String::from_utf8_lossy(header.body).into_owned())
    }

    #[test]
    fn fields_are_split_whatever_ends_their_lines() {
        for (mail, fields, body) in [
            ("A: 1\r\nB: 2\r\n 3\r\n\r\nbody\r\n", &["A|1", "B|2 3"][..], "body\r\n"),
            ("A: 1\nB: 2\n\t3\n\nbody\n", &["A|1", "B|2\t3"], "body\n"),
            ("From a@b.example Thu Jan  1 00:00:00 2026\nFrom: a@b.example\n\n", &["From|a@b.example"], ""),
            ("A : 1\r\n", &["A|1"], ""),
            ("no field\r\nA: 1", &["|", "A|1"], ""),
            ("\r\nbody", &[], "body"),
            ("A: 1\n \nB: 2\n\nbody", &["A|1", "B|2"], "body"),
            ("", &[], ""),
        ] {
            assert_eq!(shown(mail), (fields.iter().map(|field| (*field).to_owned()).collect(), body.to_owned()), "{mail:?}");
        }
    }

    #[test]
    fn a_field_twice_is_no_only_one() {
        let header = Header::split(b"From: a\nfrom: b\nTo: c\n\n").expect("short");
        assert_eq!(header.only("From"), Err(Several));
        assert_eq!(header.only("to").map(|field| field.map(|field| field.text())), Ok(Some("c".to_owned())));
        assert_eq!(header.only("Date"), Ok(None));
        assert_eq!(header.named("FROM").map(|(place, _)| place).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn a_header_without_end_is_not_read() {
        assert!(Header::split(&b"A: 1\n".repeat(FIELD_CAP)).is_some());
        assert!(Header::split(&b"A: 1\n".repeat(FIELD_CAP + 2)).is_none());
        assert!(Header::split(&[b"A: ".to_vec(), vec![b'a'; LENGTH_CAP]].concat()).is_none());
    }

    proptest! {
        #[test]
        fn what_is_split_is_all_there(mail in "([A-C]: ?[a-z]{0,3}(\r?\n )?|\r?\n|x|From ){0,40}") {
            let header = Header::split(mail.as_bytes()).expect("short");
            let fields: usize = header.fields.iter().map(|field| field.raw.len()).sum();
            prop_assert!(fields + header.body.len() <= mail.len());
            prop_assert!(mail.as_bytes().ends_with(header.body));
        }

        #[test]
        fn any_bytes_are_split(mail in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Header::split(&mail).map(|header| header.fields.iter().map(|field| (field.text(), field.name().len())).collect::<Vec<_>>());
        }
    }
}
