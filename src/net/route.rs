//! Whether this machine knows a way to an address, without sending anything there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;

/// Whether there is a route to the peer's network. Connecting a UDP socket asks the routing table and sends nothing.
pub async fn has_route(peer: SocketAddr) -> bool {
    let any = if peer.is_ipv4() { IpAddr::from(Ipv4Addr::UNSPECIFIED) } else { IpAddr::from(Ipv6Addr::UNSPECIFIED) };
    match UdpSocket::bind((any, 0)).await {
        Ok(socket) => socket.connect(peer).await.is_ok(),
        Err(_) => false,
    }
}
