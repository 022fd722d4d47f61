use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::evidence::reports::letters::{self, Letter, TESTING};
use crate::model::facts::RecordFacts;
use crate::model::facts::dns::{AddressFacts, MailFacts, MxRecord, TxtFacts, TxtRecord};
use crate::model::facts::policy::{Body, Draft, Fetch, PolicyFacts, Response};
use crate::model::facts::servers::{MxHost, MxSource, Probe};
use crate::model::facts::tls::TlsFacts;
use crate::model::facts::vantage::{Family, Means, Vantage};
use crate::model::looked::{Absence, AbsenceKind, Answer as DnsAnswer, Looked};
use crate::net::shelf::Shelf;
use crate::net::trust::fixture::{Ca, store};
use crate::wire::name::Domain;
use crate::wire::policy_id;
use crate::wire::smtp::Reply;

const DAY: i64 = 86_400;

fn name(text: &str) -> Domain {
    Domain::from_dns(text)
}

fn seen<T>(value: T) -> Looked<DnsAnswer<T>> {
    Looked::Seen(DnsAnswer { value, ttl: 300, via: Vec::new() })
}

fn absent<T>() -> Looked<T> {
    Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() })
}

fn addresses() -> AddressFacts {
    AddressFacts { v4: seen(vec![[192, 0, 2, 1].into()]), v6: absent() }
}

fn texts(text: &str) -> Looked<DnsAnswer<Vec<TxtRecord>>> {
    seen(vec![TxtRecord { strings: vec![text.to_owned()] }])
}

/// shop.example in good order, its reports clean, as of [`letters::now`]; `spare` is a host beside the MX set.
fn facts(policy: &str, id: &str, spare: &str) -> Facts {
    let (root, shelf, now) = (Ca::root("Root"), Shelf::new(), letters::now());
    let trust = store(&[&root.der], None);
    let serve = |host: &str| {
        let chain = vec![root.leaf(&[host], 150..290)];
        let prints = shelf.put(&chain);
        TlsFacts {
            version: "TLSv1.3".to_owned(),
            suite: "TLS_AES_128_GCM_SHA256".to_owned(),
            trust: trust.judge(&chain),
            chain: prints,
            stapled: None,
            signature_problem: None,
            fetched: None,
        }
    };
    let reply = |code, line: &str| Some(Looked::Seen(Reply::new(code, vec!["mx".to_owned(), line.to_owned()])));
    let host = |host: &str, source, preference| MxHost {
        name: name(host),
        source,
        preference,
        addresses: addresses(),
        probes: vec![Probe {
            greeting: reply(220, "ready"),
            greeting_ms: Some(4),
            ehlo: reply(250, "STARTTLS"),
            starttls: reply(220, "go"),
            tls: Some(Looked::Seen(serve(host))),
            ehlo_after: reply(250, "PIPELINING"),
            ..Probe::begun([192, 0, 2, 1].into(), 25, now, Looked::Seen(3))
        }],
        dane: None,
        addresses_left_out: 0,
    };
    let mx = ["mx1.shop.example", "mx2.shop.example"];
    let mut servers: Vec<MxHost> = mx.iter().map(|mx| host(mx, MxSource::Record, Some(10))).collect();
    if !spare.is_empty() {
        servers.push(host(spare, MxSource::Asked, None));
    }
    let response = Response {
        status: 200,
        content_type: Some("text/plain".to_owned()),
        location: None,
        date: None,
        age: None,
        server: None,
        body: Body::new(policy.as_bytes()),
        too_large: false,
    };
    let fetch = Fetch {
        address: [192, 0, 2, 1].into(),
        at: now,
        agent: "test".to_owned(),
        elapsed_ms: 20,
        connect: Looked::Seen(3),
        tls: Some(Looked::Seen(serve("mta-sts.shop.example"))),
        response: Some(Looked::Seen(response)),
    };
    let prints: Vec<_> = servers
        .iter()
        .flat_map(|host| &host.probes)
        .flat_map(|probe| probe.chains())
        .chain(fetch.handshake())
        .flat_map(|tls| tls.chain.clone())
        .collect();
    let records = mx.iter().map(|mx| MxRecord { preference: 10, exchange: name(mx) }).collect();
    let txt = |owner: &str, text: &str| TxtFacts { name: name(owner), answer: texts(text), elsewhere: Vec::new() };
    let reports = ["google.com", "microsoft.com"].into_iter().flat_map(|reporter| Letter::daily(reporter, 1..=21));
    let vantage = Vantage {
        resolvers: Vec::new(),
        roots: trust.roots(),
        ipv4: Family::Available,
        ipv6: Family::Available,
        helo: "test.example".to_owned(),
        means: Means::default(),
    };
    Facts {
        mail: Some(MailFacts { mx: seen(records), mx_total: None, own_addresses: None, parent_policy: None }),
        record: Some(RecordFacts { txt: txt("_smtp._tls.shop.example", "v=TLSRPTv1; rua=mailto:tls@shop.example"), targets: Vec::new() }),
        policy: Some(PolicyFacts {
            txt: txt("_mta-sts.shop.example", &format!("v=STSv1; id={id};")),
            host: name("mta-sts.shop.example"),
            addresses: addresses(),
            addresses_left_out: 0,
            fetches: vec![fetch],
            by_agent: Vec::new(),
            draft: None,
            pattern_domains: BTreeMap::new(),
            https_witness: None,
        }),
        servers: Some(servers),
        reports: Some(letters::facts(reports)),
        certificates: shelf.take_for(&prints),
        ..Facts::nothing(name("shop.example"), now, vantage)
    }
}

fn planned(facts: &Facts, change: &Change) -> Plan {
    plan(facts, change, Given::default(), &Settings::default(), letters::now())
}

fn ago(seconds: i64) -> Timestamp {
    letters::now() - SignedDuration::from_secs(seconds)
}

/// The id of a text that was published so long ago.
fn id(text: &str, seconds_ago: i64) -> String {
    policy_id::fresh(text, ago(seconds_ago), &std::collections::BTreeSet::new())
}

/// What each step is, in a letter: done, next, waiting, later.
fn states(plan: &Plan) -> String {
    let letter = |state| match state {
        StepState::Done => 'd',
        StepState::Next => 'n',
        StepState::Waiting => 'w',
        StepState::Later => 'l',
    };
    plan.steps.iter().map(|step| letter(step.state)).collect()
}

fn enforce() -> String {
    TESTING.replace("testing", "enforce")
}

#[test]
fn each_run_sees_which_step_is_next() {
    let (body, lasting) = (enforce(), enforce().replace("604800", "1209600"));
    let add = Change::AddMx { host: name("mx3.shop.example"), preference: None };
    let with_third = body.replace("max_age", "mx: mx3.shop.example\nmax_age");
    let without_second = body.replace("mx: mx2.shop.example\n", "");
    let withdrawn = TESTING.replace("testing", "none").replace("604800", "86400");
    let remove = Change::RemoveMx { host: name("mx2.shop.example") };
    for (text, id, change, expected) in [
        (TESTING, "1".to_owned(), &Change::Enforce, "nlllll"),
        (&body, "1".to_owned(), &Change::Enforce, "dnllll"),
        (&body, id(&body, 60), &Change::Enforce, "ddwlll"),
        (&body, id(TESTING, 60), &Change::Enforce, "dnllll"),
        (&body, id(&body, 8 * DAY), &Change::Enforce, "dddwll"),
        (&body, id(&body, 15 * DAY), &Change::Enforce, "ddddnl"),
        (&lasting, id(&body, 15 * DAY), &Change::Enforce, "dnllll"),
        (&lasting, id(&lasting, 15 * DAY), &Change::Enforce, "dddddd"),
        (&body, "1".to_owned(), &Change::Testing, "nll"),
        (TESTING, id(TESTING, 60), &Change::Testing, "ddd"),
        (&body, "1".to_owned(), &add, "dnlll"),
        (&with_third, "1".to_owned(), &add, "ddnll"),
        (&with_third, id(&with_third, 3_600), &add, "dddwl"),
        (&with_third, id(&with_third, 2 * DAY), &add, "ddddn"),
        (&body, "1".to_owned(), &remove, "nlll"),
        (&body, "1".to_owned(), &Change::Leave, "nllll"),
        (&withdrawn, "1".to_owned(), &Change::Leave, "dnlll"),
        (&withdrawn, id(&withdrawn, 6 * DAY), &Change::Leave, "ddwll"),
        (&withdrawn, id(&withdrawn, 8 * DAY), &Change::Leave, "dddnl"),
    ] {
        let plan = planned(&facts(text, &id, "mx3.shop.example"), change);
        assert_eq!((plan.answer, states(&plan).as_str()), (Answer::Ready, expected), "{text} {id} {change:?}: {:?}", plan.because);
    }
    let mut gone = facts(&without_second, "1", "");
    gone = gone.without_mx(&[name("mx2.shop.example")]);
    assert_eq!(states(&planned(&gone, &remove)), "dddn");
}

#[test]
fn what_is_to_come_is_dated_from_when_it_can_begin() {
    let body = enforce();
    let plan = planned(&facts(&body, &id(&body, 60), ""), &Change::Enforce);
    let until: Vec<Timestamp> = plan.steps[2].waits.iter().map(|wait| wait.until).collect();
    assert_eq!(until, [300, DAY, 3 * DAY, 7 * DAY].map(|seconds| ago(60 - seconds)));
    assert_eq!(plan.steps[3].waits[0].until, ago(60 - 14 * DAY));
}

#[test]
fn a_switch_wants_the_evidence_and_the_step_back_does_not() {
    let mut unproven = facts(TESTING, "1", "");
    unproven.reports = Some(letters::facts([]));
    let plan = planned(&unproven, &Change::Enforce);
    assert_eq!((plan.answer, plan.because.as_slice(), plan.next), (Answer::Inconclusive, &["reports-none"][..], None));
    assert_eq!(planned(&unproven, &Change::Testing).answer, Answer::Ready);
    assert_eq!(planned(&unproven, &Change::Leave).answer, Answer::Ready);
    let draft = Draft { file: "new".to_owned(), body: Body::new(enforce().as_bytes()) };
    assert_eq!(planned(&unproven, &Change::Policy(draft)).answer, Answer::Inconclusive, "by a file it is the same switch");
    let withdrawn = TESTING.replace("testing", "none");
    let plan = planned(&facts(&withdrawn, "1", ""), &Change::Enforce);
    assert!(plan.because.contains(&"policy-mode-none"), "testing comes first: {:?}", plan.because);
}

#[test]
fn a_host_that_was_not_probed_is_not_proven() {
    let plan = planned(&facts(TESTING, "1", ""), &Change::AddMx { host: name("mx3.shop.example"), preference: Some(5) });
    assert_eq!((plan.answer, plan.because.as_slice()), (Answer::Inconclusive, &["change-unproven"][..]));
    let record = plan.steps.last().and_then(|step| step.publish.first()).map(|publish| publish.text.as_str());
    assert_eq!(record, Some("shop.example. 300 IN MX 5 mx3.shop.example."));
}

#[test]
fn who_was_covered_by_the_host_that_goes_must_find_another() {
    let mut facts = facts(&enforce(), "1", "");
    let narrow = "version: STSv1\nmode: enforce\nmx: mx2.shop.example\nmax_age: 2419200\n";
    let letters = ["google.com", "microsoft.com"].into_iter().flat_map(|reporter| Letter::daily(reporter, 1..=21));
    facts.reports = Some(letters::facts(letters.chain([Letter::new("slow.example", 1).policy(narrow)])));
    let plan = planned(&facts, &Change::RemoveMx { host: name("mx2.shop.example") });
    assert_eq!((plan.answer, plan.because.as_slice()), (Answer::NotReady, &["change-breaks-cached"][..]));
    assert_eq!(planned(&facts, &Change::RemoveMx { host: name("mx1.shop.example") }).answer, Answer::Ready);
    assert!(plan.held.iter().any(|held| held.max_age == Some(2_419_200)), "{:?}", plan.held);
}

#[test]
fn no_id_is_proposed_twice_and_a_chosen_one_that_was_used_is_refused() {
    let facts = facts(TESTING, "20260101", "");
    let chosen = |id| plan(&facts, &Change::Enforce, Given { history: None, id: Some(id) }, &Settings::default(), letters::now());
    assert_eq!(chosen("20260101").because, ["change-id-reused"]);
    let plan = chosen("Mine1");
    let ids: Vec<&str> = plan.steps.iter().flat_map(|step| &step.publish).filter_map(|publish| publish.text.split("id=").nth(1)).collect();
    assert!(plan.answer == Answer::Ready && ids[0].starts_with("Mine1") && ids[1] != ids[0], "{ids:?}");
}

#[test]
fn a_step_back_in_time_is_no_step_forward() {
    // An id from the future is waited for from then on.
    let body = enforce();
    let plan = planned(&facts(&body, &id(&body, -DAY), ""), &Change::Enforce);
    assert_eq!(states(&plan), "ddwlll");
    assert_eq!(plan.steps[2].waits[0].until, ago(-DAY - 300));
}
