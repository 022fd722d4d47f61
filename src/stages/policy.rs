//! Stage 2: the `_mta-sts` record, the policy host, and the policy from each of its addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use futures_util::future::join_all;

use super::{Looker, txt};
use crate::model::facts::dns::AddressFacts;
use crate::model::facts::policy::{Draft, Fetch, PolicyFacts};
use crate::model::looked::{Absence, AbsenceKind, Looked};
use crate::model::settings::ADDRESS_CAP;
use crate::net::https::{Agent, BY_PROXY};
use crate::wire::name::Domain;
use crate::wire::policy;
use crate::wire::version::STS;

/// Foreign pattern domains beyond these are not looked up.
const PATTERN_CAP: usize = 16;

/// Looks at the policy of `domain`; with a draft, only at what the draft names.
pub(super) async fn look(looker: &Looker, domain: &Domain, draft: Option<&Draft>) -> PolicyFacts {
    let host = domain.child("mta-sts");
    let mut facts = if draft.is_some() { unpublished(domain, host) } else { published(looker, domain, host).await };
    facts.draft = draft.cloned();
    let text = draft
        .map(|draft| draft.body.text.as_str())
        .or_else(|| facts.fetches.iter().find_map(|fetch| Some(fetch.answered()?.body.text.as_str())));
    if let Some(text) = text {
        facts.pattern_domains = pattern_domains(looker, domain, text).await;
    }
    facts
}

/// A draft that belongs to no domain.
pub(super) fn draft_alone(domain: &Domain, draft: Draft) -> PolicyFacts {
    PolicyFacts { draft: Some(draft), ..unpublished(domain, domain.child("mta-sts")) }
}

fn unpublished(domain: &Domain, host: Domain) -> PolicyFacts {
    fn absent<T>() -> Looked<T> {
        Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() })
    }
    PolicyFacts {
        txt: crate::model::facts::dns::TxtFacts { name: domain.child("_mta-sts"), answer: absent(), elsewhere: Vec::new() },
        host,
        addresses: AddressFacts { v4: absent(), v6: absent() },
        addresses_left_out: 0,
        fetches: Vec::new(),
        by_agent: Vec::new(),
        draft: None,
        pattern_domains: BTreeMap::new(),
        https_witness: None,
    }
}

async fn published(looker: &Looker, domain: &Domain, host: Domain) -> PolicyFacts {
    let mistaken = vec![domain.clone(), host.clone(), domain.child("_mta_sts")];
    let record = txt(&looker.dns, domain.child("_mta-sts"), mistaken, |text| STS.is_meant_by_record(text));
    let fetched = async {
        let addresses = looker.dns.addresses(&host).await;
        let mut all = addresses.all();
        let left_out = if looker.fetcher.is_by_name() { 0 } else { all.len().saturating_sub(ADDRESS_CAP) };
        all.truncate(ADDRESS_CAP);
        // Where a proxy finds the host for itself, a lookup that failed here is no hindrance; a name that is not there is.
        if looker.fetcher.is_by_name() && !addresses.none() {
            all = vec![BY_PROXY];
        }
        let fetches = join_all(all.iter().map(|address| fetch(looker, &host, *address)));
        let by_agent = by_agent(looker, &host, all.first().copied());
        let (fetches, mut by_agent) = tokio::join!(fetches, by_agent);
        // A browser is played only where mail servers are refused: it tells a bot protection from a missing file.
        let refused = fetches.first().and_then(Fetch::answered).is_some_and(|answer| answer.status >= 400 && answer.status != 404);
        if let (true, Some(first)) = (refused, all.first()) {
            by_agent.push(looker.fetcher.fetch(&host, *first, Agent::Browser).await);
        }
        (addresses, left_out, fetches, by_agent)
    };
    let (txt, (addresses, addresses_left_out, fetches, by_agent)) = tokio::join!(record, fetched);
    if fetches.iter().any(|fetch| fetch.answered().is_some()) {
        looker.note_answer(&host);
    }
    PolicyFacts {
        txt,
        host,
        addresses,
        addresses_left_out,
        fetches,
        by_agent,
        draft: None,
        pattern_domains: BTreeMap::new(),
        https_witness: None,
    }
}

async fn fetch(looker: &Looker, host: &Domain, address: IpAddr) -> Fetch {
    let mut fetch = looker.fetcher.fetch(host, address, Agent::Own).await;
    let served = match &mut fetch.tls {
        Some(Looked::Seen(tls)) => Some(tls),
        _ => None,
    };
    looker.complete(served.into_iter(), address).await;
    fetch
}

async fn by_agent(looker: &Looker, host: &Domain, address: Option<IpAddr>) -> Vec<Fetch> {
    match address {
        Some(address) => vec![looker.fetcher.fetch(host, address, Agent::Sender).await],
        None => Vec::new(),
    }
}

/// Whether the registered domains of patterns that match no live MX exist.
async fn pattern_domains(looker: &Looker, domain: &Domain, text: &str) -> BTreeMap<Domain, Looked<()>> {
    let mx = looker.dns.mx(domain).await;
    let live: Vec<&Domain> = mx.seen().iter().flat_map(|answer| answer.value.iter().map(|record| &record.exchange)).collect();
    let unused = policy::parse(text).mx.into_iter().filter(|pattern| !live.iter().any(|host| pattern.matches(host)));
    let foreign: BTreeSet<Domain> = unused
        .filter_map(|pattern| pattern.domain().registered())
        .filter(|registered| domain.registered().as_ref() != Some(registered))
        .take(PATTERN_CAP)
        .collect();
    let looked = join_all(foreign.iter().map(|registered| looker.dns.exists(registered))).await;
    foreign.into_iter().zip(looked).collect()
}
