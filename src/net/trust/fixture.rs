//! Small CAs for tests: every certificate that a chain may need, with the validity in days from a fixed instant.

use std::io::Write as _;
use std::ops::Range;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use super::{RootSource, TrustStore};

/// Day 0 of all validities.
pub(crate) fn day(days: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000).unwrap() + SignedDuration::from_hours(24 * days)
}

/// A CA: its certificate and its key.
pub(crate) struct Ca {
    pub(crate) der: Vec<u8>,
    params: CertificateParams,
    key: KeyPair,
}

impl Ca {
    pub(crate) fn root(name: &str) -> Self {
        let params = Self::params(name, -1_000..5_000);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { der, params, key }
    }

    pub(crate) fn intermediate(&self, name: &str, days: Range<i64>) -> Self {
        self.intermediate_with(name, days, |_| ())
    }

    pub(crate) fn intermediate_with(&self, name: &str, days: Range<i64>, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = Self::params(name, days);
        change(&mut params);
        self.sign(params, KeyPair::generate().unwrap())
    }

    /// Another certificate for the same name and key, by `self`.
    pub(crate) fn cross(&self, other: &Self, days: Range<i64>) -> Self {
        let name = other.params.distinguished_name.get(&DnType::CommonName).unwrap();
        let rcgen::DnValue::Utf8String(name) = name else { panic!("fixture names are UTF-8") };
        self.sign(Self::params(name, days), KeyPair::from_pem(&other.key.serialize_pem()).unwrap())
    }

    fn sign(&self, params: CertificateParams, key: KeyPair) -> Self {
        let der = params.signed_by(&key, &self.issuer()).unwrap().der().to_vec();
        Self { der, params, key }
    }

    pub(crate) fn leaf(&self, names: &[&str], days: Range<i64>) -> Vec<u8> {
        self.leaf_with(names, days, |_| ())
    }

    pub(crate) fn leaf_with(&self, names: &[&str], days: Range<i64>, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = leaf_params(names, days);
        change(&mut params);
        params.signed_by(&KeyPair::generate().unwrap(), &self.issuer()).unwrap().der().to_vec()
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }

    fn params(name: &str, days: Range<i64>) -> CertificateParams {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        set_days(&mut params, days);
        params
    }
}

/// A leaf that signed itself.
pub(crate) fn self_signed(names: &[&str], days: Range<i64>, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = leaf_params(names, days);
    params.distinguished_name.push(DnType::CommonName, "self-made");
    change(&mut params);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn leaf_params(names: &[&str], days: Range<i64>) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    set_days(&mut params, days);
    params
}

fn set_days(params: &mut CertificateParams, days: Range<i64>) {
    let date = |days| time::OffsetDateTime::from_unix_timestamp(day(days).as_second()).unwrap();
    (params.not_before, params.not_after) = (date(days.start), date(days.end));
}

/// A PEM file of certificates.
pub(crate) fn pem(certificates: &[&[u8]]) -> tempfile::NamedTempFile {
    use base64::Engine as _;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for der in certificates {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        writeln!(file, "-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----").unwrap();
    }
    file
}

/// A store whose public roots are exactly these.
pub(crate) fn store(roots: &[&[u8]], ca_file: Option<&Path>) -> TrustStore {
    let file = pem(roots);
    TrustStore::load(&RootSource::File(file.path().to_owned()), ca_file).unwrap()
}
