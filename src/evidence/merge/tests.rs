use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use super::*;
use crate::model::facts::dns::{MailFacts, MxRecord, TxtFacts, TxtRecord};
use crate::model::facts::policy::{Fetch, PolicyFacts};
use crate::model::facts::servers::{MxHost, MxSource, Probe};
use crate::model::facts::tls::{Path, TlsFacts, Trust};
use crate::model::facts::vantage::{Family, Means, Roots, Vantage};
use crate::model::facts::{Der, RecordFacts};
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{History, Span, Subject};
use crate::model::looked::{Absence, AbsenceKind, Answer, Failure, FailureKind};
use crate::model::settings::ADDRESS_CAP;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::smtp::Reply;

const HOST: &str = "mx1.example.com";

fn name(text: &str) -> Domain {
    Domain::from_dns(text)
}

/// A time, so many hours before the newest look.
fn hours_ago(hours: i64) -> Timestamp {
    let newest: Timestamp = "2026-11-22T09:00:00Z".parse().expect("a time");
    newest - SignedDuration::from_hours(hours)
}

fn address() -> IpAddr {
    IpAddr::from([192, 0, 2, 1])
}

/// Facts without any stage, from a vantage that is called `place`.
fn nothing(place: &str, hours: i64) -> Facts {
    let vantage = Vantage {
        resolvers: Vec::new(),
        roots: Roots { name: "mozilla".to_owned(), count: 0, sha256: Fingerprint::of(b"") },
        ipv4: Family::Available,
        ipv6: Family::NoRoute,
        helo: place.to_owned(),
        means: Means::default(),
    };
    Facts::nothing(name("example.com"), hours_ago(hours), vantage)
}

fn seen<T>(value: T) -> Looked<Answer<T>> {
    Looked::Seen(Answer { value, ttl: 300, via: Vec::new() })
}

fn absent<T>() -> Looked<T> {
    Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() })
}

fn failed<T>(kind: FailureKind) -> Looked<T> {
    Looked::Failed(Failure::new(kind, "could not look"))
}

fn addresses() -> AddressFacts {
    AddressFacts { v4: seen(vec![Ipv4Addr::new(192, 0, 2, 1)]), v6: absent() }
}

fn mail(mx: Looked<Answer<Vec<MxRecord>>>) -> MailFacts {
    MailFacts { mx, mx_total: None, own_addresses: None, parent_policy: None }
}

fn one_mx() -> Looked<Answer<Vec<MxRecord>>> {
    seen(vec![MxRecord { preference: 10, exchange: name(HOST) }])
}

/// What a probe met.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Met {
    Failure(FailureKind),
    /// A greeting with this code, and nothing further.
    Greeting(u16),
    /// EHLO without STARTTLS.
    WithoutStarttls,
    /// EHLO inside TLS, and a certificate as it should be.
    Tls,
    /// EHLO inside TLS, and a certificate from nowhere.
    Untrusted,
    /// A handshake that the server refused.
    Handshake,
    /// STARTTLS that was answered with this code.
    Starttls(u16),
}

/// The certificate of [`HOST`].
static LEAF: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec![HOST.to_owned()]).expect("parameters");
    params.self_signed(&key).expect("a certificate").der().to_vec()
});

fn tls(trusted: bool) -> TlsFacts {
    let chain = vec![Fingerprint::of(&LEAF)];
    let (not_before, not_after) = (hours_ago(24_000), hours_ago(-24_000));
    let path = Path { certificates: chain.clone(), root: "Root".to_owned(), not_before, not_after, refused: Vec::new() };
    let trust = if trusted { Trust { public: Some(path), ..Trust::none("") } } else { Trust::none("UnknownIssuer") };
    TlsFacts {
        version: "TLSv1.3".into(),
        suite: "TLS_AES_128_GCM_SHA256".into(),
        chain,
        trust,
        stapled: None,
        signature_problem: None,
        fetched: None,
    }
}

fn probe(met: Met, hours: i64) -> Probe {
    let reply = |code| Looked::Seen(Reply::new(code, vec!["mx".to_owned()]));
    let mut probe = Probe::begun(address(), 25, hours_ago(hours), Looked::Seen(1));
    match met {
        Met::Failure(kind) => probe.connect = failed(kind),
        Met::Greeting(code) => probe.greeting = Some(reply(code)),
        Met::WithoutStarttls => (probe.greeting, probe.ehlo) = (Some(reply(220)), Some(reply(250))),
        Met::Tls | Met::Untrusted => {
            (probe.greeting, probe.ehlo, probe.ehlo_after) = (Some(reply(220)), Some(reply(250)), Some(reply(250)));
            probe.tls = Some(Looked::Seen(tls(met == Met::Tls)));
        }
        Met::Handshake => (probe.greeting, probe.tls) = (Some(reply(220)), Some(failed(FailureKind::TlsAlert))),
        Met::Starttls(code) => (probe.greeting, probe.starttls) = (Some(reply(220)), Some(reply(code))),
    }
    probe
}

/// The MX host as one look met it.
fn servers(place: &str, met: Met, hours: i64) -> Facts {
    let host = MxHost {
        name: name(HOST),
        source: MxSource::Record,
        preference: Some(10),
        addresses: addresses(),
        probes: vec![probe(met, hours)],
        dane: None,
        addresses_left_out: 0,
    };
    let certificates = BTreeMap::from([(Fingerprint::of(&LEAF), Der(LEAF.clone()))]);
    Facts { mail: Some(mail(one_mx())), servers: Some(vec![host]), certificates, ..nothing(place, hours) }
}

/// The one probe of merged facts.
fn only(facts: &Facts) -> &Probe {
    let [host] = facts.servers.as_deref().expect("servers") else { panic!("one host") };
    let [probe] = host.probes.as_slice() else { panic!("one probe") };
    probe
}

#[test]
fn one_look_stays_as_it_is_also_if_it_is_named_twice() {
    let one = servers("a", Met::Tls, 0);
    assert_eq!(merge(vec![one.clone()]), Some(one.clone()));
    assert_eq!(merge(vec![one.clone(), one.clone()]), Some(one));
    assert_eq!(merge(Vec::new()), None);
}

#[test]
fn what_could_not_be_seen_is_filled_and_what_was_seen_is_not() {
    use FailureKind::{Denied, NoRoute, Proxy, Refused, SwitchedOff, Timeout, Unreachable};
    let subject = format!("{HOST} {}", address());
    for (here, there, hours, expected, gave, proved, too_old) in [
        // Nothing came back here, whatever the reason: the other one knows more.
        (Met::Failure(Timeout), Met::Tls, 1, Met::Tls, true, false, false),
        (Met::Failure(NoRoute), Met::Tls, 1, Met::Tls, true, false, false),
        (Met::Failure(SwitchedOff), Met::Tls, 1, Met::Tls, true, false, false),
        (Met::Failure(Unreachable), Met::Tls, 1, Met::Tls, true, false, false),
        (Met::Failure(Denied), Met::Tls, 1, Met::Tls, true, false, false),
        (Met::Failure(Proxy), Met::Tls, 72, Met::Tls, true, false, false),
        // A fault that was seen there counts as a success would.
        (Met::Failure(Timeout), Met::WithoutStarttls, 1, Met::WithoutStarttls, true, false, false),
        // Too long ago.
        (Met::Failure(Timeout), Met::Tls, 73, Met::Failure(Timeout), false, false, true),
        // A fault that was seen is never covered by an older success; that it worked there is remembered.
        (Met::WithoutStarttls, Met::Tls, 1, Met::WithoutStarttls, false, true, false),
        (Met::Handshake, Met::Tls, 1, Met::Handshake, false, true, false),
        (Met::Starttls(454), Met::Tls, 1, Met::Starttls(454), false, true, false),
        // With a certificate that senders refuse it did not work there either.
        (Met::Handshake, Met::Untrusted, 1, Met::Handshake, false, false, false),
        // What was said before TLS is no verdict, and covers none.
        (Met::Greeting(421), Met::Tls, 1, Met::Tls, true, false, false),
        (Met::Greeting(554), Met::Untrusted, 1, Met::Untrusted, true, false, false),
        (Met::Greeting(421), Met::WithoutStarttls, 1, Met::WithoutStarttls, true, false, false),
        (Met::Greeting(421), Met::Handshake, 1, Met::Handshake, true, false, false),
        (Met::Greeting(421), Met::Starttls(454), 1, Met::Starttls(454), true, false, false),
        (Met::Starttls(421), Met::WithoutStarttls, 1, Met::WithoutStarttls, true, false, false),
        (Met::Failure(Refused), Met::Untrusted, 1, Met::Untrusted, true, false, false),
        (Met::Failure(Refused), Met::Tls, 73, Met::Failure(Refused), false, false, true),
        (Met::Greeting(421), Met::Failure(Timeout), 1, Met::Greeting(421), false, false, false),
        (Met::Failure(Timeout), Met::Greeting(421), 1, Met::Greeting(421), true, false, false),
        // The newer success is the truth of today.
        (Met::Tls, Met::WithoutStarttls, 1, Met::Tls, false, false, false),
        (Met::Failure(Timeout), Met::Failure(NoRoute), 1, Met::Failure(Timeout), false, false, false),
    ] {
        let case = format!("{here:?} here, {there:?} there {hours} h ago");
        let files = vec![servers("there", there, hours), servers("here", here, 0)];
        let merged = merge(files).expect("facts");
        assert_eq!((merged.vantage.helo.as_str(), merged.observed_at), ("here", hours_ago(0)), "{case}");
        let own = if expected == here { 0 } else { hours };
        assert_eq!(*only(&merged), probe(expected, own), "{case}");
        let [other] = merged.others.as_slice() else { panic!("one other vantage: {case}") };
        assert_eq!(other.vantage.helo, "there");
        assert_eq!((other.gave.contains(&subject), other.proved.contains(&subject)), (gave, proved), "{case}: {other:?}");
        assert_eq!(!other.too_old.is_empty(), too_old || hours > 72, "{case}: {other:?}");
        assert_eq!(merged.proven_elsewhere(&subject).is_some(), proved, "{case}");
    }
}

#[test]
fn the_order_of_the_files_does_not_matter() {
    let files = [
        servers("a", Met::Failure(FailureKind::Timeout), 0),
        servers("b", Met::Tls, 5),
        servers("c", Met::WithoutStarttls, 9),
        nothing("d", 20),
    ];
    let forth = merge(files.to_vec());
    let back = merge(files.iter().rev().cloned().collect());
    assert_eq!(forth, back);
    let forth = forth.expect("facts");
    assert_eq!(*only(&forth), probe(Met::Tls, 5));
    assert_eq!(forth.others.iter().map(|other| other.vantage.helo.as_str()).collect::<Vec<_>>(), ["b", "c", "d"]);
    // Merged once, and then with what it had been merged from: nothing is added.
    let again = merge(vec![forth.clone(), files[1].clone()]).expect("facts");
    assert_eq!((only(&again), again.vantage.helo.as_str()), (only(&forth), "a"));
}

#[test]
fn stages_come_from_whoever_looked_at_them() {
    let record = |text: Looked<Answer<Vec<TxtRecord>>>| {
        let txt = TxtFacts { name: name("_smtp._tls.example.com"), answer: text, elsewhere: Vec::new() };
        Some(RecordFacts { txt, targets: Vec::new() })
    };
    let text = |text: &str| seen(vec![TxtRecord { strings: vec![text.to_owned()] }]);
    let probed = servers("there", Met::Tls, 3);
    let here = Facts { record: record(text("new")), mail: Some(mail(one_mx())), ..nothing("here", 0) };
    let merged = merge(vec![probed.clone(), here]).expect("facts");
    assert_eq!((merged.record, &merged.servers), (record(text("new")), &probed.servers));
    assert_eq!(merged.others[0].gave, ["mx".to_owned(), format!("{HOST} {}", address())]);

    // A lookup that failed here was answered there; an answer of "no such record" is one.
    for (here, there, expected) in [
        (failed(FailureKind::ServFail), text("old"), text("old")),
        (absent(), text("old"), absent()),
        (text("new"), text("old"), text("new")),
        (failed(FailureKind::ServFail), failed(FailureKind::Timeout), failed(FailureKind::ServFail)),
    ] {
        let files = vec![Facts { record: record(there), ..nothing("there", 1) }, Facts { record: record(here), ..nothing("here", 0) }];
        assert_eq!(merge(files).expect("facts").record, record(expected));
    }
}

#[test]
fn a_stage_older_than_three_days_is_not_used_and_that_is_said() {
    let files = vec![servers("there", Met::Tls, 73), nothing("here", 0)];
    let merged = merge(files).expect("facts");
    assert_eq!((merged.servers, merged.mail), (None, None));
    assert_eq!(merged.others[0].too_old, ["dns", "mx"]);
    assert!(merged.others[0].gave.is_empty());
}

#[test]
fn hosts_asked_for_by_name_do_not_replace_the_mx_set_but_their_probes_count() {
    let mut asked = servers("there", Met::Tls, 1);
    asked.mail = None;
    for host in asked.servers.iter_mut().flatten() {
        host.source = MxSource::Asked;
        host.preference = None;
    }
    asked.certificates.insert(Fingerprint::of(b"x"), Der(b"x".to_vec()));
    let here = servers("here", Met::Failure(FailureKind::Timeout), 2);
    let merged = merge(vec![asked.clone(), here]).expect("facts");
    assert_eq!(merged.servers.as_ref().map(|hosts| hosts[0].source), Some(MxSource::Record));
    assert_eq!(*only(&merged), probe(Met::Tls, 1));
    assert!(merged.certificates.contains_key(&Fingerprint::of(b"x")), "certificates are united");
    // Alone they stand for themselves.
    let alone = merge(vec![asked, nothing("here", 0)]).expect("facts");
    assert_eq!(alone.servers.as_ref().map(|hosts| hosts[0].source), Some(MxSource::Asked));
}

#[test]
fn the_mx_set_is_that_of_who_could_look_it_up() {
    let there = servers("there", Met::Tls, 1);
    let here = Facts { mail: Some(mail(failed(FailureKind::ServFail))), servers: Some(Vec::new()), ..nothing("here", 0) };
    let merged = merge(vec![there.clone(), here]).expect("facts");
    assert_eq!((merged.servers, merged.mail), (there.servers, there.mail));
}

fn fetched(connect: Looked<u64>, body: Option<&str>, hours: i64) -> Fetch {
    let response = body.map(|body| Looked::Seen(crate::model::fixture::served(body)));
    Fetch { address: address(), at: hours_ago(hours), agent: "test".to_owned(), elapsed_ms: 1, connect, tls: None, response }
}

fn policy(place: &str, fetch: Fetch, hours: i64) -> Facts {
    let policy = PolicyFacts {
        txt: TxtFacts { name: name("_mta-sts.example.com"), answer: absent(), elsewhere: Vec::new() },
        host: name("mta-sts.example.com"),
        addresses: addresses(),
        addresses_left_out: 0,
        fetches: vec![fetch],
        by_agent: Vec::new(),
        draft: None,
        pattern_domains: std::collections::BTreeMap::new(),
        https_witness: None,
    };
    Facts { policy: Some(policy), ..nothing(place, hours) }
}

fn with_tls(tls: Looked<TlsFacts>) -> Fetch {
    Fetch { tls: Some(tls), ..fetched(Looked::Seen(1), None, 0) }
}

#[test]
fn a_fetch_that_met_nothing_is_filled_alike() {
    for (here, expected) in [
        (fetched(failed(FailureKind::Timeout), None, 0), "there"),
        (fetched(failed(FailureKind::Proxy), None, 0), "there"),
        (fetched(failed(FailureKind::Refused), None, 0), "here"),
        (fetched(Looked::Seen(1), Some("here"), 0), "here"),
        // Cut off after the connection.
        (fetched(Looked::Seen(1), None, 0), "there"),
        (with_tls(failed(FailureKind::Timeout)), "there"),
        (with_tls(failed(FailureKind::TlsAlert)), "here"),
        (with_tls(Looked::Seen(tls(false))), "here"),
    ] {
        let there = fetched(Looked::Seen(1), Some("there"), 1);
        let merged = merge(vec![policy("here", here.clone(), 0), policy("there", there.clone(), 1)]).expect("facts");
        let fetches = merged.policy.expect("a policy").fetches;
        assert_eq!(fetches, [if expected == "here" { here } else { there }]);
    }
}

#[test]
fn an_address_that_is_gone_from_dns_is_gone() {
    let mut there = servers("there", Met::Tls, 1);
    for host in there.servers.iter_mut().flatten() {
        host.addresses.v4 = seen(vec![Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)]);
        let mut gone = host.probes[0].clone();
        gone.address = IpAddr::from([192, 0, 2, 2]);
        host.probes.push(gone);
    }
    let here = servers("here", Met::Tls, 0);
    assert_eq!(merge(vec![there, here.clone()]).expect("facts").servers, here.servers);
}

/// TLS from the start at another port is no probe of an MX host, though the name is the same.
#[test]
fn a_certificate_watched_at_another_port_fills_no_probe() {
    let mut here = servers("here", Met::Tls, 0);
    let mut there = servers("there", Met::Tls, 1);
    for probe in there.servers.iter_mut().flatten().flat_map(|host| &mut host.probes) {
        (probe.port, probe.tls_first) = (443, true);
    }
    for silent in [Vec::new(), vec![probe(Met::Failure(FailureKind::Timeout), 0)]] {
        here.servers.as_mut().expect("servers")[0].probes = silent.clone();
        let merged = merge(vec![here.clone(), there.clone()]).expect("facts");
        let host = &merged.servers.expect("servers")[0];
        assert_eq!(host.probes, silent);
        assert_eq!(host.unprobed().len(), usize::from(silent.is_empty()));
    }
}

#[test]
fn looks_under_other_roots_are_named_unless_they_are_too_old_to_fill_anything() {
    let mut there = servers("there", Met::Tls, 1);
    let here = nothing("here", 0);
    assert_eq!(other_roots(&[here.clone(), there.clone()]), None);
    there.vantage.roots = Roots { name: "lab.pem".to_owned(), count: 1, sha256: Fingerprint::of(b"lab") };
    for files in [[here.clone(), there.clone()], [there.clone(), here.clone()]] {
        assert_eq!(other_roots(&files), Some((&here.vantage.roots, &there.vantage.roots)));
    }
    there.observed_at = hours_ago(73);
    assert_eq!(other_roots(&[here, there]), None);
}

/// Merged facts, saved and merged again a month later: what a third vantage proved then says nothing now.
#[test]
fn what_was_proved_long_ago_proves_nothing() {
    let subject = format!("{HOST} {}", address());
    for (hours, proven) in [(72, true), (73, false)] {
        let merged = merge(vec![servers("there", Met::Tls, hours), servers("between", Met::Handshake, 2)]).expect("facts");
        assert_eq!(merged.proven_elsewhere(&subject).is_some(), hours <= 74);
        let again = merge(vec![merged, servers("here", Met::Handshake, 0)]).expect("facts");
        assert_eq!(again.proven_elsewhere(&subject).is_some(), proven, "{hours} h");
    }
}

/// Who gave what is told of the look that made it, also where its facts came in by way of another's; and only while it is so.
#[test]
fn a_probe_that_was_lent_on_is_of_who_made_it() {
    let subject = format!("{HOST} {}", address());
    let lent = merge(vec![servers("there", Met::Tls, 5), servers("between", Met::Failure(FailureKind::Timeout), 4)]).expect("facts");
    let givers = |facts: &Facts| -> Vec<String> {
        let givers = facts.others.iter().filter(|other| other.gave.contains(&subject));
        givers.map(|other| other.vantage.helo.clone()).collect()
    };
    let blind = merge(vec![lent.clone(), servers("here", Met::Failure(FailureKind::Timeout), 0)]).expect("facts");
    assert_eq!(givers(&blind), ["there"]);
    let sees = merge(vec![lent, servers("here", Met::Tls, 0)]).expect("facts");
    assert_eq!(givers(&sees), [""; 0]);
}

/// The addresses of the policy host may be another look's: how many are beyond the cap is counted again.
#[test]
fn addresses_beyond_the_cap_are_counted_again() {
    let mut here = policy("here", fetched(failed(FailureKind::Timeout), None, 0), 0);
    let mut there = policy("there", fetched(Looked::Seen(1), Some("there"), 1), 1);
    here.policy.as_mut().expect("a policy").addresses = AddressFacts { v4: failed(FailureKind::ServFail), v6: absent() };
    let many = (1..=40).map(|last| Ipv4Addr::new(192, 0, 2, last)).collect();
    there.policy.as_mut().expect("a policy").addresses = AddressFacts { v4: seen(many), v6: absent() };
    let merged = merge(vec![here, there]).expect("facts").policy.expect("a policy");
    assert_eq!(merged.addresses_left_out, 40 - ADDRESS_CAP);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn met() -> impl Strategy<Value = Met> {
        prop_oneof![
            Just(Met::Failure(FailureKind::Timeout)),
            Just(Met::Failure(FailureKind::NoRoute)),
            Just(Met::Failure(FailureKind::Refused)),
            Just(Met::Greeting(421)),
            Just(Met::WithoutStarttls),
            Just(Met::Tls),
            Just(Met::Untrusted),
            Just(Met::Handshake),
        ]
    }

    proptest! {
        /// Whatever is merged: a probe is one of those given, and one that reached a verdict is replaced neither by an older one nor by
        /// a newer one that reached none.
        #[test]
        fn no_success_covers_a_newer_fault(looks in proptest::collection::vec((met(), 0_i64..100), 1..6)) {
            let newest = looks.iter().map(|(_, hours)| *hours).min().unwrap_or(0);
            let files: Vec<Facts> = looks.iter().map(|(met, hours)| servers("x", *met, *hours)).collect();
            let merged = merge(files).expect("facts");
            let chosen = only(&merged);
            prop_assert!(looks.iter().any(|(met, hours)| probe(*met, *hours) == *chosen));
            let silent = |met: &Met| matches!(met, Met::Failure(FailureKind::Timeout | FailureKind::NoRoute));
            let told = |met: &Met| matches!(met, Met::WithoutStarttls | Met::Tls | Met::Untrusted | Met::Handshake);
            let best = |counts: &dyn Fn(&Met) -> bool| {
                looks.iter().filter(|(met, hours)| counts(met) && *hours <= newest + 72).map(|(_, hours)| *hours).min()
            };
            let best = best(&told).or_else(|| best(&|met| !silent(met)));
            prop_assert_eq!(chosen.at, hours_ago(best.unwrap_or(newest)));
        }
    }
}

/// A history of the MX records, which hold these hosts since so many hours before the newest look.
fn remembering(hosts: &[(&str, i64, i64)], looked_at: i64) -> History {
    let span = |(host, first, last): &(&str, i64, i64)| Span {
        seen: Seen::Mx { records: vec![MxRecord { preference: 10, exchange: name(host) }] },
        first_seen: hours_ago(*first),
        last_seen: hours_ago(*last),
    };
    let subject = Subject {
        kind: Kind::Mx,
        name: "example.com".to_owned(),
        looked_at: hours_ago(looked_at),
        spans: hosts.iter().map(span).collect(),
    };
    History { subjects: vec![subject], ..History::nothing(name("example.com")) }
}

#[test]
fn what_each_place_remembers_is_kept() {
    let old = Facts { history: Some(remembering(&[("a.example.com", 2_000, 100), ("b.example.com", 90, 24)], 24)), ..nothing("old", 20) };
    let new = Facts { history: Some(remembering(&[("b.example.com", 1, 1)], 1)), ..nothing("new", 0) };
    for all in [vec![old.clone(), new.clone()], vec![new.clone(), old.clone()]] {
        let history = merge(all).expect("facts").history.expect("a history");
        assert_eq!(history, remembering(&[("a.example.com", 2_000, 100), ("b.example.com", 90, 1)], 1), "a store of an hour hides no year");
    }
    let without = |facts: &Facts| Facts { history: None, ..facts.clone() };
    assert_eq!(merge(vec![old.clone(), without(&new)]).expect("facts").history, old.history, "whoever remembers");
    assert_eq!(merge(vec![without(&old), without(&new)]).expect("facts").history, None, "a look alone is no memory");
}

#[test]
fn what_an_older_look_saw_itself_is_of_the_past() {
    let records = vec![MxRecord { preference: 10, exchange: name("b.example.com") }];
    let old =
        Facts { mail: Some(mail(seen(records))), history: Some(remembering(&[("a.example.com", 2_000, 24)], 24)), ..nothing("old", 20) };
    let history = merge(vec![nothing("new", 0), old]).expect("facts").history.expect("a history");
    assert_eq!(history, remembering(&[("a.example.com", 2_000, 24), ("b.example.com", 20, 20)], 20));
}
