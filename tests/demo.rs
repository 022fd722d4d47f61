//! `cargo run --release --example demo`: the loopback lab, and one domain on its way from "nothing published" to "ready".
//!
//! Everything happens in this process and on 127.0.0.0/8: a DNS server, policy hosts, MX hosts and a private CA that stands for the public
//! ones. What is printed is what `stsready` prints. `--plain` leaves colours out; `--keep` goes on serving the lab, so that the binary can be
//! run against it from another terminal.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a demonstration that cannot be set up may panic"
)]

#[path = "lab/mod.rs"]
mod lab;
#[path = "letters.rs"]
mod letters;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use lab::blocking::BlockingLab;
use lab::{Ehlo, Https, Lab, Leaf, Page, Validity};
use letters::{Letter, days_ago};
use stsready::cli::{Exit, Streams};

fn main() -> ExitCode {
    let plain = std::env::args().any(|arg| arg == "--plain");
    let keep = std::env::args().any(|arg| arg == "--keep");
    if plain {
        anstream::ColorChoice::Never.write_global();
    }
    let lab = Lab::start_blocking().expect("the lab needs 127.0.0.0/8");
    let mut walk = Walk { lab: &lab, surprises: Vec::new() };
    walk.rollout();
    walk.broken();
    if keep {
        say(&format!("The lab goes on until you press Ctrl-C. Try:\n\n  stsready check alpha.test {}\n", lab.args().join(" ")));
        loop {
            std::thread::park();
        }
    }
    for surprise in &walk.surprises {
        say(surprise);
    }
    if walk.surprises.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The domain on its way, and what did not go as expected.
struct Walk<'a> {
    lab: &'a BlockingLab,
    surprises: Vec<String>,
}

impl Walk<'_> {
    /// From an empty zone to enforce.
    fn rollout(&mut self) {
        let lab = self.lab;
        let reports = lab.folder().join("reports");
        std::fs::create_dir(&reports).expect("a folder in the lab's own");
        let inbox = reports.to_str().expect("a UTF-8 path");

        title("1. alpha.test takes mail, and has published nothing");
        let alpha = lab.good_domain("alpha.test", |plan| plan.max_age = 604_800);
        let dns = lab.dns();
        dns.remove_name("_smtp._tls.alpha.test");
        dns.remove_name("_mta-sts.alpha.test");
        dns.remove_name("mta-sts.alpha.test");
        self.show(&["check", "alpha.test"], Exit::NotReady);

        title("2. The TLS-RPT record is published");
        dns.txt("_smtp._tls.alpha.test", &format!("v=TLSRPTv1; rua=mailto:{}", lab::REPORT_MAILBOX));
        self.show(&["record", "alpha.test"], Exit::Ready);

        title("3. A draft of the policy is judged before it is published: it forgets the second MX host");
        let draft = lab.folder().join("mta-sts.txt");
        std::fs::write(&draft, lab::domain::policy("testing", 604_800, &["mx1.alpha.test"])).expect("a file in the lab's folder");
        self.show(&["policy", "alpha.test", "--file", draft.to_str().expect("a UTF-8 path")], Exit::NotReady);

        title("4. The policy is published, in testing; no report has come yet");
        dns.txt("_mta-sts.alpha.test", "v=STSv1; id=20260101T000000;");
        dns.address("mta-sts.alpha.test", alpha.policy_host.address());
        self.show(&["check", "alpha.test"], Exit::Inconclusive);

        title("5. Five days of reports");
        write_reports(&reports, &alpha.policy, 2..=6);
        self.show(&["reports", "ingest", inbox], Exit::Ready);
        self.show_line(&["check", "alpha.test"], Exit::Inconclusive);

        title("6. Three weeks of reports");
        write_reports(&reports, &alpha.policy, 7..=21);
        write_reports(&reports, &alpha.policy, 1..=1);
        self.show(&["reports", "ingest", inbox], Exit::Ready);
        self.show(&["reports", "show", "alpha.test"], Exit::Ready);
        self.show(&["reports", "digest"], Exit::Ready);
        self.show(&["check", "alpha.test"], Exit::Ready);

        title("7. The switch is made");
        let mut alpha = alpha;
        let policy = lab::domain::policy("enforce", 604_800, &["mx1.alpha.test", "mx2.alpha.test"]);
        alpha.publish(&policy, "20260301T000000");
        self.show_line(&["check", "alpha.test"], Exit::Ready);
    }

    /// Some of what goes wrong.
    fn broken(&mut self) {
        let lab = self.lab;
        title("8. A certificate with three faults at once, at one of two MX hosts");
        let beta = lab.good_domain("beta.test", |_| {});
        let leaf = Leaf::for_host("old.beta.test").valid(Validity::days(-90, -2)).signed_by(lab.ca().unknown_root());
        beta.mx[1].1.set_identity(lab.ca().issue(&leaf).with_root());
        self.show(&["mx", "beta.test"], Exit::NotReady);

        title("9. An MX host that the policy does not cover, and one without STARTTLS");
        let gamma = lab.good_domain("gamma.test", |_| {});
        let backup = lab.smtp_host(lab::Smtp::default(), lab.chain("mx.backup.test"));
        lab.dns().address("mx.backup.test", backup.address());
        gamma.add_mx(90, "mx.backup.test");
        gamma.mx[1].1.change(|smtp| smtp.ehlo = Ehlo::WithoutStarttls);
        self.show(&["check", "gamma.test", "--quiet"], Exit::NotReady);
        self.show(&["policy", "gamma.test"], Exit::NotReady);

        title("10. A policy host that answers 404, and one whose certificate is for another name");
        let delta = lab.good_domain("delta.test", |_| {});
        delta.policy_host.set(Https::serving(Page::status(404)));
        let epsilon = lab.good_domain("epsilon.test", |_| {});
        epsilon.policy_host.set_identity(lab.chain("www.epsilon.test"));
        self.show_line(&["policy", "delta.test", "epsilon.test"], Exit::NotReady);
    }

    /// Runs the command and shows its whole output.
    fn show(&mut self, command: &[&str], expected: Exit) {
        let shown: Vec<&str> = command.iter().map(|word| word.rsplit('/').next().unwrap_or(word)).collect();
        say(&format!("$ stsready {}\n", shown.join(" ")));
        let mut args: Vec<OsString> = vec!["stsready".into()];
        args.extend(command.iter().map(OsString::from));
        args.extend(["--store".into(), self.lab.folder().join("store.sqlite").into()]);
        if command.first() != Some(&"reports") {
            args.extend(self.lab.args().into_iter().map(OsString::from));
        }
        let (mut out, mut err) = (anstream::stdout(), anstream::stderr());
        let mut streams = Streams { out: &mut out, err: &mut err, width: 100, progress: false };
        let exit = stsready::cli::run(args, &mut streams);
        say(&format!("\n(exit code {})\n", exit.code()));
        if exit != expected {
            self.surprises.push(format!("`stsready {}` ended with {}, expected {}", shown.join(" "), exit.code(), expected.code()));
        }
    }

    /// Runs the command and shows its answer only.
    fn show_line(&mut self, command: &[&str], expected: Exit) {
        self.show(&[command, &["--quiet"]].concat(), expected);
    }
}

/// Clean daily reports from two senders.
fn write_reports(folder: &Path, policy: &str, days: std::ops::RangeInclusive<i64>) {
    for day in days {
        for (organization, contact, sessions) in
            [("Google Inc.", "smtp-tls-reporting@google.com", 31), ("Microsoft Corporation", "tlsrpt-noreply@microsoft.com", 12)]
        {
            let letter = Letter::new("alpha.test", organization, contact, days_ago(day)).policy(policy).successful(sessions);
            letter.write_gzip(folder);
        }
    }
}

fn title(text: &str) {
    say(&format!("\n{}\n{text}\n{}\n", "═".repeat(100), "═".repeat(100)));
}

fn say(text: &str) {
    // A reader that has left needs no more.
    let _ = writeln!(anstream::stdout(), "{text}");
}
