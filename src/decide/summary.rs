//! The tables beside the verdict: MX hosts, policy, record.

use std::collections::BTreeSet;

use crate::evidence::reports::named_hosts;
use crate::model::assessment::{
    AddressOutcome, AddressSummary, ChainSummary, DaneSummary, KnownFrom, LeafSummary, MxSummary, PolicySummary, RecordSummary,
};
use crate::model::facts::Facts;
use crate::model::facts::dane::DaneFacts;
use crate::model::facts::servers::{MxHost, Probe};
use crate::model::facts::tls::TlsFacts;
use crate::model::finding::{Finding, Outcome};
use crate::model::looked::Looked;
use crate::model::rule::{Severity, Stage};
use crate::rules::{Case, dane};
use crate::wire::certificate::Certificate;
use crate::wire::masking::{is_masked_greeting, masked_keywords};
use crate::wire::name::Domain;
use crate::wire::{smtp, sts_record, tlsrpt_record};

/// Every MX host with every address.
pub(super) fn mx(case: &Case<'_>, findings: &[Finding]) -> Vec<MxSummary> {
    let named = case.facts.reports.as_ref().map(|reports| named_hosts(reports, case.now, &case.settings.evidence));
    case.facts.servers.iter().flatten().map(|host| host_summary(case, host, findings, named.as_ref())).collect()
}

fn host_summary(case: &Case<'_>, host: &MxHost, findings: &[Finding], named: Option<&BTreeSet<Domain>>) -> MxSummary {
    let patterns = case.policy.iter().flat_map(|policy| &policy.mx);
    let addresses: Vec<AddressSummary> = host.probes.iter().map(|probe| address(case, host, probe, findings)).collect();
    let proven = !addresses.is_empty()
        && host.addresses_left_out == 0
        && host.unprobed().is_empty()
        && addresses.iter().all(|address| address.outcome == AddressOutcome::Proven);
    MxSummary {
        host: host.name.clone(),
        host_unicode: host.name.unicode(),
        preference: host.preference,
        covered_by: patterns.into_iter().find(|pattern| pattern.matches(&host.name)).map(ToString::to_string),
        dane: host.dane.as_ref().map(|facts| dane_summary(case, host, facts)),
        known_from: named.map(|named| match (named.contains(&host.name), proven) {
            (true, _) => KnownFrom::Reports,
            (false, true) => KnownFrom::ProbeOnly,
            (false, false) => KnownFrom::Neither,
        }),
        addresses,
    }
}

fn dane_summary(case: &Case<'_>, host: &MxHost, facts: &DaneFacts) -> DaneSummary {
    DaneSummary {
        records: facts.records.seen().iter().flat_map(|answer| &answer.value).map(ToString::to_string).collect(),
        security: facts.security,
        by: facts.by.clone(),
        matches: dane::matches(case, host),
    }
}

fn address(case: &Case<'_>, host: &MxHost, probe: &Probe, findings: &[Finding]) -> AddressSummary {
    let subject = format!("{} {}", host.name, probe.address);
    let about =
        |finding: &&Finding| finding.subject == subject || finding.subject.strip_prefix(&subject).is_some_and(|rest| rest.starts_with(' '));
    let mut outcome = if probe.speaks_tls() { AddressOutcome::Proven } else { AddressOutcome::Undetermined };
    for finding in findings.iter().filter(about) {
        match finding.outcome {
            Outcome::Broken if finding.severity == Severity::Blocker => outcome = AddressOutcome::Broken,
            // A loose end, such as a second certificate that could not be looked for, takes nothing back of what was proven.
            Outcome::Undetermined if outcome == AddressOutcome::Proven && finding.severity == Severity::Blocker => {
                outcome = AddressOutcome::Undetermined
            }
            _ => {}
        }
    }
    let handshake = probe.handshake();
    AddressSummary {
        address: probe.address,
        outcome,
        starttls: starttls(probe),
        tls_version: handshake.map(|tls| tls.version.clone()),
        suite: handshake.map(|tls| tls.suite.clone()),
        chains: probe.chains().into_iter().filter_map(|tls| chain(case.facts, probe, tls)).collect(),
    }
}

fn starttls(probe: &Probe) -> Option<&'static str> {
    let ehlo = probe.ehlo.as_ref().and_then(Looked::seen).filter(|reply| reply.is_ok())?;
    if !smtp::starttls_offered(ehlo) {
        // What a firewall overwrote is not known to be missing.
        let masked = !masked_keywords(ehlo).is_empty() || probe.greeting.as_ref().and_then(Looked::seen).is_some_and(is_masked_greeting);
        return (!masked).then_some("missing");
    }
    match &probe.starttls {
        Some(Looked::Seen(reply)) if !reply.is_ok() => Some("rejected"),
        // Silence, and a connection that broke, refuse nothing: it was offered, and what came of it is not known.
        _ => Some("offered"),
    }
}

fn chain(facts: &Facts, probe: &Probe, tls: &TlsFacts) -> Option<ChainSummary> {
    let leaf = tls.chain.first()?;
    let certificate = Certificate::parse(&facts.certificates.get(leaf)?.0).ok()?;
    Some(ChainSummary {
        key_type: certificate.key.kind.to_owned(),
        trusted: tls.trust.public.is_some(),
        served: tls.chain.len(),
        handshakes: (!probe.repeats.is_empty()).then(|| probe.times_served(tls)),
        root: tls.trust.public.as_ref().map(|path| path.root.clone()),
        leaf: self::leaf(certificate),
    })
}

/// A server's own certificate.
pub(super) fn leaf(certificate: Certificate) -> LeafSummary {
    LeafSummary {
        names: certificate.dns_names,
        issuer: certificate.issuer,
        serial: certificate.serial,
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        sha256: certificate.sha256,
    }
}

/// The policy that was judged.
pub(super) fn policy(case: &Case<'_>, findings: &[Finding]) -> Option<PolicySummary> {
    let facts = case.facts.policy.as_ref()?;
    let (body, policy) = (case.body?, case.policy.as_ref()?);
    let broken = findings.iter().any(|finding| finding.stage == Stage::Policy && finding.blocks() && finding.rule.family() != "mx");
    Some(PolicySummary {
        text: body.text.clone(),
        sha256: body.sha256,
        mode: policy.mode.map(|mode| mode.as_str().to_owned()),
        max_age: policy.max_age,
        mx: policy.mx.iter().map(ToString::to_string).collect(),
        id: sts_record::select(&facts.txt.texts()).and_then(|record| record.id),
        usable: facts.draft.is_none() && !broken,
    })
}

/// The TLS-RPT record that was judged.
pub(super) fn record(facts: &Facts) -> Option<RecordSummary> {
    let texts = facts.record.as_ref()?.txt.texts();
    let rua = tlsrpt_record::select(&texts)
        .map(|record| record.targets.into_iter().filter(|target| target.uri.is_ok()).map(|target| target.raw).collect())
        .unwrap_or_default();
    Some(RecordSummary { texts, rua })
}
