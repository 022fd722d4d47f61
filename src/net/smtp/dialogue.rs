//! The dialogue that a sender has: greeting, EHLO, STARTTLS, TLS, EHLO again, QUIT. Five answers are waited for, and nothing is sent
//! before the answer to what came before (RFC 5321 §4.3.1, RFC 3207 §4).

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::connection::Connection;
use super::{Prober, reach};
use crate::model::facts::servers::Probe;
use crate::model::facts::tls::TlsFacts;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::net::limit::Turn;
use crate::net::tls;
use crate::wire::name::Domain;
use crate::wire::smtp::{Reply, starttls_offered};

/// A probe that ended before anything was said.
pub(super) fn unreached(address: IpAddr, port: u16, at: Timestamp, connect: Looked<u64>) -> Probe {
    Probe {
        address,
        port,
        at,
        connect,
        greeting: None,
        greeting_ms: None,
        ehlo: None,
        starttls: None,
        tls: None,
        ehlo_after: None,
        wide: None,
        other_key: None,
        without_sni: None,
        injection: None,
        repeats: Vec::new(),
    }
}

/// Holds the whole dialogue.
pub(super) async fn hold(prober: &Prober, host: &Domain, address: IpAddr, turn: &Arc<Turn>) -> Probe {
    let (at, deadline) = ((prober.options.clock)(), Instant::now() + prober.options.timeouts.dialogue);
    let port = prober.options.port;
    let (stream, took) = match reach::connect(&prober.options.dialer, address, port, prober.options.timeouts.connect).await {
        Ok(connected) => connected,
        Err(failure) => return unreached(address, port, at, Looked::Failed(failure)),
    };
    let mut probe = unreached(address, port, at, Looked::Seen(took));
    let mut steps = Steps::default();
    let stream = up_to_tls(prober, stream, deadline, turn, &mut steps).await;
    (probe.greeting, probe.greeting_ms) = (steps.greeting.take(), steps.greeting_ms);
    (probe.ehlo, probe.starttls) = (steps.ehlo.take(), steps.starttls.take());
    match stream {
        None => return probe,
        Some(Err(failure)) => probe.tls = Some(Looked::Failed(failure)),
        Some(Ok(stream)) => match handshake(prober, host, address, stream, deadline).await {
            Err(failure) => probe.tls = Some(Looked::Failed(failure)),
            Ok((facts, stream)) => {
                probe.tls = Some(Looked::Seen(facts));
                let mut inside = Connection::new(stream, deadline, turn);
                let answer = ehlo(prober, &steps.helo, &mut inside).await;
                if answer.seen().is_some() {
                    inside.farewell().await;
                }
                probe.ehlo_after = Some(answer);
            }
        },
    }
    probe
}

/// The steps in clear text, as far as they were reached.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// The name that was given.
    helo: String,
    pub(super) greeting: Option<Looked<Reply>>,
    pub(super) greeting_ms: Option<u64>,
    pub(super) ehlo: Option<Looked<Reply>>,
    pub(super) starttls: Option<Looked<Reply>>,
}

/// Speaks SMTP until TLS may begin. `None`: it must not begin, and the steps say why. A failure: STARTTLS was accepted, but more came in clear.
pub(super) async fn up_to_tls(
    prober: &Prober,
    stream: TcpStream,
    deadline: Instant,
    turn: &Arc<Turn>,
    steps: &mut Steps,
) -> Option<Result<TcpStream, Failure>> {
    let timeouts = prober.options.timeouts;
    steps.helo = prober.options.helo.clone().unwrap_or_else(|| literal(&stream));
    let mut connection = Connection::new(stream, deadline, turn);

    let begin = Instant::now();
    let greeting = steps.greeting.insert(connection.reply(timeouts.greeting).await);
    let greeting = greeting.seen()?;
    steps.greeting_ms = u64::try_from(begin.elapsed().as_millis()).ok();
    if greeting.code != 220 {
        connection.farewell().await;
        return None;
    }

    let offer = steps.ehlo.insert(ehlo(prober, &steps.helo, &mut connection).await);
    let offer = offer.seen()?;
    if !starttls_offered(offer) {
        connection.farewell().await;
        return None;
    }

    let accepted = steps.starttls.insert(connection.command("STARTTLS", timeouts.step).await);
    let accepted = accepted.seen()?;
    if accepted.code != 220 {
        connection.farewell().await;
        return None;
    }
    Some(connection.into_stream())
}

/// The address that the connection comes from, as EHLO wants it of a host without a name.
fn literal(stream: &TcpStream) -> String {
    match stream.local_addr().map(|local| local.ip().to_canonical()) {
        Ok(IpAddr::V6(own)) => format!("[IPv6:{own}]"),
        Ok(own) => format!("[{own}]"),
        Err(_) => "[127.0.0.1]".to_owned(),
    }
}

async fn ehlo<S>(prober: &Prober, helo: &str, connection: &mut Connection<S>) -> Looked<Reply>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    connection.command(&format!("EHLO {helo}"), prober.options.timeouts.step).await
}

/// A server that shows its certificate and then ends the handshake by an alert does so to every client without what it wants: another
/// hello is no use. A connection that merely breaks is tried once more.
fn broken_off(failure: Failure, served: bool) -> Failure {
    match failure.kind {
        FailureKind::TlsAlert if served => Failure::new(FailureKind::TlsLate, format!("after its certificate: {}", failure.detail)),
        _ => failure,
    }
}

async fn handshake(
    prober: &Prober,
    host: &Domain,
    address: IpAddr,
    stream: TcpStream,
    deadline: Instant,
) -> Result<(TlsFacts, TlsStream<TcpStream>), Failure> {
    let wait = prober.options.timeouts.step;
    let (config, recorder) = tls::recording(&[]);
    // A name that SNI cannot carry: the address in its place, with which no SNI is sent.
    let name = ServerName::try_from(host.as_str().to_owned()).unwrap_or_else(|_| ServerName::from(address));
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = match timeout_at(deadline.min(Instant::now() + wait), connecting).await {
        Err(_) => return Err(Failure::new(FailureKind::Timeout, format!("the TLS handshake did not end within {} s", wait.as_secs_f32()))),
        Ok(Err(error)) => return Err(broken_off(tls::failure(&error), recorder.take().is_some())),
        Ok(Ok(stream)) => stream,
    };
    let served = recorder.take().ok_or_else(|| Failure::new(FailureKind::Tls, "the server sent no certificate"))?;
    let (version, suite) = tls::chosen(stream.get_ref().1);
    Ok((tls::facts(version, suite, served, &prober.trust, &prober.shelf).await, stream))
}
