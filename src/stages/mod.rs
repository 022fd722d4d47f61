//! Floor 5: one room per stage: look, and put what was seen into facts. Everything that can run side by side does.

pub mod control;
pub mod ground;
pub mod mx;
pub mod policy;
pub mod record;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::facts::Facts;
use crate::model::facts::dns::TxtFacts;
use crate::model::facts::policy::Draft;
use crate::model::facts::tls::TlsFacts;
use crate::model::facts::vantage::Vantage;
use crate::model::looked::Looked;
use crate::net::Clock;
use crate::net::dns::Dns;
use crate::net::dnssec::Dnssec;
use crate::net::https::Fetcher;
use crate::net::issuers::Issuers;
use crate::net::shelf::Shelf;
use crate::net::smtp::Prober;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::host_port::HostPort;
use crate::wire::name::Domain;

/// Which stages to look at.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each stage")]
pub struct Wanted {
    /// Stage 1.
    pub record: bool,
    /// Stage 2.
    pub policy: bool,
    /// A draft in place of what is served.
    pub draft: Option<Draft>,
    /// Stage 3.
    pub mx: bool,
    /// Hosts to probe in place of the MX set (`--host`).
    pub hosts: Vec<HostPort>,
    /// Hosts to probe beside the MX set, whether DNS names them or not.
    pub also: Vec<HostPort>,
    /// Stage 4. Nothing is looked at for it here: whoever asks adds the reports that there are.
    pub reports: bool,
}

/// Everything that looking needs; shared by all domains of a run, so that nothing is asked twice.
#[derive(Debug)]
pub struct Looker {
    /// Names.
    pub dns: Dns,
    /// TLSA records; `None` where they are not to be looked at.
    pub dnssec: Option<Dnssec>,
    /// Policies.
    pub fetcher: Fetcher,
    /// MX hosts.
    pub prober: Prober,
    /// `--fetch-intermediates`: completes chains that lead nowhere.
    pub issuers: Option<Issuers>,
    /// Certificates served anywhere in the run.
    pub shelf: Arc<Shelf>,
    /// From where it is looked.
    pub vantage: Vantage,
    /// A host that is known to answer at port 25, for when no MX host does.
    pub control: Option<control::Control>,
    /// Dates the observations.
    pub clock: Clock,
    /// Policy hosts that answered over HTTPS so far in this run.
    pub answered: Mutex<BTreeSet<Domain>>,
}

impl Looker {
    /// Looks at one domain.
    pub async fn observe(&self, domain: &Domain, wanted: &Wanted) -> Facts {
        let asked_hosts = !wanted.hosts.is_empty();
        let mail = async { if asked_hosts { None } else { Some(mx::mail(self, domain, wanted.policy && wanted.draft.is_none()).await) } };
        let record = async { if wanted.record { Some(record::look(self, domain).await) } else { None } };
        let policy = async { if wanted.policy { Some(policy::look(self, domain, wanted.draft.as_ref()).await) } else { None } };
        let servers = async { if wanted.mx { Some(mx::look(self, domain, &wanted.hosts, &wanted.also).await) } else { None } };
        let (mail, record, policy, servers) = tokio::join!(mail, record, policy, servers);
        let mut vantage = self.vantage.clone();
        if servers.as_deref().is_some_and(control::is_needed) {
            vantage.means.control = control::look(self).await;
        }
        let nothing = Facts::nothing(domain.clone(), (self.clock)(), vantage);
        let mut facts = Facts { mail, record, policy, servers, ..nothing };
        facts.certificates = self.shelf.take_for(&served(&facts));
        facts
    }

    /// Facts of a draft that belongs to no domain: nothing is looked up.
    pub fn draft_alone(&self, draft: Draft) -> Facts {
        let domain = Domain::from_dns("draft");
        let policy = policy::draft_alone(&domain, draft);
        Facts { policy: Some(policy), ..Facts::nothing(domain, (self.clock)(), self.vantage.clone()) }
    }

    /// Completes what these handshakes with `peer` showed, where that was asked for.
    async fn complete<'a>(&self, handshakes: impl Iterator<Item = &'a mut TlsFacts>, peer: IpAddr) {
        let Some(issuers) = &self.issuers else { return };
        for tls in handshakes {
            issuers.complete(&self.dns, tls, peer).await;
        }
    }

    /// Remembers that a policy host answered.
    fn note_answer(&self, host: &Domain) {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).insert(host.clone());
    }

    /// Fills in which other policy host answered, for facts that [`want_witness`]. To be called once all domains are observed: then it
    /// does not depend on which ended first.
    pub fn bear_witness(&self, facts: &mut Facts) {
        let Some(policy) = &mut facts.policy else { return };
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner).first().cloned();
        policy.https_witness = answered.or_else(|| policy.https_witness.take());
    }
}

/// Whether no address of the policy host answered, so that it matters whether HTTPS works from here at all.
pub fn want_witness(facts: &Facts) -> bool {
    facts.policy.as_ref().is_some_and(|policy| !policy.fetches.is_empty() && policy.fetches.iter().all(|fetch| fetch.answered().is_none()))
}

/// Every certificate that these facts speak of.
fn served(facts: &Facts) -> Vec<Fingerprint> {
    let by_policy =
        facts.policy.iter().flat_map(|policy| policy.fetches.iter().chain(&policy.by_agent)).filter_map(|fetch| fetch.handshake());
    let by_mx = facts
        .servers
        .iter()
        .flatten()
        .flat_map(|host| &host.probes)
        .flat_map(|probe| probe.chains().into_iter().chain(probe.without_sni.as_ref().and_then(Looked::seen)));
    let fetched =
        |tls: &TlsFacts| tls.fetched.iter().flat_map(|fetched| &fetched.steps).filter_map(|step| step.outcome.seen().copied()).collect();
    by_policy.chain(by_mx).flat_map(|tls| tls.chain.iter().copied().chain::<Vec<_>>(fetched(tls))).collect()
}

/// Looks up TXT records at `name`; if there are none, looks where people put them by mistake for records that `looks_right`.
async fn txt(dns: &Dns, name: Domain, mistaken: Vec<Domain>, looks_right: fn(&str) -> bool) -> TxtFacts {
    use crate::model::facts::dns::Elsewhere;
    let answer = dns.txt(&name).await;
    let missing = match &answer {
        Looked::Absent(_) => true,
        Looked::Seen(answer) => !answer.value.iter().any(|record| looks_right(&record.text())),
        Looked::Failed(_) => false,
    };
    let mut elsewhere = Vec::new();
    if missing {
        let answers = futures_util::future::join_all(mistaken.iter().map(|name| dns.txt(name))).await;
        for (name, answer) in mistaken.iter().zip(answers) {
            let texts = answer.seen().map(|answer| answer.value.iter().map(crate::model::facts::dns::TxtRecord::text).collect::<Vec<_>>());
            let right = texts.into_iter().flatten().filter(|text| looks_right(text));
            elsewhere.extend(right.map(|text| Elsewhere { name: name.clone(), text }));
        }
    }
    TxtFacts { name, answer, elsewhere }
}
