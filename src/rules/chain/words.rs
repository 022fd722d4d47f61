//! How certificates are worded in findings.

use crate::model::finding::{Evidence, EvidenceKind};
use crate::wire::certificate::Certificate;

/// A certificate in one line of evidence.
pub(in crate::rules) fn describe(certificate: &Certificate) -> Evidence {
    let names = if certificate.is_ca { String::new() } else { format!(", {}", presented(certificate)) };
    let text = format!(
        "subject {}, issuer {}, serial {}, valid {} to {}{names}, key {}, signed by {}, SHA-256 {}",
        quoted(&certificate.subject),
        quoted(&certificate.issuer),
        certificate.serial,
        certificate.not_before,
        certificate.not_after,
        certificate.key,
        certificate.signature.algorithm,
        certificate.sha256
    );
    Evidence::new(EvidenceKind::Certificate, text)
}

/// The names in the SAN; the common name only where there is none, as a hint at what the certificate was made for.
pub(super) fn presented(certificate: &Certificate) -> String {
    const SHOWN: usize = 20;
    let mut names: Vec<String> = certificate.dns_names.iter().take(SHOWN).map(|name| format!("DNS:{name}")).collect();
    names.extend(certificate.other_names.iter().take(SHOWN).cloned());
    let hidden = (certificate.dns_names.len() + certificate.other_names.len()).saturating_sub(names.len());
    if hidden > 0 {
        names.push(format!("{hidden} more"));
    }
    match (&certificate.common_name, certificate.dns_names.is_empty()) {
        (Some(name), true) => names.push(format!("no DNS name in the SAN (CN={name})")),
        (None, true) => names.push("no DNS name in the SAN".to_owned()),
        _ => {}
    }
    format!("SAN {}", names.join(", "))
}

/// `1 certificate`, `2 certificates`.
pub(super) fn certificates(count: usize) -> String {
    if count == 1 { "1 certificate".to_owned() } else { format!("{count} certificates") }
}

/// A distinguished name inside a sentence; a certificate may have none.
pub(in crate::rules) fn quoted(name: &str) -> String {
    if name.is_empty() { "an empty name".to_owned() } else { format!("\"{name}\"") }
}
