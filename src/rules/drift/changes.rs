//! What else is not as earlier checks saw it: MX records, certificates, addresses. Whoever made the change knows of it; whoever did not
//! hears of it here, for a week.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::super::observed::clip;
use super::{ADDRESS, CERTIFICATE, Case, MX, day};
use crate::evidence::past::held::looks;
use crate::model::facts::dns::MxRecord;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{History, Leaf, Span, Subject};
use crate::rules::remaining;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// So long a change is told: a check that runs once a week meets it.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(8 * 24);
/// A host that showed more addresses than this draws them from a pool: that they change is its way.
const POOL: usize = 4;
/// Findings of one rule beyond these are left out.
const TOLD: usize = 20;

pub(super) fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    let (domain, rules) = (case.facts.domain.as_str(), [&MX, &CERTIFICATE, &ADDRESS]);
    let Some(past) = &case.past else {
        return remaining::not_applicable(&rules, domain, "no earlier check is remembered", sheet);
    };
    let week = Week { past, since: case.now.checked_sub(TOLD_FOR).unwrap_or(Timestamp::MIN) };
    week.mx(sheet);
    let servers = case.facts.servers.iter().flatten();
    let hosts: BTreeSet<&Domain> = servers.map(|host| &host.name).collect();
    for host in hosts {
        week.certificates(host, sheet);
        week.addresses(host, sheet);
    }
    remaining::hold(&rules, domain, sheet);
}

/// The past, and from when on a change is recent.
struct Week<'a> {
    past: &'a History,
    since: Timestamp,
}

/// What came and went at a subject.
struct Turn<'a> {
    came: Vec<&'a Span>,
    went: Vec<&'a Span>,
    /// The look that saw it.
    at: Timestamp,
}

impl Week<'_> {
    /// The recent changes of a subject that had something before and has something now.
    fn turn<'s>(&self, subject: &'s Subject) -> Option<Turn<'s>> {
        let first_look = subject.spans.iter().map(|span| span.first_seen).min()?;
        let came: Vec<&Span> = subject.current().filter(|span| span.first_seen > first_look && span.first_seen >= self.since).collect();
        // What is gone went after the look before the change; where nothing came, only a recent look tells that it was there.
        let change = came.iter().map(|span| span.first_seen).max();
        let before = change.and_then(|at| looks(subject).filter(|look| *look < at).max()).map_or(self.since, |look| look.min(self.since));
        let is_gone = |span: &&Span| span.last_seen < subject.looked_at && span.last_seen >= before;
        let went: Vec<&Span> = subject.spans.iter().filter(is_gone).collect();
        let missed = |span: &&Span| looks(subject).filter(|look| *look > span.last_seen).min();
        let at = change.into_iter().chain(went.iter().filter_map(missed)).max()?;
        subject.current().next().map(|_| Turn { came, went, at })
    }

    fn mx(&self, sheet: &mut Sheet) {
        let domain = &self.past.domain;
        let Some(subject) = self.past.of(Kind::Mx).find(|subject| subject.name == domain.as_str()) else { return };
        let Some(turn) = self.turn(subject) else { return };
        let (Some(now), Some(before)) = (subject.current().next(), turn.went.iter().max_by_key(|span| span.last_seen)) else { return };
        let (was, is) = (records(before), records(now));
        if was == is {
            return;
        }
        let message = format!("the MX records changed on {}: {}", day(turn.at), difference(&was, &is));
        let shown = Evidence::at(
            EvidenceKind::Dns,
            before.last_seen,
            format!("{domain} MX {} until {}", clip(&was.join(", ")), day(before.last_seen)),
        );
        let finding = sheet.broken(&MX, domain.as_str(), message, shown);
        finding.expected(clip(&was.join(", "))).found(clip(&is.join(", ")));
        finding.fix("if it was meant, every host needs its line in the policy before it takes mail; if nobody meant it, look who writes into the zone");
    }

    fn addresses(&self, host: &Domain, sheet: &mut Sheet) {
        for family in ["A", "AAAA"] {
            let name = format!("{host} {family}");
            let Some(subject) = self.past.of(Kind::Address).find(|subject| subject.name == name) else { continue };
            if subject.spans.len() > POOL {
                sheet.not_applicable(&ADDRESS, name, "its addresses take turns");
                continue;
            }
            let Some(turn) = self.turn(subject) else { continue };
            let list = |spans: &[&Span]| spans.iter().filter_map(|span| address(span)).collect::<Vec<_>>();
            let (came, went) = (list(&turn.came), list(&turn.went));
            let now = list(&subject.current().collect::<Vec<_>>());
            let message = format!("the addresses of {host} changed on {}: {}", day(turn.at), difference(&went, &came));
            let shown = Evidence::at(EvidenceKind::Dns, turn.at, format!("{host} {family} {}", clip(&now.join(", "))));
            let was = now.iter().filter(|address| !came.contains(address)).chain(&went).cloned().collect::<Vec<_>>();
            let finding = sheet.broken(&ADDRESS, name, message, shown);
            finding.expected(clip(&was.join(", "))).found(clip(&now.join(", ")));
            finding.fix("if it was meant, see that the new address offers STARTTLS with a valid certificate as the old one did; if not, look who writes into the zone");
        }
    }

    /// One finding for each new certificate of a host, whatever the number of addresses that serve it.
    fn certificates(&self, host: &Domain, sheet: &mut Sheet) {
        let place = format!("{host} ");
        let mut new: BTreeMap<Fingerprint, (Timestamp, Fingerprint, Timestamp, BTreeSet<&str>)> = BTreeMap::new();
        for subject in self.past.of(Kind::Chain).filter(|subject| subject.name.starts_with(&place)) {
            let Some(turn) = self.turn(subject) else { continue };
            let Some(before) = turn.went.iter().max_by_key(|span| span.last_seen) else { continue };
            for span in turn.came {
                let (Some(is), Some(was)) = (leaf(span), leaf(before)) else { continue };
                let known = new.entry(is).or_insert((span.first_seen, was, before.last_seen, BTreeSet::new()));
                known.0 = known.0.min(span.first_seen);
                known.3.extend(subject.name.split(' ').nth(1));
            }
        }
        for (is, (at, was, until, addresses)) in new.into_iter().take(TOLD) {
            let addresses = clip(&addresses.into_iter().collect::<Vec<_>>().join(", "));
            let (was, is) = (self.called(&was), self.called(&is));
            let message = format!("{host} serves another certificate since {}, at {addresses}", day(at));
            let shown = Evidence::at(EvidenceKind::Certificate, until, format!("before: {was}, last seen {}", day(until)));
            let finding = sheet.broken(&CERTIFICATE, host.as_str(), message, shown);
            finding.expected(was).found(is);
            finding.fix(
                "a renewal is nothing to act on; if nobody renewed, find out who has a certificate for this host, and where its key is",
            );
        }
    }

    fn called(&self, sha256: &Fingerprint) -> String {
        match self.past.leaf(sha256) {
            Some(Leaf { issuer, not_after, .. }) => format!("SHA-256 {} by {}, until {}", sha256.short(), clip(&issuer), day(not_after)),
            None => format!("SHA-256 {}", sha256.short()),
        }
    }
}

/// What went and what came, in words.
fn difference(was: &[String], is: &[String]) -> String {
    let only = |these: &[String], those: &[String]| these.iter().filter(|one| !those.contains(one)).cloned().collect::<Vec<_>>().join(", ");
    let (went, came) = (only(was, is), only(is, was));
    let parts = [(came, "came"), (went, "went")].into_iter().filter(|(names, _)| !names.is_empty());
    parts.map(|(names, verb)| format!("{} {verb}", clip(&names))).collect::<Vec<_>>().join("; ")
}

fn records(span: &Span) -> Vec<String> {
    match &span.seen {
        Seen::Mx { records } => records.iter().map(|MxRecord { preference, exchange }| format!("{preference} {exchange}")).collect(),
        _ => Vec::new(),
    }
}

fn address(span: &Span) -> Option<String> {
    match &span.seen {
        Seen::Address { address } => Some(address.to_string()),
        _ => None,
    }
}

fn leaf(span: &Span) -> Option<Fingerprint> {
    match &span.seen {
        Seen::Chain { certificates, .. } => certificates.first().copied(),
        _ => None,
    }
}
