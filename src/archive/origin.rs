//! Where a report came from beside its own words: the mail around it and the file's name. They only fill what the report leaves open
//! (RFC 8460 §5.6: the report is the authoritative source).

use crate::model::facts::reports::Authenticity;
use crate::wire::mail::{Mail, address_domain};
use crate::wire::name::Domain;
use crate::wire::report::TlsReport;

/// What the surroundings of a report say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Origin<'a> {
    /// The mail around it.
    envelope: Option<&'a Envelope>,
    /// A file name by RFC 8460 §5.1.
    name: Option<FileName<'a>>,
}

/// What the header of a mail says; of a mail in a mail, the inner one's goes first.
#[derive(Clone, Debug, Default)]
pub(super) struct Envelope {
    /// The mail's From, else `TLS-Report-Submitter`.
    sender: Option<Domain>,
    /// `TLS-Report-Domain`.
    domain: Option<Domain>,
}

/// `sender!policy-domain!begin!end[!id].json[.gz]`.
#[derive(Clone, Copy, Debug)]
struct FileName<'a> {
    sender: &'a str,
    domain: &'a str,
}

impl Envelope {
    /// Of `mail`, which lies in what has this origin.
    pub(super) fn of(mail: &Mail<'_>, around: Origin<'_>) -> Self {
        let outer = around.envelope.cloned().unwrap_or_default();
        Self {
            sender: mail.from.clone().or_else(|| mail.submitter.clone()).or(outer.sender),
            domain: mail.report_domain.clone().or(outer.domain),
        }
    }
}

impl<'a> Origin<'a> {
    /// The same, in a mail.
    pub(super) fn in_mail(envelope: &'a Envelope, around: Self) -> Self {
        Self { envelope: Some(envelope), ..around }
    }

    /// The same, with a file's name where it says something.
    pub(super) fn with_name(self, name: Option<&'a str>) -> Self {
        let mut fields = name.unwrap_or_default().split('!');
        match (fields.next(), fields.next(), fields.next()) {
            (Some(sender), Some(domain), Some(begin)) if !begin.is_empty() && begin.bytes().all(|byte| byte.is_ascii_digit()) => {
                Self { name: Some(FileName { sender, domain }), ..self }
            }
            _ => self,
        }
    }
}

impl Origin<'_> {
    /// Who reports: the domain that signed the mail, where that is proven; else the registered domain of the contact, else of the
    /// mail's sender, else of the file name's; else the organisation's name in lower case. "Mail.ru", writing from corp.mail.ru, is
    /// mail.ru.
    pub(super) fn reporter(&self, report: &TlsReport, authenticity: &Authenticity) -> String {
        let signed = match authenticity {
            // Anybody can sign for a domain of their own: what the report says of itself must not pass for another's word.
            Authenticity::Verified { domain, .. } => Some(domain.clone()),
            _ => None,
        };
        let contact = || report.contact.as_deref().and_then(address_domain);
        let mailed = || self.envelope.and_then(|mail| mail.sender.clone());
        let named = || self.name.and_then(|name| Domain::parse(name.sender).ok());
        let domain = signed.or_else(contact).or_else(mailed).or_else(named);
        match domain {
            Some(domain) => domain.registered().unwrap_or(domain).to_string(),
            None if report.organization.is_empty() => "unknown".to_owned(),
            None => report.organization.to_lowercase(),
        }
    }

    /// The subject of policies without `policy-domain`: the domain in a report-id as Google writes it (`…Z_example.com`), else in
    /// the file's name, else in the mail's header.
    pub(super) fn subject(&self, report: &TlsReport) -> Option<Domain> {
        let in_id = report.id.rsplit_once("Z_").and_then(|(_, domain)| Domain::parse(domain).ok());
        let named = || self.name.and_then(|name| Domain::parse(name.domain).ok());
        in_id.or_else(named).or_else(|| self.envelope.and_then(|mail| mail.domain.clone()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::wire::fingerprint::Fingerprint;
    use crate::wire::report::Unknown;

    fn report(organization: &str, contact: Option<&str>, id: &str) -> TlsReport {
        TlsReport {
            organization: organization.to_owned(),
            contact: contact.map(str::to_owned),
            id: id.to_owned(),
            start: Timestamp::UNIX_EPOCH,
            end: Timestamp::UNIX_EPOCH,
            policies: Vec::new(),
            oddities: Vec::new(),
            sha256: Fingerprint::of(b""),
            unknown: Unknown::new(),
            unknown_in_range: Unknown::new(),
        }
    }

    #[test]
    fn the_reporter_is_a_registered_domain_before_it_is_a_name() {
        let envelope = Envelope { sender: Some(Domain::from_dns("out.mail.example.net")), domain: None };
        let mail = Origin::in_mail(&envelope, Origin::default());
        let file = Origin::default().with_name(Some("mx.sender.example!shop.example!1!2.json.gz"));
        for (organization, contact, origin, reporter) in [
            ("Mail.ru", Some("tls_support@corp.mail.ru"), mail, "mail.ru"),
            ("Big Co", Some("Reports <mailto:r@eu.big.co.uk>"), Origin::default(), "big.co.uk"),
            ("Big Co", Some("https://big.example/"), mail, "example.net"),
            ("Big Co", None, mail, "example.net"),
            ("Big Co", None, file, "sender.example"),
            ("Big Co", None, Origin::default().with_name(Some("a!b")), "big co"),
            ("", None, Origin::default(), "unknown"),
        ] {
            let report = report(organization, contact, "");
            assert_eq!(origin.reporter(&report, &Authenticity::Operator), reporter, "{organization} {contact:?}");
        }
    }

    #[test]
    fn a_signature_goes_before_what_the_report_says_of_itself() {
        let report = report("Google Inc.", Some("smtp-tls-reporting@google.com"), "");
        let signed = Authenticity::Verified { domain: Domain::from_dns("mail.forger.example"), authserv: None };
        assert_eq!(Origin::default().reporter(&report, &signed), "forger.example");
    }

    #[test]
    fn the_subject_of_a_nameless_policy_is_looked_for_around_it() {
        let file = Origin::default().with_name(Some("sender.example!Shop.Example!1700000000!1700086399!001.json.gz"));
        let google = "2026-03-01T00:00:00Z_shop.example";
        let subject = |id: &str, origin: Origin<'_>| origin.subject(&report("o", None, id)).map(|domain| domain.to_string());
        assert_eq!(subject(google, Origin::default()).as_deref(), Some("shop.example"));
        assert_eq!(subject("123_456", file).as_deref(), Some("shop.example"));
        assert_eq!(subject("123_456", Origin::default()), None);
    }
}
