//! Facts about MX hosts: their addresses, and what a sender meets at port 25 of each.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::dane::DaneFacts;
use super::dns::AddressFacts;
use super::tls::TlsFacts;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::settings::ADDRESS_CAP;
use crate::wire::masking::{is_masked_greeting, masked_keywords};
use crate::wire::name::Domain;
use crate::wire::smtp::{Reply, starttls_offered};

/// One MX host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MxHost {
    /// Its name, which its certificate must carry.
    pub name: Domain,
    /// How it came to be probed.
    pub source: MxSource,
    /// The lowest preference it is listed with; `None` unless an MX record names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preference: Option<u16>,
    /// Its addresses.
    pub addresses: AddressFacts,
    /// One probe for each address, in the order of [`AddressFacts::all`].
    pub probes: Vec<Probe>,
    /// Its TLSA records (RFC 7672); `None` where they were not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dane: Option<DaneFacts>,
    /// How many addresses were left out because of the cap.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub addresses_left_out: usize,
}

impl MxHost {
    /// Its addresses, up to the cap, with which no dialogue was held as senders hold it.
    pub fn unprobed(&self) -> Vec<IpAddr> {
        let mut addresses = self.addresses.all();
        addresses.truncate(ADDRESS_CAP);
        addresses.retain(|address| !self.probes.iter().any(|probe| probe.address == *address && !probe.tls_first));
        addresses
    }
}

/// How a host came to be probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MxSource {
    /// An MX record.
    Record,
    /// No MX record: the domain itself (RFC 5321 §5.1).
    Implicit,
    /// `--host`: not necessarily in DNS as an MX yet.
    Asked,
}

/// One dialogue with one address, as far as it got. A step that was not reached is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The address.
    pub address: IpAddr,
    /// The port, 25 but in laboratories.
    pub port: u16,
    /// Whether TLS began with the connection, as at port 443: that says nothing about what a sender meets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tls_first: bool,
    /// When the dialogue began.
    pub at: Timestamp,
    /// The TCP connection; the value is the time it took, in milliseconds.
    pub connect: Looked<u64>,
    /// The greeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Looked<Reply>>,
    /// How long the greeting took after the connection, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting_ms: Option<u64>,
    /// The answer to EHLO.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ehlo: Option<Looked<Reply>>,
    /// The answer to STARTTLS; `None` also if it was not offered and so not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starttls: Option<Looked<Reply>>,
    /// The TLS handshake. A bad certificate is no failure here: it is judged by the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Looked<TlsFacts>>,
    /// Whether the server asked for a client certificate in that handshake; `None` where it was not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<bool>,
    /// The answer to EHLO inside TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ehlo_after: Option<Looked<Reply>>,
    /// What a hand-written, wider ClientHello met on a second connection; made only if the first handshake failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wide: Option<WideHello>,
    /// What a second connection met that asked for the key types that the first chain did not have; made only if the first handshake
    /// ended well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_key: Option<OtherKey>,
    /// `--deep`: a handshake without SNI (RFC 8461 §7.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_sni: Option<Looked<TlsFacts>>,
    /// `--deep`: whether what was sent in clear behind STARTTLS was answered inside TLS (CVE-2011-0411).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub injection: Option<Looked<Injection>>,
    /// `--repeat`: further handshakes like the first, for the servers behind a load balancer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeats: Vec<Repeat>,
}

impl Probe {
    /// A dialogue that got no further than the connection.
    pub fn begun(address: IpAddr, port: u16, at: Timestamp, connect: Looked<u64>) -> Self {
        Self {
            address,
            port,
            tls_first: false,
            at,
            connect,
            greeting: None,
            greeting_ms: None,
            ehlo: None,
            starttls: None,
            tls: None,
            client_certificate: None,
            ehlo_after: None,
            wide: None,
            other_key: None,
            without_sni: None,
            injection: None,
            repeats: Vec::new(),
        }
    }

    /// The handshake that served a certificate, from whichever connection.
    pub fn handshake(&self) -> Option<&TlsFacts> {
        self.tls.as_ref().and_then(Looked::seen).or_else(|| self.wide.as_ref().and_then(|wide| wide.outcome.seen()))
    }

    /// Every chain that a sender may be served here, each once: of the first handshake, of the other key type, of further servers
    /// behind the address. A handshake without SNI is none that a sender makes.
    pub fn chains(&self) -> Vec<&TlsFacts> {
        let other = self.other_key.as_ref().and_then(|other| other.outcome.seen());
        let repeats = self.repeats.iter().filter_map(|repeat| repeat.outcome.seen());
        let mut chains: Vec<&TlsFacts> = Vec::new();
        for tls in self.handshake().into_iter().chain(other).chain(repeats) {
            if !chains.iter().any(|known| known.chain == tls.chain) {
                chains.push(tls);
            }
        }
        chains
    }

    /// Whether it got as far as to tell something about TLS at this address: a handshake that was seen or refused, STARTTLS that is
    /// missing or rejected. Everything before that, and silence, is "could not look", whatever the server said.
    pub fn reached_verdict(&self) -> bool {
        match (&self.tls, &self.starttls) {
            (Some(Looked::Seen(_)), _) => true,
            (Some(Looked::Failed(failure)), _) => !failure.kind.is_silence(),
            (_, Some(Looked::Seen(reply))) => !matches!(reply.code, 220 | 421),
            (_, Some(Looked::Failed(failure))) => !failure.kind.is_silence(),
            _ => self.lacks_starttls(),
        }
    }

    /// Whether EHLO was answered without STARTTLS, and no firewall had a hand in it.
    fn lacks_starttls(&self) -> bool {
        let masked = self.greeting.as_ref().and_then(Looked::seen).is_some_and(is_masked_greeting);
        let answer = self.ehlo.as_ref().and_then(Looked::seen).filter(|answer| answer.code == 250 && !masked);
        answer.is_some_and(|answer| !starttls_offered(answer) && masked_keywords(answer).is_empty())
    }

    /// Whether nothing came back from this address: no connection, and no word of why.
    pub fn is_silent(&self) -> bool {
        use FailureKind::{Timeout, Unreachable};
        self.connect.failure().is_some_and(|failure| matches!(failure.kind, Timeout | Unreachable))
    }

    /// Whether this address was not asked at all; see [`crate::model::looked::FailureKind::is_unasked`].
    pub fn is_unasked(&self) -> bool {
        self.connect.failure().is_some_and(|failure| failure.kind.is_unasked())
    }

    /// How many handshakes were served just this chain.
    pub fn times_served(&self, tls: &TlsFacts) -> usize {
        let other = self.other_key.as_ref().and_then(|other| other.outcome.seen());
        let repeats = self.repeats.iter().filter_map(|repeat| repeat.outcome.seen());
        self.handshake().into_iter().chain(other).chain(repeats).filter(|served| served.chain == tls.chain).count()
    }

    /// The handshakes behind [`Probe::chains`], to be added to.
    pub fn chains_mut(&mut self) -> impl Iterator<Item = &mut TlsFacts> {
        let wide = self.wide.as_mut().map(|wide| &mut wide.outcome);
        let other = self.other_key.as_mut().map(|other| &mut other.outcome);
        let looked = self.tls.iter_mut().chain(wide).chain(other).chain(self.repeats.iter_mut().map(|repeat| &mut repeat.outcome));
        looked.filter_map(|looked| match looked {
            Looked::Seen(tls) => Some(tls),
            Looked::Absent(_) | Looked::Failed(_) => None,
        })
    }

    /// Whether everything that a sender needs was seen to work up to and including EHLO inside TLS; says nothing about the certificate.
    pub fn speaks_tls(&self) -> bool {
        self.ehlo_after.as_ref().and_then(Looked::seen).is_some_and(Reply::is_ok)
    }
}

/// The second connection: a ClientHello with old versions and wide suites, read in clear text up to the end of the server's flight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WideHello {
    /// What came: the version and suite that the server chose and its chain, or why not.
    pub outcome: Looked<TlsFacts>,
    /// The alert that answered, if one did (RFC 8446 §6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<u8>,
    /// The group that the server chose to exchange keys over, by its IANA name, where its flight named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A handshake that accepts only key types which the first chain did not have: how the second chain of a dual server is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherKey {
    /// The key types asked for, as [`crate::wire::certificate::Key::kind`] names them.
    pub asked: Vec<String>,
    /// What came. A refusal of the handshake means that there is no such chain; see [`OtherKey::is_none_there`].
    pub outcome: Looked<TlsFacts>,
}

impl OtherKey {
    /// Whether the server answered that it has no chain with such a key. A failure before TLS, or silence, says nothing.
    pub fn is_none_there(&self) -> bool {
        use FailureKind::{Closed, Protocol, Reset, Tls, TlsAlert, TlsLate};
        let refused = |kind| matches!(kind, TlsAlert | TlsLate | Tls | Reset | Closed | Protocol);
        self.outcome.failure().is_some_and(|failure| refused(failure.kind))
    }

    /// Why it is not known whether there is such a chain, if so.
    pub fn unanswered(&self) -> Option<&Failure> {
        self.outcome.failure().filter(|_| !self.is_none_there())
    }
}

/// What became of a command sent in clear in one piece with STARTTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Injection {
    /// It was answered inside TLS: the server executes what anybody on the way can put in.
    Executed,
    /// It was not.
    Discarded,
}

/// A handshake like the first, later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// When it began.
    pub at: Timestamp,
    /// What came.
    pub outcome: Looked<TlsFacts>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_means_no_such_chain_and_silence_means_nothing() {
        let other = |kind| OtherKey { asked: vec!["rsa".into()], outcome: Looked::Failed(Failure::new(kind, "words")) };
        for kind in [FailureKind::TlsAlert, FailureKind::Tls, FailureKind::Reset, FailureKind::Closed] {
            assert!(other(kind).is_none_there() && other(kind).unanswered().is_none(), "{kind:?}");
        }
        for kind in [FailureKind::Timeout, FailureKind::Other, FailureKind::Refused, FailureKind::OutOfTime] {
            assert!(!other(kind).is_none_there() && other(kind).unanswered().is_some(), "{kind:?}");
        }
    }

    #[test]
    fn probes_of_earlier_versions_are_still_read() {
        let text = r#"{"address": "192.0.2.1", "port": 25, "at": "2026-11-22T12:00:00Z", "connect": {"seen": 3}}"#;
        let probe: Probe = serde_json::from_str(text).expect("a probe");
        assert!(probe.client_certificate.is_none() && probe.other_key.is_none() && probe.repeats.is_empty());
        assert_eq!(serde_json::to_value(&probe).expect("JSON"), serde_json::from_str::<serde_json::Value>(text).expect("JSON"));
    }
}
