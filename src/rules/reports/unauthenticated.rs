//! Mailed reports that nothing proves (RFC 8460 §3): set aside, or counted because that was asked for. Either way it is said.

use super::lacking::day;
use super::{UNAUTHENTICATED, counted};
use crate::model::facts::reports::{Authenticity, Report, ReportFacts, SetAside};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};

/// Reporters told one by one.
const TOLD_CAP: usize = 20;

/// Writes the rule, or leaves it to hold.
pub(super) fn write(domain: &str, reports: &ReportFacts, sheet: &mut Sheet) {
    let (aside, trusted) = (&reports.set_aside, reports.unverified_counted);
    let sum =
        |which: fn(&SetAside) -> bool| aside.iter().filter(|aside| which(aside)).fold(0, |sum, aside| aside.reports.saturating_add(sum));
    let (all, failed) = (sum(|_| true), sum(failed));
    let message = match (all, trusted) {
        (0, 0) => return,
        (0, trusted) => {
            let (reports, count) = (counted(trusted, "mailed report", "mailed reports"), if trusted == 1 { "counts" } else { "count" });
            format!("{reports} {count} although nothing proves who wrote them, for that was asked for")
        }
        (all, trusted) => {
            let (reports, counts) = (counted(all, "mailed report", "mailed reports"), if all == 1 { "does" } else { "do" });
            let others = if trusted == 0 { String::new() } else { format!("; {trusted} others do, for that was asked for") };
            format!("{reports} {counts} not count, for nothing proves who wrote them{others}")
        }
    };
    let rows: Vec<Evidence> = worst_first(aside).into_iter().map(row).chain(reports.reports.iter().filter_map(trusted_row)).collect();
    let Some((first, others)) = rows.split_first() else { return };
    let finding = sheet.broken(&UNAUTHENTICATED, domain, message, first.clone());
    finding.expected("mailed reports signed by their submitter (DKIM), with a key that is in DNS when the mail is read").found(format!(
        "{failed} with a wrong signature, {} unsigned or no longer verifiable, {trusted} of these counted",
        (all - failed).saturating_add(trusted as u64)
    ));
    for row in others.iter().take(TOLD_CAP - 1) {
        finding.evidence(row.clone());
    }
    let more = rows.len().saturating_sub(TOLD_CAP);
    if more > 0 {
        finding.evidence(Evidence::new(EvidenceKind::Report, format!("and {more} more")));
    }
    finding.fix(way_out(aside));
}

fn failed(aside: &SetAside) -> bool {
    matches!(aside.authenticity, Authenticity::Failed { .. })
}

/// Wrong signatures first, then the most reports.
fn worst_first(aside: &[SetAside]) -> Vec<&SetAside> {
    let mut all: Vec<&SetAside> = aside.iter().collect();
    all.sort_by(|a, b| failed(b).cmp(&failed(a)).then(b.reports.cmp(&a.reports)).then_with(|| a.reporter.cmp(&b.reporter)));
    all
}

fn row(aside: &SetAside) -> Evidence {
    let (reports, newest) = (counted(aside.reports, "report", "reports"), day(aside.newest));
    let why = why(&aside.authenticity);
    Evidence::at(EvidenceKind::Report, aside.newest, format!("{}: {reports} set aside, the newest about {newest}; {why}", aside.reporter))
}

/// A report that counts on request only.
fn trusted_row(report: &Report) -> Option<Evidence> {
    let Authenticity::Unverifiable { .. } = report.authenticity else { return None };
    let why = why(&report.authenticity);
    Some(Evidence::at(EvidenceKind::Report, report.end, format!("{}: report {} counted; {why}", report.reporter, report.id)))
}

fn why(authenticity: &Authenticity) -> String {
    match authenticity {
        Authenticity::Failed { why } => format!("not authentic: {why}"),
        Authenticity::Unverifiable { why, .. } => format!("not verified: {why}"),
        // Neither is ever set aside.
        Authenticity::Operator | Authenticity::Verified { .. } => "authentic".to_owned(),
    }
}

fn way_out(aside: &[SetAside]) -> &'static str {
    let again = |aside: &SetAside| matches!(aside.authenticity, Authenticity::Unverifiable { again: true, .. });
    if aside.iter().any(again) {
        "some keys could not be asked for in DNS: run stsready reports ingest or fetch once more, which reads such mails again by itself \
         (fetch up to three days after they arrived, later only with --again)"
    } else if !aside.is_empty() && aside.iter().all(failed) {
        "see where the mails are altered on the way to the mailbox (a mailing list, a footer, a filter) and take that out; what is forged \
         needs no more than this"
    } else {
        "read mails when they arrive, while their signatures and keys last (stsready reports fetch --idle, or ingest once a day), or name \
         the server that verified them on receipt: --authserv-id, with which ingest reads such files again by itself, and fetch with --again"
    }
}
