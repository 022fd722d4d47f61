//! Step 1: what a client meets before it may say anything.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::lines::Lines;
use super::{Smtp, SmtpSession};
use crate::lab::host::Note;
use crate::lab::tcp::{self, Conn};

/// From the connect to the end of the greeting.
#[derive(Clone, Debug, Default)]
pub enum Greeting {
    /// `220 hostname ESMTP` at once.
    #[default]
    Prompt,
    /// The same, this much later; who speaks before is noted.
    Late(Duration),
    /// `220-`, a pause, `220 `, as postscreen does; who speaks during the pause is noted.
    TwoLines(Duration),
    /// A byte at a time, with this pause after each.
    Dribble(Duration),
    /// Exactly this line, then goes on as if nothing were wrong.
    Line(&'static str),
    /// Such a line as `421 4.3.2 busy`, then closes; `450 …` and `554 …` wait for QUIT, as RFC 5321 §3.1 wants.
    Refuse(&'static str),
    /// `421` when more connections than this are open to the address, else healthy.
    BusyBeyond(usize),
    /// `421` after this many connections, for good, else healthy.
    BusyAfter(usize),
    /// Closes without a word.
    Close,
    /// Resets the connection.
    Reset,
    /// Accepts and never speaks.
    Silent,
    /// Another protocol: these bytes, then closes.
    NotSmtp(&'static [u8]),
    /// `220-` lines without end.
    Endless,
    /// One line without end.
    EndlessLine,
}

impl Greeting {
    /// An HTTP server on the SMTP port.
    pub const HTTP: Self = Self::NotSmtp(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

/// Greets; none if the dialogue ends here.
pub(super) async fn greet(smtp: &Smtp, mut conn: Conn, note: &Note<SmtpSession>) -> io::Result<Option<Lines<Conn>>> {
    let name = &smtp.hostname;
    let mut welcome = format!("220 {name} ESMTP");
    if smtp.ehlo.claims_starttls_in_greeting() {
        welcome.push_str(" STARTTLS");
    }
    match smtp.greeting {
        Greeting::Late(wait) => listen(&conn, wait, note).await,
        Greeting::TwoLines(wait) => {
            conn.write_all(format!("220-{name} wait for the next line\r\n").as_bytes()).await?;
            listen(&conn, wait, note).await;
        }
        Greeting::Dribble(every) => {
            tcp::dribble(&mut conn, format!("{welcome}\r\n").as_bytes(), every).await?;
            return Ok(Some(Lines::new(conn, Vec::new())));
        }
        Greeting::Line(line) => line.clone_into(&mut welcome),
        Greeting::Refuse(line) => return refuse(conn, line).await,
        Greeting::BusyBeyond(most) if conn.visit().open_now() > most => {
            return refuse(conn, "421 4.7.0 too many connections").await;
        }
        Greeting::BusyAfter(most) if conn.visit().number() > most => {
            return refuse(conn, "421 4.7.0 too many connections in a short time").await;
        }
        Greeting::Prompt | Greeting::BusyBeyond(_) | Greeting::BusyAfter(_) => {}
        Greeting::Close => {
            tcp::hang_up(conn).await?;
            return Ok(None);
        }
        Greeting::Reset => {
            conn.reset_on_close();
            return Ok(None);
        }
        Greeting::Silent => {
            tcp::hold(conn).await?;
            return Ok(None);
        }
        Greeting::NotSmtp(bytes) => {
            conn.write_all(bytes).await?;
            tcp::hang_up(conn).await?;
            return Ok(None);
        }
        Greeting::Endless => {
            tcp::repeat(conn, b"220-and there is more\r\n").await?;
            return Ok(None);
        }
        Greeting::EndlessLine => {
            conn.write_all(b"220 ").await?;
            tcp::repeat(conn, &[b'x'; 64]).await?;
            return Ok(None);
        }
    }
    let mut lines = Lines::new(conn, Vec::new());
    lines.reply(&welcome).await?;
    Ok(Some(lines))
}

async fn listen(conn: &Conn, wait: Duration, note: &Note<SmtpSession>) {
    if conn.client_speaks_within(wait).await {
        note.write(|session| session.spoke_early = true);
    }
}

async fn refuse(conn: Conn, line: &str) -> io::Result<Option<Lines<Conn>>> {
    let mut lines = Lines::new(conn, Vec::new());
    lines.reply(line).await?;
    if !line.starts_with("421") {
        while let Some(command) = lines.next().await? {
            if command.eq_ignore_ascii_case("QUIT") {
                lines.stream.visit().end();
                lines.reply("221 2.0.0 bye").await?;
                break;
            }
            lines.reply("503 5.5.1 only QUIT is left to you").await?;
        }
    }
    tcp::hang_up(lines.stream).await?;
    Ok(None)
}
