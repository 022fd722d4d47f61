//! A change that is planned: what is to be different, before anything of it was done.

use std::collections::BTreeMap;

use super::facts::Der;
use super::facts::policy::Draft;
use super::facts::tls::Trust;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// From testing to enforce.
    Enforce,
    /// Back to testing.
    Testing,
    /// One more MX host.
    AddMx {
        /// The host.
        host: Domain,
        /// Its preference; behind all others unless given.
        preference: Option<u16>,
    },
    /// An MX host goes.
    RemoveMx {
        /// The host.
        host: Domain,
    },
    /// Another policy.
    Policy(Draft),
    /// Another certificate at some hosts.
    Certificate(Box<NewChain>),
    /// Another provider takes the mail.
    Provider {
        /// The policy as it is to be in the end.
        draft: Draft,
        /// The MX hosts as they are to be in the end.
        hosts: Vec<Domain>,
    },
    /// MTA-STS is given up (RFC 8461 §8.3).
    Leave,
}

/// A chain out of a file, as a server would send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChain {
    /// The file's name as given.
    pub file: String,
    /// Its certificates in their order.
    pub chain: Vec<Fingerprint>,
    /// Their DER.
    pub certificates: BTreeMap<Fingerprint, Der>,
    /// Whom they lead to.
    pub trust: Trust,
    /// The hosts that are to serve it.
    pub hosts: Vec<Domain>,
    /// Whether the private key that the file holds beside it is the leaf's; `None` where there is none, or none that can be read.
    pub key_fits: Option<bool>,
}

impl Change {
    /// As in the command.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Testing => "testing",
            Self::AddMx { .. } => "add-mx",
            Self::RemoveMx { .. } => "remove-mx",
            Self::Policy(_) => "policy",
            Self::Certificate(_) => "certificate",
            Self::Provider { .. } => "provider",
            Self::Leave => "leave",
        }
    }

    /// What it is about, where that is more than the domain.
    pub fn subject(&self) -> Option<String> {
        match self {
            Self::Enforce | Self::Testing | Self::Leave => None,
            Self::AddMx { host, .. } | Self::RemoveMx { host } => Some(host.to_string()),
            Self::Policy(draft) | Self::Provider { draft, .. } => Some(draft.file.clone()),
            Self::Certificate(new) => Some(new.file.clone()),
        }
    }

    /// Hosts that must be seen to work, whether they are in DNS as an MX yet or not.
    pub fn hosts(&self) -> &[Domain] {
        match self {
            Self::AddMx { host, .. } => std::slice::from_ref(host),
            Self::Certificate(new) => &new.hosts,
            Self::Provider { hosts, .. } => hosts,
            Self::Enforce | Self::Testing | Self::RemoveMx { .. } | Self::Policy(_) | Self::Leave => &[],
        }
    }
}
