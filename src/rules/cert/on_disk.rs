//! Renewed, and not reloaded: a certificate file that is newer than what the server serves (`--cert-file`).

use super::ON_DISK_DIFFERS;
use crate::evidence::disk::{self, Comparison};
use crate::evidence::runway;
use crate::model::expiry::OnDisk;
use crate::model::facts::servers::MxHost;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::rules::Case;
use crate::wire::certificate::Certificate;

/// Holds the files against every chain of one host.
pub(super) fn judge(case: &Case<'_>, host: &MxHost, sheet: &mut Sheet) {
    if case.facts.disk.is_empty() {
        return sheet.not_applicable(&ON_DISK_DIFFERS, host.name.as_str(), "no certificate file was given");
    }
    for probe in &host.probes {
        let subjects = runway::subjects(host.name.as_str(), probe.address, probe.chains(), &case.facts.certificates);
        for (subject, tls) in subjects {
            match disk::compare(case.facts, &host.name, tls) {
                None => {
                    sheet.not_applicable(&ON_DISK_DIFFERS, subject, "no file given has a certificate for this host with a key of this type")
                }
                Some(compared) if compared.is == OnDisk::Newer => newer(&compared, &subject, sheet),
                Some(_) => sheet.holds(&ON_DISK_DIFFERS, subject),
            }
        }
    }
}

fn newer(compared: &Comparison<'_>, subject: &str, sheet: &mut Sheet) {
    let Comparison { file, on_disk, served, .. } = compared;
    let message = format!("{} holds a newer certificate than {subject} serves: renewed, and not reloaded", file.file);
    let evidence = Evidence::new(EvidenceKind::Certificate, format!("served: {}", dated(served)));
    let finding = sheet.broken(&ON_DISK_DIFFERS, subject, message, evidence);
    finding.evidence(Evidence::new(EvidenceKind::Certificate, format!("{}: {}", file.file, dated(on_disk))));
    finding.expected(format!("the certificate of {}, valid until {}", file.file, on_disk.not_after));
    finding.found(format!("one that ends {}", served.not_after));
    finding.fix("reload the mail server, and have the renewal do so from now on (a deploy hook of the ACME client)");
}

fn dated(certificate: &Certificate) -> String {
    let Certificate { serial, not_before, not_after, sha256, .. } = certificate;
    format!("serial {serial}, valid {not_before} to {not_after}, SHA-256 {sha256}")
}
