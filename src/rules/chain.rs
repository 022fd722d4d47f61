//! One served chain against one expected name: the judgement that MX hosts and policy hosts share.
//!
//! Name, dates, strength and trust are judged apart: an expired certificate for another name from an unknown CA is three findings. Of the
//! four ways in which a chain can lead nowhere, one at the most is named.

mod dates;
mod names;
mod strength;
mod trust;
mod words;

use super::Case;
use crate::evidence::runway;
use crate::model::facts::tls::TlsFacts;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::rule::Rule;
use crate::wire::certificate::Certificate;
use crate::wire::name::Domain;

pub(super) use words::{describe, quoted};

/// A family's rules for the faults of a chain.
#[derive(Debug)]
pub struct ChainRules {
    /// No DNS-ID in the SAN matches.
    pub name: &'static Rule,
    /// The right name only in the common name; `None` where the family has no rule of its own for it and `name` serves.
    pub no_san: Option<&'static Rule>,
    /// The leaf or another element of the path has ended.
    pub expired: &'static Rule,
    /// The leaf or another element of the path has not begun.
    pub not_yet_valid: &'static Rule,
    /// The path ends soon.
    pub expiring: &'static Rule,
    /// The leaf signed itself.
    pub self_signed: &'static Rule,
    /// The path ends in a root that senders do not have.
    pub untrusted: &'static Rule,
    /// An intermediate was not sent.
    pub chain_incomplete: &'static Rule,
    /// Only a private CA vouches.
    pub private_ca: &'static Rule,
    /// A key that senders refuse; `None`, as for the next two, where the family has no rule of its own for it and `untrusted` serves.
    pub weak_key: Option<&'static Rule>,
    /// A signature that senders refuse.
    pub weak_signature: Option<&'static Rule>,
    /// Name constraints, key usage, extended key usage, or the length of the path.
    pub constraint: Option<&'static Rule>,
}

impl ChainRules {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &'static Rule> {
        let always = [
            self.name,
            self.expired,
            self.not_yet_valid,
            self.expiring,
            self.self_signed,
            self.untrusted,
            self.chain_incomplete,
            self.private_ca,
        ];
        [self.no_san, self.weak_key, self.weak_signature, self.constraint].into_iter().flatten().chain(always)
    }

    /// No chain was served: none of them can be asked.
    pub fn not_applicable(&self, subject: &str, why: &str, sheet: &mut Sheet) {
        for rule in self.all() {
            sheet.not_applicable(rule, subject, why);
        }
    }
}

/// Judges the chain of one handshake for `host`.
pub fn judge(case: &Case<'_>, rules: &ChainRules, subject: &str, host: &Domain, tls: &TlsFacts, sheet: &mut Sheet) {
    let Some(first) = tls.chain.first() else {
        return rules.not_applicable(subject, "the server sent no certificate", sheet);
    };
    let Some(der) = case.facts.certificates.get(first) else {
        let message = format!("the certificate of {host} is not among the facts, so nothing is known about it");
        let evidence = Evidence::new(EvidenceKind::Certificate, format!("SHA-256 {first}"));
        sheet.undetermined(rules.untrusted, subject, message, evidence);
        return;
    };
    let leaf = match Certificate::parse(&der.0) {
        Ok(leaf) => leaf,
        Err(error) => return unreadable(rules, subject, host, &error.to_string(), &first.to_string(), sheet),
    };
    let rest = tls.chain.get(1..).unwrap_or_default().iter().filter_map(|print| case.facts.certificates.get(print));
    let rest: Vec<Certificate> = rest.filter_map(|der| Certificate::parse(&der.0).ok()).collect();
    let path = runway::elements_at(tls, &case.facts.certificates, case.now);
    let chain = Chain { host, subject, leaf: &leaf, rest: &rest, path: &path, tls };
    names::judge(rules, &chain, sheet);
    dates::judge(case, rules, &chain, sheet);
    let unnamed = strength::judge(rules, &chain, sheet);
    trust::judge(case, rules, &chain, &unnamed, sheet);
}

/// What is wrong with the handshake's signature, unless its cause is that senders refuse the key itself: that is a fault of the chain.
pub(super) fn signature_problem<'a>(case: &Case<'_>, tls: &'a TlsFacts) -> Option<&'a str> {
    let problem = tls.signature_problem.as_deref()?;
    let der = tls.chain.first().and_then(|print| case.facts.certificates.get(print));
    let leaf = der.and_then(|der| Certificate::parse(&der.0).ok());
    (!leaf.is_some_and(|leaf| leaf.key.is_weak())).then_some(problem)
}

/// A chain as served.
struct Chain<'a> {
    host: &'a Domain,
    subject: &'a str,
    leaf: &'a Certificate,
    /// What came with the leaf, as far as it can be read.
    rest: &'a [Certificate],
    /// The elements of the path, leaf first; the leaf alone where there is no path.
    path: &'a [Certificate],
    tls: &'a TlsFacts,
}

impl<'a> Chain<'a> {
    /// What a certificate is in it.
    fn role(&self, element: &Certificate) -> String {
        if element.sha256 == self.leaf.sha256 {
            "the certificate".to_owned()
        } else {
            format!("the intermediate {}", quoted(element.name()))
        }
    }

    /// Where a certificate for the host stands, counted from 1, if the first is not for it.
    fn later_match(&self) -> Option<usize> {
        let later = self.rest.iter().position(|other| other.is_for(self.host));
        later.filter(|_| !self.leaf.is_for(self.host)).map(|index| index + 2)
    }

    /// The leaf, and the intermediates that belong to it by their names. A root is the affair of whoever trusts it.
    fn belonging(&self) -> Vec<&'a Certificate> {
        let above = |element: &&Certificate| element.sha256 == self.leaf.sha256 || !element.is_self_issued();
        self.linked().into_iter().filter(above).collect()
    }

    /// From the leaf up by names as far as it goes; a ring of issuers ends where every certificate has been met.
    fn linked(&self) -> Vec<&'a Certificate> {
        let mut linked = vec![self.leaf];
        while let Some(last) = linked.last()
            && let Some(issuer) = self.rest.iter().find(|candidate| last.is_issued_by(candidate) && !linked.contains(candidate))
        {
            linked.push(issuer);
        }
        linked
    }
}

fn unreadable(rules: &ChainRules, subject: &str, host: &Domain, problem: &str, print: &str, sheet: &mut Sheet) {
    for rule in rules.all().filter(|rule| *rule != rules.untrusted) {
        sheet.not_applicable(rule, subject, "the certificate cannot be read");
    }
    let evidence = Evidence::new(EvidenceKind::Certificate, format!("SHA-256 {print}: {problem}"));
    let finding = sheet.broken(rules.untrusted, subject, format!("the certificate that {host} presents cannot be read"), evidence);
    finding.expected("an X.509 certificate from a publicly trusted CA").found(problem);
    finding.fix(format!("install a certificate from a publicly trusted CA for {host}"));
}

#[cfg(test)]
mod tests;
