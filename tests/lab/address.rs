//! Addresses and ports: a network in 127.0.0.0/8 drawn at random, and two ports that are free on all of it.
//!
//! Several labs share a process and several processes a machine. What keeps them apart is the kernel: a clash is a
//! bind error, and the next address (or, at the start, the next network) is tried. Ports are drawn from below the
//! ephemeral range, so that no outgoing connection holds one.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, UdpSocket};

const FIRST_PORT: u16 = 10_000;
const PORTS: u64 = 20_000;
const ATTEMPTS: usize = 200;

/// The addresses of one lab.
pub(super) struct Ground {
    network: u8,
    first_row: u8,
    next: AtomicU32,
    smtp_port: u16,
    https_port: u16,
    /// Bound and never listening: keeps the ports from others and refuses connections.
    _held: [TcpSocket; 2],
    v6: Mutex<HashMap<u16, TcpSocket>>,
    swallowing: Mutex<Vec<(TcpListener, Vec<TcpStream>)>>,
}

/// The DNS server's two sockets, on one port.
pub(super) struct DnsSockets {
    pub(super) udp: UdpSocket,
    pub(super) tcp: TcpListener,
}

impl DnsSockets {
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

impl Ground {
    /// Takes a network. Its first address serves DNS and refuses SMTP and HTTPS.
    pub(super) fn claim() -> io::Result<(Self, DnsSockets)> {
        let mut last = io::Error::other("no network was tried");
        for _ in 0..ATTEMPTS {
            match Self::try_claim() {
                Ok(claimed) => return Ok(claimed),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn try_claim() -> io::Result<(Self, DnsSockets)> {
        let [network, first_row, ..] = random().to_le_bytes();
        let network = network.clamp(1, 254);
        let anchor = IpAddr::V4(Ipv4Addr::new(127, network, first_row, 1));
        let (dns_port, smtp_port, https_port) = (random_port(), random_port(), random_port());
        let udp = std::net::UdpSocket::bind((anchor, dns_port))?;
        udp.set_nonblocking(true)?;
        let sockets = DnsSockets { udp: UdpSocket::from_std(udp)?, tcp: bind(anchor, dns_port)?.listen(1024)? };
        let held = [bind(anchor, smtp_port)?, bind(anchor, https_port)?];
        let localhost = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let v6 = [smtp_port, https_port].into_iter().filter_map(|port| Some((port, bind(localhost, port).ok()?))).collect();
        let ground = Self {
            network,
            first_row,
            next: AtomicU32::new(1),
            smtp_port,
            https_port,
            _held: held,
            v6: Mutex::new(v6),
            swallowing: Mutex::default(),
        };
        Ok((ground, sockets))
    }

    pub(super) fn smtp_port(&self) -> u16 {
        self.smtp_port
    }

    pub(super) fn https_port(&self) -> u16 {
        self.https_port
    }

    /// The first address of the network.
    pub(super) fn anchor(&self) -> IpAddr {
        self.nth(0)
    }

    /// A socket on the next address where `port` is free.
    pub(super) fn listen(&self, port: u16) -> TcpSocket {
        (0..ATTEMPTS).find_map(|_| bind(self.fresh(), port).ok()).expect("one of many loopback addresses has the port free")
    }

    /// The next address where `port` is free, left free for a process that binds by itself.
    pub(super) fn vacant(&self, port: u16) -> SocketAddr {
        let free = (0..ATTEMPTS).map(|_| SocketAddr::new(self.fresh(), port)).find(|place| bind(place.ip(), port).is_ok());
        free.expect("one of many loopback addresses has the port free")
    }

    /// The socket on `[::1]`, once.
    pub(super) fn take_v6(&self, port: u16) -> Option<TcpSocket> {
        self.v6.lock().unwrap().remove(&port)
    }

    /// An address whose SMTP and HTTPS ports drop every SYN: their accept queues are full and never emptied.
    pub(super) fn swallow(&self) -> IpAddr {
        let (address, sockets) = (0..ATTEMPTS)
            .find_map(|_| {
                let address = self.fresh();
                Some((address, [bind(address, self.smtp_port).ok()?, bind(address, self.https_port).ok()?]))
            })
            .expect("one of many loopback addresses has both ports free");
        for socket in sockets {
            let listener = socket.listen(0).expect("a bound socket can listen");
            let target = listener.local_addr().expect("a listener has an address");
            let mut queued = Vec::new();
            while let Ok(stream) = TcpStream::connect_timeout(&target, Duration::from_millis(100)) {
                queued.push(stream);
            }
            self.swallowing.lock().unwrap().push((listener, queued));
        }
        address
    }

    fn fresh(&self) -> IpAddr {
        self.nth(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// The addresses 127.network.row.1 to .250, row after row.
    fn nth(&self, index: u32) -> IpAddr {
        let row = u32::from(self.first_row) + index / 250;
        let [.., row] = row.to_be_bytes();
        let [.., host] = (index % 250 + 1).to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(127, self.network, row, host))
    }
}

/// Binds without `SO_REUSEADDR`, which would let two labs bind the same port before either listens.
fn bind(address: IpAddr, port: u16) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.bind(SocketAddr::new(address, port))?;
    Ok(socket)
}

fn random_port() -> u16 {
    FIRST_PORT + u16::try_from(random() % PORTS).expect("the range of ports fits")
}

/// The standard library's only source of randomness: the keys of its hash maps.
fn random() -> u64 {
    RandomState::new().hash_one(0_u8)
}
