//! Whether there is enough evidence, and since when: the window that ends now, its days, its sessions, its reporters.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::bound::upper_bound;
use super::day::{self, Day};
use super::entries::{self, Entry, Standing};
use super::reporters::{RestDays, Rhythms};
use super::{Judged, Situation, groups};
use crate::model::assessment::{DaySummary, ReporterSummary, ReportsSummary, Window};
use crate::model::settings::EvidenceSettings;

/// What the evidence lacks; each fault once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// There is no report at all.
    None,
    /// There are reports, but none (or none lately) about the policy in force.
    OtherPolicy {
        /// Until when there were reports about the policy in force, if ever.
        last_in_force: Option<Timestamp>,
    },
    /// The reporters have stopped.
    Stale {
        /// The start of the newest report's day.
        newest: Timestamp,
        /// How many days without a report their rhythm allows.
        allowed: i64,
    },
    /// The state in force is younger than the shortest window.
    WindowShort {
        /// The first report about it.
        since: Timestamp,
    },
    /// Too few days have reports.
    Gaps {
        /// The window, in days.
        days: i64,
        /// Days with reports.
        with: i64,
        /// Days that should have.
        needed: i64,
    },
    /// Too few sessions.
    FewSessions {
        /// Sessions under the policy in force in the longest possible window.
        sessions: u64,
        /// Its days.
        days: i64,
    },
    /// Too few reporters.
    SingleReporter {
        /// Who reports about the policy in force.
        reporters: Vec<String>,
        /// Who reports about something else only.
        others: Vec<String>,
    },
}

/// Judges the reports of a domain.
pub fn judge(situation: &Situation<'_>) -> Judged {
    let entries = entries::of(situation);
    let today = day::of(situation.now);
    let longest = situation.settings.longest_window_days;
    let since = since(&entries);
    let tally = Tally::of(&entries, today, longest, since);
    let (lacks, chosen, suffices_at) = sufficiency(situation, &entries, &tally);
    let groups = groups::of(situation, &entries, today - longest);
    let window = window(situation, chosen, &tally);
    let (sessions, failures) = tally.sessions(today - window.days, today);
    let summary = ReportsSummary {
        window,
        days_with_reports: tally.with_reports(today - window.days, today),
        reports: distinct_reports(&entries, today - longest),
        reporters: reporters(&entries, today - longest),
        sessions,
        failures,
        failure_rate_upper_bound: upper_bound(failures, sessions),
        groups: groups.iter().map(|group| group.summary.clone()).collect(),
        suffices_at,
        files: situation.reports.files,
        duplicates: situation.reports.duplicates,
        rejected: situation.reports.rejected.len(),
        days: (today - longest..=today).map(|day| tally.line(day)).collect(),
    };
    let from_the_future = situation.reports.reports.iter().filter(|report| report.start > situation.now).count();
    Judged { summary, lacks, groups, from_the_future }
}

/// Since when the state in force is seen: the first report about it after the last sign of another policy.
///
/// A sender that never reported the policy in force may still hold an older one in its cache; that is no change. One that did, and then
/// reported another, saw the policy change away.
fn since(entries: &[Entry<'_>]) -> Option<Timestamp> {
    let mut by_day: BTreeMap<(&str, Day), (bool, bool)> = BTreeMap::new();
    for entry in entries {
        let seen = by_day.entry((&entry.report.reporter, entry.last_day())).or_default();
        seen.0 |= entry.standing == Standing::InForce;
        seen.1 |= entry.standing == Standing::Other;
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
    let in_force = entries.iter().filter(|entry| entry.standing == Standing::InForce);
    in_force.filter(|entry| changed_away.is_none_or(|changed| *entry.days.start() > changed)).map(|entry| entry.report.start).min()
}

/// Evidence a day, of the state in force.
struct Tally {
    /// When the state in force is first seen.
    since: Option<Timestamp>,
    /// Days on which some report about it lies.
    present: BTreeSet<Day>,
    /// Successes and refusals under it.
    sessions: BTreeMap<Day, (u64, u64)>,
    /// Reports of any kind.
    reports: BTreeMap<Day, u64>,
    /// Weekdays without anybody due.
    rest: RestDays,
}

impl Tally {
    fn of(entries: &[Entry<'_>], today: Day, longest: Day, since: Option<Timestamp>) -> Self {
        let first = today - longest;
        let mut tally =
            Self { since, present: BTreeSet::new(), sessions: BTreeMap::new(), reports: BTreeMap::new(), rest: RestDays::default() };
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
    fn sessions(&self, first: Day, last: Day) -> (u64, u64) {
        self.sessions.range(first..=last.max(first)).fold((0, 0), |(all, failed), (_, (success, refused))| {
            (all.saturating_add(*success).saturating_add(*refused), failed.saturating_add(*refused))
        })
    }

    fn with_reports(&self, first: Day, last: Day) -> i64 {
        i64::try_from(self.present.range(first..=last.max(first)).count()).unwrap_or(i64::MAX)
    }

    fn line(&self, day: Day) -> DaySummary {
        let (successful, failed) = self.sessions.get(&day).copied().unwrap_or_default();
        DaySummary { day: day::date(day), successful, failed, reports: self.reports.get(&day).copied().unwrap_or_default() }
    }

    /// Days with reports in a window of `days`, and how many there should be. Days after the newest report are not gaps: whether the
    /// reporters have stopped is another question.
    fn coverage(&self, today: Day, days: i64, settings: &EvidenceSettings) -> (i64, i64) {
        let first = today - days;
        let newest = self.present.last().copied().unwrap_or(first).min(today);
        let due = (first..=newest.min(today - 1).max(first)).filter(|day| !self.rest.rests(*day) || self.present.contains(day)).count();
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a number of days")]
        let needed = (due as f64 * settings.days_with_reports - 1e-9).ceil() as i64;
        (self.with_reports(first, newest), needed)
    }

    /// The state's age at `now`, in whole days.
    fn age(&self, now: Timestamp) -> i64 {
        self.since.map_or(0, |since| now.duration_since(since).as_hours() / 24)
    }

    /// The longest window ending at `now` that has enough days and enough sessions.
    fn sufficient(&self, now: Timestamp, settings: &EvidenceSettings) -> Option<i64> {
        let today = day::of(now);
        (settings.window_days..=self.age(now).min(settings.longest_window_days)).rev().find(|days| {
            let (with, needed) = self.coverage(today, *days, settings);
            with >= needed && self.sessions(today - days, today).0 >= settings.sessions
        })
    }

    /// When a window will be sufficient if the reporters go on as they did, day by day.
    fn suffices_at(&self, now: Timestamp, settings: &EvidenceSettings) -> Option<Timestamp> {
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
        };
        for day in today.max(newest + 1)..=today + 2 * settings.longest_window_days {
            // The report about a day is there on the next.
            if !self.rest.rests(day) {
                future.present.insert(day);
                future.sessions.insert(day, (up_to(days + 1) - up_to(days), 0));
                days += 1;
            }
            let then = day::midnight(day + 1).max(now);
            if future.sufficient(then, settings).is_some() {
                return Some(then);
            }
        }
        None
    }
}

/// Whether an entry's successes are evidence: the policy in force, and of its present state.
fn is_evidence(entry: &Entry<'_>, since: Option<Timestamp>) -> bool {
    entry.standing == Standing::InForce && since.is_some_and(|since| entry.report.start >= since)
}

/// What lacks, the length of the window that was judged, and when it will suffice.
fn sufficiency(situation: &Situation<'_>, entries: &[Entry<'_>], tally: &Tally) -> (Vec<Lack>, i64, Option<Timestamp>) {
    let (settings, now) = (situation.settings, situation.now);
    let today = day::of(now);
    let first = today - settings.longest_window_days;
    // Nothing yet: the first report that can come is about today.
    let earliest = day::midnight(today).checked_add(SignedDuration::from_hours(24 * settings.window_days)).ok();
    if entries.is_empty() {
        return (vec![Lack::None], settings.window_days, earliest);
    }
    let recent = |entry: &Entry<'_>| entry.last_day() >= first;
    let evidence = Rhythms::of(entries, |entry| is_evidence(entry, tally.since) && recent(entry));
    if evidence.newest().is_none() {
        return without_evidence(entries, tally, situation, earliest);
    }

    let mut lacks = Vec::new();
    let flow = Rhythms::of(entries, |entry| evidence.has(&entry.report.reporter));
    let stale = flow.silence(today, &tally.rest, settings).filter(|silence| silence.broken);
    if let Some(silence) = stale {
        lacks.push(Lack::Stale { newest: day::midnight(silence.newest), allowed: silence.allowed });
    } else if let Some(silence) = evidence.silence(today, &tally.rest, settings).filter(|silence| silence.broken) {
        lacks.push(Lack::OtherPolicy { last_in_force: Some(day::midnight(silence.newest)) });
    }
    let age = tally.age(now);
    let widest = age.min(settings.longest_window_days);
    let sufficient = tally.sufficient(now, settings);
    let (sessions, _) = tally.sessions(today - widest, today);
    if let (true, Some(since)) = (age < settings.window_days, tally.since) {
        lacks.push(Lack::WindowShort { since });
        // A short window has few sessions of course; it is worth a word only if no window would ever have enough at this pace.
        if !pace_suffices(sessions, tally, today, settings) {
            lacks.push(Lack::FewSessions { sessions, days: widest });
        }
    } else if sufficient.is_none() {
        let few = sessions < settings.sessions;
        if few {
            lacks.push(Lack::FewSessions { sessions, days: widest });
        }
        let covered = |days: &i64| {
            let (with, needed) = tally.coverage(today, *days, settings);
            with >= needed
        };
        if !few || !(settings.window_days..=widest).any(|days| covered(&days)) {
            let (with, needed) = tally.coverage(today, widest, settings);
            lacks.push(Lack::Gaps { days: widest, with, needed });
        }
    }
    let by = evidence.reporters();
    if by.len() < settings.reporters {
        let all = Rhythms::of(entries, recent).reporters();
        lacks.push(Lack::SingleReporter { others: all.into_iter().filter(|reporter| !by.contains(reporter)).collect(), reporters: by });
    }
    // Time alone mends a short window, few sessions and gaps; nobody knows when a second reporter or a silent one writes.
    let by_time = !lacks.is_empty()
        && lacks.iter().all(|lack| matches!(lack, Lack::WindowShort { .. } | Lack::FewSessions { .. } | Lack::Gaps { .. }));
    let suffices_at = if by_time { tally.suffices_at(now, settings) } else { None };
    (lacks, sufficient.unwrap_or(widest), suffices_at)
}

/// Reports, but none about the policy in force in the longest window.
fn without_evidence(
    entries: &[Entry<'_>],
    tally: &Tally,
    situation: &Situation<'_>,
    earliest: Option<Timestamp>,
) -> (Vec<Lack>, i64, Option<Timestamp>) {
    let settings = situation.settings;
    let today = day::of(situation.now);
    let first = today - settings.longest_window_days;
    let mut lacks = Vec::new();
    let silence = Rhythms::of(entries, |_| true).silence(today, &tally.rest, settings);
    if let Some(silence) = silence.filter(|silence| silence.broken) {
        lacks.push(Lack::Stale { newest: day::midnight(silence.newest), allowed: silence.allowed });
    }
    let recent: Vec<&Entry<'_>> = entries.iter().filter(|entry| entry.last_day() >= first).collect();
    if recent.iter().any(|entry| entry.standing != Standing::NoText) {
        let in_force = entries.iter().filter(|entry| entry.standing == Standing::InForce);
        lacks.push(Lack::OtherPolicy { last_in_force: in_force.map(|entry| day::midnight(entry.last_day())).max() });
    } else if !recent.is_empty() {
        lacks.push(Lack::FewSessions { sessions: 0, days: settings.longest_window_days });
    }
    let from_now = !lacks.iter().any(|lack| matches!(lack, Lack::Stale { .. }));
    (lacks, settings.window_days, earliest.filter(|_| from_now))
}

/// Whether the longest window would hold enough sessions at the pace seen.
fn pace_suffices(sessions: u64, tally: &Tally, today: Day, settings: &EvidenceSettings) -> bool {
    let Some(first) = tally.present.first() else { return false };
    let newest = tally.present.last().copied().unwrap_or(today);
    let days = u128::from((newest - first).unsigned_abs()) + 1;
    let longest = u128::from(settings.longest_window_days.unsigned_abs());
    u128::from(sessions) * longest >= u128::from(settings.sessions) * days
}

fn window(situation: &Situation<'_>, days: i64, tally: &Tally) -> Window {
    let start = situation.now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(situation.now);
    let start = tally.since.filter(|since| days < situation.settings.window_days && *since <= situation.now).unwrap_or(start);
    Window { start, end: situation.now, days }
}

fn distinct_reports(entries: &[Entry<'_>], first: Day) -> u64 {
    let recent = entries.iter().filter(|entry| entry.last_day() >= first);
    recent.map(|entry| (&entry.report.reporter, &entry.report.id, entry.report.sha256)).collect::<BTreeSet<_>>().len() as u64
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
        if report.end >= summary.last {
            summary.last = report.end;
            summary.organization.clone_from(&report.organization);
        }
        // The same sessions may stand under several types (Microsoft: sts and tlsa): only one type is added up.
        if entry.is_sts() || !entry.beside_sts {
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
