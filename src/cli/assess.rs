//! `record`, `policy`, `mx` and `check`: look (or take saved facts), judge, render, exit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt as _;

use super::args::{CheckArgs, Common, DomainArgs, Format, MxArgs, PolicyArgs};
use super::progress::Progress;
use super::{Exit, Failure, Streams, saved, setup};
use crate::archive::Archive;
use crate::decide;
use crate::model::assessment::{Answer, Assessment};
use crate::model::facts::Facts;
use crate::model::facts::policy::{Body, Draft};
use crate::model::settings::POLICY_CAP;
use crate::render::page::{Look, Page};
use crate::render::{json, text};
use crate::stages::{self, Wanted};
use crate::wire::name::Domain;

/// Domains looked at side by side; connections are bounded apart, by `--jobs`.
const DOMAINS_AT_ONCE: usize = 64;
/// RFC 8461 §3.3: nothing larger is a policy; a little more is read so that the draft is seen to be too large.
const DRAFT_CAP: usize = POLICY_CAP + 1;

/// What a command asks for.
pub(super) struct Job<'a> {
    pub(super) common: &'a Common,
    pub(super) domains: Vec<Domain>,
    pub(super) wanted: Wanted,
    /// Hosts that are looked at by themselves, each as if it were a domain of its own.
    pub(super) hosts: &'a [Domain],
    pub(super) reports: &'a [PathBuf],
}

pub(super) fn record(args: &DomainArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { record: true, ..Wanted::default() };
    run(&Job { common: &args.common, domains: domains(&args.domains, &args.common)?, wanted, hosts: &[], reports: &[] }, streams)
}

pub(super) fn policy(args: &PolicyArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let draft = args.file.as_deref().map(draft).transpose()?;
    let wanted = Wanted { policy: true, draft: draft.clone(), ..Wanted::default() };
    let domains = domains(&args.domains, &args.common)?;
    match draft {
        Some(draft) if domains.is_empty() => alone(&args.common, draft, streams),
        _ => run(&Job { common: &args.common, domains, wanted, hosts: &[], reports: &[] }, streams),
    }
}

pub(super) fn mx(args: &MxArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { mx: true, hosts: args.host.clone(), ..Wanted::default() };
    let mut domains = domains(&args.domains, &args.common)?;
    if domains.is_empty() {
        // A host asked for without a domain stands for itself.
        domains.extend(args.host.first().cloned());
    }
    run(&Job { common: &args.common, domains, wanted, hosts: &[], reports: &[] }, streams)
}

pub(super) fn check(args: &CheckArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { record: true, policy: true, mx: true, reports: true, ..Wanted::default() };
    run(&Job { common: &args.common, domains: domains(&args.domains, &args.common)?, wanted, hosts: &[], reports: &args.reports }, streams)
}

fn domains(given: &[Domain], common: &Common) -> Result<Vec<Domain>, Failure> {
    setup::domains(given, common.domains_from.as_deref())
}

fn draft(path: &Path) -> Result<Draft, Failure> {
    let mut bytes = setup::bytes(path)?;
    bytes.truncate(DRAFT_CAP);
    Ok(Draft { file: path.display().to_string(), body: Body::new(&bytes) })
}

/// Who takes the facts of each domain as they come, and answers in the end.
pub(super) trait Taker {
    /// Takes the facts of one domain; `index` is its place among those asked about.
    fn take(&mut self, index: usize, facts: &Facts, streams: &mut Streams<'_>) -> Result<(), Failure>;
    /// A domain whose facts were lost by a fault of ours.
    fn lost(&mut self);
    /// Prints what is left to print.
    fn finish(self, streams: &mut Streams<'_>) -> Result<Exit, Failure>;
}

/// Looks, or takes saved facts, and judges each domain by itself.
fn run(job: &Job<'_>, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    look(job, Printer::new(job.common), streams)
}

/// Looks, or takes saved facts, and hands them to `taker`.
pub(super) fn look(job: &Job<'_>, taker: impl Taker, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let common = job.common;
    if common.now.is_some() && common.facts.is_none() && job.reports.is_empty() {
        return Err(Failure::Usage("--now needs --facts or --reports: what is seen live is judged as of now".to_owned()));
    }
    let archive = Archive::read(job.reports)?;
    match &common.facts {
        Some(path) => replay(job, saved::read(path)?, &archive, taker, streams),
        None => live(job, archive, taker, streams),
    }
}

/// Judges what was observed earlier.
fn replay(
    job: &Job<'_>,
    mut all: Vec<Facts>,
    archive: &Archive,
    mut taker: impl Taker,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let disk = setup::disk(&job.common.cert_file)?;
    for domain in &job.domains {
        if !all.iter().any(|facts| facts.domain == *domain) {
            return Err(Failure::Usage(format!("the facts file says nothing about {domain}")));
        }
    }
    if !job.domains.is_empty() {
        all.retain(|facts| job.domains.contains(&facts.domain));
    }
    for (index, mut facts) in all.into_iter().enumerate() {
        if !job.reports.is_empty() {
            facts.reports = Some(archive.for_domain(&facts.domain));
        }
        restrict(&mut facts, &job.wanted);
        if let Some(stage) = missing(&facts, &job.wanted) {
            let domain = &facts.domain;
            return Err(Failure::Usage(format!(
                "the facts of {domain} hold nothing of the {stage} stage; save them with the command that judges them"
            )));
        }
        disk.put(&mut facts);
        taker.take(index, &facts, streams)?;
    }
    taker.finish(streams)
}

/// A stage that the command is about and the facts are not: an answer without it would be an answer to another question.
fn missing(facts: &Facts, wanted: &Wanted) -> Option<&'static str> {
    let stages = [
        (wanted.record && facts.record.is_none(), "record"),
        (wanted.policy && facts.policy.is_none(), "policy"),
        (wanted.mx && facts.servers.is_none(), "mx"),
        (wanted.reports && facts.reports.is_none(), "reports"),
    ];
    stages.into_iter().find(|(missing, _)| *missing).map(|(_, stage)| stage)
}

/// Keeps only the stages that the command is about.
fn restrict(facts: &mut Facts, wanted: &Wanted) {
    facts.record = facts.record.take().filter(|_| wanted.record);
    facts.policy = facts.policy.take().filter(|_| wanted.policy);
    facts.servers = facts.servers.take().filter(|_| wanted.mx);
    facts.reports = facts.reports.take().filter(|_| wanted.reports);
}

fn live(job: &Job<'_>, archive: Archive, taker: impl Taker, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(observe_all(job, archive, taker, streams));
    // A peer that never closes must not keep the process: what is left open is dropped.
    runtime.shutdown_background();
    outcome
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| Failure::Internal(error.to_string()))
}

async fn observe_all(job: &Job<'_>, archive: Archive, mut taker: impl Taker, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let disk = setup::disk(&job.common.cert_file)?;
    let looker = Arc::new(setup::looker(job.common, archive).await?);
    let wanted = Arc::new(job.wanted.clone());
    let alone = |host: &Domain| Arc::new(Wanted { mx: true, hosts: vec![host.clone()], ..Wanted::default() });
    let domains = job.domains.iter().map(|domain| (domain.clone(), wanted.clone()));
    let targets = domains.chain(job.hosts.iter().map(|host| (host.clone(), alone(host))));
    let looks = targets.enumerate().map(|(index, (domain, wanted))| {
        let looker = looker.clone();
        async move {
            let about = domain.clone();
            let facts = tokio::spawn(async move { looker.observe(&domain, &wanted).await }).await;
            (index, about, facts)
        }
    });
    let mut pending = futures_util::stream::iter(looks).buffer_unordered(DOMAINS_AT_ONCE);
    let mut progress = Progress::new(streams.progress && !job.common.quiet, job.domains.len() + job.hosts.len());
    let mut kept: Vec<(usize, Facts)> = Vec::new();
    // Domains whose policy host was silent are judged last: what the others met says whether HTTPS works from here.
    let mut waiting: Vec<(usize, Facts)> = Vec::new();
    let mut done = 0;
    loop {
        let next = tokio::time::timeout(Progress::EVERY, pending.next()).await;
        progress.draw(streams.err, done);
        let Ok(next) = next else { continue };
        let Some((index, domain, facts)) = next else { break };
        done += 1;
        progress.clear(streams.err);
        let mut facts = match facts {
            Ok(facts) => facts,
            // A fault of ours at one domain costs no other.
            Err(error) => {
                taker.lost();
                writeln!(streams.err, "stsready: {domain}: {}", Failure::Internal(error.to_string()))?;
                continue;
            }
        };
        disk.put(&mut facts);
        if stages::want_witness(&facts) {
            waiting.push((index, facts));
            continue;
        }
        taker.take(index, &facts, streams)?;
        kept.extend(job.common.save_facts.is_some().then_some((index, facts)));
    }
    for (index, mut facts) in waiting {
        looker.bear_witness(&mut facts);
        taker.take(index, &facts, streams)?;
        kept.extend(job.common.save_facts.is_some().then_some((index, facts)));
    }
    let exit = taker.finish(streams)?;
    if let Some(path) = &job.common.save_facts {
        kept.sort_by_key(|(index, _)| *index);
        let facts: Vec<Facts> = kept.into_iter().map(|(_, facts)| facts).collect();
        saved::write(path, &facts)?;
    }
    Ok(exit)
}

/// A draft without a domain: its text alone.
fn alone(common: &Common, draft: Draft, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let looker = runtime()?.block_on(setup::looker(common, Archive::default()))?;
    let facts = looker.draft_alone(draft);
    let mut printer = Printer::new(common);
    printer.take(0, &facts, streams)?;
    printer.finish(streams)
}

/// What was observed is judged as of when it was observed, unless told otherwise: live and saved facts then give the same bytes.
fn judge(facts: &Facts, common: &Common) -> Assessment {
    decide::assess(facts, &setup::settings(common), common.now.unwrap_or(facts.observed_at))
}

/// Prints assessments in the order of the domains; one a line as they come for ndjson.
struct Printer<'a> {
    common: &'a Common,
    exit: Exit,
    kept: Vec<(usize, Assessment)>,
}

impl<'a> Printer<'a> {
    fn new(common: &'a Common) -> Self {
        Self { common, exit: Exit::Ready, kept: Vec::new() }
    }
}

impl Taker for Printer<'_> {
    fn take(&mut self, index: usize, facts: &Facts, streams: &mut Streams<'_>) -> Result<(), Failure> {
        let assessment = judge(facts, self.common);
        self.exit = self.exit.worse(Exit::of(&assessment, self.common.fail_on));
        if self.common.format == Format::Ndjson {
            streams.out.write_all(json::line(&assessment, self.common.all)?.as_bytes())?;
            streams.out.flush()?;
        } else {
            self.kept.push((index, assessment));
        }
        Ok(())
    }

    fn lost(&mut self) {
        self.exit = self.exit.worse(Exit::Internal);
    }

    fn finish(mut self, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
        self.kept.sort_by_key(|(index, _)| *index);
        let assessments: Vec<Assessment> = self.kept.into_iter().map(|(_, assessment)| assessment).collect();
        let page = match self.common.format {
            Format::Ndjson => String::new(),
            Format::Json => json::document(&assessments, self.common.all)?,
            Format::Text => {
                let options = text::Options { width: streams.width, all: self.common.all };
                let mut pages = Vec::new();
                if assessments.len() > 1 && !self.common.quiet {
                    pages.push(overview(&assessments, streams.width));
                }
                let page = |assessment| {
                    if self.common.quiet { text::headline(assessment, streams.width) } else { text::assessment(assessment, options) }
                };
                pages.extend(assessments.iter().map(page));
                let between = if self.common.quiet { String::new() } else { format!("\n{}\n\n", "─".repeat(streams.width.min(100))) };
                pages.join(&between)
            }
        };
        streams.out.write_all(page.as_bytes())?;
        streams.out.flush()?;
        Ok(self.exit)
    }
}

/// A line a domain, before the pages of many.
fn overview(assessments: &[Assessment], width: usize) -> String {
    let mut page = Page::new(width);
    let rows: Vec<_> = assessments
        .iter()
        .map(|assessment| {
            let (sign, word, look) = match assessment.answer {
                Answer::Ready => ("✓", "ready", Look::Good),
                Answer::NotReady => ("✗", "not ready", Look::Bad),
                Answer::Inconclusive => ("?", "inconclusive", Look::Unknown),
                Answer::NotApplicable => ("–", "not applicable", Look::Faint),
            };
            vec![
                (look, sign.to_owned()),
                (Look::Strong, assessment.domain.shown()),
                (look, word.to_owned()),
                (Look::Plain, assessment.because.join(", ")),
            ]
        })
        .collect();
    page.table(0, &rows);
    page.finish()
}
