//! Reads one line as `key: value` (RFC 8461 §3.2), forgiving what can be forgiven and naming it.

use std::fmt;

use crate::wire::likeness::edits_within;

/// What the grammar calls white space.
pub(super) const WSP: [char; 2] = [' ', '\t'];

/// The fields that RFC 8461 defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// `version`
    Version,
    /// `mode`
    Mode,
    /// `max_age`
    MaxAge,
    /// `mx`
    Mx,
}

impl Key {
    /// All, in the order in which policies are written.
    pub const ALL: [Self; 4] = [Self::Version, Self::Mode, Self::Mx, Self::MaxAge];

    /// As in the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Mode => "mode",
            Self::MaxAge => "max_age",
            Self::Mx => "mx",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a line is not of the form `key: value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxFault {
    /// `# …`, `// …`, `; …`
    #[error("is a comment, and policies have none")]
    Comment,
    /// Text without a colon.
    #[error("has no colon between key and value")]
    NoColon,
    /// White space in front of the key.
    #[error("begins with white space")]
    LeadingSpace,
    /// White space in front of the colon.
    #[error("has white space before the colon")]
    SpaceBeforeColon,
    /// A key other than a letter or digit and at most 31 of letters, digits, `_`, `-`, `.`.
    #[error("has a key that the grammar does not allow")]
    Name,
    /// An extension field without a value.
    #[error("has a key and no value")]
    EmptyValue,
    /// A control character, a tab included, in an extension's value.
    #[error("has a control character in its value")]
    Control,
}

/// What a line turned out to be.
pub(super) enum Reading<'a> {
    Blank,
    /// `v=STSv1`: what belongs into the TXT record.
    TxtVersion,
    NotAField(SyntaxFault),
    Field(Read<'a>),
}

/// A line with a key and a value.
pub(super) struct Read<'a> {
    pub(super) key: Option<Key>,
    pub(super) name: &'a str,
    /// Without white space around it.
    pub(super) value: &'a str,
    pub(super) faults: Vec<SyntaxFault>,
    pub(super) trailing_space: bool,
}

impl Read<'_> {
    /// Whether a field of an unknown key is at least in the form of one.
    pub(super) fn unknown_is_legal(&self) -> bool {
        !self.faults.iter().any(|fault| matches!(fault, SyntaxFault::EmptyValue | SyntaxFault::Control))
    }
}

/// Reads a line without its end.
pub(super) fn read(line: &str) -> Reading<'_> {
    let text = line.trim_matches(WSP);
    if text.is_empty() {
        return Reading::Blank;
    }
    if text.starts_with(['#', ';']) || text.starts_with("//") {
        return Reading::NotAField(SyntaxFault::Comment);
    }
    if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("v=st")) {
        return Reading::TxtVersion;
    }
    let mut faults = Vec::new();
    if line.starts_with(WSP) {
        faults.push(SyntaxFault::LeadingSpace);
    }
    let Some((name, value)) = cut(text, &mut faults) else {
        let fault = if text.contains(':') { SyntaxFault::Name } else { SyntaxFault::NoColon };
        return Reading::NotAField(fault);
    };
    let key = Key::named(name);
    if key.is_none() {
        if value.is_empty() {
            faults.push(SyntaxFault::EmptyValue);
        }
        if value.chars().any(|c| c.is_ascii_control()) {
            faults.push(SyntaxFault::Control);
        }
    }
    Reading::Field(Read { key, name, value, faults, trailing_space: line.ends_with(WSP) })
}

/// Cuts at the colon; where a known key stands before `=` or a space instead, there.
fn cut<'a>(text: &'a str, faults: &mut Vec<SyntaxFault>) -> Option<(&'a str, &'a str)> {
    if let Some((name, value)) = text.split_once(':') {
        let bare = name.trim_end_matches(WSP);
        if is_name(bare) {
            if bare.len() < name.len() {
                faults.push(SyntaxFault::SpaceBeforeColon);
            }
            return Some((bare, value.trim_start_matches(WSP)));
        }
    }
    let (name, value) = text.split_once(|c| c == '=' || WSP.contains(&c))?;
    Key::named(name)?;
    faults.push(SyntaxFault::NoColon);
    Some((name, value.trim_start_matches(|c| matches!(c, '=' | ':') || WSP.contains(&c))))
}

/// `sts-policy-ext-name`; the known keys have the same form.
fn is_name(name: &str) -> bool {
    name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// The known key that an unknown one looks like: another case, `-` for `_`, one or two slips.
pub(super) fn meant(name: &str, value: &str) -> Option<Key> {
    let plain = name.to_ascii_lowercase().replace(['-', '.'], "_");
    if plain == "v" || value.eq_ignore_ascii_case("STSv1") {
        return Some(Key::Version);
    }
    Key::ALL
        .into_iter()
        .filter_map(|key| {
            let key_name = key.as_str();
            // One slip makes anything of a key of two letters: it must at least keep them in their order.
            let slips = if key_name.len() > 4 { 2 } else { 1 };
            let edits = edits_within(&plain, key_name, slips)?;
            (key != Key::Mx || edits == 0 || plain.contains("mx")).then_some((edits, key))
        })
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_known_keys_are_recognised() {
        for (name, key) in [
            ("MX", Some(Key::Mx)),
            ("nmx", Some(Key::Mx)),
            ("mxs", Some(Key::Mx)),
            ("max-age", Some(Key::MaxAge)),
            ("maxage", Some(Key::MaxAge)),
            ("Max_Age", Some(Key::MaxAge)),
            ("Mode", Some(Key::Mode)),
            ("modus", None),
            ("modes", Some(Key::Mode)),
            ("verison", Some(Key::Version)),
            ("v", Some(Key::Version)),
            ("contact", None),
            ("id", None),
            ("tx", None),
        ] {
            assert_eq!(meant(name, "x"), key, "{name}");
        }
    }
}
