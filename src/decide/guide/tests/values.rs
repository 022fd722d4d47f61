//! What is filled in, placeholder by placeholder.

use std::collections::BTreeSet;

use super::*;
use crate::model::history::{History, Span, Subject};
use crate::model::looked::{Absence, AbsenceKind, Answer as DnsAnswer, Cname, Failure, FailureKind, Looked};
use crate::playbook::placeholder::{Placeholder, Value};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::policy_id;

fn absent<T>() -> Looked<T> {
    Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() })
}

fn failed<T>() -> Looked<T> {
    Looked::Failed(Failure::new(FailureKind::Timeout, "no answer"))
}

fn mx(hosts: &[&str]) -> Looked<DnsAnswer<Vec<MxRecord>>> {
    let value = hosts.iter().map(|host| MxRecord { preference: 10, exchange: Domain::from_dns(host) }).collect();
    Looked::Seen(DnsAnswer { value, ttl: 300, via: Vec::new() })
}

/// What is filled in; or, behind a dash, why nothing is.
fn filled(facts: &Facts, about: About<'_>, placeholder: Placeholder) -> String {
    let (settings, now) = (Settings::default(), letters::now());
    let assessment = assess(facts, &settings, now);
    match crate::decide::guide::values::of(&Case::new(facts, &settings, now), &assessment, about).get(placeholder) {
        Value::Known(text) => text.clone(),
        Value::Unknown(why) => format!("- {why}"),
    }
}

fn good() -> Facts {
    facts(TESTING, "1", "")
}

/// Of a past nothing is known.
fn bare(text: &str, id: &str) -> Facts {
    super::without(facts(text, id, ""), false, false)
}

/// Its MX hosts are these.
fn hosts(names: &[&str]) -> Facts {
    let mut facts = good();
    let host = facts.servers.as_ref().expect("they were probed")[0].clone();
    facts.servers =
        Some(names.iter().map(|name| crate::model::facts::servers::MxHost { name: Domain::from_dns(name), ..host.clone() }).collect());
    facts.mail.as_mut().expect("it was looked up").mx = mx(names);
    facts
}

/// The policy host is silent.
fn silent(mut facts: Facts) -> Facts {
    for fetch in &mut facts.policy.as_mut().expect("it was looked at").fetches {
        (fetch.connect, fetch.tls, fetch.response) = (failed(), None, None);
    }
    facts
}

fn with_mx(records: Looked<DnsAnswer<Vec<MxRecord>>>) -> Facts {
    let mut facts = good();
    facts.mail.as_mut().expect("it was looked up").mx = records;
    facts
}

#[test]
fn each_placeholder_has_its_value_or_says_why_there_is_none() {
    use Placeholder as P;
    let ask = Domain::from_dns("mx3.shop.example");
    let (address, alias) = (Web::Address([9, 9, 9, 9].into()), Web::Alias(Domain::from_dns("policy.host.example")));
    let about = About::default;
    let (at_address, at_alias) = (About { web: Some(&address), ..about() }, About { web: Some(&alias), ..about() });
    let mut aliased = good();
    if let Looked::Seen(answer) = &mut aliased.policy.as_mut().expect("it was looked at").addresses.v4 {
        let (name, target) = (Domain::from_dns("mta-sts.shop.example"), Domain::from_dns("web.provider.example"));
        answer.via = vec![Cname { name, target, ttl: 300 }];
    }
    let mut nowhere = good();
    let policy = nowhere.policy.as_mut().expect("it was looked at");
    (policy.addresses.v4, policy.txt.answer) = (absent(), absent());
    policy.fetches.clear();
    let mut unheard = good();
    unheard.record.as_mut().expect("it was looked up").txt.answer = absent();
    let names: Vec<String> = (1..=10).map(|number| format!("mx{number}.shop.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let eight = names[..8].join(", ");
    let none = || Facts { servers: Some(Vec::new()), ..with_mx(absent()) };
    let (withdrawn, unreported) = (bare(&TESTING.replace("testing", "none"), "1"), bare(TESTING, "1"));
    let dead = "shop.example. 3600 IN MX 0 .";
    for (facts, about, placeholder, expected) in vec![
        (good(), about(), P::Domain, "shop.example"),
        (good(), about(), P::PolicyHost, "mta-sts.shop.example"),
        (good(), about(), P::PolicyUrl, "https://mta-sts.shop.example/.well-known/mta-sts.txt"),
        (good(), about(), P::Host, "- none was named; name it with --host"),
        (good(), About { host: Some(&ask), ..about() }, P::Host, "mx3.shop.example"),
        (good(), about(), P::RecordHost, "mta-sts.shop.example. IN A 192.0.2.1"),
        (aliased, about(), P::RecordHost, "mta-sts.shop.example. IN CNAME web.provider.example."),
        (good(), at_address, P::RecordHost, "mta-sts.shop.example. 3600 IN A 9.9.9.9"),
        (good(), at_alias, P::RecordHost, "mta-sts.shop.example. 3600 IN CNAME policy.host.example."),
        (
            nowhere.clone(),
            about(),
            P::RecordHost,
            "- the web server was not named (name it with --web ADDRESS, or --web NAME for an alias)",
        ),
        (good(), about(), P::Rua, "mailto:tls@shop.example"),
        (good(), About { rua: Some("mailto:new@shop.example"), ..about() }, P::Rua, "mailto:new@shop.example"),
        (unheard.clone(), about(), P::Rua, "mailto:tls-reports@shop.example"),
        (unheard, about(), P::RecordTlsrpt, "_smtp._tls.shop.example. 3600 IN TXT \"v=TLSRPTv1; rua=mailto:tls-reports@shop.example\""),
        (good(), about(), P::MxHosts, "mx1.shop.example, mx2.shop.example"),
        (hosts(&names[..8]), about(), P::MxHosts, &eight),
        (hosts(&names), about(), P::MxHosts, &format!("{eight}, and 2 more")),
        (none(), about(), P::MxHosts, "- no MX host of the domain is known"),
        (good(), about(), P::MxFirst, "mx1.shop.example"),
        (good(), about(), P::MxRecords, "shop.example. IN MX 10 mx1.shop.example.\nshop.example. IN MX 10 mx2.shop.example."),
        (none(), about(), P::MxRecords, "- the domain has no MX record"),
        (good(), about(), P::MxLines, "mx: mx1.shop.example\nmx: mx2.shop.example"),
        (good(), about(), P::Provider, "self-hosted"),
        (hosts(&["aspmx.l.google.com", "alt1.aspmx.l.google.com"]), about(), P::Provider, "google-workspace"),
        (hosts(&["shop-example.mail.protection.outlook.com"]), about(), P::Provider, "microsoft-365"),
        (hosts(&["aspmx.l.google.com", "mx.shop.example"]), about(), P::Provider, "self-hosted"),
        (with_mx(absent()), about(), P::RecordNullMx, dead),
        (with_mx(mx(&["."])), about(), P::RecordNullMx, dead),
        (good(), about(), P::RecordNullMx, "- the domain has MX records; take them away first, if nobody's mail depends on them"),
        (with_mx(failed()), about(), P::RecordNullMx, "- its MX records could not be looked up"),
        (Facts { mail: None, ..good() }, about(), P::RecordNullMx, "- its MX records could not be looked up"),
        (good(), about(), P::PolicyServed, TESTING),
        (good(), about(), P::PolicyMode, "testing"),
        (good(), about(), P::PolicyMaxAge, "604800 seconds"),
        (nowhere.clone(), about(), P::PolicyServed, "- no policy is served"),
        (good(), about(), P::RecordTtl, "3600 seconds"),
        (good(), about(), P::RecordServed, "v=STSv1; id=1;"),
        (nowhere, about(), P::RecordServed, "- there is none"),
        (good(), about(), P::Today, "2026-03-31"),
        (good(), about(), P::HoldsUntil, "2026-04-01"),
        (good(), about(), P::EvidenceDate, "- no date can be computed, or they suffice already"),
        (unreported, about(), P::EvidenceDate, "2026-04-14"),
        (good(), about(), P::CertificateDate, "2026-07-26 (mta-sts.shop.example 192.0.2.1 ecdsa)"),
        (Facts { servers: Some(Vec::new()), policy: None, ..good() }, about(), P::CertificateDate, "- no certificate was seen"),
        (facts(&enforce(), "1", ""), about(), P::PolicyHeldUntil, "2026-04-07"),
        (since(bare(TESTING, "1"), &enforce().replace("604800", "2592000"), 60), about(), P::PolicyHeldUntil, "2026-04-30"),
        (withdrawn, about(), P::PolicyHeldUntil, "- no policy is in force"),
    ] {
        assert_eq!(filled(&facts, about, placeholder), expected, "{placeholder:?}");
    }
}

#[test]
fn the_policy_that_is_due_stays_in_enforce_only_where_senders_may_go_by_it() {
    let (body, none) = (enforce(), TESTING.replace("testing", "none"));
    let unread = |mut facts: Facts| {
        facts.policy.as_mut().expect("it was looked at").txt.answer = failed();
        facts
    };
    let unannounced = |facts: Facts| super::without(facts, true, false);
    let unknown = "- the policy that is served could not be fetched";
    for (what, facts, expected) in [
        ("testing", bare(TESTING, "1"), "testing"),
        ("enforce", bare(&body, "1"), "enforce"),
        ("withdrawn", bare(&none, "1"), "testing"),
        ("enforce that nobody was told of", unannounced(bare(&body, "1")), "testing"),
        ("nobody knows of a record", unread(bare(&body, "1")), "enforce"),
        ("who was told of enforce before", unannounced(since(bare(&body, "1"), &body.replace("604800", "1209600"), 60)), "enforce"),
        ("enforce before, testing now", since(bare(TESTING, "1"), &body, 60), "testing"),
        ("the policy host is silent", silent(bare(&body, "1")), unknown),
        ("silent, and nobody was told of a policy", silent(unannounced(bare(&body, "1"))), "testing"),
        ("silent, enforce was seen before", silent(since(bare(&body, "1"), TESTING, 3_600)), "enforce"),
    ] {
        assert_eq!(filled(&facts, About::default(), Placeholder::PolicyDueMode), expected, "{what}");
    }
}

#[test]
fn the_text_that_is_due_is_the_one_served_put_right_where_it_must_be() {
    let short = TESTING.replace("604800", "86400");
    let narrow = short.replace("mx: mx2.shop.example\n", "");
    let none = short.replace("testing", "none");
    let faulty = short.replace("mode: testing", "mode: tested");
    let lost = |facts: Facts| super::without(facts, false, true);
    // Two texts of before, the later one last.
    let seen = |texts: &[&str]| {
        let span = |(days, text): (i64, &&str)| {
            let (sha256, text) = (Fingerprint::of(text.as_bytes()), (*text).to_owned());
            Span {
                seen: Seen::Policy { sha256, text, mode: None, max_age: None },
                first_seen: later((days - 9) * DAY),
                last_seen: later((days - 9) * DAY + 9),
            }
        };
        let spans = (0..).zip(texts).map(span).collect();
        let subject = Subject { kind: Kind::Policy, name: "mta-sts.shop.example".to_owned(), looked_at: later(-DAY), spans };
        let history = History { subjects: vec![subject], ..History::nothing(Domain::from_dns("shop.example")) };
        Facts { history: Some(history), ..lost(bare(&faulty, "1")) }
    };
    let mut html = bare(&short, "1");
    if let Some(Looked::Seen(response)) = &mut html.policy.as_mut().expect("it was looked at").fetches[0].response {
        response.content_type = Some("text/html".to_owned());
    }
    let unknown = "- no MX host of the domain is known";
    let without_mx = Facts { servers: Some(Vec::new()), ..bare(&short, "1") };
    for (what, facts, expected) in vec![
        ("it is right", bare(&short, "1"), short.as_str()),
        ("a host is missing", bare(&narrow, "1"), &narrow.replace("max_age", "mx: mx2.shop.example\nmax_age")),
        ("it is withdrawn", bare(&none, "1"), &short),
        ("its text is right, though it cannot be had", html, &short),
        ("it is no policy", bare(&faulty, "1"), TESTING),
        ("it is gone, and was right", seen(&[&short]), &short),
        ("it is gone, and was withdrawn last", seen(&[&short, &none.replace("86400", "172800")]), &short),
        ("it is gone, and had no mode last", seen(&[&short, &faulty]), &short),
        ("it is gone, and was of another version last", seen(&[&short, &TESTING.replace("STSv1", "STSv2")]), &short),
        ("the later of two", seen(&[TESTING, &short]), &short),
        ("it is gone, and nobody saw it", lost(bare(&short, "1")), TESTING),
        ("no host is known", without_mx, unknown),
    ] {
        assert_eq!(filled(&facts, About::default(), Placeholder::PolicyTesting), expected, "{what}");
    }
}

#[test]
fn the_record_that_is_due_names_what_is_served() {
    let id = |text: &str| policy_id::fresh(text, later(-20 * DAY), &BTreeSet::new());
    let narrow = TESTING.replace("mx: mx2.shop.example\n", "");
    let record = |facts: &Facts| filled(facts, About::default(), Placeholder::RecordTesting);
    let id_of = |record: &str| record.split("id=").nth(1).and_then(|rest| rest.split([';', '"']).next()).map(str::to_owned);
    let known = id(TESTING);
    assert_eq!(id_of(&record(&bare(TESTING, &known))), Some(known), "the id in use stays");
    let other = id(&narrow);
    let fresh = id_of(&record(&bare(TESTING, &other))).expect("an id");
    assert!(fresh != other && policy_id::names(&fresh, TESTING), "{fresh}");
    let early = "- the policy is not served as it should be yet; serve it first, then look again";
    assert_eq!(record(&bare(&narrow, &id(&narrow))), early);
    assert_eq!(record(&silent(bare(TESTING, "1"))), "- the policy that is served could not be fetched");
}
