//! How a certificate was signed, as far as strength goes. Whether the signature is right is the business of the trust store.

use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::AlgorithmIdentifier;

use super::Key;

/// The algorithm of the issuer's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// For people: `RSA with SHA-256`, or the object identifier of one unknown here.
    pub algorithm: String,
    /// Whether it rests on MD2, MD4, MD5 or SHA-1, which can be forged.
    pub weak: bool,
}

impl Signature {
    pub(super) fn read(identifier: &AlgorithmIdentifier<'_>) -> Self {
        let oid = identifier.algorithm.to_id_string();
        let (key, hash) = match oid.as_str() {
            "1.2.840.113549.1.1.2" => ("RSA", "MD2"),
            "1.2.840.113549.1.1.3" => ("RSA", "MD4"),
            "1.2.840.113549.1.1.4" | "1.3.14.3.2.3" => ("RSA", "MD5"),
            "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => ("RSA", "SHA-1"),
            "1.2.840.113549.1.1.14" => ("RSA", "SHA-224"),
            "1.2.840.113549.1.1.11" => ("RSA", "SHA-256"),
            "1.2.840.113549.1.1.12" => ("RSA", "SHA-384"),
            "1.2.840.113549.1.1.13" => ("RSA", "SHA-512"),
            "1.2.840.113549.1.1.10" => ("RSA-PSS", pss_hash(identifier)),
            "1.2.840.10045.4.1" => ("ECDSA", "SHA-1"),
            "1.2.840.10045.4.3.1" => ("ECDSA", "SHA-224"),
            "1.2.840.10045.4.3.2" => ("ECDSA", "SHA-256"),
            "1.2.840.10045.4.3.3" => ("ECDSA", "SHA-384"),
            "1.2.840.10045.4.3.4" => ("ECDSA", "SHA-512"),
            "1.2.840.10040.4.3" | "1.3.14.3.2.27" => ("DSA", "SHA-1"),
            "2.16.840.1.101.3.4.3.1" => ("DSA", "SHA-224"),
            "2.16.840.1.101.3.4.3.2" => ("DSA", "SHA-256"),
            "1.3.101.112" => return Self { algorithm: "Ed25519".to_owned(), weak: false },
            "1.3.101.113" => return Self { algorithm: "Ed448".to_owned(), weak: false },
            _ => return Self { algorithm: oid, weak: false },
        };
        let weak = matches!(hash, "MD2" | "MD4" | "MD5" | "SHA-1");
        Self { algorithm: format!("{key} with {hash}"), weak }
    }

    /// Whether a key of this kind can have made it; what is unknown here can be anything.
    pub fn is_by_kind(&self, key: Key) -> bool {
        let kind = match self.algorithm.split_once(" with ") {
            Some(("RSA" | "RSA-PSS", _)) => "rsa",
            Some(("ECDSA", _)) => "ecdsa",
            Some(("DSA", _)) => "dsa",
            _ => return true,
        };
        key.kind == kind || key.kind == "other"
    }
}

/// RFC 4055 §3.1: where the parameters name no hash, it is SHA-1.
fn pss_hash(identifier: &AlgorithmIdentifier<'_>) -> &'static str {
    let Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) = SignatureAlgorithm::try_from(identifier) else { return "SHA-1" };
    match parameters.hash_algorithm_oid().to_id_string().as_str() {
        "2.16.840.1.101.3.4.2.1" => "SHA-256",
        "2.16.840.1.101.3.4.2.2" => "SHA-384",
        "2.16.840.1.101.3.4.2.3" => "SHA-512",
        "2.16.840.1.101.3.4.2.4" => "SHA-224",
        "1.2.840.113549.2.5" => "MD5",
        "1.3.14.3.2.26" => "SHA-1",
        _ => "another hash",
    }
}
