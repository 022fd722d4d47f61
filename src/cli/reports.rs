//! `reports show`, `list` and `digest`: what reports say, as it is: nothing is looked up, nothing is held against them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::args::{Back, DigestArgs, DigestFormat, ListArgs, RowFormat, ShowArgs};
use super::keep::{INGEST, Keep};
use super::{Exit, Failure, Streams, setup};
use crate::archive::Archive;
use crate::archive::store::{Filter, Store, Stored};
use crate::evidence::reports::{self, Live, Situation};
use crate::model::breakdown::Breakdown;
use crate::model::digest::Digest;
use crate::model::facts::reports::ReportFacts;
use crate::model::settings::Settings;
use crate::render::list::{self, Listed};
use crate::render::reports::{AboutDomain, Reading};
use crate::render::{breakdown, digest, reports as page};
use crate::wire::name::Domain;

/// What is shown unless another time is asked for.
const SHOWN: SignedDuration = SignedDuration::from_hours(24 * 30);
/// What a digest needs: a week of news and four weeks to hold them against.
const DIGESTED: SignedDuration = SignedDuration::from_hours(24 * 36);

/// Rows that people get unless they ask for more.
const TEXT_ROWS: u64 = 1_000;

/// Prints what the reports say. Exits with 3 if there is none.
pub(super) fn show(args: &ShowArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    match subject(args)? {
        Subject::Files => show_files(args, streams),
        Subject::Domains(domains) => show_stored(args, domains, streams),
    }
}

enum Subject {
    Files,
    Domains(Vec<Domain>),
}

/// Whether the words of the call are files or domains: what exists is a file.
fn subject(args: &ShowArgs) -> Result<Subject, Failure> {
    let is_file = |path: &PathBuf| path.as_os_str() == "-" || path.exists();
    if args.what.iter().any(is_file) {
        return Ok(Subject::Files);
    }
    let domain = |path: &PathBuf| {
        let text = path.to_string_lossy();
        Domain::parse(&text).map_err(|error| Failure::Usage(format!("{text}: no such file or directory, and no domain: {error}")))
    };
    let mut domains = args.what.iter().map(domain).collect::<Result<Vec<_>, _>>()?;
    domains.extend(args.domain.iter().cloned());
    Ok(Subject::Domains(domains))
}

fn show_files(args: &ShowArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let archive = Archive::read(&args.what)?;
    let facts = archive.reading();
    let domains: Vec<Domain> = if args.domain.is_empty() { archive.domains().into_iter().cloned().collect() } else { args.domain.clone() };
    let about = domains.into_iter().map(|domain| {
        let facts = archive.for_domain(&domain);
        // Old reports are summed up as of their own end: a window that ends today would be empty.
        let as_of = args.since.now.unwrap_or_else(|| newest(&facts).unwrap_or_else(setup::clock));
        about(domain, &facts, args.since.since, as_of)
    });
    let reading = Reading { facts: &facts, reports: Some(archive.reports(&args.domain).collect()), domains: about.collect() };
    let empty = reading.reports.as_ref().is_some_and(Vec::is_empty);
    args.outputs.print(streams, |format, width| {
        Ok(match format {
            RowFormat::Text => page::text(&reading, width),
            RowFormat::Json => page::document(&reading)?,
            RowFormat::Ndjson => page::lines(&reading)?,
            RowFormat::Csv => breakdown::csv(&breakdowns(&reading))?,
        })
    })?;
    Ok(if empty { Exit::Inconclusive } else { Exit::Ready })
}

fn show_stored(args: &ShowArgs, mut domains: Vec<Domain>, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let keep = Keep::of(&args.store)?;
    let Some(store) = keep.existing(INGEST, streams)? else { return Ok(Exit::Inconclusive) };
    let now = args.since.now.unwrap_or_else(setup::clock);
    if domains.is_empty() {
        domains = store.domains()?;
    }
    let since = args.since.since.map_or_else(|| back(now, SHOWN), |since| since.from(now));
    let mut all = Vec::new();
    for domain in domains {
        let facts = store.facts(&domain, since, args.trust_unverified)?;
        all.push(about(domain, &facts, args.since.since, now));
    }
    let facts = ReportFacts { sources: vec![format!("store {}", keep.path.display())], ..ReportFacts::default() };
    let empty = all.iter().all(|about| about.breakdown.reports == 0);
    let reading = Reading { facts: &facts, reports: None, domains: all };
    args.outputs.print(streams, |format, width| {
        Ok(match format {
            RowFormat::Text => page::text(&reading, width),
            RowFormat::Json => page::document(&reading)?,
            RowFormat::Ndjson => breakdown::lines(&breakdowns(&reading))?,
            RowFormat::Csv => breakdown::csv(&breakdowns(&reading))?,
        })
    })?;
    Ok(if empty { Exit::Inconclusive } else { Exit::Ready })
}

fn breakdowns(reading: &Reading<'_>) -> Vec<Breakdown> {
    reading.domains.iter().map(|about| about.breakdown.clone()).collect()
}

fn about(domain: Domain, facts: &ReportFacts, since: Option<Back>, as_of: Timestamp) -> AboutDomain {
    let (live_mx, live, settings) = (BTreeSet::new(), Live::default(), Settings::default());
    let situation = Situation { reports: facts, live_mx: &live_mx, policy: None, live: &live, now: as_of, settings: &settings.evidence };
    let summary = reports::judge(&situation).summary;
    let since = since.map_or_else(|| back(as_of, SHOWN), |since| since.from(as_of));
    let breakdown = reports::breakdown(&domain, &facts.reports, since, as_of);
    AboutDomain { domain, as_of, summary, breakdown, set_aside: facts.set_aside.clone() }
}

fn newest(facts: &ReportFacts) -> Option<Timestamp> {
    facts.reports.iter().map(|report| report.end).max()
}

fn back(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.checked_sub(span).unwrap_or(Timestamp::MIN)
}

/// Prints what is in the store, a row each. Exits with 3 if there is none.
pub(super) fn list(args: &ListArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let keep = Keep::of(&args.store)?;
    let Some(store) = keep.existing(INGEST, streams)? else { return Ok(Exit::Inconclusive) };
    if args.rejected {
        return rejected(args, &store, streams);
    }
    let now = args.since.now.unwrap_or_else(setup::clock);
    let filter = Filter {
        domains: args.domain.clone(),
        reporters: args.reporter.clone(),
        since: args.since.since.map(|since| since.from(now)),
        until: args.since.now,
        failures: args.failures,
        newest_first: true,
        limit: args.limit,
    };
    let mut any = false;
    args.outputs.write(streams, |format, streams| {
        any |= match format {
            RowFormat::Text => {
                let (reports, more) = for_people(args.limit, |limit| all(&store, &Filter { limit, ..filter.clone() }))?;
                print(&list::text(&reports, more, streams.width), streams)?;
                !reports.is_empty()
            }
            RowFormat::Json => {
                let reports = all(&store, &filter)?;
                print(&list::document(&reports)?, streams)?;
                !reports.is_empty()
            }
            RowFormat::Ndjson => stream(&store, &filter, streams, |listed| Ok(list::line(listed)?))?,
            RowFormat::Csv => {
                print(&list::csv_row(list::COLUMNS)?, streams)?;
                stream(&store, &filter, streams, |listed| Ok(list::csv_row(list::cells(listed))?))?
            }
        };
        Ok(())
    })?;
    Ok(if any { Exit::Ready } else { Exit::Inconclusive })
}

/// As many rows as were asked for, or as people read; and whether they were not asked and there are more.
fn for_people<T>(asked: Option<u64>, read: impl FnOnce(Option<u64>) -> Result<Vec<T>, Failure>) -> Result<(Vec<T>, bool), Failure> {
    let most = asked.unwrap_or(TEXT_ROWS);
    let mut rows = read(Some(most.saturating_add(1)))?;
    let more = asked.is_none() && rows.len() as u64 > most;
    rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok((rows, more))
}

fn all(store: &Store, filter: &Filter) -> Result<Vec<Listed>, Failure> {
    let mut reports = Vec::new();
    store.each(filter, |stored| {
        reports.push(listed(stored));
        ControlFlow::Continue(())
    })?;
    Ok(reports)
}

/// Writes a store of a million reports as it is read; whether there were any.
fn stream(
    store: &Store,
    filter: &Filter,
    streams: &mut Streams<'_>,
    row: impl Fn(&Listed) -> Result<String, Failure>,
) -> Result<bool, Failure> {
    let (mut any, mut wrote) = (false, Ok(()));
    store.each(filter, |stored| {
        any = true;
        wrote = row(&listed(stored)).and_then(|row| Ok(streams.out.write_all(row.as_bytes())?));
        if wrote.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    wrote?;
    streams.out.flush()?;
    Ok(any)
}

fn listed(stored: Stored) -> Listed {
    let mut domains: Vec<Domain> =
        stored.report.policies.iter().filter_map(|entry| entry.domain.clone().or_else(|| stored.subject.clone())).collect();
    domains.sort_unstable();
    domains.dedup();
    Listed {
        reporter: stored.reporter,
        source: stored.source,
        authenticity: stored.authenticity,
        received_at: stored.received_at,
        ingested_at: stored.ingested_at,
        domains,
        report: stored.report,
    }
}

fn rejected(args: &ListArgs, store: &Store, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let now = args.since.now.unwrap_or_else(setup::clock);
    let since = args.since.since.map(|since| since.from(now));
    let all = || store.rejected(since, args.limit);
    args.outputs.print(streams, |format, width| {
        Ok(match format {
            RowFormat::Text => {
                let (rejected, more) = for_people(args.limit, |limit| Ok(store.rejected(since, limit)?))?;
                list::rejections_text(&rejected, more, width)
            }
            RowFormat::Json => list::rejections(&all()?)?,
            RowFormat::Ndjson => all()?.iter().map(list::line).collect::<Result<String, _>>()?,
            RowFormat::Csv => list::csv(list::REJECTION_COLUMNS, all()?.iter().map(list::rejection_cells))?,
        })
    })?;
    Ok(Exit::Ready)
}

/// Prints the morning's digest.
pub(super) fn digest(args: &DigestArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let keep = Keep::of(&args.store)?;
    let Some(store) = keep.existing(INGEST, streams)? else { return Ok(Exit::Inconclusive) };
    let now = args.now.unwrap_or_else(setup::clock);
    let domains = if args.domains.is_empty() { store.domains()? } else { args.domains.clone() };
    let settings = Settings::default();
    let mut digests = Vec::new();
    for domain in domains {
        let facts = store.facts(&domain, back(now, DIGESTED), args.trust_unverified)?;
        digests.push(reports::digest(&domain, &facts, now, &settings.evidence));
    }
    let all = Digest { as_of: now, domains: digests };
    args.outputs.print(streams, |format, width| {
        Ok(match format {
            DigestFormat::Text => digest::text(&all, width),
            DigestFormat::Markdown => digest::markdown(&all),
            DigestFormat::Json => digest::document(&all)?,
        })
    })?;
    Ok(if all.domains.iter().all(|domain| domain.day.is_none()) { Exit::Inconclusive } else { Exit::Ready })
}

fn print(text: &str, streams: &mut Streams<'_>) -> Result<(), Failure> {
    streams.out.write_all(text.as_bytes())?;
    streams.out.flush()?;
    Ok(())
}
