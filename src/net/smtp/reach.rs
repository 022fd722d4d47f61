//! The TCP connection, and why there is none.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::model::looked::{Failure, FailureKind};
use crate::net::route::has_route;
use crate::net::tls;

/// Connects; with the connection comes the time it took, in milliseconds.
pub(super) async fn connect(address: IpAddr, port: u16, wait: Duration) -> Result<(TcpStream, u64), Failure> {
    let begin = Instant::now();
    let peer = SocketAddr::new(address, port);
    match timeout(wait, TcpStream::connect(peer)).await {
        Err(_) => Err(Failure::new(FailureKind::Timeout, format!("no connection within {} s", wait.as_secs_f32()))),
        Ok(Err(error)) => Err(explain(&error, peer).await),
        Ok(Ok(stream)) => {
            // Every step is one short write that waits for its answer. A socket that refuses the option is only slower.
            let _ = stream.set_nodelay(true);
            Ok((stream, u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX)))
        }
    }
}

async fn explain(error: &io::Error, peer: SocketAddr) -> Failure {
    let failure = tls::failure(error);
    let is_clear = matches!(failure.kind, FailureKind::Refused | FailureKind::Reset | FailureKind::Closed | FailureKind::Timeout);
    if !is_clear && !has_route(peer).await {
        return Failure::new(FailureKind::NoRoute, failure.detail);
    }
    failure
}
