//! `record`, `policy`, `mx` and `check`: look (or take saved facts), judge, render, exit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt as _;

use super::args::{CheckArgs, Common, DomainArgs, Format, MxArgs, PolicyArgs};
use super::exit::FailOn;
use super::progress::Progress;
use super::{Exit, Failure, Streams, saved, setup};
use crate::archive::Archive;
use crate::decide;
use crate::evidence::merge::merge;
use crate::model::assessment::{Answer, Assessment};
use crate::model::facts::Facts;
use crate::model::facts::policy::{Body, Draft};
use crate::model::settings::{POLICY_CAP, Settings};
use crate::render::page::{Look, Page};
use crate::render::{json, text};
use crate::stages::{self, Wanted};
use crate::wire::name::Domain;

/// Domains looked at side by side; connections are bounded apart, by `--jobs`.
const DOMAINS_AT_ONCE: usize = 64;
/// RFC 8461 §3.3: nothing larger is a policy; a little more is read so that the draft is seen to be too large.
const DRAFT_CAP: usize = POLICY_CAP + 1;

/// What a command asks for.
struct Job<'a> {
    common: &'a Common,
    domains: Vec<Domain>,
    wanted: Wanted,
    reports: &'a [PathBuf],
}

pub(super) fn record(args: &DomainArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { record: true, ..Wanted::default() };
    run(&Job { common: &args.common, domains: domains(&args.domains, &args.common)?, wanted, reports: &[] }, streams)
}

pub(super) fn policy(args: &PolicyArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let draft = args.file.as_deref().map(draft).transpose()?;
    let wanted = Wanted { policy: true, draft: draft.clone(), ..Wanted::default() };
    let domains = domains(&args.domains, &args.common)?;
    match draft {
        Some(draft) if domains.is_empty() => alone(&args.common, draft, streams),
        _ => run(&Job { common: &args.common, domains, wanted, reports: &[] }, streams),
    }
}

pub(super) fn mx(args: &MxArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { mx: true, hosts: args.host.clone(), ..Wanted::default() };
    let mut domains = domains(&args.domains, &args.common)?;
    if domains.is_empty() {
        // A host asked for without a domain stands for itself.
        domains.extend(args.host.first().cloned());
    }
    run(&Job { common: &args.common, domains, wanted, reports: &[] }, streams)
}

pub(super) fn check(args: &CheckArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { record: true, policy: true, mx: true, reports: true, ..Wanted::default() };
    run(&Job { common: &args.common, domains: domains(&args.domains, &args.common)?, wanted, reports: &args.reports }, streams)
}

fn domains(given: &[Domain], common: &Common) -> Result<Vec<Domain>, Failure> {
    setup::domains(given, common.domains_from.as_deref())
}

fn draft(path: &Path) -> Result<Draft, Failure> {
    let mut bytes = setup::bytes(path)?;
    bytes.truncate(DRAFT_CAP);
    Ok(Draft { file: path.display().to_string(), body: Body::new(&bytes) })
}

fn run(job: &Job<'_>, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let common = job.common;
    if common.now.is_some() && common.facts.is_empty() && job.reports.is_empty() {
        return Err(Failure::Usage("--now needs --facts or --reports: what is seen live is judged as of now".to_owned()));
    }
    let archive = Archive::read(job.reports)?;
    if common.facts.is_empty() {
        let tasks = job.domains.iter().map(|domain| Task { domain: domain.clone(), wanted: job.wanted.clone(), known: None });
        let printer = Printer::new(common, job.domains.len());
        return live(job, archive, tasks.enumerate().collect(), printer, streams);
    }
    replay(job, archive, streams)
}

/// What is to be looked at of one domain, and what is known of it already.
struct Task {
    domain: Domain,
    wanted: Wanted,
    known: Option<Facts>,
}

/// Judges what was observed earlier. What the files lack of a domain that was named is looked at now.
fn replay(job: &Job<'_>, archive: Archive, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let mut groups = saved::by_domain(&job.common.facts)?;
    if let Some(unknown) = job.domains.iter().find(|domain| !groups.iter().any(|(known, _)| known == *domain)) {
        let files = if job.common.facts.len() == 1 { "the facts file says" } else { "the facts files say" };
        return Err(Failure::Usage(format!("{files} nothing about {unknown}")));
    }
    if !job.domains.is_empty() {
        groups.retain(|(domain, _)| job.domains.contains(domain));
    }
    let mut printer = Printer::new(job.common, groups.len());
    let (mut complete, mut tasks) = (Vec::new(), Vec::new());
    for (index, (domain, facts)) in groups.into_iter().enumerate() {
        let Some(mut facts) = merge(facts) else { continue };
        if !job.reports.is_empty() {
            facts.reports = Some(archive.for_domain(&domain));
        }
        restrict(&mut facts, &job.wanted);
        let named = job.domains.contains(&domain);
        match missing(&facts, &job.wanted)[..] {
            [] => complete.push((index, facts)),
            // Nothing has to be looked at for those: there are the reports that were given, or none.
            ["reports"] if named => {
                facts.reports = Some(archive.for_domain(&domain));
                complete.push((index, facts));
            }
            [_, ..] if named => {
                // Reports given now belong to what is seen now.
                facts.reports = facts.reports.filter(|_| job.reports.is_empty());
                let wanted = lacking(&facts, &job.wanted);
                tasks.push((index, Task { domain, wanted, known: Some(facts) }));
            }
            [stage, ..] => return Err(without(&facts, stage)),
        }
    }
    for (index, facts) in complete {
        printer.add(index, judge(&facts, job.common), streams)?;
    }
    if tasks.is_empty() { printer.finish(streams) } else { live(job, archive, tasks, printer, streams) }
}

fn without(facts: &Facts, stage: &str) -> Failure {
    let domain = &facts.domain;
    let old = facts.others.iter().any(|other| !other.too_old.is_empty());
    let old = if old { " that is less than 72 hours older than the newest" } else { "" };
    Failure::Usage(format!(
        "the facts of {domain} hold nothing of the {stage} stage{old}; save them with the command that judges them, or name {domain} to \
         have the rest looked at now"
    ))
}

/// The stages that must be looked at now: those that are not in the facts, or so old that they say nothing about today.
fn lacking(facts: &Facts, wanted: &Wanted) -> Wanted {
    let today = Facts {
        observed_at: setup::clock().max(facts.observed_at),
        mail: None,
        record: None,
        policy: None,
        servers: None,
        reports: None,
        certificates: std::collections::BTreeMap::new(),
        others: Vec::new(),
        ..facts.clone()
    };
    let missing = merge(vec![today, facts.clone()]).map(|facts| missing(&facts, wanted)).unwrap_or_default();
    let lacks = |stage: &str| missing.contains(&stage);
    Wanted { record: lacks("record"), policy: lacks("policy"), mx: lacks("mx"), reports: lacks("reports"), ..wanted.clone() }
}

/// Stages that the command is about and the facts are not: an answer without them would be an answer to another question.
fn missing(facts: &Facts, wanted: &Wanted) -> Vec<&'static str> {
    let stages = [
        (wanted.record && facts.record.is_none(), "record"),
        (wanted.policy && facts.policy.is_none(), "policy"),
        (wanted.mx && facts.servers.is_none(), "mx"),
        (wanted.reports && facts.reports.is_none(), "reports"),
    ];
    stages.into_iter().filter(|(missing, _)| *missing).map(|(_, stage)| stage).collect()
}

/// Keeps only the stages that the command is about.
fn restrict(facts: &mut Facts, wanted: &Wanted) {
    facts.record = facts.record.take().filter(|_| wanted.record);
    facts.policy = facts.policy.take().filter(|_| wanted.policy);
    facts.servers = facts.servers.take().filter(|_| wanted.mx);
    facts.reports = facts.reports.take().filter(|_| wanted.reports);
}

fn live(job: &Job<'_>, archive: Archive, tasks: Vec<(usize, Task)>, printer: Printer, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(observe_all(job, archive, tasks, printer, streams));
    // A peer that never closes must not keep the process: what is left open is dropped.
    runtime.shutdown_background();
    outcome
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| Failure::Internal(error.to_string()))
}

async fn observe_all(
    job: &Job<'_>,
    archive: Archive,
    tasks: Vec<(usize, Task)>,
    mut printer: Printer,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let looker = Arc::new(setup::looker(job.common, archive).await?);
    let mut progress = Progress::new(streams.progress && !job.common.quiet, tasks.len());
    let tasks = tasks.into_iter().map(|(index, Task { domain, wanted, known })| {
        let looker = looker.clone();
        async move {
            let about = domain.clone();
            let facts = tokio::spawn(async move { with_known(looker.observe(&domain, &wanted).await, known) }).await;
            (index, about, facts)
        }
    });
    let mut pending = futures_util::stream::iter(tasks).buffer_unordered(DOMAINS_AT_ONCE);
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
        let facts = match facts {
            Ok(facts) => facts,
            // A fault of ours at one domain costs no other.
            Err(error) => {
                printer.exit = printer.exit.worse(Exit::Internal);
                writeln!(streams.err, "stsready: {domain}: {}", Failure::Internal(error.to_string()))?;
                continue;
            }
        };
        if stages::want_witness(&facts) {
            waiting.push((index, facts));
            continue;
        }
        if let Some(stage) = missing(&facts, &job.wanted).first() {
            return Err(without(&facts, stage));
        }
        printer.add(index, judge(&facts, job.common), streams)?;
        kept.extend(job.common.save_facts.is_some().then_some((index, facts)));
    }
    for (index, mut facts) in waiting {
        looker.bear_witness(&mut facts);
        printer.add(index, judge(&facts, job.common), streams)?;
        kept.extend(job.common.save_facts.is_some().then_some((index, facts)));
    }
    let exit = printer.finish(streams)?;
    if let Some(path) = &job.common.save_facts {
        kept.sort_by_key(|(index, _)| *index);
        let facts: Vec<Facts> = kept.into_iter().map(|(_, facts)| facts).collect();
        saved::write(path, &facts)?;
    }
    Ok(exit)
}

/// What was seen now, filled with what was known.
fn with_known(seen: Facts, known: Option<Facts>) -> Facts {
    let Some(known) = known else { return seen };
    let all = vec![seen.clone(), known];
    merge(all).unwrap_or(seen)
}

/// A draft without a domain: its text alone.
fn alone(common: &Common, draft: Draft, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let looker = runtime()?.block_on(setup::looker(common, Archive::default()))?;
    let facts = looker.draft_alone(draft);
    let mut printer = Printer::new(common, 1);
    printer.add(0, judge(&facts, common), streams)?;
    printer.finish(streams)
}

/// What was observed is judged as of when it was observed, unless told otherwise: live and saved facts then give the same bytes.
fn judge(facts: &Facts, common: &Common) -> Assessment {
    decide::assess(facts, &Settings::default(), common.now.unwrap_or(facts.observed_at))
}

/// Prints assessments in the order of the domains; one a line as they come for ndjson.
struct Printer {
    format: Format,
    all: bool,
    quiet: bool,
    fail_on: FailOn,
    exit: Exit,
    kept: Vec<(usize, Assessment)>,
}

impl Printer {
    fn new(common: &Common, expected: usize) -> Self {
        Self {
            format: common.format,
            all: common.all,
            quiet: common.quiet,
            fail_on: common.fail_on,
            exit: Exit::Ready,
            kept: Vec::with_capacity(expected),
        }
    }

    fn add(&mut self, index: usize, assessment: Assessment, streams: &mut Streams<'_>) -> Result<(), Failure> {
        self.exit = self.exit.worse(Exit::of(&assessment, self.fail_on));
        if self.format == Format::Ndjson {
            streams.out.write_all(json::line(&assessment, self.all)?.as_bytes())?;
            streams.out.flush()?;
        } else {
            self.kept.push((index, assessment));
        }
        Ok(())
    }

    fn finish(mut self, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
        self.kept.sort_by_key(|(index, _)| *index);
        let assessments: Vec<Assessment> = self.kept.into_iter().map(|(_, assessment)| assessment).collect();
        let page = match self.format {
            Format::Ndjson => String::new(),
            Format::Json => json::document(&assessments, self.all)?,
            Format::Text => {
                let options = text::Options { width: streams.width, all: self.all };
                let mut pages = Vec::new();
                if assessments.len() > 1 && !self.quiet {
                    pages.push(overview(&assessments, streams.width));
                }
                let page =
                    |assessment| if self.quiet { text::headline(assessment, streams.width) } else { text::assessment(assessment, options) };
                pages.extend(assessments.iter().map(page));
                let between = if self.quiet { String::new() } else { format!("\n{}\n\n", "─".repeat(streams.width.min(100))) };
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
