//! The messages of one command, gathered as they are read, and kept together.
//!
//! A message that may be proven later, for its signer's key could not be asked for, stays open: the folder counts as read only up to the
//! message before it, so that it is met again.

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::Mark;
use super::error::ImapError;
use super::keep::Post;
use super::letter::{Letter, weight};
use crate::archive::intake::Parcel;
use crate::model::facts::reports::Authenticity;

/// Parcels heavier than this together are not kept waiting for the rest.
const WEIGHT: usize = 8 << 20;
/// How many letters may be on their way through the readers.
const UNREAD: usize = 64;

/// Messages of one command. They are gathered in the background while the next ones arrive.
pub(super) struct Sheaf {
    post: Post,
    letters: mpsc::Sender<Item>,
    gathered: JoinHandle<Result<Gathered, ImapError>>,
    /// What was received before this time stays open no more.
    patience: Timestamp,
}

/// What became of the messages of a command.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Those whose reports are kept, and which need not be met again.
    pub(super) done: Vec<u32>,
    /// The first that stays open.
    pub(super) open: Option<u32>,
}

enum Item {
    /// A letter with its UID, whether it may stay open, and where its content comes once it is read.
    Letter { uid: u32, may_wait: bool, parcel: oneshot::Receiver<Parcel> },
    /// All letters are there; this is how far the folder has been read with them, if that is to be kept along.
    End(Option<Mark>),
}

impl Sheaf {
    pub(super) fn begin(post: &Post, patience: Timestamp) -> Self {
        let (letters, items) = mpsc::channel(UNREAD);
        Self { post: post.clone(), letters, gathered: tokio::spawn(gather(items, post.clone())), patience }
    }

    pub(super) async fn add(&self, uid: u32, letter: Letter) -> Result<(), ImapError> {
        // Of unknown age it could stay open for ever.
        let may_wait = letter.received_at.is_some_and(|at| at > self.patience);
        let parcel = self.post.letter(letter).await?;
        self.letters.send(Item::Letter { uid, may_wait, parcel }).await.map_err(|_| ImapError::NotKept)
    }

    /// Nothing more comes. From now on it is kept, with how far the folder has been read.
    pub(super) async fn end(self, mark: Option<Mark>) -> Result<JoinHandle<Result<Gathered, ImapError>>, ImapError> {
        self.letters.send(Item::End(mark)).await.map_err(|_| ImapError::NotKept)?;
        Ok(self.gathered)
    }

    /// The rest did not come. What did is kept all the same; the messages are asked for again.
    pub(super) async fn break_off(self) {
        drop(self.letters);
        // Whatever becomes of it: the messages are read again.
        let _ = self.gathered.await;
    }
}

async fn gather(mut items: mpsc::Receiver<Item>, post: Post) -> Result<Gathered, ImapError> {
    let (mut parcels, mut heavy, mut gathered) = (Vec::new(), 0, Gathered::default());
    loop {
        match items.recv().await {
            Some(Item::Letter { uid, may_wait, parcel }) => {
                let parcel = parcel.await.map_err(|_| ImapError::NotKept)?;
                if may_wait && is_open(&parcel) {
                    gathered.open = Some(gathered.open.map_or(uid, |open| open.min(uid)));
                } else if !parcel.reports.is_empty() {
                    gathered.done.push(uid);
                }
                heavy += weight(&parcel);
                parcels.push(parcel);
                if heavy > WEIGHT {
                    post.keep(std::mem::take(&mut parcels), None).await?;
                    heavy = 0;
                }
            }
            Some(Item::End(mark)) => {
                post.keep(parcels, mark.map(|mark| mark.before(gathered.open))).await?;
                gathered.done.sort_unstable();
                return Ok(gathered);
            }
            None => {
                post.keep(parcels, None).await?;
                return Ok(Gathered::default());
            }
        }
    }
}

/// Whether a later look may prove who wrote it.
fn is_open(parcel: &Parcel) -> bool {
    parcel.reports.iter().any(|received| matches!(received.authenticity, Authenticity::Unverifiable { again: true, .. }))
}
