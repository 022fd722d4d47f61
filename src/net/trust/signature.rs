//! Whether one certificate was signed by the key of another: also by means that senders no longer accept, so that a weak signature is
//! called weak and not unknown.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA1_ASN1, ECDSA_P521_SHA1_ASN1, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, UnparsedPublicKey,
    VerificationAlgorithm,
};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use webpki::RawPublicKeyEntity;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::net::tls::provider;
use crate::wire::certificate::{Certificate, Key};

/// What came of looking at a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    /// It is by this key.
    Yes,
    /// It is of a kind too weak to be worth verifying (MD5, DSA, tiny keys); by name it is by this key.
    ByName,
    /// It is not.
    No,
}

/// Whether `der`, which reads as `read`, was signed by the key in `info` (a SubjectPublicKeyInfo, whole).
pub(super) fn by(der: &X509Certificate<'_>, read: &Certificate, info: &[u8]) -> Signed {
    let (message, signature) = (der.tbs_certificate.as_ref(), der.signature_value.as_ref());
    let spki = SubjectPublicKeyInfoDer::from(info);
    if let Ok(key) = RawPublicKeyEntity::try_from(&spki)
        && provider()
            .signature_verification_algorithms
            .all
            .iter()
            .any(|algorithm| key.verify_signature(*algorithm, message, signature).is_ok())
    {
        return Signed::Yes;
    }
    let (Ok((_, parsed)), Some(key)) = (SubjectPublicKeyInfo::from_der(info), Key::of_info(info)) else { return Signed::No };
    match legacy(&der.signature_algorithm.algorithm.to_id_string(), key) {
        Some(algorithm) => {
            let key = UnparsedPublicKey::new(algorithm, parsed.subject_public_key.as_ref());
            if key.verify(message, signature).is_ok() { Signed::Yes } else { Signed::No }
        }
        None if read.signature.weak || key.is_weak() => Signed::ByName,
        None => Signed::No,
    }
}

/// How to verify what today's libraries refuse to.
fn legacy(algorithm: &str, key: Key) -> Option<&'static dyn VerificationAlgorithm> {
    match (algorithm, key.kind, key.bits) {
        ("1.2.840.113549.1.1.5", "rsa", 1024..=8192) => Some(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        ("1.2.840.113549.1.1.11", "rsa", 1024..=8192) => Some(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        ("1.2.840.113549.1.1.13", "rsa", 1024..=8192) => Some(&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        ("1.2.840.10045.4.1", "ecdsa", 256) => Some(&ECDSA_P256_SHA1_ASN1),
        ("1.2.840.10045.4.1", "ecdsa", 521) => Some(&ECDSA_P521_SHA1_ASN1),
        _ => None,
    }
}
