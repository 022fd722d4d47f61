//! What is done at a server: opening a folder, listing, fetching, marking and moving, and waiting for more.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::client::TlsStream;

use super::account::{Account, After};
use super::batch::Listed;
use super::connect::connect;
use super::dialogue::{Dialogue, Next};
use super::error::{ImapError, said};
use crate::wire::imap::command::{Command, Names, uid_set};
use crate::wire::imap::response::{Code, Content, Message, Response, Status, Words};

/// How many messages are listed at once; of a larger folder the first so many, and then the next.
pub(super) const LIST_CAP: usize = 500_000;
/// How much of the header of a message that is too large to be fetched is looked at.
const HEAD_CAP: usize = 64 << 10;
/// The least pause between two looks at a folder.
const BREATH: Duration = Duration::from_secs(1);
/// A server that does not answer a farewell is left without one.
const FAREWELL: Duration = Duration::from_secs(2);

/// A server at which a user is logged in.
pub(super) struct Session {
    pub(super) talk: Dialogue<TlsStream<TcpStream>>,
    /// What the server can do, in upper case.
    pub(super) capabilities: Vec<String>,
    names: Names,
    /// Whether more messages were told of while they were listed: they may not be in the list.
    more: bool,
}

/// An open folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    /// What its UIDs are good for (RFC 9051 §2.3.1.1).
    pub(super) uid_validity: u32,
    /// The next UID that a message would get, if the server says so.
    pub(super) uid_next: Option<u32>,
}

/// A message, or a part of it, as it was fetched.
pub(super) struct Fetched {
    pub(super) uid: u32,
    pub(super) received_at: Option<Timestamp>,
    pub(super) content: Content,
}

/// Which part of messages is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// The beginning of its header.
    Head,
}

impl Session {
    /// Connects and logs in.
    pub(super) async fn open(account: &Account, wait: Duration) -> Result<Self, ImapError> {
        let connected = connect(account, wait).await?;
        let mut session = Self { talk: connected.talk, capabilities: Vec::new(), names: Names::Utf7, more: false };
        match connected.capabilities {
            Some(list) => session.capabilities = list,
            None => session.ask_capabilities().await?,
        }
        if !connected.logged_in {
            session.log_in(&account.url.user, &account.password).await?;
        }
        session.choose_names().await?;
        if matches!(account.after, After::MoveTo(_)) && !session.can("MOVE") {
            return Err(ImapError::CannotMove);
        }
        Ok(session)
    }

    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|have| have == capability)
    }

    pub(super) async fn ask_capabilities(&mut self) -> Result<(), ImapError> {
        let mut found = Vec::new();
        let done = self.talk.run(&Command::new("CAPABILITY"), |response| note_list(&mut found, response)).await?;
        self.capabilities = found;
        expect_ok("CAPABILITY", done).map(drop)
    }

    /// Folder names in UTF-8 where a server knows nothing else (RFC 6855 §3, RFC 9051 §5.1).
    async fn choose_names(&mut self) -> Result<(), ImapError> {
        if self.can("UTF8=ONLY") {
            let done = self.talk.run(&Command::new("ENABLE UTF8=ACCEPT"), |_| {}).await?;
            expect_ok("ENABLE", done)?;
            self.names = Names::Utf8;
        } else if self.can("IMAP4REV2") && !self.can("IMAP4REV1") {
            self.names = Names::Utf8;
        }
        Ok(())
    }

    /// Opens a folder: only to be looked at, unless messages in it are to be marked or moved.
    pub(super) async fn folder(&mut self, name: &str, after: &After) -> Result<Opened, ImapError> {
        let verb = if *after == After::Leave { "EXAMINE" } else { "SELECT" };
        let command = Command::new(verb).folder(name, self.names)?;
        let (mut uid_validity, mut uid_next) = (None, None);
        let (status, words) = self
            .talk
            .run(&command, |response| match response {
                Response::Told(_, Words { code: Some(Code::UidValidity(number)), .. }) => uid_validity = Some(number),
                Response::Told(_, Words { code: Some(Code::UidNext(number)), .. }) => uid_next = Some(number),
                _ => {}
            })
            .await?;
        if status != Status::Ok {
            let said = said(&words);
            return Err(if is_not_now(&words) {
                ImapError::Refused { command: verb, words: said }
            } else {
                ImapError::NoFolder { folder: name.to_owned(), words: said }
            });
        }
        if *after != After::Leave && matches!(&words.code, Some(Code::Word(word)) if word == "READ-ONLY") {
            return Err(ImapError::ReadOnly);
        }
        let missing =
            || ImapError::NotImap("it gives the folder no UIDVALIDITY, without which no message can be told from another".to_owned());
        Ok(Opened { uid_validity: uid_validity.ok_or_else(missing)?, uid_next })
    }

    /// The messages from this UID on, in the order of their UIDs.
    pub(super) async fn list(&mut self, from: u32) -> Result<Vec<Listed>, ImapError> {
        let command = Command::new("UID FETCH").word(&format!("{from}:*")).word("(UID RFC822.SIZE)");
        let mut found: Vec<Listed> = Vec::new();
        let mut more = false;
        let done = self
            .talk
            .run(&command, |response| {
                more |= matches!(response, Response::Exists(_));
                // `n:*` names the last message even if its UID is below n (RFC 9051 §9, seq-range).
                if let Response::Fetched(Message { uid: Some(uid), size, .. }) = response
                    && uid >= from
                {
                    found.push(Listed { uid, size: size.unwrap_or(0) });
                    if found.len() >= 2 * LIST_CAP {
                        first(&mut found);
                    }
                }
            })
            .await?;
        expect_ok("UID FETCH", done)?;
        self.more = more;
        first(&mut found);
        Ok(found)
    }

    /// Fetches messages and gives each away as it comes. Gives the UIDs of those that did not come, with the server's words if it
    /// refused: they may be gone, or it cannot hand them over.
    pub(super) async fn fetch<F>(&mut self, uids: &[u32], part: Part, mut take: impl FnMut(Fetched) -> F) -> Result<Missing, ImapError>
    where
        F: Future<Output = Result<(), ImapError>>,
    {
        let items = match part {
            Part::Whole => "(UID INTERNALDATE BODY.PEEK[])".to_owned(),
            Part::Head => format!("(UID INTERNALDATE BODY.PEEK[HEADER]<0.{HEAD_CAP}>)"),
        };
        let underway = self.talk.send(&Command::new("UID FETCH").word(&uid_set(uids)).word(&items)).await?;
        let mut wanted: BTreeSet<u32> = uids.iter().copied().collect();
        loop {
            match self.talk.next(&underway).await? {
                Next::Meanwhile(Response::Fetched(Message { uid: Some(uid), received_at, content: Some(content), .. })) => {
                    // What nobody asked for, or for the second time, is not taken.
                    if wanted.remove(&uid) {
                        take(Fetched { uid, received_at, content }).await?;
                    }
                }
                Next::Meanwhile(_) => {}
                Next::Done(Status::Ok, _) => return Ok(Missing { uids: wanted, refused: None }),
                Next::Done(_, words) => return Ok(Missing { uids: wanted, refused: Some(said(&words)) }),
            }
        }
    }

    /// Which of these messages are in the folder.
    pub(super) async fn there(&mut self, uids: &BTreeSet<u32>) -> Result<BTreeSet<u32>, ImapError> {
        let set: Vec<u32> = uids.iter().copied().collect();
        let command = Command::new("UID FETCH").word(&uid_set(&set)).word("(UID)");
        let mut there = BTreeSet::new();
        let done = self
            .talk
            .run(&command, |response| {
                if let Response::Fetched(Message { uid: Some(uid), .. }) = response
                    && uids.contains(&uid)
                {
                    there.insert(uid);
                }
            })
            .await?;
        expect_ok("UID FETCH", done).map(|_| there)
    }

    /// Does with messages what is to be done once their reports are kept.
    pub(super) async fn settle(&mut self, uids: &[u32], after: &After) -> Result<(), ImapError> {
        if uids.is_empty() {
            return Ok(());
        }
        let set = uid_set(uids);
        let (name, command) = match after {
            After::Leave => return Ok(()),
            After::Seen => ("UID STORE", Command::new("UID STORE").word(&set).word("+FLAGS.SILENT (\\Seen)")),
            After::MoveTo(folder) => ("UID MOVE", Command::new("UID MOVE").word(&set).folder(folder, self.names)?),
        };
        let (status, words) = self.talk.run(&command, |_| {}).await?;
        match (status, after) {
            (Status::Ok, _) => Ok(()),
            // RFC 9051 §7.1, TRYCREATE: the folder is not there.
            (_, After::MoveTo(folder)) if matches!(&words.code, Some(Code::Word(word)) if word == "TRYCREATE" || word == "NONEXISTENT") => {
                Err(ImapError::NoFolder { folder: folder.clone(), words: said(&words) })
            }
            _ => Err(ImapError::Refused { command: name, words: said(&words) }),
        }
    }

    /// Waits until something may have arrived, at most for `period`: by IDLE (RFC 2177) where the server has it, else by asking after
    /// `poll`.
    pub(super) async fn wait(&mut self, period: Duration, poll: Duration) -> Result<(), ImapError> {
        if std::mem::take(&mut self.more) {
            tokio::time::sleep(BREATH).await;
            return Ok(());
        }
        if !self.can("IDLE") {
            tokio::time::sleep(poll).await;
            let done = self.talk.run(&Command::new("NOOP"), |_| {}).await?;
            return expect_ok("NOOP", done).map(drop);
        }
        let underway = self.talk.send(&Command::new("IDLE")).await?;
        self.talk.asked_on(&underway).await?;
        let until = Instant::now() + period;
        loop {
            match self.talk.heard(period, until).await? {
                Some(Response::Told(Status::Bye, words)) => return Err(ImapError::Bye(said(&words))),
                // It ended of itself: whatever the reason, the folder is looked at.
                Some(Response::Done(..)) => return Ok(()),
                Some(Response::Exists(_)) | None => break,
                Some(_) => {}
            }
        }
        self.talk.send_line("DONE").await?;
        let done = self.talk.end_of(&underway, &mut |_| {}).await?;
        expect_ok("IDLE", done).map(drop)
    }

    /// Says farewell. Whether the server answers does not matter any more.
    pub(super) async fn close(mut self) {
        let _ = timeout(FAREWELL, self.talk.run(&Command::new("LOGOUT"), |_| {})).await;
    }
}

/// Messages that were asked for and did not come.
pub(super) struct Missing {
    pub(super) uids: BTreeSet<u32>,
    /// The server's words, if it refused.
    pub(super) refused: Option<String>,
}

/// Takes the capabilities that a response lists, if it does. The last list stands: a server may say so as often as it likes.
pub(super) fn note_list(found: &mut Vec<String>, response: Response) {
    if let Response::Capabilities(list) | Response::Told(_, Words { code: Some(Code::Capabilities(list)), .. }) = response {
        *found = list;
    }
}

/// Whether a refusal is about the server, not about what was asked (RFC 5530 §3).
pub(super) fn is_not_now(words: &Words) -> bool {
    let codes = ["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN"];
    matches!(&words.code, Some(Code::Word(word)) if codes.contains(&word.as_str()))
}

fn expect_ok(command: &'static str, (status, words): (Status, Words)) -> Result<Words, ImapError> {
    if status == Status::Ok { Ok(words) } else { Err(ImapError::Refused { command, words: said(&words) }) }
}

/// Of a list in any order the first [`LIST_CAP`] messages, each once, in the order of their UIDs.
fn first(found: &mut Vec<Listed>) {
    found.sort_unstable_by_key(|listed| listed.uid);
    found.dedup_by_key(|listed| listed.uid);
    found.truncate(LIST_CAP);
}
