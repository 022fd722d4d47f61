//! Reports by a program that sends them in the field (tlsrpt-reporter), about deliveries that a sender has tried.
//!
//! The Postfix of Debian 12 does not tell that program of its sessions: each datagram is written here, from what Postfix has logged.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::mail::{shown, shows};
use super::process::{Running, program, soon};
use super::sender::{Sender, policy_at_port_443};
use super::site;
use crate::lab::{Domain, Ehlo, Lab, Leaf};
use crate::run::{Run, stsready};

const DOMAIN: &str = "reported.test";

/// What Postfix logs of a session, and the program's number for it; 0 is a success.
const SESSIONS: [(&str, u16); 5] = [
    ("Verified TLS connection established to ", 0),
    ("TLS is required, but was not offered by host ", 201),
    (": num=62:hostname mismatch", 202),
    (": untrusted issuer ", 203),
    (": certificate has expired", 204),
];

/// What the failures are called in reports.
const RESULTS: [&str; 4] = ["certificate-expired", "certificate-host-mismatch", "certificate-not-trusted", "starttls-not-supported"];

/// The program in its two parts: one collects, the other reports a day later.
struct Reporter {
    folder: TempDir,
    collectd: PathBuf,
    fetcher: PathBuf,
    reportd: PathBuf,
}

impl Reporter {
    fn new() -> Option<Self> {
        let [collectd, fetcher, reportd] =
            ["collectd", "fetcher", "reportd"].map(|part| program(&format!("tlsrpt-{part}"), "none; PyPI: tlsrpt-reporter"));
        let folder = site::folder();
        Some(Self { folder, collectd: collectd?, fetcher: fetcher?, reportd: reportd? })
    }

    /// A part of it. Its modules are beside the folder that it is in.
    fn part(file: &Path, options: &[(&str, String)]) -> Command {
        let mut command = Command::new(file);
        command.env("PYTHONPATH", file.ancestors().nth(2).expect("it is in a folder"));
        command.args(["--log_level", "debug"]).args(options.iter().flat_map(|(name, value)| [format!("--{name}"), value.clone()]));
        command
    }

    fn storage(&self) -> String {
        format!("sqlite://{}/sessions.sqlite", self.folder.path().display())
    }

    /// Takes in the datagrams, and puts them down to yesterday.
    fn collect(&self, datagrams: &[Value]) {
        let socket = self.folder.path().join("socket");
        let own = self.folder.path().display();
        let options = [
            ("storage", self.storage()),
            ("socketname", socket.display().to_string()),
            ("sockettimeout", "1".into()),
            ("dump_path_for_invalid_datagram", format!("{own}/invalid")),
        ];
        let running =
            Running::once(Self::part(&self.collectd, &options), self.folder.path(), || self.said().contains("Create new database"));
        let client = UnixDatagram::unbound().expect("a socket");
        for datagram in datagrams {
            client.send_to(datagram.to_string().as_bytes(), &socket).expect("it listens");
        }
        let all_in = format!("({} total)", datagrams.len());
        assert!(soon(|| self.said().contains(&all_in)), "{}", self.said());
        running.signal("USR2");
        assert!(soon(|| self.said().contains("rows in failuredetails")), "{}", self.said());
    }

    /// Lets it report; the report as a file, and as the mail that it sends.
    fn report(&self) -> (PathBuf, PathBuf) {
        let own = self.folder.path().display();
        let files = self.folder.path().join("files");
        fs::create_dir(&files).expect("an own folder");
        let mail = self.folder.path().join("report.eml");
        let options = [
            ("fetchers", format!("{} --storage {}", self.fetcher.display(), self.storage())),
            ("dbname", format!("{own}/reports.sqlite")),
            ("organization_name", "Sender".into()),
            ("contact_info", "postmaster@sender.test".into()),
            ("sender_address", "postmaster@sender.test".into()),
            ("sendmail_script", format!("cat >{own}/part && mv {own}/part {}", mail.display())),
            ("debug_send_file_dest", files.display().to_string()),
            ("interval_main_loop", "1".into()),
            ("spread_out_delivery", "1".into()),
        ];
        let _running = Running::once(Self::part(&self.reportd, &options), self.folder.path(), || mail.is_file());
        let written = fs::read_dir(&files).expect("an own folder").map(|entry| entry.expect("an entry").path());
        let report = written.into_iter().find(|file| !file.to_string_lossy().contains("EMAIL")).expect("a report");
        (report, mail)
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }
}

/// What Postfix would tell of each of its sessions with a domain.
fn datagrams(domain: &Domain, log: &str) -> Vec<Value> {
    let (mx, host) = &domain.mx[0];
    let of = |line: &str| SESSIONS.iter().find(|(words, _)| line.contains(words) && line.contains(mx)).map(|(_, code)| *code);
    let datagram = |code: u16| {
        let failures: Vec<Value> = [code]
            .into_iter()
            .filter(|code| *code > 0)
            .map(|code| json!({ "c": code, "s": "127.0.0.1", "r": host.address(), "n": mx }))
            .collect();
        json!({
            "dpv": "1", "d": domain.name, "pr": "v=TLSRPTv1; rua=mailto:tls-reports@reports.lab.test",
            "policies": [{
                "policy-type": 2, "policy-domain": domain.name, "policy-string": domain.policy.lines().collect::<Vec<_>>(), "mx-host": [mx],
                "f": u8::from(code > 0), "t": failures.len(), "failure-details": failures,
            }],
        })
    };
    log.lines().filter_map(of).map(datagram).collect()
}

#[test]
fn reports_of_deliveries_that_failed_are_judged() {
    let lab = Lab::start_blocking().expect("a lab");
    let Some(reporter) = Reporter::new() else { return };
    let Some(sender) = Sender::start(&lab) else { return };
    let domain = lab.good_domain(DOMAIN, |plan| {
        plan.mode = "enforce".into();
        plan.mx_hosts = 1;
    });
    policy_at_port_443(&domain);
    let (mx, host) = &domain.mx[0];
    let send = || sender.send(DOMAIN).expect("it takes the mail");
    let healthy = || Leaf::for_host(mx);
    let present = |leaf: Leaf| host.set_identity(lab.ca().issue(&leaf));
    for _ in 0..3 {
        send();
    }
    for leaf in [healthy().expires_in(-2), healthy().names(&["www.reported.test"]), healthy().signed_by(lab.ca().unknown_root())] {
        present(leaf);
        send();
    }
    present(healthy());
    host.change(|smtp| smtp.ehlo = Ehlo::WithoutStarttls);
    send();
    host.change(|smtp| smtp.ehlo = Ehlo::Offers);

    let sessions = datagrams(&domain, &sender.log());
    assert_eq!(sessions.len(), 7, "three successes and four kinds of failure:\n{}", sender.log());
    reporter.collect(&sessions);
    let (report, mail) = reporter.report();

    // A file that the operator has is believed.
    let store = taken_in(&lab, "of-the-file", &report);
    let shown = stsready(["reports", "show", DOMAIN, "--format", "json", "--store"]).args([&store]).run().exits(0).json();
    let breakdown = &shown["domains"][0]["breakdown"];
    assert_eq!((&breakdown["successful"], &breakdown["failed"]), (&json!(3), &json!(4)), "{breakdown:#}");
    refused(&lab, &store, &[]);

    // A mail that nobody signed is not, unless it is asked for.
    let store = taken_in(&lab, "of-the-mail", &mail);
    let run = check(&lab, &store, &[]).exits(0);
    shows(&run, &["advice mx-single", "unknown-warning reports-none", "warning reports-unauthenticated"]);
    refused(&lab, &store, &["--trust-unverified"]);
}

/// A store with this report.
fn taken_in(lab: &Lab, name: &str, report: &Path) -> PathBuf {
    let store = lab.folder().join(name);
    stsready(["reports", "ingest", "--store"]).args([&store, report]).args(["--resolver", &lab.resolver().to_string()]).run().exits(0);
    store
}

fn check(lab: &Lab, store: &Path, more: &[&str]) -> Run {
    stsready(["check", DOMAIN, "--format", "json", "--store"]).args([store]).at(lab).args(more).run()
}

/// Not ready, by each of the failures and nothing else.
fn refused(lab: &Lab, store: &Path, more: &[&str]) {
    let run = check(lab, store, more).exits(1);
    let assessment = run.assessment();
    let due: Vec<String> = RESULTS.map(|result| format!("sender.test mx1.{DOMAIN} {result}")).into();
    let mut failing: Vec<&str> = assessment.of("reports-failing").iter().map(|finding| finding.text("subject")).collect();
    failing.sort_unstable();
    assert_eq!((assessment.answer(), failing), ("not-ready", due.iter().map(String::as_str).collect()), "{run}");
    let blockers: BTreeSet<String> = shown(&run).into_iter().filter(|shown| shown.starts_with("blocker ")).collect();
    assert!(blockers.iter().eq(["blocker reports-failing"]), "{run}");
}
