//! What clean live checks make up for: a second reporter, and most of the sessions (decision: "small and one-reporter domains get to
//! ready by probing, not by waiting for traffic").

use jiff::{SignedDuration, Timestamp};

use super::Situation;
use super::day::{self, Day};
use super::tally::Tally;
use super::window::Lack;
use crate::model::assessment::{CheckedFor, CleanChecks};

/// What the reports alone come to in the window that is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone {
    /// The window's days.
    pub(super) days: Day,
    /// Successful sessions in it.
    pub(super) sessions: u64,
    /// Who reports about the policy in force.
    pub(super) reporters: usize,
}

/// Sums up the clean checks of the window, and what they stand in for; if for nothing, from when on they would.
pub(super) fn of(situation: &Situation<'_>, tally: &Tally, alone: Alone, lacks: &[Lack]) -> CleanChecks {
    let (settings, today) = (situation.settings, day::of(situation.now));
    let first = today - alone.days;
    let clean = tally.clean_days(first, today);
    let few = alone.sessions < settings.sessions;
    let single = alone.reporters < settings.reporters;
    let stands_in_for = if tally.checks_stand_in(first, today, settings) {
        let enough = alone.sessions >= settings.sessions_with_checks;
        let reporter = (single && alone.reporters > 0).then_some(CheckedFor::Reporters);
        reporter.into_iter().chain((few && enough).then_some(CheckedFor::Sessions)).collect()
    } else {
        Vec::new()
    };
    let would_suffice_at = would_suffice_at(situation, tally, alone, clean, lacks);
    CleanChecks { days: clean, needed: settings.check_days, stands_in_for, would_suffice_at }
}

/// When one clean check a day from now on will have made the evidence enough; `None` if checks are not what is missing, or if today's is
/// not clean.
fn would_suffice_at(situation: &Situation<'_>, tally: &Tally, alone: Alone, clean: usize, lacks: &[Lack]) -> Option<Timestamp> {
    let (settings, today) = (situation.settings, day::of(situation.now));
    let mended = |lack: &Lack| matches!(lack, Lack::FewSessions { .. } | Lack::SingleReporter { .. });
    let by_checks = lacks.iter().any(mended) && lacks.iter().all(|lack| mended(lack) || matches!(lack, Lack::WindowShort { .. }));
    let enough = alone.sessions >= settings.sessions_with_checks && alone.reporters > 0;
    if !by_checks || !enough || !tally.clean.contains(&today) {
        return None;
    }
    let missing = i64::try_from(settings.check_days.saturating_sub(clean)).ok()?;
    let window = tally.since?.checked_add(SignedDuration::from_hours(24 * settings.window_days)).ok()?;
    Some(day::midnight(today + missing).max(window))
}
