//! Whom the chain leads to, and which of the ways into nowhere it takes if to no public root.

use super::strength::Fault;
use super::words::{certificates, describe, quoted};
use super::{Chain, ChainRules};
use crate::model::facts::tls::{Fetched, PrivateCa};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::Looked;
use crate::model::rule::Rule;
use crate::rules::Case;
use crate::wire::certificate::Certificate;

/// Judges the four rules of trust. `unnamed` are reasons against the path for which the family has no other rule.
pub(super) fn judge(case: &Case<'_>, rules: &ChainRules, chain: &Chain<'_>, unnamed: &[Fault<'_>], sheet: &mut Sheet) {
    let trust = &chain.tls.trust;
    let four = [rules.self_signed, rules.untrusted, rules.chain_incomplete, rules.private_ca];
    if trust.public.is_some() || trust.refused.is_some() {
        for rule in four.into_iter().filter(|rule| *rule != rules.untrusted || unnamed.is_empty()) {
            sheet.holds(rule, chain.subject);
        }
        refused(rules, chain, unnamed, sheet);
        return;
    }
    let told = dead_end(case, chain).tell(rules, chain);
    let mut others = four.into_iter().filter(|other| *other != told.rule).collect::<Vec<_>>();
    if !unnamed.is_empty() && told.rule != rules.untrusted {
        others.retain(|other| *other != rules.untrusted);
        refused(rules, chain, unnamed, sheet);
    }
    for other in others {
        sheet.not_applicable(other, chain.subject, format!("the chain has another fault: {}", told.rule.title));
    }
    let finding = sheet.broken(told.rule, chain.subject, told.message, describe(chain.leaf));
    finding.expected("a path to a root that public senders trust").found(told.found).fix(told.fix);
    for certificate in chain.rest {
        finding.evidence(describe(certificate));
    }
    finding.evidence.extend(told.evidence);
    if told.rule == rules.untrusted {
        finding.evidence.extend(unnamed.iter().map(|fault| Evidence::new(EvidenceKind::Certificate, fault.found())));
    }
}

/// A path to a public root that senders refuse, where no rule of its own says why.
fn refused(rules: &ChainRules, chain: &Chain<'_>, unnamed: &[Fault<'_>], sheet: &mut Sheet) {
    let Some((first, others)) = unnamed.split_first() else { return };
    let message = format!("senders refuse the path: {}", first.say(chain));
    let finding = sheet.broken(rules.untrusted, chain.subject, message, first.evidence(chain));
    finding.expected("a path to a root that public senders trust, and nothing in it that they refuse");
    finding.found(unnamed.iter().map(Fault::found).collect::<Vec<_>>().join("; "));
    finding.fix(format!("install a certificate from a publicly trusted CA for {}, with the chain that the CA delivers", chain.host));
    for other in others {
        finding.evidence(other.evidence(chain));
    }
}

/// Why a chain leads to no public root.
enum DeadEnd<'a> {
    /// A private CA vouches, with the name of its root.
    Private(PrivateCa, &'a str),
    /// The leaf signed itself.
    SelfSigned,
    /// The issuer of this one is missing; beside it, what was sent in its place, if anything.
    Incomplete(&'a Certificate, Option<&'a Certificate>),
    /// It ends at this self-signed certificate, as sent or as fetched.
    UnknownRoot(Box<Certificate>),
    /// The path builder's words.
    Refused(&'a str),
}

fn dead_end<'a>(case: &Case<'_>, chain: &Chain<'a>) -> DeadEnd<'a> {
    let fetched = chain.tls.fetched.as_ref();
    let private = chain.tls.trust.private.as_ref().or(fetched.and_then(|fetched| fetched.trust.private.as_ref()));
    if let Some(private) = private {
        return DeadEnd::Private(private.by, &private.path.root);
    }
    // "Unknown issuer" is what the path builder says of three different faults; everything else it says is its own reason.
    if let Some(problem) = chain.tls.trust.problem.as_deref().filter(|problem| *problem != "UnknownIssuer") {
        return DeadEnd::Refused(problem);
    }
    if chain.leaf.is_self_issued() {
        return DeadEnd::SelfSigned;
    }
    let linked = chain.linked();
    let last = linked.last().copied().unwrap_or(chain.leaf);
    if last.is_self_issued() {
        return DeadEnd::UnknownRoot(Box::new(last.clone()));
    }
    if let Some(root) = fetched.and_then(|fetched| top(case, fetched)).filter(Certificate::is_self_issued) {
        return DeadEnd::UnknownRoot(Box::new(root));
    }
    // A CA's certificate that belongs to nothing stands where another should.
    let stray = chain.rest.iter().find(|other| other.is_ca && !other.is_self_issued() && !linked.contains(other));
    DeadEnd::Incomplete(last, stray)
}

/// The highest certificate that was fetched.
fn top(case: &Case<'_>, fetched: &Fetched) -> Option<Certificate> {
    let print = fetched.steps.iter().rev().find_map(|step| step.outcome.seen())?;
    Certificate::parse(&case.facts.certificates.get(print)?.0).ok()
}

/// A dead end in words.
struct Told {
    rule: &'static Rule,
    message: String,
    found: String,
    fix: String,
    evidence: Vec<Evidence>,
}

impl DeadEnd<'_> {
    fn tell(&self, rules: &ChainRules, chain: &Chain<'_>) -> Told {
        let host = chain.host;
        let public = format!("install a certificate from a publicly trusted CA for {host}");
        let told = |rule, message, found, fix| Told { rule, message, found, fix, evidence: Vec::new() };
        match self {
            Self::Private(by, root) => {
                let by = match by {
                    PrivateCa::CaFile => "the CA file given",
                    PrivateCa::System => "this machine's own store",
                };
                let message = format!("only {by} vouches for the certificate of {host}; public senders will refuse it");
                told(rules.private_ca, message, format!("a path to {}, which is no public root", quoted(root)), public)
            }
            Self::SelfSigned => {
                let message = format!("the certificate that {host} presents is self-signed");
                told(rules.self_signed, message, format!("issued by itself, {}", quoted(&chain.leaf.issuer)), public)
            }
            Self::Incomplete(last, stray) => incomplete(rules, chain, last, *stray),
            Self::UnknownRoot(root) => {
                let message = format!("the certificate of {host} leads to {}, which is no public root", quoted(&root.subject));
                let told =
                    told(rules.untrusted, message, format!("a chain that ends in the self-signed {}", quoted(&root.subject)), public);
                Told { evidence: steps(chain), ..told }
            }
            Self::Refused(problem) => {
                let message = format!("the certificate of {host} has no valid path to a public root: {problem}");
                told(rules.untrusted, message, (*problem).to_owned(), format!("{public}, with the chain that the CA delivers"))
            }
        }
    }
}

fn incomplete(rules: &ChainRules, chain: &Chain<'_>, last: &Certificate, stray: Option<&Certificate>) -> Told {
    let (host, issuer) = (chain.host, quoted(&last.issuer));
    let proven = chain.tls.fetched.as_ref().and_then(|fetched| fetched.trust.public.as_ref().or(fetched.trust.refused.as_deref()));
    let missing = match stray {
        Some(stray) => format!("{host} sends the certificate of {} where that of the issuer {issuer} is needed", quoted(&stray.subject)),
        None => format!("{host} does not send the certificate of the issuer {issuer}"),
    };
    let message = match proven {
        Some(path) => format!("{missing}; nothing else is wrong with the path: with it, it leads to {}", quoted(&path.root)),
        None => format!("{missing}; a private CA whose root is not sent looks the same"),
    };
    let place = last.issuer_urls.first();
    let published = place.map_or_else(String::new, |url| format!(", which the CA publishes at {url}"));
    let mut fix = format!("send the leaf and then each intermediate, beginning with {issuer}{published}");
    if chain.tls.fetched.is_none() && place.is_some() {
        fix.push_str("; --fetch-intermediates tells whether that is all");
    }
    let found = format!("{} sent; the last of the path is issued by {issuer}", certificates(1 + chain.rest.len()));
    Told { rule: rules.chain_incomplete, message, found, fix, evidence: steps(chain) }
}

/// What was fetched, place by place.
fn steps(chain: &Chain<'_>) -> Vec<Evidence> {
    let steps = chain.tls.fetched.iter().flat_map(|fetched| &fetched.steps);
    let text = steps.map(|step| match &step.outcome {
        Looked::Seen(print) => format!("{}: a certificate, SHA-256 {print}", step.url),
        Looked::Absent(_) => format!("{}: nothing there", step.url),
        Looked::Failed(failure) => format!("{}: {}", step.url, failure.detail),
    });
    text.map(|text| Evidence::new(EvidenceKind::Http, text)).collect()
}
