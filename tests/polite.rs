//! Manners: what the servers of others see of a run.

use std::time::Duration;

use hickory_proto::rr::RecordType;

use crate::check::Scene;
use crate::lab::https::POLICY_PATH;
use crate::lab::{Ehlo, Greeting, Key, Lab, Page, SmtpHost, SmtpSession, Tls};
use crate::run::stsready;

/// Slow enough that connections made side by side are seen side by side.
const PACE: Duration = Duration::from_millis(25);

/// An MX host that belongs to no domain yet.
fn shared(lab: &Lab, name: &str) -> SmtpHost {
    let host = lab.smtp_host(crate::lab::Smtp { hostname: name.into(), ..crate::lab::Smtp::default() }, lab.chain(name));
    lab.dns().address(name, host.address());
    host
}

#[test]
fn an_mx_address_sees_one_connection_at_once_and_a_policy_host_two_at_most() {
    let lab = Lab::start_blocking().unwrap();
    let mut domains = Vec::new();
    for number in 0..6 {
        domains.push(lab.good_domain(&format!("d{number}.test"), |plan| {
            plan.mx_hosts = 3;
            plan.mx_keys = vec![Key::P256, Key::Rsa2048];
            plan.mode = "enforce".into();
        }));
    }
    // All MX names of all domains lead to one address, all policy hosts to another.
    let (mx, web) = (&domains[0].mx[0].1, &domains[0].policy_host);
    for domain in &domains {
        for (name, _) in &domain.mx {
            lab.dns().remove(name, RecordType::A);
            lab.dns().address(name, mx.address());
        }
        let host = format!("mta-sts.{}", domain.name);
        lab.dns().remove(&host, RecordType::A);
        lab.dns().address(&host, web.address());
    }
    lab.set_reply_delay(PACE);
    stsready(["check", "--quiet"]).args(domains.iter().map(|domain| &domain.name)).at(&lab).run();
    for (address, allowed) in [(mx.address(), 1), (web.address(), 2)] {
        let visits = lab.connections(address);
        assert!(visits.total() >= 6, "{} connections", visits.total());
        assert!(visits.at_once() <= allowed, "{} at once of {} connections to {address}", visits.at_once(), visits.total());
    }
}

/// The resolver sends a query again that has no answer within a third of a second, which a busy machine can take. A question that is asked
/// twice on purpose is asked twice each time; so the best of some attempts counts.
fn best<T>(attempt: impl Fn() -> T, good: impl Fn(&T) -> bool) -> T {
    (0..4).map(|_| attempt()).find(&good).unwrap_or_else(&attempt)
}

#[test]
fn shared_hosts_are_probed_once_a_run() {
    /// Connections to the two hosts, and how often each was looked up.
    fn probes(domains: usize) -> ([usize; 2], [usize; 2]) {
        let lab = Lab::start_blocking().unwrap();
        let hosts = ["mx1.provider.test", "mx2.provider.test"].map(|name| shared(&lab, name));
        let names: Vec<String> = (0..domains).map(|number| format!("customer{number}.test")).collect();
        for name in &names {
            lab.good_domain(name, |plan| {
                plan.mx_hosts = 0;
                plan.foreign_mx = vec!["mx1.provider.test".into(), "mx2.provider.test".into()];
                plan.mode = "enforce".into();
            });
        }
        let run = stsready(["check", "--format", "json"]).args(&names).at(&lab).run().exits(0);
        let mx = |assessment: &crate::run::Assessment| assessment.0["mx"].as_array().unwrap().len();
        if domains > 1 {
            assert!(run.assessments().iter().all(|assessment| mx(assessment) == 2), "every domain has the result{run}");
        }
        let asked = ["mx1.provider.test", "mx2.provider.test"].map(|name| lab.dns().queries(name, RecordType::A));
        (hosts.map(|host| host.visits().total()), asked)
    }
    let (one, _) = probes(1);
    let (five, asked) = best(|| probes(5), |(_, asked)| *asked == [1, 1]);
    assert_eq!(five, one);
    assert_eq!(asked, [1, 1]);
}

/// Every session at these hosts, told by `what`.
fn sessions(hosts: &[&SmtpHost]) -> Vec<SmtpSession> {
    let sessions: Vec<SmtpSession> = hosts.iter().flat_map(|host| host.seen()).collect();
    assert!(!sessions.is_empty(), "somebody came");
    sessions
}

#[test]
fn nobody_speaks_before_the_greeting_ends() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mx_hosts = 3);
    scene.mx_does(1, |smtp| smtp.greeting = Greeting::TwoLines(Duration::from_millis(1500)));
    scene.mx_does(2, |smtp| smtp.greeting = Greeting::Late(Duration::from_millis(1500)));
    scene.mx_does(3, |smtp| {
        smtp.greeting = Greeting::TwoLines(Duration::from_millis(500));
        smtp.tls = Tls::Alert(40);
    });
    scene.check().run();
    for session in sessions(&[scene.mx(1), scene.mx(2), scene.mx(3)]) {
        assert!(!session.spoke_early, "{session:?}");
        assert!(!session.pipelined_behind_starttls, "{session:?}");
    }
}

#[test]
fn sessions_end_with_quit() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mx_hosts = 4);
    scene.mx_does(2, |smtp| smtp.ehlo = Ehlo::WithoutStarttls);
    scene.mx_does(3, |smtp| smtp.ehlo = Ehlo::Reply("550 5.7.1 go away"));
    scene.mx_does(4, |smtp| smtp.starttls = crate::lab::StartTls::Reply("454 4.7.0 not now"));
    scene.check().args(["--helo", "probe.lab.test"]).run();
    for session in sessions(&[scene.mx(1), scene.mx(2), scene.mx(3), scene.mx(4)]) {
        // A handshake that was refused leaves nobody to say QUIT to.
        let refused = !session.secured && session.commands.last().is_some_and(|command| command == "STARTTLS");
        assert!(session.quit || (refused && session.commands.len() == 2), "{session:?}");
        let verbs: Vec<&str> = session.commands.iter().filter_map(|command| command.split(' ').next()).collect();
        assert!(verbs.iter().all(|verb| ["EHLO", "HELO", "STARTTLS", "QUIT"].contains(verb)), "no mail is begun: {verbs:?}");
        assert!(session.commands.iter().any(|command| command == "EHLO probe.lab.test"), "{session:?}");
    }
    let healthy = sessions(&[scene.mx(1)]);
    assert!(healthy.iter().any(|session| session.secured && session.sni.as_deref() == Some("mx1.alpha.test")), "{healthy:?}");
    for session in healthy.iter().filter(|session| session.secured) {
        assert_eq!(session.commands.iter().filter(|command| command.starts_with("EHLO")).count(), 2, "EHLO again under TLS");
    }
}

/// Two connections in a plain run, one when the other is over; so many more as are asked for.
#[test]
fn an_address_sees_no_more_connections_than_the_help_says() {
    for (keys, args, due) in [
        (vec![Key::P256], &[][..], 2),
        (vec![Key::P256, Key::Rsa2048], &[], 2),
        (vec![Key::P256, Key::Rsa2048], &["--deep"], 4),
        (vec![Key::P256], &["--repeat", "3"], 5),
        (vec![Key::P256], &["--deep", "--repeat", "2"], 6),
    ] {
        let lab = Lab::start_blocking().unwrap();
        let domain = lab.good_domain("alpha.test", |plan| {
            plan.mx_hosts = 1;
            plan.mx_keys = keys.clone();
            plan.mode = "enforce".into();
        });
        lab.set_reply_delay(PACE);
        stsready(["check", "alpha.test", "--quiet"]).args(args).at(&lab).run().exits(0);
        let visits = domain.mx[0].1.visits();
        assert_eq!((visits.total(), visits.at_once()), (due, 1), "{keys:?} {args:?}");
    }
}

#[test]
fn a_busy_server_is_left_alone() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    scene.mx_does(1, |smtp| smtp.greeting = Greeting::Refuse("421 4.7.0 too many connections"));
    scene.check().run().exits(3);
    assert_eq!(scene.mx(1).visits().total(), 1, "no retry after 421");
}

/// A domain with three MX hosts that share the first one's address, which does so.
fn crowded(lab: &Lab, greeting: Greeting) -> Scene<'_> {
    let scene = Scene::new(lab, "alpha.test", |plan| plan.mx_hosts = 3);
    for number in [2, 3] {
        let name = scene.below(&format!("mx{number}"));
        scene.without_address(&format!("mx{number}"));
        lab.dns().address(&name, scene.mx(1).address());
    }
    scene.mx_does(1, |smtp| smtp.greeting = greeting);
    scene
}

#[test]
fn hosts_at_one_address_do_not_crowd_each_other_out() {
    let lab = Lab::start_blocking().unwrap();
    let scene = crowded(&lab, Greeting::BusyBeyond(1));
    lab.set_reply_delay(PACE);
    let run = scene.check().run();
    assert_eq!((scene.mx(1).visits().total(), scene.mx(1).visits().at_once()), (6, 1), "two connections for each host{run}");
    assert!(run.assessment().of("starttls-busy").is_empty(), "{run}");
}

#[test]
fn who_turned_one_host_away_is_not_asked_for_another() {
    for (greeting, total) in [(Greeting::Refuse("421 4.7.0 too many connections"), 1), (Greeting::Close, 1), (Greeting::BusyAfter(3), 4)] {
        let lab = Lab::start_blocking().unwrap();
        let scene = crowded(&lab, greeting.clone());
        let run = scene.check().run();
        assert_eq!(scene.mx(1).visits().total(), total, "{greeting:?}");
        let assessment = run.assessment();
        let unbegun = |text: &str| text.contains("was not looked at: the address had turned away a visit for another host");
        let told = assessment.of("starttls-busy").iter().filter(|finding| unbegun(finding.text("message"))).count();
        assert_eq!(told, 3 - total.div_ceil(2), "{greeting:?}{run}");
        assert!(assessment.of("starttls-unreachable").is_empty(), "{run}");
    }
}

#[test]
fn no_question_is_asked_twice() {
    let twice = best(asked_twice, Vec::is_empty);
    assert!(twice.is_empty(), "{twice:?}");
}

/// Checks three domains that share a host, and gives the questions that came more than once.
fn asked_twice() -> Vec<(String, RecordType, usize)> {
    let lab = Lab::start_blocking().unwrap();
    shared(&lab, "mx.provider.test");
    let names = ["alpha.test", "beta.test", "gamma.test"];
    for name in names {
        lab.good_domain(name, |plan| {
            plan.mx_hosts = 1;
            plan.foreign_mx = vec!["mx.provider.test".into()];
        });
    }
    // The same mistake at one of them makes the tool look elsewhere, too.
    lab.dns().remove_name("_mta-sts.gamma.test");
    lab.dns().remove_name("_smtp._tls.gamma.test");
    stsready(["check", "--quiet"]).args(names).at(&lab).run();
    let mut questions: Vec<(String, RecordType)> = Vec::new();
    for name in names {
        for kind in [RecordType::MX, RecordType::TXT, RecordType::A, RecordType::AAAA, RecordType::NS, RecordType::DS] {
            questions.push((name.into(), kind));
        }
        questions.push((format!("_{}._tcp.mx1.{name}", lab.smtp_port()), RecordType::TLSA));
        for label in ["_mta-sts", "_smtp._tls", "mta-sts", "_mta_sts", "_tls._smtp", "_smtp-tlsrpt", "_tlsrpt", "_smtp.tls", "mx1"] {
            for kind in [RecordType::TXT, RecordType::A, RecordType::AAAA, RecordType::MX] {
                questions.push((format!("{label}.{name}"), kind));
            }
        }
    }
    for name in ["mx.provider.test", "reports.lab.test", "mx.reports.lab.test", "lab.test", "provider.test", "test"] {
        for kind in [RecordType::A, RecordType::AAAA, RecordType::MX, RecordType::TXT, RecordType::NS, RecordType::SOA, RecordType::DS] {
            questions.push((name.into(), kind));
        }
    }
    questions.push((format!("_{}._tcp.mx.provider.test", lab.smtp_port()), RecordType::TLSA));
    questions.extend([("test".into(), RecordType::DNSKEY), (".".into(), RecordType::DNSKEY)]);
    let asked = questions.into_iter().map(|(name, kind)| {
        let times = lab.dns().queries(&name, kind);
        (name, kind, times)
    });
    let asked: Vec<_> = asked.collect();
    let known: usize = asked.iter().map(|(_, _, times)| times).sum();
    assert_eq!(known, lab.dns().all_queries(), "the list above knows every question that is asked");
    asked.into_iter().filter(|(_, _, times)| *times > 1).collect()
}

#[test]
fn the_policy_is_fetched_as_a_sender_does() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    scene.check().run().exits(0);
    let requests = scene.domain.policy_host.seen();
    assert!((1..=2).contains(&requests.len()), "once by its own name, once as a sender: {requests:?}");
    for request in &requests {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", POLICY_PATH));
        assert_eq!(request.sni.as_deref(), Some("mta-sts.alpha.test"));
        let host = request.host.as_deref().unwrap_or_default();
        assert_eq!(host.split(':').next(), Some("mta-sts.alpha.test"));
        let named = |name: &str| request.headers.iter().any(|(header, _)| header == name);
        assert!(!named("cookie") && !named("authorization") && !named("referer"), "{request:?}");
    }
    assert!(
        requests[0]
            .user_agent
            .iter()
            .chain(&requests.get(1).and_then(|other| other.user_agent.clone()))
            .any(|agent| agent.starts_with("stsready/"))
    );
}

#[test]
fn redirects_are_not_followed() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let target = lab.https_host(crate::lab::Https::policy(&scene.domain.policy), lab.chain("elsewhere.test"));
    lab.dns().address("elsewhere.test", target.address());
    let to = format!("https://elsewhere.test:{}{POLICY_PATH}", lab.https_port());
    scene.answers(crate::lab::Answer::Page(Page::redirect(301, &to)));
    scene.check().run().exits(1);
    assert_eq!(target.visits().total(), 0);
    assert_eq!(lab.dns().queries("elsewhere.test", RecordType::A), 0, "it is not even looked up");
}

/// `--ipv4` and `--ipv6` keep a family from being connected to, and `--jobs` bounds all connections together.
#[test]
fn the_number_of_connections_is_bounded() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| {
        plan.mx_hosts = 6;
        plan.mode = "enforce".into();
    });
    lab.set_reply_delay(PACE);
    scene.check().args(["--jobs", "1"]).run().exits(0);
    let mut arrivals: Vec<_> = scene.domain.mx.iter().flat_map(|(_, host)| host.visits().arrivals()).collect();
    arrivals.extend(scene.domain.policy_host.visits().arrivals());
    arrivals.sort();
    assert!(arrivals.len() >= 7);
    // One after the other: no host is connected to before the one before has said at least its greeting.
    let closest = arrivals.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap();
    assert!(closest >= PACE, "two connections {} ms apart", closest.as_millis());
}
