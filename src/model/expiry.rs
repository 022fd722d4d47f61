//! The runway of many domains in one list: what `expiry` answers with, and every format renders.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

use super::assessment::{LeafSummary, RunwayBounds, RunwayPlace};
use super::facts::vantage::Vantage;
use crate::wire::name::Domain;

/// Every certificate that was looked at, and what could not be.
#[derive(Clone, Debug)]
pub struct Expiry {
    /// As of when it was judged.
    pub asked_at: Timestamp,
    /// From where it was looked.
    pub vantage: Option<Vantage>,
    /// Soonest end first.
    pub entries: Vec<ExpiryEntry>,
    /// Where no certificate was seen.
    pub unseen: Vec<Unseen>,
    /// The files of `--cert-file`.
    pub files: Vec<DiskSummary>,
    /// Certificates that earlier checks saw at places that showed none now.
    pub last_known: Vec<LastKnown>,
}

/// A certificate as an earlier check saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastKnown {
    /// Where.
    pub place: RunwayPlace,
    /// At which port.
    pub port: u16,
    /// Its end.
    pub not_after: Timestamp,
}

impl Expiry {
    /// The worst state of any certificate; `None` if none was seen.
    pub fn worst(&self) -> Option<RunwayState> {
        self.entries.iter().map(|entry| entry.state).max()
    }
}

/// One chain as one address serves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ExpiryEntry {
    /// The host's name.
    pub host: Domain,
    /// The U-labels, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_unicode: Option<String>,
    /// The address.
    pub address: IpAddr,
    /// The port; `None` where the policy was fetched, which has only one (RFC 8461 §3.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What the host is for.
    pub role: HostRole,
    /// The leaf's key type.
    pub key_type: String,
    /// How near the end is.
    pub state: RunwayState,
    /// The end of the path: of the element that ends first.
    pub not_after: Timestamp,
    /// Until then, in seconds; negative once it is over.
    pub seconds_left: i64,
    /// Which element decides the state: `the certificate`, or an intermediate by name.
    pub decided_by: String,
    /// The leaf.
    pub leaf: LeafSummary,
    /// Whether a path leads to a root that senders trust, dates and names aside.
    pub trusted: bool,
    /// What the file of `--cert-file` for this host and key type is beside what is served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_disk: Option<OnDisk>,
    /// The domains that this host serves, of those asked about.
    pub domains: Vec<Domain>,
    /// From when on its end is near.
    #[serde(skip)]
    pub bounds: RunwayBounds,
}

/// What a host is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HostRole {
    /// Mail.
    Mx,
    /// The policy.
    PolicyHost,
    /// Asked for by name.
    Host,
}

/// How near the end of a path is; the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RunwayState {
    /// Far.
    Fine,
    /// Renewal is overdue.
    Overdue,
    /// Soon.
    Warning,
    /// Very soon.
    Critical,
    /// It has not begun.
    NotYetValid,
    /// It is over.
    Expired,
}

/// A file on disk beside what is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OnDisk {
    /// The very certificate.
    Same,
    /// The file's began later: renewed, and not reloaded.
    Newer,
    /// The file's began earlier.
    Older,
}

/// A file of `--cert-file`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DiskSummary {
    /// As given.
    pub file: String,
    /// Its first certificate; `None` if that cannot be read.
    pub leaf: Option<LeafSummary>,
    /// How many of the chains looked at are for a host that it names and have a key of its type.
    pub compared: usize,
}

/// A place where no certificate was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unseen {
    /// The host, or the domain whose hosts could not be found out.
    pub host: Domain,
    /// The address; `None` where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// What the host is for.
    pub role: HostRole,
    /// Why, as a sentence without its full stop.
    pub why: String,
    /// Whether this leaves the answer open: nothing else proves the host.
    pub open: bool,
    /// The domains concerned, of those asked about.
    pub domains: Vec<Domain>,
}
