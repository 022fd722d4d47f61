use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{What, changes, clean_days, organisation};
use crate::model::facts::dns::MxRecord;
use crate::model::facts::vantage::{Family, Means, Roots, Vantage};
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{Day, History, Leaf, Span, Subject};
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
    changes(past, &live_mx(), Some(&policy::parse(POLICY))).into_iter().map(|change| (change.what, change.at)).collect()
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

fn vantage(ipv6: Family) -> Vantage {
    Vantage {
        resolvers: Vec::new(),
        roots: Roots { name: "mozilla".to_owned(), count: 0, sha256: Fingerprint::of(b"") },
        ipv4: Family::Available,
        ipv6,
        helo: "here.example".to_owned(),
        means: Means::default(),
    }
}

#[test]
fn a_day_is_clean_when_every_address_of_that_day_was_proven() {
    let address = |text: &str, first, last| (Seen::Address { address: text.parse().expect("an address") }, first, last);
    let mut past = past(vec![
        (Kind::Address, "mx1.shop.example A", vec![address("192.0.2.1", 0, 30)]),
        (Kind::Address, "mx1.shop.example AAAA", vec![address("2001:db8::1", 5, 30)]),
        (Kind::Address, "mx2.shop.example A", vec![address("192.0.2.2", 0, 8), address("192.0.2.3", 9, 30)]),
    ]);
    let look = |number: i64, from: &str, proven: &[&str]| Day {
        day: day(number).to_zoned(jiff::tz::TimeZone::UTC).date(),
        vantage: from.to_owned(),
        times: 1,
        first_at: day(number),
        last_at: day(number),
        proven: proven.iter().map(ToString::to_string).collect(),
    };
    let (first, second, moved, six) =
        ("mx1.shop.example 192.0.2.1", "mx2.shop.example 192.0.2.2", "mx2.shop.example 192.0.2.3", "mx1.shop.example 2001:db8::1");
    past.days = vec![
        look(1, "a", &[first, second]),
        look(2, "a", &[first]),
        look(6, "a", &[first, second]),
        look(7, "a", &[first, six]),
        look(7, "b", &[first, second]),
        look(10, "a", &[first, second, six]),
        look(11, "a", &[first, moved, six]),
        look(12, "a", &[]),
        look(40, "a", &[first, moved, six]),
    ];
    let days = |ipv6| {
        let clean = clean_days(&past, &live_mx(), &vantage(ipv6));
        clean.into_iter().map(jiff::civil::Date::day).collect::<Vec<_>>()
    };
    assert_eq!(days(Family::Available), [2, 8, 12], "one vantage makes up for another, and each day has its own addresses");
    assert_eq!(days(Family::NoRoute), [2, 7, 8, 12], "a family that this vantage does not have is not asked for");
    assert_eq!(clean_days(&past, &BTreeSet::new(), &vantage(Family::Available)), BTreeSet::new(), "no host is no proof");
}
