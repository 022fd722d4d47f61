//! The loopback lab: a small Internet in one process, for end-to-end tests and the demo.
//!
//! | to stage | go to |
//! |---|---|
//! | a whole healthy domain, then break one thing | [`domain`] |
//! | records, and a DNS server that misbehaves | [`dns`] (`zone`: data, `dnssec`: signatures, `fault`: misbehaviour, `server`: sockets) |
//! | an MX host that misbehaves | [`smtp`]: one file per step of the dialogue |
//! | a policy host that misbehaves | [`https`] (`answer`: what it serves) |
//! | an IMAP server that misbehaves | [`imap`] |
//! | a TLS handshake that misbehaves, old TLS, SNI | [`tls`] |
//! | certificates and the chains that are sent | [`ca`] |
//! | proxies on the way to the hosts | [`proxy`] |
//! | a server that is a process of its own | [`Lab::smtp_place`], [`Lab::https_place`] |
//! | where a CA publishes its certificate | [`Lab::http_host`] |
//! | addresses that refuse or swallow connections | [`address`] |
//! | a connection that breaks after so many bytes or TLS records | [`cut`] |
//! | slow servers, connection counts | [`tcp`], [`visits`] |
//!
//! A misbehaviour is a variant of the enum of its step and an arm in the same file.
//! Every host has an address of its own; all of one lab share one SMTP and one HTTPS port.
//! Everything ends when the [`Lab`] is dropped.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each target uses its own part of the lab, and a lab that cannot be set up may panic"
)]

pub mod address;
pub mod blocking;
pub mod ca;
pub mod cut;
pub mod dns;
pub mod domain;
pub mod host;
mod http;
pub mod https;
pub mod imap;
pub mod proxy;
pub mod smtp;
pub mod tcp;
pub mod tls;
pub mod visits;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

pub use self::blocking::BlockingLab;
pub use self::ca::{Authority, Ca, Chain, Key, Leaf, Validity};
pub use self::cut::{Cut, End, Offset};
pub use self::dns::{Dns, Fault, Forgery};
pub use self::domain::{Domain, DomainPlan};
pub use self::host::{Host, Role};
pub use self::https::{Answer, Https, HttpsHost, HttpsRequest, Page};
pub use self::imap::{Imap, ImapAnswer};
pub use self::proxy::{HttpProxy, HttpProxyHost, HttpProxyRequest, Socks5, Socks5Answer, Socks5Host, Socks5Request};
pub use self::smtp::{After, Ehlo, Greeting, Smtp, SmtpHost, SmtpSession, StartTls};
pub use self::tls::{Identity, Tls, WithoutSni};
pub use self::visits::Visits;

use self::address::Ground;
use self::tcp::Pace;

/// The address of the mailbox that healthy domains have their reports sent to; it resolves.
pub const REPORT_MAILBOX: &str = "tls-reports@reports.lab.test";

/// A running lab. Methods are synchronous, thread-safe and effective at once.
pub struct Lab {
    ground: Ground,
    resolver: SocketAddr,
    dns: Dns,
    ca: Ca,
    pace: Pace,
    hosts: Mutex<Vec<(IpAddr, Arc<Visits>)>>,
    folder: TempDir,
    root_file: PathBuf,
    anchor_file: PathBuf,
    runtime: Handle,
    tasks: Mutex<JoinSet<()>>,
}

impl Lab {
    /// Starts DNS and a CA on the current tokio runtime; hosts are added as they are asked for.
    pub async fn start() -> io::Result<Self> {
        let (ground, sockets) = Ground::claim()?;
        let pace = Pace::default();
        let ca = Ca::new();
        let folder = tempfile::tempdir()?;
        let root_file = folder.path().join("root.pem");
        tokio::fs::write(&root_file, ca.root().pem()).await?;
        let resolver = sockets.address()?;
        let dns = Dns::default();
        let anchor_file = folder.path().join("root.key");
        tokio::fs::write(&anchor_file, dns.trust_anchor()).await?;
        let mut tasks = JoinSet::new();
        dns::serve(&mut tasks, sockets, &dns, &pace);
        // Nothing delivers reports here: that the mailbox resolves is all that is looked at.
        dns.mx("reports.lab.test", 10, "mx.reports.lab.test");
        dns.address("mx.reports.lab.test", ground.anchor());
        Ok(Self {
            ground,
            resolver,
            dns,
            ca,
            pace,
            hosts: Mutex::default(),
            folder,
            root_file,
            anchor_file,
            runtime: Handle::current(),
            tasks: Mutex::new(tasks),
        })
    }

    /// A lab with a runtime of its own, for synchronous tests.
    pub fn start_blocking() -> io::Result<BlockingLab> {
        BlockingLab::start()
    }

    /// The DNS server, UDP and TCP.
    pub fn resolver(&self) -> SocketAddr {
        self.resolver
    }

    /// The port of every SMTP host of this lab.
    pub fn smtp_port(&self) -> u16 {
        self.ground.smtp_port()
    }

    /// The port of every HTTPS host of this lab.
    pub fn https_port(&self) -> u16 {
        self.ground.https_port()
    }

    /// The public root, PEM.
    pub fn root_pem(&self) -> String {
        self.ca.root().pem()
    }

    /// A file with [`Self::root_pem`]; it lives as long as the lab.
    pub fn root_file(&self) -> &Path {
        &self.root_file
    }

    /// A folder that lives as long as the lab, for stores, reports and other files of a test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The options that point the binary at this lab.
    pub fn args(&self) -> Vec<String> {
        vec![
            "--resolver".into(),
            self.resolver.to_string(),
            "--roots".into(),
            self.root_file.display().to_string(),
            "--trust-anchor".into(),
            self.anchor_file.display().to_string(),
            "--smtp-port".into(),
            self.smtp_port().to_string(),
            "--https-port".into(),
            self.https_port().to_string(),
        ]
    }

    /// The zone data and the DNS server's misbehaviours.
    pub fn dns(&self) -> &Dns {
        &self.dns
    }

    /// The certificate authorities.
    pub fn ca(&self) -> &Ca {
        &self.ca
    }

    /// A healthy chain for `name`: P-256, 80 days left, leaf and intermediate sent.
    pub fn chain(&self, name: &str) -> Chain {
        self.ca.issue(&Leaf::for_host(name))
    }

    /// Adds `wait` to every reply of every server: a DNS answer, an SMTP reply, a TLS flight, an HTTP response.
    /// TCP connects are the kernel's and stay immediate.
    pub fn set_reply_delay(&self, wait: Duration) {
        self.pace.set(wait);
    }

    /// An MX host on a fresh IPv4 address.
    pub fn smtp_host(&self, smtp: Smtp, identity: impl Into<Identity>) -> SmtpHost {
        self.start_host(self.ground.listen(self.smtp_port()), smtp, identity.into())
    }

    /// A policy host (or any HTTPS server) on a fresh IPv4 address.
    pub fn https_host(&self, https: Https, identity: impl Into<Identity>) -> HttpsHost {
        self.start_host(self.ground.listen(self.https_port()), https, identity.into())
    }

    /// A plain HTTP host on a fresh IPv4 address, at the HTTPS port: it gives `body` to whoever asks.
    pub fn http_host(&self, body: Vec<u8>) -> SocketAddr {
        let _context = self.runtime.enter();
        let listener = self.ground.listen(self.https_port()).listen(1024).expect("a bound socket can listen");
        let address = listener.local_addr().expect("a listener has an address");
        let body = Arc::new(body);
        let accepting = tcp::accept(listener, self.pace.clone(), Arc::default(), move |conn| http::serve(Arc::clone(&body), conn));
        self.tasks.lock().unwrap().spawn_on(accepting, &self.runtime);
        address
    }

    /// The one MX host on `[::1]`; none where IPv6 is missing or the host is already taken.
    pub fn smtp_host_v6(&self, smtp: Smtp, identity: impl Into<Identity>) -> Option<SmtpHost> {
        let socket = self.ground.take_v6(self.smtp_port())?;
        Some(self.start_host(socket, smtp, identity.into()))
    }

    /// The one HTTPS host on `[::1]`; none where IPv6 is missing or the host is already taken.
    pub fn https_host_v6(&self, https: Https, identity: impl Into<Identity>) -> Option<HttpsHost> {
        let socket = self.ground.take_v6(self.https_port())?;
        Some(self.start_host(socket, https, identity.into()))
    }

    /// A SOCKS5 proxy on a fresh IPv4 address, at the HTTPS port.
    pub fn socks5_proxy(&self, socks5: Socks5) -> Socks5Host {
        self.start_host(self.ground.listen(self.https_port()), socks5, self.chain("proxy.lab.test").into())
    }

    /// An HTTP proxy on a fresh IPv4 address, at the HTTPS port.
    pub fn http_proxy(&self, proxy: HttpProxy) -> HttpProxyHost {
        self.start_host(self.ground.listen(self.https_port()), proxy, self.chain("proxy.lab.test").into())
    }

    /// An IMAP server on a fresh IPv4 address, at the HTTPS port, with a certificate for that address.
    pub fn imap_host(&self, imap: Imap) -> Host<Imap> {
        let host = self.start_host(self.ground.listen(self.https_port()), imap, self.chain("imap.lab.test").into());
        host.set_identity(self.chain(&host.address().to_string()));
        host
    }

    /// A fresh IPv4 address whose SMTP port is free: for a server that runs beside the lab, in a process of its own.
    pub fn smtp_place(&self) -> SocketAddr {
        self.ground.vacant(self.smtp_port())
    }

    /// The same with the HTTPS port.
    pub fn https_place(&self) -> SocketAddr {
        self.ground.vacant(self.https_port())
    }

    /// An address that refuses connections on the SMTP and the HTTPS port.
    pub fn refusing_address(&self) -> IpAddr {
        self.ground.anchor()
    }

    /// A fresh address where connecting to the SMTP or the HTTPS port neither succeeds nor fails.
    pub fn silent_address(&self) -> IpAddr {
        let _context = self.runtime.enter();
        self.ground.swallow()
    }

    /// What the host at `address` has seen of connections; for an IPv6 host too.
    pub fn connections(&self, address: IpAddr) -> Arc<Visits> {
        let hosts = self.hosts.lock().unwrap();
        let found = hosts.iter().find(|(host, _)| *host == address);
        Arc::clone(&found.expect("a host of this lab").1)
    }

    /// A whole healthy domain, changed by `plan` before it is built.
    pub fn good_domain(&self, name: &str, plan: impl FnOnce(&mut DomainPlan)) -> Domain {
        domain::build(self, name, plan)
    }

    fn start_host<R: Role>(&self, socket: tokio::net::TcpSocket, role: R, identity: Identity) -> Host<R> {
        let _context = self.runtime.enter();
        let listener: TcpListener = socket.listen(1024).expect("a bound socket can listen");
        let address = listener.local_addr().expect("a listener has an address");
        let host = Host::new(address, role, identity);
        self.hosts.lock().unwrap().push((address.ip(), host.visits()));
        let served = host.clone();
        let accepting = tcp::accept(listener, self.pace.clone(), host.visits(), move |conn| {
            let cut = served.cut_now();
            R::serve(served.clone(), conn.cut(cut))
        });
        self.tasks.lock().unwrap().spawn_on(accepting, &self.runtime);
        host
    }
}
