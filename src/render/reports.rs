//! `reports show`: what was read, for people and for programs (`stsready/reports/1`).

use jiff::Timestamp;
use serde::Serialize;

use super::breakdown;
use super::escape;
use super::page::{Look, Page};
use super::row;
use super::text::sessions::count;
use crate::model::assessment::ReportsSummary;
use crate::model::breakdown::Breakdown;
use crate::model::facts::reports::{Authenticity, Rejected, ReportFacts, SetAside};
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
    /// Each report with who sent it and where it was read from; `None` out of the store, whose `reports list` tells them.
    pub reports: Option<Vec<(&'a str, &'a str, &'a TlsReport)>>,
    /// What they say, a domain each.
    pub domains: Vec<AboutDomain>,
}

/// What the reports about one domain say.
#[derive(Debug)]
pub struct AboutDomain {
    /// Whom they are about.
    pub domain: Domain,
    /// As of when.
    pub as_of: Timestamp,
    /// What they add up to.
    pub summary: ReportsSummary,
    /// The same, broken down.
    pub breakdown: Breakdown,
    /// What does not count.
    pub set_aside: Vec<SetAside>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Reports"))]
pub(super) struct View<'a> {
    /// The schema's name and version.
    schema: &'static str,
    /// What was read, as given.
    sources: &'a [String],
    /// Files with a report in them.
    files: u64,
    /// Files that plainly are something else.
    ignored: u64,
    /// Reports that came more than once.
    duplicates: u64,
    /// What could not be read, and why.
    rejected: &'a [Rejected],
    /// What the reports say, a domain each.
    domains: Vec<DomainView<'a>>,
    /// Each report; left out where they come out of the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    reports: Option<Vec<ReportView<'a>>>,
}

/// What the reports about one domain say.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "AboutDomain"))]
struct DomainView<'a> {
    /// Whom they are about.
    domain: &'a Domain,
    /// Its U-labels, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_unicode: Option<String>,
    /// As of when they were summed up.
    as_of: Timestamp,
    /// What they add up to.
    summary: &'a ReportsSummary,
    /// The same, broken down.
    breakdown: &'a Breakdown,
    /// What does not count.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    set_aside: &'a [SetAside],
}

/// A report, and where it came from.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Report"))]
pub(super) struct ReportView<'a> {
    /// Who sent it: a registered domain, else the organisation's name.
    reporter: &'a str,
    /// Where it was read from.
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
    for (reporter, source, report) in reading.reports.iter().flatten() {
        out.push_str(&row::line(SCHEMA, &ReportView { reporter, source, report })?);
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
            .map(|about| DomainView {
                domain: &about.domain,
                domain_unicode: about.domain.unicode(),
                as_of: about.as_of,
                summary: &about.summary,
                breakdown: &about.breakdown,
                set_aside: &about.set_aside,
            })
            .collect(),
        reports: reading
            .reports
            .as_ref()
            .map(|reports| reports.iter().map(|(reporter, source, report)| ReportView { reporter, source, report }).collect()),
    }
}

/// For people: what was read, then each domain, then what could not be read.
pub fn text(reading: &Reading<'_>, width: usize) -> String {
    let mut page = Page::new(width);
    let facts = reading.facts;
    if let Some(reports) = &reading.reports {
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
        let reports = count(reports.len() as u64, "report");
        page.line(&[(Look::Strong, &reports), (Look::Plain, &format!(" {}", parts.join(", ")))]);
    }
    for about in &reading.domains {
        page.gap();
        breakdown::write(&about.breakdown, &mut page);
        for aside in &about.set_aside {
            page.paragraph(&[(Look::Warning, "  ! ")], Look::Plain, &left_out(aside));
        }
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

fn left_out(aside: &SetAside) -> String {
    let why = match &aside.authenticity {
        Authenticity::Failed { why } => format!("not authentic: {why}"),
        Authenticity::Unverifiable { why, .. } => format!("not verified: {why}"),
        Authenticity::Operator | Authenticity::Verified { .. } => "not counted".to_owned(),
    };
    format!("{} of {} left out, {why}", count(aside.reports, "report"), aside.reporter)
}
