//! Cipher suites by their IANA names: what the wide hello offers, and which of them a modern library has.

/// The suites of the wide hello, best first: what senders prefer, then everything that old servers may be limited to.
pub(super) const OFFERED: &[u16] = &[
    0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xCCAA, 0x009E, 0x009F, 0xC0AC, 0xC0AD, 0xC023, 0xC027, 0xC024, 0xC028, 0xC009, 0xC013,
    0xC00A, 0xC014, 0x0067, 0x006B, 0x0033, 0x0039, 0x009C, 0x009D, 0x003C, 0x003D, 0x002F, 0x0035, 0x0041, 0x0084, 0x0045, 0x0088, 0xC008,
    0xC012, 0x0016, 0x000A, 0x0032, 0x0038, 0x0013, 0x0007, 0x0096, 0xC011, 0x0005, 0x0004,
];

/// The IANA name of a suite; its number where it is none that is known here.
pub fn suite_name(code: u16) -> String {
    NAMES.iter().find(|(known, _)| *known == code).map_or_else(|| format!("0x{code:04X}"), |(_, name)| (*name).to_owned())
}

/// The type of key that a suite is authenticated by: `ecdsa` (EdDSA keys use the same suites), `rsa` or `dsa`.
pub(super) fn authentication(code: u16) -> Option<&'static str> {
    let (_, name) = NAMES.iter().find(|(known, _)| *known == code)?;
    let (exchange, _) = name.split_once("_WITH_")?;
    match exchange.rsplit('_').next()? {
        "ECDSA" => Some("ecdsa"),
        "RSA" => Some("rsa"),
        "DSS" => Some("dsa"),
        _ => None,
    }
}

/// Whether a suite exchanges keys over an elliptic curve, so that the server's first flight names the curve.
pub(super) fn names_its_curve(code: u16) -> bool {
    suite_name(code).starts_with("TLS_ECDHE_")
}

/// Whether a suite is one that every current TLS library has: TLS 1.3, or ECDHE with an AEAD cipher.
pub fn is_modern(name: &str) -> bool {
    let aead = || ["_GCM_SHA256", "_GCM_SHA384", "_CHACHA20_POLY1305_SHA256"].iter().any(|end| name.ends_with(end));
    // The names of TLS 1.3 begin with the cipher.
    let begins = ["TLS_AES_", "TLS_CHACHA20_", "TLS_ECDHE_ECDSA_WITH_", "TLS_ECDHE_RSA_WITH_"];
    begins.iter().any(|begin| name.starts_with(begin)) && aead()
}

const NAMES: &[(u16, &str)] = &[
    (0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
    (0x0007, "TLS_RSA_WITH_IDEA_CBC_SHA"),
    (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x0013, "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA"),
    (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA"),
    (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA"),
    (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"),
    (0x0045, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA"),
    (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0x006B, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
    (0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"),
    (0x0088, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA"),
    (0x0096, "TLS_RSA_WITH_SEED_CBC_SHA"),
    (0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    (0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    (0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0x1301, "TLS_AES_128_GCM_SHA256"),
    (0x1302, "TLS_AES_256_GCM_SHA384"),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    (0xC008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"),
    (0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    (0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    (0xC011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"),
    (0xC012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    (0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    (0xC024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
    (0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    (0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    (0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0xC0AC, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"),
    (0xC0AD, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"),
    (0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xCCA9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xCCAA, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offered_suite_has_a_name_and_is_offered_once() {
        for (index, code) in OFFERED.iter().enumerate() {
            assert!(suite_name(*code).starts_with("TLS_"), "{code:04X}");
            assert!(!OFFERED[..index].contains(code), "{code:04X}");
        }
        assert!(NAMES.is_sorted_by_key(|(code, _)| *code));
        assert_eq!(suite_name(0xFFFE), "0xFFFE");
    }

    #[test]
    fn every_offered_suite_tells_its_key_type() {
        for code in OFFERED {
            assert!(authentication(*code).is_some(), "{}", suite_name(*code));
        }
        assert_eq!((authentication(0xC02B), authentication(0xC02F), authentication(0x0038)), (Some("ecdsa"), Some("rsa"), Some("dsa")));
        assert_eq!(authentication(0x1301), None, "a TLS 1.3 suite says nothing of keys");
    }

    #[test]
    fn modern_is_exactly_what_the_tls_library_has() {
        let library: Vec<u16> = rustls::crypto::aws_lc_rs::ALL_CIPHER_SUITES.iter().map(|suite| u16::from(suite.suite())).collect();
        for (code, name) in NAMES {
            assert_eq!(is_modern(name), library.contains(code), "{name}");
        }
        assert!(library.iter().all(|code| NAMES.iter().any(|(known, _)| known == code)));
    }
}
