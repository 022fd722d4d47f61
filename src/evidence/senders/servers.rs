//! How senders judge the MX hosts: their names, their certificates, their TLSA records.

use super::{Behaviour, View, listed};
use crate::model::facts::dane::Security;
use crate::model::facts::servers::{MxHost, MxSource, Probe};
use crate::wire::certificate::Certificate;
use crate::wire::hello::is_modern;
use crate::wire::name::Domain;
use crate::wire::pattern::MxPattern;

pub(super) static BEHAVIOURS: &[Behaviour] = &[
    Behaviour {
        sender: "Postfix before 3.10.5 with an MTA-STS plug-in",
        name: "any-listed-name",
        source: "Postfix's smtp_tls_enforce_sts_mx_patterns since 3.10.5; by RFC 8461 §4.1 and §4.2 the MX host's own name counts",
        see: Some("cert-name-mismatch"),
        effect: any_listed_name,
    },
    Behaviour {
        sender: "Postfix and Exim with OpenSSL",
        name: "common-name",
        source: "OpenSSL's check of host names; by RFC 8461 §4.2 only a DNS-ID counts",
        see: Some("cert-no-san"),
        effect: common_name,
    },
    Behaviour {
        sender: "Stalwart and others on rustls",
        name: "modern-suites-only",
        source: "rustls has neither CBC nor RSA or DHE key exchange; RFC 8461 §4.2 asks for TLS 1.2 only",
        see: Some("starttls-suites"),
        effect: old_suites,
    },
    Behaviour {
        sender: "Stalwart and postfix-tlspol",
        name: "dane-first",
        source: "Stalwart outbound, postfix-tlspol; as RFC 8461 §2 has it, DANE is not overridden",
        see: Some("dane-present"),
        effect: |view| dane(view, "will authenticate", "by TLSA records and leave the policy aside"),
    },
    Behaviour {
        sender: "mox",
        name: "dane-and-policy",
        source: "mox smtpclient; stricter than RFC 8461 §2",
        see: Some("dane-present"),
        effect: |view| dane(view, "will demand of", "that both the TLSA records and the policy hold"),
    },
    Behaviour {
        sender: "Postfix with postfix-mta-sts-resolver",
        name: "policy-over-dane",
        source: "postfix-mta-sts-resolver as a TLS policy map; against RFC 8461 §2, by which MTA-STS does not override DANE",
        see: Some("dane-present"),
        effect: |view| dane(view, "will let an enforce policy stand above the TLSA records of", "").map(|text| text.trim_end().to_owned()),
    },
];

/// The hosts that senders come to.
fn coming<'a>(view: &View<'a>) -> impl Iterator<Item = &'a MxHost> {
    view.facts.servers.iter().flatten().filter(|host| host.source != MxSource::Asked)
}

/// The same with the leaves that they present.
fn presented<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a MxHost, Vec<Certificate>)> {
    let facts = view.facts;
    coming(view).map(|host| {
        let leaves = host.probes.iter().flat_map(|probe| probe.chains()).filter_map(|tls| tls.chain.first());
        let leaves = leaves.filter_map(|leaf| Certificate::parse(&facts.certificates.get(leaf)?.0).ok());
        (host, leaves.collect())
    })
}

/// Hosts whose certificate is for another name, which the policy happens to list.
fn any_listed_name(view: &View<'_>) -> Option<String> {
    let patterns = &view.text()?.mx;
    let accepted = |(host, leaves): (&MxHost, Vec<Certificate>)| {
        let other = leaves.iter().filter(|leaf| !leaf.is_for(&host.name)).find_map(|leaf| listed_name(leaf, patterns))?;
        Some(format!("{} by its certificate for {other}", host.name))
    };
    let accepted: Vec<String> = presented(view).filter_map(accepted).collect();
    (!accepted.is_empty())
        .then(|| format!("will accept {}, a name that the policy lists: their clean sessions prove nothing there", listed(&accepted)))
}

/// A DNS-ID of the certificate that a pattern of the policy matches.
fn listed_name(leaf: &Certificate, patterns: &[MxPattern]) -> Option<String> {
    let is_listed = |name: &&String| match name.strip_prefix("*.") {
        Some(domain) => patterns.iter().any(|pattern| pattern.is_wildcard() && pattern.domain().as_str().eq_ignore_ascii_case(domain)),
        None => Domain::parse(name).is_ok_and(|name| patterns.iter().any(|pattern| pattern.matches(&name))),
    };
    leaf.dns_names.iter().find(is_listed).cloned()
}

fn common_name(view: &View<'_>) -> Option<String> {
    let is_named = |leaf: &Certificate, host: &Domain| {
        leaf.dns_names.is_empty() && leaf.common_name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(host.as_str()))
    };
    let hosts = presented(view).filter(|(host, leaves)| leaves.iter().any(|leaf| is_named(leaf, &host.name)));
    let hosts: Vec<String> = hosts.map(|(host, _)| host.name.to_string()).collect();
    (!hosts.is_empty()).then(|| format!("will accept {} by the common name of its certificate, where others refuse it", listed(&hosts)))
}

/// Hosts that spoke TLS 1.2 in a wider hello only, with a suite that is not modern.
fn old_suites(view: &View<'_>) -> Option<String> {
    let is_old = |probe: &Probe| {
        let wide = probe.wide.as_ref().and_then(|wide| wide.outcome.seen());
        let first_failed = probe.tls.as_ref().is_some_and(|tls| tls.seen().is_none());
        first_failed && wide.is_some_and(|wide| wide.version == "TLSv1.2" && !is_modern(&wide.suite))
    };
    let hosts = coming(view).filter(|host| host.probes.iter().any(is_old));
    let hosts: Vec<String> = hosts.map(|host| host.name.to_string()).collect();
    (!hosts.is_empty()).then(|| format!("will find no cipher suite in common with {}", listed(&hosts)))
}

/// Hosts with usable TLSA records that DNSSEC vouches for.
fn dane(view: &View<'_>, before: &str, behind: &str) -> Option<String> {
    view.text()?;
    let authenticates = |host: &&MxHost| {
        let records = host.dane.as_ref().filter(|dane| dane.security == Security::Secure).and_then(|dane| dane.records.seen());
        records.is_some_and(|answer| answer.value.iter().any(|record| record.unusable().is_none()))
    };
    let hosts: Vec<String> = coming(view).filter(authenticates).map(|host| host.name.to_string()).collect();
    (!hosts.is_empty()).then(|| format!("{before} {} {behind}", listed(&hosts)))
}
