//! `expiry`: when every certificate of every MX host and policy host ends.

use super::args::{Common, ExpiryArgs, ExpiryFormat, Outputs};
use super::exit::FailOn;
use super::observe::{self, Job, Taker};
use super::{Exit, Failure, Streams, setup};
use crate::decide::expiry::Book;
use crate::model::expiry::{Expiry, OnDisk, RunwayState};
use crate::model::facts::Facts;
use crate::model::settings::Settings;
use crate::render::nagios::Status;
use crate::render::{csv, expiry, expiry_markdown, nagios, prometheus};
use crate::stages::Wanted;

pub(super) fn expiry(args: &ExpiryArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let common = &args.common;
    let domains = setup::domains(&args.domains, common, !args.host.is_empty())?;
    if !common.accept.is_empty() {
        return Err(Failure::Usage("--accept is for what judges; expiry lists when certificates end".to_owned()));
    }
    let mut hosts = args.host.clone();
    hosts.sort();
    hosts.dedup();
    let wanted = Wanted { policy: true, mx: true, ..Wanted::default() };
    args.outputs.ready()?;
    let taker = Collector { common, outputs: &args.outputs, settings: setup::settings(common)?, book: Book::default(), lost: false };
    observe::look(&Job { common, domains, wanted, hosts: &hosts, reports: &[] }, taker, streams)
}

/// Puts the certificates of all domains into one book.
struct Collector<'a> {
    common: &'a Common,
    outputs: &'a Outputs<ExpiryFormat>,
    settings: Settings,
    book: Book,
    lost: bool,
}

impl Taker for Collector<'_> {
    fn take(&mut self, _: usize, facts: &Facts, _: &mut Streams<'_>) -> Result<(), Failure> {
        self.book.add(facts, &self.settings, self.common.now.unwrap_or(facts.observed_at));
        Ok(())
    }

    fn lost(&mut self) {
        self.lost = true;
    }

    fn finish(self, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
        let expiry = self.book.finish(setup::clock());
        let status = status(&expiry, self.common.fail_on, self.lost);
        self.outputs.print(streams, |format, width| {
            Ok(match format {
                ExpiryFormat::Text if self.common.quiet => expiry::summary(&expiry, width),
                ExpiryFormat::Text => expiry::text(&expiry, width),
                ExpiryFormat::Json => expiry::document(&expiry)?,
                ExpiryFormat::Ndjson => expiry::lines(&expiry)?,
                ExpiryFormat::Csv => csv::expiry(&expiry)?,
                ExpiryFormat::Markdown => expiry_markdown::page(&expiry),
                ExpiryFormat::Nagios => nagios::expiry::page(&expiry, status),
                ExpiryFormat::Prometheus => prometheus::expiry::page(&expiry),
            })
        })?;
        if self.outputs.printed() == Some(ExpiryFormat::Nagios) {
            return Ok(Exit::Plugin(status));
        }
        let exit = exit(&expiry, self.common.fail_on);
        Ok(if self.lost { exit.worse(Exit::Internal) } else { exit })
    }
}

/// What it is to a monitor, for which a warning is one unless only blockers count.
fn status(expiry: &Expiry, fail_on: FailOn, lost: bool) -> Status {
    let Found { critical, warns, open } = Found::of(expiry);
    match fail_on {
        FailOn::Never if lost => Status::Unknown,
        FailOn::Never => Status::Ok,
        _ if critical => Status::Critical,
        FailOn::Inconclusive | FailOn::Warning if warns => Status::Warning,
        FailOn::Inconclusive | FailOn::Warning if open => Status::Unknown,
        _ if lost => Status::Unknown,
        FailOn::Blocker | FailOn::Inconclusive | FailOn::Warning => Status::Ok,
    }
}

/// What the line of `--fail-on` is drawn between.
struct Found {
    critical: bool,
    warns: bool,
    /// Not everything could be seen.
    open: bool,
}

impl Found {
    fn of(expiry: &Expiry) -> Self {
        let worst = expiry.worst().unwrap_or(RunwayState::Fine);
        Self {
            critical: worst >= RunwayState::Critical,
            warns: worst >= RunwayState::Warning || expiry.entries.iter().any(|entry| entry.on_disk == Some(OnDisk::Newer)),
            open: expiry.unseen.iter().any(|place| place.open) || expiry.files.iter().any(|file| file.compared == 0),
        }
    }
}

/// The line that `--fail-on` draws, as for assessments.
fn exit(expiry: &Expiry, fail_on: FailOn) -> Exit {
    let Found { critical, warns, open } = Found::of(expiry);
    match fail_on {
        FailOn::Never => Exit::Ready,
        _ if critical => Exit::NotReady,
        FailOn::Warning if warns => Exit::NotReady,
        FailOn::Inconclusive | FailOn::Warning if open => Exit::Inconclusive,
        FailOn::Blocker | FailOn::Inconclusive | FailOn::Warning => Exit::Ready,
    }
}
