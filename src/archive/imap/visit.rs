//! One way through a folder: from where it was read to, up to its end.

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::account::{Account, After};
use super::batch::{self, Listed};
use super::error::{ImapError, Kind};
use super::keep::{Post, What};
use super::letter::{Body, Letter};
use super::session::{Fetched, LIST_CAP, Part, Session};
use super::sheaf::{Gathered, Sheaf};
use super::{Manner, Mark, Stop};
use crate::wire::imap::response::Content;

/// How often a connection may break over one message before that message is passed over.
const BREAKS: u32 = 3;

/// What earlier tries have taught.
#[derive(Debug)]
pub(super) struct Care {
    /// How many messages are asked for at once: one after the connection broke, then more and more again.
    most: usize,
    /// The message over which the connection broke when it was asked for alone, and how often.
    suspect: Option<(u32, u32)>,
    /// Whether anything was kept since this was last asked.
    pub(super) progress: bool,
}

impl Default for Care {
    fn default() -> Self {
        Self { most: usize::MAX, suspect: None, progress: false }
    }
}

impl Care {
    fn broken_over(&mut self, asked: &[Listed]) {
        self.most = 1;
        if let [only] = asked {
            let times = self.suspect.filter(|(uid, _)| *uid == only.uid).map_or(0, |(_, times)| times);
            self.suspect = Some((only.uid, times + 1));
        }
    }

    fn done(&mut self) {
        self.most = self.most.saturating_mul(2);
        self.progress = true;
    }

    fn is_hopeless(&self, asked: &[Listed]) -> bool {
        matches!((asked, self.suspect), ([only], Some((uid, times))) if only.uid == uid && times >= BREAKS)
    }
}

/// An open folder, being read.
pub(super) struct Visit<'a> {
    account: &'a Account,
    post: &'a Post,
    manner: &'a Manner,
    uid_validity: u32,
    /// The first UID that has not been looked at; `None` behind the last that there can be.
    from: Option<u32>,
    /// The first message that stays open, and since when: the folder is not read beyond it, though it was looked at.
    open: Option<(u32, Instant)>,
}

/// A batch that is being kept.
struct Pending {
    gathered: JoinHandle<Result<Gathered, ImapError>>,
    mark: Mark,
}

impl<'a> Visit<'a> {
    pub(super) fn new(account: &'a Account, post: &'a Post, manner: &'a Manner, uid_validity: u32, from: Option<u32>) -> Self {
        Self { account, post, manner, uid_validity, from, open: None }
    }

    /// Goes back to the messages that stayed open, once it is time to: meanwhile their signers' keys may have come back.
    pub(super) fn look_back(&mut self) {
        if let Some((open, _)) = self.open.take_if(|(_, since)| since.elapsed() >= self.manner.look_back) {
            self.from = Some(open);
        }
    }

    /// Reads up to the end. What was kept stays kept if it breaks off; the next visit goes on from there.
    pub(super) async fn run(&mut self, session: &mut Session, care: &mut Care, stop: &Stop) -> Result<(), ImapError> {
        while let Some(from) = self.from {
            let listed = stop.or(session.list(from)).await?;
            if listed.is_empty() {
                break;
            }
            self.post.ask(What::Found(listed.len() as u64)).await?;
            self.read(&listed, session, care, stop).await?;
            // Who does not stay goes to what was the end when it was asked for, so that there is one.
            if listed.len() < LIST_CAP && !self.manner.stay {
                break;
            }
        }
        self.post.ask(What::Read).await
    }

    /// Fetches batch after batch; while one arrives, the one before it is read and kept.
    async fn read(&mut self, listed: &[Listed], session: &mut Session, care: &mut Care, stop: &Stop) -> Result<(), ImapError> {
        let mut rest = listed;
        let mut pending = None;
        while !rest.is_empty() {
            let batch = batch::next(rest, care.most);
            rest = rest.get(batch.len()..).unwrap_or_default();
            let sheaf = Sheaf::begin(self.post, self.manner.patience());
            let fetched = stop.or(self.fetch(batch, &sheaf, session, care)).await;
            if let Some(before) = pending.take() {
                self.settle(before, session).await?;
            }
            if let Err(error) = fetched {
                if error.kind() == Kind::Passing {
                    care.broken_over(batch);
                }
                sheaf.break_off().await;
                return Err(error);
            }
            care.done();
            let last_uid = batch.last().map_or(0, |last| last.uid);
            let mark = Mark { uid_validity: self.uid_validity, last_uid };
            // Where messages are marked or moved, that comes first: should it fail, they are met again.
            let along = (self.account.after == After::Leave).then(|| self.bounded(mark));
            pending = Some(Pending { gathered: sheaf.end(along).await?, mark });
        }
        match pending {
            Some(pending) => self.settle(pending, session).await,
            None => Ok(()),
        }
    }

    /// Waits until a batch is kept, and does with its messages what is to be done.
    async fn settle(&mut self, pending: Pending, session: &mut Session) -> Result<(), ImapError> {
        let Pending { gathered, mark } = pending;
        let Gathered { done, open } = gathered.await.map_err(|_| ImapError::NotKept)??;
        if let (None, Some(open)) = (self.open, open) {
            self.open = Some((open, Instant::now()));
        }
        if self.account.after != After::Leave {
            session.settle(&done, &self.account.after).await?;
            self.post.keep(Vec::new(), Some(self.bounded(mark))).await?;
            self.post.ask(What::Settled(done.len() as u64)).await?;
        }
        self.from = mark.last_uid.checked_add(1);
        Ok(())
    }

    /// How far the folder counts as read.
    fn bounded(&self, mark: Mark) -> Mark {
        mark.before(self.open.map(|(open, _)| open))
    }

    async fn fetch(&self, batch: &[Listed], sheaf: &Sheaf, session: &mut Session, care: &Care) -> Result<(), ImapError> {
        if care.is_hopeless(batch) {
            return self.withhold(batch, sheaf, "the connection broke each time that it was asked for").await;
        }
        let is_large = batch.iter().any(|listed| listed.is_too_large());
        let part = if is_large { Part::Head } else { Part::Whole };
        let uids: Vec<u32> = batch.iter().map(|listed| listed.uid).collect();
        let size_of = |uid| batch.iter().find(|listed| listed.uid == uid).map_or(0, |listed| listed.size);
        let take = |fetched: Fetched| {
            let uid = fetched.uid;
            let letter = self.letter(fetched, part, size_of(uid));
            async move { sheaf.add(uid, letter).await }
        };
        let missing = session.fetch(&uids, part, take).await?;
        // If the server refused, each is asked for by itself, so that one does not cost the others. Those that are gone need no word; but
        // some servers say that all is well and leave out what they cannot read.
        let asked_again = match (&missing.refused, missing.uids.is_empty()) {
            (Some(_), _) | (_, true) => missing.uids,
            (None, false) => session.there(&missing.uids).await?,
        };
        for uid in asked_again {
            let alone = session.fetch(&[uid], part, take).await?;
            if alone.uids.is_empty() {
                continue;
            }
            let why = match alone.refused.as_ref().or(missing.refused.as_ref()) {
                Some(words) => format!("the server did not hand it over: {words}"),
                None => "the server did not hand it over, and does not say why".to_owned(),
            };
            self.withhold(&[Listed { uid, size: 0 }], sheaf, &why).await?;
        }
        Ok(())
    }

    async fn withhold(&self, batch: &[Listed], sheaf: &Sheaf, why: &str) -> Result<(), ImapError> {
        for listed in batch {
            let letter = Letter { source: self.source(listed.uid), received_at: None, body: Body::Withheld(why.to_owned()) };
            sheaf.add(listed.uid, letter).await?;
        }
        Ok(())
    }

    fn letter(&self, fetched: Fetched, part: Part, size: u64) -> Letter {
        let body = match (fetched.content, part) {
            (Content::Bytes(mail), Part::Whole) => Body::Whole(mail),
            (Content::Bytes(head), Part::Head) => Body::TooLarge { head, size },
            // It is larger than the server had said.
            (Content::TooLong(size), _) => Body::Withheld(format!("the server sent {size} bytes, which is too much for a mail")),
            (Content::Nil, _) => Body::Withheld("the server has no content for it".to_owned()),
        };
        Letter { source: self.source(fetched.uid), received_at: fetched.received_at, body }
    }

    fn source(&self, uid: u32) -> String {
        format!("{} UID {uid}", self.account.url)
    }
}
