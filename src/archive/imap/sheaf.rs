//! The messages of one command, gathered as they are read, and kept together.

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::Mark;
use super::error::ImapError;
use super::keep::Post;
use super::letter::{Letter, weight};
use crate::archive::intake::Parcel;

/// Parcels heavier than this together are not kept waiting for the rest.
const WEIGHT: usize = 8 << 20;
/// How many letters may be on their way through the readers.
const UNREAD: usize = 64;

/// Messages of one command. They are gathered in the background while the next ones arrive.
pub(super) struct Sheaf {
    post: Post,
    letters: mpsc::Sender<Item>,
    gathered: JoinHandle<Result<Vec<u32>, ImapError>>,
}

enum Item {
    /// A letter with its UID, and where its content comes once it is read.
    Letter(u32, oneshot::Receiver<Parcel>),
    /// All letters are there; this is how far the folder has been read with them, if that is to be kept along.
    End(Option<Mark>),
}

impl Sheaf {
    pub(super) fn begin(post: &Post) -> Self {
        let (letters, items) = mpsc::channel(UNREAD);
        Self { post: post.clone(), letters, gathered: tokio::spawn(gather(items, post.clone())) }
    }

    pub(super) async fn add(&self, uid: u32, letter: Letter) -> Result<(), ImapError> {
        let parcel = self.post.letter(letter).await?;
        self.letters.send(Item::Letter(uid, parcel)).await.map_err(|_| ImapError::NotKept)
    }

    /// Nothing more comes. From now on it is kept, with how far the folder has been read.
    pub(super) async fn end(self, mark: Option<Mark>) -> Result<JoinHandle<Result<Vec<u32>, ImapError>>, ImapError> {
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

/// Gives the UIDs of the messages whose reports are kept.
async fn gather(mut items: mpsc::Receiver<Item>, post: Post) -> Result<Vec<u32>, ImapError> {
    let (mut parcels, mut heavy, mut with_reports) = (Vec::new(), 0, Vec::new());
    loop {
        match items.recv().await {
            Some(Item::Letter(uid, parcel)) => {
                let parcel = parcel.await.map_err(|_| ImapError::NotKept)?;
                if !parcel.reports.is_empty() {
                    with_reports.push(uid);
                }
                heavy += weight(&parcel);
                parcels.push(parcel);
                if heavy > WEIGHT {
                    post.keep(std::mem::take(&mut parcels), None).await?;
                    heavy = 0;
                }
            }
            Some(Item::End(mark)) => {
                post.keep(parcels, mark).await?;
                with_reports.sort_unstable();
                return Ok(with_reports);
            }
            None => {
                post.keep(parcels, None).await?;
                return Ok(Vec::new());
            }
        }
    }
}
