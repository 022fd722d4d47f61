//! What senders reported: who, how much, a bar a day, and each kind of failure.

use crate::model::assessment::{Assessment, CheckedFor, DaySummary, FailureGroup, GroupLabel, ReportsSummary};
use crate::render::page::{Look, Page};

/// Failure groups beyond these are counted.
const GROUPS_SHOWN: usize = 12;
/// Reporters beyond these are counted.
const REPORTERS_SHOWN: usize = 10;

pub(super) fn write(assessment: &Assessment, page: &mut Page) {
    let Some(reports) = assessment.reports.as_ref().filter(|reports| reports.reports > 0) else { return };
    page.gap();
    page.line(&[(Look::Strong, "Reports"), (Look::Faint, &format!("  {}", figures(reports)))]);
    bars(&reports.days, page);
    checks(reports, page);
    reporters(reports, page);
    groups(&reports.groups, page);
    super::reasons::write(&reports.groups, page);
    super::refused::write(reports, page);
}

/// The window in one sentence.
pub(in crate::render) fn figures(reports: &ReportsSummary) -> String {
    let bound = reports.failure_rate_upper_bound.map(|bound| format!("; failure rate below {:.2} % (95 %)", bound * 100.0));
    let sessions = count(reports.sessions, "session");
    format!("{sessions}, {} failed in {}{}", reports.failures, days(reports.window.days), bound.unwrap_or_default())
}

/// What live checks stand in for.
fn checks(reports: &ReportsSummary, page: &mut Page) {
    if let Some(text) = checked(reports) {
        page.paragraph(&[(Look::Good, "  ✓ ")], Look::Plain, &text);
    }
}

/// The same in one sentence; nothing where they stand in for nothing.
pub(in crate::render) fn checked(reports: &ReportsSummary) -> Option<String> {
    let checks = reports.checks.as_ref().filter(|checks| !checks.stands_in_for.is_empty())?;
    let words = checks.stands_in_for.iter().map(|what| match what {
        CheckedFor::Reporters => "further reporters",
        CheckedFor::Sessions => "more sessions",
    });
    let words = words.collect::<Vec<_>>().join(" and ");
    Some(format!("clean live checks of every MX address on {} stand in for {words}", days(i64::try_from(checks.days).unwrap_or(0))))
}

/// `1 session`, `2 sessions`.
pub(in crate::render) fn count(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

pub(in crate::render) fn days(number: i64) -> String {
    count(u64::try_from(number).unwrap_or(0), "day")
}

/// One character a day: its height is the day's sessions against the busiest day; failures are marked below.
pub(in crate::render) fn bars(days: &[DaySummary], page: &mut Page) {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = days.iter().map(|day| day.successful.saturating_add(day.failed)).max().unwrap_or(0);
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return };
    let bar: String = days
        .iter()
        .map(|day| {
            let sessions = day.successful.saturating_add(day.failed);
            if day.reports == 0 {
                return '·';
            }
            let step = sessions.saturating_mul(7).checked_div(most).unwrap_or(0);
            usize::try_from(step).ok().and_then(|step| HEIGHTS.get(step)).copied().unwrap_or('▁')
        })
        .collect();
    page.line(&[(Look::Faint, &format!("  {} ", first.day)), (Look::Good, &bar), (Look::Faint, &format!(" {}", last.day))]);
    if days.iter().any(|day| day.failed > 0) {
        let marks: String = days.iter().map(|day| if day.failed > 0 { '×' } else { ' ' }).collect();
        page.line(&[(Look::Plain, "             "), (Look::Bad, &marks), (Look::Faint, " days with failures")]);
    }
}

fn reporters(reports: &ReportsSummary, page: &mut Page) {
    let rows: Vec<_> = reports
        .reporters
        .iter()
        .take(REPORTERS_SHOWN)
        .map(|reporter| {
            vec![
                (Look::Plain, reporter.reporter.clone()),
                (Look::Plain, count(reporter.reports, "report")),
                (Look::Plain, count(reporter.sessions, "session")),
                (Look::Faint, format!("last period ends {}", super::minute(reporter.last))),
            ]
        })
        .collect();
    page.table(2, &rows);
    if reports.reporters.len() > REPORTERS_SHOWN {
        page.line(&[(Look::Faint, &format!("  and {} more reporters", reports.reporters.len() - REPORTERS_SHOWN))]);
    }
}

/// The sign, the word and the look of what became of a kind of failure.
pub(in crate::render) fn label(label: GroupLabel) -> (&'static str, &'static str, Look) {
    match label {
        GroupLabel::StillTrue => ("✗", "still true", Look::Bad),
        GroupLabel::Fixed => ("✓", "fixed", Look::Good),
        GroupLabel::Unexplained => ("!", "unexplained", Look::Warning),
        GroupLabel::Foreign => ("!", "not your MX", Look::Warning),
        GroupLabel::NotSts => ("·", "DANE", Look::Faint),
    }
}

/// Each kind of failure, with its label.
fn groups(groups: &[FailureGroup], page: &mut Page) {
    if groups.is_empty() {
        return;
    }
    page.line(&[(Look::Strong, "  Failures")]);
    let rows: Vec<_> = groups.iter().take(GROUPS_SHOWN).map(row).collect();
    page.table(2, &rows);
    if groups.len() > GROUPS_SHOWN {
        page.line(&[(Look::Faint, &format!("  and {} more kinds of failure", groups.len() - GROUPS_SHOWN))]);
    }
}

fn row(group: &FailureGroup) -> Vec<(Look, String)> {
    let (_, word, look) = label(group.label);
    let (first, last) = (super::date(group.first), super::date(group.last));
    let when = if first == last { first } else { format!("{first} to {last}") };
    let reason = group.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    vec![
        (look, word.to_owned()),
        (Look::Plain, format!("{}{reason}", group.result_type)),
        (Look::Plain, group.mx.as_ref().map_or_else(|| "no MX named".to_owned(), ToString::to_string)),
        (Look::Plain, count(group.sessions, "session")),
        (Look::Faint, format!("{when}, by {}", group.reporter)),
    ]
}
