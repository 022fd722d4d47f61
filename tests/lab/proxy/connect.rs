//! An HTTP proxy that knows CONNECT and nothing else (RFC 9110 §9.3.6).

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::relay;
use crate::lab::host::{Host, Role};
use crate::lab::tcp::{self, Conn};

const LONGEST_HEAD: usize = 16_384;

/// Where a proxy leads, whatever name it is asked for.
#[derive(Clone, Debug)]
pub struct HttpProxy {
    /// The one host behind it; without one it answers [`Self::status`].
    pub leads_to: Option<SocketAddr>,
    /// The status where it does not connect.
    pub status: u16,
    /// `Proxy-Authorization` as it must be sent.
    pub authorization: Option<&'static str>,
}

/// What one client asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpProxyRequest {
    /// The first line, such as `CONNECT host:443 HTTP/1.1`.
    pub line: String,
}

impl Role for HttpProxy {
    type Seen = HttpProxyRequest;

    async fn serve(host: Host<Self>, mut conn: Conn) -> io::Result<()> {
        let proxy = host.role();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST_HEAD {
            head.push(conn.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        host.note().write(|seen| head.lines().next().unwrap_or_default().clone_into(&mut seen.line));
        let allowed = proxy.authorization.is_none_or(|wanted| head.contains(wanted));
        let target = match proxy.leads_to.filter(|_| allowed && head.starts_with("CONNECT ")) {
            Some(target) => TcpStream::connect(target).await.ok(),
            None => None,
        };
        match target {
            Some(target) => {
                conn.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
                relay(conn, target).await
            }
            None => {
                let status = if allowed { proxy.status } else { 407 };
                conn.write_all(format!("HTTP/1.1 {status} Lab\r\nContent-Length: 0\r\n\r\n").as_bytes()).await?;
                tcp::hang_up(conn).await
            }
        }
    }
}
