//! Facts for the tests of the rules: a domain in good order, to be spoilt one thing at a time.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;

use crate::model::facts::dns::{AddressFacts, MailFacts, MxRecord, TxtFacts, TxtRecord};
use crate::model::facts::policy::{Body, Draft, PolicyFacts};
use crate::model::facts::servers::{MxHost, MxSource};
use crate::model::facts::vantage::{Family, Roots, Vantage};
use crate::model::facts::{Facts, RecordFacts, SCHEMA};
use crate::model::finding::{Outcome, Sheet};
use crate::model::looked::{Absence, AbsenceKind, Answer, Cname, Failure, FailureKind, Looked};
use crate::model::settings::Settings;
use crate::rules::Case;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

pub(super) const NOW: &str = "2026-11-22T09:00:00Z";
pub(super) const POLICY: &str = "version: STSv1\nmode: testing\nmx: mx1.example.com\nmx: mx2.example.com\nmax_age: 604800\n";

pub(super) fn name(text: &str) -> Domain {
    Domain::from_dns(text)
}

pub(super) fn seen<T>(value: T) -> Looked<Answer<T>> {
    Looked::Seen(Answer { value, ttl: 300, via: Vec::new() })
}

pub(super) fn absent<T>() -> Looked<T> {
    Looked::Absent(Absence { kind: AbsenceKind::NxDomain, via: Vec::new() })
}

pub(super) fn failed<T>() -> Looked<T> {
    Looked::Failed(Failure::new(FailureKind::ServFail, "SERVFAIL"))
}

pub(super) fn cname(from: &str, to: &str) -> Vec<Cname> {
    vec![Cname { name: name(from), target: name(to), ttl: 60 }]
}

pub(super) fn texts(texts: &[&str]) -> Looked<Answer<Vec<TxtRecord>>> {
    seen(texts.iter().map(|text| TxtRecord { strings: vec![(*text).to_owned()] }).collect())
}

pub(super) fn mx(hosts: &[&str]) -> Looked<Answer<Vec<MxRecord>>> {
    seen(hosts.iter().map(|host| MxRecord { preference: 10, exchange: name(host) }).collect())
}

pub(super) fn addresses() -> AddressFacts {
    AddressFacts { v4: seen(vec![Ipv4Addr::new(192, 0, 2, 1)]), v6: absent() }
}

pub(super) fn no_addresses() -> AddressFacts {
    AddressFacts { v4: absent::<Answer<Vec<Ipv4Addr>>>(), v6: absent::<Answer<Vec<Ipv6Addr>>>() }
}

pub(super) fn server(host: &str, addresses: AddressFacts) -> MxHost {
    MxHost {
        name: name(host),
        source: MxSource::Record,
        preference: Some(10),
        addresses,
        probes: Vec::new(),
        dane: None,
        addresses_left_out: 0,
    }
}

/// example.com with two MX hosts, all of it right.
pub(super) fn facts() -> Facts {
    let family = Family::Available;
    let txt = |owner: &str, text: &str| TxtFacts { name: name(owner), answer: texts(&[text]), elsewhere: Vec::new() };
    Facts {
        schema: SCHEMA.to_owned(),
        domain: name("example.com"),
        observed_at: NOW.parse().expect("a time"),
        vantage: Vantage {
            resolvers: Vec::new(),
            roots: Roots { name: "mozilla".to_owned(), count: 0, sha256: Fingerprint::of(b"") },
            ipv4: family,
            ipv6: family,
            helo: "test.example".to_owned(),
            means: crate::model::facts::vantage::Means::default(),
        },
        others: Vec::new(),
        mail: Some(MailFacts { mx: mx(&["mx1.example.com", "mx2.example.com"]), mx_total: None, own_addresses: None, parent_policy: None }),
        record: Some(RecordFacts {
            txt: txt("_smtp._tls.example.com", "v=TLSRPTv1; rua=mailto:tls@reports.example"),
            targets: vec![target("reports.example", mx(&["mx.reports.example"]))],
        }),
        policy: Some(PolicyFacts {
            txt: txt("_mta-sts.example.com", "v=STSv1; id=1"),
            host: name("mta-sts.example.com"),
            addresses: addresses(),
            fetches: Vec::new(),
            by_agent: Vec::new(),
            draft: Some(draft(POLICY)),
            pattern_domains: BTreeMap::new(),
            https_witness: None,
            addresses_left_out: 0,
        }),
        servers: Some(vec![server("mx1.example.com", addresses()), server("mx2.example.com", addresses())]),
        reports: None,
        disk: Vec::new(),
        certificates: BTreeMap::new(),
        history: None,
    }
}

pub(super) fn target(host: &str, mx: Looked<Answer<Vec<MxRecord>>>) -> crate::model::facts::TargetFacts {
    crate::model::facts::TargetFacts { host: name(host), mx: Some(mx), addresses: Some(no_addresses()) }
}

pub(super) fn draft(text: &str) -> Draft {
    Draft { file: "mta-sts.txt".to_owned(), body: Body::new(text.as_bytes()) }
}

/// Judges with one family.
pub(super) fn judged(facts: &Facts, judge: fn(&Case<'_>, &mut Sheet)) -> Sheet {
    let settings = Settings::default();
    let now: Timestamp = NOW.parse().expect("a time");
    let mut sheet = Sheet::default();
    judge(&Case::new(facts, &settings, now), &mut sheet);
    sheet
}

/// `code severity` of every broken finding, and that all rules wrote something.
pub(super) fn broken(facts: &Facts, rules: &[&crate::model::rule::Rule], judge: fn(&Case<'_>, &mut Sheet)) -> Vec<String> {
    let sheet = judged(facts, judge);
    for rule in rules {
        assert!(sheet.findings().iter().any(|finding| finding.rule == *rule), "{} wrote nothing", rule.code);
    }
    let broken = sheet.findings().iter().filter(|finding| finding.outcome == Outcome::Broken);
    broken
        .map(|finding| {
            assert!(finding.expected.is_some() && finding.found.is_some() && finding.fix.is_some(), "{}", finding.code());
            assert!(!finding.message.ends_with('.') && finding.rule.severities.contains(&finding.severity), "{}", finding.code());
            format!("{} {}", finding.code(), finding.severity.as_str())
        })
        .collect()
}
