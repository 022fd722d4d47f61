//! The TLS side of SMTP and HTTPS hosts alike: what a host does with a `ClientHello`.
//!
//! Healthy handshakes are rustls's, in `accept`; who is presented is in `identity`; the hand-made servers of old TLS are
//! in `legacy`, which reads the `ClientHello` with `hello`.

mod hello;
mod identity;
mod legacy;

use std::io;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, ResolvesServerCert, ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub use self::identity::{Identity, WithoutSni};

use self::hello::Hello;
use super::tcp::{self, Conn};

const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];
const ONLY_12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
const ONLY_13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

/// What a host does with a TLS handshake.
#[derive(Clone, Debug, Default)]
pub enum Tls {
    /// TLS 1.2 and 1.3.
    #[default]
    Modern,
    /// TLS 1.2 alone.
    Only12,
    /// TLS 1.3 alone.
    Only13,
    /// Asks for a client certificate and goes on without.
    AsksForClientCertificate,
    /// Demands a client certificate, in TLS 1.3: the client learns of it on its first read after the handshake.
    DemandsClientCertificate,
    /// The same in TLS 1.2, where the handshake itself ends by it.
    DemandsClientCertificate12,
    /// Refuses the `ClientHello` with this fatal alert; 40 is `handshake_failure`.
    Alert(u8),
    /// Closes in order after the `ClientHello`.
    Close,
    /// Resets the connection after the `ClientHello`.
    Reset,
    /// Never answers.
    Stall,
    /// Answers the `ClientHello` with these plaintext bytes and closes.
    Plaintext(&'static [u8]),
    /// Knows nothing newer than TLS 1.0: goes up to `ServerHelloDone` with those who offer it, alert 70 for others.
    Legacy10,
    /// TLS 1.2 with static RSA suites alone: goes up to `ServerHelloDone`, alert 40 for those who do not offer them.
    NarrowSuites,
    /// TLS 1.2 with a modern suite, but over the curve P-521 alone: goes up to `ServerHelloDone`, alert 40 for those who lack it.
    OnlyP521,
    /// TLS 1.2 up to the certificate, then alert 80: its key cannot sign.
    CannotSign,
    /// TLS 1.2 up to the hello, then alert 80: it finds no certificate.
    CannotCertify,
    /// A `ServerHello` of this version, which was not offered.
    OtherVersion(u16),
    /// TLS 1.2 with a certificate message of ten megabytes.
    HugeCertificate,
    /// TLS 1.3, and so many session tickets behind the handshake.
    Tickets(usize),
    /// As modern, and of the protocols offered it takes HTTP/2.
    SpeaksH2,
}

/// Carries out the handshake; none if it does not lead to TLS, the connection then is over.
pub(super) async fn accept(tls: &Tls, identity: &Arc<Identity>, mut conn: Conn) -> io::Result<Option<TlsStream<Conn>>> {
    conn.tls_begins();
    let (versions, client_certificate) = match tls {
        Tls::Modern => (BOTH, None),
        Tls::Only12 => (ONLY_12, None),
        Tls::Only13 => (ONLY_13, None),
        Tls::AsksForClientCertificate => (BOTH, Some(Demand::Ask)),
        Tls::DemandsClientCertificate => (ONLY_13, Some(Demand::Insist)),
        Tls::DemandsClientCertificate12 => (ONLY_12, Some(Demand::Insist)),
        Tls::Tickets(_) => (ONLY_13, None),
        Tls::SpeaksH2 => (BOTH, None),
        misbehaviour => {
            refuse(misbehaviour, identity, &mut conn).await?;
            return Ok(None);
        }
    };
    let mut config = config(versions, client_certificate, identity);
    match tls {
        Tls::Tickets(count) => {
            config.send_tls13_tickets = *count;
            config.session_storage = ServerSessionMemoryCache::new(8);
        }
        Tls::SpeaksH2 => config.alpn_protocols = vec![b"h2".to_vec()],
        _ => {}
    }
    match TlsAcceptor::from(Arc::new(config)).accept(conn).into_fallible().await {
        Ok(stream) => Ok(Some(stream)),
        Err((_, conn)) => {
            tcp::hang_up(conn).await?;
            Ok(None)
        }
    }
}

async fn refuse(tls: &Tls, identity: &Arc<Identity>, conn: &mut Conn) -> io::Result<()> {
    if let Tls::Stall = tls {
        return tcp::hold(conn).await;
    }
    let hello = Hello::read(conn).await?;
    match tls {
        Tls::Alert(code) => conn.write_all(&legacy::alert(*code)).await?,
        Tls::Plaintext(bytes) => conn.write_all(bytes).await?,
        Tls::Legacy10 => legacy::tls10(&hello, identity, conn).await?,
        Tls::NarrowSuites => legacy::narrow(&hello, identity, conn).await?,
        Tls::OnlyP521 => legacy::only_p521(&hello, identity, conn).await?,
        Tls::CannotSign => legacy::unsigned(&hello, Some(identity), conn).await?,
        Tls::CannotCertify => legacy::unsigned(&hello, None, conn).await?,
        Tls::OtherVersion(version) => legacy::of_version(*version, identity, conn).await?,
        Tls::HugeCertificate => legacy::huge(&hello, conn).await?,
        Tls::Reset => {
            conn.reset_on_close();
            return Ok(());
        }
        // The rest is served by `accept`, or closes now.
        _ => {}
    }
    tcp::hang_up(conn).await
}

fn config(versions: &[&'static SupportedProtocolVersion], client_certificate: Option<Demand>, identity: &Arc<Identity>) -> ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier: Arc<dyn ClientCertVerifier> = match client_certificate {
        None => WebPkiClientVerifier::no_client_auth(),
        Some(demand) => Arc::new(AnyClient { demand, provider: Arc::clone(&provider) }),
    };
    let resolver: Arc<dyn ResolvesServerCert> = Arc::<Identity>::clone(identity);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("the provider has suites for these versions")
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(resolver);
    // Without tickets there is one flight less, and no resumption that would hide a changed certificate.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Demand {
    Ask,
    Insist,
}

/// Takes whatever certificate a client has; only whether there is one matters.
#[derive(Debug)]
struct AnyClient {
    demand: Demand,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        self.demand == Demand::Insist
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(&self, _: &CertificateDer<'_>, _: &[CertificateDer<'_>], _: UnixTime) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
