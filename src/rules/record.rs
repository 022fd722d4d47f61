//! record-*: the TLS-RPT record (RFC 8460 §3). In: what DNS holds at `_smtp._tls.` and where its targets lead. Out: findings.

mod targets;

use super::observed::{self, TxtSeen, clip};
use super::{Case, remaining, rule};
use crate::model::facts::dns::Elsewhere;
use crate::model::finding::{Evidence, EvidenceKind, Finding, Sheet};
use crate::model::looked::Looked;
use crate::model::rule::Rule;
use crate::model::settings::DAY;
use crate::wire::name::Domain;
use crate::wire::rua::Target;
use crate::wire::tlsrpt_record::{self, Problem, TlsrptRecord};
use crate::wire::version::TLSRPT;
use crate::wire::zone;

rule!(MISSING, "record-missing", Record, [Blocker], false, "no TLS-RPT record", "RFC 8460 §3");
rule!(MULTIPLE, "record-multiple", Record, [Blocker], false, "more than one TLS-RPT record", "RFC 8460 §3");
rule!(VERSION, "record-version", Record, [Blocker], false, "the record's version is not exact", "RFC 8460 §3");
rule!(RUA_MISSING, "record-rua-missing", Record, [Blocker], false, "no report target", "RFC 8460 §3");
rule!(RUA_INVALID, "record-rua-invalid", Record, [Blocker], false, "a report target is of no use", "RFC 8460 §3");
rule!(RUA_UNENCODED, "record-rua-unencoded", Record, [Warning], false, "a reserved character inside a target", "RFC 8460 §3");
rule!(RUA_UNDELIVERABLE, "record-rua-undeliverable", Record, [Blocker], false, "reports cannot arrive at a target", "RFC 8460 §3");
rule!(RUA_MANY, "record-rua-many", Record, [Advice], false, "several report targets", "RFC 8460 §3");
rule!(RUA_DUPLICATE, "record-rua-duplicate", Record, [Advice], false, "a report target is named twice", "RFC 8460 §3");
rule!(RUA_SAME_MX, "record-rua-same-mx", Record, [Advice], false, "reports run over the MX hosts they are about", "RFC 8460 §3");
rule!(SYNTAX, "record-syntax", Record, [Blocker], false, "the record is outside the grammar", "RFC 8460 §3");
rule!(MISPLACED, "record-misplaced", Record, [Blocker], false, "the record is at another name", "RFC 8460 §3");
rule!(DELEGATED, "record-delegated", Record, [Advice], false, "the record is read through a CNAME", "RFC 8460 §3");
rule!(TTL, "record-ttl", Record, [Advice], false, "the record's TTL is longer than a day", "RFC 8460 §7");

/// The family.
pub static RULES: &[&Rule] = &[
    &MISSING,
    &MULTIPLE,
    &VERSION,
    &RUA_MISSING,
    &RUA_INVALID,
    &RUA_UNENCODED,
    &RUA_UNDELIVERABLE,
    &RUA_MANY,
    &RUA_DUPLICATE,
    &RUA_SAME_MX,
    &SYNTAX,
    &MISPLACED,
    &DELEGATED,
    &TTL,
];

/// The rules about a record's own text.
static ABOUT_TEXT: &[&Rule] = &[&RUA_MISSING, &RUA_INVALID, &RUA_UNENCODED, &RUA_MANY, &RUA_DUPLICATE, &SYNTAX];
/// The rules about what surrounds a record that was found.
static ABOUT_FACTS: &[&Rule] = &[&RUA_UNDELIVERABLE, &RUA_SAME_MX, &DELEGATED, &TTL];

/// Judges what was observed.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    let Some(facts) = &case.facts.record else { return };
    let subject = facts.txt.name.as_str();
    if facts.txt.answer.failure().is_some() {
        remaining::not_applicable(RULES, subject, "the lookup failed", sheet);
        return;
    }
    let texts = facts.txt.texts();
    let seen = TxtSeen::of(&facts.txt);
    judge_records(&texts, &facts.txt.elsewhere, &seen, sheet);
    let selection = TLSRPT.select(&texts);
    if selection.counted.is_empty() {
        remaining::not_applicable(ABOUT_FACTS, subject, "there is no record to judge", sheet);
    }
    for text in selection.counted.iter().take(RECORDS_JUDGED) {
        targets::judge(case.facts, facts, &tlsrpt_record::parse(text), &seen.record(text), sheet);
    }
    if let (Looked::Seen(answer), false) = (&facts.txt.answer, selection.counted.is_empty()) {
        if let Some(last) = answer.via.last() {
            sheet
                .broken(
                    &DELEGATED,
                    subject,
                    format!("{subject} is a CNAME: {} decides where the reports go", last.target),
                    Evidence::new(EvidenceKind::Dns, observed::chain(&answer.via)),
                )
                .expected("the record itself, or a CNAME to a provider that you chose")
                .found(format!("a CNAME to {}", last.target))
                .fix("leave it if the delegation is wanted, and see that its target still names your mailbox");
        }
        if answer.ttl > DAY {
            let text = selection.counted.first().copied().unwrap_or_default();
            sheet
                .broken(
                    &TTL,
                    subject,
                    format!("the TTL of {} s is longer than a day, so corrections are slow", answer.ttl),
                    seen.record(text),
                )
                .expected("a TTL of at most 86400 s")
                .found(format!("{} s", answer.ttl))
                .fix_with("lower the TTL", zone::txt_line(&facts.txt.name, text));
        }
    }
    remaining::hold(RULES, subject, sheet);
}

/// Judges texts alone, as a page's example or a draft holds them: each is one TXT record at `name` (`_smtp._tls.` of a domain).
pub fn judge_texts(texts: &[String], name: &Domain, sheet: &mut Sheet) {
    judge_records(texts, &[], &TxtSeen::given(name), sheet);
    remaining::not_applicable(ABOUT_FACTS, name.as_str(), "only the text was given", sheet);
    remaining::hold(RULES, name.as_str(), sheet);
}

/// More records than this at one name are counted and not judged one by one.
const RECORDS_JUDGED: usize = 5;

fn judge_records(texts: &[String], elsewhere: &[Elsewhere], seen: &TxtSeen<'_>, sheet: &mut Sheet) {
    let name = seen.name;
    let selection = TLSRPT.select(texts);
    match selection.counted.as_slice() {
        [] if !selection.near_misses.is_empty() => {
            for (text, why) in selection.near_misses.iter().take(RECORDS_JUDGED) {
                sheet
                    .broken(&VERSION, name.as_str(), format!("the record at {name} is discarded: its version {why}"), seen.record(text))
                    .expected(format!("text that begins with {};", TLSRPT.as_str()))
                    .found(clip(text))
                    .fix_with("replace the record", zone::txt_line(name, &tlsrpt_record::repaired(text, &fallback_target(name))));
            }
            remaining::not_applicable(&[&MISSING, &MISPLACED], name.as_str(), "a record is there, with a faulty version", sheet);
        }
        [] if elsewhere.iter().any(|other| TLSRPT.is_meant_by_record(&other.text)) => {
            for other in elsewhere.iter().filter(|other| TLSRPT.is_meant_by_record(&other.text)) {
                seen.misplaced(&MISPLACED, "TLS-RPT", other, &tlsrpt_record::repaired(&other.text, &fallback_target(seen.name)), sheet);
            }
            remaining::not_applicable(&[&MISSING], name.as_str(), "a record is there, at another name", sheet);
        }
        [] => missing(selection.unrelated, seen, sheet),
        [_] => {}
        several => {
            let finding = sheet.broken(
                &MULTIPLE,
                name.as_str(),
                format!("{} TLS-RPT records stand at {name}, so senders act as if there were none", several.len()),
                seen.record(several.first().copied().unwrap_or_default()),
            );
            for text in several.iter().skip(1).take(RECORDS_JUDGED) {
                finding.evidence(seen.record(text));
            }
            let first = tlsrpt_record::parse(several.first().copied().unwrap_or_default());
            finding
                .expected("exactly one record")
                .found(several.len().to_string())
                .fix_with("keep one record and delete the others", zone::txt_line(name, &first.corrected(&fallback_target(name))));
        }
    }
    if selection.counted.is_empty() {
        remaining::not_applicable(ABOUT_TEXT, name.as_str(), "there is no record to judge", sheet);
    }
    for text in selection.counted.iter().take(RECORDS_JUDGED) {
        judge_text(text, seen, sheet);
    }
}

fn missing(unrelated: usize, seen: &TxtSeen<'_>, sheet: &mut Sheet) {
    let name = seen.name;
    sheet
        .broken(&MISSING, name.as_str(), format!("no TLS-RPT record at {name}, so no sender reports failures"), seen.nothing(unrelated))
        .expected(format!("one TXT record that begins with {};", TLSRPT.as_str()))
        .found(if unrelated == 0 { "no TXT record" } else { "only TXT records about other things" })
        .fix_with(
            "publish the record, with a mailbox that is read",
            zone::txt_line(name, &format!("{}; rua={}", TLSRPT.as_str(), fallback_target(name))),
        );
}

/// One record that counts.
fn judge_text(text: &str, seen: &TxtSeen<'_>, sheet: &mut Sheet) {
    let record = tlsrpt_record::parse(text);
    let name = seen.name;
    let corrected = zone::txt_line(name, &record.corrected(&fallback_target(name)));
    let mut write = |rule: &'static Rule, message: String, expected: &str, found: &str| {
        let fix = || "replace the record".to_owned();
        let finding: &mut Finding = sheet.broken(rule, name.as_str(), message, seen.record(text));
        finding
            .expected(expected)
            .found(if found.is_empty() { "nothing".to_owned() } else { clip(found) })
            .fix_with(fix(), corrected.clone());
    };
    for problem in &record.problems {
        match problem {
            Problem::RuaMissing(None) => {
                write(
                    &RUA_MISSING,
                    format!("the record at {name} names no report target"),
                    "a field rua with a URI",
                    "no rua, or an empty one",
                );
            }
            Problem::RuaMissing(Some(field)) => write(
                &RUA_MISSING,
                format!("the record at {name} names no report target: `{}` is not rua", clip(field)),
                "a field rua, in lower case, with a URI",
                field,
            ),
            Problem::RuaAgain(value) => {
                write(
                    &RUA_DUPLICATE,
                    "the record has a second rua field, and senders differ on which counts".to_owned(),
                    "one rua field",
                    value,
                );
            }
            Problem::TargetAgain(target) => {
                write(&RUA_DUPLICATE, format!("the target {} is named twice", clip(target)), "each target once", target);
            }
            Problem::EmptyTarget => {
                write(&SYNTAX, "the list in rua has an empty entry".to_owned(), "URIs with one comma between them", text);
            }
            Problem::Syntax { field, fault } => {
                write(&SYNTAX, observed::field_fault(field, *fault), "fields of the form name=value, each after one semicolon", field);
            }
        }
    }
    for target in &record.targets {
        judge_target(target, &mut write);
    }
    if let several @ 2.. = record.targets.len() {
        let list: Vec<String> = record.targets.iter().map(|target| clip(&target.raw)).collect();
        sheet
            .broken(
                &RUA_MANY,
                name.as_str(),
                format!("the record names {several} targets, and a sender may choose any one of them"),
                seen.record(text),
            )
            .expected("one target")
            .found(clip(&list.join(", ")))
            .fix_with("keep one target and copy the reports from there", zone::txt_line(name, &first_target_only(&record, name)));
    }
}

fn judge_target(target: &Target, write: &mut impl FnMut(&'static Rule, String, &str, &str)) {
    if let Err(fault) = &target.uri {
        write(&RUA_INVALID, format!("the target {} {fault}", clip(&target.raw)), "a mailto: or https: URI", &target.raw);
    }
    if !target.unencoded.is_empty() {
        let characters: Vec<String> = target.unencoded.iter().map(|c| format!("`{c}`")).collect();
        let message = format!("the target {} has {} inside, and senders cut there", clip(&target.raw), characters.join(" and "));
        write(&RUA_UNENCODED, message, "`,` as %2C, `!` as %21, `;` as %3B", &target.raw);
    }
}

fn first_target_only(record: &TlsrptRecord, name: &Domain) -> String {
    let first = record.targets.iter().find_map(|target| target.corrected.clone());
    format!("{}; rua={}", TLSRPT.as_str(), first.unwrap_or_else(|| fallback_target(name)))
}

/// A mailbox at the domain itself: proposed where the record does not say what was meant.
fn fallback_target(name: &Domain) -> String {
    let domain = name.as_str().strip_prefix("_smtp._tls.").unwrap_or(name.as_str());
    format!("mailto:tls-reports@{domain}")
}

#[cfg(test)]
mod tests;
