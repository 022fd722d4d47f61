//! `record`, `policy`, `mx` and `check`: look (or take saved facts), judge, render, exit.

use std::path::Path;

use super::args::{CheckArgs, CheckFormat, Common, DomainArgs, MxArgs, Outputs, PolicyArgs};
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
    let domains = setup::domains(&args.domains, &args.common, false)?;
    run(&Job { common: &args.common, domains, wanted, hosts: &[], reports: &[] }, &args.outputs, streams)
}

pub(super) fn policy(args: &PolicyArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let draft = args.file.as_deref().map(draft).transpose()?;
    let wanted = Wanted { policy: true, draft: draft.clone(), ..Wanted::default() };
    let domains = setup::domains(&args.domains, &args.common, draft.is_some())?;
    match draft {
        Some(draft) if domains.is_empty() => alone(args, draft, streams),
        _ => run(&Job { common: &args.common, domains, wanted, hosts: &[], reports: &[] }, &args.outputs, streams),
    }
}

pub(super) fn mx(args: &MxArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { mx: true, hosts: args.host.iter().cloned().map(HostPort::from).collect(), ..Wanted::default() };
    let mut domains = setup::domains(&args.domains, &args.common, !args.host.is_empty())?;
    if domains.is_empty() {
        // A host asked for without a domain stands for itself.
        domains.extend(args.host.first().cloned());
    }
    run(&Job { common: &args.common, domains, wanted, hosts: &[], reports: &[] }, &args.outputs, streams)
}

pub(super) fn check(args: &CheckArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { record: true, policy: true, mx: true, reports: true, ..Wanted::default() };
    let domains = setup::domains(&args.domains, &args.common, false)?;
    run(&Job { common: &args.common, domains, wanted, hosts: &[], reports: &args.reports }, &args.outputs, streams)
}

pub(super) fn draft(path: &Path) -> Result<Draft, Failure> {
    let mut bytes = setup::bytes(path)?;
    bytes.truncate(DRAFT_CAP);
    Ok(Draft { file: path.display().to_string(), body: Body::new(&bytes) })
}

/// Looks, or takes saved facts, and judges each domain by itself.
fn run(job: &Job<'_>, outputs: &Outputs<CheckFormat>, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    observe::look(job, Printer::new(job.common, outputs)?, streams)
}

/// A draft without a domain: its text alone.
fn alone(args: &PolicyArgs, draft: Draft, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let mut printer = Printer::new(&args.common, &args.outputs)?;
    let looker = observe::runtime()?.block_on(setup::looker(&args.common))?;
    let facts = looker.draft_alone(draft);
    printer.take(0, &facts, streams)?;
    printer.finish(streams)
}

/// Writes assessments in the order of the domains; one a line as they come where ndjson is printed.
struct Printer<'a> {
    common: &'a Common,
    outputs: &'a Outputs<CheckFormat>,
    config: Config,
    settings: Settings,
    exit: Exit,
    kept: Vec<(usize, Assessment)>,
    /// What the last one answered, where it is worth to be remembered.
    answered: Option<Verdict>,
}

impl<'a> Printer<'a> {
    fn new(common: &'a Common, outputs: &'a Outputs<CheckFormat>) -> Result<Self, Failure> {
        outputs.ready()?;
        let config = Config::load(&common.store)?;
        let settings = setup::settings_by(common, &config)?;
        Ok(Self { common, outputs, config, settings, exit: Exit::Ready, kept: Vec::new(), answered: None })
    }

    fn is_streamed(&self) -> bool {
        self.outputs.printed() == Some(CheckFormat::Ndjson)
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
        if self.is_streamed() {
            streams.out.write_all(json::line(&assessment, self.common.all)?.as_bytes())?;
            streams.out.flush()?;
        }
        // Nothing is kept that nobody reads again: there may be thousands.
        if !self.is_streamed() || self.outputs.all().len() > 1 {
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
        // What was printed as it came is not printed again.
        let left = if self.is_streamed() { self.outputs.files() } else { self.outputs.clone() };
        self.kept.sort_by_key(|(index, _)| *index);
        let assessments: Vec<Assessment> = self.kept.into_iter().map(|(_, assessment)| assessment).collect();
        let (all, quiet) = (self.common.all, self.common.quiet);
        left.print(streams, |format, width| {
            Ok(match format {
                CheckFormat::Text if quiet => assessments.iter().map(|assessment| text::headline(assessment, width)).collect(),
                CheckFormat::Text => pages(&assessments, text::Options { width, all }),
                CheckFormat::Json => json::document(&assessments, all)?,
                CheckFormat::Ndjson => assessments.iter().map(|assessment| json::line(assessment, all)).collect::<Result<_, _>>()?,
            })
        })?;
        Ok(self.exit)
    }
}

/// A page a domain; before those of many, a line for each.
fn pages(assessments: &[Assessment], options: text::Options) -> String {
    let overview = (assessments.len() > 1).then(|| overview(assessments, options.width));
    let pages = assessments.iter().map(|assessment| text::assessment(assessment, options));
    overview.into_iter().chain(pages).collect::<Vec<_>>().join(&format!("\n{}\n\n", "─".repeat(options.width.min(100))))
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
