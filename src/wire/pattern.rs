//! MX patterns of a policy (RFC 8461 §3.2, §4.1): a host name, or `*.` before a domain.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::name::Domain;

/// A valid `mx:` value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MxPattern {
    wildcard: bool,
    domain: Domain,
}

impl MxPattern {
    /// One host.
    pub fn exact(host: Domain) -> Self {
        Self { wildcard: false, domain: host }
    }

    /// Any host exactly one label below `domain`.
    pub fn wildcard(domain: Domain) -> Self {
        Self { wildcard: true, domain }
    }

    /// Whether it begins with `*.`.
    pub fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// The host, or the domain behind `*.`.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Whether `host` is covered: a wildcard stands for exactly one left-most label (RFC 8461 §4.1, RFC 6125 §6.4.3).
    pub fn matches(&self, host: &Domain) -> bool {
        if self.wildcard { host.parent().as_ref() == Some(&self.domain) } else { *host == self.domain }
    }
}

impl fmt::Display for MxPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.wildcard { write!(f, "*.{}", self.domain) } else { write!(f, "{}", self.domain) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_one_label_wide() {
        let name = Domain::from_dns;
        let wildcard = MxPattern::wildcard(name("example.net"));
        for (host, covered) in [("mx.example.net", true), ("example.net", false), ("a.b.example.net", false), ("mx.badexample.net", false)]
        {
            assert_eq!(wildcard.matches(&name(host)), covered, "{host}");
        }
        assert!(MxPattern::exact(name("mx.example.net")).matches(&name("MX.example.net.")));
        assert!(!MxPattern::exact(name("mx.example.net")).matches(&name("a.mx.example.net")));
    }
}
