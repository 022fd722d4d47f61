//! mx-*: the policy against the MX records (RFC 8461 §4.1), and the MX records themselves. In: the live MX hosts, their addresses, the
//! policy's patterns. Out: findings, one for each host and one for each pattern.

mod lookalike;

use self::lookalike::{Likeness, Nearest};
use super::hosts::{self, Host, Live};
use super::observed::{self, clip, policy_line};
use super::{Case, remaining, rule};
use crate::model::facts::servers::MxHost;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::{AbsenceKind, Looked};
use crate::model::rule::{Rule, Severity};
use crate::model::settings::{ADDRESS_CAP, MX_CAP};
use crate::wire::name::Domain;
use crate::wire::pattern::MxPattern;
use crate::wire::policy::{Mode, Policy};

rule!(UNCOVERED, "mx-uncovered", Policy, [Blocker], false, "an MX host is not in the policy", "RFC 8461 §4.1");
rule!(PATTERN_UNUSED, "mx-pattern-unused", Policy, [Warning, Advice], false, "a pattern matches no MX host", "RFC 8461 §4.1");
rule!(PATTERN_BROAD, "mx-pattern-broad", Policy, [Warning], false, "a wildcard covers more than mail hosts", "RFC 8461 §10.4");
rule!(UNRESOLVABLE, "mx-unresolvable", Mx, [Blocker, Warning], false, "an MX host has no address", "RFC 5321 §5.1");
rule!(CNAME, "mx-cname", Mx, [Warning], false, "an MX host is a CNAME", "RFC 5321 §5.1");
rule!(ADDRESS_LITERAL, "mx-address-literal", Mx, [Blocker], false, "an MX record names an address", "RFC 5321 §5.1");
rule!(UNPROBED, "mx-unprobed", Mx, [Blocker], true, "there are more MX hosts or addresses than are probed", "RFC 5321 §5.1");
rule!(SINGLE, "mx-single", Mx, [Advice], false, "there is one MX host only", "RFC 8461 §5");

/// The family.
pub static RULES: &[&Rule] = &[&UNCOVERED, &PATTERN_UNUSED, &PATTERN_BROAD, &UNRESOLVABLE, &CNAME, &ADDRESS_LITERAL, &SINGLE, &UNPROBED];

/// The rules that need a policy.
static ABOUT_POLICY: &[&Rule] = &[&UNCOVERED, &PATTERN_UNUSED, &PATTERN_BROAD];
/// A body of 64 KiB can hold thousands of patterns; this many unused or broad ones are told one by one.
const PATTERNS_TOLD: usize = 50;

/// Judges the MX set, and the policy's cover of it.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    if case.facts.mail.is_none() {
        return asked(case, sheet);
    }
    let subject = case.facts.domain.as_str();
    let live = match hosts::live(case.facts) {
        Ok(live) => live,
        Err(why) => return remaining::not_applicable(RULES, subject, why, sheet),
    };
    match usable(case.policy.as_ref()) {
        Ok(policy) => {
            uncovered(policy, &live, sheet);
            unused(case, policy, &live, sheet);
            broad(case, policy, &live, sheet);
        }
        Err(why) => remaining::not_applicable(ABOUT_POLICY, subject, why, sheet),
    }
    address_literals(&live, sheet);
    match &case.facts.servers {
        Some(servers) => addresses(&live, servers, sheet),
        None => remaining::not_applicable(&[&UNRESOLVABLE, &CNAME], subject, "the MX hosts were not looked up", sheet),
    }
    single(case, &live, sheet);
    unprobed(case, sheet);
    remaining::hold(RULES, subject, sheet);
}

fn usable(policy: Option<&Policy>) -> Result<&Policy, &'static str> {
    let policy = policy.filter(|policy| policy.is_policy()).ok_or("there is no policy to compare with")?;
    if policy.mx.is_empty() && policy.mx_meant.is_empty() {
        let withdrawn = policy.mode == Some(Mode::None);
        return Err(if withdrawn { "the policy is withdrawn and lists no mx" } else { "the policy lists no usable mx" });
    }
    Ok(policy)
}

/// Every live host against all patterns.
fn uncovered(policy: &Policy, live: &Live<'_>, sheet: &mut Sheet) {
    let mut unused: Vec<usize> = unmatched(policy, live).collect();
    for host in &live.hosts {
        let subject = host.name.as_str();
        if policy.mx.iter().any(|pattern| pattern.matches(&host.name)) {
            sheet.holds(&UNCOVERED, subject);
            continue;
        }
        if host.name.is_address() {
            sheet.not_applicable(&UNCOVERED, subject, "no pattern can cover an address");
            continue;
        }
        if let Some(meant) = policy.mx_meant.iter().find(|meant| !meant.by_key && meant.pattern.matches(&host.name)) {
            sheet.not_applicable(&UNCOVERED, subject, format!("line {} is meant for it and is faulty itself", meant.line));
            continue;
        }
        let nearest = lookalike::nearest(&host.name, policy, &unused);
        if let Some(index) = nearest.pattern.filter(|_| nearest.replaces) {
            // One line can be the slip of one host only.
            unused.retain(|other| *other != index);
        }
        write_uncovered(&nearest, policy, live, host, sheet);
    }
}

fn write_uncovered(nearest: &Nearest, policy: &Policy, live: &Live<'_>, host: &Host, sheet: &mut Sheet) {
    let listed: Vec<String> = policy.mx.iter().take(10).map(ToString::to_string).collect();
    let more = if policy.mx.len() > listed.len() { ", …" } else { "" };
    let listed = format!("{}{more}", listed.join(", "));
    let near = nearest.pattern.and_then(|index| policy.mx.get(index).zip(policy.mx_lines.get(index)));
    let message = format!("{} matches no mx of the policy: {}", host.name, lookalike::say(nearest, near.map(|(pattern, _)| pattern)));
    let finding = sheet.broken(&UNCOVERED, host.name.as_str(), message, live.evidence(host));
    finding.expected(format!("an mx that matches {}", host.name)).found(if listed.is_empty() { "no valid mx".to_owned() } else { listed });
    let line = match (nearest.likeness, near) {
        (Likeness::MisspeltKey { line }, _) => Some(line),
        (_, Some((pattern, line))) => {
            finding.evidence(policy_line(*line, &format!("mx: {pattern}")));
            Some(*line)
        }
        (_, None) => None,
    };
    let replaced = line.filter(|_| nearest.replaces);
    let say = match replaced {
        Some(line) => format!("replace line {line}, then publish a new id"),
        None => "add the line, then publish a new id; or remove the MX record if it is an old one".to_owned(),
    };
    finding.fix_with(say, format!("mx: {}", nearest.correction));
    if let Some(line) = line {
        finding.line(line);
    }
}

/// The patterns that match no live host, as indexes.
fn unmatched<'p>(policy: &'p Policy, live: &'p Live<'_>) -> impl Iterator<Item = usize> + 'p {
    let matches = |pattern: &MxPattern| live.hosts.iter().any(|host| pattern.matches(&host.name));
    policy.mx.iter().enumerate().filter(move |(_, pattern)| !matches(pattern)).map(|(index, _)| index)
}

fn unused(case: &Case<'_>, policy: &Policy, live: &Live<'_>, sheet: &mut Sheet) {
    if live.cut {
        return sheet.not_applicable(&PATTERN_UNUSED, case.facts.domain.as_str(), "not all MX records are known");
    }
    let known = case.facts.policy.as_ref().map(|facts| &facts.pattern_domains);
    for index in unmatched(policy, live).take(PATTERNS_TOLD) {
        let (Some(pattern), Some(&line)) = (policy.mx.get(index), policy.mx_lines.get(index)) else { continue };
        let subject = pattern.to_string();
        let registered = pattern.domain().registered();
        let looked = registered.as_ref().and_then(|domain| known.and_then(|known| known.get(domain)));
        let gone = matches!(looked, Some(Looked::Absent(absence)) if absence.kind == AbsenceKind::NxDomain);
        let shown = policy_line(line, &format!("mx: {pattern}"));
        let message = format!("{pattern} matches no MX host of {}", case.facts.domain);
        let finding = if let Some(domain) = registered.filter(|_| gone) {
            let message = format!("{message}, and its domain {domain} does not exist: whoever registers it owns an approved MX name");
            let finding = sheet.broken(&PATTERN_UNUSED, subject, message, shown);
            finding.evidence(Evidence::new(EvidenceKind::Dns, format!("{domain}: NXDOMAIN"))).severity(Severity::Warning);
            finding.fix(format!("delete line {line} now"))
        } else {
            let finding = sheet.broken(&PATTERN_UNUSED, subject, message, shown);
            finding.severity(Severity::Advice).fix(format!("delete line {line}, unless the host is about to become an MX"))
        };
        let hosts: Vec<String> = live.hosts.iter().take(10).map(|host| host.name.to_string()).collect();
        finding.expected(clip(&hosts.join(", "))).found(pattern.to_string()).line(line);
    }
}

fn broad(case: &Case<'_>, policy: &Policy, live: &Live<'_>, sheet: &mut Sheet) {
    let own = case.facts.domain.registered();
    let mut told = 0;
    for (pattern, &line) in policy.mx.iter().zip(&policy.mx_lines) {
        let domain = pattern.domain();
        let what = if !pattern.is_wildcard() {
            continue;
        } else if domain.is_public_suffix() {
            format!("any domain registered under {domain}")
        } else if own.as_ref() == Some(domain) {
            format!("every host of {domain}, web servers and users' machines included")
        } else {
            continue;
        };
        told += 1;
        if told > PATTERNS_TOLD {
            return;
        }
        let covered: Vec<String> =
            live.hosts.iter().filter(|host| pattern.matches(&host.name)).map(|host| format!("mx: {}", host.name)).collect();
        let finding = sheet.broken(
            &PATTERN_BROAD,
            pattern.to_string(),
            format!("{pattern} lets {what} pass as an MX host"),
            policy_line(line, &format!("mx: {pattern}")),
        );
        finding.line(line).expected("the MX hosts by name, or a wildcard over a domain of mail hosts only").found(pattern.to_string());
        if covered.is_empty() {
            finding.fix(format!("delete line {line}"));
        } else {
            finding.fix_with(format!("replace line {line} by the MX hosts"), covered.join("\n"));
        }
    }
}

fn address_literals(live: &Live<'_>, sheet: &mut Sheet) {
    for host in live.hosts.iter().filter(|host| host.name.is_address()) {
        sheet
            .broken(
                &ADDRESS_LITERAL,
                host.name.as_str(),
                format!("the MX record names the address {}, where a host name belongs", host.name),
                live.evidence(host),
            )
            .expected("a host name with addresses of its own")
            .found(host.name.to_string())
            .fix("give the server a name with an address record, and name it in the MX record");
    }
}

/// What DNS says of each host.
/// Hosts that were asked for by name, whatever the MX records say: each must have an address.
fn asked(case: &Case<'_>, sheet: &mut Sheet) {
    for host in case.facts.servers.iter().flatten() {
        let subject = host.name.as_str();
        match (&host.addresses.v4, &host.addresses.v6) {
            (Looked::Absent(v4), Looked::Absent(v6)) => {
                let answers = format!("{}; {}", observed::absent(&host.name, "A", v4), observed::absent(&host.name, "AAAA", v6));
                sheet
                    .broken(&UNRESOLVABLE, subject, format!("{subject} has no address"), Evidence::new(EvidenceKind::Dns, answers))
                    .expected("an A or AAAA record")
                    .found(if v4.kind == AbsenceKind::NxDomain { "the name does not exist" } else { "neither A nor AAAA" })
                    .fix("publish the host's address before it becomes an MX");
            }
            _ if host.addresses.all().is_empty() => sheet.not_applicable(&UNRESOLVABLE, subject, "the lookup failed"),
            _ => sheet.holds(&UNRESOLVABLE, subject),
        }
    }
    unprobed(case, sheet);
}

fn addresses(live: &Live<'_>, servers: &[MxHost], sheet: &mut Sheet) {
    let dead = |host: &Host| find(servers, &host.name).is_some_and(|server| server.addresses.none());
    let others_left = |host: &Host| live.hosts.iter().any(|other| other.name != host.name && !dead(other) && !other.name.is_address());
    for host in &live.hosts {
        let subject = host.name.as_str();
        let Some(server) = find(servers, &host.name) else {
            let message = format!("{subject} was not looked at, so nothing is known about it");
            sheet
                .undetermined(&UNPROBED, subject, message, live.evidence(host))
                .expected("a probe of every MX host")
                .found("none in the facts");
            continue;
        };
        if host.name.is_address() {
            sheet.not_applicable(&UNRESOLVABLE, subject, "the MX record names an address");
        } else if let (Looked::Absent(v4), Looked::Absent(v6)) = (&server.addresses.v4, &server.addresses.v6) {
            let left = others_left(host);
            let rest = if left { "other MX hosts are left" } else { "no other MX host has one" };
            let answers = format!("{}; {}", observed::absent(&host.name, "A", v4), observed::absent(&host.name, "AAAA", v6));
            sheet
                .broken(&UNRESOLVABLE, subject, format!("{subject} has no address; {rest}"), Evidence::new(EvidenceKind::Dns, answers))
                .severity(if left { Severity::Warning } else { Severity::Blocker })
                .evidence(live.evidence(host))
                .expected("an A or AAAA record")
                .found(if v4.kind == AbsenceKind::NxDomain { "the name does not exist" } else { "neither A nor AAAA" })
                .fix("publish the host's address, or remove the MX record");
        } else if server.addresses.all().is_empty() {
            sheet.not_applicable(&UNRESOLVABLE, subject, "the lookup failed");
        } else {
            sheet.holds(&UNRESOLVABLE, subject);
        }
        cname(live, host, server, sheet);
    }
}

fn cname(live: &Live<'_>, host: &Host, server: &MxHost, sheet: &mut Sheet) {
    let subject = host.name.as_str();
    let via = server.addresses.via();
    let Some(last) = via.last().filter(|_| host.preference.is_some()) else { return sheet.holds(&CNAME, subject) };
    sheet
        .broken(
            &CNAME,
            subject,
            format!("the MX host {subject} is a CNAME to {}: senders may compare either name with policy and certificate", last.target),
            Evidence::new(EvidenceKind::Dns, observed::chain(via)),
        )
        .evidence(live.evidence(host))
        .expected("a host name with addresses of its own")
        .found(format!("a CNAME to {}", last.target))
        .fix("give the name addresses of its own, or name the target in the MX record; policy and certificate first");
}

fn single(case: &Case<'_>, live: &Live<'_>, sheet: &mut Sheet) {
    let [only] = live.hosts.as_slice() else { return };
    if only.preference.is_none() {
        return sheet.not_applicable(&SINGLE, case.facts.domain.as_str(), "there is no MX record at all");
    }
    sheet
        .broken(
            &SINGLE,
            case.facts.domain.as_str(),
            format!("{} is the only MX host: under enforce one bad certificate stops all mail", only.name),
            live.evidence(only),
        )
        .expected("two MX hosts, or a watched certificate")
        .found(only.name.to_string())
        .fix("watch the certificate's remaining time, or add a second MX as good as the first");
}

/// A part of the MX set says nothing about the whole.
fn unprobed(case: &Case<'_>, sheet: &mut Sheet) {
    let domain = case.facts.domain.as_str();
    let total = case.facts.mail.as_ref().and_then(|mail| mail.mx_total);
    if let Some(total) = total {
        let left_out = total.saturating_sub(MX_CAP);
        let shown = Evidence::new(EvidenceKind::Dns, format!("{domain} has {total} MX records"));
        let message = format!("{domain} has {total} MX records; {left_out} of them were not looked at");
        let finding = sheet.undetermined(&UNPROBED, domain, message, shown);
        finding.expected(format!("at most {MX_CAP} MX records")).found(total.to_string()).fix("remove the MX records that no mail needs");
    }
    for host in case.facts.servers.iter().flatten() {
        unasked(host, sheet);
    }
    for host in case.facts.servers.iter().flatten().filter(|host| host.addresses_left_out > 0) {
        let (probed, left_out) = (host.probes.len(), host.addresses_left_out);
        let shown = Evidence::new(EvidenceKind::Dns, format!("{} has {} addresses", host.name, probed + left_out));
        let message = format!("{} has {} addresses; {left_out} of them were not probed", host.name, probed + left_out);
        let finding = sheet.undetermined(&UNPROBED, host.name.as_str(), message, shown);
        finding.expected(format!("at most {ADDRESS_CAP} addresses")).found((probed + left_out).to_string());
        finding.fix("spread the addresses over several MX hosts, or remove those that take no mail");
    }
}

/// An address that senders may choose and nobody has asked.
fn unasked(host: &MxHost, sheet: &mut Sheet) {
    for address in host.unprobed() {
        let first = host.probes.iter().find(|probe| probe.address == address);
        let (found, shown) = match first {
            Some(probe) => {
                let words = format!("port {} with TLS from the start", probe.port);
                (words.clone(), Evidence::at(EvidenceKind::Tcp, probe.at, format!("{address}: {words}")))
            }
            None => ("no probe".to_owned(), Evidence::new(EvidenceKind::Dns, format!("{} has the address {address}", host.name))),
        };
        let message = match first {
            Some(probe) => format!("{} ({address}) was asked only at port {}, not as senders ask", host.name, probe.port),
            None => format!("{} ({address}) was not probed, so nothing is known about it", host.name),
        };
        let finding = sheet.undetermined(&UNPROBED, format!("{} {address}", host.name), message, shown);
        finding.expected("a probe of every address with STARTTLS").found(found).fix("probe the host again, at all its addresses");
    }
}

fn find<'s>(servers: &'s [MxHost], name: &Domain) -> Option<&'s MxHost> {
    servers.iter().find(|server| server.name == *name)
}

#[cfg(test)]
mod tests;
