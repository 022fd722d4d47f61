//! Reporters that have changed their ways: one that wrote regularly is silent, or complains as never before. Warnings: what the evidence
//! lacks, and what a failure means, is said by others.

use super::lacking::day;
use super::{SILENT, SPIKE, counted};
use crate::evidence::reports::{Judged, Lack, Spike, Stopped};
use crate::model::assessment::GroupLabel;
use crate::model::facts::reports::SetAside;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::rules::Case;

/// Findings of one rule.
const FINDING_CAP: usize = 20;

/// Writes both rules; what does not come up is left to hold.
pub(super) fn write(case: &Case<'_>, judged: &Judged, sheet: &mut Sheet) {
    let domain = case.facts.domain.as_str();
    if judged.lacks.iter().any(|lack| matches!(lack, Lack::Stale { .. })) {
        sheet.not_applicable(&SILENT, domain, "all reporters have stopped: see reports-stale");
    } else {
        let aside = case.facts.reports.iter().flat_map(|reports| &reports.set_aside);
        let aside: Vec<&SetAside> = aside.collect();
        for stopped in judged.stopped.iter().take(FINDING_CAP) {
            silent(stopped, &aside, sheet);
        }
        more(judged.stopped.len(), domain, sheet);
    }
    for spike in judged.spikes.iter().take(FINDING_CAP) {
        let mut groups =
            judged.groups.iter().filter(|group| group.summary.reporter == spike.reporter && group.on.contains(&day(spike.day)));
        if groups.all(|group| group.summary.label != GroupLabel::Unexplained) {
            let why = "what failed is told otherwise: the live checks show it too, or it was at no MX host of the domain";
            sheet.not_applicable(&SPIKE, spike.reporter.as_str(), why);
        } else {
            leapt(spike, sheet);
        }
    }
}

fn silent(stopped: &Stopped, aside: &[&SetAside], sheet: &mut Sheet) {
    let Stopped { reporter, last, reported, cadence, allowed } = stopped;
    let every = if *cadence == 1 { "daily".to_owned() } else { format!("every {cadence} days") };
    let last_day = day(*last);
    let since = aside.iter().find(|aside| aside.reporter == *reporter && aside.newest > *last);
    let instead = since
        .map(|aside| format!("; {} of it since then are set aside (reports-unauthenticated)", counted(aside.reports, "report", "reports")));
    let message =
        format!("{reporter}, which reported {every}, has stopped: its newest report is about {last_day}{}", instead.unwrap_or_default());
    let row = format!("{reporter}: reports about {} up to {last_day}, none since", counted(*reported, "day", "days"));
    let finding = sheet.broken(&SILENT, reporter.as_str(), message, Evidence::at(EvidenceKind::Report, *last, row));
    finding
        .expected(format!("a report of {reporter} at least every {}", counted(*allowed, "day", "days")))
        .found(format!("none since {last_day}"));
    finding.fix("see whether its reports still arrive (mailbox, spam filter, reports-rejected, reports-unauthenticated), and whether it still has mail for the domain");
}

fn more(stopped: usize, domain: &str, sheet: &mut Sheet) {
    let more = stopped.saturating_sub(FINDING_CAP);
    if more > 0 {
        let message = format!("{} stopped", counted(more, "reporter more has", "reporters more have"));
        sheet.broken(&SILENT, domain, message.clone(), Evidence::new(EvidenceKind::Report, message));
    }
}

fn leapt(spike: &Spike, sheet: &mut Sheet) {
    let Spike { reporter, sessions, failures, sessions_before, failures_before, .. } = spike;
    let on = day(spike.day);
    let now = format!("{failures} of {} failed on {on}", counted(*sessions, "session", "sessions"));
    let before = format!("{failures_before} of {} before", counted(*sessions_before, "session", "sessions"));
    let message = format!("failures at {reporter} have leapt up: {now}, {before}");
    let finding =
        sheet.broken(&SPIKE, reporter.as_str(), message, Evidence::at(EvidenceKind::Report, spike.day, format!("{reporter}: {now}")));
    finding.expected(format!("a failure rate near that of before, which was at most {:.2} %", spike.rate_before * 100.0)).found(now);
    finding
        .fix("see what changed on that day or the day before: certificates, MX hosts, policy, firewall; reports-failing names the hosts");
}
