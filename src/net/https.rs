//! The policy as a sender fetches it (RFC 8461 §3.3): HTTPS, SNI, no redirect, no cache, one address at a time, capped and timed.
//!
//! A bad certificate does not end the fetch: it is recorded with whom it leads to, and the body is still read, to be linted and said to be unusable.

use std::error::Error as _;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{AGE, CONTENT_TYPE, DATE, HeaderMap, LOCATION, SERVER};
use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

use super::Clock;
use super::dial::denial;
use super::limit::Limiter;
use super::proxy::HttpsProxy;
use super::route::has_route;
use super::shelf::Shelf;
use super::source::Source;
use super::tls;
use super::trust::TrustStore;
use crate::model::facts::policy::{Body, Fetch, Response};
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::settings::POLICY_CAP;
use crate::wire::name::Domain;

/// RFC 8461 §3.3: a sender gives up after a minute.
pub const FETCH_DEADLINE: Duration = Duration::from_mins(1);
/// TCP and TLS together; a policy host that needs longer is not one that senders wait for.
const CONNECT_DEADLINE: Duration = Duration::from_secs(30);
/// The path is fixed by RFC 8461 §3.2.
const PATH: &str = "/.well-known/mta-sts.txt";

/// In place of an address where a proxy is given the name and chooses for itself.
pub const BY_PROXY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Who asks: servers and their bot protections answer differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agent {
    /// This tool, by its own name.
    Own,
    /// A generic HTTP library, as mail servers use.
    Sender,
    /// A browser.
    Browser,
}

impl Agent {
    /// The `User-Agent` header.
    pub fn header(self) -> &'static str {
        match self {
            Self::Own => concat!("stsready/", env!("CARGO_PKG_VERSION"), " (MTA-STS policy check)"),
            Self::Sender => "Go-http-client/1.1",
            Self::Browser => "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        }
    }
}

/// Fetches policies from one address at a time.
#[derive(Debug)]
pub struct Fetcher {
    /// 443, but in laboratories.
    pub port: u16,
    /// Shortens every deadline.
    pub timeout: Option<Duration>,
    /// `--ipv4`/`--ipv6`: whether IPv4 addresses are to be connected to.
    pub ipv4: bool,
    /// Whether IPv6 addresses are to be connected to.
    pub ipv6: bool,
    /// Own addresses to connect from.
    pub source: Source,
    /// `--proxy`: through which proxy.
    pub proxy: Option<HttpsProxy>,
    /// Leave alone what is no public address.
    pub deny_private: bool,
    /// Whom senders trust.
    pub trust: Arc<TrustStore>,
    /// Where served certificates are kept.
    pub shelf: Arc<Shelf>,
    /// How many connections at once.
    pub limiter: Arc<Limiter>,
    /// Dates the observations.
    pub clock: Clock,
}

impl Fetcher {
    /// Whether a proxy is given the name of the policy host: then there is one fetch, from [`BY_PROXY`].
    pub fn is_by_name(&self) -> bool {
        self.proxy.as_ref().is_some_and(HttpsProxy::is_by_name)
    }

    /// Fetches `https://HOST/.well-known/mta-sts.txt` from `address`.
    pub async fn fetch(&self, host: &Domain, address: IpAddr, agent: Agent) -> Fetch {
        // A proxy is asked by all domains at once, and is the operator's own.
        let _turn = if self.is_by_name() { None } else { Some(self.limiter.turn(address).await) };
        let started = Instant::now();
        let allowed = self.is_by_name() || if address.is_ipv4() { self.ipv4 } else { self.ipv6 };
        let denied = if self.is_by_name() { None } else { denial(self.deny_private, address) };
        let mut fetch = Fetch {
            address,
            at: Timestamp::UNIX_EPOCH,
            agent: agent.header().to_owned(),
            elapsed_ms: 0,
            connect: Looked::Failed(Failure::new(FailureKind::NoRoute, "this host has no route to it")),
            tls: None,
            response: None,
        };
        if !allowed {
            fetch.connect = Looked::Failed(Failure::new(FailureKind::SwitchedOff, "its address family was switched off"));
        } else if let Some(failure) = denied {
            fetch.connect = Looked::Failed(failure);
        } else if self.proxy.is_some() || has_route(SocketAddr::new(address, self.port)).await {
            self.attempt(host, agent, &mut fetch).await;
        }
        fetch.elapsed_ms = millis(started.elapsed());
        fetch.at = (self.clock)();
        fetch
    }

    async fn attempt(&self, host: &Domain, agent: Agent, fetch: &mut Fetch) {
        let (mut config, recorder) = tls::recording(&[b"h2", b"http/1.1"]);
        let began = Arc::new(Began::new());
        config.resumption = Resumption::store(began.clone());
        let limit = self.timeout.map_or(FETCH_DEADLINE, |timeout| timeout.min(FETCH_DEADLINE));
        let url = if self.port == 443 { format!("https://{host}{PATH}") } else { format!("https://{host}:{}{PATH}", self.port) };
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .https_only(true)
            .user_agent(agent.header())
            .connect_timeout(limit.min(CONNECT_DEADLINE))
            .timeout(limit)
            .pool_max_idle_per_host(0)
            .retry(reqwest::retry::never())
            .local_address(self.source.for_peer(fetch.address));
        if !self.is_by_name() {
            client = client.resolve(host.as_str(), SocketAddr::new(fetch.address, self.port));
        }
        let client = match &self.proxy {
            Some(proxy) => proxy.setting().and_then(|setting| client.proxy(setting).build()),
            None => client.build(),
        };
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                fetch.connect = Looked::Failed(Failure::new(FailureKind::Other, tls::deepest(&error)));
                return;
            }
        };
        let sent = client.get(url).send().await;
        let connected = began.connected_ms();
        let served = match recorder.take() {
            Some(served) => Some(tls::facts(began.version().to_owned(), String::new(), served, &self.trust, &self.shelf).await),
            None => None,
        };
        let unconnected = || {
            let failure = failure_of(sent.as_ref().err(), "no TCP connection");
            // Whether the proxy or the host behind it is at fault is not to be told apart; about the host nothing is known.
            match &self.proxy {
                Some(proxy) => {
                    Failure::new(FailureKind::Proxy, format!("no connection through the proxy {}: {}", proxy.name(), failure.detail))
                }
                None => failure,
            }
        };
        fetch.connect = connected.map_or_else(|| Looked::Failed(unconnected()), Looked::Seen);
        if connected.is_none() {
            return;
        }
        match sent {
            Ok(answer) => {
                let missing = || Looked::Failed(Failure::new(FailureKind::Tls, "the server served no certificate"));
                fetch.tls = Some(served.map_or_else(missing, Looked::Seen));
                fetch.response = Some(read(answer).await);
            }
            Err(error) => {
                let failure = failure_of(Some(&error), "no answer");
                // A fatal alert or a reset after the certificate still ends the handshake; only an error of the request itself came later.
                match served {
                    Some(tls) if !error.is_connect() => {
                        fetch.tls = Some(Looked::Seen(tls));
                        fetch.response = Some(Looked::Failed(failure));
                    }
                    _ => fetch.tls = Some(Looked::Failed(failure)),
                }
            }
        }
    }
}

/// Reads the answer up to the cap.
async fn read(mut answer: reqwest::Response) -> Looked<Response> {
    let header = |headers: &HeaderMap, name| {
        headers.get(name).map(|value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let headers = answer.headers();
    let (content_type, location) = (header(headers, CONTENT_TYPE), header(headers, LOCATION));
    let (date, age, server) = (header(headers, DATE), header(headers, AGE), header(headers, SERVER));
    let status = answer.status().as_u16();
    let mut bytes = Vec::new();
    let mut too_large = false;
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > POLICY_CAP {
                    bytes.truncate(POLICY_CAP);
                    too_large = true;
                    break;
                }
            }
            Ok(None) => break,
            Err(error) => {
                let failure = failure_of(Some(&error), "the answer broke off");
                let detail = format!("HTTP {status}, but the body broke off after {} bytes: {}", bytes.len(), failure.detail);
                return Looked::Failed(Failure::new(failure.kind, detail));
            }
        }
    }
    Looked::Seen(Response { status, content_type, location, date, age, server, body: Body::new(&bytes), too_large })
}

/// What lies at the bottom of a reqwest error: the operating system's word, rustls' word, or its own.
fn failure_of(error: Option<&reqwest::Error>, otherwise: &str) -> Failure {
    let Some(error) = error else { return Failure::new(FailureKind::Other, otherwise) };
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return tls::failure(io);
        }
        cause = inner.source();
    }
    let kind = if error.is_timeout() { FailureKind::Timeout } else { FailureKind::Protocol };
    Failure::new(kind, tls::deepest(error))
}

fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// Notices when TLS begins, which is when TCP is connected: reqwest reports both failures as one.
///
/// rustls asks this store for a hint just before it sends the ClientHello. Nothing is stored, so nothing is resumed.
struct Began {
    started: Instant,
    connected: OnceLock<u64>,
    version: OnceLock<&'static str>,
}

impl Began {
    fn new() -> Self {
        Self { started: Instant::now(), connected: OnceLock::new(), version: OnceLock::new() }
    }

    fn connected_ms(&self) -> Option<u64> {
        self.connected.get().copied()
    }

    fn version(&self) -> &'static str {
        self.version.get().copied().unwrap_or("TLSv1.2")
    }
}

impl fmt::Debug for Began {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Began").field("connected", &self.connected).finish_non_exhaustive()
    }
}

impl ClientSessionStore for Began {
    fn set_kx_hint(&self, _: ServerName<'static>, _: rustls::NamedGroup) {
        // Called only where TLS 1.3 was negotiated.
        let _ = self.version.set("TLSv1.3");
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<rustls::NamedGroup> {
        let _ = self.connected.set(millis(self.started.elapsed()));
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}
