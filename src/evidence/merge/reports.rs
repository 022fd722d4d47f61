//! Reports of two sources as one: those kept and those given.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::facts::reports::{Report, ReportFacts, ReportPolicy};
use crate::wire::fingerprint::Fingerprint;

/// What both sources say about one domain, each report once. Of two texts of one report the one whose sender is better proven stays,
/// then the one with more failures: a second version must not hide one.
pub fn together(kept: ReportFacts, given: ReportFacts) -> ReportFacts {
    // Saved facts may say any number.
    let mut duplicates = kept.duplicates.saturating_add(given.duplicates);
    let mut by_key: BTreeMap<Key, Report> = BTreeMap::new();
    for report in kept.reports.into_iter().chain(given.reports) {
        match by_key.entry(key(&report)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(report);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                duplicates = duplicates.saturating_add(1);
                if rank(&report) > rank(entry.get()) {
                    entry.insert(report);
                }
            }
        }
    }
    let mut reports: Vec<Report> = by_key.into_values().collect();
    reports.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut facts = ReportFacts {
        sources: [kept.sources, given.sources].concat(),
        files: kept.files.saturating_add(given.files),
        duplicates,
        ignored: kept.ignored.saturating_add(given.ignored),
        other_domains: kept.other_domains.saturating_add(given.other_domains),
        rejected: [kept.rejected, given.rejected].concat(),
        rejected_beside: kept.rejected_beside.saturating_add(given.rejected_beside),
        reports,
        set_aside: [kept.set_aside, given.set_aside].concat(),
        unverified_counted: kept.unverified_counted.saturating_add(given.unverified_counted),
    };
    facts.keep_each_text_once();
    facts
}

/// Reporter, organisation, id (else text) and range: what makes two texts the same report.
type Key = (String, String, Result<String, Fingerprint>, Timestamp, Timestamp);

fn key(report: &Report) -> Key {
    let id = if report.id.is_empty() { Err(report.sha256) } else { Ok(report.id.clone()) };
    (report.reporter.clone(), report.organization.to_lowercase(), id, report.start, report.end)
}

fn rank(report: &Report) -> (u8, u64, Fingerprint) {
    let failures = report.policies.iter().map(ReportPolicy::failures).fold(0, u64::saturating_add);
    (report.authenticity.rank(), failures, report.sha256)
}

fn order(report: &Report) -> (Timestamp, Timestamp, &str, &str, Fingerprint) {
    (report.start, report.end, &report.reporter, &report.id, report.sha256)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::reports::letters::{Letter, facts};
    use crate::model::facts::reports::Authenticity;

    #[test]
    fn counts_of_saved_facts_stop_at_the_largest_number() {
        let mut most = facts([Letter::new("a.example", 1)]);
        (most.files, most.duplicates, most.ignored, most.other_domains) = (u64::MAX, u64::MAX, u64::MAX, u64::MAX);
        (most.rejected_beside, most.unverified_counted) = (usize::MAX, usize::MAX);
        let both = together(most.clone(), most);
        assert_eq!((both.files, both.duplicates, both.ignored, both.other_domains), (u64::MAX, u64::MAX, u64::MAX, u64::MAX));
        assert_eq!((both.rejected_beside, both.unverified_counted), (usize::MAX, usize::MAX));
    }

    #[test]
    fn each_report_is_there_once() {
        let all = together(facts(Letter::daily("a.example", 1..5)), facts(Letter::daily("a.example", 3..8)));
        assert_eq!((all.reports.len(), all.duplicates), (7, 2));
        assert!(all.reports.is_sorted_by_key(|report| report.start));
    }

    #[test]
    fn a_mail_and_a_file_of_the_same_text_count_once() {
        let mut mail = facts([Letter::new("signer.example", 1)]);
        mail.reports[0].authenticity =
            Authenticity::Verified { domain: crate::wire::name::Domain::from_dns("signer.example"), authserv: None };
        let mut file = mail.clone();
        (file.reports[0].reporter, file.reports[0].authenticity) = ("the organisation".to_owned(), Authenticity::Operator);
        for (kept, given) in [(mail.clone(), file.clone()), (file, mail)] {
            let all = together(kept, given);
            assert_eq!((all.reports.len(), all.duplicates, all.reports[0].reporter.as_str()), (1, 1, "signer.example"));
        }
    }

    #[test]
    fn a_proven_sender_goes_before_more_failures_and_those_before_fewer() {
        let mut proven = facts([Letter::new("a.example", 1)]);
        proven.reports[0].authenticity =
            Authenticity::Verified { domain: crate::wire::name::Domain::from_dns("a.example"), authserv: None };
        let failing = || facts([Letter::new("a.example", 1).failed("certificate-expired", "mx1.shop.example", 3)]);
        assert_eq!(together(proven, failing()).reports[0].policies[0].failed, 0);
        assert_eq!(together(facts([Letter::new("a.example", 1)]), failing()).reports[0].policies[0].failed, 3);
        assert_eq!(together(failing(), facts([Letter::new("a.example", 1)])).reports[0].policies[0].failed, 3);
    }
}
