//! MX hosts: the newest list of them, and for each address the newest probe that met something.

use jiff::Timestamp;

use super::{Sources, fill_addresses};
use crate::model::facts::Facts;
use crate::model::facts::servers::{MxHost, MxSource, Probe};
use crate::model::settings::ADDRESS_CAP;
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

/// Whether two observations are of one host: a host asked for at another port is another.
fn is_same(one: &MxHost, other: &MxHost) -> bool {
    let port = |host: &MxHost| host.probes.first().map(|probe| probe.port);
    one.name == other.name && (port(one).is_none() || port(other).is_none() || port(one) == port(other))
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

/// Of the probes of one address the newest that met something; if none did, the newest.
fn probe_of(sources: &mut Sources<'_>, host: &Domain, mut probes: Vec<(usize, &Probe)>) -> Option<Probe> {
    // Stable: of two at the same time the one of the newer look.
    probes.sort_by_key(|(_, probe)| std::cmp::Reverse(probe.at));
    let since = sources.since;
    let is_fresh = |at: Timestamp| at >= since;
    let met_something = |probe: &Probe| !probe.is_silent() && !probe.is_unasked();
    let (index, chosen) =
        probes.iter().find(|(_, probe)| is_fresh(probe.at) && met_something(probe)).or_else(|| probes.first()).copied()?;
    let subject = format!("{host} {}", chosen.address);
    sources.gave(index, subject.as_str());
    for (other, probe) in probes {
        if std::ptr::eq(probe, chosen) {
            continue;
        }
        if !is_fresh(probe.at) {
            // That it is not used matters only where it saw more.
            if met_something(probe) && !met_something(chosen) {
                sources.too_old(other, subject.as_str());
            }
        } else if probe.speaks_tls() && !chosen.speaks_tls() {
            sources.proved(other, subject.as_str());
        }
    }
    Some(chosen.clone())
}
