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

#[cfg(test)]
mod tests {
    use x509_parser::der_parser::oid::Oid;
    use x509_parser::prelude::FromDer as _;

    use super::*;
    use crate::wire::certificate::sequence;

    /// The DER of an object identifier.
    fn oid(text: &str) -> Vec<u8> {
        let arcs: Vec<u64> = text.split('.').map(|arc| arc.parse().expect("a number")).collect();
        let oid = Oid::from(&arcs).expect("an object identifier");
        let content = oid.as_bytes();
        [&[6, u8::try_from(content.len()).expect("short")], content].concat()
    }

    fn read(oid_and_parameters: &[u8]) -> (String, bool) {
        let der = sequence(oid_and_parameters);
        let (_, identifier) = AlgorithmIdentifier::from_der(&der).expect("an algorithm");
        let Signature { algorithm, weak } = Signature::read(&identifier);
        (algorithm, weak)
    }

    /// RFC 3279 §2.2, RFC 4055 §5, RFC 5758, RFC 8410 §3, and the old identifiers of OIW.
    #[test]
    fn algorithms_have_their_names_and_the_forgeable_ones_are_weak() {
        for (identifier, name, weak) in [
            ("1.2.840.113549.1.1.2", "RSA with MD2", true),
            ("1.2.840.113549.1.1.3", "RSA with MD4", true),
            ("1.2.840.113549.1.1.4", "RSA with MD5", true),
            ("1.3.14.3.2.3", "RSA with MD5", true),
            ("1.2.840.113549.1.1.5", "RSA with SHA-1", true),
            ("1.3.14.3.2.29", "RSA with SHA-1", true),
            ("1.2.840.113549.1.1.11", "RSA with SHA-256", false),
            ("1.2.840.113549.1.1.12", "RSA with SHA-384", false),
            ("1.2.840.113549.1.1.13", "RSA with SHA-512", false),
            ("1.2.840.113549.1.1.14", "RSA with SHA-224", false),
            ("1.2.840.10045.4.1", "ECDSA with SHA-1", true),
            ("1.2.840.10045.4.3.1", "ECDSA with SHA-224", false),
            ("1.2.840.10045.4.3.2", "ECDSA with SHA-256", false),
            ("1.2.840.10045.4.3.3", "ECDSA with SHA-384", false),
            ("1.2.840.10045.4.3.4", "ECDSA with SHA-512", false),
            ("1.2.840.10040.4.3", "DSA with SHA-1", true),
            ("1.3.14.3.2.27", "DSA with SHA-1", true),
            ("2.16.840.1.101.3.4.3.1", "DSA with SHA-224", false),
            ("2.16.840.1.101.3.4.3.2", "DSA with SHA-256", false),
            ("1.3.101.112", "Ed25519", false),
            ("1.3.101.113", "Ed448", false),
            ("1.2.3.4", "1.2.3.4", false),
        ] {
            assert_eq!(read(&oid(identifier)), (name.to_owned(), weak), "{identifier}");
        }
    }

    #[test]
    fn the_hash_of_pss_stands_in_its_parameters() {
        let pss = oid("1.2.840.113549.1.1.10");
        let with = |hash: &str| {
            // hashAlgorithm is [0] EXPLICIT.
            let algorithm = sequence(&oid(hash));
            let tagged = [&[0xA0, u8::try_from(algorithm.len()).expect("short")], algorithm.as_slice()].concat();
            read(&[pss.as_slice(), &sequence(&tagged)].concat())
        };
        for (hash, name, weak) in [
            ("2.16.840.1.101.3.4.2.1", "RSA-PSS with SHA-256", false),
            ("2.16.840.1.101.3.4.2.2", "RSA-PSS with SHA-384", false),
            ("2.16.840.1.101.3.4.2.3", "RSA-PSS with SHA-512", false),
            ("2.16.840.1.101.3.4.2.4", "RSA-PSS with SHA-224", false),
            ("1.2.840.113549.2.5", "RSA-PSS with MD5", true),
            ("1.3.14.3.2.26", "RSA-PSS with SHA-1", true),
            ("1.2.3.4", "RSA-PSS with another hash", false),
        ] {
            assert_eq!(with(hash), (name.to_owned(), weak), "{hash}");
        }
        let silent = ("RSA-PSS with SHA-1".to_owned(), true);
        assert_eq!((read(&pss), read(&[pss.as_slice(), &sequence(&[])].concat())), (silent.clone(), silent));
    }
}
