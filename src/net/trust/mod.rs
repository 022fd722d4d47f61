//! Whom senders trust: sets of roots, and whom a served chain leads to. No clock: dates are facts of the path and are judged by rules.
//!
//! In: `--roots`, `--ca-file`, chains as served. Out: [`Roots`] for the vantage, [`Trust`] for each chain.

mod first_fit;
mod key;
mod load;
mod objections;
mod path;
mod signature;
mod walk;

use std::convert::Infallible;
use std::path::{Path as FilePath, PathBuf};
use std::str::FromStr;
use std::sync::OnceLock;

use rustls_pki_types::TrustAnchor;

pub use key::key_fits;
pub use load::{TrustError, certificates};

use crate::model::facts::tls::{PrivateCa, PrivatePath, Trust};
use crate::model::facts::vantage::Roots;
use crate::wire::fingerprint::Fingerprint;

/// `--roots`: whom senders are taken to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RootSource {
    /// Mozilla's set, as embedded: the same verdict everywhere.
    #[default]
    Mozilla,
    /// The store of the system that the tool runs on.
    System,
    /// The PEM file's roots and no others.
    File(PathBuf),
}

impl FromStr for RootSource {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "mozilla" => Self::Mozilla,
            "os" => Self::System,
            file => Self::File(file.into()),
        })
    }
}

/// The roots that senders have, and those that only the operator has.
#[derive(Debug)]
pub struct TrustStore {
    public: Vec<TrustAnchor<'static>>,
    summary: Roots,
    ca_file: Option<Vec<TrustAnchor<'static>>>,
    /// The system's roots, read when a chain leads to no other; `None` if they are the public ones.
    system: Option<OnceLock<Vec<TrustAnchor<'static>>>>,
}

impl TrustStore {
    /// Loads what `--roots` and `--ca-file` name.
    ///
    /// # Errors
    /// [`TrustError`]: a file that cannot be read, is empty or garbled, or a system without roots.
    pub fn load(roots: &RootSource, ca_file: Option<&FilePath>) -> Result<Self, TrustError> {
        let (name, public) = match roots {
            RootSource::Mozilla => ("mozilla".to_owned(), webpki_roots::TLS_SERVER_ROOTS.to_vec()),
            RootSource::System => ("os".to_owned(), load::system()?),
            RootSource::File(file) => (file.display().to_string(), load::file(file)?),
        };
        Ok(Self {
            summary: Roots { name, count: public.len(), sha256: digest(&public) },
            public,
            ca_file: ca_file.map(load::file).transpose()?,
            system: (*roots != RootSource::System).then(OnceLock::new),
        })
    }

    /// The roots that senders are taken to have.
    pub fn roots(&self) -> Roots {
        self.summary.clone()
    }

    /// Whom a chain of DER certificates, as served, leads to: the path that lasts longest, whatever the date is today. A private
    /// CA is asked only if no public root vouches.
    pub fn judge(&self, chain: &[Vec<u8>]) -> Trust {
        let problem = match path::best(chain, &self.public) {
            Ok(found) => {
                let trust = Trust { alternatives: found.alternatives, ..Trust::public(found.path) };
                let first_fits = if trust.public.is_some() { first_fit::failing(chain, &self.public) } else { Vec::new() };
                return Trust { first_fits, ..trust };
            }
            Err(problem) => problem,
        };
        let vouched = |by, anchors: &[_]| path::best(chain, anchors).ok().map(|found| PrivatePath { by, path: found.path });
        let by_file = self.ca_file.as_ref().and_then(|anchors| vouched(PrivateCa::CaFile, anchors));
        let private = by_file.or_else(|| {
            // A system without a store vouches for nobody; that is no error here.
            let system = self.system.as_ref()?.get_or_init(|| load::system().unwrap_or_default());
            vouched(PrivateCa::System, system)
        });
        Trust { private, ..Trust::none(problem) }
    }
}

/// Over subjects and keys, sorted, each with its length before it: one digest for one set, whatever its order.
fn digest(anchors: &[TrustAnchor<'_>]) -> Fingerprint {
    let mut fields: Vec<(&[u8], &[u8])> =
        anchors.iter().map(|anchor| (anchor.subject.as_ref(), anchor.subject_public_key_info.as_ref())).collect();
    fields.sort_unstable();
    fields.dedup();
    let mut bytes = Vec::new();
    for field in fields.into_iter().flat_map(|(subject, key)| [subject, key]) {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field);
    }
    Fingerprint::of(&bytes)
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
