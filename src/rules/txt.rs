//! txt-*: the `_mta-sts` record (RFC 8461 §3.1). In: what DNS holds at that name and at the policy host. Out: findings.

mod delegation;

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::observed::{self, TxtSeen, clip};
use super::{Case, remaining, rule};
use crate::model::facts::dns::Elsewhere;
use crate::model::facts::policy::PolicyFacts;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::{Absence, AbsenceKind, Looked};
use crate::model::rule::Rule;
use crate::model::settings::DAY;
use crate::wire::name::Domain;
use crate::wire::sts_record::{self, Problem};
use crate::wire::version::STS;
use crate::wire::{policy_id, zone};

rule!(MISSING, "txt-missing", Policy, [Blocker], false, "no MTA-STS record", "RFC 8461 §3.1");
rule!(MULTIPLE, "txt-multiple", Policy, [Blocker], false, "more than one MTA-STS record", "RFC 8461 §3.1");
rule!(VERSION, "txt-version", Policy, [Blocker], false, "the record's version is not exact", "RFC 8461 §3.1");
rule!(ID_MISSING, "txt-id-missing", Policy, [Blocker], false, "the record has no id", "RFC 8461 §3.1");
rule!(ID_INVALID, "txt-id-invalid", Policy, [Blocker], false, "the id is not 1 to 32 letters or digits", "RFC 8461 §3.1");
rule!(SYNTAX, "txt-syntax", Policy, [Blocker], false, "the record is outside the grammar", "RFC 8461 §3.1");
rule!(
    SPACE_BEFORE_SEMICOLON,
    "txt-space-before-semicolon",
    Policy,
    [Warning],
    false,
    "white space between version and semicolon",
    "RFC 8461 §3.1, erratum 6285"
);
rule!(DUPLICATE_FIELD, "txt-duplicate-field", Policy, [Warning], false, "a field of the record stands twice", "RFC 8461 §3.2");
rule!(MISPLACED, "txt-misplaced", Policy, [Blocker], false, "the record is at another name", "RFC 8461 §3.1");
rule!(DANGLING, "txt-dangling", Policy, [Blocker], false, "the record's CNAME leads nowhere", "RFC 8461 §3.1, §8.2");
rule!(DELEGATED, "txt-delegated", Policy, [Warning, Advice], false, "the record is read through a CNAME", "RFC 8461 §3.1, §8.2");
rule!(TTL_LONG, "txt-ttl-long", Policy, [Warning], false, "the record's TTL is longer than a day", "RFC 8461 §8.1");

/// The family.
pub static RULES: &[&Rule] = &[
    &MISSING,
    &MULTIPLE,
    &VERSION,
    &ID_MISSING,
    &ID_INVALID,
    &SYNTAX,
    &SPACE_BEFORE_SEMICOLON,
    &DUPLICATE_FIELD,
    &MISPLACED,
    &DANGLING,
    &DELEGATED,
    &TTL_LONG,
];

/// The rules about a record's own text.
static ABOUT_TEXT: &[&Rule] = &[&ID_MISSING, &ID_INVALID, &SYNTAX, &SPACE_BEFORE_SEMICOLON, &DUPLICATE_FIELD];
/// More records than this at one name are counted and not judged one by one.
const RECORDS_JUDGED: usize = 5;

/// Judges what was observed.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    let Some(facts) = &case.facts.policy else { return };
    let subject = facts.txt.name.as_str();
    let id = case.fresh_id(case.body.map_or("", |body| &body.text), case.now);
    match &facts.txt.answer {
        Looked::Failed(_) => remaining::not_applicable(RULES, subject, "the lookup failed", sheet),
        Looked::Absent(absence) if absence.kind == AbsenceKind::NxDomain && !absence.via.is_empty() => {
            dangling(facts, absence, &id, sheet);
            remaining::not_applicable(RULES, subject, "the CNAME at the name leads nowhere", sheet);
        }
        Looked::Absent(_) => judge_records(&[], &facts.txt.elsewhere, &TxtSeen::of(&facts.txt), &id, sheet),
        Looked::Seen(answer) => {
            let texts = facts.txt.texts();
            let seen = TxtSeen::of(&facts.txt);
            judge_records(&texts, &facts.txt.elsewhere, &seen, &id, sheet);
            let selection = STS.select(&texts);
            if let Some(text) = selection.counted.first() {
                delegation::judge(facts, &answer.via, sheet);
                ttl(answer.ttl, text, &seen, sheet);
            }
        }
    }
    if STS.select(&facts.txt.texts()).counted.is_empty() {
        remaining::not_applicable(&[&DELEGATED, &TTL_LONG], subject, "there is no record to judge", sheet);
    }
    remaining::hold(RULES, subject, sheet);
}

/// Judges texts alone, as a page's example holds them: each is one TXT record at `name` (`_mta-sts.` of a domain).
/// A proposed id is made from `now`.
pub fn judge_texts(texts: &[String], name: &Domain, now: Timestamp, sheet: &mut Sheet) {
    judge_records(texts, &[], &TxtSeen::given(name), &policy_id::fresh("", now, &BTreeSet::new()), sheet);
    remaining::not_applicable(&[&DANGLING, &DELEGATED, &TTL_LONG], name.as_str(), "only the text was given", sheet);
    remaining::hold(RULES, name.as_str(), sheet);
}

fn judge_records(texts: &[String], elsewhere: &[Elsewhere], seen: &TxtSeen<'_>, id: &str, sheet: &mut Sheet) {
    let name = seen.name;
    let selection = STS.select(texts);
    let meant_elsewhere = || elsewhere.iter().filter(|other| STS.is_meant_by_record(&other.text));
    match selection.counted.as_slice() {
        [] if !selection.near_misses.is_empty() => {
            for (text, why) in selection.near_misses.iter().take(RECORDS_JUDGED) {
                sheet
                    .broken(&VERSION, name.as_str(), format!("the record at {name} is discarded: its version {why}"), seen.record(text))
                    .expected(format!("text that begins with {};", STS.as_str()))
                    .found(clip(text))
                    .fix_with("replace the record", zone::txt_line(name, &sts_record::repaired(text, id)));
            }
            remaining::not_applicable(&[&MISSING, &MISPLACED], name.as_str(), "a record is there, with a faulty version", sheet);
        }
        [] if meant_elsewhere().next().is_some() => {
            for other in meant_elsewhere() {
                seen.misplaced(&MISPLACED, "MTA-STS", other, &sts_record::repaired(&other.text, id), sheet);
            }
            remaining::not_applicable(&[&MISSING], name.as_str(), "a record is there, at another name", sheet);
        }
        [] => missing(selection.unrelated, seen, id, sheet),
        [_] => {}
        several => {
            let finding = sheet.broken(
                &MULTIPLE,
                name.as_str(),
                format!("{} MTA-STS records stand at {name}, so senders act as if there were none", several.len()),
                seen.record(several.first().copied().unwrap_or_default()),
            );
            for text in several.iter().skip(1).take(RECORDS_JUDGED) {
                finding.evidence(seen.record(text));
            }
            // Which of the ids senders have seen is not known; a new one is right in any case.
            finding
                .expected("exactly one record")
                .found(several.len().to_string())
                .fix_with("publish one record with a new id and delete the others", zone::txt_line(name, &with_id(id)));
        }
    }
    if selection.counted.is_empty() {
        remaining::not_applicable(ABOUT_TEXT, name.as_str(), "there is no record to judge", sheet);
    }
    for text in selection.counted.iter().take(RECORDS_JUDGED) {
        judge_text(text, seen, id, sheet);
    }
}

fn missing(unrelated: usize, seen: &TxtSeen<'_>, id: &str, sheet: &mut Sheet) {
    let name = seen.name;
    sheet
        .broken(&MISSING, name.as_str(), format!("no MTA-STS record at {name}, so no sender asks for the policy"), seen.nothing(unrelated))
        .expected(format!("one TXT record that begins with {};", STS.as_str()))
        .found(if unrelated == 0 { "no TXT record" } else { "only TXT records about other things" })
        .fix_with("serve the policy first, then publish the record", zone::txt_line(name, &with_id(id)));
}

fn dangling(facts: &PolicyFacts, absence: &Absence, id: &str, sheet: &mut Sheet) {
    let name = &facts.txt.name;
    let target = absence.via.last().map_or(name, |link| &link.target);
    sheet
        .broken(
            &DANGLING,
            name.as_str(),
            format!("{name} is a CNAME to {target}, which does not exist"),
            Evidence::new(EvidenceKind::Dns, observed::absent(name, "TXT", absence)),
        )
        .expected("a CNAME whose target holds the record, or the record itself")
        .found(format!("{target}: {}", absence.kind.as_str()))
        .fix_with("correct the target, or put a record of your own in the CNAME's place", zone::txt_line(name, &with_id(id)));
}

fn ttl(seconds: u32, text: &str, seen: &TxtSeen<'_>, sheet: &mut Sheet) {
    if seconds <= DAY {
        return;
    }
    let name = seen.name;
    sheet
        .broken(
            &TTL_LONG,
            name.as_str(),
            format!("the TTL of {seconds} s is longer than a day: so long a new id stays unseen by some senders"),
            seen.record(text),
        )
        .expected("a TTL of at most 86400 s")
        .found(format!("{seconds} s"))
        .fix_with("lower the TTL before the policy changes", zone::txt_line(name, text));
}

/// One record that counts.
fn judge_text(text: &str, seen: &TxtSeen<'_>, id: &str, sheet: &mut Sheet) {
    let record = sts_record::parse(text);
    let name = seen.name;
    let corrected = zone::txt_line(name, &record.corrected(id));
    for problem in &record.problems {
        let (rule, message, expected, found) = match problem {
            Problem::SpaceBeforeSemicolon => (
                &SPACE_BEFORE_SEMICOLON,
                "white space stands between the version and the semicolon: some senders discard the record, others accept it".to_owned(),
                format!("{};", STS.as_str()),
                text,
            ),
            Problem::IdMissing(None) => {
                (&ID_MISSING, format!("the record at {name} has no id"), "a field id of 1 to 32 letters or digits".to_owned(), text)
            }
            Problem::IdMissing(Some(field)) => (
                &ID_MISSING,
                format!("the record at {name} has no id: `{}` is not id, which is in lower case", clip(field)),
                "a field id of 1 to 32 letters or digits".to_owned(),
                field.as_str(),
            ),
            Problem::IdInvalid { value, fault } => (
                &ID_INVALID,
                format!("the id {} {fault}", clip(value)).replace("  ", " "),
                "1 to 32 letters or digits".to_owned(),
                value.as_str(),
            ),
            Problem::Duplicate { name: field, first, again } => (
                &DUPLICATE_FIELD,
                format!(
                    "the field {} stands twice: by the RFC the first counts ({}), some senders take the last",
                    clip(field),
                    clip(first)
                ),
                "each field once".to_owned(),
                again.as_str(),
            ),
            Problem::Syntax { field, fault } => (
                &SYNTAX,
                observed::field_fault(field, *fault),
                "fields of the form name=value, each after one semicolon".to_owned(),
                field.as_str(),
            ),
        };
        sheet
            .broken(rule, name.as_str(), message, seen.record(text))
            .expected(expected)
            .found(if found.is_empty() { "nothing".to_owned() } else { clip(found) })
            .fix_with("replace the record", corrected.clone());
    }
}

fn with_id(id: &str) -> String {
    format!("{}; id={id}", STS.as_str())
}

#[cfg(test)]
mod tests;
