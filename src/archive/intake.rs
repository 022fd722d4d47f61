//! What comes out of a source of reports, on its way into an [`super::Archive`] or into the store.
//!
//! A source (a file, a mailbox, a folder of an IMAP server, standard input) is handed over as [`Parcel`]s; each report in them is a
//! [`Received`]. Whoever takes parcels decides what is new by [`Received::key`] and which of two texts stays by [`Received::rank`].

use jiff::Timestamp;

use crate::model::facts::reports::{Authenticity, Rejected};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::mail::address_domain;
use crate::wire::name::Domain;
use crate::wire::report::{PolicyEntry, TlsReport};

/// A report as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The report.
    pub report: TlsReport,
    /// Who sent it: a registered domain, else the organisation's name in lower case.
    pub reporter: String,
    /// The domain that policies without `policy-domain` are about.
    pub subject: Option<Domain>,
    /// The path, and what in it; or the folder and UID of an IMAP server.
    pub source: String,
    /// How far it is proven who wrote it.
    pub authenticity: Authenticity,
    /// When the mail around it was received, by the receiving server's word.
    pub received_at: Option<Timestamp>,
    /// Its text as it came, where that is to be kept.
    pub raw: Option<Vec<u8>>,
}

/// What makes two texts the same report: organisation, id and range. An id alone collides across organisations, and some senders use
/// one again for another day. Without an id only the same text is the same report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// `organization-name` in lower case.
    pub organization: String,
    /// `report-id`, else the text's fingerprint.
    pub id: Result<String, Fingerprint>,
    /// The period's start.
    pub start: Timestamp,
    /// The period's end.
    pub end: Timestamp,
    /// The registered domain of `contact-info`. Names of organisations and report-ids are easily guessed: with the contact and the
    /// stranger nobody can put a report of theirs in the place of another's by signing it with a domain of their own.
    pub contact: Option<String>,
    /// Who signed it, where that is proven and is not the contact.
    pub stranger: Option<String>,
}

/// Which of two texts under one [`Key`] is kept: the greater. Proven senders before unproven ones, then more failures (a second version
/// must not hide one), then the text itself, so that the choice is the same in any order of reading.
pub type Rank = (u8, u64, Fingerprint);

impl Received {
    /// What it is the same report as.
    pub fn key(&self) -> Key {
        let report = &self.report;
        let id = if report.id.is_empty() { Err(report.sha256) } else { Ok(report.id.clone()) };
        let contact = report.contact.as_deref().and_then(address_domain).map(|domain| registered(&domain));
        let signer = self.authenticity.signer().map(registered);
        let stranger = signer.filter(|signer| contact.as_ref() != Some(signer));
        Key { organization: report.organization.to_lowercase(), id, start: report.start, end: report.end, contact, stranger }
    }

    /// Whether it is to be kept rather than another of the same key.
    pub fn rank(&self) -> Rank {
        let failures = self.report.policies.iter().map(PolicyEntry::failures).fold(0, u64::saturating_add);
        (self.authenticity.rank(), failures, self.report.sha256)
    }

    /// The domain of an entry: its own, else the report's subject.
    pub fn domain_of<'a>(&'a self, entry: &'a PolicyEntry) -> Option<&'a Domain> {
        entry.domain.as_ref().or(self.subject.as_ref())
    }
}

fn registered(domain: &Domain) -> String {
    domain.registered().as_ref().unwrap_or(domain).to_string()
}

/// What one source, or a part of it, holds. A large mailbox comes in several parcels, so that no more of it is in memory than one.
#[derive(Clone, Debug, Default)]
pub struct Parcel {
    /// What the source is known by, whatever it holds by now: a path as in [`Stamp`], the folder and UID of an IMAP server; `None` for
    /// standard input. What was refused out of it before and is not refused again is refused no longer.
    pub origin: Option<String>,
    /// The file as it was when it was read; `None` for what is no file.
    pub stamp: Option<Stamp>,
    /// The reports, in their order.
    pub reports: Vec<Received>,
    /// What could not be read as a report.
    pub rejected: Vec<Refused>,
    /// Whether it plainly is something else (a README in a directory).
    pub ignored: bool,
    /// Whether the source ends here: only then is all of it known.
    pub last: bool,
}

/// Which file, and whether it has changed since: path, size and time of modification.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// The absolute path; of a Maildir message without its folder (`new`, `cur`) and flags, which change while it stays the same.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified: i64,
}

/// Something that could not be read as a report, kept aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What, and why.
    pub rejected: Rejected,
    /// Of its bytes.
    pub sha256: Fingerprint,
    /// Its length in bytes.
    pub size: u64,
    /// Whether it may be readable next time although nothing in it changes: the system did not hand it out.
    pub again: bool,
}

/// Who tells whether a mail is from whom it says.
pub trait Verifier: Sync {
    /// Looks at a whole mail; `received_at` is the time that its server gave it, where one did. May wait for keys.
    fn verify(&self, mail: &[u8], received_at: Option<Timestamp>) -> Authenticity;

    /// Looks at a whole mail that came attached to another (`message/rfc822`). Whoever sent the outer one made it, with any header fields
    /// that he liked: only what it proves by itself counts, and nothing of what the outer one proves.
    fn verify_attached(&self, mail: &[u8]) -> Authenticity {
        self.verify(mail, None)
    }

    /// Looks at a mail out of a mailbox in which mails are told apart by lines that any mail may hold: this one may be text of another, and
    /// what a server wrote at its top may be the sender's own.
    fn verify_in_mailbox(&self, mail: &[u8], received_at: Option<Timestamp>) -> Authenticity {
        self.verify(mail, received_at)
    }
}

/// For files that the operator gives as evidence: their word is taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct OperatorsWord;

impl Verifier for OperatorsWord {
    fn verify(&self, _: &[u8], _: Option<Timestamp>) -> Authenticity {
        Authenticity::Operator
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(contact: Option<&str>, signer: Option<&str>) -> Received {
        let authenticity =
            signer.map_or(Authenticity::Operator, |domain| Authenticity::Verified { domain: Domain::from_dns(domain), authserv: None });
        let report = TlsReport {
            organization: "Google Inc.".to_owned(),
            contact: contact.map(str::to_owned),
            id: "2026-03-01T00:00:00Z_shop.example".to_owned(),
            start: Timestamp::UNIX_EPOCH,
            end: Timestamp::UNIX_EPOCH,
            policies: Vec::new(),
            oddities: Vec::new(),
            sha256: Fingerprint::of(b""),
            unknown: crate::wire::report::Unknown::new(),
            unknown_in_range: crate::wire::report::Unknown::new(),
        };
        Received { report, reporter: String::new(), subject: None, source: String::new(), authenticity, received_at: None, raw: None }
    }

    #[test]
    fn nobody_takes_the_place_of_another() {
        let google = received(Some("smtp-tls-reporting@google.com"), Some("google.com")).key();
        for (contact, signer) in [
            (Some("smtp-tls-reporting@google.com"), Some("evil.example")),
            (Some("tls@evil.example"), Some("evil.example")),
            (Some("tls@evil.example"), None),
            (None, Some("evil.example")),
        ] {
            assert_ne!(received(contact, signer).key(), google, "{contact:?} {signer:?}");
        }
        for (contact, signer) in [("noreply@google.com", None), ("smtp-tls-reporting@google.com", Some("mail.google.com"))] {
            assert_eq!(received(Some(contact), signer).key(), google, "{contact} {signer:?}");
        }
    }
}
