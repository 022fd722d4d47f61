//! What a report's entry means if the policy had been enforce.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use super::Situation;
use super::day::{self, Day};
use crate::model::facts::reports::{PolicyType, Report, ReportPolicy};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::policy::{self, Mode, Policy};

/// A period may end so long after now: a day's report that came early, a clock that is fast. What ends later lies in the future.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// What a `result-type` would have meant under enforce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    /// That MX is refused (RFC 8461 §4.2, §5). Unknown types too: RFC 8460 §4.3 lets the list grow.
    Refused,
    /// The policy could not be had: nothing is refused without a cached policy, and with one that policy rules (RFC 8461 §3.3).
    Fetch,
    /// DANE: the switch does not change it.
    Dane,
}

/// What a `result-type` means.
pub fn meaning(result_type: &str) -> Meaning {
    match result_type {
        "sts-policy-fetch-error" | "sts-policy-invalid" | "sts-webpki-invalid" => Meaning::Fetch,
        "tlsa-invalid" | "dnssec-invalid" | "dane-required" => Meaning::Dane,
        _ => Meaning::Refused,
    }
}

/// Under which policy the sessions of an entry took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The policy in force: the same mode, the same live MX hosts covered. Only this is evidence of success.
    InForce,
    /// The same live MX hosts covered, in another mode: not what is in force, yet what failed under it would fail now.
    OtherMode,
    /// Another MTA-STS policy.
    Other,
    /// MTA-STS, but the policy's text is missing (Mail.ru; Microsoft's fetch errors): failures count, successes do not.
    NoText,
    /// No policy found, or a type that nobody knows: failures are hints of what MTA-STS senders meet.
    NoPolicy,
    /// DANE.
    Dane,
}

/// One entry of one report, ready to be counted.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    /// The report it is in.
    pub(super) report: &'a Report,
    /// The entry itself.
    pub(super) policy: &'a ReportPolicy,
    /// Whether the same report has an entry of type `sts`: then its other entries tell of the same sessions.
    pub(super) beside_sts: bool,
    /// The days that it covers.
    pub(super) days: RangeInclusive<Day>,
    /// Under which policy.
    pub(super) standing: Standing,
    /// That policy, as far as the report tells; `None` where its text is missing.
    pub(super) applied: Option<Policy>,
    /// The MX hosts of today; empty where none matters.
    live_mx: &'a BTreeSet<Domain>,
}

/// The entries of all reports about the time up to `now`, each report once, in the reports' order.
pub(super) fn of<'a>(situation: &Situation<'a>) -> Vec<Entry<'a>> {
    let past = situation.reports.reports.iter().filter(|report| !is_of_the_future(report, situation.now));
    each_once(past).flat_map(|report| entries(report, situation.policy, situation.live_mx)).collect()
}

/// Whether a report is about a time that has not been yet: no evidence, and the newest report for ever.
pub(super) fn is_of_the_future(report: &Report, now: Timestamp) -> bool {
    report.start > now || now.checked_add(AHEAD).is_ok_and(|latest| report.end > latest)
}

/// The same report a second time says nothing more.
fn each_once<'a>(reports: impl Iterator<Item = &'a Report>) -> impl Iterator<Item = &'a Report> {
    type Key<'a> = (Fingerprint, Timestamp, Timestamp, &'a str);
    let mut known: BTreeMap<Key<'_>, Vec<&'a Report>> = BTreeMap::new();
    reports.filter(move |report| {
        let same_text = known.entry((report.sha256, report.start, report.end, &report.reporter)).or_default();
        let new = !same_text.iter().any(|known| known.policies == report.policies);
        if new {
            same_text.push(report);
        }
        new
    })
}

fn entries<'a>(report: &'a Report, in_force: Option<&'a Policy>, live_mx: &'a BTreeSet<Domain>) -> impl Iterator<Item = Entry<'a>> {
    let days = day::covered(report.start, report.end);
    let beside_sts = report.policies.iter().any(|policy| policy.policy_type == PolicyType::Sts);
    report.policies.iter().map(move |policy| {
        let applied = (policy.policy_type == PolicyType::Sts && !policy.policy_string.is_empty()).then(|| applied(policy));
        let standing = standing(policy, applied.as_ref(), in_force, live_mx);
        Entry { report, policy, beside_sts, days: days.clone(), standing, applied, live_mx }
    })
}

/// No live MX host, where none matters.
static NO_MX: BTreeSet<Domain> = BTreeSet::new();

impl<'a> Entry<'a> {
    /// The entries of one report, held against no policy.
    pub(super) fn all_of(report: &'a Report) -> impl Iterator<Item = Self> {
        entries(report, None, &NO_MX)
    }

    /// Whether its sessions are to be added up: the same sessions may stand under several types (Microsoft: sts and tlsa).
    pub(super) fn is_counted(&self) -> bool {
        self.is_sts() || !self.beside_sts
    }

    /// Whether its sessions took place under MTA-STS, whatever the policy.
    pub(super) fn is_sts(&self) -> bool {
        matches!(self.standing, Standing::InForce | Standing::OtherMode | Standing::Other | Standing::NoText)
    }

    /// The last day that it covers: where a report counts once, it counts there.
    pub(super) fn last_day(&self) -> Day {
        *self.days.end()
    }

    /// Its failures as rows of (result-type, MX, reason, sessions). Totals and details disagree in real reports. What the total says beyond
    /// the details is added to the largest of these that enforce would have refused at a host of today; where there is none, nobody knows
    /// what failed, and a detail of another kind is no excuse for it. Details beyond the total stay as they are.
    pub(super) fn failures(&self) -> Vec<Failure<'a>> {
        let mut rows: Vec<Failure<'a>> = self
            .policy
            .details
            .iter()
            .map(|detail| Failure {
                result_type: &detail.result_type,
                mx: detail.mx.as_ref(),
                reason: detail.reason.as_deref(),
                additional: detail.additional.as_deref(),
                receiving: detail.receiving_ip.as_deref().and_then(address),
                sessions: detail.sessions,
            })
            .collect();
        let beyond = self.policy.failed.saturating_sub(self.policy.detailed_failures());
        if beyond > 0 {
            match rows.iter_mut().rev().filter(|row| self.may_stand_for_more(row)).max_by_key(|row| row.sessions) {
                Some(largest) => largest.sessions = largest.sessions.saturating_add(beyond),
                None => rows.push(Failure {
                    result_type: "unspecified",
                    mx: None,
                    reason: None,
                    additional: None,
                    receiving: None,
                    sessions: beyond,
                }),
            }
        }
        rows.retain(|row| row.sessions > 0);
        rows
    }

    fn may_stand_for_more(&self, row: &Failure<'_>) -> bool {
        let of_today = row.mx.is_none_or(|mx| self.live_mx.is_empty() || self.live_mx.contains(mx));
        self.standing == Standing::Dane || of_today && meaning(row.result_type) == Meaning::Refused
    }

    /// Its sessions that enforce would have refused.
    pub(super) fn refused(&self) -> u64 {
        let rows = self.failures();
        rows.iter().filter(|row| meaning(row.result_type) == Meaning::Refused).fold(0, |sum, row| sum.saturating_add(row.sessions))
    }
}

/// One row of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failure<'a> {
    pub(super) result_type: &'a str,
    pub(super) mx: Option<&'a Domain>,
    pub(super) reason: Option<&'a str>,
    pub(super) additional: Option<&'a str>,
    pub(super) receiving: Option<IpAddr>,
    pub(super) sessions: u64,
}

/// `receiving-ip`, as senders write it: plain, or as an address literal (RFC 5321 §4.1.3).
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    let text = text.strip_prefix("IPv6:").unwrap_or(text);
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

fn standing(entry: &ReportPolicy, applied: Option<&Policy>, in_force: Option<&Policy>, live_mx: &BTreeSet<Domain>) -> Standing {
    match (&entry.policy_type, applied) {
        (PolicyType::Tlsa, _) => Standing::Dane,
        (PolicyType::NoPolicyFound | PolicyType::Other(_), _) => Standing::NoPolicy,
        (PolicyType::Sts, None) => Standing::NoText,
        (PolicyType::Sts, Some(applied)) => {
            let same_cover = in_force.is_none_or(|in_force| same_cover(applied, in_force, live_mx));
            let active = matches!(applied.mode, Some(Mode::Testing | Mode::Enforce));
            let same_mode = active && in_force.is_none_or(|in_force| applied.mode == in_force.mode);
            match (same_cover, same_mode) {
                (true, true) => Standing::InForce,
                (true, false) => Standing::OtherMode,
                (false, _) => Standing::Other,
            }
        }
    }
}

/// The policy that the sender says it applied: its text, with the patterns of `mx-host` where the text has none.
pub fn applied(entry: &ReportPolicy) -> Policy {
    let mut text = entry.policy_string.join("\n");
    text.push('\n');
    let mut applied = policy::parse(&text);
    if applied.mx.is_empty() && !entry.mx_host.is_empty() {
        let hosts = entry.mx_host.iter().map(|host| host.strip_prefix("mx:").unwrap_or(host).trim());
        applied.mx = policy::parse(&hosts.fold(text, |text, host| text + "mx: " + host + "\n")).mx;
    }
    applied
}

/// Whether two policies cover the same live MX hosts: a pattern that no live MX uses makes no difference. Where neither covers any, or
/// none is known, the patterns themselves are compared.
fn same_cover(one: &Policy, other: &Policy, live_mx: &BTreeSet<Domain>) -> bool {
    let covered = |policy: &Policy| -> BTreeSet<Domain> {
        live_mx.iter().filter(|host| policy.mx.iter().any(|pattern| pattern.matches(host))).cloned().collect()
    };
    let patterns = |policy: &Policy| policy.mx.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let (by_one, by_other) = (covered(one), covered(other));
    if by_one.is_empty() && by_other.is_empty() { patterns(one) == patterns(other) } else { by_one == by_other }
}
