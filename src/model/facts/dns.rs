//! Facts out of DNS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::model::looked::{Answer, Failure, Looked};
use crate::wire::name::Domain;

/// A lookup of TXT records at one owner name, and what lies at owner names that people mistake for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TxtFacts {
    /// The owner name that the RFC demands.
    pub name: Domain,
    /// What is there.
    pub answer: Looked<Answer<Vec<TxtRecord>>>,
    /// Records that look like the missing one, found elsewhere; looked for only when the right name has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<Elsewhere>,
}

impl TxtFacts {
    /// The records seen, whole; empty if none was seen.
    pub fn texts(&self) -> Vec<String> {
        self.answer.seen().map(|answer| answer.value.iter().map(TxtRecord::text).collect()).unwrap_or_default()
    }
}

/// One TXT record: its character-strings in order. Bytes that are not UTF-8 are replaced by U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct TxtRecord {
    /// The strings.
    pub strings: Vec<String>,
}

impl TxtRecord {
    /// The strings joined without spaces (RFC 8461 §3.1, RFC 8460 §3).
    pub fn text(&self) -> String {
        self.strings.concat()
    }
}

/// A record at a name where no sender looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Elsewhere {
    /// The owner name.
    pub name: Domain,
    /// The record's text.
    pub text: String,
}

/// Both address families of a host name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AddressFacts {
    /// A records.
    pub v4: Looked<Answer<Vec<Ipv4Addr>>>,
    /// AAAA records.
    pub v6: Looked<Answer<Vec<Ipv6Addr>>>,
}

impl AddressFacts {
    /// All addresses, IPv6 first as senders prefer it, each once.
    pub fn all(&self) -> Vec<IpAddr> {
        let v6 = self.v6.seen().into_iter().flat_map(|answer| answer.value.iter().copied().map(IpAddr::V6));
        let v4 = self.v4.seen().into_iter().flat_map(|answer| answer.value.iter().copied().map(IpAddr::V4));
        let mut all: Vec<IpAddr> = v6.chain(v4).collect();
        all.sort_unstable_by_key(|address| (address.is_ipv4(), *address));
        all.dedup();
        all
    }

    /// Whether both families are known to be absent.
    pub fn none(&self) -> bool {
        self.v4.is_absent() && self.v6.is_absent()
    }

    /// The lookups that failed, with the record type.
    pub fn failures(&self) -> impl Iterator<Item = (&'static str, &Failure)> {
        [("A", self.v4.failure()), ("AAAA", self.v6.failure())]
            .into_iter()
            .filter_map(|(kind, failure)| failure.map(|failure| (kind, failure)))
    }

    /// The CNAMEs on the way, from whichever family saw or missed them.
    pub fn via(&self) -> &[crate::model::looked::Cname] {
        fn of<T>(looked: &Looked<Answer<T>>) -> &[crate::model::looked::Cname] {
            match looked {
                Looked::Seen(answer) => &answer.via,
                Looked::Absent(absence) => &absence.via,
                Looked::Failed(_) => &[],
            }
        }
        let v4 = of(&self.v4);
        if v4.is_empty() { of(&self.v6) } else { v4 }
    }
}

/// One MX record (RFC 5321 §5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MxRecord {
    /// Lower is tried first.
    pub preference: u16,
    /// The MX host.
    pub exchange: Domain,
}

/// What kind of domain this is for mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MailFacts {
    /// The MX records, by preference, each once; at most [`crate::model::settings::MX_CAP`] of them.
    pub mx: Looked<Answer<Vec<MxRecord>>>,
    /// How many MX records DNS held, where that is more than the cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mx_total: Option<usize>,
    /// The domain's own addresses, asked for when there is no MX record (RFC 5321 §5.1, implicit MX).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_addresses: Option<AddressFacts>,
    /// The `_mta-sts` record of the nearest parent with one, asked for when this domain has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_policy: Option<Elsewhere>,
}
