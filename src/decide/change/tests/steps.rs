//! The steps themselves: their states at the turns where a step too early costs mail, their texts, and from when to when is waited.

use super::*;

/// The TTL that waits reckon with: what a resolver shows may be what is left of an hour.
const TTL: i64 = 3_600;
/// For so long a mail may be tried at an MX host of before.
const QUEUE: i64 = 5 * DAY;
/// The longest `max_age` that is legal.
const LEGAL: i64 = 31_557_600;

fn later(seconds: i64) -> Timestamp {
    ago(-seconds)
}

fn withdrawn() -> String {
    TESTING.replace("testing", "none").replace("604800", "86400")
}

fn with_third() -> String {
    enforce().replace("max_age", "mx: mx3.shop.example\nmax_age")
}

/// A domain of whose past nothing is known.
fn bare(text: &str, id: &str) -> Facts {
    without_reports(facts(text, id, "mx3.shop.example"))
}

/// The third host is an MX already.
fn third_is_mx(facts: Facts) -> Facts {
    facts.with_mx(&[MxRecord { preference: 20, exchange: name("mx3.shop.example") }])
}

fn second_is_gone(facts: Facts) -> Facts {
    facts.without_mx(&[name("mx2.shop.example")])
}

/// The third host has taken the place of the others.
fn moved(facts: Facts) -> Facts {
    third_is_mx(facts).without_mx(&[name("mx1.shop.example"), name("mx2.shop.example")])
}

/// Every address of the policy host is silent.
fn silent(mut facts: Facts) -> Facts {
    for fetch in &mut facts.policy.as_mut().expect("it has one").fetches {
        (fetch.connect, fetch.tls, fetch.response) = (failed(), None, None);
    }
    facts
}

/// The policy host has no address.
fn without_host(mut facts: Facts) -> Facts {
    let policy = facts.policy.as_mut().expect("it has one");
    policy.addresses = AddressFacts { v4: absent(), v6: absent() };
    policy.fetches.clear();
    facts
}

/// These texts stand at the name of the record.
fn with_texts(mut facts: Facts, texts: &[&str]) -> Facts {
    let records = texts.iter().map(|text| TxtRecord { strings: vec![(*text).to_owned()] }).collect();
    facts.policy.as_mut().expect("it has one").txt.answer = seen(records);
    facts
}

fn third_provider() -> String {
    "version: STSv1\nmode: enforce\nmx: mx3.shop.example\nmax_age: 604800\n".to_owned()
}

fn to_third() -> Change {
    new_provider(&third_provider())
}

#[test]
fn no_step_is_taken_for_done_that_is_not() {
    let (body, third, gone, last) = (enforce(), with_third(), withdrawn(), third_provider());
    let narrow = body.replace("mx: mx2.shop.example\n", "");
    let wide = "version: STSv1\nmode: enforce\nmx: *.shop.example\nmax_age: 604800\n";
    let second = remove("mx2.shop.example");
    let enforced_lately = || Letter::new("a.example", 3).policy(&body);
    let reported = |text: &str| {
        let mut facts = facts(text, &id(text), "");
        facts.reports = Some(letters::facts([enforced_lately()]));
        facts
    };
    let unread = |mut facts: Facts| {
        facts.mail.as_mut().expect("it has one").mx = failed();
        facts
    };
    for (what, facts, change, expected) in vec![
        // The record went without a look that saw it go: mail may be on its way to the host, which is not to leave the policy yet.
        ("its MX record is gone, nobody knows since when", second_is_gone(bare(&body, "1")), &second, "dwll"),
        ("and the host is out of the policy, too", second_is_gone(bare(&narrow, "1")), &second, "dddn"),
        ("an MX that the policy does not list", looked(bare(&narrow, "1"), 30 * DAY), &second, "nl"),
        ("a line of the policy without an MX", looked(bare(&third, &id(&third)), 30 * DAY), &remove("mx3.shop.example"), "dwll"),
        ("an MX that a wildcard covers", looked(bare(wide, &id(wide)), 30 * DAY), &second, "nl"),
        ("whether it is an MX is not known", unread(looked(bare(&narrow, "1"), 30 * DAY)), &second, "ll"),
        // An MX host that is one already is waited for no more, unless somebody refuses it.
        ("it takes mail already", third_is_mx(facts(&third, &id(&third), "mx3.shop.example")), &add_third(), "ddddd"),
        ("while senders hold the policy of before", third_is_mx(since(bare(&third, "1"), &body, 3_600)), &add_third(), "dddwl"),
        ("only the new hosts are an MX", moved(bare(&last, &id(&last))), &to_third(), "ddddddd"),
        ("the new hosts are an MX beside the old ones", third_is_mx(bare(&third, &id(&third))), &to_third(), "dddwllll"),
        ("the MX records moved just now", moved(bare(&third, &id(&third))), &to_third(), "dddddwll"),
        // Senders go by the policy of before, as reports tell.
        ("enforced until lately", reported(TESTING), &Change::Testing, "ddw"),
        ("the record is gone, the policy host silent", silent(without(bare(&body, "1"), true, false)), &Change::Leave, "lllll"),
        ("neither record nor policy host", without_host(without(bare(&body, "1"), true, false)), &Change::Leave, "dd"),
        ("a wildcard's text is no record", with_texts(without_host(bare(&body, "1")), &["v=spf1 -all"]), &Change::Leave, "dd"),
        ("the policy host alone is gone", without_host(bare(&gone, "1")), &Change::Leave, "lllll"),
    ] {
        let plan = planned(&facts, change);
        assert_eq!(states(&plan), expected, "{what}: {:?}", plan.because);
    }
}

#[test]
fn an_id_that_comes_back_tells_nobody_of_the_new_text() {
    let (body, year) = (enforce(), enforce().replace("604800", "31557600"));
    let mut facts = since(facts(&body, "1", ""), &year, 2 * DAY);
    let told = planned(&facts, &Change::Enforce);
    assert_eq!(states(&told), "ddwlll", "{:?}", told.because);
    // The same, where the policy of before went under the id of today.
    for subject in &mut facts.history.as_mut().expect("it has one").subjects {
        if let Some(Span { seen: Seen::PolicyRecord { text, id }, first_seen, last_seen }) = subject.spans.first().cloned() {
            let (text, id) = (text.replace("id=0", "id=1"), id.map(|_| "1".to_owned()));
            subject.spans[0].first_seen = last_seen;
            subject.spans.insert(0, Span { seen: Seen::PolicyRecord { text, id }, first_seen, last_seen: ago(30 * DAY) });
        }
    }
    assert_eq!(states(&planned(&facts, &Change::Enforce)), "dnllll");
    // A chosen id that was there before its text is none for it, even where nobody can hold the text of before any more.
    let early = since(self::facts(&body, "0", ""), TESTING, 15 * DAY);
    assert_eq!(chosen(&early, &Change::Enforce, "0").because, ["change-id-reused"]);
}

#[test]
fn every_plan_names_the_first_step_to_do_and_dates_what_is_behind_it() {
    let (body, third) = (enforce(), with_third());
    let long_ago = |facts: Facts| looked(facts, 30 * DAY);
    for (facts, change, next) in vec![
        (facts(TESTING, "1", ""), &Change::Enforce, Some(0)),
        (long_ago(facts(TESTING, "1", "")), &Change::Enforce, Some(0)),
        (facts(&body, "1", ""), &Change::Enforce, Some(1)),
        (facts(&body, &id(&body), ""), &Change::Enforce, Some(2)),
        (since(facts(&body, "1", ""), TESTING, 60), &Change::Enforce, Some(2)),
        (since(facts(&body, "0", ""), TESTING, 15 * DAY), &Change::Enforce, Some(1)),
        (long_ago(facts(&body, "1", "")), &Change::Testing, Some(0)),
        (facts(TESTING, &id(TESTING), ""), &Change::Testing, None),
        (long_ago(facts(&body, "1", "")), &Change::Leave, Some(0)),
        (long_ago(facts(&body, "1", "mx3.shop.example")), &add_third(), Some(1)),
        (since(facts(&third, "1", "mx3.shop.example"), &body, 60), &add_third(), Some(3)),
        (long_ago(facts(&body, "1", "")), &remove("mx2.shop.example"), Some(0)),
        (long_ago(facts(&body, "1", "mx3.shop.example")), &to_third(), Some(1)),
        (facts(&body, "1", ""), &draft(&TESTING.replace("604800", "86400")), Some(0)),
    ] {
        let plan = planned(&facts, change);
        let what = format!("{change:?} {}", states(&plan));
        assert_eq!((plan.answer, plan.next), (Answer::Ready, next), "{what} {:?}", plan.because);
        let (mut served, mut ids, mut is_to_do) = (String::new(), vec!["1".to_owned()], false);
        for (index, step) in plan.steps.iter().enumerate() {
            for publish in &step.publish {
                let id = publish.text.split("v=STSv1; id=").nth(1).and_then(|rest| rest.split([';', '"']).next());
                match id {
                    Some(_) if publish.action == Action::Remove => {}
                    Some(id) => {
                        assert!(policy_id::names(id, &served), "{what}: {id} is not the id of {served}");
                        assert!(!ids.iter().any(|known| known == id), "{what}: {id} is there already");
                        ids.push(id.to_owned());
                    }
                    None if publish.place != "dns" => served.clone_from(&publish.text),
                    None => {}
                }
            }
            // What is counted from a step that is still to do cannot have begun.
            is_to_do |= step.waits.is_empty() && step.state != StepState::Done;
            for wait in step.waits.iter().filter(|_| is_to_do) {
                let whole = later(i64::try_from(wait.seconds).expect("a time"));
                assert!(wait.until >= whole, "{what} {index}: {} is not {} seconds from now", wait.until, wait.seconds);
            }
            let counts_anew = step.state == StepState::Waiting && facts.history.is_none();
            assert_eq!(step.say.contains("counted from now"), counts_anew, "{what} {index}: {}", step.say);
        }
    }
}

#[test]
fn each_wait_ends_when_the_last_sender_that_it_is_for_has_let_go() {
    let (body, third, gone) = (enforce(), with_third(), withdrawn());
    let slow_mx = |mut facts: Facts| {
        if let Looked::Seen(answer) = &mut facts.mail.as_mut().expect("it has one").mx {
            answer.ttl = 7_200;
        }
        facts
    };
    let second_went = second_is_gone(looked(bare(&body, "1"), 30 * DAY));
    let second_went = slow_mx(had_mx(second_went, &["mx1.shop.example", "mx2.shop.example"], 3_600));
    let week = 7 * DAY;
    for (what, facts, change, step, until) in [
        ("what is served now may be fetched until the record is seen", bare(&body, "1"), &Change::Leave, 2, TTL + week),
        ("the same", bare(&body, "1"), &Change::Testing, 2, TTL + week),
        ("what was served before is not known", bare(&gone, &id(&gone)), &Change::Leave, 2, TTL + LEGAL),
        ("nor where nothing is served", without(bare(&body, "1"), false, true), &Change::Leave, 2, TTL + LEGAL),
        ("withdrawn six days ago", since(bare(&gone, "1"), &body, 6 * DAY), &Change::Leave, 2, DAY),
        ("in testing since a minute", since(bare(TESTING, "1"), &body, 60), &Change::Testing, 2, week - 60),
        ("an MX record of two hours, gone for one", second_went, &remove("mx2.shop.example"), 1, 7_200 + QUEUE - 3_600),
        ("senders learn of the new hosts", bare(&body, "1"), &to_third(), 3, TTL + DAY),
        ("and of the old ones no more, once the records moved", bare(&body, "1"), &to_third(), 5, TTL + DAY + TTL + QUEUE),
        ("the same while it is waited", since(bare(&third, "1"), &body, 3_600), &to_third(), 5, TTL + DAY - 3_600 + TTL + QUEUE),
    ] {
        let plan = planned(&facts, change);
        let end = plan.steps[step].waits.iter().map(|wait| wait.until).max();
        assert_eq!((plan.answer, end), (Answer::Ready, Some(later(until))), "{what}: {}", states(&plan));
    }
}

#[test]
fn what_is_held_is_told_with_its_end() {
    let until = |text: &str| planned(&facts(text, "1", ""), &Change::Testing).held.first().map(|held| (held.seen, held.until));
    let (week, now) = (7 * DAY, crate::model::plan::HeldFrom::Now);
    assert_eq!(until(&enforce()), Some((now, later(TTL + week))));
    assert_eq!(until(TESTING), Some((now, later(TTL + week))));
    // Who holds every policy in enforce for a week holds this one, too.
    assert_eq!(until(&enforce().replace("604800", "86400")), Some((now, later(TTL + week))));
    assert_eq!(until("version: STSv1\nmode: testing\nmx: *.shop.example\n"), Some((now, letters::now())), "it is to be held for no time");
}

#[test]
fn who_never_asks_is_named_with_the_day_until_which_it_refuses() {
    let (body, third) = (enforce(), with_third());
    let year = TESTING.replace("604800", "31557600");
    for (what, facts, told) in [
        ("today's policy does not cover it", bare(&body, "1"), Some("2026-04-07")),
        ("today's covers it, and nothing else is held", bare(&third, &id(&third)), None),
        ("a policy of before is held", since(bare(&third, "1"), &body, 3 * DAY), Some("2026-04-04")),
        // A policy in testing refuses nothing, however long it is held.
        ("testing, after enforce", since(bare(&year, "1"), &body, 3 * DAY), Some("2026-04-04")),
    ] {
        let plan = planned(&facts, &add_third());
        let step = plan.steps.iter().find(|step| step.say.starts_with("wait until senders have the policy that covers it"));
        let say = step.map(|step| step.say.as_str()).unwrap_or_default();
        let day = say.split("go on with what they hold until ").nth(1);
        assert_eq!((plan.answer, day), (Answer::Ready, told), "{what}: {say}");
    }
    assert_eq!(planned(&bare(TESTING, "1"), &add_third()).steps.len(), 4, "where nothing is refused nothing is waited for");
}

#[test]
fn the_records_of_a_step_are_the_whole_lines_of_what_comes_and_what_goes() {
    let lines = |facts: &Facts, change: &Change, part: &str| {
        let plan = planned(facts, change);
        let step = plan.steps.iter().find(|step| step.say.contains(part)).unwrap_or_else(|| panic!("no step says {part:?}"));
        step.publish.iter().map(|publish| (publish.action, publish.text.clone())).collect::<Vec<_>>()
    };
    let body = enforce();
    let mx = |host: &str, preference: u16| format!("shop.example. IN MX {preference} {host}.shop.example.");
    let (first, second) = (mx("mx1", 10), mx("mx2", 10));
    let mut delegated = bare(&body, "1");
    if let Looked::Seen(answer) = &mut delegated.policy.as_mut().expect("it has one").txt.answer {
        let (from, target) = (name("_mta-sts.shop.example"), name("_mta-sts.provider.example"));
        answer.via = vec![crate::model::looked::Cname { name: from, target, ttl: 300 }];
    }
    let mut alias = bare(&body, "1");
    if let Looked::Seen(answer) = &mut alias.policy.as_mut().expect("it has one").addresses.v4 {
        let (from, target) = (name("mta-sts.shop.example"), name("policy.provider.example"));
        answer.via = vec![crate::model::looked::Cname { name: from, target, ttl: 300 }];
    }
    let host = |data: &str| format!("mta-sts.shop.example. IN {data}");
    for (what, facts, change, part, expected) in vec![
        ("a host is tried last", bare(&body, "1"), &add_third(), "add the MX record", vec![(Action::Add, mx("mx3", 20))]),
        (
            "its own record goes",
            bare(&body, "1"),
            &remove("mx2.shop.example"),
            "take the MX record",
            vec![(Action::Remove, second.clone())],
        ),
        ("which is gone", second_is_gone(bare(&body, "1")), &remove("mx2.shop.example"), "take the MX record", vec![]),
        (
            "the new ones come, the old ones go",
            bare(&body, "1"),
            &to_third(),
            "move the MX records",
            vec![(Action::Add, mx("mx3", 10)), (Action::Remove, format!("{first}\n{second}"))],
        ),
        (
            "the new ones are there",
            third_is_mx(bare(&body, "1")),
            &to_third(),
            "move the MX records",
            vec![(Action::Remove, format!("{first}\n{second}"))],
        ),
        ("all is as it is to be", moved(bare(&body, "1")), &to_third(), "move the MX records", vec![]),
        (
            "the policy record as it is",
            bare(&body, "1"),
            &Change::Leave,
            "take the record at",
            vec![(Action::Remove, "_mta-sts.shop.example. IN TXT \"v=STSv1; id=1;\"".to_owned())],
        ),
        (
            "every record of the kind",
            with_texts(bare(&body, "1"), &["v=STSv1; id=1;", "v=STSv1; id=2", "v=spf1 -all"]),
            &Change::Leave,
            "take the record at",
            vec![(
                Action::Remove,
                "_mta-sts.shop.example. IN TXT \"v=STSv1; id=1;\"\n_mta-sts.shop.example. IN TXT \"v=STSv1; id=2\"".to_owned(),
            )],
        ),
        (
            "the alias to another's record",
            delegated,
            &Change::Leave,
            "take the record at",
            vec![(Action::Remove, "_mta-sts.shop.example. IN CNAME _mta-sts.provider.example.".to_owned())],
        ),
        ("an address", bare(&body, "1"), &Change::Leave, "take mta-sts.", vec![(Action::Remove, host("A 192.0.2.1"))]),
        ("an alias", alias, &Change::Leave, "take mta-sts.", vec![(Action::Remove, host("CNAME policy.provider.example."))]),
        ("neither", without_host(without(bare(&body, "1"), true, false)), &Change::Leave, "take mta-sts.", vec![]),
    ] {
        assert_eq!(lines(&facts, change, part), expected, "{what}");
    }
}

#[test]
fn each_note_stands_where_its_danger_is() {
    let (body, third, gone) = (enforce(), with_third(), withdrawn());
    let month = draft(&body.replace("604800", "2592000"));
    let covered = "senders may hold a policy that does not cover it";
    let (unknown, missing) = ("no earlier check and no report tells", "what is missing went too early");
    let (mended, before, first) = ("is mended there first", "a sender that never asks may hold a policy of before", "held for 30 days");
    let wide = "version: STSv1\nmode: testing\nmx: *.shop.example\nmax_age: 604800\n";
    for (what, facts, change, note, stands) in vec![
        ("today's policy refuses the MX", third_is_mx(bare(&body, "1")), &add_third(), covered, true),
        ("it covers it", third_is_mx(bare(&third, "1")), &add_third(), covered, false),
        ("it refuses nothing", third_is_mx(bare(TESTING, "1")), &add_third(), covered, false),
        ("one of before refuses it", third_is_mx(since(bare(&third, "1"), &body, 60)), &add_third(), covered, true),
        ("one of before refused it", third_is_mx(since(bare(wide, "1"), &body, 60)), &add_third(), covered, true),
        ("it is no MX yet", bare(&body, "1"), &add_third(), covered, false),
        ("nothing tells of the past", bare(&body, "1"), &Change::Testing, unknown, true),
        ("a check does", looked(bare(&body, "1"), DAY), &Change::Testing, unknown, false),
        ("a report does", facts(&body, "1", ""), &Change::Testing, unknown, false),
        ("both are there", bare(&body, "1"), &Change::Leave, missing, false),
        ("the record is gone", without(bare(&body, "1"), true, false), &Change::Leave, missing, true),
        ("the file is gone", without(bare(&body, "1"), false, true), &Change::Leave, missing, true),
        ("a step back", bare(&body, "1"), &Change::Testing, mended, true),
        ("it is made", bare(TESTING, "1"), &Change::Testing, mended, false),
        ("seen for a day", looked(bare(&gone, "1"), DAY), &Change::Leave, before, true),
        ("seen for a year and a half", looked(bare(&gone, "1"), 540 * DAY), &Change::Leave, before, false),
        ("a first month", facts(TESTING, "1", ""), &month, first, true),
        ("a month after a week", facts(&body, "1", ""), &month, first, false),
        ("a month of testing", facts(TESTING, "1", ""), &draft(&TESTING.replace("604800", "2592000")), first, false),
    ] {
        let plan = planned(&facts, change);
        assert_eq!(has_note(&plan, note), stands, "{what}: {note}: {:?}", plan.notes);
    }
}

#[test]
fn a_file_waits_only_for_a_host_that_it_no_longer_covers() {
    let body = enforce();
    let narrow = body.replace("mx: mx2.shop.example\n", "");
    let second = ["mx1.shop.example", "mx2.shop.example"];
    let gone = |policy: &str| had_mx(second_is_gone(looked(facts(policy, "1", ""), 30 * DAY)), &second, 3_600);
    let longer = |text: &str| draft(&text.replace("604800", "1209600"));
    for (what, facts, change, expected) in [
        ("the new policy drops it", gone(&body), &draft(&narrow), "wlll"),
        ("the new policy keeps it", gone(&body), &longer(&body), "nll"),
        ("no policy covered it", gone(&narrow), &longer(&narrow), "nll"),
    ] {
        let plan = planned(&facts, change);
        assert_eq!((plan.answer, states(&plan).as_str()), (Answer::Ready, expected), "{what}: {:?}", plan.because);
    }
}

#[test]
fn an_early_final_policy_is_taken_back_with_an_id_of_its_own() {
    let last = third_provider();
    // Where the MX records have not moved, senders are told of the policy of the overlap.
    let early = planned(&facts(&last, "1", "mx3.shop.example"), &to_third());
    assert!(early.steps.len() == 8 && early.steps[2].say.starts_with("publish the new id"), "{:?}", early.steps);
    let arrived = planned(&moved(facts(&last, "1", "mx3.shop.example")), &to_third());
    assert_eq!(arrived.steps.len(), 7, "{:?}", arrived.steps);
}

mod certificates {
    use super::*;
    use crate::model::change::NewChain;
    use crate::model::facts::dane::{DaneFacts, Security, TlsaRecord};

    /// A new chain for these hosts, and how it is served.
    fn new_chain(root: &Ca, hosts: &[&str], with_root: bool) -> (NewChain, TlsFacts) {
        let shelf = Shelf::new();
        let mut chain = vec![root.leaf(hosts, 160..300)];
        chain.extend(with_root.then(|| root.der.clone()));
        let prints = shelf.put(&chain);
        let trust = store(&[&root.der], None).judge(&chain);
        let served = TlsFacts {
            version: "TLSv1.3".to_owned(),
            suite: "TLS_AES_128_GCM_SHA256".to_owned(),
            trust: trust.clone(),
            chain: prints.clone(),
            stapled: None,
            signature_problem: None,
            fetched: None,
        };
        let hosts = hosts.iter().map(|host| name(host)).collect();
        let certificates = shelf.take_for(&prints);
        (NewChain { file: "new.pem".to_owned(), certificates, chain: prints, trust, hosts, key_fits: None }, served)
    }

    fn serve(facts: &mut Facts, host: usize, probe: usize, tls: &TlsFacts) {
        facts.servers.as_mut().expect("probed")[host].probes[probe].tls = Some(Looked::Seen(tls.clone()));
    }

    #[test]
    fn a_certificate_is_in_place_when_every_address_serves_it() {
        let root = Ca::root("Root");
        let (mx, mx_served) = new_chain(&root, &["mx1.shop.example"], false);
        let (policy, policy_served) = new_chain(&root, &["mta-sts.shop.example"], false);
        let (unseen, _) = new_chain(&root, &["mx9.shop.example"], false);
        let known = |new: &NewChain| {
            let mut facts = facts(TESTING, "1", "");
            facts.certificates.extend(new.certificates.clone());
            facts
        };
        let before = known(&mx);
        let mut elsewhere = known(&mx);
        serve(&mut elsewhere, 1, 0, &mx_served);
        let mut there = known(&mx);
        serve(&mut there, 0, 0, &mx_served);
        let mut half = there.clone();
        let other = before.servers.as_ref().expect("probed")[0].probes[0].clone();
        half.servers.as_mut().expect("probed")[0].probes.push(Probe { address: [192, 0, 2, 2].into(), ..other });
        let mut at_policy_host = known(&policy);
        at_policy_host.policy.as_mut().expect("it has one").fetches[0].tls = Some(Looked::Seen(policy_served));
        let (at_mx, at_policy) = ("stsready mx --host mx1.shop.example --cert-file new.pem", "stsready policy shop.example");
        for (what, facts, new, expected, verify) in [
            ("the old one is served", &before, &mx, false, at_mx),
            ("another host serves it", &elsewhere, &mx, false, at_mx),
            ("its host serves it", &there, &mx, true, at_mx),
            ("one of two addresses serves it", &half, &mx, false, at_mx),
            ("the policy host serves the old one", &known(&policy), &policy, false, at_policy),
            ("the policy host serves it", &at_policy_host, &policy, true, at_policy),
            ("nobody was met", &known(&unseen), &unseen, false, "stsready mx --host mx9.shop.example --cert-file new.pem"),
        ] {
            let plan = planned(facts, &Change::Certificate(Box::new(new.clone())));
            let done = plan.steps.iter().all(|step| step.state == StepState::Done);
            assert_eq!((done, plan.steps[0].verify[0].as_str()), (expected, verify), "{what}: {:?}", plan.because);
            assert!(!has_note(&plan, "no earlier check"), "no past matters to a certificate");
        }
    }

    #[test]
    fn a_tlsa_record_is_announced_unless_one_matches_both_certificates() {
        let root = Ca::root("Root");
        let (new, new_served) = new_chain(&root, &["mx1.shop.example"], true);
        let (old, old_served) = new_chain(&root, &["mx1.shop.example"], true);
        let of = |usage, chain: &NewChain, place: usize| {
            let (selector, matching) = (0, 1);
            TlsaRecord { usage, selector, matching, data: chain.chain[place].to_string() }
        };
        let (of_ca, of_old, of_new) = (of(2, &old, 1), of(3, &old, 0), of(3, &new, 0));
        let with = |records: &[&TlsaRecord], swapped: bool| {
            let mut facts = facts(TESTING, "1", "");
            facts.certificates.extend(new.certificates.clone());
            facts.certificates.extend(old.certificates.clone());
            serve(&mut facts, 0, 0, &old_served);
            let host = &mut facts.servers.as_mut().expect("probed")[0];
            host.probes.push(Probe { address: [192, 0, 2, 2].into(), ..host.probes[0].clone() });
            host.dane = Some(DaneFacts {
                name: name("_25._tcp.mx1.shop.example"),
                records: seen(records.iter().map(|record| (*record).clone()).collect()),
                left_out: 0,
                security: Security::Secure,
                of_records: None,
                of_addresses: None,
                of_mx: None,
                by: "test".to_owned(),
                problem: None,
            });
            if swapped {
                serve(&mut facts, 0, 1, &new_served);
            }
            facts
        };
        let change = Change::Certificate(Box::new(new.clone()));
        for (what, records, swapped, expected) in [
            ("the CA's matches both", vec![&of_ca], false, "n"),
            ("the CA's matches both, beside the old one's", vec![&of_old, &of_ca], false, "n"),
            ("the old one's alone", vec![&of_old], false, "nll"),
            ("both, and the first address has the new one", vec![&of_old, &of_new], true, "dwl"),
        ] {
            let plan = planned(&with(&records, swapped), &change);
            assert_eq!(states(&plan), expected, "{what}: {:?} {:?}", plan.answer, plan.because);
        }
    }
}
