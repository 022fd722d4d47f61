//! Groups for key exchange by their IANA names (RFC 8422 §5.1.1, RFC 7919): what the wide hello offers, and which of them a modern
//! library has.

/// The groups of a hand-written hello, best first.
pub(super) const OFFERED: &[u16] = &[0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x0100, 0x0101];

const NAMES: &[(u16, &str)] = &[
    (0x0017, "secp256r1"),
    (0x0018, "secp384r1"),
    (0x0019, "secp521r1"),
    (0x001D, "x25519"),
    (0x001E, "x448"),
    (0x0100, "ffdhe2048"),
    (0x0101, "ffdhe3072"),
];

/// The IANA name of a group; its number where it is none that is known here.
pub fn group_name(code: u16) -> String {
    NAMES.iter().find(|(known, _)| *known == code).map_or_else(|| format!("0x{code:04X}"), |(_, name)| (*name).to_owned())
}

/// Whether a group is one that every current TLS library has.
pub fn is_modern_group(name: &str) -> bool {
    matches!(name, "x25519" | "secp256r1" | "secp384r1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offered_group_has_a_name() {
        for code in OFFERED {
            assert!(!group_name(*code).starts_with("0x"), "{code:04X}");
        }
        assert_eq!(group_name(0xFFFE), "0xFFFE");
    }

    #[test]
    fn modern_is_exactly_what_the_tls_library_offers() {
        let library: Vec<u16> = rustls::crypto::aws_lc_rs::DEFAULT_KX_GROUPS.iter().map(|group| u16::from(group.name())).collect();
        for (code, name) in NAMES {
            assert_eq!(is_modern_group(name), library.contains(code), "{name}");
        }
    }
}
