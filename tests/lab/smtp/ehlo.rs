//! Step 2: the reply to EHLO before TLS.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use super::lines::Lines;
use super::session::Next;
use crate::lab::tcp;

/// The reply to EHLO before TLS.
#[derive(Clone, Debug, Default)]
pub enum Ehlo {
    /// The usual keywords, STARTTLS among them.
    #[default]
    Offers,
    /// Offers `starttls` in lower case, which counts (RFC 5321 §2.4).
    LowerCase,
    /// Everything but STARTTLS.
    WithoutStarttls,
    /// STARTTLS stands in the greeting and in the first line of the reply alone, where it is no keyword.
    OnlyOnFirstLine,
    /// A firewall wrote `XXXXXXXA` over it.
    Rewritten,
    /// This line instead, such as `550 5.7.1 go away`; `421` closes. HELO is answered.
    Reply(&'static str),
    /// Never answers.
    Silent,
    /// Closes instead of an answer.
    Close,
    /// `250-` lines without end.
    Endless,
}

const KEYWORDS: [&str; 4] = ["PIPELINING", "SIZE 52428800", "8BITMIME", "ENHANCEDSTATUSCODES"];

impl Ehlo {
    pub(super) fn claims_starttls_in_greeting(&self) -> bool {
        matches!(self, Self::OnlyOnFirstLine)
    }

    pub(super) async fn answer<S>(&self, lines: &mut Lines<S>, hostname: &str) -> io::Result<Next>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (first, keyword) = match self {
            Self::Offers => (hostname.to_owned(), Some("STARTTLS")),
            Self::LowerCase => (hostname.to_owned(), Some("starttls")),
            Self::WithoutStarttls => (hostname.to_owned(), None),
            Self::OnlyOnFirstLine => (format!("{hostname} STARTTLS"), None),
            Self::Rewritten => (hostname.to_owned(), Some("XXXXXXXA")),
            Self::Reply(line) => {
                lines.reply(line).await?;
                return Ok(if line.starts_with("421") { Next::HangUp } else { Next::Command });
            }
            Self::Silent => {
                tcp::hold(&mut lines.stream).await?;
                return Ok(Next::HangUp);
            }
            Self::Close => return Ok(Next::HangUp),
            Self::Endless => {
                tcp::repeat(&mut lines.stream, b"250-ENDLESS\r\n").await?;
                return Ok(Next::HangUp);
            }
        };
        lines.reply(&keywords(&first, keyword)).await?;
        Ok(Next::Command)
    }
}

/// A reply of several lines: a first one, the keywords, and one more of them.
pub(super) fn keywords(first: &str, more: Option<&str>) -> String {
    let mut said = vec![first];
    said.extend(KEYWORDS);
    said.extend(more);
    let last = said.len() - 1;
    let line = |(at, text): (usize, &&str)| format!("250{}{text}", if at == last { ' ' } else { '-' });
    said.iter().enumerate().map(line).collect::<Vec<_>>().join("\r\n")
}
