use std::net::IpAddr;

use super::*;
use crate::model::facts::Facts;
use crate::model::facts::dns::AddressFacts;
use crate::model::finding::{Finding, Outcome};
use crate::model::looked::{Absence, AbsenceKind};
use crate::rules::fixture::{self, POLICY, judged, seen};

const HERE: [u8; 4] = [192, 0, 2, 1];
const THERE: [u8; 4] = [192, 0, 2, 2];
const PROXY: [u8; 4] = [0, 0, 0, 0];

/// A fetch that got no further than the connection.
fn connected(address: [u8; 4]) -> Fetch {
    Fetch {
        address: IpAddr::from(address),
        at: fixture::NOW.parse().expect("a time"),
        agent: "test".to_owned(),
        elapsed_ms: 1,
        connect: Looked::Seen(1),
        tls: None,
        response: None,
    }
}

fn served(address: [u8; 4], body: &str) -> Fetch {
    Fetch { response: Some(Looked::Seen(crate::model::fixture::served(body))), ..connected(address) }
}

/// A policy host with two addresses.
fn facts(fetches: Vec<Fetch>) -> Facts {
    let mut facts = fixture::facts();
    let policy = facts.policy.as_mut().expect("a policy");
    (policy.draft, policy.fetches) = (None, fetches);
    policy.addresses = AddressFacts { v4: seen(vec![HERE.into(), THERE.into()]), v6: fixture::absent() };
    facts
}

fn findings(fetches: Vec<Fetch>) -> Vec<Finding> {
    judged(&facts(fetches), judge).into_findings()
}

#[test]
fn an_address_without_a_whole_fetch_leaves_the_answer_open() {
    for (fetches, open) in [
        (vec![served(HERE, POLICY), served(THERE, POLICY)], &[][..]),
        (vec![served(PROXY, POLICY)], &[]),
        (vec![served(HERE, POLICY)], &["mta-sts.example.com 192.0.2.2"]),
        (vec![], &["mta-sts.example.com 192.0.2.1", "mta-sts.example.com 192.0.2.2"]),
        (vec![connected(HERE), connected(THERE)], &["mta-sts.example.com 192.0.2.1", "mta-sts.example.com 192.0.2.2"]),
    ] {
        let all = findings(fetches);
        let unsettled = all.iter().filter(|finding| finding.rule == &CONNECT && finding.unsettles());
        assert_eq!(unsettled.map(|finding| finding.subject.as_str()).collect::<Vec<_>>(), open);
        assert!(!all.iter().any(|finding| finding.outcome == Outcome::Broken));
    }
}

#[test]
fn an_address_that_was_not_asked_says_why() {
    for kind in [FailureKind::NoRoute, FailureKind::SwitchedOff, FailureKind::Denied, FailureKind::Proxy, FailureKind::OutOfTime] {
        let unasked = Fetch { connect: Looked::Failed(Failure::new(kind, "its own reason")), ..connected(THERE) };
        let all = findings(vec![served(HERE, POLICY), unasked]);
        let finding = all.iter().find(|finding| finding.rule == &ADDRESS_FAILING && finding.subject.ends_with(".2.2")).expect("it is told");
        assert_eq!((finding.outcome, finding.message.contains("its own reason")), (Outcome::NotApplicable, true), "{kind:?}");
    }
}

/// Nobody knows which address a proxy chose, and 0.0.0.0 was none of them.
#[test]
fn what_a_proxy_fetched_is_called_so_everywhere() {
    let other = POLICY.replace("604800", "86400");
    let all = findings(vec![served(HERE, POLICY), served(PROXY, &other), Fetch { response: None, ..connected(PROXY) }]);
    let differ = all.iter().find(|finding| finding.rule == &ADDRESSES_DIFFER).expect("they differ");
    assert_eq!(differ.subject, "mta-sts.example.com (by the proxy)");
    assert!(differ.message.contains("(by the proxy)"), "{}", differ.message);
    assert!(!format!("{all:?}").contains("0.0.0.0"), "{all:?}");
}

/// What both addresses answer alike: `code outcome` of what is shown about the first.
fn said_of(fetch: impl Fn([u8; 4]) -> Fetch, witness: Option<&str>) -> Vec<(&'static str, Outcome)> {
    let mut facts = facts(vec![fetch(HERE), fetch(THERE)]);
    facts.policy.as_mut().expect("a policy").https_witness = witness.map(fixture::name);
    let sheet = judged(&facts, judge);
    let shown = sheet.findings().iter().filter(|finding| finding.is_shown() && finding.subject == "mta-sts.example.com 192.0.2.1");
    shown.map(|finding| (finding.code(), finding.outcome)).collect()
}

#[test]
fn each_way_to_withhold_the_policy_has_its_code() {
    let answer = |change: fn(&mut Response)| {
        move |address| {
            let mut fetch = served(address, POLICY);
            if let Some(Looked::Seen(response)) = &mut fetch.response {
                change(response);
            }
            fetch
        }
    };
    let broken = |code| vec![(code, Outcome::Broken)];
    assert_eq!(said_of(answer(|_| {}), None), []);
    assert_eq!(said_of(answer(|response| response.status = 301), None), broken("fetch-redirect"));
    assert_eq!(said_of(answer(|response| response.status = 304), None), broken("fetch-redirect"));
    assert_eq!(said_of(answer(|response| response.status = 404), None), broken("fetch-status"));
    assert_eq!(said_of(answer(|response| response.status = 204), None), broken("fetch-status"), "senders want 200");
    assert_eq!(said_of(answer(|response| response.status = 400), None), broken("fetch-status"));
    assert_eq!(said_of(answer(|response| response.content_type = None), None), broken("fetch-content-type"));
    assert_eq!(said_of(answer(|response| response.content_type = Some("text/html".to_owned())), None), broken("fetch-content-type"));
    let with_charset = answer(|response| response.content_type = Some("Text/Plain ; charset=utf-8".to_owned()));
    assert_eq!(said_of(with_charset, None), []);
    assert_eq!(said_of(answer(|response| response.too_large = true), None), broken("fetch-too-large"));
    let slow = |elapsed_ms| move |address| Fetch { elapsed_ms, ..served(address, POLICY) };
    assert_eq!(said_of(slow(SLOW_MS), None), []);
    assert_eq!(said_of(slow(SLOW_MS + 1), None), broken("fetch-slow"));
}

#[test]
fn silence_is_a_fault_of_the_host_only_where_https_works_from_here() {
    let no_connection = |kind| move |address| Fetch { connect: Looked::Failed(Failure::new(kind, "its reason")), ..connected(address) };
    let no_handshake = |kind| move |address| Fetch { tls: Some(Looked::Failed(Failure::new(kind, "its reason"))), ..connected(address) };
    let no_answer = |kind| move |address| Fetch { response: Some(Looked::Failed(Failure::new(kind, "its reason"))), ..connected(address) };
    let connect = |outcome| vec![("fetch-connect", outcome)];
    for (kind, witness, outcome) in [
        (FailureKind::Refused, None, Outcome::Broken),
        (FailureKind::Timeout, None, Outcome::Undetermined),
        (FailureKind::Timeout, Some("another.example"), Outcome::Broken),
        (FailureKind::Unreachable, Some("another.example"), Outcome::Broken),
        (FailureKind::Other, None, Outcome::Undetermined),
        (FailureKind::SwitchedOff, Some("another.example"), Outcome::Undetermined),
    ] {
        assert_eq!(said_of(no_connection(kind), witness), connect(outcome), "{kind:?} {witness:?}");
    }
    assert_eq!(said_of(no_handshake(FailureKind::Timeout), None), connect(Outcome::Undetermined));
    assert_eq!(said_of(no_handshake(FailureKind::TlsAlert), None), [("fetch-tls", Outcome::Broken)]);
    assert_eq!(said_of(no_answer(FailureKind::Timeout), None), connect(Outcome::Undetermined));
    assert_eq!(said_of(no_answer(FailureKind::Other), None), connect(Outcome::Broken), "there was a connection: it is the answer's fault");
}

#[test]
fn a_policy_host_without_address_is_missing_and_one_that_could_not_be_looked_up_is_not() {
    let outcome = |addresses| {
        let mut facts = facts(Vec::new());
        facts.policy.as_mut().expect("a policy").addresses = addresses;
        let sheet = judged(&facts, judge);
        sheet.findings().iter().find(|finding| finding.rule == &HOST_MISSING).expect("it is told").outcome
    };
    assert_eq!(outcome(fixture::addresses()), Outcome::Holds);
    assert_eq!(outcome(fixture::no_addresses()), Outcome::Broken);
    assert_eq!(outcome(AddressFacts { v4: fixture::failed(), v6: fixture::absent() }), Outcome::NotApplicable);
}

#[test]
fn a_policy_host_is_to_answer_mail_servers_as_it_answers_browsers() {
    let answer = |status, body: &str| {
        let response = Response { status, ..crate::model::fixture::served(body) };
        Fetch { response: Some(Looked::Seen(response)), ..connected(HERE) }
    };
    let said = |own: Fetch, by_agent: Vec<Fetch>| {
        let mut facts = facts(vec![own, served(THERE, POLICY)]);
        facts.policy.as_mut().expect("a policy").by_agent = by_agent;
        let sheet = judged(&facts, judge);
        let finding = sheet.findings().iter().find(|finding| finding.rule == &BLOCKED_AGENT).cloned();
        finding.map(|finding| (finding.outcome, finding.found.unwrap_or_default()))
    };
    let outcome = |own: Fetch, other: Fetch| said(own, vec![other]).expect("it leaves its word").0;
    let (reordered, longer) =
        ("version: STSv1\nmax_age: 604800\nmode: testing\nmx: mx2.example.com\nmx: mx1.example.com\n", POLICY.replace("604800", "86400"));
    assert_eq!(outcome(answer(200, POLICY), answer(200, POLICY)), Outcome::Holds);
    assert_eq!(outcome(answer(200, POLICY), answer(200, reordered)), Outcome::Holds, "the same policy in other words");
    assert_eq!(outcome(answer(200, POLICY), answer(200, &longer)), Outcome::Broken);
    assert_eq!(outcome(answer(404, "not found"), answer(404, "gone")), Outcome::Holds, "nobody gets it");
    assert_eq!(outcome(answer(404, POLICY), answer(403, POLICY)), Outcome::Broken);
    assert_eq!(outcome(answer(200, POLICY), answer(403, POLICY)), Outcome::Broken, "senders want 200");
    assert_eq!(outcome(connected(HERE), connected(HERE)), Outcome::Holds);
    assert_eq!(outcome(answer(200, POLICY), connected(HERE)), Outcome::NotApplicable, "a connection failed, for whatever reason");
    let (_, found) = said(answer(200, POLICY), vec![answer(200, POLICY), answer(403, "forbidden")]).expect("it leaves its word");
    assert!(found.starts_with(&format!("HTTP 200, a body of {} bytes, SHA-256 ", POLICY.len())), "{found}");
    assert!(found.ends_with(" and HTTP 403"), "{found}");
}

/// What a rule says of a subject.
fn said_by<'f>(findings: &'f [Finding], rule: &Rule, subject: &str) -> &'f Finding {
    findings.iter().find(|finding| finding.rule == rule && finding.subject == subject).expect("it is told")
}

#[test]
fn of_a_draft_only_its_size_is_judged_and_every_rule_leaves_one_word() {
    let padded = |length: usize| POLICY.to_owned() + &"x".repeat(length - POLICY.len());
    for (what, bytes, outcome) in [
        ("short", POLICY.as_bytes().to_vec(), Outcome::Holds),
        ("64 KiB", padded(POLICY_CAP).into_bytes(), Outcome::Holds),
        ("one byte more", padded(POLICY_CAP + 1).into_bytes(), Outcome::Broken),
        // Each byte that is not UTF-8 is three of text; that they are there is told by the rule on syntax.
        ("bytes that are not UTF-8", vec![0xff; POLICY_CAP / 2], Outcome::Holds),
    ] {
        let mut facts = fixture::facts();
        let body = crate::model::facts::policy::Body::new(&bytes);
        facts.policy.as_mut().expect("a policy").draft = Some(crate::model::facts::policy::Draft { file: "draft.txt".to_owned(), body });
        let all = judged(&facts, judge).into_findings();
        assert_eq!(said_by(&all, &TOO_LARGE, "draft.txt").outcome, outcome, "{what}");
        let rules: Vec<&str> = all.iter().map(Finding::code).collect();
        assert_eq!(rules.len(), RULES.len(), "{what}: {rules:?}");
        assert!(all.iter().filter(|finding| finding.rule != &TOO_LARGE).all(|finding| finding.outcome == Outcome::NotApplicable), "{what}");
    }
}

#[test]
fn where_nothing_was_fetched_every_rule_leaves_one_word() {
    let mut facts = facts(Vec::new());
    facts.policy.as_mut().expect("a policy").addresses = fixture::no_addresses();
    let all = judged(&facts, judge).into_findings();
    let rules: std::collections::BTreeSet<&str> = all.iter().map(Finding::code).collect();
    assert_eq!((rules.len(), all.len()), (RULES.len(), RULES.len()));
}

#[test]
fn a_policy_host_without_address_is_told_with_what_dns_said() {
    let absent = |kind, via: &[(&str, &str)]| AddressFacts {
        v4: Looked::Absent(Absence { kind, via: via.iter().flat_map(|(from, to)| fixture::cname(from, to)).collect() }),
        v6: fixture::absent(),
    };
    for (addresses, words, found) in [
        (absent(AbsenceKind::NxDomain, &[]), "mta-sts.example.com A and AAAA: NXDOMAIN", "NXDOMAIN"),
        (absent(AbsenceKind::NoData, &[]), "mta-sts.example.com A and AAAA: NODATA", "NODATA"),
        (
            absent(AbsenceKind::NxDomain, &[("mta-sts.example.com", "gone.example.net")]),
            "mta-sts.example.com is a CNAME to gone.example.net, which has no address (NXDOMAIN)",
            "NXDOMAIN",
        ),
    ] {
        let mut facts = facts(Vec::new());
        facts.policy.as_mut().expect("a policy").addresses = addresses;
        let all = judged(&facts, judge).into_findings();
        let finding = said_by(&all, &HOST_MISSING, "mta-sts.example.com");
        assert_eq!((finding.evidence[0].text.as_str(), finding.found.as_deref()), (words, Some(found)));
    }
}

#[test]
fn addresses_that_were_left_out_leave_the_answer_open() {
    for (left_out, open) in [(0, None), (3, Some("mta-sts.example.com has 5 addresses; 3 of them were not asked"))] {
        let mut facts = facts(vec![served(HERE, POLICY), served(THERE, POLICY)]);
        facts.policy.as_mut().expect("a policy").addresses_left_out = left_out;
        let all = judged(&facts, judge).into_findings();
        let unsettled = all.iter().find(|finding| finding.rule == &CONNECT && finding.unsettles());
        assert_eq!(unsettled.map(|finding| finding.message.as_str()), open);
    }
}

#[test]
fn an_address_that_fails_beside_others_that_serve_is_told_with_its_first_failure() {
    let late = || Failure::new(FailureKind::Timeout, "its reason");
    let no_connection = |address| Fetch { connect: Looked::Failed(late()), ..connected(address) };
    let no_handshake = |address| Fetch { tls: Some(Looked::Failed(late())), ..connected(address) };
    let no_answer = |address| Fetch { response: Some(Looked::Failed(late())), ..connected(address) };
    let not_found = |address| {
        let response = Response { status: 404, ..crate::model::fixture::served("gone") };
        Fetch { response: Some(Looked::Seen(response)), ..connected(address) }
    };
    let unasked = |address| Fetch { connect: Looked::Failed(Failure::new(FailureKind::NoRoute, "no IPv6 here")), ..connected(address) };
    let (host, there) = ("mta-sts.example.com", "mta-sts.example.com 192.0.2.2");
    for (what, fetch, found) in [
        ("no connection", no_connection(THERE), "TCP: its reason"),
        ("no handshake", no_handshake(THERE), "TLS: its reason"),
        ("no answer", no_answer(THERE), "HTTP: its reason"),
        ("another status", not_found(THERE), "HTTP 404"),
        ("facts that end", connected(THERE), "no answer"),
    ] {
        let all = findings(vec![served(HERE, POLICY), fetch]);
        let finding = said_by(&all, &ADDRESS_FAILING, there);
        assert_eq!((finding.outcome, finding.found.as_deref()), (Outcome::Broken, Some(found)), "{what}");
        assert!(!all.iter().any(|finding| finding.rule == &ADDRESS_FAILING && finding.outcome == Outcome::Holds), "{what}");
        assert_eq!(finding.message, format!("{there} does not serve the policy, other addresses of the host do"));
    }
    for (what, fetches) in [
        ("both serve", vec![served(HERE, POLICY), served(THERE, POLICY)]),
        ("neither serves: that is told otherwise", vec![not_found(HERE), not_found(THERE)]),
        ("one was not asked", vec![served(HERE, POLICY), unasked(THERE)]),
    ] {
        let all = findings(fetches);
        assert_eq!(said_by(&all, &ADDRESS_FAILING, host).outcome, Outcome::Holds, "{what}");
        assert!(!all.iter().any(|finding| finding.rule == &ADDRESS_FAILING && finding.outcome == Outcome::Broken), "{what}");
    }
}

#[test]
fn the_way_out_fits_the_reason_for_which_nothing_was_fetched() {
    for (kind, way_out) in [
        (FailureKind::Proxy, "see that the proxy runs"),
        (FailureKind::Denied, "take the address out of DNS"),
        (FailureKind::Refused, "check the web server and the firewall before it"),
    ] {
        let failing = |address| Fetch { connect: Looked::Failed(Failure::new(kind, "its reason")), ..connected(address) };
        let all = findings(vec![failing(HERE), failing(THERE)]);
        let finding = said_by(&all, &CONNECT, "mta-sts.example.com 192.0.2.1");
        let fix = &finding.fix.as_ref().expect("a way out").say;
        assert!(fix.starts_with(way_out), "{kind:?}: {fix}");
    }
}

#[test]
fn a_slow_policy_host_is_told_with_its_seconds() {
    let all = findings(vec![Fetch { elapsed_ms: 7_900, ..served(HERE, POLICY) }, served(THERE, POLICY)]);
    let finding = said_by(&all, &SLOW, "mta-sts.example.com 192.0.2.1");
    assert_eq!(finding.message, "mta-sts.example.com 192.0.2.1 took 7 s to serve the policy");
    assert_eq!(finding.found.as_deref(), Some("7 s"));
}

#[test]
fn addresses_serve_the_same_policy_whatever_its_bytes() {
    for (what, other, outcome) in [
        ("the same", POLICY.to_owned(), Outcome::Holds),
        ("other line ends", POLICY.replace('\n', "\r\n"), Outcome::Holds),
        ("another max_age", POLICY.replace("604800", "86400"), Outcome::Broken),
        ("another mode", POLICY.replace("testing", "enforce"), Outcome::Broken),
        ("one mx less", POLICY.replace("mx: mx2.example.com\n", ""), Outcome::Broken),
    ] {
        let all = findings(vec![served(HERE, POLICY), served(THERE, &other)]);
        let outcomes: Vec<Outcome> = all.iter().filter(|it| it.rule == &ADDRESSES_DIFFER).map(|it| it.outcome).collect();
        assert_eq!(outcomes, [outcome], "{what}");
    }
}
