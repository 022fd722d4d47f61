use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;

use super::*;
use crate::evidence::reports::letters::{self, Letter};
use crate::model::facts::RecordFacts;
use crate::model::facts::dane::{DaneFacts, Security};
use crate::model::facts::dns::{AddressFacts, MailFacts, MxRecord, TxtFacts, TxtRecord};
use crate::model::facts::policy::{Draft, Fetch, PolicyFacts, Response};
use crate::model::facts::reports::PolicyType;
use crate::model::facts::servers::{MxHost, MxSource, Probe, WideHello};
use crate::model::facts::tls::{TlsFacts, Trust};
use crate::model::facts::{Der, Facts};
use crate::model::fixture::{served, vantage};
use crate::model::looked::{Absence, AbsenceKind, Answer, Failure, FailureKind};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::policy as wire_policy;
use crate::wire::tlsa::TlsaRecord;

const POLICY: &str = "version: STSv1\nmode: enforce\nmx: mx1.shop.example\nmx: *.mx.shop.example\nmax_age: 1209600\n";

fn now() -> Timestamp {
    letters::now()
}

fn seen<T>(value: T) -> Looked<Answer<T>> {
    Looked::Seen(Answer { value, ttl: 300, via: Vec::new() })
}

fn absent<T>() -> Looked<T> {
    Looked::Absent(Absence { kind: AbsenceKind::NxDomain, via: Vec::new() })
}

fn txt(name: &str, text: &str) -> TxtFacts {
    TxtFacts { name: Domain::from_dns(name), answer: seen(vec![TxtRecord { strings: vec![text.to_owned()] }]), elsewhere: Vec::new() }
}

/// A domain about which no two senders disagree.
fn domain() -> Facts {
    let mut facts = Facts::nothing(Domain::from_dns("shop.example"), now(), vantage());
    facts.mail = Some(mail(&["mx1.shop.example", "mx2.mx.shop.example"]));
    let response = Response { content_type: Some("text/plain; charset=utf-8".to_owned()), ..served(POLICY) };
    let fetch = Fetch {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        at: now(),
        agent: String::new(),
        elapsed_ms: 1,
        connect: Looked::Seen(1),
        tls: None,
        response: Some(Looked::Seen(response)),
    };
    facts.policy = Some(PolicyFacts {
        txt: txt("_mta-sts.shop.example", "v=STSv1; id=1"),
        host: Domain::from_dns("mta-sts.shop.example"),
        addresses: AddressFacts { v4: absent(), v6: absent() },
        addresses_left_out: 0,
        fetches: vec![fetch],
        by_agent: Vec::new(),
        draft: None,
        pattern_domains: std::collections::BTreeMap::new(),
        https_witness: None,
    });
    facts.servers = Some(vec![host("mx1.shop.example")]);
    facts
}

fn mail(hosts: &[&str]) -> MailFacts {
    let mx = hosts.iter().map(|host| MxRecord { preference: 10, exchange: Domain::from_dns(host) }).collect();
    MailFacts { mx: seen(mx), mx_total: None, own_addresses: None, parent_policy: None }
}

fn host(name: &str) -> MxHost {
    MxHost {
        name: Domain::from_dns(name),
        source: MxSource::Record,
        preference: Some(10),
        addresses: AddressFacts { v4: absent(), v6: absent() },
        probes: vec![Probe::begun(IpAddr::V4(Ipv4Addr::LOCALHOST), 25, now(), Looked::Seen(1))],
        dane: None,
        addresses_left_out: 0,
    }
}

fn handshake(suite: &str, chain: Vec<Fingerprint>) -> TlsFacts {
    TlsFacts {
        version: "TLSv1.2".to_owned(),
        suite: suite.to_owned(),
        chain,
        trust: Trust::none("no root in tests"),
        stapled: None,
        signature_problem: None,
        fetched: None,
    }
}

/// The domain's only MX host presents a certificate with this common name and these names.
fn presenting(common_name: &str, names: &[&str]) -> Facts {
    let mut params = rcgen::CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).expect("names");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, common_name);
    let der = params.self_signed(&rcgen::KeyPair::generate().expect("a key")).expect("a certificate").der().to_vec();
    let mut facts = domain();
    let print = Fingerprint::of(&der);
    facts.certificates.insert(print, Der(der));
    let mut host = host("mx1.shop.example");
    host.probes[0].tls = Some(Looked::Seen(handshake("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", vec![print])));
    facts.servers = Some(vec![host]);
    facts
}

fn protected(security: Security) -> Facts {
    let mut facts = domain();
    let mut host = host("mx1.shop.example");
    host.dane = Some(DaneFacts {
        name: Domain::from_dns("_25._tcp.mx1.shop.example"),
        records: seen(vec![TlsaRecord::new(3, 1, 1, &[7; 32])]),
        left_out: 0,
        security,
        of_records: None,
        of_addresses: None,
        of_mx: None,
        by: "validated here".to_owned(),
        problem: None,
    });
    facts.servers = Some(vec![host]);
    facts
}

fn only_old_suites(suite: &str) -> Facts {
    let mut facts = domain();
    let mut host = host("mx1.shop.example");
    host.probes[0].tls = Some(Looked::Failed(Failure::new(FailureKind::TlsAlert, "handshake_failure")));
    host.probes[0].wide = Some(WideHello { outcome: Looked::Seen(handshake(suite, Vec::new())), alert: None, group: None });
    facts.servers = Some(vec![host]);
    facts
}

fn with_record(text: &str) -> Facts {
    let mut facts = domain();
    facts.policy.as_mut().expect("a policy").txt = txt("_mta-sts.shop.example", text);
    facts
}

fn served_as(content_type: Option<&str>) -> Facts {
    let mut facts = domain();
    let fetch = &mut facts.policy.as_mut().expect("a policy").fetches[0];
    if let Some(Looked::Seen(response)) = &mut fetch.response {
        response.content_type = content_type.map(str::to_owned);
    }
    facts
}

fn with_reports(letters: impl IntoIterator<Item = Letter>) -> Facts {
    let mut facts = domain();
    facts.reports = Some(letters::facts(letters));
    facts
}

fn asking(record: &str) -> Facts {
    let mut facts = with_reports([]);
    facts.record = Some(RecordFacts { txt: txt("_smtp._tls.shop.example", record), targets: Vec::new() });
    facts
}

fn with_mx(hosts: &[&str]) -> Facts {
    let mut facts = domain();
    facts.mail = Some(mail(hosts));
    facts
}

fn notes(facts: &Facts, policy: &str) -> Vec<SenderNote> {
    let (body, parsed) = (Body::new(policy.as_bytes()), wire_policy::parse(policy));
    differing(&View { facts, body: Some(&body), policy: Some(&parsed) })
}

fn named(facts: &Facts, policy: &str) -> Vec<&'static str> {
    notes(facts, policy).into_iter().map(|note| note.behaviour).collect()
}

/// The policy with one line replaced.
fn line(old: &str, new: &str) -> String {
    assert!(POLICY.contains(old));
    POLICY.replace(old, new)
}

#[test]
fn nothing_is_said_where_no_two_senders_disagree() {
    assert_eq!(notes(&domain(), POLICY), []);
    let nothing = View { facts: &domain(), body: None, policy: None };
    assert_eq!(differing(&nothing), []);
    assert_eq!(named(&domain(), "<html>"), [""; 0]);
}

#[test]
fn policies_are_read_differently() {
    let long = format!("{POLICY}{}", (0..300).map(|n| format!("mx: mx{n}.a-rather-long-name.example\n")).collect::<String>());
    let none = "version: STSv1\nmode: none\nmax_age: 86400\n";
    let table: &[(&str, &[&str])] = &[
        (&format!("{POLICY}\n"), &["blank-line"]),
        (&line("max_age: 1209600", "max_age: 1209600\nmax_age: 604800"), &["last-field-wins", "first-field-wins"]),
        (&line("max_age: 1209600", "max_age: 1209600\nmax_age: 1209600"), &[]),
        (&line("mode: enforce", "mode: enforce\nmode: testing"), &["last-field-wins", "first-field-wins"]),
        (none, &["none-needs-mx"]),
        (&format!("{none}mx: mx1.shop.example\n"), &[]),
        (&line("1209600", "0"), &["max-age-zero", "max-age-a-day", "max-age-raised"]),
        (&line("1209600", "3599"), &["max-age-a-day", "max-age-raised"]),
        (&line("1209600", "3600"), &["max-age-raised"]),
        (&line("1209600", "604799"), &["max-age-raised"]),
        (&line("1209600", "604800"), &[]),
        (&line("1209600", "31557599"), &[]),
        (&line("1209600", "31557600"), &["max-age-a-day"]),
        (&format!("{POLICY}note: see https://shop.example/\n"), &["second-colon"]),
        (&long, &["ten-kibibytes"]),
        (&line("enforce", "testing"), &["testing-not-applied"]),
        (&line("enforce", "testing").replace("1209600", "86400"), &["max-age-raised", "testing-not-applied"]),
    ];
    for (policy, expected) in table {
        assert_eq!(named(&domain(), policy), *expected, "{}", policy.chars().take(200).collect::<String>());
    }
}

#[test]
fn what_each_group_applies_is_named() {
    let twice = line("max_age: 1209600", "max_age: 1209600\nmode: none");
    let effects: Vec<String> = notes(&domain(), &twice).into_iter().map(|note| note.effect).collect();
    assert_eq!(
        effects,
        ["will apply mode: none (line 6), the last of its kind", "will apply mode: enforce (line 2), the first of its kind"]
    );
    let short = notes(&domain(), &line("1209600", "300"));
    assert_eq!(short[0].effect, "will hold this policy for a day in place of its max_age 300");
}

#[test]
fn wildcards_reach_deeper_at_some() {
    let hosts = |hosts: &[&str]| named(&with_mx(hosts), POLICY);
    assert_eq!(hosts(&["a.b.mx.shop.example"]), ["wildcard-any-depth"]);
    assert_eq!(hosts(&["b.mx.shop.example"]), [""; 0]);
    assert_eq!(hosts(&["mx.shop.example", "mx.elsewhere.example"]), [""; 0]);
}

#[test]
fn records_and_answers_are_taken_differently() {
    let record = |text| named(&with_record(text), POLICY);
    assert_eq!(record("v=STSv1 ; id=1"), ["space-before-semicolon"]);
    assert_eq!(record("v=STSv1; id=1; id=2"), ["last-id-wins", "second-id-rejected"]);
    assert_eq!(record("v=STSv1; id=1; note=a; note=b"), [""; 0]);
    for (content_type, expected) in [
        (Some("text/plain"), &[][..]),
        (Some("TEXT/PLAIN;charset=ascii"), &[]),
        (Some("text/html"), &["media-type"]),
        (None, &["media-type"]),
    ] {
        assert_eq!(named(&served_as(content_type), POLICY), expected, "{content_type:?}");
    }
    let mut draft = served_as(Some("text/html"));
    draft.policy.as_mut().expect("a policy").draft = Some(Draft { file: "-".to_owned(), body: Body::new(POLICY.as_bytes()) });
    assert_eq!(named(&draft, POLICY), [""; 0], "a draft is not served yet");
}

#[test]
fn certificates_are_judged_differently() {
    for (common_name, names, expected) in [
        ("x", &["mx1.shop.example"][..], &[][..]),
        ("x", &["a.mx.shop.example"], &["any-listed-name"]),
        ("x", &["*.mx.shop.example"], &["any-listed-name"]),
        ("x", &["mx.elsewhere.example"], &[]),
        ("mx1.shop.example", &[], &["common-name"]),
        ("mx1.shop.example", &["mx.elsewhere.example"], &[]),
    ] {
        assert_eq!(named(&presenting(common_name, names), POLICY), expected, "{common_name} {names:?}");
    }
    assert_eq!(named(&only_old_suites("TLS_RSA_WITH_AES_128_CBC_SHA"), POLICY), ["modern-suites-only"]);
    assert_eq!(named(&only_old_suites("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), POLICY), [""; 0]);
}

#[test]
fn dane_comes_first_at_some_and_never_alone_at_others() {
    assert_eq!(named(&protected(Security::Secure), POLICY), ["dane-first", "dane-and-policy", "policy-over-dane"]);
    assert_eq!(named(&protected(Security::Insecure), POLICY), [""; 0]);
    let effects: Vec<String> = notes(&protected(Security::Secure), POLICY).into_iter().map(|note| note.effect).collect();
    assert_eq!(effects[2], "will let an enforce policy stand above the TLSA records of mx1.shop.example");
}

#[test]
fn reporters_leave_out_different_things() {
    assert_eq!(named(&asking("v=TLSRPTv1; rua=mailto:a@shop.example"), POLICY), ["no-reports", "failures-only"]);
    assert_eq!(named(&asking("v=TLSRPTv1"), POLICY), [""; 0]);
    let without_text = Letter::new("mail.ru", 1).kind(PolicyType::Sts);
    assert_eq!(named(&with_reports([without_text]), POLICY), ["no-policy-string"]);
    assert_eq!(named(&with_reports([Letter::new("mail.ru", 1)]), POLICY), [""; 0]);
    let homeless = Letter::new("microsoft.com", 1).failed("validation-failure", "", 3);
    assert_eq!(named(&with_reports([homeless]), POLICY), ["no-mx-host"]);
    let fetch = Letter::new("microsoft.com", 1).failed("sts-policy-fetch-error", "", 3);
    assert_eq!(named(&with_reports([fetch]), POLICY), [""; 0], "a fetch error is no host's");
    let twice = Letter::new("microsoft.com", 1).and(PolicyType::Tlsa, "3 1 1 AB", 20);
    assert_eq!(named(&with_reports([twice]), POLICY), ["sts-and-tlsa"]);
}

#[test]
fn the_table_is_in_the_house_form() {
    let mut names = BTreeSet::new();
    let pages = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/rules");
    for behaviour in TABLE.iter().copied().flatten() {
        assert!(names.insert((behaviour.sender, behaviour.name)), "{} twice", behaviour.name);
        assert!(!behaviour.source.is_empty() && !behaviour.source.ends_with('.'), "{}", behaviour.name);
        assert!(behaviour.see.is_none_or(|code| pages.join(format!("{code}.md")).is_file()), "{}", behaviour.name);
    }
}
