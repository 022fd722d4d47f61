//! Who a mailed report says it is from, and whose signature says so too.

use mail_parser::MessageParser;

use crate::wire::header::{Field, Header};
use crate::wire::mail::address_domain;
use crate::wire::name::Domain;

/// Who sends a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Submitter(Domain);

/// Why nobody can say who sends it; in words that complete "not verified: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoSubmitter {
    /// RFC 6376 §8.15: one may be signed and the other shown.
    #[error("it has more than one {0} field")]
    Several(&'static str),
    /// No From with a domain in it.
    #[error("its From names no domain")]
    NoFrom,
    /// Several authors of several organisations.
    #[error("its From names several domains")]
    SeveralFrom,
}

impl Submitter {
    /// `TLS-Report-Submitter` (RFC 8460 §5.3), else the domain of From.
    pub(super) fn of(mail: &Header<'_>) -> Result<Self, NoSubmitter> {
        let only = |name| mail.only(name).map_err(|_| NoSubmitter::Several(name));
        let (named, from) = (only("TLS-Report-Submitter")?, only("From")?);
        if let Some(domain) = named.and_then(|field| Domain::parse(&field.text()).ok()) {
            return Ok(Self(domain));
        }
        let authors = authors(&from.ok_or(NoSubmitter::NoFrom)?);
        let mut submitters = authors.into_iter().map(Self);
        let first = submitters.next().ok_or(NoSubmitter::NoFrom)?;
        if submitters.all(|other| first.is_aligned(&other.0)) { Ok(first) } else { Err(NoSubmitter::SeveralFrom) }
    }

    /// Whether a signature of `signer` is the submitter's word: both are of one registered domain. Mail.ru submits as mail.ru and signs
    /// as corp.mail.ru.
    pub(super) fn is_aligned(&self, signer: &Domain) -> bool {
        self.0.registered().is_some_and(|own| signer.registered() == Some(own))
    }

    /// Its name.
    pub(super) fn domain(&self) -> &Domain {
        &self.0
    }
}

/// The domains of the addresses in a From field.
fn authors(from: &Field<'_>) -> Vec<Domain> {
    let header = [from.raw, b"\r\n\r\n"].concat();
    let Some(read) = MessageParser::default().parse_headers(&header) else { return Vec::new() };
    let Some(addresses) = read.from() else { return Vec::new() };
    addresses.iter().filter_map(|address| address.address()).filter_map(address_domain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submitter(header: &str) -> Result<String, NoSubmitter> {
        let mail = format!("{header}\r\n\r\n");
        Submitter::of(&Header::split(mail.as_bytes()).expect("short")).map(|submitter| submitter.0.to_string())
    }

    #[test]
    fn the_submitter_is_named_or_it_is_the_author() {
        for (header, domain) in [
            ("From: a@out.sender.example\r\nTLS-Report-Submitter: Sender.example", "sender.example"),
            ("From: Reports <a@sender.example>", "sender.example"),
            ("From: \"x@evil.example\" <a@sender.example>", "sender.example"),
            ("From: (b@evil.example) a@sender.example", "sender.example"),
            ("From: Reports\r\n <a@sender.example>\r\nTLS-Report-Submitter: Some Organisation", "sender.example"),
            ("From: a@sender.example, b@mail.sender.example", "sender.example"),
        ] {
            assert_eq!(submitter(header), Ok(domain.to_owned()), "{header}");
        }
        for (header, why) in [
            ("To: a@b.example", NoSubmitter::NoFrom),
            ("From: nobody", NoSubmitter::NoFrom),
            ("From: a@sender.example, b@other.example", NoSubmitter::SeveralFrom),
            ("From: a@sender.example\r\nFrom: b@sender.example", NoSubmitter::Several("From")),
            (
                "From: a@b.example\r\nTLS-Report-Submitter: a.example\r\nTLS-Report-Submitter: b.example",
                NoSubmitter::Several("TLS-Report-Submitter"),
            ),
        ] {
            assert_eq!(submitter(header), Err(why), "{header}");
        }
    }

    #[test]
    fn alignment_is_by_registered_domain() {
        let aligned = |submitter: &str, signer: &str| Submitter(Domain::from_dns(submitter)).is_aligned(&Domain::from_dns(signer));
        for (submitter, signer) in [("mail.ru", "corp.mail.ru"), ("google.com", "google.com"), ("a.b.co.uk", "b.co.uk")] {
            assert!(aligned(submitter, signer), "{submitter} {signer}");
        }
        for (submitter, signer) in [
            ("google.com", "gmail.com"),
            ("a.co.uk", "b.co.uk"),
            ("co.uk", "co.uk"),
            ("a.github.io", "b.github.io"),
            ("sender.example", "notsender.example"),
        ] {
            assert!(!aligned(submitter, signer), "{submitter} {signer}");
        }
    }
}
