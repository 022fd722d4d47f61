//! TLS reports as senders write them, made to measure for the demo and the tests.

#![allow(dead_code, unreachable_pub, reason = "each target uses its own part")]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

/// The UTC date so many days before today.
pub fn days_ago(days: i64) -> Date {
    Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().checked_sub(days.days()).expect("a date near today")
}

/// Organization, contact and daily sessions of the two senders that write about every healthy domain.
pub const SENDERS: [(&str, &str, u64); 2] =
    [("Google Inc.", "smtp-tls-reporting@google.com", 31), ("Microsoft Corporation", "tlsrpt-noreply@microsoft.com", 12)];

/// Clean daily reports from [`SENDERS`] about `domain` and its `policy`.
pub fn clean(domain: &str, policy: &str, days: impl IntoIterator<Item = i64>) -> Vec<Letter> {
    days.into_iter()
        .flat_map(|day| {
            SENDERS.map(|(organization, contact, sessions)| {
                Letter::new(domain, organization, contact, days_ago(day)).policy(policy).successful(sessions)
            })
        })
        .collect()
}

/// One report about one domain and one UTC day.
#[derive(Clone, Debug)]
pub struct Letter {
    domain: String,
    organization: String,
    contact: String,
    day: Date,
    policy_type: String,
    policy: Vec<String>,
    successful: u64,
    failures: Vec<Value>,
    total_failed: Option<u64>,
    others: Vec<Value>,
}

impl Letter {
    /// A report without sessions.
    pub fn new(domain: &str, organization: &str, contact: &str, day: Date) -> Self {
        Self {
            domain: domain.into(),
            organization: organization.into(),
            contact: contact.into(),
            day,
            policy_type: "sts".into(),
            policy: Vec::new(),
            successful: 0,
            failures: Vec::new(),
            total_failed: None,
            others: Vec::new(),
        }
    }

    /// The policy that the sender applied.
    pub fn policy(mut self, text: &str) -> Self {
        self.policy = text.lines().map(str::to_owned).collect();
        self
    }

    /// Another type than `sts`, such as `tlsa` or `no-policy-found`.
    pub fn of_type(mut self, policy_type: &str) -> Self {
        self.policy_type = policy_type.into();
        self
    }

    /// Successful sessions.
    pub fn successful(mut self, sessions: u64) -> Self {
        self.successful = sessions;
        self
    }

    /// Failed sessions at one MX host.
    pub fn failed(self, result_type: &str, mx: &str, sessions: u64) -> Self {
        self.failing(json!({
            "result-type": result_type,
            "sending-mta-ip": "192.0.2.200",
            "receiving-mx-hostname": mx,
            "failed-session-count": sessions,
        }))
    }

    /// One entry of `failure-details`, as it is.
    pub fn failing(mut self, details: Value) -> Self {
        self.failures.push(details);
        self
    }

    /// Another `total-failure-session-count` than the sum of the details.
    pub fn counting_failures(mut self, sessions: u64) -> Self {
        self.total_failed = Some(sessions);
        self
    }

    /// What `other` says about its policy stands in this report, too.
    pub fn also(mut self, other: &Self) -> Self {
        self.others.push(other.entry());
        self
    }

    /// How many days ago it is about.
    pub fn is_about(&self, days: i64) -> bool {
        self.day == days_ago(days)
    }

    /// Whether `organization` wrote it.
    pub fn is_from(&self, organization: &str) -> bool {
        self.organization == organization
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let mut policies = vec![self.entry()];
        policies.extend(self.others.iter().cloned());
        json!({
            "organization-name": self.organization,
            "date-range": {
                "start-datetime": format!("{}T00:00:00Z", self.day),
                "end-datetime": format!("{}T23:59:59Z", self.day),
            },
            "contact-info": self.contact,
            "report-id": format!("{}T00:00:00Z_{}", self.day, self.domain),
            "policies": policies,
        })
    }

    /// One element of `policies`.
    fn entry(&self) -> Value {
        let sum = self.failures.iter().filter_map(|failure| failure["failed-session-count"].as_u64()).sum();
        let mut entry = json!({
            "policy": {"policy-type": self.policy_type, "policy-domain": self.domain},
            "summary": {
                "total-successful-session-count": self.successful,
                "total-failure-session-count": self.total_failed.unwrap_or(sum),
            },
        });
        if !self.policy.is_empty() {
            entry["policy"]["policy-string"] = Value::from(self.policy.clone());
        }
        if !self.failures.is_empty() {
            entry["failure-details"] = Value::from(self.failures.clone());
        }
        entry
    }

    /// As the mail of RFC 8460 §5.3 that carries it, gzipped.
    pub fn mail(&self) -> String {
        use base64::Engine as _;
        let name = format!("{}.json.gz", self.stem());
        let body = base64::engine::general_purpose::STANDARD.encode(gzip(self.json().to_string().as_bytes()));
        let lines: Vec<&str> = (0..body.len()).step_by(76).map(|at| &body[at..body.len().min(at + 76)]).collect();
        format!(
            "From: {contact}\r\nTo: tls-reports@reports.lab.test\r\nSubject: Report Domain: {domain} Submitter: {sender} Report-ID: <{day}@{sender}>\r\n\
             TLS-Report-Domain: {domain}\r\nTLS-Report-Submitter: {sender}\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=\"tlsrpt\"; boundary=\"part\"\r\n\r\n\
             --part\r\nContent-Type: text/plain\r\n\r\nThis is an aggregate TLS report.\r\n\
             --part\r\nContent-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"{name}\"\r\n\r\n{attachment}\r\n--part--\r\n",
            contact = self.contact,
            domain = self.domain,
            sender = self.sender(),
            day = self.day,
            attachment = lines.join("\r\n"),
        )
    }

    /// Writes it as plain JSON into `folder`.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("{}.json", self.stem()));
        std::fs::write(&path, self.json().to_string()).expect("a writable folder");
        path
    }

    /// Writes it gzipped into `folder`, as most senders do.
    pub fn write_gzip(&self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("{}.json.gz", self.stem()));
        std::fs::write(&path, gzip(self.json().to_string().as_bytes())).expect("a writable folder");
        path
    }

    /// `sender!domain!day`, as RFC 8460 §5.1 names files.
    pub fn stem(&self) -> String {
        format!("{}!{}!{}", self.sender(), self.domain, self.day)
    }

    fn sender(&self) -> &str {
        self.contact.rsplit('@').next().unwrap_or("unknown")
    }
}

/// Packed as most senders pack.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(bytes).expect("memory");
    gzip.finish().expect("memory")
}
