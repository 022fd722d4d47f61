//! Proxies that lead into the lab: `socks5` for MX hosts and DNS, `connect` for policies. Each lies on an address of its own, at the
//! HTTPS port; what it was asked for is noted.

mod connect;
mod socks5;

use std::io;

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

use super::host::Host;
use super::tcp::{self, Conn};

pub use self::connect::{HttpProxy, HttpProxyRequest};
pub use self::socks5::{Socks5, Socks5Answer, Socks5Request};

/// A SOCKS5 proxy on its address.
pub type Socks5Host = Host<Socks5>;
/// An HTTP proxy on its address.
pub type HttpProxyHost = Host<HttpProxy>;

/// Carries bytes both ways until one side ends.
async fn relay(mut client: Conn, mut target: TcpStream) -> io::Result<()> {
    copy_bidirectional(&mut client, &mut target).await?;
    tcp::hang_up(client).await
}
