//! Certificates (RFC 5280): DER in, what a sender judges out. Nothing is verified here; paths are the business of the trust store.

mod constraints;
mod signature;
mod usage;

use std::net::IpAddr;

use jiff::Timestamp;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::SubjectPublicKeyInfo;

pub use constraints::NameConstraints;
pub use signature::Signature;
pub use usage::{ExtendedUsage, KeyUsage, Usage};

use super::fingerprint::Fingerprint;
use super::name::Domain;
use constraints::DirectoryName;

/// A certificate, read. All text is hostile and escaped only when shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The subject's distinguished name, for people.
    pub subject: String,
    /// The issuer's distinguished name, for people.
    pub issuer: String,
    /// The subject's name as encoded: names are compared by their bytes.
    pub subject_der: Vec<u8>,
    /// The issuer's name as encoded.
    pub issuer_der: Vec<u8>,
    /// The first common name of the subject, if any; never to be matched against a host (RFC 8461 §4.2).
    pub common_name: Option<String>,
    /// Hexadecimal, without separators.
    pub serial: String,
    /// Validity start.
    pub not_before: Timestamp,
    /// Validity end.
    pub not_after: Timestamp,
    /// DNS names in the SAN, as presented.
    pub dns_names: Vec<String>,
    /// Names of other kinds in the SAN, with their kind: `IP:192.0.2.1`, `email:…`, `URI:…`.
    pub other_names: Vec<String>,
    /// The IP addresses among them.
    pub addresses: Vec<IpAddr>,
    /// The key.
    pub key: Key,
    /// How the issuer signed it.
    pub signature: Signature,
    /// What it may be used for.
    pub usage: Usage,
    /// The names for which it may stand above others, if it limits them.
    pub name_constraints: Option<NameConstraints>,
    /// Critical extensions that the libraries of senders do not know, by object identifier: they must refuse it (RFC 5280 §4.2).
    pub unknown_critical: Vec<String>,
    /// Whether it demands a stapled OCSP response (TLS feature `status_request`, RFC 7633 §4).
    pub must_staple: bool,
    /// Basic constraints with cA (RFC 5280 §4.2.1.9).
    pub is_ca: bool,
    /// The issuer's key identifier that the certificate names, hexadecimal (RFC 5280 §4.2.1.1).
    pub authority_key_id: Option<String>,
    /// Its own key identifier, hexadecimal (RFC 5280 §4.2.1.2).
    pub subject_key_id: Option<String>,
    /// Where the issuer's certificate can be fetched (caIssuers of RFC 5280 §4.2.2.1).
    pub issuer_urls: Vec<String>,
    /// SHA-256 of the DER.
    pub sha256: Fingerprint,
    /// The subject, ready to be held against name constraints.
    subject_name: DirectoryName,
}

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// `rsa`, `ecdsa`, `ed25519`, `ed448`, `dsa`, `ml-dsa` or `other`.
    pub kind: &'static str,
    /// Its size in bits; 0 where the kind has only one or it is unknown.
    pub bits: usize,
}

impl Key {
    /// Reads the DER of a SubjectPublicKeyInfo; `None` if it is none.
    pub fn of_info(der: &[u8]) -> Option<Self> {
        SubjectPublicKeyInfo::from_der(der).ok().map(|(_, info)| key(&info))
    }

    /// Whether senders refuse a key of this size or kind: RSA under 2048 bits, curves under 256, DSA.
    pub fn is_weak(self) -> bool {
        match self.kind {
            "rsa" => (1..2048).contains(&self.bits),
            "ecdsa" => (1..256).contains(&self.bits),
            kind => kind == "dsa",
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.bits == 0 { f.write_str(self.kind) } else { write!(f, "{} {}", self.kind, self.bits) }
    }
}

/// Why bytes are no certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not the DER of an X.509 certificate.
    #[error("not an X.509 certificate: {0}")]
    Garbled(String),
    /// Bytes behind the certificate.
    #[error("{0} bytes behind the certificate")]
    Trailing(usize),
    /// A date that the calendar does not have or that is out of range.
    #[error("a date out of range: {0}")]
    Date(String),
}

impl Certificate {
    /// Reads DER.
    ///
    /// # Errors
    /// [`CertificateError`]: garbled, followed by other bytes, or dated out of range.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|error| CertificateError::Garbled(error.to_string()))?;
        if !rest.is_empty() {
            return Err(CertificateError::Trailing(rest.len()));
        }
        let mut read = Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            subject_der: parsed.subject().as_raw().to_vec(),
            issuer_der: parsed.issuer().as_raw().to_vec(),
            common_name: parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok()).map(str::to_owned),
            serial: hex(parsed.raw_serial()),
            not_before: timestamp(parsed.validity().not_before)?,
            not_after: timestamp(parsed.validity().not_after)?,
            dns_names: Vec::new(),
            other_names: Vec::new(),
            addresses: Vec::new(),
            key: key(parsed.public_key()),
            signature: Signature::read(&parsed.signature_algorithm),
            usage: Usage::default(),
            name_constraints: None,
            unknown_critical: Vec::new(),
            must_staple: false,
            is_ca: parsed.is_ca(),
            authority_key_id: None,
            subject_key_id: None,
            issuer_urls: Vec::new(),
            sha256: Fingerprint::of(der),
            subject_name: DirectoryName::read(parsed.subject()),
        };
        for extension in parsed.extensions() {
            read.take(extension.parsed_extension());
            read.note(extension);
        }
        Ok(read)
    }

    /// What lies in an extension that has no parser, or in its criticality.
    fn note(&mut self, extension: &X509Extension<'_>) {
        /// RFC 7633: SEQUENCE OF INTEGER; 5 is `status_request`.
        const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
        const STATUS_REQUEST: &[u8] = &[2, 1, 5];
        let oid = extension.oid.to_id_string();
        self.must_staple |=
            oid == TLS_FEATURE && extension.value.get(2..).is_some_and(|items| items.chunks(3).any(|item| item == STATUS_REQUEST));
        let known = matches!(
            extension.parsed_extension(),
            ParsedExtension::KeyUsage(_)
                | ParsedExtension::SubjectAlternativeName(_)
                | ParsedExtension::BasicConstraints(_)
                | ParsedExtension::NameConstraints(_)
                | ParsedExtension::CRLDistributionPoints(_)
                | ParsedExtension::ExtendedKeyUsage(_)
        );
        if extension.critical && !known {
            self.unknown_critical.push(oid);
        }
    }

    fn take(&mut self, extension: &ParsedExtension<'_>) {
        self.usage.take(extension);
        match extension {
            ParsedExtension::NameConstraints(constraints) => self.name_constraints = Some(NameConstraints::read(constraints)),
            ParsedExtension::SubjectAlternativeName(san) => {
                for name in &san.general_names {
                    self.addresses.extend(address(name));
                    match name {
                        GeneralName::DNSName(name) => self.dns_names.push((*name).to_owned()),
                        other => self.other_names.push(other_name(other)),
                    }
                }
            }
            ParsedExtension::AuthorityKeyIdentifier(id) => self.authority_key_id = id.key_identifier.as_ref().map(|id| hex(id.0)),
            ParsedExtension::SubjectKeyIdentifier(id) => self.subject_key_id = Some(hex(id.0)),
            ParsedExtension::AuthorityInfoAccess(access) => {
                const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
                let locations = access.iter().filter(|entry| entry.access_method.to_id_string() == CA_ISSUERS);
                self.issuer_urls.extend(locations.filter_map(|entry| match &entry.access_location {
                    GeneralName::URI(url) => Some((*url).to_owned()),
                    _ => None,
                }));
            }
            _ => {}
        }
    }

    /// Whether subject and issuer are the same name and the key identifiers do not contradict it: it signed itself, as far as
    /// names tell.
    pub fn is_self_issued(&self) -> bool {
        let same_key = match (&self.authority_key_id, &self.subject_key_id) {
            (Some(authority), Some(own)) => authority == own,
            _ => true,
        };
        self.subject_der == self.issuer_der && same_key
    }

    /// Whether `other` is, by name and key identifier, what signed this one.
    pub fn is_issued_by(&self, other: &Self) -> bool {
        let same_key = match (&self.authority_key_id, &other.subject_key_id) {
            (Some(authority), Some(own)) => authority == own,
            _ => true,
        };
        self.issuer_der == other.subject_der && same_key
    }

    /// Whether a DNS-ID in the SAN is valid for `host` (RFC 8461 §4.2, RFC 9525 §6.3).
    pub fn is_for(&self, host: &Domain) -> bool {
        self.dns_names.iter().any(|name| dns_id_matches(name, host))
    }

    /// What people call it: the common name, or the whole subject, or the first name of the SAN where the subject is empty.
    pub fn name(&self) -> &str {
        match (&self.common_name, self.dns_names.first()) {
            (Some(name), _) if self.is_ca || self.dns_names.is_empty() => name,
            (_, Some(name)) => name,
            _ => &self.subject,
        }
    }
}

/// Whether a presented DNS-ID is valid for a host: case does not count, and a wildcard is the whole left-most label and stands for
/// exactly one (RFC 9525 §6.3). Names are A-labels on both sides. As in the libraries of senders, two labels at least follow the wildcard.
pub fn dns_id_matches(presented: &str, host: &Domain) -> bool {
    let host = host.as_str();
    if host.is_empty() || presented.is_empty() {
        return false;
    }
    match presented.strip_prefix("*.") {
        Some(domain) => {
            domain.contains('.')
                && !domain.contains('*')
                && host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(domain))
        }
        None => !presented.contains('*') && presented.eq_ignore_ascii_case(host),
    }
}

/// The DER of a certificate's subjectPublicKeyInfo (RFC 5280 §4.1.2.7), which DANE digests; `None` if this is no certificate.
pub fn subject_public_key_info(der: &[u8]) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    Some(parsed.public_key().raw.to_vec())
}

/// A name as trust anchors hold it (the content of its DER, without the outer header), for people.
pub fn distinguished_name(content: &[u8]) -> String {
    let der = sequence(content);
    // The parser takes what is no name for an empty one.
    let text = x509_parser::x509::X509Name::from_der(&der).map_or_else(|_| String::new(), |(_, name)| name.to_string());
    if text.is_empty() { hex(content) } else { text }
}

/// Puts the header of a SEQUENCE before its content: the way back from a trust anchor's fields to DER.
pub fn sequence(content: &[u8]) -> Vec<u8> {
    const SEQUENCE: u8 = 0x30;
    let mut der = vec![SEQUENCE];
    let length: Vec<u8> = content.len().to_be_bytes().iter().copied().skip_while(|byte| *byte == 0).collect();
    match (u8::try_from(content.len()), u8::try_from(length.len())) {
        (Ok(short), _) if short < 0x80 => der.push(short),
        // A length has eight bytes at the most.
        (_, width) => {
            der.push(0x80 | width.unwrap_or(8));
            der.extend_from_slice(&length);
        }
    }
    der.extend_from_slice(content);
    der
}

/// Whether bytes are one whole SEQUENCE, whatever is in it: what is not, no library takes for a certificate.
pub fn is_sequence(der: &[u8]) -> bool {
    // The header has two bytes, and up to four more for the length.
    (2..=6).any(|header| der.get(header..).is_some_and(|content| sequence(content) == der))
}

fn timestamp(time: ASN1Time) -> Result<Timestamp, CertificateError> {
    // RFC 5280 §4.1.2.5: 99991231235959Z means "no end". The calendar used here stops a day before; the meaning is the same.
    const NO_END: i64 = 253_402_300_799;
    let seconds = time.timestamp();
    if seconds > Timestamp::MAX.as_second() && seconds <= NO_END {
        return Ok(Timestamp::MAX);
    }
    Timestamp::from_second(seconds).map_err(|_| CertificateError::Date(seconds.to_string()))
}

fn key(info: &SubjectPublicKeyInfo<'_>) -> Key {
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => {
            // Counted from the highest bit that is set: the modulus may be encoded with leading zeros.
            let modulus: Vec<u8> = key.modulus.iter().copied().skip_while(|byte| *byte == 0).collect();
            let leading = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
            Key { kind: "rsa", bits: modulus.len() * 8 - leading }
        }
        Ok(PublicKey::EC(_)) => Key { kind: "ecdsa", bits: curve_bits(info) },
        Ok(PublicKey::DSA(_)) => Key { kind: "dsa", bits: 0 },
        _ => {
            let kind = match info.algorithm.algorithm.to_id_string().as_str() {
                "1.3.101.112" => "ed25519",
                "1.3.101.113" => "ed448",
                "2.16.840.1.101.3.4.3.17" | "2.16.840.1.101.3.4.3.18" | "2.16.840.1.101.3.4.3.19" => "ml-dsa",
                "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => "rsa",
                _ => "other",
            };
            Key { kind, bits: 0 }
        }
    }
}

/// The size of a named curve (RFC 5480 §2.1.1.1).
fn curve_bits(info: &SubjectPublicKeyInfo<'_>) -> usize {
    let curve = info.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
    match curve.map(|curve| curve.to_id_string()).as_deref() {
        Some("1.2.840.10045.3.1.7" | "1.3.132.0.10") => 256,
        Some("1.3.132.0.34") => 384,
        Some("1.3.132.0.35") => 521,
        Some("1.3.132.0.33" | "1.3.132.0.32") => 224,
        Some("1.2.840.10045.3.1.1" | "1.3.132.0.31") => 192,
        Some("1.3.132.0.8" | "1.3.132.0.9" | "1.3.132.0.30") => 160,
        _ => 0,
    }
}

fn address(name: &GeneralName<'_>) -> Option<IpAddr> {
    let GeneralName::IPAddress(bytes) = name else { return None };
    let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok()
}

fn other_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::IPAddress(_) => address(name).map_or_else(|| "IP: malformed".to_owned(), |address| format!("IP:{address}")),
        GeneralName::RFC822Name(text) => format!("email:{text}"),
        GeneralName::URI(text) => format!("URI:{text}"),
        GeneralName::DirectoryName(name) => format!("directory:{name}"),
        GeneralName::Invalid(tag, _) if tag.0 == 2 => "DNS: not ASCII".to_owned(),
        _ => "a name of another kind".to_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
