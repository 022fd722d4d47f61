//! What is looked at only if asked for (`--deep`, `--repeat`), because each costs connections of its own.

use std::sync::Arc;
use std::time::Duration;

use super::connection::{Connection, Parting};
use super::opening::Steps;
use super::visit::Visit;
use crate::model::facts::servers::{Injection, Repeat};
use crate::model::facts::tls::TlsFacts;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::net::tls;

/// How long an answer that nobody asked for is waited for.
const QUIET: Duration = Duration::from_secs(2);

/// A handshake without SNI (RFC 8461 §7.1).
pub(super) async fn without_sni(visit: &mut Visit<'_>) -> Looked<TlsFacts> {
    let (mut config, recorder) = tls::recording(&[]);
    config.enable_sni = false;
    visit.again((config, recorder)).await.0
}

/// Sends a harmless command in clear, in one piece with STARTTLS, and sees whether it is answered inside TLS (CVE-2011-0411).
pub(super) async fn injection(visit: &mut Visit<'_>) -> Looked<Injection> {
    let ready = match visit.reach_tls("STARTTLS\r\nNOOP", &mut Steps::default()).await {
        Ok(ready) => ready,
        Err(failure) => return Looked::Failed(failure),
    };
    let (helo, deadline) = (ready.helo.clone(), ready.deadline);
    let shaken = match visit.handshake(ready, tls::recording(&[])).await {
        Ok(shaken) => shaken,
        Err(broken) => return Looked::Failed(broken.failure),
    };
    let wait = visit.prober.options.timeouts.step;
    let mut inside = Connection::new(shaken.stream, deadline, &visit.turn);
    match inside.reply(QUIET.min(wait)).await {
        Looked::Seen(reply) if reply.code == 421 => {
            visit.heed_421(&Looked::Seen(reply));
            return Looked::Failed(Failure::new(FailureKind::Other, "421 inside TLS"));
        }
        Looked::Seen(_) => {
            visit.parting = Some(inside.farewell().await);
            return Looked::Seen(Injection::Executed);
        }
        Looked::Failed(failure) if failure.kind != FailureKind::Timeout => return Looked::Failed(failure),
        Looked::Failed(_) | Looked::Absent(_) => {}
    }
    // A late answer would be taken for that to EHLO, and EHLO's for that to QUIT: only QUIT is answered by 221.
    let answer = visit.ehlo(&helo, &mut inside).await;
    visit.heed(&answer);
    if let Looked::Failed(failure) = answer {
        return Looked::Failed(failure);
    }
    let last = inside.command("QUIT", wait).await;
    visit.parting = Some(Parting::from(inside.into_inner(), Arc::clone(&visit.turn)).await);
    match last {
        Looked::Seen(reply) if reply.code == 250 => Looked::Seen(Injection::Executed),
        Looked::Failed(failure) if failure.kind == FailureKind::Timeout => Looked::Failed(failure),
        // Some close without the farewell; the answer to EHLO came in its turn.
        _ => Looked::Seen(Injection::Discarded),
    }
}

/// One more handshake like the first.
pub(super) async fn repeat(visit: &mut Visit<'_>) -> Repeat {
    let at = (visit.prober.options.clock)();
    let (outcome, dialogue) = visit.again(tls::recording(&[])).await;
    Repeat { at, outcome, dialogue }
}
