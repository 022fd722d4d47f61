//! Certificates as time goes by: nobody renews them, and the clocks of programs are set on (faketime).

use std::process::Command;

use super::agreement::mail_arrives;
use super::mail::Site;
use super::postfix::{KIND, SMTPD, chain_files, configure_as, start};
use super::process::{program, run};
use super::sender::{Sender, policy_at_port_443};
use crate::lab::{Lab, Leaf, Validity};
use crate::run::{Call, Run, stsready};

/// The variables by which a program has its clock so many days ahead. What it measures time with goes on as ever.
fn ahead(days: i64) -> Option<Vec<(String, String)>> {
    let faketime = program("faketime", "faketime")?;
    if days == 0 {
        return Some(Vec::new());
    }
    let told = run(Command::new(faketime).args(["-f", &format!("+{days}d"), "env"]));
    let set = told.lines().filter_map(|line| line.split_once('='));
    let set = set.filter(|(name, _)| ["LD_PRELOAD", "FAKETIME"].contains(name)).map(|(name, value)| (name.into(), value.into()));
    Some(set.chain([("FAKETIME_DONT_FAKE_MONOTONIC".into(), "1".into())]).collect())
}

fn later(call: Call, days: i64) -> Option<Call> {
    Some(ahead(days)?.into_iter().fold(call, |call, (name, value)| call.env(&name, &value)))
}

/// What is said of the certificates of one host.
fn said(run: &Run, host: &str) -> Vec<String> {
    let assessment = run.assessment();
    let of_host = assessment.findings().into_iter().filter(|finding| finding.text("subject").starts_with(host));
    let mut said: Vec<String> = of_host.map(|finding| format!("{} {}", finding.weight(), finding.code())).collect();
    said.sort_unstable();
    said
}

/// Days, and what is then said of a certificate that had 89 left.
const FORGOTTEN: [(i64, &[&str]); 5] = [
    (0, &[]),
    (61, &["advice cert-expiring"]),
    (69, &["warning cert-expiring"]),
    (80, &["blocker cert-expiring"]),
    (90, &["blocker cert-expired"]),
];

#[test]
fn a_certificate_that_nobody_renews() {
    let lab = Lab::start_blocking().expect("a lab");
    let site = Site::new(&lab, "forgotten.test", &KIND);
    site.install(|leaf| leaf.valid(Validity::days(-1, 89)));
    configure_as(&site, SMTPD, &chain_files(&site));
    let Some(_server) = start(&site) else { return };
    let facts = lab.folder().join("facts.json").display().to_string();
    site.mx(&["--save-facts", &facts]);
    for (days, due) in FORGOTTEN {
        let Some(call) = later(stsready(["mx", "forgotten.test", "--format", "json"]).at(&lab), days) else { return };
        let looked = call.run();
        let mut seen = said(&looked, &site.host);
        seen.dedup();
        assert_eq!(seen, due, "{days} days on{looked}");
        // What was seen on the first day, judged as of that day.
        let now = looked.json()["observed_at"].as_str().expect("a time").to_owned();
        let judged = stsready(["mx", "forgotten.test", "--format", "json", "--facts", &facts, "--now", &now]).at(&lab).run();
        assert_eq!(said(&judged, &site.host), said(&looked, &site.host), "{days} days on{judged}");
    }
}

/// Days, whether the mail arrives, the answer; the certificate had 80 days left.
const ROWS: [(i64, bool, &str); 4] = [
    (0, true, "ready"),
    (60, true, "ready"),
    // Mail still arrives: so few days are left that it will not for long.
    (75, true, "not-ready"),
    (81, false, "not-ready"),
];

#[test]
fn a_sender_refuses_from_the_day_that_it_ends() {
    let lab = Lab::start_blocking().expect("a lab");
    let domain = lab.good_domain("forgotten.test", |plan| {
        plan.mode = "enforce".into();
        plan.mx_hosts = 1;
    });
    let (mx, host) = &domain.mx[0];
    host.set_identity(lab.ca().issue(&Leaf::for_host(mx).expires_in(80)));
    domain.policy_host.set_identity(lab.ca().issue(&Leaf::for_host("mta-sts.forgotten.test").valid(Validity::days(-60, 300))));
    policy_at_port_443(&domain);
    for (days, arrives, answer) in ROWS {
        let Some(mut clock) = ahead(days) else { return };
        // The part of Postfix that looks at certificates.
        clock.push(("FAKETIME_ONLY_CMDS".into(), "smtp".into()));
        let Some(sender) = Sender::start_with(&lab, &clock) else { return };
        // Else the clock that is set on is found to be the one that is wrong.
        domain.policy_host.change(|https| https.clock_ahead = days * 86_400);
        assert_eq!(mail_arrives(&sender, &domain), arrives, "{days} days on:\n{}", sender.log());
        let call = later(stsready(["check", "forgotten.test", "--format", "json"]).at(&lab), days).expect("it did before");
        let run = call.run();
        assert_eq!(run.assessment().answer(), answer, "{days} days on{run}");
    }
}
