//! What of one check is worth remembering.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::model::facts::dns::MxRecord;
use crate::model::facts::policy::{Body, PolicyFacts};
use crate::model::facts::servers::{MxHost, MxSource, Probe};
use crate::model::facts::tls::TlsFacts;
use crate::model::facts::vantage::Family;
use crate::model::facts::{Der, Facts};
use crate::model::history::Standard;
use crate::model::looked::{Answer, Looked};
use crate::wire::certificate::Certificate;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::policy::{self, Mode};
use crate::wire::sts_record;

/// What about a subject is remembered; says how the subject is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The policies at the policy host (its name).
    Policy,
    /// The `_mta-sts` record (its name).
    PolicyRecord,
    /// The MX records (the domain).
    Mx,
    /// The addresses of an MX host (`HOST A`, `HOST AAAA`).
    Address,
    /// What an address of an MX host showed (`HOST ADDRESS`).
    Server,
    /// The chains that an address of an MX host or of the policy host served (`HOST ADDRESS KEY-TYPE`).
    Chain,
    /// TTLs over an hour (`NAME TYPE`): how long resolvers go on with a record of before.
    Ttl,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Policy, Self::PolicyRecord, Self::Mx, Self::Address, Self::Server, Self::Chain, Self::Ttl];

    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::PolicyRecord => "policy-record",
            Self::Mx => "mx",
            Self::Address => "address",
            Self::Server => "server",
            Self::Chain => "chain",
            Self::Ttl => "ttl",
        }
    }

    /// Whether a value that comes again continues its span: pools of addresses and servers behind one address take turns, and would
    /// otherwise fill the store with every look; so would TTLs, of which a resolver answers what is left.
    pub fn rejoins(self) -> bool {
        matches!(self, Self::Address | Self::Chain | Self::Ttl)
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Seen {
    /// A policy as served with status 200; with an empty text where the policy host answers otherwise or has no address.
    Policy {
        /// Of the bytes as they came.
        sha256: Fingerprint,
        /// As text.
        text: String,
        /// Its mode, if it has a valid one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<String>,
        /// In seconds, if valid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_age: Option<u64>,
    },
    /// A TXT record at `_mta-sts` that is meant to be one.
    PolicyRecord {
        /// The record.
        text: String,
        /// Its id, if valid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// The MX records.
    Mx {
        /// By preference.
        records: Vec<MxRecord>,
    },
    /// An address.
    Address {
        /// The address.
        address: IpAddr,
    },
    /// What a dialogue with an address came to.
    Server {
        /// How far it got.
        showed: Showed,
        /// The TLS version of the handshake.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
    /// A TTL, rounded up to hours doubled: 2, 4, 8 …, a day.
    Ttl {
        /// Hours.
        hours: u32,
    },
    /// A chain.
    Chain {
        /// In the order served; DER in [`super::History::certificates`].
        certificates: Vec<Fingerprint>,
        /// The subject of the root that it leads to, if it leads to one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        root: Option<String>,
    },
}

/// How far a dialogue got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Showed {
    /// EHLO was answered inside TLS.
    SpeaksTls,
    /// The handshake ended well, what followed did not.
    NothingInTls,
    /// The handshake failed.
    HandshakeFailed,
    /// STARTTLS was offered and refused.
    StarttlsRejected,
    /// STARTTLS was not offered.
    NoStarttls,
}

/// One subject, as one check saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What about it.
    pub kind: Kind,
    /// Which; see [`Kind`].
    pub name: String,
    /// All that is there now; empty where it is known that nothing is.
    pub values: Vec<Seen>,
}

/// Takes out of the facts of one check what could be looked at.
pub fn of(facts: &Facts) -> Vec<Look> {
    let mut looks = Looks::default();
    if let Some(mail) = &facts.mail {
        looks.answer(Kind::Mx, facts.domain.to_string(), &mail.mx, |records: &Vec<MxRecord>| {
            let mut records = records.clone();
            records.sort_unstable();
            vec![Seen::Mx { records }]
        });
    }
    if let Some(policy) = &facts.policy {
        looks.policy(policy, &facts.certificates);
    }
    // A host that was only asked about is not the domain's yet.
    for host in facts.servers.iter().flatten().filter(|host| host.source != MxSource::Asked) {
        looks.host(host, &facts.certificates);
    }
    looks.found.into_iter().map(|((kind, name), values)| Look { kind, name, values }).collect()
}

/// What tells one vantage from another, and by which [`Standard`] it looked, in a line; the same on every day.
pub fn vantage(facts: &Facts) -> String {
    let vantage = &facts.vantage;
    let mut parts = vec![format!("helo {}", vantage.helo), format!("resolvers {}", vantage.resolvers.join(","))];
    parts.extend(Standard::of(facts).parts().cloned());
    parts.extend([("IPv4", vantage.ipv4), ("IPv6", vantage.ipv6)].into_iter().filter_map(|(name, family)| match family {
        Family::Available => None,
        Family::NoRoute | Family::SwitchedOff => Some(format!("no {name}")),
    }));
    parts.extend(vantage.means.source.iter().map(|address| format!("from {address}")));
    parts.extend(vantage.means.socks5.iter().chain(&vantage.means.proxy).map(|proxy| format!("by {proxy}")));
    parts.join("; ")
}

type Certificates = BTreeMap<Fingerprint, Der>;

#[derive(Default)]
struct Looks {
    found: BTreeMap<(Kind, String), Vec<Seen>>,
}

impl Looks {
    /// Notes a look, with what it saw; several looks at one subject in a check add up.
    fn note(&mut self, kind: Kind, name: String, values: impl IntoIterator<Item = Seen>) {
        let known = self.found.entry((kind, name)).or_default();
        known.extend(values);
        known.sort_unstable();
        known.dedup();
    }

    /// Notes a DNS answer, or that there is none; nothing where it could not be had.
    fn answer<T>(&mut self, kind: Kind, name: String, looked: &Looked<Answer<T>>, values: impl FnOnce(&T) -> Vec<Seen>) {
        match looked {
            Looked::Seen(answer) => {
                let of = match kind {
                    Kind::PolicyRecord => Some("TXT"),
                    Kind::Mx => Some("MX"),
                    _ => None,
                };
                let hours = hours(answer.ttl).map(|hours| Seen::Ttl { hours });
                if let Some((of, ttl)) = of.zip(hours) {
                    self.note(Kind::Ttl, format!("{name} {of}"), [ttl]);
                }
                self.note(kind, name, values(&answer.value));
            }
            Looked::Absent(_) => self.note(kind, name, []),
            Looked::Failed(_) => {}
        }
    }

    fn policy(&mut self, policy: &PolicyFacts, certificates: &Certificates) {
        let texts = policy.txt.texts();
        self.answer(Kind::PolicyRecord, policy.txt.name.to_string(), &policy.txt.answer, |_| {
            // Others at the name (a verification token, say) are no concern of the rollout.
            let ours = texts.iter().filter(|text| text.trim_start().to_ascii_lowercase().starts_with("v=sts"));
            ours.map(|text| Seen::PolicyRecord { text: text.clone(), id: sts_record::parse(text).id }).collect()
        });
        if policy.fetches.is_empty() && policy.addresses.none() {
            self.note(Kind::Policy, policy.host.to_string(), [no_policy()]);
        }
        for fetch in &policy.fetches {
            if let Some(tls) = fetch.handshake() {
                self.chain(&format!("{} {}", policy.host, fetch.address), tls, certificates);
            }
            if let Some(response) = fetch.answered() {
                // That none is served is a state as well: since when tells how long the last one may be held.
                let served = if response.status == 200 { (!response.too_large).then(|| served(&response.body)) } else { Some(no_policy()) };
                self.note(Kind::Policy, policy.host.to_string(), served);
            }
        }
    }

    fn host(&mut self, host: &MxHost, certificates: &Certificates) {
        self.answer(Kind::Address, format!("{} A", host.name), &host.addresses.v4, |addresses| {
            addresses.iter().map(|address| Seen::Address { address: (*address).into() }).collect()
        });
        self.answer(Kind::Address, format!("{} AAAA", host.name), &host.addresses.v6, |addresses| {
            addresses.iter().map(|address| Seen::Address { address: (*address).into() }).collect()
        });
        for probe in host.probes.iter().filter(|probe| !probe.tls_first) {
            let place = format!("{} {}", host.name, probe.address);
            for tls in probe.chains() {
                self.chain(&place, tls, certificates);
            }
            if let Some(showed) = showed(probe) {
                let version = probe.tls.as_ref().and_then(Looked::seen).map(|tls| tls.version.clone());
                self.note(Kind::Server, place, [Seen::Server { showed, version }]);
            }
        }
    }

    fn chain(&mut self, place: &str, tls: &TlsFacts, certificates: &Certificates) {
        let Some(leaf) = tls.chain.first().and_then(|leaf| certificates.get(leaf)) else { return };
        let key = Certificate::parse(&leaf.0).map_or("other", |leaf| leaf.key.kind);
        let root = tls.trust.path().map(|path| path.root.clone());
        self.note(Kind::Chain, format!("{place} {key}"), [Seen::Chain { certificates: tls.chain.clone(), root }]);
    }
}

fn served(body: &Body) -> Seen {
    let policy = policy::parse(&body.text);
    let mode = policy.mode.map(Mode::as_str).map(str::to_owned);
    Seen::Policy { sha256: body.sha256, text: body.text.clone(), mode, max_age: policy.max_age }
}

/// A TTL over an hour in hours, rounded up to few different values; `None` for a shorter one.
fn hours(ttl: u32) -> Option<u32> {
    const STEPS: [u32; 10] = [2, 4, 8, 16, 24, 48, 96, 192, 384, 768];
    let hours = ttl.div_ceil(3_600);
    (hours > 1).then(|| STEPS.into_iter().find(|step| *step >= hours).unwrap_or(hours))
}

/// What stands for no policy at all (404, a redirect, no policy host): a text that asks nothing.
fn no_policy() -> Seen {
    served(&Body::new(b""))
}

/// How far a dialogue got, where it got far enough to tell.
fn showed(probe: &Probe) -> Option<Showed> {
    if !probe.reached_verdict() {
        return None;
    }
    Some(match (&probe.tls, &probe.starttls) {
        (Some(Looked::Seen(_)), _) if probe.speaks_tls() => Showed::SpeaksTls,
        (Some(Looked::Seen(_)), _) => match &probe.ehlo_after {
            // Silence after the handshake says nothing about the server.
            Some(Looked::Failed(failure)) if failure.kind.is_silence() => return None,
            None => return None,
            Some(_) => Showed::NothingInTls,
        },
        (Some(_), _) => Showed::HandshakeFailed,
        (None, Some(_)) => Showed::StarttlsRejected,
        (None, None) => Showed::NoStarttls,
    })
}
