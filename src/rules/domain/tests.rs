use super::*;
use crate::model::facts::Facts;
use crate::model::facts::dns::Elsewhere;
use crate::model::finding::Outcome;
use crate::model::fixture::vantage;
use crate::rules::fixture::{self, absent, failed, judged, mx, name, no_addresses, seen, server, target};

/// `code outcome` of what is said of `rules`, in the order of the sheet.
fn said(facts: &Facts, rules: &[&Rule]) -> Vec<(&'static str, Outcome)> {
    let sheet = judged(facts, judge);
    let findings = sheet.findings().iter().filter(|finding| rules.contains(&finding.rule));
    findings.map(|finding| (finding.code(), finding.outcome)).collect()
}

/// `subject severity` of every lookup that failed.
fn lost(facts: &Facts) -> Vec<String> {
    let sheet = judged(facts, judge);
    let open = sheet.findings().iter().filter(|finding| finding.rule == &DNS_FAILED && finding.outcome == Outcome::Undetermined);
    open.map(|finding| format!("{} {}", finding.subject, finding.severity.as_str())).collect()
}

fn addressed(v4: [u8; 4]) -> AddressFacts {
    AddressFacts { v4: seen(vec![v4.into()]), v6: absent() }
}

/// example.com with this answer to its MX lookup and these addresses of its own.
fn with(mx: Looked<crate::model::looked::Answer<Vec<crate::model::facts::dns::MxRecord>>>, own: Option<AddressFacts>) -> Facts {
    let mut facts = fixture::facts();
    let mail = facts.mail.as_mut().expect("looked at");
    (mail.mx, mail.own_addresses) = (mx, own);
    facts
}

#[test]
fn every_kind_of_domain_has_its_code() {
    let no_data = || Looked::Absent(crate::model::looked::Absence { kind: AbsenceKind::NoData, via: Vec::new() });
    let silent = || AddressFacts { v4: failed(), v6: absent() };
    for (what, facts, broken, asked) in [
        ("hosts", with(mx(&["mx1.example.com"]), None), None, true),
        ("no such name", with(absent(), None), Some(&NOT_FOUND), true),
        ("a null MX", with(mx(&["."]), None), Some(&NULL_MX), true),
        ("a null MX beside a host is none", with(mx(&[".", "mx1.example.com"]), None), None, true),
        ("an empty answer", with(mx(&[]), None), None, true),
        ("an address of its own", with(no_data(), Some(addressed([192, 0, 2, 1]))), Some(&IMPLICIT_MX), true),
        ("nothing at all", with(no_data(), Some(no_addresses())), Some(&NO_MAIL), true),
        ("an address that may be there", with(no_data(), Some(silent())), None, false),
        ("a failed lookup", with(failed(), None), None, false),
    ] {
        let said = said(&facts, &[&NOT_FOUND, &NULL_MX, &NO_MAIL, &IMPLICIT_MX]);
        let is_broken: Vec<_> = said.iter().filter(|(_, outcome)| *outcome == Outcome::Broken).map(|(code, _)| *code).collect();
        assert_eq!(is_broken, broken.iter().map(|rule| rule.code).collect::<Vec<_>>(), "{what}");
        let asked_all = !said.iter().any(|(_, outcome)| *outcome == Outcome::NotApplicable);
        assert_eq!(asked_all, asked, "{what}: {said:?}");
        let no_mail = broken.is_some_and(|rule| rule != &IMPLICIT_MX);
        assert_eq!(takes_no_mail(&judged(&facts, judge)), no_mail, "{what}");
    }
}

#[test]
fn a_null_mx_beside_records_for_mail_is_told_to_remove_them() {
    let words = |facts: &Facts| {
        let sheet = judged(facts, judge);
        let finding = sheet.findings().iter().find(|finding| finding.outcome == Outcome::Broken).expect("it is a null MX");
        (finding.message.clone(), finding.fix.is_some())
    };
    let mut facts = with(mx(&["."]), None);
    assert!(words(&facts).0.contains("yet it publishes an MTA-STS record and a TLS-RPT record"), "{:?}", words(&facts));
    facts.record = None;
    assert!(words(&facts).0.ends_with("yet it publishes an MTA-STS record"), "{:?}", words(&facts));
    facts.policy = None;
    assert!(words(&facts).0.ends_with("MTA-STS has nothing to protect here") && !words(&facts).1, "{:?}", words(&facts));
}

#[test]
fn a_parents_policy_covers_no_subdomain() {
    let mut facts = fixture::facts();
    assert_eq!(said(&facts, &[&SUBDOMAIN]), [("domain-subdomain", Outcome::Holds)]);
    let parent = Elsewhere { name: name("_mta-sts.example"), text: "v=STSv1; id=1".to_owned() };
    facts.mail.as_mut().expect("looked at").parent_policy = Some(parent);
    assert_eq!(said(&facts, &[&SUBDOMAIN]), [("domain-subdomain", Outcome::Broken)]);
    facts.mail.as_mut().expect("looked at").mx = mx(&["."]);
    assert_eq!(said(&facts, &[&SUBDOMAIN]), [("domain-subdomain", Outcome::NotApplicable)]);
}

#[test]
fn each_lookup_that_failed_leaves_the_answer_open_and_a_half_that_answered_weighs_less() {
    assert_eq!(said(&fixture::facts(), &[&DNS_FAILED]), [("domain-dns-failed", Outcome::Holds)]);
    let half = || AddressFacts { v6: failed(), ..addressed([192, 0, 2, 1]) };

    let facts = with(failed(), Some(AddressFacts { v4: failed(), v6: absent() }));
    assert_eq!(lost(&facts), ["example.com MX blocker", "example.com A blocker"]);

    let mut facts = fixture::facts();
    facts.record.as_mut().expect("looked at").txt.answer = failed();
    assert_eq!(lost(&facts), ["_smtp._tls.example.com TXT blocker"]);

    let mut facts = fixture::facts();
    let record = facts.record.as_mut().expect("looked at");
    record.targets = vec![target("reports.example", failed())];
    assert_eq!(lost(&facts), ["reports.example MX blocker"]);
    facts.record.as_mut().expect("looked at").targets.push(target("other.example", mx(&["mx.other.example"])));
    assert_eq!(lost(&facts), ["reports.example MX warning"], "reports reach the other target");

    let mut facts = fixture::facts();
    let policy = facts.policy.as_mut().expect("looked at");
    (policy.txt.answer, policy.addresses) = (failed(), half());
    assert_eq!(lost(&facts), [""; 0], "of a draft nothing is looked up");
    facts.policy.as_mut().expect("looked at").draft = None;
    assert_eq!(lost(&facts), ["_mta-sts.example.com TXT blocker", "mta-sts.example.com AAAA warning"]);
    facts.policy.as_mut().expect("looked at").addresses.v4 = failed();
    assert_eq!(lost(&facts)[1..], ["mta-sts.example.com A blocker", "mta-sts.example.com AAAA blocker"]);

    let mut facts = fixture::facts();
    facts.servers = Some(vec![server("mx1.example.com", half())]);
    assert_eq!(lost(&facts), ["mx1.example.com AAAA blocker"], "every address of an MX must be proven");
    facts.servers.as_mut().expect("looked at")[0].source = MxSource::Implicit;
    assert_eq!(lost(&facts), [""; 0], "it is the domain itself, which is told of above");
}

#[test]
fn where_nothing_was_looked_up_no_lookup_is_said_to_have_worked() {
    let facts = Facts::nothing(name("example.com"), fixture::NOW.parse().expect("a time"), vantage());
    assert_eq!(said(&facts, RULES), []);
}

#[test]
fn addresses_that_end_inside_leave_the_answer_open() {
    for (address, outcome) in [
        ([192, 0, 2, 1], Outcome::Holds),
        ([10, 0, 0, 25], Outcome::Undetermined),
        ([100, 64, 0, 25], Outcome::Undetermined),
        ([127, 0, 0, 1], Outcome::Holds),
    ] {
        let mut facts = fixture::facts();
        facts.policy.as_mut().expect("looked at").addresses = no_addresses();
        facts.servers = Some(vec![server("mx1.example.com", addressed(address))]);
        let expected = [("domain-split-horizon", Outcome::NotApplicable), ("domain-split-horizon", outcome)];
        assert_eq!(said(&facts, &[&SPLIT_HORIZON]), expected, "{address:?}");
    }
}
