//! TLSA records (RFC 6698 §2.1) against a served chain, as a DANE-aware mail sender judges (RFC 7672 §3).
//!
//! In: records, the chain's DER, the names that may stand in it, a time. Out: the record that matches, or why none does.
//! How far DNSSEC vouches for the records is not asked here.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::digest;
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, Der, TrustAnchor, UnixTime};
use serde::{Deserialize, Serialize};
use webpki::{EndEntityCert, KeyUsage};
use x509_parser::asn1_rs::{Any, FromDer as _};

use super::certificate::{Certificate, dns_id_matches, subject_public_key_info};
use super::name::Domain;

/// Certificates above the leaf that are looked at. Real chains have up to four.
const REST_CAP: usize = 15;

/// A TLSA record (RFC 6698 §2.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// Why a mail sender makes no use of a record (RFC 7672 §2.1.1, §3.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// PKIX-TA or PKIX-EE.
    #[error("usage {0} is not for port 25")]
    Pkix(u8),
    /// A usage without a meaning.
    #[error("usage {0} has no meaning")]
    Usage(u8),
    /// A selector without a meaning.
    #[error("selector {0} has no meaning")]
    Selector(u8),
    /// A matching type without a meaning.
    #[error("matching type {0} has no meaning")]
    Matching(u8),
    /// A digest that is not as long as its kind.
    #[error("{found} bytes of data where the digest has {expected}")]
    Length {
        /// What the matching type demands.
        expected: usize,
        /// What is there.
        found: usize,
    },
    /// Neither a certificate nor a key.
    #[error("its data cannot be read")]
    Garbled,
}

/// Why a usable record does not match.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Miss {
    /// Usage 3: the leaf is another.
    #[error("it is not the server's certificate")]
    OtherCertificate,
    /// Usage 3: the leaf has another key.
    #[error("it is not the server's key")]
    OtherKey,
    /// Usage 2: no certificate above the leaf is the trust anchor.
    #[error("it is no CA of the chain that the server sends")]
    NotInChain,
    /// Usage 2: the trust anchor is there and does not lead to the leaf.
    #[error("it is a CA of the chain, but the path to the certificate does not hold: {0}")]
    NoPath(String),
    /// Usage 2: the path holds, and the leaf is for another name.
    #[error("it is a CA of the chain, but the certificate is for another name")]
    OtherName,
}

/// A chain as served, and what it must stand for.
#[derive(Clone, Copy, Debug)]
pub struct Served<'a> {
    /// DER, in the order sent.
    pub chain: &'a [&'a [u8]],
    /// The names that the leaf may have under usage 2: the MX host's and the domain's (RFC 7672 §3.2.2).
    pub names: &'a [&'a Domain],
    /// As of when dates are judged, under usage 2 alone (RFC 7672 §3.1.1).
    pub now: Timestamp,
}

/// What the records of one host say of one chain; numbers are positions among the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// This record matches.
    Match(usize),
    /// One matches, but senders prefer the stronger digest that another has of the same kind, and that does not match (RFC 7671 §9).
    Outranked {
        /// The record that matches.
        matched: usize,
        /// One that keeps it from being looked at.
        stronger: usize,
    },
    /// None of the usable records matches; each with its reason.
    Mismatch(Vec<(usize, Miss)>),
    /// There is no usable record: senders use TLS without authentication (RFC 7672 §2.2).
    NoneUsable,
}

/// Judges one chain by all records.
pub fn judge(records: &[TlsaRecord], served: &Served<'_>) -> Judged {
    let usable = || records.iter().enumerate().filter(|(_, record)| record.unusable().is_none());
    if usable().next().is_none() {
        return Judged::NoneUsable;
    }
    let mut outranked = None;
    let mut misses = Vec::new();
    for (index, record) in usable() {
        let stronger = usable().find(|(_, other)| other.outranks(record)).map(|(stronger, _)| stronger);
        match (record.matches(served), stronger) {
            (Ok(()), None) => return Judged::Match(index),
            (Ok(()), Some(stronger)) => outranked = Some(Judged::Outranked { matched: index, stronger }),
            (Err(miss), _) => misses.push((index, miss)),
        }
    }
    outranked.unwrap_or(Judged::Mismatch(misses))
}

impl TlsaRecord {
    /// A record as DNS has it.
    pub fn new(usage: u8, selector: u8, matching: u8, data: &[u8]) -> Self {
        Self { usage, selector, matching, data: hex(data) }
    }

    /// `3 1 1` for a leaf: what RFC 7671 §5.1 recommends. `None` if the DER is no certificate.
    pub fn for_leaf(der: &[u8]) -> Option<Self> {
        let key = subject_public_key_info(der)?;
        Some(Self::new(3, 1, 1, digest::digest(&digest::SHA256, &key).as_ref()))
    }

    /// Why a mail sender makes no use of it, if so.
    pub fn unusable(&self) -> Option<Unusable> {
        let Some(data) = bytes(&self.data) else { return Some(Unusable::Garbled) };
        let wrong_length = |expected| (data.len() != expected).then_some(Unusable::Length { expected, found: data.len() });
        match (self.usage, self.selector, self.matching) {
            (usage @ (0 | 1), ..) => Some(Unusable::Pkix(usage)),
            (usage @ 4.., ..) => Some(Unusable::Usage(usage)),
            (_, selector @ 2.., _) => Some(Unusable::Selector(selector)),
            (_, 0, 0) => Certificate::parse(&data).is_err().then_some(Unusable::Garbled),
            (_, _, 0) => content(&data).is_none().then_some(Unusable::Garbled),
            (_, _, 1) => wrong_length(digest::SHA256_OUTPUT_LEN),
            (_, _, 2) => wrong_length(digest::SHA512_OUTPUT_LEN),
            (_, _, matching) => Some(Unusable::Matching(matching)),
        }
    }

    /// Usage, selector and matching type, as people name a kind of record: `3 1 1`.
    pub fn kind(&self) -> String {
        format!("{} {} {}", self.usage, self.selector, self.matching)
    }

    /// Whether senders leave `other` alone because of this one: of the digests of one usage and selector the strongest counts.
    fn outranks(&self, other: &Self) -> bool {
        (self.usage, self.selector) == (other.usage, other.selector) && other.matching != 0 && self.matching > other.matching
    }

    fn matches(&self, served: &Served<'_>) -> Result<(), Miss> {
        if self.usage == 3 {
            let miss = if self.selector == 0 { Miss::OtherCertificate } else { Miss::OtherKey };
            return if served.chain.first().is_some_and(|leaf| self.selects(leaf)) { Ok(()) } else { Err(miss) };
        }
        self.is_anchor_of(served)
    }

    /// Whether the data is this certificate, its key, or the digest of either.
    fn selects(&self, der: &[u8]) -> bool {
        let selected = if self.selector == 0 { Some(der.to_vec()) } else { subject_public_key_info(der) };
        selected.is_some_and(|selected| {
            let matched = match self.matching {
                1 => hex(digest::digest(&digest::SHA256, &selected).as_ref()),
                2 => hex(digest::digest(&digest::SHA512, &selected).as_ref()),
                _ => hex(&selected),
            };
            matched == self.data
        })
    }

    /// Usage 2 (RFC 7672 §3.1.2): a CA of the chain, or one in the record itself, leads to a leaf for the name, and all of it is valid now.
    fn is_anchor_of(&self, served: &Served<'_>) -> Result<(), Miss> {
        let Some((leaf, rest)) = served.chain.split_first() else { return Err(Miss::NotInChain) };
        let rest = rest.get(..REST_CAP).unwrap_or(rest);
        let anchors = self.anchors(leaf, rest, served.now)?;
        let der = CertificateDer::from(*leaf);
        let intermediates: Vec<CertificateDer<'_>> = rest.iter().map(|der| CertificateDer::from(*der)).collect();
        let seconds = u64::try_from(served.now.as_second()).unwrap_or(0);
        let verified = EndEntityCert::try_from(&der).and_then(|end_entity| {
            let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            let usage = KeyUsage::server_auth();
            end_entity.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, &intermediates, now, usage, None, None).map(|_| ())
        });
        verified.map_err(|error| Miss::NoPath(error.to_string()))?;
        let leaf = Certificate::parse(leaf).map_err(|error| Miss::NoPath(error.to_string()))?;
        if served.names.iter().any(|name| stands_for(&leaf, name)) { Ok(()) } else { Err(Miss::OtherName) }
    }

    /// The record as trust anchors: each certificate above the leaf that it selects, and what it holds whole.
    fn anchors(&self, leaf: &[u8], rest: &[&[u8]], now: Timestamp) -> Result<Vec<TrustAnchor<'static>>, Miss> {
        let own = bytes(&self.data).filter(|_| self.matching == 0);
        let sent = rest.iter().filter(|der| self.selects(der)).map(|der| der.to_vec());
        let whole: Vec<Vec<u8>> = sent.chain(own.clone().filter(|_| self.selector == 0)).collect();
        let mut anchors: Vec<TrustAnchor<'static>> = whole
            .iter()
            .filter(|der| Certificate::parse(der).is_ok_and(|read| (read.not_before..=read.not_after).contains(&now)))
            .filter_map(|der| Some(webpki::anchor_from_trusted_cert(&CertificateDer::from(der.as_slice())).ok()?.to_owned()))
            .collect();
        if !whole.is_empty() && anchors.is_empty() {
            return Err(Miss::NoPath("it is not valid now".to_owned()));
        }
        if let Some(key) = own.as_deref().filter(|_| self.selector == 1).and_then(content) {
            // A bare key has no name of its own: it stands for whichever issuer the chain names last or on the way.
            let issuers = std::iter::once(leaf).chain(rest.iter().copied()).filter_map(|der| Certificate::parse(der).ok());
            anchors.extend(issuers.filter_map(|certificate| {
                let subject = Der::from(content(&certificate.issuer_der)?.to_vec());
                Some(TrustAnchor { subject, subject_public_key_info: Der::from(key.to_vec()), name_constraints: None })
            }));
        }
        if anchors.is_empty() { Err(Miss::NotInChain) } else { Ok(anchors) }
    }
}

/// The whole record as zone files and `dig` have it.
impl fmt::Display for TlsaRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.usage, self.selector, self.matching, self.data)
    }
}

/// RFC 7672 §3.2.3: a DNS name in the SAN, or the common name where there is none.
fn stands_for(leaf: &Certificate, name: &Domain) -> bool {
    leaf.is_for(name) || (leaf.dns_names.is_empty() && leaf.common_name.as_deref().is_some_and(|common| dns_id_matches(common, name)))
}

/// What lies inside one DER element that fills the bytes: trust anchors hold names and keys without their outer header.
fn content(der: &[u8]) -> Option<&[u8]> {
    let (rest, any) = Any::from_der(der).ok()?;
    rest.is_empty().then_some(any.data)
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| if let [high, low] = pair { Some(digit(*high)? * 16 + digit(*low)?) } else { None }).collect()
}

#[cfg(test)]
mod tests;
