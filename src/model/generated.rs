//! Texts to publish: what they rest on, and what they are.

use serde::Serialize;

use super::facts::TargetFacts;
use super::facts::dns::{AddressFacts, MxRecord, TxtRecord};
use super::looked::{Answer, Looked};
use crate::wire::name::Domain;

/// What is in DNS around the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The policy domain.
    pub domain: Domain,
    /// Its MX records.
    pub mx: Looked<Answer<Vec<MxRecord>>>,
    /// Its own addresses; looked up only where there is no MX record.
    pub own_addresses: Option<AddressFacts>,
    /// `_smtp._tls.`
    pub record: Looked<Answer<Vec<TxtRecord>>>,
    /// `_mta-sts.`
    pub sts: Looked<Answer<Vec<TxtRecord>>>,
    /// The addresses of `mta-sts.`
    pub policy_host: AddressFacts,
    /// Whether the hosts can receive that reports are to go to.
    pub targets: Vec<TargetFacts>,
}

/// What to publish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Generated {
    /// The policy domain.
    pub domain: Domain,
    /// The policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyFile>,
    /// DNS records, in the order in which they are to be published.
    pub records: Vec<DnsText>,
    /// What to know and to do besides, in sentences.
    pub notes: Vec<String>,
}

/// A policy to be served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PolicyFile {
    /// Where.
    pub url: String,
    /// The file, byte for byte.
    pub text: String,
}

/// A DNS record to be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DnsText {
    /// The whole name, without the trailing dot.
    pub name: Domain,
    /// The name as panels ask for it, below the domain.
    pub label: String,
    /// `TXT`, `CNAME`, `A` or `AAAA`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// In seconds.
    pub ttl: u32,
    /// The value, without quotation marks.
    pub value: String,
    /// The same as a line of a zone file.
    pub zone: String,
}
