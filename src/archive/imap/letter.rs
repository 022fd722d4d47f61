//! A message between the network and the archive: read, and its sender verified, on threads of their own, since both take time.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::archive::concern::looks_like_tls_report;
use crate::archive::intake::{Parcel, Refused};
use crate::model::facts::reports::Rejected;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::mail::MAIL_CAP;

/// How a mail is read: its bytes, where it comes from, and when its server received it. What neither holds a report nor was meant to is
/// [`Parcel::ignored`].
pub type Read<'a> = dyn Fn(&[u8], &str, Option<Timestamp>) -> Parcel + Sync + 'a;

/// A message as it came.
pub(super) struct Letter {
    /// The folder and the UID.
    pub(super) source: String,
    pub(super) received_at: Option<Timestamp>,
    pub(super) body: Body,
}

pub(super) enum Body {
    /// All of it.
    Whole(Vec<u8>),
    /// Only the beginning of its header: it has so many bytes, by the server's word.
    TooLarge { head: Vec<u8>, size: u64 },
    /// The server did not hand it over: why.
    Withheld(String),
}

/// A letter that somebody waits for.
pub(super) struct Job {
    pub(super) letter: Letter,
    pub(super) reply: oneshot::Sender<Parcel>,
}

/// Reads letters until no more can come. For plain threads: it blocks.
pub(super) fn work(jobs: &Mutex<mpsc::Receiver<Job>>, read: &Read<'_>) {
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
    while let Some(job) = next() {
        // Nobody waits any more if the connection broke meanwhile: the message is read again next time.
        let _ = job.reply.send(opened(job.letter, read));
    }
}

/// What is in a letter. What neither holds a report nor was meant to is passed over.
fn opened(letter: Letter, read: &Read<'_>) -> Parcel {
    let Letter { source, received_at, body } = letter;
    let refused = |why: String, bytes: &[u8], size| {
        let rejected = Rejected { source: source.clone(), reason: why };
        let rejected = vec![Refused { rejected, sha256: Fingerprint::of(bytes), size, again: false }];
        Parcel { origin: Some(source.clone()), rejected, last: true, ..Parcel::default() }
    };
    let passed_over = || Parcel { origin: Some(source.clone()), ignored: true, last: true, ..Parcel::default() };
    match body {
        Body::Whole(mail) => read(&mail, &source, received_at),
        Body::TooLarge { head, size } if looks_like_tls_report(&head) => {
            refused(format!("a mail of more than {} MiB", MAIL_CAP >> 20), &head, size)
        }
        Body::TooLarge { .. } => passed_over(),
        // Nothing of it is there to have a fingerprint: its place stands for it.
        Body::Withheld(why) => refused(why, source.as_bytes(), 0),
    }
}

/// About how much memory a parcel takes, in bytes.
pub(super) fn weight(parcel: &Parcel) -> usize {
    let reports = parcel.reports.iter().map(|received| {
        let entries = received.report.policies.iter().map(|policy| 500 + 500 * policy.details.len()).sum::<usize>();
        1000 + entries + received.raw.as_ref().map_or(0, Vec::len)
    });
    reports.sum::<usize>() + 300 * parcel.rejected.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT_HEAD: &[u8] = b"TLS-Report-Domain: a.example\r\n\r\nnothing";

    /// Reads every mail as one without a report.
    fn nothing(mail: &[u8], source: &str, _: Option<Timestamp>) -> Parcel {
        let rejected = Rejected { source: source.to_owned(), reason: "a mail without a TLS report in it".to_owned() };
        let refused = Refused { rejected, sha256: Fingerprint::of(mail), size: mail.len() as u64, again: false };
        Parcel { rejected: vec![refused], last: true, ..Parcel::default() }
    }

    fn reasons(body: Body) -> Option<Vec<String>> {
        let parcel = opened(Letter { source: "UID 1".to_owned(), received_at: None, body }, &nothing);
        assert!(parcel.last);
        (!parcel.ignored).then(|| parcel.rejected.into_iter().map(|refused| refused.rejected.reason).collect())
    }

    #[test]
    fn only_what_was_meant_to_be_a_report_is_a_loss() {
        let none = "a mail without a TLS report in it".to_owned();
        assert_eq!(reasons(Body::Whole(REPORT_HEAD.to_vec())), Some(vec![none]));
        let large = |head: &[u8]| reasons(Body::TooLarge { head: head.to_vec(), size: 1 << 30 });
        assert_eq!(large(REPORT_HEAD), Some(vec!["a mail of more than 25 MiB".to_owned()]));
        assert_eq!(large(b"Subject: holiday pictures\r\n\r\n"), None);
        assert_eq!(reasons(Body::Withheld("why".to_owned())), Some(vec!["why".to_owned()]));
    }
}
