use super::*;
use crate::decide::change::tests::facts;
use crate::evidence::reports::letters::{self, TESTING};
use crate::model::assessment::KnownFrom;
use crate::model::looked::{Answer as DnsAnswer, Looked};
use crate::model::rule::Stage;

fn assessed(facts: &Facts) -> Assessment {
    assess(facts, &Settings::default(), letters::now())
}

/// The domain in good order, its policy in this mode.
fn good(mode: &str) -> Facts {
    facts(&TESTING.replace("testing", mode), "1", "")
}

#[test]
fn the_mode_poses_the_question_and_only_the_whole_poses_one() {
    for (mode, question, answer) in [
        ("testing", Question::SwitchToEnforce, Answer::Ready),
        ("enforce", Question::StayInEnforce, Answer::Ready),
        ("none", Question::StartTesting, Answer::NotReady),
    ] {
        let assessment = assessed(&good(mode));
        assert_eq!((assessment.question, assessment.answer), (question, answer), "{mode}: {:?}", assessment.because);
        let kept = remembered(&assessment).expect("the whole was asked");
        assert_eq!((kept.question, kept.answer), (question, answer), "{mode}");
    }
    for (what, facts) in [
        ("no record", Facts { record: None, ..good("testing") }),
        ("no policy", Facts { policy: None, ..good("testing") }),
        ("no servers", Facts { servers: None, ..good("testing") }),
        ("no reports", Facts { reports: None, ..good("testing") }),
    ] {
        let assessment = assessed(&facts);
        assert_eq!(assessment.question, Question::CheckStage, "{what}");
        assert_eq!(remembered(&assessment), None, "{what}: a stage is no answer");
    }
}

#[test]
fn each_answer_says_what_would_change_it() {
    let ready = assessed(&good("testing")).would_change_if;
    assert!(ready.iter().any(|sentence| sentence.starts_with("a certificate ends: ")), "{ready:?}");
    assert!(ready.iter().any(|sentence| sentence.starts_with("the MX set, the policy or a certificate changes")), "{ready:?}");
    let stage = assessed(&Facts { reports: None, ..good("testing") }).would_change_if;
    assert!(!stage.iter().any(|sentence| sentence.starts_with("the MX set")), "{stage:?}");

    let uncovered = assessed(&facts(&TESTING.replace("mx: mx2.shop.example\n", ""), "1", ""));
    assert_eq!(uncovered.answer, Answer::NotReady);
    assert_eq!(uncovered.would_change_if, ["mx-uncovered is mended (mx2.shop.example)"]);

    let unread = assessed(&Facts { reports: Some(letters::facts([])), ..good("testing") });
    assert_eq!(unread.answer, Answer::Inconclusive);
    assert_eq!(unread.would_change_if, ["evidence suffices on 2026-04-14 if reports stay clean"]);
}

#[test]
fn a_host_is_known_by_a_probe_only_if_every_address_was_proven() {
    let spoilt = |spoil: fn(&mut crate::model::facts::servers::MxHost)| {
        let mut facts = Facts { reports: Some(letters::facts([])), ..good("testing") };
        let servers = facts.servers.as_mut().expect("they were probed");
        spoil(&mut servers[0]);
        assessed(&facts).mx[0].known_from
    };
    assert_eq!(spoilt(|_| {}), Some(KnownFrom::ProbeOnly));
    assert_eq!(spoilt(|host| host.addresses_left_out = 1), Some(KnownFrom::Neither), "an address too many to be probed");
    assert_eq!(spoilt(|host| host.probes.clear()), Some(KnownFrom::Neither));
    assert_eq!(spoilt(|host| host.probes[0].tls = None), Some(KnownFrom::Neither), "the dialogue was cut off");
    let other = |host: &mut crate::model::facts::servers::MxHost| {
        let value = vec![[192, 0, 2, 1].into(), [192, 0, 2, 9].into()];
        host.addresses.v4 = Looked::Seen(DnsAnswer { value, ttl: 300, via: Vec::new() });
    };
    assert_eq!(spoilt(other), Some(KnownFrom::Neither), "an address that nobody asked");
}

#[test]
fn what_stands_against_a_host_fails_the_stage_of_the_hosts_alone() {
    let mut facts = good("testing");
    facts.servers.as_mut().expect("they were probed")[0].probes[0].ehlo =
        Some(Looked::Seen(crate::wire::smtp::Reply::new(250, vec!["mx".to_owned()])));
    let failed: Vec<Stage> = assessed(&facts)
        .stages
        .iter()
        .filter(|state| state.state == crate::model::assessment::State::Fail)
        .map(|state| state.stage)
        .collect();
    assert_eq!(failed, [Stage::Mx]);
}
