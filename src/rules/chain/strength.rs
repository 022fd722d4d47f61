//! Keys, signatures and constraints: for what reasons the libraries of senders refuse a path that leads to a root.
//!
//! A family that has no rule for such a reason gets it back, for its rule about trust.

use super::words::{describe, quoted};
use super::{Chain, ChainRules};
use crate::evidence::runway;
use crate::model::facts::tls::{Refusal, RefusalKind};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::rule::{Rule, Severity};
use crate::wire::certificate::Certificate;

/// One reason at one element.
pub(super) struct Fault<'a> {
    kind: RefusalKind,
    /// `None`: the root, or the path as a whole.
    element: Option<&'a Certificate>,
    detail: String,
    /// Only some senders mind; the others accept the path.
    only_rustls: bool,
}

impl Fault<'_> {
    /// As the beginning of a sentence.
    pub(super) fn say(&self, chain: &Chain<'_>) -> String {
        match self.element {
            Some(element) => format!("{} that {} presents {}", chain.role(element), chain.host, self.detail),
            None => format!("senders refuse the path that {} presents: {}", chain.host, self.detail),
        }
    }

    /// What was found, without whose it is.
    pub(super) fn found(&self) -> String {
        match self.element {
            Some(element) => format!("{} {}", quoted(element.name()), self.detail),
            None => self.detail.clone(),
        }
    }

    /// Which of the three rules names it.
    fn family(&self) -> Option<usize> {
        // The rule about constraints is the one that knows warnings.
        if self.only_rustls { Some(2) } else { family(self.kind) }
    }

    pub(super) fn evidence(&self, chain: &Chain<'_>) -> Evidence {
        let root = || runway::path(chain.tls).map_or_else(String::new, |path| path.root.clone());
        self.element.map_or_else(|| Evidence::new(EvidenceKind::Certificate, format!("root {}", quoted(&root()))), describe)
    }
}

/// Judges by the rules that the family has; the faults that none of them names are given back.
pub(super) fn judge<'a>(rules: &ChainRules, chain: &Chain<'a>, sheet: &mut Sheet) -> Vec<Fault<'a>> {
    let mut unnamed = Vec::new();
    let mut faults = faults(chain);
    let three = [
        (rules.weak_key, "keys of RSA 2048, ECDSA P-256 or more, all along the path", key_fix as fn(&Chain<'_>, &Fault<'_>) -> String),
        (rules.weak_signature, "signatures with SHA-256 or better, all along the path", signature_fix),
        (rules.constraint, "certificates that may be used for this name and for TLS servers", constraint_fix),
    ];
    for (place, (rule, expected, fix)) in three.into_iter().enumerate() {
        let (own, others) = std::mem::take(&mut faults).into_iter().partition(|fault: &Fault<'_>| fault.family() == Some(place));
        faults = others;
        match rule {
            Some(rule) => write(rule, chain, &own, expected, fix, sheet),
            // Without a rule of its own a family has no warning for it.
            None => unnamed.extend(own.into_iter().filter(|fault| !fault.only_rustls)),
        }
    }
    unnamed.extend(faults);
    unnamed
}

/// Which of the three rules names a reason.
fn family(kind: RefusalKind) -> Option<usize> {
    match kind {
        RefusalKind::WeakKey => Some(0),
        RefusalKind::SignatureAlgorithm => Some(1),
        RefusalKind::NameConstraint
        | RefusalKind::KeyUsage
        | RefusalKind::ExtendedKeyUsage
        | RefusalKind::PathLength
        | RefusalKind::NotACa => Some(2),
        RefusalKind::CriticalExtension | RefusalKind::Other => None,
    }
}

fn write(
    rule: &'static Rule,
    chain: &Chain<'_>,
    faults: &[Fault<'_>],
    expected: &str,
    fix: fn(&Chain<'_>, &Fault<'_>) -> String,
    sheet: &mut Sheet,
) {
    let Some((first, others)) = faults.split_first() else { return holds(rule, chain, sheet) };
    let finding = sheet.broken(rule, chain.subject, first.say(chain), first.evidence(chain));
    if first.only_rustls {
        finding.severity(Severity::Warning);
    }
    finding.expected(expected).found(faults.iter().map(Fault::found).collect::<Vec<_>>().join("; ")).fix(fix(chain, first));
    for other in others {
        let evidence = other.evidence(chain);
        if !finding.evidence.contains(&evidence) {
            finding.evidence(evidence);
        }
    }
}

/// Nothing that all refuse; a key that may not sign handshakes is refused by some.
fn holds(rule: &'static Rule, chain: &Chain<'_>, sheet: &mut Sheet) {
    if !rule.code.ends_with("constraint") || !chain.leaf.cannot_sign_handshakes() {
        return sheet.holds(rule, chain.subject);
    }
    let message =
        format!("the certificate that {} presents has a key usage without digitalSignature, which some senders refuse", chain.host);
    let finding = sheet.broken(rule, chain.subject, message, describe(chain.leaf)).severity(Severity::Warning);
    finding.expected("the key usage digitalSignature, as TLS 1.3 and forward secrecy need it (RFC 8446 §4.4.2.2)");
    finding.found("keyEncipherment or keyAgreement alone").fix("issue the certificate anew with the key usage digitalSignature");
}

/// Every reason, leaf first. What can be seen of the certificates themselves is seen also where there is no path.
fn faults<'a>(chain: &Chain<'a>) -> Vec<Fault<'a>> {
    let path = runway::path(chain.tls);
    let refused: &[Refusal] = path.map(|path| path.refused.as_slice()).unwrap_or_default();
    let known = |element: Option<_>| chain.path.iter().find(|known| Some(known.sha256) == element);
    // Of a CA that stands in the place of the server's own certificate no use is expected: that it stands there is the fault.
    let is_displaced = |refusal: &Refusal| {
        let of_use = matches!(refusal.kind, RefusalKind::KeyUsage | RefusalKind::ExtendedKeyUsage);
        of_use && refusal.certificate == Some(chain.leaf.sha256) && chain.later_match().is_some()
    };
    let mut faults: Vec<Fault<'a>> = refused
        .iter()
        .filter(|refusal| !is_displaced(refusal))
        .map(|refusal| Fault {
            kind: refusal.kind,
            element: known(refusal.certificate),
            detail: refusal.detail.clone(),
            only_rustls: refusal.only_rustls,
        })
        .collect();
    let mut see = |kind, element: &'a Certificate, detail: String| {
        let told = |fault: &Fault<'_>| fault.kind == kind && fault.element.is_some_and(|known| known.sha256 == element.sha256);
        if !faults.iter().any(told) {
            faults.push(Fault { kind, element: Some(element), detail, only_rustls: false });
        }
    };
    let elements = if path.is_some() { chain.path.iter().collect() } else { chain.linked() };
    for element in elements {
        if element.key.is_weak() {
            see(RefusalKind::WeakKey, element, format!("has a key of {}", element.key));
        }
        // Nobody verifies how a root signed itself.
        if element.signature.weak && !element.is_self_issued() {
            see(RefusalKind::SignatureAlgorithm, element, format!("is signed by {}", element.signature.algorithm));
        }
    }
    if path.is_none() && chain.later_match().is_none() {
        for oid in &chain.leaf.unknown_critical {
            see(RefusalKind::CriticalExtension, chain.leaf, format!("has the critical extension {oid}, which senders do not know"));
        }
        if let Some(fault) = chain.leaf.extended_usage_fault() {
            see(RefusalKind::ExtendedKeyUsage, chain.leaf, fault);
        }
        if let Some(fault) = chain.leaf.server_key_fault() {
            see(RefusalKind::KeyUsage, chain.leaf, fault.to_owned());
        }
    }
    // What only some senders mind stands last, and does not soften what all refuse.
    faults.sort_by_key(|fault| fault.only_rustls);
    faults
}

fn is_leaf(chain: &Chain<'_>, fault: &Fault<'_>) -> bool {
    fault.element.is_some_and(|element| element.sha256 == chain.leaf.sha256)
}

fn key_fix(chain: &Chain<'_>, fault: &Fault<'_>) -> String {
    if is_leaf(chain, fault) {
        format!("make a new key, ECDSA P-256 or RSA 2048, and have a new certificate issued for {}", chain.host)
    } else {
        "install the chain that the CA delivers today, or change to a CA whose intermediates have keys of today's size".to_owned()
    }
}

fn signature_fix(chain: &Chain<'_>, fault: &Fault<'_>) -> String {
    if is_leaf(chain, fault) {
        format!("have the certificate for {} issued anew; every public CA signs with SHA-256 or better", chain.host)
    } else {
        "install the chain that the CA delivers today: it has an intermediate with a better signature".to_owned()
    }
}

fn constraint_fix(chain: &Chain<'_>, fault: &Fault<'_>) -> String {
    match fault.kind {
        RefusalKind::NameConstraint => {
            format!("have the certificate for {} issued by a CA that may sign for this name", chain.host)
        }
        _ if is_leaf(chain, fault) => {
            format!(
                "have a certificate for TLS servers issued for {}: extended key usage serverAuth, key usage digitalSignature",
                chain.host
            )
        }
        _ => format!("install a certificate from a publicly trusted CA for {}, with the chain that the CA delivers", chain.host),
    }
}
