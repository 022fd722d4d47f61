//! Must-staple (the TLS feature `status_request`, RFC 7633): a certificate that demands an OCSP response in the handshake.

use super::MUST_STAPLE;
use crate::model::facts::tls::TlsFacts;
use crate::model::finding::Sheet;
use crate::model::rule::Severity;
use crate::rules::chain::describe;
use crate::wire::certificate::Certificate;
use crate::wire::name::Domain;

const FIX: &str = "have the certificate issued without must-staple, or switch OCSP stapling on; few mail servers can staple at port 25";

pub(super) fn judge(subject: &str, host: &Domain, leaf: &Certificate, tls: &TlsFacts, sheet: &mut Sheet) {
    if !leaf.must_staple {
        return sheet.holds(&MUST_STAPLE, subject);
    }
    let demand = format!("the certificate that {host} presents demands a stapled OCSP response");
    let finding = match tls.stapled {
        Some(true) => return sheet.holds(&MUST_STAPLE, subject),
        Some(false) => sheet.broken(&MUST_STAPLE, subject, format!("{demand}, and none comes"), describe(leaf)),
        None => {
            let message = format!("{demand}; whether one comes was not seen in this handshake");
            sheet.undetermined(&MUST_STAPLE, subject, message, describe(leaf)).severity(Severity::Warning)
        }
    };
    finding.expected("an OCSP response in the handshake").found(if tls.stapled.is_none() { "not asked for" } else { "none" }).fix(FIX);
}
