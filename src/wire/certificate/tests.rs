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
    // The last second there is, which is how RFC 5280 §4.1.2.5 writes it.
    params.not_after += std::time::Duration::from_secs(86_399);
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
    assert!(!dns_id_matches("", &Domain::from_dns("")) && !dns_id_matches("example.com", &Domain::from_dns("")));
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

/// The DER of a value of fewer than 128 bytes.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u64> = text.split('.').map(|arc| arc.parse().unwrap()).collect();
    tagged(6, x509_parser::der_parser::oid::Oid::from(&arcs).unwrap().as_bytes())
}

/// RFC 5480 §2.1.1.1, SEC 2, RFC 8410 §3, RFC 9881 §2.
#[test]
fn a_key_is_named_by_its_algorithm_and_its_curve() {
    let info = |algorithm: &str, parameters: &[u8], key: &[u8]| {
        let algorithm = sequence(&[oid(algorithm).as_slice(), parameters].concat());
        let bits = [&[0], key].concat();
        let bits = [&[3, 0x82][..], &u16::try_from(bits.len()).unwrap().to_be_bytes(), &bits].concat();
        Key::of_info(&sequence(&[algorithm, bits].concat())).map(|key| key.to_string())
    };
    let (point, curve) = ([&[4][..], &[7; 64]].concat(), "1.2.840.10045.2.1");
    for (name, expected) in [
        ("1.2.840.10045.3.1.7", "ecdsa 256"),
        ("1.3.132.0.10", "ecdsa 256"),
        ("1.3.132.0.34", "ecdsa 384"),
        ("1.3.132.0.35", "ecdsa 521"),
        ("1.3.132.0.33", "ecdsa 224"),
        ("1.3.132.0.32", "ecdsa 224"),
        ("1.2.840.10045.3.1.1", "ecdsa 192"),
        ("1.3.132.0.31", "ecdsa 192"),
        ("1.3.132.0.8", "ecdsa 160"),
        ("1.3.132.0.9", "ecdsa 160"),
        ("1.3.132.0.30", "ecdsa 160"),
        ("1.2.3.4", "ecdsa"),
    ] {
        assert_eq!(info(curve, &oid(name), &point).as_deref(), Some(expected), "{name}");
    }
    for (algorithm, expected) in [
        ("1.3.101.112", "ed25519"),
        ("1.3.101.113", "ed448"),
        ("2.16.840.1.101.3.4.3.17", "ml-dsa"),
        ("2.16.840.1.101.3.4.3.18", "ml-dsa"),
        ("2.16.840.1.101.3.4.3.19", "ml-dsa"),
        // Their keys are garbled here: the kind is known all the same.
        ("1.2.840.113549.1.1.1", "rsa"),
        ("1.2.840.113549.1.1.10", "rsa"),
        (curve, "ecdsa"),
        ("1.2.3.4", "other"),
    ] {
        assert_eq!(info(algorithm, &[], &[]).as_deref(), Some(expected), "{algorithm}");
    }
    // A modulus of 1024 bits behind the zero that its sign wants, and one of 1021.
    for (modulus, bits) in [([&[0, 0x80][..], &[7; 127]].concat(), 1024), ([&[0x10][..], &[7; 127]].concat(), 1021)] {
        let modulus = [&[2, 0x81, u8::try_from(modulus.len()).unwrap()], modulus.as_slice()].concat();
        let key = sequence(&[modulus, vec![2, 1, 3]].concat());
        assert_eq!(info("1.2.840.113549.1.1.1", &[5, 0], &key), Some(format!("rsa {bits}")));
    }
    assert_eq!((Key::of_info(b""), Key::of_info(b"garbage")), (None, None));
}

#[test]
fn names_of_every_kind_are_told() {
    let mut params = CertificateParams::new(vec![]).unwrap();
    let raw: Vec<u8> = [
        tagged(0x81, b"postmaster@example.com"),
        tagged(0x86, b"https://example.com/"),
        tagged(0xA4, &sequence(&tagged(0x31, &sequence(&[oid("2.5.4.3"), tagged(12, b"mx")].concat())))),
        tagged(0x82, b"mx.b\xfccher.example"),
        tagged(0x87, &[192, 0, 2, 1]),
        tagged(0x87, &[192, 0, 2]),
        tagged(0x88, &[42, 3]),
        tagged(0x86, b"https://b\xfccher.example"),
    ]
    .concat();
    let san = rcgen::CustomExtension::from_oid_content(
        &[2, 5, 29, 17],
        [&[0x30, 0x81, u8::try_from(raw.len()).unwrap()], raw.as_slice()].concat(),
    );
    params.custom_extensions.push(san);
    let read = Certificate::parse(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der()).unwrap();
    let other = "a name of another kind";
    assert_eq!(
        read.other_names,
        [
            "email:postmaster@example.com",
            "URI:https://example.com/",
            "directory:CN=mx",
            "DNS: not ASCII",
            "IP:192.0.2.1",
            "IP: malformed",
            other,
            other
        ]
    );
    assert_eq!(read.dns_names, [""; 0]);
    assert_eq!(read.addresses, ["192.0.2.1".parse::<IpAddr>().unwrap()]);
}

#[test]
fn people_call_a_leaf_by_its_san_and_a_ca_by_its_common_name() {
    let named = |common: Option<&str>, san: &[&str], is_ca: bool| {
        let mut params = CertificateParams::new(san.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        if let Some(common) = common {
            params.distinguished_name.push(DnType::CommonName, common);
        }
        if is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        Certificate::parse(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der()).unwrap().name().to_owned()
    };
    let san = &["mx1.example.com", "mx2.example.com"][..];
    for (common, san, is_ca, expected) in [
        (Some("mail"), san, false, "mx1.example.com"),
        (Some("mail"), &[], false, "mail"),
        (Some("Mail CA"), san, true, "Mail CA"),
        (None, san, true, "mx1.example.com"),
        (None, san, false, "mx1.example.com"),
        (None, &[], false, "O=Example"),
    ] {
        assert_eq!(named(common, san, is_ca), expected, "{common:?} {san:?} {is_ca}");
    }
}

/// RFC 7633 §4: a list of TLS extensions, of which 5 is a status with the handshake.
#[test]
fn a_certificate_asks_for_a_status_only_by_its_own_extension() {
    let asks = |extensions: &[(&str, &[u8])]| {
        let mut params = CertificateParams::new(vec![]).unwrap();
        for (oid, content) in extensions {
            let arcs: Vec<u64> = oid.split('.').map(|arc| arc.parse().unwrap()).collect();
            params.custom_extensions.push(rcgen::CustomExtension::from_oid_content(&arcs, content.to_vec()));
        }
        Certificate::parse(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der()).unwrap().must_staple
    };
    let (feature, status) = ("1.3.6.1.5.5.7.1.24", &[0x30, 3, 2, 1, 5][..]);
    for (extensions, expected) in [
        (&[][..], false),
        (&[(feature, status)], true),
        (&[(feature, &[0x30, 6, 2, 1, 17, 2, 1, 5])], true),
        (&[(feature, &[0x30, 3, 2, 1, 17])], false),
        (&[(feature, &[0x30])], false),
        (&[("1.2.3.4", status)], false),
        // What comes behind it takes nothing back.
        (&[(feature, status), ("1.2.3.4", status)], true),
        (&[(feature, status), ("1.2.3.4", &[5, 0])], true),
        (&[(feature, status), (feature, status)], true),
    ] {
        assert_eq!(asks(extensions), expected, "{extensions:?}");
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
