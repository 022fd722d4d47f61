//! Makes the chains of the table: CAs and leaves with fixed dates, healthy until changed.

use std::fmt::Write as _;
use std::sync::OnceLock;

use base64::Engine as _;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, RsaKeySize, SanType,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use time::{Duration, OffsetDateTime};

/// As of when every generated chain is judged; day 0 of all validities.
pub(super) const AT: &str = "2026-06-01T00:00:00Z";
/// The name that chains are for unless the row says otherwise.
pub(super) const HOST: &str = "mx1.example.com";

const EPOCH: i64 = 1_780_272_000;

pub(super) type Der = Vec<u8>;
pub(super) type Change = fn(&mut CertificateParams);

/// What is done to a certificate that needs nothing done.
pub(super) fn plain(_: &mut CertificateParams) {}

/// A CA with its key.
pub(super) struct Ca {
    pub(super) der: Der,
    params: CertificateParams,
    key: KeyPair,
}

impl Ca {
    pub(super) fn root(name: &str) -> Self {
        let (params, key) = (ca_params(name), KeyPair::generate().unwrap());
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { der, params, key }
    }

    /// A CA below this one.
    pub(super) fn sub(&self, name: &str, change: Change) -> Self {
        self.certify(name, KeyPair::generate().unwrap(), change)
    }

    /// The same with another kind of key.
    pub(super) fn sub_with(&self, name: &str, kind: Kind) -> Self {
        self.certify(name, kind.key(), plain)
    }

    /// Another certificate for the name and key of `other`.
    pub(super) fn cross(&self, name: &str, other: &Self, change: Change) -> Self {
        self.certify(name, KeyPair::from_pem(&other.key.serialize_pem()).unwrap(), change)
    }

    fn certify(&self, name: &str, key: KeyPair, change: Change) -> Self {
        let mut params = ca_params(name);
        params.use_authority_key_identifier_extension = true;
        change(&mut params);
        let der = params.signed_by(&key, &self.issuer()).unwrap().der().to_vec();
        Self { der, params, key }
    }

    /// A leaf for [`HOST`].
    pub(super) fn leaf(&self, change: Change) -> Der {
        self.leaf_with(&[HOST], Kind::P256, change)
    }

    /// A leaf for these names.
    pub(super) fn named(&self, names: &[&str]) -> Der {
        self.leaf_with(names, Kind::P256, plain)
    }

    pub(super) fn leaf_with(&self, names: &[&str], kind: Kind, change: Change) -> Der {
        let mut params = leaf_params(names);
        change(&mut params);
        params.signed_by(&kind.key(), &self.issuer()).unwrap().der().to_vec()
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }
}

/// A leaf that signed itself.
pub(super) fn self_signed(names: &[&str], change: Change) -> Der {
    let mut params = leaf_params(names);
    params.distinguished_name.push(DnType::CommonName, "self-made");
    change(&mut params);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

/// The kinds of keys that can be made here.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    P256,
    P384,
    P521,
    Ed25519,
    Rsa2048,
    Rsa3072,
}

impl Kind {
    fn key(self) -> KeyPair {
        static RSA2048: OnceLock<Vec<u8>> = OnceLock::new();
        static RSA3072: OnceLock<Vec<u8>> = OnceLock::new();
        // Making an RSA key is slow: one of each size serves all.
        let rsa = |kept: &OnceLock<Vec<u8>>, size| {
            let der = kept.get_or_init(|| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size).unwrap().serialize_der());
            KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(der.as_slice()), &rcgen::PKCS_RSA_SHA256)
        };
        match self {
            Self::P256 => KeyPair::generate(),
            Self::P384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            Self::P521 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512),
            Self::Ed25519 => KeyPair::generate_for(&rcgen::PKCS_ED25519),
            Self::Rsa2048 => rsa(&RSA2048, RsaKeySize::_2048),
            Self::Rsa3072 => rsa(&RSA3072, RsaKeySize::_3072),
        }
        .unwrap()
    }
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Table");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    days(&mut params, -1_000, 3_000);
    params
}

fn leaf_params(names: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.use_authority_key_identifier_extension = true;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    days(&mut params, -10, 80);
    params
}

// Changes

/// Valid from and to, in days from [`AT`].
pub(super) fn days(params: &mut CertificateParams, from: i64, to: i64) {
    let day = |days| OffsetDateTime::from_unix_timestamp(EPOCH).unwrap() + Duration::days(days);
    (params.not_before, params.not_after) = (day(from), day(to));
}

pub(super) fn usage(params: &mut CertificateParams, usage: &[KeyUsagePurpose]) {
    params.key_usages = usage.to_vec();
}

pub(super) fn purpose(params: &mut CertificateParams, purpose: ExtendedKeyUsagePurpose) {
    params.extended_key_usages = vec![purpose];
}

pub(super) fn at_most_below(params: &mut CertificateParams, below: u8) {
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
}

pub(super) fn permitted(params: &mut CertificateParams, base: &str) {
    constrained(params, GeneralSubtree::DnsName(base.to_owned()));
}

pub(super) fn constrained(params: &mut CertificateParams, base: GeneralSubtree) {
    params.name_constraints = Some(NameConstraints { permitted_subtrees: vec![base], excluded_subtrees: Vec::new() });
}

/// Permits every directory name.
pub(super) fn directory(params: &mut CertificateParams) {
    constrained(params, GeneralSubtree::DirectoryName(DistinguishedName::new()));
}

pub(super) fn mail_address(params: &mut CertificateParams) {
    params.subject_alt_names.push(SanType::Rfc822Name("post@example.com".try_into().unwrap()));
}

/// The policy of domain-validated certificates, marked critical.
pub(super) fn critical_policies(params: &mut CertificateParams) {
    let content = vec![0x30, 10, 0x30, 8, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 1];
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 32], content);
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
}

pub(super) fn excluded(params: &mut CertificateParams, base: &str) {
    let excluded_subtrees = vec![GeneralSubtree::DnsName(base.to_owned())];
    params.name_constraints = Some(NameConstraints { permitted_subtrees: Vec::new(), excluded_subtrees });
}

pub(super) fn common_name(params: &mut CertificateParams, name: &str) {
    params.distinguished_name.push(DnType::CommonName, name);
}

/// The TLS feature `status_request` (RFC 7633).
pub(super) fn must_staple(params: &mut CertificateParams) {
    let content = vec![0x30, 3, 2, 1, 5];
    params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], content));
}

/// A critical extension that nobody knows.
pub(super) fn unknown_critical(params: &mut CertificateParams) {
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 55_555, 1], vec![5, 0]);
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
}

/// PEM, one certificate after the other.
pub(super) fn pem(certificates: &[Der]) -> String {
    certificates.iter().fold(String::new(), |mut text, der| {
        let encoded = base64::engine::general_purpose::STANDARD.encode(der);
        let _ = writeln!(text, "-----BEGIN CERTIFICATE-----");
        for at in (0..encoded.len()).step_by(64) {
            let _ = writeln!(text, "{}", &encoded[at..encoded.len().min(at + 64)]);
        }
        let _ = writeln!(text, "-----END CERTIFICATE-----");
        text
    })
}
