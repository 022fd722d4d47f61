//! Failures, judged again: grouped by reporter, MX host, result-type and reason, and held against what the probes show now.
//!
//! Reasons are told apart to be shown. What is concluded is concluded of a [`Fault`], whatever words it came in: some senders write a new
//! reason each time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;

use super::Situation;
use super::course::{self, Course};
use super::day::{self, Day};
use super::entries::{Entry, Failure, Meaning, Standing, meaning};
use crate::evidence::reasons::{self, Told};
use crate::model::assessment::{Cause, Confidence, FailureGroup, GroupLabel};
use crate::wire::name::Domain;

/// Clean days of the same reporter that a repair must show.
const CLEAN_DAYS: usize = 3;
/// From this share of its reporter's sessions on, a group is no accident.
const WEIGHTY_SHARE: f64 = 0.001;
/// Beyond so many groups, MX and reason are no longer told apart: the groups with the most sessions stay themselves.
const GROUP_CAP: usize = 500;
/// What all result-types that RFC 8460 does not know are taken as: the list grows (§4.3), and anybody can make a new name each time.
const UNKNOWN: &str = "of no known type";

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
    /// The addresses that it was met at, as far as the reports say and a cap allows.
    pub receiving: BTreeSet<IpAddr>,
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
    /// The certificate is another one since.
    Certificate(Timestamp),
    /// It occurred only under a policy that did not cover the host, and the one in force does.
    Policy,
    /// The host has other addresses since.
    Moved(Timestamp),
    /// So long a clean run would hardly come by chance.
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

/// What is judged as one, whatever words it was reported in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fault<'a> {
    reporter: &'a str,
    /// The result-type, or [`UNKNOWN`].
    kind: &'a str,
    mx: Option<&'a Domain>,
    not_sts: bool,
    hint: bool,
}

/// What is concluded of a fault.
struct Conclusion {
    meaning: Meaning,
    label: GroupLabel,
    explanation: Option<Explanation>,
    clean_days: usize,
    clean_sessions: u64,
    weighty: bool,
}

/// A group as it is gathered.
struct Gathered {
    course: Course,
    /// The surest reading of its words.
    cause: Option<Cause>,
}

/// The groups of the entries that reach into the days from `first` on: worst first.
pub(super) fn of(situation: &Situation<'_>, entries: &[Entry<'_>], first: Day) -> Vec<Group> {
    let mut rows: BTreeMap<(Key<'_>, Option<&str>), Course> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.last_day() >= first) {
        for row in entry.failures() {
            let met = course::of(entry, row, situation.policy);
            rows.entry((key(entry, row), row.additional)).and_modify(|known| known.join(&met)).or_insert(met);
        }
    }
    let told_apart = told_apart(&rows);
    let mut groups: BTreeMap<Key<'_>, Gathered> = BTreeMap::new();
    let mut faults: BTreeMap<Fault<'_>, Course> = BTreeMap::new();
    for ((key, additional), mut met) in rows {
        let mut cause = None;
        let key = if told_apart.as_ref().is_none_or(|kept| kept.contains(&key)) {
            let Key { reporter, result_type, reason, .. } = key;
            cause = reasons::cause(Told { reporter, result_type, reason, additional });
            key
        } else {
            Key { result_type: key.fault().kind, mx: None, reason: None, ..key }
        };
        met.about_certificates = is_about_a_certificate(key.result_type, cause.as_ref());
        faults.entry(key.fault()).and_modify(|known| known.join(&met)).or_insert_with(|| met.clone());
        match groups.get_mut(&key) {
            Some(group) => {
                group.course.join(&met);
                // The surest, whatever the order of the reports.
                group.cause = group.cause.take().max(cause);
            }
            None => drop(groups.insert(key, Gathered { course: met, cause })),
        }
    }
    let mut conclusions: BTreeMap<Fault<'_>, Conclusion> =
        faults.iter().map(|(fault, own)| (*fault, conclude(situation, entries, first, fault, own, &faults))).collect();
    weigh_across_reporters(&faults, &mut conclusions);
    let told = groups.into_iter().filter_map(|(key, gathered)| Some(group(&key, gathered, conclusions.get(&key.fault())?)));
    let mut groups: Vec<Group> = told.collect();
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

/// The groups that stay themselves where there are too many; `None` where there are not.
fn told_apart<'a>(rows: &BTreeMap<(Key<'a>, Option<&'a str>), Course>) -> Option<BTreeSet<Key<'a>>> {
    let mut sessions: BTreeMap<&Key<'a>, u64> = BTreeMap::new();
    for ((key, _), met) in rows {
        let sum = sessions.entry(key).or_default();
        *sum = sum.saturating_add(met.sessions);
    }
    if sessions.len() <= GROUP_CAP {
        return None;
    }
    let mut by_size: Vec<(std::cmp::Reverse<u64>, &Key<'a>)> =
        sessions.into_iter().map(|(key, sessions)| (std::cmp::Reverse(sessions), key)).collect();
    by_size.sort_unstable();
    Some(by_size.into_iter().take(GROUP_CAP).map(|(_, key)| key.clone()).collect())
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

impl<'a> Key<'a> {
    fn fault(&self) -> Fault<'a> {
        let known = is_named(self.result_type) || self.result_type == "validation-failure" || meaning(self.result_type) != Meaning::Refused;
        let kind = if known { self.result_type } else { UNKNOWN };
        Fault { reporter: self.reporter, kind, mx: self.mx, not_sts: self.not_sts, hint: self.hint }
    }
}

impl Fault<'_> {
    /// Whether what is reported of the one may be about the other: a failure that names no host may be of any.
    fn may_be(&self, other: &Self) -> bool {
        let anywhere = |fault: &Self| Self { mx: None, ..*fault };
        let place = self.mx == other.mx || self.mx.is_none() || other.mx.is_none();
        place && anywhere(self) == anywhere(other)
    }
}

/// Whether a result-type names one fault of an MX host; all others may be any.
fn is_named(result_type: &str) -> bool {
    matches!(result_type, "starttls-not-supported" | "certificate-host-mismatch" | "certificate-expired" | "certificate-not-trusted")
}

/// Whether a certificate is to blame, by the result-type or else by the reporter's words: only then can another certificate be why it
/// is over.
fn is_about_a_certificate(result_type: &str, cause: Option<&Cause>) -> bool {
    let said = |family: &str| cause.is_some_and(|cause| cause.confidence > Confidence::Guess && cause.see.starts_with(family));
    match result_type {
        "sts-webpki-invalid" => true,
        "sts-policy-fetch-error" => said("fetch-cert-"),
        "validation-failure" => said("cert-"),
        _ => is_named(result_type) && result_type.starts_with("certificate-"),
    }
}

fn conclude(
    situation: &Situation<'_>,
    entries: &[Entry<'_>],
    first: Day,
    fault: &Fault<'_>,
    own: &Course,
    faults: &BTreeMap<Fault<'_>, Course>,
) -> Conclusion {
    let meaning = if fault.not_sts { Meaning::Dane } else { meaning(fault.kind) };
    let mut course = own.clone();
    for (_, other) in faults.iter().filter(|(other, _)| *other != fault && fault.may_be(other)) {
        course.join(other);
    }
    let mine = || entries.iter().filter(|entry| entry.report.reporter == fault.reporter && tells_of(entry, fault));
    let clean = clean_since(mine(), course.last_day, day::of(situation.now));
    let (clean_days, clean_sessions) = (clean.len(), clean.values().fold(0, |sum: u64, day| sum.saturating_add(*day)));
    let explanation = explanation(situation, fault, meaning, &course, clean_days, clean_sessions);
    let label = if fault.not_sts {
        GroupLabel::NotSts
    } else if fault.mx.is_some_and(|mx| !situation.live_mx.is_empty() && !situation.live_mx.contains(mx)) {
        GroupLabel::Foreign
    } else if still_true(situation, fault, meaning) {
        GroupLabel::StillTrue
    } else if is_proven(situation, fault, meaning) && clean_days >= CLEAN_DAYS && explanation.is_some() {
        GroupLabel::Fixed
    } else {
        GroupLabel::Unexplained
    };
    // Other failures of the same reporter are no sessions that went well: they make this one no smaller.
    let well = mine().filter(|entry| entry.last_day() >= first).fold(0_u64, |sum, entry| sum.saturating_add(entry.policy.successful));
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let share = own.sessions as f64 / well.saturating_add(own.sessions).max(1) as f64;
    Conclusion {
        meaning,
        label,
        explanation: explanation.filter(|_| label == GroupLabel::Fixed),
        clean_days,
        clean_sessions,
        weighty: own.days.len() >= 2 || share >= WEIGHTY_SHARE,
    }
}

/// A group with what was concluded of its fault.
fn group(key: &Key<'_>, gathered: Gathered, concluded: &Conclusion) -> Group {
    let Gathered { course, cause } = gathered;
    Group {
        summary: FailureGroup {
            reporter: key.reporter.to_owned(),
            mx: key.mx.cloned(),
            result_type: key.result_type.to_owned(),
            reason: key.reason.map(str::to_owned),
            sessions: course.sessions,
            days: course.days.len(),
            first: course.first,
            last: course.last,
            label: concluded.label,
            cause,
        },
        meaning: concluded.meaning,
        hint: key.hint,
        weighty: concluded.weighty,
        on: course.days.iter().map(|day| day::date(*day)).collect(),
        receiving: course.receiving,
        explanation: concluded.explanation,
        clean_days: concluded.clean_days,
        clean_sessions: concluded.clean_sessions,
    }
}

/// The same fault at the same host on a second day or from a second reporter is no accident, however small; nor is it one where some of
/// these occasions are taken as fixed. An occasion that names no host may be one at any.
fn weigh_across_reporters(faults: &BTreeMap<Fault<'_>, Course>, conclusions: &mut BTreeMap<Fault<'_>, Conclusion>) {
    type Occasions<'a> = BTreeSet<(&'a str, Day)>;
    let mut at: BTreeMap<(Option<&Domain>, &str), Occasions<'_>> = BTreeMap::new();
    let mut anywhere: BTreeMap<&str, Occasions<'_>> = BTreeMap::new();
    let is_ours = |label| matches!(label, GroupLabel::StillTrue | GroupLabel::Unexplained | GroupLabel::Fixed);
    for (fault, course) in faults {
        if conclusions.get(fault).is_some_and(|concluded| is_ours(concluded.label)) {
            let occasions = || course.days.iter().map(|day| (fault.reporter, *day));
            at.entry((fault.mx, fault.kind)).or_default().extend(occasions());
            anywhere.entry(fault.kind).or_default().extend(occasions());
        }
    }
    for (fault, concluded) in conclusions.iter_mut().filter(|(_, concluded)| is_ours(concluded.label)) {
        let occasions = match fault.mx {
            Some(_) => {
                let of = |mx| at.get(&(mx, fault.kind)).into_iter().flatten();
                of(fault.mx).chain(of(None)).collect::<BTreeSet<_>>().len()
            }
            None => anywhere.get(fault.kind).map_or(0, BTreeSet::len),
        };
        concluded.weighty |= occasions >= 2;
    }
}

/// Whether an entry's sessions could have shown the fault: MTA-STS sessions, and for hints those of the same kind of sender.
fn tells_of(entry: &Entry<'_>, fault: &Fault<'_>) -> bool {
    if fault.hint { entry.is_sts() || !entry.beside_sts } else { entry.is_sts() }
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

/// What accounts for the end of a fault: something that changed after it was last met, or a clean run that is no chance.
fn explanation(
    situation: &Situation<'_>,
    fault: &Fault<'_>,
    meaning: Meaning,
    course: &Course,
    clean_days: usize,
    clean_sessions: u64,
) -> Option<Explanation> {
    let live = situation.live;
    // Where the report names no host, all of them must have changed.
    let everywhere = |since: &BTreeMap<Domain, Timestamp>| match fault.mx {
        Some(mx) => since.get(mx).copied(),
        None => situation.live_mx.iter().map(|mx| since.get(mx).copied()).collect::<Option<Vec<_>>>()?.into_iter().min(),
    };
    let after = |since: &Timestamp| *since > course.last_start && *since <= situation.now;
    let at_mx = meaning == Meaning::Refused;
    let certificate = if at_mx { everywhere(&live.certificate_since) } else { live.policy_certificate_since };
    let certificate = certificate.filter(after).filter(|_| course.about_certificates);
    let moved = everywhere(&live.moved_since).filter(after).filter(|_| at_mx);
    let uncovered_then = fault.kind == "validation-failure" && course.uncovered;
    certificate
        .map(Explanation::Certificate)
        .or(uncovered_then.then_some(Explanation::Policy))
        .or(moved.map(Explanation::Moved))
        .or(course.is_over(clean_days, clean_sessions).then_some(Explanation::Chance))
}

/// Whether the live probe shows the same fault. A general failure, or a type that nobody knows, may be any fault of that host.
fn still_true(situation: &Situation<'_>, fault: &Fault<'_>, meaning: Meaning) -> bool {
    if meaning == Meaning::Fetch {
        return situation.live.policy_fault;
    }
    let shown =
        |(host, kind): &(Domain, &'static str)| fault.mx.is_none_or(|mx| mx == host) && (!is_named(fault.kind) || *kind == fault.kind);
    situation.live.faults.iter().any(shown)
}

/// Whether the live probe of what the fault is about was made, and clean.
fn is_proven(situation: &Situation<'_>, fault: &Fault<'_>, meaning: Meaning) -> bool {
    let live = situation.live;
    match (meaning, fault.mx) {
        (Meaning::Fetch, _) => live.policy_proven,
        (_, Some(mx)) => live.proven.contains(mx),
        (_, None) => !situation.live_mx.is_empty() && situation.live_mx.iter().all(|mx| live.proven.contains(mx)),
    }
}
