//! The report targets of a TLS-RPT record (RFC 8460 §3): the value of `rua` in; its URIs out, each judged on its own.
//!
//! Commas separate targets. A comma belongs *inside* a URI (and should have been `%2C`) where what follows it can be no target of its
//! own: it has no scheme and no `@`, behind an https URI or a mailto URI with a query; or it completes a mailbox that has no `@` yet.

use std::net::IpAddr;

use url::{Host, Url};

use super::hostname::{self, HostFault};
use super::name::Domain;

/// What RFC 8460 §3 demands to be percent-encoded inside a URI.
const RESERVED: [char; 3] = [',', '!', ';'];
/// At most this many targets are read; real records have one or two.
const TARGETS_KEPT: usize = 50;

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// As written.
    pub raw: String,
    /// Where it leads, once the reserved characters are encoded.
    pub uri: Result<Uri, TargetFault>,
    /// Which of `,` `!` `;` stand in it unencoded.
    pub unencoded: Vec<char>,
    /// The URI as it should be written, where that can be told.
    pub corrected: Option<String>,
}

/// A URI that a sender can deliver to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uri {
    /// RFC 6068.
    Mailto {
        /// Before the last `@`, still percent-encoded.
        mailbox: String,
        /// Behind it.
        domain: Domain,
    },
    /// RFC 9110 §4.2.2.
    Https {
        /// The host; an IP address as its text.
        host: Domain,
        /// The whole URL in its normal form.
        url: String,
    },
}

impl Uri {
    /// The host whose DNS decides whether reports can arrive.
    pub fn host(&self) -> &Domain {
        match self {
            Self::Mailto { domain, .. } => domain,
            Self::Https { host, .. } => host,
        }
    }

    /// The host's address, where it is one and needs no DNS.
    pub fn address(&self) -> Option<IpAddr> {
        self.host().as_str().trim_matches(['[', ']']).parse().ok()
    }

    /// Whether the host is an address.
    pub fn is_address(&self) -> bool {
        self.address().is_some()
    }
}

/// Why a target is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetFault {
    /// `reports@example.com`
    #[error("is a bare mail address; a URI begins with its scheme")]
    BareAddress,
    /// Neither a scheme nor an address.
    #[error("is no URI")]
    NotAUri,
    /// Neither `mailto` nor `https`.
    #[error("has the scheme {0}; only mailto and https exist for reports")]
    Scheme(String),
    /// `mailto:` or `mailto:@example.com`
    #[error("has no mailbox")]
    NoMailbox,
    /// `mailto:reports`
    #[error("has no domain behind the mailbox")]
    NoDomain,
    /// `mailto://reports@example.com`
    #[error("has slashes, which mailto does not take")]
    Slashes,
    /// `https:///path`
    #[error("has no host")]
    NoHost,
    /// A domain that is no host name.
    #[error("has a domain that is no host name: {0}")]
    Domain(HostFault),
    /// A character that no URI has unencoded (RFC 3986 §2).
    #[error("has the character {0:?}, which no URI has unencoded")]
    Character(char),
    /// `%` without two hexadecimal digits behind it.
    #[error("has a percent sign without two hexadecimal digits behind it")]
    Percent,
}

/// The targets of a list, and how many entries of it are empty.
pub fn parse_list(value: &str) -> (Vec<Target>, usize) {
    let mut pieces: Vec<String> = Vec::new();
    let mut empty = 0;
    for piece in value.split(',') {
        let trimmed = piece.trim_matches([' ', '\t']);
        if trimmed.is_empty() {
            empty += 1;
            continue;
        }
        if let Some(last) = pieces.last_mut()
            && continues(last, trimmed)
        {
            last.push(',');
            last.push_str(trimmed);
        } else if pieces.len() < TARGETS_KEPT {
            pieces.push(trimmed.to_owned());
        }
    }
    (pieces.iter().map(|piece| parse(piece)).collect(), empty)
}

/// Whether `piece` goes on with the URI before the comma, rather than being a target of its own.
fn continues(before: &str, piece: &str) -> bool {
    if scheme(piece).is_some() {
        return false;
    }
    match scheme(before).map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest)) {
        Some((scheme, rest)) if scheme == "mailto" => {
            let open_mailbox = !rest.contains('@');
            (open_mailbox && piece.contains('@')) || (rest.contains('?') && !piece.contains('@'))
        }
        Some((scheme, _)) => scheme == "https" && !piece.contains('@'),
        None => false,
    }
}

/// Judges one target.
pub fn parse(raw: &str) -> Target {
    let unencoded: Vec<char> = RESERVED.into_iter().filter(|c| raw.contains(*c)).collect();
    let encoded = encode(raw);
    let uri = judge(&encoded);
    let corrected = match &uri {
        Ok(_) => Some(encoded),
        Err(_) => likely(&encoded).filter(|text| judge(text).is_ok()),
    };
    Target { raw: raw.to_owned(), uri, unencoded, corrected }
}

/// Encodes the three reserved characters; a size limit as DMARC has it (`!10m`) is dropped, for TLS-RPT has none.
fn encode(raw: &str) -> String {
    let without_limit = raw.rsplit_once('!').filter(|(_, limit)| is_size_limit(limit)).map_or(raw, |(uri, _)| uri);
    without_limit.replace(',', "%2C").replace('!', "%21").replace(';', "%3B")
}

fn is_size_limit(text: &str) -> bool {
    let digits = text.trim_end_matches(['k', 'm', 'g', 't', 'K', 'M', 'G', 'T']);
    !digits.is_empty() && text.len() - digits.len() <= 1 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn judge(uri: &str) -> Result<Uri, TargetFault> {
    let Some((scheme, rest)) = scheme(uri) else {
        let address = uri.split_once('@').is_some_and(|(mailbox, domain)| !mailbox.is_empty() && !domain.is_empty());
        return Err(if address { TargetFault::BareAddress } else { TargetFault::NotAUri });
    };
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "mailto" && scheme != "https" {
        return Err(TargetFault::Scheme(scheme));
    }
    if let Some(c) = uri.chars().find(|c| !is_uri_character(*c)) {
        return Err(TargetFault::Character(c));
    }
    let mut escapes = uri.split('%').skip(1);
    if escapes.any(|escape| !escape.get(..2).is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))) {
        return Err(TargetFault::Percent);
    }
    if scheme == "mailto" { mailto(rest) } else { https(uri, rest) }
}

fn mailto(rest: &str) -> Result<Uri, TargetFault> {
    if rest.starts_with("//") {
        return Err(TargetFault::Slashes);
    }
    let address = rest.split(['?', '#']).next().unwrap_or_default();
    let (mailbox, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    if mailbox.is_empty() {
        return Err(TargetFault::NoMailbox);
    }
    if domain.is_empty() {
        return Err(TargetFault::NoDomain);
    }
    let domain = hostname::parse(domain).map_err(TargetFault::Domain)?;
    Ok(Uri::Mailto { mailbox: mailbox.to_owned(), domain })
}

fn https(uri: &str, rest: &str) -> Result<Uri, TargetFault> {
    // The URL parser forgives missing and superfluous slashes; senders need not.
    let authority = rest.strip_prefix("//").ok_or(TargetFault::NoHost)?;
    if authority.is_empty() || authority.starts_with(['/', '?', '#', ':']) {
        return Err(TargetFault::NoHost);
    }
    let url = Url::parse(uri).map_err(|_| TargetFault::NotAUri)?;
    let host = match url.host() {
        Some(Host::Domain(name)) => hostname::parse(name.strip_suffix('.').unwrap_or(name)).map_err(TargetFault::Domain)?,
        Some(address @ (Host::Ipv4(_) | Host::Ipv6(_))) => Domain::from_dns(&address.to_string()),
        None => return Err(TargetFault::NoHost),
    };
    Ok(Uri::Https { host, url: url.into() })
}

/// The scheme and what stands behind its colon (RFC 3986 §3.1).
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let legal = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    // `example.com:443/path` has a port, not a scheme.
    (legal && !rest.starts_with(|c: char| c.is_ascii_digit())).then_some((scheme, rest))
}

fn is_uri_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

/// What an unusable target was likely meant to be. What stands around it goes; of what stands in it nothing does, for that would be
/// another mailbox.
fn likely(encoded: &str) -> Option<String> {
    let bare = unwrapped(encoded);
    let (rest, is_mail) = match scheme(bare) {
        Some((scheme, rest)) => (unwrapped(rest).trim_start_matches('/'), scheme.eq_ignore_ascii_case("mailto")),
        None => (bare, bare.contains('@')),
    };
    if rest.is_empty() {
        return None;
    }
    match scheme(bare) {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") => Some(format!("https://{rest}")),
        _ if is_mail => Some(format!("mailto:{}", rest.trim_end_matches('.'))),
        _ => None,
    }
}

/// Without the white space, the angle brackets and the quotation marks around it.
fn unwrapped(text: &str) -> &str {
    let mut bare = text.trim_matches([' ', '\t']);
    while let Some(inside) = inside(bare) {
        bare = inside.trim_matches([' ', '\t']);
    }
    bare
}

fn inside(text: &str) -> Option<&str> {
    [('<', '>'), ('"', '"'), ('\'', '\'')].iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usable_targets_lead_to_a_host() {
        for (raw, host) in [
            ("mailto:reports@example.com", "example.com"),
            ("MAILTO:reports@Example.com", "example.com"),
            ("mailto:reports@example.com?subject=tls%20report", "example.com"),
            ("mailto:a%2Cb@example.com", "example.com"),
            ("https://reports.example.com/v1/tlsrpt", "reports.example.com"),
            ("HTTPS://reports.example.com:8443/?a=b", "reports.example.com"),
            ("https://192.0.2.1/", "192.0.2.1"),
        ] {
            let target = parse(raw);
            assert_eq!(target.uri.as_ref().map(Uri::is_address), Ok(host == "192.0.2.1"), "{raw}");
            assert_eq!(target.uri.map(|uri| uri.host().to_string()), Ok(host.to_owned()), "{raw}");
            assert!(target.unencoded.is_empty(), "{raw}");
        }
    }

    #[test]
    fn useless_targets_are_named_and_corrected_where_it_is_plain() {
        for (raw, fault, corrected) in [
            ("reports@example.com", TargetFault::BareAddress, Some("mailto:reports@example.com")),
            ("<reports@example.com>", TargetFault::BareAddress, Some("mailto:reports@example.com")),
            ("reports.example.com", TargetFault::NotAUri, None),
            ("http://example.com/r", TargetFault::Scheme("http".to_owned()), Some("https://example.com/r")),
            ("ftp://example.com/r", TargetFault::Scheme("ftp".to_owned()), None),
            ("xmpp:reports@example.com", TargetFault::Scheme("xmpp".to_owned()), None),
            ("@example.com", TargetFault::NotAUri, None),
            ("reports@", TargetFault::NotAUri, None),
            // No scheme: a space in it, a digit at its front.
            ("send to:reports", TargetFault::NotAUri, None),
            ("2x:reports", TargetFault::NotAUri, None),
            ("mailto:", TargetFault::NoMailbox, None),
            ("mailto:@example.com", TargetFault::NoMailbox, None),
            ("mailto:reports", TargetFault::NoDomain, None),
            ("mailto:reports@", TargetFault::NoDomain, None),
            ("mailto://reports@example.com", TargetFault::Slashes, Some("mailto:reports@example.com")),
            ("mailto:a@-b.example", TargetFault::Domain(HostFault::Hyphen), None),
            ("mailto:a@example.com.", TargetFault::Domain(HostFault::EmptyLabel), Some("mailto:a@example.com")),
            ("mailto: a@example.com", TargetFault::Character(' '), Some("mailto:a@example.com")),
            ("mailto:ä@example.com", TargetFault::Character('ä'), None),
            ("mailto:a%@example.com", TargetFault::Percent, None),
            ("\"<mailto://a@example.com>\" ", TargetFault::BareAddress, Some("mailto:a@example.com")),
            ("mailto:<a@example.com>", TargetFault::Character('<'), Some("mailto:a@example.com")),
            ("'reports@example.com'", TargetFault::BareAddress, Some("mailto:reports@example.com")),
            ("o'brien@example.com", TargetFault::BareAddress, Some("mailto:o'brien@example.com")),
            ("tls reports@example.com", TargetFault::BareAddress, None),
            ("Reports <reports@example.com>", TargetFault::BareAddress, None),
            ("mailto:tls\"reports@example.com", TargetFault::Character('"'), None),
            ("https:", TargetFault::NoHost, None),
            ("https:example.com/r", TargetFault::NoHost, Some("https://example.com/r")),
            ("https:///r", TargetFault::NoHost, Some("https://r")),
            ("https://:443/r", TargetFault::NoHost, None),
            ("https://exa_mple.com/", TargetFault::Domain(HostFault::Underscore), None),
        ] {
            let target = parse(raw);
            assert_eq!((target.uri, target.corrected.as_deref()), (Err(fault), corrected), "{raw}");
        }
    }

    #[test]
    fn commas_separate_unless_what_follows_can_be_no_target() {
        for (list, raws, empty) in [
            ("mailto:a@b.example,https://c.example/", vec!["mailto:a@b.example", "https://c.example/"], 0),
            ("mailto:a@b.example , mailto:c@d.example", vec!["mailto:a@b.example", "mailto:c@d.example"], 0),
            ("mailto:a@b.example,c@d.example", vec!["mailto:a@b.example", "c@d.example"], 0),
            ("mailto:a,b@c.example", vec!["mailto:a,b@c.example"], 0),
            ("mailto:a@b.example?subject=c,d", vec!["mailto:a@b.example?subject=c,d"], 0),
            ("https://a.example/r,x", vec!["https://a.example/r,x"], 0),
            ("https://a.example/r,c@d.example", vec!["https://a.example/r", "c@d.example"], 0),
            ("ftp://a.example/r,x", vec!["ftp://a.example/r", "x"], 0),
            ("https://a.example/?tags=mail,tls,x", vec!["https://a.example/?tags=mail,tls,x"], 0),
            ("mailto:a@b.example,d.example", vec!["mailto:a@b.example", "d.example"], 0),
            ("mailto:a@b.example,,", vec!["mailto:a@b.example"], 2),
            ("", vec![], 1),
        ] {
            let (targets, empties) = parse_list(list);
            assert_eq!((targets.iter().map(|target| target.raw.as_str()).collect::<Vec<_>>(), empties), (raws, empty), "{list}");
        }
    }

    #[test]
    fn reserved_characters_are_encoded_and_size_limits_dropped() {
        for (raw, unencoded, corrected) in [
            ("mailto:a@b.example!10m", vec!['!'], "mailto:a@b.example"),
            ("mailto:a!b@c.example", vec!['!'], "mailto:a%21b@c.example"),
            ("https://a.example/?t=b,c", vec![','], "https://a.example/?t=b%2Cc"),
            ("https://a.example/b;c!", vec!['!', ';'], "https://a.example/b%3Bc%21"),
        ] {
            let target = parse(raw);
            assert!(target.uri.is_ok(), "{raw}");
            assert_eq!((target.unencoded, target.corrected.as_deref()), (unencoded, Some(corrected)), "{raw}");
        }
    }

    #[test]
    fn a_size_limit_is_digits_and_one_unit_at_the_most() {
        // RFC 7489 §6.4, dmarc-uri.
        for (text, is_limit) in [
            ("10m", true),
            ("10", true),
            ("1G", true),
            ("10mm", false),
            ("100000km", false),
            ("m", false),
            ("", false),
            ("1x", false),
            ("a1m", false),
        ] {
            assert_eq!(is_size_limit(text), is_limit, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_list_makes_the_parser_panic_and_corrections_are_right(list in "([,;!@:/?%. ]|mailto:|https:|[a-z]{1,3}|\\PC){0,20}") {
            for target in parse_list(&list).0 {
                if let Some(corrected) = target.corrected {
                    let again = parse(&corrected);
                    prop_assert!(again.uri.is_ok() && again.unencoded.is_empty(), "{} → {}", target.raw, corrected);
                }
            }
        }
    }
}
