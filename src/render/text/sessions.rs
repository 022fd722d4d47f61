//! What senders reported: who, how much, a bar a day, and each kind of failure.

use crate::model::assessment::{Assessment, FailureGroup, GroupLabel, ReportsSummary};
use crate::render::page::{Look, Page};

/// Failure groups beyond these are counted.
const GROUPS_SHOWN: usize = 12;
/// Reporters beyond these are counted.
const REPORTERS_SHOWN: usize = 10;

pub(super) fn write(assessment: &Assessment, page: &mut Page) {
    let Some(reports) = assessment.reports.as_ref().filter(|reports| reports.reports > 0) else { return };
    page.gap();
    let bound =
        reports.failure_rate_upper_bound.map(|bound| format!("; failure rate below {:.2} % (95 %)", bound * 100.0)).unwrap_or_default();
    page.line(&[
        (Look::Strong, "Reports"),
        (Look::Faint, &format!("  {} sessions, {} failed in {} days{bound}", reports.sessions, reports.failures, reports.window.days)),
    ]);
    bars(reports, page);
    reporters(reports, page);
    groups(&reports.groups, page);
}

/// One character a day: its height is the day's sessions against the busiest day; failures are marked below.
fn bars(reports: &ReportsSummary, page: &mut Page) {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = reports.days.iter().map(|day| day.successful.saturating_add(day.failed)).max().unwrap_or(0);
    let (Some(first), Some(last)) = (reports.days.first(), reports.days.last()) else { return };
    let bar: String = reports
        .days
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
    if reports.days.iter().any(|day| day.failed > 0) {
        let marks: String = reports.days.iter().map(|day| if day.failed > 0 { '×' } else { ' ' }).collect();
        page.line(&[(Look::Plain, "             "), (Look::Bad, marks.trim_end()), (Look::Faint, "  days with failures")]);
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
                (Look::Plain, format!("{} reports", reporter.reports)),
                (Look::Plain, format!("{} sessions", reporter.sessions)),
                (Look::Faint, format!("last period ends {}", super::minute(reporter.last))),
            ]
        })
        .collect();
    page.table(2, &rows);
    if reports.reporters.len() > REPORTERS_SHOWN {
        page.line(&[(Look::Faint, &format!("  and {} more reporters", reports.reporters.len() - REPORTERS_SHOWN))]);
    }
}

fn groups(groups: &[FailureGroup], page: &mut Page) {
    if groups.is_empty() {
        return;
    }
    page.line(&[(Look::Strong, "  Failures")]);
    let rows: Vec<_> = groups.iter().take(GROUPS_SHOWN).map(group).collect();
    page.table(2, &rows);
    if groups.len() > GROUPS_SHOWN {
        page.line(&[(Look::Faint, &format!("  and {} more kinds of failure", groups.len() - GROUPS_SHOWN))]);
    }
}

fn group(group: &FailureGroup) -> Vec<(Look, String)> {
    let (word, look) = match group.label {
        GroupLabel::StillTrue => ("still true", Look::Bad),
        GroupLabel::Fixed => ("fixed", Look::Good),
        GroupLabel::Unexplained => ("unexplained", Look::Warning),
        GroupLabel::Foreign => ("not your MX", Look::Warning),
        GroupLabel::NotSts => ("DANE", Look::Faint),
    };
    let day = |at| super::minute(at).split('T').next().unwrap_or_default().to_owned();
    let reason = group.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    vec![
        (look, word.to_owned()),
        (Look::Plain, format!("{}{reason}", group.result_type)),
        (Look::Plain, group.mx.as_ref().map_or_else(|| "no MX named".to_owned(), ToString::to_string)),
        (Look::Plain, format!("{} sessions", group.sessions)),
        (Look::Faint, format!("{} to {}, by {}", day(group.first), day(group.last), group.reporter)),
    ]
}
