//! What the evidence lacks, one finding a fault, with what is there, what is needed, and when it will be enough.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{ABOUT_THE_POLICY, FEW_SESSIONS, GAPS, NONE, OTHER_POLICY, SINGLE_REPORTER, STALE, WINDOW_SHORT, counted, overview};
use crate::evidence::reports::{Judged, Lack};
use crate::model::finding::{Finding, Sheet};
use crate::model::settings::EvidenceSettings;
use crate::rules::Case;

/// Writes the rules about evidence; those that do not come up are left to hold.
pub(super) fn write(case: &Case<'_>, judged: &Judged, has_policy: bool, sheet: &mut Sheet) {
    let domain = case.facts.domain.as_str();
    if judged.lacks.contains(&Lack::None) {
        none(case, judged, sheet);
        for rule in ABOUT_THE_POLICY {
            sheet.not_applicable(rule, domain, "there is no report");
        }
        return;
    }
    if !has_policy {
        for rule in ABOUT_THE_POLICY {
            sheet.not_applicable(rule, domain, "there is no policy that reports could be about");
        }
        return;
    }
    for lack in &judged.lacks {
        one(case, judged, lack, sheet);
    }
    let other = judged.lacks.iter().any(|lack| matches!(lack, Lack::OtherPolicy { last_in_force: None }));
    if other {
        for rule in [&WINDOW_SHORT, &GAPS, &FEW_SESSIONS, &SINGLE_REPORTER] {
            sheet.not_applicable(rule, domain, "no report is about the policy in force");
        }
    }
}

fn none(case: &Case<'_>, judged: &Judged, sheet: &mut Sheet) {
    let domain = &case.facts.domain;
    let summary = &judged.summary;
    let given = case.facts.reports.as_ref().is_some_and(|reports| !reports.sources.is_empty());
    let aside: u64 = case.facts.reports.iter().flat_map(|reports| &reports.set_aside).map(|aside| aside.reports).sum();
    let message = if aside > 0 {
        let (reports, are) = (counted(aside, "report", "reports"), if aside == 1 { "is" } else { "are" });
        format!(
            "no TLS report about {domain} counts: {reports} {are} set aside, for nothing proves who wrote them (reports-unauthenticated)"
        )
    } else if given {
        format!("no TLS report about {domain} among {}", counted(summary.files, "file", "files"))
    } else {
        "no TLS reports were given, so nothing is known about what senders meet".to_owned()
    };
    let needed = needed(case);
    let finding = sheet.undetermined(&NONE, domain.as_str(), message, overview(judged));
    finding.expected(needed).found(match judged.from_the_future {
        0 if aside > 0 => format!("{}, none of them authentic", counted(aside, "report", "reports")),
        0 => "no report".to_owned(),
        number => format!("{}, all of days that lie in the future", counted(number, "report", "reports")),
    });
    let say = "give the files, folders or mails in which the reports lie: --reports PATH";
    let say = if aside > 0 {
        "verify mails when they arrive, as reports-unauthenticated tells; --trust-unverified counts those whose signature is not wrong"
            .to_owned()
    } else if given {
        format!("{say}; see that _smtp._tls.{domain} names a mailbox that receives them")
    } else {
        say.to_owned()
    };
    finding.fix(format!("{say}{}", earliest(judged)));
}

fn one(case: &Case<'_>, judged: &Judged, lack: &Lack, sheet: &mut Sheet) {
    let settings = &case.settings.evidence;
    let domain = &case.facts.domain;
    let by = overview(judged);
    let mut add = |rule, message: String, expected: String, found: String, fix: &str| {
        let finding: &mut Finding = sheet.undetermined(rule, domain.as_str(), message, by.clone());
        finding.expected(expected).found(found).fix(format!("{fix}{}", earliest(judged)));
    };
    match lack {
        // Said before.
        Lack::None => {}
        Lack::OtherPolicy { last_in_force } => {
            let message = match last_in_force {
                Some(last) => format!("since {} the reports are about another policy, or none, not about the one in force", day(*last)),
                None => "the reports are about another policy, or none, not about the one in force".to_owned(),
            };
            add(
                &OTHER_POLICY,
                message,
                "reports of type sts whose policy has the mode and covers the MX hosts of the one in force".to_owned(),
                format!("{}, none of them lately about it", counted(judged.summary.reports, "report", "reports")),
                "publish a new, never used id if the policy was changed without one, and see that senders can fetch it",
            );
        }
        Lack::Stale { newest, allowed } => add(
            &STALE,
            format!("reports have stopped: the newest is about {}", day(*newest)),
            format!(
                "a report at least every {}, by the reporters' own rhythm and {} of grace",
                counted(*allowed, "day", "days"),
                counted(settings.grace_days, "day", "days")
            ),
            format!("nothing since {}", day(*newest)),
            "see whether the mailbox still takes reports, and give those that came since",
        ),
        Lack::WindowShort { since, changed } => add(
            &WINDOW_SHORT,
            match changed {
                Some(change) => format!(
                    "{} changed ({} to {}), seen on {}: reports from before say nothing about the present state",
                    change.what.words(),
                    change.from,
                    change.to,
                    day(change.at)
                ),
                None => {
                    format!("the reports reach back to {} only; {} are needed", day(*since), counted(settings.window_days, "day", "days"))
                }
            },
            format!("at least {} since the last change that matters", counted(settings.window_days, "day", "days")),
            format!("{}, from {} on", counted(judged.summary.window.days, "day", "days"), day(*since)),
            "Wait, and change nothing of MX hosts and policy meanwhile; or give older reports, if there are any",
        ),
        Lack::Gaps { days, with, needed } => add(
            &GAPS,
            format!("only {with} of the last {} have reports", counted(*days, "day", "days")),
            format!("reports about at least {}", counted(*needed, "day", "days")),
            format!("reports about {}", counted(*with, "day", "days")),
            "give all reports, from every mailbox of the record; else wait for more",
        ),
        Lack::FewSessions { sessions, days, needed } => add(
            &FEW_SESSIONS,
            format!(
                "the reports count {} under the policy in force in {}",
                counted(*sessions, "session", "sessions"),
                counted(*days, "day", "days")
            ),
            if *needed < settings.sessions {
                format!("at least {needed} sessions, beside the clean live checks of every MX address that stand in for the rest")
            } else {
                format!(
                    "at least {needed} sessions; so many without a failure bound its rate below {:.1} %; or {} of them and {}",
                    percent(*needed),
                    settings.sessions_with_checks,
                    checks_needed(settings)
                )
            },
            match judged.summary.failure_rate_upper_bound {
                Some(bound) => format!("{sessions} sessions; the failure rate may still be {:.1} %", bound * 100.0),
                None => format!("{sessions} sessions"),
            },
            &format!("wait for more sessions, and give all reports, from every mailbox of the record{}", by_checking(judged)),
        ),
        Lack::SingleReporter { reporters, others } => {
            let who = if reporters.is_empty() { "nobody".to_owned() } else { reporters.join(", ") };
            let rest = if others.is_empty() { String::new() } else { format!("; about another policy or none: {}", shortened(others)) };
            add(
                &SINGLE_REPORTER,
                format!("only {who} reports about the policy in force"),
                format!(
                    "at least {} within {} days, or {}",
                    counted(settings.reporters, "reporter", "reporters"),
                    settings.longest_window_days,
                    checks_needed(settings)
                ),
                format!("{}{rest}", counted(reporters.len(), "reporter", "reporters")),
                &format!(
                    "give the reports of other senders too, if they arrived elsewhere; else wait for a second one{}",
                    by_checking(judged)
                ),
            );
        }
    }
}

/// What enough evidence is, in one line.
fn needed(case: &Case<'_>) -> String {
    let settings = &case.settings.evidence;
    format!(
        "reports over at least {} days, from at least {} reporters, of at least {} sessions",
        settings.window_days, settings.reporters, settings.sessions
    )
}

/// The date from which the evidence will do, as the end of a sentence.
fn earliest(judged: &Judged) -> String {
    judged.summary.suffices_at.map(|date| format!("; enough on {} if reports stay clean", day(date))).unwrap_or_default()
}

/// What stands in for reporters and sessions.
fn checks_needed(settings: &EvidenceSettings) -> String {
    format!("clean live checks of every MX address on {}", counted(settings.check_days, "day", "days"))
}

/// The way by checks, as the end of a sentence.
fn by_checking(judged: &Judged) -> String {
    let Some(checks) = &judged.summary.checks else { return String::new() };
    let have = format!("{} of {} so far", checks.days, counted(checks.needed, "day", "days"));
    match checks.would_suffice_at {
        Some(at) => format!("; or check once a day, with the same store, until {}: clean checks then stand in ({have})", day(at)),
        None if checks.days < checks.needed => {
            format!("; clean checks of every MX address, with the same store, stand in for what is missing ({have})")
        }
        None => String::new(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a bound in percent")]
fn percent(sessions: u64) -> f64 {
    300.0 / sessions.max(1) as f64
}

fn shortened(names: &[String]) -> String {
    let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > 5 { format!("{shown} and {} more", names.len() - 5) } else { shown }
}

pub(super) fn day(instant: Timestamp) -> Date {
    instant.to_zoned(TimeZone::UTC).date()
}
