//! The evidence of the state in force, day by day: since when it is seen, which days have reports, how many sessions they count.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Live;
use super::day::{self, Day};
use super::entries::{Entry, Standing};
use super::reporters::RestDays;
use crate::model::assessment::DaySummary;
use crate::model::settings::EvidenceSettings;

/// Evidence a day, of the state in force.
pub(super) struct Tally {
    /// When the state in force is first seen.
    pub(super) since: Option<Timestamp>,
    /// Days on which some report about it lies.
    pub(super) present: BTreeSet<Day>,
    /// Successes and refusals under it.
    sessions: BTreeMap<Day, (u64, u64)>,
    /// Reports of any kind.
    reports: BTreeMap<Day, u64>,
    /// Weekdays without anybody due.
    pub(super) rest: RestDays,
    /// Days on which live checks of the state in force were clean.
    pub(super) clean: BTreeSet<Day>,
}

impl Tally {
    /// Counts the entries of the last `longest` days.
    pub(super) fn of(entries: &[Entry<'_>], live: &Live, today: Day, longest: Day) -> Self {
        let changed = live.changed.as_ref().map(|change| change.at);
        let since = since(entries, changed);
        let first = today - longest;
        let first_clean = changed.map_or(first, day::of).max(first);
        let mut tally = Self {
            since,
            present: BTreeSet::new(),
            sessions: BTreeMap::new(),
            reports: BTreeMap::new(),
            rest: RestDays::default(),
            clean: live.clean_days.iter().map(|date| day::of_date(*date)).filter(|day| (first_clean..=today).contains(day)).collect(),
        };
        let mut counted = BTreeSet::new();
        for entry in entries {
            let evidence = is_evidence(entry, since);
            let text_missing = entry.standing == Standing::NoText;
            for day in first.max(*entry.days.start())..=today.min(*entry.days.end()) {
                if counted.insert((day, entry.report.sha256)) {
                    *tally.reports.entry(day).or_default() += 1;
                }
                if evidence {
                    tally.present.insert(day);
                }
                if evidence || text_missing {
                    let (successes, refused) = tally.sessions.entry(day).or_default();
                    let of_day = |total| day::share(total, &entry.days, day);
                    *successes = successes.saturating_add(if evidence { of_day(entry.policy.successful) } else { 0 });
                    *refused = refused.saturating_add(of_day(entry.refused()));
                }
            }
        }
        tally.rest = RestDays::seen_in(&tally.present);
        tally
    }

    /// Sessions and those of them that failed, from `first` to `last`.
    pub(super) fn sessions(&self, first: Day, last: Day) -> (u64, u64) {
        self.sessions.range(first..=last.max(first)).fold((0, 0), |(all, failed), (_, (success, refused))| {
            (all.saturating_add(*success).saturating_add(*refused), failed.saturating_add(*refused))
        })
    }

    /// Days with reports, from `first` to `last`.
    pub(super) fn with_reports(&self, first: Day, last: Day) -> i64 {
        i64::try_from(self.present.range(first..=last.max(first)).count()).unwrap_or(i64::MAX)
    }

    /// A day's line in the summary.
    pub(super) fn line(&self, day: Day) -> DaySummary {
        let (successful, failed) = self.sessions.get(&day).copied().unwrap_or_default();
        DaySummary { day: day::date(day), successful, failed, reports: self.reports.get(&day).copied().unwrap_or_default() }
    }

    /// Days with reports in a window of `days`, and how many there should be. The last days, on which no report need have arrived yet,
    /// are no gaps; nor are those since the reporters have `stopped`, for that is said by itself.
    pub(super) fn coverage(&self, today: Day, days: i64, stopped: bool, settings: &EvidenceSettings) -> (i64, i64) {
        let first = today - days;
        let newest = self.present.last().copied().unwrap_or(first).min(today);
        let up_to = |last: Day| {
            let due = (first..=last.min(today - 1).max(first)).filter(|day| !self.rest.rests(*day) || self.present.contains(day)).count();
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a number of days")]
            let needed = (due as f64 * settings.days_with_reports - 1e-9).ceil() as i64;
            (self.with_reports(first, last), needed)
        };
        if stopped {
            return up_to(newest);
        }
        // One report that comes early makes no gaps of the days before it, whose reports are still on their way.
        let on_their_way = today - 1 - settings.grace_days;
        let last = newest.max(on_their_way);
        (on_their_way..=last).map(up_to).find(|(with, needed)| with >= needed).unwrap_or_else(|| up_to(last))
    }

    /// The state's age at `now`, in whole days.
    pub(super) fn age(&self, now: Timestamp) -> i64 {
        self.since.map_or(0, |since| now.duration_since(since).as_hours() / 24)
    }

    /// The longest window ending at `now` that has enough days and enough sessions.
    pub(super) fn sufficient(&self, now: Timestamp, stopped: bool, settings: &EvidenceSettings) -> Option<i64> {
        let today = day::of(now);
        (settings.window_days..=self.age(now).min(settings.longest_window_days)).rev().find(|days| {
            let (with, needed) = self.coverage(today, *days, stopped, settings);
            with >= needed && self.sessions(today - days, today).0 >= self.needed_sessions(today - days, today, settings)
        })
    }

    /// How many days from `first` to `last` had clean live checks.
    pub(super) fn clean_days(&self, first: Day, last: Day) -> usize {
        self.clean.range(first..=last.max(first)).count()
    }

    /// Whether live checks from `first` to `last` stand in for what reports lack.
    pub(super) fn checks_stand_in(&self, first: Day, last: Day, settings: &EvidenceSettings) -> bool {
        self.clean_days(first, last) >= settings.check_days
    }

    /// How many sessions are needed from `first` to `last`.
    pub(super) fn needed_sessions(&self, first: Day, last: Day, settings: &EvidenceSettings) -> u64 {
        if self.checks_stand_in(first, last, settings) { settings.sessions_with_checks.min(settings.sessions) } else { settings.sessions }
    }

    /// When a window will be sufficient if the reporters go on as they did, day by day.
    pub(super) fn suffices_at(&self, now: Timestamp, settings: &EvidenceSettings) -> Option<Timestamp> {
        let today = day::of(now);
        let (first, newest) = (*self.present.first()?, *self.present.last()?);
        let so_far = self.sessions(first, today).0;
        let reported = i64::try_from(self.present.len()).unwrap_or(i64::MAX).max(1);
        let up_to = |days: u128| u64::try_from(u128::from(so_far) * days / u128::from(reported.unsigned_abs())).unwrap_or(u64::MAX);
        let mut days = 0;
        let mut future = Self {
            since: self.since,
            present: self.present.clone(),
            sessions: self.sessions.clone(),
            reports: BTreeMap::new(),
            rest: self.rest,
            clean: self.clean.clone(),
        };
        for day in today.max(newest + 1)..=today + 2 * settings.longest_window_days {
            // The report about a day is there on the next.
            if !self.rest.rests(day) {
                future.present.insert(day);
                future.sessions.insert(day, (up_to(days + 1) - up_to(days), 0));
                days += 1;
            }
            let then = day::midnight(day + 1).max(now);
            if future.sufficient(then, false, settings).is_some() {
                return Some(then);
            }
        }
        None
    }
}

/// Since when the state in force is seen: the first report about it after the last sign of another policy.
///
/// A sender that never reported the policy in force may still hold an older one in its cache; that is no change. One that did, and then
/// reported another, saw the policy change away. What earlier checks know to have `changed` counts beside that.
fn since(entries: &[Entry<'_>], changed: Option<Timestamp>) -> Option<Timestamp> {
    let mut by_day: BTreeMap<(&str, Day), (bool, bool)> = BTreeMap::new();
    for entry in entries {
        let seen = by_day.entry((&entry.report.reporter, entry.last_day())).or_default();
        seen.0 |= entry.standing == Standing::InForce;
        seen.1 |= matches!(entry.standing, Standing::Other | Standing::OtherMode);
    }
    let mut changed_away = None;
    let mut before: Option<&str> = None;
    for ((reporter, last_day), (in_force, other)) in &by_day {
        if *in_force {
            before = Some(reporter);
        } else if *other && before == Some(*reporter) {
            changed_away = changed_away.max(Some(*last_day));
        }
    }
    let after = |entry: &&Entry<'_>| changed.is_none_or(|changed| entry.report.start >= changed);
    let in_force = entries.iter().filter(|entry| entry.standing == Standing::InForce).filter(after);
    in_force.filter(|entry| changed_away.is_none_or(|changed| *entry.days.start() > changed)).map(|entry| entry.report.start).min()
}

/// Whether an entry's successes are evidence: the policy in force, and of its present state.
pub(super) fn is_evidence(entry: &Entry<'_>, since: Option<Timestamp>) -> bool {
    entry.standing == Standing::InForce && since.is_some_and(|since| entry.report.start >= since)
}
