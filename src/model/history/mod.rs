//! What live checks saw of a domain over time: what it was, from when to when.
//!
//! [`seen::of`] takes out of the [`Facts`](super::facts::Facts) of one check what is worth remembering; the store keeps it, a row for
//! each value and the time it lasted; [`History`] gives it back. What a check could not look at leaves no trace: absent and unreachable
//! stay apart, for a [`Subject`] was looked at only where there was an answer.

mod judging;
pub mod seen;
mod standard;
mod uniting;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use self::seen::{Kind, Seen};
pub use self::standard::Standard;
use super::facts::Der;
use crate::wire::certificate::{Certificate, dns_id_matches};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// Everything remembered of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct History {
    /// The policy domain.
    pub domain: Domain,
    /// What was looked at, by kind and name.
    pub subjects: Vec<Subject>,
    /// The days on which it was checked, and from where; by day.
    pub days: Vec<Day>,
    /// Every certificate of [`Seen::Chain`], once: DER in Base64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub certificates: BTreeMap<Fingerprint, Der>,
    /// What judging needs of the servers' own certificates, where their DER was left out ([`History::for_judging`]).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub leaves: BTreeMap<Fingerprint, Leaf>,
}

/// A server's own certificate, as far as it matters later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Leaf {
    /// The DNS names of its SAN.
    pub names: Vec<String>,
    /// The issuer's distinguished name.
    pub issuer: String,
    /// Validity start.
    pub not_before: Timestamp,
    /// Validity end.
    pub not_after: Timestamp,
}

impl Leaf {
    /// Out of a certificate.
    pub fn of(certificate: Certificate) -> Self {
        let Certificate { dns_names: names, issuer, not_before, not_after, .. } = certificate;
        Self { names, issuer, not_before, not_after }
    }

    /// Whether it names the host (RFC 8461 §4.2).
    pub fn is_for(&self, host: &Domain) -> bool {
        self.names.iter().any(|name| dns_id_matches(name, host))
    }
}

/// Something that was looked at again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Subject {
    /// What about it.
    pub kind: Kind,
    /// Which; see [`Kind`].
    pub name: String,
    /// The newest look that could see. Values whose [`Span::last_seen`] is earlier are gone.
    pub looked_at: Timestamp,
    /// What was seen, by the time it was first seen. Several may hold at the same time: addresses, chains of a host with two keys.
    pub spans: Vec<Span>,
}

/// A value, and how long it was seen: at every look from the first to the last (for [`Kind::rejoins`]: at both of them).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Span {
    /// The value.
    pub seen: Seen,
    /// The look that saw it first.
    pub first_seen: Timestamp,
    /// The look that saw it last.
    pub last_seen: Timestamp,
}

/// The live checks of one day from one vantage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Day {
    /// The day, in UTC.
    pub day: Date,
    /// From where: own name, addresses, proxies, resolvers, roots; the same text means the same vantage.
    pub vantage: String,
    /// How many checks.
    pub times: u64,
    /// The first of them.
    pub first_at: Timestamp,
    /// The last of them.
    pub last_at: Timestamp,
    /// The MX addresses (`HOST ADDRESS`) that one of them proved clean.
    pub proven: Vec<String>,
    /// Those that one of them saw broken: proven by another check of the same day or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
    /// All that DNS gave: of hosts with many addresses that take turns, those whose turn it was. Empty where an earlier version kept none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<String>,
}

/// The MX addresses (`HOST ADDRESS`) of one check, and how they fared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fared {
    /// All that DNS gave, of the hosts whose addresses are known whole.
    pub given: Vec<String>,
    /// Those at which nothing stands against enforce.
    pub proven: Vec<String>,
    /// Those at which something does.
    pub broken: Vec<String>,
}

impl Subject {
    /// What held at the newest look.
    pub fn current(&self) -> impl Iterator<Item = &Span> {
        self.spans.iter().filter(|span| span.last_seen == self.looked_at)
    }
}

impl History {
    /// Of a domain that nothing is remembered of.
    pub fn nothing(domain: Domain) -> Self {
        Self { domain, subjects: Vec::new(), days: Vec::new(), certificates: BTreeMap::new(), leaves: BTreeMap::new() }
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty() && self.days.is_empty()
    }

    /// A server's own certificate, by the digest that a chain begins with.
    pub fn leaf(&self, sha256: &Fingerprint) -> Option<Leaf> {
        let parsed = || Certificate::parse(&self.certificates.get(sha256)?.0).ok().map(Leaf::of);
        self.leaves.get(sha256).cloned().or_else(parsed)
    }

    /// Every id of the `_mta-sts` record that was seen, each as often as it came.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.of(Kind::PolicyRecord).flat_map(|subject| &subject.spans).filter_map(|span| match &span.seen {
            Seen::PolicyRecord { id, .. } => id.as_deref(),
            _ => None,
        })
    }

    /// The subjects of a kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Subject> {
        self.subjects.iter().filter(move |subject| subject.kind == kind)
    }
}
