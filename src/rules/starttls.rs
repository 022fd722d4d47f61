//! The family `starttls`: whether a sender gets a TLS session at each address of each MX host (RFC 8461 §4, RFC 3207).
//!
//! The rules of one address are a ladder in the order of the dialogue. Rungs below a fault hold, rungs above it cannot be asked.

mod beyond;
mod port;
mod reading;

use self::beyond::BEYOND;
use self::reading::Reading;
use super::{Case, hosts, rule};
use crate::model::facts::servers::{MxHost, Probe};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::{Failure, FailureKind};
use crate::model::rule::{Rule, Severity};

rule!(UNREACHABLE, "starttls-unreachable", Mx, [Blocker, Warning], true, "an MX address cannot be reached", "RFC 8461 §4, RFC 5321 §5.1");
rule!(
    FAMILY_UNPROBED,
    "starttls-family-unprobed",
    Mx,
    [Blocker, Warning],
    true,
    "addresses of one family were not probed",
    "RFC 8461 §8.4"
);
rule!(PORT_BLOCKED, "starttls-port-blocked", Mx, [Blocker], true, "port 25 is blocked at this vantage", "RFC 8461 §8.4");
rule!(BUSY, "starttls-busy", Mx, [Blocker, Warning], true, "the server asks to come back later", "RFC 5321 §3.8, §4.2.1");
rule!(REFUSED, "starttls-refused", Mx, [Blocker, Warning], true, "the server refuses to talk to this client", "RFC 5321 §3.1, §4.2.1");
rule!(NOT_SMTP, "starttls-not-smtp", Mx, [Blocker, Warning], true, "what answers does not speak SMTP", "RFC 5321 §4.2");
rule!(MIDDLEBOX, "starttls-middlebox", Mx, [Blocker], true, "a firewall overwrites the SMTP dialogue", "RFC 8461 §4, RFC 3207 §6");
rule!(MISSING, "starttls-missing", Mx, [Blocker], false, "STARTTLS is not offered", "RFC 8461 §4, RFC 3207 §4");
rule!(REJECTED, "starttls-rejected", Mx, [Blocker], true, "STARTTLS is offered and rejected", "RFC 8461 §4, RFC 3207 §4");
rule!(HANDSHAKE, "starttls-handshake", Mx, [Blocker], true, "the TLS handshake fails", "RFC 8461 §4, §7.2");
rule!(LEGACY, "starttls-legacy", Mx, [Blocker], false, "no TLS version newer than 1.1", "RFC 8461 §7.2, RFC 8996");
rule!(
    SUITES,
    "starttls-suites",
    Mx,
    [Warning],
    false,
    "only cipher suites or groups outside the modern set",
    "RFC 8461 §7.2, RFC 9325 §4.2"
);
rule!(AFTER, "starttls-after", Mx, [Blocker], true, "the session dies after the TLS handshake", "RFC 3207 §4.2");
rule!(SLOW, "starttls-slow", Mx, [Advice], false, "the greeting comes late", "RFC 5321 §4.5.3.2.1");
rule!(
    CLIENT_CERT,
    "starttls-client-cert",
    Mx,
    [Warning],
    false,
    "the server asks for a client certificate",
    "RFC 8446 §4.3.2, RFC 3207 §4"
);
rule!(
    KEY_TYPE_UNPROBED,
    "starttls-key-type-unprobed",
    Mx,
    [Warning],
    false,
    "a certificate of another key type could not be looked for",
    "RFC 8461 §4.2"
);
rule!(INJECTION, "starttls-injection", Mx, [Warning], false, "clear text behind STARTTLS is executed inside TLS", "RFC 3207 §6");

/// All rules of the family.
pub static RULES: &[&Rule] = &[
    &UNREACHABLE,
    &FAMILY_UNPROBED,
    &PORT_BLOCKED,
    &NOT_SMTP,
    &BUSY,
    &REFUSED,
    &MIDDLEBOX,
    &MISSING,
    &REJECTED,
    &HANDSHAKE,
    &LEGACY,
    &SUITES,
    &AFTER,
    &SLOW,
    &CLIENT_CERT,
    &KEY_TYPE_UNPROBED,
    &INJECTION,
];

/// The rules of one address, in the order in which a dialogue meets them.
static LADDER: &[&Rule] =
    &[&UNREACHABLE, &NOT_SMTP, &BUSY, &REFUSED, &MIDDLEBOX, &MISSING, &REJECTED, &HANDSHAKE, &LEGACY, &SUITES, &AFTER];

/// Judges every address of every MX host; nothing where the servers were not looked at.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    let Some(hosts) = &case.facts.servers else { return };
    for host in hosts {
        family(host, sheet);
        if host.probes.is_empty() {
            for rule in LADDER.iter().chain(BEYOND) {
                sheet.not_applicable(rule, host.name.as_str(), hosts::nothing_probed(host));
            }
        }
        for probe in &host.probes {
            address(case, host, probe, sheet);
        }
    }
    port::judge(case, hosts, sheet);
}

/// Why an address was not connected to at all, if so: this vantage has no such family, or it was switched off.
fn unprobed(probe: &Probe) -> Option<&Failure> {
    probe.connect.failure().filter(|failure| matches!(failure.kind, FailureKind::NoRoute | FailureKind::SwitchedOff))
}

fn address(case: &Case<'_>, host: &MxHost, probe: &Probe, sheet: &mut Sheet) {
    let subject = format!("{} {}", host.name, probe.address);
    let why = match unprobed(probe) {
        Some(_) => Some("the address was not probed from here"),
        None => probe.tls_first.then_some("it was asked with TLS from the start, as no sender asks"),
    };
    if let Some(why) = why {
        for rule in LADDER.iter().chain(BEYOND) {
            sheet.not_applicable(rule, subject.as_str(), why);
        }
        return;
    }
    // Another address that was seen to work proves the host: then this one is a loose end, not an open question.
    let other_vantage = case.facts.proven_elsewhere(&subject);
    let proven_elsewhere = other_vantage.is_some() || host.probes.iter().any(|other| other.address != probe.address && other.speaks_tls());
    let reading = Reading::of(&host.name, probe, &case.facts.certificates);
    for (rung, rule) in LADDER.iter().enumerate() {
        let faults: Vec<_> = reading.faults.iter().filter(|fault| fault.rule == *rule).collect();
        if faults.is_empty() && rung < reading.reached {
            sheet.holds(rule, subject.as_str());
        } else if faults.is_empty() {
            sheet.not_applicable(rule, subject.as_str(), "the dialogue ended before");
        }
        for fault in faults {
            fault.write(&subject, proven_elsewhere, sheet);
        }
    }
    if let Some(other) = other_vantage {
        let words = format!("another vantage (EHLO {}) reached EHLO inside TLS at {}", other.vantage.helo, probe.address);
        for finding in sheet.findings_mut().filter(|finding| finding.subject == subject && finding.is_shown()) {
            finding.evidence(Evidence::at(EvidenceKind::Smtp, other.observed_at, words.as_str()));
        }
    }
    beyond::judge(host, probe, &subject, sheet);
}

fn family(host: &MxHost, sheet: &mut Sheet) {
    let left_out: Vec<(&Probe, &Failure)> = host.probes.iter().filter_map(|probe| Some((probe, unprobed(probe)?))).collect();
    let Some((first, _)) = left_out.first() else {
        if host.probes.is_empty() {
            sheet.not_applicable(&FAMILY_UNPROBED, host.name.as_str(), hosts::nothing_probed(host));
        } else {
            sheet.holds(&FAMILY_UNPROBED, host.name.as_str());
        }
        return;
    };
    let others = host.probes.len() > left_out.len();
    let both = left_out.iter().any(|(probe, _)| probe.address.is_ipv4() != first.address.is_ipv4());
    let family = match (both, first.address.is_ipv4()) {
        (true, _) => "IPv6 and IPv4",
        (false, true) => "IPv4",
        (false, false) => "IPv6",
    };
    let switched_off = left_out.iter().any(|(_, failure)| failure.kind == FailureKind::SwitchedOff);
    let why = if switched_off { "it was switched off" } else { "this vantage has none" };
    let message = if others {
        format!("the {family} addresses of {} were not probed: {why}", host.name)
    } else {
        format!("{} was not probed at all: it has {family} addresses only, and {why}", host.name)
    };
    let evidence =
        |probe: &Probe, failure: &Failure| Evidence::at(EvidenceKind::Tcp, probe.at, format!("{}: {}", probe.address, failure.detail));
    let mut all = left_out.iter().map(|(probe, failure)| evidence(probe, failure));
    let Some(shown) = all.next() else { return };
    let finding = sheet.undetermined(&FAMILY_UNPROBED, host.name.as_str(), message, shown);
    finding.severity(if others { Severity::Warning } else { Severity::Blocker });
    finding.evidence.extend(all);
    finding.fix(format!("run the same check on a machine that has {family}"));
}

#[cfg(test)]
mod tests;
