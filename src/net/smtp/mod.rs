//! The prober: what a sender meets at port 25 of one address, step by step, as facts.
//!
//! In: a host name, which its certificate must carry, and one of its addresses. Out: a [`Probe`]. It is the same for every domain
//! of a run that has this host, so it is made once. Whatever the peer does, it ends in time and in bounded memory.
//!
//! A visit to an address for one host name is at most two connections, one after the other: the `dialogue` of a sender, then either
//! `wide`, if its handshake failed, or `other_key`, if it ended well. More only if asked for (`deep`). Host names that lead to one address
//! are visited there one after the other, and once the address has turned one of them away, the rest are not begun.

mod clear_hello;
mod connection;
mod control;
mod deep;
mod dialogue;
mod handshake;
mod opening;
mod other_key;
mod reach;
mod visit;
mod wide;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use self::visit::Visit;
use super::Clock;
use super::dial::Dialer;
use super::limit::Limiter;
use super::memo::Memo;
use super::shelf::Shelf;
use super::trust::TrustStore;
use crate::model::facts::servers::{Extra, Probe};
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
    /// `--deep`: a handshake without SNI and the injection probe, a connection each.
    pub deep: bool,
    /// `--repeat`: so many further handshakes like the first, a connection each.
    pub repeat: u16,
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
    /// How long an address may wait for its turn, counted from when it was asked for; after that nothing is begun with it. A hundred
    /// hosts of tarpits end in bounded time: this, and the dialogues that were begun.
    pub stage: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(15), greeting: seconds(60), step: seconds(30), dialogue: seconds(150), stage: seconds(600) }
    }
}

impl Timeouts {
    /// The defaults, each cut to `limit` where one is given; the dialogue as a whole has five answers to wait for, and four dialogues
    /// may go before.
    pub fn at_most(limit: Option<Duration>) -> Self {
        let Some(limit) = limit else { return Self::default() };
        let whole = Self::default();
        let dialogue = whole.dialogue.min(limit.saturating_mul(6));
        Self {
            connect: whole.connect.min(limit),
            greeting: whole.greeting.min(limit),
            step: whole.step.min(limit),
            dialogue,
            stage: whole.stage.min(dialogue.saturating_mul(4)),
        }
    }
}

impl ProbeOptions {
    /// Port 25, both families, the default timeouts, nothing deep.
    pub fn new(helo: impl Into<String>, clock: Clock) -> Self {
        let (ipv4, ipv6, timeouts) = (true, true, Timeouts::default());
        Self { port: 25, helo: Some(helo.into()), ipv4, ipv6, deep: false, repeat: 0, timeouts, dialer: Dialer::default(), clock }
    }
}

/// The port at which a host is met, and what is spoken there first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Door {
    /// The port.
    pub port: u16,
    /// TLS begins with the connection: nothing is said in clear, and no SMTP after it.
    pub tls_first: bool,
}

/// Probes addresses of MX hosts, each address and host once. Share it in an `Arc`.
#[derive(Debug)]
pub struct Prober {
    options: ProbeOptions,
    limiter: Arc<Limiter>,
    trust: Arc<TrustStore>,
    shelf: Arc<Shelf>,
    made: Memo<(IpAddr, Domain, Door), Probe>,
    /// Addresses and ports that want nobody of this run any more, with what showed it.
    away: Mutex<HashMap<(IpAddr, u16), String>>,
}

impl Prober {
    /// A prober that has seen nothing.
    pub fn new(options: ProbeOptions, limiter: Arc<Limiter>, trust: Arc<TrustStore>, shelf: Arc<Shelf>) -> Self {
        Self { options, limiter, trust, shelf, made: Memo::default(), away: Mutex::default() }
    }

    /// Where MX hosts are met.
    pub fn door(&self) -> Door {
        Door { port: self.options.port, tls_first: false }
    }

    /// The dialogue with one address of `host` where MX hosts are met.
    pub async fn probe(&self, host: &Domain, address: IpAddr) -> Probe {
        self.probe_at(host, address, self.door()).await
    }

    /// The dialogue at one door of one address of `host`. Asked again for the same, it gives the same probe; asked at the same time, both
    /// wait for one dialogue.
    pub async fn probe_at(&self, host: &Domain, address: IpAddr, door: Door) -> Probe {
        self.made.get((address, host.clone(), door), || self.look(host, address, door)).await
    }

    async fn look(&self, host: &Domain, address: IpAddr, door: Door) -> Probe {
        let (allowed, family) = if address.is_ipv4() { (self.options.ipv4, "IPv4") } else { (self.options.ipv6, "IPv6") };
        if !allowed {
            let failure = Failure::new(FailureKind::SwitchedOff, format!("{family} was switched off"));
            return Probe::begun(address, door.port, (self.options.clock)(), Looked::Failed(failure));
        }
        let until = Instant::now() + self.options.timeouts.stage;
        let Ok(turn) = timeout_at(until, self.limiter.turn_alone(address, door.port)).await else {
            let waited = self.options.timeouts.stage.as_secs_f32();
            let failure = Failure::new(FailureKind::OutOfTime, format!("not begun: other connections took all of {waited} s"));
            return Probe::begun(address, door.port, (self.options.clock)(), Looked::Failed(failure));
        };
        if let Some(words) = self.turned_away(address, door) {
            let failure = Failure::new(FailureKind::TurnedAway, format!("not begun: a visit for another host was turned away ({words})"));
            return Probe::begun(address, door.port, (self.options.clock)(), Looked::Failed(failure));
        }
        let mut visit = Visit { prober: self, host, address, door, turn: Arc::new(turn), parting: None, welcome: true, away: None };
        let mut probe = dialogue::hold(&mut visit).await;
        if let Some(proxy) = &self.options.dialer.socks5
            && closed_at_once(&probe)
        {
            let words = format!("the SOCKS5 proxy {} accepts the connection and closes it without a word", proxy.name());
            probe = Probe::begun(address, door.port, probe.at, Looked::Failed(Failure::new(FailureKind::Proxy, words)));
            // It was the proxy that closed.
            visit.away = None;
        }
        match &probe.tls {
            Some(Looked::Failed(failure)) if failure.kind.ends_handshake() => probe.wide = Some(wide::hold(&mut visit).await),
            Some(Looked::Seen(first)) if visit.welcome => {
                probe.other_key = other_key::hold(&mut visit, first).await;
                if !door.tls_first {
                    probe.asked = Extra { deep: self.options.deep, repeat: self.options.repeat };
                    self.look_deeper(&mut visit, &mut probe, until).await;
                }
            }
            _ => {}
        }
        // While the turn is still held: whoever comes next must know.
        if let Some(words) = visit.away.take() {
            self.away.lock().unwrap_or_else(PoisonError::into_inner).entry((address.to_canonical(), door.port)).or_insert(words);
        }
        probe
    }

    fn turned_away(&self, address: IpAddr, door: Door) -> Option<String> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner).get(&(address.to_canonical(), door.port)).cloned()
    }

    /// What was asked for beyond the two connections: nothing is begun after `until`, or where no more connections are welcome.
    async fn look_deeper(&self, visit: &mut Visit<'_>, probe: &mut Probe, until: Instant) {
        let may_go_on = |visit: &Visit<'_>| visit.welcome && Instant::now() < until;
        if self.options.deep && may_go_on(visit) {
            probe.without_sni = Some(deep::without_sni(visit).await);
        }
        while probe.repeats.len() < usize::from(self.options.repeat) && may_go_on(visit) {
            probe.repeats.push(deep::repeat(visit).await);
        }
        // Last, for it is the one that a server may take amiss.
        if self.options.deep && may_go_on(visit) {
            probe.injection = Some(deep::injection(visit).await);
        }
    }
}

/// Some proxies accept first and connect later (`ssh -D` is one): then it shows in no other way that the connection failed.
fn closed_at_once(probe: &Probe) -> bool {
    let failure = probe.greeting.as_ref().and_then(Looked::failure);
    failure.is_some_and(|failure| matches!(failure.kind, FailureKind::Closed | FailureKind::Reset))
}

#[cfg(test)]
mod tests;
