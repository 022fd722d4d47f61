//! The control connection: a host that the operator knows to answer. Made once a run, and only where every MX address of some domain is
//! silent.

use std::net::IpAddr;

use tokio::sync::OnceCell;

use super::Looker;
use crate::model::facts::servers::{MxHost, Probe};
use crate::model::facts::vantage::ControlFacts;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::wire::name::Domain;

/// The host to connect to, and what came of it.
#[derive(Debug)]
pub struct Control {
    host: ControlHost,
    port: u16,
    seen: OnceCell<ControlFacts>,
}

/// A host by its name or its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlHost {
    /// Looked up like the MX hosts.
    Name(Domain),
    /// Connected to as it is.
    Address(IpAddr),
}

impl std::fmt::Display for ControlHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl Control {
    /// A control that was not connected to yet.
    pub fn new(host: ControlHost, port: u16) -> Self {
        Self { host, port, seen: OnceCell::new() }
    }
}

/// Whether it takes the control connection to tell hosts that are down from a port that is blocked: addresses were asked, and all are silent.
pub(super) fn is_needed(servers: &[MxHost]) -> bool {
    let asked = || servers.iter().flat_map(|host| &host.probes).filter(|probe| !probe.is_unasked());
    asked().next().is_some() && asked().all(Probe::is_silent)
}

/// Connects, or says what came of it before.
pub(super) async fn look(looker: &Looker) -> Option<ControlFacts> {
    let control = looker.control.as_ref()?;
    Some(control.seen.get_or_init(|| connect(looker, control)).await.clone())
}

async fn connect(looker: &Looker, control: &Control) -> ControlFacts {
    let mut facts = ControlFacts {
        target: control.host.to_string(),
        port: control.port,
        address: None,
        at: (looker.clock)(),
        outcome: Looked::Failed(Failure::new(FailureKind::DnsError, "it has no address")),
    };
    let addresses = match &control.host {
        ControlHost::Address(address) => vec![*address],
        ControlHost::Name(name) => {
            let found = looker.dns.addresses(name).await;
            if let Some((_, failure)) = found.failures().next() {
                facts.outcome = Looked::Failed(failure.clone());
            }
            // IPv4 first: it is what a vantage has if it has anything.
            let mut all = found.all();
            all.sort_by_key(IpAddr::is_ipv6);
            all
        }
    };
    // A family that is missing here is passed over; one address that was really asked is enough.
    for address in addresses.into_iter().take(4) {
        facts.address = Some(address);
        facts.outcome = looker.prober.greeting(address, control.port).await;
        if facts.outcome.failure().is_none_or(|failure| !failure.kind.is_unasked()) {
            break;
        }
    }
    facts
}
