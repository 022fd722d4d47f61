//! A host to be looked at by name: `NAME`, or `NAME:PORT`.

use std::fmt;
use std::str::FromStr;

use super::name::{Domain, NameError};

/// A host, and the port where it is met; none means the one that is usual there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    /// The name, which its certificate must carry.
    pub name: Domain,
    /// The port, if one was given.
    pub port: Option<u16>,
}

/// Why a text names no host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostPortError {
    /// The name is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// What stands behind the colon is no port.
    #[error("{0:?} is no port: give a number from 1 to 65535, as in mx1.example.com:25")]
    Port(String),
}

impl HostPort {
    /// Whether TLS begins with the connection at this port: HTTPS (RFC 9110 §4.2.2) and mail submission (RFC 8314 §7.3). Elsewhere
    /// SMTP is spoken first.
    pub fn begins_with_tls(port: u16) -> bool {
        matches!(port, 443 | 465)
    }
}

impl FromStr for HostPort {
    type Err = HostPortError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((name, port)) = text.split_once(':') else {
            return Ok(Self { name: Domain::parse(text)?, port: None });
        };
        let number = port.parse().ok().filter(|number| *number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()));
        let port = number.ok_or_else(|| HostPortError::Port(port.to_owned()))?;
        Ok(Self { name: Domain::parse(name)?, port: Some(port) })
    }
}

impl From<Domain> for HostPort {
    fn from(name: Domain) -> Self {
        Self { name, port: None }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_name_with_or_without_a_port() {
        for (text, name, port) in [("mx1.example.com", "mx1.example.com", None), ("MX1.Example.com.:587", "mx1.example.com", Some(587))] {
            let target: HostPort = text.parse().unwrap();
            assert_eq!((target.name.as_str(), target.port), (name, port), "{text}");
        }
        for wrong in
            ["", ":25", "mx1.example.com:", "mx1.example.com:0", "mx1.example.com:65536", "mx1.example.com:+25", "a:b:25", "https://x"]
        {
            assert!(wrong.parse::<HostPort>().is_err(), "{wrong}");
        }
        assert_eq!("mx1.example.com:25".parse::<HostPort>().unwrap().to_string(), "mx1.example.com:25");
    }

    #[test]
    fn tls_begins_at_once_where_it_is_the_rule_and_behind_starttls_elsewhere() {
        for (port, at_once) in [(443, true), (465, true), (25, false), (587, false), (2525, false)] {
            assert_eq!(HostPort::begins_with_tls(port), at_once, "{port}");
        }
    }
}
