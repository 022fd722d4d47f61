//! Facts about DANE: the TLSA records of an MX host, and how far DNSSEC vouches for them (RFC 7672 §2).

use serde::{Deserialize, Serialize};

use crate::model::looked::{Answer, Looked};
use crate::wire::name::Domain;
pub use crate::wire::tlsa::TlsaRecord;

/// The TLSA records at `_25._tcp.HOST`: the port is the one connected to (RFC 7672 §2.2.3), another than 25 in laboratories only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DaneFacts {
    /// The name asked. For an MX host that is a CNAME, the name below its target if records are there (RFC 7672 §2.2.2).
    pub name: Domain,
    /// The records, in a stable order, each once; at most [`crate::model::settings::TLSA_CAP`] of them.
    pub records: Looked<Answer<Vec<TlsaRecord>>>,
    /// How many records were left out because of the cap.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub left_out: usize,
    /// How far DNSSEC vouches for what DANE rests on: the weakest of the three below.
    pub security: Security,
    /// The TLSA answer, or its denial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_records: Option<Security>,
    /// The host's addresses; `None` where it did not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_addresses: Option<Security>,
    /// The domain's MX records; `None` where it did not matter, and where no MX record names the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_mx: Option<Security>,
    /// Who says so: `validated here`, or the resolver whose AD bit was trusted.
    pub by: String,
    /// What is wrong with the signatures, or why nothing can be told of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// How far DNSSEC vouches for an answer (RFC 4035 §4.3, RFC 7672 §2.1.1). The later one is the weaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Security {
    /// Signed, and the signatures lead to a trust anchor.
    Secure,
    /// In a zone that is provably not signed.
    Insecure,
    /// Not to be told.
    Indeterminate,
    /// Signed, and the signatures do not hold.
    Bogus,
}

impl Security {
    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secure => "secure",
            Self::Insecure => "insecure",
            Self::Indeterminate => "indeterminate",
            Self::Bogus => "bogus",
        }
    }
}
