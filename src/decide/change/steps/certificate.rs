//! Another certificate at MX hosts or at the policy host. Where DNSSEC vouches for TLSA records, senders hold the certificate to them
//! before they look at any policy (RFC 8461 §2): the record of the new key comes first.

use crate::decide::change::route::{End, Route};
use crate::decide::change::world::World;
use crate::model::change::NewChain;
use crate::model::facts::Facts;
use crate::model::facts::dane::{DaneFacts, Security, TlsaRecord};
use crate::model::facts::servers::MxHost;
use crate::model::plan::{Action, Publish};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::tlsa::{Judged, Served, judge};
use crate::wire::zone;

pub(super) fn replace(world: &World<'_>, facts: &Facts, new: &NewChain, route: &mut Route<'_, '_>) {
    let served: Vec<bool> = new.hosts.iter().map(|host| serves(facts, host, new)).collect();
    for (host, there) in new.hosts.iter().zip(&served) {
        for server in facts.servers.iter().flatten().filter(|server| server.name == *host) {
            announce(world, facts, (server, *there), new, route);
        }
    }
    for (host, there) in new.hosts.iter().zip(served) {
        let is_policy_host = *host == world.domain().child("mta-sts");
        let step = route.step(
            there,
            format!("put {} in place at every address of {host}, with its key, and have it loaded; keep the old files", new.file),
        );
        step.verify = vec![if is_policy_host {
            format!("stsready policy {}", world.domain())
        } else {
            format!("stsready mx --host {host} --cert-file {}", new.file)
        }];
        step.back = Some("load the old files again: certificates are not cached by senders".to_owned());
    }
}

/// The TLSA record of the new key, and the time until every resolver has it; nothing where one record matches the old certificate and the
/// new one.
fn announce(world: &World<'_>, facts: &Facts, (server, there): (&MxHost, bool), new: &NewChain, route: &mut Route<'_, '_>) {
    let Some((dane, records, ttl)) = server.dane.as_ref().and_then(in_use) else { return };
    let matches = |record: &TlsaRecord, chain: &[Fingerprint]| {
        let der = chain.iter().filter_map(|print| facts.certificates.get(print).or_else(|| new.certificates.get(print)));
        let der: Vec<&[u8]> = der.map(|der| der.0.as_slice()).collect();
        let served = Served { chain: &der, names: &[&server.name, world.domain()], now: world.now };
        matches!(judge(std::slice::from_ref(record), &served), Judged::Match(_))
    };
    let old: Vec<&[Fingerprint]> = server.probes.iter().flat_map(|probe| probe.chains()).map(|tls| tls.chain.as_slice()).collect();
    let announced: Vec<&TlsaRecord> = records.iter().filter(|record| matches(record, &new.chain)).collect();
    if announced.iter().any(|record| old.iter().any(|chain| **chain != *new.chain && matches(record, chain))) {
        return;
    }
    let der = new.chain.first().and_then(|leaf| new.certificates.get(leaf));
    let Some(record) = der.and_then(|der| TlsaRecord::for_leaf(&der.0)) else { return };
    let host = &server.name;
    let step = route.step(
        !announced.is_empty(),
        format!("publish the TLSA record of the new key of {host} beside those that are there: senders that know DANE hold the new certificate to it"),
    );
    step.publish.push(Publish { action: Action::Add, place: "dns".to_owned(), text: zone::tlsa_line_beside(&dane.name, &record) });
    step.verify = vec![format!("dig +short TLSA {}", dane.name)];
    step.back = Some("take the record away again".to_owned());
    let ends = [("twice the TTL of the TLSA records (RFC 7671 §8.1)", End::After(2 * u64::from(ttl.max(zone::TTL))))];
    route.wait("wait until every resolver has the new TLSA record", None, &ends, there);
    route.note(format!("once no address of {host} serves the old key, its TLSA record may go"));
}

/// The records that senders use: those that DNSSEC vouches for.
fn in_use(dane: &DaneFacts) -> Option<(&DaneFacts, &[TlsaRecord], u32)> {
    let answer = dane.records.seen().filter(|_| dane.security == Security::Secure)?;
    let usable = answer.value.iter().any(|record| record.unusable().is_none());
    usable.then_some((dane, answer.value.as_slice(), answer.ttl))
}

/// Whether every address of a host that was reached serves the new leaf.
fn serves(facts: &Facts, host: &Domain, new: &NewChain) -> bool {
    let leaf = new.chain.first();
    let mx = facts.servers.iter().flatten().filter(|server| server.name == *host).flat_map(|server| &server.probes);
    let mx = mx.map(|probe| probe.chains().iter().any(|tls| tls.chain.first() == leaf));
    let policy = facts.policy.iter().filter(|policy| policy.host == *host).flat_map(|policy| &policy.fetches);
    let policy = policy.map(|fetch| fetch.handshake().is_some_and(|tls| tls.chain.first() == leaf));
    let all: Vec<bool> = mx.chain(policy).collect();
    !all.is_empty() && all.into_iter().all(|serves| serves)
}
