//! MX hosts. A dialogue has five steps, and a misbehaviour belongs to one of them:
//! `greeting` → `ehlo` → `starttls` → [`super::tls`] → `after`. `session` leads through them, `lines` reads and writes.

mod after;
mod ehlo;
mod greeting;
mod lines;
mod session;
mod starttls;

use std::io;

use super::host::{Host, Role};
use super::tcp::Conn;
use super::tls::Tls;

pub use self::after::After;
pub use self::ehlo::Ehlo;
pub use self::greeting::Greeting;
pub use self::starttls::StartTls;

/// An MX host on its address.
pub type SmtpHost = Host<Smtp>;

/// How an MX host behaves, step by step; the default is healthy.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// The name in its greeting and its EHLO reply.
    pub hostname: String,
    /// From the connect to the end of the greeting.
    pub greeting: Greeting,
    /// The reply to EHLO before TLS.
    pub ehlo: Ehlo,
    /// The reply to STARTTLS.
    pub starttls: StartTls,
    /// The handshake.
    pub tls: Tls,
    /// What comes after the handshake.
    pub after: After,
    /// From the second connection on it is this server that answers: another one behind the same address.
    pub then: Option<Box<Smtp>>,
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            hostname: "mx.lab.test".into(),
            greeting: Greeting::default(),
            ehlo: Ehlo::default(),
            starttls: StartTls::default(),
            tls: Tls::default(),
            after: After::default(),
            then: None,
        }
    }
}

/// What one SMTP connection was seen to do.
#[expect(clippy::struct_excessive_bools, reason = "independent observations of one session")]
#[derive(Clone, Debug, Default)]
pub struct SmtpSession {
    /// The client spoke before the last line of the greeting.
    pub spoke_early: bool,
    /// Command lines without their ends, at most 64 of 512 bytes, in the clear and under TLS.
    pub commands: Vec<String>,
    /// Bytes came behind STARTTLS before its reply: RFC 3207 forbids it.
    pub pipelined_behind_starttls: bool,
    /// The handshake was completed.
    pub secured: bool,
    /// The host name that the client asked for in the handshake.
    pub sni: Option<String>,
    /// The client ended with QUIT.
    pub quit: bool,
}

impl Role for Smtp {
    type Seen = SmtpSession;

    async fn serve(host: Host<Self>, conn: Conn) -> io::Result<()> {
        session::serve(host, conn).await
    }
}
