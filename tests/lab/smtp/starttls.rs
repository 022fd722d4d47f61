//! Step 3: the reply to STARTTLS.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use super::lines::Lines;
use super::session::Next;
use crate::lab::tcp;

/// The reply to STARTTLS.
#[derive(Clone, Debug, Default)]
pub enum StartTls {
    /// `220`, then the handshake; what was pipelined behind the command is thrown away.
    #[default]
    Ready,
    /// The same in a reply of three lines.
    ReadyInLines,
    /// The same, but what was pipelined is executed under TLS (CVE-2011-0411).
    ReadyAndInjectable,
    /// This line instead, such as `454 4.7.0 not now` or `502 5.5.1 not known`; `421` closes.
    Reply(&'static str),
    /// Closes instead of a reply.
    Close,
    /// Never answers.
    Silent,
}

impl StartTls {
    pub(super) async fn answer<S>(&self, lines: &mut Lines<S>) -> io::Result<Next>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        match self {
            Self::Ready | Self::ReadyAndInjectable => {
                lines.reply("220 2.0.0 go ahead").await?;
                Ok(Next::StartTls)
            }
            Self::ReadyInLines => {
                lines.reply("220-2.0.0 one\r\n220-2.0.0 two\r\n220 2.0.0 go ahead").await?;
                Ok(Next::StartTls)
            }
            Self::Reply(line) => {
                lines.reply(line).await?;
                Ok(if line.starts_with("421") { Next::HangUp } else { Next::Command })
            }
            Self::Close => Ok(Next::HangUp),
            Self::Silent => {
                tcp::hold(&mut lines.stream).await?;
                Ok(Next::HangUp)
            }
        }
    }

    /// What of the pipelined bytes survives the handshake.
    pub(super) fn carried_over(&self, pipelined: Vec<u8>) -> Vec<u8> {
        match self {
            Self::ReadyAndInjectable => pipelined,
            _ => Vec::new(),
        }
    }
}
