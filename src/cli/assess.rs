//! `record`, `policy`, `mx` and `check`: look (or take saved facts), judge, render, exit.

use std::path::Path;

use super::args::{CheckArgs, Common, DomainArgs, Format, MxArgs, PolicyArgs};
use super::config::Config;
use super::observe::{self, Job, Taker};
use super::{Exit, Failure, Streams, setup};
use crate::decide;
use crate::model::assessment::{Answer, Assessment};
use crate::model::facts::Facts;
use crate::model::facts::policy::{Body, Draft};
use crate::model::settings::{POLICY_CAP, Settings};
use crate::model::verdict::Verdict;
use crate::render::page::{Look, Page};
use crate::render::{json, text};
use crate::stages::Wanted;
use crate::wire::host_port::HostPort;

/// RFC 8461 §3.3: nothing larger is a policy; a little more is read so that the draft is seen to be too large.
const DRAFT_CAP: usize = POLICY_CAP + 1;

pub(super) fn record(args: &DomainArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { record: true, ..Wanted::default() };
    run(
        &Job { common: &args.common, domains: setup::domains(&args.domains, &args.common, false)?, wanted, hosts: &[], reports: &[] },
        streams,
    )
}

pub(super) fn policy(args: &PolicyArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let draft = args.file.as_deref().map(draft).transpose()?;
    let wanted = Wanted { policy: true, draft: draft.clone(), ..Wanted::default() };
    let domains = setup::domains(&args.domains, &args.common, draft.is_some())?;
    match draft {
        Some(draft) if domains.is_empty() => alone(&args.common, draft, streams),
        _ => run(&Job { common: &args.common, domains, wanted, hosts: &[], reports: &[] }, streams),
    }
}

pub(super) fn mx(args: &MxArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { mx: true, hosts: args.host.iter().cloned().map(HostPort::from).collect(), ..Wanted::default() };
    let mut domains = setup::domains(&args.domains, &args.common, !args.host.is_empty())?;
    if domains.is_empty() {
        // A host asked for without a domain stands for itself.
        domains.extend(args.host.first().cloned());
    }
    run(&Job { common: &args.common, domains, wanted, hosts: &[], reports: &[] }, streams)
}

pub(super) fn check(args: &CheckArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { record: true, policy: true, mx: true, reports: true, ..Wanted::default() };
    let domains = setup::domains(&args.domains, &args.common, false)?;
    run(&Job { common: &args.common, domains, wanted, hosts: &[], reports: &args.reports }, streams)
}

pub(super) fn draft(path: &Path) -> Result<Draft, Failure> {
    let mut bytes = setup::bytes(path)?;
    bytes.truncate(DRAFT_CAP);
    Ok(Draft { file: path.display().to_string(), body: Body::new(&bytes) })
}

/// Looks, or takes saved facts, and judges each domain by itself.
fn run(job: &Job<'_>, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    observe::look(job, Printer::new(job.common)?, streams)
}

/// A draft without a domain: its text alone.
fn alone(common: &Common, draft: Draft, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    common.format.without_markdown()?;
    let looker = observe::runtime()?.block_on(setup::looker(common))?;
    let facts = looker.draft_alone(draft);
    let mut printer = Printer::new(common)?;
    printer.take(0, &facts, streams)?;
    printer.finish(streams)
}

/// Prints assessments in the order of the domains; one a line as they come for ndjson.
struct Printer<'a> {
    common: &'a Common,
    config: Config,
    settings: Settings,
    exit: Exit,
    kept: Vec<(usize, Assessment)>,
    /// What the last one answered, where it is worth to be remembered.
    answered: Option<Verdict>,
}

impl<'a> Printer<'a> {
    fn new(common: &'a Common) -> Result<Self, Failure> {
        let config = Config::load(&common.store)?;
        let settings = setup::settings_by(common, &config)?;
        Ok(Self { common, config, settings, exit: Exit::Ready, kept: Vec::new(), answered: None })
    }

    /// What was observed is judged as of when it was observed, unless told otherwise: live and saved facts then give the same bytes.
    fn judge(&self, facts: &Facts) -> Assessment {
        let assessment = decide::assess(facts, &self.settings, self.common.now.unwrap_or(facts.observed_at));
        Assessment { keeper: self.config.keeper(&facts.domain), ..assessment }
    }
}

impl Taker for Printer<'_> {
    fn take(&mut self, index: usize, facts: &Facts, streams: &mut Streams<'_>) -> Result<(), Failure> {
        let assessment = self.judge(facts);
        self.answered = self.common.now.is_none().then(|| decide::remembered(&assessment)).flatten();
        self.exit = self.exit.worse(Exit::of(&assessment, self.common.fail_on));
        if self.common.format == Format::Ndjson {
            streams.out.write_all(json::line(&assessment, self.common.all)?.as_bytes())?;
            streams.out.flush()?;
        } else {
            self.kept.push((index, assessment));
        }
        Ok(())
    }

    fn answered(&mut self) -> Option<Verdict> {
        self.answered.take()
    }

    fn lost(&mut self) {
        self.exit = self.exit.worse(Exit::Internal);
    }

    fn finish(mut self, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
        self.kept.sort_by_key(|(index, _)| *index);
        let assessments: Vec<Assessment> = self.kept.into_iter().map(|(_, assessment)| assessment).collect();
        let page = match self.common.format {
            // Refused before anything was looked at.
            Format::Ndjson | Format::Markdown | Format::Html => String::new(),
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
                (Look::Faint, assessment.keeper.owner.clone().unwrap_or_default()),
            ]
        })
        .collect();
    page.table(0, &rows);
    page.finish()
}
