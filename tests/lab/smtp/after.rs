//! Step 5: what comes after the handshake. (Step 4, the handshake, is [`crate::lab::tls`].)

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use super::ehlo::keywords;
use super::lines::Lines;
use super::session::Next;
use crate::lab::tcp;

/// What comes after the handshake.
#[derive(Clone, Debug, Default)]
pub enum After {
    /// A healthy dialogue goes on.
    #[default]
    GoesOn,
    /// Closes at once.
    Close,
    /// Answers EHLO with this line, such as `421 4.3.2 shutting down` (and closes) or `550 5.7.1 go away`.
    Reply(&'static str),
    /// Never answers again.
    Silent,
}

impl After {
    /// Before the client says anything under TLS.
    pub(super) fn first(&self) -> Next {
        match self {
            Self::Close => Next::HangUp,
            _ => Next::Command,
        }
    }

    /// The reply to EHLO under TLS.
    pub(super) async fn answer<S>(&self, lines: &mut Lines<S>, hostname: &str) -> io::Result<Next>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        match self {
            Self::GoesOn | Self::Close => lines.reply(&keywords(hostname, None)).await?,
            Self::Reply(line) => {
                lines.reply(line).await?;
                if line.starts_with("421") {
                    return Ok(Next::HangUp);
                }
            }
            Self::Silent => tcp::hold(&mut lines.stream).await?,
        }
        Ok(Next::Command)
    }
}
