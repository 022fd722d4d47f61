//! `change`: looks as `check` does, and at what the change brings besides; prints the plan.

use std::path::Path;

use super::args::{ChangeAt, ChangeCommand, Common, PlanFormat};
use super::config::Config;
use super::observe::{self, Job, Taker};
use super::{Exit, Failure, Streams, assess, setup};
use crate::decide::change::{Given, plan};
use crate::model::change::{Change, NewChain};
use crate::model::facts::Facts;
use crate::model::facts::policy::Draft;
use crate::model::facts::vantage::Roots;
use crate::model::plan::Plan;
use crate::net::shelf::Shelf;
use crate::net::trust::{TrustStore, certificates, key_fits};
use crate::render::change::{json, markdown, text};
use crate::stages::Wanted;
use crate::wire::host_port::HostPort;
use crate::wire::name::Domain;
use crate::wire::policy;

pub(super) fn run(command: &ChangeCommand, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let mut roots = None;
    let (change, at) = match command {
        ChangeCommand::Enforce(args) => (Change::Enforce, &args.at),
        ChangeCommand::Testing(args) => (Change::Testing, &args.at),
        ChangeCommand::Leave(args) => (Change::Leave, &args.at),
        ChangeCommand::AddMx(args) => (Change::AddMx { host: args.host.clone(), preference: args.preference }, &args.at),
        ChangeCommand::RemoveMx(args) => (Change::RemoveMx { host: args.host.clone() }, &args.at),
        ChangeCommand::Policy(args) => (Change::Policy(assess::draft(&args.file)?), &args.at),
        ChangeCommand::Provider(args) => (provider(assess::draft(&args.policy)?, &args.hosts, "--mx")?, &args.at),
        ChangeCommand::Certificate(args) => {
            let (new, trusted) = chain(&args.file, &args.hosts, &args.at.common)?;
            roots = Some(trusted);
            (Change::Certificate(Box::new(new)), &args.at)
        }
    };
    let common = &at.common;
    if common.domains_from.is_some() || common.group.is_some() {
        return Err(Failure::Usage("a change is planned for one domain: name it, without --domains-from and --group".to_owned()));
    }
    at.outputs.ready()?;
    let policy_host = at.domain.child("mta-sts");
    let also = change.hosts().iter().filter(|host| **host != policy_host).cloned().map(HostPort::from).collect();
    let wanted = Wanted { record: true, policy: true, mx: true, reports: true, also, ..Wanted::default() };
    let job = Job { common, domains: vec![at.domain.clone()], wanted, hosts: &[], reports: &at.reports };
    observe::look(&job, Planner { at, change, roots, exit: Exit::Ready, plan: None }, streams)
}

/// The hosts of a new provider: those that were named, else those that the policy names. A wildcard names none, and what stands beside it
/// may be the least of them. `option` is the one that names hosts.
pub(super) fn provider(draft: Draft, named: &[Domain], option: &str) -> Result<Change, Failure> {
    let mut hosts = named.to_vec();
    if hosts.is_empty() {
        let patterns = policy::parse(&draft.body.text).mx;
        if let Some(wildcard) = patterns.iter().find(|pattern| pattern.is_wildcard()) {
            return Err(Failure::Usage(format!(
                "{} has the wildcard {wildcard}, which tells no host; name every MX host of the new provider with {option}",
                draft.file
            )));
        }
        hosts = patterns.iter().map(|pattern| pattern.domain().clone()).collect();
    }
    hosts.sort();
    hosts.dedup();
    if hosts.is_empty() {
        return Err(Failure::Usage(format!("{} names no MX host; name those of the new provider with {option}", draft.file)));
    }
    Ok(Change::Provider { draft, hosts })
}

/// The chain in a file, and the roots that it was judged by.
pub(super) fn chain(path: &Path, hosts: &[Domain], common: &Common) -> Result<(NewChain, Roots), Failure> {
    let trust = TrustStore::load(&common.roots, common.ca_file.as_deref())?;
    let pem = setup::bytes(path)?;
    let chain = certificates(&pem);
    if chain.is_empty() {
        return Err(Failure::Usage(format!("{} holds no PEM certificate (lines of -----BEGIN CERTIFICATE-----)", path.display())));
    }
    let key_fits = key_fits(&pem, &chain);
    let shelf = Shelf::new();
    let prints = shelf.put(&chain);
    let mut hosts = hosts.to_vec();
    hosts.sort();
    hosts.dedup();
    let certificates = shelf.take_for(&prints);
    Ok((
        NewChain { file: path.display().to_string(), chain: prints, certificates, trust: trust.judge(&chain), hosts, key_fits },
        trust.roots(),
    ))
}

/// Refuses facts that were judged by other roots than a new chain.
pub(super) fn same_roots(roots: Option<&Roots>, facts: &Facts) -> Result<(), Failure> {
    if roots.is_none_or(|roots| roots.sha256 == facts.vantage.roots.sha256) {
        return Ok(());
    }
    let roots = &facts.vantage.roots.name;
    Err(Failure::Usage(format!("the facts were judged under the roots {roots}; judge the new certificate with the same --roots")))
}

/// Plans as soon as the domain is seen.
struct Planner<'a> {
    at: &'a ChangeAt,
    change: Change,
    /// Those that a new chain was judged by.
    roots: Option<Roots>,
    exit: Exit,
    plan: Option<Plan>,
}

impl Taker for Planner<'_> {
    fn take(&mut self, _: usize, facts: &Facts, _: &mut Streams<'_>) -> Result<(), Failure> {
        let common = &self.at.common;
        same_roots(self.roots.as_ref(), facts)?;
        let given = Given { id: self.at.id.as_deref() };
        let now = common.now.unwrap_or(facts.observed_at);
        let config = Config::load(&common.store)?;
        let mut plan = plan(facts, &self.change, given, &setup::settings_by(common, &config)?, now);
        plan.notes.extend(config.keeper(&facts.domain).owner.map(|owner| format!("owner of {}: {owner}", facts.domain)));
        self.exit = self.exit.worse(Exit::of_plan(&plan, common.fail_on));
        self.plan = Some(plan);
        Ok(())
    }

    fn lost(&mut self) {
        self.exit = self.exit.worse(Exit::Internal);
    }

    fn finish(self, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
        let common = &self.at.common;
        let Some(plan) = self.plan else { return Ok(self.exit) };
        self.at.outputs.print(streams, |format, width| {
            Ok(match format {
                PlanFormat::Text if common.quiet => text::line(&plan, width),
                PlanFormat::Text => text::page(&plan, width),
                PlanFormat::Markdown => markdown::document(&plan),
                PlanFormat::Json => json::document(&plan)?,
                PlanFormat::Ndjson => json::line(&plan)?,
            })
        })?;
        Ok(self.exit)
    }
}
