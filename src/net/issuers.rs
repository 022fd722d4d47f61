//! `--fetch-intermediates`: what a chain without a path names as the place of its issuer's certificate (caIssuers, RFC 5280 §4.2.2.1) is
//! fetched, to tell a certificate that is only missing from a CA that nobody knows. Senders do not do this; no verdict rests on it.
//!
//! In: a handshake's facts and the address that it was made with. Out: the same with [`Fetched`]. The place is named by a stranger, so: at
//! most 3 hops; http only, port 80, no redirect; 64 KiB; 10 s; and nothing inside this network, unless the server is there itself. Where
//! connections go through a proxy nothing is fetched past it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use url::{Host, Url};

use super::dial::Dialer;
use super::dns::Dns;
use super::limit::Limiter;
use super::memo::Memo;
use super::shelf::Shelf;
use super::tls;
use super::trust::TrustStore;
use crate::model::facts::tls::{Fetched, FetchedIssuer, TlsFacts, Trust};
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::wire::certificate::Certificate;
use crate::wire::name::Domain;
use crate::wire::scope::Scope;

/// Certificates fetched for one chain.
const HOPS: usize = 3;
/// A certificate has about 1 to 2 KiB, a bundle a few of them.
const CAP: usize = 64 * 1024;
/// For the whole of one fetch.
const DEADLINE: Duration = Duration::from_secs(10);
/// Places that a certificate may name and that are tried.
const PLACES: usize = 2;

/// Fetches certificates of issuers, each place once a run.
#[derive(Debug)]
pub struct Issuers {
    /// Shortens the deadline.
    timeout: Option<Duration>,
    /// Whether IPv4 addresses are to be connected to, and whether IPv6 addresses are.
    families: (bool, bool),
    /// How MX hosts are connected to.
    dialer: Dialer,
    /// The proxy that policies are fetched through, by its name.
    proxy: Option<String>,
    trust: Arc<TrustStore>,
    shelf: Arc<Shelf>,
    limiter: Arc<Limiter>,
    /// By place, and by whether addresses inside this network were allowed.
    made: Memo<(String, bool), Looked<Vec<Vec<u8>>>>,
}

impl Issuers {
    /// One that has fetched nothing. `families`: whether IPv4 addresses are to be connected to, and whether IPv6 addresses are; `proxy`:
    /// the name of the proxy that policies are fetched through.
    pub fn new(
        timeout: Option<Duration>,
        families: (bool, bool),
        dialer: Dialer,
        proxy: Option<String>,
        trust: Arc<TrustStore>,
        shelf: Arc<Shelf>,
        limiter: Arc<Limiter>,
    ) -> Self {
        Self { timeout, families, dialer, proxy, trust, shelf, limiter, made: Memo::default() }
    }

    /// Completes a chain that leads nowhere because an issuer is missing; any other is left as it is.
    pub async fn complete(&self, dns: &Dns, tls: &mut TlsFacts, peer: IpAddr) {
        if tls.trust.path().is_some() {
            return;
        }
        let known = self.shelf.take_for(&tls.chain);
        let mut chain: Vec<Vec<u8>> = tls.chain.iter().filter_map(|print| Some(known.get(print)?.0.clone())).collect();
        let Some(mut last) = last(&chain) else { return };
        let (mut steps, mut trust) = (Vec::new(), None);
        while steps.len() < HOPS && !last.is_self_issued() {
            let Some((step, issuer)) = self.issuer(dns, &last, self.may_go_inside(peer)).await else { break };
            steps.push(step);
            let Some((der, read)) = issuer else { break };
            chain.push(der);
            last = read;
            let judged = self.judge(chain.clone()).await;
            let found = judged.path().is_some();
            trust = Some(judged);
            if found {
                break;
            }
        }
        if !steps.is_empty() {
            tls.fetched = Some(Box::new(Fetched { steps, trust: trust.unwrap_or_else(|| tls.trust.clone()) }));
        }
    }

    /// Whether places inside this network may be asked: only where the server was met there itself. No address (a proxy looked it up) and
    /// no place for hosts is none of them.
    fn may_go_inside(&self, peer: IpAddr) -> bool {
        !self.dialer.deny_private && (Scope::of(peer).is_internal() || Scope::of(peer) == Scope::Loopback)
    }

    /// The proxy that connections go through, if they do.
    fn proxied(&self) -> Option<String> {
        self.dialer.socks5.as_ref().map(|socks5| socks5.name()).or_else(|| self.proxy.clone())
    }

    async fn judge(&self, chain: Vec<Vec<u8>>) -> Trust {
        let trust = self.trust.clone();
        let judged = tokio::task::spawn_blocking(move || trust.judge(&chain)).await;
        judged.unwrap_or_else(|error| Trust::none(error.to_string()))
    }

    /// The issuer of `of`, from the first of its places that has it; `None` if it names none.
    async fn issuer(&self, dns: &Dns, of: &Certificate, inside: bool) -> Option<(FetchedIssuer, Option<(Vec<u8>, Certificate)>)> {
        let mut told = None;
        for url in of.issuer_urls.iter().take(PLACES) {
            let fetched = self.made.get((url.clone(), inside), || self.fetch(dns, url, inside)).await;
            let failed = |failure| FetchedIssuer { url: url.clone(), outcome: Looked::Failed(failure) };
            match fetched {
                Looked::Seen(certificates) => {
                    let read = certificates.into_iter().filter_map(|der| Certificate::parse(&der).ok().map(|read| (der, read)));
                    if let Some((der, read)) = read.into_iter().find(|(_, read)| of.is_issued_by(read)) {
                        self.shelf.put(std::slice::from_ref(&der));
                        return Some((FetchedIssuer { url: url.clone(), outcome: Looked::Seen(read.sha256) }, Some((der, read))));
                    }
                    told.get_or_insert(failed(Failure::new(FailureKind::Protocol, "what is there is not the certificate of the issuer")));
                }
                Looked::Absent(absence) => {
                    told.get_or_insert(failed(Failure::new(FailureKind::DnsError, absence.kind.as_str())));
                }
                Looked::Failed(failure) => {
                    told.get_or_insert(failed(failure));
                }
            }
        }
        told.map(|step| (step, None))
    }

    async fn fetch(&self, dns: &Dns, url: &str, inside: bool) -> Looked<Vec<Vec<u8>>> {
        let limit = self.timeout.map_or(DEADLINE, |timeout| timeout.min(DEADLINE));
        let fetched = tokio::time::timeout(limit, self.get(dns, url, inside, limit)).await;
        let late = || Err(Failure::new(FailureKind::Timeout, format!("no answer within {} s", limit.as_secs_f32())));
        fetched.unwrap_or_else(|_| late()).map_or_else(Looked::Failed, Looked::Seen)
    }

    async fn get(&self, dns: &Dns, url: &str, inside: bool, limit: Duration) -> Result<Vec<Vec<u8>>, Failure> {
        let place = Place::read(url, inside).map_err(|why| Failure::new(FailureKind::Denied, why))?;
        if let Some(proxy) = self.proxied() {
            let words = format!("not asked: connections go through {proxy}, and intermediates are not fetched past it");
            return Err(Failure::new(FailureKind::Denied, words));
        }
        let address = self.address(dns, &place, inside).await?;
        let _turn = self.limiter.turn(address).await;
        let failed = |error: &reqwest::Error| {
            let kind = if error.is_timeout() { FailureKind::Timeout } else { FailureKind::Other };
            Failure::new(kind, tls::deepest(error))
        };
        // No TLS is spoken; without a configuration the client would look for one of the process.
        let (config, _) = tls::recording(&[]);
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .resolve(&place.host, SocketAddr::new(address, place.port))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .local_address(self.dialer.source.for_peer(address))
            .user_agent(concat!("stsready/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limit)
            .timeout(limit)
            .retry(reqwest::retry::never())
            .build()
            .map_err(|error| failed(&error))?;
        let mut answer = client.get(place.url).send().await.map_err(|error| failed(&error))?;
        if answer.status().as_u16() != 200 {
            return Err(Failure::new(FailureKind::Protocol, format!("HTTP {}", answer.status().as_u16())));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failed(&error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > CAP {
                return Err(Failure::new(FailureKind::TooLarge, format!("more than {CAP} bytes")));
            }
        }
        let certificates = certificates(&bytes);
        if certificates.is_empty() {
            return Err(Failure::new(FailureKind::Protocol, "what is there is no certificate, neither DER nor PEM"));
        }
        Ok(certificates)
    }

    /// Where to connect to: the first address that is allowed.
    async fn address(&self, dns: &Dns, place: &Place, inside: bool) -> Result<IpAddr, Failure> {
        let all = match &place.address {
            Some(address) => vec![*address],
            None => dns.addresses(&Domain::from_dns(&place.host)).await.all(),
        };
        let wanted = |address: &IpAddr| if address.is_ipv4() { self.families.0 } else { self.families.1 };
        let mut all = all.into_iter().filter(wanted).peekable();
        if all.peek().is_none() {
            return Err(Failure::new(FailureKind::DnsError, format!("{} has no address that can be asked", place.host)));
        }
        // IPv4 first: it works at more vantages, and one working address suffices.
        let mut allowed: Vec<IpAddr> = all.filter(|address| inside || Scope::of(*address) == Scope::World).collect();
        allowed.sort_by_key(IpAddr::is_ipv6);
        allowed.first().copied().ok_or_else(|| {
            Failure::new(FailureKind::Denied, format!("{} has an address inside a private network, and is not connected to", place.host))
        })
    }
}

/// A place that may be asked.
struct Place {
    url: Url,
    host: String,
    address: Option<IpAddr>,
    port: u16,
}

impl Place {
    /// Other ports than 80 are asked only where the server itself is inside this network: a laboratory, or a site of one's own.
    fn read(text: &str, inside: bool) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "it is no URL")?;
        if url.scheme() != "http" {
            return Err("only http is asked");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it has a user name, and is not asked");
        }
        let port = url.port_or_known_default().unwrap_or(80);
        if port != 80 && !inside {
            return Err("it has another port than 80, and is not asked");
        }
        let (host, address) = match url.host() {
            Some(Host::Domain(name)) => (name.to_owned(), None),
            Some(Host::Ipv4(v4)) => (v4.to_string(), Some(IpAddr::V4(v4))),
            Some(Host::Ipv6(v6)) => (v6.to_string(), Some(IpAddr::V6(v6))),
            None => return Err("it names no host"),
        };
        Ok(Self { url, host, address, port })
    }
}

/// The highest certificate that hangs together with the leaf by names.
fn last(chain: &[Vec<u8>]) -> Option<Certificate> {
    let mut rest: Vec<Certificate> = chain.iter().filter_map(|der| Certificate::parse(der).ok()).collect();
    if rest.is_empty() {
        return None;
    }
    let mut last = rest.remove(0);
    while !last.is_self_issued()
        && let Some(place) = rest.iter().position(|candidate| last.is_issued_by(candidate))
    {
        last = rest.swap_remove(place);
    }
    Some(last)
}

/// One certificate in DER, or PEM with one or more.
fn certificates(bytes: &[u8]) -> Vec<Vec<u8>> {
    const SEQUENCE: u8 = 0x30;
    if bytes.first() == Some(&SEQUENCE) {
        return if Certificate::parse(bytes).is_ok() { vec![bytes.to_vec()] } else { Vec::new() };
    }
    CertificateDer::pem_slice_iter(bytes).take(16).filter_map(Result::ok).map(|der| der.as_ref().to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::source::Source;
    use crate::net::trust::RootSource;
    use crate::net::trust::fixture::{Ca, pem};

    fn issuers(dialer: Dialer, proxy: Option<&str>) -> Issuers {
        let trust = TrustStore::load(&RootSource::Mozilla, None).unwrap();
        let (shelf, limiter) = (Arc::new(Shelf::new()), Arc::new(Limiter::new(4)));
        Issuers::new(None, (true, true), dialer, proxy.map(str::to_owned), Arc::new(trust), shelf, limiter)
    }

    #[test]
    fn only_a_server_that_was_met_inside_this_network_opens_it() {
        let free = issuers(Dialer::default(), None);
        let careful = issuers(Dialer { deny_private: true, ..Dialer::default() }, None);
        for (peer, inside) in [
            ("10.0.0.1", true),
            ("127.0.0.1", true),
            ("100.64.0.1", true),
            ("169.254.0.1", true),
            ("fd00::1", true),
            ("8.8.8.8", false),
            // No address, because a proxy looked it up; and what no host has.
            ("0.0.0.0", false),
            ("::", false),
            ("224.0.0.1", false),
            ("192.0.2.1", false),
        ] {
            let peer = peer.parse().unwrap();
            assert_eq!((free.may_go_inside(peer), careful.may_go_inside(peer)), (inside, false), "{peer}");
        }
    }

    #[tokio::test]
    async fn nothing_is_fetched_past_a_proxy_and_the_source_address_is_kept() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/i.crt", listener.local_addr().unwrap());
        let dns = Dns::new(&["127.0.0.1:9".parse().unwrap()], None).unwrap();
        let past = issuers(Dialer::default(), Some("http://proxy.example:3128")).fetch(&dns, &url, true).await;
        let failure = past.failure().unwrap();
        assert!(failure.kind == FailureKind::Denied && failure.detail.contains("http://proxy.example:3128"), "{failure:?}");

        let source = Source::of(&["127.0.0.9".parse().unwrap()]).unwrap();
        let direct = issuers(Dialer { source, ..Dialer::default() }, None);
        let (fetched, from) = tokio::join!(direct.fetch(&dns, &url, true), async {
            let (stream, from) = listener.accept().await.unwrap();
            drop(stream);
            from.ip()
        });
        assert!(fetched.failure().is_some());
        // The first to come was this one: the other was never begun.
        assert_eq!(from, "127.0.0.9".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn only_plain_http_places_are_asked() {
        for (url, outside, inside) in [
            ("http://ca.example.net/i.crt", true, true),
            ("http://ca.example.net:8080/i.crt", false, true),
            ("http://192.0.2.1/i.crt", true, true),
            ("http://[2001:db8::1]/i.crt", true, true),
            ("https://ca.example.net/i.crt", false, false),
            ("ldap://ca.example.net/cn=ca", false, false),
            ("file:///etc/passwd", false, false),
            ("http://user:word@ca.example.net/i.crt", false, false),
            ("i.crt", false, false),
            ("", false, false),
        ] {
            assert_eq!((Place::read(url, false).is_ok(), Place::read(url, true).is_ok()), (outside, inside), "{url}");
        }
    }

    #[tokio::test]
    async fn nothing_inside_this_network_is_asked_for_a_server_outside() {
        let trust = Arc::new(crate::net::trust::fixture::store(&[&Ca::root("Root").der], None));
        let limiter = Arc::new(Limiter::new(4));
        let wait = Some(Duration::from_millis(500));
        let issuers = Issuers::new(wait, (true, true), Dialer::default(), None, trust, Arc::new(Shelf::new()), limiter);
        // A resolver that nobody runs: an address needs none.
        let dns = Dns::new(&["127.0.0.1:9".parse().unwrap()], wait).unwrap();
        for url in [
            "http://127.0.0.1/i.crt",
            "http://10.0.0.1/i.crt",
            "http://[::1]/i.crt",
            "http://169.254.169.254/i.crt",
            "http://[::ffff:10.0.0.1]/",
        ] {
            let outcome = issuers.fetch(&dns, url, false).await;
            assert_eq!(outcome.failure().map(|failure| failure.kind), Some(FailureKind::Denied), "{url}");
        }
        let outcome = issuers.fetch(&dns, "http://127.0.0.1:9/i.crt", true).await;
        assert_ne!(outcome.failure().map(|failure| failure.kind), Some(FailureKind::Denied), "a laboratory's own");
    }

    #[test]
    fn der_and_pem_are_read_and_nothing_else() {
        let (one, other) = (Ca::root("One"), Ca::root("Other"));
        let bundle = std::fs::read(pem(&[&one.der, &other.der]).path()).unwrap();
        for (bytes, count) in [
            (one.der.clone(), 1),
            (bundle, 2),
            (b"<html>".to_vec(), 0),
            (Vec::new(), 0),
            (one.der[..100].to_vec(), 0),
            ([one.der.as_slice(), b"more"].concat(), 0),
        ] {
            assert_eq!(certificates(&bytes).len(), count);
        }
    }

    #[test]
    fn the_highest_certificate_is_found_in_any_order_and_in_rings() {
        let root = Ca::root("Root");
        let upper = root.intermediate("Upper", -10..10);
        let lower = upper.intermediate("Lower", -10..10);
        let leaf = lower.leaf(&["mx1.example.com"], -10..10);
        let top = |chain: &[&Vec<u8>]| last(&chain.iter().map(|der| (*der).clone()).collect::<Vec<_>>()).map(|read| read.name().to_owned());
        assert_eq!(top(&[&leaf, &upper.der, &lower.der]).as_deref(), Some("Upper"));
        assert_eq!(top(&[&leaf, &lower.der, &lower.der]).as_deref(), Some("Lower"));
        assert_eq!(top(&[&leaf, &upper.der]).as_deref(), Some("mx1.example.com"));
        assert_eq!(top(&[]), None);
    }
}
