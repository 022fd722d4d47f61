//! What is remembered of MX hosts that could not be looked at now: their certificates as an earlier check saw them, and that check.
//!
//! A certificate does not stop ending because its server is silent: whoever watches its end must not lose it with the connection. Of
//! policy hosts nothing is remembered here: senders fetch anew, whatever was there before.

use std::net::IpAddr;

use jiff::Timestamp;

use super::runway;
use crate::model::assessment::RunwayPlace;
use crate::model::expiry::{HostRole, LastKnown};
use crate::model::facts::Facts;
use crate::model::facts::servers::{MxHost, MxSource, OtherKey, Probe};
use crate::model::finding::{Finding, Outcome};
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{History, Subject};
use crate::model::looked::Looked;
use crate::model::rule::{Severity, Stage};
use crate::wire::name::Domain;

/// SMTP's own, for an address that was not connected to.
const PORT: u16 = 25;

/// Certificates that earlier checks saw at addresses that are still those of the domain's MX hosts, and that did not show theirs now.
/// Where a lookup failed, what it would have told is what it told last.
pub fn certificates(facts: &Facts) -> Vec<LastKnown> {
    let (Some(history), Some(servers)) = (&facts.history, &facts.servers) else { return Vec::new() };
    let known = history.of(Kind::Chain).filter_map(|subject| {
        let (place, key_type) = subject.name.rsplit_once(' ')?;
        let (host, address) = place.split_once(' ')?;
        let address: IpAddr = address.parse().ok()?;
        let server = servers.iter().find(|server| server.source != MxSource::Asked && server.name.as_str() == host);
        let missed = match server {
            Some(server) => is_missed(facts, server, address, key_type),
            None => is_mx_of_before(facts, history, host),
        };
        if !missed {
            return None;
        }
        let ends = subject.current().filter_map(|span| match &span.seen {
            Seen::Chain { certificates, .. } => Some((history.leaf(certificates.first()?)?.not_after, span.last_seen)),
            _ => None,
        });
        let (not_after, seen_at) = ends.min()?;
        let port = server.and_then(|server| server.probes.first()).map_or(PORT, |probe| probe.port);
        let (host, address, key_type) = (Domain::from_dns(host), address.to_string(), key_type.to_owned());
        Some(LastKnown { place: RunwayPlace { host, role: HostRole::Mx, address, key_type, seen_at, bounds: None }, port, not_after })
    });
    known.collect()
}

/// Whether an address is still the host's, as far as it is known, and did not show a certificate of this key type where it may have one.
fn is_missed(facts: &Facts, server: &MxHost, address: IpAddr, key_type: &str) -> bool {
    let lookup_failed = if address.is_ipv4() { server.addresses.v4.failure().is_some() } else { server.addresses.v6.failure().is_some() };
    let is_there = lookup_failed || server.addresses.all().contains(&address);
    let shows = |probe: &Probe| {
        let chains = probe.chains();
        let mut leaves = chains.iter().filter_map(|tls| runway::read(tls.chain.first()?, &facts.certificates));
        let other_is_open = probe.other_key.as_ref().and_then(OtherKey::unanswered).is_some();
        !chains.is_empty() && (!other_is_open || leaves.any(|leaf| leaf.key.kind == key_type))
    };
    is_there && !server.probes.iter().any(|probe| probe.address == address && shows(probe))
}

/// Where today's MX records could not be looked up, those of before count.
fn is_mx_of_before(facts: &Facts, history: &History, host: &str) -> bool {
    let failed = facts.mail.as_ref().is_some_and(|mail| matches!(mail.mx, Looked::Failed(_)));
    let mut spans = history.of(Kind::Mx).flat_map(Subject::current);
    failed && spans.any(|span| matches!(&span.seen, Seen::Mx { records } if records.iter().any(|record| record.exchange.as_str() == host)))
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

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::model::facts::dns::{AddressFacts, MailFacts, MxRecord};
    use crate::model::fixture;
    use crate::model::history::{Leaf, Span};
    use crate::model::looked::{Absence, AbsenceKind, Answer, Failure, FailureKind};
    use crate::wire::fingerprint::Fingerprint;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn failed<T>() -> Looked<T> {
        Looked::Failed(Failure::new(FailureKind::Timeout, "no answer"))
    }

    /// Seen on the first, with an end on the tenth, at two addresses; what is looked up now is given.
    fn missed(v4: Looked<Answer<Vec<Ipv4Addr>>>, source: MxSource, mx: &Looked<Answer<Vec<MxRecord>>>, looked: bool) -> Vec<String> {
        let (seen_at, print) = (at("2026-03-01T00:00:00Z"), Fingerprint::of(b"leaf"));
        let span = |seen| Span { seen, first_seen: seen_at, last_seen: seen_at };
        let subject = |kind, name: &str, seen| Subject { kind, name: name.to_owned(), looked_at: seen_at, spans: vec![span(seen)] };
        let chain = || Seen::Chain { certificates: vec![print], root: None };
        let record = MxRecord { preference: 10, exchange: Domain::from_dns("mx.shop.example") };
        let mut history = History::nothing(Domain::from_dns("shop.example"));
        history.subjects = vec![
            subject(Kind::Chain, "mx.shop.example 192.0.2.1 rsa", chain()),
            subject(Kind::Chain, "mx.shop.example 192.0.2.9 rsa", chain()),
            subject(Kind::Chain, "gone.shop.example 192.0.2.1 rsa", chain()),
            subject(Kind::Mx, "shop.example", Seen::Mx { records: vec![record] }),
        ];
        let (not_before, not_after) = (seen_at, at("2026-03-10T00:00:00Z"));
        history.leaves.insert(print, Leaf { names: Vec::new(), issuer: String::new(), not_before, not_after });
        let v6 = failed::<Answer<Vec<Ipv6Addr>>>();
        let (name, addresses) = (Domain::from_dns("mx.shop.example"), AddressFacts { v4, v6 });
        let host = MxHost { name, source, preference: None, addresses, probes: Vec::new(), dane: None, addresses_left_out: 0 };
        let mut facts = Facts::nothing(Domain::from_dns("shop.example"), at("2026-03-05T00:00:00Z"), fixture::vantage());
        facts.mail = Some(MailFacts { mx: mx.clone(), mx_total: None, own_addresses: None, parent_policy: None });
        facts.servers = Some(if looked { vec![host] } else { Vec::new() });
        facts.history = Some(history);
        let found = certificates(&facts);
        assert!(found.iter().all(|known| known.not_after == not_after && known.place.seen_at == seen_at));
        found.iter().map(|known| format!("{} {} {}", known.place.host, known.place.address, known.place.key_type)).collect()
    }

    #[test]
    fn what_is_still_the_hosts_and_silent_is_remembered() {
        let address = || Looked::Seen(Answer { value: vec![Ipv4Addr::new(192, 0, 2, 1)], ttl: 60, via: Vec::new() });
        let absent = || Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() });
        let (first, second) = ("mx.shop.example 192.0.2.1 rsa", "mx.shop.example 192.0.2.9 rsa");
        for (what, v4, source, mx, looked, found) in [
            ("one address is left", address(), MxSource::Record, absent(), true, vec![first]),
            ("the addresses are not known", failed(), MxSource::Record, absent(), true, vec![first, second]),
            ("a host that was only asked about", address(), MxSource::Asked, absent(), true, vec![]),
            ("it is no MX host any more", address(), MxSource::Record, absent(), false, vec![]),
            ("which are MX hosts is not known", address(), MxSource::Record, failed(), false, vec![first, second]),
        ] {
            assert_eq!(missed(v4, source, &mx, looked), found, "{what}");
        }
    }
}
