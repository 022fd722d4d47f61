//! How the present policy was published: the ids that were used, since when policy, id and MX set are as they are, and how long
//! resolvers go on with what was there before.
//!
//! In: the facts, and what checks saw with the present look on top. Out: [`Published`]. A time is that of the first look that saw it so;
//! without an earlier look nothing is known.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::held::{Meaning, is_earlier, looks, meaning};
use crate::model::facts::Facts;
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{History, Span, Subject};
use crate::model::settings::DAY;
use crate::wire::name::Domain;
use crate::wire::{policy, sts_record};

/// An hour, in seconds.
const HOUR: u32 = 3_600;
/// A TTL that was not seen for so long was lowered, and what resolvers kept under it is over.
const OF_LATE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What is known of the publication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Every id that was ever seen, today's included.
    pub ids: BTreeSet<String>,
    /// Since when today's policy is seen.
    pub text_since: Option<Timestamp>,
    /// Since when today's id is seen.
    pub id_since: Option<Timestamp>,
    /// Since when today's MX set is seen.
    pub mx_since: Option<Timestamp>,
    /// The hosts that earlier checks saw as an MX and that are none now, each with the first look that saw it no more.
    pub mx_gone: BTreeMap<Domain, Timestamp>,
    /// Whether today's id came with today's policy or after it; `None` where nothing tells.
    pub id_follows_text: Option<bool>,
    /// The longest TTL of the `_mta-sts` record that waits must reckon with, in seconds.
    pub txt_ttl: u32,
    /// The longest TTL of the MX records.
    pub mx_ttl: u32,
    /// When today's id was published, now and earlier: from the first to the last look that saw it.
    this_id: Vec<(Timestamp, Timestamp)>,
}

impl Published {
    /// `present` is what today's policy asks.
    pub(super) fn of(facts: &Facts, present: Option<&Meaning>, past: &History) -> Self {
        let today = facts.policy.as_ref().and_then(|policy| sts_record::select(&policy.txt.texts())).and_then(|record| record.id);
        let records = || past.of(Kind::PolicyRecord).flat_map(|subject| &subject.spans);
        let ids = past.ids().chain(today.as_deref()).map(str::to_owned).collect();
        let spans_of_today = records().filter(|span| today.is_some() && id(span) == today.as_deref());
        let this_id = spans_of_today.map(|span| (span.first_seen, span.last_seen)).collect();
        let earlier = |kind| past.of(kind).filter(|subject| is_earlier(subject, facts.observed_at));
        let id_since =
            today.as_deref().and_then(|today| earlier(Kind::PolicyRecord).filter_map(|it| since(it, |span| id(span) == Some(today))).max());
        let text_since = present.and_then(|present| earlier(Kind::Policy).filter_map(|it| since(it, |span| means(span, present))).max());
        let live =
            facts.mail.as_ref().and_then(|mail| mail.mx.seen()).map(|answer| answer.value.iter().map(|record| &record.exchange).collect());
        let mx_since =
            live.and_then(|live: BTreeSet<&Domain>| earlier(Kind::Mx).filter_map(|it| since(it, |span| names(span, &live))).max());
        let first_look = records().map(|span| span.first_seen).min();
        let id_follows_text = match (id_since, text_since) {
            (Some(id), Some(text)) if id > text => Some(true),
            (Some(id), Some(text)) if id < text => Some(false),
            // Both came with one look; that tells something only if there was one before.
            (Some(id), Some(_)) if first_look.is_some_and(|first| first < id) => Some(true),
            _ => None,
        };
        let txt = facts.policy.as_ref().and_then(|policy| policy.txt.answer.seen()).map(|answer| answer.ttl);
        let mx = facts.mail.as_ref().and_then(|mail| mail.mx.seen()).map(|answer| answer.ttl);
        let txt_ttl = ttl(past, &format!("{} TXT", facts.domain.child("_mta-sts")), txt, facts.observed_at);
        let mx_ttl = ttl(past, &format!("{} MX", facts.domain), mx, facts.observed_at);
        Self { ids, text_since, id_since, mx_since, mx_gone: mx_gone(past), id_follows_text, txt_ttl, mx_ttl, this_id }
    }

    /// So long after a new id every sender that asks for newer policies has asked: the record's TTL, and the day within which senders ask
    /// again (RFC 8461 §3.3). In seconds.
    pub fn asking(&self) -> u64 {
        u64::from(self.txt_ttl) + u64::from(DAY)
    }

    /// Whether a policy was served while today's id was published: that the id was another in between helps nobody who holds it.
    pub(super) fn was_under_this_id(&self, policy: &Span) -> bool {
        self.this_id.iter().any(|(first, last)| *first <= policy.last_seen && policy.first_seen <= *last)
    }
}

/// The longest TTL seen of late, now included, and an hour at least: what a resolver answers may be what is left of it.
fn ttl(past: &History, name: &str, now: Option<u32>, observed_at: Timestamp) -> u32 {
    let since = observed_at.checked_sub(OF_LATE).unwrap_or(Timestamp::MIN);
    let spans = past.of(Kind::Ttl).filter(|subject| subject.name == name).flat_map(|subject| &subject.spans);
    let seen = spans.filter(|span| span.last_seen >= since).filter_map(|span| match span.seen {
        Seen::Ttl { hours } => Some(hours.saturating_mul(HOUR)),
        _ => None,
    });
    seen.chain(now).fold(HOUR, u32::max)
}

/// Since when `is` has held without a break; `None` where it does not now.
fn since(subject: &Subject, is: impl Fn(&Span) -> bool) -> Option<Timestamp> {
    let newest = subject.current().filter(|span| is(span)).map(|span| span.first_seen).max()?;
    // The same in other bytes (line ends, order) goes on.
    let before = subject.spans.iter().rev().filter(|span| span.first_seen < newest).take_while(|span| is(span));
    Some(before.last().map_or(newest, |span| span.first_seen))
}

/// Hosts that came back and went again count from the last time.
fn mx_gone(past: &History) -> BTreeMap<Domain, Timestamp> {
    let mut gone: BTreeMap<Domain, Timestamp> = BTreeMap::new();
    for subject in past.of(Kind::Mx) {
        let live: BTreeSet<&Domain> = subject.current().flat_map(exchanges).collect();
        for span in &subject.spans {
            let Some(missed) = looks(subject).filter(|at| *at > span.last_seen).min() else { continue };
            for host in exchanges(span).filter(|host| !live.contains(host)) {
                let known = gone.entry(host.clone()).or_insert(missed);
                *known = missed.max(*known);
            }
        }
    }
    gone
}

fn exchanges(span: &Span) -> impl Iterator<Item = &Domain> {
    let records = match &span.seen {
        Seen::Mx { records } => records.as_slice(),
        _ => &[],
    };
    records.iter().map(|record| &record.exchange)
}

fn id(span: &Span) -> Option<&str> {
    match &span.seen {
        Seen::PolicyRecord { id, .. } => id.as_deref(),
        _ => None,
    }
}

fn means(span: &Span, present: &Meaning) -> bool {
    matches!(&span.seen, Seen::Policy { text, .. } if meaning(&policy::parse(text)).as_ref() == Some(present))
}

fn names(span: &Span, live: &BTreeSet<&Domain>) -> bool {
    matches!(&span.seen, Seen::Mx { records } if records.iter().map(|record| &record.exchange).collect::<BTreeSet<_>>() == *live)
}
