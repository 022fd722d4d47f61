//! The commitment that a policy is: until when senders may hold it (RFC 8461 §3.2, §8.1), and which older ones they may still hold.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::model::assessment::{Clamp, Horizon, OlderPolicy};
use crate::model::facts::Facts;
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{History, Span, Subject};
use crate::model::looked::Looked;
use crate::model::settings::DAY;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::policy::{self, Mode};

/// Until when a sender may hold the policy if it is (or stays) enforced from `now` on; `None` without a `max_age` or a TXT record.
pub fn if_enforced(facts: &Facts, max_age: Option<u64>, now: Timestamp) -> Option<Horizon> {
    let max_age = max_age?;
    let txt_ttl = facts.policy.as_ref().and_then(|policy| Looked::seen(&policy.txt.answer))?.ttl;
    let from = after(now, u64::from(txt_ttl))?;
    Some(Horizon {
        held_until: after(from, max_age)?,
        max_age,
        txt_ttl,
        clamped: clamps(Mode::Enforce, max_age, from),
        older: Vec::new(),
        roll_back: Vec::new(),
    })
}

/// The MX hosts of today, as older policies meet them.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    /// All of them.
    pub live: BTreeSet<Domain>,
    /// Those at which senders would be refused by any policy: no STARTTLS, or a certificate that is not valid.
    pub broken: BTreeSet<Domain>,
}

/// The policies other than `current` that a sender may still hold at `now`, the longest held first.
///
/// Nobody knows when between two looks a policy went: until the first look that saw it no more, a sender may have fetched it.
pub fn older(past: &History, current: Option<Fingerprint>, hosts: &Hosts, now: Timestamp) -> Vec<OlderPolicy> {
    let mut found: Vec<OlderPolicy> = Vec::new();
    for subject in past.of(Kind::Policy) {
        // What is served still, at another address of the policy host, is not of the past.
        for span in subject.spans.iter().filter(|span| span.last_seen < subject.looked_at) {
            let Some(older) = held(subject, span, hosts, now).filter(|older| Some(older.sha256) != current) else { continue };
            // The same text seen in two spans: the later one is held longer.
            match found.iter_mut().find(|known| known.sha256 == older.sha256) {
                Some(known) if known.held_until < older.held_until => *known = older,
                Some(_) => {}
                None => found.push(older),
            }
        }
    }
    found.sort_by(|a, b| (b.held_until, a.sha256).cmp(&(a.held_until, b.sha256)));
    found
}

/// What a sender may hold that fetched the policy of `span`; `None` if that is over, or if no sender could use it.
fn held(subject: &Subject, span: &Span, hosts: &Hosts, now: Timestamp) -> Option<OlderPolicy> {
    let Seen::Policy { sha256, text, .. } = &span.seen else { return None };
    let policy = policy::parse(text);
    let (mode, max_age) = (policy.mode?, policy.max_age?);
    let later = subject.spans.iter().map(|other| other.first_seen).chain([subject.looked_at]).filter(|at| *at > span.last_seen).min();
    let gone = later.unwrap_or(now).min(now);
    let (held_until, clamped) = (after(gone, max_age)?, clamps(mode, max_age, gone));
    let longest = clamped.iter().map(|clamp| clamp.held_until).fold(held_until, Timestamp::max);
    let uncovered: Vec<Domain> = hosts.live.iter().filter(|host| !policy.mx.iter().any(|pattern| pattern.matches(host))).cloned().collect();
    let broken: Vec<Domain> = hosts.broken.iter().cloned().collect();
    (longest > now).then(|| OlderPolicy {
        sha256: *sha256,
        mode: mode.as_str().to_owned(),
        max_age,
        mx: policy.mx.iter().map(ToString::to_string).collect(),
        first_seen: span.first_seen,
        last_seen: span.last_seen,
        held_until,
        clamped,
        satisfied: uncovered.is_empty() && broken.is_empty(),
        uncovered,
        broken,
    })
}

/// The senders known to hold a policy for another time than it says, with what they make of this one (seen in their sources).
fn clamps(mode: Mode, max_age: u64, from: Timestamp) -> Vec<Clamp> {
    let day = u64::from(DAY);
    let mimecast = if mode == Mode::Enforce { 7 * day } else { day };
    let known =
        [("Stalwart", (!(3600..31_557_600).contains(&max_age)).then_some(day)), ("Mimecast", (max_age < mimecast).then_some(mimecast))];
    let clamp = |(sender, max_age): (&'static str, Option<u64>)| {
        let max_age = max_age?;
        Some(Clamp { sender, max_age, held_until: after(from, max_age)? })
    };
    known.into_iter().filter_map(clamp).collect()
}

fn after(at: Timestamp, seconds: u64) -> Option<Timestamp> {
    at.checked_add(SignedDuration::from_secs(i64::try_from(seconds).ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "version: STSv1\nmode: enforce\nmx: mx1.shop.example\nmax_age: 2592000\n";

    fn day(number: i64) -> Timestamp {
        "2026-03-01T12:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_hours(24 * number)
    }

    fn served(text: &str, first: i64, last: i64) -> Span {
        let seen = Seen::Policy { sha256: Fingerprint::of(text.as_bytes()), text: text.to_owned(), mode: None, max_age: None };
        Span { seen, first_seen: day(first), last_seen: day(last) }
    }

    fn past(spans: Vec<Span>) -> History {
        let name = "mta-sts.shop.example".to_owned();
        let subject = Subject { kind: Kind::Policy, name, looked_at: day(30), spans };
        History { subjects: vec![subject], ..History::nothing(Domain::from_dns("shop.example")) }
    }

    fn hosts(live: &[&str], broken: &[&str]) -> Hosts {
        let names = |names: &[&str]| names.iter().map(|name| Domain::from_dns(name)).collect();
        Hosts { live: names(live), broken: names(broken) }
    }

    #[test]
    fn an_older_policy_is_held_for_its_own_max_age_from_when_it_went() {
        let now = OLD.replace("enforce", "testing").replace("2592000", "86400");
        let past = past(vec![served(OLD, 0, 9), served(&now, 12, 30)]);
        let current = Some(Fingerprint::of(now.as_bytes()));
        let one = &hosts(&["mx1.shop.example"], &[]);
        let at = |number| older(&past, current, one, day(number));
        assert_eq!(at(30).len(), 1);
        assert_eq!(
            (at(30)[0].held_until, at(30)[0].mode.as_str(), at(30)[0].satisfied),
            (day(42), "enforce", true),
            "it may have gone on day 12"
        );
        assert_eq!(at(41).len(), 1);
        assert_eq!(at(42), [], "it is over");
    }

    #[test]
    fn an_older_policy_is_held_against_the_hosts_of_today() {
        let past = past(vec![served(OLD, 0, 29)]);
        let judged = |live: &[&str], broken: &[&str]| {
            let older = older(&past, None, &hosts(live, broken), day(30));
            (older[0].satisfied, older[0].uncovered.len(), older[0].broken.len())
        };
        assert_eq!(judged(&["mx1.shop.example"], &[]), (true, 0, 0));
        assert_eq!(judged(&["mx1.shop.example", "mx2.shop.example"], &[]), (false, 1, 0));
        assert_eq!(judged(&["mx1.shop.example"], &["mx1.shop.example"]), (false, 0, 1));
    }

    #[test]
    fn senders_that_hold_a_policy_otherwise_are_named() {
        let named = |mode, max_age| {
            let clamps = clamps(mode, max_age, day(0));
            clamps.into_iter().map(|clamp| (clamp.sender, clamp.max_age)).collect::<Vec<_>>()
        };
        assert_eq!(named(Mode::Enforce, 604_800), []);
        assert_eq!(named(Mode::Enforce, 86_400), [("Mimecast", 604_800)]);
        assert_eq!(named(Mode::Testing, 86_400), []);
        assert_eq!(named(Mode::Testing, 60), [("Stalwart", 86_400), ("Mimecast", 86_400)]);
        assert_eq!(named(Mode::Enforce, 31_557_600), [("Stalwart", 86_400)]);
    }

    #[test]
    fn a_clamp_keeps_a_policy_beyond_its_own_end() {
        let short = OLD.replace("2592000", "86400");
        let past = past(vec![served(&short, 0, 26)]);
        let older = older(&past, None, &Hosts::default(), day(31));
        assert_eq!(older.len(), 1, "the next look was on day 30, so it is held until day 31 as it says, and until day 37 by Mimecast");
        assert_eq!((older[0].held_until, older[0].clamped[0].held_until), (day(31), day(37)));
    }
}
