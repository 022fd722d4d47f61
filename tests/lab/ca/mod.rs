//! The lab's certificate authorities.
//!
//! `root → intermediate → leaf` is what the lab's public trusts; `unknown_root` signs for a CA that nobody knows.
//! Every authority has a name of its own: with equal names a path builder reports a bad signature instead of an
//! unknown issuer. What a leaf says is in `leaf`, what is sent is in `chain`.

mod chain;
mod leaf;

use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

pub use self::chain::Chain;
pub use self::leaf::Leaf;

/// The kind of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Key {
    /// ECDSA P-256.
    #[default]
    P256,
    /// ECDSA P-384.
    P384,
    /// RSA, 2048 bits; one key per process, since making one is slow.
    Rsa2048,
    /// Ed25519.
    Ed25519,
}

/// From when to when a certificate is valid.
#[derive(Clone, Copy, Debug)]
pub struct Validity {
    /// The first instant.
    pub not_before: OffsetDateTime,
    /// The last instant.
    pub not_after: OffsetDateTime,
}

impl Validity {
    /// Days relative to now: `days(-30, 60)` was issued a month ago and has two left.
    pub fn days(from: i64, to: i64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs();
        let now = i64::try_from(now).expect("seconds fit");
        let now = OffsetDateTime::from_unix_timestamp(now).expect("the clock is in range");
        Self { not_before: now + Duration::days(from), not_after: now + Duration::days(to) }
    }
}

/// The authorities of one lab.
pub struct Ca {
    root: Arc<Authority>,
    unknown: Arc<Authority>,
    intermediate: Arc<Authority>,
}

impl Ca {
    pub(super) fn new() -> Self {
        let root = Arc::new(Authority::make("Lab Public Root", None, Change::default()));
        let unknown = Arc::new(Authority::make("Lab Unknown Root", None, Change::default()));
        let intermediate = root.sub("Lab Public Intermediate", |_| {});
        Self { root, unknown, intermediate }
    }

    /// The root that everyone in the lab trusts.
    pub fn root(&self) -> &Arc<Authority> {
        &self.root
    }

    /// A root that nobody trusts, or an operator's private CA.
    pub fn unknown_root(&self) -> &Arc<Authority> {
        &self.unknown
    }

    /// The intermediate that signs leaves unless they say otherwise.
    pub fn intermediate(&self) -> &Arc<Authority> {
        &self.intermediate
    }

    /// Signs a leaf; the chain is complete and in order.
    pub fn issue(&self, leaf: &Leaf) -> Chain {
        leaf.issue(&self.intermediate)
    }
}

/// What an intermediate may have of its own; see [`Authority::sub`].
#[derive(Default)]
pub struct Change {
    /// Default: ten years from a year ago.
    pub validity: Option<Validity>,
    /// Default: P-256.
    pub key: Key,
    /// Name constraints: the only domains that it may sign for.
    pub permitted: Vec<String>,
}

/// A CA certificate with its key, and the authority above it.
pub struct Authority {
    name: &'static str,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    parent: Option<Arc<Authority>>,
}

impl Authority {
    /// A new intermediate under this authority.
    pub fn sub(self: &Arc<Self>, name: &'static str, change: impl FnOnce(&mut Change)) -> Arc<Self> {
        let mut changed = Change::default();
        change(&mut changed);
        Arc::new(Self::make(name, Some(Arc::clone(self)), changed))
    }

    fn make(name: &'static str, parent: Option<Arc<Self>>, change: Change) -> Self {
        let validity = change.validity.unwrap_or_else(|| Validity::days(-365, 3650));
        let mut params = CertificateParams::default();
        params.distinguished_name = subject(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.use_authority_key_identifier_extension = parent.is_some();
        (params.not_before, params.not_after) = (validity.not_before, validity.not_after);
        if !change.permitted.is_empty() {
            let permitted_subtrees = change.permitted.into_iter().map(GeneralSubtree::DnsName).collect();
            params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
        }
        let key = key_pair(change.key);
        let certificate = match &parent {
            Some(parent) => params.signed_by(&key, &parent.issuer),
            None => params.self_signed(&key),
        };
        let der = certificate.expect("the lab's CA certificates can be made").der().clone();
        Self { name, der, issuer: Issuer::new(params, key), parent }
    }

    /// The common name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The certificate.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// The certificate as PEM, as `--roots` and `--ca-file` read it.
    pub fn pem(&self) -> String {
        pem(&self.der)
    }

    /// From this authority up to and without its root.
    fn path(self: &Arc<Self>) -> Vec<CertificateDer<'static>> {
        let mut path = Vec::new();
        let mut at = self;
        while let Some(parent) = &at.parent {
            path.push(at.der.clone());
            at = parent;
        }
        path
    }

    fn root(self: &Arc<Self>) -> Arc<Self> {
        self.parent.as_ref().map_or_else(|| Arc::clone(self), Self::root)
    }
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn subject(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Loopback Lab");
    name.push(DnType::CommonName, common_name);
    name
}

fn key_pair(kind: Key) -> KeyPair {
    static RSA: OnceLock<Vec<u8>> = OnceLock::new();
    match kind {
        Key::P256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
        Key::P384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
        Key::Ed25519 => KeyPair::generate_for(&rcgen::PKCS_ED25519),
        Key::Rsa2048 => {
            let der = RSA.get_or_init(|| {
                let made = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("an RSA key can be made");
                made.serialize_der()
            });
            let der = PrivatePkcs8KeyDer::from(der.as_slice());
            KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_RSA_SHA256)
        }
    }
    .expect("the lab's keys can be made")
}
