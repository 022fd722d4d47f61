//! Leads a client through the steps: a dialogue in the clear, the handshake, a dialogue under TLS.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use super::lines::Lines;
use super::{Smtp, SmtpHost, SmtpSession, greeting};
use crate::lab::host::Note;
use crate::lab::tcp::{self, Conn};
use crate::lab::tls;
use crate::lab::visits::Visit;

const COMMANDS_NOTED: usize = 64;
const LONGEST_NOTED: usize = 512;

/// Where a reply leaves the dialogue.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Next {
    Command,
    StartTls,
    HangUp,
}

/// What both dialogues of a session share.
struct Session {
    smtp: Smtp,
    note: Note<SmtpSession>,
    visit: Arc<Visit>,
}

pub(super) async fn serve(host: SmtpHost, conn: Conn) -> io::Result<()> {
    let smtp = match host.role() {
        Smtp { then: Some(other), .. } if conn.visit().number() > 1 => *other,
        own => own,
    };
    let session = Session { smtp, note: host.note(), visit: conn.visit() };
    let Some(mut clear) = greeting::greet(&session.smtp, conn, &session.note).await? else {
        return Ok(());
    };
    if session.talk(&mut clear, false).await? == Next::HangUp {
        return tcp::hang_up(clear.stream).await;
    }
    let (conn, pipelined) = clear.into_parts();
    let Some(stream) = tls::accept(&session.smtp.tls, &host.identity(), conn).await? else {
        return Ok(());
    };
    session.note.write(|note| {
        note.secured = true;
        note.sni = stream.get_ref().1.server_name().map(ToOwned::to_owned);
    });
    let mut secure = Lines::new(stream, session.smtp.starttls.carried_over(pipelined));
    if session.smtp.after.first() == Next::Command {
        session.talk(&mut secure, true).await?;
    }
    tcp::hang_up(secure.stream).await
}

impl Session {
    /// Answers commands until STARTTLS is accepted or the session is over.
    async fn talk<S>(&self, lines: &mut Lines<S>, secured: bool) -> io::Result<Next>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        while let Some(command) = lines.next().await? {
            self.note.write(|note| {
                if note.commands.len() < COMMANDS_NOTED {
                    note.commands.push(command.chars().take(LONGEST_NOTED).collect());
                }
            });
            let verb = command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            let hostname = &self.smtp.hostname;
            let next = match verb.as_str() {
                "EHLO" if secured => self.smtp.after.answer(lines, hostname).await?,
                "EHLO" => self.smtp.ehlo.answer(lines, hostname).await?,
                "STARTTLS" if !secured => {
                    if !lines.received().is_empty() {
                        self.note.write(|note| note.pipelined_behind_starttls = true);
                    }
                    self.smtp.starttls.answer(lines).await?
                }
                "QUIT" => {
                    self.note.write(|note| note.quit = true);
                    self.visit.end();
                    lines.reply("221 2.0.0 bye").await?;
                    Next::HangUp
                }
                other => {
                    let line = match other {
                        "HELO" => format!("250 {hostname}"),
                        "NOOP" | "RSET" => "250 2.0.0 ok".to_owned(),
                        _ => "502 5.5.1 no mail is taken in the lab".to_owned(),
                    };
                    lines.reply(&line).await?;
                    Next::Command
                }
            };
            if next != Next::Command {
                return Ok(next);
            }
        }
        Ok(Next::HangUp)
    }
}
