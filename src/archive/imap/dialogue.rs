//! The conversation over one connection: commands out, responses in, each within its time.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};

use super::error::{ImapError, said};
use crate::wire::imap::command::Command;
use crate::wire::imap::frame::Frames;
use crate::wire::imap::response::{Response, Status, Words};
use crate::wire::mail::MAIL_CAP;

/// How long a server may take over one command, however busily it talks meanwhile.
const COMMAND_LIMIT: Duration = Duration::from_mins(30);
const BUFFER: usize = 16 << 10;

/// A connection on which IMAP is spoken.
pub(super) struct Dialogue<S> {
    stream: S,
    frames: Frames,
    /// Bytes that have come and are not read yet: from `begin` to `end`.
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
    /// Tags given so far.
    tags: u32,
    /// How long the server may be silent.
    wait: Duration,
}

/// What came while a command is carried out.
pub(super) enum Next {
    /// Something about the folder.
    Meanwhile(Response),
    /// The end of the command.
    Done(Status, Words),
}

/// A command on its way.
pub(super) struct Underway {
    tag: String,
    limit: Limit,
}

/// How long something may take as a whole.
#[derive(Clone, Copy)]
struct Limit {
    all: Duration,
    until: Instant,
}

impl Limit {
    fn of(all: Duration) -> Self {
        Self { all, until: Instant::now() + all }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<S> {
    pub(super) fn new(stream: S, wait: Duration) -> Self {
        Self { stream, frames: Frames::new(MAIL_CAP as u64), buffer: vec![0; BUFFER], begin: 0, end: 0, tags: 0, wait }
    }

    /// The stream below, if nothing has come that nobody asked for: it could pretend to have come under TLS (RFC 3207 §6 has the same
    /// for SMTP).
    pub(super) fn into_stream(self) -> Option<S> {
        (self.begin == self.end && self.frames.is_between()).then_some(self.stream)
    }

    /// The next response, if one comes: the server may be silent for so long, and all of it may take until then. Dropping the future
    /// loses nothing that has come.
    pub(super) async fn heard(&mut self, silence: Duration, until: Instant) -> Result<Option<Response>, ImapError> {
        loop {
            let (taken, frame) = self.frames.take(self.buffer.get(self.begin..self.end).unwrap_or_default())?;
            self.begin += taken;
            if let Some(frame) = frame {
                return Ok(Some(Response::read(frame)));
            }
            let Ok(read) = timeout_at(until.min(Instant::now() + silence), self.stream.read(&mut self.buffer)).await else {
                return Ok(None);
            };
            (self.begin, self.end) = (0, read.map_err(ImapError::Broken)?);
            if self.end == 0 {
                return Err(ImapError::Closed);
            }
        }
    }

    async fn response(&mut self, limit: Limit) -> Result<Response, ImapError> {
        let heard = self.heard(self.wait, limit.until).await?;
        let is_over = Instant::now() >= limit.until;
        heard.ok_or(if is_over { ImapError::Endless(limit.all) } else { ImapError::Silent(self.wait) })
    }

    /// The server's first words.
    pub(super) async fn greeting(&mut self) -> Result<(Status, Words), ImapError> {
        match self.response(Limit::of(self.wait * 2)).await? {
            Response::Told(status @ (Status::Ok | Status::PreAuth), words) => Ok((status, words)),
            Response::Told(_, words) => Err(ImapError::Bye(said(&words))),
            _ => Err(ImapError::NotImap("its first line is no greeting".to_owned())),
        }
    }

    /// Sends a command, piece by piece where the server has to ask for the next.
    pub(super) async fn send(&mut self, command: &Command) -> Result<Underway, ImapError> {
        self.tags = self.tags.wrapping_add(1);
        let underway = Underway { tag: format!("S{}", self.tags), limit: Limit::of(COMMAND_LIMIT) };
        let mut line = format!("{} ", underway.tag).into_bytes();
        for (number, piece) in command.pieces().enumerate() {
            if number > 0 {
                line.extend_from_slice(b"\r\n");
                self.write(&line).await?;
                line.clear();
                self.asked_on(&underway).await?;
            }
            line.extend_from_slice(piece);
        }
        line.extend_from_slice(b"\r\n");
        self.write(&line).await?;
        Ok(underway)
    }

    /// Sends what the server waits for inside a command.
    pub(super) async fn send_line(&mut self, line: &str) -> Result<(), ImapError> {
        self.write(format!("{line}\r\n").as_bytes()).await
    }

    /// Waits until the server asks for more.
    pub(super) async fn asked_on(&mut self, underway: &Underway) -> Result<(), ImapError> {
        loop {
            match self.next(underway).await? {
                Next::Meanwhile(Response::GoOn) => return Ok(()),
                Next::Meanwhile(_) => {}
                Next::Done(_, words) => return Err(ImapError::Refused { command: "to go on", words: said(&words) }),
            }
        }
    }

    /// What comes next while a command is carried out. Dropping the future loses nothing that has come.
    pub(super) async fn next(&mut self, underway: &Underway) -> Result<Next, ImapError> {
        match self.response(underway.limit).await? {
            Response::Done(tag, status, words) if tag == underway.tag => Ok(Next::Done(status, words)),
            Response::Told(Status::Bye, words) => Err(ImapError::Bye(said(&words))),
            other => Ok(Next::Meanwhile(other)),
        }
    }

    /// Carries a command out, and shows what comes meanwhile.
    pub(super) async fn run(&mut self, command: &Command, mut meanwhile: impl FnMut(Response)) -> Result<(Status, Words), ImapError> {
        let underway = self.send(command).await?;
        self.end_of(&underway, &mut meanwhile).await
    }

    /// Waits for a command's end.
    pub(super) async fn end_of(&mut self, underway: &Underway, meanwhile: &mut impl FnMut(Response)) -> Result<(Status, Words), ImapError> {
        loop {
            match self.next(underway).await? {
                Next::Meanwhile(response) => meanwhile(response),
                Next::Done(status, words) => return Ok((status, words)),
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), ImapError> {
        let write = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        timeout(self.wait, write).await.map_err(|_| ImapError::Silent(self.wait))?.map_err(ImapError::Broken)
    }
}
