//! A certificate whose renewal is overdue beside a policy that senders hold for longer than it lasts: should the renewal fail, they
//! still enforce.

use super::OUTLIVED;
use crate::evidence::runway;
use crate::model::facts::tls::TlsFacts;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::rule::Severity;
use crate::rules::Case;
use crate::rules::chain::describe;
use crate::wire::name::Domain;
use crate::wire::policy::Mode;
use jiff::SignedDuration;

pub(super) fn judge(case: &Case<'_>, subject: &str, host: &Domain, tls: &TlsFacts, sheet: &mut Sheet) {
    let policy = case.policy.as_ref().filter(|policy| policy.mode != Some(Mode::None));
    let Some(max_age) = policy.and_then(|policy| policy.max_age) else {
        return sheet.not_applicable(&OUTLIVED, subject, "there is no policy that senders would hold");
    };
    let elements = runway::elements_at(tls, &case.facts.certificates, case.now);
    let invalid = |now| elements.iter().any(|element| element.not_after < now || element.not_before > now);
    let Some(ends) = runway::first_to_end(&elements).filter(|_| !invalid(case.now)) else {
        return sheet.not_applicable(&OUTLIVED, subject, "the certificate is not valid today");
    };
    let left = case.now.duration_until(ends.not_after);
    let held = SignedDuration::from_secs(i64::try_from(max_age).unwrap_or(i64::MAX));
    let overdue = elements.iter().any(|element| runway::nearness(element, case.now, &case.settings.runway).is_some());
    if !overdue || held <= left {
        return sheet.holds(&OUTLIVED, subject);
    }
    let (left, held) = (runway::span(left), runway::span(held));
    let message = format!("senders may hold the policy for {held}, and the certificate that {host} presents ends in {left}");
    let finding = sheet.broken(&OUTLIVED, subject, message, describe(ends)).severity(Severity::Advice);
    finding.evidence(Evidence::new(EvidenceKind::Policy, format!("max_age: {max_age}")));
    finding.expected("a renewed certificate before a long-lived policy").found(format!("{left} left, max_age {held}"));
    finding.fix("renew the certificate before the switch to enforce: a sender that holds the policy cannot be told otherwise in time");
}
