//! What comes without SNI (`--deep`). Senders of MTA-STS send it (RFC 8461 §7.1), so another certificate is legal; a handshake that breaks
//! off without it hits older senders of every kind.

use super::SNI_ONLY;
use crate::model::facts::servers::{MxHost, Probe};
use crate::model::facts::tls::TlsFacts;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::Looked;
use crate::model::rule::Severity;
use crate::rules::Case;
use crate::rules::chain::{describe, quoted};
use crate::wire::certificate::Certificate;

pub(super) fn judge(case: &Case<'_>, subject: &str, host: &MxHost, probe: &Probe, sheet: &mut Sheet) {
    let known = probe.chains();
    let Some(looked) = probe.without_sni.as_ref().filter(|_| !known.is_empty()) else {
        if probe.asked.deep && !known.is_empty() {
            let words = "no more connections were made to this address";
            let evidence = Evidence::at(EvidenceKind::Tls, probe.at, format!("{} without SNI: {words}", probe.address));
            let message = format!("what {} does without SNI could not be seen", host.name);
            let finding = sheet.undetermined(&SNI_ONLY, subject, message, evidence).severity(Severity::Warning);
            finding.expected("some certificate for whoever names no host").found(words).fix("repeat in some minutes");
            return;
        }
        return sheet.not_applicable(&SNI_ONLY, subject, "no handshake without SNI was made");
    };
    match looked {
        Looked::Seen(tls) => served(case, subject, host, &known, tls, sheet),
        Looked::Absent(_) => sheet.not_applicable(&SNI_ONLY, subject, "nothing came"),
        Looked::Failed(failure) => {
            let evidence = Evidence::at(EvidenceKind::Tls, probe.at, format!("{} without SNI: {}", probe.address, failure.detail));
            let finding = if failure.kind.ends_handshake() {
                sheet.broken(&SNI_ONLY, subject, format!("{} breaks off TLS handshakes without SNI", host.name), evidence)
            } else {
                let message = format!("what {} does without SNI could not be seen", host.name);
                sheet.undetermined(&SNI_ONLY, subject, message, evidence)
            };
            finding.severity(Severity::Warning).expected("some certificate for whoever names no host").found(failure.detail.as_str());
            finding.fix("give the server a default certificate, for clients that name no host");
        }
    }
}

fn served(case: &Case<'_>, subject: &str, host: &MxHost, known: &[&TlsFacts], tls: &TlsFacts, sheet: &mut Sheet) {
    let leaf = tls.chain.first().and_then(|print| case.facts.certificates.get(print)).and_then(|der| Certificate::parse(&der.0).ok());
    let Some(leaf) = leaf else { return sheet.not_applicable(&SNI_ONLY, subject, "what came without SNI cannot be read") };
    let same = known.iter().any(|known| known.chain.first() == tls.chain.first());
    // Another one that senders accept as well does no harm.
    if same || (leaf.is_for(&host.name) && tls.trust.public.is_some()) {
        return sheet.holds(&SNI_ONLY, subject);
    }
    let message = format!("without SNI {} presents another certificate, {}", host.name, quoted(leaf.name()));
    let finding = sheet.broken(&SNI_ONLY, subject, message, describe(&leaf)).severity(Severity::Advice);
    finding.expected(format!("a certificate for {} by default", host.name)).found(format!("{} without SNI", quoted(leaf.name())));
    finding.fix(format!("make the certificate for {} the server's default; MTA-STS itself does not need it", host.name));
}
