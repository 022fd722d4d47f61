//! The runway of certificates: when what a server serves stops being valid, and how near that is.
//!
//! In: handshakes with their certificates, a time, thresholds. Out: the element that ends first, how near its end is, and a list of all.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::{SignedDuration, Timestamp};

use crate::model::assessment::{RunwayBounds, RunwayEntry, RunwayPlace};
use crate::model::expiry::{HostRole, RunwayState};
use crate::model::facts::servers::MxSource;
use crate::model::facts::tls::{Path, TlsFacts};
use crate::model::facts::{Der, Facts};
use crate::model::rule::Severity;
use crate::model::settings::{RunwaySettings, Settings, Threshold};
use crate::wire::certificate::Certificate;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// Which threshold a certificate has crossed. Times are parts of its own lifetime, because lifetimes differ and shrink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// Renewal is overdue.
    Overdue,
    /// Soon.
    Warning,
    /// Very soon.
    Critical,
}

/// The path of a handshake, public if there is one, else private.
pub fn path(tls: &TlsFacts) -> Option<&Path> {
    tls.trust.path()
}

/// What is valid only together: the elements of the path that counts at `now`, leaf first; the leaf alone where there is no path.
/// Certificates that are not in the facts or cannot be read are left out.
pub fn elements_at(tls: &TlsFacts, certificates: &BTreeMap<Fingerprint, Der>, now: Timestamp) -> Vec<Certificate> {
    let prints = tls.trust.path_at(now).map_or_else(|| tls.chain.get(..1).unwrap_or_default(), |path| path.certificates.as_slice());
    prints.iter().filter_map(|print| read(print, certificates)).collect()
}

/// A certificate by its fingerprint; `None` if it is not among the facts or cannot be read.
pub fn read(print: &Fingerprint, certificates: &BTreeMap<Fingerprint, Der>) -> Option<Certificate> {
    Certificate::parse(&certificates.get(print)?.0).ok()
}

/// Where the elements of a path stand together at `now`, and which of them decides it; `None` if there are none.
///
/// What is over comes before what has not begun, and that before what ends soon: the nearest crossing counts, not the nearest end, as
/// parts of a lifetime differ from element to element.
pub fn state<'a>(elements: &'a [Certificate], now: Timestamp, settings: &RunwaySettings) -> Option<(RunwayState, &'a Certificate)> {
    let of = |element: &Certificate| {
        if element.not_after < now {
            return RunwayState::Expired;
        }
        if element.not_before > now {
            return RunwayState::NotYetValid;
        }
        match nearness(element, now, settings) {
            Some(Nearness::Critical) => RunwayState::Critical,
            Some(Nearness::Warning) => RunwayState::Warning,
            Some(Nearness::Overdue) => RunwayState::Overdue,
            None => RunwayState::Fine,
        }
    };
    elements.iter().map(|element| (of(element), element)).max_by_key(|(state, element)| (*state, std::cmp::Reverse(element.not_after)))
}

/// The element that ends first.
pub fn first_to_end(elements: &[Certificate]) -> Option<&Certificate> {
    elements.iter().min_by_key(|element| element.not_after)
}

/// How near the end of a certificate is; `None` while it is far, and once it is over.
pub fn nearness(certificate: &Certificate, now: Timestamp, settings: &RunwaySettings) -> Option<Nearness> {
    let left = now.duration_until(certificate.not_after);
    if left < SignedDuration::ZERO {
        return None;
    }
    let lifetime = certificate.not_before.duration_until(certificate.not_after);
    // A threshold of no parts would divide by zero; it is then never crossed.
    let crossed = |threshold: &Threshold| {
        let part = lifetime.as_secs().checked_div(threshold.part).unwrap_or(0);
        left.as_secs() < part && left <= threshold.at_most
    };
    let thresholds =
        [(Nearness::Critical, &settings.critical), (Nearness::Warning, &settings.warning), (Nearness::Overdue, &settings.overdue)];
    thresholds.into_iter().find(|(_, threshold)| crossed(threshold)).map(|(nearness, _)| nearness)
}

/// A span for people: days, or hours under ten days, or minutes under two hours. The sign is left to the sentence around it.
pub fn span(duration: SignedDuration) -> String {
    let seconds = duration.unsigned_abs().as_secs();
    let (number, unit) = match seconds {
        0..7_200 => (seconds / 60, "minute"),
        7_200..864_000 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

/// When each handshake of every MX host and of the policy host ends, soonest first. An end that has passed stays in the list.
pub fn entries(facts: &Facts, settings: &RunwaySettings, now: Timestamp) -> Vec<RunwayEntry> {
    let entry = |served: Served<'_>| {
        let Served { subject, host, role, address, tls } = served;
        let elements = elements_at(tls, &facts.certificates, now);
        let not_after = first_to_end(&elements)?.not_after;
        let sha256 = *tls.chain.first()?;
        let key_type = read(&sha256, &facts.certificates)?.key.kind.to_owned();
        let (host, seen_at, bounds) = (host.clone(), facts.observed_at, bounds(&elements, settings));
        let place = RunwayPlace { host, role, address, key_type, seen_at, bounds };
        Some(RunwayEntry { subject, not_after, seconds_left: now.duration_until(not_after).as_secs(), sha256, place })
    };
    let mut entries: Vec<RunwayEntry> = handshakes(facts).filter_map(entry).collect();
    entries.sort_by(|one, other| (one.not_after, &one.subject).cmp(&(other.not_after, &other.subject)));
    entries
}

/// From when on the end of a path is near, by whichever of its elements comes first; `None` if there are none.
pub fn bounds(elements: &[Certificate], settings: &RunwaySettings) -> Option<RunwayBounds> {
    let first = |threshold: &Threshold| elements.iter().filter_map(|element| crossing(element, threshold)).min();
    Some(RunwayBounds { warning: first(&settings.warning)?, critical: first(&settings.critical)? })
}

/// When a threshold is crossed.
fn crossing(element: &Certificate, threshold: &Threshold) -> Option<Timestamp> {
    let lifetime = element.not_before.duration_until(element.not_after).as_secs();
    let part = SignedDuration::from_secs(lifetime.checked_div(threshold.part).unwrap_or(0));
    element.not_after.checked_sub(part.min(threshold.at_most)).ok()
}

/// The instants at which the judgement of any served certificate changes, with the severity from then on: each threshold, and the end.
pub fn thresholds(facts: &Facts, settings: &Settings, now: Timestamp) -> Vec<(Severity, Timestamp)> {
    let runway = &settings.runway;
    let crossings = |element: Certificate| {
        let end = element.not_after;
        let near = [(Severity::Advice, &runway.overdue), (Severity::Warning, &runway.warning), (Severity::Blocker, &runway.critical)];
        let near = near.into_iter().filter_map(move |(severity, threshold)| Some((severity, crossing(&element, threshold)?)));
        near.chain([(Severity::Blocker, end)])
    };
    handshakes(facts).flat_map(|served| elements_at(served.tls, &facts.certificates, now)).flat_map(crossings).collect()
}

/// A handshake that served a certificate.
struct Served<'a> {
    subject: String,
    host: &'a Domain,
    role: HostRole,
    /// Or the proxy.
    address: String,
    tls: &'a TlsFacts,
}

/// Every handshake that served a certificate: at MX hosts, then at the policy host.
fn handshakes<'a>(facts: &'a Facts) -> impl Iterator<Item = Served<'a>> {
    let served = move |host: &'a Domain, role, address: String, chains| {
        let named = subjects(host.as_str(), &address, chains, &facts.certificates);
        named.into_iter().map(move |(subject, tls)| Served { subject, host, role, address: address.clone(), tls })
    };
    let servers = facts.servers.iter().flatten();
    let servers = servers.flat_map(move |host| {
        let role = if host.source == MxSource::Asked { HostRole::Host } else { HostRole::Mx };
        host.probes.iter().flat_map(move |probe| served(&host.name, role, probe.address.to_string(), probe.chains()))
    });
    let policy = facts.policy.iter().flat_map(move |policy| {
        let role = HostRole::PolicyHost;
        policy.fetches.iter().flat_map(move |fetch| served(&policy.host, role, fetch.place(), fetch.handshake().into_iter().collect()))
    });
    servers.chain(policy)
}

/// The chains of one place, an address or a proxy, with their subjects. Where several servers behind it have keys of one type, the later ones are told
/// apart by the beginning of their fingerprint.
pub fn subjects<'a>(
    host: &str,
    place: impl Display,
    chains: Vec<&'a TlsFacts>,
    certificates: &BTreeMap<Fingerprint, Der>,
) -> Vec<(String, &'a TlsFacts)> {
    let mut named: Vec<(String, &TlsFacts)> = Vec::with_capacity(chains.len());
    for tls in chains {
        let mut name = subject(host, &place, tls, certificates);
        if named.iter().any(|(known, _)| *known == name)
            && let Some(print) = tls.chain.first()
        {
            name.push(' ');
            name.extend(print.to_string().chars().take(8));
        }
        named.push((name, tls));
    }
    named
}

/// What a served chain is called everywhere: host, address and the leaf's key type, as in `mx1.example.com 192.0.2.1 rsa`.
pub fn subject(host: &str, place: impl Display, tls: &TlsFacts, certificates: &BTreeMap<Fingerprint, Der>) -> String {
    let leaf = tls.chain.first().and_then(|print| read(print, certificates));
    format!("{host} {place} {}", leaf.map_or("unreadable", |leaf| leaf.key.kind))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    const DAY: i64 = 86_400;

    fn lasting(days: i64) -> (Certificate, Timestamp) {
        let begin = Timestamp::from_second(1_760_000_000).unwrap();
        let mut params = CertificateParams::new(vec!["mx1.example.com".to_owned()]).unwrap();
        params.not_before = time::OffsetDateTime::from_unix_timestamp(begin.as_second()).unwrap();
        params.not_after = time::OffsetDateTime::from_unix_timestamp(begin.as_second() + days * DAY).unwrap();
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        (Certificate::parse(der.der()).unwrap(), begin + SignedDuration::from_hours(24 * days))
    }

    #[test]
    fn thresholds_are_parts_of_the_lifetime_and_bounded() {
        use Nearness::{Critical, Overdue, Warning};
        let settings = Settings::default().runway;
        for (lifetime, table) in [
            (
                90,
                &[
                    (31, None),
                    (30, None),
                    (29, Some(Overdue)),
                    (23, Some(Overdue)),
                    (22, Some(Warning)),
                    (12, Some(Warning)),
                    (11, Some(Critical)),
                    (0, Some(Critical)),
                ][..],
            ),
            (398, &[(132, None), (31, None), (30, Some(Warning)), (14, Some(Critical))]),
            (200, &[(50, None), (31, None), (30, Some(Warning)), (15, Some(Warning)), (14, Some(Critical))]),
            (47, &[(16, None), (15, Some(Overdue)), (11, Some(Warning)), (5, Some(Critical))]),
            (6, &[(3, None), (1, Some(Warning)), (0, Some(Critical))]),
        ] {
            let (certificate, end) = lasting(lifetime);
            for (left, expected) in table {
                let now = end - SignedDuration::from_hours(24 * left);
                assert_eq!(nearness(&certificate, now, &settings), *expected, "{lifetime} days, {left} left");
            }
            assert_eq!(nearness(&certificate, end + SignedDuration::from_secs(1), &settings), None, "over");
        }
    }

    #[test]
    fn the_element_with_the_worst_state_decides_not_the_one_that_ends_first() {
        use RunwayState::{Critical, Expired, Fine, NotYetValid, Overdue, Warning};
        let settings = Settings::default().runway;
        // A year-long intermediate with 13 days left is critical; a week-long leaf with 3 days left is fine.
        let ((long, long_end), (short, short_end)) = (lasting(365), lasting(7));
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        for (elements, now, state, which) in [
            (vec![&short], short_end - days(3), Fine, &short),
            (vec![&short], short_end + days(1), Expired, &short),
            (vec![&short, &long], short_end + days(1), Expired, &short),
            (vec![&short, &long], short_end - days(8), NotYetValid, &short),
            (vec![&long], long_end - days(13), Critical, &long),
            (vec![&long], long_end - days(20), Warning, &long),
            (vec![&long], long_end - days(31), Fine, &long),
        ] {
            let elements: Vec<Certificate> = elements.into_iter().cloned().collect();
            let (found, element) = super::state(&elements, now, &settings).unwrap();
            assert_eq!((found, element.sha256), (state, which.sha256), "{now}");
        }
        let (quarter, end) = lasting(90);
        assert_eq!(super::state(&[quarter], end - days(29), &settings).map(|(state, _)| state), Some(Overdue));
        assert_eq!(super::state(&[], end, &settings), None);
    }

    #[test]
    fn spans_under_ten_days_are_in_hours() {
        for (seconds, text) in [
            (0, "0 minutes"),
            (60, "1 minute"),
            (7_199, "119 minutes"),
            (7_200, "2 hours"),
            (9 * DAY, "216 hours"),
            (10 * DAY - 1, "239 hours"),
            (10 * DAY, "10 days"),
            (-30 * DAY, "30 days"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), text);
        }
    }
}
