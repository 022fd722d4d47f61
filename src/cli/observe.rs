//! Looking at many domains, or taking what was observed earlier; whoever asked takes the facts of each domain as they come.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt as _;

use super::args::Common;
use super::memory::Memory;
use super::progress::Progress;
use super::{Exit, Failure, Streams, saved, setup};
use crate::evidence::merge::{self, merge};
use crate::model::facts::Facts;
use crate::model::facts::vantage::Roots;
use crate::model::verdict::Verdict;
use crate::stages::{self, Wanted};
use crate::wire::host_port::HostPort;
use crate::wire::name::Domain;

/// Domains looked at side by side; connections are bounded apart, by `--jobs`.
const DOMAINS_AT_ONCE: usize = 64;

/// What a command asks for.
pub(super) struct Job<'a> {
    pub(super) common: &'a Common,
    pub(super) domains: Vec<Domain>,
    pub(super) wanted: Wanted,
    /// Hosts that are looked at by themselves, each as if it were a domain of its own.
    pub(super) hosts: &'a [HostPort],
    pub(super) reports: &'a [PathBuf],
}

/// Who takes the facts of each domain as they come, and answers in the end.
pub(super) trait Taker {
    /// Takes the facts of one domain; `index` is its place among those asked about.
    fn take(&mut self, index: usize, facts: &Facts, streams: &mut Streams<'_>) -> Result<(), Failure>;
    /// What it answered about the facts that it took last, if that is to be remembered.
    fn answered(&mut self) -> Option<Verdict> {
        None
    }
    /// A domain whose facts were lost by a fault of ours.
    fn lost(&mut self);
    /// Prints what is left to print.
    fn finish(self, streams: &mut Streams<'_>) -> Result<Exit, Failure>;
}

/// What is to be looked at of one domain, and what is known of it already.
struct Task {
    index: usize,
    domain: Domain,
    wanted: Wanted,
    known: Option<Facts>,
}

/// Looks, or takes saved facts, and hands them to `taker`.
pub(super) fn look(job: &Job<'_>, taker: impl Taker, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let common = job.common;
    if common.now.is_some() && common.facts.is_empty() && job.reports.is_empty() {
        return Err(Failure::Usage("--now needs --facts or --reports: what is seen live is judged as of now".to_owned()));
    }
    let disk = setup::disk(&common.cert_file)?;
    let mut memory = Memory::of_files(job.reports)?;
    if !common.facts.is_empty() {
        return replay(job, &disk, memory, taker, streams);
    }
    memory.attach(common, streams.err)?;
    let domains = job.domains.iter().map(|domain| (domain, job.wanted.clone()));
    let alone = |host: &HostPort| Wanted { mx: true, hosts: vec![host.clone()], ..Wanted::default() };
    let targets = domains.chain(job.hosts.iter().map(|host| (&host.name, alone(host)))).enumerate();
    let tasks = targets.map(|(index, (domain, wanted))| Task { index, domain: domain.clone(), wanted, known: None });
    live(job, &disk, memory, tasks.collect(), taker, streams)
}

/// Judges what was observed earlier. What the files lack of a domain that was named is looked at now.
fn replay(
    job: &Job<'_>,
    disk: &setup::Disk,
    mut memory: Memory,
    mut taker: impl Taker,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let mut groups = saved::by_domain(&job.common.facts)?;
    if let Some(unknown) = job.domains.iter().find(|domain| !groups.iter().any(|(known, _)| known == *domain)) {
        let files = if job.common.facts.len() == 1 { "the facts file says" } else { "the facts files say" };
        return Err(Failure::Usage(format!("{files} nothing about {unknown}")));
    }
    if !job.domains.is_empty() {
        groups.retain(|(domain, _)| job.domains.contains(domain));
    }
    let (mut complete, mut tasks) = (Vec::new(), Vec::new());
    for (index, (domain, facts)) in groups.into_iter().enumerate() {
        same_roots(&facts)?;
        let Some(mut facts) = merge(facts) else { continue };
        if !job.reports.is_empty() {
            facts.reports = Some(memory.given(&domain));
        }
        restrict(&mut facts, &job.wanted);
        let named = job.domains.contains(&domain);
        match missing(&facts, &job.wanted)[..] {
            [] => complete.push((index, facts)),
            // Nothing has to be looked at for those: there are the reports that were given, or none.
            ["reports"] if named => {
                memory.attach(job.common, streams.err)?;
                facts.reports = Some(memory.reports(&domain, job.common.now.unwrap_or(facts.observed_at))?);
                let remembered = memory.history(&domain, facts.observed_at)?;
                facts.history = merge::histories(facts.history.into_iter().chain(remembered));
                complete.push((index, facts));
            }
            [_, ..] if named => {
                // Reports given now belong to what is seen now.
                facts.reports = facts.reports.filter(|_| job.reports.is_empty());
                let wanted = lacking(&facts, &job.wanted);
                tasks.push(Task { index, domain, wanted, known: Some(facts) });
            }
            [stage, ..] => return Err(without(&facts, stage)),
        }
    }
    for (index, mut facts) in complete {
        disk.put(&mut facts);
        taker.take(index, &facts, streams)?;
    }
    if tasks.is_empty() {
        return taker.finish(streams);
    }
    memory.attach(job.common, streams.err)?;
    live(job, disk, memory, tasks, taker, streams)
}

/// Refuses looks of one domain of which one would vouch for certificates by roots that the other does not trust.
fn same_roots(all: &[Facts]) -> Result<(), Failure> {
    let Some((newest, other)) = merge::other_roots(all) else { return Ok(()) };
    let domain = all.first().map(|facts| facts.domain.to_string()).unwrap_or_default();
    let called = |roots: &Roots| format!("{} (SHA-256 {}…)", roots.name, roots.sha256.short());
    Err(Failure::Usage(format!(
        "the facts of {domain} were judged under different roots, {} and {}, and cannot be merged; look again at both places with the same \
         --roots and the same version, or judge each file alone",
        called(newest),
        called(other)
    )))
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
    let today = Facts::nothing(facts.domain.clone(), setup::clock().max(facts.observed_at), facts.vantage.clone());
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

fn live(
    job: &Job<'_>,
    disk: &setup::Disk,
    memory: Memory,
    tasks: Vec<Task>,
    taker: impl Taker,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(observe_all(job, disk, memory, tasks, taker, streams));
    // A peer that never closes must not keep the process: what is left open is dropped.
    runtime.shutdown_background();
    outcome
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| Failure::Internal(error.to_string()))
}

async fn observe_all(
    job: &Job<'_>,
    disk: &setup::Disk,
    mut memory: Memory,
    tasks: Vec<Task>,
    mut taker: impl Taker,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let looker = Arc::new(setup::looker(job.common).await?);
    for known in tasks.iter().filter_map(|task| task.known.as_ref()) {
        let now = setup::clock().max(known.observed_at);
        same_roots(&[Facts::nothing(known.domain.clone(), now, looker.vantage.clone()), known.clone()])?;
    }
    let mut progress = Progress::new(streams.progress && !job.common.quiet, tasks.len());
    let tasks = tasks.into_iter().map(|Task { index, domain, wanted, known }| {
        let looker = looker.clone();
        async move {
            let about = domain.clone();
            let reports = wanted.reports;
            let facts = tokio::spawn(async move { Box::pin(looker.observe(&domain, &wanted)).await }).await;
            (index, about, reports, facts, known)
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
        let Some((index, domain, reports, facts, known)) = next else { break };
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
        // What was known before, not what is about to be: the facts themselves say that.
        let history = memory.history(&domain, facts.observed_at)?;
        memory.remember(&facts, streams.err)?;
        facts.history = history;
        if reports {
            facts.reports = Some(memory.reports(&domain, job.common.now.unwrap_or(facts.observed_at))?);
        }
        let mut facts = with_known(facts, known);
        disk.put(&mut facts);
        if stages::want_witness(&facts) {
            waiting.push((index, facts));
            continue;
        }
        taker.take(index, &facts, streams)?;
        memory.remember_answer(&facts, taker.answered(), streams.err)?;
        kept.extend(job.common.save_facts.is_some().then_some((index, facts)));
    }
    for (index, mut facts) in waiting {
        looker.bear_witness(&mut facts);
        taker.take(index, &facts, streams)?;
        memory.remember_answer(&facts, taker.answered(), streams.err)?;
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

/// What was seen now, filled with what was known.
fn with_known(seen: Facts, known: Option<Facts>) -> Facts {
    let Some(known) = known else { return seen };
    let all = vec![seen.clone(), known];
    merge(all).unwrap_or(seen)
}
