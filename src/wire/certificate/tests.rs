use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, PKCS_ED25519, SanType, date_time_ymd};

use super::*;

#[test]
fn a_certificate_says_what_a_sender_judges() {
    let mut params = CertificateParams::new(vec!["mx1.example.com".to_owned(), "*.mail.example.com".to_owned()]).unwrap();
    params.subject_alt_names.push(SanType::IpAddress("192.0.2.1".parse().unwrap()));
    params.distinguished_name.push(DnType::CommonName, "mx1.example.com");
    params.not_before = date_time_ymd(2026, 1, 2);
    params.not_after = date_time_ymd(2026, 4, 2);
    let key = KeyPair::generate().unwrap();
    let der = params.self_signed(&key).unwrap();
    let read = Certificate::parse(der.der()).unwrap();
    assert_eq!(read.dns_names, ["mx1.example.com", "*.mail.example.com"]);
    assert_eq!(read.other_names, ["IP:192.0.2.1"]);
    assert_eq!(read.common_name.as_deref(), Some("mx1.example.com"));
    assert_eq!(read.key, Key { kind: "ecdsa", bits: 256 });
    assert_eq!((read.not_before.to_string(), read.not_after.to_string()), ("2026-01-02T00:00:00Z".into(), "2026-04-02T00:00:00Z".into()));
    assert!(read.is_self_issued() && !read.is_ca);
    assert_eq!(read.sha256, Fingerprint::of(der.der()));
}

#[test]
fn the_header_of_a_sequence_is_what_der_demands() {
    for (length, header) in [(0, &[0x30, 0][..]), (127, &[0x30, 127]), (128, &[0x30, 0x81, 128]), (300, &[0x30, 0x82, 1, 44])] {
        assert_eq!(sequence(&vec![7; length])[..header.len()], *header, "{length}");
    }
    let params = CertificateParams::new(vec![]).unwrap();
    let read = Certificate::parse(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der()).unwrap();
    assert_eq!(distinguished_name(&read.subject_der[2..]), read.subject);
    assert_eq!(distinguished_name(&[0xFF]), "ff");
    for length in [0, 127, 128, 300, 70_000] {
        let whole = sequence(&vec![7; length]);
        assert!(is_sequence(&whole), "{length}");
        assert!(!is_sequence(&whole[..whole.len() - 1]) && !is_sequence(&[whole.as_slice(), b"x"].concat()), "{length}");
    }
    assert!(!is_sequence(b"") && !is_sequence(b"garbage") && !is_sequence(&[0x31, 0]));
}

#[test]
fn key_kinds_are_told_apart() {
    for (key, expected) in [
        (KeyPair::generate_for(&PKCS_ED25519).unwrap(), Key { kind: "ed25519", bits: 0 }),
        (KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(), Key { kind: "ecdsa", bits: 384 }),
        (KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap(), Key { kind: "rsa", bits: 2048 }),
    ] {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let read = Certificate::parse(params.self_signed(&key).unwrap().der()).unwrap();
        assert_eq!(read.key, expected);
        assert!(read.is_ca);
    }
}

#[test]
fn weak_keys_and_signatures_are_told_by_name() {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject as _;
    let leaf = |pem: &[u8]| Certificate::parse(&CertificateDer::pem_slice_iter(pem).next().unwrap().unwrap()).unwrap();
    let files: [(&[u8], &str, bool, &str, bool); 6] = [
        (include_bytes!("../../../tests/chains/rsa1024.pem"), "rsa 1024", true, "RSA with SHA-256", false),
        (include_bytes!("../../../tests/chains/dsa.pem"), "dsa", true, "RSA with SHA-256", false),
        (include_bytes!("../../../tests/chains/p192.pem"), "ecdsa 192", true, "RSA with SHA-256", false),
        (include_bytes!("../../../tests/chains/sha1.pem"), "rsa 2048", false, "RSA with SHA-1", true),
        (include_bytes!("../../../tests/chains/md5.pem"), "rsa 2048", false, "RSA with MD5", true),
        (include_bytes!("../../../tests/chains/ecdsa-sha1.pem"), "ecdsa 256", false, "ECDSA with SHA-1", true),
    ];
    for (pem, key, weak_key, signature, weak_signature) in files {
        let read = leaf(pem);
        assert_eq!((read.key.to_string().as_str(), read.key.is_weak()), (key, weak_key));
        assert_eq!((read.signature.algorithm.as_str(), read.signature.weak), (signature, weak_signature));
    }
}

#[test]
fn garbage_trailing_bytes_and_impossible_dates_are_errors() {
    let mut params = CertificateParams::new(vec!["mx1.example.com".to_owned()]).unwrap();
    params.not_after = date_time_ymd(9999, 12, 31);
    let key = KeyPair::generate().unwrap();
    let der = params.self_signed(&key).unwrap().der().to_vec();
    assert_eq!(Certificate::parse(&der).map(|read| read.not_after), Ok(Timestamp::MAX), "no end");
    assert_eq!(Certificate::parse(&[der.as_slice(), b"x"].concat()), Err(CertificateError::Trailing(1)));
    assert!(matches!(Certificate::parse(&der[..der.len() - 1]), Err(CertificateError::Garbled(_))));
    assert!(matches!(Certificate::parse(b""), Err(CertificateError::Garbled(_))));
    let mut impossible = der.clone();
    let date = impossible.windows(8).position(|window| window == b"99991231").unwrap();
    impossible[date..date + 8].copy_from_slice(b"99991399");
    assert!(Certificate::parse(&impossible).is_err());
}

#[test]
fn a_dns_id_matches_as_senders_match_it() {
    for (presented, host, matches) in [
        ("mx1.example.com", "mx1.example.com", true),
        ("MX1.Example.COM", "mx1.example.com", true),
        ("*.example.com", "mx1.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", "a.b.example.com", false),
        ("*.com", "example.com", false),
        ("mx*.example.com", "mx1.example.com", false),
        ("*mx.example.com", "amx.example.com", false),
        ("mx1.*.com", "mx1.example.com", false),
        ("*.*.com", "mx1.example.com", false),
        ("*", "mx1.example.com", false),
        ("", "mx1.example.com", false),
        ("mx1.example.com.", "mx1.example.com", false),
        ("*.xn--bcher-kva.example", "mx.xn--bcher-kva.example", true),
        ("*.bücher.example", "mx.xn--bcher-kva.example", false),
        ("*.mx.microsoft", "x.h-v1.mx.microsoft", false),
    ] {
        assert_eq!(dns_id_matches(presented, &Domain::from_dns(host)), matches, "{presented} for {host}");
    }
    assert!(!dns_id_matches("", &Domain::from_dns("")));
}

#[test]
fn whose_key_signed_is_told_by_the_identifiers_of_the_keys() {
    let signer = |subject: &str| {
        let (mut params, key) = (CertificateParams::new(vec![]).unwrap(), KeyPair::generate().unwrap());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, subject);
        let read = Certificate::parse(params.self_signed(&key).unwrap().der()).unwrap();
        (read, rcgen::Issuer::new(params, key))
    };
    let ((one, issuer), (namesake, _)) = (signer("Mail CA"), signer("Mail CA"));
    let mut params = CertificateParams::new(vec!["mx1.example.com".to_owned()]).unwrap();
    params.use_authority_key_identifier_extension = true;
    let leaf = Certificate::parse(params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der()).unwrap();
    assert_eq!(one.subject_der, namesake.subject_der);
    assert!(leaf.is_issued_by(&one) && !leaf.is_issued_by(&namesake));
    // Where one of the two says nothing of its key, the names alone decide.
    let silent = Certificate { subject_key_id: None, ..namesake.clone() };
    assert!(leaf.is_issued_by(&silent) && one.is_self_issued());
    assert!(!Certificate { authority_key_id: namesake.subject_key_id, ..one }.is_self_issued());
}

#[test]
fn a_signature_and_the_key_that_can_have_made_it_are_of_a_kind() {
    let signature = |algorithm: &str| Signature { algorithm: algorithm.to_owned(), weak: false };
    for (algorithm, kinds) in [
        ("RSA with SHA-256", &["rsa", "other"][..]),
        ("RSA-PSS with SHA-256", &["rsa", "other"]),
        ("ECDSA with SHA-384", &["ecdsa", "other"]),
        ("DSA with SHA-256", &["dsa", "other"]),
        // What has no table here can be anything.
        ("Ed25519", &["rsa", "ecdsa", "dsa", "other"]),
        ("1.2.3.4", &["rsa", "ecdsa", "dsa", "other"]),
    ] {
        for kind in ["rsa", "ecdsa", "dsa", "other"] {
            assert_eq!(signature(algorithm).is_by_kind(Key { kind, bits: 256 }), kinds.contains(&kind), "{algorithm} {kind}");
        }
    }
}

#[test]
fn what_a_key_may_be_used_for_decides_which_handshakes_it_can_do() {
    use rcgen::{ExtendedKeyUsagePurpose as Purpose, KeyUsagePurpose as Usage};
    let made = |usages: &[Usage], purposes: &[Purpose]| {
        let mut params = CertificateParams::new(vec!["mx1.example.com".to_owned()]).unwrap();
        params.key_usages = usages.to_vec();
        params.extended_key_usages = purposes.to_vec();
        Certificate::parse(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der()).unwrap()
    };
    for (usages, no_handshake, only_old_ones) in [
        (&[][..], false, false),
        (&[Usage::DigitalSignature], false, false),
        (&[Usage::KeyEncipherment], false, true),
        (&[Usage::KeyAgreement], false, true),
        (&[Usage::DigitalSignature, Usage::KeyEncipherment], false, false),
        (&[Usage::CrlSign], true, false),
    ] {
        let read = made(usages, &[]);
        assert_eq!((read.server_key_fault().is_some(), read.cannot_sign_handshakes()), (no_handshake, only_old_ones), "{usages:?}");
    }
    for (purposes, fault) in [
        (&[][..], None),
        (&[Purpose::ServerAuth, Purpose::ClientAuth], None),
        (&[Purpose::ClientAuth], Some("has the extended key usage clientAuth, without serverAuth")),
        (
            &[Purpose::EmailProtection, Purpose::OcspSigning],
            Some("has the extended key usage emailProtection, OCSPSigning, without serverAuth"),
        ),
    ] {
        assert_eq!(made(&[], purposes).extended_usage_fault().as_deref(), fault, "{purposes:?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_and_damaged_bytes_never_panic(noise in proptest::collection::vec(any::<u8>(), 0..300), place in 0_usize..400, byte: u8) {
        let _ = Certificate::parse(&noise);
        let mut der = sample();
        let place = place % der.len();
        der[place] = byte;
        let _ = Certificate::parse(&der);
    }
}

fn sample() -> Vec<u8> {
    static SAMPLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
        let params = CertificateParams::new(vec!["mx1.example.com".to_owned()]).unwrap();
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    });
    SAMPLE.clone()
}
