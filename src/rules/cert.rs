//! The family `cert`: the certificate of each MX host, at each of its addresses (RFC 8461 §4.2).

mod differ;
mod on_disk;
mod order;
mod outlived;
mod sni;
mod staple;

use super::chain::{self, ChainRules};
use super::{Case, hosts, rule};
use crate::evidence::runway;
use crate::model::facts::servers::MxHost;
use crate::model::facts::tls::TlsFacts;
use crate::model::finding::Sheet;
use crate::model::rule::Rule;
use crate::wire::certificate::{Certificate, is_sequence};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

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

rule!(WEAK_KEY, "cert-weak-key", Mx, [Blocker], false, "a key is too small", "RFC 8461 §4.2, RFC 9325 §4.5");
rule!(WEAK_SIGNATURE, "cert-weak-signature", Mx, [Blocker], false, "a certificate is signed with SHA-1 or MD5", "RFC 9155, RFC 6151");
rule!(
    CONSTRAINT,
    "cert-constraint",
    Mx,
    [Blocker, Warning],
    false,
    "name constraints or key usage forbid the certificate",
    "RFC 5280 §4.2.1.3, §4.2.1.9, §4.2.1.10, §4.2.1.12"
);
rule!(CHAIN_ORDER, "cert-chain-order", Mx, [Blocker, Warning], false, "the chain is out of order", "RFC 8446 §4.4.2, RFC 5246 §7.4.2");
rule!(MUST_STAPLE, "cert-must-staple", Mx, [Warning], true, "must-staple without a staple", "RFC 7633 §4.2.3");
rule!(
    OUTLIVED,
    "cert-outlived-by-policy",
    Mx,
    [Advice],
    false,
    "the policy is held longer than the certificate lasts",
    "RFC 8461 §3.2, §10.2"
);
rule!(
    ADDRESSES_DIFFER,
    "cert-addresses-differ",
    Mx,
    [Warning, Advice],
    false,
    "one MX host serves different certificates",
    "RFC 8461 §8.4"
);
rule!(SNI_ONLY, "cert-sni-only", Mx, [Warning, Advice], true, "the certificate needs SNI", "RFC 8461 §7.1, RFC 6066 §3");

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
    &WEAK_KEY,
    &WEAK_SIGNATURE,
    &CONSTRAINT,
    &CHAIN_ORDER,
    &MUST_STAPLE,
    &OUTLIVED,
    &ADDRESSES_DIFFER,
    &SNI_ONLY,
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
    weak_key: Some(&WEAK_KEY),
    weak_signature: Some(&WEAK_SIGNATURE),
    constraint: Some(&CONSTRAINT),
};

/// Beside [`CHAIN`], what is asked of each chain of an MX host and of none of a policy host.
static OF_SERVERS: &[&Rule] = &[&CHAIN_ORDER, &MUST_STAPLE, &OUTLIVED];

/// Judges every chain served by any MX host; nothing where the servers were not looked at.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    for host in case.facts.servers.iter().flatten() {
        if host.probes.is_empty() {
            let why = hosts::nothing_probed(host);
            nothing_seen(host.name.as_str(), why, sheet);
            sheet.not_applicable(&SNI_ONLY, host.name.as_str(), why);
        }
        judge_host(case, host, sheet);
        on_disk::judge(case, host, sheet);
    }
}

/// Judges one chain that `host` served, by every rule that is about a chain alone.
pub fn judge_chain(case: &Case<'_>, subject: &str, host: &Domain, tls: &TlsFacts, sheet: &mut Sheet) {
    chain::judge(case, &CHAIN, subject, host, tls, sheet);
    let served = Served::read(case, tls);
    let Some(leaf) = served.leaf() else {
        for rule in OF_SERVERS {
            sheet.not_applicable(rule, subject, "there is no certificate that can be read");
        }
        return;
    };
    order::judge(case, subject, host, tls, &served, sheet);
    staple::judge(subject, host, leaf, tls, sheet);
    outlived::judge(case, subject, host, tls, sheet);
}

fn judge_host(case: &Case<'_>, host: &MxHost, sheet: &mut Sheet) {
    for probe in &host.probes {
        let chains = probe.chains();
        let address = format!("{} {}", host.name, probe.address);
        if chains.is_empty() {
            nothing_seen(&address, "no certificate was seen", sheet);
        }
        sni::judge(case, &address, host, probe, sheet);
        for (subject, tls) in runway::subjects(host.name.as_str(), probe.address, chains, &case.facts.certificates) {
            judge_chain(case, &subject, &host.name, tls, sheet);
        }
    }
    differ::judge(case, host, sheet);
}

fn nothing_seen(subject: &str, why: &str, sheet: &mut Sheet) {
    CHAIN.not_applicable(subject, why, sheet);
    for rule in OF_SERVERS {
        sheet.not_applicable(rule, subject, why);
    }
}

/// A chain as served, in its order.
struct Served {
    /// What cannot be read is `None`; what the facts have lost is left out.
    certificates: Vec<(Fingerprint, Option<Certificate>)>,
    /// What is not even the outer form of a certificate.
    garbled: Vec<Fingerprint>,
    /// The path, leaf first; empty where it leads to no root, public or private.
    path: Vec<Fingerprint>,
}

impl Served {
    fn read(case: &Case<'_>, tls: &TlsFacts) -> Self {
        let known = || tls.chain.iter().filter_map(|print| Some((*print, &case.facts.certificates.get(print)?.0)));
        let garbled = known().filter(|(_, der)| !is_sequence(der)).map(|(print, _)| print).collect();
        let certificates = known().map(|(print, der)| (print, Certificate::parse(der).ok())).collect();
        Self { certificates, garbled, path: runway::path(tls).map(|path| path.certificates.clone()).unwrap_or_default() }
    }

    fn leaf(&self) -> Option<&Certificate> {
        self.certificates.first().and_then(|(_, read)| read.as_ref())
    }
}

#[cfg(test)]
mod tests;
