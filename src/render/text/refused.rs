//! What enforce would have refused, the newest days first.

use super::sessions::count;
use crate::model::assessment::{Refused, ReportsSummary};
use crate::render::page::{Look, Page};

/// Lines beyond these are counted.
const SHOWN: usize = 10;

pub(super) fn write(reports: &ReportsSummary, page: &mut Page) {
    if reports.refused.is_empty() {
        return;
    }
    let of = reports.hosts_left.map(|hosts| hosts.of);
    let left = reports.hosts_left.map(|hosts| format!("  at worst {} of {} MX hosts left", hosts.left, hosts.of)).unwrap_or_default();
    page.line(&[(Look::Strong, "  Enforce would have refused"), (Look::Faint, &left)]);
    let rows: Vec<_> = reports.refused.iter().rev().take(SHOWN).map(|line| row(line, of)).collect();
    page.table(2, &rows);
    let more = (reports.refused.len() + reports.refused_left_out).saturating_sub(rows.len());
    if more > 0 {
        page.line(&[(Look::Faint, &format!("  and {more} more on these and earlier days"))]);
    }
}

fn row(line: &Refused, of: Option<usize>) -> Vec<(Look, String)> {
    let left = line.hosts_left.zip(of).map(|(left, of)| format!("; {left} of {of} hosts left")).unwrap_or_default();
    vec![
        (Look::Faint, line.day.to_string()),
        (Look::Plain, line.mx.as_ref().map_or_else(|| "no MX named".to_owned(), ToString::to_string)),
        (Look::Warning, count(line.sessions, "session")),
        (Look::Faint, format!("by {}{left}", line.reporter)),
    ]
}
