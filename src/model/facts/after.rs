//! Facts as they would be after a change: the same looks, with one thing of the domain different. Nothing is looked at for it.

use super::Facts;
use super::dns::{MxRecord, TxtRecord};
use super::policy::{Body, Fetch};
use super::servers::{MxHost, MxSource, Probe};
use super::tls::TlsFacts;
use crate::model::change::NewChain;
use crate::model::looked::{Absence, AbsenceKind, Answer, Looked};
use crate::model::settings::POLICY_CAP;
use crate::wire::certificate::Certificate;
use crate::wire::name::Domain;
use crate::wire::tlsa::TlsaRecord;
use crate::wire::version::STS;
use crate::wire::zone;

impl Facts {
    /// With another policy text wherever one was served, and another `_mta-sts` record in the place of the one that counts.
    #[must_use]
    pub fn with_policy(mut self, text: &str, record: &str) -> Self {
        let Some(policy) = &mut self.policy else { return self };
        for fetch in policy.fetches.iter_mut().chain(&mut policy.by_agent) {
            replace_body(fetch, text);
        }
        if let Looked::Seen(answer) = &mut policy.txt.answer {
            let texts: Vec<String> = answer.value.iter().map(TxtRecord::text).collect();
            let counts = STS.only(&texts).map(str::to_owned);
            for known in answer.value.iter_mut().filter(|known| Some(known.text()) == counts) {
                known.strings = vec![record.to_owned()];
            }
        }
        self
    }

    /// The same where the record or the file is missing and is to be put back.
    #[must_use]
    pub fn with_policy_again(mut self, text: &str, record: &str) -> Self {
        let Some(policy) = &mut self.policy else { return self };
        if policy.txt.answer.is_absent() {
            let value = vec![TxtRecord { strings: vec![record.to_owned()] }];
            policy.txt.answer = Looked::Seen(Answer { value, ttl: zone::TTL, via: Vec::new() });
            policy.txt.elsewhere.clear();
        }
        for fetch in policy.fetches.iter_mut().chain(&mut policy.by_agent) {
            if let Some(Looked::Seen(response)) = &mut fetch.response
                && response.status != 200
            {
                (response.status, response.content_type, response.location) = (200, Some("text/plain".to_owned()), None);
            }
        }
        self.with_policy(text, record)
    }

    /// With these MX records more. A host that was only asked about becomes an MX.
    #[must_use]
    pub fn with_mx(mut self, records: &[MxRecord]) -> Self {
        if let Some(mail) = &mut self.mail {
            match &mut mail.mx {
                Looked::Seen(answer) => {
                    for record in records {
                        if !answer.value.iter().any(|known| known.exchange == record.exchange) {
                            answer.value.push(record.clone());
                        }
                    }
                    answer.value.sort();
                }
                Looked::Absent(_) => mail.mx = Looked::Seen(Answer { value: records.to_vec(), ttl: 0, via: Vec::new() }),
                Looked::Failed(_) => {}
            }
        }
        for host in self.servers.iter_mut().flatten().filter(|host| host.source == MxSource::Asked) {
            if let Some(record) = records.iter().find(|record| record.exchange == host.name) {
                host.source = MxSource::Record;
                host.preference = Some(record.preference);
            }
        }
        self
    }

    /// Without the MX records of these hosts, and without the hosts.
    #[must_use]
    pub fn without_mx(mut self, hosts: &[Domain]) -> Self {
        if let Some(mail) = &mut self.mail
            && let Looked::Seen(answer) = &mut mail.mx
        {
            answer.value.retain(|record| !hosts.contains(&record.exchange));
            if answer.value.is_empty() {
                mail.mx = Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() });
            }
        }
        if let Some(servers) = &mut self.servers {
            servers.retain(|host| !hosts.contains(&host.name));
        }
        self
    }

    /// Without the hosts that were only asked about.
    #[must_use]
    pub fn without_asked(mut self) -> Self {
        if let Some(servers) = &mut self.servers {
            servers.retain(|host| host.source != MxSource::Asked);
        }
        self
    }

    /// With a TLSA record of this chain's key beside those that its hosts have: it is published before the chain is served (RFC 7671 §8.1).
    #[must_use]
    pub fn with_keys_of(mut self, new: &NewChain) -> Self {
        let record = new.chain.first().and_then(|leaf| new.certificates.get(leaf)).and_then(|der| TlsaRecord::for_leaf(&der.0));
        let Some(record) = record else { return self };
        for host in self.servers.iter_mut().flatten().filter(|host| new.hosts.contains(&host.name)) {
            if let Some(Looked::Seen(answer)) = host.dane.as_mut().map(|dane| &mut dane.records)
                && !answer.value.contains(&record)
            {
                answer.value.push(record.clone());
            }
        }
        self
    }

    /// With this chain wherever one of its hosts served one with a key of the same type; where none has one, in the place of all.
    #[must_use]
    pub fn with_chain(mut self, new: &NewChain) -> Self {
        let kind = |tls: &TlsFacts, known: &Self| key_kind(known, tls.chain.first());
        let own = new.chain.first().and_then(|leaf| new.certificates.get(leaf)).and_then(|der| Certificate::parse(&der.0).ok());
        let Some(own) = own.map(|leaf| leaf.key.kind) else { return self };
        let before = self.clone();
        for host in self.servers.iter_mut().flatten().filter(|host| new.hosts.contains(&host.name)) {
            let all = !serves(host, |tls| kind(tls, &before) == Some(own));
            for tls in host.probes.iter_mut().flat_map(Probe::chains_mut) {
                if all || kind(tls, &before) == Some(own) {
                    replace_chain(tls, new);
                }
            }
        }
        if let Some(policy) = self.policy.as_mut().filter(|policy| new.hosts.contains(&policy.host)) {
            for fetch in policy.fetches.iter_mut().chain(&mut policy.by_agent) {
                if let Some(Looked::Seen(tls)) = &mut fetch.tls {
                    replace_chain(tls, new);
                }
            }
        }
        self.certificates.extend(new.certificates.iter().map(|(print, der)| (*print, der.clone())));
        self
    }
}

fn replace_body(fetch: &mut Fetch, text: &str) {
    if let Some(Looked::Seen(response)) = &mut fetch.response
        && response.status == 200
    {
        response.too_large = text.len() > POLICY_CAP;
        response.body = Body::new(text.as_bytes());
    }
}

fn serves(host: &MxHost, test: impl Fn(&TlsFacts) -> bool) -> bool {
    host.probes.iter().flat_map(Probe::chains).any(test)
}

fn key_kind(facts: &Facts, leaf: Option<&crate::wire::fingerprint::Fingerprint>) -> Option<&'static str> {
    Certificate::parse(&facts.certificates.get(leaf?)?.0).ok().map(|leaf| leaf.key.kind)
}

fn replace_chain(tls: &mut TlsFacts, new: &NewChain) {
    tls.chain = new.chain.clone();
    tls.trust = new.trust.clone();
    tls.fetched = None;
    // Whether it will be stapled, and signed for with the right key, is seen once it is served.
    tls.stapled = None;
    tls.signature_problem = None;
}
