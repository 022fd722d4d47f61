//! The prober and the rules of stage 3 against the lab: a misbehaving MX host in, the codes that are shown out.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use stsready::model::facts::dns::AddressFacts;
use stsready::model::facts::servers::{Injection, MxHost, MxSource, Probe};
use stsready::model::facts::vantage::{Family, Vantage};
use stsready::model::facts::{Facts, SCHEMA};
use stsready::model::finding::{Finding, Outcome, Sheet};
use stsready::model::looked::{Absence, AbsenceKind, Looked};
use stsready::model::settings::Settings;
use stsready::net::limit::Limiter;
use stsready::net::shelf::Shelf;
use stsready::net::smtp::{ProbeOptions, Prober, Timeouts};
use stsready::net::trust::{RootSource, TrustStore};
use stsready::rules::{Case, cert, starttls};
use stsready::wire::fingerprint::Fingerprint;
use stsready::wire::name::Domain;

use crate::lab::{After, Chain, Ehlo, Greeting, Identity, Key, Lab, Leaf, Smtp, StartTls, Tls, WithoutSni};

const HOST: &str = "mx1.alpha.test";

struct Bench {
    prober: Arc<Prober>,
    trust: Arc<TrustStore>,
    shelf: Arc<Shelf>,
}

impl Bench {
    fn new(lab: &Lab, timeouts: Timeouts) -> Self {
        let trust = Arc::new(TrustStore::load(&RootSource::File(lab.root_file().to_owned()), None).unwrap());
        let shelf = Arc::new(Shelf::new());
        let mut options = ProbeOptions::new("probe.test", jiff::Timestamp::now);
        options.port = lab.smtp_port();
        options.timeouts = timeouts;
        let prober = Arc::new(Prober::new(options, Arc::new(Limiter::new(64)), trust.clone(), shelf.clone()));
        Self { prober, trust, shelf }
    }

    async fn probe(&self, address: IpAddr) -> Probe {
        self.prober.probe(&Domain::from_dns(HOST), address).await
    }

    /// The codes that are shown for a host with these probes, `?` behind those that are undetermined.
    fn codes(&self, probes: Vec<Probe>) -> Vec<String> {
        let nothing = || Absence { kind: AbsenceKind::NoData, via: Vec::new() };
        let prints: Vec<_> = probes.iter().flat_map(Probe::chains).flat_map(|tls| tls.chain.clone()).collect();
        let host = MxHost {
            name: Domain::from_dns(HOST),
            source: MxSource::Record,
            preference: Some(10),
            addresses: AddressFacts { v4: Looked::Absent(nothing()), v6: Looked::Absent(nothing()) },
            probes,
            dane: None,
            addresses_left_out: 0,
        };
        let facts = Facts {
            schema: SCHEMA.into(),
            domain: Domain::from_dns("alpha.test"),
            observed_at: Timestamp::now(),
            vantage: Vantage {
                resolvers: vec![],
                roots: self.trust.roots(),
                ipv4: Family::Available,
                ipv6: Family::Available,
                helo: "probe.test".into(),
                means: stsready::model::facts::vantage::Means::default(),
            },
            others: Vec::new(),
            mail: None,
            record: None,
            policy: None,
            servers: Some(vec![host]),
            reports: None,
            disk: vec![],
            history: None,
            certificates: self.shelf.take_for(&prints),
        };
        let settings = Settings::default();
        let case = Case::new(&facts, &settings, Timestamp::now());
        let mut sheet = Sheet::default();
        starttls::judge(&case, &mut sheet);
        cert::judge(&case, &mut sheet);
        let shown = sheet.into_findings().into_iter().filter(Finding::is_shown);
        shown.map(|finding| format!("{}{}", finding.code(), if finding.outcome == Outcome::Undetermined { "?" } else { "" })).collect()
    }
}

fn quick() -> Timeouts {
    let wait = Duration::from_millis(1_500);
    Timeouts { connect: wait, greeting: wait, step: wait, dialogue: wait * 4, stage: wait * 20 }
}

/// Probes one host of the lab and checks that the prober was polite, whatever the host did.
async fn codes(lab: &Lab, smtp: Smtp, identity: impl Into<Identity>) -> Vec<String> {
    let bench = Bench::new(lab, quick());
    let host = lab.smtp_host(smtp, identity);
    let begin = Instant::now();
    let probe = bench.probe(host.address()).await;
    assert!(begin.elapsed() < Duration::from_secs(13), "the probe took {:?}", begin.elapsed());
    for session in host.seen() {
        assert!(!session.spoke_early && !session.pipelined_behind_starttls, "{session:?}");
    }
    assert!(host.visits().total() <= 2, "at most one second connection");
    assert_eq!(host.visits().at_once(), 1, "and only when the first is over");
    bench.codes(vec![probe])
}

#[tokio::test]
async fn a_healthy_host_shows_nothing_and_is_left_politely() {
    let lab = Lab::start().await.unwrap();
    let bench = Bench::new(&lab, quick());
    let host = lab.smtp_host(Smtp::default(), lab.chain(HOST));
    let probe = bench.probe(host.address()).await;
    assert!(probe.speaks_tls());
    assert_eq!(bench.codes(vec![probe]), Vec::<String>::new());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let session = host.seen().remove(0);
    assert_eq!(session.commands, ["EHLO probe.test", "STARTTLS", "EHLO probe.test", "QUIT"]);
    assert_eq!(session.sni.as_deref(), Some(HOST));
}

#[tokio::test]
async fn every_misbehaviour_of_a_dialogue_is_shown_under_its_code() {
    let lab = Lab::start().await.unwrap();
    let greeting = |greeting| Smtp { greeting, ..Smtp::default() };
    let ehlo = |ehlo| Smtp { ehlo, ..Smtp::default() };
    let starttls = |starttls| Smtp { starttls, ..Smtp::default() };
    let tls = |tls| Smtp { tls, ..Smtp::default() };
    let after = |after| Smtp { after, ..Smtp::default() };
    let rows: Vec<(Smtp, &[&str])> = vec![
        (greeting(Greeting::Late(Duration::from_millis(500))), &[]),
        (greeting(Greeting::TwoLines(Duration::from_millis(300))), &[]),
        (greeting(Greeting::Dribble(Duration::from_millis(200))), &["starttls-unreachable?"]),
        (greeting(Greeting::Refuse("421 4.3.2 busy")), &["starttls-busy?"]),
        (greeting(Greeting::Refuse("554 5.7.1 go away")), &["starttls-refused?"]),
        (greeting(Greeting::Close), &["starttls-busy?"]),
        (greeting(Greeting::BusyBeyond(1)), &[]),
        (greeting(Greeting::BusyAfter(1)), &["starttls-key-type-unprobed?"]),
        (greeting(Greeting::Reset), &["starttls-busy?"]),
        (greeting(Greeting::Silent), &["starttls-unreachable?"]),
        (greeting(Greeting::NotSmtp(b"SSH-2.0-x\r\n")), &["starttls-not-smtp?"]),
        (greeting(Greeting::Endless), &["starttls-not-smtp?"]),
        (greeting(Greeting::EndlessLine), &["starttls-not-smtp?"]),
        (ehlo(Ehlo::LowerCase), &[]),
        (ehlo(Ehlo::WithoutStarttls), &["starttls-missing"]),
        (ehlo(Ehlo::OnlyOnFirstLine), &["starttls-missing"]),
        (ehlo(Ehlo::Rewritten), &["starttls-middlebox?"]),
        (ehlo(Ehlo::Reply("550 5.7.1 go away")), &["starttls-refused?"]),
        (ehlo(Ehlo::Reply("421 4.3.2 busy")), &["starttls-busy?"]),
        (ehlo(Ehlo::Reply("502 5.5.1 not implemented")), &["starttls-refused?"]),
        (ehlo(Ehlo::Silent), &["starttls-busy?"]),
        (ehlo(Ehlo::Close), &["starttls-busy?"]),
        (ehlo(Ehlo::Endless), &["starttls-not-smtp?"]),
        (starttls(StartTls::Reply("454 4.7.0 not now")), &["starttls-rejected"]),
        (starttls(StartTls::Reply("502 5.5.1 not known")), &["starttls-rejected"]),
        (starttls(StartTls::Close), &["starttls-rejected"]),
        (starttls(StartTls::Silent), &["starttls-rejected?"]),
        (tls(Tls::Only12), &[]),
        (tls(Tls::Only13), &[]),
        (tls(Tls::AsksForClientCertificate), &["starttls-client-cert"]),
        (tls(Tls::DemandsClientCertificate12), &["starttls-handshake"]),
        (tls(Tls::OnlyP521), &["starttls-suites", "starttls-after?", "starttls-key-type-unprobed?"]),
        (tls(Tls::DemandsClientCertificate), &["starttls-after"]),
        (tls(Tls::Alert(40)), &["starttls-handshake"]),
        (tls(Tls::Close), &["starttls-handshake"]),
        (tls(Tls::Reset), &["starttls-handshake"]),
        (tls(Tls::Plaintext(b"220 what?\r\n")), &["starttls-handshake"]),
        (tls(Tls::Stall), &["starttls-handshake?"]),
        (tls(Tls::Legacy10), &["starttls-legacy"]),
        (tls(Tls::NarrowSuites), &["starttls-suites", "starttls-after?", "starttls-key-type-unprobed?"]),
        (after(After::Close), &["starttls-after"]),
        (after(After::Reply("550 5.7.1 go away")), &["starttls-after"]),
        (after(After::Reply("421 4.3.2 shutting down")), &["starttls-busy?"]),
        (after(After::Silent), &["starttls-after?"]),
    ];
    // Side by side: many of them are a wait for nothing.
    let shown = futures_util::future::join_all(rows.iter().map(|(smtp, _)| codes(&lab, smtp.clone(), lab.chain(HOST)))).await;
    for ((smtp, expected), shown) in rows.iter().zip(shown) {
        assert_eq!(shown, *expected, "{smtp:?}");
    }
}

#[tokio::test]
async fn every_fault_of_a_certificate_is_shown_and_none_hides_another() {
    let lab = Lab::start().await.unwrap();
    let (ca, leaf) = (lab.ca(), || Leaf::for_host(HOST));
    let rows: Vec<(&str, Chain, &[&str])> = vec![
        ("with root", ca.issue(&leaf()).with_root(), &[]),
        ("shuffled", ca.issue(&leaf()).shuffled(), &["cert-chain-order"]),
        ("CA:TRUE", ca.issue(&leaf().ca_true()), &[]),
        ("expired", ca.issue(&leaf().expires_in(-2)), &["cert-expired"]),
        ("expiring", ca.issue(&leaf().expires_in(5)), &["cert-expiring"]),
        ("wrong name", ca.issue(&leaf().names(&["mail.alpha.test"])), &["cert-name-mismatch"]),
        ("only a common name", ca.issue(&leaf().without_san().common_name(HOST)), &["cert-no-san"]),
        ("self-signed", leaf().self_signed(), &["cert-self-signed"]),
        ("self-signed CA", leaf().ca_true().self_signed(), &["cert-self-signed"]),
        ("no intermediate", ca.issue(&leaf()).without_intermediates(), &["cert-chain-incomplete"]),
        ("unknown root", ca.issue(&leaf().signed_by(ca.unknown_root())).with_root(), &["cert-untrusted"]),
        ("unknown root alone", ca.issue(&leaf().signed_by(ca.unknown_root())), &["cert-chain-incomplete"]),
        (
            "everything",
            leaf().names(&["localhost"]).expires_in(-2).self_signed(),
            &["cert-expired", "cert-name-mismatch", "cert-self-signed"],
        ),
    ];
    for (name, chain, expected) in rows {
        let mut shown = codes(&lab, Smtp::default(), chain).await;
        shown.sort_unstable();
        assert_eq!(shown, expected, "{name}");
    }
}

#[tokio::test]
async fn an_old_server_s_certificate_is_judged_from_the_wide_hello() {
    let lab = Lab::start().await.unwrap();
    let smtp = || Smtp { tls: Tls::Legacy10, ..Smtp::default() };
    let expired = lab.ca().issue(&Leaf::for_host(HOST).expires_in(-2));
    assert_eq!(codes(&lab, smtp(), expired).await, ["starttls-legacy", "cert-expired"]);
}

#[tokio::test]
async fn refusing_and_silent_addresses_are_unreachable_and_a_proven_neighbour_settles_it() {
    let lab = Lab::start().await.unwrap();
    let bench = Bench::new(&lab, quick());
    let healthy = bench.probe(lab.smtp_host(Smtp::default(), lab.chain(HOST)).address()).await;
    for address in [lab.refusing_address(), lab.silent_address()] {
        let probe = bench.probe(address).await;
        assert_eq!(bench.codes(vec![probe.clone(), healthy.clone()]), ["starttls-unreachable?"]);
    }
}

#[tokio::test]
async fn twenty_hosts_behind_one_address_never_meet_three_connections() {
    let lab = Lab::start().await.unwrap();
    let bench = Bench::new(&lab, Timeouts::default());
    let host = lab.smtp_host(Smtp { greeting: Greeting::BusyBeyond(2), ..Smtp::default() }, lab.chain(HOST));
    let address = host.address();
    let names: Vec<Domain> = (0..20).map(|index| Domain::from_dns(&format!("mx{index}.alpha.test"))).collect();
    let probes = names.iter().map(|name| bench.prober.probe(name, address));
    for probe in futures_util::future::join_all(probes).await {
        assert!(probe.speaks_tls(), "{probe:?}");
    }
    assert!(host.visits().at_once() <= 2);
}

/// Greeting, EHLO, STARTTLS, TLS, EHLO, QUIT; then greeting, EHLO, STARTTLS and a refusal, or TLS and EHLO once more.
#[tokio::test]
async fn two_connections_cost_no_more_than_their_replies() {
    let lab = Lab::start().await.unwrap();
    let delay = Duration::from_millis(200);
    let dual = vec![lab.chain(HOST), lab.ca().issue(&Leaf::for_host(HOST).key(Key::Rsa2048))];
    for (identity, replies) in [(Identity::from(lab.chain(HOST)), 10), (Identity::from(dual), 11)] {
        let bench = Bench::new(&lab, Timeouts::default());
        let host = lab.smtp_host(Smtp::default(), identity);
        lab.set_reply_delay(delay);
        let begin = Instant::now();
        let probe = bench.probe(host.address()).await;
        let took = begin.elapsed();
        lab.set_reply_delay(Duration::ZERO);
        assert!(probe.speaks_tls());
        assert!(took < delay * (replies + 1), "{took:?} for {replies} replies");
        assert_eq!((host.visits().total(), host.visits().at_once()), (2, 1));
    }
}

#[tokio::test]
async fn the_second_connection_finds_the_other_certificate() {
    let lab = Lab::start().await.unwrap();
    let chain = |key| lab.ca().issue(&Leaf::for_host(HOST).key(key));
    let keys = [Key::P256, Key::Rsa2048, Key::Ed25519];
    for tls in [Tls::Modern, Tls::Only12, Tls::Only13] {
        for first in keys {
            for second in keys.into_iter().filter(|second| *second != first) {
                // In TLS 1.2 EdDSA and ECDSA keys share their suites: beside ECDSA only RSA is asked for.
                if matches!((&tls, first, second), (Tls::Only12, Key::P256, Key::Ed25519)) {
                    continue;
                }
                let bench = Bench::new(&lab, quick());
                let smtp = Smtp { tls: tls.clone(), ..Smtp::default() };
                let host = lab.smtp_host(smtp, vec![chain(first), chain(second)]);
                let probe = bench.probe(host.address()).await;
                assert_eq!(probe.chains().len(), 2, "{tls:?}, {first:?} and {second:?}: {:?}", probe.other_key);
                assert!(probe.other_key.unwrap().outcome.seen().is_some_and(|tls| tls.signature_problem.is_none()));
                assert_eq!(bench.codes(vec![bench.probe(host.address()).await]), Vec::<String>::new());
            }
            let bench = Bench::new(&lab, quick());
            let host = lab.smtp_host(Smtp { tls: tls.clone(), ..Smtp::default() }, chain(first));
            let other = bench.probe(host.address()).await.other_key.unwrap();
            assert!(other.is_none_there(), "{tls:?}, {first:?} alone: {other:?}");
        }
    }
}

#[tokio::test]
async fn after_421_nobody_comes_again() {
    let lab = Lab::start().await.unwrap();
    for smtp in [
        Smtp { greeting: Greeting::Refuse("421 4.3.2 busy"), ..Smtp::default() },
        Smtp { ehlo: Ehlo::Reply("421 4.3.2 busy"), ..Smtp::default() },
        Smtp { starttls: StartTls::Reply("421 4.3.2 busy"), ..Smtp::default() },
        Smtp { after: After::Reply("421 4.3.2 busy"), ..Smtp::default() },
    ] {
        let bench = Bench { prober: Arc::new(deep(&lab)), ..Bench::new(&lab, quick()) };
        let host = lab.smtp_host(smtp, lab.chain(HOST));
        bench.probe(host.address()).await;
        assert_eq!(host.visits().total(), 1, "{:?}", host.seen());
    }
    // Nor a third time, where the second met it.
    let bench = Bench { prober: Arc::new(deep(&lab)), ..Bench::new(&lab, quick()) };
    let host = lab.smtp_host(Smtp { greeting: Greeting::BusyAfter(1), ..Smtp::default() }, lab.chain(HOST));
    bench.probe(host.address()).await;
    assert_eq!(host.visits().total(), 2);
}

fn deep(lab: &Lab) -> Prober {
    let mut options = ProbeOptions::new("probe.test", jiff::Timestamp::now);
    (options.port, options.timeouts, options.deep, options.repeat) = (lab.smtp_port(), quick(), true, 3);
    let trust = TrustStore::load(&RootSource::File(lab.root_file().to_owned()), None).unwrap();
    Prober::new(options, Arc::new(Limiter::new(64)), Arc::new(trust), Arc::new(Shelf::new()))
}

#[tokio::test]
async fn a_deep_look_costs_what_its_help_says() {
    let lab = Lab::start().await.unwrap();
    for (starttls, expected) in [(StartTls::Ready, Injection::Discarded), (StartTls::ReadyAndInjectable, Injection::Executed)] {
        let default = lab.chain("default.test");
        let identity = Identity::from(lab.chain(HOST)).without_sni(WithoutSni::Other(Box::new(default.clone())));
        let host = lab.smtp_host(Smtp { starttls, ..Smtp::default() }, identity);
        let probe = deep(&lab).probe(&Domain::from_dns(HOST), host.address()).await;
        assert_eq!(probe.injection, Some(Looked::Seen(expected)));
        let without = probe.without_sni.as_ref().and_then(Looked::seen).unwrap();
        assert_eq!(without.chain.first(), Some(&Fingerprint::of(default.leaf())));
        assert_eq!(probe.repeats.len(), 3);
        assert_eq!(probe.chains().len(), 1, "what comes without SNI is no chain that senders get");
        let visits = host.visits();
        assert_eq!((visits.total(), visits.at_once()), (2 + 2 + 3, 1));
        let pipelined = host.seen().iter().filter(|session| session.pipelined_behind_starttls).count();
        assert_eq!(pipelined, 1, "in the injection probe alone");
    }
}

#[tokio::test]
async fn repeated_handshakes_meet_every_server_behind_an_address() {
    let lab = Lab::start().await.unwrap();
    let servers: Vec<Chain> = (0..3).map(|_| lab.chain(HOST)).collect();
    let host = lab.smtp_host(Smtp::default(), Identity::from(servers).in_turn());
    let mut options = ProbeOptions::new("probe.test", jiff::Timestamp::now);
    (options.port, options.repeat) = (lab.smtp_port(), 4);
    let trust = TrustStore::load(&RootSource::File(lab.root_file().to_owned()), None).unwrap();
    let prober = Prober::new(options, Arc::new(Limiter::new(64)), Arc::new(trust), Arc::new(Shelf::new()));
    let probe = prober.probe(&Domain::from_dns(HOST), host.address()).await;
    assert_eq!((probe.repeats.len(), probe.chains().len()), (4, 3));
}
