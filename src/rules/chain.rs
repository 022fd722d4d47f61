//! One served chain against one expected name: the judgement that MX hosts and policy hosts share.
//!
//! Name, dates and trust are judged apart: an expired certificate for another name from an unknown CA is three findings. Of the four
//! ways in which a chain can lead nowhere, one at the most is named.

use super::Case;
use crate::evidence::runway::{self, Nearness};
use crate::model::facts::tls::{PrivateCa, TlsFacts};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::rule::{Rule, Severity};
use crate::wire::certificate::Certificate;
use crate::wire::name::Domain;

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
        self.no_san.into_iter().chain(always)
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
    let chain = Chain { host, subject, leaf: &leaf, rest: &rest, tls };
    names(rules, &chain, sheet);
    dates(case, rules, &chain, sheet);
    trust(rules, &chain, sheet);
}

/// A chain as served.
struct Chain<'a> {
    host: &'a Domain,
    subject: &'a str,
    leaf: &'a Certificate,
    /// What came with the leaf, as far as it can be read.
    rest: &'a [Certificate],
    tls: &'a TlsFacts,
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

fn names(rules: &ChainRules, chain: &Chain<'_>, sheet: &mut Sheet) {
    let Chain { host, subject, leaf, .. } = chain;
    if leaf.is_for(host) {
        sheet.holds(rules.name, *subject);
        if let Some(rule) = rules.no_san {
            sheet.holds(rule, *subject);
        }
        return;
    }
    let only_cn =
        leaf.dns_names.is_empty() && leaf.common_name.as_ref().is_some_and(|name| crate::wire::certificate::dns_id_matches(name, host));
    if only_cn {
        if rules.no_san.is_some() {
            sheet.not_applicable(rules.name, *subject, "the certificate has no DNS name in its SAN at all");
        }
        let rule = rules.no_san.unwrap_or(rules.name);
        let message = format!("the certificate has the name {host} only in its common name, which senders must not use");
        let finding = sheet.broken(rule, *subject, message, describe(leaf));
        finding.expected(format!("a subject alternative name DNS:{host}")).found(format!("CN={host} and no DNS name in the SAN"));
        finding.fix(format!("issue a new certificate with DNS:{host} in its subject alternative name"));
        return;
    }
    if let Some(rule) = rules.no_san {
        if leaf.dns_names.is_empty() {
            sheet.not_applicable(rule, *subject, "the common name is another name, too");
        } else {
            sheet.holds(rule, *subject);
        }
    }
    let message = match later_match(chain) {
        Some(position) => format!("the certificate for {host} is sent as number {position}; it must come first"),
        None if leaf.dns_names.is_empty() => format!("the certificate has no DNS name in its SAN, so it is not valid for {host}"),
        None => format!("the certificate is not valid for {host}"),
    };
    let finding = sheet.broken(rules.name, *subject, message, describe(leaf));
    finding.expected(format!("a subject alternative name DNS:{host}, or a wildcard for its left-most label")).found(presented(leaf));
    let fix = match later_match(chain) {
        Some(_) => "write the server's own certificate first into the chain file, then the intermediates".to_owned(),
        None => format!("install a certificate that has {host} in its subject alternative name; senders match the name by which they came"),
    };
    finding.fix(fix);
}

/// Where a certificate for the host stands, if not in first place.
fn later_match(chain: &Chain<'_>) -> Option<usize> {
    chain.rest.iter().position(|other| other.is_for(chain.host)).map(|index| index + 2)
}

fn dates(case: &Case<'_>, rules: &ChainRules, chain: &Chain<'_>, sheet: &mut Sheet) {
    let mut elements = runway::elements(chain.tls, &case.facts.certificates);
    if elements.is_empty() {
        elements.push(chain.leaf.clone());
    }
    let role = |element: &Certificate| {
        if element.sha256 == chain.leaf.sha256 {
            "the certificate".to_owned()
        } else {
            format!("the intermediate {}", quoted(element.name()))
        }
    };
    let now = case.now;

    let over: Vec<&Certificate> = elements.iter().filter(|element| element.not_after < now).collect();
    if let Some(worst) = over.iter().min_by_key(|element| element.not_after) {
        let ago = runway::span(worst.not_after.duration_until(now));
        let message = format!("{} that {} presents expired {ago} ago", role(worst), chain.host);
        let finding = sheet.broken(rules.expired, chain.subject, message, describe(worst));
        finding.expected(format!("valid at {now}")).found(format!("notAfter {}", worst.not_after));
        for other in over.iter().filter(|other| other.sha256 != worst.sha256) {
            finding.evidence(describe(other));
        }
        finding.fix(if worst.sha256 == chain.leaf.sha256 {
            "renew the certificate, and reload the server so that it serves the new one"
        } else {
            "install the chain that the CA delivers today; the intermediate in the server's chain file is out of date"
        });
    } else {
        sheet.holds(rules.expired, chain.subject);
    }

    let early: Vec<&Certificate> = elements.iter().filter(|element| element.not_before > now).collect();
    if let Some(worst) = early.iter().max_by_key(|element| element.not_before) {
        let until = runway::span(now.duration_until(worst.not_before));
        let message = format!("{} that {} presents becomes valid only in {until}", role(worst), chain.host);
        let finding = sheet.broken(rules.not_yet_valid, chain.subject, message, describe(worst));
        finding.expected(format!("valid at {now}")).found(format!("notBefore {}", worst.not_before));
        finding.fix("serve the previous certificate until then; if the date is in the past for you, the clock here is wrong");
    } else {
        sheet.holds(rules.not_yet_valid, chain.subject);
    }

    if !over.is_empty() || !early.is_empty() {
        let why = if over.is_empty() { "it is not valid yet" } else { "it has expired" };
        return sheet.not_applicable(rules.expiring, chain.subject, why);
    }
    // The nearest crossing counts, not the nearest end: parts of a lifetime differ from element to element.
    let near = elements.iter().filter_map(|element| Some((runway::nearness(element, now, &case.settings.runway)?, element)));
    let Some((nearness, element)) = near.max_by_key(|(nearness, element)| (*nearness, std::cmp::Reverse(element.not_after))) else {
        return sheet.holds(rules.expiring, chain.subject);
    };
    let left = runway::span(now.duration_until(element.not_after));
    let message = format!("{} that {} presents expires in {left}", role(element), chain.host);
    let lifetime = runway::span(element.not_before.duration_until(element.not_after));
    let finding = sheet.broken(rules.expiring, chain.subject, message, describe(element));
    let (severity, expected) = match nearness {
        Nearness::Critical => (Severity::Blocker, &case.settings.runway.critical),
        Nearness::Warning => (Severity::Warning, &case.settings.runway.warning),
        Nearness::Overdue => (Severity::Advice, &case.settings.runway.overdue),
    };
    finding.severity(severity);
    let bound = runway::span(expected.at_most);
    finding.expected(match expected.part {
        ..=1 => format!("over {bound} left"),
        part => format!("at least 1/{part} of its {lifetime} left, or over {bound}"),
    });
    finding.found(format!("{left} left, until {}", element.not_after));
    finding.fix(if element.sha256 == chain.leaf.sha256 {
        "renew the certificate now, and reload the server so that it serves the new one"
    } else {
        "install the chain that the CA delivers today; an intermediate ends before the certificate does"
    });
}

/// Why a chain leads to no public root.
enum Dead<'a> {
    Private(PrivateCa, &'a str),
    SelfSigned,
    Incomplete(&'a Certificate),
    UnknownRoot(&'a Certificate),
    Refused(&'a str),
}

fn trust(rules: &ChainRules, chain: &Chain<'_>, sheet: &mut Sheet) {
    let Chain { host, subject, leaf, tls, .. } = chain;
    let four = [rules.self_signed, rules.untrusted, rules.chain_incomplete, rules.private_ca];
    if tls.trust.public.is_some() {
        for rule in four {
            sheet.holds(rule, *subject);
        }
        return;
    }
    let dead = dead_end(chain);
    let (rule, message, found, fix) = match &dead {
        Dead::Private(by, root) => {
            let by = match by {
                PrivateCa::CaFile => "the CA file given",
                PrivateCa::System => "this machine's own store",
            };
            (
                rules.private_ca,
                format!("only {by} vouches for the certificate of {host}; public senders will refuse it"),
                format!("a path to {}, which is no public root", quoted(root)),
                format!("install a certificate from a publicly trusted CA for {host}"),
            )
        }
        Dead::SelfSigned => (
            rules.self_signed,
            format!("the certificate that {host} presents is self-signed"),
            format!("issued by itself, {}", quoted(&leaf.issuer)),
            format!("install a certificate from a publicly trusted CA for {host}"),
        ),
        Dead::Incomplete(last) => {
            let place = last.issuer_urls.first().map_or_else(String::new, |url| format!(", which the CA publishes at {url}"));
            (
                rules.chain_incomplete,
                format!(
                    "{host} does not send the certificate of the issuer {}; a private CA whose root is not sent looks the same",
                    quoted(&last.issuer)
                ),
                format!("{} sent; the last is issued by {}", certificates(1 + chain.rest.len()), quoted(&last.issuer)),
                format!("send the leaf and then each intermediate, beginning with {}{place}", quoted(&last.issuer)),
            )
        }
        Dead::UnknownRoot(root) => (
            rules.untrusted,
            format!("the certificate of {host} leads to {}, which is no public root", quoted(&root.subject)),
            format!("a chain that ends in the self-signed {}", quoted(&root.subject)),
            format!("install a certificate from a publicly trusted CA for {host}"),
        ),
        Dead::Refused(problem) => (
            rules.untrusted,
            format!("the certificate of {host} has no valid path to a public root: {problem}"),
            (*problem).to_owned(),
            format!("install a certificate from a publicly trusted CA for {host}, with the chain that the CA delivers"),
        ),
    };
    for other in four.into_iter().filter(|other| *other != rule) {
        sheet.not_applicable(other, *subject, format!("the chain has another fault: {}", rule.title));
    }
    let finding = sheet.broken(rule, *subject, message, describe(leaf));
    finding.expected("a path to a root that public senders trust").found(found).fix(fix);
    for certificate in chain.rest {
        finding.evidence(describe(certificate));
    }
}

fn dead_end<'a>(chain: &Chain<'a>) -> Dead<'a> {
    if let Some(private) = &chain.tls.trust.private {
        return Dead::Private(private.by, &private.path.root);
    }
    // "Unknown issuer" is what the path builder says of three different faults; everything else it says is its own reason.
    if let Some(problem) = chain.tls.trust.problem.as_deref().filter(|problem| *problem != "UnknownIssuer") {
        return Dead::Refused(problem);
    }
    if chain.leaf.is_self_issued() {
        return Dead::SelfSigned;
    }
    // Up the chain as far as it goes; a ring of issuers ends where every certificate has been met.
    let mut last = chain.leaf;
    for _ in chain.rest {
        match chain.rest.iter().find(|candidate| last.is_issued_by(candidate)) {
            Some(issuer) if issuer.sha256 != last.sha256 => last = issuer,
            _ => break,
        }
    }
    if last.is_self_issued() { Dead::UnknownRoot(last) } else { Dead::Incomplete(last) }
}

/// A certificate in one line of evidence.
pub(super) fn describe(certificate: &Certificate) -> Evidence {
    let names = if certificate.is_ca { String::new() } else { format!(", {}", presented(certificate)) };
    let key = match certificate.key.bits {
        0 => certificate.key.kind.to_owned(),
        bits => format!("{} {bits}", certificate.key.kind),
    };
    let text = format!(
        "subject {}, issuer {}, serial {}, valid {} to {}{names}, key {key}, SHA-256 {}",
        quoted(&certificate.subject),
        quoted(&certificate.issuer),
        certificate.serial,
        certificate.not_before,
        certificate.not_after,
        certificate.sha256
    );
    Evidence::new(EvidenceKind::Certificate, text)
}

/// The names in the SAN; the common name only where there is none, as a hint at what the certificate was made for.
fn presented(certificate: &Certificate) -> String {
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

fn certificates(count: usize) -> String {
    if count == 1 { "1 certificate".to_owned() } else { format!("{count} certificates") }
}

/// A distinguished name inside a sentence; a certificate may have none.
fn quoted(name: &str) -> String {
    if name.is_empty() { "an empty name".to_owned() } else { format!("\"{name}\"") }
}
