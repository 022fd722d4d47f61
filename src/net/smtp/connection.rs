//! One connection that speaks SMTP, in clear or inside TLS: a command out, a whole reply in, each in its time.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::model::looked::{Failure, FailureKind, Looked};
use crate::net::limit::Turn;
use crate::net::tls;
use crate::wire::smtp::{Reply, ReplyError, ReplyReader};

/// How long each of QUIT and the end of the stream may take to leave. The farewell is a courtesy.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long the turn at the address is kept for a server that has not closed its side: it still counts the connection.
const LINGER: Duration = Duration::from_secs(2);

pub(super) struct Connection<S> {
    stream: S,
    reader: ReplyReader,
    /// The end of the dialogue, whatever the single steps may take.
    deadline: Instant,
    turn: Arc<Turn>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Connection<S> {
    pub(super) fn new(stream: S, deadline: Instant, turn: &Arc<Turn>) -> Self {
        Self { stream, reader: ReplyReader::new(), deadline, turn: Arc::clone(turn) }
    }

    /// Sends a line and waits for its whole reply.
    pub(super) async fn command(&mut self, line: &str, wait: Duration) -> Looked<Reply> {
        let until = self.until(wait);
        let line = format!("{line}\r\n");
        let sent = timeout_at(until, async {
            self.stream.write_all(line.as_bytes()).await?;
            self.stream.flush().await
        });
        match sent.await {
            // A peer that closed already may have said why: what it sent is still there to be read.
            Ok(Ok(()) | Err(_)) => self.reply(wait).await,
            Err(_) => Looked::Failed(self.too_late(wait)),
        }
    }

    /// Waits for a whole reply.
    pub(super) async fn reply(&mut self, wait: Duration) -> Looked<Reply> {
        let until = self.until(wait);
        let mut bytes = [0; 4096];
        loop {
            match self.reader.reply() {
                Ok(Some(reply)) => return Looked::Seen(reply.cut()),
                Ok(None) => {}
                Err(error) => return Looked::Failed(broken(&error)),
            }
            match timeout_at(until, self.stream.read(&mut bytes)).await {
                Err(_) => return Looked::Failed(self.too_late(wait)),
                Ok(Err(error)) => return Looked::Failed(tls::failure(&error)),
                Ok(Ok(0)) => return Looked::Failed(self.closed()),
                Ok(Ok(count)) => self.reader.feed(bytes.get(..count).unwrap_or_default()),
            }
        }
    }

    /// QUIT and the end of the connection. The answer is not waited for here; see [`Parting`].
    pub(super) async fn farewell(mut self) -> Parting {
        // A peer that takes no more words is left as it is.
        let _ = timeout(FAREWELL, self.stream.write_all(b"QUIT\r\n")).await;
        Parting::from(self.stream, self.turn).await
    }

    /// The stream, for TLS; if the peer has already sent more in clear, which must not be taken for what follows (RFC 3207 §5), the
    /// stream to part from.
    pub(super) fn into_stream(self) -> Result<S, (Failure, S)> {
        match self.reader.pending() {
            0 => Ok(self.stream),
            count => {
                let words = format!("{count} bytes came in clear behind the answer to STARTTLS");
                Err((Failure::new(FailureKind::Protocol, words), self.stream))
            }
        }
    }

    /// The stream, to be ended.
    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    fn until(&self, wait: Duration) -> Instant {
        self.deadline.min(Instant::now() + wait)
    }

    fn too_late(&self, wait: Duration) -> Failure {
        let (lines, wait) = (self.reader.unfinished_lines(), wait.as_secs_f32());
        if lines > 0 {
            return Failure::new(FailureKind::Protocol, format!("the reply did not end within {wait} s: {lines} lines so far"));
        }
        Failure::new(FailureKind::Timeout, format!("no reply within {wait} s"))
    }

    fn closed(&self) -> Failure {
        let detail = if self.reader.unfinished_lines() > 0 || self.reader.pending() > 0 {
            "closed in the middle of a reply"
        } else {
            "closed without a reply"
        };
        Failure::new(FailureKind::Closed, detail)
    }
}

/// A connection that was ended on this side. It keeps the turn at the address until the peer has ended it, too, or some seconds are
/// over: who comes next would otherwise meet a server that still counts this connection.
pub(super) struct Parting(JoinHandle<()>);

impl Parting {
    /// Ends this side of a connection.
    pub(super) async fn from<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(mut stream: S, turn: Arc<Turn>) -> Self {
        let ended = timeout(FAREWELL, stream.shutdown()).await;
        Self(tokio::spawn(async move {
            let mut unread = [0; 1024];
            let closed = async { while matches!(stream.read(&mut unread).await, Ok(1..)) {} };
            if matches!(ended, Ok(Ok(()))) {
                let _ = timeout(LINGER, closed).await;
            }
            drop(turn);
        }))
    }

    /// Waits for its end; some seconds at the most.
    pub(super) async fn over(self) {
        let _ = self.0.await;
    }
}

fn broken(error: &ReplyError) -> Failure {
    let kind = match error {
        ReplyError::LineTooLong | ReplyError::TooMuch => FailureKind::TooLarge,
        ReplyError::NotSmtp(_) | ReplyError::MixedCodes(..) => FailureKind::Protocol,
    };
    Failure::new(kind, error.to_string())
}
