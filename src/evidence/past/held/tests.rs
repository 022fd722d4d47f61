use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::evidence::reports::letters::{self, Letter, TESTING};
use crate::model::facts::dns::{AddressFacts, TxtFacts, TxtRecord};
use crate::model::facts::policy::{Fetch, PolicyFacts, Response};
use crate::model::fixture::{served, vantage};
use crate::model::looked::{Absence, AbsenceKind, Answer, Looked};
use crate::wire::name::Domain;

const DAYS: i64 = 24;

fn at(days_ago: i64) -> Timestamp {
    letters::now() - SignedDuration::from_hours(DAYS * days_ago)
}

fn enforce() -> String {
    TESTING.replace("testing", "enforce")
}

fn absent<T>() -> Looked<T> {
    Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() })
}

/// shop.example today, with this id; an empty text stands for a policy host that answers 404.
fn facts(text: &str, id: &str) -> Facts {
    let record = TxtRecord { strings: vec![format!("v=STSv1; id={id}")] };
    let response = Response { status: if text.is_empty() { 404 } else { 200 }, ..served(text) };
    let fetch = Fetch {
        address: [192, 0, 2, 1].into(),
        at: letters::now(),
        agent: "test".to_owned(),
        elapsed_ms: 20,
        connect: Looked::Seen(3),
        tls: None,
        response: Some(Looked::Seen(response)),
    };
    let policy = PolicyFacts {
        txt: TxtFacts {
            name: Domain::from_dns("_mta-sts.shop.example"),
            answer: Looked::Seen(Answer { value: vec![record], ttl: 300, via: Vec::new() }),
            elsewhere: Vec::new(),
        },
        host: Domain::from_dns("mta-sts.shop.example"),
        addresses: AddressFacts { v4: absent(), v6: absent() },
        addresses_left_out: 0,
        fetches: vec![fetch],
        by_agent: Vec::new(),
        draft: None,
        pattern_domains: BTreeMap::new(),
        https_witness: None,
    };
    Facts { policy: Some(policy), ..Facts::nothing(Domain::from_dns("shop.example"), letters::now(), vantage()) }
}

/// What checks saw, each with the days ago on which it was seen first and last.
type Lasted<'a> = &'a [(&'a str, i64, i64)];

fn history(texts: Lasted<'_>, ids: Lasted<'_>) -> History {
    let subject = |kind, name: &str, spans: Vec<Span>| Subject {
        kind,
        name: name.to_owned(),
        looked_at: spans.iter().map(|span| span.last_seen).max().expect("a look"),
        spans,
    };
    let span = |seen, first, last| Span { seen, first_seen: at(first), last_seen: at(last) };
    let policy = |text: &str| Seen::Policy { sha256: Fingerprint::of(text.as_bytes()), text: text.to_owned(), mode: None, max_age: None };
    let record = |id: &str| Seen::PolicyRecord { text: format!("v=STSv1; id={id}"), id: Some(id.to_owned()) };
    let texts: Vec<Span> = texts.iter().map(|(text, first, last)| span(policy(text), *first, *last)).collect();
    let ids: Vec<Span> = ids.iter().map(|(id, first, last)| span(record(id), *first, *last)).collect();
    let subjects = [(Kind::Policy, "mta-sts.shop.example", texts), (Kind::PolicyRecord, "_mta-sts.shop.example", ids)];
    let looked = subjects.into_iter().filter(|(_, _, spans)| !spans.is_empty());
    let subjects = looked.map(|(kind, name, spans)| subject(kind, name, spans)).collect();
    History { subjects, ..History::nothing(Domain::from_dns("shop.example")) }
}

/// Today's facts on top of what checks saw.
fn held(facts: &Facts, past: History) -> Held {
    let now = letters::now();
    let body = facts.policy.iter().flat_map(|policy| &policy.fetches).filter_map(Fetch::answered).find(|answer| answer.status == 200);
    let today = body.map(|answer| policy::parse(&answer.body.text));
    Held::of(facts, today.as_ref(), &past.for_judging(now).seeing(facts), now)
}

/// Until when each policy is held, in hours from now.
fn hours(held: &Held) -> Vec<(Mode, i64)> {
    let from_now = |at: Timestamp| at.duration_since(letters::now()).as_hours();
    held.policies.iter().map(|policy| (policy.mode, from_now(policy.until))).collect()
}

#[test]
fn a_policy_is_held_from_the_first_look_that_saw_it_no_more() {
    let week = enforce();
    for (texts, today, expected) in [
        (&[(&*week, 9, 3), (TESTING, 2, 1)][..], TESTING, vec![(Mode::Enforce, 5 * DAYS)]),
        // Nobody has looked between: it may have gone a minute ago.
        (&[(&week, 9, 3)], TESTING, vec![(Mode::Enforce, 7 * DAYS)]),
        (&[(&week, 300, 290)], TESTING, vec![(Mode::Enforce, 7 * DAYS)]),
        // No policy is served now.
        (&[(&week, 9, 3)], "", vec![(Mode::Enforce, 7 * DAYS)]),
        (&[(&week, 19, 13), (TESTING, 8, 1)], TESTING, vec![]),
        (&[(&week, 19, 13), ("", 12, 1)], "", vec![]),
        // It came back: it is today's.
        (&[(&week, 9, 5), (TESTING, 4, 3)], &week, vec![(Mode::Testing, 7 * DAYS)]),
        // Seen twice, the later time counts.
        (&[(&week, 9, 8), (TESTING, 7, 6), (&week, 5, 4), (TESTING, 3, 1)], TESTING, vec![(Mode::Enforce, 4 * DAYS)]),
        // What no sender can use is held by none.
        (&[("mode: enforce\nmx: mx1.shop.example\n", 9, 1)], TESTING, vec![]),
    ] {
        assert_eq!(hours(&held(&facts(today, "2"), history(texts, &[]))), expected, "{texts:?} {today}");
    }
}

#[test]
fn two_texts_that_ask_the_same_are_one_policy() {
    let unix = enforce();
    let other = "version: STSv1\nmode: enforce\nmax_age: 604800\nmx: MX2.shop.example\nmx: mx1.shop.example\n";
    for today in [unix.replace('\n', "\r\n"), other.to_owned()] {
        let held = held(&facts(&today, "2"), history(&[(&unix, 9, 1)], &[("2", 9, 1)]));
        assert_eq!((held.policies.len(), held.published.text_since), (0, Some(at(9))), "{today}");
        assert_eq!(held.published.id_follows_text, None, "nothing changed while anybody looked");
    }
}

#[test]
fn checks_tell_whether_the_id_followed_the_text() {
    let enforce = enforce();
    for (texts, ids, follows, since) in [
        (&[(TESTING, 9, 3), (&*enforce, 2, 0)][..], &[("1", 9, 2), ("2", 1, 0)][..], Some(true), Some(1)),
        (&[(TESTING, 9, 3), (&enforce, 2, 0)], &[("1", 9, 3), ("2", 2, 0)], Some(true), Some(2)),
        (&[(TESTING, 9, 3), (&enforce, 2, 0)], &[("2", 9, 0)], Some(false), Some(9)),
        (&[(TESTING, 9, 3), (&enforce, 2, 0)], &[("1", 9, 5), ("2", 4, 0)], Some(false), Some(4)),
        // Nothing changed while anybody looked.
        (&[(&enforce, 9, 0)], &[("2", 9, 0)], None, Some(9)),
        // Today's id is in no earlier check: it is as old as this look.
        (&[(&enforce, 9, 1)], &[("1", 9, 1)], Some(true), Some(0)),
        // Without an earlier look nothing is known.
        (&[], &[], None, None),
    ] {
        let published = held(&facts(&enforce, "2"), history(texts, ids)).published;
        assert_eq!((published.id_follows_text, published.id_since), (follows, since.map(at)), "{texts:?} {ids:?}");
        assert!(published.ids.contains("2"));
    }
}

#[test]
fn who_asks_every_day_lets_go_a_day_after_the_new_id() {
    let week = enforce();
    let hour = |ids: Lasted<'_>| {
        let held = held(&facts(TESTING, "2"), history(&[(&week, 9, 3), (TESTING, 2, 1)], ids));
        let policy = held.policies.first().expect("it is held").clone();
        (policy.under_this_id, policy.asked_until.duration_since(letters::now()).as_hours())
    };
    // The resolver showed a TTL of 300, of which nobody knows whether it is the whole.
    assert_eq!(hour(&[("1", 9, 2), ("2", 1, 1)]), (false, 1), "the id came a day ago: a day and an hour after it");
    assert_eq!(hour(&[("2", 9, 1)]), (true, 5 * DAYS), "the id never changed");
    assert_eq!(
        hour(&[("2", 9, 8), ("1", 7, 3), ("2", 2, 1)]),
        (true, 5 * DAYS),
        "the id came back: who holds the old text under it never asks"
    );
    assert_eq!(hour(&[]), (false, 5 * DAYS), "nothing is known of ids");
}

#[test]
fn senders_with_times_of_their_own_hold_it_longer() {
    let day = enforce().replace("604800", "86400");
    let held = held(&facts(TESTING, "2"), history(&[(&day, 9, 5), (TESTING, 4, 1)], &[]));
    assert_eq!(hours(&held), [(Mode::Enforce, -3 * DAYS)], "as it says itself it is over");
    assert_eq!(held.policies[0].longest(), at(4 - 7), "Mimecast holds it for a week");
    let named = |mode, max_age| clamps(mode, max_age, at(0)).into_iter().map(|clamp| (clamp.sender, clamp.max_age)).collect::<Vec<_>>();
    assert_eq!(named(Mode::Enforce, 604_800), []);
    assert_eq!(named(Mode::Enforce, 86_400), [("Mimecast", 604_800)]);
    assert_eq!(named(Mode::Testing, 86_400), []);
    assert_eq!(named(Mode::Testing, 60), [("Stalwart", 86_400), ("Mimecast", 86_400)]);
    assert_eq!(named(Mode::Enforce, 31_557_600), [("Stalwart", 86_400)]);
}

#[test]
fn reports_name_what_no_check_saw() {
    let (week, month) = (enforce(), enforce().replace("604800", "2419200"));
    let with = |letters: Vec<Letter>, texts: Lasted<'_>| {
        let mut facts = facts(TESTING, "2");
        facts.reports = Some(letters::facts(letters));
        held(&facts, history(texts, &[]))
    };
    let slow = || vec![Letter::new("slow.example", 3).policy(&month)];
    // Until today's look saw another policy it may have been served.
    assert_eq!(hours(&with(slow(), &[])), [(Mode::Enforce, 28 * DAYS)]);
    assert_eq!(with(slow(), &[]).policies[0].seen, HeldFrom::Reports);
    assert_eq!(with(slow(), &[]).policies[0].sha256, None);
    // Others have named today's policy since: by the end of that day it had gone.
    let others = [slow(), vec![Letter::new("quick.example", 2)]].concat();
    assert_eq!(hours(&with(others, &[])), [(Mode::Enforce, 27 * DAYS - 13)]);
    // A check knows better than a report under a cached policy when it went.
    let cached = || vec![Letter::new("slow.example", 2).policy(&week)];
    assert_eq!(hours(&with(cached(), &[(&week, 9, 5), (TESTING, 4, 1)])), [(Mode::Enforce, 3 * DAYS)]);
    // Who names it after all must have forgotten it has it from somewhere.
    assert_eq!(hours(&with(cached(), &[(&week, 19, 15), (TESTING, 14, 1)])), [(Mode::Enforce, 6 * DAYS)]);
    // Nobody has named it for weeks.
    let old = vec![Letter::new("slow.example", 21).policy(&month)];
    assert_eq!(hours(&with(old, &[])), [(Mode::Enforce, 14 * DAYS + 11)]);
    assert_eq!(
        with(cached(), &[]).known_since.map(|since| since.duration_since(at(0)).as_hours()),
        Some(-DAYS - 12),
        "by the end of the report's period"
    );
    assert_eq!(with(vec![], &[]).known_since, None);
}

#[test]
fn the_mode_to_go_by_is_that_of_the_last_look() {
    let week = enforce();
    let of = |texts: Lasted<'_>, letters: Vec<Letter>| {
        let mut facts = facts("", "2");
        facts.reports = Some(letters::facts(letters));
        held(&facts, history(texts, &[])).last_mode()
    };
    assert_eq!(of(&[(&week, 9, 6), (TESTING, 5, 3)], vec![]), Some(Mode::Testing));
    assert_eq!(of(&[(TESTING, 9, 6)], vec![Letter::new("a.example", 1).policy(&week)]), Some(Mode::Testing), "a check before a report");
    assert_eq!(of(&[], vec![Letter::new("a.example", 1).policy(&week)]), Some(Mode::Enforce));
    assert_eq!(of(&[], vec![]), None);
}

#[test]
fn waits_reckon_with_the_longest_ttl_that_was_seen_of_late() {
    let with = |now: u32, hours: Lasted<'_>| {
        let mut facts = facts(TESTING, "2");
        if let Some(Looked::Seen(answer)) = facts.policy.as_mut().map(|policy| &mut policy.txt.answer) {
            answer.ttl = now;
        }
        let span = |(hours, first, last): &(&str, i64, i64)| Span {
            seen: Seen::Ttl { hours: hours.parse().expect("a number") },
            first_seen: at(*first),
            last_seen: at(*last),
        };
        let spans: Vec<Span> = hours.iter().map(span).collect();
        let subject = Subject { kind: Kind::Ttl, name: "_mta-sts.shop.example TXT".to_owned(), looked_at: at(1), spans };
        let past = History { subjects: vec![subject], ..History::nothing(Domain::from_dns("shop.example")) };
        held(&facts, past).published.txt_ttl
    };
    assert_eq!(with(7, &[]), 3_600, "what is left in a cache");
    assert_eq!(with(86_400, &[]), 86_400);
    assert_eq!(with(7, &[("4", 90, 9), ("24", 20, 12)]), 86_400);
    assert_eq!(with(7, &[("24", 90, 40)]), 3_600, "lowered long ago");
    assert_eq!(with(7_300, &[]), 4 * 3_600, "rounded up as it is remembered");
}

#[test]
fn what_is_known_begins_with_the_first_policy_that_was_seen() {
    let (week, none) = (enforce(), TESTING.replace("testing", "none"));
    for (texts, since, until) in [
        (&[][..], None, None),
        (&[("", 9, 3)], None, None),
        (&[(&*week, 9, 3), (TESTING, 2, 1)], Some(9), Some((9, 604_800))),
        // Nothing tells what a withdrawal came after.
        (&[(&none, 9, 1)], Some(9), Some((9, 31_557_600))),
        (&[("", 20, 12), (&none, 9, 1)], Some(9), Some((9, 31_557_600))),
        (&[(&week, 30, 12), (&none, 9, 1)], Some(30), Some((30, 604_800))),
    ] {
        let held = held(&facts(TESTING, "2"), history(texts, &[]));
        let until = until.map(|(days, seconds)| after(at(days), 3_600 + seconds));
        assert_eq!((held.known_since, held.unknown_until), (since.map(at), until), "{texts:?}");
    }
    let last = held(&facts("", "2"), history(&[(&week, 30, 12), (TESTING, 9, 3), ("", 2, 1)], &[])).last_text;
    assert_eq!(last.as_deref(), Some(TESTING));
}

#[test]
fn an_mx_host_went_when_it_was_first_missed() {
    use crate::model::facts::dns::MxRecord;
    let span = |hosts: &[&str], first, last| Span {
        seen: Seen::Mx { records: hosts.iter().map(|host| MxRecord { preference: 10, exchange: Domain::from_dns(host) }).collect() },
        first_seen: at(first),
        last_seen: at(last),
    };
    let spans =
        vec![span(&["a.example", "b.example", "c.example"], 20, 15), span(&["a.example", "c.example"], 12, 9), span(&["a.example"], 7, 1)];
    let subject = Subject { kind: Kind::Mx, name: "shop.example".to_owned(), looked_at: at(1), spans };
    let past = History { subjects: vec![subject], ..History::nothing(Domain::from_dns("shop.example")) };
    let gone = held(&facts(TESTING, "2"), past).published.mx_gone;
    let expected = [("b.example", 12), ("c.example", 7)].map(|(host, ago)| (Domain::from_dns(host), at(ago)));
    assert_eq!(gone, BTreeMap::from(expected));
}
