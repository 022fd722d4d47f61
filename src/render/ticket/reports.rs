//! What senders reported: the window, the numbers, the reporters, each kind of failure, and every report by its id and digest.

use crate::model::assessment::{Assessment, FailureGroup, ReportId, ReporterSummary, ReportsSummary};
use crate::render::markdown::{Document, Inline};
use crate::render::text::sessions::{checks, count, label, when};

/// Rows of failures and reporters beyond these are counted.
const ROWS_SHOWN: usize = 50;
/// Reports beyond these are counted.
const IDS_SHOWN: usize = 200;

pub(super) fn write(assessment: &Assessment, document: &mut Document) {
    let Some(reports) = &assessment.reports else { return };
    document.heading(2, Inline::text("Reports"));
    numbers(reports, document);
    document.list(checks(reports).map(Inline::text));
    document.table(
        ["Reporter", "Organisation", "Reports", "Sessions", "Last period ends"],
        reports.reporters.iter().take(ROWS_SHOWN).map(reporter),
    );
    rest(reports.reporters.len(), ROWS_SHOWN, "reporters", document);
    if !reports.groups.is_empty() {
        document.heading(3, Inline::text("Failures"));
        document.table(
            ["Now", "Result", "MX host", "Sessions", "When", "Reporter", "Most likely"],
            reports.groups.iter().take(ROWS_SHOWN).map(group),
        );
        rest(reports.groups.len(), ROWS_SHOWN, "kinds of failure", document);
    }
    if !reports.ids.is_empty() {
        document.heading(3, Inline::text("Reports that were counted"));
        document.table(["Period ends", "Reporter", "Report id", "SHA-256 of its JSON"], reports.ids.iter().take(IDS_SHOWN).map(id));
        rest(reports.ids.len() + reports.ids_left_out, IDS_SHOWN, "reports", document);
    }
}

fn numbers(reports: &ReportsSummary, document: &mut Document) {
    let row = |name: &str, value: Inline| [Inline::text(name), value];
    let bound = reports.failure_rate_upper_bound.map_or_else(
        || "not known: no session".to_owned(),
        |bound| format!("below {:.2} % (95 % confidence, Clopper-Pearson)", bound * 100.0),
    );
    let window = &reports.window;
    let days = count(window.days.unsigned_abs(), "day");
    let refused: u64 = reports.refused.iter().map(|line| line.sessions).fold(0, u64::saturating_add);
    let mut rows = vec![
        row("Window", Inline::code(window.start) + Inline::text(" to ") + Inline::code(window.end) + Inline::text(format!(" ({days})"))),
        row("Days with reports", Inline::text(reports.days_with_reports.to_string())),
        row("Sessions", Inline::text(reports.sessions.to_string())),
        row("Failures that enforce would have refused", Inline::text(reports.failures.to_string())),
        row("Failure rate", Inline::text(bound)),
        row("Reports", Inline::text(reports.reports.to_string())),
    ];
    if refused > 0 {
        let left = reports.hosts_left.map(|hosts| format!("; at worst {} of {} MX hosts left", hosts.left, hosts.of)).unwrap_or_default();
        rows.push(row("Refused over the longest window", Inline::text(format!("{}{left}", count(refused, "session")))));
    }
    rows.extend(reports.suffices_at.map(|at| row("Suffices at the earliest", Inline::code(at))));
    document.table(["", "In the window"], rows);
}

fn reporter(reporter: &ReporterSummary) -> [Inline; 5] {
    [
        Inline::code(&reporter.reporter),
        Inline::text(&reporter.organization),
        Inline::text(reporter.reports.to_string()),
        Inline::text(reporter.sessions.to_string()),
        Inline::code(reporter.last),
    ]
}

fn group(group: &FailureGroup) -> [Inline; 7] {
    let reason = group.reason.as_ref().map(|reason| Inline::text(" ") + Inline::code(reason)).unwrap_or_default();
    let cause =
        group.cause.as_ref().map(|cause| Inline::text(format!("{} (see ", cause.cause)) + Inline::code(cause.see) + Inline::text(")"));
    [
        Inline::text(label(group.label).0),
        Inline::code(&group.result_type) + reason,
        group.mx.as_ref().map_or_else(|| Inline::text("none named"), Inline::code),
        Inline::text(group.sessions.to_string()),
        Inline::text(when(group)),
        Inline::code(&group.reporter),
        cause.unwrap_or_default(),
    ]
}

fn id(id: &ReportId) -> [Inline; 4] {
    [Inline::code(id.end), Inline::code(&id.reporter), Inline::code(&id.id), Inline::code(id.sha256)]
}

fn rest(all: usize, shown: usize, what: &str, document: &mut Document) {
    if all > shown {
        document.paragraph(Inline::text(format!("and {} more {what}; the facts have them all", all - shown)));
    }
}
