use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{What, changes, checked, moved_since, organisation, served_since};
use crate::model::facts::Facts;
use crate::model::facts::dns::MxRecord;
use crate::model::facts::vantage::{Family, Means, Roots, Vantage};
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{Day, History, Leaf, Span, Standard, Subject};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::policy;

const MX1: &str = "mx1.shop.example";
const MX2: &str = "mx2.shop.example";
const POLICY: &str = "version: STSv1\nmode: testing\nmx: mx1.shop.example\nmx: mx2.shop.example\nmax_age: 604800\n";

/// Noon of the day so many days after the first.
fn day(number: i64) -> Timestamp {
    "2026-03-01T12:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_hours(24 * number)
}

fn name(text: &str) -> Domain {
    Domain::from_dns(text)
}

fn live_mx() -> BTreeSet<Domain> {
    [MX1, MX2].map(name).into()
}

/// Values with the days of their first and last look.
type Lasted = Vec<(Seen, i64, i64)>;

/// A history made by hand: each value with the days of its first and last look.
fn past(subjects: Vec<(Kind, &str, Lasted)>) -> History {
    let subject = |(kind, name, spans): (Kind, &str, Lasted)| Subject {
        kind,
        name: name.to_owned(),
        looked_at: day(30),
        spans: spans.into_iter().map(|(seen, first, last)| Span { seen, first_seen: day(first), last_seen: day(last) }).collect(),
    };
    History { subjects: subjects.into_iter().map(subject).collect(), ..History::nothing(name("shop.example")) }
}

fn mx(hosts: &[(u16, &str)]) -> Seen {
    Seen::Mx { records: hosts.iter().map(|(preference, host)| MxRecord { preference: *preference, exchange: name(host) }).collect() }
}

fn served(text: &str) -> Seen {
    Seen::Policy { sha256: Fingerprint::of(text.as_bytes()), text: text.to_owned(), mode: None, max_age: None }
}

fn chain(leaf: &str, root: Option<&str>) -> Seen {
    Seen::Chain { certificates: vec![Fingerprint::of(leaf.as_bytes())], root: root.map(str::to_owned) }
}

fn leaf(mut past: History, called: &str, names: &[&str]) -> History {
    let names = names.iter().map(ToString::to_string).collect();
    let leaf = Leaf { names, issuer: "CN=Issuer".to_owned(), not_before: day(-30), not_after: day(60) };
    past.leaves.insert(Fingerprint::of(called.as_bytes()), leaf);
    past
}

/// What changed, and on which day it was over.
fn changed(past: &History) -> Vec<(What, Timestamp)> {
    changes(past, &live_mx(), Some(&policy::parse(POLICY)), &Standard::of(&facts(Family::Available)))
        .into_iter()
        .map(|change| (change.what, change.at))
        .collect()
}

#[test]
fn the_mx_set_changes_when_a_host_comes_or_goes() {
    let set = |spans| changed(&past(vec![(Kind::Mx, "shop.example", spans)]));
    let (both, one) = (mx(&[(10, MX1), (20, MX2)]), mx(&[(10, MX1)]));
    assert_eq!(set(vec![(both.clone(), 0, 30)]), []);
    assert_eq!(set(vec![(one.clone(), 0, 9), (both.clone(), 10, 30)]), [(What::MxSet, day(10))]);
    assert_eq!(set(vec![(both.clone(), 0, 9), (mx(&[(20, MX1), (10, MX2)]), 10, 30)]), [], "other preferences are the same set");
    assert_eq!(set(vec![(both.clone(), 0, 9), (both.clone(), 12, 30)]), [(What::MxSet, day(12))], "there were none between");
    assert_eq!(
        set(vec![(both.clone(), 0, 4), (one, 5, 9), (both, 10, 30)]),
        [(What::MxSet, day(5)), (What::MxSet, day(10))],
        "there and back are two changes"
    );
}

#[test]
fn a_policy_changes_by_its_mode_and_by_the_live_hosts_it_covers() {
    let after =
        |text: &str| changed(&past(vec![(Kind::Policy, "mta-sts.shop.example", vec![(served(text), 0, 9), (served(POLICY), 10, 30)])]));
    assert_eq!(after(&POLICY.replace("testing", "none")), [(What::Mode, day(9))]);
    assert_eq!(after(&POLICY.replace("testing", "enforce")), [(What::Mode, day(9))]);
    assert_eq!(after(&POLICY.replace("mx: mx2.shop.example\n", "")), [(What::Cover, day(9))]);
    assert_eq!(after(&POLICY.replace("mx: mx2.shop.example\n", "mx: *.shop.example\n")), [], "a wildcard that covers the same");
    assert_eq!(after(&(POLICY.to_owned() + "mx: spare.elsewhere.example\n")), [], "a pattern that no live host uses");
    assert_eq!(after(&POLICY.replace("604800", "86400")), [], "how long it is held is no state of the servers");
    assert_eq!(after("<html>out of order</html>"), [], "what nobody could use is an accident");
    assert_eq!(after(&POLICY.replace("mx: mx1.shop.example\nmx: mx2.shop.example\n", "")), [], "nor could anybody use one without hosts");
}

#[test]
fn a_name_leaves_the_certificate_and_comes_back() {
    let seen = |spans| {
        let past = past(vec![(Kind::Chain, "mx1.shop.example 192.0.2.1 rsa", spans)]);
        let past = leaf(leaf(past, "good", &["MX1.shop.example"]), "renewed", &["*.shop.example"]);
        changed(&leaf(past, "bad", &["www.shop.example"]))
    };
    let (good, renewed, bad) = (chain("good", None), chain("renewed", None), chain("bad", None));
    assert_eq!(seen(vec![(good.clone(), 0, 9), (renewed.clone(), 10, 30)]), [], "a renewal is no change");
    assert_eq!(seen(vec![(good.clone(), 0, 9), (bad.clone(), 10, 12), (renewed, 13, 30)]), [(What::Name(name(MX1)), day(12))]);
    assert_eq!(seen(vec![(bad, 0, 9), (good.clone(), 10, 30)]), [], "it came, it did not leave");
    assert_eq!(seen(vec![(good, 0, 9), (chain("unknown", None), 10, 30)]), [], "of what is unknown nothing is said");
}

#[test]
fn another_organisation_at_the_root_is_a_change_and_another_root_of_the_same_is_none() {
    let (one, two, other) = ("C=US, O=Trust One, CN=Root 1", "C=US, O=Trust One, CN=Root 2", "C=DE, O=Trust Two, CN=Root");
    type Served = Vec<(&'static str, Option<&'static str>, i64, i64)>;
    let at = |places: Vec<(&'static str, Served)>| {
        let subjects = places.into_iter().map(|(place, spans)| {
            (Kind::Chain, place, spans.into_iter().map(|(leaf, root, first, last)| (chain(leaf, root), first, last)).collect())
        });
        changed(&past(subjects.collect()))
    };
    const FIRST: &str = "mx1.shop.example 192.0.2.1 rsa";
    const SECOND: &str = "mx1.shop.example 192.0.2.9 ecdsa";
    assert_eq!(at(vec![(FIRST, vec![("a", Some(one), 0, 9), ("b", Some(two), 10, 30)])]), []);
    assert_eq!(at(vec![(FIRST, vec![("a", Some(one), 0, 9), ("b", Some(other), 10, 30)])]), [(What::Root(name(MX1)), day(10))]);
    assert_eq!(at(vec![(FIRST, vec![("a", Some(one), 0, 30), ("b", Some(other), 0, 29)])]), [], "two servers that take turns");
    assert_eq!(at(vec![(FIRST, vec![("a", Some(one), 0, 9)]), (SECOND, vec![("b", Some(one), 10, 30)])]), [], "a moved address");
    assert_eq!(
        at(vec![(FIRST, vec![("a", Some(one), 0, 9)]), (SECOND, vec![("b", Some(other), 10, 30)])]),
        [(What::Root(name(MX1)), day(10))]
    );
    assert_eq!(at(vec![(FIRST, vec![("a", Some(one), 0, 9), ("b", None, 10, 12), ("a", Some(one), 13, 30)])]), [], "no root is no other");
    assert_eq!(at(vec![("mx9.shop.example 192.0.2.1 rsa", vec![("a", Some(one), 0, 9), ("b", Some(other), 10, 30)])]), [], "no live MX");
}

#[test]
fn the_organisation_is_found_in_a_name() {
    for (name, found) in [
        ("C=US, O=Internet Security Research Group, CN=ISRG Root X1", "Internet Security Research Group"),
        ("O=Example, Inc., CN=Root", "Example, Inc."),
        ("CN=Root, O=Last", "Last"),
        ("CN=Alone", "Alone without"),
        ("", ""),
    ] {
        let found = if found == "Alone without" { name } else { found };
        assert_eq!(organisation(name), found, "{name}");
    }
}

/// What is looked at today, and from where.
fn facts(ipv6: Family) -> Facts {
    let vantage = Vantage {
        resolvers: Vec::new(),
        roots: Roots { name: "mozilla".to_owned(), count: 0, sha256: Fingerprint::of(b"") },
        ipv4: Family::Available,
        ipv6,
        helo: "here.example".to_owned(),
        means: Means::default(),
    };
    Facts::nothing(name("shop.example"), day(40), vantage)
}

/// A day's checks from a vantage.
fn look(number: i64, from: &str, given: &[&str], proven: &[&str], broken: &[&str]) -> Day {
    let list = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Day {
        day: day(number).to_zoned(jiff::tz::TimeZone::UTC).date(),
        vantage: from.to_owned(),
        times: 1,
        first_at: day(number),
        last_at: day(number),
        proven: list(proven),
        broken: list(broken),
        given: list(given),
    }
}

const ONE: &str = "mx1.shop.example 192.0.2.1";
const SIX: &str = "mx1.shop.example 2001:db8::1";
const TWO: &str = "mx2.shop.example 192.0.2.2";
const OTHER: &str = "mx2.shop.example 192.0.2.3";

/// The days of the month that were clean, and the last one that was broken.
fn clean(past: &History, ipv6: Family) -> (Vec<i8>, Option<i8>) {
    let checked = checked(past, &live_mx(), &facts(ipv6));
    (checked.clean.into_iter().map(jiff::civil::Date::day).collect(), checked.broken.map(jiff::civil::Date::day))
}

fn looked(days: Vec<Day>) -> History {
    History { days, ..past(Vec::new()) }
}

#[test]
fn a_day_is_clean_when_every_address_that_dns_gave_was_proven() {
    let four = &[ONE, TWO];
    let both = &[ONE, SIX, TWO];
    let history = looked(vec![
        look(1, "a", four, four, &[]),
        look(2, "a", four, &[ONE], &[]),
        look(6, "a", both, four, &[]),
        look(7, "a", both, &[ONE, SIX], &[]),
        look(7, "b", four, four, &[]),
        look(8, "a", &[ONE], &[ONE], &[]),
        // Pools take turns: each day has its own addresses.
        look(10, "a", &[ONE, SIX, OTHER], &[ONE, SIX, OTHER], &[]),
        look(11, "a", both, both, &[]),
        look(12, "a", &[], &[], &[]),
    ]);
    assert_eq!(clean(&history, Family::Available), (vec![2, 8, 11, 12], None), "one vantage makes up for another");
    assert_eq!(clean(&history, Family::NoRoute).0, [2, 7, 8, 11, 12], "a family that this vantage does not have is not asked for");
    assert_eq!(clean(&history, Family::SwitchedOff).0, [2, 8, 11, 12], "one that was switched off is");
    assert!(checked(&history, &BTreeSet::new(), &facts(Family::Available)).clean.is_empty(), "no host is no proof");
}

#[test]
fn what_was_clean_before_something_broke_says_nothing() {
    let all = &[ONE, TWO];
    let days = || vec![look(1, "a", all, all, &[]), look(2, "a", all, all, &[]), look(5, "a", all, all, &[])];
    let with = |more: Day| clean(&looked([days(), vec![more]].concat()), Family::Available);
    assert_eq!(with(look(4, "a", all, &[ONE], &[])), (vec![2, 3, 6], None), "what could not be proven is not broken");
    assert_eq!(with(look(4, "a", all, &[ONE], &[TWO])), (vec![6], Some(5)));
    assert_eq!(with(look(2, "b", all, &[ONE], &[TWO])), (vec![6], Some(3)), "the same day, seen from elsewhere");
    assert_eq!(with(look(5, "b", all, all, &[TWO])), (vec![], Some(6)), "broken and mended on one day");
    assert_eq!(with(look(4, "a", all, all, &["mx9.shop.example 192.0.2.9"])), (vec![2, 3, 5, 6], None), "it is no MX host now");
}

#[test]
fn checks_of_another_standard_say_nothing() {
    let all = &[ONE, TWO];
    let history = looked(vec![
        look(1, "helo a; roots mozilla", all, all, &[]),
        look(2, "helo a; roots ca.pem", all, all, &[]),
        look(3, "helo a; roots mozilla; port 587", all, all, &[]),
        look(4, "helo a; roots tiny.pem", all, &[], all),
    ]);
    assert_eq!(clean(&history, Family::Available), (vec![2], None));
}

#[test]
fn rows_of_earlier_versions_are_held_against_the_addresses_seen_around_them() {
    let address = |text: &str, first, last| (Seen::Address { address: text.parse().expect("an address") }, first, last);
    let mut history = past(vec![
        (Kind::Address, "mx1.shop.example A", vec![address("192.0.2.1", 0, 30)]),
        (Kind::Address, "mx2.shop.example A", vec![address("192.0.2.2", 0, 8), address("192.0.2.3", 9, 30)]),
    ]);
    history.days = vec![
        look(1, "a", &[], &[ONE, TWO], &[]),
        look(4, "a", &[], &[ONE], &[]),
        look(5, "a", &[], &[ONE, TWO], &[]),
        look(6, "a", &[], &[], &[]),
        look(10, "a", &[], &[ONE, OTHER], &[]),
    ];
    assert_eq!(clean(&history, Family::Available), (vec![6, 11], Some(5)), "what was not proven beside others may have been broken");
}

#[test]
fn an_organisation_that_writes_itself_otherwise_is_the_same() {
    let changes = |from: &'static str, to: &'static str| {
        let spans = vec![(chain("a", Some(from)), 0, 9), (chain("b", Some(to)), 10, 30)];
        changed(&past(vec![(Kind::Chain, "mx1.shop.example 192.0.2.1 rsa", spans)])).len()
    };
    for (from, to, number) in [
        ("C=US, O=Root, Inc., CN=Old", "O=Root Inc, CN=R", 0),
        ("O=DigiCert Inc, CN=G2", "O=DigiCert, Inc., CN=G5", 0),
        ("O=Trust S.A., CN=1", "O=TRUST SA, CN=2", 0),
        ("O=Trust One, CN=1", "O=Trust Two, CN=1", 1),
        ("O=Inc., CN=1", "O=Ltd, CN=1", 1),
    ] {
        assert_eq!(changes(from, to), number, "{from} to {to}");
    }
}

#[test]
fn a_chain_seen_under_other_roots_is_no_change() {
    let spans = || vec![(chain("a", Some("O=Trust One, CN=1")), 0, 30), (chain("a", Some("O=Own, CN=1")), 10, 10)];
    let mut history = past(vec![(Kind::Chain, "mx1.shop.example 192.0.2.1 rsa", spans())]);
    assert_eq!(changed(&history), [(What::Root(name(MX1)), day(10))]);
    history.days = vec![look(10, "helo a; roots own.pem", &[], &[], &[])];
    assert_eq!(changed(&history), []);
}

#[test]
fn since_when_a_host_serves_what_it_serves() {
    const FIRST: &str = "mx1.shop.example 192.0.2.1 rsa";
    const SECOND: &str = "mx1.shop.example 192.0.2.9 rsa";
    let since = |subjects| served_since(&past(subjects), &name(MX1), &Standard::of(&facts(Family::Available)));
    let (old, new, newer) = (|last| (chain("old", None), 0, last), |first| (chain("new", None), first, 30), (chain("newer", None), 20, 30));
    assert_eq!(since(vec![(Kind::Chain, FIRST, vec![old(9), new(10)])]), Some(day(10)));
    assert_eq!(since(vec![(Kind::Chain, FIRST, vec![new(10)])]), None, "what it served before nobody saw");
    assert_eq!(since(vec![(Kind::Chain, FIRST, vec![old(9), new(10)]), (Kind::Chain, SECOND, vec![old(30)])]), None, "one did not change");
    assert_eq!(since(vec![(Kind::Chain, FIRST, vec![old(9), new(10)]), (Kind::Chain, SECOND, vec![old(19), newer])]), Some(day(10)));
    assert_eq!(since(vec![(Kind::Chain, FIRST, vec![old(30), new(10)])]), None, "the old one still takes its turn");
}

#[test]
fn since_when_a_host_is_where_it_is() {
    let address = |text: &str, first, last| (Seen::Address { address: text.parse().expect("an address") }, first, last);
    let since = |spans| moved_since(&past(vec![(Kind::Address, "mx1.shop.example A", spans)]), &name(MX1));
    assert_eq!(since(vec![address("192.0.2.1", 0, 9), address("192.0.2.2", 10, 30)]), Some(day(10)));
    assert_eq!(since(vec![address("192.0.2.1", 0, 30), address("192.0.2.2", 10, 30)]), None, "an address more is no other place");
    assert_eq!(since(vec![address("192.0.2.1", 0, 30)]), None);
    assert_eq!(
        since(vec![address("192.0.2.1", 0, 29), address("192.0.2.2", 30, 30)]),
        None,
        "a single look may have met a pool's other half"
    );
    assert_eq!(since(vec![address("192.0.2.1", 0, 20), address("192.0.2.2", 10, 30)]), None, "they take turns");
}
