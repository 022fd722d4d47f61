//! What reports say about domains, broken down: tables for people, rows for spreadsheets and programs.

use serde::Serialize;

use super::escape;
use super::page::{Look, Page};
use super::text::sessions::{self, count};
use crate::model::breakdown::{Breakdown, FailureLine, PolicyLine, ReporterLine, Row};
use crate::wire::name::Domain;
use crate::wire::report::PolicyType;

/// The schema's name and version, of rows.
pub const SCHEMA: &str = "stsready/breakdown/1";
/// Reporters, policies and kinds of failure beyond these are counted.
const SHOWN: usize = 12;
/// Days beyond these do not fit into a line of bars; the newest are shown.
const BARS: usize = 90;

/// One domain, for people.
pub(super) fn write(breakdown: &Breakdown, page: &mut Page) {
    let all = breakdown.successful.saturating_add(breakdown.failed);
    let facts = format!(
        "  {}, {}, {} to {}, {}",
        count(all, "session"),
        failed(breakdown.failed, all),
        breakdown.since,
        breakdown.until,
        count(breakdown.reports, "report")
    );
    page.line(&[(Look::Strong, &breakdown.domain.shown()), (Look::Faint, &facts)]);
    sessions::bars(breakdown.days.get(breakdown.days.len().saturating_sub(BARS)..).unwrap_or_default(), page);
    part(page, "Reporters", &breakdown.reporters, reporter);
    part(page, "Policies they applied, newest first", &breakdown.policies, policy);
    part(page, "Failures", &breakdown.failures, failure);
    if breakdown.rows_merged {
        page.paragraph(&[(Look::Warning, "  ! ")], Look::Plain, "so many kinds of failure that not all of them are told apart");
    }
}

/// `3 failed (1.2 %)`.
pub(super) fn failed(failed: u64, all: u64) -> String {
    if failed == 0 || all == 0 {
        return format!("{failed} failed");
    }
    #[expect(clippy::cast_precision_loss, reason = "a share to show")]
    let share = failed as f64 * 100.0 / all as f64;
    if share < 0.01 { format!("{failed} failed (under 0.01 %)") } else { format!("{failed} failed ({share:.2} %)") }
}

fn part<T>(page: &mut Page, title: &str, lines: &[T], row: fn(&T) -> Vec<(Look, String)>) {
    if lines.is_empty() {
        return;
    }
    page.line(&[(Look::Strong, &format!("  {title}"))]);
    let rows: Vec<_> = lines.iter().take(SHOWN).map(row).collect();
    page.table(2, &rows);
    if lines.len() > SHOWN {
        page.line(&[(Look::Faint, &format!("  and {} more", lines.len() - SHOWN))]);
    }
}

fn reporter(line: &ReporterLine) -> Vec<(Look, String)> {
    let all = line.successful.saturating_add(line.failed);
    vec![
        (Look::Plain, line.reporter.clone()),
        (Look::Plain, count(line.reports, "report")),
        (Look::Plain, count(all, "session")),
        (if line.failed > 0 { Look::Warning } else { Look::Plain }, failed(line.failed, all)),
        (Look::Faint, format!("last period ends {}", super::text::minute(line.last))),
    ]
}

fn policy(line: &PolicyLine) -> Vec<(Look, String)> {
    let all = line.successful.saturating_add(line.failed);
    vec![
        (Look::Plain, line.version.clone().unwrap_or_else(|| "no text".to_owned())),
        (Look::Plain, said(line)),
        (Look::Plain, count(all, "session")),
        (if line.failed > 0 { Look::Warning } else { Look::Plain }, failed(line.failed, all)),
        (Look::Faint, format!("{}, by {}", span(line.first, line.last), line.reporters.join(", "))),
    ]
}

/// The policy in a few words: its type, its mode, its hosts.
fn said(line: &PolicyLine) -> String {
    let field = |name: &str| -> Vec<&str> {
        let values = line.text.iter().filter_map(|line| line.split_once(':')).filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        values.map(|(_, value)| value.trim()).collect()
    };
    match &line.policy_type {
        PolicyType::Sts => {
            let mut words = vec!["sts".to_owned()];
            words.extend(field("mode").first().map(|mode| (*mode).to_owned()));
            let hosts = field("mx");
            words.extend((!hosts.is_empty()).then(|| {
                let more = hosts.len().saturating_sub(3);
                let shown = hosts.iter().take(3).copied().collect::<Vec<_>>().join(" ");
                if more > 0 { format!("{shown} and {more} more") } else { shown }
            }));
            words.join(", ")
        }
        other => named(other).to_owned(),
    }
}

fn failure(line: &FailureLine) -> Vec<(Look, String)> {
    let reason = line.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    vec![
        (Look::Warning, format!("{}{reason}", line.result_type)),
        (Look::Plain, line.mx.as_ref().map_or_else(|| "no MX named".to_owned(), ToString::to_string)),
        (Look::Plain, count(line.sessions, "session")),
        (Look::Plain, format!("on {}", count(line.days, "day"))),
        (Look::Faint, format!("{}, by {}", span(line.first, line.last), line.reporter)),
    ]
}

fn span(first: jiff::civil::Date, last: jiff::civil::Date) -> String {
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

fn named(policy_type: &PolicyType) -> &str {
    match policy_type {
        PolicyType::Sts => "sts",
        PolicyType::Tlsa => "tlsa",
        PolicyType::NoPolicyFound => "no-policy-found",
        PolicyType::Other(other) => other,
    }
}

/// A row, and whom it is about.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Row"))]
pub(super) struct Line<'a> {
    /// The schema's name and version.
    schema: &'static str,
    /// The policy domain.
    domain: &'a Domain,
    #[serde(flatten)]
    row: &'a Row,
}

/// A line a row: one object each.
pub fn lines(breakdowns: &[Breakdown]) -> Result<String, serde_json::Error> {
    let mut out = String::new();
    for breakdown in breakdowns {
        for row in &breakdown.rows {
            out.push_str(&escape::json_line(&Line { schema: SCHEMA, domain: &breakdown.domain, row })?);
        }
    }
    Ok(out)
}

/// The header of [`csv`].
const COLUMNS: [&str; 10] = ["domain", "day", "reporter", "policy_type", "policy_version", "mx", "result", "reason", "sessions", "counted"];

/// Rows for a spreadsheet (RFC 4180), a header first.
pub fn csv(breakdowns: &[Breakdown]) -> Result<String, csv::Error> {
    super::list::csv(COLUMNS, breakdowns.iter().flat_map(|breakdown| breakdown.rows.iter().map(|row| cells(&breakdown.domain, row))))
}

fn cells(domain: &Domain, row: &Row) -> [String; 10] {
    let text = |text: &str| escape::cell(text).into_owned();
    [
        text(domain.as_str()),
        row.day.to_string(),
        text(&row.reporter),
        text(named(&row.policy_type)),
        row.version.clone().unwrap_or_default(),
        row.mx.as_ref().map(|mx| text(mx.as_str())).unwrap_or_default(),
        text(&row.result),
        row.reason.as_deref().map(text).unwrap_or_default(),
        row.sessions.to_string(),
        row.counted.to_string(),
    ]
}
