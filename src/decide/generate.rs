//! Texts to publish, made from what is in DNS: the TLS-RPT record, a policy to begin with, the records around it.
//!
//! In: the [`Ground`], what is wanted, ids that were used, a time. Out: [`Generated`], or why not. What is made is put into facts and judged
//! by the rules themselves: what they would call a blocker is never handed out.

mod targets;
mod there;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub use self::targets::targets;
use crate::evidence::providers;
use crate::model::facts::dns::{MailFacts, TxtFacts, TxtRecord};
use crate::model::facts::policy::{Body, Draft, PolicyFacts};
use crate::model::facts::{Facts, RecordFacts};
use crate::model::finding::Finding;
use crate::model::generated::{DnsText, Generated, Ground, PolicyFile};
use crate::model::looked::{Absence, AbsenceKind, Answer, Looked};
use crate::model::rule::Severity;
use crate::model::settings::Settings;
use crate::rules::{self, Case, domain as domain_rules, policy as policy_rules};
use crate::wire::name::Domain;
use crate::wire::pattern::MxPattern;
use crate::wire::policy::{self, Kind, Mode};
use crate::wire::scope::Scope;
use crate::wire::version::{STS, TLSRPT};
use crate::wire::{policy_id, sts_record, zone};

/// Why nothing is generated; each names the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What is asked for would be wrong anywhere.
    #[error("{0}")]
    Call(String),
    /// It would be wrong here, as things are.
    #[error("{0}")]
    World(String),
    /// What it would rest on could not be looked at.
    #[error("{0}")]
    Open(String),
}

/// Where the host `mta-sts.` is to point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyHost {
    /// Another name: a CNAME.
    Name(Domain),
    /// An address.
    Address(IpAddr),
}

/// What a policy is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyWish {
    /// Its mode.
    pub mode: Mode,
    /// Seconds.
    pub max_age: u32,
    /// Its patterns in place of proposed ones, as written.
    pub patterns: Vec<String>,
    /// No wildcard, whatever the provider documents.
    pub exact: bool,
}

/// What is to be generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Report targets of a TLS-RPT record, as written; no record without them.
    pub rua: Vec<String>,
    /// Whether targets at other organisations are meant so.
    pub foreign_rua: bool,
    /// A policy file.
    pub policy: Option<PolicyWish>,
    /// The text of a policy, for which an id is made.
    pub text: Option<String>,
    /// Where the policy host is to point.
    pub host: Option<PolicyHost>,
    /// Whether the records are asked for, not the file alone.
    pub records: bool,
}

/// Makes the texts. `nothing` are facts of the domain in which nothing was looked at.
pub fn generate(ground: &Ground, wish: &Wish, used: &BTreeSet<String>, nothing: Facts) -> Result<Generated, Refusal> {
    let domain = &ground.domain;
    let uris = targets::uris(wish)?;
    if !wish.foreign_rua {
        targets::ours(domain, &uris)?;
    }
    let host = wish.host.as_ref().map(|wanted| host(domain, wanted)).transpose()?;
    let record = (!wish.rua.is_empty()).then(|| format!("v=TLSRPTv1; rua={}", wish.rua.join(",")));
    let published = there::meant(&ground.sts, STS);
    let text = match (&wish.text, &wish.policy) {
        (Some(text), _) => Some(given(domain, text, &ground.sts)?),
        (None, Some(policy)) => Some(body(ground, policy)?),
        (None, None) => None,
    };
    let now = nothing.observed_at;
    let facts = facts(ground, record.as_deref(), text.as_deref(), nothing);
    let mut notes = judged(&facts, record.is_some(), text.is_some())?;
    let mut records = Vec::new();
    if let Some(record) = record {
        notes.extend(there::txt(&ground.record, &domain.child("_smtp._tls"), TLSRPT, &record)?);
        records.push(txt(domain, "_smtp._tls", record));
    }
    if let Some(text) = &text {
        let mut used = used.clone();
        used.extend(published.iter().filter_map(|text| sts_record::parse(text).id));
        let record = format!("v=STSv1; id={};", policy_id::fresh(text, now, &used));
        notes.extend(there::txt(&ground.sts, &domain.child("_mta-sts"), STS, &record)?);
        if let Some(id) = sts_record::select(&published).and_then(|record| record.id) {
            notes.push(format!(
                "there is a policy already (id {id}): see with `stsready change policy --file FILE {domain}` what this one would change"
            ));
        }
        records.push(txt(domain, "_mta-sts", record));
        if wish.records {
            notes.extend(there::host(ground, wish.host.as_ref())?);
            if host.is_some() || ground.policy_host.all().is_empty() {
                notes.push(format!("the policy host needs a certificate for mta-sts.{domain} from a public CA"));
            }
            records.extend(host);
            notes.push("serve the policy first and compare its bytes; then publish its id".to_owned());
        }
    }
    let policy = text.filter(|_| wish.policy.is_some() || !wish.records).map(|text| PolicyFile { url: url(domain), text });
    Ok(Generated { domain: domain.clone(), policy, records, notes })
}

fn url(domain: &Domain) -> String {
    format!("https://mta-sts.{domain}/.well-known/mta-sts.txt")
}

/// A policy's text from the MX set.
fn body(ground: &Ground, wish: &PolicyWish) -> Result<String, Refusal> {
    let domain = &ground.domain;
    match wish.mode {
        Mode::Testing => {}
        Mode::Enforce => {
            return Err(Refusal::Call(format!(
                "a policy does not begin in enforce: publish testing, let reports come in, and ask `stsready change enforce {domain}`"
            )));
        }
        Mode::None => {
            return Err(Refusal::Call(format!(
                "a policy is withdrawn in steps, or senders refuse mail by the one they hold: `stsready change leave {domain}` has them"
            )));
        }
    }
    let hosts = mx_hosts(ground)?;
    let patterns = match &wish.patterns[..] {
        [] if wish.exact => hosts.iter().cloned().map(MxPattern::exact).collect(),
        [] => providers::patterns(&hosts),
        written => chosen(written)?,
    };
    if let Some(host) = hosts.iter().find(|host| !patterns.iter().any(|pattern| pattern.matches(host))) {
        let shallow = patterns.iter().find(|pattern| pattern.is_wildcard() && host.is_at_or_below(pattern.domain()));
        let why = match shallow {
            Some(pattern) => format!("{pattern} stands for exactly one label, so it does not cover {host}"),
            None => format!("no pattern covers the MX host {host}"),
        };
        return Err(Refusal::World(format!("{why}; senders would refuse it under enforce (RFC 8461 §4.1)")));
    }
    let lines: String = patterns.iter().map(|pattern| format!("mx: {pattern}\n")).collect();
    Ok(format!("version: STSv1\nmode: {}\n{lines}max_age: {}\n", wish.mode.as_str(), wish.max_age))
}

/// The MX hosts of today, by preference.
fn mx_hosts(ground: &Ground) -> Result<Vec<Domain>, Refusal> {
    let domain = &ground.domain;
    let mut records = match &ground.mx {
        Looked::Seen(answer) => answer.value.clone(),
        Looked::Absent(_) => {
            return Err(Refusal::World(format!(
                "{domain} has no MX record, and a policy lists the hosts that take its mail; publish MX records first, if it takes any"
            )));
        }
        Looked::Failed(failure) => {
            return Err(Refusal::Open(format!("the MX records of {domain} could not be looked up: {}", failure.detail)));
        }
    };
    records.sort();
    let mut hosts: Vec<Domain> = Vec::new();
    for record in records.into_iter().filter(|record| !record.exchange.is_root()) {
        if !hosts.contains(&record.exchange) {
            hosts.push(record.exchange);
        }
    }
    if hosts.is_empty() {
        return Err(Refusal::World(format!("{domain} takes no mail (null MX, RFC 7505): there is nothing that a policy could protect")));
    }
    Ok(hosts)
}

/// The operator's own patterns.
fn chosen(written: &[String]) -> Result<Vec<MxPattern>, Refusal> {
    let mut patterns = Vec::new();
    for text in written {
        let read = policy::parse(&format!("version: STSv1\nmode: testing\nmax_age: 86400\nmx: {}\n", text.trim()));
        let fault = read.problems.iter().find_map(|problem| match problem.kind {
            Kind::MxInvalid(fault) => Some(fault),
            _ => None,
        });
        let [pattern] = &read.mx[..] else {
            let fault = fault.map_or_else(|| "is no mx pattern".to_owned(), |fault| fault.to_string());
            return Err(Refusal::Call(format!("the pattern {text:?} {fault}; give a host, or *. and a domain: one label (RFC 8461 §3.2)")));
        };
        if pattern.is_wildcard() && (pattern.domain().is_public_suffix() || pattern.domain().registered().is_none()) {
            return Err(Refusal::Call(format!("the pattern {pattern} covers a whole public suffix: anybody's hosts (RFC 8461 §10.4)")));
        }
        patterns.push(pattern.clone());
    }
    Ok(patterns)
}

/// The text of a file that an id is to be made for. Senders need not agree which of two modes counts, so every line of them does.
fn given(domain: &Domain, text: &str, published: &there::Found) -> Result<String, Refusal> {
    let read = policy::parse(text);
    let modes: Vec<_> = read.fields.iter().filter(|field| field.name.eq_ignore_ascii_case("mode")).collect();
    if modes.iter().any(|field| field.value.eq_ignore_ascii_case(Mode::Enforce.as_str())) {
        return Err(Refusal::World(format!(
            "the policy is in enforce, and its id tells every sender: `stsready change enforce {domain}` says whether that is safe, and the id"
        )));
    }
    if let [first, second, ..] = &modes[..] {
        return Err(Refusal::World(format!("the policy has two modes, in the lines {} and {}: take one out", first.line, second.line)));
    }
    match (read.mode, published) {
        (Some(Mode::None), Looked::Failed(failure)) => {
            Err(Refusal::Open(format!("whether {domain} has a policy to withdraw could not be looked up: {}", failure.detail)))
        }
        (Some(Mode::None), found) if !there::meant(found, STS).is_empty() => Err(Refusal::World(format!(
            "a policy is published, and it is withdrawn in steps, or senders refuse mail by the one they hold: `stsready change leave {domain}` \
             has them"
        ))),
        _ => Ok(text.to_owned()),
    }
}

/// The domain as it would be.
fn facts(ground: &Ground, record: Option<&str>, text: Option<&str>, nothing: Facts) -> Facts {
    let domain = &ground.domain;
    let seen =
        |text: &str| Looked::Seen(Answer { value: vec![TxtRecord { strings: vec![text.to_owned()] }], ttl: zone::TTL, via: Vec::new() });
    let absent = || Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() });
    let record = record.map(|record| RecordFacts {
        txt: TxtFacts { name: domain.child("_smtp._tls"), answer: seen(record), elsewhere: Vec::new() },
        targets: ground.targets.clone(),
    });
    let policy = text.map(|text| PolicyFacts {
        txt: TxtFacts { name: domain.child("_mta-sts"), answer: absent(), elsewhere: Vec::new() },
        host: domain.child("mta-sts"),
        addresses: ground.policy_host.clone(),
        addresses_left_out: 0,
        fetches: Vec::new(),
        by_agent: Vec::new(),
        draft: Some(Draft { file: "the policy".to_owned(), body: Body::new(text.as_bytes()) }),
        pattern_domains: BTreeMap::new(),
        https_witness: None,
    });
    let mail = MailFacts { mx: ground.mx.clone(), mx_total: None, own_addresses: ground.own_addresses.clone(), parent_policy: None };
    Facts { mail: Some(mail), record, policy, ..nothing }
}

/// What the rules say of it: what would block is refused, what is less is told.
fn judged(facts: &Facts, record: bool, policy: bool) -> Result<Vec<String>, Refusal> {
    let settings = Settings::default();
    let findings = rules::judge(&Case::new(facts, &settings, facts.observed_at)).findings;
    // A domain that takes no mail may have its record all the same: that is how it would learn of attempts.
    let mail = [&domain_rules::NULL_MX, &domain_rules::NO_MAIL];
    let mut notes = Vec::new();
    for finding in findings.into_iter().filter(Finding::is_shown) {
        let about = match finding.rule.family() {
            "record" => record,
            "policy" | "mx" => policy && finding.rule != &policy_rules::MODE_NONE,
            "domain" => policy || mail.contains(&finding.rule),
            _ => false,
        };
        if !about {
            continue;
        }
        if policy && mail.contains(&finding.rule) {
            return Err(Refusal::World(finding.message));
        }
        if finding.blocks() {
            return Err(Refusal::World(format!("{} ({})", finding.message, finding.code())));
        }
        if finding.unsettles() {
            return Err(Refusal::Open(format!("{} ({})", finding.message, finding.code())));
        }
        let weight = if finding.severity >= Severity::Warning { "warning: " } else { "" };
        notes.push(format!("{weight}{} ({})", finding.message, finding.code()));
    }
    Ok(notes)
}

/// The policy host's own record.
fn host(domain: &Domain, wanted: &PolicyHost) -> Result<DnsText, Refusal> {
    let (name, label, ttl) = (domain.child("mta-sts"), "mta-sts".to_owned(), zone::TTL);
    match wanted {
        PolicyHost::Name(target) if target.is_at_or_below(&name) => {
            Err(Refusal::Call(format!("{name} cannot point to itself or below: name the host that serves the policy")))
        }
        PolicyHost::Name(target) => {
            Ok(DnsText { label, kind: "CNAME", ttl, value: format!("{target}."), zone: zone::cname_line(&name, Some(ttl), target), name })
        }
        PolicyHost::Address(address) => match Scope::of(*address) {
            Scope::World => Ok(DnsText {
                label,
                kind: if address.is_ipv4() { "A" } else { "AAAA" },
                ttl,
                value: address.to_string(),
                zone: zone::address_line(&name, Some(ttl), *address),
                name,
            }),
            scope => Err(Refusal::Call(format!("{address} is {}: no sender could fetch the policy there", scope.as_str()))),
        },
    }
}

fn txt(domain: &Domain, label: &str, value: String) -> DnsText {
    let name = domain.child(label);
    DnsText { label: label.to_owned(), kind: "TXT", ttl: zone::TTL, zone: zone::txt_line(&name, &value), value, name }
}

#[cfg(test)]
mod tests;
