//! `reports show`: reports from files, as they are: nothing is looked up, nothing is held against them.

use std::collections::BTreeSet;

use super::args::{RowFormat, ShowArgs};
use super::{Exit, Failure, Streams};
use crate::archive::Archive;
use crate::evidence::reports::{self, Live, Situation};
use crate::model::facts::reports::ReportFacts;
use crate::model::settings::Settings;
use crate::render::reports::{Reading, document, lines, text};
use crate::wire::name::Domain;

/// Prints what the reports say. Exits with 3 if there is none.
pub(super) fn show(args: &ShowArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let archive = Archive::read(&args.what)?;
    let facts = archive.reading();
    let domains: Vec<Domain> = if args.domain.is_empty() { archive.domains().into_iter().cloned().collect() } else { args.domain.clone() };
    let settings = Settings::default();
    let summaries = domains.into_iter().map(|domain| {
        let about = archive.for_domain(&domain);
        // Old reports are summed up as of their own end: a window that ends today would be empty.
        let as_of = args.since.now.unwrap_or_else(|| newest(&about).unwrap_or_else(super::setup::clock));
        let (live_mx, live) = (BTreeSet::new(), Live::default());
        let situation =
            Situation { reports: &about, live_mx: &live_mx, policy: None, live: &live, now: as_of, settings: &settings.evidence };
        (domain, as_of, reports::judge(&situation).summary)
    });
    let wanted = |domains: Vec<Domain>| args.domain.is_empty() || domains.iter().any(|domain| args.domain.contains(domain));
    let shown =
        archive.reports().filter(|(_, _, report)| wanted(report.policies.iter().filter_map(|entry| entry.domain.clone()).collect()));
    let reading = Reading { facts: &facts, reports: shown.collect(), domains: summaries.collect() };
    let page = match args.format {
        RowFormat::Text => text(&reading, streams.width),
        RowFormat::Json => document(&reading)?,
        RowFormat::Ndjson | RowFormat::Csv => lines(&reading)?,
    };
    streams.out.write_all(page.as_bytes())?;
    streams.out.flush()?;
    Ok(if reading.reports.is_empty() { Exit::Inconclusive } else { Exit::Ready })
}

fn newest(facts: &ReportFacts) -> Option<jiff::Timestamp> {
    facts.reports.iter().map(|report| report.end).max()
}

pub(super) fn list(_: &super::args::ListArgs, _: &mut Streams<'_>) -> Result<Exit, Failure> {
    Err(Failure::Usage("not there yet".to_owned()))
}

pub(super) fn digest(_: &super::args::DigestArgs, _: &mut Streams<'_>) -> Result<Exit, Failure> {
    Err(Failure::Usage("not there yet".to_owned()))
}
