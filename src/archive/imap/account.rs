//! Whose folder is read, with which password, and what is to become of a message that was read.

use std::fmt;
use std::sync::Arc;

use rustls::ClientConfig;

use crate::wire::imap::url::FolderUrl;

/// A folder to be read.
#[derive(Clone, Debug)]
pub struct Account {
    /// Where it is.
    pub url: FolderUrl,
    /// What its user logs in with.
    pub password: Secret,
    /// What becomes of messages whose reports are kept.
    pub after: After,
    /// Whom the server's certificate must come from; see [`super::tls::config`].
    pub tls: Arc<ClientConfig>,
}

/// What becomes of a message once its reports are kept. Whatever else is in the folder is left as it is, and nothing is ever deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum After {
    /// Nothing: the folder is opened for reading only.
    #[default]
    Leave,
    /// It is marked as seen.
    Seen,
    /// It is moved to this folder (RFC 6851).
    MoveTo(String),
}

/// A password. It is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes it in.
    pub fn new(password: String) -> Self {
        Self(password)
    }

    /// For the one who sends it.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
