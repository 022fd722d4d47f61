//! Step 2: the answer to EHLO, and whether STARTTLS is in it.

use super::{Fault, Reader, Weight, words};
use crate::model::looked::{FailureKind, Looked};
use crate::model::rule::Severity;
use crate::rules::starttls::{BUSY, MIDDLEBOX, MISSING};
use crate::wire::masking::{is_masked_greeting, masked_keywords};
use crate::wire::smtp::{Reply, starttls_offered};

impl Reader<'_> {
    pub(super) fn ehlo(&self) -> Option<Fault> {
        let answer = match self.probe.ehlo.as_ref()? {
            Looked::Seen(answer) => answer,
            Looked::Absent(_) => return None,
            Looked::Failed(failure) => {
                return Some(match failure.kind {
                    FailureKind::Protocol | FailureKind::TooLarge => self.not_smtp(&failure.detail, self.smtp("EHLO", &failure.detail)),
                    _ => Fault {
                        rule: &BUSY,
                        weight: Weight::LooseEnd,
                        message: format!("{} does not answer EHLO", self.place),
                        expected: "a reply with code 250".to_owned(),
                        found: failure.detail.clone(),
                        evidence: vec![self.smtp("EHLO", &failure.detail)],
                        fix: "repeat in some minutes; the server's log tells why it ended the session".to_owned(),
                    },
                });
            }
        };
        match answer.code {
            250 => self.offer(answer),
            400..500 => Some(self.busy("answers EHLO with", answer)),
            500..600 if self.greeting_is_masked() => Some(self.middlebox(answer, "a greeting of asterisks".to_owned())),
            500..600 => Some(self.unknown_ehlo(answer)),
            code => Some(self.not_smtp(&format!("EHLO answered with code {code}"), self.reply(answer))),
        }
    }

    /// STARTTLS must be among the extensions; where a firewall has overwritten some, nobody can tell.
    fn offer(&self, answer: &Reply) -> Option<Fault> {
        if starttls_offered(answer) {
            return None;
        }
        let masked = masked_keywords(answer);
        if !masked.is_empty() {
            return Some(self.middlebox(answer, masked.join(" ").chars().take(words::SHOWN).collect()));
        }
        if self.greeting_is_masked() {
            return Some(self.middlebox(answer, "a greeting of asterisks".to_owned()));
        }
        Some(Fault {
            rule: &MISSING,
            weight: Weight::Broken(Severity::Blocker),
            message: format!("{} does not offer STARTTLS", self.place),
            expected: "STARTTLS among the extensions in the answer to EHLO".to_owned(),
            found: words::extensions(answer),
            evidence: vec![self.reply(answer)],
            fix: "switch on STARTTLS for incoming mail; in Postfix smtpd_tls_security_level = may with smtpd_tls_chain_files".to_owned(),
        })
    }

    fn middlebox(&self, answer: &Reply, found: String) -> Fault {
        let greeting = self.probe.greeting.as_ref().and_then(Looked::seen);
        Fault {
            rule: &MIDDLEBOX,
            weight: Weight::Open,
            message: format!("a firewall overwrites what {} says, so whether it offers STARTTLS cannot be seen", self.place),
            expected: "the server's own words".to_owned(),
            found,
            evidence: greeting.into_iter().chain([answer]).map(|reply| self.reply(reply)).collect(),
            fix: "switch off SMTP inspection in the firewall before the server (Cisco: no inspect esmtp); if every server looks so, \
                  the firewall stands where this runs"
                .to_owned(),
        }
    }

    fn greeting_is_masked(&self) -> bool {
        self.probe.greeting.as_ref().and_then(Looked::seen).is_some_and(is_masked_greeting)
    }

    /// 500 and 502 refuse the command, not the client: senders then say HELO, where there are no extensions (RFC 5321 §3.2).
    fn unknown_ehlo(&self, answer: &Reply) -> Fault {
        let refused = self.refused("answers EHLO with", answer);
        if !matches!(answer.code, 500 | 502) {
            return refused;
        }
        Fault {
            message: format!("{} answers EHLO with {}: senders fall back to HELO, which has no STARTTLS", self.place, answer.code),
            fix: "see whether the server knows EHLO when asked from elsewhere; a filter before it may refuse it".to_owned(),
            ..refused
        }
    }
}
