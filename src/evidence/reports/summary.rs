//! What the reports of a domain add up to, and everything concluded from them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::bound::upper_bound;
use super::day::{self, Day};
use super::entries::{self, Entry, Standing};
use super::refused::Refusals;
use super::reporters::Rhythms;
use super::tally::Tally;
use super::window::{Sufficiency, sufficiency};
use super::{Judged, Situation, groups, refused, spike};
use crate::model::assessment::{ReportId, ReporterSummary, ReportsSummary, Window};
use crate::model::facts::reports::Report;
use crate::model::settings::EvidenceSettings;

/// Reports that are named one by one; more are many months of a large sender, or somebody's joke.
const NAMED: usize = 1_000;

/// Judges the reports of a domain.
pub fn judge(situation: &Situation<'_>) -> Judged {
    let entries = entries::of(situation);
    let today = day::of(situation.now);
    let longest = situation.settings.longest_window_days;
    let tally = Tally::of(&entries, situation.live, today, longest);
    let Sufficiency { lacks, days, suffices_at, checks } = sufficiency(situation, &entries, &tally);
    // Failures are judged over the month that decision and defaults want, however short a window is asked of the evidence.
    let judged = longest.max(EvidenceSettings::default().longest_window_days);
    let groups = groups::of(situation, &entries, today - judged);
    let window = window(situation, days, &tally);
    let (sessions, failures) = tally.sessions(today - window.days, today);
    let Refusals { lines, left_out, hosts_left } = refused::of(situation, &entries, today - judged..=today);
    let mut ids: Vec<ReportId> = distinct_reports(&entries, today - longest).into_iter().map(id).collect();
    ids.sort_by(|a, b| (b.end, &a.reporter, &a.id, a.sha256).cmp(&(a.end, &b.reporter, &b.id, b.sha256)));
    let reports = ids.len();
    ids.truncate(NAMED);
    let summary = ReportsSummary {
        window,
        days_with_reports: tally.with_reports(today - window.days, today),
        reports: reports as u64,
        reporters: reporters(&entries, today - longest),
        sessions,
        failures,
        failure_rate_upper_bound: upper_bound(failures, sessions),
        groups: groups.iter().map(|group| group.summary.clone()).collect(),
        suffices_at,
        checks,
        files: situation.reports.files,
        duplicates: situation.reports.duplicates,
        rejected: situation.reports.rejected.len(),
        days: (today - longest..=today).map(|day| tally.line(day)).collect(),
        refused: lines,
        refused_left_out: left_out,
        hosts_left,
        ids_left_out: reports - ids.len(),
        ids,
    };
    let from_the_future = situation.reports.reports.iter().filter(|report| entries::is_of_the_future(report, situation.now)).count();
    let stopped = Rhythms::of(&entries, |_| true).stopped(today - longest, today, tally.rest, situation.settings);
    let spikes = spike::of(&entries, today - longest, today, situation.settings);
    Judged { summary, lacks, groups, stopped, spikes, from_the_future }
}

fn window(situation: &Situation<'_>, days: i64, tally: &Tally) -> Window {
    let start = situation.now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(situation.now);
    let start = tally.since.filter(|since| days < situation.settings.window_days && *since <= situation.now).unwrap_or(start);
    Window { start, end: situation.now, days }
}

/// Each report once, whatever the number of its entries.
fn distinct_reports<'a>(entries: &[Entry<'a>], first: Day) -> Vec<&'a Report> {
    let recent = entries.iter().filter(|entry| entry.last_day() >= first).map(|entry| entry.report);
    recent.map(|report| ((&report.reporter, &report.id, report.sha256), report)).collect::<BTreeMap<_, _>>().into_values().collect()
}

fn id(report: &Report) -> ReportId {
    let Report { reporter, id, start, end, sha256, .. } = report;
    ReportId { reporter: reporter.clone(), id: id.clone(), start: *start, end: *end, sha256: *sha256 }
}

fn reporters(entries: &[Entry<'_>], first: Day) -> Vec<ReporterSummary> {
    let mut found: BTreeMap<&str, (BTreeSet<_>, ReporterSummary)> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.last_day() >= first) {
        let report = entry.report;
        let (ids, summary) = found.entry(&report.reporter).or_insert_with(|| {
            let (reporter, organization) = (report.reporter.clone(), report.organization.clone());
            (BTreeSet::new(), ReporterSummary { reporter, organization, reports: 0, sessions: 0, last: report.end })
        });
        ids.insert(report.sha256);
        // Of several names in one moment the last by the alphabet: the same in any order of reading.
        if (report.end, &report.organization) >= (summary.last, &summary.organization) {
            summary.last = report.end;
            summary.organization.clone_from(&report.organization);
        }
        if entry.is_counted() {
            let failed = if entry.standing == Standing::Dane { entry.policy.failures() } else { entry.refused() };
            summary.sessions = summary.sessions.saturating_add(entry.policy.successful).saturating_add(failed);
        }
    }
    let count = |(ids, mut summary): (BTreeSet<_>, ReporterSummary)| {
        summary.reports = ids.len() as u64;
        summary
    };
    let mut all: Vec<ReporterSummary> = found.into_values().map(count).collect();
    all.sort_by(|a, b| b.sessions.cmp(&a.sessions).then_with(|| a.reporter.cmp(&b.reporter)));
    all
}
