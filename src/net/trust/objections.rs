//! Why a path that leads to a root by names and keys is refused all the same: every reason, each at its element.
//!
//! What one library of senders lets pass and another does not counts: key usage (OpenSSL and Go look, rustls does not), small keys
//! (OpenSSL at its usual level), SHA-1 (all of them). What rustls alone refuses is marked, as few senders have it.

use rustls_pki_types::TrustAnchor;

use crate::model::facts::tls::{Refusal, RefusalKind};
use crate::wire::certificate::{Certificate, Key, NameConstraints, sequence};

/// All objections to a path, leaf first, the root last. `by_name`: elements whose signature could not be verified.
pub(super) fn to(path: &[&Certificate], anchor: &TrustAnchor<'_>, by_name: &[bool]) -> Vec<Refusal> {
    let mut all = Vec::new();
    for (place, element) in path.iter().enumerate() {
        let mut object = |kind, detail: String| all.push(Refusal { kind, certificate: Some(element.sha256), detail, only_rustls: false });
        if element.key.is_weak() {
            object(RefusalKind::WeakKey, format!("has a key of {}", element.key));
        }
        // What could not be verified because of its issuer's key is told there.
        if element.signature.weak {
            let unverified = by_name.get(place).copied().unwrap_or(false);
            let behind = if unverified { ", too weak to be verified" } else { "" };
            object(RefusalKind::SignatureAlgorithm, format!("is signed by {}{behind}", element.signature.algorithm));
        }
        if let Some(fault) = element.extended_usage_fault() {
            object(RefusalKind::ExtendedKeyUsage, fault);
        }
        for oid in element.unknown_critical.iter().filter(|oid| !is_of_policies(oid)) {
            object(RefusalKind::CriticalExtension, format!("has the critical extension {oid}, which senders do not know"));
        }
        if place == 0 {
            if let Some(fault) = element.server_key_fault() {
                object(RefusalKind::KeyUsage, fault.to_owned());
            }
            continue;
        }
        // Certificates by which a CA renews itself do not count (RFC 5280 §4.2.1.9).
        let below = path.get(1..place).unwrap_or_default().iter().filter(|below| below.subject_der != below.issuer_der).count();
        if !element.is_ca {
            object(RefusalKind::NotACa, "is no CA and has signed another certificate".to_owned());
        } else if let Some(fault) = element.issuer_key_fault() {
            object(RefusalKind::KeyUsage, fault.to_owned());
        }
        if let Some(most) = element.usage.path_length
            && below > usize::try_from(most).unwrap_or(usize::MAX)
        {
            object(RefusalKind::PathLength, format!("allows {most} CAs below it, and {below} stand there"));
        }
        if let Some(fault) = element.name_constraints.as_ref().and_then(|constraints| forbidden(constraints, path.get(..place))) {
            object(RefusalKind::NameConstraint, fault);
        }
    }
    root(path, anchor, &mut all);
    for element in path {
        only_rustls(element, &mut all);
    }
    all
}

/// What rustls cannot judge, and therefore refuses, while OpenSSL and GnuTLS can and find nothing wrong.
fn only_rustls(element: &Certificate, all: &mut Vec<Refusal>) {
    let mut object = |kind, detail| all.push(Refusal { kind, certificate: Some(element.sha256), detail, only_rustls: true });
    for oid in element.unknown_critical.iter().filter(|oid| is_of_policies(oid)) {
        object(RefusalKind::CriticalExtension, format!("has the critical extension {oid}, which senders with rustls do not know"));
    }
    if element.is_ca && element.name_constraints.as_ref().is_some_and(NameConstraints::limit_directory_names) {
        object(RefusalKind::NameConstraint, "has name constraints on directory names, which senders with rustls cannot judge".to_owned());
    }
}

/// Certificate policies, policy constraints and inhibitAnyPolicy (RFC 5280 §4.2.1.4, §4.2.1.11, §4.2.1.14).
fn is_of_policies(oid: &str) -> bool {
    matches!(oid, "2.5.29.32" | "2.5.29.36" | "2.5.29.54")
}

fn root(path: &[&Certificate], anchor: &TrustAnchor<'_>, all: &mut Vec<Refusal>) {
    let mut object = |kind, detail: String| all.push(Refusal { kind, certificate: None, detail, only_rustls: false });
    if let Some(key) = Key::of_info(&sequence(&anchor.subject_public_key_info)).filter(|key| key.is_weak()) {
        object(RefusalKind::WeakKey, format!("its root has a key of {key}"));
    }
    let constraints = anchor.name_constraints.as_ref().and_then(|content| NameConstraints::of_anchor(content));
    if let Some(fault) = constraints.and_then(|constraints| forbidden(&constraints, Some(path))) {
        object(RefusalKind::NameConstraint, format!("its root {fault}"));
    }
}

/// What name constraints forbid of what stands below them; a CA's renewal of itself is exempt, the leaf is not (RFC 5280 §6.1.3 b).
fn forbidden(constraints: &NameConstraints, below: Option<&[&Certificate]>) -> Option<String> {
    let below = below.unwrap_or_default().iter().enumerate();
    below.filter(|(place, read)| *place == 0 || read.subject_der != read.issuer_der).find_map(|(_, read)| constraints.forbid(read))
}
