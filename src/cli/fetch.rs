//! `reports fetch`: reports out of folders of IMAP servers, into the store.

mod accounts;
mod password;
mod say;

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;

use self::accounts::Plan;
use self::say::Told;
use super::args::FetchArgs;
use super::keep::Keep;
use super::{Exit, Failure, Streams, keys, observe, progress, setup};
use crate::archive::imap::{self, Account, ImapError, Keeper, Kept, Kind, Manner, Mark, News};
use crate::archive::intake::Parcel;
use crate::archive::read::{self, Options};
use crate::archive::store::{self, Store, StoreError, Tally};
use crate::render::escape;

/// Fetches. Exits with 0 if every folder was read, 2 if an account is not set up rightly, 3 if a server could not be read.
pub(super) fn fetch(args: &FetchArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let keep = Keep::of(&args.store)?;
    let plans = accounts::plans(args, &keep.config.imap).map_err(Failure::Usage)?;
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
        let mut fetching = Fetching { args, keep: &keep, told: &mut told, numbers: &numbers };
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
    keep: &'a Keep,
    told: &'a mut [Told],
    /// For each account that is read, its number among all.
    numbers: &'a [usize],
}

impl Fetching<'_> {
    fn run(&mut self, accounts: &[Account], streams: &mut Streams<'_>) -> Result<(), Failure> {
        let args = self.args;
        let (store, config) = (self.keep.open()?, &self.keep.config);
        let runtime = observe::runtime()?;
        let verifier = keys::verifier(&args.verifying, config, runtime.handle())?;
        let options = Options { keep_raw: args.keep_raw || config.reports.keep_raw, ..Options::new(&*verifier) };
        let usual = Manner::new(setup::clock);
        let manner = Manner { wait: args.verifying.timeout.unwrap_or(usual.wait), stay: args.idle, ..usual };
        let (stop, asked_to_stop) = watch::channel(false);
        stop_on_signal(&runtime, stop.clone());
        let bar = progress::bar(streams.progress && !args.quiet && !args.idle, "messages");
        let mut printed = Ok(());
        let outcomes = imap::fetch(
            runtime.handle(),
            accounts,
            &manner,
            &asked_to_stop,
            &|mail, source, received_at| read::mail(mail, source, received_at, &options),
            &mut Shelf { store: &store, again: if args.again { accounts.iter().map(place).collect() } else { BTreeSet::new() } },
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

/// What the store knows a folder by.
fn place(account: &Account) -> (String, String) {
    (account.url.account(), account.url.folder.clone())
}

/// The store, as the one who keeps. Each batch is a transaction of its own: none is open while the network is waited for.
struct Shelf<'a> {
    store: &'a Store,
    /// The folders that are read from their beginning, until they are begun.
    again: BTreeSet<(String, String)>,
}

impl Keeper for Shelf<'_> {
    type Error = StoreError;

    fn mark(&mut self, account: &str, folder: &str) -> Result<Option<Mark>, StoreError> {
        if self.again.remove(&(account.to_owned(), folder.to_owned())) {
            return Ok(None);
        }
        let mark = self.store.mark(account, folder)?;
        Ok(mark.map(|mark| Mark { uid_validity: mark.uid_validity, last_uid: mark.last_uid }))
    }

    fn keep(&mut self, parcels: Vec<Parcel>, account: &str, folder: &str, mark: Option<Mark>) -> Result<Kept, StoreError> {
        let mut intake = self.store.intake(setup::clock())?;
        for parcel in parcels {
            intake.take(parcel)?;
        }
        if let Some(Mark { uid_validity, last_uid }) = mark {
            intake.mark(account, folder, store::Mark { uid_validity, last_uid })?;
        }
        let Tally { new, known, replaced, unproven, pruned, rejected, ignored: _ } = intake.finish()?;
        Ok(Kept { new, known, replaced, unproven, pruned, rejected })
    }
}
