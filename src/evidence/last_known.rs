//! What is remembered of MX hosts that could not be looked at now: their certificates as an earlier check saw them, and that check.
//!
//! A certificate does not stop ending because its server is silent: whoever watches its end must not lose it with the connection. Of
//! policy hosts nothing is remembered here: senders fetch anew, whatever was there before.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::Timestamp;

use super::runway;
use crate::model::assessment::RunwayPlace;
use crate::model::expiry::{HostRole, LastKnown};
use crate::model::facts::Facts;
use crate::model::facts::dns::AddressFacts;
use crate::model::facts::servers::{MxHost, MxSource, OtherKey, Probe};
use crate::model::facts::vantage::Family;
use crate::model::finding::{Finding, Outcome};
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{History, Span, Subject};
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

/// When everything that an answer needs, reports apart, could be looked at for the last time: now, or at the check since which the first of
/// what is missing now is missing; `None` if it never could be, or that is not remembered.
pub fn looked_at(facts: &Facts, findings: &[Finding]) -> Option<Timestamp> {
    let open = |finding: &&Finding| finding.outcome == Outcome::Undetermined && finding.severity == Severity::Blocker;
    let stages: BTreeSet<Stage> = findings.iter().filter(open).map(|finding| finding.stage).collect();
    let history = facts.history.as_ref();
    let looks = stages.into_iter().filter_map(|stage| match stage {
        Stage::Reports => None,
        // The record is looked up anew each time, and not remembered.
        Stage::Record => Some(None),
        Stage::Policy => Some(history.and_then(|history| policy_at(facts, history))),
        Stage::Mx => Some(history.and_then(|history| servers_at(facts, history))),
    });
    looks.chain([Some(facts.observed_at)]).min().flatten()
}

/// When what is missing of the policy now was seen for the last time.
fn policy_at(facts: &Facts, history: &History) -> Option<Timestamp> {
    let policy = facts.policy.as_ref()?;
    let record = policy.txt.answer.failure().map(|_| newest(history, Kind::PolicyRecord, |_| true));
    let served = policy.fetches.iter().any(|fetch| fetch.answered().is_some());
    let host = (!served).then(|| newest(history, Kind::Policy, |_| true));
    record.into_iter().chain(host).min().flatten()
}

/// When what is missing of the MX hosts now was seen for the last time.
fn servers_at(facts: &Facts, history: &History) -> Option<Timestamp> {
    let hosts = facts.servers.iter().flatten().filter(|server| server.source != MxSource::Asked);
    let mut looks: Vec<Option<Timestamp>> = hosts.flat_map(|server| missing_of(server, facts, history)).collect();
    if facts.mail.as_ref().is_none_or(|mail| mail.mx.failure().is_some()) {
        let records: Vec<&Span> = history.of(Kind::Mx).flat_map(Subject::current).collect();
        looks.push(newest(history, Kind::Mx, |_| true));
        for record in records.into_iter().flat_map(|span| match &span.seen {
            Seen::Mx { records } => records.as_slice(),
            _ => &[],
        }) {
            looks.push(newest(history, Kind::Chain, |name| is_under(name, record.exchange.as_str())));
        }
    }
    looks.into_iter().min().flatten()
}

/// For each address of a host that is missing now, and for each lookup of them that failed, when it was seen last.
fn missing_of(server: &MxHost, facts: &Facts, history: &History) -> Vec<Option<Timestamp>> {
    let AddressFacts { v4, v6 } = &server.addresses;
    let lookups = [(v4.failure().is_some(), "A"), (v6.failure().is_some(), "AAAA")].into_iter().filter(|(failed, _)| *failed);
    let lookups = lookups.map(|(_, family)| newest(history, Kind::Address, |name| name == format!("{} {family}", server.name)));
    let reaches = |address: &IpAddr| {
        let family = if address.is_ipv4() { facts.vantage.ipv4 } else { facts.vantage.ipv6 };
        family == Family::Available
    };
    let met = |address: &IpAddr| server.probes.iter().any(|probe| probe.address == *address && probe.reached_verdict());
    let silent = server.addresses.all().into_iter().filter(|address| reaches(address) && !met(address));
    let silent = silent.map(|address| {
        let place = format!("{} {address}", server.name);
        let showed = newest(history, Kind::Chain, |name| is_under(name, &place));
        // One that showed no certificate left no more than a day on which it was seen broken; the day's first check is the safe one.
        let broken = history.days.iter().filter(|day| day.broken.contains(&place)).map(|day| day.first_at).max();
        showed.max(broken)
    });
    lookups.chain(silent).collect()
}

/// The newest look at what of a kind has such a name.
fn newest(history: &History, kind: Kind, is_meant: impl Fn(&str) -> bool) -> Option<Timestamp> {
    history.of(kind).filter(|subject| is_meant(&subject.name)).map(|subject| subject.looked_at).max()
}

/// Whether a name (`HOST ADDRESS KEY-TYPE`) begins with these words.
fn is_under(name: &str, words: &str) -> bool {
    name.strip_prefix(words).is_some_and(|rest| rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::model::facts::dns::{MailFacts, MxRecord, TxtFacts};
    use crate::model::facts::policy::{Fetch, PolicyFacts};
    use crate::model::finding::{Evidence, EvidenceKind, Sheet};
    use crate::model::fixture;
    use crate::model::history::Leaf;
    use crate::model::looked::{Absence, AbsenceKind, Answer, Failure, FailureKind};
    use crate::model::rule::Rule;
    use crate::wire::fingerprint::Fingerprint;
    use crate::wire::smtp::Reply;

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

    /// A run of the 20th: a record that is seen or not, and two addresses of an MX host of which some are silent; after runs of which each
    /// thing was seen last on the day named.
    fn last_success(open: &[&'static Rule], record: bool, silent: &[u8], days: [Option<u8>; 3]) -> Option<String> {
        let domain = Domain::from_dns("shop.example");
        let now = at("2026-03-20T00:00:00Z");
        let mut history = History::nothing(domain.clone());
        let names = [
            (Kind::PolicyRecord, "_mta-sts.shop.example", days[0]),
            (Kind::Chain, "mx.shop.example 192.0.2.1 rsa", days[1]),
            (Kind::Chain, "mx.shop.example 192.0.2.9 rsa", days[2]),
            // An address of before, whose digits go on.
            (Kind::Chain, "mx.shop.example 192.0.2.99 rsa", Some(19)),
        ];
        for (kind, name, day) in names {
            let looked_at = day.map(|day| at(&format!("2026-03-{day:02}T00:00:00Z")));
            history.subjects.extend(looked_at.map(|looked_at| Subject { kind, name: name.to_owned(), looked_at, spans: Vec::new() }));
        }
        let absent = || Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() });
        let fetch = Fetch {
            address: Ipv4Addr::new(192, 0, 2, 3).into(),
            at: now,
            agent: String::new(),
            elapsed_ms: 1,
            connect: Looked::Seen(1),
            tls: None,
            response: Some(Looked::Seen(fixture::served("version: STSv1\n"))),
        };
        let policy = PolicyFacts {
            txt: TxtFacts {
                name: domain.child("_mta-sts"),
                answer: if record { Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() }) } else { failed() },
                elsewhere: Vec::new(),
            },
            host: domain.child("mta-sts"),
            addresses: AddressFacts { v4: absent(), v6: failed() },
            addresses_left_out: 0,
            fetches: vec![fetch],
            by_agent: Vec::new(),
            draft: None,
            pattern_domains: BTreeMap::new(),
            https_witness: None,
        };
        let addresses = vec![Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 9)];
        let probe = |address: &Ipv4Addr| {
            let begun = |connect| Probe::begun((*address).into(), 25, now, connect);
            if silent.contains(&address.octets()[3]) {
                return begun(failed());
            }
            Probe { starttls: Some(Looked::Seen(Reply::new(454, Vec::new()))), ..begun(Looked::Seen(1)) }
        };
        let server = MxHost {
            name: domain.child("mx"),
            source: MxSource::Record,
            preference: None,
            probes: addresses.iter().map(probe).collect(),
            addresses: AddressFacts {
                v4: Looked::Seen(Answer { value: addresses, ttl: 60, via: Vec::new() }),
                v6: Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() }),
            },
            dane: None,
            addresses_left_out: 0,
        };
        let mut facts = Facts::nothing(domain, now, fixture::vantage());
        let mx = Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() });
        facts.mail = Some(MailFacts { mx, mx_total: None, own_addresses: None, parent_policy: None });
        facts.policy = Some(policy);
        facts.servers = Some(vec![server]);
        facts.history = Some(history);
        let mut sheet = Sheet::default();
        for rule in open {
            sheet.undetermined(rule, "it", "could not be looked at", Evidence::new(EvidenceKind::Dns, "no answer"));
        }
        looked_at(&facts, sheet.findings()).map(|at| at.strftime("%d").to_string())
    }

    #[test]
    fn the_last_success_is_of_the_check_since_which_something_is_missing() {
        const fn rule(code: &'static str, stage: Stage) -> Rule {
            Rule { code, stage, severities: &[Severity::Blocker], undetermined: true, title: "", reference: "", page: "" }
        }
        static RECORD: Rule = rule("record", Stage::Record);
        static POLICY: Rule = rule("policy", Stage::Policy);
        static MX: Rule = rule("mx", Stage::Mx);
        static REPORTS: Rule = rule("reports", Stage::Reports);
        let all = [Some(3), Some(5), Some(7)];
        for (what, open, record, silent, days, last) in [
            ("everything was seen", vec![], true, vec![], all, Some("20")),
            ("reports come by themselves", vec![&REPORTS], true, vec![], all, Some("20")),
            ("an address is silent", vec![&MX], true, vec![1], all, Some("05")),
            ("the other is", vec![&MX], true, vec![9], all, Some("07")),
            ("both are", vec![&MX], true, vec![1, 9], all, Some("05")),
            ("one was never seen", vec![&MX], true, vec![1, 9], [Some(3), None, Some(7)], None),
            ("a record does not answer", vec![&POLICY], false, vec![], all, Some("03")),
            ("nor an MX host", vec![&MX, &POLICY], false, vec![9], all, Some("03")),
            ("the record is not remembered", vec![&POLICY], false, vec![], [None, Some(5), Some(7)], None),
            ("it is not known what is missing", vec![&MX], true, vec![], all, None),
            ("a TLS-RPT record is never remembered", vec![&RECORD], true, vec![], all, None),
        ] {
            assert_eq!(last_success(&open, record, &silent, days).as_deref(), last, "{what}");
        }
    }
}
