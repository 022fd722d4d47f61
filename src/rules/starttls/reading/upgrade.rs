//! Step 3: the answer to STARTTLS.

use super::{Fault, Reader, Weight, words};
use crate::model::looked::{FailureKind, Looked};
use crate::model::rule::Severity;
use crate::rules::starttls::REJECTED;

impl Reader<'_> {
    pub(super) fn starttls(&self) -> Option<Fault> {
        let (found, evidence, weight) = match self.probe.starttls.as_ref()? {
            Looked::Seen(reply) if reply.code == 220 => return None,
            // Any command may be answered so by a server that shuts down (RFC 5321 §4.2.1): it is not about TLS.
            Looked::Seen(reply) if reply.code == 421 => return Some(self.busy("answers STARTTLS with", reply)),
            Looked::Seen(reply) => (words::line(reply), self.reply(reply), Weight::Broken(Severity::Blocker)),
            Looked::Absent(_) => return None,
            Looked::Failed(failure) => {
                // Silence may be the network's; a close, a reset and nonsense are the server's own answers.
                let weight = if failure.kind == FailureKind::Timeout { Weight::Open } else { Weight::Broken(Severity::Blocker) };
                (failure.detail.clone(), self.smtp("STARTTLS", &failure.detail), weight)
            }
        };
        let message = match weight {
            Weight::Broken(_) => format!("{} offers STARTTLS and then rejects it", self.place),
            Weight::LooseEnd | Weight::Aside | Weight::Open => format!("{} offers STARTTLS and then does not answer it", self.place),
        };
        Some(Fault {
            rule: &REJECTED,
            weight,
            message,
            expected: "220 in answer to STARTTLS".to_owned(),
            found,
            evidence: vec![evidence],
            fix: "read the server's log: usually it cannot load its key or its certificate".to_owned(),
        })
    }
}
