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
