//! Host names as mail knows them: the `Domain` of RFC 5321 §4.1.2, in A-labels.
//!
//! In: text out of a policy or a record. Out: a [`Domain`], or the first thing that makes the text none.
//! Unlike [`Domain::parse`] nothing is forgiven: what is judged here is what senders will read.

use super::name::Domain;

/// Why text is no host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostFault {
    /// No character at all.
    #[error("it is empty")]
    Empty,
    /// Two dots in a row, or one at an end.
    #[error("it has an empty label")]
    EmptyLabel,
    /// RFC 1035 §2.3.4.
    #[error("a label is longer than 63 characters")]
    LongLabel,
    /// RFC 1035 §2.3.4.
    #[error("it is longer than 253 characters")]
    LongName,
    /// Legal in DNS, not in the name of a mail host.
    #[error("it has an underscore")]
    Underscore,
    /// RFC 5321 §4.1.2: a label begins with a letter or digit and ends so.
    #[error("a label begins or ends with a hyphen")]
    Hyphen,
    /// Anything that is no letter, digit or hyphen.
    #[error("it has the character {0:?}")]
    Character(char),
}

/// Reads `text` as a host name.
///
/// # Errors
/// The first [`HostFault`] from the left; faults of length come last.
pub fn parse(text: &str) -> Result<Domain, HostFault> {
    if text.is_empty() {
        return Err(HostFault::Empty);
    }
    for label in text.split('.') {
        check_label(label)?;
    }
    if text.len() > 253 {
        return Err(HostFault::LongName);
    }
    Ok(Domain::from_dns(text))
}

fn check_label(label: &str) -> Result<(), HostFault> {
    if label.is_empty() {
        return Err(HostFault::EmptyLabel);
    }
    match label.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        Some('_') => return Err(HostFault::Underscore),
        Some(other) => return Err(HostFault::Character(other)),
        None => {}
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(HostFault::Hyphen);
    }
    if label.len() > 63 { Err(HostFault::LongLabel) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_letters_digits_and_hyphens_make_a_host_name() {
        for good in [
            "mx1.example.com",
            "MX.Example.COM",
            "localhost",
            "xn--bcher-kva.example",
            "1.2.example",
            &"a".repeat(63),
            &["a"; 127].join("."),
        ] {
            assert_eq!(parse(good).map(|host| host.to_string()), Ok(good.to_ascii_lowercase()), "{good}");
        }
        for (bad, fault) in [
            ("", HostFault::Empty),
            (".", HostFault::EmptyLabel),
            ("mx1.example.com.", HostFault::EmptyLabel),
            ("a..b", HostFault::EmptyLabel),
            ("_mx.example.com", HostFault::Underscore),
            ("-mx.example.com", HostFault::Hyphen),
            ("mx-.example.com", HostFault::Hyphen),
            ("mx 1.example.com", HostFault::Character(' ')),
            ("bücher.example", HostFault::Character('ü')),
            (&"a".repeat(64), HostFault::LongLabel),
            (&["a"; 128].join("."), HostFault::LongName),
        ] {
            assert_eq!(parse(bad), Err(fault), "{bad}");
        }
    }
}
