//! Paths by names and keys alone: what the senders' path builder refuses, or cannot find, is found here, so that the fault is seen at
//! the element that has it, and not as an unknown issuer.
//!
//! Dates are left alone; every other reason against a path is put down with it ([`super::objections`]). Whether senders accept what
//! has none is asked of their path builder by [`super::path`]: nothing is trusted for having been found here.

use rustls_pki_types::TrustAnchor;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::objections;
use super::path::{Element, describe};
use super::signature::{self, Signed};
use crate::model::facts::tls::Path;
use crate::wire::certificate::{Certificate, sequence};

/// Certificates in a path.
pub(super) const DEPTH: usize = 7;
/// Signature checks, over all paths of one chain.
const CHECKS: usize = 100;

/// The path against which least is to be said; of several, the one that lasts longest.
pub(super) fn best(leaf: &Element<'_>, rest: &[Element<'_>], anchors: &[TrustAnchor<'static>]) -> Option<Path> {
    let leaf = Link::read(leaf)?;
    let rest: Vec<Link<'_>> = rest.iter().filter_map(Link::read).collect();
    let mut walk = Walk { rest: &rest, anchors, checks: CHECKS, best: None };
    walk.from(&mut vec![&leaf], &mut Vec::new());
    walk.best
}

/// A certificate that may stand in a path.
pub(super) struct Link<'a> {
    pub(super) der: X509Certificate<'a>,
    pub(super) read: &'a Certificate,
}

impl<'a> Link<'a> {
    pub(super) fn read(element: &'a Element<'_>) -> Option<Self> {
        let (_, der) = X509Certificate::from_der(element.der).ok()?;
        Some(Self { der, read: &element.read })
    }
}

struct Walk<'a> {
    rest: &'a [Link<'a>],
    anchors: &'a [TrustAnchor<'static>],
    checks: usize,
    best: Option<Path>,
}

impl<'a> Walk<'a> {
    /// Goes on from the last of `path`; `by_name` says for each below it whether its signature could not be verified.
    fn from(&mut self, path: &mut Vec<&'a Link<'a>>, by_name: &mut Vec<bool>) {
        let Some(&head) = path.last() else { return };
        for anchor in self.anchors {
            if sequence(&anchor.subject) != head.read.issuer_der {
                continue;
            }
            let signed = self.signed(head, &sequence(&anchor.subject_public_key_info));
            if signed != Signed::No {
                by_name.push(signed == Signed::ByName);
                self.offer(path, by_name, anchor);
                by_name.pop();
            }
        }
        if path.len() >= DEPTH {
            return;
        }
        for issuer in self.rest {
            if head.read.issuer_der != issuer.read.subject_der || path.iter().any(|link| link.read.sha256 == issuer.read.sha256) {
                continue;
            }
            let signed = self.signed(head, issuer.der.public_key().raw);
            // Key identifiers are hints, and some CAs give wrong ones; without a signature they are all there is.
            if signed == Signed::Yes || (signed == Signed::ByName && head.read.is_issued_by(issuer.read)) {
                path.push(issuer);
                by_name.push(signed == Signed::ByName);
                self.from(path, by_name);
                by_name.pop();
                path.pop();
            }
        }
    }

    fn offer(&mut self, path: &[&'a Link<'a>], by_name: &[bool], anchor: &TrustAnchor<'_>) {
        let elements: Vec<&Certificate> = path.iter().map(|link| link.read).collect();
        let Some(mut found) = describe(&elements, anchor) else { return };
        found.refused = objections::to(&elements, anchor, by_name);
        // What was taken by name is weak, and so has its objection; should that ever fail, it must not pass for a path.
        if found.refused.is_empty() && by_name.contains(&true) {
            return;
        }
        let rank = |path: &Path| (std::cmp::Reverse((path.objections().count(), path.refused.len())), path.not_after);
        if self.best.as_ref().is_none_or(|best| rank(&found) > rank(best)) {
            self.best = Some(found);
        }
    }

    fn signed(&mut self, link: &Link<'_>, key: &[u8]) -> Signed {
        let Some(left) = self.checks.checked_sub(1) else { return Signed::No };
        self.checks = left;
        signature::by(&link.der, link.read, key)
    }
}
