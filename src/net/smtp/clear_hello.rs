//! A hand-written hello and the server's first flight, read in clear text up to its end. The handshake is not completed.

use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::connection::Parting;
use super::visit::{Ready, Visit};
use crate::model::facts::tls::TlsFacts;
use crate::model::looked::{Failure, FailureKind};
use crate::net::tls::{self, Served};
use crate::wire::hello::{Flight, FlightReader, Offer, ServerFlight, client_hello, suite_name, version_name};

/// How long the rest of a flight is waited for when the chain has come.
const REST: Duration = Duration::from_secs(2);
/// Warnings `user_canceled` and `close_notify` (RFC 5246 §7.2.1): the client breaks off, and it is nobody's fault.
const FAREWELL: [u8; 14] = [21, 3, 3, 0, 2, 1, 90, 21, 3, 3, 0, 2, 1, 0];

impl Visit<'_> {
    /// Says hello with `offer`, and leaves when the answer is there.
    pub(super) async fn say_hello(&mut self, ready: Ready, offer: &Offer) -> Result<Flight, Failure> {
        let Ready { mut stream, deadline, .. } = ready;
        let until = deadline.min(Instant::now() + self.prober.options.timeouts.step);
        let answer = exchange(self.host.as_str(), &mut stream, offer, until).await;
        if matches!(answer, Ok(Flight::Served(_))) {
            let _ = timeout(REST, stream.write_all(&FAREWELL)).await;
        }
        self.welcome &= !answer.as_ref().is_err_and(|failure| failure.kind.is_silence());
        self.parting = Some(Parting::from(stream, Arc::clone(&self.turn)).await);
        answer
    }

    /// The facts of a flight.
    pub(super) async fn flight_facts(&self, flight: ServerFlight) -> TlsFacts {
        let chain = flight.chain.into_iter().map(CertificateDer::from).collect();
        let served = Served { chain, stapled: None, signature_problem: None };
        let (version, suite) = (version_name(flight.version), suite_name(flight.suite));
        tls::facts(version, suite, served, &self.prober.trust, &self.prober.shelf).await
    }
}

async fn exchange(host: &str, stream: &mut TcpStream, offer: &Offer, until: Instant) -> Result<Flight, Failure> {
    let mut random = [0; 32];
    // Nothing is kept secret with it: should the system have no randomness, zeros do.
    let _ = aws_lc_rs::rand::fill(&mut random);
    let late = || Failure::new(FailureKind::Timeout, "no answer to the hand-written hello in time");
    let io = |error: std::io::Error| tls::failure(&error);
    timeout_at(until, stream.write_all(&client_hello(host, &random, offer))).await.map_err(|_| late())?.map_err(io)?;
    let mut reader = FlightReader::new();
    let mut bytes = [0; 4096];
    let mut until = until;
    loop {
        let failure = match timeout_at(until, stream.read(&mut bytes)).await {
            Err(_) => late(),
            Ok(Err(error)) => io(error),
            Ok(Ok(0)) => Failure::new(FailureKind::Closed, "closed in answer to the hand-written hello"),
            Ok(Ok(count)) => match reader.feed(bytes.get(..count).unwrap_or_default()) {
                Err(error) => Failure::new(FailureKind::Tls, error.to_string()),
                Ok(Some(flight)) => return Ok(flight),
                Ok(None) => {
                    if reader.has_chain() {
                        until = until.min(Instant::now() + REST);
                    }
                    continue;
                }
            },
        };
        // The chain is what was asked for; a flight that stops behind it has answered.
        return reader.served_so_far().map(Flight::Served).ok_or(failure);
    }
}
