//! Step 4: the TLS handshake, and what a wider hello met where it failed.

use std::collections::BTreeMap;

use super::{Fault, Reader, Reading, Weight};
use crate::model::facts::Der;
use crate::model::facts::servers::WideHello;
use crate::model::facts::tls::TlsFacts;
use crate::model::finding::Evidence;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::rule::Severity;
use crate::rules::starttls::{AFTER, HANDSHAKE, LEGACY, SUITES};
use crate::wire::certificate::Certificate;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::hello::{alert_name, is_modern, is_modern_group};

const LOG: &str = "read the server's log: usually it has no certificate or key loaded, or settings that leave no cipher suite";
const KEY: &str = "see that the key is that of the certificate, and that mail server and TLS library fit each other: \
    OpenSMTPD before 7.0 cannot sign with OpenSSL 3";
/// What mends a demand that senders cannot meet.
pub(super) const NO_CLIENT_CERTIFICATES: &str = "do not require client certificates at port 25; in Postfix smtpd_tls_req_ccert = no";

impl Reader<'_> {
    /// The modern handshake failed: what did the wide hello meet?
    pub(super) fn refused_handshake(&self, failure: &Failure) -> Reading {
        let first = self.tls(&format!("TLS 1.3 and 1.2: {}", failure.detail));
        let wide = self.probe.wide.as_ref();
        let second = wide.map(|wide| match &wide.outcome {
            Looked::Seen(tls) => self.tls(&format!("wide hello: {}", choice(wide, tls))),
            Looked::Failed(failure) => self.tls(&format!("wide hello: {}", failure.detail)),
            Looked::Absent(_) => self.tls("wide hello: nothing"),
        });
        let evidence = std::iter::once(first).chain(second).collect();
        // Who breaks off behind the certificate shows it to any hello; that proves no session.
        let late = failure.kind == FailureKind::TlsLate;
        let broken_off = wide.and_then(WideHello::broken_off).filter(|(tls, _)| tls.version == "TLSv1.2" && failure.kind.ends_handshake());
        if let Some((_, alert)) = broken_off {
            return Reading::stopped(self.unsigned(alert, evidence));
        }
        // Closed or reset behind the certificate: it took the hello, so that it takes another, too, says nothing.
        let cut = matches!(failure.kind, FailureKind::Closed | FailureKind::Reset) && self.probe.client_certificate.is_some();
        if let Some((wide, tls)) = wide.filter(|_| !late && !cut).and_then(|wide| Some((wide, wide.outcome.seen()?))) {
            let mut reading = Reading::stopped(self.old(wide, tls, failure, evidence));
            if reading.faults.iter().all(|fault| fault.rule == &SUITES) {
                reading.faults.push(self.uncompleted(wide, tls));
            }
            return reading;
        }
        let closed_for_all = wide.and_then(|wide| wide.outcome.failure()).is_some_and(|second| second.kind.ends_handshake());
        let (weight, message) = match failure.kind {
            FailureKind::Timeout => (Weight::Open, format!("the TLS handshake with {} does not end in time", self.place)),
            FailureKind::TlsLate if self.probe.client_certificate == Some(true) => (
                Weight::Broken(Severity::Blocker),
                format!("{} demands a client certificate, and breaks off the TLS handshake without one", self.place),
            ),
            FailureKind::TlsLate => (
                Weight::Broken(Severity::Blocker),
                format!("{} breaks off the TLS handshake after its certificate, as servers do that demand one of the client", self.place),
            ),
            _ if closed_for_all => {
                (Weight::Broken(Severity::Blocker), format!("{} accepts STARTTLS, and then no TLS handshake succeeds", self.place))
            }
            _ if cut => (
                Weight::Open,
                format!("the connection to {} breaks in the TLS handshake behind its certificate; once may be chance", self.place),
            ),
            _ => (Weight::Open, format!("the TLS handshake with {} fails, and a second attempt could not be made", self.place)),
        };
        Reading::stopped(Fault {
            rule: &HANDSHAKE,
            weight,
            message,
            expected: "a TLS session".to_owned(),
            found: failure.detail.clone(),
            evidence,
            fix: if late { NO_CLIENT_CERTIFICATES } else { LOG }.to_owned(),
        })
    }

    /// It broke off twice, the second time behind its certificate, where it has to sign.
    fn unsigned(&self, alert: u8, evidence: Vec<Evidence>) -> Fault {
        Fault {
            rule: &HANDSHAKE,
            weight: Weight::Broken(Severity::Blocker),
            message: format!("{} shows its certificate, and breaks off the TLS handshake where it has to sign with its key", self.place),
            expected: "a TLS session".to_owned(),
            found: alert_name(alert),
            evidence,
            fix: KEY.to_owned(),
        }
    }

    /// The wide hello is followed up to the certificate only.
    fn uncompleted(&self, wide: &WideHello, tls: &TlsFacts) -> Fault {
        let found = format!("the handshake was followed up to the certificate: {}", choice(wide, tls));
        Fault {
            rule: &AFTER,
            weight: Weight::Aside,
            message: format!("whether a session with {} stands after the TLS handshake could not be seen", self.place),
            expected: "250 in answer to EHLO inside TLS".to_owned(),
            evidence: vec![self.tls(&found)],
            found,
            fix: "try it with an old TLS library; with a suite of the modern set it is tested here".to_owned(),
        }
    }

    /// A server that answers the wide hello only.
    pub(super) fn old(&self, wide: &WideHello, tls: &TlsFacts, modern: &Failure, evidence: Vec<Evidence>) -> Fault {
        let found = choice(wide, tls);
        if tls.version != "TLSv1.2" {
            return Fault {
                rule: &LEGACY,
                weight: Weight::Broken(Severity::Blocker),
                message: format!("{} speaks nothing newer than {}", self.place, tls.version),
                expected: "TLS 1.2 or 1.3".to_owned(),
                found,
                evidence,
                fix: "enable TLS 1.2 and 1.3; in Postfix 3.6 or later smtpd_tls_protocols = >=TLSv1.2".to_owned(),
            };
        }
        if !is_modern(&tls.suite) {
            return Fault {
                rule: &SUITES,
                weight: Weight::Broken(Severity::Warning),
                message: format!("{} has no cipher suite of the modern set; it chooses {}", self.place, tls.suite),
                expected: "ECDHE with AES-GCM or ChaCha20-Poly1305, or TLS 1.3".to_owned(),
                found,
                evidence,
                fix: "remove hand-made cipher lists so that the defaults of the TLS library apply".to_owned(),
            };
        }
        // The modern hello had the usual groups, and was refused; this one had a rare one beside them, which was taken.
        let refused = matches!(modern.kind, FailureKind::TlsAlert | FailureKind::Tls);
        if let Some(group) = wide.group.as_ref().filter(|group| refused && !is_modern_group(group)) {
            return Fault {
                rule: &SUITES,
                weight: Weight::Broken(Severity::Warning),
                message: format!("{} speaks only the group {group}, which some senders lack", self.place),
                expected: "x25519, secp256r1 or secp384r1".to_owned(),
                found,
                evidence,
                fix: "allow the usual groups; in Postfix leave tls_eecdh_auto_curves at its default".to_owned(),
            };
        }
        Fault {
            rule: &HANDSHAKE,
            // That old hello was followed only up to the certificate: it proves no session.
            weight: Weight::Open,
            message: format!("{} answers an old TLS hello and not that of a current TLS library", self.place),
            expected: "a TLS session for both".to_owned(),
            found: modern.detail.clone(),
            evidence,
            fix: "update the TLS library, or the filter in front of it: it stumbles over TLS 1.3 or large key shares".to_owned(),
        }
    }

    /// Handshakes that ended, with a signature that does not fit: senders that check it break off. Each server and each key signs for
    /// itself.
    pub(super) fn signatures(&self, first: &TlsFacts, certificates: &BTreeMap<Fingerprint, Der>) -> Vec<Fault> {
        let other = self.probe.other_key.as_ref().and_then(|other| other.outcome.seen());
        let repeats = self.probe.repeats.iter().filter_map(|repeat| repeat.outcome.seen());
        let mut faults: Vec<Fault> = Vec::new();
        for tls in [first].into_iter().chain(other).chain(repeats) {
            let fault = tls.signature_problem.as_ref().and_then(|problem| self.signature(tls, problem, certificates));
            faults.extend(fault.filter(|fault| !faults.iter().any(|known| known.message == fault.message)));
        }
        faults
    }

    fn signature(&self, tls: &TlsFacts, problem: &str, certificates: &BTreeMap<Fingerprint, Der>) -> Option<Fault> {
        let leaf = tls.chain.first().and_then(|print| certificates.get(print)).and_then(|der| Certificate::parse(&der.0).ok());
        // Of a key that senders refuse no signature is verified either: that is cert-weak-key.
        if leaf.as_ref().is_some_and(|leaf| leaf.key.is_weak()) {
            return None;
        }
        let key = leaf.map_or_else(String::new, |leaf| format!("{} {}", leaf.key.kind, leaf.key.bits));
        let with = if key.is_empty() { String::new() } else { format!(" with its {key} key") };
        Some(Fault {
            rule: &HANDSHAKE,
            weight: Weight::Broken(Severity::Blocker),
            message: format!("{} signs the TLS handshake{with} in a way that senders cannot verify", self.place),
            expected: "a signature by the key of the first certificate, RSA of 2048 bits or more".to_owned(),
            found: problem.to_owned(),
            evidence: vec![self.tls(&format!("{} with {}: {problem}", tls.version, tls.suite))],
            fix: "see that key and certificate belong together, the server's own certificate comes first, and the key is not too small"
                .to_owned(),
        })
    }
}

/// Version, suite and, if the flight named one, the group that answered the wide hello.
fn choice(wide: &WideHello, tls: &TlsFacts) -> String {
    let group = wide.group.as_ref().map(|group| format!(", group {group}")).unwrap_or_default();
    format!("{} with {}{group}", tls.version, tls.suite)
}
