//! Where a report came from beside its own words: the mail around it and the file's name. They only fill what the report leaves open
//! (RFC 8460 §5.6: the report is the authoritative source).

use crate::wire::mail::{Mail, address_domain};
use crate::wire::name::Domain;
use crate::wire::report::TlsReport;

/// A report with what is known of its origin.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The report.
    pub(super) report: TlsReport,
    /// The mail and the file's name.
    pub(super) origin: Origin,
    /// The path, and what in it.
    pub(super) source: String,
}

/// What the surroundings of a report say.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    /// The mail's From, else `TLS-Report-Submitter`.
    mail_sender: Option<Domain>,
    /// `TLS-Report-Domain`.
    mail_domain: Option<Domain>,
    /// `sender` of a file name by RFC 8460 §5.1.
    name_sender: Option<Domain>,
    /// `policy-domain` of that name.
    name_domain: Option<Domain>,
}

impl Origin {
    /// The same, with a file's name (`sender!policy-domain!begin!end[!id].json[.gz]`) where it is one.
    pub(super) fn with_name(&self, name: Option<&str>) -> Self {
        let mut fields = name.unwrap_or_default().split('!');
        let (Some(sender), Some(domain), Some(begin)) = (fields.next(), fields.next(), fields.next()) else {
            return self.clone();
        };
        if begin.is_empty() || !begin.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.clone();
        }
        Self { name_sender: Domain::parse(sender).ok(), name_domain: Domain::parse(domain).ok(), ..self.clone() }
    }

    /// The same, inside `mail`.
    pub(super) fn in_mail(&self, mail: &Mail) -> Self {
        let sender = mail.from.as_ref().or(mail.submitter.as_ref());
        Self {
            mail_sender: sender.or(self.mail_sender.as_ref()).cloned(),
            mail_domain: mail.report_domain.as_ref().or(self.mail_domain.as_ref()).cloned(),
            ..self.clone()
        }
    }
}

impl Found {
    /// Who reports: the registered domain of the contact, else of the mail's sender, else of the file name's; else the
    /// organisation's name in lower case. "Mail.ru", writing from corp.mail.ru, is mail.ru.
    pub(super) fn reporter(&self) -> String {
        let contact = self.report.contact.as_deref().and_then(address_domain);
        let domain = contact.or_else(|| self.origin.mail_sender.clone()).or_else(|| self.origin.name_sender.clone());
        match domain {
            Some(domain) => domain.registered().unwrap_or(domain).to_string(),
            None if self.report.organization.is_empty() => "unknown".to_owned(),
            None => self.report.organization.to_lowercase(),
        }
    }

    /// The subject of policies without `policy-domain`: the domain in a report-id as Google writes it (`…Z_example.com`), else in
    /// the file's name, else in the mail's header.
    pub(super) fn subject(&self) -> Option<Domain> {
        let in_id = self.report.id.rsplit_once("Z_").and_then(|(_, domain)| Domain::parse(domain).ok());
        in_id.or_else(|| self.origin.name_domain.clone()).or_else(|| self.origin.mail_domain.clone())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::wire::fingerprint::Fingerprint;

    fn found(organization: &str, contact: Option<&str>, id: &str, origin: Origin) -> Found {
        let report = TlsReport {
            organization: organization.to_owned(),
            contact: contact.map(str::to_owned),
            id: id.to_owned(),
            start: Timestamp::UNIX_EPOCH,
            end: Timestamp::UNIX_EPOCH,
            policies: Vec::new(),
            oddities: Vec::new(),
            sha256: Fingerprint::of(b""),
        };
        Found { report, origin, source: "s".to_owned() }
    }

    #[test]
    fn the_reporter_is_a_registered_domain_before_it_is_a_name() {
        let mail = Origin { mail_sender: Some(Domain::from_dns("out.mail.example.net")), ..Origin::default() };
        let file = Origin::default().with_name(Some("mx.sender.example!shop.example!1!2.json.gz"));
        for (organization, contact, origin, reporter) in [
            ("Mail.ru", Some("tls_support@corp.mail.ru"), mail.clone(), "mail.ru"),
            ("Big Co", Some("Reports <mailto:r@eu.big.co.uk>"), Origin::default(), "big.co.uk"),
            ("Big Co", Some("https://big.example/"), mail.clone(), "example.net"),
            ("Big Co", None, mail, "example.net"),
            ("Big Co", None, file, "sender.example"),
            ("Big Co", None, Origin::default().with_name(Some("a!b")), "big co"),
            ("", None, Origin::default(), "unknown"),
        ] {
            assert_eq!(found(organization, contact, "", origin).reporter(), reporter, "{organization} {contact:?}");
        }
    }

    #[test]
    fn the_subject_of_a_nameless_policy_is_looked_for_around_it() {
        let file = Origin::default().with_name(Some("sender.example!Shop.Example!1700000000!1700086399!001.json.gz"));
        let google = "2026-03-01T00:00:00Z_shop.example";
        let subject = |id: &str, origin: Origin| found("o", None, id, origin).subject().map(|domain| domain.to_string());
        assert_eq!(subject(google, Origin::default()).as_deref(), Some("shop.example"));
        assert_eq!(subject("123_456", file).as_deref(), Some("shop.example"));
        assert_eq!(subject("123_456", Origin::default()), None);
    }
}
