//! One entry of `policies`: the policy, its totals, its failure details.

use serde_json::value::RawValue;

use super::json::{Budget, Notes, clip, elements, keep, kind, members, text};
use super::{COUNT_CAP, DETAIL_CAP, FailureDetail, POLICY_CAP, PolicyEntry, PolicyType, Unknown};
use crate::wire::name::Domain;

/// Lines of one `policy-string`, or names of one `mx-host`, that are kept.
pub(super) const LINE_CAP: usize = 512;
/// Of all of them in one report.
pub(super) const LINES_CAP: usize = 50_000;
/// The types that RFC 8460 §4.4 knows.
pub(super) const TYPES: [(&str, PolicyType); 3] =
    [("sts", PolicyType::Sts), ("tlsa", PolicyType::Tlsa), ("no-policy-found", PolicyType::NoPolicyFound)];

/// Reads `policies`: an array, or the single object that some write.
pub(super) fn policies(value: &RawValue, budget: &mut Budget, notes: &mut Notes) -> Vec<PolicyEntry> {
    let mut entries = Vec::new();
    let mut room = Room { details: DETAIL_CAP, lines: LINES_CAP, unknown: budget };
    list(value, "policies", notes, |element, notes| {
        if entries.len() == POLICY_CAP {
            notes.add(format!("more than {POLICY_CAP} policies; the rest was kept out"));
        } else if kind(element) == "an object" {
            entries.push(policy(element, &mut room, notes));
        } else {
            notes.add(format!("an entry of `policies` is {}; kept out", kind(element)));
        }
    });
    entries
}

/// What of one report may still be kept, over all its entries.
struct Room<'a> {
    details: usize,
    lines: usize,
    unknown: &'a mut Budget,
}

fn policy(value: &RawValue, room: &mut Room<'_>, notes: &mut Notes) -> PolicyEntry {
    let (mut applied, mut summary, mut failures) = (None, None, None);
    let mut entry = PolicyEntry::default();
    object(value, "policies", notes, |key, value, notes| match key {
        "policy" => applied = Some(value),
        "summary" => summary = Some(value),
        "failure-details" => failures = Some(value),
        _ => {
            notes.add(format!("unknown key `{}` in an entry of `policies`", clip(key, 60)));
            keep(key, value, "policies", &mut entry.unknown, room.unknown, notes);
        }
    });
    match applied {
        Some(applied) => what_was_applied(applied, &mut entry, room, notes),
        None => notes.add("`policy` is missing"),
    }
    if let Some(summary) = summary {
        object(summary, "summary", notes, |key, value, notes| match key {
            "total-successful-session-count" => entry.successful = count(value, key, &mut entry.unknown_in_summary, room, notes),
            "total-failure-session-count" => entry.failed = count(value, key, &mut entry.unknown_in_summary, room, notes),
            _ => {
                notes.add(format!("unknown key `{}` in `summary`", clip(key, 60)));
                keep(key, value, "summary", &mut entry.unknown_in_summary, room.unknown, notes);
            }
        });
    } else {
        notes.add("`summary` is missing");
    }
    if let Some(failures) = failures {
        list(failures, "failure-details", notes, |element, notes| {
            if room.details == 0 {
                notes.add(format!("more than {DETAIL_CAP} failure details; the rest was kept out"));
            } else if kind(element) == "an object" {
                room.details -= 1;
                entry.details.push(detail(element, room, notes));
            } else {
                notes.add(format!("an entry of `failure-details` is {}; kept out", kind(element)));
            }
        });
    }
    entry
}

fn what_was_applied(value: &RawValue, entry: &mut PolicyEntry, room: &mut Room<'_>, notes: &mut Notes) {
    let mut policy_type = None;
    object(value, "policy", notes, |key, value, notes| match key {
        "policy-type" => policy_type = text(value, key, notes),
        "policy-string" => entry.policy_string = lines(value, key, room, notes),
        "policy-domain" => entry.domain = name(value, key, &mut entry.unknown_in_policy, room, notes),
        "mx-host" => entry.mx_host = lines(value, key, room, notes),
        _ => {
            notes.add(format!("unknown key `{}` in `policy`", clip(key, 60)));
            keep(key, value, "policy", &mut entry.unknown_in_policy, room.unknown, notes);
        }
    });
    entry.policy_type = match policy_type {
        Some(written) => type_of(&written, notes),
        None if entry.policy_string.iter().any(|line| line.contains("STSv1")) => {
            notes.add("`policy-type` is missing; taken as sts from the policy's text");
            PolicyType::Sts
        }
        None => {
            notes.add("`policy-type` is missing");
            PolicyType::Other(String::new())
        }
    };
}

fn type_of(written: &str, notes: &mut Notes) -> PolicyType {
    let Some((name, known)) = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(written)) else {
        notes.add(format!("unknown policy-type {:?}", clip(written, 60)));
        return PolicyType::Other(clip(written, 60).to_owned());
    };
    if *name != written {
        notes.add(format!("policy-type {written:?} is written unusually"));
    }
    known.clone()
}

fn detail(value: &RawValue, room: &mut Room<'_>, notes: &mut Notes) -> FailureDetail {
    let mut detail = FailureDetail::default();
    let mut sessions = None;
    object(value, "failure-details", notes, |key, value, notes| match key {
        "result-type" => detail.result_type = text(value, key, notes).map(|text| clip(&text, 100).to_ascii_lowercase()).unwrap_or_default(),
        "receiving-mx-hostname" => detail.mx = name(value, key, &mut detail.unknown, room, notes),
        "receiving-mx-helo" => detail.helo = text(value, key, notes),
        "receiving-ip" => detail.receiving_ip = text(value, key, notes),
        "sending-mta-ip" => detail.sending_ip = text(value, key, notes),
        "failed-session-count" => sessions = counted(value, key, &mut detail.unknown, room, notes),
        "failure-reason-code" | "failure-error-code" => detail.reason = text(value, key, notes).or(detail.reason.take()),
        "additional-information" | "additional-info-uri" => detail.additional = text(value, key, notes).or(detail.additional.take()),
        _ => keep(key, value, "failure-details", &mut detail.unknown, room.unknown, notes),
    });
    if detail.result_type.is_empty() {
        notes.add("`result-type` is missing");
        "unspecified".clone_into(&mut detail.result_type);
    } else if sessions.is_none() {
        // A failure that is named happened, however often.
        notes.add("a detail without a readable `failed-session-count` is taken as 1 session");
        sessions = Some(1);
    }
    detail.sessions = sessions.unwrap_or(0);
    detail
}

/// A session count; what is no count counts nothing.
fn count(value: &RawValue, key: &str, unknown: &mut Unknown, room: &mut Room<'_>, notes: &mut Notes) -> u64 {
    counted(value, key, unknown, room, notes).unwrap_or(0)
}

/// A session count: a number, or one in a string, or with a fraction. What is no count is kept as it came; only failures beyond the cap
/// count as the cap, for a failure must not vanish.
fn counted(value: &RawValue, key: &str, unknown: &mut Unknown, room: &mut Room<'_>, notes: &mut Notes) -> Option<u64> {
    let written = if kind(value) == "a number" { value.get().to_owned() } else { text(value, key, notes)? };
    if kind(value) == "a string" {
        notes.add(format!("`{key}` is a string, not a number"));
    }
    if let Ok(count) = written.parse::<u64>() {
        return Some(if count <= COUNT_CAP { count } else { beyond(key, &written, notes) });
    }
    match written.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "between 0 and the cap")]
        Ok(number) if number >= 0.0 && number <= COUNT_CAP as f64 => {
            notes.add(format!("`{key}` is written with a fraction or an exponent"));
            Some(number.ceil() as u64)
        }
        #[expect(clippy::cast_precision_loss, reason = "the cap is far below what a float holds exactly")]
        Ok(number) if number > COUNT_CAP as f64 => Some(beyond(key, &written, notes)),
        _ => {
            notes.add(format!("`{key}` is no count ({}); kept out", clip(&written, 30)));
            keep(key, value, key, unknown, room.unknown, notes);
            None
        }
    }
}

fn beyond(key: &str, written: &str, notes: &mut Notes) -> u64 {
    let kept = if key.contains("fail") { COUNT_CAP } else { 0 };
    notes.add(format!("`{key}` is implausible ({}); taken as {kept}", clip(written, 30)));
    kept
}

/// A list of texts: an array, one string, several lines in one string, or an array encoded once more inside a string (Microsoft's
/// TLSA records).
fn lines(value: &RawValue, key: &str, room: &mut Room<'_>, notes: &mut Notes) -> Vec<String> {
    let mut found = Vec::new();
    if kind(value) == "a string" && key != "mx-host" && value.get() != "\"\"" {
        notes.add(format!("`{key}` is one string, not an array"));
    }
    list_of_any(value, |element| {
        let Some(written) = text(element, key, notes) else { return };
        let mut push = |line: &str| {
            if found.len() == LINE_CAP {
                notes.add(format!("`{key}` has more than {LINE_CAP} lines; the rest was kept out"));
            } else if room.lines == 0 {
                notes.add(format!("more than {LINES_CAP} lines in all policies; the rest was kept out"));
            } else {
                room.lines -= 1;
                found.push(line.to_owned());
            }
        };
        if let Some(decoded) = encoded_once_more(&written) {
            for text in &decoded {
                lines_of(text, &mut push);
            }
            notes.add(format!("`{key}` is an array encoded once more in a string"));
        } else {
            lines_of(&written, &mut push);
        }
    });
    found
}

/// The texts of an array that is written inside a text.
pub(super) fn encoded_once_more(written: &str) -> Option<Vec<String>> {
    written.starts_with('[').then(|| serde_json::from_str(written).ok()).flatten()
}

/// Lines of a policy inside one string, with real line ends or with their escapes escaped once more.
pub(super) fn lines_of(text: &str, each: impl FnMut(&str)) {
    if !text.bytes().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r')) {
        return Some(text.trim()).filter(|line| !line.is_empty()).map_or((), each);
    }
    let text = text.replace("\\r", "").replace("\\n", "\n");
    text.lines().map(str::trim).filter(|line| !line.is_empty()).for_each(each);
}

/// A domain name, forgiving a trailing dot, capitals and U-labels. What is no name is kept as it came.
fn name(value: &RawValue, key: &str, unknown: &mut Unknown, room: &mut Room<'_>, notes: &mut Notes) -> Option<Domain> {
    let written = text(value, key, notes)?;
    if written.ends_with('.') {
        notes.add(format!("`{key}` has a trailing dot"));
    }
    if !written.is_ascii() {
        notes.add(format!("`{key}` is not in A-labels"));
    }
    let read = as_domain(&written);
    if read.is_none() {
        notes.add(format!("`{key}` is no domain name: {:?}", clip(&written, 100)));
        keep(key, value, key, unknown, room.unknown, notes);
    }
    read
}

/// A name about which there is nothing to say.
pub(super) fn plain_name(written: &str) -> Option<Domain> {
    if written.ends_with('.') || !written.is_ascii() { None } else { as_domain(written) }
}

fn as_domain(written: &str) -> Option<Domain> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let single_label = !written.contains('.') && written.len() <= 63 && written.chars().all(plain);
    if single_label { Some(Domain::from_dns(written)) } else { Domain::parse(written).ok() }
}

/// Calls `each` with the members of what should be an object.
fn object<'a>(value: &'a RawValue, key: &str, notes: &mut Notes, each: impl FnMut(&str, &'a RawValue, &mut Notes)) {
    match kind(value) {
        "an object" => {
            let walked = members(value, notes, each);
            debug_assert!(walked.is_ok(), "a raw value is well-formed");
        }
        "null" => {}
        other => notes.add(format!("`{key}` is {other}, not an object; kept out")),
    }
}

/// Calls `each` with the elements of what should be an array of objects; a single object counts as one element.
fn list<'a>(value: &'a RawValue, key: &str, notes: &mut Notes, mut each: impl FnMut(&'a RawValue, &mut Notes)) {
    match kind(value) {
        "an array" => list_of_any(value, |element| each(element, notes)),
        "null" => {}
        "an object" => {
            notes.add(format!("`{key}` is a single object, not an array"));
            each(value, notes);
        }
        other => notes.add(format!("`{key}` is {other}, not an array; kept out")),
    }
}

/// The elements of an array, or the value itself.
fn list_of_any<'a>(value: &'a RawValue, mut each: impl FnMut(&'a RawValue)) {
    if kind(value) == "an array" {
        let walked = elements(value, each);
        debug_assert!(walked.is_ok(), "a raw value is well-formed");
    } else {
        each(value);
    }
}
