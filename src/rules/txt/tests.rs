use super::*;
use crate::model::facts::Facts;
use crate::rules::fixture::{absent, broken, cname, facts, failed, judged, name, no_addresses, texts};

fn with(spoil: impl FnOnce(&mut PolicyFacts)) -> Facts {
    let mut facts = facts();
    spoil(facts.policy.as_mut().expect("looked at"));
    facts
}

fn codes(facts: &Facts) -> Vec<String> {
    broken(facts, RULES, judge)
}

#[test]
fn a_right_record_breaks_nothing_and_a_failed_lookup_says_nothing() {
    assert_eq!(codes(&facts()), [""; 0]);
    assert_eq!(codes(&with(|policy| policy.txt.answer = failed())), [""; 0]);
}

#[test]
fn absence_misplacement_near_misses_and_dead_cnames_are_different_faults() {
    let dead = |kind| Looked::Absent(Absence { kind, via: cname("_mta-sts.example.com", "gone.example") });
    let elsewhere = vec![Elsewhere { name: name("mta-sts.example.com"), text: "v=STSv1; id=7".to_owned() }];
    for (answer, elsewhere, expected) in [
        (absent(), vec![], "txt-missing blocker"),
        (absent(), elsewhere, "txt-misplaced blocker"),
        (dead(AbsenceKind::NxDomain), vec![], "txt-dangling blocker"),
        (dead(AbsenceKind::NoData), vec![], "txt-missing blocker"),
        (texts(&["v=STS1; id=7"]), vec![], "txt-version blocker"),
        (texts(&["v=STSv1; id=7", "v=STSv1; id=8"]), vec![], "txt-multiple blocker"),
        (texts(&["v=STSv1"]), vec![], "txt-id-missing blocker"),
    ] {
        let facts = with(|policy| (policy.txt.answer, policy.txt.elsewhere) = (answer, elsewhere));
        assert_eq!(codes(&facts), [expected]);
    }
    assert_eq!(codes(&with(|policy| policy.txt.answer = texts(&["v=STSv1; id=7", "v=stsv1; id=8"]))), [""; 0], "discarded as it should be");
}

#[test]
fn the_faults_of_one_record_are_all_found() {
    let facts = with(|policy| policy.txt.answer = texts(&["v=STSv1 ; id=a-b; id=c; x"]));
    assert_eq!(
        codes(&facts),
        ["txt-space-before-semicolon warning", "txt-id-invalid blocker", "txt-duplicate-field warning", "txt-syntax blocker"]
    );
}

#[test]
fn delegating_one_of_the_two_names_is_worse_than_both() {
    let delegated = |host: Option<&str>, addresses_known: bool| {
        with(|policy| {
            if !addresses_known {
                policy.addresses = no_addresses();
            }
            if let (Some(target), Looked::Seen(answer)) = (host, &mut policy.addresses.v4) {
                answer.via = cname("mta-sts.example.com", target);
            }
            if let Looked::Seen(answer) = &mut policy.txt.answer {
                answer.via = cname("_mta-sts.example.com", "_mta-sts.provider.net");
            }
        })
    };
    for (host, known, expected) in [
        (Some("mta-sts.provider.net"), true, "txt-delegated advice"),
        (Some("web.other.net"), true, "txt-delegated warning"),
        (None, true, "txt-delegated warning"),
        (None, false, "txt-delegated advice"),
    ] {
        assert_eq!(codes(&delegated(host, known)), [expected], "{host:?}");
    }
}

#[test]
fn a_long_ttl_hides_corrections() {
    for (ttl, expected) in [(86_400, vec![]), (86_401, vec!["txt-ttl-long warning"])] {
        let facts = with(|policy| {
            if let Looked::Seen(answer) = &mut policy.txt.answer {
                answer.ttl = ttl;
            }
        });
        assert_eq!(codes(&facts), expected);
    }
}

#[test]
fn a_proposed_id_is_the_time_of_judging_and_the_mark_of_the_text() {
    let sheet = judged(&with(|policy| policy.txt.answer = absent()), judge);
    let fix = sheet.findings()[0].fix.as_ref().and_then(|fix| fix.publish.clone());
    let fix = fix.expect("a record to publish");
    assert!(fix.starts_with("_mta-sts.example.com. 3600 IN TXT \"v=STSv1; id=20261122090000Z") && fix.len() == 71, "{fix}");
}

#[test]
fn texts_alone_are_judged_by_every_rule_and_what_dns_would_tell_is_left_open() {
    let said = |texts: &[&str]| {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        let mut sheet = Sheet::default();
        judge_texts(&texts, &name("_mta-sts.example.com"), Timestamp::UNIX_EPOCH, &mut sheet);
        for rule in RULES {
            assert!(sheet.findings().iter().any(|finding| finding.rule == *rule), "{} wrote nothing", rule.code);
        }
        let outcome = |rule: &Rule| sheet.findings().iter().find(|finding| finding.rule == rule).map(|finding| finding.outcome);
        assert_eq!(outcome(&TTL_LONG), Some(crate::model::finding::Outcome::NotApplicable));
        sheet.findings().iter().filter(|finding| finding.is_shown()).map(crate::model::finding::Finding::code).collect::<Vec<_>>()
    };
    assert_eq!(said(&["v=STSv1; id=7"]), [""; 0]);
    assert_eq!(said(&["v=STSv1"]), ["txt-id-missing"]);
    assert_eq!(said(&["v=spf1 -all"]), ["txt-missing"]);
}

#[test]
fn what_stands_in_the_records_place_is_told() {
    for (answer, found) in [
        (absent(), "no TXT record"),
        (Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() }), "no TXT record"),
        (texts(&["v=spf1 -all"]), "only TXT records about other things"),
    ] {
        let sheet = judged(&with(|policy| policy.txt.answer = answer), judge);
        let missing = sheet.findings().iter().find(|finding| finding.rule == &MISSING).expect("it is told");
        assert_eq!(missing.found.as_deref(), Some(found));
    }
}

#[test]
fn a_rule_without_a_record_to_judge_leaves_one_word() {
    let dead = Looked::Absent(Absence { kind: AbsenceKind::NxDomain, via: cname("_mta-sts.example.com", "gone.example") });
    for (what, answer, why) in [
        ("none", absent(), "there is no record to judge"),
        ("another", texts(&["v=spf1 -all"]), "there is no record to judge"),
        ("a dead CNAME", dead, "the CNAME at the name leads nowhere"),
        ("not to be had", failed(), "the lookup failed"),
        ("one", texts(&["v=STSv1; id=7"]), ""),
    ] {
        let sheet = judged(&with(|policy| policy.txt.answer = answer), judge);
        for rule in [&DELEGATED, &TTL_LONG] {
            let words: Vec<&str> = sheet.findings().iter().filter(|it| it.rule == rule).map(|it| it.message.as_str()).collect();
            assert_eq!(words, [why], "{what}: {}", rule.code);
        }
    }
}

#[test]
fn a_delegation_in_two_hands_has_another_way_out_than_one_in_one() {
    for (host, way_out) in [
        (Some("mta-sts.provider.net"), "leave it if the delegation is wanted"),
        (Some("mta-sts.other.net"), "delegate both names to the same provider, or neither"),
        (None, "delegate both names to the same provider, or neither"),
    ] {
        let facts = with(|policy| {
            if let (Some(target), Looked::Seen(answer)) = (host, &mut policy.addresses.v4) {
                answer.via = cname("mta-sts.example.com", target);
            }
            if let Looked::Seen(answer) = &mut policy.txt.answer {
                answer.via = cname("_mta-sts.example.com", "_mta-sts.provider.net");
            }
        });
        let sheet = judged(&facts, judge);
        let finding = sheet.findings().iter().find(|finding| finding.rule == &DELEGATED).expect("it is told");
        assert_eq!(finding.fix.as_ref().map(|fix| fix.say.as_str()), Some(way_out), "{host:?}");
        assert_eq!(finding.found.as_deref(), Some("a CNAME to _mta-sts.provider.net"));
    }
}
