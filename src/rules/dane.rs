//! The family `dane`: the TLSA records of each MX host beside MTA-STS (RFC 7672; RFC 8461 §2: a policy must not override them).
//!
//! In: what DNS and DNSSEC said, and the chains served. Nothing here decides: a switch of the policy's mode changes no word of it.

mod lookup;

use std::collections::BTreeSet;

use super::observed::{clip, counted};
use super::{Case, rule};
use crate::evidence::runway;
use crate::model::facts::dane::{DaneFacts, Security, TlsaRecord};
use crate::model::facts::servers::MxHost;
use crate::model::facts::tls::TlsFacts;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::Looked;
use crate::model::rule::{Rule, Severity};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::tlsa::{self, Judged, Served};
use crate::wire::zone;

rule!(MISMATCH, "dane-mismatch", Mx, [Warning], false, "no TLSA record matches the certificate", "RFC 8461 §2, RFC 7672 §3");
rule!(LOOKUP_FAILED, "dane-lookup-failed", Mx, [Warning], false, "the lookup of TLSA records fails", "RFC 7672 §2.1.2");
rule!(INSECURE, "dane-insecure", Mx, [Advice], false, "TLSA records without DNSSEC", "RFC 7672 §2.2");
rule!(PRESENT, "dane-present", Mx, [Advice], false, "DANE-aware senders look at TLSA records first", "RFC 8461 §2");

/// All rules of the family.
pub static RULES: &[&Rule] = &[&MISMATCH, &LOOKUP_FAILED, &INSECURE, &PRESENT];

/// Judges the TLSA records of every MX host; nothing where the servers were not looked at.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    for host in case.facts.servers.iter().flatten() {
        let Some(facts) = &host.dane else {
            none_of(RULES, host, "TLSA records were not looked at", sheet);
            continue;
        };
        lookup::judge(case, host, facts, sheet);
        match &facts.records {
            Looked::Absent(_) => none_of(&[&MISMATCH, &INSECURE, &PRESENT], host, "the host has no TLSA records", sheet),
            Looked::Failed(_) => none_of(&[&MISMATCH, &INSECURE, &PRESENT], host, "the TLSA records could not be looked up", sheet),
            Looked::Seen(answer) => {
                let seen = Seen { case, host, facts, records: &answer.value };
                seen.insecure(sheet);
                seen.mismatch(sheet);
                seen.present(sheet);
            }
        }
    }
}

/// Whether every chain that a host serves matches its TLSA records; `None` without a usable record or without a certificate.
pub fn matches(case: &Case<'_>, host: &MxHost) -> Option<bool> {
    let records = &host.dane.as_ref()?.records.seen()?.value;
    let verdicts = chains(case, host).into_iter().filter_map(|(_, tls)| against(case, host, tls, records));
    let verdicts: Vec<bool> = verdicts
        .filter_map(|judged| match judged {
            Judged::Match(_) => Some(true),
            Judged::Mismatch(_) | Judged::Outranked { .. } => Some(false),
            Judged::NoneUsable => None,
        })
        .collect();
    (!verdicts.is_empty()).then(|| verdicts.into_iter().all(|matches| matches))
}

fn none_of(rules: &[&'static Rule], host: &MxHost, why: &str, sheet: &mut Sheet) {
    for rule in rules {
        sheet.not_applicable(rule, host.name.as_str(), why);
    }
}

/// Every chain of every address, with what it is called.
fn chains<'a>(case: &Case<'a>, host: &'a MxHost) -> Vec<(String, &'a TlsFacts)> {
    let named = |probe: &'a crate::model::facts::servers::Probe| {
        runway::subjects(host.name.as_str(), probe.address, probe.chains(), &case.facts.certificates)
    };
    host.probes.iter().flat_map(named).collect()
}

/// One chain by these records; `None` if its leaf is not among the facts.
fn against(case: &Case<'_>, host: &MxHost, tls: &TlsFacts, records: &[TlsaRecord]) -> Option<Judged> {
    let der = |print: &Fingerprint| case.facts.certificates.get(print).map(|der| der.0.as_slice());
    der(tls.chain.first()?)?;
    let chain: Vec<&[u8]> = tls.chain.iter().filter_map(der).collect();
    // For a host that is an alias the records may lie below its target, whose name then counts as well (RFC 7672 §2.2.2).
    let base = host.dane.as_ref().and_then(|facts| facts.name.parent()?.parent());
    let names: Vec<&Domain> = [&host.name, &case.facts.domain].into_iter().chain(base.as_ref()).collect();
    Some(tlsa::judge(records, &Served { chain: &chain, names: &names, now: case.now }))
}

/// Records that are there.
struct Seen<'a> {
    case: &'a Case<'a>,
    host: &'a MxHost,
    facts: &'a DaneFacts,
    records: &'a [TlsaRecord],
}

impl Seen<'_> {
    /// Whether senders use the records: they and the host's addresses are secure. That the MX records are not keeps few from it: Postfix
    /// uses the records all the same (`smtp_tls_dane_insecure_mx_policy`).
    fn used(&self) -> Security {
        let parts = [self.facts.of_records, self.facts.of_addresses];
        parts.into_iter().flatten().max().unwrap_or(self.facts.security)
    }

    fn insecure(&self, sheet: &mut Sheet) {
        let subject = self.host.name.as_str();
        let domain = &self.case.facts.domain;
        let used = self.used();
        let only_mx = used == Security::Secure && self.facts.of_mx == Some(Security::Insecure);
        if used != Security::Insecure && !only_mx {
            return match used {
                Security::Secure => sheet.holds(&INSECURE, subject),
                _ => sheet.not_applicable(&INSECURE, subject, "DNSSEC says neither yes nor no"),
            };
        }
        let (message, found) = if only_mx {
            let message =
                format!("the TLSA records of {subject} are signed, but the MX records of {domain} are not: a forged MX record evades them");
            (message, format!("the MX records of {domain} lie in an unsigned zone"))
        } else {
            let what = if self.facts.of_records == Some(Security::Insecure) { "TLSA records" } else { "addresses" };
            let message = format!("the TLSA records of {subject} have no effect: its {what} are not signed with DNSSEC");
            (message, format!("the {what} of {subject} lie in an unsigned zone"))
        };
        let fix = if only_mx {
            format!("sign the zone of {domain} with DNSSEC")
        } else {
            format!("sign the zone of {subject} with DNSSEC, or delete the TLSA records")
        };
        let mut evidence = self.shown().into_iter();
        let Some(first) = evidence.next() else { return };
        let finding = sheet.broken(&INSECURE, subject, message, first);
        finding.evidence.extend(evidence);
        finding.expected("DNSSEC on the MX records, the host's addresses and the TLSA records").found(found).fix(fix);
    }

    fn mismatch(&self, sheet: &mut Sheet) {
        match self.used() {
            Security::Secure => self.mismatch_of_each(sheet),
            Security::Insecure => none_of(&[&MISMATCH], self.host, "no sender uses TLSA records without DNSSEC", sheet),
            Security::Bogus => none_of(&[&MISMATCH], self.host, "the DNSSEC signatures do not hold", sheet),
            Security::Indeterminate => self.mismatch_untold(sheet),
        }
    }

    fn mismatch_of_each(&self, sheet: &mut Sheet) {
        if self.host.probes.is_empty() {
            none_of(&[&MISMATCH], self.host, "the host has no address", sheet);
        }
        for probe in self.host.probes.iter().filter(|probe| probe.chains().is_empty()) {
            sheet.not_applicable(&MISMATCH, format!("{} {}", self.host.name, probe.address), "no certificate was seen");
        }
        for (subject, tls) in chains(self.case, self.host) {
            match against(self.case, self.host, tls, self.records) {
                None => sheet.not_applicable(&MISMATCH, subject, "the certificate is not among the facts"),
                Some(Judged::NoneUsable) => {
                    sheet.not_applicable(&MISMATCH, subject, "no record is usable at port 25, so senders match nothing");
                }
                Some(Judged::Match(_)) => sheet.holds(&MISMATCH, subject),
                Some(Judged::Outranked { matched, stronger }) => self.outranked(&subject, tls, matched, stronger, sheet),
                Some(Judged::Mismatch(misses)) => {
                    let message = format!("no TLSA record matches the certificate at {subject}: DANE-aware senders hold mail back");
                    let finding = self.broken(&subject, tls, message, sheet);
                    let reasons = misses.iter().filter_map(|(index, miss)| Some(format!("{}: {miss}", self.records.get(*index)?.kind())));
                    let reasons: BTreeSet<String> = reasons.collect();
                    finding.found(clip(&reasons.into_iter().collect::<Vec<_>>().join("; ")));
                    let leaf = tls.chain.first().and_then(|print| self.case.facts.certificates.get(print));
                    let say = "publish the record of the key that is served now beside the others; next time publish it before the key is changed";
                    match leaf.and_then(|leaf| TlsaRecord::for_leaf(&leaf.0)) {
                        Some(record) => finding.fix_with(say, zone::tlsa_line(&self.facts.name, &record)),
                        None => finding.fix(say),
                    };
                }
            }
        }
    }

    /// RFC 7671 §9: of the digests of one usage and selector, senders look at the strongest alone.
    fn outranked(&self, subject: &str, tls: &TlsFacts, matched: usize, stronger: usize, sheet: &mut Sheet) {
        let (Some(matched), Some(stronger)) = (self.records.get(matched), self.records.get(stronger)) else { return };
        let message = format!(
            "the TLSA record {} matches the certificate at {subject}, but senders prefer {}, which does not",
            matched.kind(),
            stronger.kind()
        );
        let finding = self.broken(subject, tls, message, sheet);
        finding.found(format!("{} matches, {} does not", matched.kind(), stronger.kind()));
        finding.fix(format!(
            "delete the record {} at {}, or publish it for the key that is served now",
            clip(&stronger.to_string()),
            self.facts.name
        ));
    }

    fn broken<'s>(&self, subject: &str, tls: &TlsFacts, message: String, sheet: &'s mut Sheet) -> &'s mut crate::model::finding::Finding {
        let finding = sheet.broken(&MISMATCH, subject, message, self.served(tls));
        finding.evidence.extend(self.shown());
        finding.expected("at least one record that matches each certificate that the host serves")
    }

    /// It is not known whether senders use the records, so it is not known whether the mismatch hurts.
    fn mismatch_untold(&self, sheet: &mut Sheet) {
        let subject = self.host.name.as_str();
        let differs = |tls: &TlsFacts| {
            matches!(against(self.case, self.host, tls, self.records), Some(Judged::Mismatch(_) | Judged::Outranked { .. }))
        };
        let Some((_, tls)) = chains(self.case, self.host).into_iter().find(|(_, tls)| differs(tls)) else {
            return sheet.holds(&MISMATCH, subject);
        };
        let message =
            format!("the TLSA records of {subject} do not match a certificate that it serves; whether senders use them could not be told");
        let finding = sheet.undetermined(&MISMATCH, subject, message, self.served(tls));
        finding.severity(Severity::Warning).evidence.extend(self.shown());
        finding.fix("repeat the check with a resolver that passes DNSSEC signatures on");
    }

    fn present(&self, sheet: &mut Sheet) {
        let subject = self.host.name.as_str();
        if self.facts.security != Security::Secure {
            return sheet.not_applicable(&PRESENT, subject, "DNSSEC does not vouch for all that DANE rests on");
        }
        let number = self.records.len();
        let usable = self.records.iter().filter(|record| record.unusable().is_none()).count();
        let mut evidence = self.shown().into_iter();
        let Some(first) = evidence.next() else { return };
        let noun = counted(number, "record");
        let message = if usable == 0 {
            format!("no TLSA record of {subject} is usable at port 25: DANE-aware senders demand TLS and check no certificate")
        } else {
            format!("DANE-aware senders hold {subject} to its TLSA {noun} before they look at the MTA-STS policy")
        };
        let finding = sheet.broken(&PRESENT, subject, message, first);
        finding.evidence.extend(evidence);
        finding.expected("records that you know of, changed together with the key");
        finding.found(self.tally(usable));
        finding.fix("keep the records and the certificate in step: publish the next key's record before the key is changed");
    }

    /// `3 1 1, 2 1 1; 1 of 2 matches no certificate served`.
    fn tally(&self, usable: usize) -> String {
        let served = chains(self.case, self.host);
        let idle = self.records.iter().filter(|record| record.unusable().is_none()).filter(|record| {
            let matches = |tls: &TlsFacts| against(self.case, self.host, tls, std::slice::from_ref(record)) == Some(Judged::Match(0));
            !served.iter().any(|(_, tls)| matches(tls))
        });
        let (number, idle) = (self.records.len(), if served.is_empty() { 0 } else { idle.count() });
        let mut words = vec![clip(&self.records.iter().map(TlsaRecord::kind).collect::<Vec<_>>().join(", "))];
        if usable < number {
            words.push(format!("{} of {number} not usable at port 25", number - usable));
        }
        if idle > 0 {
            words.push(format!("{idle} of {number} without a certificate that is served, as while keys are changed"));
        }
        words.join("; ")
    }

    /// The leaf of a chain as evidence: what records are compared with.
    fn served(&self, tls: &TlsFacts) -> Evidence {
        let print = tls.chain.first();
        let record = print.and_then(|print| self.case.facts.certificates.get(print)).and_then(|der| TlsaRecord::for_leaf(&der.0));
        let key = record.map_or_else(|| "a key that cannot be read".to_owned(), |record| format!("key SHA-256 {}", record.data));
        let print = print.map(ToString::to_string).unwrap_or_default();
        Evidence::new(EvidenceKind::Certificate, format!("served leaf: SHA-256 {print}, {key}; {} in the chain", tls.chain.len()))
    }

    /// The records as DNS answered them.
    fn shown(&self) -> Vec<Evidence> {
        let Some(answer) = self.facts.records.seen() else { return Vec::new() };
        let says = format!("{}, {}", self.facts.of_records.unwrap_or(self.facts.security).as_str(), self.facts.by);
        let line = |record: &TlsaRecord| {
            let unusable = record.unusable().map(|why| format!("; not usable: {why}")).unwrap_or_default();
            let record = clip(&record.to_string());
            Evidence::new(EvidenceKind::Dns, format!("{} TLSA {record} (TTL {}; {says}{unusable})", self.facts.name, answer.ttl))
        };
        answer.value.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests;
