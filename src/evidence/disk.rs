//! Certificate files on the operator's disk beside what is served: has the server loaded what was renewed?
//!
//! A file speaks for a chain if its first certificate names the host and has a key of the same type.

use super::runway;
use crate::model::expiry::OnDisk;
use crate::model::facts::tls::TlsFacts;
use crate::model::facts::{DiskFile, Facts};
use crate::wire::certificate::Certificate;
use crate::wire::name::Domain;

/// The newest file that speaks for a served chain, its certificate, the served one, and how the two compare.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The file.
    pub file: &'a DiskFile,
    /// Its own certificate.
    pub on_disk: Certificate,
    /// The certificate served.
    pub served: Certificate,
    /// How they compare.
    pub is: OnDisk,
}

/// The first certificate of a file; `None` if it cannot be read.
pub fn leaf(facts: &Facts, file: &DiskFile) -> Option<Certificate> {
    runway::read(file.chain.first()?, &facts.certificates)
}

/// Whether a file's certificate is for `host` and has a key of the same type as the one served there.
pub fn speaks_for(on_disk: &Certificate, host: &Domain, served: &Certificate) -> bool {
    on_disk.key.kind == served.key.kind && on_disk.is_for(host)
}

/// Holds the files against one chain that `host` serves; `None` if no file speaks for it.
pub fn compare<'a>(facts: &'a Facts, host: &Domain, tls: &TlsFacts) -> Option<Comparison<'a>> {
    let served = runway::read(tls.chain.first()?, &facts.certificates)?;
    let candidates = facts.disk.iter().filter_map(|file| Some((file, leaf(facts, file)?)));
    let (file, on_disk) = candidates.filter(|(_, leaf)| speaks_for(leaf, host, &served)).max_by_key(|(_, leaf)| leaf.not_before)?;
    let is = match on_disk.not_before.cmp(&served.not_before) {
        _ if on_disk.sha256 == served.sha256 => OnDisk::Same,
        std::cmp::Ordering::Greater => OnDisk::Newer,
        // Issued in the same second: the one that lasts longer is the newer.
        std::cmp::Ordering::Equal if on_disk.not_after > served.not_after => OnDisk::Newer,
        _ => OnDisk::Older,
    };
    Some(Comparison { file, on_disk, served, is })
}
