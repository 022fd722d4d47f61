//! policy-*: the policy's text (RFC 8461 §3.2). In: the bytes served or a draft. Out: every problem, with its line and the line it
//! should be.

mod wording;

use super::hosts;
use super::observed::{clip, counted, policy_line};
use super::{Case, remaining, rule};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::rule::{Rule, Severity};
use crate::wire::policy::{self as wire, Key, Kind, Mode, Policy, Problem};

rule!(EMPTY, "policy-empty", Policy, [Blocker], false, "the policy is empty", "RFC 8461 §3.2");
rule!(NOT_A_POLICY, "policy-not-a-policy", Policy, [Blocker], false, "another document is served in the policy's place", "RFC 8461 §3.2");
rule!(VERSION, "policy-version", Policy, [Blocker], false, "no version STSv1", "RFC 8461 §3.2");
rule!(VERSION_NOT_FIRST, "policy-version-not-first", Policy, [Warning], false, "the version is not on the first line", "RFC 8461 §3.2");
rule!(MODE_MISSING, "policy-mode-missing", Policy, [Blocker], false, "no mode", "RFC 8461 §3.2");
rule!(MODE_INVALID, "policy-mode-invalid", Policy, [Blocker], false, "the mode does not exist", "RFC 8461 §3.2, §5");
rule!(MODE_NONE, "policy-mode-none", Policy, [Blocker], false, "the policy is withdrawn", "RFC 8461 §5, §8.3");
rule!(MAX_AGE_MISSING, "policy-max-age-missing", Policy, [Blocker], false, "no max_age", "RFC 8461 §3.2");
rule!(MAX_AGE_INVALID, "policy-max-age-invalid", Policy, [Blocker], false, "max_age is no number of seconds in range", "RFC 8461 §3.2");
rule!(MAX_AGE_SHORT, "policy-max-age-short", Policy, [Warning, Advice], false, "max_age is short", "RFC 8461 §3.2, §10.2");
rule!(MX_MISSING, "policy-mx-missing", Policy, [Blocker, Advice], false, "no mx", "RFC 8461 §3.2");
rule!(MX_INVALID, "policy-mx-invalid", Policy, [Blocker], false, "an mx is no host name or wildcard", "RFC 8461 §3.2");
rule!(BOM, "policy-bom", Policy, [Blocker], false, "a byte order mark in front", "RFC 8461 §3.2");
rule!(SYNTAX, "policy-syntax", Policy, [Blocker], false, "a line is not `key: value`", "RFC 8461 §3.2");
rule!(BLANK_LINE, "policy-blank-line", Policy, [Warning], false, "a blank line", "RFC 8461 §3.2");
rule!(UNKNOWN_FIELD, "policy-unknown-field", Policy, [Warning, Advice], false, "a field that no sender knows", "RFC 8461 §3.2");
rule!(DUPLICATE_FIELD, "policy-duplicate-field", Policy, [Warning], false, "a field stands twice", "RFC 8461 §3.2");
rule!(TRAILING_SPACE, "policy-trailing-space", Policy, [Advice], false, "white space at a line's end", "RFC 8461 §3.2");

/// The family.
pub static RULES: &[&Rule] = &[
    &EMPTY,
    &NOT_A_POLICY,
    &VERSION,
    &VERSION_NOT_FIRST,
    &MODE_MISSING,
    &MODE_INVALID,
    &MODE_NONE,
    &MAX_AGE_MISSING,
    &MAX_AGE_INVALID,
    &MAX_AGE_SHORT,
    &MX_MISSING,
    &MX_INVALID,
    &BOM,
    &SYNTAX,
    &BLANK_LINE,
    &UNKNOWN_FIELD,
    &DUPLICATE_FIELD,
    &TRAILING_SPACE,
];

/// Shorter than a day: most of the protection is gone.
const MAX_AGE_DAY: u64 = 86_400;
/// Two weeks: what a policy in enforce should come to.
const MAX_AGE_LONG: u64 = 1_209_600;

/// Judges the draft if there is one, else the body served.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    let Some(facts) = &case.facts.policy else { return };
    let subject = facts.draft.as_ref().map_or(facts.host.as_str(), |draft| draft.file.as_str());
    let Some(body) = case.body else {
        return remaining::not_applicable(RULES, subject, "no policy was served", sheet);
    };
    let Some(policy) = &case.policy else {
        return remaining::not_applicable(RULES, subject, "only the first 64 KiB are known, and senders read no further", sheet);
    };
    let mx_lines = hosts::live(case.facts).ok().map(|live| live.mx_lines()).filter(|lines| !lines.is_empty());
    judge_policy(policy, body.utf8, mx_lines.as_deref(), subject, sheet);
}

/// Judges a text alone, as a page's example or a draft holds it; `utf8` says whether its bytes were UTF-8 (those that were not are
/// U+FFFD in `text`), `subject` what to call it.
pub fn judge_text(text: &str, utf8: bool, subject: &str, sheet: &mut Sheet) {
    judge_policy(&wire::parse(text), utf8, None, subject, sheet);
}

fn judge_policy(policy: &Policy, utf8: bool, mx_lines: Option<&str>, subject: &str, sheet: &mut Sheet) {
    if !policy.is_policy() {
        for problem in &policy.problems {
            write(problem, policy, None, subject, sheet);
        }
        return remaining::not_applicable(RULES, subject, "there is no policy to judge", sheet);
    }
    for problem in &policy.problems {
        // Bytes that are not UTF-8 are one fault, whatever else the line has become by them.
        if utf8 || !problem.raw.contains('\u{fffd}') {
            write(problem, policy, mx_lines, subject, sheet);
        }
    }
    if !utf8 {
        not_utf8(policy, subject, sheet);
    }
    mode_none(policy, subject, sheet);
    max_age_short(policy, subject, sheet);
    remaining::hold(RULES, subject, sheet);
}

/// Writes one problem of the text.
fn write(problem: &Problem, policy: &Policy, mx_lines: Option<&str>, subject: &str, sheet: &mut Sheet) {
    let rule = rule_of(&problem.kind);
    let first = policy.problems.iter().find(|other| other.kind == problem.kind);
    if wording::is_told_once(&problem.kind) && first != Some(problem) {
        return;
    }
    let words = wording::of(problem, policy);
    let evidence = match problem.line {
        Some(line) => policy_line(line, &problem.raw),
        None if !problem.raw.is_empty() => Evidence::new(EvidenceKind::Policy, format!("it begins: {}", clip(&problem.raw))),
        None if policy.lines == 0 => Evidence::new(EvidenceKind::Policy, "no text"),
        None => Evidence::new(EvidenceKind::Policy, format!("none of {} {} is it", policy.lines, counted(policy.lines, "line"))),
    };
    let finding = sheet.broken(rule, subject, words.message, evidence);
    finding.severity(severity_of(&problem.kind, policy)).expected(words.expected);
    if let Some(line) = problem.line {
        finding.line(line);
    }
    finding.found(words.found.unwrap_or_else(|| if problem.raw.is_empty() { "nothing".to_owned() } else { clip(&problem.raw) }));
    let published = match (&problem.kind, mx_lines) {
        (Kind::MxMissing, Some(lines)) if problem.corrected.is_none() => Some(lines.to_owned()),
        // One line to publish would not mend the others.
        _ if wording::is_told_once(&problem.kind) => None,
        _ => problem.corrected.clone().or(words.publish),
    };
    match published {
        Some(text) => finding.fix_with(words.fix, text),
        None => finding.fix(words.fix),
    };
}

fn rule_of(kind: &Kind) -> &'static Rule {
    match kind {
        Kind::Empty => &EMPTY,
        Kind::NotAPolicy(_) => &NOT_A_POLICY,
        Kind::Bom => &BOM,
        Kind::VersionMissing | Kind::VersionInvalid => &VERSION,
        Kind::VersionNotFirst => &VERSION_NOT_FIRST,
        Kind::ModeMissing => &MODE_MISSING,
        Kind::ModeInvalid => &MODE_INVALID,
        Kind::MaxAgeMissing => &MAX_AGE_MISSING,
        Kind::MaxAgeInvalid(_) => &MAX_AGE_INVALID,
        Kind::MxMissing => &MX_MISSING,
        Kind::MxInvalid(_) => &MX_INVALID,
        Kind::Syntax(_) | Kind::BareCr => &SYNTAX,
        Kind::BlankLine => &BLANK_LINE,
        Kind::UnknownField(_) => &UNKNOWN_FIELD,
        Kind::DuplicateField { .. } => &DUPLICATE_FIELD,
        Kind::TrailingSpace => &TRAILING_SPACE,
    }
}

fn severity_of(kind: &Kind, policy: &Policy) -> Severity {
    match kind {
        // The RFC asks for none there; several senders do.
        Kind::MxMissing if policy.mode == Some(Mode::None) => Severity::Advice,
        Kind::UnknownField(None) => Severity::Advice,
        kind => rule_of(kind).worst(),
    }
}

fn not_utf8(policy: &Policy, subject: &str, sheet: &mut Sheet) {
    let line = policy.problems.iter().find(|problem| problem.raw.contains('\u{fffd}')).and_then(|problem| problem.line);
    let field = policy.fields.iter().find(|field| field.value.contains('\u{fffd}'));
    let line = line.or(field.map(|field| field.line));
    let raw = policy.problems.iter().find(|problem| problem.raw.contains('\u{fffd}')).map(|problem| problem.raw.clone());
    let raw = raw.or(field.map(|field| format!("{}: {}", field.name, field.value))).unwrap_or_default();
    let finding = sheet.broken(&SYNTAX, subject, "the policy has bytes that are not UTF-8", policy_line(line.unwrap_or(1), &raw));
    finding.expected("UTF-8; plain ASCII is enough for a policy").found(clip(&raw)).fix("save the file as plain ASCII");
    if let Some(line) = line {
        finding.line(line);
    }
}

fn mode_none(policy: &Policy, subject: &str, sheet: &mut Sheet) {
    if policy.mode != Some(Mode::None) {
        return;
    }
    let line = policy.field(Key::Mode).map_or(1, |field| field.line);
    sheet
        .broken(
            &MODE_NONE,
            subject,
            "the policy is withdrawn: mode none asks senders to act as if there were none",
            policy_line(line, "mode: none"),
        )
        .line(line)
        .expected("mode testing, to begin with")
        .found("none")
        .fix_with("begin with testing, unless you are leaving MTA-STS", "mode: testing");
}

fn max_age_short(policy: &Policy, subject: &str, sheet: &mut Sheet) {
    let Some(max_age) = policy.max_age else {
        return sheet.not_applicable(&MAX_AGE_SHORT, subject, "there is no valid max_age");
    };
    // Leaving wants a short one (RFC 8461 §8.3); how short is still a matter of what senders accept.
    let enforced = policy.mode == Some(Mode::Enforce);
    let (severity, message, proposed) = if max_age == 0 {
        (Severity::Warning, "max_age is 0: legal, but several senders reject it, and the others keep no policy".to_owned(), MAX_AGE_DAY)
    } else if max_age < MAX_AGE_DAY {
        let message =
            format!("max_age {max_age} is less than a day: most of the protection is gone, and {} raise it", wording::RAISES_MAX_AGE);
        (Severity::Warning, message, MAX_AGE_DAY)
    } else if enforced && max_age < MAX_AGE_LONG {
        (Severity::Advice, format!("max_age {max_age} is less than two weeks, which is short for enforce"), MAX_AGE_LONG)
    } else {
        return;
    };
    let line = policy.field(Key::MaxAge).map_or(1, |field| field.line);
    let say = if severity == Severity::Warning { "raise max_age" } else { "raise max_age after two clean weeks in enforce" };
    sheet
        .broken(&MAX_AGE_SHORT, subject, message, policy_line(line, &format!("max_age: {max_age}")))
        .severity(severity)
        .line(line)
        .expected(format!("at least {proposed}"))
        .found(max_age.to_string())
        .fix_with(say, format!("max_age: {proposed}"));
}

#[cfg(test)]
mod tests;
