//! A visit: everything that is asked of one address of one host, over connections one after the other.
//!
//! Before a connection is opened, the one before it is over, of this visit or of one for another host at the same address: a server that
//! allows one at a time never meets two.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::Instant;

use super::connection::{Connection, Parting};
use super::opening::Steps;
use super::{Door, Prober, reach};
use crate::model::facts::tls::TlsFacts;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::net::limit::Turn;
use crate::net::tls::Recording;
use crate::wire::name::Domain;
use crate::wire::smtp::Reply;

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
    pub(super) async fn reach_tls(&mut self, starttls: &str) -> Result<Ready, Failure> {
        let before_tls = |words: String| Failure::new(FailureKind::Other, format!("a further connection did not reach TLS: {words}"));
        let welcome = std::mem::replace(&mut self.welcome, false);
        let (stream, _) = self.connect().await.map_err(|failure| before_tls(failure.detail))?;
        let deadline = Instant::now() + self.prober.options.timeouts.dialogue;
        let mut steps = Steps::default();
        match self.open(stream, deadline, starttls, &mut steps).await {
            Some(Ok(stream)) => {
                self.welcome = welcome;
                Ok(Ready { stream, helo: steps.helo, deadline })
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

    /// A further dialogue like the first, with another hello: its handshake.
    pub(super) async fn again(&mut self, recording: Recording) -> Looked<TlsFacts> {
        let ready = match self.reach_tls("STARTTLS").await {
            Ok(ready) => ready,
            Err(failure) => return Looked::Failed(failure),
        };
        let (helo, deadline) = (ready.helo.clone(), ready.deadline);
        match self.handshake(ready, recording).await {
            Err(broken) => Looked::Failed(broken.failure),
            Ok(shaken) => {
                if self.door.tls_first {
                    self.parting = Some(Parting::from(shaken.stream, self.turn.clone()).await);
                    return Looked::Seen(shaken.facts);
                }
                let mut inside = Connection::new(shaken.stream, deadline, &self.turn);
                // The session is begun as senders begin it: a handshake alone would stand in logs as a fault.
                let answer = self.ehlo(&helo, &mut inside).await;
                self.heed(&answer);
                if answer.seen().is_some() {
                    self.parting = Some(inside.farewell().await);
                }
                Looked::Seen(shaken.facts)
            }
        }
    }
}
