//! The course of a fault: when it was met, how much of it, and whether a clean run since is more than a pause.
//!
//! In: rows of failures, joined in any order. Out: a [`Course`]. More failures never make a fault look more over than fewer do, nor do
//! clean reports make it look less so: nothing here rests on a rate that either could dilute.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::Timestamp;

use super::day::Day;
use super::entries::{Entry, Failure};
use crate::wire::policy::Policy;

/// A clean run that would come by chance less often than this is no chance.
const CHANCE: f64 = 0.01;
/// Addresses kept.
const ADDRESSES: usize = 32;

/// Failures of one kind over time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Course {
    /// Failed sessions.
    pub(super) sessions: u64,
    /// The days that they are counted for: the last one of each report.
    pub(super) days: BTreeSet<Day>,
    /// The first day of any period with them.
    pub(super) first_day: Day,
    /// The last one.
    pub(super) last_day: Day,
    /// The start of the first period with them.
    pub(super) first: Timestamp,
    /// The end of the last one.
    pub(super) last: Timestamp,
    /// The start of the last one.
    pub(super) last_start: Timestamp,
    /// The sessions, good and bad, of the largest entry with them.
    largest: u64,
    /// Whether all of them occurred under a policy that did not cover the host, which the one in force does.
    pub(super) uncovered: bool,
    /// Whether all of them tell of a certificate.
    pub(super) about_certificates: bool,
    /// Where they were met.
    pub(super) receiving: BTreeSet<IpAddr>,
}

/// One row of an entry.
pub(super) fn of(entry: &Entry<'_>, row: Failure<'_>, in_force: Option<&Policy>) -> Course {
    let covers = |policy: &Policy| row.mx.is_some_and(|mx| policy.mx.iter().any(|pattern| pattern.matches(mx)));
    let uncovered = row.mx.is_some() && entry.applied.as_ref().is_some_and(|applied| !covers(applied)) && in_force.is_some_and(covers);
    Course {
        sessions: row.sessions,
        days: BTreeSet::from([entry.last_day()]),
        first_day: *entry.days.start(),
        last_day: entry.last_day(),
        first: entry.report.start,
        last: entry.report.end,
        last_start: entry.report.start,
        largest: entry.policy.successful.saturating_add(entry.policy.failures()),
        uncovered,
        about_certificates: false,
        receiving: row.receiving.into_iter().collect(),
    }
}

impl Course {
    /// Both together.
    pub(super) fn join(&mut self, other: &Self) {
        self.sessions = self.sessions.saturating_add(other.sessions);
        self.days.extend(&other.days);
        self.first_day = self.first_day.min(other.first_day);
        self.last_day = self.last_day.max(other.last_day);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.last_start = self.last_start.max(other.last_start);
        self.largest = self.largest.max(other.largest);
        self.uncovered &= other.uncovered;
        self.about_certificates &= other.about_certificates;
        self.receiving.extend(&other.receiving);
        while self.receiving.len() > ADDRESSES {
            self.receiving.pop_last();
        }
    }

    /// Whether so long a clean run is no chance: longer than all the time from the first failure to the last (and so longer than any
    /// pause between them), and of so many sessions that at the old rate they would hardly all have gone well.
    ///
    /// The old rate is taken at its least: one session of the largest report with failures.
    pub(super) fn is_over(&self, clean_days: usize, clean_sessions: u64) -> bool {
        let longer = i64::try_from(clean_days).is_ok_and(|days| days > self.last_day - self.first_day);
        #[expect(clippy::cast_precision_loss, reason = "a rate and an exponent")]
        let by_chance = (1.0 - 1.0 / self.largest.max(1) as f64).powf(clean_sessions as f64);
        longer && clean_sessions > 0 && by_chance < CHANCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(first_day: Day, last_day: Day, largest: u64) -> Course {
        let at = Timestamp::UNIX_EPOCH;
        Course {
            sessions: 1,
            days: BTreeSet::from([first_day, last_day]),
            first_day,
            last_day,
            first: at,
            last: at,
            last_start: at,
            largest,
            uncovered: false,
            about_certificates: false,
            receiving: BTreeSet::new(),
        }
    }

    #[test]
    fn a_fault_is_over_when_the_clean_run_outlasts_it() {
        for (first_day, last_day, largest, clean_days, clean_sessions, over) in [
            (10, 10, 20, 3, 60, false),
            (10, 10, 20, 5, 100, true),
            (10, 10, 1, 3, 3, true),
            (10, 10, 0, 3, 3, true),
            (10, 10, 1_000, 5, 100, false),
            (2, 10, 20, 8, 10_000, false),
            (2, 10, 20, 9, 10_000, true),
            (10, 10, 20, 0, 0, false),
            (10, 10, u64::MAX, 20, u64::MAX / 2, false),
        ] {
            let found = course(first_day, last_day, largest).is_over(clean_days, clean_sessions);
            assert_eq!(found, over, "{first_day} to {last_day}, {clean_sessions} after {largest}");
        }
    }

    #[test]
    fn what_is_joined_is_the_same_in_either_order() {
        let (mut one, mut other) = (course(3, 9, 4), course(1, 5, 40));
        one.receiving = (0..40).map(|last| IpAddr::from([192, 0, 2, last])).collect();
        other.uncovered = true;
        let both = |mut first: Course, second: &Course| {
            first.join(second);
            first
        };
        let joined = both(one.clone(), &other);
        assert_eq!(joined, both(other, &one));
        assert_eq!((joined.first_day, joined.last_day, joined.largest, joined.sessions, joined.uncovered), (1, 9, 40, 2, false));
        assert_eq!(joined.receiving.len(), ADDRESSES);
    }
}
