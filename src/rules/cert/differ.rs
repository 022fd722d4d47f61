//! Whether all addresses of an MX host serve the same certificate for each key type: one that was forgotten at a renewal shows here first.
//!
//! A certificate with a fault of its own is left out: its fault is told where it is, and not a second time.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::ADDRESSES_DIFFER;
use crate::evidence::runway;
use crate::model::facts::servers::MxHost;
use crate::model::finding::Sheet;
use crate::model::rule::Severity;
use crate::rules::Case;
use crate::rules::chain::describe;
use crate::wire::certificate::Certificate;

/// End dates further apart are of different renewals.
const FAR_APART: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(super) fn judge(case: &Case<'_>, host: &MxHost, sheet: &mut Sheet) {
    let name = host.name.as_str();
    // By key type: each certificate, with the first place where it was seen.
    let mut kinds: BTreeMap<&'static str, Vec<(String, Certificate)>> = BTreeMap::new();
    let mut places = 0;
    for (probe, tls) in host.probes.iter().flat_map(|probe| probe.chains().into_iter().map(move |tls| (probe, tls))) {
        let der = tls.chain.first().and_then(|print| case.facts.certificates.get(print));
        let Some(leaf) = der.and_then(|der| Certificate::parse(&der.0).ok()) else { continue };
        let in_time = tls.trust.path_at(case.now).is_some_and(|path| path.not_before <= case.now && case.now <= path.not_after);
        let in_time = in_time && tls.trust.public.is_some();
        if !in_time || !leaf.is_for(&host.name) {
            continue;
        }
        places += 1;
        let seen = kinds.entry(leaf.key.kind).or_default();
        if !seen.iter().any(|(_, known)| known.sha256 == leaf.sha256) {
            seen.push((probe.address.to_string(), leaf));
        }
    }
    if places < 2 {
        return sheet.not_applicable(&ADDRESSES_DIFFER, name, "fewer than two certificates without another fault were seen");
    }
    let mut same = true;
    for (kind, seen) in kinds.iter().filter(|(_, seen)| seen.len() > 1) {
        same = false;
        differing(host, kind, seen, sheet);
    }
    if same {
        sheet.holds(&ADDRESSES_DIFFER, name);
    }
}

fn differing(host: &MxHost, kind: &str, seen: &[(String, Certificate)], sheet: &mut Sheet) {
    let ends = || seen.iter().map(|(_, leaf)| leaf.not_after);
    let (Some(first), Some(last), Some(((_, one), others))) = (ends().min(), ends().max(), seen.split_first()) else { return };
    let apart = first.duration_until(last);
    let issuers = others.iter().any(|(_, other)| other.issuer_der != one.issuer_der);
    let (severity, how) = match (apart > FAR_APART, issuers) {
        (true, _) => (Severity::Warning, format!(", whose ends are {} apart", runway::span(apart))),
        (false, true) => (Severity::Warning, " from different CAs".to_owned()),
        (false, false) => (Severity::Advice, String::new()),
    };
    let message = format!("{} presents {} different {kind} certificates{how}", host.name, seen.len());
    let finding = sheet.broken(&ADDRESSES_DIFFER, format!("{} {kind}", host.name), message, describe(one)).severity(severity);
    finding.evidence.extend(others.iter().map(|(_, leaf)| describe(leaf)));
    finding.expected("the same certificate wherever the host is met");
    finding.found(
        seen.iter()
            .map(|(address, leaf)| format!("{address}: until {}, SHA-256 {}", leaf.not_after, leaf.sha256.short()))
            .collect::<Vec<_>>()
            .join("; "),
    );
    finding.fix("let each renewal reach every server behind the name, and reload all of them");
}
