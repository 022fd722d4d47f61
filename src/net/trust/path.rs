//! The best path of a chain to a set of roots, whatever the date is.
//!
//! The path builder that senders use wants to know the time, and says "expired" before anything else. So it is asked at every
//! instant at which the answer can change, from the latest to the earliest: the first path found is the one that lasts longest.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};

use super::{objections, walk};
use crate::model::facts::tls::{Path, Refusal, RefusalKind};
use crate::net::tls::provider;
use crate::wire::certificate::{Certificate, distinguished_name};
use crate::wire::fingerprint::Fingerprint;

/// Certificates beside the leaf that are looked at. Real chains have up to four.
const REST_CAP: usize = 15;
/// Of one subject: cross-signs are real, but every one multiplies the paths that a hostile chain can ask for.
const SAME_SUBJECT_CAP: usize = 3;

/// Beside the best, so many paths are kept.
const ALTERNATIVES: usize = 3;

/// What was found.
pub(super) struct Found {
    /// The path that senders accept and that lasts longest; else the one against which least is to be said, with the reasons.
    pub(super) path: Path,
    /// Others that senders accept, where the best begins later than the leaf does.
    pub(super) alternatives: Vec<Path>,
}

impl From<Path> for Found {
    fn from(path: Path) -> Self {
        Self { path, alternatives: Vec::new() }
    }
}

/// A served certificate that could be read.
pub(super) struct Element<'a> {
    pub(super) der: &'a [u8],
    pub(super) read: Certificate,
}

/// The best path, or the path builder's words for why there is none.
pub(super) fn best(chain: &[Vec<u8>], anchors: &[TrustAnchor<'static>]) -> Result<Found, String> {
    let (first, rest) = chain.split_first().ok_or("no certificate was sent")?;
    let leaf = Certificate::parse(first).map(|read| Element { der: first, read }).map_err(|error| error.to_string())?;
    let rest = usable(&leaf.read, rest);
    let problem = match at_some_instant(&leaf, &rest.iter().collect::<Vec<_>>(), anchors) {
        Ok(found) if found.path.refused.is_empty() => return Ok(found),
        Ok(found) => return Ok(unless_better(found.path, &leaf, &rest, anchors).into()),
        Err(problem) => problem,
    };
    if is_exhausted(&problem) {
        return Err(words(&problem));
    }
    let found = walk::best(&leaf, &rest, anchors).ok_or_else(|| words(&problem_without_path(&problem)))?;
    Ok(if found.objections().next().is_none() { as_senders_see_it(found, &leaf, &rest, anchors) } else { found }.into())
}

/// A path that the builder of some senders accepts and that others refuse, unless there is another one beside it.
fn unless_better(path: Path, leaf: &Element<'_>, rest: &[Element<'_>], anchors: &[TrustAnchor<'static>]) -> Path {
    let other = walk::best(leaf, rest, anchors).filter(|other| other.objections().next().is_none());
    let other = other.map(|other| as_senders_see_it(other, leaf, rest, anchors));
    other.filter(|other| other.objections().next().is_none()).unwrap_or(path)
}

/// Asks the path builder about a path against which nothing was found but what only it objects to. Its dates are judged elsewhere, and a
/// leaf that is marked as a CA is accepted by senders with OpenSSL; whatever else it says stands.
fn as_senders_see_it(mut path: Path, leaf: &Element<'_>, rest: &[Element<'_>], anchors: &[TrustAnchor<'static>]) -> Path {
    let above: Vec<&Element<'_>> = rest.iter().filter(|element| path.certificates.contains(&element.read.sha256)).collect();
    match at_some_instant(leaf, &above, anchors) {
        Ok(_) | Err(Error::CaUsedAsEndEntity | Error::CertExpired { .. } | Error::CertNotValidYet { .. } | Error::InvalidCertValidity) => {}
        Err(problem) => {
            let refusal = refusal(&problem);
            // What is known of an element already is not told again of the whole.
            if path.refused.iter().all(|known| known.kind != refusal.kind) {
                path.refused.push(refusal);
            }
        }
    }
    path
}

/// Where names and keys lead nowhere, dates and uses are not the reason, though the builder may have met them first.
fn problem_without_path(problem: &Error) -> Error {
    match problem {
        Error::CaUsedAsEndEntity
        | Error::CertExpired { .. }
        | Error::CertNotValidYet { .. }
        | Error::InvalidCertValidity
        | Error::RequiredEkuNotFoundContext(_)
        | Error::EmptyEkuExtension
        | Error::EndEntityUsedAsCa
        | Error::UnsupportedCriticalExtension => Error::UnknownIssuer,
        other => other.clone(),
    }
}

fn is_exhausted(problem: &Error) -> bool {
    matches!(
        problem,
        Error::MaximumSignatureChecksExceeded | Error::MaximumPathBuildCallsExceeded | Error::MaximumNameConstraintComparisonsExceeded
    )
}

/// The builder's objection to a path as a whole.
fn refusal(problem: &Error) -> Refusal {
    let kind = match problem {
        Error::NameConstraintViolation => RefusalKind::NameConstraint,
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => RefusalKind::ExtendedKeyUsage,
        Error::PathLenConstraintViolated => RefusalKind::PathLength,
        Error::EndEntityUsedAsCa => RefusalKind::NotACa,
        Error::UnsupportedCriticalExtension => RefusalKind::CriticalExtension,
        _ => RefusalKind::Other,
    };
    Refusal { kind, certificate: None, detail: words(problem), only_rustls: false }
}

/// Why there is no path, for people; `UnknownIssuer` keeps its name, as it stands for three faults that only the chain tells apart.
fn words(problem: &Error) -> String {
    let plain = match problem {
        Error::UnknownIssuer => "UnknownIssuer",
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => {
            "the extended key usage of a certificate in the chain does not allow TLS servers"
        }
        Error::UnsupportedSignatureAlgorithmContext(_) | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            "a signature in the chain is of a kind that senders do not accept"
        }
        Error::InvalidSignatureForPublicKey => "a signature in the chain is not by the key of its issuer",
        Error::NameConstraintViolation => "the name constraints of a CA in the chain forbid its names",
        Error::PathLenConstraintViolated => "the chain is longer than a CA in it allows",
        Error::EndEntityUsedAsCa => "a certificate in the chain that is no CA has signed another",
        Error::UnsupportedCriticalExtension => "a certificate in the chain has a critical extension that senders do not know",
        Error::UnsupportedCertVersion => "a certificate in the chain is no version 3 certificate",
        Error::InvalidCertValidity => "the validity of a certificate in the chain ends before it begins",
        Error::MaximumSignatureChecksExceeded | Error::MaximumPathBuildCallsExceeded | Error::MaximumNameConstraintComparisonsExceeded => {
            "the chain is too tangled to be followed"
        }
        other => return format!("a certificate in the chain is refused as {other}"),
    };
    plain.to_owned()
}

/// Puts a path down as a fact.
pub(super) fn describe(elements: &[&Certificate], root: &TrustAnchor<'_>) -> Option<Path> {
    Some(Path {
        certificates: elements.iter().map(|read| read.sha256).collect(),
        root: distinguished_name(&root.subject),
        not_before: elements.iter().map(|read| read.not_before).max()?,
        not_after: elements.iter().map(|read| read.not_after).min()?,
        refused: Vec::new(),
    })
}

/// What may stand above the leaf: its ancestors by their names, each once, in the order sent, and capped. Strangers among what was sent
/// (a whole bundle of CAs, at times) take no place from them.
fn usable<'a>(leaf: &Certificate, rest: &'a [Vec<u8>]) -> Vec<Element<'a>> {
    let mut seen = HashSet::new();
    let read = rest.iter().filter_map(|der| Certificate::parse(der).ok().map(|read| Element { der, read }));
    let all: Vec<Element<'_>> = read.filter(|element| seen.insert(element.read.sha256)).collect();
    let mut ancestors: HashSet<&[u8]> = HashSet::from([leaf.issuer_der.as_slice()]);
    loop {
        let known = ancestors.len();
        let above = all.iter().filter(|element| ancestors.contains(element.read.subject_der.as_slice()));
        let names: Vec<&[u8]> = above.map(|element| element.read.issuer_der.as_slice()).collect();
        ancestors.extend(names);
        if ancestors.len() == known {
            break;
        }
    }
    let ancestors: HashSet<Vec<u8>> = ancestors.into_iter().map(<[u8]>::to_vec).collect();
    let mut subjects: HashMap<Vec<u8>, usize> = HashMap::new();
    all.into_iter()
        .filter(|element| ancestors.contains(&element.read.subject_der))
        .filter(|element| {
            let count = subjects.entry(element.read.subject_der.clone()).or_default();
            *count += 1;
            *count <= SAME_SUBJECT_CAP
        })
        .take(REST_CAP)
        .collect()
}

fn at_some_instant(leaf: &Element<'_>, rest: &[&Element<'_>], anchors: &[TrustAnchor<'static>]) -> Result<Found, Error> {
    let der = CertificateDer::from(leaf.der);
    let end_entity = EndEntityCert::try_from(&der)?;
    let intermediates: Vec<_> = rest.iter().map(|element| CertificateDer::from(element.der)).collect();
    let algorithms = provider().signature_verification_algorithms.all;
    let mut problem = Error::InvalidCertValidity;
    let mut best: Option<Found> = None;
    for instant in instants(leaf, rest) {
        let built = end_entity.verify_for_usage(algorithms, anchors, &intermediates, instant, KeyUsage::server_auth(), None, None);
        let path = match built {
            Ok(path) => path,
            // A chain made to exhaust the builder does so at every instant.
            Err(error) if is_exhausted(&error) && best.is_none() => return Err(error),
            Err(error) => {
                problem = error;
                continue;
            }
        };
        let above = path.intermediate_certificates().map(|certificate| Fingerprint::of(&certificate.der()));
        let above = above.filter_map(|print| rest.iter().copied().find(|element| element.read.sha256 == print));
        let elements: Vec<&Certificate> = std::iter::once(leaf).chain(above).map(|element| &element.read).collect();
        let mut path_found = describe(&elements, path.anchor()).ok_or(Error::UnknownIssuer)?;
        path_found.refused = objections::to(&elements, path.anchor(), &[]);
        let since = path_found.not_before;
        match &mut best {
            None => best = Some(path_found.into()),
            Some(best) if path_found.refused.is_empty() && best.path != path_found && !best.alternatives.contains(&path_found) => {
                best.alternatives.push(path_found);
            }
            Some(_) => {}
        }
        // A path that begins with the leaf leaves no time for another.
        if since <= leaf.read.not_before || best.as_ref().is_some_and(|best| best.alternatives.len() == ALTERNATIVES) {
            break;
        }
    }
    best.ok_or(problem)
}

/// The ends and beginnings of all elements inside the leaf's own validity, latest first. The set of valid paths changes nowhere else.
fn instants(leaf: &Element<'_>, rest: &[&Element<'_>]) -> Vec<UnixTime> {
    let validity = leaf.read.not_before..=leaf.read.not_after;
    let elements = std::iter::once(leaf).chain(rest.iter().copied());
    let mut instants: Vec<Timestamp> =
        elements.flat_map(|element| [element.read.not_before, element.read.not_after]).filter(|time| validity.contains(time)).collect();
    instants.sort_unstable();
    instants.dedup();
    let seconds = instants.into_iter().rev().filter_map(|time| u64::try_from(time.as_second()).ok());
    seconds.map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds))).collect()
}
