//! Whether a private key belongs to a certificate. In: PEM, and the chain read out of it. Out: yes, no, or that nothing can be told.

use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::net::tls::provider;

/// Whether the first private key in the PEM text is the one of the first certificate; `None` without a key, and for one that cannot be
/// read: it may be encrypted.
pub fn key_fits(pem: &[u8], chain: &[Vec<u8>]) -> Option<bool> {
    let key = PrivateKeyDer::from_pem_slice(pem).ok()?;
    let key = provider().key_provider.load_private_key(key).ok()?;
    let chain = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
    match CertifiedKey::new(chain, key).keys_match() {
        Ok(()) => Some(true),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Some(false),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    #[test]
    fn a_key_is_told_from_another() {
        let pair = || KeyPair::generate().expect("a key pair");
        let (own, other) = (pair(), pair());
        let certificate =
            CertificateParams::new(vec!["mx.a.test".to_owned()]).and_then(|params| params.self_signed(&own)).expect("a certificate");
        let chain = vec![certificate.der().to_vec()];
        let fits = |key: &str| key_fits((certificate.pem() + key).as_bytes(), &chain);
        assert_eq!(fits(&own.serialize_pem()), Some(true));
        assert_eq!(fits(&other.serialize_pem()), Some(false));
        assert_eq!(fits(""), None);
        assert_eq!(fits("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), None);
    }
}
