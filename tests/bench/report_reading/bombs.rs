//! What is made to hurt, read in a process of its own: how long it takes and how much memory.

use std::convert::Infallible;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use stsready::archive::intake::OperatorsWord;
use stsready::archive::read::{self, Options};

/// Each by its name, with what makes it.
const BOMBS: [(&str, fn() -> Vec<u8>); 12] = [
    ("nothing", || b"{}".to_vec()),
    ("gzip of zeros", || super::pack(&vec![0; 512 << 20])),
    ("gzip in gzip", || super::pack(&super::pack(&vec![0; 512 << 20]))),
    ("gzip of 60 MiB of policies", || super::pack(report(&"{\"policy\":{}},".repeat(4_800_000)).as_bytes())),
    ("10^6 failure details", || {
        let details = "{\"result-type\":\"x\",\"failed-session-count\":1},".repeat(1_000_000);
        report(&format!("{{\"policy\":{{\"policy-type\":\"sts\"}},\"summary\":{{}},\"failure-details\":[{details}{{}}]}},")).into_bytes()
    }),
    ("10^6 lines of policy", || {
        report(&format!("{{\"policy\":{{\"policy-type\":\"sts\",\"policy-string\":[{}\"\"]}}}},", "\"a\",".repeat(500)).repeat(30_000))
            .into_bytes()
    }),
    ("deep JSON", || "[".repeat(60 << 20).into_bytes()),
    ("100,000 small documents", || report("").repeat(400_000).into_bytes()),
    ("nested MIME", || {
        format!("From: a@b.example\nSubject: s\nContent-Type: message/rfc822\n\n{}", "Content-Type: message/rfc822\n\n".repeat(800_000))
            .into_bytes()
    }),
    ("zip of 50,000 files", || zip(50_000)),
    ("tar of 10^6 files", || tar(1_000_000)),
    ("tar.gz of zeros", || super::pack(&tar_of_zeros())),
];

/// Reads one bomb, or each in a process of its own.
pub fn run(one: Option<&str>) {
    let folder = std::env::temp_dir();
    for (number, (name, make)) in BOMBS.iter().enumerate() {
        let path = folder.join(format!("stsready-bomb-{number}"));
        match one {
            Some(wanted) if wanted == number.to_string() => return measure(name, &path),
            Some(_) => {}
            None => {
                std::fs::File::create(&path).and_then(|mut file| file.write_all(&make())).expect("written");
                let this = std::env::current_exe().expect("this program");
                let status = std::process::Command::new(this).args(["--bombs", &number.to_string()]).status().expect("started");
                assert!(status.success(), "{name}: {status}");
                std::fs::remove_file(&path).expect("removed");
            }
        }
    }
}

fn measure(name: &str, path: &Path) {
    let (begin, mut reports, mut told) = (Instant::now(), 0, Vec::new());
    let taken = read::each(&[path.to_owned()], &Options { cores: 2, ..Options::new(&OperatorsWord) }, |parcel, _| {
        reports += parcel.reports.len();
        told.extend(parcel.rejected.into_iter().map(|refused| refused.rejected.reason));
        Ok::<(), Infallible>(())
    });
    taken.expect("readable");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("?").trim().to_owned();
    let size = std::fs::metadata(path).map_or(0, |file| file.len() >> 10);
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{name:<28}{size:>8} KiB  {seconds:>6.2} s  peak {peak:>12}  {reports} reports, {}",
        told.first().map_or("nothing refused", String::as_str)
    );
}

fn report(policies: &str) -> String {
    format!(
        "{{\"organization-name\":\"o\",\"report-id\":\"r\",\"date-range\":{{\"start-datetime\":\"2026-03-01\",\"end-datetime\":\"2026-03-01\"}},\"policies\":[{policies}{{}}]}}"
    )
}

fn zip(files: usize) -> Vec<u8> {
    let mut writer = zip::write::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for number in 0..files {
        writer.start_file(number.to_string(), zip::write::SimpleFileOptions::default()).expect("memory");
        writer.write_all(b"{}").expect("memory");
    }
    writer.finish().expect("memory").into_inner()
}

fn tar(files: usize) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for number in 0..files {
        let mut header = tar::Header::new_ustar();
        header.set_size(2);
        builder.append_data(&mut header, number.to_string(), &b"{}"[..]).expect("memory");
    }
    builder.into_inner().expect("memory")
}

fn tar_of_zeros() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    let zeros = vec![0; 400 << 20];
    header.set_size(zeros.len() as u64);
    builder.append_data(&mut header, "zeros.json", &zeros[..]).expect("memory");
    builder.into_inner().expect("memory")
}
