//! From an account to a connection under TLS on which the server has greeted.

use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::account::Account;
use super::dialogue::Dialogue;
use super::error::{ImapError, said};
use super::tls;
use crate::wire::imap::command::Command;
use crate::wire::imap::response::{Code, Status};
use crate::wire::imap::url::{Host, Security};

/// What a connection is once it can be used.
pub(super) struct Connected {
    pub(super) talk: Dialogue<TlsStream<TcpStream>>,
    /// What the server can do, if it has said so already.
    pub(super) capabilities: Option<Vec<String>>,
    /// Whether the user is known without a password.
    pub(super) logged_in: bool,
}

/// Connects; each step within `wait`.
pub(super) async fn connect(account: &Account, wait: Duration) -> Result<Connected, ImapError> {
    let tcp = dial(account, wait).await?;
    match account.url.security {
        Security::Implicit => {
            let mut talk = Dialogue::new(secure(tcp, account, wait).await?, wait);
            let (status, words) = talk.greeting().await?;
            let capabilities = match words.code {
                Some(Code::Capabilities(list)) => Some(list),
                _ => None,
            };
            Ok(Connected { talk, capabilities, logged_in: status == Status::PreAuth })
        }
        Security::StartTls => {
            let tcp = start_tls(tcp, wait).await?;
            let talk = Dialogue::new(secure(tcp, account, wait).await?, wait);
            // What was said in clear text is forgotten (RFC 9051 §6.2.1).
            Ok(Connected { talk, capabilities: None, logged_in: false })
        }
    }
}

/// The first of the server's addresses that can be connected to.
async fn dial(account: &Account, wait: Duration) -> Result<TcpStream, ImapError> {
    let (host, port) = (&account.url.host, account.url.port);
    let name = match host {
        Host::Name(name) => name.clone(),
        Host::Address(address) => address.to_string(),
    };
    let unknown = |error| ImapError::NoAddress(name.clone(), error);
    let found = timeout(wait, lookup_host((name.as_str(), port))).await;
    let addresses = found.map_err(|_| unknown(std::io::ErrorKind::TimedOut.into()))?.map_err(unknown)?;
    let mut last = unknown(std::io::ErrorKind::NotFound.into());
    for address in addresses {
        let tried = timeout(wait, TcpStream::connect(address)).await;
        match tried.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())) {
            Ok(tcp) => {
                // Commands are short and waited for; without it they only run slower.
                let _ = tcp.set_nodelay(true);
                return Ok(tcp);
            }
            Err(error) => last = ImapError::NoConnection(address, error),
        }
    }
    Err(last)
}

async fn secure(tcp: TcpStream, account: &Account, wait: Duration) -> Result<TlsStream<TcpStream>, ImapError> {
    timeout(wait, tls::handshake(tcp, &account.url.host, &account.tls)).await.map_err(|_| ImapError::Silent(wait))?
}

/// The change from clear text to TLS. Nothing said before it is believed.
async fn start_tls(tcp: TcpStream, wait: Duration) -> Result<TcpStream, ImapError> {
    let mut talk = Dialogue::new(tcp, wait);
    let (status, _) = talk.greeting().await?;
    if status == Status::PreAuth {
        return Err(ImapError::NoStartTls("it takes the user for logged in already".to_owned()));
    }
    match talk.run(&Command::new("STARTTLS"), |_| {}).await? {
        (Status::Ok, _) => {}
        (_, words) => return Err(ImapError::NoStartTls(said(&words))),
    }
    talk.into_stream().ok_or_else(|| ImapError::NoStartTls("it goes on talking in clear text".to_owned()))
}
