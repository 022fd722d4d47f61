//! Which policies senders may hold beside the one of today, from when to when (RFC 8461 §3.2).
//!
//! In: the facts with their reports, and what checks saw with the present look on top. Out: [`Held`], which everything that speaks of
//! caches only filters. Two texts that ask the same of senders (mode, `max_age`, patterns) are one policy here. Nobody knows when between
//! two looks a policy went: until the first look that saw it no more, a sender may have fetched it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::published::Published;
use crate::evidence::reports::applied;
use crate::model::assessment::Clamp;
use crate::model::facts::Facts;
use crate::model::facts::reports::PolicyType;
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{History, Span, Subject};
use crate::model::plan::HeldFrom;
use crate::model::settings::{DAY, MAX_AGE_CAP};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::pattern::MxPattern;
use crate::wire::policy::{self, Mode, Policy};

/// Policies beyond these are left out, those that are held longest being kept.
const KEPT: usize = 64;

/// What senders may hold, and how it was published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Policies other than today's that are in some cache, as far as can be known; the longest held first.
    pub policies: Vec<HeldPolicy>,
    /// Since when it is known what was served: the first policy that an earlier check saw or a report names; `None` where nothing tells.
    pub known_since: Option<Timestamp>,
    /// Until when senders may hold what was served before [`Held::known_since`].
    pub unknown_until: Option<Timestamp>,
    /// The policy that an earlier check saw last, as text.
    pub last_text: Option<String>,
    /// The ids, and since when things are as they are.
    pub published: Published,
}

/// A policy that may be in some cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPolicy {
    /// What it asks of senders.
    pub mode: Mode,
    /// Seconds.
    pub max_age: u64,
    /// Its patterns, sorted, each once.
    pub mx: Vec<MxPattern>,
    /// Of its bytes, as a check saw them last; `None` where only reports name it.
    pub sha256: Option<Fingerprint>,
    /// Who saw it.
    pub seen: HeldFrom,
    /// The check that saw it first, or the begin of the first period reported.
    pub first_seen: Timestamp,
    /// The check that saw it last, or the end of the last period reported.
    pub last_seen: Timestamp,
    /// The first look that saw it no more; `None` where it may be served still.
    pub gone: Option<Timestamp>,
    /// Until when a sender may hold it that fetched it just before it went.
    pub until: Timestamp,
    /// Senders that are known to hold it for another time.
    pub clamped: Vec<Clamp>,
    /// Until when it may be held by a sender that asks for a newer one every day (RFC 8461 §3.3): the whole time, where no new id told it.
    pub asked_until: Timestamp,
    /// Whether it was served under the id that is published today: who holds it has no reason to fetch again (RFC 8461 §3.1).
    pub under_this_id: bool,
}

impl HeldPolicy {
    /// Until when anybody may hold it, the senders with times of their own included.
    pub fn longest(&self) -> Timestamp {
        longest(self.until, &self.clamped)
    }

    /// Whether a sender that holds it refuses what it does not cover.
    pub fn is_enforced(&self) -> bool {
        self.mode == Mode::Enforce
    }
}

impl Held {
    /// Gathers it as of `now`. `today` is the policy in force; `past` is what checks saw, with the present look on top.
    pub fn of(facts: &Facts, today: Option<&Policy>, past: &History, now: Timestamp) -> Self {
        let present = today.and_then(meaning);
        let published = Published::of(facts, present.as_ref(), past);
        let mut found: BTreeMap<Meaning, HeldPolicy> = BTreeMap::new();
        let stay = Stay { published: &published, present: present.as_ref(), now };
        checked(past, &stay, &mut found);
        let reports = reported(facts, now);
        let known = Known::of(&reports, past, facts.observed_at);
        named(reports, past, &stay, &mut found);
        let mut policies: Vec<HeldPolicy> = found.into_values().filter(|policy| policy.longest() > now).collect();
        policies.sort_by_key(|policy| std::cmp::Reverse(policy.longest()));
        policies.truncate(KEPT);
        Self {
            policies,
            known_since: known.since,
            unknown_until: known.unknown_until(published.txt_ttl),
            last_text: last_text(past, facts.observed_at),
            published,
        }
    }

    /// Whether what was served before anything is known has reached everybody who asks for newer policies.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        self.known_since.is_some_and(|since| after(since, self.published.asking()) <= now)
    }

    /// Those in enforce, the longest held first.
    pub fn enforced(&self) -> impl Iterator<Item = &HeldPolicy> {
        self.policies.iter().filter(|policy| policy.is_enforced())
    }

    /// The mode that was seen last, by a check before by a report: what senders go by while today's policy cannot be read.
    pub fn last_mode(&self) -> Option<Mode> {
        let last = |from| self.policies.iter().filter(|policy| policy.seen == from).max_by_key(|policy| policy.last_seen);
        last(HeldFrom::Checks).or_else(|| last(HeldFrom::Reports)).map(|policy| policy.mode)
    }
}

/// What makes two policies the same to senders.
pub(super) type Meaning = (&'static str, u64, Vec<MxPattern>);

/// What a policy asks; `None` for one that no sender can use.
pub(super) fn meaning(policy: &Policy) -> Option<Meaning> {
    let mut mx = policy.mx.clone();
    mx.sort();
    mx.dedup();
    Some((policy.mode?.as_str(), policy.max_age?, mx))
}

/// Whether a subject was looked at before the present look.
pub(super) fn is_earlier(subject: &Subject, observed_at: Timestamp) -> bool {
    subject.spans.iter().any(|span| span.first_seen < observed_at)
}

/// How far back it is known what was served.
#[derive(Default)]
struct Known {
    since: Option<Timestamp>,
    /// Whether the first that is known was a withdrawal: it says nothing of what it took the place of.
    begins_withdrawn: bool,
    /// The longest time for which any of them is held, in seconds.
    longest: u64,
}

impl Known {
    fn of(reports: &[(Meaning, Named)], past: &History, observed_at: Timestamp) -> Self {
        let spans = past.of(Kind::Policy).flat_map(|subject| &subject.spans).filter(|span| span.first_seen < observed_at);
        let checked = spans.filter_map(|span| match &span.seen {
            Seen::Policy { text, .. } => Some((span.first_seen, meaning(&policy::parse(text))?)),
            _ => None,
        });
        // A report tells that it was so at some time of its period: by the end of the earliest for sure. On the day of a withdrawal the period
        // of the report about it begins before what was withdrawn was seen last.
        let reported = reports.iter().filter_map(|(key, named)| Some((*named.ends.iter().min()?, key.clone())));
        let mut known = Self::default();
        for (first, (mode, max_age, _)) in checked.chain(reported) {
            let is_first = known.since.is_none_or(|since| first < since);
            let is_withdrawn = mode == Mode::None.as_str();
            if is_first {
                (known.since, known.begins_withdrawn) = (Some(first), is_withdrawn);
            } else if known.since == Some(first) {
                known.begins_withdrawn &= is_withdrawn;
            }
            known.longest = known.longest.max(max_age);
        }
        known
    }

    /// Who publishes a policy is taken to have published none before that was to be held for longer; what a withdrawal followed may be held
    /// as long as is legal.
    fn unknown_until(&self, txt_ttl: u32) -> Option<Timestamp> {
        let from = after(self.since?, u64::from(txt_ttl));
        let max_age = if self.begins_withdrawn { MAX_AGE_CAP } else { self.longest };
        Some(longest(after(from, max_age), &clamps(Mode::Enforce, max_age, from)))
    }
}

/// The policy that an earlier check saw last.
fn last_text(past: &History, observed_at: Timestamp) -> Option<String> {
    let spans = past.of(Kind::Policy).flat_map(|subject| &subject.spans).filter(|span| span.first_seen < observed_at);
    let texts = spans.filter_map(|span| match &span.seen {
        Seen::Policy { text, .. } => meaning(&policy::parse(text)).map(|_| (span.last_seen, text)),
        _ => None,
    });
    texts.max_by_key(|(last_seen, _)| *last_seen).map(|(_, text)| text.clone())
}

/// What decides how long a policy stays in caches.
struct Stay<'a> {
    published: &'a Published,
    /// Today's.
    present: Option<&'a Meaning>,
    now: Timestamp,
}

/// A policy that was seen, and when.
struct Sighting {
    policy: Policy,
    sha256: Option<Fingerprint>,
    seen: HeldFrom,
    first_seen: Timestamp,
    last_seen: Timestamp,
    gone: Option<Timestamp>,
    under_this_id: bool,
}

impl Stay<'_> {
    /// How long what was seen may be held; `None` for today's policy, and for what no sender can use.
    fn held(&self, sighting: Sighting) -> Option<(Meaning, HeldPolicy)> {
        let mode = sighting.policy.mode?;
        let key = meaning(&sighting.policy).filter(|key| Some(key) != self.present)?;
        let (_, max_age, mx) = key.clone();
        let gone = sighting.gone.map(|gone| gone.min(self.now));
        let from = gone.unwrap_or(self.now);
        let (until, clamped) = (after(from, max_age), clamps(mode, max_age, from));
        let all = longest(until, &clamped);
        let told = self.published.id_follows_text == Some(true) && !sighting.under_this_id;
        let told = self.published.id_since.filter(|_| told).map(|since| since.max(from));
        let asked_until = told.map_or(all, |told| all.min(after(told, self.published.asking())));
        let Sighting { sha256, seen, first_seen, last_seen, under_this_id, .. } = sighting;
        let held = HeldPolicy { mode, max_age, mx, sha256, seen, first_seen, last_seen, gone, until, clamped, asked_until, under_this_id };
        Some((key, held))
    }
}

/// The policies that checks fetched.
fn checked(past: &History, stay: &Stay<'_>, found: &mut BTreeMap<Meaning, HeldPolicy>) {
    for subject in past.of(Kind::Policy) {
        for span in &subject.spans {
            let Seen::Policy { sha256, text, .. } = &span.seen else { continue };
            let sighting = Sighting {
                policy: policy::parse(text),
                sha256: Some(*sha256),
                seen: HeldFrom::Checks,
                first_seen: span.first_seen,
                last_seen: span.last_seen,
                gone: looks(subject).filter(|at| *at > span.last_seen).min(),
                under_this_id: stay.published.was_under_this_id(span),
            };
            if let Some((key, held)) = stay.held(sighting) {
                join(found, key, held);
            }
        }
    }
}

/// Every look at a subject that is known by its time.
pub fn looks(subject: &Subject) -> impl Iterator<Item = Timestamp> {
    let ends = subject.spans.iter().flat_map(|span: &Span| [span.first_seen, span.last_seen]);
    ends.chain([subject.looked_at])
}

/// The same policy seen several times: what lasts longest counts.
fn join(found: &mut BTreeMap<Meaning, HeldPolicy>, key: Meaning, new: HeldPolicy) {
    let Some(known) = found.get_mut(&key) else {
        found.insert(key, new);
        return;
    };
    let (first_seen, under_this_id) = (known.first_seen.min(new.first_seen), known.under_this_id || new.under_this_id);
    let asked_until = known.asked_until.max(new.asked_until);
    if new.last_seen > known.last_seen {
        *known = new;
    }
    *known = HeldPolicy { first_seen, asked_until, under_this_id, ..known.clone() };
}

/// A policy that senders say they applied.
struct Named {
    policy: Policy,
    first: Timestamp,
    last: Timestamp,
    /// The ends of the periods.
    ends: Vec<Timestamp>,
}

/// The policies that reports name, of periods that are over.
fn reported(facts: &Facts, now: Timestamp) -> Vec<(Meaning, Named)> {
    let over = facts.reports.iter().flat_map(|reports| &reports.reports).filter(|report| report.end <= now);
    let entries = over.flat_map(|report| report.policies.iter().map(move |entry| (report, entry)));
    let sts = entries.filter(|(_, entry)| entry.policy_type == PolicyType::Sts && !entry.policy_string.is_empty());
    // Thousands of reports name a handful of texts: each is read once.
    let mut texts: BTreeMap<_, Option<(Meaning, Policy)>> = BTreeMap::new();
    let mut named: BTreeMap<Meaning, Named> = BTreeMap::new();
    for (report, entry) in sts {
        let read = texts.entry((entry.policy_string.as_slice(), entry.mx_host.as_slice())).or_insert_with(|| {
            let policy = applied(entry);
            Some((meaning(&policy)?, policy))
        });
        let Some((key, policy)) = read else { continue };
        let known = named.entry(key.clone()).or_insert_with(|| Named {
            policy: policy.clone(),
            first: report.start,
            last: report.end,
            ends: Vec::new(),
        });
        (known.first, known.last) = (known.first.min(report.start), known.last.max(report.end));
        known.ends.push(report.end);
    }
    named.into_iter().collect()
}

/// Adds what only reports know. Where a check saw the policy and saw it go, a report adds something only if it names it after everybody
/// must have let go of it: then somewhere it is served still.
fn named(reports: Vec<(Meaning, Named)>, past: &History, stay: &Stay<'_>, found: &mut BTreeMap<Meaning, HeldPolicy>) {
    let by_checks: Vec<Timestamp> = past.of(Kind::Policy).flat_map(looks).collect();
    let of_today = reports.iter().filter(|(key, _)| Some(key) == stay.present);
    let of_today: Vec<Timestamp> = of_today.flat_map(|(_, named)| named.ends.iter().copied()).collect();
    for (key, named) in reports {
        if found.get(&key).is_some_and(|known| named.last <= known.longest()) {
            continue;
        }
        let later = by_checks.iter().chain(&of_today).copied().filter(|at| *at > named.last).min();
        // Whoever fetches a policy reports it within a week: one that nobody names any more had gone by then.
        let unnamed = after(named.last, 7 * u64::from(DAY));
        let gone = later.into_iter().chain((unnamed <= stay.now).then_some(unnamed)).min();
        let sighting = Sighting {
            policy: named.policy,
            sha256: None,
            seen: HeldFrom::Reports,
            first_seen: named.first,
            last_seen: named.last,
            gone,
            under_this_id: false,
        };
        if let Some((key, held)) = stay.held(sighting) {
            join(found, key, held);
        }
    }
}

/// The senders known to hold a policy for another time than it says, with what they make of this one (seen in their sources).
pub fn clamps(mode: Mode, max_age: u64, from: Timestamp) -> Vec<Clamp> {
    let day = u64::from(DAY);
    let mimecast = if mode == Mode::Enforce { 7 * day } else { day };
    let known =
        [("Stalwart", (!(3600..31_557_600).contains(&max_age)).then_some(day)), ("Mimecast", (max_age < mimecast).then_some(mimecast))];
    let clamp = |(sender, max_age): (&'static str, Option<u64>)| {
        let max_age = max_age?;
        Some(Clamp { sender, max_age, held_until: after(from, max_age) })
    };
    known.into_iter().filter_map(clamp).collect()
}

/// The latest time at which anybody lets go.
pub fn longest(until: Timestamp, clamped: &[Clamp]) -> Timestamp {
    clamped.iter().map(|clamp| clamp.held_until).fold(until, Timestamp::max)
}

/// So many seconds later.
pub fn after(at: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
