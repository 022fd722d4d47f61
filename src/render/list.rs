//! `reports list`: stored reports and rejections, a row each, for people, spreadsheets and programs.

use jiff::Timestamp;
use serde::Serialize;

use super::escape;
use super::page::{Look, Page};
use super::row;
use super::text::sessions::count;
use crate::model::facts::reports::{Authenticity, Rejection};
use crate::wire::name::Domain;
use crate::wire::report::{PolicyEntry, TlsReport};

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/report-list/1";

/// A stored report.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Listed {
    /// Who sent it: a registered domain, else the organisation's name.
    pub reporter: String,
    /// Where it was read from.
    pub source: String,
    /// How far it is proven who wrote it.
    pub authenticity: Authenticity,
    /// When its mail was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// When it came into the store.
    pub ingested_at: Timestamp,
    /// The domains it is about.
    pub domains: Vec<Domain>,
    /// The report itself.
    #[serde(flatten)]
    pub report: TlsReport,
}

impl Listed {
    fn successful(&self) -> u64 {
        self.report.policies.iter().map(|entry| entry.successful).fold(0, u64::saturating_add)
    }

    fn failed(&self) -> u64 {
        self.report.policies.iter().map(PolicyEntry::failures).fold(0, u64::saturating_add)
    }

    fn names(&self) -> String {
        self.domains.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ReportList"))]
pub(super) struct Document<'a, T> {
    /// The schema's name and version.
    schema: &'static str,
    /// The reports in the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    reports: Option<&'a [T]>,
    /// What could not be read (`--rejected`).
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<&'a [Rejection]>,
}

/// The reports as one object.
pub fn document(reports: &[Listed]) -> Result<String, serde_json::Error> {
    escape::json_pretty(&Document { schema: SCHEMA, reports: Some(reports), rejected: None })
}

/// The rejections as one object.
pub fn rejections(rejected: &[Rejection]) -> Result<String, serde_json::Error> {
    escape::json_pretty(&Document::<Listed> { schema: SCHEMA, reports: None, rejected: Some(rejected) })
}

/// One object, in one line.
pub fn line(row: &impl Serialize) -> Result<String, serde_json::Error> {
    row::line(SCHEMA, row)
}

/// The first line of the reports' CSV.
pub const COLUMNS: [&str; 12] = [
    "start",
    "end",
    "reporter",
    "organization",
    "report_id",
    "domains",
    "successful",
    "failed",
    "authenticity",
    "received_at",
    "source",
    "sha256",
];

/// The first line of the rejections' CSV.
pub const REJECTION_COLUMNS: [&str; 6] = ["source", "reason", "size", "first_seen", "last_seen", "sha256"];

/// The cells of one report, in the order of [`COLUMNS`].
pub fn cells(listed: &Listed) -> [String; 12] {
    let text = |text: &str| escape::cell(text).into_owned();
    [
        listed.report.start.to_string(),
        listed.report.end.to_string(),
        text(&listed.reporter),
        text(&listed.report.organization),
        text(&listed.report.id),
        text(&listed.names()),
        listed.successful().to_string(),
        listed.failed().to_string(),
        text(&state(&listed.authenticity)),
        listed.received_at.map(|at| at.to_string()).unwrap_or_default(),
        text(&listed.source),
        listed.report.sha256.to_string(),
    ]
}

/// The cells of one rejection, in the order of [`REJECTION_COLUMNS`].
pub fn rejection_cells(rejected: &Rejection) -> [String; 6] {
    let text = |text: &str| escape::cell(text).into_owned();
    [
        text(&rejected.rejected.source),
        text(&rejected.rejected.reason),
        rejected.size.to_string(),
        rejected.first_seen.to_string(),
        rejected.last_seen.to_string(),
        rejected.sha256.to_string(),
    ]
}

/// Rows for a spreadsheet (RFC 4180), a header first.
pub fn csv<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    // Every cell was text.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One row of those.
pub fn csv_row<const N: usize>(row: [impl AsRef<[u8]>; N]) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new().buffer_capacity(1 << 10).from_writer(Vec::new());
    writer.write_record(row)?;
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn state(authenticity: &Authenticity) -> String {
    match authenticity {
        Authenticity::Operator => "operator".to_owned(),
        Authenticity::Verified { domain, authserv: None } => format!("verified {domain}"),
        Authenticity::Verified { domain, authserv: Some(server) } => format!("verified {domain} by {server}"),
        Authenticity::Failed { .. } => "failed".to_owned(),
        Authenticity::Unverifiable { .. } => "unverifiable".to_owned(),
    }
}

/// Reports for people: a row each; `more`: there are others, which were not asked for.
pub fn text(reports: &[Listed], more: bool, width: usize) -> String {
    let mut page = Page::new(width);
    if reports.is_empty() {
        page.line(&[(Look::Plain, "no reports")]);
        return page.finish();
    }
    let rows: Vec<_> = reports
        .iter()
        .map(|listed| {
            let (successful, failed) = (listed.successful(), listed.failed());
            let look = match listed.authenticity {
                Authenticity::Operator | Authenticity::Verified { .. } => Look::Plain,
                Authenticity::Failed { .. } => Look::Bad,
                Authenticity::Unverifiable { .. } => Look::Warning,
            };
            vec![
                (Look::Plain, super::text::minute(listed.report.end)),
                (Look::Plain, listed.reporter.clone()),
                (Look::Plain, listed.names()),
                (Look::Plain, count(successful.saturating_add(failed), "session")),
                (if failed > 0 { Look::Warning } else { Look::Faint }, format!("{failed} failed")),
                (look, state(&listed.authenticity)),
                (Look::Faint, listed.source.clone()),
            ]
        })
        .collect();
    page.table(0, &rows);
    page.line(&[(Look::Faint, &cut(count(reports.len() as u64, "report"), more))]);
    page.finish()
}

/// How many were told, and how to get at the others.
fn cut(number: String, more: bool) -> String {
    if more { format!("the newest {number}; there are more: --limit N shows N of them, --format csv all") } else { number }
}

/// Rejections for people; `more`: there are others, which were not asked for.
pub fn rejections_text(rejected: &[Rejection], more: bool, width: usize) -> String {
    let mut page = Page::new(width);
    for rejection in rejected {
        let when = format!("  {}  ", super::text::minute(rejection.last_seen));
        let told = format!("{}: {}", rejection.rejected.source, rejection.rejected.reason);
        page.paragraph(&[(Look::Warning, "!"), (Look::Faint, &when)], Look::Plain, &told);
    }
    page.line(&[(Look::Faint, &cut(format!("{} rejected", rejected.len()), more))]);
    page.finish()
}
