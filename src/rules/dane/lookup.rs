//! Whether a DANE-aware sender can look up what it needs: where it cannot, it holds mail back (RFC 7672 §2.1.2).

use super::LOOKUP_FAILED;
use crate::model::facts::dane::{DaneFacts, Security};
use crate::model::facts::servers::MxHost;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::rule::Severity;
use crate::rules::{Case, observed};

/// Writes `dane-lookup-failed` for one host.
pub(super) fn judge(case: &Case<'_>, host: &MxHost, facts: &DaneFacts, sheet: &mut Sheet) {
    let subject = host.name.as_str();
    match (&facts.records, facts.security, facts.of_addresses) {
        (_, Security::Bogus, _) => bogus(case, host, facts, sheet),
        (Looked::Failed(_), _, Some(Security::Insecure)) => {
            sheet.not_applicable(&LOOKUP_FAILED, subject, "senders do not ask for TLSA records: the host's addresses are not signed");
        }
        // An answer that was too large for us is none that a sender need refuse.
        (Looked::Failed(failure), _, Some(Security::Secure)) if failure.kind != FailureKind::TooLarge => {
            let message = format!("the TLSA lookup for {subject} fails in a signed zone: DANE-aware senders hold mail back");
            let finding = sheet.broken(&LOOKUP_FAILED, subject, message, failed(facts, failure));
            finding.expected(format!("records at {}, or a signed answer that there are none", facts.name));
            finding.found(failure.detail.clone());
            finding.fix(format!("make all name servers of the zone answer for {} TLSA, even if there is no record", facts.name));
        }
        (Looked::Failed(failure), ..) => {
            let message = format!("the TLSA records of {subject} could not be looked up, and whether senders fail at it is not known");
            let finding = sheet.undetermined(&LOOKUP_FAILED, subject, message, failed(facts, failure));
            finding.severity(Severity::Warning).fix("repeat the check with another resolver");
        }
        (Looked::Seen(_), Security::Indeterminate, _) => {
            let message = format!("{subject} has TLSA records, and whether DNSSEC vouches for them could not be told");
            let finding = sheet.undetermined(&LOOKUP_FAILED, subject, message, problem(facts));
            finding.severity(Severity::Warning);
            finding.fix("repeat the check with a resolver that passes DNSSEC signatures on, or say --trust-ad where a resolver of your own validates");
        }
        // That nothing can be told of a denial costs nothing: without records there is no DANE.
        (Looked::Seen(_) | Looked::Absent(_), ..) => sheet.holds(&LOOKUP_FAILED, subject),
    }
}

fn bogus(case: &Case<'_>, host: &MxHost, facts: &DaneFacts, sheet: &mut Sheet) {
    let subject = host.name.as_str();
    let (what, kind) = if facts.of_records == Some(Security::Bogus) {
        match &facts.records {
            Looked::Absent(_) => (format!("the answer that {} has no TLSA record", facts.name), "TLSA"),
            _ => (format!("the TLSA answer of {}", facts.name), "TLSA"),
        }
    } else if facts.of_addresses == Some(Security::Bogus) {
        (format!("the addresses of {subject}"), "addresses")
    } else {
        (format!("the MX records of {}", case.facts.domain), "MX")
    };
    let message = format!("the DNSSEC signatures of {what} do not hold: DANE-aware senders hold mail back");
    let finding = sheet.broken(&LOOKUP_FAILED, subject, message, problem(facts));
    finding
        .expected("signatures that lead to the trust anchor of DNSSEC")
        .found(facts.problem.clone().unwrap_or_else(|| "bogus".to_owned()));
    match &facts.records {
        Looked::Failed(failure) => finding.evidence(failed(facts, failure)),
        Looked::Absent(absence) => finding.evidence(Evidence::new(EvidenceKind::Dns, observed::absent(&facts.name, "TLSA", absence))),
        Looked::Seen(_) => finding,
    };
    finding.fix(format!("sign the zone again ({kind}), and see that the DS record at its parent is for a key that signs it"));
}

fn problem(facts: &DaneFacts) -> Evidence {
    let problem = facts.problem.as_deref().unwrap_or("no reason is known");
    Evidence::new(EvidenceKind::Dns, format!("{} TLSA: {} ({}): {problem}", facts.name, facts.security.as_str(), facts.by))
}

fn failed(facts: &DaneFacts, failure: &Failure) -> Evidence {
    Evidence::new(EvidenceKind::Dns, format!("{} TLSA: {}", facts.name, failure.detail))
}
