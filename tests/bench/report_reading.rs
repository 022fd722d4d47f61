//! How fast reports are read to facts, beside two peers on the same corpus in the same run.
//!
//! `cargo bench --bench report_reading`. The corpus is generated: clean days, failing days, several policies, with the shapes of large
//! senders; one in a hundred reports is out of the ordinary. Figures are reports a second, on one core where nothing else is said; beside
//! each stands what was wanted of it, and whether it was met in this run.
//!
//! - *bare*: flate2 and `serde_json::from_slice` into a minimal typed struct, no hash, no name checked; of mails, the Base64 of the one part
//!   that is known to be there. Of JSON ours must stay within 1.3 times of it.
//! - *parsedmarc*: by `report_reading.py`, with the `python3` found, or `STSREADY_PEER_PYTHON`. Wanted: 4 times for JSON, 40 times for mails.
//!   What bare is of it stands beside that: more than bare gets is not to be had with these two libraries.
//! - two cores against one, over files: wanted 1.8 times. What two threads of bare reading, which share nothing but the files, gain on the
//!   same machine is the ceiling.
//!
//! `--bombs` reads what is made to hurt instead, each in a process of its own, and prints the memory that took.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints, and may panic")]
#![allow(
    clippy::pedantic,
    clippy::drop_non_drop,
    clippy::type_complexity,
    unreachable_pub,
    dead_code,
    reason = "figures for people; the fields of the bare struct are only filled"
)]

use std::convert::Infallible;
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use stsready::archive::intake::OperatorsWord;
use stsready::archive::read::{self, Options};
use stsready::wire::{gzip, report};

/// How long each figure is measured; the best of three counts.
const SPAN: Duration = Duration::from_millis(700);
const TAKES: usize = 3;

#[path = "report_reading/bombs.rs"]
mod bombs;

fn main() {
    // `cargo test --all-targets` runs benchmarks once, without `--bench`: then there is nothing to measure.
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|word| word == "--bombs") {
        return bombs::run(arguments.get(at + 1).map(String::as_str).filter(|word| *word != "--bench"));
    }
    if !arguments.iter().any(|word| word == "--bench") {
        return;
    }
    println!(
        "{:<27}{:>9}{:>9}{:>8}  {:<15}{:>11}{:>8}{:>8}",
        "reports a second", "ours", "bare", "x bare", "", "parsedmarc", "bare x", "ours x"
    );
    for (name, details, number) in
        [("gzip JSON 2.3 KB", 5, 2000), ("gzip JSON 5 KB", 13, 1000), ("gzip JSON 50 KB", 150, 200), ("gzip JSON 500 KB", 1500, 20)]
    {
        let corpus: Vec<Vec<u8>> = (0..number).map(|number| pack(&letter(number, details))).collect();
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "json.gz", corpus.iter().map(Vec::as_slice));
        let size = letter(1, details).len();
        let (mut unpacker, mut data) = (gzip::Unpacker::default(), Vec::new());
        let [ours, bare] = rates([&mut |number| ours(&corpus[number % corpus.len()], &mut unpacker, &mut data), &mut |number| {
            drop(black_box(bare(&corpus[number % corpus.len()])))
        }]);
        Row { name: &format!("{name} ({size} B)"), ours, bare, of_bare: Some(1.3), peer: peer("json", folder.path()), of_peer: 4.0 }
            .print();
    }
    for (name, details, number) in [("mail of 2.3 KB", 5, 2000), ("mail of 50 KB", 150, 200)] {
        let corpus: Vec<Vec<u8>> = (0..number).map(|number| mail(number, &letter(number, details))).collect();
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "eml", corpus.iter().map(Vec::as_slice));
        let options = Options::new(&OperatorsWord);
        let [ours, bare] = rates([
            &mut |number| {
                let parcel = read::mail(&corpus[number % corpus.len()], "mail", None, &options);
                assert_eq!(black_box(parcel).reports.len(), 1);
            },
            &mut |number| drop(black_box(bare_mail(&corpus[number % corpus.len()]))),
        ]);
        Row { name, ours, bare, of_bare: None, peer: peer("mail", folder.path()), of_peer: 40.0 }.print();
    }
    for (name, details, number) in [("files of 2.3 KB", 5, 40_000), ("files of 50 KB", 150, 4_000)] {
        let corpus: Vec<Vec<u8>> = (0..500).map(|number| pack(&letter(number, details))).collect();
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "json.gz", (0..number).map(|number| corpus[number % corpus.len()].as_slice()));
        let [one, two] = [1, 2].map(|cores| files(folder.path(), cores));
        let [bare_one, bare_two] = [1, 2].map(|cores| bare_files(folder.path(), cores));
        let best = |take: &dyn Fn() -> f64| (0..TAKES).map(|_| take()).fold(0.0, f64::max);
        let (one, two, bare_one, bare_two) = (best(&one), best(&two), best(&bare_one), best(&bare_two));
        println!(
            "{name:<27}{one:>9.0} on one core, {two:.0} on two: {:.2} times{} of a ceiling of {:.2} (bare: {bare_one:.0} and {bare_two:.0})",
            two / one,
            wanted(two >= 1.8 * one, ">= 1.8"),
            bare_two / bare_one,
        );
    }
}

/// A figure beside its peers.
struct Row<'a> {
    name: &'a str,
    ours: f64,
    bare: f64,
    /// How many times as long as bare it may take.
    of_bare: Option<f64>,
    peer: Option<f64>,
    /// How many times as fast as the peer it is to be.
    of_peer: f64,
}

impl Row<'_> {
    fn print(&self) {
        let Self { name, ours, bare, of_bare, peer, of_peer } = self;
        let ratio = bare / ours;
        let of_bare = of_bare.map(|most| wanted(ratio <= most, &format!("<= {most}"))).unwrap_or_default();
        let peer = peer.map_or("  not installed".to_owned(), |peer| {
            let wanted = wanted(*ours >= of_peer * peer, &format!(">= {of_peer}"));
            format!("{peer:>11.0}{:>8.1}{:>8.1}{wanted}", bare / peer, ours / peer)
        });
        println!("{name:<27}{ours:>9.0}{bare:>9.0}{ratio:>8.2}{of_bare:<17}{peer}");
    }
}

fn wanted(met: bool, what: &str) -> String {
    format!(" ({what}: {})", if met { "met" } else { "missed" })
}

/// Calls a second of several, each in the best of some takes; in turns, so that all meet the machine as it is at the time.
fn rates<const N: usize>(mut all: [&mut dyn FnMut(usize); N]) -> [f64; N] {
    let take = |once: &mut dyn FnMut(usize)| {
        let (begin, mut done) = (Instant::now(), 0);
        while begin.elapsed() < SPAN {
            for _ in 0..20 {
                once(done);
                done += 1;
            }
        }
        done as f64 / begin.elapsed().as_secs_f64()
    };
    let mut best = [0.0_f64; N];
    for _ in 0..TAKES {
        for (best, once) in best.iter_mut().zip(&mut all) {
            *best = best.max(take(once));
        }
    }
    best
}

fn ours(packed: &[u8], unpacker: &mut gzip::Unpacker, data: &mut Vec<u8>) {
    data.clear();
    unpacker.unpack(packed, gzip::UNPACKED_CAP, data).expect("whole");
    let _ = report::each(data, |document| {
        let report = black_box(document.read).expect("a report");
        assert!(!report.policies.is_empty());
        ControlFlow::Continue(())
    });
}

/// Reports a second out of a folder, on so many cores.
fn files(folder: &Path, cores: usize) -> impl Fn() -> f64 {
    move || {
        let options = Options { cores, ..Options::new(&OperatorsWord) };
        let (begin, mut reports) = (Instant::now(), 0);
        // As `ingest` has it: what is made of a report is made by the thread that read it.
        read::each_made(&[folder.to_owned()], &options, &|parcel| black_box(&parcel).reports.len(), |number, _| {
            reports += number;
            Ok::<(), Infallible>(())
        })
        .expect("readable");
        reports as f64 / begin.elapsed().as_secs_f64()
    }
}

/// The same, bare: nothing passes between the threads but which file is the next.
fn bare_files(folder: &Path, threads: usize) -> impl Fn() -> f64 {
    move || {
        let begin = Instant::now();
        let files: Vec<_> = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                        drop(black_box(bare(&std::fs::read(file).expect("readable"))));
                    }
                });
            }
        });
        files.len() as f64 / begin.elapsed().as_secs_f64()
    }
}

fn bare(packed: &[u8]) -> bare_shape::Report {
    let mut data = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut data).expect("whole");
    serde_json::from_slice(&data).expect("a report")
}

/// The last part of a mail of ours, in Base64.
fn bare_mail(mail: &[u8]) -> bare_shape::Report {
    use base64::Engine as _;
    let begin = memchr::memmem::rfind(mail, b"\r\n\r\n").expect("a part") + 4;
    let end = begin + memchr::memmem::find(&mail[begin..], b"\r\n--").expect("its end");
    let mut text = Vec::with_capacity(end - begin);
    for line in mail[begin..end].split(|byte| *byte == b'\n') {
        text.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
    }
    bare(&base64::engine::general_purpose::STANDARD.decode(text).expect("Base64"))
}

/// The least that holds a report.
mod bare_shape {
    use super::Deserialize;

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub struct Report {
        organization_name: String,
        date_range: Range,
        contact_info: Option<String>,
        report_id: String,
        policies: Vec<Entry>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Range {
        start_datetime: String,
        end_datetime: String,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Entry {
        policy: Policy,
        summary: Summary,
        #[serde(default)]
        failure_details: Vec<Detail>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Policy {
        policy_type: String,
        #[serde(default)]
        policy_string: Vec<String>,
        policy_domain: Option<String>,
        #[serde(default)]
        mx_host: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Summary {
        total_successful_session_count: u64,
        total_failure_session_count: u64,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Detail {
        result_type: String,
        sending_mta_ip: Option<String>,
        receiving_mx_hostname: Option<String>,
        receiving_mx_helo: Option<String>,
        receiving_ip: Option<String>,
        failed_session_count: u64,
        failure_reason_code: Option<String>,
        additional_information: Option<String>,
    }
}

/// Reports a second of parsedmarc, where there is one.
fn peer(kind: &str, folder: &Path) -> Option<f64> {
    let python = std::env::var_os("STSREADY_PEER_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/report_reading.py");
    let output = std::process::Command::new(python).arg(script).arg(kind).arg(folder).arg("2").output().ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

fn write<'a>(folder: &Path, ending: &str, contents: impl Iterator<Item = &'a [u8]>) {
    for (number, content) in contents.enumerate() {
        let name = format!("sender.example!shop{number}.example!1772323200!1772409599!{number}.{ending}");
        std::fs::write(folder.join(name), content).expect("written");
    }
}

/// A report of a day with so many failure details, in one or two policies.
fn letter(number: usize, details: usize) -> Vec<u8> {
    const TYPES: [&str; 5] =
        ["certificate-expired", "starttls-not-supported", "certificate-host-mismatch", "validation-failure", "certificate-not-trusted"];
    let domain = format!("shop{}.example", number % 1000);
    let policy =
        json!(["version: STSv1", "mode: testing", format!("mx: *.mail.{domain}"), format!("mx: backup.{domain}"), "max_age: 604800"]);
    let detail = |at: usize| {
        let seed = number * 31 + at * 17;
        json!({
            "result-type": TYPES[seed % TYPES.len()],
            "sending-mta-ip": format!("2001:db8:{:x}:{:x}::{:x}", seed % 997, at, seed % 251),
            "receiving-ip": format!("192.0.2.{}", seed % 254),
            "receiving-mx-hostname": format!("mx{}.mail.{domain}", at % 4),
            "failed-session-count": seed % 40 + 1,
            "failure-reason-code": if seed.is_multiple_of(3) { json!(format!("X509_V_ERR_{}", seed % 30)) } else { Value::Null },
        })
    };
    let entry = |kind: &str, policy: Value, range: std::ops::Range<usize>| {
        let mut entry = json!({
            "policy": {"policy-type": kind, "policy-string": policy, "policy-domain": domain, "mx-host": [format!("*.mail.{domain}")]},
            "summary": {"total-successful-session-count": number % 5000 + 3, "total-failure-session-count": range.len()},
        });
        if !range.is_empty() {
            entry["failure-details"] = range.map(detail).collect();
        }
        entry
    };
    let tlsa = json!([format!("[\"3 1 1 {:064X}\",\"3 1 1 {:064X}\"]", number * 7919, number * 104_729)]);
    let mut report = json!({
        "organization-name": if number.is_multiple_of(2) { "Google Inc." } else { "Microsoft Corporation" },
        "date-range": {"start-datetime": "2026-03-01T00:00:00Z", "end-datetime": "2026-03-01T23:59:59Z"},
        "contact-info": if number.is_multiple_of(2) { "smtp-tls-reporting@google.com" } else { "tlsrpt-noreply@microsoft.com" },
        "report-id": format!("2026-03-01T00:00:00Z_{domain}_{number}"),
        "policies": if number.is_multiple_of(2) {
            vec![entry("sts", policy, 0..details)]
        } else {
            vec![entry("sts", policy, 0..details), entry("tlsa", tlsa, 0..0)]
        },
    });
    if number % 100 == 99 {
        report["weather"] = json!("rain");
    }
    serde_json::to_vec(&report).expect("JSON")
}

fn pack(data: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(data).and_then(|()| packer.finish()).expect("memory")
}

/// The mail of RFC 8460 §5.3 around it, with the header that such a mail arrives with.
fn mail(number: usize, json: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let encode = |data: &[u8]| {
        let text = base64::engine::general_purpose::STANDARD.encode(data);
        text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>().join("\r\n")
    };
    let signature = encode(&[number as u8; 256]).replace("\r\n", "\r\n         ");
    let received: String = (0..4)
        .map(|hop| format!("Received: from mail-{hop}.sender.example (mail-{hop}.sender.example [192.0.2.{hop}])\r\n        by mx{hop}.shop.example with ESMTPS id {number:016x}\r\n        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n        Mon, 02 Mar 2026 10:{hop:02}:00 +0000\r\n"))
        .collect();
    format!(
        "Return-Path: <bounce@sender.example>\r\n{received}DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=sender.example; s=2026;\r\n        h=from:to:subject:date:message-id:tls-report-domain:tls-report-submitter:mime-version;\r\n        bh=2kbhf54mtX06OiZR0UJXeBrUva5J8cL9m64HSgIK/ZE=;\r\n        b={signature}\r\n\
         Date: Mon, 02 Mar 2026 09:59:00 +0000\r\nMessage-ID: <{number}@sender.example>\r\n\
         Subject: Report Domain: shop.example Submitter: sender.example Report-ID: <{number}@sender.example>\r\n\
         From: Sender Reports <noreply@sender.example>\r\nTo: tls-reports@shop.example\r\n\
         TLS-Report-Domain: shop.example\r\nTLS-Report-Submitter: sender.example\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=\"tlsrpt\"; boundary=\"0000000000007877ce062148fba9\"\r\n\r\n\
         --0000000000007877ce062148fba9\r\nContent-Type: text/plain; charset=\"UTF-8\"; format=flowed; delsp=yes\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nThis is an aggregate TLS report from sender.example\r\n\r\n\
         --0000000000007877ce062148fba9\r\nContent-Type: application/tlsrpt+gzip;\r\n\tname=\"sender.example!shop.example!1772323200!1772409599!{number}.json.gz\"\r\n\
         Content-Disposition: attachment;\r\n\tfilename=\"sender.example!shop.example!1772323200!1772409599!{number}.json.gz\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{attachment}\r\n--0000000000007877ce062148fba9--\r\n",
        attachment = encode(&pack(json)),
    )
    .into_bytes()
}
