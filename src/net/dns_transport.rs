//! How DNS messages travel: as usual, or over TCP through a SOCKS5 proxy (`--socks5-dns`). Then nothing is sent by UDP at all.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::net::runtime::iocompat::AsyncIoTokioAsStd;
use hickory_resolver::net::runtime::{RuntimeProvider, TokioRuntimeProvider};

use super::socks::Socks5;
use super::source::Source;
use crate::model::looked::{Failure, FailureKind};

/// A connection to a resolver by way of a proxy may take this long.
const CONNECT: Duration = Duration::from_secs(5);

/// The runtime that every resolver of this tool is built on.
#[derive(Clone, Default)]
pub struct DnsTransport {
    runtime: TokioRuntimeProvider,
    proxy: Option<(Arc<Socks5>, Source)>,
    /// Why the proxy did not connect the last time; the resolver library keeps no words of it.
    trouble: Arc<Mutex<Option<Failure>>>,
}

impl DnsTransport {
    /// Through `proxy`, itself connected to from `source`.
    pub fn through(proxy: Arc<Socks5>, source: Source) -> Self {
        Self { proxy: Some((proxy, source)), ..Self::default() }
    }

    /// Why the proxy led nowhere the last time that it was asked, if so.
    pub fn trouble(&self) -> Option<Failure> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether only TCP can be used.
    pub fn is_proxied(&self) -> bool {
        self.proxy.is_some()
    }
}

type Opening<T> = Pin<Box<dyn Send + Future<Output = Result<T, io::Error>>>>;

impl RuntimeProvider for DnsTransport {
    type Handle = <TokioRuntimeProvider as RuntimeProvider>::Handle;
    type Timer = <TokioRuntimeProvider as RuntimeProvider>::Timer;
    type Udp = <TokioRuntimeProvider as RuntimeProvider>::Udp;
    type Tcp = <TokioRuntimeProvider as RuntimeProvider>::Tcp;

    fn create_handle(&self) -> Self::Handle {
        self.runtime.create_handle()
    }

    fn connect_tcp(&self, server: SocketAddr, bind: Option<SocketAddr>, wait: Option<Duration>) -> Opening<Self::Tcp> {
        let Some((proxy, source)) = self.proxy.clone() else { return self.runtime.connect_tcp(server, bind, wait) };
        let trouble = Arc::clone(&self.trouble);
        Box::pin(async move {
            let opened = proxy.open(server, source, wait.unwrap_or(CONNECT)).await;
            *trouble.lock().unwrap_or_else(PoisonError::into_inner) = opened.as_ref().err().cloned();
            let stream = opened.map_err(|failure| {
                let kind = match failure.kind {
                    FailureKind::Timeout => io::ErrorKind::TimedOut,
                    FailureKind::Refused => io::ErrorKind::ConnectionRefused,
                    _ => io::ErrorKind::Other,
                };
                io::Error::new(kind, failure.detail)
            })?;
            Ok(AsyncIoTokioAsStd(stream))
        })
    }

    fn bind_udp(&self, local: SocketAddr, server: SocketAddr) -> Opening<Self::Udp> {
        if self.is_proxied() {
            // No resolver is set up to want this; that a question goes out past the proxy must be impossible all the same.
            return Box::pin(async { Err(io::Error::new(io::ErrorKind::Unsupported, "UDP cannot go through the proxy")) });
        }
        self.runtime.bind_udp(local, server)
    }
}
