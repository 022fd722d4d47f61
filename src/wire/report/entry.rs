//! One entry of `policies`: the policy, its totals, its failure details.

use serde_json::value::RawValue;

use super::json::{Notes, clip, elements, kind, members, text};
use super::{COUNT_CAP, DETAIL_CAP, FailureDetail, POLICY_CAP, PolicyEntry, PolicyType};
use crate::wire::name::Domain;

/// Lines of one `policy-string`, or names of one `mx-host`, that are kept.
const LINE_CAP: usize = 512;
/// Unknown keys of a failure detail that are kept, and the longest value among them.
const UNKNOWN_CAP: (usize, usize) = (16, 4096);

/// Reads `policies`: an array, or the single object that some write.
pub(super) fn policies(value: &RawValue, notes: &mut Notes) -> Vec<PolicyEntry> {
    let mut entries = Vec::new();
    let mut room = DETAIL_CAP;
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

fn policy(value: &RawValue, room: &mut usize, notes: &mut Notes) -> PolicyEntry {
    let (mut applied, mut summary, mut failures) = (None, None, None);
    object(value, "policies", notes, |key, value, notes| match key {
        "policy" => applied = Some(value),
        "summary" => summary = Some(value),
        "failure-details" => failures = Some(value),
        _ => notes.add(format!("unknown key `{}` in an entry of `policies`", clip(key, 60))),
    });
    let mut entry = PolicyEntry {
        policy_type: PolicyType::Other(String::new()),
        domain: None,
        policy_string: Vec::new(),
        mx_host: Vec::new(),
        successful: 0,
        failed: 0,
        details: Vec::new(),
    };
    match applied {
        Some(applied) => what_was_applied(applied, &mut entry, notes),
        None => notes.add("`policy` is missing"),
    }
    if let Some(summary) = summary {
        object(summary, "summary", notes, |key, value, notes| match key {
            "total-successful-session-count" => entry.successful = count(value, key, notes),
            "total-failure-session-count" => entry.failed = count(value, key, notes),
            _ => notes.add(format!("unknown key `{}` in `summary`", clip(key, 60))),
        });
    } else {
        notes.add("`summary` is missing");
    }
    if let Some(failures) = failures {
        list(failures, "failure-details", notes, |element, notes| {
            if *room == 0 {
                notes.add(format!("more than {DETAIL_CAP} failure details; the rest was kept out"));
            } else if kind(element) == "an object" {
                *room -= 1;
                entry.details.push(detail(element, notes));
            } else {
                notes.add(format!("an entry of `failure-details` is {}; kept out", kind(element)));
            }
        });
    }
    entry
}

fn what_was_applied(value: &RawValue, entry: &mut PolicyEntry, notes: &mut Notes) {
    let mut policy_type = None;
    object(value, "policy", notes, |key, value, notes| match key {
        "policy-type" => policy_type = text(value, key, notes),
        "policy-string" => entry.policy_string = lines(value, key, notes),
        "policy-domain" => entry.domain = text(value, key, notes).and_then(|text| name(&text, key, notes)),
        "mx-host" => entry.mx_host = lines(value, key, notes),
        _ => notes.add(format!("unknown key `{}` in `policy`", clip(key, 60))),
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
    let known = match written.to_ascii_lowercase().as_str() {
        "sts" => PolicyType::Sts,
        "tlsa" => PolicyType::Tlsa,
        "no-policy-found" => PolicyType::NoPolicyFound,
        _ => {
            notes.add(format!("unknown policy-type {:?}", clip(written, 60)));
            return PolicyType::Other(clip(written, 60).to_owned());
        }
    };
    if !matches!(written, "sts" | "tlsa" | "no-policy-found") {
        notes.add(format!("policy-type {written:?} is written unusually"));
    }
    known
}

fn detail(value: &RawValue, notes: &mut Notes) -> FailureDetail {
    let mut detail = FailureDetail::default();
    object(value, "failure-details", notes, |key, value, notes| match key {
        "result-type" => detail.result_type = text(value, key, notes).map(|text| clip(&text, 100).to_ascii_lowercase()).unwrap_or_default(),
        "receiving-mx-hostname" => detail.mx = text(value, key, notes).and_then(|text| name(&text, key, notes)),
        "receiving-mx-helo" => detail.helo = text(value, key, notes),
        "receiving-ip" => detail.receiving_ip = text(value, key, notes),
        "sending-mta-ip" => detail.sending_ip = text(value, key, notes),
        "failed-session-count" => detail.sessions = count(value, key, notes),
        "failure-reason-code" | "failure-error-code" => detail.reason = text(value, key, notes).or(detail.reason.take()),
        "additional-information" | "additional-info-uri" => detail.additional = text(value, key, notes).or(detail.additional.take()),
        _ => keep_unknown(key, value, &mut detail, notes),
    });
    if detail.result_type.is_empty() {
        notes.add("`result-type` is missing");
        "unspecified".clone_into(&mut detail.result_type);
    }
    detail
}

fn keep_unknown(key: &str, value: &RawValue, detail: &mut FailureDetail, notes: &mut Notes) {
    let (keys, length) = UNKNOWN_CAP;
    let key = clip(key, 60);
    if detail.unknown.len() < keys
        && value.get().len() <= length
        && let Ok(value) = serde_json::from_str(value.get())
    {
        detail.unknown.insert(key.to_owned(), value);
    } else {
        notes.add(format!("the value of `{key}` in `failure-details` was kept out"));
    }
}

/// A session count: a number, or one in a string, or with a fraction. What is no count is kept out, and said; only failures beyond
/// the cap count as the cap, for a failure must not vanish.
fn count(value: &RawValue, key: &str, notes: &mut Notes) -> u64 {
    let Some(written) = (if kind(value) == "a number" { Some(value.get().to_owned()) } else { text(value, key, notes) }) else {
        return 0;
    };
    if kind(value) == "a string" {
        notes.add(format!("`{key}` is a string, not a number"));
    }
    if let Ok(count) = written.parse::<u64>() {
        if count <= COUNT_CAP {
            return count;
        }
        return beyond(key, &written, notes);
    }
    match written.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "between 0 and the cap")]
        Ok(number) if number >= 0.0 && number <= COUNT_CAP as f64 => {
            notes.add(format!("`{key}` is written with a fraction or an exponent"));
            number.ceil() as u64
        }
        #[expect(clippy::cast_precision_loss, reason = "the cap is far below what a float holds exactly")]
        Ok(number) if number > COUNT_CAP as f64 => beyond(key, &written, notes),
        _ => {
            notes.add(format!("`{key}` is no count ({}); kept out", clip(&written, 30)));
            0
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
fn lines(value: &RawValue, key: &str, notes: &mut Notes) -> Vec<String> {
    let mut found = Vec::new();
    if kind(value) == "a string" && key != "mx-host" && value.get() != "\"\"" {
        notes.add(format!("`{key}` is one string, not an array"));
    }
    list_of_any(value, |element| {
        let Some(written) = text(element, key, notes) else { return };
        let decoded = written.starts_with('[').then(|| serde_json::from_str::<Vec<String>>(&written).ok()).flatten();
        if decoded.is_some() {
            notes.add(format!("`{key}` is an array encoded once more in a string"));
        }
        for line in decoded.unwrap_or_else(|| vec![written]).iter().flat_map(|text| broken_into_lines(text)) {
            if found.len() < LINE_CAP {
                found.push(line);
            } else {
                notes.add(format!("`{key}` has more than {LINE_CAP} lines; the rest was kept out"));
            }
        }
    });
    found
}

/// Lines of a policy inside one string, with real line ends or with their escapes escaped once more.
fn broken_into_lines(text: &str) -> Vec<String> {
    let text = text.replace("\\r", "").replace("\\n", "\n");
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A domain name, forgiving a trailing dot, capitals and U-labels.
fn name(written: &str, key: &str, notes: &mut Notes) -> Option<Domain> {
    if written.ends_with('.') {
        notes.add(format!("`{key}` has a trailing dot"));
    }
    if !written.is_ascii() {
        notes.add(format!("`{key}` is not in A-labels"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let single_label = !written.contains('.') && written.len() <= 63 && written.chars().all(plain);
    let read = if single_label { Some(Domain::from_dns(written)) } else { Domain::parse(written).ok() };
    if read.is_none() {
        notes.add(format!("`{key}` is no domain name: {:?}", clip(written, 100)));
    }
    read
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
