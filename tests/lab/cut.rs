//! A connection that breaks in the middle of what its server says: where, and how.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// The head of a TLS record: its kind, its version, its length.
const RECORD_HEAD: usize = 5;

/// Where the server's side of a connection breaks, and how.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// Where.
    pub after: Offset,
    /// How.
    pub end: End,
}

/// What is still said as it should be.
#[derive(Clone, Copy, Debug)]
pub enum Offset {
    /// So many bytes.
    Bytes(usize),
    /// All in clear, and so many TLS records.
    Records(usize),
}

/// What comes in place of the rest.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// The connection is reset.
    Reset,
    /// This side is closed in order, the other stays open.
    Close,
    /// Nothing, for ever.
    Stall,
    /// These bytes; then this side is closed.
    Say(&'static [u8]),
    /// These bytes again and again.
    Repeat(&'static [u8]),
    /// The rest as it should be, a byte at a time with this pause before each.
    Drip(Duration),
}

/// Counts what is written, and breaks off.
pub(super) struct Cutter {
    cut: Option<Cut>,
    written: usize,
    /// TLS records begun; none while the connection is in clear.
    records: Option<usize>,
    /// Bytes that the record begun last still lacks.
    record_left: usize,
    /// Of the bytes to be said in place of the rest.
    said: usize,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Cutter {
    pub(super) fn new(cut: Option<Cut>) -> Self {
        Self { cut, written: 0, records: None, record_left: 0, said: 0, pause: None }
    }

    /// From here on records are counted.
    pub(super) fn tls_begins(&mut self) {
        self.records.get_or_insert(0);
    }

    pub(super) fn poll_write(&mut self, tcp: &mut TcpStream, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let room = self.room(bytes);
        if room > 0 || bytes.is_empty() {
            let written = ready!(Pin::new(tcp).poll_write(cx, &bytes[..room]))?;
            self.count(written, bytes);
            return Poll::Ready(Ok(written));
        }
        match self.cut.map(|cut| cut.end) {
            Some(End::Drip(pause)) => {
                ready!(self.pause.get_or_insert_with(|| Box::pin(sleep(pause))).as_mut().poll(cx));
                self.pause = None;
                Pin::new(tcp).poll_write(cx, &bytes[..1])
            }
            Some(End::Say(words)) => {
                while self.said < words.len() {
                    self.said += ready!(Pin::new(&mut *tcp).poll_write(cx, &words[self.said..]))?;
                }
                ready!(Pin::new(&mut *tcp).poll_shutdown(cx))?;
                wait_for_the_client(tcp, cx)
            }
            Some(End::Repeat(words)) => loop {
                // The pause keeps the processor free for the client.
                if let Some(pause) = &mut self.pause {
                    ready!(pause.as_mut().poll(cx));
                    self.pause = None;
                }
                self.said += ready!(Pin::new(&mut *tcp).poll_write(cx, &words[self.said..]))?;
                if self.said == words.len() {
                    self.said = 0;
                    self.pause = Some(Box::pin(sleep(Duration::from_millis(1))));
                }
            },
            Some(End::Close) => {
                ready!(Pin::new(&mut *tcp).poll_shutdown(cx))?;
                wait_for_the_client(tcp, cx)
            }
            Some(End::Stall) => wait_for_the_client(tcp, cx),
            Some(End::Reset) | None => {
                let _ = tcp.set_zero_linger();
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
        }
    }

    /// How many of these bytes are still to be written as they are.
    fn room(&self, bytes: &[u8]) -> usize {
        match (self.cut.map(|cut| cut.after), self.records) {
            (Some(Offset::Bytes(most)), _) => bytes.len().min(most.saturating_sub(self.written)),
            (Some(Offset::Records(_)), Some(_)) if self.record_left > 0 => bytes.len().min(self.record_left),
            (Some(Offset::Records(most)), Some(begun)) if begun >= most => 0,
            (Some(Offset::Records(_)), Some(_)) => bytes.len().min(whole_record(bytes)),
            _ => bytes.len(),
        }
    }

    fn count(&mut self, written: usize, bytes: &[u8]) {
        self.written += written;
        let Some(records) = &mut self.records else { return };
        if self.record_left == 0 {
            *records += 1;
            self.record_left = whole_record(bytes);
        }
        self.record_left = self.record_left.saturating_sub(written);
    }
}

/// The length of the record that begins here.
fn whole_record(bytes: &[u8]) -> usize {
    match bytes {
        [_, _, _, high, low, ..] => RECORD_HEAD + usize::from(u16::from_be_bytes([*high, *low])),
        short => short.len(),
    }
}

/// Says nothing more until the client goes away.
fn wait_for_the_client(tcp: &mut TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    let mut ignored = [0; 1024];
    loop {
        let mut buffer = ReadBuf::new(&mut ignored);
        ready!(Pin::new(&mut *tcp).poll_read(cx, &mut buffer))?;
        if buffer.filled().is_empty() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
    }
}
