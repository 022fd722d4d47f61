//! What one dialogue shows: how far up the ladder it got, and what stopped it.

use std::collections::BTreeMap;

use super::{AFTER, BUSY, HANDSHAKE, LADDER, LEGACY, MISSING, NOT_SMTP, REFUSED, REJECTED, SUITES, UNREACHABLE};
use crate::model::facts::Der;
use crate::model::facts::servers::Probe;
use crate::model::facts::tls::TlsFacts;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::rule::{Rule, Severity};
use crate::wire::certificate::Certificate;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::hello::is_modern;
use crate::wire::name::Domain;
use crate::wire::smtp::{Reply, starttls_offered};

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
            Looked::Failed(failure) => return Reading::stopped(self.unreachable(failure)),
        }
        if let Some(fault) = self.greeting().or_else(|| self.ehlo()) {
            return Reading::stopped(fault);
        }
        if let Some(fault) = self.starttls() {
            return Reading::stopped(fault);
        }
        match &self.probe.tls {
            Some(Looked::Seen(tls)) => self.after(self.signature(tls, certificates)),
            Some(Looked::Failed(failure)) => self.refused_handshake(failure),
            Some(Looked::Absent(_)) | None => Reading { faults: Vec::new(), reached: rung(&HANDSHAKE) },
        }
    }

    fn unreachable(&self, failure: &Failure) -> Fault {
        let port = self.probe.port;
        let message = match failure.kind {
            FailureKind::Refused => format!("{} refuses connections to port {port}", self.place),
            FailureKind::Timeout => format!("{} does not answer at port {port}", self.place),
            FailureKind::Denied => format!("{} is a private address and was not connected to", self.place),
            _ => format!("{} cannot be reached at port {port}", self.place),
        };
        Fault {
            rule: &UNREACHABLE,
            weight: Weight::LooseEnd,
            message,
            expected: format!("a connection to port {port}"),
            found: failure.detail.clone(),
            evidence: vec![self.tcp(&failure.detail)],
            fix: "try from another network; if the address is refused for all the world, remove it from DNS".to_owned(),
        }
    }

    fn greeting(&self) -> Option<Fault> {
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

    fn no_greeting(&self, failure: &Failure) -> Fault {
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

    fn ehlo(&self) -> Option<Fault> {
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
            250 => None,
            400..500 => Some(self.busy("answers EHLO with", answer)),
            500..600 => Some(self.refused("answers EHLO with", answer)),
            code => Some(self.not_smtp(&format!("EHLO answered with code {code}"), self.reply(answer))),
        }
    }

    fn busy(&self, verb: &str, reply: &Reply) -> Fault {
        Fault {
            rule: &BUSY,
            weight: Weight::LooseEnd,
            message: format!("{} {verb} {}: it asks to come back later", self.place, reply.code),
            expected: "a reply with code 2yz".to_owned(),
            found: line(reply),
            evidence: vec![self.reply(reply)],
            fix: "repeat in some minutes; the reply usually names the limit that was met".to_owned(),
        }
    }

    fn refused(&self, verb: &str, reply: &Reply) -> Fault {
        Fault {
            rule: &REFUSED,
            weight: Weight::LooseEnd,
            message: format!("{} {verb} {}: it refuses to talk to this client", self.place, reply.code),
            expected: "a reply with code 2yz".to_owned(),
            found: line(reply),
            evidence: vec![self.reply(reply)],
            fix: "run the check from a machine with a fixed address, a PTR record and a matching --helo name".to_owned(),
        }
    }

    fn not_smtp(&self, found: &str, evidence: Evidence) -> Fault {
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

    fn starttls(&self) -> Option<Fault> {
        if let Some(answer) = self.probe.ehlo.as_ref().and_then(Looked::seen)
            && !starttls_offered(answer)
        {
            return Some(Fault {
                rule: &MISSING,
                weight: Weight::Broken(Severity::Blocker),
                message: format!("{} does not offer STARTTLS", self.place),
                expected: "STARTTLS among the extensions in the answer to EHLO".to_owned(),
                found: extensions(answer),
                evidence: vec![self.reply(answer)],
                fix: "switch on STARTTLS for incoming mail; in Postfix smtpd_tls_security_level = may with smtpd_tls_chain_files"
                    .to_owned(),
            });
        }
        let (found, evidence, weight) = match self.probe.starttls.as_ref()? {
            Looked::Seen(reply) if reply.code == 220 => return None,
            Looked::Seen(reply) => (line(reply), self.reply(reply), Weight::Broken(Severity::Blocker)),
            Looked::Absent(_) => return None,
            Looked::Failed(failure) => {
                // Silence may be the network's; a close, a reset and nonsense are the server's own answers.
                let weight = if failure.kind == FailureKind::Timeout { Weight::Open } else { Weight::Broken(Severity::Blocker) };
                (failure.detail.clone(), self.smtp("STARTTLS", &failure.detail), weight)
            }
        };
        let message = match weight {
            Weight::Broken(_) => format!("{} offers STARTTLS and then rejects it", self.place),
            Weight::LooseEnd | Weight::Open => format!("{} offers STARTTLS and then does not answer it", self.place),
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

    /// The modern handshake failed: what did the wide hello meet?
    fn refused_handshake(&self, failure: &Failure) -> Reading {
        let first = self.tls(&format!("TLS 1.3 and 1.2: {}", failure.detail));
        let wide = self.probe.wide.as_ref();
        let second = wide.map(|wide| match &wide.outcome {
            Looked::Seen(tls) => self.tls(&format!("wide hello: {} with {}", tls.version, tls.suite)),
            Looked::Failed(failure) => self.tls(&format!("wide hello: {}", failure.detail)),
            Looked::Absent(_) => self.tls("wide hello: nothing"),
        });
        let evidence = std::iter::once(first).chain(second).collect();
        if let Some(tls) = wide.and_then(|wide| wide.outcome.seen()) {
            return Reading::stopped(self.old(tls, failure, evidence));
        }
        let closed_for_all = wide
            .and_then(|wide| wide.outcome.failure())
            .is_some_and(|second| !matches!(second.kind, FailureKind::Timeout | FailureKind::Other));
        let (weight, message) = match failure.kind {
            FailureKind::Timeout => (Weight::Open, format!("the TLS handshake with {} does not end in time", self.place)),
            FailureKind::TlsLate => (
                Weight::Broken(Severity::Blocker),
                format!("{} breaks off the TLS handshake after its certificate, as servers do that demand one of the client", self.place),
            ),
            _ if closed_for_all => {
                (Weight::Broken(Severity::Blocker), format!("{} accepts STARTTLS, and then no TLS handshake succeeds", self.place))
            }
            _ => (Weight::Open, format!("the TLS handshake with {} fails, and a second attempt could not be made", self.place)),
        };
        Reading::stopped(Fault {
            rule: &HANDSHAKE,
            weight,
            message,
            expected: "a TLS session".to_owned(),
            found: failure.detail.clone(),
            evidence,
            fix: "read the server's log: usually it has no certificate or key loaded, or settings that leave no cipher suite".to_owned(),
        })
    }

    /// A server that answers the wide hello only.
    fn old(&self, tls: &TlsFacts, modern: &Failure, evidence: Vec<Evidence>) -> Fault {
        let found = format!("{} with {}", tls.version, tls.suite);
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

    /// A handshake that ended, with a signature that does not fit: senders that check it break off.
    fn signature(&self, tls: &TlsFacts, certificates: &BTreeMap<Fingerprint, Der>) -> Option<Fault> {
        let problem = tls.signature_problem.as_ref()?;
        let leaf = tls.chain.first().and_then(|print| certificates.get(print)).and_then(|der| Certificate::parse(&der.0).ok());
        // Of a key that senders refuse no signature is verified either: that is cert-weak-key.
        if leaf.as_ref().is_some_and(|leaf| leaf.key.is_weak()) {
            return None;
        }
        let key = leaf.map_or_else(String::new, |leaf| format!(", key {} {}", leaf.key.kind, leaf.key.bits));
        Some(Fault {
            rule: &HANDSHAKE,
            weight: Weight::Broken(Severity::Blocker),
            message: format!("{} signs the TLS handshake in a way that senders cannot verify", self.place),
            expected: "a signature by the key of the first certificate, RSA of 2048 bits or more".to_owned(),
            found: format!("{problem}{key}"),
            evidence: vec![self.tls(&format!("{} with {}: {problem}{key}", tls.version, tls.suite))],
            fix: "see that key and certificate belong together, the server's own certificate comes first, and the key is not too small"
                .to_owned(),
        })
    }

    fn after(&self, signature: Option<Fault>) -> Reading {
        let (found, evidence, weight) = match &self.probe.ehlo_after {
            Some(Looked::Seen(reply)) if reply.is_ok() => (None, None, Weight::Open),
            Some(Looked::Seen(reply)) if reply.is_transient() => {
                let busy = self.busy("answers EHLO inside TLS with", reply);
                return Reading { faults: signature.into_iter().chain([busy]).collect(), reached: rung(&AFTER) };
            }
            Some(Looked::Seen(reply)) => (Some(line(reply)), Some(self.reply(reply)), Weight::Broken(Severity::Blocker)),
            Some(Looked::Failed(failure)) => {
                let weight = if failure.kind == FailureKind::Timeout { Weight::Open } else { Weight::Broken(Severity::Blocker) };
                (Some(failure.detail.clone()), Some(self.smtp("EHLO inside TLS", &failure.detail)), weight)
            }
            Some(Looked::Absent(_)) | None => {
                return Reading { faults: signature.into_iter().collect(), reached: rung(&AFTER) };
            }
        };
        let (Some(found), Some(evidence)) = (found, evidence) else {
            return Reading { faults: signature.into_iter().collect(), ..Reading::clean() };
        };
        let demands_certificate = found.starts_with("certificate_required") || found.contains("client certificate");
        let message = match weight {
            _ if demands_certificate => format!("{} demands a client certificate", self.place),
            Weight::Broken(_) => format!("the session with {} dies after the TLS handshake", self.place),
            Weight::LooseEnd | Weight::Open => format!("{} does not answer EHLO inside TLS", self.place),
        };
        let fix = if demands_certificate {
            "do not require client certificates at port 25; in Postfix smtpd_tls_req_ccert = no"
        } else {
            "read the server's log for the seconds of the test"
        };
        let after = Fault {
            rule: &AFTER,
            weight,
            message,
            expected: "250 in answer to EHLO inside TLS".to_owned(),
            found,
            evidence: vec![evidence],
            fix: fix.to_owned(),
        };
        Reading { faults: signature.into_iter().chain([after]).collect(), reached: rung(&AFTER) }
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
        Evidence::at(EvidenceKind::Smtp, self.probe.at, whole(reply))
    }
}

/// Characters of a reply that go into a finding; replies may have 64 KiB.
const SHOWN: usize = 300;

/// The line of a reply that says most: the last.
fn line(reply: &Reply) -> String {
    let text = reply.lines.last().map_or("", String::as_str);
    format!("{} {text}", reply.code).trim_end().chars().take(SHOWN).collect()
}

/// A reply as it came, on one line.
fn whole(reply: &Reply) -> String {
    let (last, before) = reply.lines.split_last().map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
    let before: Vec<String> = before.iter().map(|line| format!("{}-{line} | ", reply.code)).collect();
    let text = format!("{}{} {last}", before.concat(), reply.code);
    if text.chars().nth(SHOWN).is_some() { text.chars().take(SHOWN).chain(" …".chars()).collect() } else { text }
}

fn extensions(ehlo: &Reply) -> String {
    let words: Vec<&str> = ehlo.lines.iter().skip(1).filter_map(|line| line.split_ascii_whitespace().next()).collect();
    if words.is_empty() {
        return "no extension at all".to_owned();
    }
    words.join(" ").chars().take(SHOWN).collect()
}
