//! A plain HTTP server that has one thing to give: what a CA publishes its certificate with.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::tcp::{self, Conn};

const LONGEST_REQUEST: usize = 8 * 1024;

/// Gives `body` with status 200 to whoever asks for anything.
pub(super) async fn serve(body: Arc<Vec<u8>>, mut conn: Conn) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") && request.len() < LONGEST_REQUEST {
        if conn.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/pkix-cert\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    conn.write_all(&[head.as_bytes(), &body].concat()).await?;
    tcp::hang_up(conn).await
}
