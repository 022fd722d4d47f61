//! Step 5: the answer to EHLO inside TLS.

use super::handshake::NO_CLIENT_CERTIFICATES;
use super::{Fault, Reader, Reading, Weight, rung, words};
use crate::model::looked::{FailureKind, Looked};
use crate::model::rule::Severity;
use crate::rules::starttls::AFTER;
use crate::wire::smtp::Reply;

impl Reader<'_> {
    pub(super) fn after(&self) -> Reading {
        let (found, evidence, weight) = match &self.probe.ehlo_after {
            Some(Looked::Seen(reply)) if reply.is_ok() => return Reading::clean(),
            Some(Looked::Seen(reply)) if reply.is_transient() && !self.wants_certificate(reply) => {
                return Reading { faults: vec![self.busy("answers EHLO inside TLS with", reply)], reached: rung(&AFTER) };
            }
            Some(Looked::Seen(reply)) => (words::line(reply), self.reply(reply), Weight::Broken(Severity::Blocker)),
            Some(Looked::Failed(failure)) => {
                let weight = if failure.kind == FailureKind::Timeout { Weight::Open } else { Weight::Broken(Severity::Blocker) };
                (failure.detail.clone(), self.smtp("EHLO inside TLS", &failure.detail), weight)
            }
            Some(Looked::Absent(_)) | None => return self.cut(),
        };
        // TLS 1.3 has an alert for it; some libraries send another one.
        let alerted = self.probe.ehlo_after.as_ref().and_then(Looked::failure).is_some_and(|failure| failure.kind == FailureKind::TlsAlert);
        let asked = alerted && self.probe.client_certificate == Some(true);
        let told = self.probe.ehlo_after.as_ref().and_then(Looked::seen).is_some_and(|reply| self.wants_certificate(reply));
        let demands_certificate = asked || told || found.starts_with("certificate_required") || found.contains("client certificate");
        let message = match weight {
            _ if demands_certificate => format!("{} demands a client certificate", self.place),
            Weight::Broken(_) => format!("the session with {} dies after the TLS handshake", self.place),
            Weight::LooseEnd | Weight::Aside | Weight::Open => format!("{} does not answer EHLO inside TLS", self.place),
        };
        let fix = if demands_certificate { NO_CLIENT_CERTIFICATES } else { "read the server's log for the seconds of the test" };
        Reading::stopped(Fault {
            rule: &AFTER,
            weight,
            message,
            expected: "250 in answer to EHLO inside TLS".to_owned(),
            found,
            evidence: vec![evidence],
            fix: fix.to_owned(),
        })
    }

    /// Whether a refusal is for want of a client certificate: the server asked for one, and says so (Postfix does by 421).
    fn wants_certificate(&self, reply: &Reply) -> bool {
        let says = || reply.lines.iter().any(|line| line.to_ascii_lowercase().contains("certificate"));
        self.probe.client_certificate == Some(true) && says()
    }
}
