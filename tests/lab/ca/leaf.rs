//! What a server certificate says: names, dates, key, extensions, and who signed it.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls_pki_types::CertificateDer;

use super::{Authority, Chain, Key, Validity, key_pair, subject};

const OID_AUTHORITY_INFO_ACCESS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
const OID_TLS_FEATURE: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 24];
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const SHA1_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05];

/// A certificate to be issued; a healthy one until told otherwise.
#[derive(Clone)]
#[must_use]
pub struct Leaf {
    names: Vec<String>,
    common_name: Option<String>,
    validity: Validity,
    key: Key,
    extensions: Vec<CustomExtension>,
    usage: Option<ExtendedKeyUsagePurpose>,
    is_ca: bool,
    sha1: bool,
    issuer: Option<Arc<Authority>>,
}

impl Leaf {
    /// For one host: its name in the SAN, no common name, P-256, valid from 10 days ago for 80 more.
    pub fn for_host(name: &str) -> Self {
        Self {
            names: vec![name.into()],
            common_name: None,
            validity: Validity::days(-10, 80),
            key: Key::P256,
            extensions: Vec::new(),
            usage: Some(ExtendedKeyUsagePurpose::ServerAuth),
            is_ca: false,
            sha1: false,
            issuer: None,
        }
    }

    /// These names in the SAN; `*.alpha.test` is a wildcard, an address becomes an IP entry.
    pub fn names(mut self, names: &[&str]) -> Self {
        self.names = names.iter().map(ToString::to_string).collect();
        self
    }

    /// No SAN at all.
    pub fn without_san(self) -> Self {
        self.names(&[])
    }

    /// A common name.
    pub fn common_name(mut self, name: &str) -> Self {
        self.common_name = Some(name.into());
        self
    }

    /// Other dates.
    pub fn valid(mut self, validity: Validity) -> Self {
        self.validity = validity;
        self
    }

    /// Ends so many days from now (negative: has ended), after 90 days.
    pub fn expires_in(self, days: i64) -> Self {
        self.valid(Validity::days(days - 90, days))
    }

    /// Another kind of key.
    pub fn key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    /// The authority's own certificate can be fetched here (authority information access, caIssuers).
    pub fn aia(mut self, url: &str) -> Self {
        let ca_issuers = [0x2b, 6, 1, 5, 5, 7, 0x30, 2];
        let description = [der(0x06, &ca_issuers), der(0x86, url.as_bytes())].concat();
        let content = der(0x30, &der(0x30, &description));
        self.extensions.push(CustomExtension::from_oid_content(OID_AUTHORITY_INFO_ACCESS, content));
        self
    }

    /// The TLS feature `status_request` (RFC 7633): a staple must come with it.
    pub fn must_staple(mut self) -> Self {
        let content = der(0x30, &der(0x02, &[5]));
        self.extensions.push(CustomExtension::from_oid_content(OID_TLS_FEATURE, content));
        self
    }

    /// Another extended key usage, or none.
    pub fn usage(mut self, usage: Option<ExtendedKeyUsagePurpose>) -> Self {
        self.usage = usage;
        self
    }

    /// Says CA:TRUE, as `openssl req -x509` does.
    pub fn ca_true(mut self) -> Self {
        self.is_ca = true;
        self
    }

    /// Says that it is signed with SHA-1. The signature itself cannot be made and does not verify.
    /// The issuer must have an RSA key.
    pub fn sha1(mut self) -> Self {
        self.sha1 = true;
        self
    }

    /// Another issuer than the lab's intermediate.
    pub fn signed_by(mut self, issuer: &Arc<Authority>) -> Self {
        self.issuer = Some(Arc::clone(issuer));
        self
    }

    /// Signs with its own key; the chain is this certificate alone.
    pub fn self_signed(&self) -> Chain {
        let key = key_pair(self.key);
        let mut params = self.params();
        if params.distinguished_name == DistinguishedName::new() {
            params.distinguished_name = subject("self-signed");
        }
        let made = params.self_signed(&key).expect("the lab's certificates can be made");
        Chain::new(vec![made.der().clone()], &key, None)
    }

    pub(super) fn issue(&self, default: &Arc<Authority>) -> Chain {
        let issuer = self.issuer.as_ref().unwrap_or(default);
        let key: KeyPair = key_pair(self.key);
        let made = self.params().signed_by(&key, &issuer.issuer).expect("the lab's certificates can be made");
        let leaf = if self.sha1 { relabel(made.der()) } else { made.der().clone() };
        let mut certificates = vec![leaf];
        certificates.extend(issuer.path());
        Chain::new(certificates, &key, Some(issuer.root().der().clone()))
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::new(self.names.clone()).expect("a lab gives valid names");
        params.distinguished_name = self.common_name.as_deref().map_or_else(DistinguishedName::new, subject);
        (params.not_before, params.not_after) = (self.validity.not_before, self.validity.not_after);
        params.is_ca = if self.is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
        params.extended_key_usages.extend(self.usage.clone());
        params.custom_extensions.clone_from(&self.extensions);
        params.use_authority_key_identifier_extension = true;
        params
    }
}

/// Writes SHA-1 where SHA-256 stands, in both places.
fn relabel(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let mut bytes = certificate.to_vec();
    let places: Vec<usize> =
        bytes.windows(SHA256_WITH_RSA.len()).enumerate().filter_map(|(at, window)| (window == SHA256_WITH_RSA).then_some(at)).collect();
    assert_eq!(places.len(), 2, "a certificate names its signature algorithm twice; is the issuer's key RSA?");
    for at in places {
        bytes[at..at + SHA1_WITH_RSA.len()].copy_from_slice(SHA1_WITH_RSA);
    }
    bytes.into()
}

/// One DER value of up to 64 KiB.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).expect("short content").to_be_bytes();
    let mut value = match (high, low) {
        (0, 0..=127) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    value.extend(content);
    value
}
