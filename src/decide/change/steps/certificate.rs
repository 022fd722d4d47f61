//! Another certificate at MX hosts or at the policy host.

use crate::decide::change::route::Route;
use crate::decide::change::world::World;
use crate::model::change::NewChain;
use crate::model::facts::Facts;
use crate::model::facts::dane::Security;
use crate::wire::name::Domain;

pub(super) fn replace(world: &World<'_>, facts: &Facts, new: &NewChain, route: &mut Route<'_, '_>) {
    let served: Vec<bool> = new.hosts.iter().map(|host| serves(facts, host, new)).collect();
    let with_dane = facts.servers.iter().flatten().filter(|host| new.hosts.contains(&host.name));
    for host in
        with_dane.filter(|host| host.dane.as_ref().is_some_and(|dane| dane.security == Security::Secure && dane.records.seen().is_some()))
    {
        route.note(format!(
            "{} has TLSA records: publish the one of the new certificate beside them, and wait for twice their TTL, before the file is loaded",
            host.name
        ));
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
