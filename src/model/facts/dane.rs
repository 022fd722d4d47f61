//! Facts about DANE: the TLSA records of an MX host, and how far DNSSEC vouches for them (RFC 7672 §2).

use serde::{Deserialize, Serialize};

use crate::model::looked::{Answer, Looked};
use crate::wire::name::Domain;

/// The TLSA records at `_25._tcp.HOST`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaneFacts {
    /// The name asked.
    pub name: Domain,
    /// The records.
    pub records: Looked<Answer<Vec<TlsaRecord>>>,
    /// How far DNSSEC vouches for what DANE rests on: the MX records, the host's addresses and the TLSA records.
    pub security: Security,
    /// Who says so: `validated here`, or the resolver whose AD bit was trusted.
    pub by: String,
}

/// A TLSA record (RFC 6698 §2.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TlsaRecord {
    /// Certificate usage: 2 is DANE-TA, 3 is DANE-EE; 0 and 1 are not used at port 25 (RFC 7672 §3.1.3).
    pub usage: u8,
    /// 0: the whole certificate, 1: its public key.
    pub selector: u8,
    /// 0: the bytes themselves, 1: SHA-256, 2: SHA-512.
    pub matching: u8,
    /// What is to be matched, hexadecimal, lower case.
    pub data: String,
}

/// How far DNSSEC vouches for an answer (RFC 4035 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Security {
    /// Signed, and the signatures lead to a trust anchor.
    Secure,
    /// In a zone that is provably not signed.
    Insecure,
    /// Signed, and the signatures do not hold.
    Bogus,
    /// Not to be told.
    Indeterminate,
}
