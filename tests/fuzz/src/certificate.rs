//! Certificates: what is said of one is in it, names match label by label, and the path to a wrong answer is not a panic.

use jiff::Timestamp;
use stsready::wire::certificate::{Certificate, CertificateError, Key, NameConstraints, dns_id_matches};
use stsready::wire::fingerprint::Fingerprint;
use stsready::wire::name::Domain;
use stsready::wire::tlsa::{Judged, Served, TlsaRecord, judge};

pub fn any(der: &[u8]) {
    let _ = Key::of_info(der);
    let _ = NameConstraints::of_anchor(der);
    let Ok(read) = Certificate::parse(der) else { return };
    assert_eq!(read.sha256, Fingerprint::of(der));
    for name in [&read.subject_der, &read.issuer_der] {
        assert!(memchr::memmem::find(der, name).is_some(), "a name that is not in the certificate");
    }
    assert!(read.serial.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(Certificate::parse(&[der, b"0"].concat()), Err(CertificateError::Trailing(1)));
    for presented in &read.dns_names {
        matches_by_label(presented);
    }
    if let Some(constraints) = &read.name_constraints {
        let _ = (constraints.forbid(&read), constraints.limit_directory_names());
    }
    let _ = (read.name(), read.is_self_issued(), read.is_issued_by(&read), read.key.is_weak(), read.signature.is_by_kind(read.key));
    let _ = (read.extended_usage_fault(), read.server_key_fault(), read.cannot_sign_handshakes(), read.issuer_key_fault());
    tlsa(der, &read);
}

/// A name without a wildcard is for itself; one with a wildcard for just as many labels.
fn matches_by_label(presented: &str) {
    for host in [presented.to_owned(), presented.replace('*', "mx"), format!("mx.{presented}")] {
        let host = Domain::from_dns(&host);
        if dns_id_matches(presented, &host) {
            let labels = |name: &str| name.trim_end_matches('.').split('.').count();
            assert_eq!(labels(presented), labels(host.as_str()), "{presented:?} for {host:?}");
        }
    }
}

/// The record that is proposed for a certificate is one that it matches.
fn tlsa(der: &[u8], read: &Certificate) {
    let names: Vec<Domain> = read.dns_names.iter().take(2).map(|name| Domain::from_dns(name)).collect();
    let names: Vec<&Domain> = names.iter().collect();
    let served = Served { chain: &[der, der], names: &names, now: Timestamp::UNIX_EPOCH };
    if let Some(record) = TlsaRecord::for_leaf(der) {
        assert_eq!(judge(&[record], &served), Judged::Match(0));
    }
    let all: Vec<TlsaRecord> =
        (0..4_u8).flat_map(|usage| (0..6_u8).map(move |rest| TlsaRecord::new(usage, rest % 2, rest / 2, der))).collect();
    let _ = judge(&all, &served);
}
