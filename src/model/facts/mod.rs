//! What was observed of one domain, and nothing that was concluded from it.
//!
//! A [`Facts`] value is complete and portable: saved as JSON and judged again, it gives the same assessment on any machine.

pub mod after;
pub mod dane;
pub mod dns;
pub mod policy;
pub mod reports;
pub mod servers;
pub mod tls;
pub mod vantage;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::history::History;
use crate::model::looked::{Answer, Looked};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// The schema of a saved facts file.
pub const SCHEMA: &str = "stsready/facts/1";

/// Everything observed of one domain in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Facts {
    /// [`SCHEMA`].
    pub schema: String,
    /// The policy domain.
    pub domain: Domain,
    /// When the looking ended.
    pub observed_at: Timestamp,
    /// From where it was looked.
    pub vantage: vantage::Vantage,
    /// Further vantages, newest first, where facts of several were merged; empty where only one looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<vantage::OtherVantage>,
    /// What kind of domain it is for mail; `None` where no stage needed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<dns::MailFacts>,
    /// Stage 1; `None` if not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordFacts>,
    /// Stage 2; `None` if not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<policy::PolicyFacts>,
    /// Stage 3; `None` if not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<Vec<servers::MxHost>>,
    /// Stage 4; `None` if not looked at. Looked at without any source given: no source, no report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reports: Option<reports::ReportFacts>,
    /// Certificates on the operator's disk (`--cert-file`), to be held against what is served.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disk: Vec<DiskFile>,
    /// Every certificate served anywhere or on disk, once: DER in Base64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub certificates: BTreeMap<Fingerprint, Der>,
    /// What live checks saw before this one, as far as judging needs it; `None` where nothing is remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
}

impl Facts {
    /// Facts of a domain of which nothing was looked at yet.
    pub fn nothing(domain: Domain, observed_at: Timestamp, vantage: vantage::Vantage) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            domain,
            observed_at,
            vantage,
            others: Vec::new(),
            mail: None,
            record: None,
            policy: None,
            servers: None,
            reports: None,
            disk: Vec::new(),
            certificates: BTreeMap::new(),
            history: None,
        }
    }

    /// Whether another vantage saw this address (`HOST ADDRESS`) work, while what is in these facts says otherwise or nothing.
    pub fn proven_elsewhere(&self, subject: &str) -> Option<&vantage::OtherVantage> {
        self.others.iter().find(|other| other.proved.iter().any(|proved| proved == subject))
    }
}

/// A certificate file on the operator's disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DiskFile {
    /// As given.
    pub file: String,
    /// Its certificates in their order, the server's own first; DER in [`Facts::certificates`].
    pub chain: Vec<Fingerprint>,
}

/// For numbers that are written only where there is something to count.
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The DER bytes of a certificate; Base64 in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(try_from = "String", into = "String", extend("contentEncoding" = "base64")))]
pub struct Der(pub Vec<u8>);

impl Serialize for Der {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Der {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        let text = String::deserialize(deserializer)?;
        base64::engine::general_purpose::STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Everything seen of the TLS-RPT record (RFC 8460 §3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RecordFacts {
    /// `_smtp._tls.DOMAIN`.
    pub txt: dns::TxtFacts,
    /// Whether the hosts in its targets can receive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetFacts>,
}

/// Where a report target leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TargetFacts {
    /// The mailbox's domain or the URL's host.
    pub host: Domain,
    /// Its MX records; `None` for https targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mx: Option<Looked<Answer<Vec<dns::MxRecord>>>>,
    /// Its addresses; for mailto only asked where there is no MX record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<dns::AddressFacts>,
}
