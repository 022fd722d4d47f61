//! The lab's DNS: one server that answers for every name, as an authoritative and a recursive server in one would.
//!
//! [`Dns`] is the handle that tests hold. Data is in `zone`, signatures in `dnssec`, misbehaviour in `fault` and `forgery`, sockets in `server`.

mod dnssec;
mod fault;
mod forgery;
mod server;
mod zone;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use hickory_proto::rr::rdata::tlsa::{CertUsage, Matching, Selector};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, TLSA, TXT};
use hickory_proto::rr::{Name, RData, RecordType};

pub use self::fault::Fault;
pub use self::forgery::Forgery;
pub(super) use self::server::serve;

use self::dnssec::Keys;
use self::fault::Faults;
use self::zone::Zone;

const DEFAULT_TTL: u32 = 300;
/// Names and types that a test asks for are few; a flood of others is not worth remembering.
const MOST_COUNTED: usize = 65_536;

/// The handle on the zone data: cheap to clone, every change is effective with the next query.
#[derive(Clone)]
pub struct Dns {
    state: Arc<Mutex<State>>,
    ttl: u32,
}

#[derive(Default)]
struct State {
    zone: Zone,
    keys: Keys,
    faults: Faults,
    queries: HashMap<(Name, RecordType), usize>,
}

impl Default for Dns {
    fn default() -> Self {
        Self { state: Arc::default(), ttl: DEFAULT_TTL }
    }
}

impl Dns {
    /// The same zone; records added through this handle have this TTL in seconds.
    #[must_use]
    pub fn with_ttl(&self, ttl: u32) -> Self {
        Self { state: Arc::clone(&self.state), ttl }
    }

    /// Adds an A or AAAA record. `*.` as the first label of any `name` makes a wildcard.
    pub fn address(&self, name: &str, address: IpAddr) {
        self.add(
            name,
            match address {
                IpAddr::V4(v4) => RData::A(A(v4)),
                IpAddr::V6(v6) => RData::AAAA(AAAA(v6)),
            },
        );
    }

    /// Adds an MX record; `.` is the null MX of RFC 7505.
    pub fn mx(&self, name: &str, preference: u16, host: &str) {
        self.add(name, RData::MX(MX::new(preference, fqdn(host))));
    }

    /// Adds 1,000 MX records to `name`, with the hosts `m0.name`, `m1.name`, …: about as many as the 64 KiB of a DNS
    /// message hold. Over UDP they come truncated. Returns their number.
    pub fn mx_flood(&self, name: &str) -> usize {
        const FIT: u16 = 1000;
        for number in 0..FIT {
            self.mx(name, number, &format!("m{number}.{name}"));
        }
        usize::from(FIT)
    }

    /// Adds a TXT record; text over 255 bytes is split into several strings.
    pub fn txt(&self, name: &str, text: &str) {
        self.txt_strings(name, &text.as_bytes().chunks(255).collect::<Vec<_>>());
    }

    /// Adds one TXT record of exactly these strings.
    pub fn txt_strings(&self, name: &str, strings: &[&[u8]]) {
        self.add(name, RData::TXT(TXT::from_bytes(strings.to_vec())));
    }

    /// Puts one TXT record in the place of those that are there.
    pub fn replace_txt(&self, name: &str, text: &str) {
        self.remove(name, RecordType::TXT);
        self.txt(name, text);
    }

    /// Adds a CNAME record; nothing checks that it is alone or leads anywhere.
    pub fn cname(&self, name: &str, target: &str) {
        self.add(name, RData::CNAME(CNAME(fqdn(target))));
    }

    /// Adds a TLSA record at `name`, such as `_25._tcp.mx1.alpha.test`.
    pub fn tlsa(&self, name: &str, usage: u8, selector: u8, matching: u8, data: Vec<u8>) {
        let (usage, selector, matching) = (CertUsage::from(usage), Selector::from(selector), Matching::from(matching));
        self.add(name, RData::TLSA(TLSA::new(usage, selector, matching, data)));
    }

    /// Adds any record.
    pub fn add(&self, name: &str, data: RData) {
        self.lock().zone.add(fqdn(name), self.ttl, data);
    }

    /// Makes a name exist without any record (an empty non-terminal).
    pub fn exists(&self, name: &str) {
        self.lock().zone.exists(fqdn(name));
    }

    /// Removes the records of one type; the name remains.
    pub fn remove(&self, name: &str, kind: RecordType) {
        self.lock().zone.remove(&fqdn(name), kind);
    }

    /// Removes a name with all its records.
    pub fn remove_name(&self, name: &str) {
        self.lock().zone.remove_name(&fqdn(name));
    }

    /// Declares a zone signed: answers for names in it say "authentic data" to those who ask (AD or DO bit).
    pub fn signed(&self, zone: &str) {
        self.lock().zone.sign(fqdn(zone));
    }

    /// Signs a registered domain such as `alpha.test`; the root and `test.` are signed from the start.
    pub fn sign(&self, zone: &str) {
        self.lock().keys.sign(fqdn(zone));
    }

    /// Signs a registered domain without a DS record at its parent: an island that no validator reaches.
    pub fn sign_alone(&self, zone: &str) {
        self.lock().keys.sign_alone(fqdn(zone));
    }

    /// From now on the resolver passes signatures on and checks none: no AD bit.
    pub fn without_validation(&self) {
        self.lock().keys.validates = false;
    }

    /// The root's key, for `--trust-anchor`.
    pub fn trust_anchor(&self) -> String {
        self.lock().keys.anchor()
    }

    /// Misbehaves for every query for `name`, and for names whose CNAME leads there.
    pub fn fault(&self, name: &str, fault: Fault) {
        self.lock().faults.set(fqdn(name), None, fault);
    }

    /// Misbehaves for one type of `name`.
    pub fn fault_on(&self, name: &str, kind: RecordType, fault: Fault) {
        self.lock().faults.set(fqdn(name), Some(kind), fault);
    }

    /// Misbehaves for every query whatsoever.
    pub fn fault_everywhere(&self, fault: Fault) {
        self.lock().faults.set_everywhere(Some(fault));
    }

    /// Takes back the faults of `name`, and the one for everything.
    pub fn heal(&self, name: &str) {
        let mut state = self.lock();
        state.faults.clear(&fqdn(name));
        state.faults.set_everywhere(None);
    }

    /// How often `name` was asked for with this type.
    pub fn queries(&self, name: &str, kind: RecordType) -> usize {
        self.lock().queries.get(&(fqdn(name), kind)).copied().unwrap_or(0)
    }

    /// All queries so far.
    pub fn all_queries(&self) -> usize {
        self.lock().queries.values().sum()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn count(&mut self, name: &Name, kind: RecordType) {
        if self.queries.len() < MOST_COUNTED {
            *self.queries.entry((name.to_lowercase(), kind)).or_default() += 1;
        }
    }
}

/// The fully qualified, lower-case name.
fn fqdn(name: &str) -> Name {
    let mut name = Name::from_ascii(name).expect("a lab gives valid names").to_lowercase();
    name.set_fqdn(true);
    name
}
