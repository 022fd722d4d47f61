//! Lines of SMTP: read with a limit, written as they are.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const LONGEST_LINE: usize = 4096;

/// A stream of lines. What was read beyond a line is kept.
pub(super) struct Lines<S> {
    pub(super) stream: S,
    buffer: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lines<S> {
    /// `received` is what counts as already read.
    pub(super) fn new(stream: S, received: Vec<u8>) -> Self {
        Self { stream, buffer: received }
    }

    /// The next line without its end; none at the end of the stream. A line that is too long ends where the limit is.
    pub(super) async fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            let end = self.buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let end = end.or((self.buffer.len() >= LONGEST_LINE).then_some(LONGEST_LINE));
            if let Some(end) = end {
                let line: Vec<u8> = self.buffer.drain(..end).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()));
            }
            let mut chunk = [0; 1024];
            match self.stream.read(&mut chunk).await? {
                0 => return Ok(None),
                length => self.buffer.extend(&chunk[..length]),
            }
        }
    }

    /// Writes a reply, which may be of several lines without the last line's end.
    pub(super) async fn reply(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    /// The bytes that came behind the last line.
    pub(super) fn received(&self) -> &[u8] {
        &self.buffer
    }

    pub(super) fn into_parts(self) -> (S, Vec<u8>) {
        (self.stream, self.buffer)
    }
}
