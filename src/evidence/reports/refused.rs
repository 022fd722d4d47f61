//! What enforce would have refused: per day, sender and MX host, and how many MX hosts that sender would have had left.
//!
//! A refusal is transient: with a host left the mail is late at most (decision.md, "What a report entry means"). Nothing is concluded
//! about the hosts that are left but that no refusal was reported there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::Situation;
use super::day::{self, Day};
use super::entries::{Entry, Meaning, meaning};
use crate::model::assessment::{HostsLeft, Refused};
use crate::wire::name::Domain;

/// Lines that are kept: a month of ten senders at three hosts.
const LINE_CAP: usize = 1_000;

/// What would have been refused.
#[derive(Debug)]
pub(super) struct Refusals {
    /// By day, then sender, then host.
    pub(super) lines: Vec<Refused>,
    /// Lines beyond the cap.
    pub(super) left_out: usize,
    /// The fewest hosts left in any of all lines.
    pub(super) hosts_left: Option<HostsLeft>,
}

/// The refusals on `days`. Only of senders that applied MTA-STS: the others would have refused nothing.
pub(super) fn of(situation: &Situation<'_>, entries: &[Entry<'_>], days: RangeInclusive<Day>) -> Refusals {
    let mut sessions: BTreeMap<(Day, &str, Option<&Domain>), u64> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.is_sts()) {
        for row in entry.failures().into_iter().filter(|row| meaning(row.result_type) == Meaning::Refused) {
            for day in *days.start().max(entry.days.start())..=*days.end().min(entry.days.end()) {
                let share = day::share(row.sessions, &entry.days, day);
                if share > 0 {
                    let sum = sessions.entry((day, entry.report.reporter.as_str(), row.mx)).or_default();
                    *sum = sum.saturating_add(share);
                }
            }
        }
    }
    let mut refusing: BTreeMap<(Day, &str), BTreeSet<&Domain>> = BTreeMap::new();
    for (day, reporter, mx) in sessions.keys() {
        refusing.entry((*day, reporter)).or_default().extend(*mx);
    }
    let left = |day: Day, reporter: &str, mx: Option<&Domain>| {
        let live = situation.live_mx;
        let refusing = refusing.get(&(day, reporter))?;
        mx.filter(|mx| live.contains(*mx))?;
        Some(live.iter().filter(|host| !refusing.contains(host)).count())
    };
    let mut lines: Vec<Refused> = sessions
        .iter()
        .map(|(&(day, reporter, mx), &sessions)| Refused {
            day: day::date(day),
            reporter: reporter.to_owned(),
            mx: mx.cloned(),
            sessions,
            hosts_left: left(day, reporter, mx),
        })
        .collect();
    let fewest = lines.iter().filter_map(|line| line.hosts_left).min();
    let hosts_left = fewest.map(|left| HostsLeft { left, of: situation.live_mx.len() });
    let left_out = lines.len().saturating_sub(LINE_CAP);
    if left_out > 0 {
        lines.sort_by(|a, b| b.sessions.cmp(&a.sessions).then_with(|| a.cmp(b)));
        lines.truncate(LINE_CAP);
        lines.sort();
    }
    Refusals { lines, left_out, hosts_left }
}
