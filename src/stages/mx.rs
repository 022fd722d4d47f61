//! Stage 3: the MX set, every address of every host, and what a sender meets there; beside it, each host's TLSA records.

use std::net::IpAddr;

use futures_util::future::join_all;

use super::Looker;
use crate::model::facts::dns::{AddressFacts, Elsewhere, MailFacts, MxRecord};
use crate::model::facts::servers::{MxHost, MxSource, Probe};
use crate::model::looked::{Absence, AbsenceKind, Answer, Looked};
use crate::model::settings::{ADDRESS_CAP, MX_CAP};
use crate::net::dnssec;
use crate::net::smtp::Door;
use crate::wire::host_port::HostPort;
use crate::wire::name::Domain;

/// What kind of domain it is for mail; `with_parents` also looks for a parent's policy where this domain has none.
pub(super) async fn mail(looker: &Looker, domain: &Domain, with_parents: bool) -> MailFacts {
    let parent = async { if with_parents { parent_policy(looker, domain).await } else { None } };
    let (mut mx, parent_policy) = tokio::join!(looker.dns.mx(domain), parent);
    let mut mx_total = None;
    if let Looked::Seen(answer) = &mut mx
        && answer.value.len() > MX_CAP
    {
        mx_total = Some(answer.value.len());
        answer.value.truncate(MX_CAP);
    }
    let own_addresses = match &mx {
        Looked::Absent(absence) if absence.kind == AbsenceKind::NoData => Some(looker.dns.addresses(domain).await),
        _ => None,
    };
    MailFacts { mx, mx_total, own_addresses, parent_policy }
}

/// The nearest parent with an `_mta-sts` record, up to the registered domain.
async fn parent_policy(looker: &Looker, domain: &Domain) -> Option<Elsewhere> {
    if !looker.dns.txt(&domain.child("_mta-sts")).await.is_absent() {
        return None;
    }
    let registered = domain.registered()?;
    let mut above = domain.parent();
    while let Some(parent) = above.filter(|parent| parent.is_at_or_below(&registered)) {
        let name = parent.child("_mta-sts");
        let answer = looker.dns.txt(&name).await;
        let text = answer
            .seen()
            .and_then(|answer| answer.value.iter().map(crate::model::facts::dns::TxtRecord::text).find(|text| text.starts_with("v=STSv1")));
        if let Some(text) = text {
            return Some(Elsewhere { name, text });
        }
        above = parent.parent();
    }
    None
}

/// Probes the MX hosts of `domain`, or `asked` in their place; and `also` those that are none.
pub(super) async fn look(looker: &Looker, domain: &Domain, asked: &[HostPort], also: &[HostPort]) -> Vec<MxHost> {
    let one = |target: &HostPort| host(looker, target.clone(), MxSource::Asked, None, None);
    if !asked.is_empty() {
        return join_all(asked.iter().map(one)).await;
    }
    let mut hosts = listed_hosts(looker, domain).await;
    let unlisted = also.iter().filter(|target| !hosts.iter().any(|host| host.name == target.name));
    let unlisted = join_all(unlisted.map(one)).await;
    hosts.extend(unlisted);
    hosts
}

/// Probes the hosts that DNS names for `domain`.
async fn listed_hosts(looker: &Looker, domain: &Domain) -> Vec<MxHost> {
    match looker.dns.mx(domain).await {
        Looked::Seen(answer) => {
            let hosts = listed(answer);
            let named =
                |record: MxRecord| host(looker, HostPort::from(record.exchange), MxSource::Record, Some(record.preference), Some(domain));
            join_all(hosts.into_iter().map(named)).await
        }
        Looked::Absent(absence) if absence.kind == AbsenceKind::NoData => {
            let implicit = host(looker, HostPort::from(domain.clone()), MxSource::Implicit, None, None).await;
            if implicit.addresses.none() { Vec::new() } else { vec![implicit] }
        }
        Looked::Absent(_) | Looked::Failed(_) => Vec::new(),
    }
}

/// Each host once, with its lowest preference; the null MX is no host.
fn listed(answer: Answer<Vec<MxRecord>>) -> Vec<MxRecord> {
    let mut hosts: Vec<MxRecord> = Vec::new();
    for record in answer.value.into_iter().take(MX_CAP) {
        if !record.exchange.is_root() && !hosts.iter().any(|known| known.exchange == record.exchange) {
            hosts.push(record);
        }
    }
    hosts
}

/// Looks at one host; `named_by` is the domain whose MX record names it.
async fn host(looker: &Looker, target: HostPort, source: MxSource, preference: Option<u16>, named_by: Option<&Domain>) -> MxHost {
    fn absent<T>() -> Looked<T> {
        Looked::Absent(Absence { kind: AbsenceKind::NxDomain, via: Vec::new() })
    }
    let door = door(looker, target.port);
    let name = target.name;
    // An address in place of a name has no records, and asking for them would tell nobody anything.
    let addresses = if name.is_address() { AddressFacts { v4: absent(), v6: absent() } } else { looker.dns.addresses(&name).await };
    let mut all = addresses.all();
    let addresses_left_out = all.len().saturating_sub(ADDRESS_CAP);
    all.truncate(ADDRESS_CAP);
    // Without an address nobody asks for TLSA records, nor where no MX host is met.
    let dnssec = looker.dnssec.as_ref().filter(|_| !all.is_empty() && door == looker.prober.door());
    let probes = join_all(all.into_iter().map(|address| probe(looker, &name, address, door)));
    let dane = async {
        match dnssec {
            Some(dnssec) => Some(dnssec.dane(dnssec::Host { name: &name, addresses: &addresses, named_by }).await),
            None => None,
        }
    };
    let (probes, dane) = tokio::join!(probes, dane);
    MxHost { name, source, preference, addresses, probes, dane, addresses_left_out }
}

/// Where a host is met: where MX hosts are, unless another port was given.
fn door(looker: &Looker, port: Option<u16>) -> Door {
    let usual = looker.prober.door();
    match port {
        Some(port) if port != usual.port => Door { port, tls_first: port == looker.fetcher.port || HostPort::begins_with_tls(port) },
        _ => usual,
    }
}

async fn probe(looker: &Looker, name: &Domain, address: IpAddr, door: Door) -> Probe {
    let mut probe = looker.prober.probe_at(name, address, door).await;
    looker.complete(probe.chains_mut(), address).await;
    probe
}
