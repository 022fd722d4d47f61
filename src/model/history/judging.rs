//! The part of a history that verdicts rest on, small enough to travel with the facts; and the same with one more look on top.
//!
//! Pure. What is left out: what servers showed in their dialogues, intermediates and DER, what ended before any cached policy could, and
//! of values that change with every look all but the newest.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::seen::{self, Kind, Look, Seen};
use super::{History, Span, Subject};
use crate::model::facts::Facts;
use crate::wire::certificate::dns_id_matches;
use crate::wire::name::Domain;

/// What was last seen before this ends in no cache any more: the largest `max_age` is a year (RFC 8461 §3.2), and a month for slow ones.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);
/// Days of checks are evidence for the longest window; as far back as reports are taken.
const DAYS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 120);
/// Places whose certificates are kept: all addresses of some hundred hosts.
const PLACES_CAP: usize = 512;
/// Names kept of a certificate beyond those of MX hosts.
const NAMES_CAP: usize = 20;

/// Values kept of one subject: hostile or broken servers may show a new one at each look.
fn cap(kind: Kind) -> usize {
    match kind {
        Kind::Policy => 64,
        // An id must never come again, so many of them are remembered: they are short.
        Kind::PolicyRecord => 500,
        Kind::Mx | Kind::Address => 64,
        Kind::Server => 0,
        Kind::Chain | Kind::Ttl => 16,
    }
}

impl History {
    /// What judging as of `now` needs of it. Doing it twice changes nothing more.
    #[must_use]
    pub fn for_judging(self, now: Timestamp) -> Self {
        let since = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        let policy_host = format!("{} ", self.domain.child("mta-sts"));
        let mut subjects: Vec<Subject> = Vec::new();
        for subject in &self.subjects {
            // The policy host's certificates are judged live only: senders fetch anew, whatever was there before.
            if subject.kind == Kind::Chain && subject.name.starts_with(&policy_host) {
                continue;
            }
            let spans = spans(subject, since, now);
            if !spans.is_empty() {
                let looked_at = subject.looked_at.min(now);
                subjects.push(Subject { kind: subject.kind, name: subject.name.clone(), looked_at, spans });
            }
        }
        newest_places(&mut subjects);
        let hosts = mx_hosts(&subjects);
        let mut leaves = BTreeMap::new();
        for span in subjects.iter().flat_map(|subject| &subject.spans) {
            if let Seen::Chain { certificates, .. } = &span.seen
                && let Some(sha256) = certificates.first()
                && let Some(mut leaf) = self.leaf(sha256)
            {
                let (mut names, others): (Vec<_>, Vec<_>) =
                    leaf.names.into_iter().partition(|name| hosts.iter().any(|host| dns_id_matches(name, host)));
                names.extend(others.into_iter().take(NAMES_CAP));
                leaf.names = names;
                leaves.insert(*sha256, leaf);
            }
        }
        let first_day = now.checked_sub(DAYS_KEPT).unwrap_or(Timestamp::MIN).to_zoned(TimeZone::UTC).date();
        let mut days = self.days;
        days.retain(|day| day.day >= first_day && day.first_at <= now);
        Self { domain: self.domain, subjects, days, certificates: BTreeMap::new(), leaves }
    }

    /// The same with what these facts show on top, as the store would note it; what they could not look at stays as it was.
    #[must_use]
    pub fn seeing(mut self, facts: &Facts) -> Self {
        for look in seen::of(facts) {
            self.note(look, facts.observed_at);
        }
        for (sha256, der) in &facts.certificates {
            self.certificates.entry(*sha256).or_insert_with(|| der.clone());
        }
        self
    }

    fn note(&mut self, look: Look, at: Timestamp) {
        let place = self.subjects.iter().position(|subject| subject.kind == look.kind && subject.name == look.name);
        let subject = match place.and_then(|place| self.subjects.get_mut(place)) {
            Some(subject) if subject.looked_at >= at => return,
            Some(subject) => subject,
            None => {
                let fresh = Subject { kind: look.kind, name: look.name, looked_at: at, spans: Vec::new() };
                self.subjects.push(fresh);
                let Some(subject) = self.subjects.last_mut() else { return };
                subject
            }
        };
        let before = subject.looked_at;
        subject.looked_at = at;
        for value in look.values {
            let value = slim(value);
            let goes_on = |span: &&mut Span| span.seen == value && (look.kind.rejoins() || span.last_seen >= before);
            match subject.spans.iter_mut().rev().find(goes_on) {
                Some(span) => span.last_seen = at,
                None => subject.spans.push(Span { seen: value, first_seen: at, last_seen: at }),
            }
        }
    }
}

/// The spans of a subject between `since` and `now`, slimmed, those that became the same joined; the newest, in the order of their beginnings.
fn spans(subject: &Subject, since: Timestamp, now: Timestamp) -> Vec<Span> {
    let mut kept: Vec<Span> = Vec::new();
    for span in subject.spans.iter().filter(|span| span.last_seen >= since && span.first_seen <= now) {
        let (seen, first_seen, last_seen) = (slim(span.seen.clone()), span.first_seen, span.last_seen.min(now));
        match kept.iter_mut().find(|known| subject.kind.rejoins() && known.seen == seen) {
            Some(known) => {
                known.first_seen = known.first_seen.min(first_seen);
                known.last_seen = known.last_seen.max(last_seen);
            }
            None => kept.push(Span { seen, first_seen, last_seen }),
        }
    }
    kept.sort_by_key(|span| std::cmp::Reverse((span.last_seen, span.first_seen)));
    kept.truncate(cap(subject.kind));
    kept.sort_by(|a, b| (a.first_seen, &a.seen).cmp(&(b.first_seen, &b.seen)));
    kept
}

/// Of a chain only the server's own certificate and the root matter: intermediates come and go.
fn slim(seen: Seen) -> Seen {
    match seen {
        Seen::Chain { mut certificates, root } => {
            certificates.truncate(1);
            Seen::Chain { certificates, root }
        }
        other => other,
    }
}

/// Leaves the newest places of certificates and addresses, in the order of their names.
fn newest_places(subjects: &mut Vec<Subject>) {
    let mut by_age: Vec<(Timestamp, &str)> =
        subjects.iter().filter(|subject| subject.kind == Kind::Chain).map(|subject| (subject.looked_at, subject.name.as_str())).collect();
    by_age.sort_unstable_by_key(|place| std::cmp::Reverse(*place));
    let dropped: BTreeSet<String> = by_age.into_iter().skip(PLACES_CAP).map(|(_, name)| name.to_owned()).collect();
    subjects.retain(|subject| subject.kind != Kind::Chain || !dropped.contains(&subject.name));
    subjects.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
}

/// The hosts whose addresses or certificates were looked at: the first word of the subject's name.
fn mx_hosts(subjects: &[Subject]) -> BTreeSet<Domain> {
    let placed = subjects.iter().filter(|subject| matches!(subject.kind, Kind::Address | Kind::Chain));
    placed.filter_map(|subject| subject.name.split(' ').next()).map(Domain::from_dns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::Der;
    use crate::model::history::{Day, Leaf};
    use crate::wire::fingerprint::Fingerprint;

    fn day(number: i64) -> Timestamp {
        "2026-03-01T12:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_hours(24 * number)
    }

    fn print(text: &str) -> Fingerprint {
        Fingerprint::of(text.as_bytes())
    }

    fn chain(certificates: &[&str]) -> Seen {
        Seen::Chain { certificates: certificates.iter().map(|text| print(text)).collect(), root: Some("O=Trust".to_owned()) }
    }

    fn history(kind: Kind, name: &str, spans: Vec<(Seen, i64, i64)>) -> History {
        let spans = spans.into_iter().map(|(seen, first, last)| Span { seen, first_seen: day(first), last_seen: day(last) }).collect();
        let subject = Subject { kind, name: name.to_owned(), looked_at: day(30), spans };
        History { subjects: vec![subject], ..History::nothing(Domain::from_dns("shop.example")) }
    }

    #[test]
    fn a_new_intermediate_leaves_one_span_and_no_der() {
        let spans = vec![(chain(&["leaf", "old"]), 0, 9), (chain(&["leaf", "new"]), 10, 30)];
        let mut before = history(Kind::Chain, "mx1.shop.example 192.0.2.1 rsa", spans);
        before.certificates.insert(print("new"), Der(vec![0; 9]));
        let mut names: Vec<String> = (0..90).map(|number| format!("www{number}.shop.example")).collect();
        names.push("mx1.shop.example".to_owned());
        before.leaves.insert(print("leaf"), Leaf { names, issuer: String::new(), not_before: day(0), not_after: day(90) });
        let after = before.for_judging(day(30));
        assert_eq!(after.subjects[0].spans, [Span { seen: chain(&["leaf"]), first_seen: day(0), last_seen: day(30) }]);
        assert!(after.certificates.is_empty());
        let leaf = &after.leaves[&print("leaf")];
        assert!(leaf.names.len() == 1 + NAMES_CAP && leaf.is_for(&Domain::from_dns("mx1.shop.example")), "the MX host's name is kept");
        assert_eq!(after.clone().for_judging(day(30)), after, "doing it twice changes nothing more");
    }

    #[test]
    fn what_no_verdict_rests_on_is_left_out() {
        let id = |number: i64| Seen::PolicyRecord { text: String::new(), id: Some(number.to_string()) };
        let many =
            history(Kind::PolicyRecord, "_mta-sts.shop.example", (0..900).map(|number| (id(number), number - 900, number - 900)).collect());
        let kept = &many.for_judging(day(0)).subjects[0].spans;
        assert_eq!((kept.len(), kept[0].seen == id(500)), (400, true), "nothing older than what a cache can hold");
        let hasty = history(Kind::PolicyRecord, "_mta-sts.shop.example", (0..900).map(|number| (id(number), 0, 0)).collect());
        assert_eq!(hasty.for_judging(day(0)).subjects[0].spans.len(), 500);
        let policy_host = history(Kind::Chain, "mta-sts.shop.example 192.0.2.9 rsa", vec![(chain(&["leaf"]), 0, 9)]);
        assert!(policy_host.for_judging(day(30)).is_empty());
        let later = history(Kind::PolicyRecord, "_mta-sts.shop.example", vec![(id(1), 0, 9), (id(2), 10, 30)]);
        assert_eq!(later.for_judging(day(5)).subjects[0].spans.len(), 1, "judged as of then, what came later is not known");
        let look = |number: i64| Day {
            day: day(number).to_zoned(TimeZone::UTC).date(),
            vantage: String::new(),
            times: 1,
            first_at: day(number),
            last_at: day(number),
            proven: Vec::new(),
            broken: Vec::new(),
            given: Vec::new(),
        };
        let days = History { days: vec![look(-200), look(-10), look(3)], ..History::nothing(Domain::from_dns("shop.example")) };
        assert_eq!(days.for_judging(day(0)).days, [look(-10)]);
    }
}
