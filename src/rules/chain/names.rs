//! Whether the certificate is for the host that was asked for (RFC 8461 §4.2, RFC 9525 §6.3).

use super::words::{describe, presented};
use super::{Chain, ChainRules};
use crate::model::finding::Sheet;
use crate::wire::certificate::dns_id_matches;

pub(super) fn judge(rules: &ChainRules, chain: &Chain<'_>, sheet: &mut Sheet) {
    let Chain { host, subject, leaf, .. } = chain;
    if leaf.is_for(host) {
        sheet.holds(rules.name, *subject);
        if let Some(rule) = rules.no_san {
            sheet.holds(rule, *subject);
        }
        return;
    }
    let only_cn = leaf.dns_names.is_empty() && leaf.common_name.as_ref().is_some_and(|name| dns_id_matches(name, host));
    if only_cn {
        if rules.no_san.is_some() {
            sheet.not_applicable(rules.name, *subject, "the certificate has no DNS name in its SAN at all");
        }
        let rule = rules.no_san.unwrap_or(rules.name);
        let message = format!("the certificate has the name {host} only in its common name, which senders must not use");
        let finding = sheet.broken(rule, *subject, message, describe(leaf));
        finding.expected(format!("a subject alternative name DNS:{host}")).found(format!("CN={host} and no DNS name in the SAN"));
        finding.fix(format!("issue a new certificate with DNS:{host} in its subject alternative name"));
        return;
    }
    if let Some(rule) = rules.no_san {
        if leaf.dns_names.is_empty() {
            sheet.not_applicable(rule, *subject, "the common name is another name, too");
        } else {
            sheet.holds(rule, *subject);
        }
    }
    let message = match chain.later_match() {
        Some(position) => format!("the certificate for {host} is sent as number {position}; it must come first"),
        None if leaf.dns_names.is_empty() => format!("the certificate has no DNS name in its SAN, so it is not valid for {host}"),
        None => format!("the certificate is not valid for {host}"),
    };
    let finding = sheet.broken(rules.name, *subject, message, describe(leaf));
    finding.expected(format!("a subject alternative name DNS:{host}, or a wildcard for its left-most label")).found(presented(leaf));
    let fix = match chain.later_match() {
        Some(_) => "write the server's own certificate first into the chain file, then the intermediates".to_owned(),
        None => format!("install a certificate that has {host} in its subject alternative name; senders match the name by which they came"),
    };
    finding.fix(fix);
}
