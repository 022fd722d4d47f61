mod messages;

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;

use super::*;
use crate::model::facts::dns::{AddressFacts, TxtFacts};
use crate::model::facts::policy::{Fetch, PolicyFacts};
use crate::model::facts::servers::{Injection, MxSource, OtherKey, Repeat, WideHello};
use crate::model::facts::tls::{TlsFacts, Trust};
use crate::model::facts::vantage::{Family, Roots, Vantage};
use crate::model::facts::{Facts, SCHEMA};
use crate::model::finding::{Finding, Outcome};
use crate::model::looked::Looked;
use crate::model::looked::{Absence, AbsenceKind};
use crate::model::settings::Settings;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::smtp::Reply;

const V4: &str = "192.0.2.1";
const V6: &str = "2001:db8::1";

fn reply(code: u16, lines: &[&str]) -> Looked<Reply> {
    Looked::Seen(Reply::new(code, lines.iter().map(|&line| line.to_owned()).collect()))
}

fn failed<T>(kind: FailureKind, detail: &str) -> Looked<T> {
    Looked::Failed(Failure::new(kind, detail))
}

fn tls(version: &str, suite: &str) -> TlsFacts {
    let trust = Trust::none("not judged");
    TlsFacts { version: version.into(), suite: suite.into(), chain: vec![], trust, stapled: None, signature_problem: None, fetched: None }
}

fn healthy(address: &str) -> Probe {
    Probe {
        greeting: Some(reply(220, &["mx ESMTP"])),
        greeting_ms: Some(4),
        ehlo: Some(reply(250, &["mx", "STARTTLS"])),
        starttls: Some(reply(220, &["go"])),
        tls: Some(Looked::Seen(tls("TLSv1.3", "TLS_AES_128_GCM_SHA256"))),
        client_certificate: Some(false),
        ehlo_after: Some(reply(250, &["mx"])),
        ..Probe::begun(address.parse().unwrap(), 25, Timestamp::UNIX_EPOCH, Looked::Seen(3))
    }
}

/// A probe that stops at the TCP connection.
fn unconnected(address: &str, kind: FailureKind) -> Probe {
    Probe::begun(address.parse().unwrap(), 25, Timestamp::UNIX_EPOCH, failed(kind, "words"))
}

fn greeted(greeting: Looked<Reply>) -> Probe {
    Probe { connect: Looked::Seen(1), greeting: Some(greeting), ..unconnected(V4, FailureKind::Other) }
}

fn answered(ehlo: Looked<Reply>) -> Probe {
    Probe { ehlo: Some(ehlo), ..greeted(reply(220, &["mx"])) }
}

fn started(starttls: Looked<Reply>) -> Probe {
    Probe { starttls: Some(starttls), ..answered(reply(250, &["mx", "STARTTLS"])) }
}

fn shaken(tls: Looked<TlsFacts>, wide: Option<Looked<TlsFacts>>) -> Probe {
    Probe { tls: Some(tls), wide: wide.map(|outcome| WideHello { outcome, alert: None, group: None }), ..started(reply(220, &["go"])) }
}

fn alert() -> Looked<TlsFacts> {
    failed(FailureKind::TlsAlert, "handshake_failure (40)")
}

fn after(ehlo_after: Looked<Reply>) -> Probe {
    Probe { ehlo_after: Some(ehlo_after), ..healthy(V4) }
}

fn facts(hosts: Vec<Vec<Probe>>) -> Facts {
    let absent = || Absence { kind: AbsenceKind::NoData, via: Vec::new() };
    let addresses = || AddressFacts { v4: Looked::Absent(absent()), v6: Looked::Absent(absent()) };
    let host = |(index, probes)| MxHost {
        name: Domain::from_dns(&format!("mx{}.example.com", index + 1)),
        source: MxSource::Record,
        preference: Some(10),
        addresses: addresses(),
        probes,
        dane: None,
        addresses_left_out: 0,
    };
    Facts {
        schema: SCHEMA.into(),
        domain: Domain::from_dns("example.com"),
        observed_at: Timestamp::UNIX_EPOCH,
        vantage: Vantage {
            resolvers: vec![],
            roots: Roots { name: "mozilla".into(), count: 0, sha256: Fingerprint::of(b"") },
            ipv4: Family::Available,
            ipv6: Family::Available,
            helo: "probe".into(),
            means: crate::model::facts::vantage::Means::default(),
        },
        others: Vec::new(),
        mail: None,
        record: None,
        policy: None,
        servers: Some(hosts.into_iter().enumerate().map(host).collect()),
        reports: None,
        disk: Vec::new(),
        certificates: BTreeMap::new(),
        history: None,
    }
}

fn findings(facts: &Facts) -> Vec<Finding> {
    let settings = Settings::default();
    let mut sheet = Sheet::default();
    judge(&Case::new(facts, &settings, Timestamp::UNIX_EPOCH), &mut sheet);
    sheet.into_findings()
}

/// What is shown: code, outcome, severity.
fn shown(facts: &Facts) -> Vec<(&'static str, Outcome, Severity)> {
    findings(facts).iter().filter(|it| it.is_shown()).map(|it| (it.code(), it.outcome, it.severity)).collect()
}

type Row = (&'static str, Probe, Vec<(&'static str, Outcome, Severity)>);

#[test]
fn each_way_to_fail_has_its_code() {
    use FailureKind::{Closed, Other, OutOfTime, Protocol, Refused, Reset, Timeout, TlsAlert, TlsLate, TooLarge, TurnedAway, Unreachable};
    use Outcome::{Broken, Undetermined};
    use Severity::{Blocker, Warning};
    let old = |version: &str, suite: &str| Some(Looked::Seen(tls(version, suite)));
    let mut forged = healthy(V4);
    if let Some(Looked::Seen(facts)) = &mut forged.tls {
        facts.signature_problem = Some("BadSignature".into());
    }
    // An alert in answer to the modern hello; and to the wide one a chain, and then an alert.
    let broken_off = |version| {
        let mut probe = shaken(alert(), old(version, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
        probe.wide.as_mut().expect("a wide hello").alert = Some(80);
        probe
    };
    let curve = |modern: Looked<TlsFacts>, group: &str| {
        let mut probe = shaken(modern, old("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
        probe.wide.as_mut().unwrap().group = Some(group.into());
        probe
    };
    let masked = |ehlo| Probe { ehlo: Some(ehlo), ..greeted(reply(220, &["****2***************"])) };
    let mut demanding = shaken(failed(TlsLate, "after its certificate: handshake_failure (40)"), None);
    demanding.client_certificate = Some(true);
    let mut both = after(failed(Closed, "closed"));
    let forged_again = Probe {
        repeats: vec![Repeat { at: Timestamp::UNIX_EPOCH, outcome: forged.tls.clone().expect("a handshake"), dialogue: None }],
        ..forged.clone()
    };
    both.tls.clone_from(&forged.tls);
    let rows: Vec<Row> = vec![
        ("healthy", healthy(V4), vec![]),
        ("refused", unconnected(V4, Refused), vec![("starttls-unreachable", Undetermined, Blocker)]),
        ("timeout", unconnected(V4, Timeout), vec![("starttls-unreachable", Undetermined, Blocker)]),
        ("unreachable", unconnected(V4, Unreachable), vec![("starttls-unreachable", Undetermined, Blocker)]),
        ("reset at once", unconnected(V4, Reset), vec![("starttls-busy", Undetermined, Blocker)]),
        ("garbage at EHLO", answered(failed(Protocol, "SSH")), vec![("starttls-not-smtp", Undetermined, Blocker)]),
        ("endless at EHLO", answered(failed(TooLarge, "64 KiB")), vec![("starttls-not-smtp", Undetermined, Blocker)]),
        ("silent", greeted(failed(Timeout, "no reply")), vec![("starttls-unreachable", Undetermined, Blocker)]),
        ("garbage", greeted(failed(Protocol, "SSH")), vec![("starttls-not-smtp", Undetermined, Blocker)]),
        ("endless", greeted(failed(TooLarge, "64 KiB")), vec![("starttls-not-smtp", Undetermined, Blocker)]),
        ("odd greeting", greeted(reply(250, &["mx"])), vec![("starttls-not-smtp", Undetermined, Blocker)]),
        ("closed at once", greeted(failed(Closed, "closed")), vec![("starttls-busy", Undetermined, Blocker)]),
        ("421 greeting", greeted(reply(421, &["busy"])), vec![("starttls-busy", Undetermined, Blocker)]),
        ("554 greeting", greeted(reply(554, &["no"])), vec![("starttls-refused", Undetermined, Blocker)]),
        ("421 to EHLO", answered(reply(421, &["busy"])), vec![("starttls-busy", Undetermined, Blocker)]),
        ("502 to EHLO", answered(reply(502, &["not implemented"])), vec![("starttls-refused", Undetermined, Blocker)]),
        ("closed at EHLO", answered(failed(Closed, "closed")), vec![("starttls-busy", Undetermined, Blocker)]),
        ("no STARTTLS", answered(reply(250, &["mx", "SIZE"])), vec![("starttls-missing", Broken, Blocker)]),
        ("STARTTLS in the first line only", answered(reply(250, &["STARTTLS", "SIZE"])), vec![("starttls-missing", Broken, Blocker)]),
        ("overwritten keywords", answered(reply(250, &["mx", "SIZE", "XXXXXXXA"])), vec![("starttls-middlebox", Undetermined, Blocker)]),
        ("overwritten by asterisks", answered(reply(250, &["mx", "********"])), vec![("starttls-middlebox", Undetermined, Blocker)]),
        ("overwritten greeting", masked(reply(250, &["mx", "SIZE"])), vec![("starttls-middlebox", Undetermined, Blocker)]),
        ("overwritten greeting, no EHLO", masked(reply(502, &["unknown"])), vec![("starttls-middlebox", Undetermined, Blocker)]),
        ("STARTTLS beside overwritten keywords", Probe { ehlo: Some(reply(250, &["mx", "STARTTLS", "XXXB"])), ..healthy(V4) }, vec![]),
        ("454 to STARTTLS", started(reply(454, &["no key"])), vec![("starttls-rejected", Broken, Blocker)]),
        ("421 to STARTTLS", started(reply(421, &["shutting down"])), vec![("starttls-busy", Undetermined, Blocker)]),
        ("503 to STARTTLS", started(reply(503, &["no"])), vec![("starttls-rejected", Broken, Blocker)]),
        ("closed at STARTTLS", started(failed(Closed, "closed")), vec![("starttls-rejected", Broken, Blocker)]),
        ("silent at STARTTLS", started(failed(Timeout, "no reply")), vec![("starttls-rejected", Undetermined, Blocker)]),
        ("alert twice", shaken(alert(), Some(alert())), vec![("starttls-handshake", Broken, Blocker)]),
        ("reset twice", shaken(failed(Reset, "reset"), Some(failed(Closed, "closed"))), vec![("starttls-handshake", Broken, Blocker)]),
        ("ended after the certificate", shaken(failed(TlsLate, "handshake_failure"), None), vec![("starttls-handshake", Broken, Blocker)]),
        (
            "ended after the certificate, which the wide hello shows too",
            shaken(failed(TlsLate, "handshake_failure"), old("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")),
            vec![("starttls-handshake", Broken, Blocker)],
        ),
        // It took the hello: that another one is taken, too, is no news.
        (
            "closed behind the certificate",
            Probe {
                client_certificate: Some(false),
                ..shaken(failed(Closed, "eof"), old("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"))
            },
            vec![("starttls-handshake", Undetermined, Blocker), ("starttls-key-type-unprobed", Undetermined, Warning)],
        ),
        ("handshake hangs", shaken(failed(Timeout, "late"), None), vec![("starttls-handshake", Undetermined, Blocker)]),
        ("wide hello hangs", shaken(alert(), Some(failed(Timeout, "late"))), vec![("starttls-handshake", Undetermined, Blocker)]),
        ("no second connection", shaken(alert(), Some(failed(Other, "421"))), vec![("starttls-handshake", Undetermined, Blocker)]),
        ("breaks off behind its certificate", broken_off("TLSv1.2"), vec![("starttls-handshake", Broken, Blocker)]),
        ("breaks off behind an old one's", broken_off("TLSv1.0"), vec![("starttls-legacy", Broken, Blocker)]),
        ("TLS 1.0", shaken(alert(), old("TLSv1.0", "TLS_RSA_WITH_AES_128_CBC_SHA")), vec![("starttls-legacy", Broken, Blocker)]),
        (
            "old suites",
            shaken(alert(), old("TLSv1.2", "TLS_RSA_WITH_AES_128_GCM_SHA256")),
            vec![
                ("starttls-suites", Broken, Warning),
                ("starttls-after", Undetermined, Warning),
                ("starttls-key-type-unprobed", Undetermined, Warning),
            ],
        ),
        (
            "stumbles over a modern hello",
            shaken(failed(Reset, "reset"), old("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")),
            vec![("starttls-handshake", Undetermined, Blocker), ("starttls-key-type-unprobed", Undetermined, Warning)],
        ),
        (
            "P-521 only",
            curve(alert(), "secp521r1"),
            vec![
                ("starttls-suites", Broken, Warning),
                ("starttls-after", Undetermined, Warning),
                ("starttls-key-type-unprobed", Undetermined, Warning),
            ],
        ),
        (
            "P-521 after a reset",
            curve(failed(Reset, "reset"), "secp521r1"),
            vec![("starttls-handshake", Undetermined, Blocker), ("starttls-key-type-unprobed", Undetermined, Warning)],
        ),
        (
            "a usual curve",
            curve(alert(), "secp256r1"),
            vec![("starttls-handshake", Undetermined, Blocker), ("starttls-key-type-unprobed", Undetermined, Warning)],
        ),
        ("a demand in TLS 1.2", demanding, vec![("starttls-handshake", Broken, Blocker)]),
        ("out of time", unconnected(V4, OutOfTime), vec![("starttls-unreachable", Undetermined, Blocker)]),
        ("turned away before", unconnected(V4, TurnedAway), vec![("starttls-busy", Undetermined, Blocker)]),
        (
            "unreachable at the second",
            shaken(alert(), Some(failed(Unreachable, "gone"))),
            vec![("starttls-handshake", Undetermined, Blocker)],
        ),
        ("bad signature each time", forged_again, vec![("starttls-handshake", Broken, Blocker)]),
        ("bad signature", forged, vec![("starttls-handshake", Broken, Blocker)]),
        ("client certificate", after(failed(TlsAlert, "certificate_required (116)")), vec![("starttls-after", Broken, Blocker)]),
        ("closed after TLS", after(failed(Closed, "closed")), vec![("starttls-after", Broken, Blocker)]),
        ("554 after TLS", after(reply(554, &["no"])), vec![("starttls-after", Broken, Blocker)]),
        ("silent after TLS", after(failed(Timeout, "no reply")), vec![("starttls-after", Undetermined, Blocker)]),
        ("421 after TLS", after(reply(421, &["busy"])), vec![("starttls-busy", Undetermined, Blocker)]),
        ("two at once", both, vec![("starttls-handshake", Broken, Blocker), ("starttls-after", Broken, Blocker)]),
    ];
    for (name, probe, expected) in rows {
        let facts = facts(vec![vec![probe]]);
        assert_eq!(shown(&facts), expected, "{name}");
        let all = findings(&facts);
        let on_address = all.iter().filter(|it| it.subject == "mx1.example.com 192.0.2.1").count();
        assert_eq!(on_address, LADDER.len() + BEYOND.len(), "{name}: every rule leaves one finding");
        for finding in all.iter().filter(|it| it.is_shown()) {
            assert!(finding.message.contains("mx1.example.com") && !finding.message.ends_with('.'), "{name}: {}", finding.message);
            assert!(!finding.evidence.is_empty() && finding.fix.is_some() && finding.expected.is_some(), "{name}");
        }
    }
}

#[test]
fn rungs_below_a_fault_hold_and_rungs_above_cannot_be_asked() {
    let all = findings(&facts(vec![vec![started(reply(454, &["no key"]))]]));
    let outcome = |rule: &Rule| all.iter().find(|it| it.rule == rule).unwrap().outcome;
    for below in [&UNREACHABLE, &NOT_SMTP, &BUSY, &REFUSED, &MISSING] {
        assert_eq!(outcome(below), Outcome::Holds, "{}", below.code);
    }
    for above in [&HANDSHAKE, &LEGACY, &SUITES, &AFTER] {
        assert_eq!(outcome(above), Outcome::NotApplicable, "{}", above.code);
    }
    let all = findings(&facts(vec![vec![greeted(reply(421, &["busy"]))]]));
    assert!(all.iter().any(|it| it.rule == &MISSING && it.outcome == Outcome::NotApplicable), "no word about STARTTLS");
}

#[test]
fn a_proven_address_makes_the_others_loose_ends() {
    for loose in [unconnected(V4, FailureKind::Timeout), greeted(reply(421, &["busy"])), greeted(reply(554, &["no"]))] {
        let proven = shown(&facts(vec![vec![healthy(V6), loose.clone()]]));
        assert_eq!((proven.len(), proven[0].1, proven[0].2), (1, Outcome::Undetermined, Severity::Warning));
        let unproven = shown(&facts(vec![vec![after(failed(FailureKind::Closed, "closed")), loose]]));
        assert!(unproven.iter().any(|it| it.1 == Outcome::Undetermined && it.2 == Severity::Blocker));
    }
    let neither = shown(&facts(vec![vec![unconnected(V6, FailureKind::Timeout), unconnected(V4, FailureKind::Timeout)]]));
    assert!(neither.iter().all(|it| it.2 == Severity::Blocker), "{neither:?}: neither proves the other");
    let other_host = shown(&facts(vec![vec![healthy(V6)], vec![unconnected(V4, FailureKind::Timeout)]]));
    assert_eq!(other_host[0].2, Severity::Blocker, "another host proves nothing");
}

#[test]
fn a_family_that_this_vantage_lacks_is_no_fault_of_the_host() {
    for kind in [FailureKind::NoRoute, FailureKind::SwitchedOff] {
        let half = shown(&facts(vec![vec![unconnected(V6, kind), healthy(V4)]]));
        assert_eq!(half, [("starttls-family-unprobed", Outcome::Undetermined, Severity::Warning)]);
        let whole = shown(&facts(vec![vec![unconnected(V6, kind)]]));
        assert_eq!(whole, [("starttls-family-unprobed", Outcome::Undetermined, Severity::Blocker)]);
    }
}

#[test]
fn of_an_address_that_was_not_begun_no_rung_holds() {
    let facts = facts(vec![vec![unconnected(V4, FailureKind::TurnedAway)]]);
    let ladder = |code: &str| code.starts_with("starttls-") && !["starttls-family-unprobed", "starttls-port-blocked"].contains(&code);
    let holding: Vec<&str> = findings(&facts)
        .iter()
        .filter(|it| it.outcome == Outcome::Holds && ladder(it.code()))
        .map(crate::model::finding::Finding::code)
        .collect();
    assert!(holding.is_empty(), "{holding:?}");
}

#[test]
fn a_blocked_port_is_concluded_from_timeouts_everywhere_beside_working_https() {
    let timeouts = || vec![vec![unconnected(V4, FailureKind::Timeout), unconnected(V6, FailureKind::NoRoute)]];
    let has = |facts: &Facts| shown(facts).iter().any(|it| it.0 == "starttls-port-blocked");
    let mut blocked = facts(timeouts());
    assert!(!has(&blocked), "nothing to compare with");
    blocked.policy = Some(policy(Looked::Failed(Failure::new(FailureKind::Timeout, "late"))));
    assert!(!has(&blocked), "HTTPS does not work either");
    blocked.policy = Some(policy(Looked::Seen(5)));
    assert!(has(&blocked));
    assert!(shown(&blocked).iter().any(|it| it.0 == "starttls-unreachable"), "and each address is still reported");
    let mut refused = facts(vec![vec![unconnected(V4, FailureKind::Timeout)], vec![unconnected(V4, FailureKind::Refused)]]);
    refused.policy = Some(policy(Looked::Seen(5)));
    assert!(!has(&refused), "a refusal comes from somewhere");
    let mut unbegun = facts(vec![vec![unconnected(V4, FailureKind::Timeout)], vec![unconnected(V4, FailureKind::OutOfTime)]]);
    unbegun.policy = Some(policy(Looked::Seen(5)));
    assert!(has(&unbegun), "what was not begun says nothing");
}

#[test]
fn the_control_connection_tells_a_blocked_port_from_hosts_that_are_down() {
    use crate::model::facts::vantage::ControlFacts;
    let silent = |kind| facts(vec![vec![unconnected(V4, kind)]]);
    let control = |address: Option<&str>, outcome| ControlFacts {
        target: "mx.example.net".into(),
        port: 25,
        address: address.map(|address| address.parse().unwrap()),
        at: Timestamp::UNIX_EPOCH,
        outcome,
    };
    let has = |facts: &Facts| shown(facts).iter().any(|it| it.0 == "starttls-port-blocked");
    let (here, timeout) = (Some("198.51.100.25"), FailureKind::Timeout);
    // Which of its words are wrong is no matter where all addresses are counted.
    for (number, words) in [(8, "192.0.2.8"), (9, "192.0.2.8 and 1 more"), (11, "192.0.2.8 and 3 more")] {
        let mut facts = facts(vec![(1..=number).map(|last| unconnected(&format!("192.0.2.{last}"), timeout)).collect()]);
        facts.vantage.means.control = Some(control(here, failed(timeout, "late")));
        let all = findings(&facts);
        let finding = all.iter().find(|it| it.rule == &PORT_BLOCKED && it.is_shown()).expect("it is blocked");
        assert!(finding.evidence[0].text.ends_with(words), "{}", finding.evidence[0].text);
        assert_eq!(
            finding.message,
            "every MX address is silent at port 25 and so is the control host: the port is blocked where this runs"
        );
        assert_eq!(finding.found, Some(format!("{number} of {number} addresses are silent")));
    }
    for (kind, control, https, blocked) in [
        (timeout, control(here, reply(220, &["mx"])), true, false),
        // Whatever it says: it could be connected to.
        (timeout, control(here, reply(554, &["no"])), true, false),
        (timeout, control(here, failed(timeout, "late")), false, true),
        (FailureKind::Unreachable, control(here, failed(FailureKind::Unreachable, "no way")), false, true),
        // A control that is down itself, or cannot be found, proves nothing; HTTPS may.
        (timeout, control(here, failed(FailureKind::Refused, "refused")), false, false),
        (timeout, control(here, failed(FailureKind::Refused, "refused")), true, true),
        (timeout, control(None, failed(timeout, "no resolver answered")), false, false),
        (FailureKind::Unreachable, control(here, failed(FailureKind::Proxy, "the proxy is gone")), true, false),
    ] {
        let mut facts = silent(kind);
        facts.policy = https.then(|| policy(Looked::Seen(5)));
        let words = format!("{kind:?} with {control:?}, HTTPS {https}");
        facts.vantage.means.control = Some(control);
        assert_eq!(has(&facts), blocked, "{words}");
    }
}

#[test]
fn https_beside_a_socks_proxy_says_nothing_about_the_port_behind_it() {
    let mut facts = facts(vec![vec![unconnected(V4, FailureKind::Timeout)]]);
    facts.policy = Some(policy(Looked::Seen(5)));
    facts.vantage.means.socks5 = Some("proxy.example.net:1080".into());
    assert!(shown(&facts).iter().all(|it| it.0 != "starttls-port-blocked"));
    // What was not asked at all is not silent.
    facts.vantage.means.socks5 = None;
    for kind in [FailureKind::Proxy, FailureKind::Denied, FailureKind::NoRoute] {
        facts.servers.as_mut().unwrap()[0].probes = vec![unconnected(V4, kind)];
        assert!(shown(&facts).iter().all(|it| it.0 != "starttls-port-blocked"), "{kind:?}");
    }
}

/// A probe that another vantage lent is held against the control connection of that vantage, not against what works here.
#[test]
fn a_port_is_blocked_where_the_probes_were_made() {
    use crate::model::facts::vantage::{ControlFacts, OtherVantage};
    let mut facts = facts(vec![vec![unconnected(V4, FailureKind::Timeout)]]);
    facts.policy = Some(policy(Looked::Seen(5)));
    let gave = vec![format!("mx1.example.com {V4}")];
    let mut vantage = facts.vantage.clone();
    vantage.helo = "elsewhere.example".into();
    facts.others = vec![OtherVantage { vantage, observed_at: Timestamp::UNIX_EPOCH, gave, proved: vec![], too_old: vec![] }];
    let blocked = |facts: &Facts| findings(facts).into_iter().find(|it| it.rule == &PORT_BLOCKED && it.is_shown());
    assert!(blocked(&facts).is_none(), "HTTPS worked here, the probe was made there");
    facts.others[0].vantage.means.control = Some(ControlFacts {
        target: "mx.example.net".into(),
        port: 25,
        address: Some("198.51.100.25".parse().unwrap()),
        at: Timestamp::UNIX_EPOCH,
        outcome: failed(FailureKind::Timeout, "late"),
    });
    assert!(blocked(&facts).unwrap().message.contains("elsewhere.example"));
    // Each of two may have a port that is blocked, or none.
    facts.servers.as_mut().unwrap()[0].probes.push(unconnected(V6, FailureKind::Timeout));
    assert!(blocked(&facts).is_none(), "one probe was made here, one there");
    facts.others[0].gave.push(format!("mx1.example.com {V6}"));
    assert!(blocked(&facts).is_some(), "both were made there");
}

#[test]
fn a_probe_that_worked_elsewhere_makes_an_unreachable_address_a_loose_end() {
    use crate::model::facts::vantage::OtherVantage;
    let mut facts = facts(vec![vec![unconnected(V4, FailureKind::Refused)]]);
    assert_eq!(shown(&facts)[0].2, Severity::Blocker);
    let proved = vec![format!("mx1.example.com {V4}")];
    let vantage = facts.vantage.clone();
    facts.others = vec![OtherVantage { vantage, observed_at: Timestamp::UNIX_EPOCH, gave: vec![], proved, too_old: vec![] }];
    assert_eq!((shown(&facts)[0].1, shown(&facts)[0].2), (Outcome::Undetermined, Severity::Warning));
    let all = findings(&facts);
    let finding = all.iter().find(|it| it.rule == &UNREACHABLE).unwrap();
    assert!(finding.evidence.iter().any(|evidence| evidence.text.contains("another vantage")), "{:?}", finding.evidence);
    facts.servers.as_mut().unwrap()[0].probes.insert(0, unconnected(V6, FailureKind::Refused));
    let all = findings(&facts);
    let says = |finding: &&Finding| finding.evidence.iter().any(|evidence| evidence.text.contains("another vantage"));
    let subjects: Vec<&str> = all.iter().filter(says).map(|finding| finding.subject.as_str()).collect();
    assert_eq!(subjects, [format!("mx1.example.com {V4}")], "of the other address it says nothing");
}

fn policy(connect: Looked<u64>) -> PolicyFacts {
    let absent = || Absence { kind: AbsenceKind::NoData, via: Vec::new() };
    let address: IpAddr = "198.51.100.1".parse().unwrap();
    PolicyFacts {
        txt: TxtFacts { name: Domain::from_dns("_mta-sts.example.com"), answer: Looked::Absent(absent()), elsewhere: vec![] },
        host: Domain::from_dns("mta-sts.example.com"),
        addresses: AddressFacts { v4: Looked::Absent(absent()), v6: Looked::Absent(absent()) },
        fetches: vec![Fetch {
            address,
            at: Timestamp::UNIX_EPOCH,
            agent: "stsready".into(),
            elapsed_ms: 9,
            connect,
            tls: None,
            response: None,
        }],
        by_agent: vec![],
        draft: None,
        pattern_domains: BTreeMap::new(),
        https_witness: None,
        addresses_left_out: 0,
    }
}

#[test]
fn a_host_without_addresses_is_another_room_s_business() {
    let all = findings(&facts(vec![vec![]]));
    assert!(all.iter().all(|it| it.outcome == Outcome::NotApplicable));
    assert!(LADDER.iter().chain(BEYOND).chain([&&FAMILY_UNPROBED]).all(|rule| all.iter().any(|it| it.rule == *rule)));
}

#[test]
fn what_is_judged_beside_the_ladder_has_its_code_too() {
    use FailureKind::{Other, Timeout, TlsAlert};
    use Outcome::{Broken, Undetermined};
    use Severity::{Advice, Warning};
    let other = |outcome| Probe {
        other_key: Some(OtherKey { asked: vec!["ecdsa".into(), "ed25519".into()], outcome, dialogue: None }),
        ..healthy(V4)
    };
    let injection = |outcome| Probe { injection: Some(outcome), ..healthy(V4) };
    let repeated = |outcome| Probe { repeats: vec![Repeat { at: Timestamp::UNIX_EPOCH, outcome, dialogue: None }], ..healthy(V4) };
    let forged = || {
        let mut facts = tls("TLSv1.3", "TLS_AES_128_GCM_SHA256");
        facts.signature_problem = Some("BadSignature".into());
        Looked::Seen(facts)
    };
    let late = |ms| Probe { greeting_ms: Some(ms), ..healthy(V4) };
    let asking = |probe| Probe { client_certificate: Some(true), ..probe };
    let rows: Vec<Row> = vec![
        ("ten seconds", late(10_000), vec![]),
        ("eleven seconds", late(11_000), vec![("starttls-slow", Broken, Advice)]),
        (
            "late and busy",
            Probe { greeting_ms: Some(11_000), ..greeted(reply(421, &["busy"])) },
            vec![("starttls-busy", Undetermined, Severity::Blocker)],
        ),
        (
            "late and without STARTTLS",
            Probe { greeting_ms: Some(11_000), ..answered(reply(250, &["mx"])) },
            vec![("starttls-missing", Broken, Severity::Blocker), ("starttls-slow", Broken, Advice)],
        ),
        ("asks for a certificate", asking(healthy(V4)), vec![("starttls-client-cert", Broken, Warning)]),
        (
            "demands a certificate",
            asking(after(failed(TlsAlert, "certificate_required (116)"))),
            vec![("starttls-after", Broken, Severity::Blocker)],
        ),
        ("no other key", other(failed(TlsAlert, "handshake_failure (40)")), vec![]),
        ("421 at the second connection", other(failed(Other, "421")), vec![("starttls-key-type-unprobed", Undetermined, Warning)]),
        ("silence at the second connection", other(failed(Timeout, "late")), vec![("starttls-key-type-unprobed", Undetermined, Warning)]),
        (
            "a further handshake refused",
            repeated(failed(TlsAlert, "handshake_failure (40)")),
            vec![("starttls-handshake", Broken, Severity::Blocker)],
        ),
        ("a further connection turned away", repeated(failed(Other, "421")), vec![("starttls-busy", Undetermined, Warning)]),
        ("the other key signs wrongly", other(forged()), vec![("starttls-handshake", Broken, Severity::Blocker)]),
        ("a further server signs wrongly", repeated(forged()), vec![("starttls-handshake", Broken, Severity::Blocker)]),
        ("injection executed", injection(Looked::Seen(Injection::Executed)), vec![("starttls-injection", Broken, Warning)]),
        ("injection discarded", injection(Looked::Seen(Injection::Discarded)), vec![]),
        ("injection unseen", injection(failed(Other, "421")), vec![("starttls-injection", Undetermined, Warning)]),
    ];
    for (name, probe, expected) in rows {
        let facts = facts(vec![vec![probe]]);
        assert_eq!(shown(&facts), expected, "{name}");
        for finding in findings(&facts).iter().filter(|it| it.is_shown()) {
            assert!(
                !finding.evidence.is_empty() && finding.fix.is_some() && finding.expected.is_some() && finding.found.is_some(),
                "{name}"
            );
            assert!(finding.message.contains("mx1.example.com") && !finding.message.ends_with('.'), "{name}: {}", finding.message);
        }
    }
    let all = findings(&facts(vec![vec![other(failed(Other, "421"))]]));
    let finding = all.iter().find(|it| it.rule == &KEY_TYPE_UNPROBED).unwrap();
    assert!(finding.message.contains("an ECDSA or Ed25519 key") && !finding.unsettles(), "{}", finding.message);
}

#[test]
fn what_earlier_versions_did_not_look_at_is_not_said_to_hold() {
    let all = findings(&facts(vec![vec![Probe { client_certificate: None, ..healthy(V4) }]]));
    for rule in [&CLIENT_CERT, &KEY_TYPE_UNPROBED, &INJECTION] {
        assert_eq!(all.iter().find(|it| it.rule == rule).unwrap().outcome, Outcome::NotApplicable, "{}", rule.code);
    }
}

#[test]
fn a_huge_reply_is_shown_in_part() {
    let long = "a".repeat(60_000);
    let all = findings(&facts(vec![vec![answered(reply(250, &["mx", &long]))]]));
    let finding = all.iter().find(|it| it.rule == &MISSING).unwrap();
    assert!(finding.evidence[0].text.len() < 1_000 && finding.found.as_ref().unwrap().len() < 1_000);
}

/// Facts that end in the middle are an open question, whatever else was proven.
#[test]
fn a_dialogue_that_was_cut_off_is_undetermined() {
    let open = |code| vec![(code, Outcome::Undetermined, Severity::Blocker)];
    let other = || healthy(V6);
    for (probe, code) in [
        (Probe { greeting: None, ..greeted(reply(220, &["mx"])) }, "starttls-unreachable"),
        (greeted(reply(220, &["mx"])), "starttls-unreachable"),
        (answered(reply(250, &["mx", "STARTTLS"])), "starttls-rejected"),
        (started(reply(220, &["go"])), "starttls-handshake"),
        (Probe { ehlo_after: None, ..healthy(V4) }, "starttls-after"),
        // As it was saved at port 443, before it was noted that TLS began with the connection.
        (Probe { greeting: None, ehlo: None, starttls: None, ehlo_after: None, ..healthy(V4) }, "starttls-unreachable"),
    ] {
        assert_eq!(shown(&facts(vec![vec![probe, other()]])), open(code), "{code}");
    }
    let first = Probe { tls_first: true, port: 443, greeting: None, ehlo: None, starttls: None, ehlo_after: None, ..healthy(V4) };
    let all = findings(&facts(vec![vec![first]]));
    let about = |finding: &&Finding| finding.subject.contains(V4) && finding.rule != &PORT_BLOCKED;
    assert!(all.iter().filter(about).all(|finding| finding.outcome == Outcome::NotApplicable), "mx-unprobed says it");
}
