use super::*;
use crate::model::facts::Facts;
use crate::model::facts::dns::AddressFacts;
use crate::model::looked::Absence;
use crate::rules::fixture::{
    self, absent, addresses, broken, cname, draft, facts, failed, judged, mx as mx_answer, name, no_addresses, server,
};

/// example.com with these MX hosts and these `mx:` values.
fn with(hosts: &[&str], patterns: &[&str]) -> Facts {
    let mut facts = facts();
    facts.mail.as_mut().expect("looked at").mx = mx_answer(hosts);
    facts.servers = Some(hosts.iter().map(|host| server(host, addresses())).collect());
    let lines: String =
        patterns.iter().map(|pattern| if pattern.contains(':') { format!("{pattern}\n") } else { format!("mx: {pattern}\n") }).collect();
    let text = format!("version: STSv1\nmode: enforce\nmax_age: 1209600\n{lines}");
    facts.policy.as_mut().expect("looked at").draft = Some(draft(&text));
    facts
}

fn codes(facts: &Facts) -> Vec<String> {
    broken(facts, RULES, judge).into_iter().filter(|code| code != "mx-single advice").collect()
}

#[test]
fn a_covered_mx_set_breaks_nothing() {
    assert_eq!(codes(&facts()), [""; 0]);
    assert_eq!(codes(&with(&["alt1.aspmx.l.google.com", "aspmx.l.google.com"], &["aspmx.l.google.com", "*.aspmx.l.google.com"])), [""; 0]);
}

#[test]
fn an_uncovered_host_is_told_with_what_it_looks_like_and_the_line_to_publish() {
    for (host, pattern, says, publish) in [
        ("mx1.example.com", "mx1.exmaple.com", "differs in 2 characters", "mx: mx1.example.com"),
        ("mx1.example.com", "mx1.example.net", "another top-level domain", "mx: mx1.example.com"),
        ("mx1.example.com", "mail.mx1.example.com", "a label too many", "mx: mx1.example.com"),
        ("mx1.eu.example.com", "mx1.example.com", "lacks a label", "mx: mx1.eu.example.com"),
        ("mx1.example.com", "mta-sts.example.com", "is a policy host", "mx: mx1.example.com"),
        ("mx1.example.com", "mta-sts.mx1.example.com", "is a policy host", "mx: mx1.example.com"),
        ("mx1.eu.example.net", "*.example.net", "stands for one label only", "mx: *.eu.example.net"),
        ("example-com.h-v1.mx.microsoft", "*.mx.microsoft", "stands for one label only", "mx: *.h-v1.mx.microsoft"),
        ("mx1.example.net", "*.eu.example.net", "one label too deep", "mx: mx1.example.net"),
        ("mail.example.net", "*.mail.example.net", "one label too deep", "mx: mail.example.net"),
        ("mx1.example.com", "relay-frankfurt.example.com", "same organisation", "mx: mx1.example.com"),
        ("mx1.example.com", "aspmx.l.google.com", "a different domain", "mx: mx1.example.com"),
        ("mx1.example.com", "mx: old.example.org\nMX: mx1.example.com", "the key on line 5 is not mx", "mx: mx1.example.com"),
        (
            "mx1.example.com",
            "mx: old.example.org\nMX: mx2.example.com\nMX: mx1.example.com",
            "the key on line 6 is not mx",
            "mx: mx1.example.com",
        ),
        // A wildcard above nothing of the host's, and one above everything: neither is the host's own line.
        ("mx1.example.com", "*.aspmx.l.google.com", "a different domain", "mx: mx1.example.com"),
        ("mx1.example.com", "*.com", "a different domain", "mx: mx1.example.com"),
    ] {
        let facts = with(&[host], &[pattern]);
        let sheet = judged(&facts, judge);
        let finding = sheet.findings().iter().find(|finding| finding.code() == "mx-uncovered").expect("it is uncovered");
        assert!(finding.message.contains(says), "{host} {pattern}: {}", finding.message);
        assert_eq!(finding.fix.as_ref().and_then(|fix| fix.publish.as_deref()), Some(publish), "{host} {pattern}");
        assert!(finding.line.is_some(), "{host} {pattern}");
    }
}

#[test]
fn a_line_that_other_hosts_need_stays_where_one_is_added() {
    for (hosts, patterns, others, replaced) in [
        // Nobody needs it: its place is taken.
        (&["mx1.eu.example.net"][..], &["*.example.net"][..], 0, true),
        (&["mx1.eu.example.net", "mx1.example.net"], &["*.example.net"], 0, false),
        // What covers another host is not what was meant for this one, unless it is a wildcard.
        (&["mx1.example.com", "mx2.example.com"], &["mx2.example.com"], 0, false),
        (&["mx1.example.com", "mx2.example.com"], &["mx2.example.com", "mx1.exmaple.com"], 1, true),
    ] {
        let facts = with(hosts, patterns);
        let sheet = judged(&facts, judge);
        let finding = sheet.findings().iter().find(|finding| finding.code() == "mx-uncovered").expect("one is uncovered");
        let fix = finding.fix.as_ref().expect("a way out");
        assert_eq!(
            finding.line.is_some() && fix.say.contains("replace"),
            replaced,
            "{hosts:?} {patterns:?}: {} {}",
            finding.message,
            fix.say
        );
        if replaced {
            assert!(fix.say.contains(&format!("line {}", 4 + others)), "{}", fix.say);
        }
    }
}

#[test]
fn only_a_line_gone_wrong_gives_way_and_to_one_host_only() {
    let said = |hosts: &[&str], patterns: &[&str]| -> Vec<(String, String)> {
        let sheet = judged(&with(hosts, patterns), judge);
        let uncovered = sheet.findings().iter().filter(|finding| finding.code() == "mx-uncovered" && finding.is_shown());
        uncovered.map(|it| (it.found.clone().unwrap_or_default(), it.fix.as_ref().expect("a way out").say.clone())).collect()
    };
    let add = "add the line, then publish a new id; or remove the MX record if it is an old one";
    let replace = |line: usize| format!("replace line {line}, then publish a new id");
    for (pattern, way_out) in [
        ("mx1.exmaple.com", replace(4)),
        ("mta-sts.example.com", replace(4)),
        ("relay-frankfurt.example.com", add.to_owned()),
        ("aspmx.l.google.com", add.to_owned()),
    ] {
        assert_eq!(said(&["mx1.example.com"], &[pattern]), [(pattern.to_owned(), way_out)]);
    }
    let two = ["mx1.example.com", "mx2.example.com"];
    let ways = |patterns: &[&str]| said(&two, patterns).into_iter().map(|(_, way_out)| way_out).collect::<Vec<_>>();
    assert_eq!(ways(&["mx1.exmaple.com", "mx2.exmaple.com"]), [replace(4), replace(5)]);
    assert_eq!(ways(&["mx1.exmaple.com"]), [replace(4), add.to_owned()]);
    // Of many patterns ten are named.
    let many: Vec<String> = (1..=11).map(|number| format!("old{number}.example.org")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(said(&["mx1.example.com"], &many[..10])[0].0, many[..10].join(", "));
    assert_eq!(said(&["mx1.example.com"], &many)[0].0, many[..10].join(", ") + ", …");
}

#[test]
fn a_policy_that_lists_nothing_says_why_nothing_is_compared() {
    for (text, why) in [
        ("version: STSv1\nmode: none\nmax_age: 86400\n", "the policy is withdrawn and lists no mx"),
        ("version: STSv1\nmode: testing\nmax_age: 86400\n", "the policy lists no usable mx"),
        ("hello\n", "there is no policy to compare with"),
    ] {
        let mut facts = facts();
        facts.policy.as_mut().expect("looked at").draft = Some(draft(text));
        let sheet = judged(&facts, judge);
        let finding = sheet.findings().iter().find(|finding| finding.rule == &UNCOVERED).expect("it leaves its word");
        assert_eq!(finding.message, why);
    }
}

/// A host that was asked for by name is judged without MX records.
#[test]
fn a_host_that_was_asked_for_needs_an_address() {
    use crate::model::finding::Outcome;
    let none = |kind| AddressFacts { v4: Looked::Absent(Absence { kind, via: Vec::new() }), v6: absent() };
    let half = AddressFacts { v4: failed(), v6: absent() };
    let (gone, neither) = (Some("the name does not exist"), Some("neither A nor AAAA"));
    for (what, addresses, outcome, found) in [
        ("there", addresses(), Outcome::Holds, None),
        ("no name", none(AbsenceKind::NxDomain), Outcome::Broken, gone),
        ("no record", none(AbsenceKind::NoData), Outcome::Broken, neither),
        ("not to be had", half, Outcome::NotApplicable, None),
    ] {
        let mut facts = with(&["mx1.example.com", "mx2.example.com"], &["mx1.example.com", "mx2.example.com"]);
        facts.servers.as_mut().expect("looked at")[0].addresses = addresses;
        for (mail, message) in
            [(facts.mail.take(), "mx1.example.com has no address; other MX hosts are left"), (None, "mx1.example.com has no address")]
        {
            facts.mail = mail;
            let sheet = judged(&facts, judge);
            let about = |finding: &&crate::model::finding::Finding| finding.rule == &UNRESOLVABLE && finding.subject == "mx1.example.com";
            let finding = sheet.findings().iter().find(about).expect("it is told");
            assert_eq!((finding.outcome, finding.found.as_deref()), (outcome, found), "{what}");
            assert!(outcome != Outcome::Broken || finding.message == message, "{what}: {}", finding.message);
        }
    }
}

#[test]
fn a_slip_covers_nothing_and_is_unused() {
    assert_eq!(codes(&with(&["mx1.example.com"], &["mx1.exmaple.com"])), ["mx-uncovered blocker", "mx-pattern-unused advice"]);
    assert_eq!(codes(&with(&["mx1.example.com"], &["old.example.org"])), ["mx-uncovered blocker", "mx-pattern-unused advice"]);
    assert_eq!(codes(&with(&["mx1.example.com", "mx2.example.com"], &["mx1.example.com"])), ["mx-uncovered blocker"]);
}

#[test]
fn a_faulty_mx_line_is_not_told_a_second_time_as_a_missing_one() {
    assert_eq!(codes(&with(&["mx1.example.com"], &["mx1.example.com."])), [""; 0]);
    assert_eq!(codes(&with(&["mx1.example.com"], &["192.0.2.1"])), [""; 0], "no usable mx: that is policy-mx-invalid");
}

#[test]
fn an_unused_pattern_is_worse_where_its_domain_is_free() {
    let mut facts = with(&["mx1.example.com"], &["mx1.example.com", "mx.old-provider.net"]);
    assert_eq!(codes(&facts), ["mx-pattern-unused advice"]);
    let known = &mut facts.policy.as_mut().expect("looked at").pattern_domains;
    known.insert(name("old-provider.net"), failed());
    assert_eq!(codes(&facts), ["mx-pattern-unused advice"]);
    let known = &mut facts.policy.as_mut().expect("looked at").pattern_domains;
    known.insert(name("old-provider.net"), absent());
    assert_eq!(codes(&facts), ["mx-pattern-unused warning"]);
}

#[test]
fn wildcards_over_a_suffix_or_the_own_domain_are_broad() {
    assert_eq!(codes(&with(&["mx1.example.com"], &["*.example.com"])), ["mx-pattern-broad warning"]);
    assert_eq!(codes(&with(&["example.co.uk"], &["*.co.uk"])), ["mx-pattern-broad warning"]);
    assert_eq!(codes(&with(&["mx1.mx.example.com"], &["*.mx.example.com"])), [""; 0]);
    assert_eq!(codes(&with(&["mx1.example.net"], &["*.example.net"])), [""; 0]);
}

#[test]
fn mx_records_are_judged_without_a_policy_too() {
    let gone = |facts: &mut Facts, index: usize| facts.servers.as_mut().expect("looked at")[index].addresses = no_addresses();
    let mut facts = with(&["mx1.example.com", "mx2.example.com"], &["mx1.example.com", "mx2.example.com"]);
    facts.policy = None;
    gone(&mut facts, 0);
    assert_eq!(codes(&facts), ["mx-unresolvable warning"]);
    gone(&mut facts, 1);
    assert_eq!(codes(&facts), ["mx-unresolvable blocker", "mx-unresolvable blocker"]);
    let half = AddressFacts { v4: failed(), v6: absent() };
    facts.servers.as_mut().expect("looked at")[0].addresses = half;
    assert_eq!(codes(&facts), ["mx-unresolvable warning"], "what failed may be there");
}

#[test]
fn addresses_and_aliases_in_mx_records_are_found() {
    let mut facts = with(&["192.0.2.25", "mx1.example.com"], &["mx1.example.com"]);
    facts.servers.as_mut().expect("looked at")[0].addresses = no_addresses();
    assert_eq!(codes(&facts), ["mx-address-literal blocker"]);
    let mut facts = with(&["mx1.example.com"], &["mx1.example.com"]);
    let via = cname("mx1.example.com", "host.example.net");
    facts.servers.as_mut().expect("looked at")[0].addresses.v6 = Looked::Absent(Absence { kind: AbsenceKind::NoData, via });
    assert_eq!(codes(&facts), ["mx-cname warning"]);
}

#[test]
fn one_host_alone_is_noted_and_a_domain_without_mail_is_not_judged() {
    let one = with(&["mx1.example.com"], &["mx1.example.com"]);
    assert_eq!(broken(&one, RULES, judge), ["mx-single advice"]);
    for mx in [mx_answer(&["."]), failed(), absent()] {
        let mut facts = one.clone();
        facts.mail.as_mut().expect("looked at").mx = mx;
        assert_eq!(broken(&facts, RULES, judge), [""; 0]);
    }
    let mut implicit = with(&["mx1.example.com"], &["mx1.example.com"]);
    let mail = implicit.mail.as_mut().expect("looked at");
    (mail.mx, mail.own_addresses) = (absent(), Some(addresses()));
    assert_eq!(codes(&implicit), ["mx-uncovered blocker", "mx-pattern-unused advice"]);
}

#[test]
fn a_hostile_policy_of_thousands_of_patterns_is_judged_in_bounds() {
    let hosts: Vec<String> = (0..100).map(|index| format!("mx{index}.{}.example.com", "a".repeat(60))).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let patterns: Vec<String> = (0..7000).map(|index| format!("p{index}.a")).collect();
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    let sheet = judged(&with(&hosts, &patterns), judge);
    assert!(sheet.findings().len() < 1000, "{}", sheet.findings().len());
    let broad = vec!["*.co.uk"; 3_000];
    let sheet = judged(&with(&["mx1.example.com"], &broad), judge);
    assert!(sheet.findings().len() < 1000, "{}", sheet.findings().len());
}

/// Ready needs a probe of every address, and at port 25.
#[test]
fn an_address_that_nobody_asked_leaves_the_answer_open() {
    use crate::model::facts::servers::Probe;
    let probe = |last: u8| Probe::begun([192, 0, 2, last].into(), 25, fixture::NOW.parse().expect("a time"), Looked::Seen(1));
    let first = |last: u8| Probe { tls_first: true, port: 443, ..probe(last) };
    let pair = AddressFacts { v4: fixture::seen(vec![[192, 0, 2, 1].into(), [192, 0, 2, 2].into()]), v6: absent() };
    for (probes, unprobed) in [
        (vec![probe(1), probe(2)], &[][..]),
        (vec![probe(1)], &["mx1.example.com 192.0.2.2"]),
        (vec![], &["mx1.example.com 192.0.2.1", "mx1.example.com 192.0.2.2"]),
        (vec![probe(1), first(2)], &["mx1.example.com 192.0.2.2"]),
    ] {
        let mut facts = with(&["mx1.example.com"], &["mx1.example.com"]);
        let host = &mut facts.servers.as_mut().expect("looked at")[0];
        (host.addresses, host.probes) = (pair.clone(), probes);
        for mail in [facts.mail.take(), None] {
            facts.mail = mail;
            let sheet = judged(&facts, judge);
            let open = sheet.findings().iter().filter(|finding| finding.rule == &UNPROBED && finding.unsettles());
            assert_eq!(open.map(|finding| finding.subject.as_str()).collect::<Vec<_>>(), unprobed);
        }
    }
}

#[test]
fn what_was_not_probed_is_told_with_its_numbers_and_how_it_was_asked() {
    use crate::model::facts::servers::Probe;
    let probe = |last: u8| Probe::begun([192, 0, 2, last].into(), 25, fixture::NOW.parse().expect("a time"), Looked::Seen(1));
    let pair = AddressFacts { v4: fixture::seen(vec![[192, 0, 2, 1].into(), [192, 0, 2, 2].into()]), v6: absent() };
    let first = |last: u8, port| Probe { tls_first: true, port, ..probe(last) };
    for (probes, left_out, message, found) in [
        (vec![probe(1), probe(2)], 3, "mx1.example.com has 5 addresses; 3 of them were not probed", "5"),
        (vec![probe(1)], 0, "mx1.example.com (192.0.2.2) was not probed, so nothing is known about it", "no probe"),
        (
            vec![probe(1), first(2, 465)],
            0,
            "mx1.example.com (192.0.2.2) was asked only at port 465, not as senders ask",
            "port 465 with TLS from the start",
        ),
        (
            vec![first(1, 443), probe(2)],
            0,
            "mx1.example.com (192.0.2.1) was asked only at port 443, not as senders ask",
            "port 443 with TLS from the start",
        ),
    ] {
        let mut facts = with(&["mx1.example.com"], &["mx1.example.com"]);
        let host = &mut facts.servers.as_mut().expect("looked at")[0];
        (host.addresses, host.probes, host.addresses_left_out) = (pair.clone(), probes, left_out);
        let sheet = judged(&facts, judge);
        let open: Vec<_> = sheet.findings().iter().filter(|finding| finding.rule == &UNPROBED && finding.unsettles()).collect();
        let [finding] = open[..] else { panic!("{message}: one finding, not {}", open.len()) };
        assert_eq!((finding.message.as_str(), finding.found.as_deref()), (message, Some(found)));
    }
}
