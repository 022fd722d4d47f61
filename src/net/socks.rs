//! A SOCKS5 proxy (RFC 1928, RFC 1929): connections by address, and what its replies mean for the looking.
//!
//! In: `[USER:PASS@]HOST:PORT` once, then addresses. Out: a stream that is the peer's, or why there is none: a proxy that cannot be
//! reached or will not connect says nothing about the peer.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_socks::Error;
use tokio_socks::tcp::Socks5Stream;

use super::source::Source;
use crate::model::looked::{Failure, FailureKind};

/// Why the proxy's setting cannot be used. It may hold a password, so no message repeats it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProxyError {
    /// Not of the form.
    #[error("a SOCKS5 proxy is given as [USER:PASS@]HOST:PORT")]
    Form,
    /// RFC 1929 §2: one to 255 bytes each.
    #[error("user and password of a SOCKS5 proxy have 1 to 255 bytes each")]
    Login,
    /// The proxy's name has no address.
    #[error("the SOCKS5 proxy {0} has no address here: {1}")]
    Name(String, String),
}

/// Where a proxy is and who asks it.
#[derive(Clone, PartialEq, Eq)]
pub struct Socks5 {
    host: String,
    port: u16,
    login: Option<(String, String)>,
    addresses: Vec<SocketAddr>,
}

/// The password stays out of every log.
impl fmt::Debug for Socks5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socks5").field("name", &self.name()).field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Socks5 {
    /// Reads `[USER:PASS@]HOST:PORT`, with or without `socks5://` before it.
    ///
    /// # Errors
    /// [`ProxyError::Form`] or [`ProxyError::Login`].
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let text = text.trim();
        let text = text.strip_prefix("socks5://").unwrap_or(text).trim_end_matches('/');
        let (login, place) = match text.rsplit_once('@') {
            Some((login, place)) => (Some(login.split_once(':').ok_or(ProxyError::Login)?), place),
            None => (None, text),
        };
        let fits = |part: &str| (1..=255).contains(&part.len());
        if login.is_some_and(|(user, password)| !fits(user) || !fits(password)) {
            return Err(ProxyError::Login);
        }
        let (host, port) = place.rsplit_once(':').ok_or(ProxyError::Form)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or(ProxyError::Form)?;
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let host = match bare {
            Some(v6) => v6.parse::<std::net::Ipv6Addr>().map_err(|_| ProxyError::Form)?.to_string(),
            None if host.is_empty() || !host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) => {
                return Err(ProxyError::Form);
            }
            None => host.to_owned(),
        };
        let login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
        Ok(Self { host, port, login, addresses: Vec::new() })
    }

    /// Looks the proxy's name up, by the system's own resolver: it is the operator's machine, not one under test.
    ///
    /// # Errors
    /// [`ProxyError::Name`] if it has no address.
    pub async fn resolved(mut self) -> Result<Self, ProxyError> {
        let wrong = |why: String| ProxyError::Name(self.name(), why);
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await.map_err(|error| wrong(error.to_string()))?;
        let addresses: Vec<SocketAddr> = found.collect();
        if addresses.is_empty() {
            return Err(wrong("none was found".to_owned()));
        }
        self.addresses = addresses;
        Ok(self)
    }

    /// `HOST:PORT`.
    pub fn name(&self) -> String {
        if self.host.contains(':') { format!("[{}]:{}", self.host, self.port) } else { format!("{}:{}", self.host, self.port) }
    }

    /// Whether it is given a password.
    pub fn has_password(&self) -> bool {
        self.login.is_some()
    }

    /// Connects to `peer` through the proxy.
    pub async fn open(&self, peer: SocketAddr, source: Source, wait: Duration) -> Result<TcpStream, Failure> {
        let until = Instant::now() + wait;
        let stream = self.reach(source, until).await?;
        let asked = async {
            match &self.login {
                Some((user, password)) => Socks5Stream::connect_with_password_and_socket(stream, peer, user, password).await,
                None => Socks5Stream::connect_with_socket(stream, peer).await,
            }
        };
        match timeout_at(until, asked).await {
            Ok(Ok(stream)) => Ok(stream.into_inner()),
            Ok(Err(error)) => Err(self.explain(&error, peer)),
            Err(_) => Err(Failure::new(
                FailureKind::Timeout,
                format!("no connection within {} s through the SOCKS5 proxy {}", wait.as_secs_f32(), self.name()),
            )),
        }
    }

    /// A connection to the proxy itself, at the first of its addresses that answers.
    async fn reach(&self, source: Source, until: Instant) -> Result<TcpStream, Failure> {
        let mut last = "it has no address".to_owned();
        for (index, address) in self.addresses.iter().enumerate() {
            // One address that swallows packets must leave time for the next.
            let left = until.saturating_duration_since(Instant::now());
            let others = u32::try_from(self.addresses.len() - index).unwrap_or(1);
            match tokio::time::timeout(left / others, source.connect(*address)).await {
                Ok(Ok(stream)) => {
                    // Short messages each way; a socket that refuses the option is only slower.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => last = error.to_string(),
                Err(_) => "it does not answer".clone_into(&mut last),
            }
        }
        Err(Failure::new(FailureKind::Proxy, format!("the SOCKS5 proxy {} cannot be reached: {last}", self.name())))
    }

    /// What the proxy's answer says of the peer (RFC 1928 §6), if anything.
    fn explain(&self, error: &Error, peer: SocketAddr) -> Failure {
        let kind = match error {
            Error::HostUnreachable => FailureKind::Unreachable,
            // A proxy without IPv6 says so in either way; about an IPv4 address it is the way that is missing.
            Error::NetworkUnreachable | Error::AddressTypeNotSupported if peer.is_ipv6() => FailureKind::NoRoute,
            Error::NetworkUnreachable => FailureKind::Unreachable,
            Error::ConnectionRefused => FailureKind::Refused,
            // How proxies report that nothing answered.
            Error::TtlExpired => FailureKind::Timeout,
            _ => FailureKind::Proxy,
        };
        let name = self.name();
        let detail = match error {
            Error::Io(error) => format!("the SOCKS5 proxy {name} broke off: {error}"),
            Error::NoAcceptableAuthMethods | Error::AuthorizationRequired if self.login.is_none() => {
                format!("the SOCKS5 proxy {name} wants a user and a password")
            }
            Error::NoAcceptableAuthMethods => format!("the SOCKS5 proxy {name} takes no password"),
            Error::PasswordAuthFailure(_) => format!("the SOCKS5 proxy {name} does not accept this user and password"),
            Error::InvalidResponseVersion => format!("what answers at {name} is no SOCKS5 proxy"),
            // The library has this one name for every reply code that RFC 1928 does not know.
            Error::UnknownAuthMethod => format!("the SOCKS5 proxy {name} answers with an unknown code"),
            Error::GeneralSocksServerFailure => format!("the SOCKS5 proxy {name} failed, and does not say why"),
            Error::ConnectionNotAllowedByRuleset => format!("the SOCKS5 proxy {name} does not allow this connection"),
            other => format!("the SOCKS5 proxy {name} answers: {}", other.to_string().to_lowercase()),
        };
        Failure::new(kind, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_is_read_and_its_password_never_shown() {
        for (text, name, login) in [
            ("127.0.0.1:1080", "127.0.0.1:1080", None),
            ("proxy.example.net:1080", "proxy.example.net:1080", None),
            ("socks5://proxy.example.net:1080/", "proxy.example.net:1080", None),
            ("[2001:db8::1]:1080", "[2001:db8::1]:1080", None),
            ("me:secret@127.0.0.1:1080", "127.0.0.1:1080", Some(("me", "secret"))),
            ("me:se:cr@t@127.0.0.1:1080", "127.0.0.1:1080", Some(("me", "se:cr@t"))),
        ] {
            let proxy = Socks5::parse(text).expect(text);
            assert_eq!(proxy.name(), name);
            assert_eq!(proxy.login.as_ref().map(|(user, password)| (user.as_str(), password.as_str())), login);
            assert!(!["secret", "cr@t"].iter().any(|password| format!("{proxy:?}").contains(password)), "{proxy:?}");
        }
    }

    #[test]
    fn what_is_no_setting_is_refused_without_repeating_it() {
        for text in [
            "",
            "proxy",
            ":1080",
            "proxy:",
            "proxy:0",
            "proxy:70000",
            "2001:db8::1:x",
            "[::1:1080",
            "a b:1080",
            "secret@proxy:1080",
            ":secret@proxy:1080",
            "me:@proxy:1080",
        ] {
            let error = Socks5::parse(text).expect_err(text).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn replies_about_the_peer_are_told_from_replies_about_the_proxy() {
        let proxy = Socks5::parse("proxy.example.net:1080").expect("valid");
        let (v4, v6): (SocketAddr, SocketAddr) = ("192.0.2.1:25".parse().expect("valid"), "[2001:db8::1]:25".parse().expect("valid"));
        for (error, peer, kind) in [
            (Error::GeneralSocksServerFailure, v4, FailureKind::Proxy),
            (Error::ConnectionNotAllowedByRuleset, v4, FailureKind::Proxy),
            (Error::NetworkUnreachable, v4, FailureKind::Unreachable),
            (Error::NetworkUnreachable, v6, FailureKind::NoRoute),
            (Error::AddressTypeNotSupported, v6, FailureKind::NoRoute),
            (Error::AddressTypeNotSupported, v4, FailureKind::Proxy),
            (Error::HostUnreachable, v4, FailureKind::Unreachable),
            (Error::ConnectionRefused, v4, FailureKind::Refused),
            (Error::TtlExpired, v4, FailureKind::Timeout),
            (Error::CommandNotSupported, v4, FailureKind::Proxy),
            (Error::PasswordAuthFailure(1), v4, FailureKind::Proxy),
            (Error::NoAcceptableAuthMethods, v4, FailureKind::Proxy),
            (Error::InvalidResponseVersion, v4, FailureKind::Proxy),
            (Error::UnknownAuthMethod, v4, FailureKind::Proxy),
            (Error::Io(std::io::ErrorKind::UnexpectedEof.into()), v4, FailureKind::Proxy),
        ] {
            let failure = proxy.explain(&error, peer);
            assert_eq!(failure.kind, kind, "{error}");
            assert!(failure.detail.contains("proxy.example.net:1080"), "{}", failure.detail);
        }
    }
}
