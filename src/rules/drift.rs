//! drift-*: what is there now, held against what earlier checks saw: texts and ids that do not go together, policies that senders may
//! still hold, and what else changed.

mod changes;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::observed::clip;
use super::{Case, remaining, rule};
use crate::evidence::horizon::{self, Hosts};
use crate::evidence::past::HeldPolicy;
use crate::model::assessment::OlderPolicy;
use crate::model::facts::policy::{Body, PolicyFacts};
use crate::model::facts::servers::MxSource;
use crate::model::finding::{Evidence, EvidenceKind, Finding, Sheet};
use crate::model::history::History;
use crate::model::history::seen::{Kind, Seen};
use crate::model::plan::HeldFrom;
use crate::model::rule::{Rule, Severity};
use crate::wire::name::Domain;
use crate::wire::policy::{Mode, Policy};

rule!(
    BODY_WITHOUT_ID,
    "drift-body-without-id",
    Policy,
    [Blocker, Warning],
    false,
    "the policy's text changed and its id did not",
    "RFC 8461 §3.1, §5.1"
);
rule!(ID_WITHOUT_BODY, "drift-id-without-body", Policy, [Advice], false, "the id changed and the policy's text did not", "RFC 8461 §3.1");
rule!(
    CACHED_STRICTER,
    "drift-cached-stricter",
    Policy,
    [Warning],
    false,
    "a stricter policy of the past may still be held",
    "RFC 8461 §3.2, §5.1"
);

rule!(MX, "drift-mx", Mx, [Advice], false, "the MX records changed", "RFC 8461 §4.1, §8.1");
rule!(CERTIFICATE, "drift-certificate", Mx, [Advice], false, "an MX host serves another certificate", "RFC 8461 §4.2");
rule!(ADDRESS, "drift-address", Mx, [Advice], false, "an MX host has other addresses", "RFC 8461 §8.4");

/// The family, in the catalogue's order.
pub static RULES: &[&Rule] = &[&BODY_WITHOUT_ID, &ID_WITHOUT_BODY, &CACHED_STRICTER, &MX, &CERTIFICATE, &ADDRESS];

/// The rules about the policy and its record.
static OF_POLICY: &[&Rule] = &[&BODY_WITHOUT_ID, &ID_WITHOUT_BODY, &CACHED_STRICTER];

/// Judges what changed; to be called when servers and certificates are judged.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    if let Some(facts) = &case.facts.policy {
        publication(case, facts, sheet);
    }
    if case.facts.mail.is_some() || case.facts.servers.is_some() {
        changes::judge(case, sheet);
    }
}

fn publication(case: &Case<'_>, facts: &PolicyFacts, sheet: &mut Sheet) {
    let subject = facts.host.as_str();
    let not_asked = |why: &str, sheet: &mut Sheet| remaining::not_applicable(OF_POLICY, subject, why, sheet);
    if facts.draft.is_some() {
        return not_asked("a draft is judged, not what is published", sheet);
    }
    if case.past.is_none() && case.held.policies.is_empty() {
        return not_asked("no earlier check is remembered, and no report names another policy", sheet);
    }
    let hosts = hosts(case, sheet.findings());
    // What is served at another address of the policy host is told by the rule on that; without a body it is what senders go by.
    let older = case.held.policies.iter().filter(|held| held.gone.is_some() || case.policy.is_none());
    let (same_id, others): (Vec<&HeldPolicy>, Vec<&HeldPolicy>) = older.partition(|held| held.under_this_id && case.policy.is_some());
    let met = |held: &HeldPolicy| horizon::against(held, &hosts);
    let harms = |held: &&HeldPolicy| held.is_enforced() && !met(held).satisfied;
    // The one that hurts is told before the one that lasts.
    let worst = |all: Vec<&HeldPolicy>| all.iter().copied().find(harms).or_else(|| all.first().copied()).cloned();
    if let (Some(body), Some(id), Some(held)) = (case.body, case.record().and_then(|record| record.id), worst(same_id)) {
        body_without_id(case, body, &id, (&held, &met(&held)), sheet);
    }
    let stricter = others.into_iter().filter(|held| is_stricter(held, &met(held), case.policy.as_ref())).collect();
    if let Some(held) = worst(stricter) {
        cached_stricter(subject, (&held, &met(&held)), sheet);
    }
    if let (Some(past), Some(body), Some(id), Some(since)) =
        (&case.past, case.body, case.record().and_then(|record| record.id), case.held.published.id_since)
    {
        id_without_body(case, past, body, (&id, since), sheet);
    }
    remaining::hold(OF_POLICY, subject, sheet);
}

fn body_without_id(case: &Case<'_>, body: &Body, id: &str, (held, older): (&HeldPolicy, &OlderPolicy), sheet: &mut Sheet) {
    let refuses = held.is_enforced() && !older.satisfied;
    let consequence = if refuses { ", and today's MX hosts fail it" } else { "" };
    let message = format!(
        "the policy changed, its id did not: senders that hold the {} policy of {} may keep it until {}{consequence}",
        older.mode,
        day(held.last_seen),
        day(held.longest())
    );
    let name = case.facts.domain.child("_mta-sts");
    let finding = sheet.broken(&BODY_WITHOUT_ID, name.as_str(), message, seen(held));
    finding.severity(if refuses { Severity::Blocker } else { Severity::Warning });
    finding.expected("a new id with every new text").found(format!("the id {} with both texts", clip(id)));
    finding.fix_with(
        "publish a new id, one that was never used before; the file stays as it is, and the record keeps its TTL",
        case.record_line(&case.fresh_id(&body.text, case.now)),
    );
}

/// The newest id came while the text stayed; told until senders have long seen it.
fn id_without_body(case: &Case<'_>, past: &History, body: &Body, (id, since): (&str, Timestamp), sheet: &mut Sheet) {
    let records = past.of(Kind::PolicyRecord).flat_map(|subject| &subject.spans);
    let before = records.filter(|span| span.last_seen < since).max_by_key(|span| span.last_seen);
    let Some(Seen::PolicyRecord { id: Some(old), .. }) = before.map(|span| &span.seen) else { return };
    let stayed = past.of(Kind::Policy).flat_map(|subject| &subject.spans).any(|span| {
        let same = matches!(&span.seen, Seen::Policy { sha256, .. } if *sha256 == body.sha256);
        same && span.first_seen < since && span.last_seen >= since
    });
    let recent = case.now.duration_since(since).as_hours() < 24 * case.settings.evidence.longest_window_days;
    if !stayed || !recent {
        return;
    }
    let name = case.facts.domain.child("_mta-sts");
    let text = format!("id {}, then {} from {} on", clip(old), clip(id), day(since));
    let message = format!("the id changed on {}, but the policy's text did not: was the new file not put in place?", day(since));
    let finding = sheet.broken(&ID_WITHOUT_BODY, name.as_str(), message, Evidence::at(EvidenceKind::Dns, since, text));
    finding.expected("a new text with a new id").found(format!("the same text, SHA-256 {}", body.sha256.short()));
    finding.fix("if a change of the policy was meant, put the file in place, then publish one more id; if not, there is nothing to do");
}

fn cached_stricter(subject: &str, (held, older): (&HeldPolicy, &OlderPolicy), sheet: &mut Sheet) {
    let faults: BTreeSet<&str> = older.uncovered.iter().chain(&older.broken).map(Domain::as_str).collect();
    let faults: Vec<&str> = faults.into_iter().collect();
    let fit = if faults.is_empty() { String::new() } else { format!(", and {} would be refused by it", faults.join(", ")) };
    let was = if held.seen == HeldFrom::Reports { "they reported" } else { "was served" };
    let until = day(held.longest());
    let message = format!("senders may hold the enforce policy that {was} until {} for as long as {until}{fit}", day(held.last_seen));
    let finding = sheet.broken(&CACHED_STRICTER, subject, message, seen(held));
    finding.expected("no older policy in any cache that asks more than the one of today");
    finding.found(format!("one of mode {} for {} seconds", older.mode, older.max_age));
    finding.fix(format!(
        "until {until} change nothing that this older policy forbids: every MX host stays one of those that it lists, with a valid certificate"
    ));
}

/// Only a policy in enforce refuses anything; it is stricter than today's if that does not enforce, is held for less time, or suits
/// today's hosts where the older one does not. Where none can be fetched, that is told elsewhere, and only what refuses is told here.
fn is_stricter(held: &HeldPolicy, older: &OlderPolicy, today: Option<&Policy>) -> bool {
    let is_laxer = |today: &Policy| today.mode != Some(Mode::Enforce) || today.max_age.is_some_and(|max_age| held.max_age > max_age);
    held.is_enforced() && (today.is_some_and(is_laxer) || !older.satisfied)
}

/// Today's hosts as any policy meets them, by what was found of their TLS and their certificates.
pub fn hosts(case: &Case<'_>, findings: &[Finding]) -> Hosts {
    let servers = case.facts.servers.iter().flatten().filter(|host| host.source != MxSource::Asked);
    let live: BTreeSet<Domain> = servers.map(|host| host.name.clone()).collect();
    let blocked = findings.iter().filter(|finding| finding.blocks() && matches!(finding.rule.family(), "starttls" | "cert"));
    let names = blocked.filter_map(|finding| finding.subject.split(' ').next()).map(Domain::from_dns);
    Hosts { broken: names.filter(|name| live.contains(name)).collect(), live }
}

fn seen(held: &HeldPolicy) -> Evidence {
    let patterns = held.mx.iter().take(8).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let what = held.sha256.map_or_else(|| "policy named in reports".to_owned(), |sha256| format!("policy SHA-256 {}", sha256.short()));
    let text = format!(
        "{what}: mode {}, max_age {}, mx {}; first seen {}, last seen {}",
        held.mode.as_str(),
        held.max_age,
        clip(&patterns),
        held.first_seen,
        held.last_seen
    );
    Evidence::at(if held.sha256.is_some() { EvidenceKind::Policy } else { EvidenceKind::Report }, held.last_seen, text)
}

fn day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests;
