//! One server on one address: how it behaves (changeable at any time), whom it claims to be, and what it saw.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, RwLock};

use super::cut::Cut;
use super::tcp::Conn;
use super::tls::Identity;
use super::visits::Visits;

const KEPT: usize = 4096;

/// What a host does with a connection, and what it notes down about one.
pub trait Role: Clone + Send + Sync + Sized + 'static {
    /// The note about one connection (SMTP) or one request (HTTPS).
    type Seen: Clone + Default + Send + 'static;

    /// Serves one connection to its end.
    fn serve(host: Host<Self>, conn: Conn) -> impl Future<Output = io::Result<()>> + Send;
}

/// A handle on a running host; clones are the same host.
pub struct Host<R: Role> {
    shared: Arc<Shared<R>>,
}

struct Shared<R: Role> {
    address: SocketAddr,
    role: RwLock<R>,
    identity: RwLock<Arc<Identity>>,
    visits: Arc<Visits>,
    cut: RwLock<Option<Cut>>,
    seen: Mutex<VecDeque<Note<R::Seen>>>,
}

impl<R: Role> Clone for Host<R> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<R: Role> Host<R> {
    pub(super) fn new(address: SocketAddr, role: R, identity: Identity) -> Self {
        let shared = Shared {
            address,
            role: RwLock::new(role),
            identity: RwLock::new(Arc::new(identity)),
            visits: Arc::default(),
            cut: RwLock::default(),
            seen: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The host's own address.
    pub fn address(&self) -> IpAddr {
        self.shared.address.ip()
    }

    /// Address and port.
    pub fn socket(&self) -> SocketAddr {
        self.shared.address
    }

    /// Behaves so from the next connection on.
    pub fn set(&self, role: R) {
        *self.shared.role.write().unwrap() = role;
    }

    /// Changes part of the behaviour from the next connection on.
    pub fn change(&self, change: impl FnOnce(&mut R)) {
        change(&mut self.shared.role.write().unwrap());
    }

    /// Presents other certificates from the next connection on.
    pub fn set_identity(&self, identity: impl Into<Identity>) {
        *self.shared.identity.write().unwrap() = Arc::new(identity.into());
    }

    /// What it says breaks off so, from the next connection on; `None`: it does not.
    pub fn cut(&self, cut: impl Into<Option<Cut>>) {
        *self.shared.cut.write().unwrap() = cut.into();
    }

    pub(super) fn cut_now(&self) -> Option<Cut> {
        *self.shared.cut.read().unwrap()
    }

    /// The connections so far.
    pub fn visits(&self) -> Arc<Visits> {
        Arc::clone(&self.shared.visits)
    }

    /// The latest 4,096 notes, oldest first.
    pub fn seen(&self) -> Vec<R::Seen> {
        let notes = self.shared.seen.lock().unwrap();
        notes.iter().map(|note| note.0.lock().unwrap().clone()).collect()
    }

    pub(super) fn role(&self) -> R {
        self.shared.role.read().unwrap().clone()
    }

    pub(super) fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.shared.identity.read().unwrap())
    }

    /// Opens a note. It can be read at once: a test must not have to wait for the end of a session.
    pub(super) fn note(&self) -> Note<R::Seen> {
        let note = Note::default();
        let mut notes = self.shared.seen.lock().unwrap();
        if notes.len() == KEPT {
            notes.pop_front();
        }
        notes.push_back(note.clone());
        note
    }
}

/// A note that its connection still writes in.
#[derive(Clone, Default)]
pub(super) struct Note<T>(Arc<Mutex<T>>);

impl<T> Note<T> {
    pub(super) fn write(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.0.lock().unwrap());
    }
}
