//! Reports made to measure for tests: one reporter, one day, one entry, and what deviates.

use jiff::{SignedDuration, Timestamp};

use super::day;
use crate::model::facts::reports::{Authenticity, FailureDetail, PolicyType, Report, ReportFacts, ReportPolicy};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// A Tuesday noon.
pub(crate) const NOW: &str = "2026-03-31T12:00:00Z";
/// The policy in force in most tests.
pub(crate) const TESTING: &str = "version: STSv1\nmode: testing\nmx: mx1.shop.example\nmx: mx2.shop.example\nmax_age: 604800\n";

/// [`NOW`] as an instant.
pub(crate) fn now() -> Timestamp {
    NOW.parse().expect("a time")
}

/// A report in the making.
#[derive(Clone, Debug)]
pub(crate) struct Letter(Report);

impl Letter {
    /// About the UTC day so many days before [`NOW`], with 20 clean sessions under [`TESTING`].
    pub(crate) fn new(reporter: &str, days_ago: i64) -> Self {
        let start = day::midnight(day::of(now()) - days_ago);
        Self(Report {
            reporter: reporter.to_owned(),
            organization: reporter.to_uppercase(),
            id: format!("{reporter}-{days_ago}"),
            start,
            end: start + SignedDuration::from_secs(86_399),
            source: "test".to_owned(),
            sha256: Fingerprint::of(format!("{reporter}-{days_ago}").as_bytes()),
            authenticity: Authenticity::Operator,
            policies: vec![entry(PolicyType::Sts, TESTING, 20)],
            oddities: Vec::new(),
        })
    }

    /// Clean ones about all these days.
    pub(crate) fn daily(reporter: &str, days_ago: impl IntoIterator<Item = i64>) -> Vec<Self> {
        days_ago.into_iter().map(|ago| Self::new(reporter, ago)).collect()
    }

    /// With so many successful sessions.
    pub(crate) fn sessions(mut self, sessions: u64) -> Self {
        self.0.policies[0].successful = sessions;
        self
    }

    /// Under this policy; empty text for none.
    pub(crate) fn policy(mut self, text: &str) -> Self {
        self.0.policies[0].policy_string = text.lines().map(str::to_owned).collect();
        self
    }

    /// Of this type, without policy text.
    pub(crate) fn kind(mut self, kind: PolicyType) -> Self {
        self.0.policies[0].policy_type = kind;
        self.policy("")
    }

    /// With failures of one kind; the total says them too.
    pub(crate) fn failed(mut self, result_type: &str, mx: &str, sessions: u64) -> Self {
        let detail = FailureDetail {
            result_type: result_type.to_owned(),
            mx: (!mx.is_empty()).then(|| Domain::from_dns(mx)),
            sessions,
            ..FailureDetail::default()
        };
        self.0.policies[0].details.push(detail);
        self.0.policies[0].failed += sessions;
        self
    }

    /// The last failure gives this reason.
    pub(crate) fn because(mut self, reason: &str) -> Self {
        if let Some(detail) = self.0.policies[0].details.last_mut() {
            detail.reason = Some(reason.to_owned());
        }
        self
    }

    /// With this total of failures, whatever the details say.
    pub(crate) fn total_failed(mut self, sessions: u64) -> Self {
        self.0.policies[0].failed = sessions;
        self
    }

    /// With one more entry.
    pub(crate) fn and(mut self, kind: PolicyType, policy: &str, sessions: u64) -> Self {
        self.0.policies.push(entry(kind, policy, sessions));
        self
    }

    /// As a mail of this standing.
    pub(crate) fn authenticity(mut self, authenticity: Authenticity) -> Self {
        self.0.authenticity = authenticity;
        self
    }

    /// About so many days, this being the first.
    pub(crate) fn lasting(mut self, days: i64) -> Self {
        self.0.end = self.0.start + SignedDuration::from_hours(24 * days);
        self
    }
}

fn entry(policy_type: PolicyType, policy: &str, successful: u64) -> ReportPolicy {
    ReportPolicy {
        policy_type,
        domain: Domain::from_dns("shop.example"),
        policy_string: policy.lines().map(str::to_owned).collect(),
        mx_host: Vec::new(),
        successful,
        failed: 0,
        details: Vec::new(),
    }
}

/// The letters as they come out of an archive.
pub(crate) fn facts(letters: impl IntoIterator<Item = Letter>) -> ReportFacts {
    let reports: Vec<Report> = letters.into_iter().map(|letter| letter.0).collect();
    ReportFacts { sources: vec!["reports".to_owned()], files: reports.len() as u64, reports, ..ReportFacts::default() }
}
