//! How long a whole `check` takes against its critical path, with 50 ms added to every reply of every server.
//!
//! `cargo bench --bench check_latency`. The critical path of a check is two DNS round trips (the MX set, then the hosts' addresses) and the
//! replies over two connections to an address, one after the other, so that no server is met by two at once:
//!
//! - the first: greeting, EHLO, STARTTLS, the TLS 1.3 flight, EHLO, QUIT;
//! - the second, which asks for the other key types: greeting, EHLO, STARTTLS, and a refusal (10 in all); from a server with two
//!   certificates the TLS flight, EHLO, QUIT (12 in all, the last of which nobody waits for).
//!
//! Everything else runs beside it. The figure must stay within 1.3 times of it, whatever the number of addresses.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints, and may panic")]

#[path = "../lab/mod.rs"]
mod lab;

use std::ffi::OsString;
use std::time::{Duration, Instant};

use lab::{Key, Lab};
use stsready::cli::{Exit, Streams};

const DELAY: Duration = Duration::from_millis(50);
const DNS: u32 = 2;
const ONE_CERTIFICATE: u32 = DNS + 10;
const TWO_CERTIFICATES: u32 = DNS + 12;
const RUNS: usize = 7;

fn main() {
    // `cargo test --all-targets` runs benchmarks once, without `--bench`: then there is nothing to measure.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    for (hosts, keys, replies) in [
        (1, &[Key::P256][..], ONE_CERTIFICATE),
        (1, &[Key::P256, Key::Rsa2048], TWO_CERTIFICATES),
        (2, &[Key::P256], ONE_CERTIFICATE),
        (10, &[Key::P256], ONE_CERTIFICATE),
        (40, &[Key::P256], ONE_CERTIFICATE),
    ] {
        let path = DELAY * replies;
        let lab = Lab::start_blocking().expect("the lab needs 127.0.0.0/8");
        lab.good_domain("alpha.test", |plan| (plan.mx_hosts, plan.mx_keys) = (hosts, keys.to_vec()));
        lab.set_reply_delay(DELAY);
        let mut taken: Vec<Duration> = (0..RUNS).map(|_| check(&lab.args())).collect();
        taken.sort();
        let median = taken[RUNS / 2];
        let ratio = median.as_secs_f64() / path.as_secs_f64();
        let (least, most) = (taken[0].as_millis(), taken[RUNS - 1].as_millis());
        let certificates = keys.len();
        println!(
            "{hosts:>3} MX addresses, {certificates} certificates each: median {} ms ({least} to {most}), {ratio:.2} x {replies} replies of {} ms",
            median.as_millis(),
            DELAY.as_millis()
        );
    }
}

fn check(args: &[String]) -> Duration {
    let mut words: Vec<OsString> = ["stsready", "check", "alpha.test", "--quiet", "--no-store"].map(OsString::from).to_vec();
    words.extend(args.iter().map(OsString::from));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    let exit = stsready::cli::run(words, &mut Streams { out: &mut out, err: &mut err, width: 100, progress: false });
    let taken = begin.elapsed();
    assert_eq!(exit, Exit::Inconclusive, "only reports are missing: {}{}", String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    taken
}
