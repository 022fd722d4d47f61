//! A history told as a timeline: what came and went, and on which days was looked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{History, Span, Subject};
use crate::model::timeline::{CheckDay, Event, Timeline, Turn};
use crate::model::verdict::VerdictSpan;

/// Everything that came or went, or was answered, from `since` on, by time, then kind and name.
pub fn timeline(history: &History, mut answers: Vec<VerdictSpan>, since: Timestamp) -> Timeline {
    let mut events: Vec<Event> = Vec::new();
    // Of a TTL a resolver answers what is left: that nothing changed would look like a change.
    for subject in history.subjects.iter().filter(|subject| subject.kind != Kind::Ttl) {
        let first_look = subject.spans.iter().map(|span| span.first_seen).min();
        for span in &subject.spans {
            let turn = if Some(span.first_seen) == first_look { Turn::Found } else { Turn::Came };
            events.push(event(history, subject, span, span.first_seen, turn));
            if span.last_seen < subject.looked_at {
                events.push(event(history, subject, span, span.last_seen, Turn::Went));
            }
        }
    }
    events.retain(|event| event.at >= since);
    events.sort_by(|a, b| (a.at, a.kind, &a.name, a.event, &a.seen).cmp(&(b.at, b.kind, &b.name, b.event, &b.seen)));
    answers.retain(|answer| answer.last_at >= since);
    Timeline { domain: history.domain.clone(), since, days: days(history, since), events, answers }
}

fn event(history: &History, subject: &Subject, span: &Span, at: Timestamp, turn: Turn) -> Event {
    let leaf = match &span.seen {
        Seen::Chain { certificates, .. } => certificates.first().and_then(|sha256| history.leaf(sha256)),
        _ => None,
    };
    Event { at, event: turn, kind: subject.kind, name: subject.name.clone(), seen: span.seen.clone(), leaf }
}

/// The days with checks; several vantages of one day together.
fn days(history: &History, since: Timestamp) -> Vec<CheckDay> {
    let first = since.to_zoned(TimeZone::UTC).date();
    let mut by_day: BTreeMap<_, CheckDay> = BTreeMap::new();
    for look in history.days.iter().filter(|look| look.day >= first) {
        let new = || CheckDay { day: look.day, times: 0, last_at: look.last_at, proven: Vec::new() };
        let day = by_day.entry(look.day).or_insert_with(new);
        day.times = day.times.saturating_add(look.times);
        day.last_at = day.last_at.max(look.last_at);
        day.proven.extend(look.proven.iter().cloned());
        day.proven.sort_unstable();
        day.proven.dedup();
    }
    by_day.into_values().collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::assessment::{Answer, Question};
    use crate::model::history::Day;
    use crate::model::verdict::Verdict;
    use crate::wire::name::Domain;

    fn day(number: i64) -> Timestamp {
        "2026-03-01T12:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_hours(24 * number)
    }

    fn history() -> History {
        let id = |id: &str, first, last| Span {
            seen: Seen::PolicyRecord { text: format!("v=STSv1; id={id};"), id: Some(id.to_owned()) },
            first_seen: day(first),
            last_seen: day(last),
        };
        let subject = Subject {
            kind: Kind::PolicyRecord,
            name: "_mta-sts.shop.example".to_owned(),
            looked_at: day(9),
            spans: vec![id("1", 0, 4), id("2", 5, 9)],
        };
        let look = |number: i64, vantage: &str, proven: &str| Day {
            day: day(number).to_zoned(TimeZone::UTC).date(),
            vantage: vantage.to_owned(),
            times: 2,
            first_at: day(number),
            last_at: day(number),
            proven: vec![proven.to_owned()],
            broken: Vec::new(),
            given: Vec::new(),
        };
        let days = vec![look(0, "a", "mx 192.0.2.1"), look(9, "a", "mx 192.0.2.1"), look(9, "b", "mx 2001:db8::1")];
        History { subjects: vec![subject], days, ..History::nothing(Domain::from_dns("shop.example")) }
    }

    #[test]
    fn what_came_and_went_is_told_in_order() {
        let told = |since| {
            let turns = timeline(&history(), Vec::new(), day(since)).events.into_iter();
            turns.map(|event| ((event.at.duration_since(day(0)).as_hours()) / 24, event.event)).collect::<Vec<_>>()
        };
        assert_eq!(told(0), [(0, Turn::Found), (4, Turn::Went), (5, Turn::Came)]);
        assert_eq!(told(5), [(5, Turn::Came)]);
    }

    #[test]
    fn the_vantages_of_a_day_are_told_together() {
        let days = timeline(&history(), Vec::new(), day(1)).days;
        assert_eq!((days.len(), days[0].times, days[0].proven.len()), (1, 4, 2));
    }
    #[test]
    fn answers_that_lasted_into_the_time_asked_about_are_told() {
        let answer = |first: i64, last: i64| VerdictSpan {
            first_at: day(first),
            last_at: day(last),
            times: 1,
            verdict: Verdict {
                question: Question::StayInEnforce,
                answer: Answer::Ready,
                because: Vec::new(),
                accepted: Vec::new(),
                thresholds: Vec::new(),
            },
        };
        let told = |since| timeline(&history(), vec![answer(0, 3), answer(4, 9)], day(since)).answers.len();
        assert_eq!((told(0), told(3), told(4), told(10)), (2, 2, 1, 0));
    }
}
