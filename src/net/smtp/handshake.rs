//! The TLS handshake on a connection whose STARTTLS was accepted. A bad certificate does not end it.

use std::sync::Arc;

use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::connection::Parting;
use super::visit::{Ready, Visit};
use crate::model::facts::tls::TlsFacts;
use crate::model::looked::{Failure, FailureKind};
use crate::net::tls::{self, Recording};

/// A handshake that ended well.
pub(super) struct Shaken {
    pub(super) facts: TlsFacts,
    /// Whether the server asked for a client certificate.
    pub(super) asked: bool,
    pub(super) stream: TlsStream<TcpStream>,
}

/// A handshake that failed.
pub(super) struct Broken {
    pub(super) failure: Failure,
    /// Whether the server asked for a client certificate; `None` if it did not get that far.
    pub(super) asked: Option<bool>,
}

impl Visit<'_> {
    /// Shakes hands.
    pub(super) async fn handshake(&mut self, ready: Ready, (config, recorder): Recording) -> Result<Shaken, Broken> {
        let wait = self.prober.options.timeouts.step;
        // A name that SNI cannot carry: the address in its place, with which no SNI is sent.
        let name = ServerName::try_from(self.host.as_str().to_owned()).unwrap_or_else(|_| ServerName::from(self.address));
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, ready.stream).into_fallible();
        let until = ready.deadline.min(Instant::now() + wait);
        let stream = match timeout_at(until, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err((error, stream))) => {
                self.parting = Some(Parting::from(stream, Arc::clone(&self.turn)).await);
                let served = recorder.take().is_some();
                let asked = recorder.asked_for_certificate();
                return Err(Broken { failure: broken_off(tls::failure(&error), served), asked: (served || asked).then_some(asked) });
            }
            Err(_) => {
                self.welcome = false;
                let failure = Failure::new(FailureKind::Timeout, format!("the TLS handshake did not end within {} s", wait.as_secs_f32()));
                return Err(Broken { failure, asked: None });
            }
        };
        let Some(served) = recorder.take() else {
            self.parting = Some(Parting::from(stream, Arc::clone(&self.turn)).await);
            return Err(Broken { failure: Failure::new(FailureKind::Tls, "the server sent no certificate"), asked: None });
        };
        let (version, suite) = tls::chosen(stream.get_ref().1);
        let facts = tls::facts(version, suite, served, &self.prober.trust, &self.prober.shelf).await;
        Ok(Shaken { facts, asked: recorder.asked_for_certificate(), stream })
    }
}

/// A server that shows its certificate and then ends the handshake by an alert does so to every client without what it wants: that
/// another hello is answered says nothing then.
fn broken_off(failure: Failure, served: bool) -> Failure {
    match failure.kind {
        FailureKind::TlsAlert if served => Failure::new(FailureKind::TlsLate, format!("after its certificate: {}", failure.detail)),
        _ => failure,
    }
}
