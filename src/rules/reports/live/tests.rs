use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::evidence::past::Held;
use crate::model::facts::policy::Fetch;
use crate::model::facts::servers::MxHost;
use crate::model::finding::{Evidence, EvidenceKind};
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{Day, History, Span, Subject};
use crate::model::looked::{Failure, Looked};
use crate::model::rule::{Rule, Severity};
use crate::model::settings::Settings;
use crate::rules::fixture::{self, name, no_addresses, seen};
use crate::rules::{cert, fetch, mx, starttls};
use crate::wire::smtp::Reply;

const HOST: &str = "mx1.example.com";

fn now() -> Timestamp {
    fixture::NOW.parse().expect("a time")
}

fn ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

fn date(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn probe(connect: Looked<u64>) -> Probe {
    Probe::begun([192, 0, 2, 1].into(), 25, now(), connect)
}

/// example.com, each of whose hosts was probed up to EHLO inside TLS.
fn probed() -> Facts {
    let mut facts = fixture::facts();
    for host in facts.servers.iter_mut().flatten() {
        let ehlo_after = Some(Looked::Seen(Reply::new(250, vec!["mx".to_owned()])));
        host.probes = vec![Probe { ehlo_after, ..probe(Looked::Seen(3)) }];
    }
    facts
}

fn live(facts: &Facts, past: Option<History>, live_mx: &[&str], now: Timestamp, sheet: &Sheet) -> Live {
    let settings = Settings::default();
    let case = Case { facts, now, settings: &settings, body: None, policy: None, past, held: Held::default() };
    of(&case, &live_mx.iter().map(|host| name(host)).collect(), None, sheet)
}

/// Whether the host counts as proven, and today as a clean day of it.
fn found(facts: &Facts, sheet: &Sheet) -> (bool, bool) {
    let live = live(facts, None, &[HOST], now(), sheet);
    (live.proven.contains(&name(HOST)), live.clean_days.contains(&date(now())))
}

fn evidence() -> Evidence {
    Evidence::new(EvidenceKind::Tls, "seen")
}

fn broken(rule: &'static Rule, subject: &str, severity: Severity) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.broken(rule, subject, "it is so", evidence()).severity(severity);
    sheet
}

fn unseen(rule: &'static Rule, subject: &str) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.undetermined(rule, subject, "nobody knows", evidence()).severity(Severity::Blocker);
    sheet
}

#[test]
fn a_host_is_proven_by_a_whole_dialogue_at_every_address() {
    let no_route = || probe(Looked::Failed(Failure::new(FailureKind::NoRoute, "no IPv6")));
    let with = |spoil: &dyn Fn(&mut MxHost)| {
        let mut facts = probed();
        spoil(&mut facts.servers.as_mut().expect("they were probed")[0]);
        found(&facts, &Sheet::default())
    };
    let sixth = [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1];
    assert_eq!(with(&|_| {}), (true, true));
    assert_eq!(with(&|host| host.probes.clear()), (false, false));
    assert_eq!(with(&|host| (host.addresses, host.probes) = (no_addresses(), Vec::new())), (false, false), "it has no address");
    assert_eq!(with(&|host| host.addresses_left_out = 1), (false, false), "an address too many to be probed");
    assert_eq!(with(&|host| host.probes[0].ehlo_after = None), (false, false), "the dialogue was cut off");
    let second = |host: &mut MxHost| host.addresses.v4 = seen(vec![[192, 0, 2, 1].into(), [192, 0, 2, 9].into()]);
    assert_eq!(with(&second), (false, false), "an address that nobody asked");
    let of_both = |host: &mut MxHost| {
        host.addresses.v6 = seen(vec![sixth.into()]);
        host.probes.push(Probe { address: std::net::IpAddr::from(sixth), ..no_route() });
    };
    assert_eq!(with(&of_both), (false, true), "a day is clean by what this vantage can ask");
    assert_eq!(with(&|host| host.probes = vec![no_route()]), (false, false), "there is no way from here");
}

#[test]
fn a_host_is_proven_only_where_nothing_that_the_answer_needs_stands_against_it() {
    let here = format!("{HOST} 192.0.2.1 ecdsa");
    for (what, sheet, clean) in [
        ("an expired certificate", broken(&cert::EXPIRED, &here, Severity::Blocker), false),
        ("no pattern that covers it", broken(&mx::UNCOVERED, HOST, Severity::Blocker), false),
        ("a warning", broken(&cert::CHAIN_ORDER, &here, Severity::Warning), true),
        ("what could not be looked at", unseen(&starttls::UNREACHABLE, &here), false),
        ("a fault of another host", broken(&cert::EXPIRED, "mx2.example.com 192.0.2.1 ecdsa", Severity::Blocker), true),
        ("a fault of the policy host", broken(&fetch::TLS, HOST, Severity::Blocker), true),
    ] {
        assert_eq!(found(&probed(), &sheet), (clean, clean), "{what}");
    }
}

#[test]
fn a_day_is_clean_unless_a_check_of_the_same_day_saw_an_address_broken() {
    let clean = |live_mx: &[&str], broken_on: Option<Timestamp>| {
        let row = |at| Day {
            day: date(at),
            vantage: "roots mozilla".to_owned(),
            times: 1,
            first_at: at,
            last_at: at,
            proven: Vec::new(),
            broken: vec![format!("{HOST} 192.0.2.1")],
            given: vec![format!("{HOST} 192.0.2.1")],
        };
        let past = History { days: broken_on.map(row).into_iter().collect(), ..History::nothing(name("example.com")) };
        !live(&probed(), Some(past), live_mx, now(), &Sheet::default()).clean_days.is_empty()
    };
    assert!(clean(&[HOST], None));
    assert!(clean(&[HOST], Some(ago(1))), "it was mended");
    assert!(!clean(&[HOST], Some(ago(0))), "it may break again as it did this morning");
    assert!(!clean(&[], None), "without a host nothing was proven");
    assert!(!clean(&[HOST, "mx3.example.com"], None), "a host that nobody asked");
}

#[test]
fn a_change_counts_from_when_it_was_seen() {
    let records = |hosts: &[&str]| Seen::Mx { records: fixture::mx(hosts).seen().expect("seen").value.clone() };
    let spans = vec![
        Span { seen: records(&["old.example.com"]), first_seen: ago(30), last_seen: ago(6) },
        Span { seen: records(&[HOST]), first_seen: ago(5), last_seen: ago(1) },
    ];
    let subject = Subject { kind: Kind::Mx, name: "example.com".to_owned(), looked_at: ago(1), spans };
    let past = || Some(History { subjects: vec![subject.clone()], ..History::nothing(name("example.com")) });
    let changed = |now| live(&probed(), past(), &[HOST], now, &Sheet::default()).changed.map(|change| change.at);
    assert_eq!(changed(now()), Some(ago(5)));
    assert_eq!(changed(ago(5)), Some(ago(5)));
    assert_eq!(changed(ago(6)), None, "judged as of a day before it");
}

#[test]
fn a_fault_seen_here_is_one_that_senders_report_by_their_own_words() {
    for (rule, result_types) in [
        (&starttls::MISSING, &["starttls-not-supported"][..]),
        (&starttls::REJECTED, &["starttls-not-supported"]),
        (&starttls::HANDSHAKE, &["validation-failure"]),
        (&starttls::LEGACY, &["validation-failure"]),
        (&mx::UNCOVERED, &["validation-failure"]),
        (&cert::NAME_MISMATCH, &["certificate-host-mismatch"]),
        (&cert::NO_SAN, &["certificate-host-mismatch"]),
        (&cert::EXPIRED, &["certificate-expired", "certificate-not-trusted"]),
        (&cert::SELF_SIGNED, &["certificate-not-trusted"]),
        (&cert::CHAIN_INCOMPLETE, &["certificate-not-trusted"]),
        (&cert::WEAK_SIGNATURE, &["certificate-not-trusted"]),
        (&starttls::SLOW, &[]),
    ] {
        let subject = format!("{HOST} 192.0.2.1");
        let faults = live(&probed(), None, &[HOST], now(), &broken(rule, &subject, Severity::Blocker)).faults;
        assert_eq!(faults, result_types.iter().map(|result_type| (name(HOST), *result_type)).collect(), "{}", rule.code);
        let open = live(&probed(), None, &[HOST], now(), &unseen(rule, &subject)).faults;
        assert_eq!(open, BTreeSet::new(), "{}: nobody saw it", rule.code);
    }
}

#[test]
fn the_policy_is_proven_where_it_was_served_and_nothing_stands_against_it() {
    let answered = |status, sheet: &Sheet| {
        let mut facts = probed();
        let response = crate::model::facts::policy::Response { status, ..crate::model::fixture::served(fixture::POLICY) };
        facts.policy.as_mut().expect("it has one").fetches = vec![Fetch {
            address: [192, 0, 2, 1].into(),
            at: now(),
            agent: "test".to_owned(),
            elapsed_ms: 1,
            connect: Looked::Seen(1),
            tls: None,
            response: Some(Looked::Seen(response)),
        }];
        let live = live(&facts, None, &[HOST], now(), sheet);
        (live.policy_proven, live.policy_fault)
    };
    let host = "mta-sts.example.com";
    assert_eq!(answered(200, &Sheet::default()), (true, false));
    assert_eq!(answered(404, &Sheet::default()), (false, false));
    assert_eq!(answered(200, &broken(&fetch::TLS, host, Severity::Blocker)), (false, true));
    assert_eq!(answered(200, &unseen(&fetch::CONNECT, host)), (false, false));
    assert_eq!(answered(200, &broken(&cert::EXPIRED, HOST, Severity::Blocker)), (true, false), "a fault of an MX host is none of it");
}
