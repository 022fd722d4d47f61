//! TLS to the operator's own server. Unlike at MX hosts, a certificate that does not stand ends it: a password is about to be sent.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::ImapError;
use crate::wire::imap::url::Host;

/// Why a server's certificate could not be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum TlsConfigError {
    /// The file cannot be read.
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
    /// The TLS library refuses its own parts.
    #[error("no TLS: {0}")]
    Library(String),
}

/// Whom a server's certificate must come from: Mozilla's roots, and beside them the CAs in `ca_file`. A server's own certificate in that
/// file stands, too, for many servers sign theirs themselves.
///
/// # Errors
/// If the file cannot be read or holds no certificate.
pub fn config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TlsConfigError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let mut given = Vec::new();
    if let Some(file) = ca_file {
        let pem = std::fs::read(file).map_err(|source| TlsConfigError::Unreadable { file: file.to_owned(), source })?;
        let unusable = |detail: String| TlsConfigError::Unusable { file: file.to_owned(), detail };
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            roots.add(certificate.clone()).map_err(|error| unusable(error.to_string()))?;
            given.push(certificate);
        }
        if given.is_empty() {
            return Err(unusable("there is none in it".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let library = |error: &dyn std::error::Error| TlsConfigError::Library(error.to_string());
    let usual =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().map_err(|error| library(&error))?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(|error| library(&error))?;
    let verifier = Arc::new(OwnServer { usual, given });
    Ok(Arc::new(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()))
}

/// The usual verification, but that a certificate signed by itself and marked as a CA may be a server's if it is given: `openssl req
/// -x509` makes such ones.
#[derive(Debug)]
struct OwnServer {
    usual: Arc<WebPkiServerVerifier>,
    given: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for OwnServer {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.usual.verify_server_cert(leaf, rest, name, ocsp, now) {
            // Dates are checked before this is found.
            Err(error) if is_ca_as_server(&error) && self.given.contains(leaf) => {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(leaf)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
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
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else { return ImapError::Broken(error) };
    let fault = match tls {
        Error::InvalidCertificate(fault) => fault,
        Error::InvalidMessage(_) => {
            return ImapError::Tls("what comes is not TLS; a server that begins in clear text is imap+starttls://".to_owned());
        }
        other => return ImapError::Tls(other.to_string()),
    };
    let own = "if that is as it should be, name its file with --ca-file";
    let why = match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "is not valid yet".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => format!("is not for the name {host}"),
        CertificateError::UnknownIssuer => format!("comes from no public CA; {own}"),
        CertificateError::Revoked => "is revoked".to_owned(),
        _ if is_ca_as_server(tls) => format!("is signed by itself; {own}"),
        other => format!("does not stand: {other}"),
    };
    ImapError::Certificate(format!("the server's certificate {why}"))
}

/// Whether what is wrong is that a CA's certificate is used as a server's.
fn is_ca_as_server(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    matches!(other.0.downcast_ref::<webpki::Error>(), Some(webpki::Error::CaUsedAsEndEntity))
}
