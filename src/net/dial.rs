//! The TCP connection to an MX host: from which own address, through which proxy, to which addresses not at all, and why there is none.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::route::has_route;
use super::socks::Socks5;
use super::source::Source;
use super::tls;
use crate::model::looked::{Failure, FailureKind};
use crate::wire::scope::Scope;

/// How connections are made; by default straight to whatever address.
#[derive(Clone, Debug, Default)]
pub struct Dialer {
    /// Own addresses to connect from.
    pub source: Source,
    /// The proxy to connect through.
    pub socks5: Option<Arc<Socks5>>,
    /// Leave alone what is no public address.
    pub deny_private: bool,
}

impl Dialer {
    /// Connects to `peer` within `wait`.
    pub async fn open(&self, peer: SocketAddr, wait: Duration) -> Result<TcpStream, Failure> {
        if let Some(failure) = self.denial(peer.ip()) {
            return Err(failure);
        }
        if let Some(proxy) = &self.socks5 {
            return proxy.open(peer, self.source, wait).await;
        }
        match timeout(wait, self.source.connect(peer)).await {
            Err(_) => Err(Failure::new(FailureKind::Timeout, format!("no connection within {} s", wait.as_secs_f32()))),
            Ok(Err(error)) => Err(explain(&error, peer).await),
            Ok(Ok(stream)) => Ok(stream),
        }
    }

    /// Why `address` is not to be connected to at all, if so.
    pub fn denial(&self, address: IpAddr) -> Option<Failure> {
        denial(self.deny_private, address)
    }
}

/// Why `address` is not to be connected to, if `--deny-private` is given and it is no public one. For SMTP, HTTPS and whatever else a
/// domain's records name.
pub fn denial(deny_private: bool, address: IpAddr) -> Option<Failure> {
    let scope = Scope::of(address);
    let denied = deny_private && scope != Scope::World;
    denied.then(|| Failure::new(FailureKind::Denied, format!("{} is {}, and --deny-private leaves it alone", address, scope.as_str())))
}

async fn explain(error: &io::Error, peer: SocketAddr) -> Failure {
    let failure = tls::failure(error);
    let is_clear = matches!(failure.kind, FailureKind::Refused | FailureKind::Reset | FailureKind::Closed | FailureKind::Timeout);
    if !is_clear && !has_route(peer).await {
        return Failure::new(FailureKind::NoRoute, failure.detail);
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_denied_address_is_not_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let peer = listener.local_addr().expect("bound");
        let wait = Duration::from_secs(5);
        assert!(Dialer::default().open(peer, wait).await.is_ok());
        listener.accept().await.expect("the first connection");
        let careful = Dialer { deny_private: true, ..Dialer::default() };
        let failure = careful.open(peer, wait).await.expect_err("denied");
        assert_eq!(failure.kind, FailureKind::Denied);
        assert!(tokio::time::timeout(Duration::from_millis(50), listener.accept()).await.is_err(), "nothing came");
        assert_eq!(careful.denial("8.8.8.8".parse().expect("valid")), None);
    }
}
