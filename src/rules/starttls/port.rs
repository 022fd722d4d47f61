//! Whether outgoing port 25 is blocked where this runs: every MX address is silent, and something else shows that it is not they.

use std::collections::BTreeSet;

use super::PORT_BLOCKED;
use crate::model::facts::servers::{MxHost, Probe};
use crate::model::facts::vantage::{ControlFacts, Vantage};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::{FailureKind, Looked};
use crate::rules::Case;

/// Addresses beyond these are counted.
const SHOWN: usize = 8;

/// Judges it once for the domain, over all addresses that were asked.
pub(super) fn judge(case: &Case<'_>, hosts: &[MxHost], sheet: &mut Sheet) {
    let subject = case.facts.domain.as_str();
    let probes: Vec<&Probe> = hosts.iter().flat_map(|host| &host.probes).filter(|probe| !probe.is_unasked() && !probe.tls_first).collect();
    if probes.is_empty() {
        return sheet.not_applicable(&PORT_BLOCKED, subject, "no address was probed");
    }
    if !probes.iter().all(|probe| probe.is_silent()) {
        return sheet.holds(&PORT_BLOCKED, subject);
    }
    let nothing = "every address was silent, and nothing that worked can be compared with";
    let Some(vantage) = maker(case, hosts) else { return sheet.not_applicable(&PORT_BLOCKED, subject, nothing) };
    if vantage.means.control.as_ref().is_some_and(|control| control.outcome.seen().is_some()) {
        return sheet.holds(&PORT_BLOCKED, subject);
    }
    let Some(shown) = witness(case, vantage, &probes) else { return sheet.not_applicable(&PORT_BLOCKED, subject, nothing) };
    let ports: BTreeSet<u16> = probes.iter().map(|probe| probe.port).collect();
    let port = ports.first().copied().unwrap_or(25);
    let place = place(case, vantage);
    let addresses: Vec<String> = probes.iter().take(SHOWN).map(|probe| probe.address.to_string()).collect();
    let more = probes.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let silent = Evidence::new(EvidenceKind::Tcp, format!("port {port} is silent at {}{more}", addresses.join(", ")));
    let message = format!("every MX address is silent at port {port} {}: the port is blocked {place}", shown.beside);
    let finding = sheet.undetermined(&PORT_BLOCKED, subject, message, silent);
    finding.evidence(shown.evidence);
    finding.expected(format!("an outgoing connection to port {port}")).found(format!("{0} of {0} addresses are silent", probes.len()));
    finding.fix(format!(
        "run stsready mx {subject} --save-facts FILE on a machine from which port {port} is open, such as a mail server of your own, and \
         stsready check {subject} --facts FILE here"
    ));
}

/// What shows that the MX hosts are not to blame.
struct Witness {
    beside: &'static str,
    evidence: Evidence,
}

/// The vantage that made these probes; `None` if several did: each may have a port that is blocked, or none.
fn maker<'a>(case: &'a Case<'_>, hosts: &[MxHost]) -> Option<&'a Vantage> {
    let subjects = hosts.iter().flat_map(|host| {
        let asked = host.probes.iter().filter(|probe| !probe.is_unasked());
        asked.map(|probe| format!("{} {}", host.name, probe.address))
    });
    let by = |subject: String| {
        let other = case.facts.others.iter().find(|other| other.gave.contains(&subject));
        other.map_or(&case.facts.vantage, |other| &other.vantage)
    };
    let mut makers = subjects.map(by);
    let first = makers.next()?;
    makers.all(|other| other == first).then_some(first)
}

fn witness(case: &Case<'_>, vantage: &Vantage, probes: &[&Probe]) -> Option<Witness> {
    if let Some((control, words)) = vantage.means.control.as_ref().and_then(|control| Some((control, silence(control)?))) {
        return Some(Witness { beside: "and so is the control host", evidence: Evidence::at(EvidenceKind::Tcp, control.at, words) });
    }
    // The fetches are mostly of the newest vantage; about another one they say nothing.
    if *vantage != case.facts.vantage {
        return None;
    }
    // HTTPS that does not go the way of SMTP says nothing about that way; and only a firewall that drops is told so from hosts that are down.
    let timed_out = |probe: &&Probe| probe.connect.failure().is_some_and(|failure| failure.kind == FailureKind::Timeout);
    if vantage.means.socks5.is_some() || !probes.iter().all(timed_out) {
        return None;
    }
    let worked = case.facts.policy.iter().flat_map(|policy| &policy.fetches).find(|fetch| matches!(fetch.connect, Looked::Seen(_)))?;
    let evidence = Evidence::at(EvidenceKind::Tcp, worked.at, format!("HTTPS to {} connected", worked.place()));
    (vantage.means.proxy.is_none()).then_some(Witness { beside: "while HTTPS works", evidence })
}

/// That the control host was as silent as the MX hosts, in words.
fn silence(control: &ControlFacts) -> Option<String> {
    let failure = control.outcome.failure()?;
    let silent = matches!(failure.kind, FailureKind::Timeout | FailureKind::Unreachable);
    // A lookup that failed is none of the port's business.
    let address = control.address.filter(|_| silent)?;
    Some(format!("control {} ({address}) port {}: {}", control.target, control.port, failure.detail))
}

fn place(case: &Case<'_>, vantage: &Vantage) -> String {
    match &vantage.means.socks5 {
        Some(proxy) => format!("behind the SOCKS5 proxy {proxy}"),
        None if *vantage == case.facts.vantage => "where this runs".to_owned(),
        None => format!("at the other vantage (EHLO {})", vantage.helo),
    }
}
