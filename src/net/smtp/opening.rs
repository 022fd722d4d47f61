//! The dialogue in clear text: greeting, EHLO, STARTTLS. Nothing is sent before the answer to what came before (RFC 5321 §4.3.1,
//! RFC 3207 §4).

use std::net::IpAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::connection::{Connection, Parting};
use super::visit::Visit;
use crate::model::looked::{Failure, Looked};
use crate::wire::smtp::{Reply, starttls_offered};

/// The steps in clear text, as far as they were reached.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// The name that was given.
    pub(super) helo: String,
    pub(super) greeting: Option<Looked<Reply>>,
    pub(super) greeting_ms: Option<u64>,
    pub(super) ehlo: Option<Looked<Reply>>,
    pub(super) starttls: Option<Looked<Reply>>,
}

impl Steps {
    /// What was said last, for people.
    pub(super) fn last_words(&self) -> String {
        let last = [("STARTTLS", &self.starttls), ("EHLO", &self.ehlo), ("the greeting", &self.greeting)];
        let Some((step, Some(answer))) = last.into_iter().find(|(_, answer)| answer.is_some()) else { return "no greeting".to_owned() };
        match answer {
            Looked::Seen(Reply { code, lines, .. }) => {
                let verb = if step == "the greeting" { "was" } else { "was answered by" };
                format!("{step} {verb} {code} {}", lines.last().map_or("", String::as_str))
            }
            Looked::Failed(failure) => format!("{step}: {}", failure.detail),
            Looked::Absent(_) => step.to_owned(),
        }
    }
}

impl Visit<'_> {
    /// Speaks SMTP until TLS may begin; `starttls` is what is sent for it. `None`: it must not begin, and the steps say why. A failure:
    /// STARTTLS was accepted, but more came in clear.
    pub(super) async fn open(
        &mut self,
        stream: TcpStream,
        deadline: Instant,
        starttls: &str,
        steps: &mut Steps,
    ) -> Option<Result<TcpStream, Failure>> {
        let timeouts = self.prober.options.timeouts;
        steps.helo = self.prober.options.helo.clone().unwrap_or_else(|| literal(&stream));
        if self.door.tls_first {
            return Some(Ok(stream));
        }
        let mut connection = Connection::new(stream, deadline, &self.turn);

        let begin = Instant::now();
        let greeting = steps.greeting.insert(connection.reply(timeouts.greeting).await);
        self.heed_greeting(greeting);
        let greeting = greeting.seen()?;
        steps.greeting_ms = u64::try_from(begin.elapsed().as_millis()).ok();
        if greeting.code != 220 {
            self.parting = Some(connection.farewell().await);
            return None;
        }

        let offer = steps.ehlo.insert(self.ehlo(&steps.helo, &mut connection).await);
        self.heed_421(offer);
        let offer = offer.seen()?;
        if !starttls_offered(offer) {
            self.parting = Some(connection.farewell().await);
            return None;
        }

        let accepted = steps.starttls.insert(connection.command(starttls, timeouts.step).await);
        self.heed_421(accepted);
        let accepted = accepted.seen()?;
        if accepted.code != 220 {
            self.parting = Some(connection.farewell().await);
            return None;
        }
        Some(match connection.into_stream() {
            Ok(stream) => Ok(stream),
            Err((failure, stream)) => {
                self.parting = Some(Parting::from(stream, Arc::clone(&self.turn)).await);
                Err(failure)
            }
        })
    }

    /// EHLO and its answer, in clear or inside TLS.
    pub(super) async fn ehlo<S>(&self, helo: &str, connection: &mut Connection<S>) -> Looked<Reply>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        connection.command(&format!("EHLO {helo}"), self.prober.options.timeouts.step).await
    }
}

/// The address that the connection comes from, as EHLO wants it of a host without a name.
fn literal(stream: &TcpStream) -> String {
    match stream.local_addr().map(|local| local.ip().to_canonical()) {
        Ok(IpAddr::V6(own)) => format!("[IPv6:{own}]"),
        Ok(own) => format!("[{own}]"),
        Err(_) => "[127.0.0.1]".to_owned(),
    }
}
