//! Which of several TXT records is the one: it must begin with its version (RFC 8461 §3.1, RFC 8460 §3).
//!
//! In: one record's text. Out: whether senders take it, discard it though it was meant, or rightly pass over it.

use super::fields::WSP;
use super::likeness::edits_within;

/// The version that a record must begin with.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// With `v=`.
    text: &'static str,
    /// Whether white space may stand before the first semicolon. RFC 8461 and RFC 8460 contradict themselves alike (the grammar allows
    /// it, the prose discards the record); for `_mta-sts` erratum 6285 is known and senders differ, so that is a fault of its own there.
    space_before_semicolon: bool,
}

/// `v=STSv1`
pub const STS: Version = Version { text: "v=STSv1", space_before_semicolon: true };
/// `v=TLSRPTv1`
pub const TLSRPT: Version = Version { text: "v=TLSRPTv1", space_before_semicolon: false };

/// How senders meet a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It begins with the version and a semicolon: it counts.
    Right,
    /// It begins with the version, and no semicolon follows: `v=STSv1` alone, as an unquoted `;` in a zone file leaves it, or
    /// `v=STSv1 id=1`. By the prose senders discard it, so it is judged only where no right one is there; its fault is then what is
    /// missing behind the version, not the version.
    Bare,
    /// It was meant to be the record, and senders discard it.
    NearMiss(NearMiss),
    /// It is about something else; senders pass over it, and so do we.
    Unrelated,
}

/// What keeps a record from beginning with the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NearMiss {
    /// Right but for capitals.
    #[error("is in the wrong case")]
    Case,
    /// Something stands before it.
    #[error("does not stand first")]
    NotFirst,
    /// White space before, in or behind it.
    #[error("has white space around or inside it")]
    Space,
    /// The text itself begins with a quotation mark.
    #[error("stands behind a quotation mark that is part of the record")]
    Quoted,
    /// Another number, a letter too few.
    #[error("is misspelt")]
    Spelling,
}

/// The records at one name, sorted by how senders meet them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection<'a> {
    /// Those that count; senders demand exactly one. Where none is [`Standing::Right`], those that are [`Standing::Bare`].
    pub counted: Vec<&'a str>,
    /// Those that were meant and are discarded.
    pub near_misses: Vec<(&'a str, NearMiss)>,
    /// How many are about something else.
    pub unrelated: usize,
}

impl Version {
    /// Sorts the records at one name.
    pub fn select(self, records: &[String]) -> Selection<'_> {
        let mut selection = Selection::default();
        let mut bare = Vec::new();
        for record in records {
            match self.standing(record) {
                Standing::Right => selection.counted.push(record.as_str()),
                Standing::Bare => bare.push(record.as_str()),
                Standing::NearMiss(why) => selection.near_misses.push((record.as_str(), why)),
                Standing::Unrelated => selection.unrelated += 1,
            }
        }
        if selection.counted.is_empty() {
            selection.counted = bare;
        }
        selection
    }

    /// The one record that senders take; `None` if there is none, or more than one.
    pub fn only(self, records: &[String]) -> Option<&str> {
        match self.select(records).counted.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// With `v=`, as the record must begin.
    pub fn as_str(self) -> &'static str {
        self.text
    }

    /// Judges one record.
    pub fn standing(self, record: &str) -> Standing {
        let Some(rest) = record.strip_prefix(self.text) else {
            return self.near_miss(record).map_or(Standing::Unrelated, Standing::NearMiss);
        };
        let behind = rest.trim_start_matches(WSP);
        if rest.starts_with(';') || (behind.starts_with(';') && self.space_before_semicolon) {
            Standing::Right
        } else if behind.starts_with(';') {
            Standing::NearMiss(NearMiss::Space)
        } else if rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            Standing::NearMiss(NearMiss::Spelling)
        } else {
            Standing::Bare
        }
    }

    /// Whether a whole record is, or was meant to be, the one.
    pub fn is_meant_by_record(self, record: &str) -> bool {
        self.standing(record) != Standing::Unrelated
    }

    /// Whether a field between two semicolons is, or was meant to be, the version.
    pub fn is_meant_by(self, field: &str) -> bool {
        self.is_like(&plain(field))
    }

    /// What stands behind the version in a record of standing [`Standing::Right`] or [`Standing::Bare`].
    pub fn rest(self, record: &str) -> Option<&str> {
        record.strip_prefix(self.text)
    }

    fn near_miss(self, record: &str) -> Option<NearMiss> {
        let wanted = self.text.to_ascii_lowercase();
        // Sixteen fields are more than any record of the kind has; a hostile one may have thousands.
        let at = record.split(';').take(16).position(|field| self.is_like(&plain(field)));
        let Some(at) = at else {
            // A whole zone-file line pasted into a form, or a list with another separator.
            return record.to_ascii_lowercase().contains(&wanted).then_some(NearMiss::NotFirst);
        };
        let first = record.split(';').next().unwrap_or_default();
        Some(if at > 0 {
            NearMiss::NotFirst
        } else if first.trim_start().starts_with(['"', '\'', '“', '\\']) {
            NearMiss::Quoted
        } else if first.eq_ignore_ascii_case(self.text) {
            NearMiss::Case
        } else if plain(first) == wanted && first.contains(char::is_whitespace) {
            NearMiss::Space
        } else {
            NearMiss::Spelling
        })
    }

    /// `text` is [`plain`].
    fn is_like(self, text: &str) -> bool {
        let wanted = self.text[2..].to_ascii_lowercase();
        let value = ["version=", "version:", "v=", "v:"].iter().find_map(|prefix| text.strip_prefix(prefix));
        let Some(value) = value else { return text == wanted };
        if value.starts_with(&wanted) {
            return true;
        }
        let token: String = value.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').filter(|c| *c != '-').take(24).collect();
        let token = token.strip_prefix("mta").unwrap_or(&token);
        token.len() >= 3 && edits_within(token, &wanted, 2).is_some()
    }
}

/// Lower case, without what cannot be seen and without quotation marks.
fn plain(field: &str) -> String {
    let visible = |c: &char| {
        !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '\'' | '\\' | '“' | '”' | '\u{feff}' | '\u{200b}'..='\u{200f}')
    };
    field.chars().filter(visible).flat_map(char::to_lowercase).take(256).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn records_are_told_apart_as_senders_do() {
        use Standing::*;
        for (record, expected) in [
            ("v=STSv1; id=1", Right),
            ("v=STSv1;", Right),
            ("v=STSv1 ; id=1", Right),
            ("v=STSv1", Bare),
            ("v=STSv1 ", Bare),
            ("v=STSv1 id=1", Bare),
            ("v=STSv1, id=1", Bare),
            ("v=stsv1; id=1", NearMiss(super::NearMiss::Case)),
            ("V=STSv1; id=1", NearMiss(super::NearMiss::Case)),
            (" v=STSv1; id=1", NearMiss(super::NearMiss::Space)),
            (" v=stsv1; id=1", NearMiss(super::NearMiss::Space)),
            (" v=STS1; id=1", NearMiss(super::NearMiss::Spelling)),
            ("v = STSv1; id=1", NearMiss(super::NearMiss::Space)),
            ("v=STS v1; id=1", NearMiss(super::NearMiss::Space)),
            ("\"v=STSv1; id=1\"", NearMiss(super::NearMiss::Quoted)),
            ("id=1; v=STSv1", NearMiss(super::NearMiss::NotFirst)),
            ("id=1, v=STSv1", NearMiss(super::NearMiss::NotFirst)),
            ("_mta-sts IN TXT \"v=STSv1; id=1\"", NearMiss(super::NearMiss::NotFirst)),
            ("v=STS1; id=1", NearMiss(super::NearMiss::Spelling)),
            ("v=STS; id=1", NearMiss(super::NearMiss::Spelling)),
            ("v=STSv2; id=1", NearMiss(super::NearMiss::Spelling)),
            ("v=STSv1id=1", NearMiss(super::NearMiss::Spelling)),
            ("v=MTA-STSv1; id=1", NearMiss(super::NearMiss::Spelling)),
            ("version: STSv1", NearMiss(super::NearMiss::Spelling)),
            ("STSv1; id=1", NearMiss(super::NearMiss::Spelling)),
            ("\u{feff}v=STSv1; id=1", NearMiss(super::NearMiss::Spelling)),
            ("v=spf1 -all", Unrelated),
            ("v=DMARC1; p=none", Unrelated),
            ("v=DKIM1; p=x", Unrelated),
            ("v=BIMI1; l=", Unrelated),
            ("v=TLSRPTv1; rua=mailto:a@example.com", Unrelated),
            ("google-site-verification=1", Unrelated),
            ("", Unrelated),
        ] {
            assert_eq!(STS.standing(record), expected, "{record:?}");
        }
        for (record, expected) in [
            ("v=TLSRPTv1;rua=x", Right),
            ("v=TLSRPTv1 ; rua=x", NearMiss(super::NearMiss::Space)),
            ("v=TLSRPTv1", Bare),
            ("v=TLSRPT1; rua=x", NearMiss(super::NearMiss::Spelling)),
            ("v=tlsrptv1; rua=x", NearMiss(super::NearMiss::Case)),
            ("v=TLS-RPTv1; rua=x", NearMiss(super::NearMiss::Spelling)),
            ("rua=x; v=TLSRPTv1", NearMiss(super::NearMiss::NotFirst)),
            ("v=STSv1; id=1", Unrelated),
            ("v=DMARC1; rua=mailto:a@example.com", Unrelated),
        ] {
            assert_eq!(TLSRPT.standing(record), expected, "{record:?}");
        }
    }

    #[test]
    fn a_record_without_its_semicolon_counts_only_where_no_right_one_is() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let records = texts(&["v=spf1 -all", "v=STSv1", "v=STSv1; id=1", "v=stsv1; id=2"]);
        let selection = STS.select(&records);
        assert_eq!((selection.counted, selection.near_misses.len(), selection.unrelated), (vec!["v=STSv1; id=1"], 1, 1));
        assert_eq!(STS.select(&texts(&["v=STSv1", "x"])).counted, ["v=STSv1"]);
        let meant = |record: &str| STS.is_meant_by_record(record);
        assert!(meant("v=STSv1; id=1") && meant("v=STSv1") && meant("v=stsv1; id=2") && !meant("v=spf1 -all"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            STS.standing(&text);
            TLSRPT.standing(&text);
        }
    }
}
