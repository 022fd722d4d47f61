//! SOCKS5 (RFC 1928) with and without a password (RFC 1929).

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::relay;
use crate::lab::host::{Host, Role};
use crate::lab::tcp::{self, Conn};

/// How a SOCKS5 proxy behaves; the default lets everybody through.
#[derive(Clone, Debug, Default)]
pub struct Socks5 {
    /// User and password, if it wants them.
    pub login: Option<(&'static str, &'static str)>,
    /// What becomes of a request.
    pub answer: Socks5Answer,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, Default)]
pub enum Socks5Answer {
    /// The connection is made.
    #[default]
    Connect,
    /// This reply code (RFC 1928 §6), then the end.
    Reply(u8),
    /// Says that the connection is made, and closes, as `ssh -D` does where it cannot be made.
    AcceptAndClose,
    /// Closes without a reply.
    Close,
    /// Never replies.
    Silent,
    /// Speaks another protocol from the first byte on.
    Nonsense,
}

/// What one client asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Socks5Request {
    /// The user that it named, with a right password or a wrong one.
    pub user: Option<String>,
    /// The address that it wants to be connected to.
    pub target: Option<SocketAddr>,
}

impl Role for Socks5 {
    type Seen = Socks5Request;

    async fn serve(host: Host<Self>, mut conn: Conn) -> io::Result<()> {
        let proxy = host.role();
        let note = host.note();
        if matches!(proxy.answer, Socks5Answer::Nonsense) {
            conn.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await?;
            return tcp::hang_up(conn).await;
        }
        let methods = block(&mut conn, 1).await?;
        let method = if proxy.login.is_some() { 2 } else { 0 };
        if !methods.contains(&method) {
            conn.write_all(&[5, 0xff]).await?;
            return tcp::hang_up(conn).await;
        }
        conn.write_all(&[5, method]).await?;
        if let Some((user, password)) = proxy.login {
            let given = block(&mut conn, 1).await?;
            let length = conn.read_u8().await?;
            let mut secret = vec![0; length.into()];
            conn.read_exact(&mut secret).await?;
            note.write(|seen| seen.user = Some(String::from_utf8_lossy(&given).into_owned()));
            let right = given == user.as_bytes() && secret == password.as_bytes();
            conn.write_all(&[1, u8::from(!right)]).await?;
            if !right {
                return tcp::hang_up(conn).await;
            }
        }
        let target = target(&mut conn).await?;
        note.write(|seen| seen.target = target);
        match (proxy.answer, target) {
            (Socks5Answer::Connect, Some(target)) => match TcpStream::connect(target).await {
                Ok(stream) => {
                    reply(&mut conn, 0).await?;
                    relay(conn, stream).await
                }
                Err(error) => {
                    reply(&mut conn, if error.kind() == io::ErrorKind::ConnectionRefused { 5 } else { 4 }).await?;
                    tcp::hang_up(conn).await
                }
            },
            // A name: this proxy resolves nothing.
            (Socks5Answer::Connect, None) => {
                reply(&mut conn, 8).await?;
                tcp::hang_up(conn).await
            }
            (Socks5Answer::AcceptAndClose, _) => {
                reply(&mut conn, 0).await?;
                tcp::hang_up(conn).await
            }
            (Socks5Answer::Reply(code), _) => {
                reply(&mut conn, code).await?;
                tcp::hang_up(conn).await
            }
            (Socks5Answer::Close | Socks5Answer::Nonsense, _) => tcp::hang_up(conn).await,
            (Socks5Answer::Silent, _) => tcp::hold(conn).await,
        }
    }
}

/// A version, a length, and so many bytes.
async fn block(conn: &mut Conn, skip: usize) -> io::Result<Vec<u8>> {
    let mut version = vec![0; skip];
    conn.read_exact(&mut version).await?;
    let length = conn.read_u8().await?;
    let mut bytes = vec![0; length.into()];
    conn.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn target(conn: &mut Conn) -> io::Result<Option<SocketAddr>> {
    let mut head = [0; 4];
    conn.read_exact(&mut head).await?;
    let address = match head[3] {
        1 => {
            let mut octets = [0; 4];
            conn.read_exact(&mut octets).await?;
            Some(IpAddr::from(octets))
        }
        4 => {
            let mut octets = [0; 16];
            conn.read_exact(&mut octets).await?;
            Some(IpAddr::from(octets))
        }
        _ => {
            let length = conn.read_u8().await?;
            let mut name = vec![0; length.into()];
            conn.read_exact(&mut name).await?;
            None
        }
    };
    let port = conn.read_u16().await?;
    Ok(address.map(|address| SocketAddr::new(address, port)))
}

async fn reply(conn: &mut Conn, code: u8) -> io::Result<()> {
    conn.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await
}
