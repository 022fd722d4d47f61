//! Facts out of TLS: what a server served, and whom that chain leads to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::looked::Looked;
use crate::wire::fingerprint::Fingerprint;

/// A TLS handshake that reached the server's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TlsFacts {
    /// `TLSv1.3`, `TLSv1.2`, `TLSv1.1`, `TLSv1.0` or `SSLv3`.
    pub version: String,
    /// The cipher suite's IANA name.
    pub suite: String,
    /// The certificates in the order served, leaf first if the server is right; DER in [`super::Facts::certificates`].
    pub chain: Vec<Fingerprint>,
    /// Whom the chain leads to.
    pub trust: Trust,
    /// Whether a stapled OCSP response came (RFC 6066 §8); `None` where none was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stapled: Option<bool>,
    /// What is wrong with the server's handshake signature, if anything; `None` also where no signature was checked (hand-made hello).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_problem: Option<String>,
    /// `--fetch-intermediates`: what the certificates name as their issuers' places held; only for chains without a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<Box<Fetched>>,
}

/// The candidate paths of a chain, judged apart from its names and from today's date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Trust {
    /// The best path to a root that senders trust (the roots of the vantage), ignoring whether it is valid today.
    pub public: Option<Path>,
    /// Other such paths, where [`Trust::public`] begins later than the leaf: one of them may be the only one that is valid at some time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Path>,
    /// The best path to a CA that only the operator (`--ca-file`) or this machine's store vouches for; looked for when `public` is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<PrivatePath>,
    /// The best path to such a root by names and keys that senders' path builders nevertheless refuse; [`Path::refused`] says why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Box<Path>>,
    /// The path builder's words when there is no public path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// When senders that keep the first issuer that fits fail, though [`Trust::public`] is there; in order, without overlap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first_fits: Vec<FirstFit>,
}

impl Trust {
    /// A path to a public root, which senders accept or refuse.
    pub fn public(path: Path) -> Self {
        let problem = path.objections().next().map(|refusal| refusal.detail.clone());
        let (public, refused) = if problem.is_none() { (Some(path), None) } else { (None, Some(Box::new(path))) };
        Self { public, alternatives: Vec::new(), private: None, refused, problem, first_fits: Vec::new() }
    }

    /// No path, for this reason.
    pub fn none(problem: impl Into<String>) -> Self {
        Self { public: None, alternatives: Vec::new(), private: None, refused: None, problem: Some(problem.into()), first_fits: Vec::new() }
    }

    /// The path that is judged: to a public root, whether accepted or refused, else to a private CA.
    pub fn path(&self) -> Option<&Path> {
        self.public.as_ref().or(self.refused.as_deref()).or(self.private.as_ref().map(|private| &private.path))
    }

    /// The same as of a time: of several paths that senders accept, one that is valid then.
    pub fn path_at(&self, now: Timestamp) -> Option<&Path> {
        let is_valid = |path: &&Path| path.not_before <= now && now <= path.not_after;
        self.public.iter().chain(&self.alternatives).find(is_valid).or_else(|| self.path())
    }

    /// The path that fails at that time at senders that never go back, where they could have had another.
    pub fn first_fit_at(&self, now: Timestamp) -> Option<&FirstFit> {
        let mut accepted = self.public.iter().chain(&self.alternatives);
        let can_do_better = accepted.any(|path| path.not_before <= now && now <= path.not_after);
        self.first_fits.iter().find(|fit| can_do_better && fit.since <= now && now < fit.until)
    }
}

/// A path as OpenSSL builds it, from the first issuers that fit, that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FirstFit {
    /// From then on it is taken.
    pub since: Timestamp,
    /// From then on no more.
    pub until: Timestamp,
    /// Leaf first, as far as it goes.
    pub certificates: Vec<Fingerprint>,
    /// Why it fails: a fragment that names its certificate.
    pub problem: String,
}

/// A path from the leaf to a trust anchor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Path {
    /// Leaf first, the anchor left out.
    pub certificates: Vec<Fingerprint>,
    /// The anchor's subject.
    pub root: String,
    /// The latest `notBefore` over its elements.
    pub not_before: Timestamp,
    /// The earliest `notAfter` over its elements: the first date on which the path fails.
    pub not_after: Timestamp,
    /// Why the path builders of senders refuse it, leaf first; a path that they accept has at most what only rustls refuses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
}

impl Path {
    /// The reasons for which senders refuse it that do not use rustls.
    pub fn objections(&self) -> impl Iterator<Item = &Refusal> {
        self.refused.iter().filter(|refusal| !refusal.only_rustls)
    }
}

/// One reason why a path is refused, at one of its elements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Refusal {
    /// Which sort of reason.
    pub kind: RefusalKind,
    /// The element; `None` is the root, or the path as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Fingerprint>,
    /// What is wrong with it, in words that go on from its name.
    pub detail: String,
    /// Whether senders with OpenSSL and GnuTLS do not mind: the path then counts as accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_rustls: bool,
}

/// The sorts of reasons for which a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// A key that is too small, or of a kind that nobody uses any more.
    WeakKey,
    /// A signature that rests on SHA-1 or older.
    SignatureAlgorithm,
    /// A CA above may not stand for a name (RFC 5280 §4.2.1.10).
    NameConstraint,
    /// Key usage (RFC 5280 §4.2.1.3).
    KeyUsage,
    /// Extended key usage (RFC 5280 §4.2.1.12).
    ExtendedKeyUsage,
    /// More CAs below than one allows (RFC 5280 §4.2.1.9).
    PathLength,
    /// What is no CA has signed another certificate (RFC 5280 §4.2.1.9).
    NotACa,
    /// A critical extension that senders do not know (RFC 5280 §4.2).
    CriticalExtension,
    /// Anything else that the path builder said, or that a later version knows.
    #[serde(other)]
    Other,
}

/// What was fetched to complete a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fetched {
    /// Each place that was asked, in order.
    pub steps: Vec<FetchedIssuer>,
    /// Whom the chain leads to with what came.
    pub trust: Trust,
}

/// One place that a certificate names for its issuer's certificate (caIssuers, RFC 5280 §4.2.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FetchedIssuer {
    /// As the certificate names it.
    pub url: String,
    /// The certificate that was there; DER in [`super::Facts::certificates`].
    pub outcome: Looked<Fingerprint>,
}

/// A path that public senders do not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PrivatePath {
    /// Who vouches.
    pub by: PrivateCa,
    /// The path.
    #[serde(flatten)]
    pub path: Path,
}

/// Who vouches for a private CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PrivateCa {
    /// The operator's `--ca-file`.
    CaFile,
    /// Only the store of the system that the tool runs on.
    System,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_later_versions_and_facts_of_earlier_ones_are_read() {
        let refusal: Refusal = serde_json::from_str(r#"{"kind": "not-thought-of-yet", "detail": "is odd"}"#).unwrap();
        assert_eq!((refusal.kind, refusal.certificate), (RefusalKind::Other, None));
        let known: Refusal = serde_json::from_str(r#"{"kind": "not-a-ca", "detail": "is no CA"}"#).unwrap();
        assert_eq!(known.kind, RefusalKind::NotACa);
        let trust: Trust = serde_json::from_str(r#"{"public": null, "problem": "UnknownIssuer"}"#).unwrap();
        assert_eq!(trust, Trust::none("UnknownIssuer"));
        assert_eq!(serde_json::to_string(&trust).unwrap(), r#"{"public":null,"problem":"UnknownIssuer"}"#);
    }

    #[test]
    fn a_path_that_is_valid_at_the_time_comes_before_one_that_lasts_longer() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let path = |from: &str, to: &str| Path {
            certificates: Vec::new(),
            root: from.to_owned(),
            not_before: time(from),
            not_after: time(to),
            refused: Vec::new(),
        };
        let (early, late) = (path("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"), path("2026-03-01T00:00:00Z", "2026-12-01T00:00:00Z"));
        let trust = Trust { alternatives: vec![early.clone()], ..Trust::public(late.clone()) };
        for (at, expected) in [
            ("2026-02-01T00:00:00Z", &early),
            ("2026-04-01T00:00:00Z", &late),
            ("2026-07-01T00:00:00Z", &late),
            ("2027-01-01T00:00:00Z", &late),
        ] {
            assert_eq!(trust.path_at(time(at)), Some(expected), "{at}");
        }
    }
}
