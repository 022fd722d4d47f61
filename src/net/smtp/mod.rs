//! The prober: what a sender meets at port 25 of one address, step by step, as facts.
//!
//! In: a host name, which its certificate must carry, and one of its addresses. Out: a [`Probe`]. It is the same for every domain
//! of a run that has this host, so it is made once. Whatever the peer does, it ends in time and in bounded memory.

mod connection;
mod control;
mod dialogue;
mod reach;
mod wide;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Clock;
use super::dial::Dialer;
use super::limit::Limiter;
use super::memo::Memo;
use super::shelf::Shelf;
use super::trust::TrustStore;
use crate::model::facts::servers::Probe;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::wire::name::Domain;

/// How to probe.
#[derive(Clone, Debug)]
pub struct ProbeOptions {
    /// 25 but in laboratories.
    pub port: u16,
    /// The name given in EHLO; without one, the address that the connection comes from, as a literal (RFC 5321 §4.1.3).
    pub helo: Option<String>,
    /// `--ipv4`/`--ipv6`: whether IPv4 addresses are to be connected to.
    pub ipv4: bool,
    /// Whether IPv6 addresses are to be connected to.
    pub ipv6: bool,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// From where and through what connections are made.
    pub dialer: Dialer,
    /// Dates the probes.
    pub clock: Clock,
}

/// How long to wait for what. Whatever is slower counts as not having answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// The TCP connection.
    pub connect: Duration,
    /// The whole greeting. Greet delays of 15 s are usual; senders wait up to 300 s (RFC 5321 §4.5.3.2.1).
    pub greeting: Duration,
    /// Any other step: a reply, the TLS handshake.
    pub step: Duration,
    /// One connection as a whole.
    pub dialogue: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(15), greeting: seconds(60), step: seconds(30), dialogue: seconds(150) }
    }
}

impl Timeouts {
    /// The defaults, each cut to `limit` where one is given; the dialogue as a whole has five answers to wait for.
    pub fn at_most(limit: Option<Duration>) -> Self {
        let Some(limit) = limit else { return Self::default() };
        let whole = Self::default();
        Self {
            connect: whole.connect.min(limit),
            greeting: whole.greeting.min(limit),
            step: whole.step.min(limit),
            dialogue: whole.dialogue.min(limit.saturating_mul(6)),
        }
    }
}

impl ProbeOptions {
    /// Port 25, both families, the default timeouts.
    pub fn new(helo: impl Into<String>, clock: Clock) -> Self {
        Self { port: 25, helo: Some(helo.into()), ipv4: true, ipv6: true, timeouts: Timeouts::default(), dialer: Dialer::default(), clock }
    }
}

/// Probes addresses of MX hosts, each address and host once. Share it in an `Arc`.
#[derive(Debug)]
pub struct Prober {
    options: ProbeOptions,
    limiter: Arc<Limiter>,
    trust: Arc<TrustStore>,
    shelf: Arc<Shelf>,
    made: Memo<(IpAddr, Domain), Probe>,
}

impl Prober {
    /// A prober that has seen nothing.
    pub fn new(options: ProbeOptions, limiter: Arc<Limiter>, trust: Arc<TrustStore>, shelf: Arc<Shelf>) -> Self {
        Self { options, limiter, trust, shelf, made: Memo::default() }
    }

    /// The dialogue with one address of `host`. Asked again for the same two, it gives the same probe; asked at the same time, both wait
    /// for one dialogue.
    pub async fn probe(&self, host: &Domain, address: IpAddr) -> Probe {
        self.made.get((address, host.clone()), || self.look(host, address)).await
    }

    async fn look(&self, host: &Domain, address: IpAddr) -> Probe {
        let (allowed, family) = if address.is_ipv4() { (self.options.ipv4, "IPv4") } else { (self.options.ipv6, "IPv6") };
        if !allowed {
            let failure = Failure::new(FailureKind::SwitchedOff, format!("{family} was switched off"));
            return dialogue::unreached(address, self.options.port, (self.options.clock)(), Looked::Failed(failure));
        }
        let turn = Arc::new(self.limiter.turn(address).await);
        let mut probe = dialogue::hold(self, host, address, &turn).await;
        if let Some(proxy) = &self.options.dialer.socks5
            && closed_at_once(&probe)
        {
            let words = format!("the SOCKS5 proxy {} accepts the connection and closes it without a word", proxy.name());
            probe = dialogue::unreached(address, self.options.port, probe.at, Looked::Failed(Failure::new(FailureKind::Proxy, words)));
        }
        if probe.tls.as_ref().and_then(Looked::failure).is_some_and(wide::is_worth_trying) {
            probe.wide = Some(wide::hold(self, host, address, &turn).await);
        }
        probe
    }
}

/// Some proxies accept first and connect later (`ssh -D` is one): then it shows in no other way that the connection failed.
fn closed_at_once(probe: &Probe) -> bool {
    let failure = probe.greeting.as_ref().and_then(Looked::failure);
    failure.is_some_and(|failure| matches!(failure.kind, FailureKind::Closed | FailureKind::Reset))
}

#[cfg(test)]
mod tests;
