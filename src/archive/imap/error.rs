//! Why a folder could not be read, and whether it is worth another try.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::wire::imap::command::Unsendable;
use crate::wire::imap::frame::FrameError;
use crate::wire::imap::response::Words;

/// Of the words of a server so much is repeated.
const WORDS_CAP: usize = 300;

/// Why a folder could not be read; completes "ACCOUNT: ". Words of the server are hostile and are escaped only where they are shown.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// No address.
    #[error("the name {0} cannot be resolved: {1}")]
    NoAddress(String, io::Error),
    /// No connection.
    #[error("no connection to {0}: {1}")]
    NoConnection(SocketAddr, io::Error),
    /// The connection has broken.
    #[error("the connection broke: {0}")]
    Broken(io::Error),
    /// The connection has ended where an answer was due.
    #[error("the server closed the connection")]
    Closed,
    /// The server ended it with a word.
    #[error("the server ended the connection: {0}")]
    Bye(String),
    /// Nothing came.
    #[error("nothing came from the server within {} s", .0.as_secs_f32())]
    Silent(Duration),
    /// Something came again and again, and never an end.
    #[error("the server's answer had no end within {} s", .0.as_secs_f32())]
    Endless(Duration),
    /// The server's certificate does not stand.
    #[error("{0}")]
    Certificate(String),
    /// No TLS.
    #[error("TLS with the server failed: {0}")]
    Tls(String),
    /// The server lacks STARTTLS, or something came in its place.
    #[error("the server does not change to TLS ({0}), and a password is never sent in clear text")]
    NoStartTls(String),
    /// It is no IMAP server, or an odd one.
    #[error("what answers does not speak IMAP: {0}")]
    NotImap(String),
    /// It sends what would never end.
    #[error("what the server sends is no answer: {0}")]
    Frame(#[from] FrameError),
    /// There is no way to log in with a password.
    #[error("the server takes no password (it offers neither AUTH=PLAIN nor LOGIN)")]
    NoLogin,
    /// User or password is wrong.
    #[error("the server refused user or password: {0}")]
    LoginRefused(String),
    /// The server cannot tell just now.
    #[error("the server cannot log anyone in just now: {0}")]
    LoginUnavailable(String),
    /// The folder is not there.
    #[error("the folder {folder:?} cannot be opened: {words}")]
    NoFolder {
        /// Its name.
        folder: String,
        /// The server's words.
        words: String,
    },
    /// The folder may not be changed.
    #[error("messages in the folder may not be changed by this user; leave out --move-to and --seen")]
    ReadOnly,
    /// The server lacks MOVE.
    #[error("the server cannot move messages (RFC 6851), and nothing is ever deleted; use --seen, or leave them where they are")]
    CannotMove,
    /// The server does not do what it was asked.
    #[error("the server refused {command}: {words}")]
    Refused {
        /// What it was asked.
        command: &'static str,
        /// The server's words.
        words: String,
    },
    /// A name that cannot be sent.
    #[error("user, password or folder cannot be sent: {0}")]
    Unsendable(#[from] Unsendable),
    /// It was asked to stop.
    #[error("stopped before the folder was read to its end")]
    Stopped,
    /// Nobody takes what is read.
    #[error("what was read could not be kept")]
    NotKept,
}

/// What an error means for another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It may be over in a moment.
    Passing,
    /// It will be the same next time, unless the server is changed.
    Lasting,
    /// It will be the same next time, unless the account is changed: another try could even lock it.
    Setting,
    /// It was ended from here.
    Over,
}

impl ImapError {
    /// Whether it is worth another try.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoAddress(..)
            | Self::NoConnection(..)
            | Self::Broken(_)
            | Self::Closed
            | Self::Bye(_)
            | Self::Silent(_)
            | Self::Endless(_)
            | Self::LoginUnavailable(_)
            | Self::Refused { .. } => Kind::Passing,
            Self::Certificate(_) | Self::Tls(_) | Self::NoStartTls(_) | Self::NotImap(_) | Self::Frame(_) => Kind::Lasting,
            Self::NoLogin | Self::LoginRefused(_) | Self::NoFolder { .. } | Self::ReadOnly | Self::CannotMove | Self::Unsendable(_) => {
                Kind::Setting
            }
            Self::Stopped | Self::NotKept => Kind::Over,
        }
    }
}

/// A server's words, as far as they are worth repeating.
pub(super) fn said(words: &Words) -> String {
    let text: String = words.text.chars().take(WORDS_CAP).collect();
    if text.is_empty() { "it does not say why".to_owned() } else { text }
}
