//! From when to when the path is valid: the leaf and everything above it that was sent.

use super::words::describe;
use super::{Chain, ChainRules};
use crate::evidence::runway::{self, Nearness};
use crate::model::finding::Sheet;
use crate::model::rule::Severity;
use crate::rules::Case;
use crate::wire::certificate::Certificate;

pub(super) fn judge(case: &Case<'_>, rules: &ChainRules, chain: &Chain<'_>, sheet: &mut Sheet) {
    // Without a path to a root: what was sent, as far as it belongs together.
    let no_path = runway::path(chain.tls).is_none();
    let elements: Vec<&Certificate> = if no_path { chain.belonging() } else { chain.path.iter().collect() };
    let role = |element: &Certificate| chain.role(element);
    let now = case.now;

    let is_leaf = |element: &Certificate| element.sha256 == chain.leaf.sha256;
    let over: Vec<&Certificate> = elements.iter().copied().filter(|element| element.not_after < now).collect();
    // The server's own certificate first: what comes with it is mended with it.
    if let Some(worst) = over.iter().min_by_key(|element| (!is_leaf(element), element.not_after)) {
        let ago = runway::span(worst.not_after.duration_until(now));
        let others: Vec<String> = over.iter().filter(|other| other.sha256 != worst.sha256).map(|other| role(other)).collect();
        let too = match others.as_slice() {
            [] => String::new(),
            [other] => format!(", and so has {other}"),
            others => format!(", and so have {}", others.join(" and ")),
        };
        let message = format!("{} that {} presents expired {ago} ago{too}", role(worst), chain.host);
        let finding = sheet.broken(rules.expired, chain.subject, message, describe(worst));
        finding.expected(format!("valid at {now}")).found(format!("notAfter {}", worst.not_after));
        for other in over.iter().filter(|other| other.sha256 != worst.sha256) {
            finding.evidence(describe(other));
        }
        finding.fix(match (is_leaf(worst), others.is_empty()) {
            (true, true) => "renew the certificate, and reload the server so that it serves the new one",
            (true, false) => "renew the certificate, install it with the chain that the CA delivers with it, and reload the server",
            (false, _) => "install the chain that the CA delivers today; the intermediate in the server's chain file is out of date",
        });
    } else {
        sheet.holds(rules.expired, chain.subject);
    }

    let early: Vec<&Certificate> = elements.iter().copied().filter(|element| element.not_before > now).collect();
    if let Some(worst) = early.iter().max_by_key(|element| element.not_before) {
        let until = runway::span(now.duration_until(worst.not_before));
        let message = format!("{} that {} presents becomes valid only in {until}", role(worst), chain.host);
        let finding = sheet.broken(rules.not_yet_valid, chain.subject, message, describe(worst));
        finding.expected(format!("valid at {now}")).found(format!("notBefore {}", worst.not_before));
        finding.fix("serve the previous certificate until then; if the date is in the past for you, the clock here is wrong");
    } else {
        sheet.holds(rules.not_yet_valid, chain.subject);
    }

    if !over.is_empty() || !early.is_empty() {
        let why = if over.is_empty() { "it is not valid yet" } else { "it has expired" };
        return sheet.not_applicable(rules.expiring, chain.subject, why);
    }
    // The nearest crossing counts, not the nearest end: parts of a lifetime differ from element to element.
    let near = elements.iter().filter_map(|element| Some((runway::nearness(element, now, &case.settings.runway)?, element)));
    let Some((nearness, element)) = near.max_by_key(|(nearness, element)| (*nearness, std::cmp::Reverse(element.not_after))) else {
        return sheet.holds(rules.expiring, chain.subject);
    };
    let left = runway::span(now.duration_until(element.not_after));
    let message = format!("{} that {} presents expires in {left}", role(element), chain.host);
    let lifetime = runway::span(element.not_before.duration_until(element.not_after));
    let finding = sheet.broken(rules.expiring, chain.subject, message, describe(element));
    let (severity, expected) = match nearness {
        Nearness::Critical => (Severity::Blocker, &case.settings.runway.critical),
        Nearness::Warning => (Severity::Warning, &case.settings.runway.warning),
        Nearness::Overdue => (Severity::Advice, &case.settings.runway.overdue),
    };
    finding.severity(severity);
    let bound = runway::span(expected.at_most);
    finding.expected(match expected.part {
        ..=1 => format!("over {bound} left"),
        part => format!("at least 1/{part} of its {lifetime} left, or over {bound}"),
    });
    finding.found(format!("{left} left, until {}", element.not_after));
    finding.fix(if element.sha256 == chain.leaf.sha256 {
        "renew the certificate now, and reload the server so that it serves the new one"
    } else {
        "install the chain that the CA delivers today; an intermediate ends before the certificate does"
    });
}
