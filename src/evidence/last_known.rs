//! What is remembered of places that could not be looked at now: their certificates as an earlier check saw them, and that check.
//!
//! A certificate does not stop ending because its server is silent: whoever watches its end must not lose it with the connection.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::assessment::RunwayPlace;
use crate::model::expiry::{HostRole, LastKnown};
use crate::model::facts::Facts;
use crate::model::facts::servers::MxSource;
use crate::model::finding::{Finding, Outcome};
use crate::model::history::seen::{Kind, Seen};
use crate::model::rule::{Severity, Stage};
use crate::wire::name::Domain;

/// Certificates that earlier checks saw at addresses that are still those of the domain's hosts, and that showed none now. Where the
/// addresses themselves are not known now, all that the host was last seen with.
pub fn certificates(facts: &Facts) -> Vec<LastKnown> {
    let Some(history) = &facts.history else { return Vec::new() };
    let (places, silent) = silent(facts);
    let known = history.of(Kind::Chain).filter_map(|subject| {
        let (place, key_type) = subject.name.rsplit_once(' ')?;
        let (host, address) = place.split_once(' ')?;
        let (role, host) = silent.iter().find(|(_, known)| known.as_str() == host)?;
        let addresses = places.iter().filter(|(known, _)| known == host).map(|(_, address)| address);
        let mut addresses = addresses.peekable();
        if addresses.peek().is_some() && !addresses.any(|(known, shown)| known == address && !shown) {
            return None;
        }
        let newest = subject.current().filter_map(|span| match &span.seen {
            Seen::Chain { certificates, .. } => Some((history.leaf(certificates.first()?)?.not_after, span.last_seen)),
            _ => None,
        });
        let (not_after, seen_at) = newest.min()?;
        let (host, address, key_type) = (host.clone(), address.to_owned(), key_type.to_owned());
        Some(LastKnown { place: RunwayPlace { host, role: *role, address, key_type, seen_at, bounds: None }, not_after })
    });
    known.collect()
}

type Places = Vec<(Domain, (String, bool))>;

/// Every address of the domain's hosts with whether it showed a certificate, and the hosts at which some address did not.
fn silent(facts: &Facts) -> (Places, BTreeSet<(HostRole, Domain)>) {
    let (mut places, mut silent) = (Places::new(), BTreeSet::new());
    for host in facts.servers.iter().flatten().filter(|host| host.source != MxSource::Asked) {
        let shown = host.probes.iter().map(|probe| (host.name.clone(), (probe.address.to_string(), !probe.chains().is_empty())));
        let shown: Places = shown.collect();
        if shown.iter().any(|(_, (_, shown))| !shown) || shown.is_empty() {
            silent.insert((HostRole::Mx, host.name.clone()));
        }
        places.extend(shown);
    }
    if let Some(policy) = &facts.policy {
        let shown = policy.fetches.iter().map(|fetch| (policy.host.clone(), (fetch.address.to_string(), fetch.handshake().is_some())));
        let shown: Places = shown.collect();
        if shown.iter().any(|(_, (_, shown))| !shown) || (shown.is_empty() && !policy.addresses.none()) {
            silent.insert((HostRole::PolicyHost, policy.host.clone()));
        }
        places.extend(shown);
    }
    (places, silent)
}

/// When everything that an answer needs, reports apart, could be looked at for the last time: now, or at a remembered check that saw MX
/// hosts; `None` if never.
pub fn looked_at(facts: &Facts, findings: &[Finding]) -> Option<Timestamp> {
    let open = |finding: &Finding| {
        finding.outcome == Outcome::Undetermined && finding.severity == Severity::Blocker && finding.stage != Stage::Reports
    };
    if !findings.iter().any(open) {
        return Some(facts.observed_at);
    }
    let days = facts.history.iter().flat_map(|history| &history.days);
    days.filter(|day| !day.proven.is_empty() || !day.broken.is_empty()).map(|day| day.last_at).max()
}
