//! Who decides about the record and who about the policy (RFC 8461 §8.2): the CNAMEs of `_mta-sts` against those of `mta-sts`.

use super::DELEGATED;
use crate::model::facts::policy::PolicyFacts;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::Cname;
use crate::model::rule::Severity;
use crate::rules::observed;
use crate::wire::name::Domain;

/// `via` are the CNAMEs on the way to the record that was found.
pub(super) fn judge(facts: &PolicyFacts, via: &[Cname], sheet: &mut Sheet) {
    let subject = facts.txt.name.as_str();
    let Some(target) = via.last().map(|link| &link.target) else { return sheet.holds(&DELEGATED, subject) };
    let host = &facts.host;
    let host_target = facts.addresses.via().last().map(|link| &link.target);
    // A draft is judged before there need be a policy host; a host without addresses is fetch-host-missing.
    let host_is_known = !facts.addresses.all().is_empty();
    let (severity, message) = match host_target {
        Some(other) if organisation(other) != organisation(target) => (
            Severity::Warning,
            format!("{subject} is delegated to {target} and {host} to {other}: one party changes the id and another the policy"),
        ),
        None if host_is_known => {
            (Severity::Warning, format!("{subject} is delegated to {target} and {host} is not: the id changes there and the policy here"))
        }
        Some(_) | None => (Severity::Advice, format!("{subject} is a CNAME to {target}, which is legal")),
    };
    let finding = sheet.broken(&DELEGATED, subject, message, Evidence::new(EvidenceKind::Dns, observed::chain(via)));
    finding.severity(severity).found(format!("a CNAME to {target}"));
    if host_target.is_some() {
        finding.evidence(Evidence::new(EvidenceKind::Dns, observed::chain(facts.addresses.via())));
    }
    if severity == Severity::Warning {
        finding.expected(format!("{subject} and {host} in the same hands")).fix("delegate both names to the same provider, or neither");
    } else {
        finding.expected("the record itself, or a CNAME to a provider that you chose").fix("leave it if the delegation is wanted");
    }
}

fn organisation(name: &Domain) -> Domain {
    name.registered().unwrap_or_else(|| name.clone())
}
