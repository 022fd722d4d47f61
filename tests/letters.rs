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

/// One report about one domain and one UTC day.
#[derive(Clone, Debug)]
pub struct Letter {
    domain: String,
    organization: String,
    contact: String,
    day: Date,
    policy: Vec<String>,
    successful: u64,
    failures: Vec<Value>,
}

impl Letter {
    /// A report without sessions.
    pub fn new(domain: &str, organization: &str, contact: &str, day: Date) -> Self {
        Self {
            domain: domain.into(),
            organization: organization.into(),
            contact: contact.into(),
            day,
            policy: Vec::new(),
            successful: 0,
            failures: Vec::new(),
        }
    }

    /// The policy that the sender applied.
    pub fn policy(mut self, text: &str) -> Self {
        self.policy = text.lines().map(str::to_owned).collect();
        self
    }

    /// Successful sessions.
    pub fn successful(mut self, sessions: u64) -> Self {
        self.successful = sessions;
        self
    }

    /// Failed sessions at one MX host.
    pub fn failed(mut self, result_type: &str, mx: &str, sessions: u64) -> Self {
        self.failures.push(json!({
            "result-type": result_type,
            "sending-mta-ip": "192.0.2.200",
            "receiving-mx-hostname": mx,
            "failed-session-count": sessions,
        }));
        self
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let failed: u64 = self.failures.iter().filter_map(|failure| failure["failed-session-count"].as_u64()).sum();
        let mut policy = json!({
            "policy": {"policy-type": "sts", "policy-string": self.policy, "policy-domain": self.domain},
            "summary": {"total-successful-session-count": self.successful, "total-failure-session-count": failed},
        });
        if !self.failures.is_empty() {
            policy["failure-details"] = Value::from(self.failures.clone());
        }
        json!({
            "organization-name": self.organization,
            "date-range": {
                "start-datetime": format!("{}T00:00:00Z", self.day),
                "end-datetime": format!("{}T23:59:59Z", self.day),
            },
            "contact-info": self.contact,
            "report-id": format!("{}T00:00:00Z_{}", self.day, self.domain),
            "policies": [policy],
        })
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
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(self.json().to_string().as_bytes()).expect("memory");
        std::fs::write(&path, gzip.finish().expect("memory")).expect("a writable folder");
        path
    }

    /// `sender!domain!day`, as RFC 8460 §5.1 names files.
    fn stem(&self) -> String {
        let sender = self.contact.rsplit('@').next().unwrap_or("unknown");
        format!("{sender}!{}!{}", self.domain, self.day)
    }
}
