use jiff::SignedDuration;

use super::*;
use crate::decide::change::tests::{facts, since};
use crate::evidence::reports::letters::{self, TESTING};
use crate::model::assessment::KnownFrom;
use crate::model::facts::dns::MxRecord;
use crate::model::facts::vantage::OtherVantage;
use crate::model::history::seen::Kind;
use crate::model::looked::{Absence, AbsenceKind, Answer as DnsAnswer, Failure, FailureKind, Looked};
use crate::model::rule::{Severity, Stage};
use crate::wire::name::Domain;

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
    let mut unseen = silent(good("testing"));
    (unseen.history, unseen.reports) = (None, Some(letters::facts([])));
    assert_eq!(assessed(&unseen).question, Question::SwitchToEnforce, "there may be a policy");
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

fn absent<T>() -> Looked<T> {
    Looked::Absent(Absence { kind: AbsenceKind::NxDomain, via: Vec::new() })
}

#[test]
fn each_question_has_its_next_steps_with_the_texts_to_publish() {
    let steps = |facts: &Facts| assessed(facts).next;
    let published = |facts: &Facts| steps(facts).into_iter().filter_map(|fix| fix.publish).collect::<Vec<_>>();
    let switch = published(&good("testing"));
    assert_eq!(switch.len(), 2, "{switch:?}");
    assert_eq!(switch[0], TESTING.replace("testing", "enforce"));
    assert!(switch[1].contains("v=STSv1; id=") && !switch[1].contains("id=1;"), "a new id: {}", switch[1]);
    // Nothing is to be done; or what stands there is to be changed first, as its findings say.
    assert_eq!((steps(&good("enforce")), steps(&good("none"))), (Vec::new(), Vec::new()));
    let mut nothing = good("testing");
    let policy = nothing.policy.as_mut().expect("looked at");
    (policy.fetches, policy.draft) = (Vec::new(), None);
    (policy.addresses.v4, policy.addresses.v6) = (absent(), absent());
    policy.txt.answer = absent();
    // Reports tell of policies, too.
    (nothing.history, nothing.reports) = (None, Some(letters::facts([])));
    let start = published(&nothing);
    assert_eq!(start.len(), 2, "{start:?}");
    assert!(start[0].starts_with("version: STSv1\nmode: testing\nmx: "), "{}", start[0]);
    assert!(start[1].contains("v=STSv1; id="), "{}", start[1]);
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

/// Every look at the policy host is lost on the way.
fn silent(mut facts: Facts) -> Facts {
    for fetch in &mut facts.policy.as_mut().expect("it has one").fetches {
        (fetch.tls, fetch.response) = (None, None);
        fetch.connect = Looked::Failed(Failure::new(FailureKind::Timeout, "no answer"));
    }
    facts
}

#[test]
fn a_domain_that_takes_no_mail_is_asked_no_question() {
    let mut facts = good("testing");
    let records = vec![MxRecord { preference: 0, exchange: Domain::from_dns(".") }];
    facts.mail.as_mut().expect("it was looked up").mx = Looked::Seen(DnsAnswer { value: records, ttl: 300, via: Vec::new() });
    facts.servers = Some(Vec::new());
    let assessment = assessed(&facts);
    assert_eq!((assessment.answer, assessment.because.as_slice()), (Answer::NotApplicable, &["domain-null-mx"][..]));
    assert_eq!(assessment.would_change_if, ["the domain begins to take mail"]);
}

/// Whether a missing record is a blocker depends on the mode: where that is unknown, it cannot make the answer a "no".
#[test]
fn what_weighs_by_the_mode_decides_nothing_while_the_mode_is_unknown() {
    let without_record = |mut facts: Facts| {
        let texts = DnsAnswer { value: Vec::new(), ttl: 300, via: Vec::new() };
        facts.record.as_mut().expect("it was looked up").txt.answer = Looked::Seen(texts);
        assessed(&facts)
    };
    assert_eq!(without_record(good("testing")).answer, Answer::NotReady);
    let unknown = without_record(silent(good("testing")));
    assert_eq!(unknown.answer, Answer::Inconclusive, "{:?}", unknown.because);
    assert!(unknown.because.contains(&"record-missing"), "{:?}", unknown.because);
    let mut uncovered = silent(good("testing"));
    uncovered.servers.as_mut().expect("they were probed")[0].probes[0].ehlo =
        Some(Looked::Seen(crate::wire::smtp::Reply::new(250, vec!["mx".to_owned()])));
    assert_eq!(assessed(&uncovered).answer, Answer::NotReady, "a host without STARTTLS is one in every mode");
}

#[test]
fn what_could_not_be_looked_at_asks_for_no_reports() {
    let unseen = assessed(&silent(good("testing")));
    assert_eq!(unseen.answer, Answer::Inconclusive);
    assert_eq!(unseen.would_change_if, ["mta-sts.shop.example 192.0.2.1 can be looked at (fetch-connect)"]);
}

#[test]
fn an_answer_holds_for_a_day_and_no_longer_than_what_it_rests_on() {
    let now = letters::now();
    let hours = SignedDuration::from_hours;
    assert_eq!(assessed(&good("testing")).valid_until, now + hours(24));

    // Each instant at which a certificate weighs more; that its renewal is overdue changes no answer.
    let (mut settings, mut seen) = (Settings::default(), BTreeSet::new());
    settings.runway.overdue.at_most = hours(24 * 40);
    for (severity, at) in runway::thresholds(&good("testing"), &settings, now) {
        seen.insert(severity);
        let until = |now| assess(&Facts { observed_at: now, ..good("testing") }, &settings, now).valid_until;
        let before = at - hours(2);
        assert_eq!(until(before), if severity >= Severity::Warning { at } else { before + hours(24) }, "{severity:?} from {at} on");
        assert_eq!(until(at), at + hours(24), "{severity:?} since {at}");
    }
    assert_eq!(seen.len(), 3, "{seen:?}");

    let lent = |ago, gave: &[&str]| {
        let vantage = crate::model::fixture::vantage();
        let gave = gave.iter().map(ToString::to_string).collect();
        let other = OtherVantage { vantage, observed_at: now - hours(ago), gave, proved: Vec::new(), too_old: Vec::new() };
        assessed(&Facts { others: vec![other], ..good("testing") }).valid_until
    };
    assert_eq!(lent(71, &["policy"]), now + hours(1), "what another vantage saw counts for three days");
    assert_eq!(lent(72, &["policy"]), now + hours(24), "it is over");
    assert_eq!(lent(71, &[]), now + hours(24), "nothing of it is in the facts");

    let changed = |seconds| {
        let mut facts = since(good("testing"), TESTING, seconds);
        facts.history.as_mut().expect("it has one").subjects.retain(|subject| subject.kind == Kind::PolicyRecord);
        assessed(&facts).valid_until
    };
    assert_eq!(changed(100), now + SignedDuration::from_secs(200), "resolvers may tell senders of the old record so long");
    assert_eq!(changed(299), now + SignedDuration::from_secs(1));
    assert_eq!(changed(300), now + hours(24), "the last sender knows");
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
fn of_starttls_it_is_said_what_the_server_said_and_nothing_where_that_was_overwritten() {
    use crate::wire::smtp::Reply;
    let reply = |code, lines: &[&str]| Looked::Seen(Reply::new(code, lines.iter().map(ToString::to_string).collect()));
    let lost = || Looked::Failed(Failure::new(FailureKind::Timeout, "no answer"));
    let told = |greeting: Looked<Reply>, ehlo: Option<Looked<Reply>>, starttls: Option<Looked<Reply>>| {
        let mut facts = good("testing");
        let probe = &mut facts.servers.as_mut().expect("they were probed")[0].probes[0];
        (probe.greeting, probe.ehlo, probe.starttls) = (Some(greeting), ehlo, starttls);
        assessed(&facts).mx[0].addresses[0].starttls
    };
    let (hello, masked) = (|| reply(220, &["mx1 ESMTP"]), || reply(220, &["***************"]));
    let (with, without) = (|| Some(reply(250, &["mx1", "STARTTLS"])), || Some(reply(250, &["mx1", "SIZE 1000"])));
    for (greeting, ehlo, starttls, expected) in [
        (hello(), with(), Some(reply(220, &["go"])), Some("offered")),
        (hello(), with(), None, Some("offered")),
        (hello(), with(), Some(reply(454, &["not now"])), Some("rejected")),
        (hello(), with(), Some(lost()), Some("offered")),
        (hello(), without(), None, Some("missing")),
        (masked(), without(), None, None),
        (hello(), Some(reply(250, &["mx1", "XXXXXXXA"])), None, None),
        (hello(), Some(reply(502, &["STARTTLS"])), None, None),
        (hello(), Some(lost()), None, None),
        (hello(), None, None, None),
    ] {
        let case = format!("{greeting:?} {ehlo:?} {starttls:?}");
        assert_eq!(told(greeting, ehlo, starttls), expected, "{case}");
    }
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

#[test]
fn an_address_is_as_good_as_what_was_seen_of_it() {
    use crate::model::assessment::AddressOutcome::{Broken, Proven, Undetermined};
    use crate::model::facts::servers::{OtherKey, Probe};
    use crate::model::settings::Threshold;
    use crate::wire::smtp::Reply;
    let lost = || Looked::Failed(Failure::new(FailureKind::Timeout, "no answer"));
    let near = Threshold { part: 1, at_most: SignedDuration::from_hours(24 * 120) };
    let (mut warns, mut blocks) = (Settings::default(), Settings::default());
    (warns.runway.warning, blocks.runway.critical) = (near.clone(), near);
    let outcome = |settings: &Settings, spoil: &dyn Fn(&mut Probe)| {
        let mut facts = good("testing");
        spoil(&mut facts.servers.as_mut().expect("they were probed")[0].probes[0]);
        let assessment = assess(&facts, settings, letters::now());
        assert_eq!(assessment.mx[1].addresses[0].outcome, if settings == &blocks { Broken } else { Proven }, "the other host is as it was");
        assessment.mx[0].addresses[0].outcome
    };
    let usual = Settings::default();
    assert_eq!(outcome(&usual, &|_| {}), Proven);
    assert_eq!(outcome(&warns, &|_| {}), Proven, "what ends soon works today");
    assert_eq!(outcome(&blocks, &|_| {}), Broken);
    let other_key = |probe: &mut Probe| {
        probe.other_key = Some(OtherKey { asked: vec!["rsa".to_owned()], outcome: lost(), dialogue: None });
    };
    assert_eq!(outcome(&usual, &other_key), Proven, "a second certificate that could not be looked for");
    assert_eq!(outcome(&blocks, &other_key), Broken, "what is open takes nothing back of what is broken");
    let silent = |probe: &mut Probe| *probe = Probe::begun(probe.address, 25, probe.at, lost_connection());
    assert_eq!(outcome(&usual, &silent), Undetermined);
    let without = |probe: &mut Probe| {
        probe.ehlo = Some(Looked::Seen(Reply::new(250, vec!["mx".to_owned()])));
        (probe.starttls, probe.tls, probe.ehlo_after) = (None, None, None);
    };
    assert_eq!(outcome(&usual, &without), Broken);
}

fn lost_connection() -> Looked<u64> {
    Looked::Failed(Failure::new(FailureKind::Timeout, "no answer"))
}

#[test]
fn each_chain_is_told_with_what_it_is_and_how_often_it_came() {
    let mut facts = good("testing");
    let probe = &mut facts.servers.as_mut().expect("they were probed")[0].probes[0];
    let chain = |facts: &Facts| {
        assessed(facts).mx[0].addresses[0]
            .chains
            .first()
            .map(|chain| (chain.key_type.clone(), chain.trusted, chain.served, chain.handshakes, chain.leaf.names.clone()))
    };
    let tls = probe.tls.clone().expect("it has a handshake");
    probe.repeats = vec![crate::model::facts::servers::Repeat { at: probe.at, outcome: tls, dialogue: None }];
    let names = vec!["mx1.shop.example".to_owned()];
    assert_eq!(chain(&facts), Some(("ecdsa".to_owned(), true, 1, Some(2), names.clone())));
    assert_eq!(chain(&good("testing")), Some(("ecdsa".to_owned(), true, 1, None, names)), "nobody counted");
}

#[test]
fn a_policy_is_usable_unless_it_cannot_be_had_or_is_only_drafted() {
    use crate::model::facts::policy::{Body, Draft};
    let usable = |facts: &Facts| assessed(facts).policy.map(|policy| policy.usable);
    let mut html = good("testing");
    if let Some(Looked::Seen(response)) = &mut html.policy.as_mut().expect("it has one").fetches[0].response {
        response.content_type = Some("text/html".to_owned());
    }
    let mut draft = good("testing");
    draft.policy.as_mut().expect("it has one").draft = Some(Draft { file: "new".to_owned(), body: Body::new(TESTING.as_bytes()) });
    let mut without_starttls = good("testing");
    without_starttls.servers.as_mut().expect("they were probed")[0].probes[0].ehlo =
        Some(Looked::Seen(crate::wire::smtp::Reply::new(250, vec!["mx".to_owned()])));
    for (what, facts, expected) in [
        ("as it should be", good("testing"), true),
        ("one that leaves an MX host out can be had all the same", facts(&TESTING.replace("mx: mx2.shop.example\n", ""), "1", ""), true),
        ("an MX host is no part of it", without_starttls, true),
        ("served as a page", html, false),
        ("a draft", draft, false),
    ] {
        assert_eq!(usable(&facts), Some(expected), "{what}");
    }
}

#[test]
fn of_the_record_its_texts_and_its_good_targets_are_told() {
    let told = |text: &str| {
        let mut facts = good("testing");
        if let Looked::Seen(answer) = &mut facts.record.as_mut().expect("it was looked up").txt.answer {
            answer.value[0].strings = vec![text.to_owned()];
        }
        let record = assessed(&facts).record.expect("it was looked up");
        assert_eq!(record.texts, [text]);
        record.rua
    };
    assert_eq!(told("v=TLSRPTv1; rua=mailto:tls@shop.example"), ["mailto:tls@shop.example"]);
    assert_eq!(told("v=TLSRPTv1; rua=tls@shop.example,https://shop.example/tls"), ["https://shop.example/tls"]);
    assert_eq!(told("v=spf1 -all"), [""; 0]);
}

/// What somebody reads first decides; and a domain without mail has no senders to speak of.
#[test]
fn findings_are_told_worst_first() {
    let mut facts = facts(&TESTING.replace("mx: mx2.shop.example\n", "").replace("604800", "600"), "1", "");
    facts.record.as_mut().expect("it was looked up").txt.answer = absent();
    let findings = assessed(&facts).findings;
    let shown: Vec<Severity> = findings.iter().filter(|finding| finding.is_shown()).map(|finding| finding.severity).collect();
    assert!(shown.iter().collect::<BTreeSet<_>>().len() > 1 && shown.is_sorted_by(|one, next| one >= next), "{shown:?}");
    assert!(findings.iter().skip(shown.len()).all(|finding| !finding.is_shown()), "what is shown comes before what is not");
    let short = self::facts(&TESTING.replace("604800", "600"), "1", "");
    assert!(!assessed(&short).senders.is_empty(), "some senders hold such a policy for another time");
    let mut parked = short;
    let records = vec![MxRecord { preference: 0, exchange: Domain::from_dns(".") }];
    parked.mail.as_mut().expect("it was looked up").mx = Looked::Seen(DnsAnswer { value: records, ttl: 300, via: Vec::new() });
    assert!(assessed(&parked).senders.is_empty());
}

#[test]
fn an_accepted_risk_that_weighs_is_told_with_its_last_day() {
    use crate::model::acceptance::Acceptance;
    use crate::model::settings::Threshold;
    let until = |threshold: fn(&mut Settings) -> &mut Threshold| {
        let mut settings = Settings::default();
        *threshold(&mut settings) = Threshold { part: 1, at_most: SignedDuration::from_hours(24 * 120) };
        let accept = |subject: Option<&str>| Acceptance {
            rule: &crate::rules::cert::EXPIRING,
            subject: subject.map(str::to_owned),
            domain: None,
            reason: "it is renewed by hand".to_owned(),
            until: Some(jiff::civil::date(2026, 5, 1)),
        };
        settings.accept = vec![accept(None)];
        let assessment = assess(&good("testing"), &settings, letters::now());
        assert_eq!(assessment.answer, Answer::Ready, "{:?}", assessment.because);
        let told = assessment.would_change_if.into_iter().filter(|sentence| sentence.starts_with("the risk is accepted no longer than"));
        told.collect::<Vec<_>>()
    };
    let warned = until(|settings| &mut settings.runway.warning);
    let of = |host: &str| format!("the risk is accepted no longer than 2026-05-01: cert-expiring ({host}.shop.example 192.0.2.1 ecdsa)");
    assert_eq!(warned, [of("mx1"), of("mx2")]);
    assert_eq!(until(|settings| &mut settings.runway.overdue), [""; 0], "advice changes no answer");
}
