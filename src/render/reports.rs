//! `reports show`: what was read, for people and for programs (`stsready/reports/1`).

use jiff::Timestamp;
use serde::Serialize;

use super::escape;
use super::page::{Look, Page};
use super::text::sessions::{self, count};
use crate::model::assessment::ReportsSummary;
use crate::model::facts::reports::{Rejected, ReportFacts};
use crate::wire::name::Domain;
use crate::wire::report::TlsReport;

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/reports/1";
/// Rejected files beyond these are counted in the text.
const REJECTED_SHOWN: usize = 20;

/// Everything that was read.
#[derive(Debug)]
pub struct Reading<'a> {
    /// Files, duplicates, rejections.
    pub facts: &'a ReportFacts,
    /// Each report with who sent it and where it was read from.
    pub reports: Vec<(&'a str, &'a str, &'a TlsReport)>,
    /// What they add up to, a domain each, and as of when.
    pub domains: Vec<(Domain, Timestamp, ReportsSummary)>,
}

#[derive(Serialize)]
struct View<'a> {
    schema: &'static str,
    sources: &'a [String],
    files: u64,
    ignored: u64,
    duplicates: u64,
    rejected: &'a [Rejected],
    domains: Vec<DomainView<'a>>,
    reports: Vec<ReportView<'a>>,
}

#[derive(Serialize)]
struct DomainView<'a> {
    domain: &'a Domain,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_unicode: Option<String>,
    as_of: Timestamp,
    summary: &'a ReportsSummary,
}

#[derive(Serialize)]
struct ReportView<'a> {
    reporter: &'a str,
    source: &'a str,
    #[serde(flatten)]
    report: &'a TlsReport,
}

/// One object.
pub fn document(reading: &Reading<'_>) -> Result<String, serde_json::Error> {
    escape::json_pretty(&view(reading))
}

/// One line for each report: rows to work on.
pub fn lines(reading: &Reading<'_>) -> Result<String, serde_json::Error> {
    let mut out = String::new();
    for (reporter, source, report) in &reading.reports {
        out.push_str(&escape::json_line(&ReportView { reporter, source, report })?);
    }
    Ok(out)
}

fn view<'a>(reading: &'a Reading<'a>) -> View<'a> {
    let facts = reading.facts;
    View {
        schema: SCHEMA,
        sources: &facts.sources,
        files: facts.files,
        ignored: facts.ignored,
        duplicates: facts.duplicates,
        rejected: &facts.rejected,
        domains: reading
            .domains
            .iter()
            .map(|(domain, as_of, summary)| DomainView { domain, domain_unicode: domain.unicode(), as_of: *as_of, summary })
            .collect(),
        reports: reading.reports.iter().map(|(reporter, source, report)| ReportView { reporter, source, report }).collect(),
    }
}

/// For people: what was read, then each domain, then what could not be read.
pub fn text(reading: &Reading<'_>, width: usize) -> String {
    let mut page = Page::new(width);
    let facts = reading.facts;
    let mut parts = vec![format!("in {}", count(facts.files, "file"))];
    if facts.duplicates > 0 {
        parts.push(format!("{} left out", count(facts.duplicates, "duplicate")));
    }
    if facts.ignored > 0 {
        parts.push(format!("{} ignored as something else", count(facts.ignored, "file")));
    }
    if !facts.rejected.is_empty() {
        parts.push(format!("{} rejected", facts.rejected.len()));
    }
    let reports = count(reading.reports.len() as u64, "report");
    page.line(&[(Look::Strong, &reports), (Look::Plain, &format!(" {}", parts.join(", ")))]);
    for (domain, as_of, summary) in &reading.domains {
        page.gap();
        let sessions: u64 = summary.reporters.iter().fold(0, |sum, reporter| sum.saturating_add(reporter.sessions));
        let failed: u64 = summary.groups.iter().fold(0, |sum, group| sum.saturating_add(group.sessions));
        let facts = format!("  {}, {failed} failed, in the 30 days to {}", count(sessions, "session"), super::text::date(*as_of));
        page.line(&[(Look::Strong, &domain.shown()), (Look::Faint, &facts)]);
        sessions::unjudged(summary, &mut page);
    }
    if !facts.rejected.is_empty() {
        page.gap();
        page.line(&[(Look::Strong, "Rejected")]);
        for rejected in facts.rejected.iter().take(REJECTED_SHOWN) {
            page.paragraph(&[(Look::Warning, "  ! ")], Look::Plain, &format!("{}: {}", rejected.source, rejected.reason));
        }
        if facts.rejected.len() > REJECTED_SHOWN {
            page.line(&[(Look::Faint, &format!("  and {} more", facts.rejected.len() - REJECTED_SHOWN))]);
        }
    }
    page.finish()
}
