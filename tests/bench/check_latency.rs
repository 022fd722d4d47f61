//! How long a whole `check` takes against its critical path, with 50 ms added to every reply of every server.
//!
//! `cargo bench --bench check_latency`. The critical path of a check is two DNS round trips (the MX set, then the hosts' addresses) and six
//! SMTP replies (greeting, EHLO, STARTTLS, the TLS 1.3 flight, EHLO, QUIT); everything else runs beside it. The figure must stay within 1.3
//! times of it, whatever the number of addresses.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints, and may panic")]

#[path = "../lab/mod.rs"]
mod lab;

use std::ffi::OsString;
use std::time::{Duration, Instant};

use lab::Lab;
use stsready::cli::{Exit, Streams};

const DELAY: Duration = Duration::from_millis(50);
const ROUND_TRIPS: u32 = 2 + 6;
const RUNS: usize = 7;

fn main() {
    // `cargo test --all-targets` runs benchmarks once, without `--bench`: then there is nothing to measure.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let path = DELAY * ROUND_TRIPS;
    println!("critical path: {ROUND_TRIPS} replies of {} ms = {} ms", DELAY.as_millis(), path.as_millis());
    for hosts in [1, 2, 10, 40] {
        let lab = Lab::start_blocking().expect("the lab needs 127.0.0.0/8");
        lab.good_domain("alpha.test", |plan| plan.mx_hosts = hosts);
        lab.set_reply_delay(DELAY);
        let mut taken: Vec<Duration> = (0..RUNS).map(|_| check(&lab.args())).collect();
        taken.sort();
        let median = taken[RUNS / 2];
        let ratio = median.as_secs_f64() / path.as_secs_f64();
        let (least, most) = (taken[0].as_millis(), taken[RUNS - 1].as_millis());
        println!("{hosts:>3} MX addresses: median {} ms ({least} to {most}), {ratio:.2} x the critical path", median.as_millis());
    }
}

fn check(args: &[String]) -> Duration {
    let mut words: Vec<OsString> = ["stsready", "check", "alpha.test", "--quiet"].map(OsString::from).to_vec();
    words.extend(args.iter().map(OsString::from));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    let exit = stsready::cli::run(words, &mut Streams { out: &mut out, err: &mut err, width: 100, progress: false });
    let taken = begin.elapsed();
    assert_eq!(exit, Exit::Inconclusive, "only reports are missing: {}{}", String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    taken
}
