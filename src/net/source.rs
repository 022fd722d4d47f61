//! Own addresses that connections are made from (`--source-ip`): at most one a family, and really this machine's.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use tokio::net::{TcpSocket, TcpStream};

/// Why an address cannot be the source of connections.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Two of one family: which one would be meant?
    #[error("{0} and {1} are of one family; --source-ip takes one IPv4 and one IPv6 address")]
    Twice(IpAddr, IpAddr),
    /// The system does not have it.
    #[error("{0} is no address of this machine that connections can be made from: {1}")]
    NotOurs(IpAddr, io::Error),
}

/// Where connections come from; the system chooses for a family without an address here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source {
    v4: Option<IpAddr>,
    v6: Option<IpAddr>,
}

impl Source {
    /// Takes addresses of this machine. Binding a socket tells whether they are; nothing is sent.
    ///
    /// # Errors
    /// [`SourceError`] if two are of one family, or one is not this machine's.
    pub fn of(addresses: &[IpAddr]) -> Result<Self, SourceError> {
        let mut source = Self::default();
        for address in addresses {
            let own = if address.is_ipv4() { &mut source.v4 } else { &mut source.v6 };
            if let Some(first) = own.replace(*address) {
                return Err(SourceError::Twice(first, *address));
            }
            // The unspecified address can be bound and means nothing.
            if address.is_unspecified() || address.is_multicast() {
                return Err(SourceError::NotOurs(*address, io::ErrorKind::AddrNotAvailable.into()));
            }
            UdpSocket::bind((*address, 0)).map_err(|error| SourceError::NotOurs(*address, error))?;
        }
        Ok(source)
    }

    /// The own address for connections to `peer`.
    pub fn for_peer(self, peer: IpAddr) -> Option<IpAddr> {
        if peer.is_ipv4() { self.v4 } else { self.v6 }
    }

    /// Both, as given.
    pub fn addresses(self) -> Vec<IpAddr> {
        self.v4.into_iter().chain(self.v6).collect()
    }

    /// Connects to `peer` from there.
    pub async fn connect(self, peer: SocketAddr) -> io::Result<TcpStream> {
        let Some(own) = self.for_peer(peer.ip()) else { return TcpStream::connect(peer).await };
        let socket = if peer.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.bind(SocketAddr::new(own, 0))?;
        socket.connect(peer).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn an_own_address_is_taken_and_others_are_refused() {
        let source = Source::of(&[ip("127.0.0.9")]).expect("loopback is ours");
        assert_eq!(source.for_peer(ip("127.0.0.1")), Some(ip("127.0.0.9")));
        assert_eq!(source.for_peer(ip("::1")), None);
        for wrong in ["192.0.2.77", "0.0.0.0", "::", "224.0.0.1", "2001:db8::77"] {
            assert!(matches!(Source::of(&[ip(wrong)]), Err(SourceError::NotOurs(..))), "{wrong}");
        }
        assert!(matches!(Source::of(&[ip("127.0.0.9"), ip("127.0.0.8")]), Err(SourceError::Twice(..))));
    }
}
