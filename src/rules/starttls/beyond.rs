//! What is judged beside the ladder: the dialogue goes on whatever these say, and some were not looked at at all.

use super::reading::words;
use super::{CLIENT_CERT, INJECTION, KEY_TYPE_UNPROBED, SLOW};
use crate::model::facts::servers::{Injection, MxHost, OtherKey, Probe};
use crate::model::facts::tls::TlsFacts;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::{FailureKind, Looked};
use crate::model::rule::{Rule, Severity};

/// The rules of this room.
pub(super) static BEYOND: &[&Rule] = &[&SLOW, &CLIENT_CERT, &KEY_TYPE_UNPROBED, &INJECTION];

/// Senders wait up to 300 s for a greeting (RFC 5321 §4.5.3.2.1); scanners and some libraries give up earlier.
const SLOW_MS: u64 = 10_000;

/// Judges one address.
pub(super) fn judge(host: &MxHost, probe: &Probe, subject: &str, sheet: &mut Sheet) {
    let address = Address { probe, subject, place: format!("{} ({})", host.name, probe.address) };
    address.slow(sheet);
    address.client_certificate(sheet);
    address.key_type(sheet);
    address.injection(sheet);
}

struct Address<'a> {
    probe: &'a Probe,
    subject: &'a str,
    /// How messages name it.
    place: String,
}

impl Address<'_> {
    fn slow(&self, sheet: &mut Sheet) {
        let greeting = self.probe.greeting.as_ref().and_then(Looked::seen).filter(|greeting| greeting.code == 220);
        let Some((greeting, took)) = greeting.zip(self.probe.greeting_ms) else {
            return sheet.not_applicable(&SLOW, self.subject, "there was no greeting");
        };
        if took <= SLOW_MS {
            return sheet.holds(&SLOW, self.subject);
        }
        let seconds = took / 1_000;
        let message = format!("{} takes {seconds} s to greet", self.place);
        let shown = self.evidence(EvidenceKind::Smtp, format!("after {seconds} s: {}", words::whole(greeting)));
        let finding = sheet.broken(&SLOW, self.subject, message, shown);
        finding.expected(format!("a greeting within {} s", SLOW_MS / 1_000)).found(format!("{took} ms"));
        finding.fix("look at what the server does before it greets: lookups of the client's name, block lists, a greet delay");
    }

    fn client_certificate(&self, sheet: &mut Sheet) {
        let session = self.probe.tls.as_ref().and_then(Looked::seen).filter(|_| self.probe.speaks_tls());
        let Some((tls, asked)) = session.zip(self.probe.client_certificate) else {
            // A demand that ends the session is that step's fault.
            return sheet.not_applicable(&CLIENT_CERT, self.subject, "no TLS session stood without one");
        };
        if !asked {
            return sheet.holds(&CLIENT_CERT, self.subject);
        }
        let message = format!("{} asks senders for a client certificate, and goes on without", self.place);
        let shown = self.evidence(EvidenceKind::Tls, format!("{} with {}: CertificateRequest", tls.version, tls.suite));
        let finding = sheet.broken(&CLIENT_CERT, self.subject, message, shown);
        finding.expected("no wish for a client certificate").found("a CertificateRequest in the TLS handshake");
        finding.fix("do not ask for client certificates at port 25; in Postfix smtpd_tls_ask_ccert = no");
    }

    fn key_type(&self, sheet: &mut Sheet) {
        let Some(other) = &self.probe.other_key else {
            let late = self.probe.tls.as_ref().and_then(Looked::failure).is_some_and(|failure| failure.kind == FailureKind::TlsLate);
            let usable = |tls: &TlsFacts| tls.version == "TLSv1.2" && !late;
            let completed = self.probe.wide.as_ref().filter(|wide| wide.broken_off().is_none());
            if let Some(tls) = completed.and_then(|wide| wide.outcome.seen()).filter(|tls| usable(tls)) {
                return self.key_type_unasked(tls, sheet);
            }
            return sheet.not_applicable(&KEY_TYPE_UNPROBED, self.subject, "no second connection was made");
        };
        let Some(failure) = other.unanswered() else { return sheet.holds(&KEY_TYPE_UNPROBED, self.subject) };
        let asked = listed(other);
        let message = format!("whether {} has another certificate, with {asked} key, could not be seen", self.place);
        let shown = self.evidence(EvidenceKind::Tls, format!("second connection, {asked} key: {}", failure.detail));
        let finding = sheet.undetermined(&KEY_TYPE_UNPROBED, self.subject, message, shown).severity(Severity::Warning);
        finding.expected("a certificate, or a refused handshake").found(failure.detail.as_str());
        finding.fix(if failure.kind.ends_handshake() {
            "read the server's log: a key that cannot be read or used ends the handshake so; without such a certificate nothing is amiss"
        } else {
            "repeat in some minutes; servers that count connections may exempt the address this runs at"
        });
    }

    /// The second connection was needed for a hello that this server understands.
    fn key_type_unasked(&self, tls: &TlsFacts, sheet: &mut Sheet) {
        let served = format!("{} with {}", tls.version, tls.suite);
        let message = format!("whether {} has a certificate with another type of key was not looked for", self.place);
        let shown = self.evidence(EvidenceKind::Tls, format!("both connections were needed to find a hello it answers: {served}"));
        let finding = sheet.undetermined(&KEY_TYPE_UNPROBED, self.subject, message, shown).severity(Severity::Warning);
        finding.expected("a server that answers a modern hello").found(served);
        finding.fix("mend what keeps it from modern TLS, and check again");
    }

    fn injection(&self, sheet: &mut Sheet) {
        let failure = match &self.probe.injection {
            None if self.probe.asked.deep => "no more connections were made to this address",
            None => return sheet.not_applicable(&INJECTION, self.subject, "not looked for; --deep does"),
            Some(Looked::Seen(Injection::Discarded)) => return sheet.holds(&INJECTION, self.subject),
            Some(Looked::Seen(Injection::Executed)) => {
                let message = format!("{} executes inside TLS what came in clear behind STARTTLS", self.place);
                let shown =
                    self.evidence(EvidenceKind::Smtp, "STARTTLS and NOOP sent in one piece: NOOP was answered inside TLS".to_owned());
                let finding = sheet.broken(&INJECTION, self.subject, message, shown);
                finding.expected("what came in clear is thrown away when TLS begins").found("a reply inside TLS that nobody asked for");
                finding.fix("update the mail server or the filter before it: this fault is known as CVE-2011-0411");
                return;
            }
            Some(Looked::Failed(failure)) => failure.detail.as_str(),
            Some(Looked::Absent(_)) => "nothing came",
        };
        let message = format!("whether {} executes what came in clear behind STARTTLS could not be seen", self.place);
        let shown = self.evidence(EvidenceKind::Smtp, format!("STARTTLS and NOOP sent in one piece: {failure}"));
        let finding = sheet.undetermined(&INJECTION, self.subject, message, shown).severity(Severity::Warning);
        finding.expected("a session in which replies keep step").found(failure).fix("repeat in some minutes");
    }

    fn evidence(&self, kind: EvidenceKind, text: String) -> Evidence {
        Evidence::at(kind, self.probe.at, format!("{}: {text}", self.probe.address))
    }
}

/// `an RSA`, `an ECDSA, Ed25519 or ML-DSA`, as in "with … key".
fn listed(other: &OtherKey) -> String {
    let named = |kind: &String| match kind.as_str() {
        "ed25519" => "Ed25519".to_owned(),
        "ed448" => "Ed448".to_owned(),
        kind => kind.to_ascii_uppercase(),
    };
    let names: Vec<String> = other.asked.iter().map(named).collect();
    match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("an {} or {last}", before.join(", ")),
        _ => format!("an {}", names.concat()),
    }
}
