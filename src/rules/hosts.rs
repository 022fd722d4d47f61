//! The hosts that take a domain's mail today: what the policy must cover (RFC 5321 §5.1, RFC 7505).

use crate::model::facts::Facts;
use crate::model::facts::servers::MxHost;
use crate::model::finding::{Evidence, EvidenceKind};
use crate::model::looked::Looked;
use crate::wire::name::Domain;

/// The live MX hosts.
pub(super) struct Live<'a> {
    domain: &'a Domain,
    /// By preference, each once; never empty.
    pub(super) hosts: Vec<Host>,
    /// Whether DNS holds more of them than were looked at.
    pub(super) cut: bool,
    ttl: Option<u32>,
}

/// One of them.
pub(super) struct Host {
    pub(super) name: Domain,
    /// `None` where there is no MX record and the domain itself takes the mail.
    pub(super) preference: Option<u16>,
}

impl Live<'_> {
    /// The MX record that names a host, or that there is none.
    pub(super) fn evidence(&self, host: &Host) -> Evidence {
        let text = match (host.preference, self.ttl) {
            (Some(preference), Some(ttl)) => format!("{} MX {preference} {} (TTL {ttl})", self.domain, host.name),
            (Some(preference), None) => format!("{} MX {preference} {}", self.domain, host.name),
            (None, _) => format!("{} has no MX record: senders deliver to its own address", self.domain),
        };
        Evidence::new(EvidenceKind::Dns, text)
    }

    /// `mx:` lines that cover them all.
    pub(super) fn mx_lines(&self) -> String {
        let lines = self.hosts.iter().filter(|host| !host.name.is_address()).map(|host| format!("mx: {}", host.name));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Why a host without any probe has none.
pub(super) fn nothing_probed(host: &MxHost) -> &'static str {
    if host.addresses.all().is_empty() { "the host has no address" } else { "the host was not probed" }
}

/// The live MX hosts, or why there are none to speak of.
pub(super) fn live(facts: &Facts) -> Result<Live<'_>, &'static str> {
    let mail = facts.mail.as_ref().ok_or("the MX records were not looked up")?;
    let domain = &facts.domain;
    match &mail.mx {
        Looked::Failed(_) => Err("the MX lookup failed"),
        Looked::Seen(answer) => {
            let mut hosts: Vec<Host> = Vec::new();
            for record in &answer.value {
                if !record.exchange.is_root() && !hosts.iter().any(|host| host.name == record.exchange) {
                    hosts.push(Host { name: record.exchange.clone(), preference: Some(record.preference) });
                }
            }
            if hosts.is_empty() {
                return Err("the domain takes no mail (null MX)");
            }
            Ok(Live { domain, hosts, cut: mail.mx_total.is_some(), ttl: Some(answer.ttl) })
        }
        Looked::Absent(_) => match &mail.own_addresses {
            Some(own) if !own.all().is_empty() => {
                Ok(Live { domain, hosts: vec![Host { name: domain.clone(), preference: None }], cut: false, ttl: None })
            }
            Some(own) if own.none() => Err("the domain takes no mail: it has neither MX nor address"),
            _ => Err("there is no MX record, and the domain's own address is not known"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::dns::AddressFacts;
    use crate::rules::fixture::{self, absent, addresses, failed, mx, no_addresses, server};

    #[test]
    fn who_takes_the_mail_or_why_that_is_not_known() {
        let half = AddressFacts { v4: failed(), v6: absent() };
        let unknown = "there is no MX record, and the domain's own address is not known";
        for (what, records, own, expected) in [
            ("records", mx(&["mx1.example.com", "mx2.example.com", "mx1.example.com"]), None, Ok("mx1.example.com, mx2.example.com")),
            ("null MX", mx(&["."]), Some(addresses()), Err("the domain takes no mail (null MX)")),
            ("failed", failed(), Some(addresses()), Err("the MX lookup failed")),
            ("its own address", absent(), Some(addresses()), Ok("example.com")),
            ("no address", absent(), Some(no_addresses()), Err("the domain takes no mail: it has neither MX nor address")),
            ("address not to be had", absent(), Some(half), Err(unknown)),
            ("address not looked up", absent(), None, Err(unknown)),
        ] {
            let mut facts = fixture::facts();
            let mail = facts.mail.as_mut().expect("looked at");
            (mail.mx, mail.own_addresses) = (records, own);
            let names = live(&facts).map(|live| live.hosts.iter().map(|host| host.name.as_str().to_owned()).collect::<Vec<_>>().join(", "));
            assert_eq!(names, expected.map(str::to_owned), "{what}");
        }
        let facts = Facts { mail: None, ..fixture::facts() };
        assert_eq!(live(&facts).err(), Some("the MX records were not looked up"));
    }

    #[test]
    fn a_host_without_a_probe_says_why() {
        for (addresses, why) in [(addresses(), "the host was not probed"), (no_addresses(), "the host has no address")] {
            assert_eq!(nothing_probed(&server("mx1.example.com", addresses)), why);
        }
    }
}
