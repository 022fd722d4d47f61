//! MX hosts: the newest list of them, and for each address the newest probe that reached a verdict.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Sources, fill_addresses};
use crate::evidence::runway;
use crate::model::facts::servers::{MxHost, MxSource, Probe};
use crate::model::facts::tls::TlsFacts;
use crate::model::facts::{Der, Facts};
use crate::model::settings::ADDRESS_CAP;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

pub(super) fn merge(sources: &mut Sources<'_>) -> Option<Vec<MxHost>> {
    let hosts = list(sources)?;
    Some(hosts.into_iter().map(|host| host_of(sources, host)).collect())
}

/// The hosts to speak of: of the newest look that could look the MX records up. Hosts that were asked for by name are no MX set: they
/// stand for themselves only where there is nothing else.
fn list(sources: &mut Sources<'_>) -> Option<Vec<MxHost>> {
    let mut fresh: Vec<(usize, &Facts)> = Vec::new();
    for (index, facts) in sources.all.iter().enumerate().filter(|(_, facts)| facts.servers.is_some()) {
        if facts.observed_at >= sources.since {
            fresh.push((index, facts));
        } else {
            sources.too_old(index, "mx");
        }
    }
    let is_set = |facts: &Facts| facts.servers.iter().flatten().all(|host| host.source != MxSource::Asked);
    let is_known = |facts: &Facts| facts.mail.as_ref().is_some_and(|mail| mail.mx.failure().is_none());
    let sets = || fresh.iter().filter(|(_, facts)| is_set(facts));
    if let Some((index, facts)) = sets().find(|(_, facts)| is_known(facts)).or_else(|| sets().next()) {
        sources.gave(*index, "mx");
        return facts.servers.clone();
    }
    let mut hosts: Vec<MxHost> = Vec::new();
    for (_, facts) in &fresh {
        for host in facts.servers.iter().flatten() {
            if !hosts.iter().any(|known| is_same(known, host)) {
                hosts.push(host.clone());
            }
        }
    }
    (!fresh.is_empty()).then_some(hosts)
}

/// Whether two observations are of one host: a host asked for at another port, or with TLS from the start, is another. One without any
/// probe is an MX host as senders see it.
fn is_same(one: &MxHost, other: &MxHost) -> bool {
    let door = |host: &MxHost| host.probes.first().map(|probe| (probe.port, probe.tls_first));
    let same_door = match (door(one), door(other)) {
        (Some(one), Some(other)) => one == other,
        (Some((_, tls_first)), None) | (None, Some((_, tls_first))) => !tls_first,
        (None, None) => true,
    };
    one.name == other.name && same_door
}

fn host_of(sources: &mut Sources<'_>, mut host: MxHost) -> MxHost {
    let all = sources.all;
    let same: Vec<(usize, &MxHost)> = all
        .iter()
        .enumerate()
        .flat_map(|(index, facts)| facts.servers.iter().flatten().map(move |other| (index, other)))
        .filter(|(_, other)| is_same(other, &host))
        .collect();
    let fresh: Vec<&MxHost> = same
        .iter()
        .filter(|(index, _)| all.get(*index).is_some_and(|facts| facts.observed_at >= sources.since))
        .map(|(_, other)| *other)
        .collect();
    fill_addresses(&mut host.addresses, &fresh.iter().map(|other| &other.addresses).collect::<Vec<_>>());
    host.dane = host.dane.or_else(|| fresh.iter().find_map(|other| other.dane.clone()));
    let mut addresses = host.addresses.all();
    host.addresses_left_out = addresses.len().saturating_sub(ADDRESS_CAP);
    addresses.truncate(ADDRESS_CAP);
    host.probes = addresses
        .into_iter()
        .filter_map(|address| {
            let probes = same.iter().flat_map(|(index, other)| other.probes.iter().map(move |probe| (*index, probe)));
            let met = probes.filter(|(_, probe)| probe.address == address).collect();
            probe_of(sources, &host.name, met)
        })
        .collect();
    host
}

/// Of the probes of one address the newest that reached a verdict; if none did, the newest that met something; else the newest.
fn probe_of(sources: &mut Sources<'_>, host: &Domain, mut probes: Vec<(usize, &Probe)>) -> Option<Probe> {
    // Stable: of two at the same time the one of the newer look.
    probes.sort_by_key(|(_, probe)| std::cmp::Reverse(probe.at));
    let since = sources.since;
    let is_fresh = |at: Timestamp| at >= since;
    let met_something = |probe: &Probe| !probe.is_silent() && !probe.is_unasked();
    let extent = |probe: &Probe| (probe.reached_verdict(), met_something(probe));
    let newest = |counts: &dyn Fn(&Probe) -> bool| probes.iter().find(|(_, probe)| is_fresh(probe.at) && counts(probe));
    let (index, chosen) = newest(&Probe::reached_verdict).or_else(|| newest(&met_something)).or_else(|| probes.first()).copied()?;
    let subject = format!("{host} {}", chosen.address);
    sources.gave(index, subject.as_str());
    for (other, probe) in probes {
        if std::ptr::eq(probe, chosen) {
            continue;
        }
        if !is_fresh(probe.at) {
            // That it is not used matters only where it saw more.
            if extent(probe) > extent(chosen) {
                sources.too_old(other, subject.as_str());
            }
        } else if !chosen.speaks_tls() && proves(sources.certificates(other), host, probe) {
            sources.proved(other, subject.as_str());
        }
    }
    Some(chosen.clone())
}

/// Whether a sender could have delivered there under enforce: EHLO inside TLS, and at that time no fault in any certificate.
fn proves(certificates: &BTreeMap<Fingerprint, Der>, host: &Domain, probe: &Probe) -> bool {
    let chains = probe.chains();
    let is_good = |tls: &&TlsFacts| {
        let leaf = tls.chain.first().and_then(|print| runway::read(print, certificates));
        let path = tls.trust.public.as_ref().and_then(|_| tls.trust.path_at(probe.at));
        let lasts = path.is_some_and(|path| path.not_before <= probe.at && probe.at <= path.not_after);
        lasts && tls.signature_problem.is_none() && leaf.is_some_and(|leaf| leaf.is_for(host))
    };
    probe.speaks_tls() && !chains.is_empty() && chains.iter().all(is_good)
}
