//! Facts out of TLS: what a server served, and whom that chain leads to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::wire::fingerprint::Fingerprint;

/// A TLS handshake that reached the server's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// The candidate paths of a chain, judged apart from its names and from today's date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    /// The best path to a root that senders trust (the roots of the vantage), ignoring whether it is valid today.
    pub public: Option<Path>,
    /// The best path to a CA that only the operator (`--ca-file`) or this machine's store vouches for; looked for when `public` is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<PrivatePath>,
    /// The path builder's words when there is no public path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A path from the leaf to a trust anchor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// Leaf first, the anchor left out.
    pub certificates: Vec<Fingerprint>,
    /// The anchor's subject.
    pub root: String,
    /// The latest `notBefore` over its elements.
    pub not_before: Timestamp,
    /// The earliest `notAfter` over its elements: the first date on which the path fails.
    pub not_after: Timestamp,
}

/// A path that public senders do not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivatePath {
    /// Who vouches.
    pub by: PrivateCa,
    /// The path.
    #[serde(flatten)]
    pub path: Path,
}

/// Who vouches for a private CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrivateCa {
    /// The operator's `--ca-file`.
    CaFile,
    /// Only the store of the system that the tool runs on.
    System,
}
