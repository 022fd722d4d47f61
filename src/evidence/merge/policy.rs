//! The policy: its record and addresses as they could last be looked up, and from each address the newest fetch that reached a
//! verdict.

use std::net::IpAddr;

use super::{Sources, fill, fill_addresses};
use crate::model::facts::policy::{Fetch, PolicyFacts};
use crate::model::settings::ADDRESS_CAP;

pub(super) fn merge(sources: &mut Sources<'_>) -> Option<PolicyFacts> {
    let mut policy = sources.stage("policy", |facts| facts.policy.as_ref(), |_| true)?;
    if policy.draft.is_some() {
        return Some(policy);
    }
    let all = sources.all;
    let published: Vec<(usize, &PolicyFacts)> = all
        .iter()
        .enumerate()
        .filter(|(_, facts)| facts.observed_at >= sources.since)
        .filter_map(|(index, facts)| Some((index, facts.policy.as_ref().filter(|policy| policy.draft.is_none())?)))
        .collect();
    if policy.txt.answer.failure().is_some()
        && let Some((index, seen)) = published.iter().find(|(_, other)| other.txt.answer.failure().is_none())
    {
        policy.txt = seen.txt.clone();
        sources.gave(*index, policy.txt.name.as_str());
    }
    fill_addresses(&mut policy.addresses, &published.iter().map(|(_, other)| &other.addresses).collect::<Vec<_>>());
    policy.fetches = fetches(sources, &policy, &published);
    // Who fetches through a proxy asks no address by itself, so none is left out.
    let by_name = policy.fetches.iter().all(|fetch| fetch.address.is_unspecified());
    policy.addresses_left_out = if by_name { 0 } else { policy.addresses.all().len().saturating_sub(ADDRESS_CAP) };
    if !policy.by_agent.iter().any(Fetch::reached_verdict) {
        let seen = published.iter().find(|(_, other)| other.by_agent.iter().any(Fetch::reached_verdict));
        policy.by_agent = seen.map_or(policy.by_agent, |(_, other)| other.by_agent.clone());
    }
    for (_, other) in &published {
        for (name, looked) in &other.pattern_domains {
            fill(policy.pattern_domains.entry(name.clone()).or_insert_with(|| looked.clone()), [looked]);
        }
    }
    policy.https_witness = policy.https_witness.or_else(|| published.iter().find_map(|(_, other)| other.https_witness.clone()));
    Some(policy)
}

/// One fetch for each address, and the one that a proxy made where no address is better known.
fn fetches(sources: &mut Sources<'_>, policy: &PolicyFacts, published: &[(usize, &PolicyFacts)]) -> Vec<Fetch> {
    let mut addresses = policy.addresses.all();
    addresses.truncate(ADDRESS_CAP);
    let by_proxy = published.iter().flat_map(|(_, other)| &other.fetches).map(|fetch| fetch.address).find(IpAddr::is_unspecified);
    let mut chosen = Vec::new();
    for address in addresses.into_iter().chain(by_proxy) {
        let mut met: Vec<(usize, &Fetch)> = published
            .iter()
            .flat_map(|(index, other)| other.fetches.iter().map(move |fetch| (*index, fetch)))
            .filter(|(_, fetch)| fetch.address == address && fetch.at >= sources.since)
            .collect();
        met.sort_by_key(|(_, fetch)| std::cmp::Reverse(fetch.at));
        let newest = |counts: fn(&Fetch) -> bool| met.iter().find(|(_, fetch)| counts(fetch));
        let chosen_one = newest(Fetch::reached_verdict).or_else(|| newest(met_something)).or_else(|| met.first());
        let Some((index, fetch)) = chosen_one.copied() else { continue };
        // What only a proxy failed to reach is known from the addresses themselves.
        if address.is_unspecified() && !met_something(fetch) && chosen.iter().any(met_something) {
            continue;
        }
        sources.gave(index, format!("{} {}", policy.host, fetch.place()));
        chosen.push(fetch.clone());
    }
    chosen
}

/// Whether the host had any say in it: something came back, or it refused.
fn met_something(fetch: &Fetch) -> bool {
    fetch.connect.failure().is_none_or(|failure| !failure.kind.is_silence())
}
