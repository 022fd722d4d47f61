//! What a hand-written hello offers: everything, or only what a server with another key can use.

use super::suite::{self, OFFERED};

/// ECDSA, EdDSA, RSA-PSS, RSA PKCS#1 and DSA, SHA-1 included, as old servers sign with nothing else (RFC 5246 §7.4.1.4.1), each with
/// the type of the key that makes it.
const SIGNATURES: &[(u16, &str)] = &[
    (0x0403, "ecdsa"),
    (0x0503, "ecdsa"),
    (0x0603, "ecdsa"),
    (0x0807, "ed25519"),
    (0x0808, "ed448"),
    (0x0804, "rsa"),
    (0x0805, "rsa"),
    (0x0806, "rsa"),
    (0x0809, "rsa"),
    (0x080A, "rsa"),
    (0x080B, "rsa"),
    (0x0401, "rsa"),
    (0x0501, "rsa"),
    (0x0601, "rsa"),
    (0x0301, "rsa"),
    (0x0303, "ecdsa"),
    (0x0201, "rsa"),
    (0x0203, "ecdsa"),
    (0x0202, "dsa"),
];

/// Cipher suites and signature algorithms of a hello that is at most TLS 1.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub(super) suites: Vec<u16>,
    pub(super) signatures: Vec<u16>,
    key_types: Vec<&'static str>,
}

impl Offer {
    /// Everything that a server may be limited to.
    pub fn wide() -> Self {
        Self::of(&["ecdsa", "ed25519", "ed448", "rsa", "dsa"], OFFERED.to_vec())
    }

    /// Only what a server can use that has a key of another type than `kind` (as [`crate::wire::certificate::Key::kind`] names it).
    ///
    /// In TLS 1.2 one family of suites serves ECDSA and EdDSA keys alike (RFC 8422 §5.10). A server that minds the suites alone must
    /// not fall back on its ECDSA key: beside that, RSA is asked for and nothing else.
    pub fn without_key(kind: &str) -> Self {
        let wanted: &[&'static str] = match kind {
            "rsa" => &["ecdsa", "ed25519", "ed448"],
            "ecdsa" => &["rsa"],
            "ed25519" | "ed448" => &["ecdsa", "rsa"],
            _ => &["ecdsa", "ed25519", "ed448", "rsa"],
        };
        let usable = |code: &u16| match suite::authentication(*code) {
            Some("ecdsa") => wanted.contains(&"ecdsa"),
            Some(kind) => wanted.contains(&kind),
            None => false,
        };
        Self::of(wanted, OFFERED.iter().copied().filter(usable).collect())
    }

    /// The types of keys that it has suites and signatures for.
    pub fn key_types(&self) -> &[&'static str] {
        &self.key_types
    }

    fn of(key_types: &[&'static str], suites: Vec<u16>) -> Self {
        let signatures = SIGNATURES.iter().filter(|(_, kind)| key_types.contains(kind)).map(|(code, _)| *code).collect();
        Self { suites, signatures, key_types: key_types.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_without_a_key_type_leaves_nothing_to_that_key() {
        for (kind, suites, types) in [
            ("rsa", &["ecdsa"][..], &["ecdsa", "ed25519", "ed448"][..]),
            ("ecdsa", &["rsa"], &["rsa"]),
            ("ed25519", &["ecdsa", "rsa"], &["ecdsa", "rsa"]),
            ("other", &["ecdsa", "rsa"], &["ecdsa", "ed25519", "ed448", "rsa"]),
        ] {
            let offer = Offer::without_key(kind);
            let mut used: Vec<&str> = offer.suites.iter().filter_map(|code| suite::authentication(*code)).collect();
            used.sort_unstable();
            used.dedup();
            assert_eq!(used, suites, "{kind}");
            assert_eq!(offer.key_types(), types, "{kind}");
            let signers = offer.signatures.iter().filter_map(|code| SIGNATURES.iter().find(|(known, _)| known == code));
            assert!(signers.clone().count() > 0 && signers.clone().all(|(_, signer)| *signer != kind && types.contains(signer)), "{kind}");
        }
    }

    #[test]
    fn the_wide_offer_has_everything() {
        let wide = Offer::wide();
        assert_eq!(wide.suites, OFFERED);
        assert_eq!(wide.signatures.len(), SIGNATURES.len());
    }
}
