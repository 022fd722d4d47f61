//! Facts about MX hosts: their addresses, and what a sender meets at port 25 of each.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::dane::DaneFacts;
use super::dns::AddressFacts;
use super::tls::TlsFacts;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::settings::ADDRESS_CAP;
use crate::wire::hello::alert_name;
use crate::wire::masking::{is_masked_greeting, masked_keywords};
use crate::wire::name::Domain;
use crate::wire::smtp::{Reply, starttls_offered};

/// One MX host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// What was asked for beyond that; where less was done, the server wanted no more connections, or the time was over.
    #[serde(default, skip_serializing_if = "Extra::is_nothing")]
    pub asked: Extra,
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
            asked: Extra::default(),
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
        self.connect.failure().is_some_and(|failure| matches!(failure.kind, FailureKind::Timeout | FailureKind::Unreachable))
    }

    /// Whether this address was not asked at all; see [`FailureKind::is_unasked`].
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WideHello {
    /// What came: the version and suite that the server chose and its chain, or why not.
    pub outcome: Looked<TlsFacts>,
    /// The alert that answered, if one did, or by which the server broke off behind its chain (RFC 8446 §6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<u8>,
    /// The group that the server chose to exchange keys over, by its IANA name, where its flight named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A handshake that accepts only key types which the first chain did not have: how the second chain of a dual server is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OtherKey {
    /// The key types asked for, as [`crate::wire::certificate::Key::kind`] names them.
    pub asked: Vec<String>,
    /// What came; see [`OtherKey::is_none_there`] for what a failure means.
    pub outcome: Looked<TlsFacts>,
    /// The dialogue around it, where it did not go as the first: another server may have answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialogue: Option<Box<Probe>>,
}

/// Alerts that answer "nothing here fits what you offer". OpenSSL (also where a certificate is loaded without its key), BoringSSL,
/// GnuTLS, Go and Java send handshake_failure; rustls too, or access_denied where its chooser of certificates has none: the name was known
/// on the first connection, so it is the key that is lacking. A key that is there and cannot sign (a broken file met late, a token that
/// is away) ends the handshake by internal_error: that, and any other alert, leaves the question open.
const NOTHING_FITS: [u8; 6] = [40, 41, 43, 49, 70, 71];

impl WideHello {
    /// What was served by a server that then broke off of its own: it had nothing of the client yet that it could have minded.
    pub fn broken_off(&self) -> Option<(&TlsFacts, u8)> {
        Some((self.outcome.seen()?, self.alert?))
    }
}

impl OtherKey {
    /// The words of a failure where the server presented its first certificate once more, though its key was not asked for.
    pub const SAME: &str = "the same certificate, though its key was not asked for";

    /// Whether the server answered that it has no chain with such a key: by an alert that says so, by its first certificate once more, or,
    /// as Exchange does, by hanging up on the hello. A failure before TLS, behind a certificate, or silence says nothing.
    pub fn is_none_there(&self) -> bool {
        self.outcome.failure().is_some_and(|failure| match failure.kind {
            FailureKind::TlsAlert => NOTHING_FITS.iter().any(|alert| failure.detail == alert_name(*alert)),
            FailureKind::Tls => failure.detail == Self::SAME,
            FailureKind::Reset | FailureKind::Closed => true,
            _ => false,
        })
    }

    /// Why it is not known whether there is such a chain, if so.
    pub fn unanswered(&self) -> Option<&Failure> {
        self.outcome.failure().filter(|_| !self.is_none_there())
    }
}

/// What a run asks for beyond the plain dialogue with an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Extra {
    /// `--deep`.
    pub deep: bool,
    /// `--repeat`: so many handshakes more.
    pub repeat: u16,
}

impl Extra {
    /// Whether nothing was asked for.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What became of a command sent in clear in one piece with STARTTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Injection {
    /// It was answered inside TLS: the server executes what anybody on the way can put in.
    Executed,
    /// It was not.
    Discarded,
}

/// A handshake like the first, later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Repeat {
    /// When it began.
    pub at: Timestamp,
    /// What came.
    pub outcome: Looked<TlsFacts>,
    /// The dialogue around it, where it did not go as the first: another server may have answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialogue: Option<Box<Probe>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_that_says_so_means_no_such_chain() {
        use FailureKind::{Closed, Other, OutOfTime, Protocol, Reset, Timeout, Tls, TlsAlert, TlsLate};
        let other =
            |kind, words: &str| OtherKey { asked: vec!["rsa".into()], outcome: Looked::Failed(Failure::new(kind, words)), dialogue: None };
        for (kind, words) in [
            (TlsAlert, "handshake_failure (40)"),
            (TlsAlert, "insufficient_security (71)"),
            (TlsAlert, "protocol_version (70)"),
            (TlsAlert, "access_denied (49)"),
            (Tls, OtherKey::SAME),
            (Reset, "connection reset"),
            (Closed, "tls handshake eof"),
        ] {
            let other = other(kind, words);
            assert!(other.is_none_there() && other.unanswered().is_none(), "{kind:?} {words}");
        }
        for (kind, words) in [
            (TlsAlert, "internal_error (80)"),
            (TlsAlert, "decode_error (50)"),
            (TlsAlert, "alert 255"),
            (TlsLate, "after its certificate: handshake_failure (40)"),
            (Tls, "received corrupt message"),
            (Protocol, "3 bytes came in clear behind the answer to STARTTLS"),
            (Timeout, "no reply"),
            (Other, "a further connection did not reach TLS"),
            (OutOfTime, "not begun"),
        ] {
            let other = other(kind, words);
            assert!(!other.is_none_there() && other.unanswered().is_some(), "{kind:?} {words}");
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
