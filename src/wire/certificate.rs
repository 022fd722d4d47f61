//! Certificates (RFC 5280): DER in, what a sender judges out. Nothing is verified here; paths are the business of the trust store.

use jiff::Timestamp;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::fingerprint::Fingerprint;
use super::name::Domain;

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
    /// The key.
    pub key: Key,
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
}

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// `rsa`, `ecdsa`, `ed25519`, `ed448`, `dsa`, `ml-dsa` or `other`.
    pub kind: &'static str,
    /// Its size in bits; 0 where the kind has only one or it is unknown.
    pub bits: usize,
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
            key: key(parsed.public_key()),
            is_ca: parsed.is_ca(),
            authority_key_id: None,
            subject_key_id: None,
            issuer_urls: Vec::new(),
            sha256: Fingerprint::of(der),
        };
        for extension in parsed.extensions() {
            read.take(extension.parsed_extension());
        }
        Ok(read)
    }

    fn take(&mut self, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::SubjectAlternativeName(san) => {
                for name in &san.general_names {
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
                "1.2.840.10045.2.1" => "ecdsa",
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
        _ => 0,
    }
}

fn other_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::IPAddress(bytes) => match (<[u8; 4]>::try_from(*bytes), <[u8; 16]>::try_from(*bytes)) {
            (Ok(v4), _) => format!("IP:{}", std::net::Ipv4Addr::from(v4)),
            (_, Ok(v6)) => format!("IP:{}", std::net::Ipv6Addr::from(v6)),
            _ => "IP: malformed".to_owned(),
        },
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
mod tests {
    use proptest::prelude::*;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, PKCS_ED25519, SanType, date_time_ymd};

    use super::*;

    #[test]
    fn a_certificate_says_what_a_sender_judges() {
        let mut params = CertificateParams::new(vec!["mx1.example.com".to_owned(), "*.mail.example.com".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::IpAddress("192.0.2.1".parse().unwrap()));
        params.distinguished_name.push(DnType::CommonName, "mx1.example.com");
        params.not_before = date_time_ymd(2026, 1, 2);
        params.not_after = date_time_ymd(2026, 4, 2);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap();
        let read = Certificate::parse(der.der()).unwrap();
        assert_eq!(read.dns_names, ["mx1.example.com", "*.mail.example.com"]);
        assert_eq!(read.other_names, ["IP:192.0.2.1"]);
        assert_eq!(read.common_name.as_deref(), Some("mx1.example.com"));
        assert_eq!(read.key, Key { kind: "ecdsa", bits: 256 });
        assert_eq!(
            (read.not_before.to_string(), read.not_after.to_string()),
            ("2026-01-02T00:00:00Z".into(), "2026-04-02T00:00:00Z".into())
        );
        assert!(read.is_self_issued() && !read.is_ca);
        assert_eq!(read.sha256, Fingerprint::of(der.der()));
    }

    #[test]
    fn the_header_of_a_sequence_is_what_der_demands() {
        for (length, header) in [(0, &[0x30, 0][..]), (127, &[0x30, 127]), (128, &[0x30, 0x81, 128]), (300, &[0x30, 0x82, 1, 44])] {
            assert_eq!(sequence(&vec![7; length])[..header.len()], *header, "{length}");
        }
        let params = CertificateParams::new(vec![]).unwrap();
        let read = Certificate::parse(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der()).unwrap();
        assert_eq!(distinguished_name(&read.subject_der[2..]), read.subject);
        assert_eq!(distinguished_name(&[0xFF]), "ff");
    }

    #[test]
    fn key_kinds_are_told_apart() {
        for (key, expected) in [
            (KeyPair::generate_for(&PKCS_ED25519).unwrap(), Key { kind: "ed25519", bits: 0 }),
            (KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(), Key { kind: "ecdsa", bits: 384 }),
            (KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap(), Key { kind: "rsa", bits: 2048 }),
        ] {
            let mut params = CertificateParams::new(vec![]).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let read = Certificate::parse(params.self_signed(&key).unwrap().der()).unwrap();
            assert_eq!(read.key, expected);
            assert!(read.is_ca);
        }
    }

    #[test]
    fn garbage_trailing_bytes_and_impossible_dates_are_errors() {
        let mut params = CertificateParams::new(vec!["mx1.example.com".to_owned()]).unwrap();
        params.not_after = date_time_ymd(9999, 12, 31);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        assert_eq!(Certificate::parse(&der).map(|read| read.not_after), Ok(Timestamp::MAX), "no end");
        assert_eq!(Certificate::parse(&[der.as_slice(), b"x"].concat()), Err(CertificateError::Trailing(1)));
        assert!(matches!(Certificate::parse(&der[..der.len() - 1]), Err(CertificateError::Garbled(_))));
        assert!(matches!(Certificate::parse(b""), Err(CertificateError::Garbled(_))));
        let mut impossible = der.clone();
        let date = impossible.windows(8).position(|window| window == b"99991231").unwrap();
        impossible[date..date + 8].copy_from_slice(b"99991399");
        assert!(Certificate::parse(&impossible).is_err());
    }

    #[test]
    fn a_dns_id_matches_as_senders_match_it() {
        for (presented, host, matches) in [
            ("mx1.example.com", "mx1.example.com", true),
            ("MX1.Example.COM", "mx1.example.com", true),
            ("*.example.com", "mx1.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.b.example.com", false),
            ("*.com", "example.com", false),
            ("mx*.example.com", "mx1.example.com", false),
            ("*mx.example.com", "amx.example.com", false),
            ("mx1.*.com", "mx1.example.com", false),
            ("*.*.com", "mx1.example.com", false),
            ("*", "mx1.example.com", false),
            ("", "mx1.example.com", false),
            ("mx1.example.com.", "mx1.example.com", false),
            ("*.xn--bcher-kva.example", "mx.xn--bcher-kva.example", true),
            ("*.bücher.example", "mx.xn--bcher-kva.example", false),
            ("*.mx.microsoft", "x.h-v1.mx.microsoft", false),
        ] {
            assert_eq!(dns_id_matches(presented, &Domain::from_dns(host)), matches, "{presented} for {host}");
        }
        assert!(!dns_id_matches("", &Domain::from_dns("")));
    }

    proptest! {
        #[test]
        fn arbitrary_and_damaged_bytes_never_panic(noise in proptest::collection::vec(any::<u8>(), 0..300), place in 0_usize..400, byte: u8) {
            let _ = Certificate::parse(&noise);
            let mut der = sample();
            let place = place % der.len();
            der[place] = byte;
            let _ = Certificate::parse(&der);
        }
    }

    fn sample() -> Vec<u8> {
        static SAMPLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            let params = CertificateParams::new(vec!["mx1.example.com".to_owned()]).unwrap();
            params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
        });
        SAMPLE.clone()
    }
}
