use jiff::SignedDuration;

use super::*;
use crate::decide::change::tests::facts;
use crate::evidence::reports::letters::{self, TESTING};
use crate::model::expiry::OnDisk;
use crate::model::facts::DiskFile;
use crate::model::facts::dns::AddressFacts;
use crate::model::looked::{Absence, AbsenceKind, FailureKind};
use crate::net::shelf::Shelf;
use crate::net::trust::fixture::{Ca, store};

const CUT_OFF: &str = "the dialogue with mx1.shop.example (192.0.2.1) is known only in part: the facts end before the TLS handshake";
const HERE: [u8; 4] = [192, 0, 2, 1];

/// shop.example, with a host beside its MX hosts.
fn domain() -> Facts {
    facts(TESTING, "1", "mx3.shop.example")
}

fn failure() -> Failure {
    Failure::new(FailureKind::Timeout, "no answer")
}

fn failed<T>() -> Looked<T> {
    Looked::Failed(failure())
}

fn absent<T>() -> Looked<T> {
    Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() })
}

fn probes(facts: &mut Facts, host: usize) -> &mut Vec<Probe> {
    &mut facts.servers.as_mut().expect("they were probed")[host].probes
}

fn fetches(facts: &mut Facts) -> &mut Vec<Fetch> {
    &mut facts.policy.as_mut().expect("it was looked at").fetches
}

/// A host serves this chain.
fn serving(mut facts: Facts, host: usize, root: &Ca, chain: &[Vec<u8>]) -> Facts {
    let shelf = Shelf::new();
    let prints = shelf.put(chain);
    facts.certificates.extend(shelf.take_for(&prints));
    let trust = store(&[&root.der], None).judge(chain);
    let Some(Looked::Seen(tls)) = &mut probes(&mut facts, host)[0].tls else { panic!("it has a handshake") };
    (tls.chain, tls.trust) = (prints, trust);
    facts
}

fn listed(all: &[Facts]) -> Expiry {
    let mut book = Book::default();
    for facts in all {
        book.add(facts, &Settings::default(), letters::now());
    }
    book.finish(Timestamp::UNIX_EPOCH)
}

/// The same under another name, which shares the servers.
fn sister(facts: &Facts) -> Facts {
    Facts { domain: Domain::from_dns("sister.example"), ..facts.clone() }
}

#[test]
fn every_place_is_listed_by_its_role_soonest_end_first() {
    let root = Ca::root("Root");
    let sooner = serving(domain(), 1, &root, &[root.leaf(&["mx2.shop.example"], 80..200)]);
    let listed = listed(&[sooner]);
    let rows: Vec<_> = listed.entries.iter().map(|entry| (entry.host.as_str(), entry.port, entry.role, entry.state)).collect();
    use RunwayState::{Fine, Warning};
    assert_eq!(
        rows,
        [
            ("mx2.shop.example", Some(25), HostRole::Mx, Warning),
            ("mta-sts.shop.example", None, HostRole::PolicyHost, Fine),
            ("mx1.shop.example", Some(25), HostRole::Mx, Fine),
            ("mx3.shop.example", Some(25), HostRole::Host, Fine),
        ]
    );
    let first = &listed.entries[0];
    let left = letters::now().duration_until(first.not_after).as_secs();
    assert_eq!((first.address, first.seconds_left, first.trusted, first.on_disk), (IpAddr::from(HERE), left, true, None));
    assert_eq!((first.leaf.not_after, first.leaf.names.clone()), (first.not_after, vec!["mx2.shop.example".to_owned()]));
    assert_eq!((listed.asked_at, listed.unseen.len(), listed.vantage.is_some()), (letters::now(), 0, true));
}

#[test]
fn what_decides_is_named_and_the_first_end_counts() {
    let root = Ca::root("Root");
    let chain = |leaf: std::ops::Range<i64>, intermediate: std::ops::Range<i64>| {
        let above = root.intermediate("Above", intermediate);
        let chain = [above.leaf(&["mx1.shop.example"], leaf), above.der.clone()];
        let listed = listed(&[serving(domain(), 0, &root, &chain)]);
        let entry = listed.entries.into_iter().find(|entry| entry.host.as_str() == "mx1.shop.example").expect("it is listed");
        (entry.state, entry.decided_by, entry.not_after)
    };
    let day = crate::net::trust::fixture::day;
    use RunwayState::{Critical, Fine, Warning};
    let (own, above) = ("the certificate".to_owned(), "the intermediate Above".to_owned());
    for (what, leaf, intermediate, expected) in [
        ("the leaf ends first", 150..290, 0..900, (Fine, own.clone(), day(290))),
        ("the intermediate ends first", 150..290, 0..280, (Fine, above.clone(), day(280))),
        ("it ends soon", 150..290, 0..195, (Warning, above.clone(), day(195))),
        // A certificate of a week has three days left, as it should.
        ("the leaf is of a week, the intermediate of a year", 169..177, -180..185, (Critical, above, day(177))),
        ("the leaf is nearly over", 80..180, 0..900, (Critical, own, day(180))),
    ] {
        assert_eq!(chain(leaf, intermediate), expected, "{what}");
    }
}

#[test]
fn what_domains_share_is_listed_once_with_all_of_them() {
    let mut silent = domain();
    let probe = &mut probes(&mut silent, 0)[0];
    *probe = Probe::begun(HERE.into(), 25, letters::now(), failed());
    let listed = listed(&[silent.clone(), silent.clone(), sister(&silent)]);
    let both = ["shop.example", "sister.example"];
    let named = |domains: &[Domain]| domains.iter().map(Domain::as_str).eq(both);
    assert_eq!((listed.entries.len(), listed.unseen.len()), (3, 1), "{:?}", listed.unseen);
    assert!(listed.entries.iter().all(|entry| named(&entry.domains)) && named(&listed.unseen[0].domains));
}

/// Each place where no certificate was seen: the host, the address, its role, why, whether that leaves the answer open.
fn unseen(spoil: impl FnOnce(&mut Facts)) -> Vec<(String, Option<String>, HostRole, String, bool)> {
    let mut facts = domain();
    spoil(&mut facts);
    let places = listed(&[facts]).unseen.into_iter();
    places.map(|it| (it.host.to_string(), it.address.map(|address| address.to_string()), it.role, it.why, it.open)).collect()
}

#[test]
fn each_place_without_a_certificate_says_why() {
    use HostRole::{Host, Mx, PolicyHost};
    let here = Some("192.0.2.1");
    let (mx1, host) = ("mx1.shop.example", "mta-sts.shop.example");
    type Spoil = fn(&mut Facts);
    let silent = |facts: &mut Facts| probes(facts, 0)[0] = Probe::begun(HERE.into(), 25, letters::now(), failed());
    let second = |facts: &mut Facts| {
        let proven = probes(facts, 0)[0].clone();
        probes(facts, 0).push(Probe { address: [192, 0, 2, 2].into(), ..proven });
        let probe = &mut probes(facts, 0)[0];
        (probe.greeting, probe.ehlo, probe.starttls, probe.ehlo_after, probe.tls) = (None, None, None, None, Some(failed()));
    };
    let tls_first: Spoil = |facts| {
        let probe = &mut probes(facts, 0)[0];
        (probe.greeting, probe.ehlo, probe.starttls, probe.ehlo_after, probe.tls) = (None, None, None, None, Some(failed()));
    };
    let no_addresses: Spoil = |facts| {
        let host = &mut facts.servers.as_mut().expect("they were probed")[2];
        (host.addresses, host.probes) = (AddressFacts { v4: absent(), v6: absent() }, Vec::new());
    };
    let unknown_addresses: Spoil = |facts| {
        let host = &mut facts.servers.as_mut().expect("they were probed")[0];
        (host.addresses, host.probes) = (AddressFacts { v4: absent(), v6: failed() }, Vec::new());
    };
    let cut_off: Spoil = |facts| probes(facts, 0)[0].tls = None;
    let other_key: Spoil = |facts| {
        probes(facts, 0)[0].other_key = Some(OtherKey { asked: vec!["rsa".to_owned()], outcome: failed(), dialogue: None });
    };
    let unread: Spoil = |facts| {
        let Some(Looked::Seen(tls)) = &mut probes(facts, 0)[0].tls else { panic!("it has a handshake") };
        tls.chain = vec![Fingerprint::of(b"a certificate that was not kept")];
    };
    let no_mx: Spoil = |facts| facts.mail.as_mut().expect("it was looked up").mx = failed();
    let no_policy_host: Spoil = |facts| {
        fetches(facts).clear();
        facts.policy.as_mut().expect("it was looked at").addresses = AddressFacts { v4: failed(), v6: absent() };
    };
    let no_connection: Spoil = |facts| {
        let fetch = &mut fetches(facts)[0];
        (fetch.connect, fetch.tls, fetch.response) = (failed(), None, None);
    };
    let no_handshake: Spoil = |facts| {
        let fetch = &mut fetches(facts)[0];
        (fetch.tls, fetch.response) = (Some(failed()), None);
    };
    let half: Spoil = |facts| {
        let seen = fetches(facts)[0].clone();
        let lost = Fetch { address: [192, 0, 2, 2].into(), tls: None, response: None, ..seen };
        fetches(facts).push(lost);
    };
    for (what, spoil, expected) in [
        ("nothing is missing", (|_| ()) as Spoil, vec![]),
        ("the MX lookup failed", no_mx, vec![("shop.example", None, Mx, "its MX hosts are not known: no answer", true)]),
        ("no address", no_addresses, vec![("mx3.shop.example", None, Host, "it has no address", true)]),
        ("addresses not known", unknown_addresses, vec![(mx1, None, Mx, "its addresses are not known: no answer", true)]),
        ("TLS from the first byte", tls_first, vec![(mx1, here, Mx, "no TLS handshake: no answer", true)]),
        ("the same, another address is proven", second, vec![(mx1, here, Mx, "no TLS handshake: no answer", false)]),
        ("the dialogue was cut off", cut_off, vec![(mx1, here, Mx, CUT_OFF, true)]),
        (
            "another key may be there",
            other_key,
            vec![(mx1, here, Mx, "whether it has another certificate, with another type of key, could not be seen: no answer", false)],
        ),
        ("the certificate is not there to be read", unread, vec![(mx1, here, Mx, "its certificate cannot be read", true)]),
        (
            "the policy host's address is not known",
            no_policy_host,
            vec![(host, None, PolicyHost, "its addresses are not known: no answer", true)],
        ),
        ("it takes no connection", no_connection, vec![(host, here, PolicyHost, "no connection: no answer", true)]),
        ("no handshake", no_handshake, vec![(host, here, PolicyHost, "no TLS handshake: no answer", true)]),
        ("one of its addresses shows none", half, vec![(host, Some("192.0.2.2"), PolicyHost, "no certificate was seen", false)]),
    ] {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(host, address, role, why, open)| (host.to_owned(), address.map(str::to_owned), role, why.to_owned(), open))
            .collect();
        assert_eq!(unseen(spoil), expected, "{what}");
    }
    // In the words of the rule on STARTTLS, which knows how much hangs on the address.
    let told = unseen(silent);
    assert!(told.len() == 1 && told[0].0 == mx1 && told[0].3.contains("192.0.2.1") && told[0].4, "{told:?}");
    let refused = unseen(|facts| {
        let probe = &mut probes(facts, 0)[0];
        let reply = crate::wire::smtp::Reply::new(250, vec!["mx".to_owned()]);
        (probe.ehlo, probe.starttls, probe.ehlo_after, probe.tls) = (Some(Looked::Seen(reply)), None, None, None);
        // Another finding about the host, and one about another.
        facts.servers.as_mut().expect("they were probed")[1].probes[0] = Probe::begun(HERE.into(), 25, letters::now(), failed());
    });
    assert_eq!(
        refused.iter().map(|it| (it.0.as_str(), it.3.contains("STARTTLS"))).collect::<Vec<_>>(),
        [(mx1, true), ("mx2.shop.example", false)]
    );
}

#[test]
fn what_one_domain_leaves_open_is_open() {
    let silent = |proven: bool| {
        let mut facts = domain();
        let known = probes(&mut facts, 0)[0].clone();
        let probe = &mut probes(&mut facts, 0)[0];
        (probe.greeting, probe.ehlo, probe.starttls, probe.ehlo_after, probe.tls) = (None, None, None, None, Some(failed()));
        if proven {
            probes(&mut facts, 0).push(Probe { address: [192, 0, 2, 2].into(), ..known });
        }
        facts
    };
    for (what, first, second, open) in
        [("neither", true, true, false), ("the first", false, true, true), ("the second", true, false, true), ("both", false, false, true)]
    {
        let listed = listed(&[silent(first), sister(&silent(second))]);
        assert_eq!(listed.unseen.iter().map(|it| it.open).collect::<Vec<_>>(), [open], "{what}");
    }
}

#[test]
fn a_file_is_listed_once_and_held_against_what_it_is_for() {
    let (root, shelf) = (Ca::root("Root"), Shelf::new());
    let names = ["mx1.shop.example", "mx2.shop.example"];
    let renewed = shelf.put(&[root.leaf(&names, 170..310)]);
    let other = shelf.put(&[root.leaf(&["mx.other.example"], 170..310)]);
    let mut facts = domain();
    facts.certificates.extend(shelf.take_for(&[renewed[0], other[0]]));
    let file = |file: &str, chain: &[Fingerprint]| DiskFile { file: file.to_owned(), chain: chain.to_vec() };
    facts.disk = vec![file("other.pem", &other), file("new.pem", &renewed), file("garbled.pem", &[])];
    let listed = listed(&[facts.clone(), sister(&facts)]);
    let files: Vec<_> = listed.files.iter().map(|file| (file.file.as_str(), file.leaf.is_some(), file.compared)).collect();
    assert_eq!(files, [("other.pem", true, 0), ("new.pem", true, 2), ("garbled.pem", false, 0)]);
    let on_disk: Vec<_> = listed.entries.iter().map(|entry| (entry.host.as_str(), entry.on_disk)).collect();
    let newer = Some(OnDisk::Newer);
    let none = |host: &'static str| (host, None);
    assert_eq!(on_disk, [none("mta-sts.shop.example"), ("mx1.shop.example", newer), ("mx2.shop.example", newer), none("mx3.shop.example")]);
    assert!(listed.entries.iter().all(|entry| entry.not_after > letters::now() + SignedDuration::from_hours(24)));
}
