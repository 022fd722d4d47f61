//! The value of `mx` (RFC 8461 §3.2: `["*."] Domain`): the face of each invalid one, and the patterns it was likely meant to give.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::wire::hostname::{self, HostFault};
use crate::wire::pattern::MxPattern;

/// Why a value is no MX pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MxFault {
    /// No value.
    #[error("is empty")]
    Empty,
    /// `postmaster@example.com`
    #[error("is an e-mail address")]
    Email,
    /// `https://mx1.example.com/`
    #[error("is a URL")]
    Url,
    /// `192.0.2.25`, `[2001:db8::25]`
    #[error("is an IP address")]
    Address,
    /// `mx1.example.com:25`
    #[error("has a port")]
    Port,
    /// `mx1.example.com, mx2.example.com`
    #[error("names several hosts on one line")]
    Several,
    /// `10 mx1.example.com`
    #[error("has a preference, which belongs into the MX record")]
    Preference,
    /// `mx1.example.com # the first`
    #[error("has a comment behind it, and policies have none")]
    Comment,
    /// `"mx1.example.com"`
    #[error("is in quotation marks or brackets")]
    Quoted,
    /// `mx1.example.com.`
    #[error("ends in a dot")]
    TrailingDot,
    /// `.example.com`
    #[error("begins with a dot")]
    LeadingDot,
    /// `*`, `*.`
    #[error("is a star without a domain")]
    BareWildcard,
    /// `mx*.example.com`, `mx.*.example.com`
    #[error("has a star that is not the whole left-most label")]
    Wildcard,
    /// `bücher.example`
    #[error("is not in A-labels (xn--…)")]
    ULabel,
    /// Anything else that no host name has.
    #[error("is no host name: {0}")]
    Host(HostFault),
}

/// Reads a value without white space around it.
pub(super) fn parse(value: &str) -> Result<MxPattern, MxFault> {
    if let Some(fault) = face(value) {
        return Err(fault);
    }
    let (make, name): (fn(_) -> _, _) = match value.strip_prefix("*.") {
        Some(domain) => (MxPattern::wildcard, domain),
        None => (MxPattern::exact, value),
    };
    hostname::parse(name).map(make).map_err(MxFault::Host)
}

/// The faults that have a face of their own; the most telling first.
fn face(value: &str) -> Option<MxFault> {
    let name = value.strip_prefix("*.").unwrap_or(value);
    let fault = if value.is_empty() {
        MxFault::Empty
    } else if matches!(value, "*" | "*.") {
        MxFault::BareWildcard
    } else if value.contains("://") {
        MxFault::Url
    } else if value.contains(['#', '(']) || value.contains("//") {
        MxFault::Comment
    } else if hosts(value).count() > 1 {
        let preference = hosts(value).next().is_some_and(|first| first.bytes().all(|byte| byte.is_ascii_digit()));
        if preference { MxFault::Preference } else { MxFault::Several }
    } else if value.contains('@') {
        MxFault::Email
    } else if is_address(value.trim_end_matches('.')) {
        MxFault::Address
    } else if value.starts_with(QUOTES) || value.ends_with(QUOTES) {
        MxFault::Quoted
    } else if value.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())) {
        MxFault::Port
    } else if name.contains('*') {
        MxFault::Wildcard
    } else if name.starts_with('.') {
        MxFault::LeadingDot
    } else if name.ends_with('.') {
        MxFault::TrailingDot
    } else if !name.is_ascii() && to_a_labels(name).is_some() {
        MxFault::ULabel
    } else {
        return None;
    };
    Some(fault)
}

const QUOTES: [char; 8] = ['"', '\'', '<', '>', '[', ']', '“', '”'];

/// The parts that stand for hosts of their own.
fn hosts(value: &str) -> impl Iterator<Item = &str> {
    value.split([' ', '\t', ',', ';', '|']).filter(|part| !part.is_empty())
}

fn is_address(value: &str) -> bool {
    let bare = value.trim_matches(['[', ']']);
    bare.parse::<Ipv4Addr>().is_ok() || bare.trim_start_matches("IPv6:").parse::<Ipv6Addr>().is_ok()
}

/// The patterns that an invalid value was likely meant to give; none where only the operator can know.
pub(super) fn likely(value: &str) -> Vec<MxPattern> {
    let value = value.split(['#', '(']).next().unwrap_or_default();
    let mut found: Vec<MxPattern> = Vec::new();
    for part in hosts(value).take(20) {
        // A mailbox, an address or a misplaced star does not say which host is meant.
        if let Some(pattern) = cleaned(part).and_then(|name| parse(&name).ok())
            && !found.contains(&pattern)
        {
            found.push(pattern);
        }
    }
    found
}

fn cleaned(part: &str) -> Option<String> {
    let mut name = part.trim_matches(QUOTES);
    name = name.split_once("://").map_or(name, |(_, rest)| rest);
    name = name.split('/').next().unwrap_or_default();
    if let Some((host, port)) = name.rsplit_once(':')
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        name = host;
    }
    name = name.trim_end_matches(['.', ';', ',']);
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // `.example.com` stands for its subdomains wherever a leading dot means anything.
    let name = if name.starts_with('.') { format!("*{name}") } else { name.to_owned() };
    if name.is_ascii() {
        return Some(name);
    }
    match name.strip_prefix("*.") {
        Some(domain) => to_a_labels(domain).map(|domain| format!("*.{domain}")),
        None => to_a_labels(&name),
    }
}

fn to_a_labels(name: &str) -> Option<String> {
    // What comes out may still hold characters that no host name has.
    idna::domain_to_ascii(name).ok().filter(|ascii| hostname::parse(ascii).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_host_names_with_or_without_a_star_in_front() {
        for good in ["mx1.example.com", "*.example.net", "*.com", "localhost", "MX.example.com", "xn--bcher-kva.example"] {
            assert_eq!(parse(good).map(|pattern| pattern.to_string()), Ok(good.to_ascii_lowercase()), "{good}");
        }
    }

    #[test]
    fn each_invalid_value_shows_its_face_and_what_was_meant() {
        for (value, fault, meant) in [
            ("", MxFault::Empty, ""),
            ("192.0.2.25", MxFault::Address, ""),
            ("[192.0.2.25]", MxFault::Address, ""),
            ("2001:db8::25", MxFault::Address, ""),
            ("postmaster@example.com", MxFault::Email, ""),
            ("https://mx1.example.com/", MxFault::Url, "mx1.example.com"),
            ("smtp://mx1.example.com:25", MxFault::Url, "mx1.example.com"),
            ("mx1.example.com:25", MxFault::Port, "mx1.example.com"),
            ("mx1.example.com.", MxFault::TrailingDot, "mx1.example.com"),
            ("*.example.com.", MxFault::TrailingDot, "*.example.com"),
            (".example.com", MxFault::LeadingDot, "*.example.com"),
            ("*", MxFault::BareWildcard, ""),
            ("*.", MxFault::BareWildcard, ""),
            ("mx*.example.com", MxFault::Wildcard, ""),
            ("*mx.example.com", MxFault::Wildcard, ""),
            ("mx.*.example.com", MxFault::Wildcard, ""),
            ("*.*.example.com", MxFault::Wildcard, ""),
            ("mx1.bücher.example", MxFault::ULabel, "mx1.xn--bcher-kva.example"),
            ("*.bücher.example", MxFault::ULabel, "*.xn--bcher-kva.example"),
            ("mx1.example.com, mx2.example.com", MxFault::Several, "mx1.example.com mx2.example.com"),
            ("mx1.example.com mx2.example.com", MxFault::Several, "mx1.example.com mx2.example.com"),
            ("10 mx1.example.com", MxFault::Preference, "mx1.example.com"),
            ("mx1.example.com # first", MxFault::Comment, "mx1.example.com"),
            ("\"mx1.example.com\"", MxFault::Quoted, "mx1.example.com"),
            ("\"mx1.example.com", MxFault::Quoted, "mx1.example.com"),
            ("mx1.example.com>", MxFault::Quoted, "mx1.example.com"),
            ("mx_1.example.com", MxFault::Host(HostFault::Underscore), ""),
            ("-mx.example.com", MxFault::Host(HostFault::Hyphen), ""),
            ("mx1..example.com", MxFault::Host(HostFault::EmptyLabel), ""),
            ("mx1.example.com;", MxFault::Host(HostFault::Character(';')), "mx1.example.com"),
            ("mx1.example.com\u{fffd}", MxFault::Host(HostFault::Character('\u{fffd}')), ""),
        ] {
            let likely: Vec<String> = likely(value).iter().map(ToString::to_string).collect();
            assert_eq!((parse(value), likely.join(" ").as_str()), (Err(fault), meant), "{value}");
        }
    }
}
