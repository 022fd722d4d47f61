//! Facts about the policy: its TXT record, its host, its bytes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::dns::{AddressFacts, TxtFacts};
use super::tls::TlsFacts;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// Everything seen of a domain's MTA-STS policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PolicyFacts {
    /// `_mta-sts.DOMAIN`.
    pub txt: TxtFacts,
    /// `mta-sts.DOMAIN`.
    pub host: Domain,
    /// Its addresses.
    pub addresses: AddressFacts,
    /// How many of its addresses were left out because of the cap.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub addresses_left_out: usize,
    /// One fetch for each address, in the order of [`AddressFacts::all`].
    pub fetches: Vec<Fetch>,
    /// The same fetch from one address by other user agents, to see whether a bot protection treats senders differently.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_agent: Vec<Fetch>,
    /// A draft that is judged in place of what is served (`--file`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
    /// Whether the domains of patterns that match no live MX exist: an unregistered one could be taken by an attacker.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pattern_domains: BTreeMap<Domain, Looked<()>>,
    /// Another policy host that answered over HTTPS in the same run: then a host that does not is not behind a blocked port here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub https_witness: Option<Domain>,
}

/// A policy file that is not published yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Draft {
    /// The file's name as given; `-` is standard input.
    pub file: String,
    /// Its content.
    pub body: Body,
}

/// One GET of the policy from one address, as a sender does it (RFC 8461 §3.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fetch {
    /// The address asked; the unspecified one where a proxy was given the name and chose for itself.
    pub address: IpAddr,
    /// When the answer was complete.
    pub at: Timestamp,
    /// The `User-Agent` sent.
    pub agent: String,
    /// From the start of the TCP connection to the last byte, in milliseconds.
    pub elapsed_ms: u64,
    /// The TCP connection; the value is the time it took, in milliseconds.
    pub connect: Looked<u64>,
    /// The TLS handshake; `None` if the connection failed. A bad certificate is no failure here: it is judged, and the body still fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Looked<TlsFacts>>,
    /// The answer; `None` if the handshake failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Looked<Response>>,
}

impl Fetch {
    /// The place that was asked, as messages name it behind the host.
    pub fn place(&self) -> String {
        place(self.address)
    }

    /// Whether the host had a say in it that counts: an answer, a certificate, or a refusal. Silence, and what was cut off, is none.
    pub fn reached_verdict(&self) -> bool {
        let refused = |failure: &Failure| !failure.kind.is_silence() && failure.kind != FailureKind::Other;
        let by_connection = self.connect.failure().is_some_and(refused);
        let by_handshake = self.tls.as_ref().is_some_and(|tls| tls.failure().is_none_or(|failure| !failure.kind.is_silence()));
        by_connection || by_handshake || self.response.as_ref().is_some_and(|response| response.failure().is_none_or(refused))
    }

    /// The answer, if there was one.
    pub fn answered(&self) -> Option<&Response> {
        self.response.as_ref().and_then(Looked::seen)
    }

    /// The handshake, if there was one.
    pub fn handshake(&self) -> Option<&TlsFacts> {
        self.tls.as_ref().and_then(Looked::seen)
    }
}

/// What an address of [`Fetch`] is called: nobody knows where a proxy went.
pub fn place(address: IpAddr) -> String {
    if address.is_unspecified() { "(by the proxy)".to_owned() } else { address.to_string() }
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// `Content-Type`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `Location`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// `Date`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// `Age`, as sent: how many seconds a cache has held the answer (RFC 9111 §5.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<String>,
    /// `Server`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The body, up to the cap.
    pub body: Body,
    /// Whether the body went on after the cap of 64 KiB (RFC 8461 §3.3).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub too_large: bool,
}

/// Bytes of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Body {
    /// As text; bytes that are not UTF-8 are replaced by U+FFFD.
    pub text: String,
    /// Of the bytes as they came.
    pub sha256: Fingerprint,
    /// Whether the bytes were UTF-8.
    pub utf8: bool,
}

impl Body {
    /// Takes bytes as they came.
    pub fn new(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        Self { utf8: matches!(text, std::borrow::Cow::Borrowed(_)), sha256: Fingerprint::of(bytes), text: text.into_owned() }
    }
}
