use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::evidence::reports::letters::{self, Letter, TESTING};
use crate::model::facts::RecordFacts;
use crate::model::facts::dns::{AddressFacts, MailFacts, MxRecord, TxtFacts, TxtRecord};
use crate::model::facts::policy::{Body, Draft, Fetch, PolicyFacts};
use crate::model::facts::servers::{MxHost, MxSource, Probe};
use crate::model::facts::tls::TlsFacts;
use crate::model::facts::vantage::Vantage;
use crate::model::fixture::{served, vantage};
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{History, Span, Subject};
use crate::model::looked::{Absence, AbsenceKind, Answer as DnsAnswer, Failure, FailureKind, Looked};
use crate::model::plan::Action;
use crate::net::shelf::Shelf;
use crate::net::trust::fixture::{Ca, store};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::policy_id;
use crate::wire::smtp::Reply;

mod steps;
mod weighing;

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
pub(in crate::decide) fn facts(policy: &str, id: &str, spare: &str) -> Facts {
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
    let fetch = Fetch {
        address: [192, 0, 2, 1].into(),
        at: now,
        agent: "test".to_owned(),
        elapsed_ms: 20,
        connect: Looked::Seen(3),
        tls: Some(Looked::Seen(serve("mta-sts.shop.example"))),
        response: Some(Looked::Seen(served(policy))),
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
    let vantage = Vantage { roots: trust.roots(), helo: "test.example".to_owned(), ..vantage() };
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

fn chosen(facts: &Facts, change: &Change, id: &str) -> Plan {
    plan(facts, change, Given { id: Some(id) }, &Settings::default(), letters::now())
}

fn ago(seconds: i64) -> Timestamp {
    letters::now() - SignedDuration::from_secs(seconds)
}

/// The id of a text, in the form that is proposed.
fn id(text: &str) -> String {
    policy_id::fresh(text, ago(20 * DAY), &std::collections::BTreeSet::new())
}

/// With a store: checks of two months, in which `before` was served under the id 0 until so many seconds ago, then what is served now.
pub(in crate::decide) fn since(facts: Facts, before: &str, seconds: i64) -> Facts {
    let policy = facts.policy.as_ref().expect("it has one");
    let body = policy.fetches[0].answered().expect("it answers").body.text.clone();
    let id = policy.txt.texts()[0].trim_start_matches("v=STSv1; id=").trim_end_matches(';').to_owned();
    let text = |text: &str| Seen::Policy { sha256: Fingerprint::of(text.as_bytes()), text: text.to_owned(), mode: None, max_age: None };
    let record = |id: &str| Seen::PolicyRecord { text: format!("v=STSv1; id={id};"), id: Some(id.to_owned()) };
    let subject = |kind, name: &str, was: Seen, is: Seen| {
        let before = Span { seen: was, first_seen: ago(60 * DAY), last_seen: ago(seconds + 1) };
        let now = Span { seen: is, first_seen: ago(seconds), last_seen: ago(1) };
        let spans = if before.seen == now.seen { vec![Span { last_seen: ago(1), ..before }] } else { vec![before, now] };
        Subject { kind, name: name.to_owned(), looked_at: ago(1), spans }
    };
    let subjects = vec![
        subject(Kind::Policy, "mta-sts.shop.example", text(before), text(&body)),
        subject(Kind::PolicyRecord, "_mta-sts.shop.example", record("0"), record(&id)),
    ];
    Facts { history: Some(History { subjects, ..History::nothing(name("shop.example")) }), ..facts }
}

/// The same with a store that is only so many seconds old, and saw nothing but what is served now.
fn looked(facts: Facts, seconds: i64) -> Facts {
    let mut facts = since(facts, "", seconds);
    for subject in &mut facts.history.as_mut().expect("it has one").subjects {
        subject.spans.drain(..subject.spans.len() - 1);
    }
    facts
}

/// With checks that saw these MX hosts until so many seconds ago.
fn had_mx(mut facts: Facts, hosts: &[&str], seconds: i64) -> Facts {
    let mx = facts.mail.as_ref().and_then(|mail| mail.mx.seen()).expect("it has an MX").value.clone();
    let before = hosts.iter().map(|host| MxRecord { preference: 10, exchange: name(host) }).collect();
    let spans = vec![
        Span { seen: Seen::Mx { records: before }, first_seen: ago(60 * DAY), last_seen: ago(seconds + 1) },
        Span { seen: Seen::Mx { records: mx }, first_seen: ago(seconds), last_seen: ago(1) },
    ];
    let subject = Subject { kind: Kind::Mx, name: "shop.example".to_owned(), looked_at: ago(1), spans };
    facts.history.get_or_insert_with(|| History::nothing(name("shop.example"))).subjects.push(subject);
    facts
}

fn failed<T>() -> Looked<T> {
    Looked::Failed(Failure::new(FailureKind::Timeout, "no answer"))
}

fn draft(text: &str) -> Change {
    Change::Policy(Draft { file: "new".to_owned(), body: Body::new(text.as_bytes()) })
}

fn has_note(plan: &Plan, part: &str) -> bool {
    plan.notes.iter().any(|note| note.contains(part))
}

fn without_reports(facts: Facts) -> Facts {
    Facts { reports: Some(letters::facts([])), ..facts }
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

fn add_third() -> Change {
    Change::AddMx { host: name("mx3.shop.example"), preference: None }
}

fn remove(host: &str) -> Change {
    Change::RemoveMx { host: name(host) }
}

#[test]
fn each_run_sees_which_step_is_next() {
    let (body, lasting) = (enforce(), enforce().replace("604800", "1209600"));
    let add = add_third();
    let with_third = body.replace("max_age", "mx: mx3.shop.example\nmax_age");
    let without_second = body.replace("mx: mx2.shop.example\n", "");
    let remove = remove("mx2.shop.example");
    for (text, id, before, change, expected) in [
        (TESTING, "1".to_owned(), None, &Change::Enforce, "nlllll"),
        (&body, "1".to_owned(), None, &Change::Enforce, "dnllll"),
        // The id tells its text; since when it is published no id can tell.
        (&body, id(&body), None, &Change::Enforce, "ddwlll"),
        (&body, id(TESTING), None, &Change::Enforce, "dnllll"),
        (&body, "1".to_owned(), Some((TESTING, 60)), &Change::Enforce, "ddwlll"),
        (&body, "1".to_owned(), Some((TESTING, 8 * DAY)), &Change::Enforce, "dddwll"),
        (&body, "1".to_owned(), Some((TESTING, 15 * DAY)), &Change::Enforce, "ddddnl"),
        (&body, "0".to_owned(), Some((TESTING, 15 * DAY)), &Change::Enforce, "dnllll"),
        (&lasting, id(&body), None, &Change::Enforce, "dnllll"),
        (&lasting, "1".to_owned(), Some((&*body, 60)), &Change::Enforce, "dddddd"),
        (&body, "1".to_owned(), None, &Change::Testing, "nll"),
        (TESTING, id(TESTING), None, &Change::Testing, "ddd"),
        (TESTING, "1".to_owned(), Some((&*body, 60)), &Change::Testing, "ddw"),
        (TESTING, "1".to_owned(), Some((&*body, 6 * DAY)), &Change::Testing, "ddw"),
        (TESTING, "1".to_owned(), Some((&*body, 8 * DAY)), &Change::Testing, "ddd"),
        (&body, "1".to_owned(), None, &add, "dnlll"),
        (&with_third, "1".to_owned(), None, &add, "ddnll"),
        (&with_third, id(&with_third), None, &add, "dddwl"),
        (&with_third, "1".to_owned(), Some((&*body, 3_600)), &add, "dddwl"),
        (&with_third, "1".to_owned(), Some((&*body, 2 * DAY)), &add, "ddddn"),
        (&body, "1".to_owned(), None, &remove, "nlll"),
    ] {
        let mut facts = facts(text, &id, "mx3.shop.example");
        if let Some((before, seconds)) = before {
            facts = since(facts, before, seconds);
        }
        let plan = planned(&facts, change);
        assert_eq!(
            (plan.answer, states(&plan).as_str()),
            (Answer::Ready, expected),
            "{text} {id} {before:?} {change:?}: {:?}",
            plan.because
        );
    }
    let mut gone = facts(&without_second, "1", "");
    gone = gone.without_mx(&[name("mx2.shop.example")]);
    assert_eq!(states(&planned(&gone, &remove)), "dddn");
}

/// Takes the record, or the file, away.
fn without(facts: Facts, record: bool, file: bool) -> Facts {
    let mut facts = facts;
    let policy = facts.policy.as_mut().expect("it has one");
    if record {
        policy.txt.answer = absent();
    }
    for fetch in policy.fetches.iter_mut().filter(|_| file) {
        let Some(Looked::Seen(response)) = &mut fetch.response else { continue };
        (response.status, response.body) = (404, Body::new(b"not here"));
    }
    facts
}

#[test]
fn nothing_is_taken_away_while_somebody_may_hold_a_policy() {
    let body = enforce();
    let gone = TESTING.replace("testing", "none").replace("604800", "86400");
    let bare = |text: &str, id: &str| without_reports(facts(text, id, ""));
    let withdrawn = |seconds| since(bare(&gone, "1"), &body, seconds);
    let enforced = || since(bare(&body, "1"), TESTING, 9 * DAY);
    for (facts, expected, why) in vec![
        (bare(&body, "1"), "nllll", "the policy is withdrawn first"),
        (bare(&gone, "1"), "dnlll", "and its id follows"),
        (bare(&gone, &id(&gone)), "ddwll", "nothing tells what was served before"),
        (withdrawn(6 * DAY), "ddwll", "the week is not over"),
        (withdrawn(8 * DAY), "dddnl", "it is over"),
        (without(withdrawn(8 * DAY), true, false), "dn", "what is left is tidied up"),
        (without(enforced(), true, false), "nllll", "enforced until now, and the record is gone"),
        (without(enforced(), false, true), "nllll", "enforced until now, and the file is gone"),
        (without(enforced(), true, true), "nllll", "enforced until now, and both are gone"),
        (without(bare(&gone, "1"), true, false), "dnlll", "nothing tells what was served before"),
        (without(bare(&body, "1"), false, true), "nllll", "nothing tells what was served before"),
        (without(bare(&body, "1"), true, true), "dd", "there is nothing, and nothing tells of anything"),
    ] {
        let plan = planned(&facts, &Change::Leave);
        assert_eq!((plan.answer, states(&plan).as_str()), (Answer::Ready, expected), "{why}: {:?}", plan.because);
    }
    let plan = planned(&without(enforced(), true, false), &Change::Testing);
    assert_eq!((plan.answer, states(&plan).as_str()), (Answer::Ready, "nll"), "a step back puts the record back: {:?}", plan.because);
    // Told by its own word what to put back, where nothing is left to change.
    let plan = planned(&without(enforced(), true, true), &Change::Leave);
    let texts: Vec<&str> = plan.steps.iter().flat_map(|step| &step.publish).map(|publish| publish.text.as_str()).collect();
    assert_eq!(texts[0], "version: STSv1\nmode: none\nmx: mx1.shop.example\nmx: mx2.shop.example\nmax_age: 86400\n");
    assert!(texts[1].starts_with("_mta-sts.shop.example. 3600 IN TXT \"v=STSv1; id="), "{}", texts[1]);
    assert_eq!(plan.steps[2].waits.last().map(|wait| wait.until), Some(letters::now() + SignedDuration::from_hours(7 * 24)));
}

#[test]
fn no_plan_leaves_a_domain_without_an_mx() {
    let wildcard = "version: STSv1\nmode: testing\nmx: *.shop.example\nmax_age: 604800\n";
    let one = |text: &str| facts(text, "1", "").without_mx(&[name("mx2.shop.example")]);
    for text in [wildcard, TESTING] {
        let plan = planned(&one(text), &remove("mx1.shop.example"));
        assert_eq!(plan.answer, Answer::NotReady, "{text}");
        assert!(plan.because.contains(&"change-no-mx-left") && plan.next.is_none(), "{:?}", plan.because);
    }
    assert_eq!(planned(&facts(TESTING, "1", ""), &remove("mx1.shop.example")).answer, Answer::Ready);
}

#[test]
fn what_no_check_saw_go_may_be_held_from_now_on() {
    let narrow = enforce().replace("mx: mx2.shop.example\n", "");
    let mut facts = since(facts(TESTING, "1", ""), &narrow, 3 * DAY);
    // The last check was three days ago, and saw the old policy and the old id.
    for subject in &mut facts.history.as_mut().expect("it has one").subjects {
        subject.spans.truncate(1);
        subject.looked_at = ago(3 * DAY + 1);
    }
    let draft = Draft { file: "new".to_owned(), body: Body::new(enforce().as_bytes()) };
    let plan = planned(&facts, &Change::Policy(draft));
    assert_eq!((plan.answer, plan.because.as_slice()), (Answer::NotReady, &["change-breaks-cached"][..]));
    let plan = planned(&facts, &Change::Testing);
    assert_eq!(states(&plan), "ddw", "its week begins with the first look that missed it");
}

#[test]
fn the_text_of_a_switch_is_the_same_in_a_check_and_in_a_plan() {
    let long = TESTING.replace("604800", "31557600");
    let mut facts = facts(&long, "1", "");
    facts.reports = Some(letters::facts(
        ["google.com", "microsoft.com"].into_iter().flat_map(|reporter| Letter::daily(reporter, 1..=21)).map(|letter| letter.policy(&long)),
    ));
    if let Looked::Seen(answer) = &mut facts.policy.as_mut().expect("it has one").txt.answer {
        let (from, target) = (name("_mta-sts.shop.example"), name("_mta-sts.provider.example"));
        answer.via = vec![crate::model::looked::Cname { name: from, target, ttl: 7 }];
        answer.value = vec![TxtRecord { strings: vec!["v=STSv1; id=1; ext=yes;".to_owned()] }];
        answer.ttl = 7;
    }
    let plan = planned(&facts, &Change::Enforce);
    let assessment = crate::decide::assess(&facts, &Settings::default(), letters::now());
    assert_eq!((plan.answer, assessment.answer), (Answer::Ready, Answer::Ready));
    let of_plan: Vec<String> = plan.steps[..2].iter().flat_map(|step| &step.publish).map(|publish| publish.text.clone()).collect();
    let of_check: Vec<String> = assessment.next.iter().filter_map(|step| step.publish.clone()).collect();
    assert_eq!(of_plan, of_check);
    assert!(of_plan[0].contains("max_age: 604800\n"), "a first policy in enforce is held for a week at most");
    let record = &of_plan[1];
    assert!(record.starts_with("_mta-sts.provider.example. IN TXT \"v=STSv1; id=2026"), "the record where it lies, with its TTL: {record}");
    assert!(record.contains("ext=yes"), "{record}");
    let horizon = assessment.horizon.expect("there is a policy");
    assert_eq!((horizon.max_age, horizon.txt_ttl), (604_800, 3_600), "what is held is what is published");
    let ids: Vec<&str> = horizon.roll_back.iter().filter_map(|step| step.publish.as_deref()?.split("id=").nth(1)).collect();
    assert!(ids.len() == 1 && !record.contains(ids[0]), "{ids:?}");
}

#[test]
fn where_the_text_stays_so_does_the_id() {
    let wildcard = "version: STSv1\nmode: enforce\nmx: *.shop.example\nmax_age: 2592000\n";
    let stable = since(facts(wildcard, "0", "mx3.shop.example"), wildcard, 30 * DAY);
    assert_eq!(states(&planned(&stable, &add_third())), "ddn", "proven, nothing to wait for, the record is next");
    let unsaid = since(facts(wildcard, "0", "mx3.shop.example"), &enforce(), 3_600);
    assert_eq!(states(&planned(&unsaid, &add_third())), "ddnll", "the wildcard is new, and nobody was told of it");
}

fn new_provider(text: &str) -> Change {
    Change::Provider { draft: Draft { file: "new".to_owned(), body: Body::new(text.as_bytes()) }, hosts: vec![name("mx3.shop.example")] }
}

#[test]
fn a_new_providers_policy_that_is_served_too_early_makes_place_for_both() {
    let last = "version: STSv1\nmode: enforce\nmx: mx3.shop.example\nmax_age: 604800\n";
    let plan = planned(&facts(last, "1", "mx3.shop.example"), &new_provider(last));
    assert_eq!(&states(&plan)[..3], "dnl", "{:?}", plan.because);
    let text = &plan.steps[1].publish[0].text;
    assert!(["mx1", "mx2", "mx3"].iter().all(|host| text.contains(host)), "{text}");
    let told: Vec<(&str, &str)> = plan.standing.iter().map(|finding| (finding.code(), finding.subject.as_str())).collect();
    assert_eq!(told, [("mx-uncovered", "mx1.shop.example"), ("mx-uncovered", "mx2.shop.example")], "{:?}", plan.findings);
}

#[test]
fn where_dane_is_in_use_the_new_key_is_announced_first() {
    use crate::model::change::NewChain;
    use crate::model::facts::dane::{DaneFacts, Security, TlsaRecord};
    let (root, shelf) = (Ca::root("Root"), Shelf::new());
    let chain = vec![root.leaf(&["mx1.shop.example"], 160..300)];
    let prints = shelf.put(&chain);
    let new = NewChain {
        file: "new.pem".to_owned(),
        certificates: shelf.take_for(&prints),
        chain: prints,
        trust: store(&[&root.der], None).judge(&chain),
        hosts: vec![name("mx1.shop.example")],
        key_fits: None,
    };
    let new_record = TlsaRecord::for_leaf(&chain[0]).expect("a certificate");
    let before = facts(TESTING, "1", "");
    let old_leaf = before.servers.as_ref().expect("probed")[0].probes[0].chains()[0].chain[0];
    let old_record = TlsaRecord::for_leaf(&before.certificates[&old_leaf].0).expect("a certificate");
    let with = |records: Vec<TlsaRecord>, security| {
        let mut facts = before.clone();
        facts.servers.as_mut().expect("probed")[0].dane = Some(DaneFacts {
            name: name("_25._tcp.mx1.shop.example"),
            records: Looked::Seen(DnsAnswer { value: records, ttl: 7_200, via: Vec::new() }),
            left_out: 0,
            security,
            of_records: None,
            of_addresses: None,
            of_mx: None,
            by: "test".to_owned(),
            problem: None,
        });
        facts
    };
    let change = Change::Certificate(Box::new(new.clone()));
    let secure = |records| planned(&with(records, Security::Secure), &change);
    assert_eq!(states(&planned(&before, &change)), "n", "no DANE");
    assert_eq!(states(&planned(&with(vec![old_record.clone()], Security::Insecure), &change)), "n", "nobody uses the record");
    let plan = secure(vec![old_record.clone()]);
    assert_eq!(states(&plan), "nll", "{:?}", plan.because);
    assert_eq!(plan.steps[0].publish[0].text, format!("_25._tcp.mx1.shop.example. IN TLSA {new_record}"));
    assert_eq!(plan.steps[1].waits[0].seconds, 14_400);
    assert!(!plan.findings.iter().any(|finding| finding.code() == "dane-mismatch"), "the record is there by then");
    assert_eq!(states(&secure(vec![old_record, new_record])), "dwl");
    let other = Change::Certificate(Box::new(NewChain { key_fits: Some(false), ..new }));
    let plan = planned(&before, &other);
    assert_eq!((plan.answer, plan.because.contains(&"change-other-key")), (Answer::NotReady, true));
}

#[test]
fn what_is_to_come_is_dated_from_when_it_can_begin() {
    let plan = planned(&since(facts(&enforce(), "1", ""), TESTING, 60), &Change::Enforce);
    let until: Vec<Timestamp> = plan.steps[2].waits.iter().map(|wait| wait.until).collect();
    // A TTL of 300 may be what was left of an hour.
    assert_eq!(until, [3_600, DAY, 3 * DAY, 7 * DAY].map(|seconds| ago(60 - seconds)));
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
    assert_eq!(record, Some("shop.example. IN MX 5 mx3.shop.example."));
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
    // Who asks every day has the new policy by now; who never asks is named.
    let narrow = enforce().replace("mx: mx2.shop.example\n", "");
    let plan = planned(&since(self::facts(&enforce(), "1", ""), &narrow, 3 * DAY), &remove("mx1.shop.example"));
    assert_eq!(plan.answer, Answer::Ready, "{:?}", plan.because);
    assert!(plan.notes.iter().any(|note| note.contains("until 2026-04-04 that covers none of the hosts left")), "{:?}", plan.notes);
}

#[test]
fn no_id_is_proposed_twice_and_a_chosen_one_that_was_used_is_refused() {
    let before = facts(TESTING, "20260101", "");
    assert_eq!(chosen(&before, &Change::Enforce, "20260101").because, ["change-id-reused"]);
    let plan = chosen(&before, &Change::Enforce, "Mine1");
    let ids: Vec<&str> = plan.steps.iter().flat_map(|step| &step.publish).filter_map(|publish| publish.text.split("id=").nth(1)).collect();
    assert!(plan.answer == Answer::Ready && ids[0].starts_with("Mine1") && ids[1] != ids[0], "{ids:?}");
    // The same command once more, when it is published.
    let after = facts(&enforce(), "Mine1", "");
    let plan = chosen(&after, &Change::Enforce, "Mine1");
    assert_eq!((plan.answer, states(&plan).as_str()), (Answer::Ready, "ddwlll"), "{:?}", plan.because);
    // A check saw that it was there before the text.
    let unsaid = since(facts(&enforce(), "0", ""), TESTING, 60);
    assert_eq!(chosen(&unsaid, &Change::Enforce, "0").because, ["change-id-reused"]);
}

#[test]
fn one_young_look_is_not_the_whole_past() {
    let gone = TESTING.replace("testing", "none").replace("604800", "86400");
    let withdrawn = |seconds| looked(without_reports(facts(&gone, &id(&gone), "")), seconds);
    let plan = planned(&withdrawn(2 * DAY), &Change::Leave);
    assert_eq!(states(&plan), "ddwll", "what was before is not known");
    let until = plan.steps[2].waits.iter().map(|wait| wait.until).max();
    assert_eq!(until, Some(ago(2 * DAY - 3_600 - 31_557_600)), "the longest that is legal, from the first look");
    assert!(has_note(&plan, "what was served before 2026-03-29 is not known"), "{:?}", plan.notes);
    assert_eq!(states(&planned(&without(withdrawn(2 * DAY), true, false), &Change::Leave)), "dnlll");
    assert_eq!(states(&planned(&without(withdrawn(2 * DAY), true, true), &Change::Leave)), "nllll");
    // A record that was seen tells of a policy that nobody saw.
    let mut seen_id = withdrawn(2 * DAY);
    seen_id.history.as_mut().expect("it has one").subjects.retain(|subject| subject.kind == Kind::PolicyRecord);
    assert_eq!(states(&planned(&without(seen_id, true, true), &Change::Leave)), "nllll");

    let testing = |seconds| planned(&looked(without_reports(facts(TESTING, &id(TESTING), "")), seconds), &Change::Testing);
    assert_eq!(states(&testing(120)), "ddw", "who held enforce two minutes ago has not asked");
    assert_eq!(states(&testing(2 * DAY)), "ddd");
    assert!(has_note(&testing(2 * DAY), "is not known"), "{:?}", testing(2 * DAY).notes);

    let wildcard = "version: STSv1\nmode: enforce\nmx: *.shop.example\nmax_age: 2592000\n";
    let young = looked(without_reports(facts(wildcard, &id(wildcard), "mx3.shop.example")), 120);
    assert_eq!(states(&planned(&young, &add_third())), "dwl", "the wildcard may be as young");
}

#[test]
fn who_did_it_all_at_once_waits_afterwards() {
    let last = "version: STSv1\nmode: enforce\nmx: mx3.shop.example\nmax_age: 604800\n";
    let old = [name("mx1.shop.example"), name("mx2.shop.example")];
    let moved = |seconds| {
        let there = facts(last, "1", "mx3.shop.example").with_mx(&[MxRecord { preference: 10, exchange: name("mx3.shop.example") }]);
        let there = since(there.without_mx(&old), &enforce(), seconds);
        planned(&had_mx(there, &["mx1.shop.example", "mx2.shop.example"], seconds), &new_provider(last))
    };
    let plan = moved(3_600);
    assert_eq!((plan.answer, states(&plan).as_str()), (Answer::Ready, "ddwllll"), "{:?}", plan.because);
    assert!(has_note(&plan, "put the old MX records back beside the new ones until then"), "{:?}", plan.notes);
    assert_eq!(states(&moved(2 * DAY)), "ddddwll", "mail is still tried at the old hosts");
    assert_eq!(states(&moved(8 * DAY)), "ddddddd");

    let narrow = enforce().replace("mx: mx2.shop.example\n", "");
    let removed = |seconds| {
        let gone = since(facts(&narrow, "1", "").without_mx(&old[1..]), &enforce(), seconds);
        planned(&had_mx(gone, &["mx1.shop.example", "mx2.shop.example"], seconds), &remove("mx2.shop.example"))
    };
    assert_eq!(states(&removed(3_600)), "dwll");
    assert!(has_note(&removed(3_600), "put its line back"), "{:?}", removed(3_600).notes);
    assert_eq!(states(&removed(6 * DAY)), "dddd");
    assert!(!has_note(&removed(6 * DAY), "put its line back"));

    // The same with a file: its line stays until no mail is tried there.
    let dropped = |seconds| {
        let gone = looked(facts(&enforce(), "1", "").without_mx(&old[1..]), 30 * DAY);
        planned(&had_mx(gone, &["mx1.shop.example", "mx2.shop.example"], seconds), &draft(&narrow))
    };
    assert_eq!((dropped(3_600).answer, states(&dropped(3_600)).as_str()), (Answer::Ready, "wlll"), "{:?}", dropped(3_600).because);
    assert_eq!(states(&dropped(6 * DAY)), "nll");
}

#[test]
fn a_chosen_id_that_is_published_is_not_asked_for_again() {
    let lasting = enforce().replace("604800", "1209600");
    let plan = chosen(&facts(&lasting, "Mine1", ""), &Change::Enforce, "Mine1");
    assert_eq!((plan.answer, states(&plan).as_str()), (Answer::Ready, "dddddd"), "{:?}", plan.because);
}

#[test]
fn a_lookup_that_failed_tells_of_no_absence() {
    let mut unread = facts(TESTING, "1", "");
    unread.policy.as_mut().expect("it has one").txt.answer = failed();
    let action = |facts: &Facts| {
        let plan = planned(facts, &Change::Enforce);
        plan.steps[1].publish[0].action
    };
    assert_eq!(action(&unread), Action::Replace, "a second record would make both void");
    assert_eq!(action(&without(facts(TESTING, "1", ""), true, false)), Action::Add);
    let mut unseen = facts(&enforce(), "1", "");
    unseen.mail.as_mut().expect("it has one").mx = failed();
    assert_eq!(states(&planned(&unseen, &remove("mx2.shop.example"))), "llll", "nobody knows whether its record is gone");
}

#[test]
fn what_never_was_an_mx_is_not_taken_away() {
    let plan = planned(&facts(&enforce(), "1", ""), &remove("mx9.shop.example"));
    assert_eq!((plan.answer, plan.because.as_slice()), (Answer::NotReady, &["change-no-such-mx"][..]));
    assert!(plan.steps.is_empty(), "nothing is to be published: {:?}", plan.steps);
    // Without any past its line may just have been taken out.
    assert_eq!(states(&planned(&without_reports(facts(&enforce(), "1", "")), &remove("mx9.shop.example"))), "dddn");
    let earlier = had_mx(facts(&enforce(), "1", ""), &["mx1.shop.example", "mx2.shop.example", "mx9.shop.example"], 3_600);
    assert_eq!(planned(&earlier, &remove("mx9.shop.example")).answer, Answer::Ready);
    // An MX that the policy never listed has no line to take out.
    let narrow = enforce().replace("mx: mx2.shop.example\n", "");
    assert_eq!(planned(&without_reports(facts(&narrow, "1", "")), &remove("mx2.shop.example")).steps.len(), 2);
}

#[test]
fn a_policy_meets_what_is_held_only_where_it_begins_to_be_enforced() {
    let narrow = enforce().replace("mx: mx2.shop.example\n", "");
    let held = since(facts(TESTING, "1", ""), &narrow, 3_600);
    let plan = planned(&held, &draft(&TESTING.replace("604800", "1209600")));
    assert_eq!(plan.answer, Answer::Ready, "{:?}", plan.because);
    assert!(plan.standing.iter().any(|finding| finding.code() == "change-breaks-cached"), "{:?}", plan.standing);
    assert_eq!(planned(&held, &draft(&enforce())).because, ["change-breaks-cached"]);
}

#[test]
fn a_longer_enforce_wants_what_a_switch_wants() {
    let mut failing = facts(&enforce(), "1", "");
    let letters = ["google.com", "microsoft.com"].into_iter().flat_map(|reporter| Letter::daily(reporter, 1..=21));
    let bad = (1..=3).map(|ago| Letter::new("a.example", ago).failed("certificate-expired", "mx2.shop.example", 12));
    failing.reports = Some(letters::facts(letters.chain(bad).map(|letter| letter.policy(&enforce()))));
    let plan = planned(&failing, &draft(&enforce().replace("604800", "31557600")));
    assert_eq!((plan.answer, plan.because.as_slice()), (Answer::NotReady, &["reports-failing"][..]));
    assert_eq!(planned(&failing, &draft(&enforce().replace("604800", "86400"))).answer, Answer::Ready, "for a shorter time it may");
    let first = |max_age| planned(&facts(TESTING, "1", ""), &draft(&enforce().replace("604800", max_age)));
    assert!(has_note(&first("2592000"), "held for 30 days"), "{:?}", first("2592000").notes);
    assert!(!has_note(&first("604800"), "held for"));
}

/// Without what was served last.
fn without_last_policy(mut history: History) -> History {
    for subject in history.subjects.iter_mut().filter(|subject| subject.kind == Kind::Policy) {
        subject.spans.truncate(1);
    }
    history
}

#[test]
fn back_to_testing_finds_a_text_where_none_is_served() {
    let lost = without(since(without_reports(facts(&enforce(), "1", "")), TESTING, 9 * DAY), false, true);
    let plan = planned(&lost, &Change::Testing);
    assert_eq!((plan.answer, states(&plan).as_str()), (Answer::Ready, "nll"), "{:?}", plan.because);
    assert_eq!(plan.steps[0].publish[0].text, TESTING, "the policy seen last, in testing");
    // That it left an MX host out is no reason to refuse the way back.
    let narrow = TESTING.replace("mx: mx2.shop.example\n", "");
    let lost = without(since(without_reports(facts(&enforce(), "1", "")), &narrow.replace("testing", "enforce"), 60), false, true);
    let narrowed = Facts { history: lost.history.map(without_last_policy), ..lost };
    let plan = planned(&narrowed, &Change::Testing);
    assert_eq!((plan.answer, states(&plan).as_str()), (Answer::Ready, "nll"), "{:?}", plan.because);
    assert_eq!(plan.steps[0].publish[0].text, narrow.replace("max_age", "mx: mx2.shop.example\nmax_age"));
    let mut reported = without(without_reports(facts(&enforce(), "1", "")), false, true);
    reported.reports = Some(letters::facts([Letter::new("a.example", 1).policy(&enforce())]));
    let plan = planned(&reported, &Change::Testing);
    let text = &plan.steps[0].publish[0].text;
    assert!(plan.answer == Answer::Ready && text.contains("mode: testing\nmx: "), "today's hosts: {text}");
}

#[test]
fn a_new_provider_begins_in_testing() {
    let last = "version: STSv1\nmode: enforce\nmx: mx3.shop.example\nmax_age: 2592000\n";
    let plan = planned(&without_reports(facts(TESTING, "1", "mx3.shop.example")), &new_provider(last));
    let texts: Vec<&str> = plan.steps.iter().flat_map(|step| &step.publish).map(|publish| publish.text.as_str()).collect();
    assert_eq!(plan.answer, Answer::Ready, "{:?}", plan.because);
    assert!(texts.contains(&last.replace("enforce", "testing").as_str()) && !texts.contains(&last), "{texts:?}");
    assert!(has_note(&plan, "then `stsready change enforce shop.example`"), "{:?}", plan.notes);
}

#[test]
fn reports_stand_as_they_are_today() {
    let standing = |facts: &Facts| planned(facts, &add_third()).standing.iter().map(Finding::code).collect::<Vec<_>>();
    let clean = facts(TESTING, "1", "mx3.shop.example");
    assert_eq!(standing(&clean), [""; 0], "that none is about the policy to come is no fault of today");
    assert_eq!(standing(&without_reports(clean)), ["reports-none"]);
}
