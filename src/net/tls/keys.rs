//! The types of keys that a handshake may ask for: TLS names signature schemes, people name keys.

use rustls::SignatureScheme;

use super::provider;

/// The schemes that the TLS library can verify, but those that a key of type `kind` makes (named as
/// [`crate::wire::certificate::Key::kind`] does).
pub fn schemes_without(kind: &str) -> Vec<SignatureScheme> {
    let all = provider().signature_verification_algorithms.supported_schemes();
    all.into_iter().filter(|scheme| key_type(*scheme) != kind).collect()
}

/// The types of keys that make these signatures, each once.
pub fn key_types(schemes: &[SignatureScheme]) -> Vec<&'static str> {
    let mut types = Vec::new();
    for scheme in schemes {
        let kind = key_type(*scheme);
        if !types.contains(&kind) {
            types.push(kind);
        }
    }
    types
}

fn key_type(scheme: SignatureScheme) -> &'static str {
    match scheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
        | SignatureScheme::ECDSA_NISTP384_SHA384
        | SignatureScheme::ECDSA_NISTP521_SHA512
        | SignatureScheme::ECDSA_SHA1_Legacy => "ecdsa",
        SignatureScheme::RSA_PKCS1_SHA1
        | SignatureScheme::RSA_PKCS1_SHA256
        | SignatureScheme::RSA_PKCS1_SHA384
        | SignatureScheme::RSA_PKCS1_SHA512
        | SignatureScheme::RSA_PSS_SHA256
        | SignatureScheme::RSA_PSS_SHA384
        | SignatureScheme::RSA_PSS_SHA512 => "rsa",
        SignatureScheme::ED25519 => "ed25519",
        SignatureScheme::ED448 => "ed448",
        SignatureScheme::ML_DSA_44 | SignatureScheme::ML_DSA_65 | SignatureScheme::ML_DSA_87 => "ml-dsa",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_exactly_one_key_type() {
        let all = key_types(&provider().signature_verification_algorithms.supported_schemes());
        assert!(!all.contains(&"other"), "every scheme of the library is known by its key");
        for kind in ["rsa", "ecdsa", "ed25519"] {
            let left = key_types(&schemes_without(kind));
            assert!(!left.contains(&kind), "{kind}");
            assert_eq!(left.len() + 1, all.len(), "{kind}");
        }
        assert_eq!(key_types(&schemes_without("dsa")), all);
    }
}
