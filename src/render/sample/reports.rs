//! What reports add up to: every label, every confidence, days without reports, reporters with hostile names.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::{BREAKOUT, FORMULA, HOSTILE, days_from_now, domain, endless, now};
use crate::model::assessment::{
    Cause, CheckedFor, CleanChecks, Confidence, DaySummary, FailureGroup, GroupLabel, HostsLeft, Refused, ReporterSummary, ReportsSummary,
    Window,
};
use crate::wire::name::Domain;

/// Thirty days with gaps and failures.
pub(super) fn troubled() -> ReportsSummary {
    let group = |reporter: &str, result_type: &str, label, sessions, cause: Option<(Confidence, &'static str, &str)>| FailureGroup {
        reporter: reporter.to_owned(),
        mx: Some(domain("mx2.example.net")),
        result_type: result_type.to_owned(),
        reason: Some(HOSTILE.to_owned()),
        sessions,
        days: 3,
        first: days_from_now(-9),
        last: days_from_now(-2),
        label,
        cause: cause.map(|(confidence, see, cause)| Cause { confidence, see, cause: cause.to_owned() }),
    };
    ReportsSummary {
        days_with_reports: 11,
        reports: 37,
        reporters: vec![
            reporter("google.com", "Google Inc.", 9_000),
            reporter("microsoft.com", HOSTILE, 700),
            reporter(BREAKOUT, FORMULA, 30),
            reporter(&endless(), "", 1),
        ],
        sessions: 9_731,
        failures: 128,
        failure_rate_upper_bound: Some(0.015_6),
        groups: vec![
            group(
                "google.com",
                "certificate-expired",
                GroupLabel::StillTrue,
                90,
                Some((Confidence::Certain, "sample-blocker", "the certificate has expired")),
            ),
            group(
                "microsoft.com",
                "starttls-not-supported",
                GroupLabel::Unexplained,
                30,
                Some((Confidence::Likely, "sample-unknown", "a middlebox takes STARTTLS away")),
            ),
            FailureGroup {
                mx: Some(Domain::from_dns(&format!("{BREAKOUT}.example"))),
                ..group(BREAKOUT, FORMULA, GroupLabel::Foreign, 5, Some((Confidence::Guess, "sample-warning", HOSTILE)))
            },
            FailureGroup { mx: None, reason: None, ..group("google.com", "validation-failure", GroupLabel::Fixed, 2, None) },
            FailureGroup { mx: None, ..group("microsoft.com", "tlsa-invalid", GroupLabel::NotSts, 1, None) },
        ],
        suffices_at: Some(days_from_now(4)),
        checks: Some(CleanChecks {
            days: 2,
            needed: 3,
            stands_in_for: vec![CheckedFor::Reporters, CheckedFor::Sessions],
            would_suffice_at: Some(days_from_now(1)),
        }),
        files: 40,
        duplicates: 2,
        rejected: 1,
        days: days(|index| match index {
            3 | 11 | 12 => (0, 0, 0),
            20..=22 => (180, 42, 2),
            25 => (0, 2, 1),
            _ => (300 + 11 * index, 0, 2),
        }),
        refused: vec![
            Refused {
                day: date(2026, 3, 2),
                reporter: "google.com".to_owned(),
                mx: Some(domain("mx2.example.net")),
                sessions: 42,
                hosts_left: Some(1),
            },
            Refused { day: date(2026, 3, 3), reporter: HOSTILE.to_owned(), mx: None, sessions: 1, hosts_left: None },
        ],
        refused_left_out: 4,
        hosts_left: Some(HostsLeft { left: 1, of: 3 }),
        ..clean()
    }
}

/// Thirty days in which nothing failed.
pub(super) fn clean() -> ReportsSummary {
    ReportsSummary {
        window: Window { start: days_from_now(-14), end: now(), days: 14 },
        days_with_reports: 14,
        reports: 60,
        reporters: vec![reporter("google.com", "Google Inc.", 9_000), reporter("microsoft.com", "Microsoft Corporation", 700)],
        sessions: 9_700,
        failures: 0,
        failure_rate_upper_bound: Some(0.000_4),
        groups: Vec::new(),
        suffices_at: None,
        checks: None,
        files: 60,
        duplicates: 0,
        rejected: 0,
        days: days(|index| (310 + 7 * (index % 5), 0, 2)),
        refused: Vec::new(),
        refused_left_out: 0,
        hosts_left: None,
    }
}

fn reporter(reporter: &str, organization: &str, sessions: u64) -> ReporterSummary {
    ReporterSummary { reporter: reporter.to_owned(), organization: organization.to_owned(), reports: 12, sessions, last: days_from_now(-1) }
}

/// The thirty days before now; of each the successes, the failures, the reports.
fn days(of: impl Fn(u64) -> (u64, u64, u64)) -> Vec<DaySummary> {
    let first: Date = date(2026, 2, 8);
    let one = |index: u64| {
        let (successful, failed, reports) = of(index);
        DaySummary { day: first + i64::try_from(index).expect("a few").days(), successful, failed, reports }
    };
    (0..30).map(one).collect()
}
