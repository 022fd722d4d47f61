//! A visit: everything that is asked of one address of one host, over connections one after the other.
//!
//! Before a connection is opened, the one before it is over, of this visit or of one for another host at the same address: a server that
//! allows one at a time never meets two.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::connection::{Connection, Parting};
use super::opening::Steps;
use super::{Door, Prober, reach};
use crate::model::facts::servers::Probe;
use crate::model::facts::tls::TlsFacts;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::net::limit::Turn;
use crate::net::tls::Recording;
use crate::wire::name::Domain;
use crate::wire::smtp::Reply;

/// Between the end of one connection and the beginning of the next.
const SETTLE: Duration = Duration::from_millis(100);
/// Characters of a 421 that are told to other hosts of the address.
const SHOWN: usize = 200;

pub(super) struct Visit<'a> {
    pub(super) prober: &'a Prober,
    pub(super) host: &'a Domain,
    pub(super) address: IpAddr,
    pub(super) door: Door,
    pub(super) turn: Arc<Turn>,
    /// The connection that was left last.
    pub(super) parting: Option<Parting>,
    /// Whether another connection may be made: not after 421, silence, or one that did not reach TLS.
    pub(super) welcome: bool,
    /// What showed that the address wants nobody now, whatever the host's name: 421, or a close before the greeting.
    pub(super) away: Option<String>,
}

/// A connection at whose end TLS is expected.
pub(super) struct Ready {
    pub(super) stream: TcpStream,
    /// The name given in EHLO, to be given again.
    pub(super) helo: String,
    /// The end of the dialogue, whatever the single steps may take.
    pub(super) deadline: Instant,
}

impl Visit<'_> {
    /// Connects; with the connection comes the time it took, in milliseconds.
    pub(super) async fn connect(&mut self) -> Result<(TcpStream, u64), Failure> {
        if let Some(parting) = self.parting.take() {
            parting.over().await;
            // Servers that count connections by their processes notice the end of one a moment after it (Exim does).
            tokio::time::sleep(SETTLE).await;
        }
        let options = &self.prober.options;
        let connected = reach::connect(&options.dialer, self.address, self.door.port, options.timeouts.connect).await;
        // A server that hangs up at once may do so before the connection is seen here.
        if let Err(failure) = &connected
            && failure.kind == FailureKind::Reset
        {
            self.turned_away("reset before the greeting".to_owned());
        }
        connected
    }

    /// A further connection up to where TLS begins; `starttls` is what is sent to get there. What fails before is of kind `Other`: it
    /// says nothing about TLS.
    pub(super) async fn reach_tls(&mut self, starttls: &str, steps: &mut Steps) -> Result<Ready, Failure> {
        let before_tls = |words: String| Failure::new(FailureKind::Other, format!("a further connection did not reach TLS: {words}"));
        let welcome = std::mem::replace(&mut self.welcome, false);
        let (stream, _) = self.connect().await.map_err(|failure| before_tls(failure.detail))?;
        let deadline = Instant::now() + self.prober.options.timeouts.dialogue;
        match self.open(stream, deadline, starttls, steps).await {
            Some(Ok(stream)) => {
                self.welcome = welcome;
                Ok(Ready { stream, helo: steps.helo.clone(), deadline })
            }
            Some(Err(failure)) => Err(failure),
            None => Err(before_tls(steps.last_words())),
        }
    }

    /// Remembers a greeting that turns away.
    pub(super) fn heed_greeting(&mut self, greeting: &Looked<Reply>) {
        match greeting.failure() {
            Some(failure) if matches!(failure.kind, FailureKind::Closed | FailureKind::Reset) => {
                self.turned_away("closed before the greeting".to_owned());
            }
            _ => self.heed_421(greeting),
        }
    }

    /// Remembers 421 to whatever command: the server ends the session, and asks to come back later (RFC 5321 §3.8).
    pub(super) fn heed_421(&mut self, answer: &Looked<Reply>) {
        if let Some(reply) = answer.seen().filter(|reply| reply.code == 421) {
            let line: String = reply.lines.last().map_or("", String::as_str).chars().take(SHOWN).collect();
            self.turned_away(format!("421 {line}").trim_end().to_owned());
        }
    }

    fn turned_away(&mut self, words: String) {
        self.welcome = false;
        self.away.get_or_insert(words);
    }

    /// Remembers whether the answer inside TLS leaves room for another connection.
    pub(super) fn heed(&mut self, answer: &Looked<Reply>) {
        self.heed_421(answer);
        self.welcome &= !answer.failure().is_some_and(|failure| failure.kind.is_silence());
    }

    /// A further dialogue like the first, with another hello: its handshake, and the dialogue around it where that went another way.
    pub(super) async fn again(&mut self, recording: Recording) -> (Looked<TlsFacts>, Option<Box<Probe>>) {
        let (at, mut steps) = ((self.prober.options.clock)(), Steps::default());
        let ready = match self.reach_tls("STARTTLS", &mut steps).await {
            Ok(ready) => ready,
            Err(failure) => return (Looked::Failed(failure), self.dialogue(at, steps)),
        };
        let (helo, deadline) = (ready.helo.clone(), ready.deadline);
        let shaken = match self.handshake(ready, recording).await {
            Ok(shaken) => shaken,
            Err(broken) => return (Looked::Failed(broken.failure), None),
        };
        if self.door.tls_first {
            self.parting = Some(Parting::from(shaken.stream, self.turn.clone()).await);
            return (Looked::Seen(shaken.facts), None);
        }
        let mut inside = Connection::new(shaken.stream, deadline, &self.turn);
        // The session is begun as senders begin it: a handshake alone would stand in logs as a fault.
        let answer = self.ehlo(&helo, &mut inside).await;
        self.heed(&answer);
        if answer.seen().is_some() {
            self.parting = Some(inside.farewell().await);
        }
        let fine = answer.seen().is_some_and(Reply::is_ok);
        let dialogue = if fine { None } else { self.dialogue(at, steps) }.map(|mut dialogue| {
            (dialogue.client_certificate, dialogue.ehlo_after) = (Some(shaken.asked), Some(answer));
            dialogue
        });
        (Looked::Seen(shaken.facts), dialogue)
    }

    /// The steps of a further connection as a dialogue; `None` if not even a greeting was waited for.
    pub(super) fn dialogue(&self, at: Timestamp, steps: Steps) -> Option<Box<Probe>> {
        steps.greeting.as_ref()?;
        let Steps { greeting, greeting_ms, ehlo, starttls, .. } = steps;
        // That it was connected is known, how long it took is not kept.
        let begun = Probe::begun(self.address, self.door.port, at, Looked::Seen(0));
        Some(Box::new(Probe { greeting, greeting_ms, ehlo, starttls, ..begun }))
    }
}
