//! Steps 0 and 1: the connection, and what a client meets before it may say anything.

use super::{Fault, Reader, Weight, words};
use crate::model::finding::Evidence;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::rules::starttls::{BUSY, NOT_SMTP, REFUSED, UNREACHABLE};
use crate::wire::smtp::Reply;

impl Reader<'_> {
    pub(super) fn unreachable(&self, failure: &Failure) -> Fault {
        let port = self.probe.port;
        let message = match failure.kind {
            FailureKind::Refused => format!("{} refuses connections to port {port}", self.place),
            FailureKind::Timeout => format!("{} does not answer at port {port}", self.place),
            FailureKind::Denied => format!("{} is no public address and was not connected to", self.place),
            FailureKind::Proxy => format!("{} could not be asked through the proxy", self.place),
            FailureKind::OutOfTime => format!("{} was not looked at: the time for all addresses was over", self.place),
            _ => format!("{} cannot be reached at port {port}", self.place),
        };
        Fault {
            rule: &UNREACHABLE,
            weight: Weight::LooseEnd,
            message,
            expected: format!("a connection to port {port}"),
            found: failure.detail.clone(),
            evidence: vec![self.tcp(&failure.detail)],
            fix: match failure.kind {
                FailureKind::Denied => "take the address out of DNS; without --deny-private it would be connected to",
                FailureKind::Proxy => "see that the proxy runs and allows this connection; nothing is known about the host",
                FailureKind::OutOfTime => "see why the other addresses take so long; allow more at the same time with --jobs, or check this host alone with mx --host",
                _ => "try from another network; if the address is refused for all the world, remove it from DNS",
            }
            .to_owned(),
        }
    }

    pub(super) fn turned_away(&self, failure: &Failure) -> Fault {
        Fault {
            rule: &BUSY,
            weight: Weight::LooseEnd,
            message: format!("{} was not looked at: the address had turned away a visit for another host", self.place),
            expected: "an address that lets every host's visit in".to_owned(),
            found: failure.detail.clone(),
            evidence: vec![self.tcp(&failure.detail)],
            fix: "repeat in some minutes, or exempt the address this runs at from the server's limits".to_owned(),
        }
    }

    pub(super) fn greeting(&self) -> Option<Fault> {
        let greeting = match self.probe.greeting.as_ref()? {
            Looked::Seen(greeting) => greeting,
            Looked::Absent(_) => return None,
            Looked::Failed(failure) => return Some(self.no_greeting(failure)),
        };
        match greeting.code {
            220 => None,
            400..500 => Some(self.busy("greets with", greeting)),
            500..600 => Some(self.refused("greets with", greeting)),
            code => Some(self.not_smtp(&format!("a greeting with code {code}"), self.reply(greeting))),
        }
    }

    pub(super) fn no_greeting(&self, failure: &Failure) -> Fault {
        match failure.kind {
            FailureKind::Protocol | FailureKind::TooLarge => self.not_smtp(&failure.detail, self.smtp("greeting", &failure.detail)),
            FailureKind::Timeout => Fault {
                rule: &UNREACHABLE,
                weight: Weight::LooseEnd,
                message: format!("{} accepts connections to port {} but sends no greeting in time", self.place, self.probe.port),
                expected: "a greeting with code 220".to_owned(),
                found: failure.detail.clone(),
                evidence: vec![self.tcp("connected"), self.smtp("greeting", &failure.detail)],
                fix: "look at the server's load and its DNS lookups at connection time; senders wait up to five minutes".to_owned(),
            },
            _ => Fault {
                rule: &BUSY,
                weight: Weight::LooseEnd,
                message: format!("{} closes the connection before its greeting", self.place),
                expected: "a greeting with code 220".to_owned(),
                found: failure.detail.clone(),
                evidence: vec![self.tcp("connected"), self.smtp("greeting", &failure.detail)],
                fix: "repeat in some minutes; if it stays so, look for a limit of connections or a filter in front of the server"
                    .to_owned(),
            },
        }
    }

    pub(super) fn busy(&self, verb: &str, reply: &Reply) -> Fault {
        Fault {
            rule: &BUSY,
            weight: Weight::LooseEnd,
            message: format!("{} {verb} {}: it asks to come back later", self.place, reply.code),
            expected: "a reply with code 2yz".to_owned(),
            found: words::line(reply),
            evidence: vec![self.reply(reply)],
            fix: "repeat in some minutes; the reply usually names the limit that was met".to_owned(),
        }
    }

    pub(super) fn refused(&self, verb: &str, reply: &Reply) -> Fault {
        Fault {
            rule: &REFUSED,
            weight: Weight::LooseEnd,
            message: format!("{} {verb} {}: it refuses to talk to this client", self.place, reply.code),
            expected: "a reply with code 2yz".to_owned(),
            found: words::line(reply),
            evidence: vec![self.reply(reply)],
            fix: "run the check from a machine with a fixed address, a PTR record and a matching --helo name".to_owned(),
        }
    }

    pub(super) fn not_smtp(&self, found: &str, evidence: Evidence) -> Fault {
        Fault {
            rule: &NOT_SMTP,
            weight: Weight::LooseEnd,
            message: format!("what answers at {} does not speak SMTP", self.place),
            expected: "SMTP replies".to_owned(),
            found: found.to_owned(),
            evidence: vec![evidence],
            fix: format!("see what listens at port {} of this address, and what stands between", self.probe.port),
        }
    }
}
