//! Facts of any number of domains to one list of certificates, soonest end first.
//!
//! Domains are added as they are observed. A chain that many domains share is one entry: what is kept does not grow with the domains.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;

use super::summary;
use crate::evidence::{disk, last_known, runway};
use crate::model::expiry::{DiskSummary, Expiry, ExpiryEntry, HostRole, LastKnown, RunwayState, Unseen};
use crate::model::facts::Facts;
use crate::model::facts::policy::{Fetch, PolicyFacts};
use crate::model::facts::servers::{MxHost, MxSource, OtherKey, Probe};
use crate::model::facts::tls::TlsFacts;
use crate::model::facts::vantage::Vantage;
use crate::model::finding::Sheet;
use crate::model::looked::{Failure, Looked};
use crate::model::rule::Severity;
use crate::model::settings::Settings;
use crate::rules::{self, Case};
use crate::wire::certificate::Certificate;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// Collects the certificates of a run.
#[derive(Debug, Default)]
pub struct Book {
    entries: BTreeMap<(Domain, IpAddr, Option<u16>, Option<Fingerprint>), ExpiryEntry>,
    unseen: BTreeMap<(Domain, Option<IpAddr>, HostRole, String), Unseen>,
    files: Vec<DiskSummary>,
    last_known: BTreeMap<(Domain, String, String), LastKnown>,
    vantage: Option<Vantage>,
    asked_at: Option<Timestamp>,
}

/// Where a chain was met.
struct Place<'a> {
    host: &'a Domain,
    address: IpAddr,
    port: Option<u16>,
    role: HostRole,
}

impl Book {
    /// Adds what was observed of one domain, judged as of `now`.
    pub fn add(&mut self, facts: &Facts, settings: &Settings, now: Timestamp) {
        self.vantage.get_or_insert_with(|| facts.vantage.clone());
        self.asked_at = self.asked_at.max(Some(now));
        self.list_files(facts);
        for known in last_known::certificates(facts) {
            let place = (known.place.host.clone(), known.place.address.clone(), known.place.key_type.clone());
            self.last_known.entry(place).or_insert(known);
        }
        let case = Case::new(facts, settings, now);
        let mut sheet = Sheet::default();
        rules::starttls::judge(&case, &mut sheet);
        if let Some(Looked::Failed(failure)) = facts.mail.as_ref().map(|mail| &mail.mx) {
            self.unseen(&case, &facts.domain, None, HostRole::Mx, format!("its MX hosts are not known: {}", failure.detail), true);
        }
        for host in facts.servers.iter().flatten() {
            self.host(&case, host, &sheet);
        }
        if let Some(policy) = &facts.policy {
            self.policy_host(&case, policy);
        }
    }

    /// All that was added.
    pub fn finish(self, now: Timestamp) -> Expiry {
        let mut entries: Vec<ExpiryEntry> = self.entries.into_values().collect();
        // The map's order, by host and address, stays among those that end together.
        entries.sort_by_key(|entry| entry.not_after);
        Expiry {
            asked_at: self.asked_at.unwrap_or(now),
            vantage: self.vantage,
            entries,
            unseen: self.unseen.into_values().collect(),
            files: self.files,
            last_known: self.last_known.into_values().collect(),
        }
    }

    fn list_files(&mut self, facts: &Facts) {
        for file in &facts.disk {
            if !self.files.iter().any(|known| known.file == file.file) {
                let leaf = disk::leaf(facts, file).map(summary::leaf);
                self.files.push(DiskSummary { file: file.file.clone(), leaf, compared: 0 });
            }
        }
    }

    fn host(&mut self, case: &Case<'_>, host: &MxHost, sheet: &Sheet) {
        let role = if host.source == MxSource::Asked { HostRole::Host } else { HostRole::Mx };
        if host.probes.is_empty() {
            let why = [failed(&host.addresses.v4), failed(&host.addresses.v6)].into_iter().flatten().next();
            let why =
                why.map_or_else(|| "it has no address".to_owned(), |failure| format!("its addresses are not known: {}", failure.detail));
            self.unseen(case, &host.name, None, role, why, true);
        }
        for probe in &host.probes {
            let place = Place { host: &host.name, address: probe.address, port: Some(probe.port), role };
            let chains = probe.chains();
            if chains.is_empty() {
                let (why, open) = silence(host, probe, sheet);
                self.unseen(case, &host.name, Some(probe.address), role, why, open);
            }
            for tls in chains {
                self.entry(case, &place, tls);
            }
            if let Some(failure) = probe.other_key.as_ref().and_then(OtherKey::unanswered) {
                let why = format!("whether it has another certificate, with another type of key, could not be seen: {}", failure.detail);
                self.unseen(case, &host.name, Some(probe.address), role, why, false);
            }
        }
    }

    fn policy_host(&mut self, case: &Case<'_>, policy: &PolicyFacts) {
        let (host, role) = (&policy.host, HostRole::PolicyHost);
        let unknown = [failed(&policy.addresses.v4), failed(&policy.addresses.v6)].into_iter().flatten().next();
        if let (Some(failure), true) = (unknown, policy.fetches.is_empty()) {
            self.unseen(case, host, None, role, format!("its addresses are not known: {}", failure.detail), true);
        }
        let seen_elsewhere = policy.fetches.iter().any(|fetch| fetch.handshake().is_some());
        for fetch in &policy.fetches {
            match fetch.handshake() {
                Some(tls) => self.entry(case, &Place { host, address: fetch.address, port: None, role }, tls),
                None => self.unseen(case, host, Some(fetch.address), role, unanswered(fetch), !seen_elsewhere),
            }
        }
    }

    fn entry(&mut self, case: &Case<'_>, place: &Place<'_>, tls: &TlsFacts) {
        let domain = &case.facts.domain;
        let print = tls.chain.first().copied();
        let key = (place.host.clone(), place.address, place.port, print);
        if let Some(known) = self.entries.get_mut(&key) {
            if !known.domains.contains(domain) {
                known.domains.push(domain.clone());
            }
            return;
        }
        let leaf = print.and_then(|print| runway::read(&print, &case.facts.certificates));
        let elements = runway::elements_at(tls, &case.facts.certificates, case.now);
        let state = runway::state(&elements, case.now, &case.settings.runway);
        let bounds = runway::bounds(&elements, &case.settings.runway);
        let (Some(leaf), Some((state, element)), Some(first), Some(bounds)) = (leaf, state, runway::first_to_end(&elements), bounds) else {
            let why = "its certificate cannot be read".to_owned();
            return self.unseen(case, place.host, Some(place.address), place.role, why, true);
        };
        let compared = disk::compare(case.facts, place.host, tls);
        if let Some(file) = compared.as_ref().and_then(|it| self.files.iter_mut().find(|file| file.file == it.file.file)) {
            file.compared += 1;
        }
        let entry = ExpiryEntry {
            host: place.host.clone(),
            host_unicode: place.host.unicode(),
            address: place.address,
            port: place.port,
            role: place.role,
            key_type: leaf.key.kind.to_owned(),
            state,
            not_after: first.not_after,
            seconds_left: case.now.duration_until(first.not_after).as_secs(),
            decided_by: called(if state == RunwayState::Fine { first } else { element }, &leaf),
            trusted: tls.trust.public.is_some(),
            on_disk: compared.map(|it| it.is),
            leaf: summary::leaf(leaf),
            domains: vec![domain.clone()],
            bounds,
        };
        self.entries.insert(key, entry);
    }

    fn unseen(&mut self, case: &Case<'_>, host: &Domain, address: Option<IpAddr>, role: HostRole, why: String, open: bool) {
        let key = (host.clone(), address, role, why.clone());
        let known = self.unseen.entry(key).or_insert_with(|| Unseen { host: host.clone(), address, role, why, open, domains: Vec::new() });
        known.open |= open;
        if !known.domains.contains(&case.facts.domain) {
            known.domains.push(case.facts.domain.clone());
        }
    }
}

fn failed<T>(looked: &Looked<T>) -> Option<&Failure> {
    looked.failure()
}

fn called(element: &Certificate, leaf: &Certificate) -> String {
    if element.sha256 == leaf.sha256 { "the certificate".to_owned() } else { format!("the intermediate {}", element.name()) }
}

/// Why an address showed no certificate, in the words of the rules on STARTTLS; and whether that leaves the host open.
fn silence(host: &MxHost, probe: &Probe, sheet: &Sheet) -> (String, bool) {
    let subject = format!("{} {}", host.name, probe.address);
    let proven = host.probes.iter().any(|other| !other.chains().is_empty());
    // Where TLS begins with the connection, the rules on STARTTLS have nothing to say.
    if let (None, Some(failure)) = (&probe.greeting, probe.tls.as_ref().and_then(Looked::failure)) {
        return (format!("no TLS handshake: {}", failure.detail), !proven);
    }
    if let Some(finding) = sheet.findings().iter().find(|finding| finding.is_shown() && finding.subject == subject) {
        return (finding.message.clone(), finding.severity == Severity::Blocker);
    }
    let why = probe.connect.failure().map_or_else(|| "no certificate was seen".to_owned(), |failure| failure.detail.clone());
    (why, !proven)
}

fn unanswered(fetch: &Fetch) -> String {
    let of_tls = fetch.tls.as_ref().and_then(Looked::failure);
    match fetch.connect.failure().map(|failure| ("no connection", failure)).or(of_tls.map(|failure| ("no TLS handshake", failure))) {
        Some((what, failure)) => format!("{what}: {}", failure.detail),
        None => "no certificate was seen".to_owned(),
    }
}

#[cfg(test)]
mod tests;
