//! The second connection, made only if the modern handshake was refused: a hand-written hello with old versions and wide suites,
//! read in clear text up to the certificate.

use std::net::IpAddr;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::dialogue::{Steps, up_to_tls};
use super::{Prober, reach};
use crate::model::facts::servers::WideHello;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::net::limit::Turn;
use crate::net::tls::{self, Served};
use crate::wire::hello::{Flight, FlightReader, alert_name, client_hello, suite_name, version_name};
use crate::wire::name::Domain;
use crate::wire::smtp::Reply;

/// Whether a failed handshake may be the fault of what was offered. A timeout says nothing about that.
pub(super) fn is_worth_trying(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::TlsAlert | FailureKind::Tls | FailureKind::Reset | FailureKind::Closed | FailureKind::Protocol)
}

/// Connects once more and tries. What fails before TLS is of kind `Other`: it says nothing about the hello.
pub(super) async fn hold(prober: &Prober, host: &Domain, address: IpAddr, turn: &Arc<Turn>) -> WideHello {
    let deadline = Instant::now() + prober.options.timeouts.dialogue;
    let before_tls = |words: String| {
        let detail = format!("the second connection did not reach TLS: {words}");
        WideHello { outcome: Looked::Failed(Failure::new(FailureKind::Other, detail)), alert: None }
    };
    let stream = match reach::connect(&prober.options.dialer, address, prober.options.port, prober.options.timeouts.connect).await {
        Ok((stream, _)) => stream,
        Err(failure) => return before_tls(failure.detail),
    };
    let mut steps = Steps::default();
    let stream = match up_to_tls(prober, stream, deadline, turn, &mut steps).await {
        Some(Ok(stream)) => stream,
        Some(Err(failure)) => return WideHello { outcome: Looked::Failed(failure), alert: None },
        None => return before_tls(last_words(&steps)),
    };
    match exchange(host, stream, deadline.min(Instant::now() + prober.options.timeouts.step)).await {
        Err(failure) => WideHello { outcome: Looked::Failed(failure), alert: None },
        Ok(Flight::Alert(alert)) => {
            WideHello { outcome: Looked::Failed(Failure::new(FailureKind::TlsAlert, alert_name(alert))), alert: Some(alert) }
        }
        Ok(Flight::Served(flight)) => {
            let chain = flight.chain.into_iter().map(CertificateDer::from).collect();
            let served = Served { chain, stapled: None, signature_problem: None };
            let (version, suite) = (version_name(flight.version), suite_name(flight.suite));
            WideHello { outcome: Looked::Seen(tls::facts(version, suite, served, &prober.trust, &prober.shelf).await), alert: None }
        }
    }
}

async fn exchange(host: &Domain, mut stream: TcpStream, until: Instant) -> Result<Flight, Failure> {
    let mut random = [0; 32];
    // Nothing is kept secret with it: should the system have no randomness, zeros do.
    let _ = aws_lc_rs::rand::fill(&mut random);
    let late = |_| Failure::new(FailureKind::Timeout, "no answer to the wide hello in time");
    let io = |error: std::io::Error| tls::failure(&error);
    timeout_at(until, stream.write_all(&client_hello(host.as_str(), &random))).await.map_err(late)?.map_err(io)?;
    let mut reader = FlightReader::new();
    let mut bytes = [0; 4096];
    loop {
        let count = timeout_at(until, stream.read(&mut bytes)).await.map_err(late)?.map_err(io)?;
        if count == 0 {
            return Err(Failure::new(FailureKind::Closed, "closed in answer to the wide hello"));
        }
        let answer = reader.feed(bytes.get(..count).unwrap_or_default());
        if let Some(flight) = answer.map_err(|error| Failure::new(FailureKind::Tls, error.to_string()))? {
            return Ok(flight);
        }
    }
}

fn last_words(steps: &Steps) -> String {
    let last = [("STARTTLS", &steps.starttls), ("EHLO", &steps.ehlo), ("the greeting", &steps.greeting)];
    let Some((step, Some(answer))) = last.into_iter().find(|(_, answer)| answer.is_some()) else { return "no greeting".to_owned() };
    match answer {
        Looked::Seen(Reply { code, lines }) => format!("{step} was answered by {code} {}", lines.last().map_or("", String::as_str)),
        Looked::Failed(failure) => format!("{step}: {}", failure.detail),
        Looked::Absent(_) => step.to_owned(),
    }
}
