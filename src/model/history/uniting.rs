//! The histories of several places as one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::seen::{Kind, Seen};
use super::{Day, History, Span, Subject};

impl History {
    /// Both together, of the same domain; the same in either order, and a history with itself is itself.
    ///
    /// What both saw is one span if they saw it at the same time, or if neither saw anything else between. What one of them saw go and come
    /// again stays two. A value that the newer look saw no more is gone, whoever saw it.
    #[must_use]
    pub fn united(self, other: Self) -> Self {
        let mut subjects: BTreeMap<(Kind, String), Vec<Subject>> = BTreeMap::new();
        for subject in self.subjects.into_iter().chain(other.subjects) {
            subjects.entry((subject.kind, subject.name.clone())).or_default().push(subject);
        }
        let mut certificates = other.certificates;
        certificates.extend(self.certificates);
        let mut leaves = other.leaves;
        leaves.extend(self.leaves);
        Self {
            domain: self.domain,
            subjects: subjects.into_iter().filter_map(|((kind, name), all)| subject(kind, name, all)).collect(),
            days: days(self.days.into_iter().chain(other.days)),
            certificates,
            leaves,
        }
    }
}

fn subject(kind: Kind, name: String, all: Vec<Subject>) -> Option<Subject> {
    let looked_at = all.iter().map(|subject| subject.looked_at).max()?;
    let mut by_value: BTreeMap<Seen, Vec<(usize, Span)>> = BTreeMap::new();
    let mut everything: Vec<Span> = Vec::new();
    for (source, subject) in all.into_iter().enumerate() {
        for span in subject.spans {
            everything.push(span.clone());
            by_value.entry(span.seen.clone()).or_default().push((source, span));
        }
    }
    let mut spans: Vec<Span> = by_value.into_values().flat_map(|same| join(kind, same, &everything)).collect();
    spans.sort_by(|a, b| (a.first_seen, &a.seen).cmp(&(b.first_seen, &b.seen)));
    Some(Subject { kind, name, looked_at, spans })
}

/// The spans of one value, each with the history that it is from.
fn join(kind: Kind, mut same: Vec<(usize, Span)>, everything: &[Span]) -> Vec<Span> {
    same.sort_by_key(|(source, span)| (span.first_seen, span.last_seen, *source));
    let between = |from: Timestamp, to: Timestamp, seen: &Seen| {
        everything.iter().any(|span| span.seen != *seen && span.last_seen > from && span.first_seen < to)
    };
    // Each with whoever saw it: what one place saw in two spans, it saw go between.
    let mut joined: Vec<(BTreeSet<usize>, Span)> = Vec::new();
    for (source, span) in same {
        if let Some((sources, last)) = joined.last_mut() {
            let overlap = span.first_seen <= last.last_seen;
            let went = sources.contains(&source) || between(last.last_seen, span.first_seen, &span.seen);
            if kind.rejoins() || overlap || !went {
                last.last_seen = last.last_seen.max(span.last_seen);
                sources.insert(source);
                continue;
            }
        }
        joined.push((BTreeSet::from([source]), span));
    }
    joined.into_iter().map(|(_, span)| span).collect()
}

/// A row for each day and vantage.
fn days(all: impl Iterator<Item = Day>) -> Vec<Day> {
    let mut rows: BTreeMap<(jiff::civil::Date, String), Day> = BTreeMap::new();
    for day in all {
        let Some(known) = rows.get_mut(&(day.day, day.vantage.clone())) else {
            rows.insert((day.day, day.vantage.clone()), day);
            continue;
        };
        // The same checks may be told by both, so they are not added up.
        known.times = known.times.max(day.times);
        known.first_at = known.first_at.min(day.first_at);
        known.last_at = known.last_at.max(day.last_at);
        for (list, more) in [(&mut known.proven, day.proven), (&mut known.broken, day.broken), (&mut known.given, day.given)] {
            list.extend(more);
            list.sort_unstable();
            list.dedup();
        }
    }
    let mut days: Vec<Day> = rows.into_values().collect();
    days.sort_by(|a, b| (a.day, a.first_at, &a.vantage).cmp(&(b.day, b.first_at, &b.vantage)));
    days
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::wire::name::Domain;

    fn at(number: i64) -> Timestamp {
        "2026-03-01T12:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_hours(24 * number)
    }

    /// A history of one subject, whose values are ids; with the day of its newest look.
    fn history(kind: Kind, looked_at: i64, spans: &[(&str, i64, i64)]) -> History {
        let seen = |id: &str| Seen::PolicyRecord { text: id.to_owned(), id: Some(id.to_owned()) };
        let spans = spans.iter().map(|(id, first, last)| Span { seen: seen(id), first_seen: at(*first), last_seen: at(*last) }).collect();
        let subject = Subject { kind, name: "it".to_owned(), looked_at: at(looked_at), spans };
        History { subjects: vec![subject], ..History::nothing(Domain::from_dns("shop.example")) }
    }

    /// The spans of the union, and that it is the same in either order.
    fn united(kind: Kind, one: (i64, &[(&str, i64, i64)]), other: (i64, &[(&str, i64, i64)])) -> (i64, Vec<(String, i64, i64)>) {
        let (one, other) = (history(kind, one.0, one.1), history(kind, other.0, other.1));
        let both = one.clone().united(other.clone());
        assert_eq!(both, other.clone().united(one.clone()), "in either order");
        assert_eq!(one.clone().united(one.clone()), one, "with itself");
        assert_eq!(both.clone().united(one), both, "what is in it adds nothing");
        let day = |time: Timestamp| time.duration_since(at(0)).as_hours() / 24;
        let subject = &both.subjects[0];
        let spans = subject.spans.iter().map(|span| match &span.seen {
            Seen::PolicyRecord { text, .. } => (text.clone(), day(span.first_seen), day(span.last_seen)),
            other => panic!("{other:?}"),
        });
        (day(subject.looked_at), spans.collect())
    }

    #[test]
    fn spans_of_both_are_joined_where_nothing_else_was_seen_between() {
        let row = |id: &str, first, last| (id.to_owned(), first, last);
        let of = |one, other| united(Kind::PolicyRecord, one, other);
        assert_eq!(of((9, &[("a", 0, 9)]), (20, &[("a", 5, 20)])), (20, vec![row("a", 0, 20)]), "at the same time");
        assert_eq!(of((9, &[("a", 0, 9)]), (20, &[("a", 12, 20)])), (20, vec![row("a", 0, 20)]), "one after the other");
        assert_eq!(
            of((9, &[("a", 0, 9)]), (20, &[("b", 10, 11), ("a", 12, 20)])),
            (20, vec![row("a", 0, 9), row("b", 10, 11), row("a", 12, 20)]),
            "something else was there between"
        );
        assert_eq!(
            of((20, &[("a", 0, 4), ("a", 6, 20)]), (30, &[("a", 22, 30)])),
            (30, vec![row("a", 0, 4), row("a", 6, 30)]),
            "one of them saw nothing there between"
        );
        assert_eq!(of((300, &[("a", 0, 300)]), (301, &[("b", 301, 301)])).1.len(), 2, "what a year remembers is not lost to a day");
        assert_eq!(of((9, &[("a", 0, 9)]), (20, &[])), (20, vec![row("a", 0, 9)]), "gone, as the newer look tells");
    }

    #[test]
    fn what_takes_turns_is_one_span() {
        let spans = united(Kind::Address, (9, &[("a", 0, 3), ("b", 4, 9)]), (20, &[("a", 12, 20)])).1;
        assert_eq!(spans, [("a".to_owned(), 0, 20), ("b".to_owned(), 4, 9)]);
    }

    #[test]
    fn days_are_one_row_a_vantage() {
        let row = |number: i64, vantage: &str, times, proven: &[&str], broken: &[&str]| Day {
            day: at(number).to_zoned(jiff::tz::TimeZone::UTC).date(),
            vantage: vantage.to_owned(),
            times,
            first_at: at(number),
            last_at: at(number),
            proven: proven.iter().map(ToString::to_string).collect(),
            broken: broken.iter().map(ToString::to_string).collect(),
            given: Vec::new(),
        };
        let of = |days: Vec<Day>| History { days, ..History::nothing(Domain::from_dns("shop.example")) };
        let one = of(vec![row(1, "a", 2, &["x"], &[]), row(2, "a", 1, &["x"], &[])]);
        let other = of(vec![row(1, "a", 3, &["y"], &["z"]), row(1, "b", 1, &[], &[])]);
        let both = one.clone().united(other.clone());
        assert_eq!(both, other.united(one));
        assert_eq!(both.days, [row(1, "a", 3, &["x", "y"], &["z"]), row(1, "b", 1, &[], &[]), row(2, "a", 1, &["x"], &[])]);
    }
}
