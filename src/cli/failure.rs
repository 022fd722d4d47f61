//! What ends a run before it has an answer; each names the input and the way out.

use std::path::PathBuf;

use super::exit::Exit;
use crate::archive::ReadError;
use crate::archive::store::StoreError;
use crate::net::dns::DnsSetupError;
use crate::net::dnssec::DnssecSetupError;
use crate::net::trust::TrustError;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The words of the call do not fit.
    #[error("{0}")]
    Usage(String),
    /// No resolver.
    #[error(transparent)]
    Dns(#[from] DnsSetupError),
    /// No trust anchor of DNSSEC.
    #[error(transparent)]
    Dnssec(#[from] DnssecSetupError),
    /// Roots or CA file unusable.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A report path that is not there.
    #[error(transparent)]
    Reports(#[from] ReadError),
    /// The store cannot be opened, read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file that was named cannot be read.
    #[error("failed to read {path}: {error}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: std::io::Error,
    },
    /// A file that was named cannot be written.
    #[error("failed to write {path}: {error}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: std::io::Error,
    },
    /// Standard output is gone.
    #[error("failed to print: {0}")]
    Output(#[from] std::io::Error),
    /// A value that cannot be written as JSON, or no runtime: a fault of ours.
    #[error("internal error: {0}; please report it")]
    Internal(String),
}

impl Failure {
    /// The exit code it ends with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Dns(_) | Self::Dnssec(_) | Self::Trust(_) | Self::Reports(_) | Self::Read { .. } => Exit::Usage,
            Self::Store(_) | Self::Write { .. } | Self::Output(_) | Self::Internal(_) => Exit::Internal,
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<csv::Error> for Failure {
    fn from(error: csv::Error) -> Self {
        Self::Internal(error.to_string())
    }
}
