//! `reports fetch`: reports out of folders of IMAP servers, into the store.

mod accounts;
mod password;
mod say;

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::sync::watch;

use self::accounts::Plan;
use self::say::Told;
use super::args::FetchArgs;
use super::config::Config;
use super::{Exit, Failure, Streams, keys, observe, setup};
use crate::archive::imap::{self, Account, ImapError, Keeper, Kept, Kind, Manner, Mark, News};
use crate::archive::intake::Parcel;
use crate::archive::read::{self, Options};
use crate::archive::store::{self, Store, StoreError};
use crate::render::escape;

/// Fetches. Exits with 0 if every folder was read, 2 if an account is not set up rightly, 3 if a server could not be read.
pub(super) fn fetch(args: &FetchArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let config = Config::load(&args.store)?;
    let plans = accounts::plans(args, &config.imap).map_err(Failure::Usage)?;
    let mut told: Vec<Told> = plans.iter().map(Told::of).collect();
    let (mut ready, mut numbers) = (Vec::new(), Vec::new());
    for (number, (plan, told)) in plans.iter().zip(&mut told).enumerate() {
        match account(plan, streams)? {
            Ok(account) => {
                ready.push(account);
                numbers.push(number);
            }
            Err(why) => {
                told.fail(why, Exit::Usage);
                if args.idle {
                    say::failure(told, streams)?;
                }
            }
        }
    }
    if !ready.is_empty() {
        let mut fetching = Fetching { args, config: &config, told: &mut told, numbers: &numbers };
        fetching.run(&ready, streams)?;
    }
    say::end(&told, args, streams)?;
    Ok(told.iter().map(Told::exit).fold(Exit::Ready, Exit::worse))
}

/// What is needed to read a folder; or why it cannot be had, which costs no other folder.
fn account(plan: &Plan, streams: &mut Streams<'_>) -> Result<Result<Account, String>, Failure> {
    let obtained = password::obtain(&plan.password);
    if let Ok((_, Some(warning))) = &obtained {
        writeln!(streams.err, "stsready: {}", escape::terminal(warning))?;
    }
    let tls = imap::tls_config(plan.ca_file.as_deref()).map_err(|error| error.to_string());
    let account = |(password, _)| tls.map(|tls| Account { url: plan.url.clone(), password, after: plan.after.clone(), tls });
    Ok(obtained.and_then(account))
}

struct Fetching<'a> {
    args: &'a FetchArgs,
    config: &'a Config,
    told: &'a mut [Told],
    /// For each account that is read, its number among all.
    numbers: &'a [usize],
}

impl Fetching<'_> {
    fn run(&mut self, accounts: &[Account], streams: &mut Streams<'_>) -> Result<(), Failure> {
        let args = self.args;
        let store = Store::open(&self.config.store(&args.store)?)?;
        let runtime = observe::runtime()?;
        let verifier = keys::verifier(&args.verifying, self.config, runtime.handle())?;
        let options =
            Options { verifier: &*verifier, keep_raw: args.keep_raw || self.config.reports.keep_raw, cores: 0, unchanged: &|_| false };
        let wait = args.verifying.timeout.unwrap_or(Manner::default().wait);
        let manner = Manner { wait, stay: args.idle, ..Manner::default() };
        let (stop, asked_to_stop) = watch::channel(false);
        stop_on_signal(&runtime, stop.clone());
        let bar = bar(streams.progress && !args.quiet && !args.idle);
        let mut printed = Ok(());
        let outcomes = imap::fetch(
            runtime.handle(),
            accounts,
            &manner,
            &asked_to_stop,
            &|mail, source, received_at| read::mail(mail, source, received_at, &options),
            &mut Shelf(&store),
            |number, news| {
                let Some(told) = self.numbers.get(number).and_then(|number| self.told.get_mut(*number)) else { return };
                match news {
                    News::Found(messages) => bar.inc_length(messages),
                    News::Kept(messages) => bar.inc(messages),
                    News::Refused(refused) => told.refuse(refused),
                    News::Trouble(error, pause) => bar.suspend(|| trouble(told.name(), error, pause, streams)),
                    News::GivenUp(error) => give_up(told, error, args.idle, streams),
                    News::Read(outcome) => {
                        let grown = told.update(outcome);
                        if args.idle && grown && printed.is_ok() {
                            printed = say::meanwhile(told, args, streams);
                            if printed.is_err() {
                                stop.send_replace(true);
                            }
                        }
                    }
                }
            },
        )?;
        bar.finish_and_clear();
        // What a server holds open must not keep the process.
        runtime.shutdown_background();
        for (outcome, number) in outcomes.iter().zip(self.numbers) {
            if let Some(told) = self.told.get_mut(*number) {
                told.update(outcome);
            }
        }
        printed
    }
}

/// Told on the error stream: what is read is not wrong by it, only late.
fn trouble(name: &str, error: &ImapError, pause: Duration, streams: &mut Streams<'_>) {
    let text = format!("{name}: {error}; next try in {} s", pause.as_secs_f32());
    // If the error stream is gone, the work goes on without words.
    let _ = writeln!(streams.err, "stsready: {}", escape::terminal(&text));
}

/// Takes over why an account is given up. Where the others are stayed at it is said at once, else at the end.
fn give_up(told: &mut Told, error: &ImapError, stays: bool, streams: &mut Streams<'_>) {
    let exit = match error.kind() {
        Kind::Setting => Exit::Usage,
        Kind::Passing | Kind::Lasting => Exit::Inconclusive,
        // Whoever stays is ended in no other way.
        Kind::Over if stays => return,
        Kind::Over => Exit::Inconclusive,
    };
    told.fail(error.to_string(), exit);
    if stays {
        // If the error stream is gone, the work goes on without words.
        let _ = say::failure(told, streams);
    }
}

fn bar(shown: bool) -> ProgressBar {
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    let style = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} messages, {rate}, {eta} left");
    let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        // Drawn again a moment later, should it not be.
        let _ = write!(out, "{:.0} a second", state.per_sec());
    };
    // The template is fixed; should it ever be wrong, the bar looks plain.
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("rate", rate))
}

/// When the process is asked to end: what has been read is kept, and then it does.
fn stop_on_signal(runtime: &tokio::runtime::Runtime, stop: watch::Sender<bool>) {
    runtime.spawn(async move {
        signalled().await;
        stop.send_replace(true);
    });
}

#[cfg(unix)]
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    // A signal that cannot be caught ends the process as ever; the store stands that.
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signalled() {
    let _ = tokio::signal::ctrl_c().await;
}

/// The store, as the one who keeps. Each batch is a transaction of its own: none is open while the network is waited for.
struct Shelf<'a>(&'a Store);

impl Keeper for Shelf<'_> {
    type Error = StoreError;

    fn mark(&mut self, account: &str, folder: &str) -> Result<Option<Mark>, StoreError> {
        let mark = self.0.mark(account, folder)?;
        Ok(mark.map(|mark| Mark { uid_validity: mark.uid_validity, last_uid: mark.last_uid }))
    }

    fn keep(&mut self, parcels: Vec<Parcel>, account: &str, folder: &str, mark: Option<Mark>) -> Result<Kept, StoreError> {
        let mut intake = self.0.intake(setup::clock())?;
        for parcel in parcels {
            intake.take(parcel)?;
        }
        if let Some(Mark { uid_validity, last_uid }) = mark {
            intake.mark(account, folder, store::Mark { uid_validity, last_uid })?;
        }
        let tally = intake.finish()?;
        Ok(Kept { new: tally.new, known: tally.known, replaced: tally.replaced, rejected: tally.rejected })
    }
}
