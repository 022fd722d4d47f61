//! Where a folder is: `imaps://USER@HOST[:PORT]/FOLDER` (RFC 5092, without its parameters), or `imap+starttls://` for a server that
//! begins in clear text and is made to change to TLS. User and folder are percent-encoded UTF-8.
//!
//! A password in the text is refused, and the refusal does not repeat it: an address is an argument, and those are seen by everyone.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::wire::name::Domain;

/// A folder of one user on one server. Displayed, it is the canonical text, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FolderUrl {
    /// When TLS begins.
    pub security: Security,
    /// Who logs in, decoded.
    pub user: String,
    /// The server, which its certificate must name.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// The folder's name, decoded; `INBOX` if none was given.
    pub folder: String,
}

/// When TLS begins. There is no third way: a password never leaves in clear text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Security {
    /// With the connection (RFC 8314 §3.2).
    Implicit,
    /// By `STARTTLS`, before anything else (RFC 9051 §6.2.1).
    StartTls,
}

/// A server, by name or by address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// By its name, in A-labels and lower case. It may have one label only, as `localhost` or a server of one's own network has.
    Name(String),
    /// By its address.
    Address(IpAddr),
}

/// Why a text is no folder's address; says the way out, and nothing that could be a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Another scheme, or none.
    #[error("an address of a folder begins with imaps:// (or imap+starttls://), as in imaps://tlsrpt@imap.example.com/INBOX")]
    Scheme,
    /// TLS is not asked for.
    #[error("imap:// would send the password in clear text: use imaps://, or imap+starttls:// if the server has no port 993")]
    ClearText,
    /// There is a password in it.
    #[error(
        "it holds a password, which everyone on this machine can read in an argument: leave it out, and use --password-command, --password-file or --password-env"
    )]
    Password,
    /// Nobody to log in as.
    #[error("it names no user: write imaps://USER@HOST/FOLDER; an @ in the user's name may stand as it is or as %40")]
    NoUser,
    /// The host is no name and no address.
    #[error("{0:?} is no host")]
    Host(String),
    /// The port is none.
    #[error("{0:?} is no port: give a number from 1 to 65535")]
    Port(String),
    /// Parameters of RFC 5092 that would not be obeyed.
    #[error("parameters such as ;AUTH= or ;UIDVALIDITY= are not supported; a ; in a name is written %3B")]
    Parameter,
    /// Not percent-encoded UTF-8, or a character that no name has.
    #[error("user and folder are percent-encoded UTF-8 without control characters: write %25 for a %, %3F for a ?, %23 for a #")]
    Encoding,
}

impl FromStr for FolderUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let security = match scheme.to_ascii_lowercase().as_str() {
            "imaps" => Security::Implicit,
            "imap+starttls" => Security::StartTls,
            "imap" => return Err(UrlError::ClearText),
            _ => return Err(UrlError::Scheme),
        };
        let (authority, folder) = rest.split_once('/').unwrap_or((rest, ""));
        // The last @, since the names of most users have one themselves.
        let (user, host) = authority.rsplit_once('@').ok_or(UrlError::NoUser)?;
        // Before anything that repeats a part of the text.
        if user.contains(':') {
            return Err(UrlError::Password);
        }
        if user.contains(';') || folder.contains(';') {
            return Err(UrlError::Parameter);
        }
        let (user, folder) = (decoded(user)?, decoded(folder)?);
        if user.is_empty() {
            return Err(UrlError::NoUser);
        }
        let (host, port) = host_and_port(host)?;
        let folder = if folder.is_empty() || folder.eq_ignore_ascii_case("INBOX") { "INBOX".to_owned() } else { folder };
        Ok(Self { security, user, host, port: port.unwrap_or(security.port()), folder })
    }
}

impl FolderUrl {
    /// The account without its folder, in canonical form.
    pub fn account(&self) -> String {
        let port = if self.port == self.security.port() { String::new() } else { format!(":{}", self.port) };
        format!("{}://{}@{}{port}", self.security.scheme(), encoded(&self.user, false), self.host)
    }
}

impl Security {
    fn scheme(self) -> &'static str {
        match self {
            Self::Implicit => "imaps",
            Self::StartTls => "imap+starttls",
        }
    }

    /// Where such a server usually is.
    fn port(self) -> u16 {
        match self {
            Self::Implicit => 993,
            Self::StartTls => 143,
        }
    }
}

impl fmt::Display for FolderUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account(), encoded(&self.folder, true))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

fn host_and_port(text: &str) -> Result<(Host, Option<u16>), UrlError> {
    let wrong = || UrlError::Host(text.to_owned());
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or_else(wrong)?;
            let address: Ipv6Addr = address.parse().map_err(|_| wrong())?;
            let port = if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or_else(wrong)?) };
            (Host::Address(IpAddr::V6(address)), port)
        }
        None => {
            let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
            let address = host.parse().map(|address| Host::Address(IpAddr::V4(address)));
            (address.ok().or_else(|| name(host).map(Host::Name)).ok_or_else(wrong)?, port)
        }
    };
    let number = |port: &str| {
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        port.parse().ok().filter(|number| digits && *number > 0).ok_or_else(|| UrlError::Port(port.to_owned()))
    };
    Ok((host, port.map(number).transpose()?))
}

fn name(text: &str) -> Option<String> {
    let is_label = (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if is_label { Some(text.to_ascii_lowercase()) } else { Domain::parse(text).ok().map(|domain| domain.to_string()) }
}

/// Percent-encoding undone (RFC 3986 §2.1).
fn decoded(text: &str) -> Result<String, UrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2).ok_or(UrlError::Encoding)?;
                let [high, low] = [digits[0], digits[1]].map(|digit| char::from(digit).to_digit(16));
                let (high, low) = (high.ok_or(UrlError::Encoding)?, low.ok_or(UrlError::Encoding)?);
                bytes.push(u8::try_from(high * 16 + low).map_err(|_| UrlError::Encoding)?);
                rest = after;
            }
            b'?' | b'#' => return Err(UrlError::Encoding),
            byte => bytes.push(*byte),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| UrlError::Encoding)?;
    if text.chars().any(char::is_control) { Err(UrlError::Encoding) } else { Ok(text) }
}

/// The canonical text: what a URL needs encoded is, and nothing else.
fn encoded(text: &str, is_path: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let plain = c.is_ascii_alphanumeric() || "-._~!$'()*+,=".contains(c) || (is_path && "/@:&".contains(c)) || (!is_path && c == '@');
        if plain {
            out.push(c);
        } else {
            out.extend(c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, user, host, port, folder, canonical) in [
            ("imaps://tlsrpt@imap.example.com/INBOX", "tlsrpt", "imap.example.com", 993, "INBOX", "imaps://tlsrpt@imap.example.com/INBOX"),
            ("IMAPS://a@H.example:1993", "a", "h.example", 1993, "INBOX", "imaps://a@h.example:1993/INBOX"),
            ("imaps://a@LocalHost:1/x", "a", "localhost", 1, "x", "imaps://a@localhost:1/x"),
            ("imaps://a@bücher.example/x", "a", "xn--bcher-kva.example", 993, "x", "imaps://a@xn--bcher-kva.example/x"),
            ("imaps://a@h.example/inbox", "a", "h.example", 993, "INBOX", "imaps://a@h.example/INBOX"),
            ("imap+starttls://a@h.example/x", "a", "h.example", 143, "x", "imap+starttls://a@h.example/x"),
            (
                "imaps://tls@example.com@imap.example.com/TLS%20Reports/2026",
                "tls@example.com",
                "imap.example.com",
                993,
                "TLS Reports/2026",
                "imaps://tls@example.com@imap.example.com/TLS%20Reports/2026",
            ),
            ("imaps://a%40b@127.0.0.1:993/Entw%C3%BCrfe", "a@b", "127.0.0.1", 993, "Entwürfe", "imaps://a@b@127.0.0.1/Entw%C3%BCrfe"),
            ("imaps://a@[::1]:1/Entwürfe", "a", "[::1]", 1, "Entwürfe", "imaps://a@[::1]:1/Entw%C3%BCrfe"),
            ("imaps://a%3Ab%2Fc@h.example/%25%3B", "a:b/c", "h.example", 993, "%;", "imaps://a%3Ab%2Fc@h.example/%25%3B"),
        ] {
            let url: FolderUrl = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((url.user.as_str(), url.host.to_string().as_str(), url.port, url.folder.as_str()), (user, host, port, folder));
            assert_eq!(url.to_string(), canonical);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_way_out() {
        use UrlError::{ClearText, Encoding, NoUser, Parameter, Password, Scheme};
        for (text, error) in [
            ("imap://a@h.example/x", ClearText),
            ("imaps://a:secret@h.example/x", Password),
            ("imaps://a:sec@ret@h.example/x", Password),
            ("imaps://:@h.example/x", Password),
            ("imaps://h.example/x", NoUser),
            ("imaps://@h.example/x", NoUser),
            ("a@h.example", Scheme),
            ("https://a@h.example/", Scheme),
            ("imaps://a;AUTH=PLAIN@h.example/x", Parameter),
            ("imaps://a@h.example/x;UIDVALIDITY=1", Parameter),
            ("imaps://a@h.example/x%0d%0aA1%20DELETE", Encoding),
            ("imaps://a%00@h.example/x", Encoding),
            ("imaps://a@h.example/%ff", Encoding),
            ("imaps://a@h.example/%f", Encoding),
            ("imaps://a@h.example/x?y", Encoding),
        ] {
            assert_eq!(text.parse::<FolderUrl>(), Err(error), "{text}");
        }
        for wrong in [
            "imaps://a@/x",
            "imaps://a@h.example:0/",
            "imaps://a@h.example:+1/",
            "imaps://a@[::1/",
            "imaps://a@h example/",
            "imaps://a@-h/",
            "imaps://a@h_/",
        ] {
            assert!(matches!(wrong.parse::<FolderUrl>(), Err(UrlError::Host(_) | UrlError::Port(_))), "{wrong}");
        }
    }

    #[test]
    fn no_refusal_repeats_what_could_be_a_password() {
        for text in ["imaps://a:secret@h.example/", "a:secret@h.example", "imap://a:secret@h.example", "imaps://a:secret/x@h.example"] {
            let error = text.parse::<FolderUrl>().expect_err(text);
            assert!(!error.to_string().contains("secret"), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn the_canonical_text_is_the_same_address(user in "\\PC{1,20}", folder in "\\PC{0,20}", port in 1..=u16::MAX) {
            let host = Host::Name("imap.example.com".to_owned());
            let folder = if folder.is_empty() || folder.eq_ignore_ascii_case("inbox") { "INBOX".to_owned() } else { folder };
            let url = FolderUrl { security: Security::Implicit, user, host, port, folder };
            prop_assert_eq!(url.to_string().parse::<FolderUrl>(), Ok(url));
        }

        #[test]
        fn any_text_is_answered(text in "(imaps://)?.{0,40}") {
            let _ = text.parse::<FolderUrl>();
        }
    }
}
