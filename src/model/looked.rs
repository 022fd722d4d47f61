//! One type for looking: seen, absent, or "could not look". Absent and unreachable are then the compiler's business.

use serde::{Deserialize, Serialize};

use crate::wire::name::Domain;

/// What came of looking for something in DNS, over HTTPS or over SMTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Looked<T> {
    /// It is there.
    Seen(T),
    /// An authoritative "no": it is not there.
    Absent(Absence),
    /// We could not look; nothing is known about it.
    Failed(Failure),
}

impl<T> Looked<T> {
    /// The value, if it was seen.
    pub fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(value) => Some(value),
            Self::Absent(_) | Self::Failed(_) => None,
        }
    }

    /// Why we could not look, if so.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Seen(_) | Self::Absent(_) => None,
        }
    }

    /// Whether it is known not to be there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent(_))
    }

    /// Turns the value, keeping the other two.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Looked<U> {
        match self {
            Self::Seen(value) => Looked::Seen(turn(value)),
            Self::Absent(absence) => Looked::Absent(absence),
            Self::Failed(failure) => Looked::Failed(failure),
        }
    }
}

/// How DNS said that something is not there (RFC 2308 §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Absence {
    /// Which of the two.
    pub kind: AbsenceKind,
    /// The CNAMEs that led to the missing name, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<Cname>,
}

/// NXDOMAIN and NODATA are different facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AbsenceKind {
    /// The name does not exist.
    NxDomain,
    /// The name exists and has no record of this type.
    NoData,
}

impl AbsenceKind {
    /// As DNS people write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NxDomain => "NXDOMAIN",
            Self::NoData => "NODATA",
        }
    }
}

/// Why we could not look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Failure {
    /// The kind, which rules judge by.
    pub kind: FailureKind,
    /// The words of the layer that failed; hostile text, escaped only when shown.
    pub detail: String,
}

impl Failure {
    /// A failure with its words.
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

/// The kinds of "could not look", over all protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// Nothing came within the deadline.
    Timeout,
    /// TCP connection refused (a reset to the SYN), or DNS REFUSED.
    Refused,
    /// Host or network unreachable, said by something on the way.
    Unreachable,
    /// This host has no route for the address family: nothing left this machine.
    NoRoute,
    /// The address family was switched off by the user.
    SwitchedOff,
    /// Private or local address that `--deny-private` refuses.
    Denied,
    /// The proxy on the way could not be reached, or would not connect: nothing of it is about the peer.
    Proxy,
    /// The run's own time for this was over before it was begun: nothing left this machine.
    OutOfTime,
    /// The peer closed the connection where a reply was due.
    Closed,
    /// The peer reset the connection.
    Reset,
    /// DNS SERVFAIL (bogus DNSSEC behind a validating resolver looks the same).
    ServFail,
    /// DNS answered with another error code or with nonsense.
    DnsError,
    /// The address turned another host's visit away (421, or closed before its greeting) and was left alone after that.
    TurnedAway,
    /// A fatal TLS alert from the peer; the detail names it.
    TlsAlert,
    /// The TLS handshake failed otherwise.
    Tls,
    /// The peer ended the TLS handshake after it had shown its certificate.
    TlsLate,
    /// The peer does not speak the protocol, or its reply breaks a cap.
    Protocol,
    /// A reply is larger than the cap.
    TooLarge,
    /// Anything else that the operating system said.
    Other,
}

impl FailureKind {
    /// Whether it says nothing about the peer: no answer came, or none was asked for.
    pub fn is_silence(self) -> bool {
        self.is_unasked() || matches!(self, Self::Timeout | Self::Unreachable)
    }

    /// Whether the peer was not asked at all: it was left out on purpose, or there is no way from here to anybody.
    pub fn is_unasked(self) -> bool {
        matches!(self, Self::NoRoute | Self::SwitchedOff | Self::Denied | Self::Proxy | Self::OutOfTime | Self::TurnedAway)
    }

    /// Whether a peer that was reached ended the TLS handshake itself, in whatever way: an answer to what was offered. Silence is none,
    /// nor is what failed before TLS.
    pub fn ends_handshake(self) -> bool {
        matches!(self, Self::TlsAlert | Self::TlsLate | Self::Tls | Self::Reset | Self::Closed | Self::Protocol)
    }
}

/// One CNAME on the way to an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cname {
    /// The alias.
    pub name: Domain,
    /// What it points to.
    pub target: Domain,
    /// Seconds.
    pub ttl: u32,
}

/// A DNS answer with what the verdict needs beside its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Answer<T> {
    /// The records' data.
    pub value: T,
    /// The lowest TTL over the answer and its CNAMEs, in seconds: how long a sender's resolver may hold it at the most.
    pub ttl: u32,
    /// The CNAMEs that were followed, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<Cname>,
}
