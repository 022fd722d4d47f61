//! From where it was looked, and whose trust was assumed.

use serde::{Deserialize, Serialize};

use crate::wire::fingerprint::Fingerprint;

/// The place and the means of the looking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// A set of trusted roots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// There is a route.
    Available,
    /// There is none.
    NoRoute,
    /// The user switched it off.
    SwitchedOff,
}
