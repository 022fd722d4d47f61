//! `record`, `policy`, `mx` and `check`: look (or take saved facts), judge, render, exit.

use std::path::Path;

use super::args::{CheckArgs, CheckFormat, Common, DomainArgs, MxArgs, NotifyArgs, Outputs, PolicyArgs};
use super::bundle::Bundle;
use super::config::Config;
use super::exit::FailOn;
use super::keep::Keep;
use super::notify::Bulletin;
use super::observe::{self, Job, Taker};
use super::{Exit, Failure, Streams, setup};
use crate::decide;
use crate::model::assessment::{Answer, Assessment};
use crate::model::facts::Facts;
use crate::model::facts::policy::{Body, Draft};
use crate::model::settings::{POLICY_CAP, Settings};
use crate::model::verdict::Verdict;
use crate::render::nagios::Status;
use crate::render::nagios::check::Judged;
use crate::render::page::{Look, Page};
use crate::render::{github, html, json, junit, nagios, prometheus, text, ticket};
use crate::stages::Wanted;
use crate::wire::host_port::HostPort;

/// RFC 8461 §3.3: nothing larger is a policy; a little more is read so that the draft is seen to be too large.
const DRAFT_CAP: usize = POLICY_CAP + 1;

pub(super) fn record(args: &DomainArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { record: true, ..Wanted::default() };
    let domains = setup::domains(&args.domains, &args.common, false)?;
    run(&Job { common: &args.common, domains, wanted, hosts: &[], reports: &[] }, &args.outputs, &NotifyArgs::default(), streams)
}

pub(super) fn policy(args: &PolicyArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let draft = args.file.as_deref().map(draft).transpose()?;
    let wanted = Wanted { policy: true, draft: draft.clone(), ..Wanted::default() };
    let domains = setup::domains(&args.domains, &args.common, draft.is_some())?;
    match draft {
        Some(draft) if domains.is_empty() => alone(args, draft, streams),
        _ => run(&Job { common: &args.common, domains, wanted, hosts: &[], reports: &[] }, &args.outputs, &NotifyArgs::default(), streams),
    }
}

pub(super) fn mx(args: &MxArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { mx: true, hosts: args.host.iter().cloned().map(HostPort::from).collect(), ..Wanted::default() };
    let mut domains = setup::domains(&args.domains, &args.common, !args.host.is_empty())?;
    if domains.is_empty() {
        // A host asked for without a domain stands for itself.
        domains.extend(args.host.first().cloned());
    }
    run(&Job { common: &args.common, domains, wanted, hosts: &[], reports: &[] }, &args.outputs, &NotifyArgs::default(), streams)
}

pub(super) fn check(args: &CheckArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let wanted = Wanted { record: true, policy: true, mx: true, reports: true, ..Wanted::default() };
    let domains = setup::domains(&args.domains, &args.common, false)?;
    let job = Job { common: &args.common, domains, wanted, hosts: &[], reports: &args.reports };
    let bundle = args.bundle.path.as_deref().map(Bundle::begin).transpose()?;
    observe::look(&job, Printer { bundle, ..Printer::new(&args.common, &args.outputs, &args.notify)? }, streams)
}

pub(super) fn draft(path: &Path) -> Result<Draft, Failure> {
    let mut bytes = setup::bytes(path)?;
    bytes.truncate(DRAFT_CAP);
    Ok(Draft { file: path.display().to_string(), body: Body::new(&bytes) })
}

/// Looks, or takes saved facts, and judges each domain by itself.
fn run(job: &Job<'_>, outputs: &Outputs<CheckFormat>, notify: &NotifyArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    observe::look(job, Printer::new(job.common, outputs, notify)?, streams)
}

/// A draft without a domain: its text alone.
fn alone(args: &PolicyArgs, draft: Draft, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let mut printer = Printer::new(&args.common, &args.outputs, &NotifyArgs::default())?;
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
    bulletin: Bulletin,
    exit: Exit,
    /// Domains whose facts were lost by a fault of ours.
    lost: usize,
    /// Each with its place among the domains, and whether it is to be printed.
    kept: Vec<(usize, bool, Assessment)>,
    /// What the last one answered, where it is worth to be remembered.
    answered: Option<Verdict>,
    /// Where everything is kept besides.
    bundle: Option<Bundle>,
}

impl<'a> Printer<'a> {
    fn new(common: &'a Common, outputs: &'a Outputs<CheckFormat>, notify: &NotifyArgs) -> Result<Self, Failure> {
        outputs.ready()?;
        let config = Config::load(&common.store)?;
        let settings = setup::settings_by(common, &config)?;
        let bulletin = if notify.is_any() { Bulletin::of(notify, &Keep::of(&common.store)?)? } else { Bulletin::none() };
        Ok(Self { common, outputs, config, settings, bulletin, exit: Exit::Ready, lost: 0, kept: Vec::new(), answered: None, bundle: None })
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

impl Printer<'_> {
    /// These assessments in one format.
    fn written(&self, assessments: &[&Assessment], format: CheckFormat, width: usize) -> Result<String, Failure> {
        let (all, quiet) = (self.common.all, self.common.quiet);
        Ok(match format {
            CheckFormat::Text if quiet => assessments.iter().map(|assessment| text::headline(assessment, width)).collect(),
            CheckFormat::Text => pages(assessments, text::Options { width, all }),
            CheckFormat::Json => json::document(assessments, all)?,
            CheckFormat::Ndjson => assessments.iter().map(|assessment| json::line(assessment, all)).collect::<Result<_, _>>()?,
            CheckFormat::Markdown => ticket::document(assessments),
            CheckFormat::Html => html::document(assessments, html::Options { all }),
            CheckFormat::Nagios => nagios::check::page(&self.judged(assessments), self.lost),
            CheckFormat::Prometheus => prometheus::check::page(assessments),
            CheckFormat::Junit => junit::page(assessments, line(self.common.fail_on)),
            CheckFormat::Github => github::page(assessments),
        })
    }

    /// Each with the status that a plugin has of it.
    fn judged<'b>(&self, assessments: &[&'b Assessment]) -> Vec<Judged<'b>> {
        assessments.iter().map(|assessment| Judged { status: Exit::status(assessment, self.common.fail_on), assessment }).collect()
    }
}

impl Taker for Printer<'_> {
    fn take(&mut self, index: usize, facts: &Facts, streams: &mut Streams<'_>) -> Result<(), Failure> {
        let assessment = self.judge(facts);
        self.answered = self.common.now.is_none().then(|| decide::remembered(&assessment)).flatten();
        self.exit = self.exit.worse(Exit::of(&assessment, self.common.fail_on));
        let is_printed = self.bulletin.take(&assessment)?;
        if self.is_streamed() && is_printed {
            streams.out.write_all(json::line(&assessment, self.common.all)?.as_bytes())?;
            streams.out.flush()?;
        }
        if let Some(bundle) = &mut self.bundle {
            bundle.take(index, facts);
        }
        // Nothing is kept that nobody reads again: there may be thousands.
        if !self.is_streamed() || self.outputs.all().len() > 1 || self.bundle.is_some() {
            self.kept.push((index, is_printed, assessment));
        }
        Ok(())
    }

    fn answered(&mut self) -> Option<Verdict> {
        self.answered.take()
    }

    fn lost(&mut self) {
        self.lost += 1;
        self.exit = self.exit.worse(Exit::Internal);
    }

    fn finish(mut self, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
        self.kept.sort_by_key(|(index, ..)| *index);
        let (files, printed) = self.outputs.parted();
        let all: Vec<&Assessment> = self.kept.iter().map(|(.., assessment)| assessment).collect();
        let mut wrote = files.print(streams, |format, width| self.written(&all, format, width));
        let changed: Vec<&Assessment> =
            self.kept.iter().filter(|(_, is_printed, _)| *is_printed).map(|(.., assessment)| assessment).collect();
        // What was printed as it came is not printed again; and where only changes are wanted and nothing changed, nothing is.
        if !self.is_streamed() && (changed.len() == all.len() || !changed.is_empty()) {
            wrote = wrote.and(printed.print(streams, |format, width| self.written(&changed, format, width)));
        }
        let kept = self.bundle.take().map_or(Ok(()), |bundle| bundle.finish(&all, &self.settings, None));
        let wrote = wrote.and(kept);
        // A file that cannot be written is no reason to leave anybody untold.
        let arrived = std::mem::replace(&mut self.bulletin, Bulletin::none()).finish(wrote.is_ok(), streams)?;
        wrote?;
        Ok(match self.outputs.printed() {
            Some(CheckFormat::Nagios) => {
                let worst = nagios::check::worst(&self.judged(&all), self.lost);
                Exit::Plugin(if arrived { worst } else { worst.max(Status::Unknown) })
            }
            _ if !arrived => self.exit.worse(Exit::Internal),
            _ => self.exit,
        })
    }
}

/// What of JUnit's cases fails, as the exit code has it.
fn line(fail_on: FailOn) -> junit::Line {
    junit::Line { warnings: fail_on == FailOn::Warning, undetermined: matches!(fail_on, FailOn::Inconclusive | FailOn::Warning) }
}

/// A page a domain; before those of many, a line for each.
fn pages(assessments: &[&Assessment], options: text::Options) -> String {
    let overview = (assessments.len() > 1).then(|| overview(assessments, options.width));
    let pages = assessments.iter().map(|assessment| text::assessment(assessment, options));
    overview.into_iter().chain(pages).collect::<Vec<_>>().join(&format!("\n{}\n\n", "─".repeat(options.width.min(100))))
}

/// A line a domain, before the pages of many.
fn overview(assessments: &[&Assessment], width: usize) -> String {
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
