//! Whether there is enough evidence: the window that ends now, its days, its sessions, its reporters; and if not, what lacks.

use jiff::{SignedDuration, Timestamp};

use super::Situation;
use super::day::{self, Day};
use super::entries::{Entry, Standing};
use super::reporters::Rhythms;
use super::stand_in::{self, Alone};
use super::tally::Tally;
use crate::evidence::past::Change;
use crate::model::assessment::CleanChecks;
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
        /// The first report about it; where there is none yet, the change.
        since: Timestamp,
        /// The change that made earlier reports worthless, where earlier checks saw it.
        changed: Option<Change>,
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
        /// Successful sessions under the policy in force in the longest possible window.
        sessions: u64,
        /// Its days.
        days: i64,
        /// How many are needed: fewer where live checks stand in.
        needed: u64,
    },
    /// Too few reporters.
    SingleReporter {
        /// Who reports about the policy in force.
        reporters: Vec<String>,
        /// Who reports about something else only.
        others: Vec<String>,
    },
}

/// What came of asking whether the evidence suffices.
pub(super) struct Sufficiency {
    /// What lacks; empty if it suffices.
    pub(super) lacks: Vec<Lack>,
    /// The window that was judged, in days.
    pub(super) days: i64,
    /// When it will suffice, if a date can be computed.
    pub(super) suffices_at: Option<Timestamp>,
    /// What clean live checks stand in for; `None` where there is nothing that they could complete.
    pub(super) checks: Option<CleanChecks>,
}

/// Asks whether the entries suffice.
pub(super) fn sufficiency(situation: &Situation<'_>, entries: &[Entry<'_>], tally: &Tally) -> Sufficiency {
    let (settings, now) = (situation.settings, situation.now);
    let today = day::of(now);
    let first = today - settings.longest_window_days;
    // Nothing yet: the first report that can come is about today.
    let earliest = day::midnight(today).checked_add(SignedDuration::from_hours(24 * settings.window_days)).ok();
    if entries.is_empty() {
        return Sufficiency { lacks: vec![Lack::None], days: settings.window_days, suffices_at: earliest, checks: None };
    }
    let recent = |entry: &Entry<'_>| entry.last_day() >= first;
    let evidence = Rhythms::of(entries, |entry| tally.is_evidence(entry) && recent(entry));
    if evidence.newest().is_none() {
        return without_evidence(entries, tally, situation, earliest);
    }

    let mut lacks = Vec::new();
    let flow = Rhythms::of(entries, |entry| evidence.has(&entry.report.reporter));
    let stale = flow.silence(today, tally.rest, settings).filter(|silence| silence.broken);
    let stopped = stale.is_some();
    if let Some(silence) = stale {
        lacks.push(Lack::Stale { newest: day::midnight(silence.newest), allowed: silence.allowed });
    } else if let Some(silence) = evidence.silence(today, tally.rest, settings).filter(|silence| silence.broken) {
        lacks.push(Lack::OtherPolicy { last_in_force: Some(day::midnight(silence.newest)) });
    }
    let age = tally.age(now);
    let widest = age.min(settings.longest_window_days);
    let sufficient = tally.sufficient(now, stopped, settings);
    let sessions = tally.successes(today - widest, today);
    let needed = tally.needed_sessions(today - widest, today, settings);
    if let (true, Some(since)) = (age < settings.window_days, tally.since) {
        let before = |change: &Change| entries.iter().any(|entry| entry.standing == Standing::InForce && entry.report.start < change.at);
        let changed = situation.live.changed.clone().filter(before);
        lacks.push(Lack::WindowShort { since, changed });
        // A short window has few sessions of course; it is worth a word only if no window would ever have enough at this pace.
        if !pace_suffices(sessions, needed, tally, today, settings) {
            lacks.push(Lack::FewSessions { sessions, days: widest, needed });
        }
    } else if sufficient.is_none() {
        let few = sessions < needed;
        if few {
            lacks.push(Lack::FewSessions { sessions, days: widest, needed });
        }
        let covered = |days: &i64| {
            let (with, due) = tally.coverage(today, *days, stopped, settings);
            with >= due
        };
        if !few || !(settings.window_days..=widest).any(|days| covered(&days)) {
            let (with, due) = tally.coverage(today, widest, stopped, settings);
            lacks.push(Lack::Gaps { days: widest, with, needed: due });
        }
    }
    let by = evidence.reporters();
    let reporters = by.len();
    if reporters < settings.reporters && !tally.checks_stand_in(today - widest, today, settings) {
        let all = Rhythms::of(entries, recent).reporters();
        lacks.push(Lack::SingleReporter { others: all.into_iter().filter(|reporter| !by.contains(reporter)).collect(), reporters: by });
    }
    // Time alone mends a short window, few sessions and gaps; nobody knows when a second reporter or a silent one writes.
    let by_time = !lacks.is_empty()
        && lacks.iter().all(|lack| matches!(lack, Lack::WindowShort { .. } | Lack::FewSessions { .. } | Lack::Gaps { .. }));
    let suffices_at = if by_time { tally.suffices_at(now, settings) } else { None };
    let days = sufficient.unwrap_or(widest);
    let alone = Alone { days, sessions: tally.successes(today - days, today), reporters };
    let checks = Some(stand_in::of(situation, tally, alone, &lacks));
    Sufficiency { lacks, days, suffices_at, checks }
}

/// Reports, but none about the policy in force in the longest window.
fn without_evidence(entries: &[Entry<'_>], tally: &Tally, situation: &Situation<'_>, earliest: Option<Timestamp>) -> Sufficiency {
    let settings = situation.settings;
    let today = day::of(situation.now);
    let first = today - settings.longest_window_days;
    let mut lacks = Vec::new();
    let silence = Rhythms::of(entries, |_| true).silence(today, tally.rest, settings);
    if let Some(silence) = silence.filter(|silence| silence.broken) {
        lacks.push(Lack::Stale { newest: day::midnight(silence.newest), allowed: silence.allowed });
    }
    let recent: Vec<&Entry<'_>> = entries.iter().filter(|entry| entry.last_day() >= first).collect();
    let mut days = settings.window_days;
    if let Some((changed, age)) = young_change(situation, &recent) {
        lacks.push(Lack::WindowShort { since: changed.at, changed: Some(changed) });
        days = age;
    } else if recent.iter().any(|entry| tally.is_about(entry)) {
        // It is reported, and never that it works (mox reports failures only).
        lacks.push(Lack::FewSessions { sessions: 0, days: settings.longest_window_days, needed: settings.sessions });
    } else if recent.iter().any(|entry| entry.standing != Standing::NoText) {
        let in_force = entries.iter().filter(|entry| entry.standing == Standing::InForce);
        lacks.push(Lack::OtherPolicy { last_in_force: in_force.map(|entry| day::midnight(entry.last_day())).max() });
    } else if !recent.is_empty() {
        lacks.push(Lack::FewSessions { sessions: 0, days: settings.longest_window_days, needed: settings.sessions });
    }
    if lacks.is_empty() {
        // However rarely somebody reports: a longest window without any report is silence.
        let newest = entries.iter().map(Entry::last_day).max().unwrap_or(first);
        lacks.push(Lack::Stale { newest: day::midnight(newest), allowed: settings.longest_window_days });
    }
    let from_now = !lacks.iter().any(|lack| matches!(lack, Lack::Stale { .. }));
    Sufficiency { lacks, days, suffices_at: earliest.filter(|_| from_now), checks: None }
}

/// A change after which no report came yet, though there were some before; with its age in whole days, which is below the shortest window.
fn young_change(situation: &Situation<'_>, recent: &[&Entry<'_>]) -> Option<(Change, i64)> {
    let changed = situation.live.changed.clone()?;
    let age = situation.now.duration_since(changed.at).as_hours() / 24;
    let before = recent.iter().any(|entry| entry.standing == Standing::InForce && entry.report.start < changed.at);
    (before && age < situation.settings.window_days).then_some((changed, age.max(0)))
}

/// Whether the longest window would hold enough sessions at the pace seen.
fn pace_suffices(sessions: u64, needed: u64, tally: &Tally, today: Day, settings: &EvidenceSettings) -> bool {
    let Some(first) = tally.present.first() else { return false };
    let newest = tally.present.last().copied().unwrap_or(today);
    let days = u128::from((newest - first).unsigned_abs()) + 1;
    let longest = u128::from(settings.longest_window_days.unsigned_abs());
    u128::from(sessions) * longest >= u128::from(needed) * days
}
