//! What the other families found, in the terms that reports use: so that a reported failure can be held against it.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::evidence::past;
use crate::evidence::reports::Live;
use crate::model::facts::Facts;
use crate::model::facts::servers::Probe;
use crate::model::finding::{Finding, Outcome, Sheet};
use crate::model::history::Standard;
use crate::model::looked::FailureKind;
use crate::rules::Case;
use crate::wire::name::Domain;
use crate::wire::policy::Policy;

/// What live checks say: today's by the sheet so far, earlier ones by what is remembered.
pub(super) fn of(case: &Case<'_>, live_mx: &BTreeSet<Domain>, policy: Option<&Policy>, sheet: &Sheet) -> Live {
    let mut live = today(case.facts, sheet);
    let mut broken = None;
    if let Some(past) = &case.past {
        let standard = Standard::of(case.facts);
        live.changed = past::changes(past, live_mx, policy, &standard).into_iter().rfind(|change| change.at <= case.now);
        live.remembered_since = past::remembered_since(past);
        for host in live_mx {
            live.moved_since.extend(past::moved_since(past, host).map(|at| (host.clone(), at)));
            // A certificate that was issued long before may have been put in place late.
            if let (Some(since), Some(served)) = (live.certificate_since.get_mut(host), past::served_since(past, host, &standard)) {
                *since = served.max(*since);
            }
        }
        let checked = past::checked(past, live_mx, case.facts);
        (live.clean_days, broken) = (checked.clean, checked.broken);
    }
    let observed = case.facts.observed_at.to_zoned(TimeZone::UTC).date();
    // Today's check says more about today than an earlier one of the same day, unless that one saw something broken.
    let clean = !live_mx.is_empty() && live_mx.iter().all(|host| clean_from_here(case.facts, host, sheet));
    if clean && broken.is_none_or(|last| last < observed) {
        live.clean_days.insert(observed);
    } else {
        live.clean_days.remove(&observed);
    }
    live
}

/// Whether every address of the host that this vantage can ask was asked and proven clean today. A family that was switched off can be
/// asked.
fn clean_from_here(facts: &Facts, host: &Domain, sheet: &Sheet) -> bool {
    let there = |probe: &&Probe| probe.connect.failure().is_none_or(|failure| failure.kind != FailureKind::NoRoute);
    facts.servers.iter().flatten().filter(|server| server.name == *host).any(|server| {
        let mut asked = server.probes.iter().filter(there).peekable();
        let all_asked = server.addresses_left_out == 0 && server.unprobed().is_empty() && asked.peek().is_some();
        all_asked && asked.all(Probe::speaks_tls) && !is_doubted(host, sheet)
    })
}

/// Whether anything that the answer needs stands against a host.
fn is_doubted(host: &Domain, sheet: &Sheet) -> bool {
    let about = |finding: &&Finding| matches!(finding.rule.family(), "starttls" | "cert" | "mx") && self::host(finding) == *host;
    sheet.findings().iter().filter(about).any(|finding| finding.blocks() || finding.unsettles())
}

fn today(facts: &Facts, sheet: &Sheet) -> Live {
    let mut live = Live::default();
    for finding in sheet.findings().iter().filter(|finding| finding.outcome == Outcome::Broken) {
        live.faults.extend(result_types(finding.code()).iter().map(|result_type| (host(finding), *result_type)));
    }
    for server in facts.servers.iter().flatten() {
        // An address that was not probed, of whatever family, leaves the host unproven.
        let all_probed = server.probes.iter().all(Probe::speaks_tls) && server.addresses_left_out == 0 && server.unprobed().is_empty();
        if all_probed && !server.probes.is_empty() && !is_doubted(&server.name, sheet) {
            live.proven.insert(server.name.clone());
        }
        let paths = server.probes.iter().flat_map(Probe::chains).filter_map(|tls| tls.trust.public.as_ref());
        // The oldest of them: one renewed address explains nothing about the others.
        if let Some(since) = paths.map(|path| path.not_before).min() {
            live.certificate_since.insert(server.name.clone(), since);
        }
    }
    let about_policy = || sheet.findings().iter().filter(|finding| matches!(finding.rule.family(), "txt" | "fetch" | "policy"));
    live.policy_fault = about_policy().any(Finding::blocks);
    if let Some(policy) = &facts.policy {
        let served = policy.fetches.iter().filter_map(|fetch| fetch.answered()).any(|answer| answer.status == 200);
        live.policy_proven = served && !about_policy().any(|finding| finding.blocks() || finding.unsettles());
        let paths = policy.fetches.iter().filter_map(|fetch| fetch.handshake()?.trust.public.as_ref());
        live.policy_certificate_since = paths.map(|path| path.not_before).min();
    }
    live
}

/// The host that a finding is about: the first word of its subject (`HOST ADDRESS KEYTYPE`).
fn host(finding: &Finding) -> Domain {
    Domain::from_dns(finding.subject.split_whitespace().next().unwrap_or_default())
}

/// The result-types (RFC 8460 §4.3) under which senders report what a rule finds.
fn result_types(code: &str) -> &'static [&'static str] {
    match code {
        "starttls-missing" | "starttls-rejected" => &["starttls-not-supported"],
        "starttls-handshake" | "starttls-legacy" | "starttls-after" | "mx-uncovered" => &["validation-failure"],
        "cert-name-mismatch" | "cert-no-san" => &["certificate-host-mismatch"],
        // Some senders have one word for everything that their TLS library does not trust.
        "cert-expired" => &["certificate-expired", "certificate-not-trusted"],
        "cert-not-yet-valid"
        | "cert-self-signed"
        | "cert-untrusted"
        | "cert-chain-incomplete"
        | "cert-private-ca"
        | "cert-constraint"
        | "cert-weak-key"
        | "cert-weak-signature" => &["certificate-not-trusted"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
