//! Whom a host claims to be: its chains by key type and by name, and what comes without SNI.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::lab::ca::Chain;

/// The certificates of a host. A [`Chain`] is one, so is a list of chains of different key types.
#[derive(Clone, Debug)]
pub struct Identity {
    chains: Vec<Arc<CertifiedKey>>,
    by_name: HashMap<String, Arc<CertifiedKey>>,
    without_sni: WithoutSni,
    /// Handshakes so far, where each is served by the next of several servers.
    turn: Option<Arc<AtomicUsize>>,
}

/// What a host does with a client that names no host.
#[derive(Clone, Debug, Default)]
pub enum WithoutSni {
    /// The same as for any other.
    #[default]
    Same,
    /// Presents another chain.
    Other(Box<Chain>),
    /// Aborts the handshake.
    Abort,
}

impl From<Chain> for Identity {
    fn from(chain: Chain) -> Self {
        Self::from(vec![chain])
    }
}

impl From<&Chain> for Identity {
    fn from(chain: &Chain) -> Self {
        Self::from(chain.clone())
    }
}

/// The first chain whose key the client can verify is presented.
impl From<Vec<Chain>> for Identity {
    fn from(chains: Vec<Chain>) -> Self {
        let chains = chains.iter().map(|chain| Arc::new(chain.certified_key())).collect();
        Self { chains, by_name: HashMap::new(), without_sni: WithoutSni::Same, turn: None }
    }
}

impl Identity {
    /// What comes without SNI.
    #[must_use]
    pub fn without_sni(mut self, without_sni: WithoutSni) -> Self {
        self.without_sni = without_sni;
        self
    }

    /// Several servers behind one address, as behind a load balancer: each handshake meets the next of the chains.
    #[must_use]
    pub fn in_turn(mut self) -> Self {
        self.turn = Some(Arc::default());
        self
    }

    /// Presents `chain` to those who ask for `name`; the other chains are for everyone else.
    #[must_use]
    pub fn for_name(mut self, name: &str, chain: &Chain) -> Self {
        self.by_name.insert(name.into(), Arc::new(chain.certified_key()));
        self
    }

    /// What the hand-made servers present, whatever key it has: they never use it.
    pub(super) fn first(&self) -> Option<&CertifiedKey> {
        self.chains.first().map(Arc::as_ref)
    }
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match (hello.server_name(), &self.without_sni) {
            (None, WithoutSni::Abort) => return None,
            (None, WithoutSni::Other(chain)) => return Some(Arc::new(chain.certified_key())),
            (Some(name), _) if self.by_name.contains_key(name) => {
                return self.by_name.get(name).cloned();
            }
            _ => {}
        }
        let usable = |chain: &&Arc<CertifiedKey>| chain.key.choose_scheme(hello.signature_schemes()).is_some();
        if let Some(turn) = &self.turn {
            let next = turn.fetch_add(1, Ordering::Relaxed) % self.chains.len();
            return self.chains.get(next).filter(usable).cloned();
        }
        self.chains.iter().find(usable).cloned()
    }
}
