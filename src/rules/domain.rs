//! domain-*: what kind of domain this is for mail, and which lookups could not be made.

use std::net::IpAddr;

use super::{Case, rule};
use crate::model::facts::dns::{AddressFacts, MailFacts};
use crate::model::facts::servers::MxSource;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::{AbsenceKind, Failure, Looked};
use crate::model::rule::{Rule, Severity, Stage};
use crate::wire::name::Domain;
use crate::wire::scope::Scope;

rule!(NOT_FOUND, "domain-not-found", Mx, [Blocker], false, "the domain does not exist", "RFC 8461 §2; RFC 2308 §2.1");
rule!(DNS_FAILED, "domain-dns-failed", Mx, [Blocker, Warning], true, "a DNS lookup that the verdict needs failed", "RFC 8461 §3.1, §10.2");
rule!(
    SPLIT_HORIZON,
    "domain-split-horizon",
    Mx,
    [Blocker],
    true,
    "DNS answers here with addresses that the world does not see",
    "RFC 1918 §3; RFC 4193 §3; RFC 6598"
);
rule!(NULL_MX, "domain-null-mx", Mx, [Advice], false, "the domain takes no mail: null MX", "RFC 7505 §3");
rule!(NO_MAIL, "domain-no-mail", Mx, [Advice], false, "the domain takes no mail: neither MX nor address", "RFC 5321 §5.1");
rule!(IMPLICIT_MX, "domain-implicit-mx", Mx, [Warning], false, "no MX record: senders use the domain's own address", "RFC 5321 §5.1");
rule!(SUBDOMAIN, "domain-subdomain", Policy, [Advice], false, "a parent's policy does not cover this domain", "RFC 8461 §3.4");

/// The family, in the catalogue's order.
pub static RULES: &[&Rule] = &[&NOT_FOUND, &DNS_FAILED, &SPLIT_HORIZON, &NULL_MX, &NO_MAIL, &IMPLICIT_MX, &SUBDOMAIN];

/// Judges the kind of domain and every lookup that failed.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    if let Some(mail) = &case.facts.mail {
        kind(case, mail, sheet);
        if takes_no_mail(sheet) {
            sheet.not_applicable(&SUBDOMAIN, case.facts.domain.as_str(), "the domain takes no mail");
        } else {
            subdomain(case, mail, sheet);
        }
    }
    lookups(case, sheet);
    horizon(case, sheet);
}

/// Whether senders have any host to deliver to; without one nothing else applies.
pub fn takes_no_mail(sheet: &Sheet) -> bool {
    [&NOT_FOUND, &NULL_MX, &NO_MAIL].into_iter().any(|rule| sheet.has_broken(rule))
}

fn kind(case: &Case<'_>, mail: &MailFacts, sheet: &mut Sheet) {
    let domain = case.facts.domain.as_str();
    let at = case.facts.observed_at;
    let dns = |text: String| Evidence::at(EvidenceKind::Dns, at, text);
    match &mail.mx {
        Looked::Failed(_) => {
            for rule in [&NOT_FOUND, &NULL_MX, &NO_MAIL, &IMPLICIT_MX] {
                sheet.not_applicable(rule, domain, "the MX lookup failed");
            }
        }
        Looked::Absent(absence) if absence.kind == AbsenceKind::NxDomain => {
            sheet
                .broken(&NOT_FOUND, domain, format!("{domain} does not exist in DNS"), dns(format!("{domain} MX: NXDOMAIN")))
                .expected("a domain that exists")
                .found("NXDOMAIN")
                .fix("check the spelling; if it is right, the registration or the delegation is missing");
        }
        Looked::Absent(_) => {
            sheet.holds(&NOT_FOUND, domain);
            sheet.holds(&NULL_MX, domain);
            without_mx(case, mail, sheet);
        }
        Looked::Seen(answer) => {
            sheet.holds(&NOT_FOUND, domain);
            sheet.holds(&NO_MAIL, domain);
            sheet.holds(&IMPLICIT_MX, domain);
            if !answer.value.is_empty() && answer.value.iter().all(|record| record.exchange.is_root()) {
                let beside = published(case);
                let message = if beside.is_empty() {
                    format!("{domain} takes no mail, by its null MX: MTA-STS has nothing to protect here")
                } else {
                    format!("{domain} takes no mail, by its null MX, yet it publishes {}", beside.join(" and "))
                };
                let finding = sheet.broken(&NULL_MX, domain, message, dns(format!("{domain} MX 0 . (TTL {})", answer.ttl)));
                if !beside.is_empty() {
                    finding.fix(format!("remove {}: without mail there is nothing to report or to enforce", beside.join(" and ")));
                }
            } else {
                sheet.holds(&NULL_MX, domain);
            }
        }
    }
}

fn without_mx(case: &Case<'_>, mail: &MailFacts, sheet: &mut Sheet) {
    let domain = case.facts.domain.as_str();
    let dns = |text: String| Evidence::at(EvidenceKind::Dns, case.facts.observed_at, text);
    let Some(own) = &mail.own_addresses else {
        sheet.not_applicable(&NO_MAIL, domain, "its own addresses were not asked for");
        return;
    };
    let all = own.all();
    if let Some(first) = all.first() {
        sheet.holds(&NO_MAIL, domain);
        sheet
            .broken(
                &IMPLICIT_MX,
                domain,
                format!("{domain} has no MX record, so senders deliver to its own address; a policy must list {domain} itself"),
                dns(format!("{domain} MX: NODATA; address {first}")),
            )
            .expected("an MX record")
            .found("none; an address of the domain itself")
            .fix_with("publish an MX record that names the host which takes the mail", format!("{domain}. 3600 IN MX 10 mail.{domain}."));
    } else if own.none() {
        sheet.holds(&IMPLICIT_MX, domain);
        let message = format!("{domain} takes no mail: it has neither an MX record nor an address");
        let finding = sheet.broken(&NO_MAIL, domain, message, dns(format!("{domain} MX, A and AAAA: NODATA")));
        finding.fix_with("to say so to senders at once, publish a null MX (RFC 7505)", format!("{domain}. 3600 IN MX 0 ."));
    } else {
        for rule in [&NO_MAIL, &IMPLICIT_MX] {
            sheet.not_applicable(rule, domain, "its own addresses could not be looked up");
        }
    }
}

/// What of MTA-STS and TLS-RPT is published, in words.
fn published(case: &Case<'_>) -> Vec<&'static str> {
    let mut names = Vec::new();
    if case.facts.policy.as_ref().is_some_and(|policy| !policy.txt.texts().is_empty()) {
        names.push("an MTA-STS record");
    }
    if case.facts.record.as_ref().is_some_and(|record| !record.txt.texts().is_empty()) {
        names.push("a TLS-RPT record");
    }
    names
}

fn subdomain(case: &Case<'_>, mail: &MailFacts, sheet: &mut Sheet) {
    let domain = case.facts.domain.as_str();
    let Some(parent) = &mail.parent_policy else {
        sheet.holds(&SUBDOMAIN, domain);
        return;
    };
    let above = parent.name.as_str().trim_start_matches("_mta-sts.");
    sheet
        .broken(
            &SUBDOMAIN,
            domain,
            format!("{above} has a policy, but policies are not inherited: {domain} needs its own"),
            Evidence::at(EvidenceKind::Dns, case.facts.observed_at, format!("{} TXT {:?}", parent.name, parent.text)),
        )
        .expected(format!("a record at _mta-sts.{domain}"))
        .found(format!("one at {} only", parent.name))
        .fix(format!("publish a record and a policy for {domain} itself, if it is to be protected"));
}

/// Every lookup that failed, with the stage that needed it.
fn lookups(case: &Case<'_>, sheet: &mut Sheet) {
    let facts = case.facts;
    let mut failed = Vec::new();
    let mut looked = 0;
    let mut note = |name: &Domain, kind: &'static str, stage, severity, failure: Option<&Failure>| {
        looked += 1;
        if let Some(failure) = failure {
            failed.push((name.clone(), kind, stage, severity, failure.clone()));
        }
    };
    // Where one family answered with addresses, senders reach the host by it; the other stays unknown.
    let severity_of = |addresses: &AddressFacts| if addresses.all().is_empty() { Severity::Blocker } else { Severity::Warning };
    if let Some(record) = &facts.record {
        note(&record.txt.name, "TXT", Stage::Record, Severity::Blocker, record.txt.answer.failure());
        // One target that can receive is enough for reports to arrive; what another cannot is then no open question.
        let reachable = record.targets.iter().any(|target| {
            target.mx.as_ref().is_some_and(|mx| mx.seen().is_some()) || target.addresses.as_ref().is_some_and(|own| !own.all().is_empty())
        });
        let severity = if reachable { Severity::Warning } else { Severity::Blocker };
        for target in &record.targets {
            note(&target.host, "MX", Stage::Record, severity, target.mx.as_ref().and_then(Looked::failure));
            for (kind, failure) in target.addresses.iter().flat_map(AddressFacts::failures) {
                note(&target.host, kind, Stage::Record, severity, Some(failure));
            }
        }
    }
    if let Some(policy) = facts.policy.as_ref().filter(|policy| policy.draft.is_none()) {
        note(&policy.txt.name, "TXT", Stage::Policy, Severity::Blocker, policy.txt.answer.failure());
        for (kind, failure) in policy.addresses.failures() {
            note(&policy.host, kind, Stage::Policy, severity_of(&policy.addresses), Some(failure));
        }
    }
    if let Some(mail) = &facts.mail {
        note(&facts.domain, "MX", Stage::Mx, Severity::Blocker, mail.mx.failure());
        for (kind, failure) in mail.own_addresses.iter().flat_map(AddressFacts::failures) {
            note(&facts.domain, kind, Stage::Mx, Severity::Blocker, Some(failure));
        }
    }
    for host in facts.servers.iter().flatten().filter(|host| host.source != MxSource::Implicit) {
        // Every address of an MX must be proven: a family that cannot be looked up is unknown, whatever the other says.
        for (kind, failure) in host.addresses.failures() {
            note(&host.name, kind, Stage::Mx, Severity::Blocker, Some(failure));
        }
    }
    if failed.is_empty() && looked > 0 {
        sheet.holds(&DNS_FAILED, facts.domain.as_str());
    }
    for (name, kind, stage, severity, failure) in failed {
        let evidence = Evidence::at(EvidenceKind::Dns, facts.observed_at, format!("{name} {kind}: {}", failure.detail));
        sheet
            .undetermined(&DNS_FAILED, format!("{name} {kind}"), format!("the lookup of {name} {kind} failed, so nothing is known about it"), evidence)
            .severity(severity)
            .stage(stage)
            .expected("an answer, or an authoritative \"no such record\"")
            .found(failure.detail)
            .fix("ask again; if it stays so, ask another resolver with --resolver, and check the zone's name servers and its DNSSEC (SERVFAIL is also how a bogus signature looks)");
    }
}

fn horizon(case: &Case<'_>, sheet: &mut Sheet) {
    let facts = case.facts;
    let mut hosts: Vec<(&Domain, Stage, Vec<IpAddr>)> = Vec::new();
    if let Some(policy) = &facts.policy {
        hosts.push((&policy.host, Stage::Policy, policy.addresses.all()));
    }
    for host in facts.servers.iter().flatten() {
        hosts.push((&host.name, Stage::Mx, host.addresses.all()));
    }
    for (host, stage, addresses) in hosts {
        if addresses.is_empty() {
            sheet.not_applicable(&SPLIT_HORIZON, host.as_str(), "no address is known");
            continue;
        }
        let hidden: Vec<String> = addresses.iter().filter(|address| Scope::of(**address).is_internal()).map(ToString::to_string).collect();
        if hidden.is_empty() {
            sheet.holds(&SPLIT_HORIZON, host.as_str());
            continue;
        }
        let list = hidden.join(", ");
        sheet
            .undetermined(
                &SPLIT_HORIZON,
                host.as_str(),
                format!("{host} resolves to {list} here: senders elsewhere see something else"),
                Evidence::at(EvidenceKind::Dns, facts.observed_at, format!("{host}: {list}")),
            )
            .stage(stage)
            .expected("addresses that are reachable from the internet")
            .found(list)
            .fix("run the check from outside, or ask a public resolver with --resolver");
    }
}

#[cfg(test)]
mod tests;
