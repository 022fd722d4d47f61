//! What senders mean by the words beside a failure (RFC 8460 §4.4: `failure-reason-code`, `additional-information`).
//!
//! In: who reported which result-type with which words. Out: a likely [`Cause`], with the rule whose page says more and how sure the
//! reading is; nothing where the words say nothing. The words are hostile: they are held against known ones and never repeated, and of
//! the names in them only what is a name is believed to be one.
//!
//! [`texts`] knows what is written, [`fault`] what it means at an MX host and at the policy host, [`numbers`] the codes in it.

mod fault;
mod numbers;
mod texts;

use self::fault::{Fault, Place};
use self::texts::{KNOWN, Known};
use super::reports::{Meaning, meaning};
use crate::model::assessment::{Cause, Confidence};
use crate::wire::name::Domain;

/// So much of a text is looked at: what names a fault stands at its beginning.
const LOOKED_AT: usize = 1024;
/// Names of a certificate that are repeated.
const NAMES_TOLD: usize = 3;

/// A failure as it was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told<'a> {
    /// Who reported: a registered domain.
    pub reporter: &'a str,
    /// `result-type`.
    pub result_type: &'a str,
    /// `failure-reason-code`.
    pub reason: Option<&'a str>,
    /// `additional-information`.
    pub additional: Option<&'a str>,
}

/// What most likely lies behind a failure; `None` where nothing in it says so.
pub fn cause(told: Told<'_>) -> Option<Cause> {
    let texts: Vec<String> = [told.reason, told.additional].into_iter().flatten().filter_map(readable).collect();
    let place = place(told.result_type);
    if texts.is_empty() {
        return KNOWN.iter().filter(|known| known.is_bare()).find_map(|known| read(known, told, "", place));
    }
    // The surer of both; of equally sure ones the reason's.
    texts.iter().rev().filter_map(|text| decode(text, told, place)).max_by_key(|cause| cause.confidence)
}

fn decode(text: &str, told: Told<'_>, place: Place) -> Option<Cause> {
    if let Some((fault, confidence)) = numbers::read(text, place) {
        return tell(fault, confidence, text, place);
    }
    KNOWN.iter().filter(|known| !known.is_bare()).find_map(|known| read(known, told, text, place))
}

fn read(known: &Known, told: Told<'_>, text: &str, place: Place) -> Option<Cause> {
    let applies = known.from.is_none_or(|from| from == told.reporter) && known.result_type.is_none_or(|kind| kind == told.result_type);
    if !applies || !follow(text, known.words) {
        return None;
    }
    tell(known.fault, known.confidence, text, place)
}

fn tell(fault: Fault, confidence: Confidence, text: &str, place: Place) -> Option<Cause> {
    let (say, see) = fault.at(place)?;
    let names = if fault == Fault::OtherName { names(text) } else { Vec::new() };
    let cause = if names.is_empty() { say.into_owned() } else { format!("{say}: it is for {}", names.join(", ")) };
    Some(Cause { confidence, see, cause })
}

/// Where the session failed, as far as the result-type tells.
fn place(result_type: &str) -> Place {
    match meaning(result_type) {
        Meaning::Fetch => Place::PolicyHost,
        Meaning::Refused | Meaning::Dane => Place::MxHost,
    }
}

/// A text in lower case with single spaces, cut to what is looked at; `None` for nothing, and for a link.
fn readable(text: &str) -> Option<String> {
    let start: String = text.chars().take(LOOKED_AT).collect::<String>().to_ascii_lowercase();
    let words: Vec<&str> = start.split_whitespace().collect();
    let is_link = matches!(words[..], [one] if one.starts_with("https://") || one.starts_with("http://"));
    (!words.is_empty() && !is_link).then(|| words.join(" "))
}

/// Whether all `words` stand in `text`, one behind the other.
fn follow(text: &str, words: &[&str]) -> bool {
    let mut rest = text;
    words.iter().all(|word| match rest.split_once(word) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    })
}

/// The names that a certificate is said to be for: `certificate is valid for A, B, not C`.
fn names(text: &str) -> Vec<String> {
    let Some((_, rest)) = text.split_once("valid for ") else { return Vec::new() };
    let listed = rest.split_once(", not ").map_or("", |(names, _)| names);
    let is_name = |name: &&str| Domain::parse(name.strip_prefix("*.").unwrap_or(name)).is_ok();
    listed.split(',').map(str::trim).filter(is_name).take(NAMES_TOLD).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
