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
    /// When the state in force is first seen to work.
    pub(super) since: Option<Timestamp>,
    /// From when on what is reported of it counts.
    began: Began,
    /// Days on which some report tells of a success under it.
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
        let began = Began { changed, changed_away: changed_away(entries, live.remembered_since) };
        let working = entries.iter().filter(|entry| began.is_evidence(entry));
        let since = working.map(|entry| entry.report.start).min();
        let first = today - longest;
        let first_clean = changed.map_or(first, day::of).max(first);
        let mut tally = Self {
            since,
            began,
            present: BTreeSet::new(),
            sessions: BTreeMap::new(),
            reports: BTreeMap::new(),
            rest: RestDays::default(),
            clean: live.clean_days.iter().map(|date| day::of_date(*date)).filter(|day| (first_clean..=today).contains(day)).collect(),
        };
        let mut counted = BTreeSet::new();
        for entry in entries {
            let about_it = began.holds_for(entry);
            let text_missing = entry.standing == Standing::NoText;
            for day in first.max(*entry.days.start())..=today.min(*entry.days.end()) {
                if counted.insert((day, entry.report.sha256)) {
                    *tally.reports.entry(day).or_default() += 1;
                }
                if about_it || text_missing {
                    let of_day = |total| day::share(total, &entry.days, day);
                    let good = if about_it { of_day(entry.policy.successful) } else { 0 };
                    if good > 0 {
                        tally.present.insert(day);
                    }
                    let (successes, refused) = tally.sessions.entry(day).or_default();
                    *successes = successes.saturating_add(good);
                    *refused = refused.saturating_add(of_day(entry.refused()));
                }
            }
        }
        tally.rest = RestDays::seen_in(&tally.present);
        tally
    }

    /// Successes from `first` to `last`: what evidence is made of.
    pub(super) fn successes(&self, first: Day, last: Day) -> u64 {
        self.sessions.range(first..=last.max(first)).fold(0, |all, (_, (success, _))| all.saturating_add(*success))
    }

    /// Whether an entry is evidence: at least one success, under the policy in force and of its present state.
    pub(super) fn is_evidence(&self, entry: &Entry<'_>) -> bool {
        self.began.is_evidence(entry)
    }

    /// Whether an entry is about the state in force, whatever it tells of it.
    pub(super) fn is_about(&self, entry: &Entry<'_>) -> bool {
        self.began.holds_for(entry)
    }

    /// Sessions and those of them that failed, from `first` to `last`: what a failure rate is bounded by.
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
            with >= needed && self.successes(today - days, today) >= self.needed_sessions(today - days, today, settings)
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
        let so_far = self.successes(first, today);
        let reported = i64::try_from(self.present.len()).unwrap_or(i64::MAX).max(1);
        let up_to = |days: u128| u64::try_from(u128::from(so_far) * days / u128::from(reported.unsigned_abs())).unwrap_or(u64::MAX);
        let mut days = 0;
        let mut future = Self {
            since: self.since,
            began: self.began,
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

/// The beginning of the state in force.
#[derive(Clone, Copy, Debug)]
struct Began {
    /// A change that earlier checks saw.
    changed: Option<Timestamp>,
    /// The last day on which the reports show another policy.
    changed_away: Option<Day>,
}

impl Began {
    /// Whether an entry is about the policy in force, and of its present state.
    fn holds_for(self, entry: &Entry<'_>) -> bool {
        entry.standing == Standing::InForce
            && self.changed.is_none_or(|changed| entry.report.start >= changed)
            && self.changed_away.is_none_or(|last| *entry.days.start() > last)
    }

    /// Whether it tells of a success, too: failures alone are evidence of nothing that would be ready.
    fn is_evidence(self, entry: &Entry<'_>) -> bool {
        entry.policy.successful > 0 && self.holds_for(entry)
    }
}

/// The last day on which the policy had changed away, by the reports alone: a reporter that had told of successes under the policy in
/// force told of another one, and nobody told of a success under the one in force.
///
/// A sender that never reported the policy in force may still hold an older one in its cache, and one part of a sender may for a day
/// while the others do not; that is no change. Where checks remember the policy, they know better.
fn changed_away(entries: &[Entry<'_>], remembered_since: Option<Timestamp>) -> Option<Day> {
    let mut by_day: BTreeMap<(&str, Day), (bool, bool)> = BTreeMap::new();
    let mut in_force: BTreeSet<Day> = BTreeSet::new();
    for entry in entries {
        let seen = by_day.entry((&entry.report.reporter, entry.last_day())).or_default();
        let worked = entry.standing == Standing::InForce && entry.policy.successful > 0;
        seen.0 |= worked;
        seen.1 |= matches!(entry.standing, Standing::Other | Standing::OtherMode);
        if worked {
            in_force.extend(entry.days.clone());
        }
    }
    let remembered = |day: Day| remembered_since.is_some_and(|since| day >= day::of(since));
    let mut changed_away = None;
    let mut before: Option<&str> = None;
    for ((reporter, last_day), (same, other)) in &by_day {
        if *same {
            before = Some(reporter);
        } else if *other && before == Some(*reporter) && !in_force.contains(last_day) && !remembered(*last_day) {
            changed_away = changed_away.max(Some(*last_day));
        }
    }
    changed_away
}
