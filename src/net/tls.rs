//! TLS as senders speak it, with a verifier that records and accepts: a bad certificate is to be judged, not to be hidden by a
//! failed handshake. For SMTP and HTTPS alike.
//!
//! One handshake for each configuration and recorder; nothing is resumed.

pub mod keys;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, CommonState, DigitallySignedStruct, ProtocolVersion, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::shelf::Shelf;
use super::trust::TrustStore;
use crate::model::facts::tls::{TlsFacts, Trust};
use crate::model::looked::{Failure, FailureKind};
use crate::wire::hello;

/// What a server served in a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// In the order served.
    pub chain: Vec<CertificateDer<'static>>,
    /// Whether a stapled OCSP response came; `None` where none was asked for.
    pub stapled: Option<bool>,
    /// What is wrong with the handshake's signature, if anything: a sender would break off.
    pub signature_problem: Option<String>,
}

impl Served {
    /// The chain's bytes.
    pub fn der(&self) -> Vec<Vec<u8>> {
        self.chain.iter().map(|certificate| certificate.as_ref().to_vec()).collect()
    }
}

/// A client configuration, and the recorder that sits in it.
pub type Recording = (ClientConfig, Arc<Recorder>);

/// A client configuration that accepts every certificate, and the recorder that tells afterwards what was served.
pub fn recording(alpn: &[&[u8]]) -> Recording {
    let (mut config, recorder) = recording_of(provider().signature_verification_algorithms.supported_schemes());
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    (config, recorder)
}

/// The same, offering these signature schemes only: a server with several certificates presents the one whose key makes them.
pub fn recording_of(schemes: Vec<SignatureScheme>) -> Recording {
    let recorder = Arc::new(Recorder { schemes, served: Mutex::default(), asked: AtomicBool::new(false) });
    let builder = builder().dangerous().with_custom_certificate_verifier(Arc::clone(&recorder) as _);
    let mut config = builder.with_client_cert_resolver(Arc::clone(&recorder) as _);
    config.resumption = Resumption::disabled();
    config.enable_sni = true;
    (config, recorder)
}

#[expect(clippy::expect_used, reason = "the provider has TLS 1.2 and 1.3 suites, which is all that can be missing; a test builds it")]
fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().expect("suites for both versions")
}

/// The cryptography, made once.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

/// Version and suite of a finished handshake, as facts name them: `TLSv1.3` and the IANA name.
pub fn chosen(connection: &CommonState) -> (String, String) {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3".to_owned(),
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2".to_owned(),
        other => format!("{other:?}"),
    };
    let suite = connection.negotiated_cipher_suite().map(|suite| hello::suite_name(u16::from(suite.suite())));
    (version, suite.unwrap_or_default())
}

/// The facts of a handshake: the chain goes to the shelf, and the trust store says whom it leads to.
///
/// Judging is bounded but not instant on a hostile chain, so it leaves the runtime's threads alone.
pub async fn facts(version: String, suite: String, served: Served, trust: &Arc<TrustStore>, shelf: &Shelf) -> TlsFacts {
    let der = served.der();
    let chain = shelf.put(&der);
    let trust = Arc::clone(trust);
    let judged = tokio::task::spawn_blocking(move || trust.judge(&der)).await;
    let trust = judged.unwrap_or_else(|error| Trust::none(error.to_string()));
    TlsFacts { version, suite, chain, trust, stapled: served.stapled, signature_problem: served.signature_problem, fetched: None }
}

/// What went wrong on a stream that TLS runs over: an alert, a broken handshake, or what happened to the connection below.
pub fn failure(error: &io::Error) -> Failure {
    if let Some(tls) = tls_error(error) {
        return match tls {
            rustls::Error::AlertReceived(alert) => Failure::new(FailureKind::TlsAlert, hello::alert_name(u8::from(*alert))),
            other => Failure::new(FailureKind::Tls, other.to_string()),
        };
    }
    let kind = match error.kind() {
        io::ErrorKind::UnexpectedEof => FailureKind::Closed,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => FailureKind::Reset,
        io::ErrorKind::ConnectionRefused => FailureKind::Refused,
        io::ErrorKind::TimedOut => FailureKind::Timeout,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => FailureKind::Unreachable,
        _ => FailureKind::Other,
    };
    // The library ends some words with where to read more, which concerns who programs with it.
    let words = error.to_string();
    Failure::new(kind, words.split_once(": https://").map_or(words.as_str(), |(words, _)| words))
}

/// The TLS library's own error, which may sit in several layers of I/O errors; `source()` would skip them.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref::<rustls::Error>().or_else(|| inner.downcast_ref::<io::Error>().and_then(tls_error))
}

/// The deepest words of an error chain, which name the fault; the outer ones only say that a request failed.
pub(super) fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(inner) = deepest.source() {
        deepest = inner;
    }
    deepest.to_string()
}

/// Stores what one handshake showed, and accepts it.
#[derive(Debug)]
pub struct Recorder {
    /// What the client says that it can verify.
    schemes: Vec<SignatureScheme>,
    served: Mutex<Option<Served>>,
    /// Whether the server asked for a certificate.
    asked: AtomicBool,
}

impl Recorder {
    /// What was served; `None` if the handshake ended before a certificate came.
    pub fn take(&self) -> Option<Served> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether the server asked for a client certificate (RFC 8446 §4.3.2); none was sent.
    pub fn asked_for_certificate(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    fn signature(&self, result: Result<HandshakeSignatureValid, rustls::Error>) -> HandshakeSignatureValid {
        if let Err(error) = result
            && let Some(served) = self.served.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
        {
            served.signature_problem = Some(error.to_string());
        }
        HandshakeSignatureValid::assertion()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(leaf).chain(rest).map(|certificate| certificate.clone().into_owned()).collect();
        let served = Served { chain, stapled: Some(!ocsp.is_empty()), signature_problem: None };
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = Some(served);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &provider().signature_verification_algorithms;
        Ok(self.signature(verify_tls12_signature(message, certificate, signature, algorithms)))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &provider().signature_verification_algorithms;
        Ok(self.signature(verify_tls13_signature(message, certificate, signature, algorithms)))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

impl ResolvesClientCert for Recorder {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_offers_both_versions_and_the_protocols_asked_for() {
        let (config, recorder) = recording(&[b"h2", b"http/1.1"]);
        assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert!(recorder.take().is_none() && !recorder.asked_for_certificate());
    }

    #[test]
    fn alerts_are_named_however_deep_they_lie() {
        let alert = || rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        let flat = io::Error::other(alert());
        let deep = io::Error::other(io::Error::other(alert()));
        for error in [flat, deep] {
            assert_eq!(failure(&error), Failure::new(FailureKind::TlsAlert, "certificate_required (116)"));
        }
        assert_eq!(failure(&io::Error::from(io::ErrorKind::UnexpectedEof)).kind, FailureKind::Closed);
        let unfinished = io::Error::new(io::ErrorKind::UnexpectedEof, "closed without close_notify: https://manual.example/#eof");
        assert_eq!(failure(&unfinished), Failure::new(FailureKind::Closed, "closed without close_notify"));
        assert_eq!(failure(&io::Error::other(rustls::Error::DecryptError)).kind, FailureKind::Tls);
    }
}
