//! Which MX hosts reports tell of by name. Everything else about a host is known from probes alone: totals are not per host, and a bad
//! backup MX shows only when the primary fails (RFC 8461 §8.4).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::entries::is_of_the_future;
use crate::model::facts::reports::{PolicyType, ReportFacts};
use crate::model::settings::EvidenceSettings;
use crate::wire::name::Domain;

/// The hosts that some report of the longest window names: in a failure, or, where no MTA-STS policy was applied, as the host that its
/// sessions were held with (`mx-host`, RFC 8460 §4.4). The patterns of an MTA-STS policy name nobody.
pub fn named_hosts(reports: &ReportFacts, now: Timestamp, settings: &EvidenceSettings) -> BTreeSet<Domain> {
    let first = now.checked_sub(SignedDuration::from_hours(24 * settings.longest_window_days)).unwrap_or(Timestamp::MIN);
    let recent = reports.reports.iter().filter(|report| report.end >= first && !is_of_the_future(report, now));
    let entries = recent.flat_map(|report| &report.policies);
    let mut named = BTreeSet::new();
    for entry in entries {
        named.extend(entry.details.iter().filter(|detail| detail.sessions > 0).filter_map(|detail| detail.mx.clone()));
        if entry.policy_type != PolicyType::Sts {
            named.extend(entry.mx_host.iter().filter_map(|host| Domain::parse(host.trim()).ok()));
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::reports::letters::{Letter, facts, now};
    use crate::model::settings::Settings;

    #[test]
    fn a_host_is_named_by_a_failure_or_by_sessions_without_a_policy() {
        let failing = |ago| Letter::new("a.example", ago).failed("certificate-expired", "mx1.shop.example", 1);
        let mut by_mx_host = facts([Letter::new("b.example", 2).kind(PolicyType::NoPolicyFound), Letter::new("c.example", 2)]);
        for report in &mut by_mx_host.reports {
            report.policies[0].mx_host = vec!["mx2.shop.example".to_owned(), "*.shop.example".to_owned()];
        }
        for (reports, named) in [
            (facts([Letter::new("a.example", 2)]), vec![]),
            (facts([failing(2)]), vec!["mx1.shop.example"]),
            (facts([failing(40)]), vec![]),
            (facts([failing(-3)]), vec![]),
            (by_mx_host, vec!["mx2.shop.example"]),
        ] {
            let found = named_hosts(&reports, now(), &Settings::default().evidence);
            assert_eq!(found.iter().map(Domain::as_str).collect::<Vec<_>>(), named);
        }
    }
}
