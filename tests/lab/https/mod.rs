//! Policy hosts: HTTPS by hand, one request a connection. What is served is in `answer`, the request is read in
//! `request`, the handshake is [`super::tls`].

mod answer;
mod request;

use std::io;

use tokio::io::AsyncWriteExt as _;

use super::host::{Host, Role};
use super::tcp::{self, Conn};
use super::tls::{self, Tls};

pub use self::answer::{Answer, Page};

/// Where a policy is (RFC 8461 §3.3).
pub const POLICY_PATH: &str = "/.well-known/mta-sts.txt";

/// An HTTPS host on its address.
pub type HttpsHost = Host<Https>;

/// How a policy host behaves.
#[derive(Clone, Debug)]
pub struct Https {
    /// The handshake.
    pub tls: Tls,
    /// What it serves at the policy's place.
    pub answer: Answer,
    /// What it serves elsewhere, such as where it redirects to.
    pub elsewhere: Page,
    /// How far its clock is ahead, in seconds; it shows in the `Date` header.
    pub clock_ahead: i64,
}

impl Default for Https {
    fn default() -> Self {
        Self::serving(Page::status(404))
    }
}

impl Https {
    /// Serves one page at the policy's place.
    pub fn serving(page: Page) -> Self {
        Self::answering(Answer::Page(page))
    }

    /// Serves a policy as it should be served.
    pub fn policy(text: &str) -> Self {
        Self::serving(Page::policy(text))
    }

    /// Answers so at the policy's place.
    pub fn answering(answer: Answer) -> Self {
        Self { tls: Tls::default(), answer, elsewhere: Page::status(404), clock_ahead: 0 }
    }
}

/// What one request was seen to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpsRequest {
    /// The host name that the client asked for in the handshake.
    pub sni: Option<String>,
    /// The method, such as `GET`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The `Host` header.
    pub host: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// All headers, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Role for Https {
    type Seen = HttpsRequest;

    async fn serve(host: Host<Self>, conn: Conn) -> io::Result<()> {
        let https = host.role();
        let Some(mut stream) = tls::accept(&https.tls, &host.identity(), conn).await? else {
            return Ok(());
        };
        let sni = stream.get_ref().1.server_name().map(ToOwned::to_owned);
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            request::read_http2(&mut stream).await?;
            https.answer.give(&HttpsRequest::default(), https.clock_ahead, &mut stream).await?;
            return tcp::hang_up(stream).await;
        }
        let Some(request) = request::read(&mut stream, sni).await? else {
            return tcp::hang_up(stream).await;
        };
        host.note().write(|note| note.clone_from(&request));
        if request.path == POLICY_PATH {
            https.answer.give(&request, https.clock_ahead, &mut stream).await?;
            if matches!(https.answer, Answer::RawAndGone(_)) {
                stream.flush().await?;
                return tcp::hang_up(stream.into_inner().0).await;
            }
        } else {
            https.elsewhere.send(https.clock_ahead, &mut stream).await?;
        }
        tcp::hang_up(stream).await
    }
}
