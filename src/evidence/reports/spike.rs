//! Failures that leap up: a reporter's newest day against its own days before.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::bound::upper_bound;
use super::day::{self, Day};
use super::entries::Entry;
use crate::model::settings::EvidenceSettings;

/// Fewer failures in a day are no leap, whatever the rate.
const FAILURES: u64 = 5;
/// Fewer sessions before say too little about what is usual.
const SESSIONS: u64 = 100;
/// So many times the rate that the past may have had at the most.
const LEAP: f64 = 10.0;

/// A reporter whose failures have leapt up.
#[derive(Clone, Debug, PartialEq)]
pub struct Spike {
    /// Who.
    pub reporter: String,
    /// The start of its newest day.
    pub day: Timestamp,
    /// Sessions of that day.
    pub sessions: u64,
    /// Those of them that enforce would have refused.
    pub failures: u64,
    /// Sessions before, in the longest window.
    pub sessions_before: u64,
    /// The refused ones of these.
    pub failures_before: u64,
    /// The rate that these may have had at the most (one-sided at 95 %).
    pub rate_before: f64,
}

/// The leaps of the days since `first`, where the newest day is no older than the grace for late reports.
pub(super) fn of(entries: &[Entry<'_>], first: Day, today: Day, settings: &EvidenceSettings) -> Vec<Spike> {
    let mut by_reporter: BTreeMap<&str, BTreeMap<Day, (u64, u64)>> = BTreeMap::new();
    // The same sessions may stand under several types: only one type is added up.
    for entry in entries.iter().filter(|entry| entry.is_sts() || !entry.beside_sts) {
        let refused = entry.refused();
        let days = by_reporter.entry(&entry.report.reporter).or_default();
        for day in first.max(*entry.days.start())..=today.min(*entry.days.end()) {
            let of_day = |total| day::share(total, &entry.days, day);
            let (sessions, failures) = days.entry(day).or_default();
            *sessions = sessions.saturating_add(of_day(entry.policy.successful)).saturating_add(of_day(refused));
            *failures = failures.saturating_add(of_day(refused));
        }
    }
    let newest = today - settings.grace_days;
    by_reporter.into_iter().filter_map(|(reporter, days)| leap(reporter, days, newest)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "rates")]
fn leap(reporter: &str, mut days: BTreeMap<Day, (u64, u64)>, newest: Day) -> Option<Spike> {
    let (day, (sessions, failures)) = days.pop_last().filter(|(day, _)| *day >= newest)?;
    let add = |sum: (u64, u64), of_day: &(u64, u64)| (sum.0.saturating_add(of_day.0), sum.1.saturating_add(of_day.1));
    let (sessions_before, failures_before) = days.values().fold((0, 0), add);
    let rate_before = upper_bound(failures_before, sessions_before)?;
    let leaps = failures as f64 > LEAP * rate_before * sessions as f64;
    (failures >= FAILURES && sessions_before >= SESSIONS && leaps).then(|| Spike {
        reporter: reporter.to_owned(),
        day: day::midnight(day),
        sessions,
        failures,
        sessions_before,
        failures_before,
        rate_before,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_is_far_above_what_was_usual() {
        let days = |before: &[(u64, u64)], newest: (u64, u64)| {
            let days = before.iter().copied().chain([newest]).zip(70..).map(|(counts, day)| (day, counts)).collect();
            leap("a.example", days, 72).map(|spike| (spike.failures, spike.sessions, spike.failures_before, spike.sessions_before))
        };
        let clean = [(100, 0); 3];
        assert_eq!(days(&clean, (100, 40)), Some((40, 100, 0, 300)));
        assert_eq!(days(&clean, (100, 0)), None);
        assert_eq!(days(&clean, (4, 4)), None, "too few to say so");
        assert_eq!(days(&clean, (100, 9)), None, "1 % before is not ruled out");
        assert_eq!(days(&[(100, 10); 3], (100, 60)), None, "it was bad before");
        assert_eq!(days(&[(30, 0); 3], (100, 60)), None, "too little is known of the time before");
        assert_eq!(days(&[(1000, 0)], (100, 40)), None, "an old day is no news");
        assert_eq!(days(&[], (100, 100)), None);
        assert!(days(&[(u64::MAX, u64::MAX), (u64::MAX, 0)], (u64::MAX, u64::MAX)).is_none());
    }
}
