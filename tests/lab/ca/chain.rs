//! Exactly which certificates a server sends, in which order.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::KeyPair;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::sign::{CertifiedKey, SigningKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A chain as it is sent, and the key of its leaf. Each method gives a changed copy.
#[derive(Clone, Debug)]
#[must_use]
pub struct Chain {
    certificates: Vec<CertificateDer<'static>>,
    key: Arc<dyn SigningKey>,
    key_pem: Arc<str>,
    root: Option<CertificateDer<'static>>,
    staple: Option<Vec<u8>>,
}

impl Chain {
    pub(super) fn new(certificates: Vec<CertificateDer<'static>>, key: &KeyPair, root: Option<CertificateDer<'static>>) -> Self {
        let key_pem = key.serialize_pem().into();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let key = any_supported_type(&key).expect("the lab's keys can sign");
        Self { certificates, key, key_pem, root, staple: None }
    }

    /// Signs handshakes with the key of another chain's leaf: key and certificate do not belong together.
    pub fn with_key_of(mut self, other: &Self) -> Self {
        self.key = Arc::clone(&other.key);
        self.key_pem = Arc::clone(&other.key_pem);
        self
    }

    /// The leaf alone: the intermediates are missing.
    pub fn without_intermediates(mut self) -> Self {
        self.certificates.truncate(1);
        self
    }

    /// The root is sent too, in its place.
    pub fn with_root(mut self) -> Self {
        self.certificates.extend(self.root.clone());
        self
    }

    /// Leaf first, then the root, then the intermediates from the top down.
    pub fn shuffled(self) -> Self {
        let mut chain = self.with_root();
        chain.certificates[1..].reverse();
        chain
    }

    /// The leaf comes last.
    pub fn leaf_last(mut self) -> Self {
        self.certificates.reverse();
        self
    }

    /// One more certificate at the end, whatever it is.
    pub fn plus(mut self, certificate: &CertificateDer<'_>) -> Self {
        self.certificates.push(certificate.clone().into_owned());
        self
    }

    /// Sends these in place of all, whatever they are; the handshake is still signed by the key that was there.
    pub fn replaced(mut self, certificates: Vec<CertificateDer<'static>>) -> Self {
        self.certificates = certificates;
        self
    }

    /// Staples these bytes as the OCSP response; nothing checks them.
    pub fn stapled(mut self, response: &[u8]) -> Self {
        self.staple = Some(response.to_vec());
        self
    }

    /// What is sent, in order.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// The certificate sent first: the leaf, except after [`Self::leaf_last`].
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.certificates[0]
    }

    /// What is sent, as a PEM file that a mail server would load.
    pub fn pem(&self) -> String {
        self.certificates().iter().map(|der| super::pem(der)).collect()
    }

    /// The key, as a PEM file that a server of its own process would load.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// The data of a TLSA record `3 1 1`: SHA-256 over the leaf's public key.
    pub fn tlsa_3_1_1(&self) -> Vec<u8> {
        let (_, leaf) = X509Certificate::from_der(self.leaf()).expect("the lab's certificates parse");
        digest(&SHA256, leaf.public_key().raw).as_ref().to_vec()
    }

    pub(in crate::lab) fn certified_key(&self) -> CertifiedKey {
        let mut certified = CertifiedKey::new(self.certificates.clone(), Arc::clone(&self.key));
        certified.ocsp.clone_from(&self.staple);
        certified
    }
}
