//! Reports out of files and mails. A stand-in for mails alone, until the reader itself is joined.

use jiff::Timestamp;

use super::intake::{Parcel, Received, Refused, Stamp, Verifier};
use super::open;
use crate::wire::fingerprint::Fingerprint;

/// How sources are read.
pub struct Options<'a> {
    /// Who tells whether a mail is from whom it says.
    pub verifier: &'a dyn Verifier,
    /// Whether the text of each report is kept.
    pub keep_raw: bool,
    /// Threads; 0 for as many as there are cores.
    pub cores: usize,
    /// Which files need not be read again.
    pub unchanged: &'a (dyn Fn(&Stamp) -> bool + Sync),
}

/// One message; a mail without a report is one refusal.
pub fn mail(bytes: &[u8], source: &str, received_at: Option<Timestamp>, options: &Options<'_>) -> Parcel {
    let opened = open::mail(bytes, source);
    let authenticity = options.verifier.verify(bytes, received_at);
    let reports = opened.reports.into_iter().map(|found| Received {
        reporter: found.reporter(),
        subject: found.subject(),
        source: found.source.clone(),
        authenticity: authenticity.clone(),
        received_at,
        raw: None,
        report: found.report,
    });
    let (sha256, size) = (Fingerprint::of(bytes), bytes.len() as u64);
    let rejected = opened.rejected.into_iter().map(|rejected| Refused { rejected, sha256, size });
    Parcel { stamp: None, reports: reports.collect(), rejected: rejected.collect(), ignored: false, last: true }
}
