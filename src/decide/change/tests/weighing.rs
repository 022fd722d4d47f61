//! What of the state after a change stands against it, what stands beside it, and what is only to be known.

use super::*;
use crate::model::acceptance::Acceptance;
use crate::model::change::NewChain;
use crate::model::settings::Threshold;
use crate::rules::record;

/// A certificate that lasts for 117 days is near its end, in a warning or as a blocker.
fn near_the_end(blocks: bool) -> Settings {
    let mut settings = Settings::default();
    let far = Threshold { part: 1, at_most: SignedDuration::from_hours(24 * 120) };
    if blocks {
        settings.runway.critical = far;
    } else {
        settings.runway.warning = far;
    }
    settings
}

/// The server offers no STARTTLS.
fn without_starttls(mut facts: Facts, host: usize) -> Facts {
    let probe = &mut facts.servers.as_mut().expect("probed")[host].probes[0];
    probe.ehlo = Some(Looked::Seen(Reply::new(250, vec!["mx".to_owned(), "PIPELINING".to_owned()])));
    (probe.starttls, probe.tls, probe.ehlo_after) = (None, None, None);
    facts
}

fn with_mx(mut facts: Facts, host: &str) -> Facts {
    facts.mail.as_mut().expect("it has one").mx = seen(vec![MxRecord { preference: 0, exchange: name(host) }]);
    facts.servers = Some(Vec::new());
    facts
}

/// The codes and the subjects, in their order.
fn told(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings.iter().map(|finding| (finding.code(), finding.subject.as_str())).collect()
}

fn certificate(hosts: &[&str], names: &[&str], days: std::ops::Range<i64>) -> Change {
    let (root, shelf) = (Ca::root("Root"), Shelf::new());
    let chain = vec![root.leaf(names, days)];
    let prints = shelf.put(&chain);
    Change::Certificate(Box::new(NewChain {
        file: "new.pem".to_owned(),
        certificates: shelf.take_for(&prints),
        chain: prints,
        trust: store(&[&root.der], None).judge(&chain),
        hosts: hosts.iter().map(|host| name(host)).collect(),
        key_fits: None,
    }))
}

#[test]
fn a_domain_without_mail_is_asked_no_change_but_to_leave() {
    let parked = with_mx(facts(TESTING, "1", ""), ".");
    for change in [Change::Enforce, Change::Testing, add_third(), draft(&enforce())] {
        let plan = planned(&parked, &change);
        assert_eq!((plan.answer, plan.because.as_slice(), plan.next), (Answer::NotApplicable, &["domain-null-mx"][..], None), "{change:?}");
        assert_eq!(plan.findings.iter().map(Finding::code).collect::<Vec<_>>(), ["domain-null-mx"], "{change:?}");
    }
    let plan = planned(&parked, &Change::Leave);
    assert_eq!((plan.answer, plan.next), (Answer::Ready, Some(0)), "{:?}", plan.because);
}

#[test]
fn nothing_stands_against_tidying_up_what_is_over() {
    let gone = without(without_reports(without_starttls(facts(&enforce(), "1", ""), 0)), true, true);
    let plan = planned(&gone, &Change::Leave);
    assert_eq!((plan.answer, states(&plan).as_str()), (Answer::Ready, "dd"));
    assert!(plan.because.is_empty() && plan.findings.is_empty() && plan.standing.is_empty(), "{:?}", told(&plan.findings));
}

#[test]
fn what_is_broken_today_stands_beside_a_change_that_has_nothing_to_do_with_it() {
    let broken = || without_starttls(facts(&enforce(), "1", "mx3.shop.example"), 0);
    let (here, no_starttls) = ("mx1.shop.example 192.0.2.1", "starttls-missing");
    let narrow = "version: STSv1\nmode: testing\nmx: mx1.shop.example\nmax_age: 604800\n";
    let html = |mut facts: Facts| {
        if let Some(Looked::Seen(response)) = &mut facts.policy.as_mut().expect("it has one").fetches[0].response {
            response.content_type = Some("text/html".to_owned());
        }
        facts
    };
    for (what, facts, change, answer, against, beside) in [
        ("another host comes", broken(), add_third(), Answer::Ready, vec![], vec![(no_starttls, here)]),
        (
            "the same host comes",
            broken(),
            Change::AddMx { host: name("mx1.shop.example"), preference: None },
            Answer::NotReady,
            vec![(no_starttls, here)],
            vec![],
        ),
        ("another host goes", broken(), remove("mx2.shop.example"), Answer::NotReady, vec![(no_starttls, here)], vec![]),
        ("it goes itself", broken(), remove("mx1.shop.example"), Answer::Ready, vec![], vec![]),
        ("a step back", broken(), Change::Testing, Answer::Ready, vec![], vec![(no_starttls, here)]),
        ("out of it", broken(), Change::Leave, Answer::Ready, vec![], vec![(no_starttls, here)]),
        (
            "a certificate of another host",
            broken(),
            certificate(&["mx2.shop.example"], &["mx2.shop.example"], 160..300),
            Answer::Ready,
            vec![],
            vec![(no_starttls, here)],
        ),
        (
            "the policy that leaves a host out is held for longer",
            facts(narrow, "1", ""),
            draft(&narrow.replace("604800", "1209600")),
            Answer::NotReady,
            vec![("mx-uncovered", "mx2.shop.example")],
            vec![],
        ),
        (
            "the policy cannot be had",
            html(facts(&enforce(), "1", "mx3.shop.example")),
            add_third(),
            Answer::NotReady,
            vec![("fetch-content-type", "mta-sts.shop.example 192.0.2.1")],
            vec![],
        ),
    ] {
        let plan = planned(&facts, &change);
        let standing: Vec<_> = told(&plan.standing).into_iter().filter(|(code, _)| !code.starts_with("reports-")).collect();
        assert_eq!((plan.answer, told(&plan.findings), standing), (answer, against, beside), "{what}");
    }
}

#[test]
fn what_the_change_brings_is_told_and_what_was_there_is_not_told_again() {
    let third = "mx3.shop.example 192.0.2.1 ecdsa";
    let add =
        |settings: &Settings| plan(&facts(&enforce(), "1", "mx3.shop.example"), &add_third(), Given::default(), settings, letters::now());
    let warned = add(&near_the_end(false));
    assert_eq!((warned.answer, told(&warned.findings)), (Answer::Ready, vec![("cert-expiring", third)]));
    assert!(warned.standing.is_empty(), "{:?}", told(&warned.standing));
    let mut early = Settings::default();
    early.runway.overdue = Threshold { part: 1, at_most: SignedDuration::from_hours(24 * 120) };
    let advised = add(&early);
    assert_eq!((advised.answer, told(&advised.findings)), (Answer::Ready, vec![]), "advice decides nothing");
    // The same fault at hosts of today is no news.
    let refused = add(&near_the_end(true));
    let publishing = ("fetch-cert-expiring", "mta-sts.shop.example 192.0.2.1");
    assert_eq!((refused.answer, told(&refused.findings)), (Answer::NotReady, vec![publishing, ("cert-expiring", third)]));
    assert_eq!(states(&refused), "lllll", "it is not proven");
    let standing: Vec<&str> = refused.standing.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(standing, ["mx1.shop.example 192.0.2.1 ecdsa", "mx2.shop.example 192.0.2.1 ecdsa"], "{:?}", told(&refused.standing));
}

#[test]
fn a_new_chain_is_judged_at_every_host_that_is_to_serve_it() {
    let judged = |facts: Facts, hosts: &[&str], names: &[&str], days| {
        let plan = planned(&facts, &certificate(hosts, names, days));
        let findings: Vec<String> = told(&plan.findings).iter().map(|(code, subject)| format!("{code} {subject}")).collect();
        (plan.answer, findings)
    };
    let (mx1, mx9, host) = ("mx1.shop.example", "mx9.shop.example", "mta-sts.shop.example");
    let domain = || facts(TESTING, "1", "");
    let wrong = &["other.example"][..];
    // Within its last two weeks, its last months, and for long.
    let (critical, near, long) = (80..180, 80..195, 160..300);
    for (what, hosts, names, days, answer, expected) in [
        ("a good one", mx1, &[mx1][..], long.clone(), Answer::Ready, vec![]),
        ("another name", mx1, wrong, long.clone(), Answer::NotReady, vec!["cert-name-mismatch mx1.shop.example 192.0.2.1 ecdsa"]),
        (
            "another name, where nobody was met",
            mx9,
            wrong,
            long.clone(),
            Answer::NotReady,
            vec!["cert-name-mismatch mx9.shop.example new.pem"],
        ),
        ("another name, at the policy host", host, wrong, long, Answer::NotReady, vec!["fetch-cert-name mta-sts.shop.example 192.0.2.1"]),
        ("it ends soon", mx1, &[mx1], near, Answer::Ready, vec!["cert-expiring mx1.shop.example 192.0.2.1 ecdsa"]),
        ("it ends at once", mx1, &[mx1], critical, Answer::NotReady, vec!["cert-expiring mx1.shop.example 192.0.2.1 ecdsa"]),
    ] {
        let (found, findings) = judged(domain(), &[hosts], names, days);
        let weighty: Vec<&String> = findings.iter().filter(|finding| !finding.starts_with("change-unproven")).collect();
        assert!(found == answer || !findings.is_empty() && found == Answer::NotReady, "{what}: {found:?} {findings:?}");
        assert_eq!(weighty, expected.iter().collect::<Vec<_>>(), "{what}");
    }
}

#[test]
fn a_switch_meets_what_stands_against_it_today_and_afterwards_each_once() {
    let mut facing = without_starttls(facts(TESTING, "1", ""), 0);
    let letters = ["google.com", "microsoft.com"].into_iter().flat_map(|reporter| Letter::daily(reporter, 1..=21));
    let bad = (1..=3).map(|ago| Letter::new("a.example", ago).failed("certificate-expired", "mx2.shop.example", 12));
    facing.reports = Some(letters::facts(letters.chain(bad)));
    facing.record.as_mut().expect("it was looked up").txt.answer = absent();
    let plan = planned(&facing, &Change::Enforce);
    let codes: Vec<&str> = plan.findings.iter().filter(|finding| finding.blocks()).map(Finding::code).collect();
    assert_eq!(plan.answer, Answer::NotReady);
    for code in ["starttls-missing", "record-missing", "reports-failing"] {
        assert_eq!(codes.iter().filter(|known| **known == code).count(), 1, "{code}: {:?}", told(&plan.findings));
    }
    assert!(plan.standing.is_empty(), "what is told stands nowhere else: {:?}", told(&plan.standing));
    // What holds the switch back holds no host back that comes; it stands beside.
    let plan = planned(&facing, &Change::Testing);
    assert_eq!(plan.answer, Answer::Ready, "{:?}", told(&plan.findings));
    assert!(told(&plan.standing).iter().any(|(code, _)| *code == "reports-failing"), "{:?}", told(&plan.standing));
}

#[test]
fn a_risk_that_is_accepted_stands_in_the_ticket_once() {
    let mut settings = near_the_end(true);
    settings.accept =
        vec![Acceptance { rule: &record::MISSING, subject: None, domain: None, reason: "no reports".to_owned(), until: None }];
    let mut facts = facts(TESTING, "1", "mx3.shop.example");
    facts.record.as_mut().expect("it was looked up").txt.answer = absent();
    let plan = plan(&facts, &add_third(), Given::default(), &settings, letters::now());
    let told: Vec<(&str, bool)> = plan.findings.iter().map(|finding| (finding.code(), finding.accepted.is_some())).collect();
    assert_eq!(told, [("record-missing", true), ("fetch-cert-expiring", false), ("cert-expiring", false)]);
}

#[test]
fn a_longer_time_in_enforce_alone_is_a_switch() {
    let mut failing = facts(&enforce(), "1", "");
    let letters = ["google.com", "microsoft.com"].into_iter().flat_map(|reporter| Letter::daily(reporter, 1..=21));
    let bad = (1..=3).map(|ago| Letter::new("a.example", ago).failed("certificate-expired", "mx2.shop.example", 12));
    failing.reports = Some(letters::facts(letters.chain(bad).map(|letter| letter.policy(&enforce()))));
    let wider = enforce().replace("max_age", "mx: mx3.shop.example\nmax_age");
    for (what, text, answer) in [
        ("as long", wider.clone(), Answer::Ready),
        ("for a second more", wider.replace("604800", "604801"), Answer::NotReady),
        ("for a second less", wider.replace("604800", "604799"), Answer::Ready),
    ] {
        assert_eq!(planned(&failing, &draft(&text)).answer, answer, "{what}");
    }
    let withdrawn = planned(&failing, &draft(&TESTING.replace("testing", "none")));
    assert_eq!(
        (withdrawn.answer, withdrawn.because.as_slice()),
        (Answer::NotReady, &["policy-mode-none"][..]),
        "`change leave` has the steps"
    );
}

#[test]
fn a_host_may_go_that_no_sender_depends_on() {
    let both = facts(&enforce(), "1", "");
    let old = "version: STSv1\nmode: enforce\nmx: mx.before.example\nmax_age: 604800\n";
    let held = since(both, old, 3_600);
    let plan = planned(&held, &remove("mx2.shop.example"));
    assert_eq!(plan.answer, Answer::Ready, "who holds a policy of hosts that are long gone loses nothing: {:?}", plan.because);
}

#[test]
fn a_host_that_is_not_proven_is_proven_first_and_one_that_is_stays_so() {
    let third = "mx3.shop.example";
    let unproven = planned(&facts(&enforce(), "1", ""), &add_third());
    assert_eq!((unproven.answer, states(&unproven).as_str()), (Answer::Inconclusive, "lllll"));
    // The change is refused for another reason.
    let mut two = facts(&enforce(), "1", third);
    let records = ["v=STSv1; id=1;", "v=STSv1; id=2;"].map(|text| TxtRecord { strings: vec![text.to_owned()] });
    two.policy.as_mut().expect("it has one").txt.answer = seen(records.to_vec());
    let refused = planned(&two, &add_third());
    assert_eq!((refused.answer, states(&refused).as_str()), (Answer::NotReady, "dllll"), "{:?}", refused.because);
}
