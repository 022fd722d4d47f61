//! TCP as the lab's servers use it: accepting, the pace of replies, and the ways a connection can end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};

use super::cut::{Cut, Cutter};
use super::visits::{Visit, Visits};

const MOST_CONNECTIONS: usize = 4096;
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How long every server waits before a reply; shared by all of a lab.
#[derive(Clone, Default)]
pub(super) struct Pace(Arc<AtomicU64>);

impl Pace {
    pub(super) fn set(&self, wait: Duration) {
        self.0.store(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// Accepts for ever, each connection in a task of its own; aborting this aborts them all.
pub(super) async fn accept<H, F>(listener: TcpListener, pace: Pace, visits: Arc<Visits>, handle: H)
where
    H: Fn(Conn) -> F,
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        if connections.len() >= MOST_CONNECTIONS {
            connections.join_next().await;
        }
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    let serving = handle(Conn::new(tcp, pace.clone(), visits.arrive()));
                    connections.spawn(async move {
                        // A client that goes away is no failure of the lab.
                        let _ = serving.await;
                    });
                }
                Err(_) => sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection. The first byte written after anything was read waits for the lab's pace, so that each SMTP reply,
/// TLS flight or HTTP response is late once.
pub struct Conn {
    tcp: TcpStream,
    pace: Pace,
    visit: Arc<Visit>,
    reply_due: bool,
    wait: Option<Pin<Box<Sleep>>>,
    cutter: Cutter,
}

impl Conn {
    fn new(tcp: TcpStream, pace: Pace, visit: Arc<Visit>) -> Self {
        // Dribbled bytes and late lines must leave when they are written.
        let _ = tcp.set_nodelay(true);
        Self { tcp, pace, visit, reply_due: true, wait: None, cutter: Cutter::new(None) }
    }

    /// What is written from here on breaks off so.
    #[must_use]
    pub(super) fn cut(mut self, cut: Option<Cut>) -> Self {
        self.cutter = Cutter::new(cut);
        self
    }

    /// TLS begins here.
    pub(super) fn tls_begins(&mut self) {
        self.cutter.tls_begins();
    }

    pub(super) fn visit(&self) -> Arc<Visit> {
        Arc::clone(&self.visit)
    }

    /// The end will be a reset instead of an orderly close.
    pub(super) fn reset_on_close(&self) {
        let _ = self.tcp.set_zero_linger();
    }

    /// Waits, and tells whether the client sent anything meanwhile.
    pub(super) async fn client_speaks_within(&self, wait: Duration) -> bool {
        let mut byte = [0];
        tokio::select! {
            peeked = self.tcp.peek(&mut byte) => {
                let spoke = matches!(peeked, Ok(1..));
                if spoke {
                    sleep(wait).await;
                }
                spoke
            }
            () = sleep(wait) => false,
        }
    }
}

impl AsyncRead for Conn {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let wanted = buf.remaining() > 0;
        let read = ready!(Pin::new(&mut self.tcp).poll_read(cx, buf));
        if buf.filled().len() > before {
            self.reply_due = true;
        } else if wanted {
            self.visit.end();
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Conn {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.reply_due {
            if self.wait.is_none() && !self.pace.get().is_zero() {
                self.wait = Some(Box::pin(sleep(self.pace.get())));
            }
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(cx));
            }
            self.wait = None;
            self.reply_due = false;
        }
        let this = &mut *self;
        this.cutter.poll_write(&mut this.tcp, cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Before the client can know of it, and come again.
        self.visit.end();
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        self.visit.end();
    }
}

/// Closes in order: bytes left unread would turn the close into a reset and could cost the client our last words.
pub(super) async fn hang_up(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    stream.shutdown().await?;
    // A client that does not go away is left to itself.
    let _ = timeout(LAST_WORDS, hold(stream)).await;
    Ok(())
}

/// Says nothing more, and stays until the client goes away.
pub(super) async fn hold(mut stream: impl AsyncRead + Unpin) -> io::Result<()> {
    let mut ignored = [0; 4096];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}

/// Writes a byte at a time.
pub(super) async fn dribble(mut stream: impl AsyncWrite + Unpin, bytes: &[u8], every: Duration) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        sleep(every).await;
    }
    Ok(())
}

/// Writes `bytes` again and again until the client goes away; the pause keeps the processor free for the client.
pub(super) async fn repeat(mut stream: impl AsyncWrite + Unpin, bytes: &[u8]) -> io::Result<()> {
    loop {
        stream.write_all(bytes).await?;
        stream.flush().await?;
        sleep(Duration::from_millis(1)).await;
    }
}
