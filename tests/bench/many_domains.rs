//! 1,000 domains that share 20 MX hosts: how many connections, how long, how much memory.
//!
//! `cargo bench --bench many_domains`. Each of the 20 addresses must see what one domain alone would cause (two connections), and the whole
//! run must stay under 150 MiB. The real binary runs as a process of its own, so that the lab's memory does not count.

#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and may panic"
)]

#[path = "../documents.rs"]
mod documents;
#[path = "../lab/mod.rs"]
mod lab;
#[path = "../run.rs"]
mod run;

use lab::{Lab, Leaf, Smtp};
use run::stsready;

const DOMAINS: usize = 1_000;
const HOSTS: usize = 20;
/// MX hosts of one domain.
const OWN: usize = 4;

fn main() {
    // `cargo test --all-targets` runs benchmarks once, without `--bench`: then there is nothing to measure.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let lab = Lab::start_blocking().expect("the lab needs 127.0.0.0/8");
    let hosts: Vec<(String, lab::SmtpHost)> = (0..HOSTS)
        .map(|number| {
            let name = format!("mx{number}.shared.test");
            let host = lab.smtp_host(Smtp { hostname: name.clone(), ..Smtp::default() }, lab.ca().issue(&Leaf::for_host(&name)));
            lab.dns().address(&name, host.address());
            (name, host)
        })
        .collect();
    let domains: Vec<String> = (0..DOMAINS).map(|number| format!("d{number}.test")).collect();
    for (number, domain) in domains.iter().enumerate() {
        for place in 0..OWN {
            lab.dns().mx(domain, 10, &hosts[(number + place * 5) % HOSTS].0);
        }
    }
    let list = lab.folder().join("domains.txt");
    std::fs::write(&list, domains.join("\n")).expect("the lab's folder");
    for (command, lines) in [("mx", DOMAINS), ("expiry", HOSTS)] {
        let before: usize = hosts.iter().map(|(_, host)| host.visits().total()).sum();
        let run = stsready([command, "--format", "ndjson", "--domains-from"]).args([&list]).at(&lab).run();
        let connections = hosts.iter().map(|(_, host)| host.visits().total()).sum::<usize>() - before;
        let most = hosts.iter().map(|(_, host)| host.visits().at_once()).max().unwrap_or(0);
        println!(
            "{command:>6}: {DOMAINS} domains, {} lines, exit code {}: {connections} connections to {HOSTS} addresses (at most {most} at once), \
             {:.2} s, peak {} MiB",
            run.stdout.lines().count(),
            run.exit,
            run.taken.as_secs_f64(),
            run.peak_kib / 1024,
        );
        assert_eq!((run.exit, run.stdout.lines().count()), (0, lines), "{run}");
        assert!((HOSTS..=HOSTS * 2).contains(&connections), "one probe for each distinct address");
        assert!(run.peak_kib < 150 * 1024, "{} KiB", run.peak_kib);
    }
}
