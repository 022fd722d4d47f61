//! `guide`: looks as `check` does, and at what the playbook brings besides; prints where the domain stands and what to do now.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::args::{GuideArgs, GuideFormat};
use super::observe::{self, Job, Taker};
use super::playbook::{Source, folder};
use super::{Exit, Failure, Streams, assess, change, setup};
use crate::decide::guide::{About, Web, guide, moot};
use crate::model::change::Change;
use crate::model::facts::Facts;
use crate::model::facts::vantage::Roots;
use crate::model::finding::codes;
use crate::model::guide::{Guide, Standing};
use crate::playbook::placeholder::Placeholder;
use crate::playbook::{PlanOf, Playbook};
use crate::render::escape;
use crate::render::guide::{html, json, markdown, text};
use crate::stages::Wanted;
use crate::wire::host_port::HostPort;

/// The playbook that is walked unless another is asked for.
const DEFAULT: &str = "rollout";

pub(super) fn run(args: &GuideArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let common = &args.common;
    if common.domains_from.is_some() {
        return Err(Failure::Usage("a playbook is walked for one domain: name it, without --domains-from".to_owned()));
    }
    if args.web == Some(Web::Alias(args.domain.child("mta-sts"))) {
        return Err(Failure::Usage(format!(
            "mta-sts.{} cannot be an alias for itself: name the web server behind it with --web",
            args.domain
        )));
    }
    args.outputs.ready()?;
    let source = Source::find(&args.playbook, folder(common.store.config.as_ref())?.as_deref())?;
    let mut playbook = source.parse()?;
    playbook.name = source.called(&args.playbook);
    let errand = Errand::of(args, &playbook)?;
    let mut walked = look(args, &playbook, &errand, streams)?;
    if args.follow {
        walked = follow(args, walked, streams, &mut |streams| look(args, &playbook, &errand, streams), &mut std::thread::sleep)?;
    }
    let guide = &walked.guide;
    args.outputs.print(streams, |format, width| {
        Ok(match format {
            GuideFormat::Text if common.quiet => text::headline_alone(guide, width),
            GuideFormat::Text => text::page(guide, width),
            GuideFormat::Markdown => markdown::document(guide),
            GuideFormat::Html => html::document(guide),
            GuideFormat::Json => json::document(guide)?,
            GuideFormat::Ndjson => json::line(guide)?,
        })
    })?;
    Ok(walked.exit.worse(Exit::of_guide(guide, common.fail_on)))
}

/// What a playbook's steps are to change.
struct Errand {
    changes: Vec<Change>,
    /// Those that a new chain was judged by.
    roots: Option<Roots>,
}

impl Errand {
    /// The changes that the playbook plans, about what the call names.
    fn of(args: &GuideArgs, playbook: &Playbook) -> Result<Self, Failure> {
        let name = &playbook.name;
        let wants = |what: &str| Failure::Usage(format!("the playbook {name} is about {what}"));
        let host = || match args.hosts.as_slice() {
            [host] => Ok(host.clone()),
            _ => Err(wants("one host: name it with --host HOST")),
        };
        if playbook.placeholders().contains(&Placeholder::Host) {
            args.hosts.first().ok_or_else(|| wants("a host: name it with --host HOST"))?;
        }
        let mut errand = Self { changes: Vec::new(), roots: None };
        for plan in playbook.plans() {
            let change = match plan {
                PlanOf::Enforce => Change::Enforce,
                PlanOf::Testing => Change::Testing,
                PlanOf::Leave => Change::Leave,
                PlanOf::AddMx => Change::AddMx { host: host()?, preference: None },
                PlanOf::RemoveMx => Change::RemoveMx { host: host()? },
                PlanOf::Provider => {
                    let file = args.policy.as_deref().ok_or_else(|| wants("another policy: give its file with --policy FILE"))?;
                    change::provider(assess::draft(file)?, &args.hosts, "--host")?
                }
                PlanOf::Certificate => {
                    let file = args.chain.as_deref().ok_or_else(|| wants("a new certificate: give its file with --chain PEM"))?;
                    if args.hosts.is_empty() {
                        return Err(wants("the hosts that serve the certificate: name them with --host HOST"));
                    }
                    let (chain, roots) = change::chain(file, &args.hosts, &args.common)?;
                    errand.roots = Some(roots);
                    Change::Certificate(Box::new(chain))
                }
            };
            errand.changes.push(change);
        }
        Ok(errand)
    }
}

/// A guide, and how the look itself ended.
struct Walked {
    guide: Guide,
    exit: Exit,
}

/// Looks once.
fn look(args: &GuideArgs, playbook: &Playbook, errand: &Errand, streams: &mut Streams<'_>) -> Result<Walked, Failure> {
    let policy_host = args.domain.child("mta-sts");
    let mut hosts = args.hosts.clone();
    hosts.extend(errand.changes.iter().flat_map(|change| change.hosts().iter().cloned()));
    hosts.retain(|host| *host != policy_host);
    hosts.sort();
    hosts.dedup();
    let also = hosts.into_iter().map(HostPort::from).collect();
    let wanted = Wanted { record: true, policy: true, mx: true, reports: true, also, ..Wanted::default() };
    let job = Job { common: &args.common, domains: vec![args.domain.clone()], wanted, hosts: &[], reports: &args.reports };
    let mut found = None;
    let exit = observe::look(&job, Walker { args, playbook, errand, exit: Exit::Ready, found: &mut found }, streams)?;
    let guide = found.ok_or_else(|| Failure::Internal(format!("nothing was found out about {}", args.domain)))?;
    Ok(Walked { guide, exit })
}

/// The command that looks again, about the same and by the same evidence.
fn again(args: &GuideArgs) -> String {
    let mut words = vec!["stsready guide".to_owned(), args.domain.to_string()];
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), word(value)]);
    if args.playbook != DEFAULT {
        option("--playbook", &args.playbook);
    }
    args.hosts.iter().for_each(|host| option("--host", &host.to_string()));
    args.rua.iter().for_each(|rua| option("--rua", rua));
    args.web.iter().for_each(|web| option("--web", &web.to_string()));
    let store = &args.common.store;
    let files = [("--chain", &args.chain), ("--policy", &args.policy), ("--store", &store.path), ("--config", &store.config)];
    let files = files.into_iter().flat_map(|(name, file)| file.iter().map(move |file| (name, file)));
    for (name, file) in files.chain(args.reports.iter().map(|path| ("--reports", path))) {
        option(name, &file.to_string_lossy());
    }
    words.join(" ")
}

/// A word of a shell's command.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Walks the playbook as soon as the domain is seen.
struct Walker<'a> {
    args: &'a GuideArgs,
    playbook: &'a Playbook,
    errand: &'a Errand,
    exit: Exit,
    found: &'a mut Option<Guide>,
}

impl Taker for Walker<'_> {
    fn take(&mut self, _: usize, facts: &Facts, _: &mut Streams<'_>) -> Result<(), Failure> {
        let common = &self.args.common;
        change::same_roots(self.errand.roots.as_ref(), facts)?;
        let about = About {
            rua: self.args.rua.as_deref(),
            web: self.args.web.as_ref(),
            host: self.args.hosts.first(),
            changes: &self.errand.changes,
            again: &again(self.args),
        };
        let now = common.now.unwrap_or(facts.observed_at);
        let settings = setup::settings(common)?;
        if let Some(why) = self.errand.changes.iter().find_map(|change| moot(facts, change, &settings, now)) {
            return Err(Failure::Usage(why));
        }
        *self.found = Some(guide(facts, self.playbook, about, &settings, now));
        Ok(())
    }

    fn lost(&mut self) {
        self.exit = self.exit.worse(Exit::Internal);
    }

    fn finish(self, _: &mut Streams<'_>) -> Result<Exit, Failure> {
        Ok(self.exit)
    }
}

/// Looks again and again until the step that was current is done, or the time is over. What is known to open later than that is not
/// waited for.
fn follow<'s>(
    args: &GuideArgs,
    mut walked: Walked,
    streams: &mut Streams<'s>,
    again: &mut dyn FnMut(&mut Streams<'s>) -> Result<Walked, Failure>,
    pause: &mut dyn FnMut(Duration),
) -> Result<Walked, Failure> {
    let begun = Instant::now();
    let mut waited = Duration::ZERO;
    let first = walked.guide.current().map(|rung| rung.id.clone());
    loop {
        let guide = &walked.guide;
        let left = args.patience.saturating_sub(waited.max(begun.elapsed()));
        let done = guide.current().map(|rung| &rung.id) != first.as_ref();
        if done || guide.current.is_none() || left.is_zero() || !opens_within(guide, left) {
            return Ok(walked);
        }
        if !args.common.quiet {
            writeln!(streams.err, "{}", escape::terminal(&still(guide, args.every)))?;
            streams.err.flush()?;
        }
        let pause_for = args.every.min(left);
        pause(pause_for);
        waited += pause_for;
        walked = again(streams)?;
    }
}

/// Whether the current step may be done within this time: a wait that ends later cannot.
fn opens_within(guide: &Guide, left: Duration) -> bool {
    let until = guide.current().and_then(|rung| rung.waits.iter().map(|wait| wait.until).min());
    let reach = SignedDuration::try_from(left).ok().and_then(|left| guide.asked_at.checked_add(left).ok()).unwrap_or(Timestamp::MAX);
    guide.standing != Standing::Waiting || until.is_none_or(|until| until <= reach)
}

/// The line between two looks.
fn still(guide: &Guide, every: Duration) -> String {
    let Some(rung) = guide.current() else { return String::new() };
    let mut codes = codes(&rung.against);
    codes.truncate(4);
    let why = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
    let time = guide.observed_at.strftime("%H:%M:%SZ");
    format!("{time}  not yet: {}{why}; looking again in {} s", rung.title, every.as_secs())
}

#[cfg(test)]
mod tests;
