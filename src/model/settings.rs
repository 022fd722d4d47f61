//! The thresholds of judgement, with their defaults and where these come from (decision: "Enough evidence", "Runway").

use jiff::SignedDuration;

use super::acceptance::Acceptance;

/// At most this many MX records are looked at.
pub const MX_CAP: usize = 100;
/// At most this many addresses of one host are probed.
pub const ADDRESS_CAP: usize = 32;
/// At most this many TLSA records of one host are looked at.
pub const TLSA_CAP: usize = 32;
/// A TLSA record with more data is left out: a whole certificate is far below.
pub const TLSA_DATA_CAP: usize = 16 * 1024;
/// RFC 8461 §3.2: the largest `max_age`, in seconds.
pub const MAX_AGE_CAP: u64 = 31_557_600;
/// RFC 8461 §3.3: senders may refuse a policy of more bytes.
pub const POLICY_CAP: usize = 64 * 1024;
/// A day, in seconds.
pub const DAY: u32 = 86_400;

/// Every number that a judgement depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// When reports suffice.
    pub evidence: EvidenceSettings,
    /// When a certificate's end is near.
    pub runway: RunwaySettings,
    /// The risks that the operator accepts; of several about one finding the first counts.
    pub accept: Vec<Acceptance>,
}

/// When the reports of a domain are enough to conclude from.
#[derive(Clone, Debug, PartialEq)]
pub struct EvidenceSettings {
    /// The shortest window, in days, since the last relevant change (Google advises two weeks of testing).
    pub window_days: i64,
    /// The longest window, in days; failures are always judged over all of it.
    pub longest_window_days: i64,
    /// The share of the window's days that must have reports, of the days on which a regular reporter was due.
    pub days_with_reports: f64,
    /// Days beyond a reporter's own cadence before it counts as late (Microsoft's arrive up to 22 h late, some weeks late).
    pub grace_days: i64,
    /// Reporters, by registered domain, over the longest window.
    pub reporters: usize,
    /// Sessions in the window; zero failures in 300 bound the true rate below 1 % at 95 %.
    pub sessions: u64,
    /// Days in the window on which live checks proved every MX address clean; so many stand in for further reporters and for sessions.
    pub check_days: usize,
    /// Sessions in the window that remain needed then.
    pub sessions_with_checks: u64,
}

/// Thresholds of a certificate's remaining life; a part of its own lifetime and at most an absolute time.
#[derive(Clone, Debug, PartialEq)]
pub struct RunwaySettings {
    /// Advice: renewal is overdue.
    pub overdue: Threshold,
    /// Warning.
    pub warning: Threshold,
    /// Blocker.
    pub critical: Threshold,
}

/// Crossed when less than `1/part` of the lifetime is left and at most `at_most`.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The divisor of the certificate's lifetime.
    pub part: i64,
    /// The absolute bound.
    pub at_most: SignedDuration,
}

impl Default for EvidenceSettings {
    fn default() -> Self {
        Self {
            window_days: 14,
            longest_window_days: 30,
            days_with_reports: 10.0 / 14.0,
            grace_days: 3,
            reporters: 2,
            sessions: 300,
            check_days: 3,
            sessions_with_checks: 20,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        Self {
            evidence: EvidenceSettings::default(),
            runway: RunwaySettings {
                overdue: Threshold { part: 3, at_most: days(30) },
                warning: Threshold { part: 4, at_most: days(30) },
                critical: Threshold { part: 8, at_most: days(14) },
            },
            accept: Vec::new(),
        }
    }
}
