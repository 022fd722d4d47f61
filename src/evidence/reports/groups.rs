//! Failures, judged again: grouped by reporter, MX host, result-type and reason, and held against what the probes show now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::Situation;
use super::day::{self, Day};
use super::entries::{Entry, Failure, Meaning, Standing, meaning};
use crate::evidence::reasons::{self, Told};
use crate::model::assessment::{Cause, FailureGroup, GroupLabel};
use crate::wire::name::Domain;

/// Clean days of the same reporter that a repair must show.
const CLEAN_DAYS: usize = 3;
/// A clean run that would come by chance less often than this is no chance.
const CHANCE: f64 = 0.01;
/// From this share of its reporter's sessions on, a group is no accident.
const WEIGHTY_SHARE: f64 = 0.001;
/// Beyond so many groups, MX and reason are no longer told apart.
const GROUP_CAP: usize = 500;

/// A group of failures with what its label rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// As it is shown.
    pub summary: FailureGroup,
    /// What it would have meant under enforce.
    pub meaning: Meaning,
    /// Seen by a sender that did not apply MTA-STS: it predicts what others will meet.
    pub hint: bool,
    /// Whether it is more than an accident: it recurs, comes from several reporters, or is a real share of its reporter's sessions.
    pub weighty: bool,
    /// The days on which it occurred.
    pub on: BTreeSet<Date>,
    /// Why it is taken as fixed.
    pub explanation: Option<Explanation>,
    /// Clean days of the same reporter since.
    pub clean_days: usize,
    /// Their sessions.
    pub clean_sessions: u64,
}

/// Why a group is taken as fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explanation {
    /// A certificate that was issued since.
    Certificate(Timestamp),
    /// It occurred only under a policy that covered other MX hosts.
    Policy,
    /// So long a clean run would hardly come by chance at the old rate.
    Chance,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    reporter: &'a str,
    result_type: &'a str,
    mx: Option<&'a Domain>,
    reason: Option<&'a str>,
    not_sts: bool,
    hint: bool,
}

struct Raw<'a> {
    sessions: u64,
    days: BTreeSet<Day>,
    first: Timestamp,
    last: Timestamp,
    /// The start of the last failing period.
    last_start: Timestamp,
    last_day: Day,
    /// Whether it occurred under a policy that covers what the one in force covers; then a change of policy explains nothing.
    same_cover: bool,
    /// The surest reading of its words; none once groups with different words are told as one.
    cause: Option<Cause>,
    key: Key<'a>,
}

/// The groups of the entries that reach into the days from `first` on: worst first.
pub(super) fn of(situation: &Situation<'_>, entries: &[Entry<'_>], first: Day) -> Vec<Group> {
    let mut raw: BTreeMap<Key<'_>, Raw<'_>> = BTreeMap::new();
    let mut causes: BTreeMap<Told<'_>, Option<Cause>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.last_day() >= first) {
        for row in entry.failures() {
            let mut key = key(entry, row);
            let mut cause = None;
            if raw.len() >= GROUP_CAP && !raw.contains_key(&key) {
                (key.mx, key.reason) = (None, None);
            } else {
                let told = told(entry, row);
                cause.clone_from(causes.entry(told).or_insert_with(|| reasons::cause(told)));
            }
            let (start, end) = (entry.report.start, entry.report.end);
            let group = raw.entry(key.clone()).or_insert_with(|| Raw {
                sessions: 0,
                days: BTreeSet::new(),
                first: start,
                last: end,
                last_start: start,
                last_day: entry.last_day(),
                same_cover: false,
                cause: None,
                key,
            });
            // The surest, whatever the order of the reports.
            group.cause = group.cause.take().max(cause);
            group.sessions = group.sessions.saturating_add(row.sessions);
            group.days.insert(entry.last_day());
            group.first = group.first.min(start);
            group.last = group.last.max(end);
            group.last_start = group.last_start.max(start);
            group.last_day = group.last_day.max(entry.last_day());
            group.same_cover |= entry.standing != Standing::Other;
        }
    }
    let mut groups: Vec<Group> = raw.values().map(|raw| judge(situation, entries, first, raw)).collect();
    weigh_across_groups(&raw, &mut groups);
    groups.sort_by(|a, b| order(a).cmp(&order(b)));
    groups
}

/// Worst label first, then the most sessions, then by name: the same in any order of reading.
fn order(group: &Group) -> impl Ord {
    let summary = &group.summary;
    let label = match summary.label {
        GroupLabel::StillTrue => 0,
        GroupLabel::Unexplained => 1,
        GroupLabel::Foreign => 2,
        GroupLabel::NotSts => 3,
        GroupLabel::Fixed => 4,
    };
    let names = (summary.reporter.clone(), summary.mx.clone(), summary.result_type.clone(), summary.reason.clone(), group.hint);
    (label, std::cmp::Reverse(summary.sessions), names)
}

fn key<'a>(entry: &Entry<'a>, row: Failure<'a>) -> Key<'a> {
    let dane_entry = entry.standing == Standing::Dane;
    // A DANE sender without STARTTLS meets what every sender meets; everything else it reports is about TLSA.
    let predicts = dane_entry && row.result_type == "starttls-not-supported" && !entry.beside_sts;
    Key {
        reporter: &entry.report.reporter,
        result_type: row.result_type,
        // A policy that could not be had is no fault of any MX.
        mx: row.mx.filter(|_| meaning(row.result_type) != Meaning::Fetch),
        reason: row.reason,
        not_sts: meaning(row.result_type) == Meaning::Dane || (dane_entry && !predicts),
        hint: entry.standing == Standing::NoPolicy || predicts,
    }
}

fn told<'a>(entry: &Entry<'a>, row: Failure<'a>) -> Told<'a> {
    Told { reporter: &entry.report.reporter, result_type: row.result_type, reason: row.reason, additional: row.additional }
}

fn judge(situation: &Situation<'_>, entries: &[Entry<'_>], first: Day, raw: &Raw<'_>) -> Group {
    let key = &raw.key;
    let meaning = if key.not_sts { Meaning::Dane } else { meaning(key.result_type) };
    let mine = || entries.iter().filter(|entry| entry.report.reporter == key.reporter && tells_of(entry, key));
    let clean = clean_since(mine(), raw.last_day, day::of(situation.now));
    let (clean_days, clean_sessions) = (clean.len(), clean.values().fold(0, |sum: u64, day| sum.saturating_add(*day)));
    let explanation = explanation(situation, raw, meaning, clean_sessions, rate(mine(), raw));
    let label = if key.not_sts {
        GroupLabel::NotSts
    } else if key.mx.is_some_and(|mx| !situation.live_mx.is_empty() && !situation.live_mx.contains(mx)) {
        GroupLabel::Foreign
    } else if still_true(situation, key, meaning) {
        GroupLabel::StillTrue
    } else if is_proven(situation, key, meaning) && clean_days >= CLEAN_DAYS && explanation.is_some() {
        GroupLabel::Fixed
    } else {
        GroupLabel::Unexplained
    };
    let in_window = mine().filter(|entry| entry.last_day() >= first);
    let sessions = in_window.fold(0_u64, |sum, entry| sum.saturating_add(entry.policy.successful).saturating_add(entry.policy.failures()));
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let share = raw.sessions as f64 / sessions.max(1) as f64;
    Group {
        summary: FailureGroup {
            reporter: key.reporter.to_owned(),
            mx: key.mx.cloned(),
            result_type: key.result_type.to_owned(),
            reason: key.reason.map(str::to_owned),
            sessions: raw.sessions,
            days: raw.days.len(),
            first: raw.first,
            last: raw.last,
            label,
            cause: raw.cause.clone(),
        },
        meaning,
        hint: key.hint,
        weighty: raw.days.len() >= 2 || share >= WEIGHTY_SHARE,
        on: raw.days.iter().map(|day| day::date(*day)).collect(),
        explanation: explanation.filter(|_| label == GroupLabel::Fixed),
        clean_days,
        clean_sessions,
    }
}

/// The same fault at the same host on a second day or from a second reporter is no accident, however small and whatever reason it
/// gave: some senders write a new reason each time.
fn weigh_across_groups(raw: &BTreeMap<Key<'_>, Raw<'_>>, groups: &mut [Group]) {
    type Fault<'a> = (Option<&'a Domain>, &'a str);
    let mut seen: BTreeMap<Fault<'_>, BTreeSet<(&str, Day)>> = BTreeMap::new();
    let unexplained = |group: &Group| group.summary.label == GroupLabel::Unexplained;
    for ((key, raw), _) in raw.iter().zip(&*groups).filter(|(_, group)| unexplained(group)) {
        seen.entry((key.mx, key.result_type)).or_default().extend(raw.days.iter().map(|day| (key.reporter, *day)));
    }
    for (key, group) in raw.keys().zip(groups) {
        group.weighty |= seen.get(&(key.mx, key.result_type)).is_some_and(|occasions| occasions.len() >= 2);
    }
}

/// Whether an entry's sessions could have shown the group's fault: MTA-STS sessions, and for hints those of the same kind of sender.
fn tells_of(entry: &Entry<'_>, key: &Key<'_>) -> bool {
    if key.hint { entry.is_sts() || !entry.beside_sts } else { entry.is_sts() }
}

/// Successful sessions a day after the last failure.
fn clean_since<'a, 'b: 'a>(entries: impl Iterator<Item = &'a Entry<'b>>, last_failure: Day, today: Day) -> BTreeMap<Day, u64> {
    let mut clean: BTreeMap<Day, u64> = BTreeMap::new();
    for entry in entries.filter(|entry| entry.policy.successful > 0) {
        for day in (last_failure + 1).max(*entry.days.start())..=today.min(*entry.days.end()) {
            let sessions = day::share(entry.policy.successful, &entry.days, day);
            if sessions > 0 {
                let so_far = clean.entry(day).or_default();
                *so_far = so_far.saturating_add(sessions);
            }
        }
    }
    clean
}

/// The share of its reporter's sessions that failed so, up to the last failure: a burst of one day must not make a few clean days
/// look like more than chance.
#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn rate<'a, 'b: 'a>(entries: impl Iterator<Item = &'a Entry<'b>>, raw: &Raw<'_>) -> f64 {
    let failing = entries.filter(|entry| entry.report.start <= raw.last);
    let all = failing.fold(0_u64, |sum, entry| sum.saturating_add(entry.policy.successful).saturating_add(entry.policy.failures()));
    raw.sessions as f64 / all.max(raw.sessions).max(1) as f64
}

fn explanation(situation: &Situation<'_>, raw: &Raw<'_>, meaning: Meaning, clean: u64, rate: f64) -> Option<Explanation> {
    let live = situation.live;
    let certificate = match (meaning, raw.key.mx) {
        (Meaning::Fetch, _) => live.policy_certificate_since,
        _ if raw.key.result_type == "starttls-not-supported" => None,
        (_, Some(mx)) => live.certificate_since.get(mx).copied(),
        (_, None) => live.certificate_since.values().min().copied(),
    };
    if let Some(since) = certificate.filter(|since| *since > raw.last_start && *since <= situation.now) {
        return Some(Explanation::Certificate(since));
    }
    if !raw.same_cover {
        return Some(Explanation::Policy);
    }
    #[expect(clippy::cast_precision_loss, reason = "an exponent")]
    let by_chance = (1.0 - rate).powf(clean as f64);
    (clean > 0 && by_chance < CHANCE).then_some(Explanation::Chance)
}

/// Whether the live probe shows the same fault. A general failure, or a type that nobody knows, may be any fault of that host.
fn still_true(situation: &Situation<'_>, key: &Key<'_>, meaning: Meaning) -> bool {
    if meaning == Meaning::Fetch {
        return situation.live.policy_fault;
    }
    let named = matches!(
        key.result_type,
        "starttls-not-supported" | "certificate-host-mismatch" | "certificate-expired" | "certificate-not-trusted"
    );
    situation.live.faults.iter().any(|(host, fault)| key.mx.is_none_or(|mx| mx == host) && (!named || *fault == key.result_type))
}

/// Whether the live probe of what the group is about was made, and clean.
fn is_proven(situation: &Situation<'_>, key: &Key<'_>, meaning: Meaning) -> bool {
    let live = situation.live;
    match (meaning, key.mx) {
        (Meaning::Fetch, _) => live.policy_proven,
        (_, Some(mx)) => live.proven.contains(mx),
        (_, None) => !situation.live_mx.is_empty() && situation.live_mx.iter().all(|mx| live.proven.contains(mx)),
    }
}
