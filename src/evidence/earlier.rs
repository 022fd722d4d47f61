//! What was published before: policies that senders may still hold, ids that were used, since when things are as they are.
//!
//! In: the facts with their reports, and what earlier checks saw. Out: a [`Past`]. Every policy is counted as held for its whole `max_age`
//! (RFC 8461 §3.2) from when it was last seen, by a check or by a sender that reported.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::model::facts::Facts;
use crate::model::facts::reports::PolicyType;
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{History, Span, Subject};
use crate::model::plan::HeldFrom;
use crate::model::settings::{DAY, MAX_AGE_CAP};
use crate::wire::pattern::MxPattern;
use crate::wire::policy::{self, Mode, Policy};

/// Older policies beyond these are left out, those that are held longest being kept.
const KEPT: usize = 64;

/// What was published before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Policies other than today's that may be held somewhere, longest first.
    pub policies: Vec<OlderPolicy>,
    /// The longest `max_age` of any policy that was in force before, held or not.
    pub longest: Option<u64>,
    /// Every id that was seen.
    pub ids: BTreeSet<String>,
    /// Since when today's policy is seen; `None` where no earlier check tells.
    pub text_since: Option<Timestamp>,
    /// Since when today's id is seen.
    pub id_since: Option<Timestamp>,
    /// Since when today's MX set is seen.
    pub mx_since: Option<Timestamp>,
    /// Whether today's id came with today's text or after it; `None` where nothing tells.
    pub id_follows_text: Option<bool>,
}

/// A policy that was in force once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OlderPolicy {
    /// What it asks of senders.
    pub mode: Option<Mode>,
    /// Seconds.
    pub max_age: u64,
    /// Its patterns, sorted.
    pub mx: Vec<MxPattern>,
    /// Until when it may be held by a sender that never asks whether there is a newer one.
    pub until: Timestamp,
    /// Until when by one that asks once a day, as RFC 8461 §3.3 has it; the same where no new id told of it.
    pub asked_until: Timestamp,
    /// When it was last seen in force.
    pub seen_at: Timestamp,
    /// Where it was seen.
    pub seen: HeldFrom,
}

/// What makes two policies the same to senders.
type Meaning = (Option<&'static str>, u64, Vec<MxPattern>);

impl Past {
    /// Gathers it as of `now`. `today` is the policy in force.
    pub fn of(facts: &Facts, today: Option<&Policy>, history: Option<&History>, now: Timestamp) -> Self {
        let mut past = Self::default();
        let mut found: BTreeMap<Meaning, OlderPolicy> = BTreeMap::new();
        let present = today.and_then(meaning);
        for (text, seen_at, seen) in reported(facts).chain(checked(history)) {
            let Some(older) = older(&text, seen_at, seen) else { continue };
            let meaning = (older.mode.map(Mode::as_str), older.max_age, older.mx.clone());
            if Some(&meaning) == present.as_ref() {
                continue;
            }
            past.longest = past.longest.max(Some(older.max_age).filter(|_| older.mode != Some(Mode::None)));
            if older.until <= now {
                continue;
            }
            let known = found.entry(meaning).or_insert_with(|| older.clone());
            if older.until > known.until {
                *known = older;
            }
        }
        past.policies = found.into_values().collect();
        past.policies.sort_by_key(|older| std::cmp::Reverse(older.until));
        past.policies.truncate(KEPT);
        if let Some(history) = history {
            past.remember(facts, present.as_ref(), history);
        }
        let ttl = facts.policy.as_ref().and_then(|policy| policy.txt.answer.seen()).map_or(DAY, |answer| answer.ttl);
        let asked = SignedDuration::from_secs(i64::from(ttl) + i64::from(DAY));
        for older in past.policies.iter_mut().filter(|_| past.id_follows_text != Some(false)) {
            older.asked_until = older.until.min(older.seen_at.checked_add(asked).unwrap_or(Timestamp::MAX));
        }
        past
    }

    /// What earlier checks tell about today.
    fn remember(&mut self, facts: &Facts, present: Option<&Meaning>, history: &History) {
        let spans = |kind| history.of(kind).flat_map(|subject: &Subject| &subject.spans);
        let id_of = |span: &Span| match &span.seen {
            Seen::PolicyRecord { id, .. } => id.clone(),
            _ => None,
        };
        self.ids.extend(spans(Kind::PolicyRecord).filter_map(id_of));
        let today =
            facts.policy.as_ref().and_then(|policy| crate::wire::sts_record::select(&policy.txt.texts())).and_then(|record| record.id);
        let since = |kind, is: &dyn Fn(&Seen) -> bool| {
            // What was never seen before is as old as this look.
            let latest = history.of(kind).flat_map(Subject::current).filter(|span| is(&span.seen)).map(|span| span.first_seen).max();
            history.of(kind).next().map(|_| latest.unwrap_or(facts.observed_at))
        };
        self.id_since = today
            .as_ref()
            .and_then(|today| since(Kind::PolicyRecord, &|seen| matches!(seen, Seen::PolicyRecord { id: Some(id), .. } if id == today)));
        self.text_since = present.and_then(|present| {
            since(
                Kind::Policy,
                &|seen| matches!(seen, Seen::Policy { text, .. } if meaning(&policy::parse(text)).as_ref() == Some(present)),
            )
        });
        if let Some(records) = facts.mail.as_ref().and_then(|mail| mail.mx.seen()).map(|answer| &answer.value) {
            let hosts: BTreeSet<_> = records.iter().map(|record| &record.exchange).collect();
            self.mx_since = since(
                Kind::Mx,
                &|seen| matches!(seen, Seen::Mx { records } if records.iter().map(|record| &record.exchange).collect::<BTreeSet<_>>() == hosts),
            );
        }
        let first_look = |kind| spans(kind).map(|span| span.first_seen).min();
        self.id_follows_text = match (self.id_since, self.text_since) {
            (Some(id), Some(text)) if id > text => Some(true),
            (Some(id), Some(text)) if id < text => Some(false),
            // Both came with one look; that tells something only if there was one before.
            (Some(id), Some(_)) if first_look(Kind::PolicyRecord).is_some_and(|first| first < id) => Some(true),
            _ => None,
        };
    }
}

fn meaning(policy: &Policy) -> Option<Meaning> {
    let mut mx = policy.mx.clone();
    mx.sort();
    mx.dedup();
    Some((policy.mode.map(Mode::as_str), policy.max_age?, mx))
}

fn older(text: &str, seen_at: Timestamp, seen: HeldFrom) -> Option<OlderPolicy> {
    let policy = policy::parse(text);
    let (_, max_age, mx) = meaning(&policy)?;
    let held = SignedDuration::from_secs(i64::try_from(max_age.min(MAX_AGE_CAP)).ok()?);
    let until = seen_at.checked_add(held).unwrap_or(Timestamp::MAX);
    Some(OlderPolicy { mode: policy.mode, max_age, mx, until, asked_until: until, seen_at, seen })
}

/// The policies that senders applied, with the end of the period.
fn reported(facts: &Facts) -> impl Iterator<Item = (String, Timestamp, HeldFrom)> {
    let reports = facts.reports.iter().flat_map(|reports| &reports.reports).filter(|report| report.end <= facts.observed_at);
    reports.flat_map(|report| {
        let sts = report.policies.iter().filter(|policy| policy.policy_type == PolicyType::Sts && !policy.policy_string.is_empty());
        sts.map(|policy| (policy.policy_string.join("\n"), report.end, HeldFrom::Reports))
    })
}

/// The policies that earlier checks fetched, with when they were seen last.
fn checked(history: Option<&History>) -> impl Iterator<Item = (String, Timestamp, HeldFrom)> {
    let spans = history.into_iter().flat_map(|history| history.of(Kind::Policy)).flat_map(|subject| &subject.spans);
    spans.filter_map(|span| match &span.seen {
        Seen::Policy { text, .. } => Some((text.clone(), span.last_seen, HeldFrom::Checks)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::reports::letters::{self, Letter, TESTING};
    use crate::model::facts::dns::{AddressFacts, TxtFacts, TxtRecord};
    use crate::model::facts::policy::PolicyFacts;
    use crate::model::facts::vantage::{Family, Means, Roots, Vantage};
    use crate::model::looked::{Absence, AbsenceKind, Answer, Looked};
    use crate::wire::fingerprint::Fingerprint;
    use crate::wire::name::Domain;

    fn at(days_ago: i64) -> Timestamp {
        letters::now() - SignedDuration::from_hours(24 * days_ago)
    }

    /// shop.example with this id today.
    fn facts(id: &str) -> Facts {
        fn absent<T>() -> Looked<T> {
            Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() })
        }
        let family = Family::Available;
        let roots = Roots { name: "mozilla".to_owned(), count: 0, sha256: Fingerprint::of(b"") };
        let vantage =
            Vantage { resolvers: Vec::new(), roots, ipv4: family, ipv6: family, helo: "test".to_owned(), means: Means::default() };
        let record = TxtRecord { strings: vec![format!("v=STSv1; id={id}")] };
        let answer = Looked::Seen(Answer { value: vec![record], ttl: 300, via: Vec::new() });
        let policy = PolicyFacts {
            txt: TxtFacts { name: Domain::from_dns("_mta-sts.shop.example"), answer, elsewhere: Vec::new() },
            host: Domain::from_dns("mta-sts.shop.example"),
            addresses: AddressFacts { v4: absent(), v6: absent() },
            addresses_left_out: 0,
            fetches: Vec::new(),
            by_agent: Vec::new(),
            draft: None,
            pattern_domains: BTreeMap::new(),
            https_witness: None,
        };
        Facts { policy: Some(policy), ..Facts::nothing(Domain::from_dns("shop.example"), letters::now(), vantage) }
    }

    /// What checks saw, each with the days ago on which it was seen first and last.
    fn history(texts: &[(&str, i64, i64)], ids: &[(&str, i64, i64)]) -> History {
        let subject = |kind, name: &str, spans: Vec<Span>| Subject {
            kind,
            name: name.to_owned(),
            looked_at: spans.iter().map(|span| span.last_seen).max().unwrap_or(letters::now()),
            spans,
        };
        let span = |seen, first, last| Span { seen, first_seen: at(first), last_seen: at(last) };
        let policy =
            |text: &str| Seen::Policy { sha256: Fingerprint::of(text.as_bytes()), text: text.to_owned(), mode: None, max_age: None };
        let record = |id: &str| Seen::PolicyRecord { text: format!("v=STSv1; id={id}"), id: Some(id.to_owned()) };
        let texts = texts.iter().map(|(text, first, last)| span(policy(text), *first, *last)).collect();
        let ids = ids.iter().map(|(id, first, last)| span(record(id), *first, *last)).collect();
        History {
            domain: Domain::from_dns("shop.example"),
            subjects: vec![subject(Kind::Policy, "mta-sts.shop.example", texts), subject(Kind::PolicyRecord, "_mta-sts.shop.example", ids)],
            days: Vec::new(),
            certificates: BTreeMap::new(),
            leaves: BTreeMap::new(),
        }
    }

    #[test]
    fn checks_tell_whether_the_id_followed_the_text() {
        let enforce = TESTING.replace("testing", "enforce");
        for (texts, ids, follows, since) in [
            (vec![(TESTING, 9, 3), (&*enforce, 2, 0)], vec![("1", 9, 2), ("2", 1, 0)], Some(true), Some(1)),
            (vec![(TESTING, 9, 3), (&enforce, 2, 0)], vec![("1", 9, 3), ("2", 2, 0)], Some(true), Some(2)),
            (vec![(TESTING, 9, 3), (&enforce, 2, 0)], vec![("2", 9, 0)], Some(false), Some(9)),
            (vec![(TESTING, 9, 3), (&enforce, 2, 0)], vec![("1", 9, 5), ("2", 4, 0)], Some(false), Some(4)),
            // Nothing changed while anybody looked.
            (vec![(&enforce, 9, 0)], vec![("2", 9, 0)], None, Some(9)),
            // Today's id is in no earlier check: it is as old as this look.
            (vec![(&enforce, 9, 1)], vec![("1", 9, 1)], Some(true), Some(0)),
        ] {
            let history = history(&texts, &ids);
            let past = Past::of(&facts("2"), Some(&policy::parse(&enforce)), Some(&history), letters::now());
            assert_eq!((past.id_follows_text, past.id_since), (follows, since.map(at)), "{texts:?} {ids:?}");
        }
    }

    #[test]
    fn a_policy_is_held_from_when_it_was_last_seen_by_whomever() {
        let (enforce, long) = (TESTING.replace("testing", "enforce"), TESTING.replace("604800", "2419200"));
        let mut facts = facts("2");
        facts.reports =
            Some(letters::facts([Letter::new("slow.example", 3).policy(&long), Letter::new("old.example", 20).policy(TESTING)]));
        let history = history(&[(TESTING, 9, 3), (&enforce, 2, 0)], &[("1", 9, 3), ("2", 2, 0)]);
        let past = Past::of(&facts, Some(&policy::parse(&enforce)), Some(&history), letters::now());
        let held: Vec<_> = past.policies.iter().map(|older| (older.max_age, older.seen)).collect();
        assert_eq!(held, [(2_419_200, HeldFrom::Reports), (604_800, HeldFrom::Checks)], "the report of weeks ago says no more");
        assert_eq!(past.policies[1].until, at(3 - 7));
        assert_eq!(past.policies[1].asked_until, at(3 - 1) + SignedDuration::from_secs(300));
        assert_eq!((past.longest, past.ids.len()), (Some(2_419_200), 2));
        // Without a new id nobody who asks is told.
        let unsaid = Past {
            id_follows_text: None,
            ..Past::of(
                &facts,
                Some(&policy::parse(&enforce)),
                Some(&self::history(&[(TESTING, 9, 3), (&enforce, 2, 0)], &[("2", 9, 0)])),
                letters::now(),
            )
        };
        assert!(unsaid.policies.iter().all(|older| older.asked_until == older.until));
    }
}
