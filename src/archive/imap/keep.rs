//! Between folders, which are read side by side, and the one place where what was read is kept.

use tokio::sync::{mpsc, oneshot};

use super::Mark;
use super::error::ImapError;
use super::letter::{Job, Letter};
use crate::archive::intake::Parcel;

/// Asked of the one who keeps.
pub(super) struct Request {
    /// Which account asks.
    pub(super) account: usize,
    pub(super) what: What,
}

pub(super) enum What {
    /// How far has the folder been read?
    Mark(oneshot::Sender<Option<Mark>>),
    /// Keep these, and then how far the folder has been read.
    Keep { parcels: Vec<Parcel>, mark: Option<Mark>, reply: oneshot::Sender<()> },
    /// So many messages are about to be looked at.
    Found(u64),
    /// So many messages were marked or moved.
    Settled(u64),
    /// The folder has been read to its end.
    Read,
    /// It did not work; the next try is after this pause.
    Trouble(ImapError, std::time::Duration),
    /// It did not work, and is not tried again.
    GivenUp(ImapError),
}

/// An account's way to those who read and keep.
#[derive(Clone)]
pub(super) struct Post {
    pub(super) account: usize,
    pub(super) jobs: mpsc::Sender<Job>,
    pub(super) requests: mpsc::Sender<Request>,
}

impl Post {
    /// Hands a letter to be read; waits while too many are unread.
    pub(super) async fn letter(&self, letter: Letter) -> Result<oneshot::Receiver<Parcel>, ImapError> {
        let (reply, parcel) = oneshot::channel();
        self.jobs.send(Job { letter, reply }).await.map_err(|_| ImapError::NotKept)?;
        Ok(parcel)
    }

    pub(super) async fn mark(&self) -> Result<Option<Mark>, ImapError> {
        let (reply, mark) = oneshot::channel();
        self.ask(What::Mark(reply)).await?;
        mark.await.map_err(|_| ImapError::NotKept)
    }

    /// Returns once they are kept for good.
    pub(super) async fn keep(&self, parcels: Vec<Parcel>, mark: Option<Mark>) -> Result<(), ImapError> {
        let (reply, kept) = oneshot::channel();
        self.ask(What::Keep { parcels, mark, reply }).await?;
        kept.await.map_err(|_| ImapError::NotKept)
    }

    pub(super) async fn ask(&self, what: What) -> Result<(), ImapError> {
        self.requests.send(Request { account: self.account, what }).await.map_err(|_| ImapError::NotKept)
    }
}
