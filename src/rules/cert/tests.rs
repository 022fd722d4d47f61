use std::collections::BTreeMap;
use std::path::Path as FilePath;

use jiff::Timestamp;
use rcgen::DnType;

use super::*;
use crate::model::facts::dns::AddressFacts;
use crate::model::facts::servers::{MxSource, Probe};
use crate::model::facts::tls::{Path, TlsFacts};
use crate::model::facts::vantage::{Family, Vantage};
use crate::model::facts::{Facts, SCHEMA};
use crate::model::finding::{Finding, Outcome};
use crate::model::looked::{Absence, AbsenceKind, Looked};
use crate::model::rule::Severity;
use crate::model::settings::Settings;
use crate::net::shelf::Shelf;
use crate::net::trust::TrustStore;
use crate::net::trust::fixture::{Ca, day, pem, self_signed, store};
use crate::wire::name::Domain;
use crate::wire::smtp::Reply;

const HOST: &str = "mx1.example.com";

/// Facts of one MX host with one address that serves `chain`.
fn facts(chain: &[Vec<u8>], trust: &TrustStore) -> Facts {
    let shelf = Shelf::new();
    let prints = shelf.put(chain);
    let tls = TlsFacts {
        version: "TLSv1.3".into(),
        suite: "TLS_AES_128_GCM_SHA256".into(),
        trust: trust.judge(chain),
        chain: prints.clone(),
        stapled: None,
        signature_problem: None,
        fetched: None,
    };
    let reply = |code| Some(Looked::Seen(Reply::new(code, vec!["mx".into(), "STARTTLS".into()])));
    let probe = Probe {
        greeting: reply(220),
        greeting_ms: Some(4),
        ehlo: reply(250),
        starttls: reply(220),
        tls: Some(Looked::Seen(tls)),
        ehlo_after: reply(250),
        ..Probe::begun([192, 0, 2, 1].into(), 25, day(0), Looked::Seen(3))
    };
    let absent = || Absence { kind: AbsenceKind::NoData, via: Vec::new() };
    let host = MxHost {
        name: Domain::from_dns(HOST),
        source: MxSource::Record,
        preference: Some(10),
        addresses: AddressFacts { v4: Looked::Absent(absent()), v6: Looked::Absent(absent()) },
        probes: vec![probe],
        dane: None,
        addresses_left_out: 0,
    };
    Facts {
        schema: SCHEMA.into(),
        domain: Domain::from_dns("example.com"),
        observed_at: day(0),
        vantage: Vantage {
            resolvers: vec![],
            roots: trust.roots(),
            ipv4: Family::Available,
            ipv6: Family::Available,
            helo: "probe".into(),
            means: crate::model::facts::vantage::Means::default(),
        },
        others: Vec::new(),
        mail: None,
        record: None,
        policy: None,
        servers: Some(vec![host]),
        reports: None,
        disk: vec![],
        certificates: shelf.take_for(&prints),
        history: None,
    }
}

fn findings(facts: &Facts, now: Timestamp) -> Vec<Finding> {
    let settings = Settings::default();
    let mut sheet = Sheet::default();
    judge(&Case::new(facts, &settings, now), &mut sheet);
    sheet.into_findings()
}

/// The codes that are broken, in the order of the catalogue.
fn broken(findings: &[Finding]) -> Vec<&'static str> {
    let is_broken = |rule: &&&'static Rule| findings.iter().any(|finding| finding.outcome == Outcome::Broken && finding.rule == **rule);
    RULES.iter().filter(is_broken).map(|rule| rule.code).collect()
}

/// A name, the chain, the store, the codes.
type Row<'a> = (&'static str, Vec<Vec<u8>>, &'a TrustStore, Vec<&'static str>);

#[test]
fn each_fault_of_a_chain_has_its_code_and_none_hides_another() {
    let (root, unknown) = (Ca::root("Root"), Ca::root("Company CA"));
    let intermediate = root.intermediate("Intermediate", -1_000..2_000);
    let ended = root.intermediate("Ended", -1_000..-5);
    let with = |ca: &Ca, leaf: Vec<u8>| vec![leaf, ca.der.clone()];
    let common_name = |ca: &Ca, name: &str| {
        let name = name.to_owned();
        ca.leaf_with(&[], -10..80, |params| params.distinguished_name.push(DnType::CommonName, name))
    };
    let plain = store(&[&root.der], None);
    let ca_file = pem(&[&unknown.der]);
    let with_file = store(&[&root.der], Some(ca_file.path()));
    let cases: Vec<Row<'_>> = vec![
        ("healthy", with(&intermediate, intermediate.leaf(&[HOST], -10..80)), &plain, vec![]),
        ("wildcard", with(&intermediate, intermediate.leaf(&["*.example.com"], -10..80)), &plain, vec![]),
        ("expired", with(&intermediate, intermediate.leaf(&[HOST], -100..-1)), &plain, vec!["cert-expired"]),
        ("expired intermediate", with(&ended, ended.leaf(&[HOST], -10..80)), &plain, vec!["cert-expired"]),
        ("not yet valid", with(&intermediate, intermediate.leaf(&[HOST], 2..80)), &plain, vec!["cert-not-yet-valid"]),
        ("another name", with(&intermediate, intermediate.leaf(&["mail.example.com"], -10..80)), &plain, vec!["cert-name-mismatch"]),
        ("no name", with(&intermediate, intermediate.leaf(&[], -10..80)), &plain, vec!["cert-name-mismatch"]),
        ("only a common name", with(&intermediate, common_name(&intermediate, HOST)), &plain, vec!["cert-no-san"]),
        ("another common name", with(&intermediate, common_name(&intermediate, "other")), &plain, vec!["cert-name-mismatch"]),
        ("self-signed", vec![self_signed(&[HOST], -10..80, |_| ())], &plain, vec!["cert-self-signed"]),
        ("unknown root sent", with(&unknown, unknown.leaf(&[HOST], -10..80)), &plain, vec!["cert-untrusted"]),
        ("intermediate missing", vec![intermediate.leaf(&[HOST], -10..80)], &plain, vec!["cert-chain-incomplete"]),
        ("private CA", with(&unknown, unknown.leaf(&[HOST], -10..80)), &with_file, vec!["cert-private-ca"]),
        ("private CA sent alone", vec![unknown.leaf(&[HOST], -10..80)], &with_file, vec!["cert-private-ca"]),
        (
            "three at once",
            vec![self_signed(&["localhost"], -100..-1, |_| ())],
            &plain,
            vec!["cert-expired", "cert-name-mismatch", "cert-self-signed"],
        ),
        ("garbage", vec![b"garbage".to_vec()], &plain, vec!["cert-untrusted"]),
    ];
    for (name, chain, trust, expected) in cases {
        let found = findings(&facts(&chain, trust), day(0));
        assert_eq!(broken(&found), expected, "{name}");
        let judged: std::collections::BTreeSet<&str> = found.iter().map(Finding::code).collect();
        assert_eq!(judged.len(), RULES.len(), "{name}: every rule leaves a finding");
        assert_eq!(found.len(), RULES.len(), "{name}: and only one");
        for finding in found.iter().filter(|finding| finding.outcome == Outcome::Broken) {
            assert!(finding.expected.is_some() && finding.found.is_some() && finding.fix.is_some(), "{name}: {}", finding.code());
            assert!(!finding.message.ends_with('.') && finding.message.contains("mx1.example.com"), "{name}: {}", finding.message);
        }
    }
}

#[test]
fn the_element_that_ended_is_named() {
    let root = Ca::root("Root");
    let ended = root.intermediate("Old intermediate", -1_000..-5);
    let chain = [ended.leaf(&[HOST], -10..80), ended.der.clone()];
    let found = findings(&facts(&chain, &store(&[&root.der], None)), day(0));
    let finding = found.iter().find(|finding| finding.code() == "cert-expired").unwrap();
    assert_eq!(finding.message, "the intermediate \"Old intermediate\" that mx1.example.com presents expired 120 hours ago");
    assert_eq!(finding.subject, "mx1.example.com 192.0.2.1 ecdsa");
}

#[test]
fn a_missing_intermediate_is_named_with_its_place() {
    let root = Ca::root("Root");
    let intermediate = root.intermediate("Intermediate", -100..200);
    // Authority information access: caIssuers, http://ca.example.net/i.crt (RFC 5280 §4.2.2.1).
    let url = b"http://ca.example.net/i.crt";
    let length = u8::try_from(url.len()).unwrap();
    let method = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02, 0x86, length];
    let aia = [&[0x30, length + 14, 0x30, length + 12][..], &method, url].concat();
    let leaf = intermediate.leaf_with(&[HOST], -10..80, |params| {
        params.custom_extensions.push(rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], aia));
    });
    let found = findings(&facts(&[leaf], &store(&[&root.der], None)), day(0));
    let finding = found.iter().find(|finding| finding.code() == "cert-chain-incomplete").unwrap();
    assert!(finding.message.contains("\"CN=Intermediate\"") && finding.message.contains("a private CA"), "{}", finding.message);
    assert!(finding.fix.as_ref().unwrap().say.contains("http://ca.example.net/i.crt"));
}

#[test]
fn the_end_comes_nearer_by_threshold() {
    let root = Ca::root("Root");
    let chain = [root.leaf(&[HOST], -90..0)];
    let facts = facts(&chain, &store(&[&root.der], None));
    for (days, expected) in [
        (-40, None),
        (-29, Some(Severity::Advice)),
        (-20, Some(Severity::Warning)),
        (-11, Some(Severity::Blocker)),
        (-1, Some(Severity::Blocker)),
    ] {
        let found = findings(&facts, day(days));
        let severity = found.iter().find(|it| it.code() == "cert-expiring" && it.outcome == Outcome::Broken).map(|it| it.severity);
        assert_eq!(severity, expected, "{days}");
    }
    let found = findings(&facts, day(1));
    assert_eq!(broken(&found), ["cert-expired"], "what is over does not expire soon");
}

#[test]
fn a_certificate_in_the_wrong_place_is_said_to_be_there() {
    let root = Ca::root("Root");
    let intermediate = root.intermediate("Intermediate", -1_000..2_000);
    let chain = [intermediate.der.clone(), intermediate.leaf(&[HOST], -10..80)];
    let found = findings(&facts(&chain, &store(&[&root.der], None)), day(0));
    let finding = found.iter().find(|finding| finding.code() == "cert-name-mismatch").unwrap();
    assert!(finding.message.contains("number 2"), "{}", finding.message);
}

#[test]
fn a_certificate_that_the_facts_lost_is_an_open_question() {
    let root = Ca::root("Root");
    let mut lost = facts(&[root.leaf(&[HOST], -10..80)], &store(&[&root.der], None::<&FilePath>));
    lost.certificates = BTreeMap::new();
    let found = findings(&lost, day(0));
    let shown = found.iter().filter(|finding| finding.is_shown());
    assert_eq!(shown.map(|finding| (finding.code(), finding.unsettles())).collect::<Vec<_>>(), [("cert-untrusted", true)]);
}

#[test]
fn without_a_certificate_nothing_is_said_about_it() {
    let root = Ca::root("Root");
    let trust = store(&[&root.der], None::<&FilePath>);
    let mut unseen = facts(&[root.leaf(&[HOST], -10..80)], &trust);
    let mut no_address = unseen.clone();
    unseen.servers.as_mut().unwrap()[0].probes[0].tls = None;
    no_address.servers.as_mut().unwrap()[0].probes.clear();
    for facts in [unseen, no_address] {
        let found = findings(&facts, day(0));
        assert_eq!(found.len(), RULES.len());
        assert!(found.iter().all(|finding| finding.outcome == Outcome::NotApplicable && !finding.message.is_empty()));
    }
}

/// Of several paths the runway follows the one that is valid today, as the rules do, and calls what a proxy fetched so.
#[test]
fn the_runway_follows_the_path_that_is_valid_today() {
    let root = Ca::root("Root");
    let (leaf, later) = (root.leaf(&[HOST], -10..80), root.intermediate("Later", 5..2_000));
    let mut facts = facts(&[leaf, later.der.clone()], &store(&[&root.der], None));
    let later = Fingerprint::of(&later.der);
    let tls = facts.servers.as_mut().unwrap()[0].probes[0].chains_mut().next().unwrap();
    let today = tls.trust.public.clone().unwrap();
    // The path of longer life begins in some days, and ends with an intermediate of its own.
    let other = Path { certificates: vec![later], not_before: day(5), not_after: day(2_000), ..today.clone() };
    (tls.trust.public, tls.trust.alternatives) = (Some(other), vec![today]);
    let days = |now| runway::entries(&facts, &Settings::default().runway, now)[0].seconds_left / 86_400;
    assert_eq!(days(day(0)), 80);
    let ends = |facts: &Facts| runway::thresholds(facts, &Settings::default(), day(0)).into_iter().map(|it| it.1).max();
    assert_eq!(ends(&facts), Some(day(80)));
}

#[test]
fn the_runway_lists_every_handshake_soonest_first() {
    let root = Ca::root("Root");
    let intermediate = root.intermediate("Intermediate", -100..20);
    let trust = store(&[&root.der], None);
    let mut facts = facts(&[intermediate.leaf(&[HOST], -10..80), intermediate.der.clone()], &trust);
    let other = self::facts(&[root.leaf(&["mx2.example.com"], -10..-1)], &trust);
    facts.certificates.extend(other.certificates);
    let mut second = other.servers.unwrap().remove(0);
    second.name = Domain::from_dns("mx2.example.com");
    facts.servers.as_mut().unwrap().push(second);
    let entries = runway::entries(&facts, &Settings::default().runway, day(0));
    let shown: Vec<_> = entries.iter().map(|entry| (entry.subject.as_str(), entry.seconds_left / 86_400)).collect();
    assert_eq!(shown, [("mx2.example.com 192.0.2.1 ecdsa", -1), ("mx1.example.com 192.0.2.1 ecdsa", 20)]);
}

#[test]
fn thresholds_are_the_instants_at_which_the_judgement_changes() {
    let root = Ca::root("Root");
    let facts = facts(&[root.leaf(&[HOST], -90..0)], &store(&[&root.der], None));
    let settings = Settings::default();
    let thresholds = runway::thresholds(&facts, &settings, day(0));
    assert_eq!(thresholds.len(), 4);
    let severity = |now| {
        let found = findings(&facts, now);
        found.into_iter().find(|it| it.outcome == Outcome::Broken).map(|it| (it.code(), it.severity))
    };
    let second = jiff::SignedDuration::from_secs(1);
    for (expected, at) in thresholds {
        assert_eq!(severity(at + second).map(|it| it.1), Some(expected), "just after {at}");
        assert_ne!(severity(at - second), severity(at + second), "something changes at {at}");
    }
}

/// What is said of the order: the outcome, with the message of what is broken, its severity and how many certificates it shows.
fn order_of(chain: &[Vec<u8>], trust: &TrustStore) -> (Outcome, Option<(String, Severity, usize)>) {
    let found = findings(&facts(chain, trust), day(0));
    let finding = found.iter().find(|finding| finding.rule == &CHAIN_ORDER).expect("every rule leaves a finding");
    let broken = finding.outcome == Outcome::Broken;
    (finding.outcome, broken.then(|| (finding.message.clone(), finding.severity, finding.evidence.len())))
}

#[test]
fn a_chain_is_in_order_where_each_certificate_has_signed_the_one_before_it() {
    let (root, unknown) = (Ca::root("Root"), Ca::root("Company CA"));
    let upper = root.intermediate("Upper", -1_000..2_000);
    let lower = upper.intermediate("Lower", -1_000..2_000);
    let twin = unknown.cross(&lower, -1_000..1_500);
    let (plain, both) = (store(&[&root.der], None), store(&[&root.der, &unknown.der], None));
    let (leaf, other) = (lower.leaf(&[HOST], -10..80), lower.leaf(&["mail.example.com"], -10..80));
    let stranger = unknown.leaf(&[HOST], -10..80);
    for (what, chain, trust, outcome) in [
        ("healthy", vec![&leaf, &lower.der, &upper.der], &plain, Outcome::Holds),
        ("a root at the end", vec![&leaf, &lower.der, &upper.der, &root.der], &plain, Outcome::Holds),
        ("a cross-sign beside its twin", vec![&leaf, &twin.der, &lower.der, &upper.der], &both, Outcome::Holds),
        ("the leaf behind another", vec![&other, &leaf, &lower.der, &upper.der], &plain, Outcome::NotApplicable),
        ("another's leaf alone", vec![&other, &lower.der, &upper.der], &plain, Outcome::Holds),
        ("two that lead to no root", vec![&stranger, &unknown.der], &plain, Outcome::NotApplicable),
        ("two that lead to no root, one of them a stranger", vec![&stranger, &lower.der], &plain, Outcome::NotApplicable),
        ("one twice that leads to no root", vec![&stranger, &unknown.der, &unknown.der], &plain, Outcome::Broken),
        ("one that leads to no root", vec![&stranger], &plain, Outcome::Holds),
    ] {
        let chain: Vec<Vec<u8>> = chain.into_iter().cloned().collect();
        assert_eq!(order_of(&chain, trust).0, outcome, "{what}");
    }
    // A CA that was renewed with another key has the same name and is no twin.
    let namesake = upper.intermediate("Lower", -1_000..2_000);
    let said = |chain: [&Vec<u8>; 4]| order_of(&chain.map(Clone::clone), &plain).1.expect("it is out of order");
    let of = |rest: &str| format!("number {rest}");
    let (sends, garbage) = ("of the chain that mx1.example.com sends", b"garbage".to_vec());
    // INTEGER 1 in a SEQUENCE: the outer form of a certificate, and none.
    let hollow = vec![0x30, 0x03, 0x02, 0x01, 0x01];
    for (chain, message, severity, shown) in [
        (
            [&leaf, &upper.der, &lower.der, &root.der],
            of(&format!("2 {sends}, \"Upper\", has not signed the one before it")),
            Severity::Warning,
            3,
        ),
        ([&leaf, &lower.der, &upper.der, &lower.der], of(&format!("4 {sends}, \"Lower\", was sent before")), Severity::Warning, 1),
        (
            [&leaf, &lower.der, &upper.der, &unknown.der],
            of(&format!("4 {sends}, \"Company CA\", belongs to nothing in it")),
            Severity::Warning,
            1,
        ),
        (
            [&leaf, &lower.der, &namesake.der, &upper.der],
            of(&format!("3 {sends}, \"Lower\", belongs to nothing in it")),
            Severity::Warning,
            1,
        ),
        ([&leaf, &lower.der, &upper.der, &hollow], of(&format!("4 {sends} cannot be read as a certificate")), Severity::Warning, 1),
        (
            [&leaf, &lower.der, &upper.der, &garbage],
            of(&format!("4 {sends} is no certificate; senders with OpenSSL break off")),
            Severity::Blocker,
            1,
        ),
    ] {
        assert_eq!(said(chain), (message, severity, shown));
    }
    let chain = [&leaf, &upper.der, &lower.der, &hollow].map(Clone::clone);
    let found = findings(&facts(&chain, &plain), day(0));
    let finding = found.iter().find(|finding| finding.rule == &CHAIN_ORDER).expect("every rule leaves a finding");
    assert_eq!(finding.found.as_deref(), Some("1 \"mx1.example.com\", 2 \"Upper\", 3 \"Lower\", 4 unreadable"));
}

#[test]
fn of_two_issuers_that_fit_the_one_that_leads_nowhere_is_named() {
    let (root, gone) = (Ca::root("Root"), Ca::root("Withdrawn Root"));
    let issuer = root.intermediate("Issuer", -1_000..2_000);
    let astray = gone.cross(&issuer, -1_000..1_500);
    let chain = [issuer.leaf(&[HOST], -10..80), astray.der.clone(), issuer.der.clone()];
    let (message, severity, _) = order_of(&chain, &store(&[&root.der], None)).1.expect("senders go astray");
    assert!(
        message.starts_with("senders with OpenSSL take number 2 of the chain that mx1.example.com sends, \"Issuer\", which leads nowhere"),
        "{message}"
    );
    assert_eq!(severity, Severity::Warning);
    // What else is out of place is shown beside it, each certificate once.
    let leaf = chain[0].clone();
    for (what, rest, shown) in [
        ("alone", vec![&astray.der, &issuer.der], 1),
        ("beside a stray", vec![&astray.der, &issuer.der, &gone.intermediate("Stray", -1_000..2_000).der], 2),
        ("behind a stray, and so out of place itself", vec![&gone.intermediate("Stray", -1_000..2_000).der, &astray.der, &issuer.der], 2),
    ] {
        let chain: Vec<Vec<u8>> = std::iter::once(&leaf).chain(rest).cloned().collect();
        let (message, _, evidence) = order_of(&chain, &store(&[&root.der], None)).1.expect("senders go astray");
        assert!(message.contains("\"Issuer\", which leads nowhere"), "{what}: {message}");
        assert_eq!(evidence, shown, "{what}");
    }
}

/// One rule at a host whose second address serves `second`: the outcome, and of what is broken the severity and the message.
fn beside(first: &[Vec<u8>], second: &[Vec<u8>], trust: &TrustStore) -> (Outcome, Option<(Severity, String)>) {
    let (mut facts, other) = (facts(first, trust), facts(second, trust));
    let mut probe = other.servers.expect("it has one").remove(0).probes.remove(0);
    probe.address = [192, 0, 2, 2].into();
    facts.certificates.extend(other.certificates);
    facts.servers.as_mut().expect("it has one")[0].probes.push(probe);
    let found = findings(&facts, day(0));
    let finding = found.iter().find(|finding| finding.rule == &ADDRESSES_DIFFER).expect("every rule leaves a finding");
    let broken = finding.outcome == Outcome::Broken;
    (finding.outcome, broken.then(|| (finding.severity, finding.message.clone())))
}

#[test]
fn certificates_of_one_host_differ_the_more_the_further_their_ends_are_apart() {
    let (root, other) = (Ca::root("Root"), Ca::root("Other"));
    let trust = store(&[&root.der, &other.der], None);
    let of = |ca: &Ca, days| vec![ca.leaf(&[HOST], days)];
    let first = of(&root, -10..80);
    assert_eq!(beside(&first, &first, &trust), (Outcome::Holds, None));
    let differ = |second: &[Vec<u8>]| beside(&first, second, &trust).1.expect("they differ");
    let message = |how: &str| format!("mx1.example.com presents 2 different ecdsa certificates{how}");
    assert_eq!(differ(&of(&root, -9..81)), (Severity::Advice, message("")));
    assert_eq!(differ(&of(&root, -9..110)), (Severity::Advice, message("")), "thirty days are of one round of renewals");
    assert_eq!(differ(&of(&root, -9..111)), (Severity::Warning, message(", whose ends are 31 days apart")));
    assert_eq!(differ(&of(&other, -10..80)), (Severity::Warning, message(" from different CAs")));
    for (what, days) in [("its first second", 0..80), ("its last second", -10..0)] {
        assert_eq!(beside(&first, &of(&root, days), &trust).0, Outcome::Broken, "{what}");
    }
    for (what, second) in
        [("over", of(&root, -100..-1)), ("not begun", of(&root, 1..80)), ("another's", vec![root.leaf(&["mx2.example.com"], -10..80)])]
    {
        assert_eq!(beside(&first, &second, &trust).0, Outcome::NotApplicable, "{what}: it is told where it is");
    }
}

#[test]
fn a_policy_outlives_a_certificate_only_once_its_renewal_is_overdue() {
    let root = Ca::root("Root");
    let mut facts = facts(&[root.leaf(&[HOST], -90..0)], &store(&[&root.der], None));
    let policy = |mode: &str, max_age: i64| {
        let mut policy = crate::rules::fixture::facts().policy.expect("it has one");
        let text = format!("version: STSv1\nmode: {mode}\nmx: {HOST}\nmax_age: {}\n", max_age * 86_400);
        policy.draft = Some(crate::rules::fixture::draft(&text));
        policy
    };
    for (mode, max_age, today, outcome) in [
        ("enforce", 30, -60, Outcome::Holds),
        ("enforce", 30, -20, Outcome::Broken),
        ("testing", 30, -20, Outcome::Broken),
        ("enforce", 20, -20, Outcome::Holds),
        ("enforce", 7, -20, Outcome::Holds),
        ("none", 30, -20, Outcome::NotApplicable),
        ("enforce", 30, 0, Outcome::Broken),
        ("enforce", 30, 1, Outcome::NotApplicable),
        ("enforce", 30, -90, Outcome::Holds),
        ("enforce", 30, -91, Outcome::NotApplicable),
    ] {
        facts.policy = Some(policy(mode, max_age));
        let found = findings(&facts, day(today));
        let finding = found.iter().find(|finding| finding.rule == &OUTLIVED).expect("every rule leaves a finding");
        assert_eq!(finding.outcome, outcome, "{mode} for {max_age} days on day {today}");
    }
}

#[test]
fn what_comes_without_sni_harms_only_where_it_is_another_hosts_or_nothing() {
    let root = Ca::root("Root");
    let trust = store(&[&root.der], None);
    let chain = [root.leaf(&[HOST], -10..80)];
    let said = |without_sni: Option<Looked<TlsFacts>>, other: Facts| {
        let mut facts = facts(&chain, &trust);
        facts.certificates.extend(other.certificates);
        facts.servers.as_mut().expect("it has one")[0].probes[0].without_sni = without_sni;
        let found = findings(&facts, day(0));
        let finding = found.iter().find(|finding| finding.rule == &SNI_ONLY).expect("every rule leaves a finding");
        (finding.outcome, finding.is_shown().then_some(finding.severity))
    };
    let served = |names: &[&str]| {
        let other = if names.is_empty() { facts(&chain, &trust) } else { facts(&[root.leaf(names, -10..80)], &trust) };
        let tls = other.servers.as_ref().expect("it has one")[0].probes[0].chains()[0].clone();
        said(Some(Looked::Seen(tls)), other)
    };
    let failed = |kind| said(Some(Looked::Failed(crate::model::looked::Failure::new(kind, "its reason"))), facts(&chain, &trust));
    assert_eq!(said(None, facts(&chain, &trust)), (Outcome::NotApplicable, None), "nobody asked");
    assert_eq!(served(&[]), (Outcome::Holds, None), "the same");
    assert_eq!(served(&[HOST]), (Outcome::Holds, None), "another that senders accept as well");
    assert_eq!(served(&["default.example.net"]), (Outcome::Broken, Some(Severity::Advice)));
    assert_eq!(failed(crate::model::looked::FailureKind::TlsAlert), (Outcome::Broken, Some(Severity::Warning)));
    assert_eq!(failed(crate::model::looked::FailureKind::Timeout), (Outcome::Undetermined, Some(Severity::Warning)));
}

#[test]
fn a_deep_look_that_was_not_made_is_an_open_question_where_there_is_a_certificate() {
    let root = Ca::root("Root");
    let mut deep = facts(&[root.leaf(&[HOST], -10..80)], &store(&[&root.der], None));
    deep.servers.as_mut().expect("it has one")[0].probes[0].asked.deep = true;
    let mut without = deep.clone();
    without.servers.as_mut().expect("it has one")[0].probes[0].tls = None;
    for (facts, outcome) in [(&deep, Outcome::Undetermined), (&without, Outcome::NotApplicable)] {
        let found = findings(facts, day(0));
        let finding = found.iter().find(|finding| finding.rule == &SNI_ONLY).expect("every rule leaves a finding");
        assert_eq!(finding.outcome, outcome);
        assert!(!finding.unsettles(), "senders of MTA-STS name the host");
    }
}

#[test]
fn a_certificate_that_demands_a_stapled_answer_needs_one() {
    let root = Ca::root("Root");
    let trust = store(&[&root.der], None);
    // The TLS feature status_request (RFC 7633).
    let demand = || rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], vec![0x30, 3, 2, 1, 5]);
    let demanding = root.leaf_with(&[HOST], -10..80, |params| params.custom_extensions.push(demand()));
    let plain = root.leaf(&[HOST], -10..80);
    for (leaf, stapled, expected) in [
        (&demanding, Some(true), (Outcome::Holds, None)),
        (&demanding, Some(false), (Outcome::Broken, Some((Severity::Warning, "none")))),
        (&demanding, None, (Outcome::Undetermined, Some((Severity::Warning, "not asked for")))),
        (&plain, Some(true), (Outcome::Holds, None)),
        (&plain, Some(false), (Outcome::Holds, None)),
        (&plain, None, (Outcome::Holds, None)),
    ] {
        let mut facts = facts(std::slice::from_ref(leaf), &trust);
        let tls = facts.servers.as_mut().expect("it has one")[0].probes[0].chains_mut().next().expect("a handshake");
        tls.stapled = stapled;
        let found = findings(&facts, day(0));
        let finding = found.iter().find(|finding| finding.rule == &MUST_STAPLE).expect("every rule leaves a finding");
        let said = finding.is_shown().then(|| (finding.severity, finding.found.as_deref().unwrap_or_default()));
        assert_eq!((finding.outcome, said), expected, "{stapled:?}");
    }
}

#[test]
fn a_file_on_disk_differs_where_it_is_newer_than_what_is_served() {
    let root = Ca::root("Root");
    let served = root.leaf(&[HOST], -10..80);
    for (what, on_disk, outcome) in [
        ("the same", served.clone(), Outcome::Holds),
        ("newer", root.leaf(&[HOST], -1..89), Outcome::Broken),
        ("older", root.leaf(&[HOST], -20..70), Outcome::Holds),
        ("for another host", root.leaf(&["mx2.example.com"], -1..89), Outcome::NotApplicable),
    ] {
        let mut facts = facts(std::slice::from_ref(&served), &store(&[&root.der], None));
        let shelf = Shelf::new();
        let chain = shelf.put(&[on_disk]);
        facts.certificates.extend(shelf.take_for(&chain));
        facts.disk = vec![crate::model::facts::DiskFile { file: "mx1.pem".to_owned(), chain }];
        let found = findings(&facts, day(0));
        let finding = found.iter().find(|finding| finding.rule == &ON_DISK_DIFFERS).expect("every rule leaves a finding");
        assert_eq!(finding.outcome, outcome, "{what}");
        if outcome == Outcome::Broken {
            assert!(
                finding.evidence.iter().all(|row| row.text.contains("serial ") && row.text.contains(", valid ")),
                "{:?}",
                finding.evidence
            );
        }
    }
}
