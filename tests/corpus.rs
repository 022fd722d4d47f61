//! A year of TLS reports about many domains, in the shapes of three senders: as text, as files, as what is taken into a store.
//!
//! Report *n* is the same in every corpus of as many domains. One report in fifty tells of failures.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each target uses its own part of the corpus, and a corpus that cannot be made may panic"
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use stsready::archive::intake::{Parcel, Received, Stamp};
use stsready::model::facts::reports::Authenticity;
use stsready::wire::name::Domain;
use stsready::wire::report::read_all;

/// Who sends, as organisation and reporter.
const SENDERS: [(&str, &str); 3] =
    [("Google Inc.", "google.com"), ("Microsoft Corporation", "microsoft.com"), ("Example Mail Ltd", "mail.example")];

/// So many reports about so many domains, one a day from each of three senders.
#[derive(Clone, Copy)]
pub struct Corpus {
    domains: usize,
    reports: usize,
}

impl Corpus {
    /// The first `reports` reports about `domains` domains.
    pub fn new(domains: usize, reports: usize) -> Self {
        Self { domains, reports }
    }

    /// A time behind every report.
    pub fn end(self) -> Timestamp {
        self.day(self.reports) + SignedDuration::from_hours(48)
    }

    /// The name of a domain.
    pub fn domain(self, number: usize) -> Domain {
        Domain::from_dns(&format!("shop-{:04}.example", number % self.domains))
    }

    /// When the day of report `number` begins.
    fn day(self, number: usize) -> Timestamp {
        let days = i64::try_from(number / (self.domains * SENDERS.len())).expect("a year or some");
        "2025-01-01T00:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_hours(24 * days)
    }

    /// Sessions that failed.
    fn failures(number: usize) -> usize {
        if number.wrapping_mul(2_654_435_761) % 50 == 7 { 1 + number % 4 } else { 0 }
    }

    /// The text of report `number`.
    pub fn text(self, number: usize) -> String {
        let (domain, sender) = (self.domain(number), number / self.domains % SENDERS.len());
        let (begin, end) = (self.day(number), self.day(number) + SignedDuration::from_secs(86_399));
        let (organization, reporter) = SENDERS[sender];
        let (contact, id) = match sender {
            0 => ("smtp-tls-reporting@google.com".to_owned(), format!("{begin}_{domain}")),
            1 => ("tlsrpt-noreply@microsoft.com".to_owned(), format!("{}+{domain}", 133_000_000_000_000_000_u64 + number as u64 * 7919)),
            _ => (format!("tls@{reporter}"), format!("{number:08x}.{domain}")),
        };
        // Some write times without a zone.
        let zone = if sender == 1 { "" } else { "Z" };
        let time = |at: Timestamp| format!("{}{zone}", at.to_string().trim_end_matches('Z'));
        let (sessions, failed) = (40 + number % 900, Self::failures(number));
        let details = match (failed, sender) {
            (0, 0) => String::new(),
            (0, _) => r#","failure-details":[]"#.to_owned(),
            (failed, _) => format!(
                r#","failure-details":[{{"result-type":"certificate-expired","sending-mta-ip":"192.0.2.{}","receiving-mx-hostname":"mx1.{domain}","receiving-ip":"198.51.100.{}","failed-session-count":{failed}}}]"#,
                number % 250,
                number % 200,
            ),
        };
        let summary = format!(r#""summary":{{"total-successful-session-count":{sessions},"total-failure-session-count":{failed}}}"#);
        let sts = format!(
            r#"{{"policy":{{"policy-type":"sts","policy-string":["version: STSv1","mode: testing","mx: mx1.{domain}","mx: mx2.{domain}","max_age: 604800"],"policy-domain":"{domain}","mx-host":["mx1.{domain}","mx2.{domain}"]}},{summary}{details}}}"#
        );
        let mut policies = sts;
        if sender == 1 {
            let tlsa = format!(r#",{{"policy":{{"policy-type":"tlsa","policy-string":["[]"],"policy-domain":"{domain}"}},{summary}}}"#);
            policies.push_str(&tlsa);
        }
        let mut text = String::new();
        write!(
            text,
            r#"{{"organization-name":"{organization}","date-range":{{"start-datetime":"{}","end-datetime":"{}"}},"contact-info":"{contact}","report-id":"{id}","policies":[{policies}]}}"#,
            time(begin),
            time(end),
        )
        .expect("memory");
        text
    }

    /// Its file's name (RFC 8460 §5.1).
    pub fn name(self, number: usize) -> String {
        let (_, reporter) = SENDERS[number / self.domains % SENDERS.len()];
        let begin = self.day(number).as_second();
        format!("{reporter}!{}!{begin}!{}!{number:07}.json.gz", self.domain(number), begin + 86_399)
    }

    /// Writes every report into a file of its own, a thousand a folder; says how many bytes there are in all.
    pub fn write(self, folder: &Path) -> usize {
        let mut bytes = 0;
        for number in 0..self.reports {
            let folder = folder.join(format!("{:04}", number / 1_000));
            std::fs::create_dir_all(&folder).expect("a folder");
            let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
            let packed = packer.write_all(self.text(number).as_bytes()).and_then(|()| packer.finish()).expect("memory");
            bytes += packed.len();
            std::fs::write(folder.join(self.name(number)), packed).expect("written");
        }
        bytes
    }

    /// Every report as it comes out of such a file, one after another.
    pub fn parcels(self) -> impl Iterator<Item = Parcel> {
        (0..self.reports).map(move |number| self.parcel(number))
    }

    /// Report `number` as it comes out of its file.
    pub fn parcel(self, number: usize) -> Parcel {
        let source = format!("/var/mail/reports/{:04}/{}", number / 1_000, self.name(number));
        let stamp = Stamp { path: source.clone(), size: 640, modified: self.day(number).as_second() * 1_000_000_000 };
        let read = read_all(self.text(number).as_bytes()).remove(0).expect("a report");
        let (_, reporter) = SENDERS[number / self.domains % SENDERS.len()];
        let received = Received {
            report: read,
            reporter: reporter.to_owned(),
            subject: Some(self.domain(number)),
            source,
            authenticity: Authenticity::Operator,
            received_at: None,
            raw: None,
        };
        Parcel { stamp: Some(stamp), reports: vec![received], last: true, ..Parcel::default() }
    }
}
