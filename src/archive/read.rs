//! Sources read to parcels: files, folders, standard input, and single mails of an IMAP server.
//!
//! In: paths, or a mail; and [`Options`]. Out: [`Parcel`]s, handed to the calling thread one by one while others read on. However
//! large the corpus is, what is in memory is bounded: by the channel between the two, and by the caps of each format.

use std::convert::Infallible;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;

use super::ReadError;
use super::contents::Bench;
use super::delivery::Stopped;
use super::intake::{Parcel, Stamp, Verifier};
use super::queue::{Giver, Queue};
use super::{open, walk};

/// Fewer bytes than this are read by the calling thread itself.
const ALONE_BYTES: u64 = 1 << 20;
/// The weight at which parcels go through the channel: one by one, the hand-over would cost as much as to read a small report.
const HANDFUL_WEIGHT: usize = 128 << 10;

/// How sources are read.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Who tells whether a mail is from whom it says.
    pub verifier: &'a dyn Verifier,
    /// Whether the text of each report is kept.
    pub keep_raw: bool,
    /// Whether mailboxes (mbox) quote the `From ` lines in their mails, so that no mail's text can pass for another mail; then standard
    /// input may be one, too.
    pub quoted_mailboxes: bool,
    /// How many threads read; 0 for as many as there are cores.
    pub cores: usize,
    /// Whether a file is known as it is, so that it need not be read.
    pub unchanged: &'a (dyn Fn(&Stamp) -> bool + Sync),
}

impl<'a> Options<'a> {
    /// Everything is read, on all cores, and no text kept.
    pub fn new(verifier: &'a dyn Verifier) -> Self {
        Self { verifier, keep_raw: false, quoted_mailboxes: false, cores: 0, unchanged: &|_| false }
    }
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("keep_raw", &self.keep_raw).field("cores", &self.cores).finish_non_exhaustive()
    }
}

/// How far the reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Files of which all was handed over, or which are known as they are.
    pub files: u64,
    /// All files.
    pub of: u64,
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files looked into.
    pub files: u64,
    /// Files known as they are, which were not.
    pub unchanged: u64,
}

/// Why reading ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReadFailure<E> {
    /// The operator named what cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Whoever takes the parcels could not.
    #[error("{0}")]
    Taken(E),
}

impl ReadFailure<Infallible> {
    /// The only reason there is where taking cannot fail.
    pub fn into_read(self) -> ReadError {
        match self {
            Self::Read(error) => error,
            Self::Taken(never) => match never {},
        }
    }
}

/// Reads files, and folders with all below them; `-` is standard input. Parcels of one file come in their order, files in any.
///
/// # Errors
/// A path that does not exist or cannot be read at all; and what `take` says. What lies inside a folder is refused, not an error.
pub fn each<E>(
    paths: &[PathBuf],
    options: &Options<'_>,
    take: impl FnMut(Parcel, Done) -> Result<(), E>,
) -> Result<Totals, ReadFailure<E>> {
    each_made(paths, options, &|parcel| parcel, take)
}

/// The same, where something is made of every parcel by the thread that read it, so that the calling thread has less to do.
///
/// # Errors
/// As [`each`].
pub fn each_made<M: Send, E>(
    paths: &[PathBuf],
    options: &Options<'_>,
    make: &(dyn Fn(Parcel) -> M + Sync),
    mut take: impl FnMut(M, Done) -> Result<(), E>,
) -> Result<Totals, ReadFailure<E>> {
    let files = walk::files(paths)?;
    let mut progress = Progress { done: Done { files: 0, of: files.len() as u64 }, unchanged: 0 };
    let next = AtomicUsize::new(0);
    let cores = threads(&files, options.cores);
    if cores == 1 {
        let mut failure = None;
        let outcome = work(&files, &next, options, make, &mut |news, _| {
            progress.tell(news, &mut take).map_err(|problem| {
                failure = Some(problem);
                Stopped
            })
        });
        debug_assert!(outcome.is_ok() || failure.is_some(), "nothing else stops it");
        return failure.map_or(Ok(progress.totals()), Err);
    }
    let queue = Queue::new(cores);
    std::thread::scope(|scope| {
        // Taken first: when taking fails or panics, dropping it lets the readers go.
        let taker = queue.taker();
        for giver in (0..cores).map(|_| queue.giver()) {
            let (files, next) = (&files, &next);
            scope.spawn(move || {
                let mut hand = Hand { giver, held: Vec::new(), weight: 0 };
                // Stopped: whoever takes has said why.
                let _ = work(files, next, options, make, &mut |news, weight| hand.give(news, weight)).and_then(|()| hand.empty());
            });
        }
        while let Some(handful) = taker.take() {
            for news in handful {
                progress.tell(news, &mut take)?;
            }
        }
        Ok(progress.totals())
    })
}

/// Reads one mail of an IMAP server, which gave it the time `received_at`. Of a mail without a report a refusal says so, if it was meant
/// to hold one.
pub fn mail(bytes: &[u8], source: &str, received_at: Option<Timestamp>, options: &Options<'_>) -> Parcel {
    let mut whole = Parcel { origin: Some(source.to_owned()), last: true, ..Parcel::default() };
    let mut gather = |mut parcel: Parcel, _| {
        whole.reports.append(&mut parcel.reports);
        whole.rejected.append(&mut parcel.rejected);
        whole.ignored |= parcel.ignored;
        Ok(())
    };
    let outcome = open::mail(bytes, source, received_at, options, &mut Bench::default(), &mut gather);
    debug_assert_eq!(outcome, Ok(()), "gathering never stops");
    whole
}

/// What a reading thread tells.
enum News<M> {
    Parcel {
        made: M,
        /// Whether its file ends with it.
        last: bool,
    },
    Unchanged,
    Failed(ReadError),
}

/// What a reading thread tells it to, with its weight in bytes.
type Tell<'a, M> = &'a mut dyn FnMut(News<M>, usize) -> Result<(), Stopped>;

/// Reads one file after the other, as long as there are any that no other thread reads.
fn work<M>(
    files: &[walk::File],
    next: &AtomicUsize,
    options: &Options<'_>,
    make: &dyn Fn(Parcel) -> M,
    tell: Tell<'_, M>,
) -> Result<(), Stopped> {
    let mut bench = Bench::default();
    while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
        let stamp = open::stamp(file);
        if stamp.as_ref().is_some_and(options.unchanged) {
            tell(News::Unchanged, 0)?;
            continue;
        }
        let mut send = |parcel: Parcel, weight| tell(News::Parcel { last: parcel.last, made: make(parcel) }, weight);
        let opened = open::file(file, stamp, options, &mut bench, &mut send)?;
        if let Err(problem) = opened {
            tell(News::Failed(problem), 0)?;
        }
    }
    Ok(())
}

/// How many threads are worth it: small work is done before another thread has begun.
fn threads(files: &[walk::File], wanted: usize) -> usize {
    let cores = if wanted == 0 { std::thread::available_parallelism().map_or(1, NonZero::get) } else { wanted };
    let bytes = files.iter().map(|file| file.seen.map_or(ALONE_BYTES, |seen| seen.size)).fold(0, u64::saturating_add);
    if bytes < ALONE_BYTES && files.len() < 64 { 1 } else { cores }
}

/// How far it is, on the calling thread.
struct Progress {
    done: Done,
    unchanged: u64,
}

impl Progress {
    fn tell<M, E>(&mut self, news: News<M>, take: &mut impl FnMut(M, Done) -> Result<(), E>) -> Result<(), ReadFailure<E>> {
        match news {
            News::Unchanged => {
                self.done.files += 1;
                self.unchanged += 1;
                Ok(())
            }
            News::Parcel { made, last } => {
                self.done.files += u64::from(last);
                take(made, self.done).map_err(ReadFailure::Taken)
            }
            News::Failed(problem) => Err(problem.into()),
        }
    }

    fn totals(&self) -> Totals {
        Totals { files: self.done.files - self.unchanged, unchanged: self.unchanged }
    }
}

/// Gathers small news before they go through the channel.
struct Hand<'a, M> {
    giver: Giver<'a, Vec<News<M>>>,
    held: Vec<News<M>>,
    weight: usize,
}

impl<M> Hand<'_, M> {
    fn give(&mut self, news: News<M>, weight: usize) -> Result<(), Stopped> {
        self.held.push(news);
        self.weight += weight;
        if self.weight < HANDFUL_WEIGHT && self.held.len() < 256 { Ok(()) } else { self.empty() }
    }

    fn empty(&mut self) -> Result<(), Stopped> {
        self.giver.give(std::mem::take(&mut self.held), std::mem::take(&mut self.weight)).map_err(|_closed| Stopped)
    }
}

#[cfg(test)]
mod tests;
