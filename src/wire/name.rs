//! Domain names: what a person typed or DNS answered, as A-labels; and names that match patterns.
//!
//! In: text. Out: a [`Domain`] (lower case, no trailing dot) or a reason that names the way out.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A domain name in A-labels, lower case, without the trailing dot (RFC 5890 §2.3.2.1).
///
/// Underscores are allowed (`_mta-sts`); bytes that DNS permits and host names do not stay escaped as DNS writes them (`\032`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Domain(String);

/// Why typed text is no domain name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left once spaces and dots are gone.
    #[error("{0:?} is empty; give a domain such as example.com")]
    Empty(String),
    /// An IP address.
    #[error("{0:?} is an address; MTA-STS is published for a domain such as example.com")]
    Address(String),
    /// One label only.
    #[error("{0:?} has no dot; give the whole domain, such as example.com")]
    SingleLabel(String),
    /// Not a name by IDNA (UTS #46) or not one that DNS can hold.
    #[error("{0:?} is not a domain name: {1}")]
    NotAName(String, &'static str),
}

impl Domain {
    /// Reads what a person types for a domain: forgives a scheme, a path, a port, a mail address, capitals, spaces around it
    /// and the trailing dot; U-labels become A-labels.
    ///
    /// # Errors
    /// [`NameError`] names the text and what would be accepted.
    pub fn parse(input: &str) -> Result<Self, NameError> {
        if is_plain(input) {
            return Ok(Self(input.to_owned()));
        }
        let given = || input.trim().to_owned();
        let mut text = input.trim().trim_matches(['"', '\'', '<', '>']);
        text = text.split_once("://").map_or(text, |(_, rest)| rest);
        text = text.strip_prefix("mailto:").unwrap_or(text);
        text = text.split(['/', '?', '#']).next().unwrap_or_default();
        text = text.rsplit_once('@').map_or(text, |(_, domain)| domain);
        if text.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok() {
            return Err(NameError::Address(given()));
        }
        if let Some((host, port)) = text.rsplit_once(':')
            && port.bytes().all(|byte| byte.is_ascii_digit())
        {
            text = host;
        }
        let text = text.strip_suffix(['.', '。']).unwrap_or(text);
        if text.is_empty() {
            return Err(NameError::Empty(given()));
        }
        let ascii =
            idna::domain_to_ascii(text).map_err(|_| NameError::NotAName(given(), "it has characters or labels that IDNA forbids"))?;
        // Digits and dots of other scripts have become those of an address by now.
        if ascii.parse::<std::net::Ipv4Addr>().is_ok() {
            return Err(NameError::Address(given()));
        }
        if let Some(why) = shape_problem(&ascii) {
            return Err(NameError::NotAName(given(), why));
        }
        if !ascii.contains('.') {
            return Err(NameError::SingleLabel(given()));
        }
        Ok(Self(ascii))
    }

    /// Takes a name as DNS answered it (already escaped where it must be).
    pub fn from_dns(text: &str) -> Self {
        Self(text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase())
    }

    /// The A-labels.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `label.self`; `label` may hold several labels (`_smtp._tls`).
    #[must_use]
    pub fn child(&self, label: &str) -> Self {
        Self(format!("{label}.{}", self.0))
    }

    /// The name without its left-most label; `None` at a top-level domain.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_once('.').map(|(_, rest)| Self(rest.to_owned()))
    }

    /// The domain that was registered, by the public suffix list: `example.co.uk` for `mx.mail.example.co.uk`.
    /// `None` for a public suffix itself.
    pub fn registered(&self) -> Option<Self> {
        psl::domain_str(&self.0).map(|name| Self(name.to_owned()))
    }

    /// Whether the whole name is a public suffix (`co.uk`, `com`).
    pub fn is_public_suffix(&self) -> bool {
        psl::suffix_str(&self.0) == Some(self.as_str())
    }

    /// Whether `self` lies below `other`, or is it.
    pub fn is_at_or_below(&self, other: &Self) -> bool {
        self == other || self.0.strip_suffix(other.as_str()).is_some_and(|rest| rest.ends_with('.'))
    }

    /// Whether the name is really an IPv4 address in text, as broken MX records hold.
    pub fn is_address(&self) -> bool {
        self.0.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
    }

    /// Whether it is the DNS root, the exchange of a null MX (RFC 7505 §3).
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The U-labels, where they differ from the A-labels and decode cleanly.
    pub fn unicode(&self) -> Option<String> {
        if !self.0.contains("xn--") {
            return None;
        }
        let (text, result) = idna::domain_to_unicode(&self.0);
        (result.is_ok() && text != self.0).then_some(text)
    }

    /// For people: the A-labels, with the U-labels beside them where there are any.
    pub fn shown(&self) -> String {
        match self.unicode() {
            Some(unicode) => format!("{} ({unicode})", self.0),
            None => self.0.clone(),
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Domain {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Whether it is a name already, as nearly all are: nothing to forgive, nothing that IDNA could change. A last label that begins with
/// a letter makes it no address.
fn is_plain(text: &str) -> bool {
    let label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'));
        let shaped = !label.starts_with('-') && !label.ends_with('-') && !label.starts_with("xn--");
        plain && shaped && !label.is_empty() && label.len() <= 63
    };
    let top = text.rsplit_once('.').is_some_and(|(_, top)| top.starts_with(|c: char| c.is_ascii_lowercase()));
    top && text.len() <= 253 && text.split('.').all(label)
}

/// What RFC 1035 §2.3.4 and RFC 5321 §2.3.5 forbid in a typed name.
fn shape_problem(ascii: &str) -> Option<&'static str> {
    if ascii.len() > 253 {
        return Some("it is longer than 253 characters");
    }
    for label in ascii.split('.') {
        if label.is_empty() {
            return Some("it has an empty label (two dots in a row, or one at the front)");
        }
        if label.len() > 63 {
            return Some("a label is longer than 63 characters");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Some("a label begins or ends with a hyphen");
        }
        if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            return Some("it has a character that no host name has");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgives_what_people_type() {
        for (typed, meant) in [
            ("example.com", "example.com"),
            ("  Example.COM. ", "example.com"),
            ("https://Example.com/", "example.com"),
            ("https://example.com:8443/path?query", "example.com"),
            ("postmaster@example.com", "example.com"),
            ("mailto:a@example.com", "example.com"),
            ("<a@example.com>", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
            ("日本語。jp", "xn--wgv71a119e.jp"),
            (&format!("{}.Example", "a".repeat(63)), &format!("{}.example", "a".repeat(63))),
            (&["A"; 127].join("."), &["a"; 127].join(".")),
        ] {
            assert_eq!(Domain::parse(typed).map(|d| d.to_string()), Ok(meant.to_owned()), "{typed}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_plain_name_is_what_the_forgiving_reading_makes_of_it(name in r"([a-z0-9_-]{1,9}\.){1,4}[a-z0-9-]{1,5}") {
            // A space at the end sends it the long way.
            proptest::prop_assert_eq!(Domain::parse(&name).ok(), Domain::parse(&format!("{name} ")).ok());
        }
    }

    #[test]
    fn refuses_the_rest_with_the_way_out() {
        for (typed, says) in [
            ("", "is empty"),
            (".", "is empty"),
            ("https://", "is empty"),
            ("192.0.2.1", "is an address"),
            ("１９２。0.2.1", "is an address"),
            ("[2001:db8::1]", "is an address"),
            ("2001:db8::1", "is an address"),
            ("localhost", "has no dot"),
            ("a..example", "not a domain name"),
            ("-a.example", "not a domain name"),
            ("a b.example", "not a domain name"),
            // Every label of these is wrong in the same way.
            ("a-.b-", "not a domain name"),
            ("xn--a.xn--b", "not a domain name"),
            (&format!("{}.{}", "a".repeat(64), "b".repeat(64)), "not a domain name"),
            (&format!("{}.example", "a".repeat(64)), "not a domain name"),
            (&format!("{}example", "a.".repeat(130)), "not a domain name"),
            ("a\u{1b}[31m.example", "not a domain name"),
        ] {
            let error = Domain::parse(typed).expect_err(typed).to_string();
            assert!(error.contains(says), "{typed}: {error}");
        }
    }

    #[test]
    fn knows_its_relatives() {
        let mx = Domain::from_dns("MX1.Mail.Example.co.uk.");
        assert_eq!(mx.as_str(), "mx1.mail.example.co.uk");
        assert_eq!(mx.registered().map(|d| d.to_string()).as_deref(), Some("example.co.uk"));
        assert!(mx.is_at_or_below(&Domain::from_dns("example.co.uk")));
        assert!(!Domain::from_dns("badexample.co.uk").is_at_or_below(&Domain::from_dns("example.co.uk")));
        assert!(Domain::from_dns("co.uk").is_public_suffix() && !mx.is_public_suffix());
        assert!(Domain::from_dns("192.0.2.1").is_address() && !mx.is_address());
        assert!(Domain::from_dns(".").is_root() && !mx.is_root());
        assert_eq!(Domain::from_dns("xn--bcher-kva.example").shown(), "xn--bcher-kva.example (bücher.example)");
        // What does not decode, and what decodes to itself, is shown once.
        for odd in ["xn--a.example", "axn--b.example"] {
            assert_eq!(Domain::from_dns(odd).shown(), odd);
        }
    }
}
