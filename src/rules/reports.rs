//! The family `reports`: what senders say about the domain, whether it is enough to conclude from, and what failed (RFC 8460).
//!
//! Runs last, for a reported failure is held against what the other families found. The arithmetic is [`crate::evidence::reports`]'s; here it
//! is put into findings.

mod failures;
mod family;
mod lacking;
mod live;
mod reporters;
mod unauthenticated;

use std::collections::BTreeSet;

use super::{Case, remaining, rule};
use crate::evidence::reports::{self as evidence, Judged, Situation};
use crate::model::assessment::ReportsSummary;
use crate::model::facts::reports::ReportFacts;
use crate::model::facts::servers::MxSource;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::Looked;
use crate::model::rule::Rule;
use crate::wire::name::Domain;
use crate::wire::policy::Mode;

rule!(NONE, "reports-none", Reports, [Blocker], true, "no report at all", "RFC 8460 §3, §4.1");
rule!(STALE, "reports-stale", Reports, [Blocker], true, "the regular reporters have stopped", "RFC 8460 §4.1, §5.5");
rule!(
    OTHER_POLICY,
    "reports-other-policy",
    Reports,
    [Blocker],
    true,
    "the reports are about another policy",
    "RFC 8460 §4.4, RFC 8461 §5.1"
);
rule!(WINDOW_SHORT, "reports-window-short", Reports, [Blocker], true, "the present state is younger than the window", "RFC 8461 §5, §8.4");
rule!(GAPS, "reports-gaps", Reports, [Blocker], true, "too few days with reports", "RFC 8460 §4.1");
rule!(FEW_SESSIONS, "reports-few-sessions", Reports, [Blocker], true, "too few sessions", "RFC 8460 §4.2.1");
rule!(SINGLE_REPORTER, "reports-single-reporter", Reports, [Blocker], true, "too few reporters", "RFC 8460 §5.3, RFC 8461 §3.3");
rule!(
    FAILING,
    "reports-failing",
    Reports,
    [Blocker, Warning],
    false,
    "failures that enforce would have refused",
    "RFC 8460 §4.3, RFC 8461 §5"
);
rule!(
    FETCH_ERROR,
    "reports-fetch-error",
    Reports,
    [Blocker, Warning],
    false,
    "senders could not obtain the policy",
    "RFC 8460 §4.3.2.2, RFC 8461 §3.3"
);
rule!(FOREIGN_MX, "reports-foreign-mx", Reports, [Warning], false, "failures at a host that is no MX", "RFC 8460 §4.4, RFC 8461 §10");
rule!(DANE, "reports-dane", Reports, [Warning], false, "DANE fails at some senders", "RFC 8460 §4.3.2.1, RFC 8461 §2");
rule!(FIXED, "reports-fixed", Reports, [Advice], false, "past failures, clean since", "RFC 8460 §4.3");
rule!(REJECTED, "reports-rejected", Reports, [Warning], false, "files that could not be read as reports", "RFC 8460 §4.4, §5.2");
rule!(UNAUTHENTICATED, "reports-unauthenticated", Reports, [Warning], false, "mailed reports that nothing proves", "RFC 8460 §3, §5.3");
rule!(SILENT, "reports-silent", Reports, [Warning], false, "a regular reporter has stopped", "RFC 8460 §4.1, §4.2.1");
rule!(SPIKE, "reports-spike", Reports, [Warning], false, "failures have leapt up", "RFC 8460 §4.2, §4.3");

/// All rules of the family.
pub static RULES: &[&Rule] = &[
    &NONE,
    &STALE,
    &OTHER_POLICY,
    &WINDOW_SHORT,
    &GAPS,
    &FEW_SESSIONS,
    &SINGLE_REPORTER,
    &FAILING,
    &FETCH_ERROR,
    &FOREIGN_MX,
    &DANE,
    &FIXED,
    &REJECTED,
    &UNAUTHENTICATED,
    &SILENT,
    &SPIKE,
];

/// The rules that ask whether there is enough evidence about the policy in force; without a policy there is nothing to ask.
static ABOUT_THE_POLICY: &[&Rule] = &[&STALE, &OTHER_POLICY, &WINDOW_SHORT, &GAPS, &FEW_SESSIONS, &SINGLE_REPORTER];

/// Rejected files told one by one.
const TOLD_CAP: usize = 20;

/// Judges the reports, and says what they add up to; `None` where they were not looked at.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) -> Option<ReportsSummary> {
    let domain = case.facts.domain.as_str();
    let Some(reports) = &case.facts.reports else {
        remaining::not_applicable(RULES, domain, "reports were not looked at", sheet);
        return None;
    };
    // A policy without a usable mx covers nothing, and no report can be about it.
    let policy = case.policy.as_ref().filter(|policy| matches!(policy.mode, Some(Mode::Testing | Mode::Enforce)) && !policy.mx.is_empty());
    let live_mx = live_mx(case);
    let live = live::of(case, &live_mx, policy, sheet);
    let situation = Situation { reports, live_mx: &live_mx, policy, live: &live, now: case.now, settings: &case.settings.evidence };
    let judged = evidence::judge(&situation);

    lacking::write(case, &judged, policy.is_some(), sheet);
    failures::write(case, &judged, &live_mx, sheet);
    family::write(case, &judged, sheet);
    reporters::write(case, &judged, sheet);
    rejected(domain, reports, sheet);
    unauthenticated::write(domain, reports, sheet);
    remaining::hold(RULES, domain, sheet);
    Some(judged.summary)
}

/// The hosts that are MX now; empty where that is not known.
fn live_mx(case: &Case<'_>) -> BTreeSet<Domain> {
    match case.facts.mail.as_ref().map(|mail| &mail.mx) {
        Some(Looked::Seen(answer)) => answer.value.iter().map(|mx| mx.exchange.clone()).filter(|host| !host.is_root()).collect(),
        Some(Looked::Absent(_)) => BTreeSet::from([case.facts.domain.clone()]),
        Some(Looked::Failed(_)) | None => {
            let hosts = case.facts.servers.iter().flatten().filter(|host| host.source != MxSource::Asked);
            hosts.map(|host| host.name.clone()).collect()
        }
    }
}

fn rejected(domain: &str, reports: &ReportFacts, sheet: &mut Sheet) {
    // Of a flood only some are told.
    let Some((first, others)) = reports.rejected.split_first() else { return };
    let row = |rejected: &crate::model::facts::reports::Rejected| {
        Evidence::new(EvidenceKind::Report, format!("{}: {}", rejected.source, rejected.reason))
    };
    let number = reports.rejected.len() + reports.rejected_beside;
    let message =
        format!("{} could not be read as TLS reports, so what they say is not counted", counted(number, "file or mail", "files or mails"));
    let finding = sheet.broken(&REJECTED, domain, message, row(first));
    finding.expected("TLS reports as JSON, gzipped or not, alone or in mails").found(if reports.files > 0 {
        format!("{number} rejected of {} looked into", reports.files)
    } else {
        format!("{number} rejected")
    });
    for rejected in others.iter().take(TOLD_CAP - 1) {
        finding.evidence(row(rejected));
    }
    if number > TOLD_CAP {
        finding.evidence(Evidence::new(EvidenceKind::Report, format!("and {} more", number - TOLD_CAP)));
    }
    finding.fix("take out what is no TLS report, and get damaged ones again from the mailbox");
}

/// The reports in one line, for evidence.
fn overview(judged: &Judged) -> Evidence {
    let summary = &judged.summary;
    let who: Vec<String> = summary
        .reporters
        .iter()
        .take(8)
        .map(|reporter| {
            format!(
                "{} ({}, {})",
                reporter.reporter,
                counted(reporter.reports, "report", "reports"),
                counted(reporter.sessions, "session", "sessions")
            )
        })
        .collect();
    let who = if who.is_empty() { "nobody".to_owned() } else { who.join(", ") };
    let text = format!("{} in the longest window, from {who}", counted(summary.reports, "report", "reports"));
    Evidence::at(EvidenceKind::Report, summary.window.end, text)
}

/// `1 report`, `2 reports`.
fn counted(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
