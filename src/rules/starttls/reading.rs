//! What one dialogue shows: how far up the ladder it got, and what stopped it. One room per step of the dialogue.

mod after;
mod ehlo;
mod greeting;
mod handshake;
mod repeats;
mod upgrade;
pub(super) mod words;

use std::collections::BTreeMap;

use super::{AFTER, HANDSHAKE, LADDER, REJECTED, UNREACHABLE};
use crate::model::facts::Der;
use crate::model::facts::servers::Probe;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::rule::{Rule, Severity};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::smtp::Reply;

/// A dialogue, read.
pub(super) struct Reading {
    /// What is wrong; usually one thing at the most.
    pub(super) faults: Vec<Fault>,
    /// Rungs of the ladder below this one hold, unless they are at fault.
    pub(super) reached: usize,
}

/// A fault, or something that could not be looked at.
pub(super) struct Fault {
    pub(super) rule: &'static Rule,
    weight: Weight,
    message: String,
    expected: String,
    found: String,
    evidence: Vec<Evidence>,
    fix: String,
}

#[derive(Clone, Copy)]
enum Weight {
    /// Seen to be wrong.
    Broken(Severity),
    /// Not to be told from here; a warning if another address proves the host.
    LooseEnd,
    /// Not to be told from here, while the address itself is proven.
    Aside,
    /// Not to be told from here, whatever else works.
    Open,
}

impl Fault {
    /// Writes it on the sheet.
    pub(super) fn write(&self, subject: &str, proven_elsewhere: bool, sheet: &mut Sheet) {
        let mut evidence = self.evidence.iter().cloned();
        let Some(first) = evidence.next() else { return };
        let finding = match self.weight {
            Weight::Broken(severity) => sheet.broken(self.rule, subject, self.message.as_str(), first).severity(severity),
            Weight::Aside => sheet.undetermined(self.rule, subject, self.message.as_str(), first).severity(Severity::Warning),
            Weight::LooseEnd if proven_elsewhere => {
                sheet.undetermined(self.rule, subject, self.message.as_str(), first).severity(Severity::Warning)
            }
            Weight::LooseEnd | Weight::Open => sheet.undetermined(self.rule, subject, self.message.as_str(), first),
        };
        finding.expected(self.expected.as_str()).found(self.found.as_str()).fix(self.fix.as_str());
        finding.evidence.extend(evidence);
    }
}

impl Reading {
    /// Reads a dialogue with one address of `host`.
    pub(super) fn of(host: &Domain, probe: &Probe, certificates: &BTreeMap<Fingerprint, Der>) -> Self {
        Reader { host, probe, place: format!("{host} ({})", probe.address) }.read(certificates)
    }

    fn clean() -> Self {
        Self { faults: Vec::new(), reached: LADDER.len() }
    }

    /// Stopped at the rung of `fault`.
    fn stopped(fault: Fault) -> Self {
        let reached = rung(fault.rule);
        Self { faults: vec![fault], reached }
    }
}

fn rung(rule: &Rule) -> usize {
    LADDER.iter().position(|other| *other == rule).unwrap_or(0)
}

struct Reader<'a> {
    host: &'a Domain,
    probe: &'a Probe,
    /// How messages name the address.
    place: String,
}

impl Reader<'_> {
    fn read(&self, certificates: &BTreeMap<Fingerprint, Der>) -> Reading {
        match &self.probe.connect {
            Looked::Seen(_) => {}
            Looked::Absent(_) => return Reading::stopped(self.unreachable(&Failure::new(FailureKind::Other, "no address"))),
            // A server that hangs up at once may do so before the connection is seen here.
            Looked::Failed(failure) if failure.kind == FailureKind::Reset => return Reading::stopped(self.no_greeting(failure)),
            // Nothing was asked: no rung holds.
            Looked::Failed(failure) if failure.kind == FailureKind::TurnedAway => {
                return Reading { faults: vec![self.turned_away(failure)], reached: 0 };
            }
            Looked::Failed(failure) => return Reading::stopped(self.unreachable(failure)),
        }
        if let Some(fault) = self.greeting().or_else(|| self.ehlo()) {
            return Reading::stopped(fault);
        }
        if let Some(fault) = self.starttls() {
            return Reading { faults: vec![fault], reached: rung(&REJECTED) };
        }
        match &self.probe.tls {
            Some(Looked::Seen(tls)) => {
                let mut reading = self.after();
                reading.faults.extend(self.signatures(tls, certificates));
                reading.faults.extend(self.repeats());
                reading.faults.extend(self.elsewhere());
                reading
            }
            Some(Looked::Failed(failure)) => self.refused_handshake(failure),
            Some(Looked::Absent(_)) | None => self.cut(),
        }
    }

    /// Facts that end where the dialogue went on: what was not seen is not known.
    fn cut(&self) -> Reading {
        let (rule, step): (&'static Rule, _) = match &self.probe {
            Probe { greeting: None | Some(Looked::Absent(_)), .. } => (&UNREACHABLE, "the greeting"),
            Probe { ehlo: None | Some(Looked::Absent(_)), .. } => (&UNREACHABLE, "the answer to EHLO"),
            Probe { starttls: None | Some(Looked::Absent(_)), .. } => (&REJECTED, "the answer to STARTTLS"),
            Probe { tls: None | Some(Looked::Absent(_)), .. } => (&HANDSHAKE, "the TLS handshake"),
            _ => (&AFTER, "the answer to EHLO inside TLS"),
        };
        let words = format!("the facts end before {step}");
        Reading::stopped(Fault {
            rule,
            weight: Weight::Open,
            message: format!("the dialogue with {} is known only in part: {words}", self.place),
            expected: "a dialogue up to EHLO inside TLS".to_owned(),
            found: words.clone(),
            evidence: vec![self.tcp(&words)],
            fix: "probe the host again".to_owned(),
        })
    }

    fn tcp(&self, words: &str) -> Evidence {
        Evidence::at(EvidenceKind::Tcp, self.probe.at, format!("{} port {}: {words}", self.probe.address, self.probe.port))
    }

    fn smtp(&self, step: &str, words: &str) -> Evidence {
        Evidence::at(EvidenceKind::Smtp, self.probe.at, format!("{step} at {}: {words}", self.probe.address))
    }

    fn tls(&self, words: &str) -> Evidence {
        Evidence::at(EvidenceKind::Tls, self.probe.at, format!("{} {}: {words}", self.host, self.probe.address))
    }

    fn reply(&self, reply: &Reply) -> Evidence {
        Evidence::at(EvidenceKind::Smtp, self.probe.at, words::whole(reply))
    }
}
