//! From where it was looked, by which ways, and whose trust was assumed.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::looked::Looked;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::smtp::Reply;

/// The place and the means of the looking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Vantage {
    /// The resolvers asked, `ADDRESS:PORT`.
    pub resolvers: Vec<String>,
    /// Whom senders are taken to trust.
    pub roots: Roots,
    /// Whether this host can reach the world by IPv4.
    pub ipv4: Family,
    /// Whether this host can reach the world by IPv6.
    pub ipv6: Family,
    /// The name given in EHLO.
    pub helo: String,
    /// Proxies, own addresses, the control connection: what differs from looking straight out of this host.
    #[serde(default, flatten)]
    pub means: Means,
}

/// What differs from looking straight out of a host; usually nothing does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Means {
    /// The SOCKS5 proxy that MX hosts are connected to through, `HOST:PORT`; never its credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socks5: Option<String>,
    /// Whether DNS goes through it as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub socks5_dns: bool,
    /// The proxy that policies are fetched through, `SCHEME://HOST:PORT`; never its credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Own addresses that connections are made from, at most one a family.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<IpAddr>,
    /// Whether addresses of private and local ranges were left alone (`--deny-private`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deny_private: bool,
    /// The control connection; made only if every MX address of a domain was silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlFacts>,
}

/// A connection to a host that is known to answer (`--control`): it tells a blocked port from MX hosts that are down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ControlFacts {
    /// The host as given, without the port.
    pub target: String,
    /// The port connected to.
    pub port: u16,
    /// The address connected to; `None` if the host has none that could be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// When the connection was begun.
    pub at: Timestamp,
    /// Its greeting, or why there is none.
    pub outcome: Looked<Reply>,
}

/// A further vantage, whose observations were merged with those of the newest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OtherVantage {
    /// From where it was looked.
    pub vantage: Vantage,
    /// When the looking ended there.
    pub observed_at: Timestamp,
    /// What of the merged facts was seen from there: a stage (`policy`), or `HOST ADDRESS` of a probe or a fetch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gave: Vec<String>,
    /// `HOST ADDRESS` of probes that reached EHLO inside TLS from there and are not among the merged facts: newer ones saw something else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proved: Vec<String>,
    /// What it saw too long before the newest look to say anything about today, named as in `gave`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub too_old: Vec<String>,
}

/// A set of trusted roots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Roots {
    /// `mozilla`, `os`, or the file's path as given.
    pub name: String,
    /// How many roots are in it.
    pub count: usize,
    /// Over the roots' subjects and keys, sorted: the same set has the same digest everywhere.
    pub sha256: Fingerprint,
}

/// What is known of an address family at this vantage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// There is a route.
    Available,
    /// There is none.
    NoRoute,
    /// The user switched it off.
    SwitchedOff,
}
