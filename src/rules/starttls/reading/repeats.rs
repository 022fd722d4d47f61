//! Further handshakes like the first (`--repeat`): a server behind the address that fails where another does not.

use super::{Fault, Reader, Weight};
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::rule::Severity;
use crate::rules::starttls::{BUSY, HANDSHAKE};
use crate::wire::smtp::Reply;

impl Reader<'_> {
    /// What further connections met that the first did not: another server behind the address may be broken in another way. That one
    /// turned us away, or was silent, says nothing about the first.
    pub(super) fn elsewhere(&self) -> Vec<Fault> {
        let other = self.probe.other_key.iter().filter_map(|other| other.dialogue.as_deref());
        let repeats = self.probe.repeats.iter().filter_map(|repeat| repeat.dialogue.as_deref());
        let mut faults: Vec<Fault> = Vec::new();
        for dialogue in other.chain(repeats) {
            let reader = Reader { host: self.host, probe: dialogue, place: self.place.clone() };
            let early = reader.greeting().or_else(|| reader.ehlo()).or_else(|| reader.starttls());
            // A limit of new TLS sessions is told by 454 (Postfix): that is about us.
            if dialogue.starttls.as_ref().and_then(Looked::seen).is_some_and(Reply::is_transient) {
                continue;
            }
            let fault = early.or_else(|| reader.after().faults.into_iter().next());
            let broken = fault.filter(|fault| matches!(fault.weight, Weight::Broken(_)));
            let new = broken.filter(|fault| !faults.iter().any(|known| known.rule == fault.rule));
            faults.extend(new.map(|fault| Fault {
                message: format!("{} on a further connection: another server answers there, or not always the same way", fault.message),
                ..fault
            }));
        }
        faults
    }

    pub(super) fn repeats(&self) -> Vec<Fault> {
        let failures = || self.probe.repeats.iter().filter_map(|repeat| repeat.outcome.failure());
        // Before TLS, or silent: the server had enough of us. The first session stands.
        let turned_away = |failure: &Failure| failure.kind.is_silence() || failure.kind == FailureKind::Other;
        let (away, refused): (Vec<&Failure>, Vec<&Failure>) = failures().partition(|failure| turned_away(failure));
        let refused = self.repeated(&refused).map(|(count, fault)| Fault {
            rule: &HANDSHAKE,
            weight: Weight::Broken(Severity::Blocker),
            message: format!("{count} TLS handshakes with {} fail: one of several servers behind it is broken", self.place),
            fix: "find the server behind the load balancer that fails; its log shows the handshakes of the test".to_owned(),
            ..fault
        });
        let away = self.repeated(&away).map(|(count, fault)| Fault {
            message: format!("{count} connections to {} did not reach TLS, and no more were made", self.place),
            ..fault
        });
        // One that was turned away is followed by no more, and says so itself.
        let asked = usize::from(self.probe.asked.repeat);
        let undone = (away.is_none() && self.probe.repeats.len() < asked).then(|| self.undone(asked));
        refused.into_iter().chain(away).chain(undone).collect()
    }

    fn undone(&self, asked: usize) -> Fault {
        let found = format!("{} of {asked} further handshakes were made", self.probe.repeats.len());
        Fault {
            rule: &BUSY,
            weight: Weight::Aside,
            message: format!("{found} with {}: it wanted no more connections, or the time was over", self.place),
            expected: format!("{asked} further handshakes, as --repeat asks"),
            evidence: vec![self.tls(&found)],
            found,
            fix: "repeat in some minutes with a smaller --repeat".to_owned(),
        }
    }

    /// `1 of 3 further`, and what is the same of all such faults.
    fn repeated(&self, failures: &[&Failure]) -> Option<(String, Fault)> {
        let first = failures.first()?;
        let count = format!("{} of {} further", failures.len(), self.probe.repeats.len());
        let fault = Fault {
            rule: &BUSY,
            weight: Weight::Aside,
            message: String::new(),
            expected: "a TLS session each time, as the first".to_owned(),
            found: first.detail.clone(),
            evidence: failures.iter().map(|failure| self.tls(&format!("further handshake: {}", failure.detail))).collect(),
            fix: "repeat in some minutes with a smaller --repeat".to_owned(),
        };
        Some((count, fault))
    }
}
