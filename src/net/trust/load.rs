//! Roots out of PEM files and out of the system's store.

use std::io;
use std::path::{Path, PathBuf};

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, TrustAnchor};

/// Why a set of roots could not be loaded; names the file and what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("cannot read the roots in {}: {source}", file.display())]
    Unreadable {
        /// As given.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no PEM certificate in the file.
    #[error("no PEM certificate in {}: it must hold lines of -----BEGIN CERTIFICATE-----", file.display())]
    Empty {
        /// As given.
        file: PathBuf,
    },
    /// A part of the file is no PEM or no certificate.
    #[error("certificate {position} in {} is garbled: {detail}", file.display())]
    Garbled {
        /// As given.
        file: PathBuf,
        /// Which of its certificates, from 1.
        position: usize,
        /// What is wrong.
        detail: String,
    },
    /// The system has no roots where they are usually found.
    #[error("the system has no store of roots ({0}); use --roots mozilla or a PEM file")]
    System(String),
}

/// The roots in a PEM file.
pub(super) fn file(file: &Path) -> Result<Vec<TrustAnchor<'static>>, TrustError> {
    let pem = std::fs::read(file).map_err(|source| TrustError::Unreadable { file: file.to_owned(), source })?;
    let mut anchors = Vec::new();
    for (index, certificate) in CertificateDer::pem_slice_iter(&pem).enumerate() {
        let garbled = |detail: String| TrustError::Garbled { file: file.to_owned(), position: index + 1, detail };
        let certificate = certificate.map_err(|error| garbled(error.to_string()))?;
        anchors.push(anchor(&certificate).map_err(|error| garbled(error.to_string()))?);
    }
    if anchors.is_empty() { Err(TrustError::Empty { file: file.to_owned() }) } else { Ok(anchors) }
}

/// The certificates of a PEM text, in order, 100 at the most. A block that is no Base64 stands for a certificate that cannot be read.
pub fn certificates(pem: &[u8]) -> Vec<Vec<u8>> {
    let blocks = CertificateDer::pem_slice_iter(pem).take(100);
    blocks.map(|block| block.map(|der| der.as_ref().to_vec()).unwrap_or_default()).collect()
}

/// The roots of the system. Single certificates that cannot be read are passed over, as other programs do.
pub(super) fn system() -> Result<Vec<TrustAnchor<'static>>, TrustError> {
    let loaded = rustls_native_certs::load_native_certs();
    let anchors: Vec<_> = loaded.certs.iter().filter_map(|certificate| anchor(certificate).ok()).collect();
    if anchors.is_empty() {
        let why = loaded.errors.first().map_or_else(|| "none found".to_owned(), ToString::to_string);
        return Err(TrustError::System(why));
    }
    Ok(anchors)
}

fn anchor(certificate: &CertificateDer<'_>) -> Result<TrustAnchor<'static>, webpki::Error> {
    webpki::anchor_from_trusted_cert(certificate).map(|anchor| anchor.to_owned())
}
