//! TLS to the operator's own server. Unlike at MX hosts, a certificate that does not stand ends it: a password is about to be sent.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::ImapError;
use crate::wire::imap::url::Host;

/// Why a file of CA certificates is of no use.
#[derive(Debug, thiserror::Error)]
pub enum CaFileError {
    /// It cannot be read.
    #[error("cannot read the certificates in {}: {source}", file.display())]
    Unreadable {
        /// As given.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is none in it, or one of them is garbled.
    #[error("{} holds no usable PEM certificate (lines of -----BEGIN CERTIFICATE-----): {detail}", file.display())]
    Unusable {
        /// As given.
        file: PathBuf,
        /// What is wrong.
        detail: String,
    },
}

/// Whom a server's certificate must come from: Mozilla's roots, and beside them the CAs in `ca_file`.
///
/// # Errors
/// If the file cannot be read or holds no certificate.
pub fn config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, CaFileError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = ca_file {
        let pem = std::fs::read(file).map_err(|source| CaFileError::Unreadable { file: file.to_owned(), source })?;
        let unusable = |detail: String| CaFileError::Unusable { file: file.to_owned(), detail };
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
        }
        if roots.len() == before {
            return Err(unusable("there is none in it".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| CaFileError::Unusable { file: PathBuf::new(), detail: error.to_string() })?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// The handshake.
pub(super) async fn handshake(tcp: TcpStream, host: &Host, config: &Arc<ClientConfig>) -> Result<TlsStream<TcpStream>, ImapError> {
    let name = match host {
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|error| ImapError::Tls(error.to_string()))?,
        Host::Address(address) => ServerName::from(*address),
    };
    TlsConnector::from(Arc::clone(config)).connect(name, tcp).await.map_err(|error| explain(error, host))
}

/// Says which of the faults of a certificate it is, and what to do about it.
fn explain(error: io::Error, host: &Host) -> ImapError {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else { return ImapError::Broken(error) };
    let fault = match tls {
        rustls::Error::InvalidCertificate(fault) => fault,
        rustls::Error::InvalidMessage(_) => {
            return ImapError::Tls("what comes is not TLS; a server that begins in clear text is imap+starttls://".to_owned());
        }
        other => return ImapError::Tls(other.to_string()),
    };
    let why = match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "is not valid yet".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => format!("is not for the name {host}"),
        CertificateError::UnknownIssuer => "comes from no public CA; if the CA is your own, name its file with --ca-file".to_owned(),
        CertificateError::Revoked => "is revoked".to_owned(),
        other => format!("does not stand: {other}"),
    };
    ImapError::Certificate(format!("the server's certificate {why}"))
}
