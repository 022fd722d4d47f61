//! Reports out of folders of IMAP servers (RFC 9051, RFC 3501): only looked at, each message once, nothing ever deleted.
//!
//! In: [`Account`]s, a way to read a mail ([`Read`]) and one who keeps what was read ([`Keeper`]). Out: an [`Outcome`] for each account.
//! Every account has its own connection; all of them share the threads that read and verify mails, and the one place where these are
//! kept. A batch is kept together with how far the folder has been read, so that a run that ends at any moment loses nothing and reads
//! little twice.
//!
//! The protocol itself is in [`crate::wire::imap`]. It is our own rather than async-imap's: that one's parser holds up to 512 MiB of
//! whatever a server sends and starts over with each piece of it, and panics where a server leaves out words.

mod account;
mod batch;
mod connect;
mod dialogue;
mod error;
mod keep;
mod letter;
mod login;
mod session;
mod sheaf;
mod stay;
mod tls;
mod visit;

use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, watch};

pub use self::account::{Account, After, Secret};
pub use self::error::{ImapError, Kind};
pub use self::letter::Read;
pub use self::tls::{TlsConfigError, config as tls_config};

use self::keep::{Post, Request, What};
use super::intake::{Parcel, Refused};

/// How long after it was received a mail is met again whose signer's key could not be asked for. Then it is as good as unsigned.
const PATIENCE: SignedDuration = SignedDuration::from_hours(72);
/// Accounts read at the same time, unless all of them are stayed at.
const SIDE_BY_SIDE: usize = 4;
/// Messages that wait for a reader: few, since each may have 25 MiB.
const WAITING: usize = 4;

/// How folders are read.
#[derive(Clone, Debug)]
pub struct Manner {
    /// How long a server may be silent where an answer is due.
    pub wait: Duration,
    /// Whether to stay, and read what arrives.
    pub stay: bool,
    /// After what time to say that we are still there (under the 29 minutes of RFC 2177; a connection that died unnoticed is noticed then).
    pub idle: Duration,
    /// How often to ask a server that cannot tell of itself (no IDLE).
    pub poll: Duration,
    /// Who stays: after what time to look again at mails whose signers' keys could not be asked for.
    pub look_back: Duration,
    /// Threads that read mails; 0 for as many as there are cores.
    pub cores: usize,
    /// The time, for the age of mails.
    pub clock: fn() -> Timestamp,
}

impl Manner {
    /// Once, with the patience of people.
    pub fn new(clock: fn() -> Timestamp) -> Self {
        Self {
            wait: Duration::from_mins(1),
            stay: false,
            idle: Duration::from_mins(9),
            poll: Duration::from_mins(2),
            look_back: Duration::from_hours(1),
            cores: 0,
            clock,
        }
    }

    /// What was received before this time is not waited for any more.
    fn patience(&self) -> Timestamp {
        (self.clock)().checked_sub(PATIENCE).unwrap_or(Timestamp::MIN)
    }
}

/// How far a folder has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Of the folder when it was read.
    pub uid_validity: u32,
    /// The last UID that was looked at, and need not be again.
    pub last_uid: u32,
}

impl Mark {
    /// The mark, but no further than before this message.
    fn before(self, open: Option<u32>) -> Self {
        Self { last_uid: open.map_or(self.last_uid, |open| self.last_uid.min(open.saturating_sub(1))), ..self }
    }
}

/// What became of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Reports that were not known.
    pub new: u64,
    /// Reports that were known already.
    pub known: u64,
    /// Reports that replaced another text of the same report.
    pub replaced: u64,
    /// Of the new and the replacing ones, those that do not count, for nothing proves who wrote them.
    pub unproven: u64,
    /// Reports older than what was pruned away.
    pub pruned: u64,
    /// What could not be read as a report.
    pub rejected: u64,
}

/// One who keeps what was read.
pub trait Keeper {
    /// Why it cannot be kept.
    type Error;

    /// How far this folder of this account was read.
    fn mark(&mut self, account: &str, folder: &str) -> Result<Option<Mark>, Self::Error>;

    /// Keeps parcels for good, and with the last of them how far the folder has been read.
    fn keep(&mut self, parcels: Vec<Parcel>, account: &str, folder: &str, mark: Option<Mark>) -> Result<Kept, Self::Error>;
}

/// What a folder gave.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Messages that were looked at.
    pub messages: u64,
    /// Reports and rejections in them.
    pub kept: Kept,
    /// Messages that are something else.
    pub ignored: u64,
    /// Messages that were marked or moved.
    pub settled: u64,
    /// How far the folder has been read.
    pub mark: Option<Mark>,
    /// Why it was not read to its end, if it was not.
    pub error: Option<ImapError>,
}

/// What happens meanwhile.
#[derive(Debug)]
pub enum News<'a> {
    /// So many more messages are to be looked at.
    Found(u64),
    /// So many were looked at and kept.
    Kept(u64),
    /// These were refused.
    Refused(&'a [Refused]),
    /// The folder was read to its end; this is what it gave so far.
    Read(&'a Outcome),
    /// It did not work, and is tried again after this pause.
    Trouble(&'a ImapError, Duration),
    /// It did not work, and is not tried again.
    GivenUp(&'a ImapError),
}

/// Reads folders until all are read, or as long as is asked for. `tell` hears of each account by its number. Must not be called on a
/// thread of the runtime.
///
/// # Errors
/// If what was read cannot be kept. What goes wrong with an account is in its outcome and costs no other.
pub fn fetch<K: Keeper>(
    runtime: &Handle,
    accounts: &[Account],
    manner: &Manner,
    stop: &watch::Receiver<bool>,
    read: &Read<'_>,
    keeper: &mut K,
    mut tell: impl FnMut(usize, News<'_>),
) -> Result<Vec<Outcome>, K::Error> {
    let (jobs, letters) = mpsc::channel(WAITING);
    let (requests, mut inbox) = mpsc::channel(64);
    let turns = Arc::new(Semaphore::new(if manner.stay { accounts.len() } else { SIDE_BY_SIDE }));
    let attended: Vec<_> = accounts
        .iter()
        .enumerate()
        .map(|(number, account)| {
            let (account, manner, stop, turns) = (account.clone(), manner.clone(), Stop(stop.clone()), Arc::clone(&turns));
            let post = Post { account: number, jobs: jobs.clone(), requests: requests.clone() };
            runtime.spawn(async move {
                // Never closed, so there is always a turn.
                let _turn = turns.acquire().await;
                if let Err(error) = stay::attend(&account, &manner, &post, &stop).await {
                    // If nobody keeps any more, nobody asks for reasons either.
                    let _ = post.ask(What::GivenUp(error)).await;
                }
            })
        })
        .collect();
    drop((jobs, requests));
    let letters = Mutex::new(letters);
    let threads = NonZero::new(manner.cores).or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let mut outcomes: Vec<Outcome> = accounts.iter().map(|_| Outcome::default()).collect();
    let kept = std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| letter::work(&letters, read));
        }
        let kept = serve(&mut inbox, accounts, keeper, &mut outcomes, &mut tell);
        if kept.is_err() {
            // Nothing more can be kept: nothing more is read. The readers end once nobody sends them letters.
            inbox.close();
            attended.iter().for_each(tokio::task::JoinHandle::abort);
        }
        kept
    });
    kept.map(|()| outcomes)
}

/// Keeps what the accounts have read, one after the other, until none of them has more.
fn serve<K: Keeper>(
    inbox: &mut mpsc::Receiver<Request>,
    accounts: &[Account],
    keeper: &mut K,
    outcomes: &mut [Outcome],
    tell: &mut impl FnMut(usize, News<'_>),
) -> Result<(), K::Error> {
    while let Some(Request { account: number, what }) = inbox.blocking_recv() {
        let (Some(account), Some(outcome)) = (accounts.get(number), outcomes.get_mut(number)) else { continue };
        let (name, folder) = (account.url.account(), account.url.folder.as_str());
        // Whoever asked may have gone meanwhile; then it asks again with its next try.
        match what {
            What::Mark(reply) => {
                let mark = keeper.mark(&name, folder)?;
                outcome.mark = mark;
                let _ = reply.send(mark);
            }
            What::Keep { parcels, mark, reply } => {
                let (messages, ignored) = (parcels.len() as u64, parcels.iter().filter(|parcel| parcel.ignored).count() as u64);
                let refused: Vec<Refused> = parcels.iter().flat_map(|parcel| parcel.rejected.iter().cloned()).collect();
                if !parcels.is_empty() || mark.is_some() {
                    outcome.kept.add(keeper.keep(parcels, &name, folder, mark)?);
                }
                let _ = reply.send(());
                outcome.messages += messages;
                outcome.ignored += ignored;
                outcome.mark = mark.or(outcome.mark);
                tell(number, News::Refused(&refused));
                tell(number, News::Kept(messages));
            }
            What::Found(messages) => tell(number, News::Found(messages)),
            What::Settled(messages) => outcome.settled += messages,
            What::Read => tell(number, News::Read(outcome)),
            What::Trouble(error, pause) => tell(number, News::Trouble(&error, pause)),
            What::GivenUp(error) => tell(number, News::GivenUp(outcome.error.insert(error))),
        }
    }
    Ok(())
}

impl Kept {
    fn add(&mut self, more: Self) {
        self.new += more.new;
        self.known += more.known;
        self.replaced += more.replaced;
        self.unproven += more.unproven;
        self.pruned += more.pruned;
        self.rejected += more.rejected;
    }
}

/// Whether to stop.
#[derive(Clone)]
struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Does something unless it is to stop before it is done.
    async fn or<T>(&self, work: impl Future<Output = Result<T, ImapError>>) -> Result<T, ImapError> {
        let mut asked = self.0.clone();
        tokio::select! {
            // Whoever could ask is gone: then nobody asks.
            Ok(_) = asked.wait_for(|stop| *stop) => Err(ImapError::Stopped),
            done = work => done,
        }
    }
}
