//! The TCP connection of a dialogue, and the time it took.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::model::looked::Failure;
use crate::net::dial::Dialer;

/// Connects; with the connection comes the time it took, in milliseconds.
pub(super) async fn connect(dialer: &Dialer, address: IpAddr, port: u16, wait: Duration) -> Result<(TcpStream, u64), Failure> {
    let begin = Instant::now();
    let stream = dialer.open(SocketAddr::new(address, port), wait).await?;
    // Every step is one short write that waits for its answer. A socket that refuses the option is only slower.
    let _ = stream.set_nodelay(true);
    Ok((stream, u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX)))
}
