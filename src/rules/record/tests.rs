use super::*;
use crate::model::facts::Facts;
use crate::model::finding::Outcome;
use crate::model::looked::{Absence, AbsenceKind};
use crate::rules::fixture::{absent, addresses, broken, cname, facts, failed, judged, mx, name, target, texts};

fn with(spoil: impl FnOnce(&mut crate::model::facts::RecordFacts)) -> Facts {
    let mut facts = facts();
    spoil(facts.record.as_mut().expect("looked at"));
    facts
}

fn codes(facts: &Facts) -> Vec<String> {
    broken(facts, RULES, judge)
}

#[test]
fn a_right_record_breaks_nothing_and_a_failed_lookup_says_nothing() {
    assert_eq!(codes(&facts()), [""; 0]);
    assert_eq!(codes(&with(|record| record.txt.answer = failed())), [""; 0]);
}

#[test]
fn absence_misplacement_and_near_misses_are_three_different_faults() {
    let elsewhere = vec![Elsewhere { name: name("_tls._smtp.example.com"), text: "v=TLSRPTv1; rua=mailto:a@b.example".to_owned() }];
    assert_eq!(codes(&with(|record| record.txt.answer = absent())), ["record-missing blocker"]);
    assert_eq!(codes(&with(|record| (record.txt.answer, record.txt.elsewhere) = (absent(), elsewhere))), ["record-misplaced blocker"]);
    assert_eq!(codes(&with(|record| record.txt.answer = texts(&["v=TLSRPT1; rua=mailto:a@b.example"]))), ["record-version blocker"]);
    let unrelated = Elsewhere { name: name("example.com"), text: "v=spf1 -all".to_owned() };
    assert_eq!(codes(&with(|record| (record.txt.answer, record.txt.elsewhere) = (absent(), vec![unrelated]))), ["record-missing blocker"]);
}

#[test]
fn the_faults_of_one_record_are_all_found() {
    for (text, expected) in [
        ("v=TLSRPTv1", vec!["record-rua-missing blocker"]),
        ("v=TLSRPTv1; RUA=mailto:a@reports.example", vec!["record-rua-missing blocker"]),
        ("v=TLSRPTv1 rua=mailto:a@reports.example", vec!["record-syntax blocker"]),
        (
            "v=TLSRPTv1;; rua=a@reports.example!1m",
            vec!["record-syntax blocker", "record-rua-invalid blocker", "record-rua-unencoded warning"],
        ),
        ("v=TLSRPTv1; rua=mailto:a@reports.example,b@reports.example", vec!["record-rua-invalid blocker", "record-rua-many advice"]),
        ("v=TLSRPTv1; rua=mailto:a@reports.example;mailto:b@reports.example", vec!["record-syntax blocker"]),
        ("v=TLSRPTv1 ; rua=mailto:a@reports.example", vec!["record-version blocker"]),
    ] {
        assert_eq!(codes(&with(|record| record.txt.answer = texts(&[text]))), expected, "{text}");
    }
}

#[test]
fn a_target_must_be_able_to_receive() {
    for (mx, with_address, expected) in [
        (mx(&["mx.reports.example"]), false, vec![]),
        (mx(&["."]), true, vec!["record-rua-undeliverable blocker"]),
        (absent(), false, vec!["record-rua-undeliverable blocker"]),
        (absent(), true, vec![]),
        (failed(), false, vec![]),
        (mx(&["mx2.example.com", "other.example"]), false, vec!["record-rua-same-mx advice"]),
    ] {
        let mut seen = target("reports.example", mx);
        if with_address {
            seen.addresses = Some(addresses());
        }
        assert_eq!(codes(&with(|record| record.targets = vec![seen.clone()])), expected, "{seen:?}");
    }
}

#[test]
fn an_address_in_brackets_needs_no_dns_and_the_own_domain_was_asked_already() {
    let to = |rua: &str| with(|record| (record.txt.answer, record.targets) = (texts(&[&format!("v=TLSRPTv1; rua={rua}")]), Vec::new()));
    assert_eq!(codes(&to("https://192.0.2.1/reports")), [""; 0]);
    let undeliverable = |rua: &str| {
        let facts = to(rua);
        let sheet = judged(&facts, judge);
        sheet.findings().iter().find(|finding| finding.code() == "record-rua-undeliverable").map(|finding| finding.outcome)
    };
    assert_eq!(undeliverable("https://192.0.2.1/reports"), Some(Outcome::Holds));
    assert_eq!(undeliverable("https://reports.example/tls"), Some(Outcome::NotApplicable), "nobody looked");
    assert_eq!(codes(&to("mailto:tls@example.com")), ["record-rua-same-mx advice"]);
    assert_eq!(codes(&to("mailto:tls@other.example")), [""; 0]);
}

#[test]
fn delegation_and_long_ttls_are_noted() {
    let delegated = with(|record| {
        let Looked::Seen(answer) = &mut record.txt.answer else { return };
        answer.via = cname("_smtp._tls.example.com", "_smtp._tls.provider.example");
        answer.ttl = 86_401;
    });
    assert_eq!(codes(&delegated), ["record-delegated advice", "record-ttl advice"]);
    let dangling = Absence { kind: AbsenceKind::NxDomain, via: cname("_smtp._tls.example.com", "gone.example") };
    let dangling = with(|record| record.txt.answer = Looked::Absent(dangling));
    assert_eq!(codes(&dangling), ["record-missing blocker"]);
    assert!(judged(&dangling, judge).findings()[0].evidence[0].text.contains("gone.example"));
}

#[test]
fn the_fix_is_the_whole_corrected_record() {
    let facts = with(|record| record.txt.answer = texts(&["v=TLSRPTv1; rua=a@reports.example; note=x"]));
    let sheet = judged(&facts, judge);
    let fix = sheet.findings()[0].fix.as_ref().and_then(|fix| fix.publish.clone());
    assert_eq!(fix.as_deref(), Some("_smtp._tls.example.com. 3600 IN TXT \"v=TLSRPTv1; rua=mailto:a@reports.example; note=x\""));
}

#[test]
fn texts_alone_are_judged_by_every_rule_and_what_dns_would_tell_is_left_open() {
    let said = |texts: &[&str]| {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        let mut sheet = Sheet::default();
        judge_texts(&texts, &name("_smtp._tls.example.com"), &mut sheet);
        for rule in RULES {
            assert!(sheet.findings().iter().any(|finding| finding.rule == *rule), "{} wrote nothing", rule.code);
        }
        let shown = sheet.findings().iter().filter(|finding| finding.is_shown());
        let shown: Vec<_> = shown.map(|finding| (finding.code(), finding.evidence[0].text.clone())).collect();
        (shown, sheet.findings().iter().find(|finding| finding.rule == &TTL).map(|finding| finding.outcome))
    };
    let none = |words: &str| vec![("record-missing", format!("_smtp._tls.example.com TXT: {words}, about other things"))];
    assert_eq!(said(&["v=TLSRPTv1; rua=mailto:a@reports.example"]), (vec![], Some(Outcome::NotApplicable)));
    assert_eq!(said(&[]), (none("0 records"), Some(Outcome::NotApplicable)));
    assert_eq!(said(&["v=spf1 -all"]).0, none("1 record"));
    let (shown, _) = said(&["v=TLSRPTv1"]);
    assert_eq!(shown, [("record-rua-missing", "_smtp._tls.example.com TXT \"v=TLSRPTv1\"".to_owned())]);
}

#[test]
fn what_stands_in_a_records_place_is_told_with_its_ttl() {
    let finding = |facts: &Facts, code: &str| {
        judged(facts, judge).findings().iter().find(|finding| finding.code() == code).expect("it is told").clone()
    };
    for (answer, found, shown) in [
        (absent(), "no TXT record", "_smtp._tls.example.com TXT: NXDOMAIN"),
        (
            texts(&["v=spf1 -all"]),
            "only TXT records about other things",
            "_smtp._tls.example.com TXT: 1 record, about other things (TTL 300)",
        ),
        (
            texts(&["v=spf1 -all", "hello"]),
            "only TXT records about other things",
            "_smtp._tls.example.com TXT: 2 records, about other things (TTL 300)",
        ),
    ] {
        let missing = finding(&with(|record| record.txt.answer = answer), "record-missing");
        assert_eq!((missing.found.as_deref(), missing.evidence[0].text.as_str()), (Some(found), shown));
        let publish = missing.fix.and_then(|fix| fix.publish);
        let line = "_smtp._tls.example.com. 3600 IN TXT \"v=TLSRPTv1; rua=mailto:tls-reports@example.com\"";
        assert_eq!(publish.as_deref(), Some(line));
    }
    for (text, code, message) in [
        ("v=TLSRPTv1; rua=mailto:a@reports.example;;", "record-syntax", "a field is empty: two semicolons in a row"),
        ("v=TLSRPTv1; rua=mailto:a@reports.example; note", "record-syntax", "the field `note` has no `=`"),
    ] {
        let syntax = finding(&with(|record| record.txt.answer = texts(&[text])), code);
        assert!(syntax.message.starts_with(message), "{}", syntax.message);
    }
}

#[test]
fn of_several_targets_the_first_that_can_be_read_is_kept() {
    for (rua, publish) in [
        ("mailto:a@reports.example,https://reports.example/tls", "rua=mailto:a@reports.example"),
        ("b@reports.example,mailto:a@reports.example", "rua=mailto:b@reports.example"),
        ("ftp://reports.example,mailto:a@reports.example", "rua=mailto:a@reports.example"),
        ("ftp://reports.example,gopher://reports.example", "rua=mailto:tls-reports@example.com"),
    ] {
        let facts = with(|record| record.txt.answer = texts(&[&format!("v=TLSRPTv1; rua={rua}")]));
        let sheet = judged(&facts, judge);
        let many = sheet.findings().iter().find(|finding| finding.code() == "record-rua-many").expect("it is told");
        let line = format!("_smtp._tls.example.com. 3600 IN TXT \"v=TLSRPTv1; {publish}\"");
        assert_eq!(many.fix.as_ref().and_then(|fix| fix.publish.as_deref()), Some(line.as_str()), "{rua}");
    }
}

#[test]
fn a_record_without_a_usable_target_says_that_none_was_asked_for() {
    for (rua, usable) in [("ftp://reports.example", false), ("ftp://reports.example,mailto:a@reports.example", true)] {
        let facts = with(|record| record.txt.answer = texts(&[&format!("v=TLSRPTv1; rua={rua}")]));
        let sheet = judged(&facts, judge);
        let subjects = sheet.findings().iter().filter(|finding| finding.rule == &RUA_UNDELIVERABLE).map(|finding| finding.subject.as_str());
        assert_eq!(subjects.collect::<Vec<_>>(), [if usable { "mailto:a@reports.example" } else { "_smtp._tls.example.com" }], "{rua}");
    }
    let day = with(|record| {
        if let Looked::Seen(answer) = &mut record.txt.answer {
            answer.ttl = 86_400;
        }
    });
    assert_eq!(codes(&day), [""; 0], "a day is no more than a day");
}
