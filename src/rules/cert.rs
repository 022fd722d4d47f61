//! The family `cert`: the certificate of each MX host, at each of its addresses (RFC 8461 §4.2).

mod on_disk;

use super::chain::{self, ChainRules};
use super::{Case, rule};
use crate::evidence::runway;
use crate::model::facts::servers::MxHost;
use crate::model::finding::Sheet;
use crate::model::rule::Rule;

rule!(EXPIRED, "cert-expired", Mx, [Blocker], false, "a certificate has expired", "RFC 8461 §4.2");
rule!(NOT_YET_VALID, "cert-not-yet-valid", Mx, [Blocker], false, "a certificate is not valid yet", "RFC 8461 §4.2");
rule!(EXPIRING, "cert-expiring", Mx, [Blocker, Warning, Advice], false, "a certificate expires soon", "RFC 8461 §4.2");
rule!(NAME_MISMATCH, "cert-name-mismatch", Mx, [Blocker], false, "the certificate is for another name", "RFC 8461 §4.2, RFC 9525 §6.3");
rule!(NO_SAN, "cert-no-san", Mx, [Blocker], false, "the right name only in the common name", "RFC 8461 §4.2");
rule!(SELF_SIGNED, "cert-self-signed", Mx, [Blocker], false, "the certificate is self-signed", "RFC 8461 §4.2");
rule!(UNTRUSTED, "cert-untrusted", Mx, [Blocker], false, "the certificate leads to no public root", "RFC 8461 §4.2");
rule!(
    CHAIN_INCOMPLETE,
    "cert-chain-incomplete",
    Mx,
    [Blocker],
    false,
    "an intermediate certificate is not sent",
    "RFC 8461 §4.2, RFC 8446 §4.4.2"
);
rule!(PRIVATE_CA, "cert-private-ca", Mx, [Blocker], false, "only a private CA vouches for the certificate", "RFC 8461 §4.2");
rule!(ON_DISK_DIFFERS, "cert-on-disk-differs", Mx, [Warning], false, "a renewed certificate is on disk and not served", "RFC 8461 §4.2");

/// All rules of the family.
pub static RULES: &[&Rule] = &[
    &EXPIRED,
    &NOT_YET_VALID,
    &EXPIRING,
    &NAME_MISMATCH,
    &NO_SAN,
    &SELF_SIGNED,
    &UNTRUSTED,
    &CHAIN_INCOMPLETE,
    &PRIVATE_CA,
    &ON_DISK_DIFFERS,
];

static CHAIN: ChainRules = ChainRules {
    name: &NAME_MISMATCH,
    no_san: Some(&NO_SAN),
    expired: &EXPIRED,
    not_yet_valid: &NOT_YET_VALID,
    expiring: &EXPIRING,
    self_signed: &SELF_SIGNED,
    untrusted: &UNTRUSTED,
    chain_incomplete: &CHAIN_INCOMPLETE,
    private_ca: &PRIVATE_CA,
};

/// Judges every chain served by any MX host; nothing where the servers were not looked at.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    for host in case.facts.servers.iter().flatten() {
        if host.probes.is_empty() {
            CHAIN.not_applicable(host.name.as_str(), "the host has no address", sheet);
        }
        judge_host(case, host, sheet);
        on_disk::judge(case, host, sheet);
    }
}

fn judge_host(case: &Case<'_>, host: &MxHost, sheet: &mut Sheet) {
    for probe in &host.probes {
        let chains = probe.chains();
        if chains.is_empty() {
            let subject = format!("{} {}", host.name, probe.address);
            CHAIN.not_applicable(&subject, "no certificate was seen", sheet);
        }
        for (subject, tls) in runway::subjects(host.name.as_str(), probe.address, chains, &case.facts.certificates) {
            chain::judge(case, &CHAIN, &subject, &host.name, tls, sheet);
        }
    }
}

#[cfg(test)]
mod tests;
