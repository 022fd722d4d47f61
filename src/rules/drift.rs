//! drift-*: what is served now, held against what earlier checks saw: texts and ids that do not go together, and policies that senders
//! may still hold.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::observed::clip;
use super::{Case, remaining, rule};
use crate::evidence::horizon::{self, Hosts};
use crate::model::assessment::OlderPolicy;
use crate::model::facts::servers::MxSource;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{History, Subject};
use crate::model::rule::{Rule, Severity};
use crate::rules::txt::fresh_id;
use crate::wire::name::Domain;
use crate::wire::policy::{Mode, Policy};
use crate::wire::{sts_record, zone};

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

/// The family, in the catalogue's order.
pub static RULES: &[&Rule] = &[&BODY_WITHOUT_ID, &ID_WITHOUT_BODY, &CACHED_STRICTER];

/// Judges what changed; to be called when servers and certificates are judged.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    let Some(facts) = &case.facts.policy else { return };
    let subject = facts.host.as_str();
    let not_asked = |why: &str, sheet: &mut Sheet| remaining::not_applicable(RULES, subject, why, sheet);
    if facts.draft.is_some() {
        return not_asked("a draft is judged, not what is published", sheet);
    }
    let Some(past) = &case.past else { return not_asked("no earlier check is remembered", sheet) };
    let (Some(body), Some(policy)) = (case.body, &case.policy) else { return not_asked("there is no policy to compare with", sheet) };
    let older = horizon::older(past, Some(body.sha256), &hosts(case, sheet), case.now);
    let id = sts_record::select(&facts.txt.texts()).and_then(|record| record.id);
    let under_this_id = id.as_deref().map(|id| since(past, id)).unwrap_or_default();
    let same_id = |older: &&OlderPolicy| under_this_id.is_some_and(|since| older.last_seen >= since);
    if let (Some(id), Some(worst)) = (&id, older.iter().filter(same_id).min_by_key(|older| older.satisfied || older.mode != "enforce")) {
        body_without_id(case, id, worst, sheet);
    }
    for older in older.iter().filter(|older| !same_id(older) && is_stricter(older, policy)).take(1) {
        cached_stricter(subject, older, sheet);
    }
    if let (Some(id), Some(since)) = (&id, under_this_id) {
        id_without_body(case, past, id, since, sheet);
    }
    remaining::hold(RULES, subject, sheet);
}

fn body_without_id(case: &Case<'_>, id: &str, older: &OlderPolicy, sheet: &mut Sheet) {
    let domain = &case.facts.domain;
    let refuses = older.mode == Mode::Enforce.as_str() && !older.satisfied;
    let consequence = if refuses { ", and today's MX hosts fail it" } else { "" };
    let message = format!(
        "the policy changed, its id did not: senders that hold the {} policy of {} may keep it until {}{consequence}",
        older.mode,
        day(older.last_seen),
        day(older.held_until)
    );
    let name = domain.child("_mta-sts");
    let finding = sheet.broken(&BODY_WITHOUT_ID, name.as_str(), message, seen(older));
    finding.severity(if refuses { Severity::Blocker } else { Severity::Warning });
    finding.expected("a new id with every new text").found(format!("the id {} with both texts", clip(id)));
    finding.fix_with(
        "publish a new id, one that was never used before; the file stays as it is",
        zone::txt_line(&name, &format!("v=STSv1; id={};", fresh_id(case.now))),
    );
}

/// The newest id came while the text stayed; told until senders have long seen it.
fn id_without_body(case: &Case<'_>, past: &History, id: &str, since: Timestamp, sheet: &mut Sheet) {
    let records = past.of(Kind::PolicyRecord).flat_map(|subject| &subject.spans);
    let before = records.filter(|span| span.last_seen < since).max_by_key(|span| span.last_seen);
    let Some(Seen::PolicyRecord { id: Some(old), .. }) = before.map(|span| &span.seen) else { return };
    let Some(body) = case.body else { return };
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

fn cached_stricter(subject: &str, older: &OlderPolicy, sheet: &mut Sheet) {
    let faults: Vec<&str> = older.uncovered.iter().chain(&older.broken).map(Domain::as_str).collect();
    let fit = if faults.is_empty() { String::new() } else { format!(", and {} would be refused by it", faults.join(", ")) };
    let message = format!(
        "senders may hold the enforce policy that was served until {} for as long as {}{fit}",
        day(older.last_seen),
        day(older.held_until)
    );
    let finding = sheet.broken(&CACHED_STRICTER, subject, message, seen(older));
    finding.expected("no older policy in any cache that asks more than the one of today");
    finding.found(format!("one of mode {} for {} seconds", older.mode, older.max_age));
    finding.fix(format!(
        "until {} change nothing that this older policy forbids: every MX host stays one of those that it lists, with a valid certificate",
        day(older.held_until)
    ));
}

/// Only a policy in enforce refuses anything; it is stricter than today's if that does not enforce, is held for less time, or suits
/// today's hosts where the older one does not.
fn is_stricter(older: &OlderPolicy, today: &Policy) -> bool {
    let enforced = older.mode == Mode::Enforce.as_str();
    enforced && (today.mode != Some(Mode::Enforce) || today.max_age.is_some_and(|max_age| older.max_age > max_age) || !older.satisfied)
}

/// Since when this id is published without a break.
fn since(past: &History, id: &str) -> Option<Timestamp> {
    let spans = past.of(Kind::PolicyRecord).flat_map(Subject::current);
    let mine = spans.filter(|span| matches!(&span.seen, Seen::PolicyRecord { id: Some(seen), .. } if seen == id));
    mine.map(|span| span.first_seen).max()
}

/// Today's hosts as any policy meets them, by the sheet so far.
fn hosts(case: &Case<'_>, sheet: &Sheet) -> Hosts {
    let servers = case.facts.servers.iter().flatten().filter(|host| host.source != MxSource::Asked);
    let live: BTreeSet<Domain> = servers.map(|host| host.name.clone()).collect();
    let blocked = sheet.findings().iter().filter(|finding| finding.blocks() && matches!(finding.rule.family(), "starttls" | "cert"));
    let names = blocked.filter_map(|finding| finding.subject.split(' ').next()).map(Domain::from_dns);
    Hosts { broken: names.filter(|name| live.contains(name)).collect(), live }
}

fn seen(older: &OlderPolicy) -> Evidence {
    let patterns = older.mx.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
    let text = format!(
        "policy SHA-256 {}: mode {}, max_age {}, mx {}; first seen {}, last seen {}",
        older.sha256.short(),
        older.mode,
        older.max_age,
        clip(&patterns),
        older.first_seen,
        older.last_seen
    );
    Evidence::at(EvidenceKind::Policy, older.last_seen, text)
}

fn day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests;
