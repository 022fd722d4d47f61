//! The reporters' rhythm: who reports regularly, on which weekdays none is due, and whether they have stopped.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::day::{self, Day};
use super::entries::Entry;
use crate::model::settings::EvidenceSettings;

/// From so many report days on, a reporter is regular: two gaps make a rhythm.
const REGULAR: usize = 3;
/// What is allowed to reporters without a rhythm: a week, as the slowest senders have.
const UNKNOWN_CADENCE: Day = 7;

/// When each reporter reported: the last day of each of its reports.
#[derive(Clone, Debug, Default)]
pub(super) struct Rhythms<'a> {
    by_reporter: BTreeMap<&'a str, BTreeSet<Day>>,
}

impl<'a> Rhythms<'a> {
    /// Out of the entries that `counts` takes.
    pub(super) fn of(entries: &[Entry<'a>], counts: impl Fn(&Entry<'a>) -> bool) -> Self {
        let mut rhythms = Self::default();
        for entry in entries.iter().filter(|entry| counts(entry)) {
            rhythms.by_reporter.entry(&entry.report.reporter).or_default().insert(entry.last_day());
        }
        rhythms
    }

    /// The reporters, in their order.
    pub(super) fn reporters(&self) -> Vec<String> {
        self.by_reporter.keys().map(|reporter| (*reporter).to_owned()).collect()
    }

    /// Whether `reporter` is among them.
    pub(super) fn has(&self, reporter: &str) -> bool {
        self.by_reporter.contains_key(reporter)
    }

    /// The newest report's day.
    pub(super) fn newest(&self) -> Option<Day> {
        self.by_reporter.values().filter_map(|days| days.last().copied()).max()
    }

    /// How long the reporters may be silent, and whether they have been longer. Stopped are they when every regular one is later than
    /// its own cadence and the grace allow, and no other report is recent enough to make up for it.
    pub(super) fn silence(&self, today: Day, rest: RestDays, settings: &EvidenceSettings) -> Option<Silence> {
        let newest = self.newest()?;
        let regular: Vec<(Day, Day)> =
            self.by_reporter.values().filter_map(|days| Some((*days.last()?, cadence(days)? + settings.grace_days))).collect();
        let allowed = regular.iter().map(|(_, allowed)| *allowed).min().unwrap_or(UNKNOWN_CADENCE + settings.grace_days);
        let all_late = regular.iter().all(|(last, allowed)| rest.due_between(*last, today) > *allowed);
        Some(Silence { newest, allowed, broken: all_late && rest.due_between(newest, today) > allowed })
    }
}

/// Report days within the longest window from which on the end of a reporter's reports is news: fewer may be a matter of little mail.
const MISSED: usize = 7;

impl Rhythms<'_> {
    /// Reporters that wrote regularly since `first` and have stopped: later than their own cadence and the grace allow, and for more than
    /// twice as long as ever before.
    pub(super) fn stopped(&self, first: Day, today: Day, rest: RestDays, settings: &EvidenceSettings) -> Vec<Stopped> {
        let one = |(reporter, days): (&&str, &BTreeSet<Day>)| {
            let recent: BTreeSet<Day> = days.range(first..=today.max(first)).copied().collect();
            let (cadence, last) = (cadence(&recent).filter(|_| recent.len() >= MISSED)?, *recent.last()?);
            let longest = recent.iter().zip(recent.iter().skip(1)).map(|(one, next)| rest.due_between(*one, *next)).max()?;
            let (allowed, quiet) = ((cadence + settings.grace_days).max(2 * longest), rest.due_between(last, today));
            (quiet > allowed).then(|| Stopped {
                reporter: (*reporter).to_owned(),
                last: day::midnight(last),
                reported: recent.len(),
                cadence,
                allowed,
            })
        };
        self.by_reporter.iter().filter_map(one).collect()
    }
}

/// A regular reporter that has stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Who.
    pub reporter: String,
    /// The start of the day that its newest report is about.
    pub last: Timestamp,
    /// How many days of the longest window it reported about.
    pub reported: usize,
    /// How many days lie between two reports of it, as a rule.
    pub cadence: i64,
    /// How many days without a report its rhythm allows.
    pub allowed: i64,
}

/// How long it has been quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Silence {
    /// The newest report's day.
    pub(super) newest: Day,
    /// How many days without a report the reporters' rhythm allows.
    pub(super) allowed: Day,
    /// Whether it has been longer.
    pub(super) broken: bool,
}

/// The median gap between report days, in days; `None` for a reporter that is not regular.
fn cadence(days: &BTreeSet<Day>) -> Option<Day> {
    if days.len() < REGULAR {
        return None;
    }
    let mut gaps: Vec<Day> = days.iter().zip(days.iter().skip(1)).map(|(one, next)| next - one).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied()
}

/// Weekdays on which no reporter is due, by the pattern seen: at most two neighbouring ones, over at least two weeks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RestDays([bool; 7]);

impl RestDays {
    /// Out of the days on which there were reports.
    pub(super) fn seen_in(present: &BTreeSet<Day>) -> Self {
        let (Some(first), Some(last)) = (present.first(), present.last()) else { return Self::default() };
        let mut reported = [false; 7];
        for day in present {
            reported[day::weekday(*day)] = true;
        }
        let resting: Vec<usize> = (0..7).filter(|weekday| !reported[*weekday]).collect();
        let a_weekend = match resting[..] {
            [_] => true,
            [one, other] => other - one == 1 || other - one == 6,
            _ => false,
        };
        if last - first < 13 || !a_weekend { Self::default() } else { Self(reported.map(|reported| !reported)) }
    }

    /// Whether no reporter is due on `day`.
    pub(super) fn rests(self, day: Day) -> bool {
        self.0[day::weekday(day)]
    }

    /// How many days after `from`, up to `to`, some reporter was due.
    fn due_between(self, from: Day, to: Day) -> Day {
        let span = (to - from).max(0);
        // Beyond a few weeks the number no longer matters, and a hostile date must not cost time.
        let looked_at = span.min(400);
        (to - looked_at + 1..=to).filter(|day| !self.rests(*day)).count().try_into().unwrap_or(span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cadence_is_the_median_gap_of_a_regular_reporter() {
        for (days, gap) in [(&[1, 2][..], None), (&[1, 2, 3], Some(1)), (&[5, 12, 19], Some(7)), (&[1, 2, 3, 4, 9], Some(1))] {
            assert_eq!(cadence(&days.iter().copied().collect()), gap, "{days:?}");
        }
    }

    #[test]
    fn a_reporter_has_stopped_by_its_own_measure() {
        let today = 100;
        let settings = crate::model::settings::Settings::default().evidence;
        let quiet = |days: &[Day]| {
            let by_reporter = BTreeMap::from([("a.example", days.iter().copied().collect())]);
            Rhythms { by_reporter }.stopped(today - 30, today, RestDays::default(), &settings).first().map(|stopped| stopped.allowed)
        };
        let daily = |last: Day| (last - 9..=last).collect::<Vec<Day>>();
        for (days, allowed) in [
            (daily(99), None),
            (daily(96), None),
            (daily(95), Some(4)),
            (daily(80), Some(4)),
            (daily(60), None),
            // Six days are no habit.
            ((80..86).collect(), None),
            // Once it was quiet for five days before.
            ([daily(80), vec![85, 86]].concat(), Some(10)),
            ([daily(80), vec![85, 90]].concat(), None),
            ((70..=94).step_by(4).collect(), None),
            ((70..=88).step_by(3).collect(), Some(6)),
        ] {
            assert_eq!(quiet(&days), allowed, "{days:?}");
        }
    }

    #[test]
    fn a_weekend_is_seen_and_sparse_days_are_none() {
        // Day 3 is a Sunday (1970-01-04).
        let weekdays: BTreeSet<Day> = (0..28).filter(|day| !matches!(day::weekday(*day), 0 | 6)).collect();
        let rest = RestDays::seen_in(&weekdays);
        assert!(rest.rests(3) && rest.rests(2) && !rest.rests(4));
        assert_eq!(rest.due_between(1, 4), 1, "from Friday to Monday one day was due");
        assert_eq!(RestDays::seen_in(&(0..28).step_by(7).collect()), RestDays::default());
        assert_eq!(RestDays::seen_in(&(0..28).collect()), RestDays::default());
        assert_eq!(RestDays::seen_in(&(0..5).collect()), RestDays::default(), "a week is no pattern");
    }
}
