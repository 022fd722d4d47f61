//! Paths that the senders' path builder cannot find: through elements that were never valid together (a renewed leaf behind an
//! intermediate that had ended before), and from a leaf that is marked as a CA, which OpenSSL-based senders accept.
//!
//! Signatures, names, basic constraints and extended key usage are checked as there; whatever has name constraints is left alone.

use rustls_pki_types::{SubjectPublicKeyInfoDer, TrustAnchor};
use webpki::RawPublicKeyEntity;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::path::{Element, describe};
use crate::model::facts::tls::Path;
use crate::net::tls::provider;
use crate::wire::certificate::{Certificate, sequence};
use crate::wire::fingerprint::Fingerprint;

/// Certificates in a path.
const DEPTH: usize = 7;
/// Signature checks, over all paths of one chain.
const CHECKS: usize = 100;

/// The path with the latest end, if there is any.
pub(super) fn longest(leaf: &Element<'_>, rest: &[Element<'_>], anchors: &[TrustAnchor<'static>]) -> Option<Path> {
    let leaf = Link::read(leaf)?;
    let rest: Vec<Link<'_>> = rest.iter().filter_map(Link::read).collect();
    let mut walk = Walk { rest: &rest, anchors, checks: CHECKS, best: None };
    walk.from(&mut vec![&leaf]);
    walk.best
}

/// A certificate that may stand in a path: usable for servers, without name constraints.
struct Link<'a> {
    der: X509Certificate<'a>,
    print: Fingerprint,
    read: &'a Certificate,
    /// How many CAs may stand below it (RFC 5280 §4.2.1.9); `None`: any number.
    below: Option<usize>,
}

impl<'a> Link<'a> {
    fn read(element: &'a Element<'_>) -> Option<Self> {
        let (_, der) = X509Certificate::from_der(element.der).ok()?;
        let for_servers = der.extended_key_usage().ok()?.is_none_or(|usage| usage.value.any || usage.value.server_auth);
        let unconstrained = der.name_constraints().ok()?.is_none();
        let below = der.basic_constraints().ok()?.and_then(|constraints| constraints.value.path_len_constraint);
        let below = below.and_then(|below| usize::try_from(below).ok());
        (for_servers && unconstrained).then_some(Self { der, print: element.read.sha256, read: &element.read, below })
    }
}

struct Walk<'a> {
    rest: &'a [Link<'a>],
    anchors: &'a [TrustAnchor<'static>],
    checks: usize,
    best: Option<Path>,
}

impl<'a> Walk<'a> {
    fn from(&mut self, path: &mut Vec<&'a Link<'a>>) {
        let Some(&head) = path.last() else { return };
        for anchor in self.anchors {
            if anchor.name_constraints.is_none()
                && sequence(&anchor.subject) == head.read.issuer_der
                && self.is_signed(head, &sequence(&anchor.subject_public_key_info))
            {
                let elements: Vec<_> = path.iter().map(|link| (link.print, link.read)).collect();
                let found = describe(&elements, anchor);
                if found.as_ref().map(|path| path.not_after) > self.best.as_ref().map(|path| path.not_after) {
                    self.best = found;
                }
            }
        }
        if path.len() >= DEPTH {
            return;
        }
        for issuer in self.rest {
            let cas_below = path.len() - 1;
            if issuer.read.is_ca
                && issuer.below.is_none_or(|most| cas_below <= most)
                && issuer.read.subject_der == head.read.issuer_der
                && path.iter().all(|link| link.print != issuer.print)
                && self.is_signed(head, issuer.der.public_key().raw)
            {
                path.push(issuer);
                self.from(path);
                path.pop();
            }
        }
    }

    fn is_signed(&mut self, link: &Link<'_>, key: &[u8]) -> bool {
        let Some(left) = self.checks.checked_sub(1) else { return false };
        self.checks = left;
        let key = SubjectPublicKeyInfoDer::from(key);
        let Ok(key) = RawPublicKeyEntity::try_from(&key) else { return false };
        let (message, signature) = (link.der.tbs_certificate.as_ref(), link.der.signature_value.as_ref());
        let algorithms = provider().signature_verification_algorithms.all;
        algorithms.iter().any(|algorithm| key.verify_signature(*algorithm, message, signature).is_ok())
    }
}
