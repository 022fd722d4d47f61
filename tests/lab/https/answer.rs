//! What a policy host serves, and the ways of serving it badly.

use std::io;
use std::io::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::sleep;

use super::HttpsRequest;
use crate::lab::tcp;

/// What a host serves at the policy's place.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A page as it should be.
    Page(Page),
    /// The same, this much later.
    Late(Duration, Page),
    /// The body a byte at a time, with this pause after each.
    Dribble(Duration, Page),
    /// Never answers.
    Silent,
    /// Closes without an answer.
    Close,
    /// The page's head and half of its body, then closes in order.
    CutShort(Page),
    /// A policy of 70,000 bytes; with or without `Content-Length`.
    TooLarge {
        /// Says so beforehand.
        declared: bool,
    },
    /// A body without end.
    Endless,
    /// Chunked transfer with a chunk length that is no number.
    BadChunks(Page),
    /// 16 MiB in 16 KiB, with `Content-Encoding: gzip`.
    GzipBomb,
    /// One page for browsers (`Mozilla` in the user agent), another for everyone else.
    ByAgent {
        /// For browsers.
        browser: Page,
        /// For everyone else, such as senders.
        other: Page,
    },
    /// Bytes that are no HTTP.
    NotHttp(&'static [u8]),
    /// These bytes as they are, whatever was asked; they may be HTTP/2 frames.
    Raw(Vec<u8>),
    /// The same, and then the connection ends without the word that TLS has for it.
    RawAndGone(Vec<u8>),
    /// The first bytes once, the second ones without end.
    RawWithoutEnd(Vec<u8>, Vec<u8>),
}

/// A response: status, headers, body. `Date`, `Connection` and `Content-Length` are added when it is sent.
#[derive(Clone, Debug)]
#[must_use]
pub struct Page {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Page {
    /// Any body, 200, without a content type.
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into() }
    }

    /// A policy with its content type.
    pub fn policy(text: &str) -> Self {
        Self::new(text).content_type("text/plain")
    }

    /// An HTML page with status 200.
    pub fn html() -> Self {
        Self::new("<!DOCTYPE html>\n<html><body>Welcome!</body></html>\n").content_type("text/html; charset=utf-8")
    }

    /// Nothing but a status such as 404, 500, 403.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::new(format!("status {status}\n")) }.content_type("text/plain")
    }

    /// A redirect with this status.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::status(status).header("Location", to)
    }

    /// The same page with another status.
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Puts a header in the place of those of that name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The content type.
    pub fn content_type(self, value: &str) -> Self {
        self.header("Content-Type", value)
    }

    /// Sends it as it should be sent.
    pub(super) async fn send(&self, clock_ahead: i64, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let length = format!("Content-Length: {}", self.body.len());
        let mut bytes = self.head(clock_ahead, Some(&length));
        bytes.extend(&self.body);
        to.write_all(&bytes).await
    }

    fn head(&self, clock_ahead: i64, framing: Option<&str>) -> Vec<u8> {
        let now = Timestamp::now() + SignedDuration::from_secs(clock_ahead);
        let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT");
        let mut head = vec![format!("HTTP/1.1 {} Lab", self.status), format!("Date: {date}"), "Connection: close".to_owned()];
        head.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        head.extend(framing.map(ToOwned::to_owned));
        format!("{}\r\n\r\n", head.join("\r\n")).into_bytes()
    }
}

impl Answer {
    pub(super) async fn give(
        &self,
        request: &HttpsRequest,
        clock_ahead: i64,
        to: &mut (impl AsyncRead + AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let head = |page: &Page, framing: Option<&str>| page.head(clock_ahead, framing);
        let declared = |page: &Page| head(page, Some(&format!("Content-Length: {}", page.body.len())));
        match self {
            Self::Page(page) => page.send(clock_ahead, to).await,
            Self::Late(wait, page) => {
                sleep(*wait).await;
                page.send(clock_ahead, to).await
            }
            Self::Dribble(every, page) => {
                to.write_all(&declared(page)).await?;
                tcp::dribble(to, &page.body, *every).await
            }
            Self::Silent => tcp::hold(to).await,
            Self::Close => Ok(()),
            Self::CutShort(page) => {
                to.write_all(&declared(page)).await?;
                to.write_all(&page.body[..page.body.len() / 2]).await
            }
            Self::TooLarge { declared: true } => too_large().send(clock_ahead, to).await,
            Self::TooLarge { declared: false } => {
                let page = too_large();
                to.write_all(&head(&page, None)).await?;
                to.write_all(&page.body).await
            }
            Self::Endless => {
                let page = Page::policy("version: STSv1\nmode: enforce\n");
                to.write_all(&[head(&page, None), page.body].concat()).await?;
                tcp::repeat(to, b"mx: and.there.is.more.test\n").await
            }
            Self::BadChunks(page) => {
                to.write_all(&head(page, Some("Transfer-Encoding: chunked"))).await?;
                to.write_all(b"zz\r\n").await?;
                to.write_all(&page.body).await?;
                to.write_all(b"\r\n0\r\n\r\n").await
            }
            Self::GzipBomb => {
                let page = Page::new(bomb()).content_type("text/plain").header("Content-Encoding", "gzip");
                page.send(clock_ahead, to).await
            }
            Self::ByAgent { browser, other } => {
                let agent = request.user_agent.as_deref().unwrap_or_default();
                let page = if agent.contains("Mozilla") { browser } else { other };
                page.send(clock_ahead, to).await
            }
            Self::NotHttp(bytes) => to.write_all(bytes).await,
            Self::Raw(bytes) | Self::RawAndGone(bytes) => to.write_all(bytes).await,
            Self::RawWithoutEnd(first, then) => {
                to.write_all(first).await?;
                tcp::repeat(to, then).await
            }
        }
    }
}

fn too_large() -> Page {
    let mut text = "version: STSv1\nmode: enforce\nmax_age: 604800\nmx: *.alpha.test\n".to_owned();
    while text.len() < 70_000 {
        text.push_str("mx: one.of.very.many.mail.exchangers.test\n");
    }
    Page::policy(&text)
}

fn bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..4096 {
            encoder.write_all(&[b'\n'; 4096]).expect("memory takes everything");
        }
        encoder.finish().expect("memory takes everything")
    })
}
