//! The path that OpenSSL takes, and Postfix and Exim with it: from the leaf up, the trust store first, then the first certificate sent
//! that fits and is valid, else the one that lasts longest. It never goes back, so it can fail where another path does not.
//!
//! The choice hangs on the time, so it is made for each stretch of time in which it is the same. Only the failing ones are facts.

use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::TrustAnchor;
use x509_parser::extensions::{GeneralName, ParsedExtension};

use super::objections;
use super::path::Element;
use super::signature::{self, Signed};
use super::walk::{DEPTH, Link};
use crate::model::facts::tls::FirstFit;
use crate::wire::certificate::{Certificate, sequence};
use crate::wire::fingerprint::Fingerprint;

/// Certificates that are looked at, the leaf among them; behind more than that nothing is said.
const SENT: usize = 16;

/// When within the leaf's validity the first fit fails, and why; `chain` as sent.
pub(super) fn failing(chain: &[Vec<u8>], anchors: &[TrustAnchor<'static>]) -> Vec<FirstFit> {
    let read = chain.iter().take(SENT).filter_map(|der| Certificate::parse(der).ok().map(|read| Element { der, read }));
    let elements: Vec<Element<'_>> = read.collect();
    let sent: Vec<Sent<'_>> = elements.iter().filter_map(|element| Sent::of(element, anchors)).collect();
    let Some(leaf) = sent.first().filter(|leaf| chain.first().is_some_and(|der| Fingerprint::of(der) == leaf.read().sha256)) else {
        return Vec::new();
    };
    let mut changes = changes(leaf.read(), &sent);
    changes.push(leaf.read().not_after.checked_add(SECOND).unwrap_or(Timestamp::MAX));
    let mut all: Vec<FirstFit> = Vec::new();
    // The same path fails for the same reason whenever all in it are valid.
    let mut judged: Vec<(Vec<Fingerprint>, Option<String>)> = Vec::new();
    for (since, until) in changes.iter().copied().zip(changes.iter().copied().skip(1)) {
        let path = take(leaf, &sent, since);
        let certificates: Vec<Fingerprint> = path.iter().map(|element| element.read().sha256).collect();
        let outdated = path.iter().skip(1).find(|element| !element.is_valid_at(since));
        let problem = match outdated {
            Some(element) => Some(format!("\"{}\" is not valid", element.read().name())),
            None => match judged.iter().find(|(known, _)| *known == certificates) {
                Some((_, known)) => known.clone(),
                None => {
                    let problem = problem(&path, &sent);
                    judged.push((certificates.clone(), problem.clone()));
                    problem
                }
            },
        };
        let Some(problem) = problem else { continue };
        match all.last_mut() {
            Some(last) if last.until == since && last.certificates == certificates && last.problem == problem => last.until = until,
            _ => all.push(FirstFit { since, until, certificates, problem }),
        }
    }
    all
}

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The instants within the leaf's validity from which on another choice may be made, earliest first.
fn changes(leaf: &Certificate, sent: &[Sent<'_>]) -> Vec<Timestamp> {
    let of_each = sent.iter().flat_map(|element| [Some(element.read().not_before), element.read().not_after.checked_add(SECOND).ok()]);
    let inside = of_each.flatten().filter(|time| leaf.not_before < *time && *time <= leaf.not_after);
    let mut all: Vec<Timestamp> = std::iter::once(leaf.not_before).chain(inside).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A certificate sent.
struct Sent<'a> {
    link: Link<'a>,
    /// The root that has signed it.
    root: Option<&'a TrustAnchor<'static>>,
}

impl<'a> Sent<'a> {
    fn of(element: &'a Element<'_>, anchors: &'a [TrustAnchor<'static>]) -> Option<Self> {
        let link = Link::read(element)?;
        let root = anchors.iter().find(|anchor| {
            sequence(&anchor.subject) == link.read.issuer_der
                && signature::by(&link.der, link.read, &sequence(&anchor.subject_public_key_info)) != Signed::No
        });
        Some(Self { link, root })
    }

    fn read(&self) -> &'a Certificate {
        self.link.read
    }

    fn is_valid_at(&self, time: Timestamp) -> bool {
        self.read().not_before <= time && time <= self.read().not_after
    }

    /// Whether `issuer` fits as what signed this one: name, kind of key, key identifier, and issuer and serial number if given. Neither
    /// the signature nor the issuer's key usage is asked before the choice is made.
    fn fits(&self, issuer: &Self) -> bool {
        self.read().is_issued_by(issuer.read()) && self.read().signature.is_by_kind(issuer.read().key) && self.names(issuer)
    }

    /// Whether issuer and serial number in the authority key identifier, where there are any, are those of `issuer` (RFC 5280 §4.2.1.1).
    fn names(&self, issuer: &Self) -> bool {
        let identifier = self.link.der.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(identifier) => Some(identifier),
            _ => None,
        });
        let Some(identifier) = identifier else { return true };
        let its_serial = issuer.link.der.raw_serial();
        let directory = identifier.authority_cert_issuer.iter().flatten().find_map(|name| match name {
            GeneralName::DirectoryName(name) => Some(name.as_raw()),
            _ => None,
        });
        identifier.authority_cert_serial.is_none_or(|serial| serial == its_serial)
            && directory.is_none_or(|name| name == issuer.read().issuer_der)
    }
}

/// The path taken at `time`, leaf first.
fn take<'s, 'a>(leaf: &'s Sent<'a>, sent: &'s [Sent<'a>], time: Timestamp) -> Vec<&'s Sent<'a>> {
    let mut path = vec![leaf];
    while let Some(&head) = path.last()
        && head.root.is_none()
        && !head.read().is_self_issued()
        && path.len() < DEPTH
    {
        let is_new = |issuer: &&Sent<'_>| path.iter().all(|element| element.read().sha256 != issuer.read().sha256);
        let mut latest: Option<&Sent<'_>> = None;
        let mut valid = None;
        for issuer in sent.iter().filter(|issuer| head.fits(issuer)).filter(is_new) {
            if issuer.is_valid_at(time) {
                valid = Some(issuer);
                break;
            }
            if latest.is_none_or(|latest| issuer.read().not_after > latest.read().not_after) {
                latest = Some(issuer);
            }
        }
        let Some(next) = valid.or(latest) else { break };
        path.push(next);
    }
    path
}

/// Why a path fails, dates apart; `None` also where it is longer than paths are followed here.
fn problem(path: &[&Sent<'_>], sent: &[Sent<'_>]) -> Option<String> {
    let head = path.last()?;
    let name = |element: &Sent<'_>| element.read().name().to_owned();
    let Some(root) = head.root else {
        if path.len() >= DEPTH {
            return None;
        }
        if head.read().is_self_issued() {
            return Some(format!("\"{}\" is a root that senders do not have", name(head)));
        }
        let contradicted = sent.iter().find(|other| other.read().subject_der == head.read().issuer_der && !head.fits(other));
        return Some(match contradicted {
            Some(other) => format!("\"{}\" names another key, or issuer and serial number, than \"{}\" has", name(head), name(other)),
            None => format!("the issuer of \"{}\", \"{}\", is neither sent nor known as a root", name(head), head.read().issuer),
        });
    };
    let mut by_name = Vec::new();
    for (below, above) in path.iter().zip(path.iter().skip(1)) {
        let signed = signature::by(&below.link.der, below.read(), above.link.der.public_key().raw);
        if signed == Signed::No {
            return Some(format!("\"{}\" has not signed \"{}\"", name(above), name(below)));
        }
        by_name.push(signed == Signed::ByName);
    }
    let elements: Vec<&Certificate> = path.iter().map(|element| element.read()).collect();
    let refusal = objections::to(&elements, root, &by_name).into_iter().find(|refusal| !refusal.only_rustls)?;
    let whose = elements.iter().find(|element| Some(element.sha256) == refusal.certificate);
    Some(match whose {
        Some(element) => format!("\"{}\" {}", element.name(), refusal.detail),
        None => format!("its root {}", refusal.detail),
    })
}
