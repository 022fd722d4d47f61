//! The dialogue that a sender has: greeting, EHLO, STARTTLS, TLS, EHLO again, QUIT. Five answers are waited for.

use tokio::time::Instant;

use super::connection::{Connection, Parting};
use super::opening::Steps;
use super::visit::{Ready, Visit};
use crate::model::facts::servers::Probe;
use crate::model::looked::Looked;
use crate::net::tls;

/// Holds the whole dialogue.
pub(super) async fn hold(visit: &mut Visit<'_>) -> Probe {
    let options = &visit.prober.options;
    let (address, port, tls_first, at) = (visit.address, visit.door.port, visit.door.tls_first, (options.clock)());
    let deadline = Instant::now() + options.timeouts.dialogue;
    let (stream, took) = match visit.connect().await {
        Ok(connected) => connected,
        Err(failure) => return Probe { tls_first, ..Probe::begun(address, port, at, Looked::Failed(failure)) },
    };
    let mut probe = Probe { tls_first, ..Probe::begun(address, port, at, Looked::Seen(took)) };
    let mut steps = Steps::default();
    let stream = visit.open(stream, deadline, "STARTTLS", &mut steps).await;
    (probe.greeting, probe.greeting_ms) = (steps.greeting, steps.greeting_ms);
    (probe.ehlo, probe.starttls) = (steps.ehlo, steps.starttls);
    let ready = match stream {
        None => return probe,
        Some(Err(failure)) => {
            probe.tls = Some(Looked::Failed(failure));
            return probe;
        }
        Some(Ok(stream)) => Ready { stream, helo: steps.helo.clone(), deadline },
    };
    match visit.handshake(ready, tls::recording(&[])).await {
        Err(broken) => {
            probe.tls = Some(Looked::Failed(broken.failure));
            probe.client_certificate = broken.asked;
        }
        Ok(shaken) => {
            probe.tls = Some(Looked::Seen(shaken.facts));
            probe.client_certificate = Some(shaken.asked);
            if visit.door.tls_first {
                visit.parting = Some(Parting::from(shaken.stream, visit.turn.clone()).await);
                return probe;
            }
            let mut inside = Connection::new(shaken.stream, deadline, &visit.turn);
            let answer = visit.ehlo(&steps.helo, &mut inside).await;
            visit.heed(&answer);
            if answer.seen().is_some() {
                visit.parting = Some(inside.farewell().await);
            }
            probe.ehlo_after = Some(answer);
        }
    }
    probe
}
