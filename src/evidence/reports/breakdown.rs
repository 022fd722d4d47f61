//! Reports broken down for people and spreadsheets. In: the reports of a domain and the days wanted. Out: a [`Breakdown`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::day::{self, Day};
use super::entries::Entry;
use crate::model::assessment::DaySummary;
use crate::model::breakdown::{Breakdown, FailureLine, PolicyLine, ReporterLine, Row};
use crate::model::facts::reports::{PolicyType, Report};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// Beyond so many rows, what a report may name as it likes (MX host, result, reason) is no longer told apart: hostile reports must not
/// cost memory without end.
const ROW_CAP: usize = 200_000;
/// The same of kinds of failure, each of which remembers its days.
const KIND_CAP: usize = 5_000;
/// What failures stand under that are told apart no more.
const OTHERS: &str = "others";
/// Beyond so many days nothing is told per day.
const DAY_CAP: Day = 4_000;
/// What successes stand under, beside the `result-type`s of failures.
const SUCCESS: &str = "success";

/// Breaks the reports about `domain` down whose periods reach into the days from `since` to `until`.
pub fn breakdown<'a>(domain: &Domain, reports: impl IntoIterator<Item = &'a Report>, since: Timestamp, until: Timestamp) -> Breakdown {
    let last = day::of(until);
    let mut counting = Counting { first: day::of(since).max(last - DAY_CAP), last, ..Counting::default() };
    for report in reports {
        for entry in Entry::all_of(report) {
            counting.add(&entry);
        }
    }
    counting.finish(domain)
}

/// Day, reporter, policy type and version, whether it counts, MX host, result, reason.
type RowKey = (Day, String, PolicyType, Option<String>, bool, Option<Domain>, String, Option<String>);

/// Reporter, policy type, MX host, result, reason.
type FailureKey = (String, PolicyType, Option<Domain>, String, Option<String>);

#[derive(Default)]
struct Counting {
    first: Day,
    last: Day,
    reports: BTreeSet<Fingerprint>,
    days: BTreeMap<Day, (u64, u64, BTreeSet<Fingerprint>)>,
    reporters: BTreeMap<String, (BTreeSet<Fingerprint>, ReporterLine)>,
    policies: BTreeMap<(PolicyType, Option<String>), (BTreeSet<String>, PolicyLine)>,
    failures: BTreeMap<FailureKey, (BTreeSet<Day>, u64)>,
    rows: BTreeMap<RowKey, u64>,
    merged: bool,
}

impl Counting {
    fn add(&mut self, entry: &Entry<'_>) {
        let (first, last) = (self.first.max(*entry.days.start()), self.last.min(*entry.days.end()));
        if first > last {
            return;
        }
        self.reports.insert(entry.report.sha256);
        let counted = entry.is_counted();
        let version = version(&entry.policy.policy_string);
        let failures = entry.failures();
        let (mut successful, mut failed) = (0_u64, 0_u64);
        for day in first..=last {
            let of_day = |total| day::share(total, &entry.days, day);
            let successes = of_day(entry.policy.successful);
            let mut key: RowKey = (
                day,
                entry.report.reporter.clone(),
                entry.policy.policy_type.clone(),
                version.clone(),
                counted,
                None,
                SUCCESS.to_owned(),
                None,
            );
            if successes > 0 {
                self.row(key.clone(), successes);
            }
            let mut refused = 0_u64;
            for failure in &failures {
                let sessions = of_day(failure.sessions);
                if sessions == 0 {
                    continue;
                }
                refused = refused.saturating_add(sessions);
                (key.5, key.6, key.7) = (failure.mx.cloned(), failure.result_type.to_owned(), failure.reason.map(str::to_owned));
                self.row(key.clone(), sessions);
                let (_, reporter, policy_type, _, _, mx, result, reason) = key.clone();
                self.kind((reporter, policy_type, mx, result, reason), day, sessions);
            }
            let (of_successes, of_failures, reports) = self.days.entry(day).or_default();
            reports.insert(entry.report.sha256);
            if counted {
                *of_successes = of_successes.saturating_add(successes);
                *of_failures = of_failures.saturating_add(refused);
            }
            successful = successful.saturating_add(successes);
            failed = failed.saturating_add(refused);
        }
        self.reporter(entry, counted, first, successful, failed);
        self.policy(entry, version, (first, last), successful, failed);
    }

    fn row(&mut self, mut key: RowKey, sessions: u64) {
        if self.rows.len() >= ROW_CAP && !self.rows.contains_key(&key) {
            self.merged = true;
            let result = if key.6 == SUCCESS { SUCCESS } else { OTHERS };
            (key.5, key.6, key.7) = (None, result.to_owned(), None);
        }
        let sum = self.rows.entry(key).or_default();
        *sum = sum.saturating_add(sessions);
    }

    fn kind(&mut self, mut key: FailureKey, day: Day, sessions: u64) {
        if self.failures.len() >= KIND_CAP && !self.failures.contains_key(&key) {
            self.merged = true;
            (key.2, key.3, key.4) = (None, OTHERS.to_owned(), None);
        }
        let (days, sum) = self.failures.entry(key).or_default();
        days.insert(day);
        *sum = sum.saturating_add(sessions);
    }

    fn reporter(&mut self, entry: &Entry<'_>, counted: bool, first: Day, successful: u64, failed: u64) {
        let report = entry.report;
        let (ids, line) = self.reporters.entry(report.reporter.clone()).or_insert_with(|| {
            let line = ReporterLine {
                reporter: report.reporter.clone(),
                organization: report.organization.clone(),
                reports: 0,
                successful: 0,
                failed: 0,
                first: day::date(first),
                last: report.end,
            };
            (BTreeSet::new(), line)
        });
        ids.insert(report.sha256);
        line.first = line.first.min(day::date(first));
        if report.end >= line.last {
            line.last = report.end;
            line.organization.clone_from(&report.organization);
        }
        if counted {
            line.successful = line.successful.saturating_add(successful);
            line.failed = line.failed.saturating_add(failed);
        }
    }

    fn policy(&mut self, entry: &Entry<'_>, version: Option<String>, (first, last): (Day, Day), successful: u64, failed: u64) {
        let policy = entry.policy;
        let (reporters, line) = self.policies.entry((policy.policy_type.clone(), version.clone())).or_insert_with(|| {
            let line = PolicyLine {
                policy_type: policy.policy_type.clone(),
                version,
                text: policy.policy_string.clone(),
                reporters: Vec::new(),
                successful: 0,
                failed: 0,
                first: day::date(first),
                last: day::date(last),
            };
            (BTreeSet::new(), line)
        });
        reporters.insert(entry.report.reporter.clone());
        line.first = line.first.min(day::date(first));
        line.last = line.last.max(day::date(last));
        line.successful = line.successful.saturating_add(successful);
        line.failed = line.failed.saturating_add(failed);
    }

    fn finish(self, domain: &Domain) -> Breakdown {
        let sum = |pick: fn(&(u64, u64, BTreeSet<Fingerprint>)) -> u64| self.days.values().map(pick).fold(0, u64::saturating_add);
        let (successful, failed) = (sum(|day| day.0), sum(|day| day.1));
        let line = |day: Day| {
            let (successful, failed, reports) =
                self.days.get(&day).map_or((0, 0, 0), |(successful, failed, reports)| (*successful, *failed, reports.len() as u64));
            DaySummary { day: day::date(day), successful, failed, reports }
        };
        let days = (self.first..=self.last).map(line).collect();
        let mut reporters: Vec<ReporterLine> =
            self.reporters.into_values().map(|(ids, line)| ReporterLine { reports: ids.len() as u64, ..line }).collect();
        reporters.sort_by(|a, b| sessions(b).cmp(&sessions(a)).then_with(|| a.reporter.cmp(&b.reporter)));
        let mut policies: Vec<PolicyLine> = self
            .policies
            .into_values()
            .map(|(reporters, line)| PolicyLine { reporters: reporters.into_iter().collect(), ..line })
            .collect();
        policies.sort_by(|a, b| (b.last, &a.policy_type, b.first, &a.version).cmp(&(a.last, &b.policy_type, a.first, &b.version)));
        let mut failures: Vec<FailureLine> = self
            .failures
            .into_iter()
            .filter_map(|((reporter, policy_type, mx, result_type, reason), (days, sessions))| {
                let (first, last) = (day::date(*days.first()?), day::date(*days.last()?));
                let days = days.len() as u64;
                Some(FailureLine { reporter, policy_type, mx, result_type, reason, sessions, days, first, last })
            })
            .collect();
        failures.sort_by(|a, b| b.sessions.cmp(&a.sessions).then_with(|| b.last.cmp(&a.last)));
        let row = |((day, reporter, policy_type, version, counted, mx, result, reason), sessions)| Row {
            day: day::date(day),
            reporter,
            policy_type,
            version,
            mx,
            result,
            reason,
            sessions,
            counted,
        };
        Breakdown {
            domain: domain.clone(),
            since: day::date(self.first),
            until: day::date(self.last),
            reports: self.reports.len() as u64,
            successful,
            failed,
            days,
            reporters,
            policies,
            failures,
            rows: self.rows.into_iter().map(row).collect(),
            rows_merged: self.merged,
        }
    }
}

fn sessions(line: &ReporterLine) -> u64 {
    line.successful.saturating_add(line.failed)
}

/// What tells one policy text from another: the beginning of the fingerprint of its lines.
pub(super) fn version(text: &[String]) -> Option<String> {
    (!text.is_empty()).then(|| Fingerprint::of(text.join("\n").as_bytes()).short())
}

#[cfg(test)]
mod tests {
    use super::super::letters::{Letter, now};
    use super::*;

    fn broken_down(letters: impl IntoIterator<Item = Letter>, days: i64) -> Breakdown {
        let reports = super::super::letters::facts(letters).reports;
        let since = now() - jiff::SignedDuration::from_hours(24 * days);
        breakdown(&Domain::from_dns("shop.example"), &reports, since, now())
    }

    #[test]
    fn every_day_has_a_line_and_totals_add_up() {
        let all = broken_down([Letter::new("a.example", 1).sessions(5), Letter::new("b.example", 3).sessions(7)], 4);
        assert_eq!((all.reports, all.successful, all.failed, all.days.len()), (2, 12, 0, 5));
        assert_eq!(all.days.iter().map(|day| day.successful).collect::<Vec<_>>(), [0, 7, 0, 5, 0]);
        assert_eq!(all.reporters.iter().map(|line| line.reporter.as_str()).collect::<Vec<_>>(), ["b.example", "a.example"]);
        assert_eq!(all.rows.iter().map(|row| row.sessions).sum::<u64>(), 12);
    }

    #[test]
    fn a_flood_of_kinds_is_summed_up_and_loses_no_session() {
        let mut letter = Letter::new("a.example", 1);
        for number in 0..KIND_CAP + 500 {
            letter = letter.failed(&format!("result-{number}"), "mx1.shop.example", 2);
        }
        let all = broken_down([letter], 4);
        assert_eq!(all.failures.len(), KIND_CAP + 1);
        assert_eq!(all.failures.iter().map(|line| line.sessions).sum::<u64>(), all.failed);
        let others = all.failures.iter().find(|line| line.result_type == OTHERS).expect("told together");
        assert_eq!((others.sessions, all.rows_merged), (1_000, true));
    }

    #[test]
    fn a_period_of_years_is_told_on_one_day() {
        let mut facts = super::super::letters::facts([Letter::new("a.example", 1).failed("certificate-expired", "mx1.shop.example", 3)]);
        facts.reports[0].start = now() - jiff::SignedDuration::from_hours(24 * 3_000);
        let since = now() - jiff::SignedDuration::from_hours(24 * 3_500);
        let all = breakdown(&Domain::from_dns("shop.example"), &facts.reports, since, now());
        assert_eq!((all.rows.len(), all.failures[0].days), (2, 1));
    }

    #[test]
    fn reports_outside_the_days_are_left_out() {
        let all = broken_down([Letter::new("a.example", 1), Letter::new("a.example", 9)], 4);
        assert_eq!((all.reports, all.successful), (1, 20));
    }

    #[test]
    fn policies_are_told_apart_by_their_text() {
        let other = "version: STSv1\nmode: none\nmax_age: 86400\n";
        let all = broken_down([Letter::new("a.example", 1), Letter::new("a.example", 2).policy(other)], 4);
        assert_eq!(all.policies.len(), 2);
        assert!(all.policies[0].last > all.policies[1].last, "newest first");
        assert_ne!(all.policies[0].version, all.policies[1].version);
    }
}
