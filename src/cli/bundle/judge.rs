//! Whether a bundle is as it was made, and whether its answer follows from its facts. Pure: bytes in, the finding out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::read::Contents;
use super::{ASSESSMENT, FACTS, Files, MANIFEST, SUMS, digests, documents, manifest};
use crate::cli::{Failure, saved};
use crate::decide;
use crate::model::assessment::{Assessment, Keeper};
use crate::model::bundle::{Answered, Follows, Manifest, SCHEMA, StillValid, Verified};
use crate::model::facts::Facts;
use crate::wire::fingerprint::Fingerprint;

/// Before the number of the schema.
const FAMILY: &str = "stsready/bundle/";
/// Differences beyond these are counted.
const TOLD: usize = 50;

/// Looks into a bundle again.
///
/// # Errors
/// Where there is no manifest of a bundle: it is none.
pub(super) fn verify(contents: Contents, now: Timestamp) -> Result<Verified, String> {
    let Contents { files, mut faults } = contents;
    let manifest = files.get(MANIFEST).ok_or_else(|| format!("there is no {MANIFEST} in it"))?;
    let value: serde_json::Value = serde_json::from_slice(manifest).map_err(|error| format!("{MANIFEST}: {error}"))?;
    let schema = value["schema"].as_str().filter(|schema| schema.starts_with(FAMILY));
    let schema = schema.ok_or_else(|| format!("{MANIFEST} does not say that it is one"))?.to_owned();

    let actual = digests(&files);
    let mut right = BTreeSet::new();
    sums(&files, &actual, &mut right, &mut faults);
    let mut verified = Verified {
        outcome: Follows::CannotTell,
        tool: None,
        now,
        domains: Vec::new(),
        files: 0,
        faults: Vec::new(),
        differs: Vec::new(),
        untold: Vec::new(),
        notes: Vec::new(),
    };
    match serde_json::from_value::<Manifest>(value) {
        _ if schema != SCHEMA => verified.untold.push(format!("its schema is {schema}, and this version knows {SCHEMA}")),
        Err(error) => verified.untold.push(format!("{MANIFEST} cannot be read by this version: {error}")),
        Ok(manifest) => {
            listed(&manifest, &actual, &mut right, &mut faults);
            verified.domains = manifest
                .domains
                .iter()
                .map(|answered| StillValid { valid: now < answered.valid_until, answered: answered.clone() })
                .collect();
            match again(&files, &manifest) {
                Ok(Again { differs, notes }) => (verified.differs, verified.notes) = (differs, notes),
                Err(why) => verified.untold.push(why),
            }
            verified.tool = Some(manifest.tool);
        }
    }
    let more = verified.differs.len().saturating_sub(TOLD);
    verified.differs.truncate(TOLD);
    verified.differs.extend((more > 0).then(|| format!("and {more} more differences")));
    verified.files = right.len();
    verified.outcome = match (faults.is_empty() && verified.differs.is_empty(), verified.untold.is_empty()) {
        (false, _) => Follows::No,
        (true, false) => Follows::CannotTell,
        (true, true) => Follows::Yes,
    };
    verified.faults = faults;
    Ok(verified)
}

/// Holds the files against SHA256SUMS: each is in it once, with its digest, and nothing else is.
fn sums(files: &Files, actual: &BTreeMap<String, Fingerprint>, right: &mut BTreeSet<String>, faults: &mut Vec<String>) {
    let Some(text) = files.get(SUMS) else {
        faults.push(format!("there is no {SUMS}"));
        return;
    };
    let mut named = BTreeSet::new();
    for line in String::from_utf8_lossy(text).lines().filter(|line| !line.is_empty()) {
        let entry = line.split_once("  ").or_else(|| line.split_once(" *"));
        let entry = entry.and_then(|(digest, name)| Some((Fingerprint::try_from(digest.to_owned()).ok()?, name)));
        let Some((digest, name)) = entry else {
            faults.push(format!("{SUMS} has a line that is none: {line}"));
            continue;
        };
        if !named.insert(name.to_owned()) {
            faults.push(format!("{SUMS} names {name} twice"));
        }
        match actual.get(name) {
            None => faults.push(format!("{name} is missing")),
            Some(is) if *is == digest => drop(right.insert(name.to_owned())),
            Some(is) => faults.push(format!("{name} was changed: its SHA-256 is {is}, and {SUMS} says {digest}")),
        }
    }
    let beside = files.keys().filter(|name| *name != SUMS && !named.contains(*name));
    faults.extend(beside.map(|name| format!("{name} is not in {SUMS}")));
}

/// Holds the files against the manifest, which names all but itself and the sums.
fn listed(manifest: &Manifest, actual: &BTreeMap<String, Fingerprint>, right: &mut BTreeSet<String>, faults: &mut Vec<String>) {
    let names: BTreeSet<&String> = manifest.files.keys().chain(actual.keys()).collect();
    for name in names.into_iter().filter(|name| ![MANIFEST, SUMS].contains(&name.as_str())) {
        if manifest.files.get(name) != actual.get(name) {
            right.remove(name);
            let told = faults.iter().any(|fault| fault.starts_with(&format!("{name} ")));
            faults.extend((!told).then(|| format!("{name} is not as {MANIFEST} says")));
        }
    }
}

/// What comes of judging again.
#[derive(Default)]
struct Again {
    differs: Vec<String>,
    notes: Vec<String>,
}

/// Judges the facts again by the settings of then, and says what differs.
///
/// # Errors
/// Why it cannot be told.
fn again(files: &Files, manifest: &Manifest) -> Result<Again, String> {
    let (ours, theirs) = (manifest::tool(), &manifest.tool);
    if is_newer(&theirs.version, &ours.version) {
        let (theirs, ours) = (&theirs.version, &ours.version);
        return Err(format!("it was made by version {theirs}, and this is {ours}: a newer one may judge by what this one does not know"));
    }
    let settings = manifest::settings(manifest)?;
    let text = files.get(FACTS).ok_or_else(|| format!("there is no {FACTS} to judge"))?;
    let text = std::str::from_utf8(text).map_err(|error| format!("{FACTS}: {error}"))?;
    let all = saved::parse(text).map_err(|error| format!("{FACTS} cannot be read by this version: {error}"))?;
    let mut again = Again::default();
    if !all.iter().map(|facts| &facts.domain).eq(manifest.domains.iter().map(|answered| &answered.domain)) {
        again.differs.push(format!("{MANIFEST} answers for other domains than {FACTS} is about"));
        return Ok(again);
    }
    let judge = |(facts, answered): (Facts, &Answered)| {
        let facts = if manifest.plan.is_some() { facts.without_asked() } else { facts };
        let assessment = decide::assess(&facts, &settings, answered.asked_at);
        Assessment { keeper: Keeper { owner: answered.owner.clone(), group: answered.group.clone() }, ..assessment }
    };
    let assessments: Vec<Assessment> = all.into_iter().zip(&manifest.domains).map(judge).collect();
    for (is, said) in assessments.iter().map(manifest::answered).zip(&manifest.domains) {
        match differ(&is, said) {
            // Another version may find more, or call it otherwise; what was asked is whether the answer follows.
            Some((Part::Ground, told)) if *theirs != ours => again.notes.push(told),
            told => again.differs.extend(told.map(|(_, told)| told)),
        }
    }
    again.differs.extend(said(files, manifest)?);
    if *theirs != ours {
        again.notes.push(format!(
            "it was made by another version, {}: the words of its documents are vouched for by their digests alone",
            theirs.version
        ));
    } else if again.differs.is_empty() {
        // The same version writes the same words: what differs was changed, whatever the digests say.
        let written = documents(&assessments).map_err(|failure: Failure| failure.to_string())?;
        let changed = written.iter().filter(|(name, bytes)| files.get(*name).is_some_and(|is| is != *bytes));
        again.differs.extend(changed.map(|(name, _)| format!("{name} does not say what follows from the facts")));
    }
    if manifest.plan.is_some() {
        again.notes.push("the plan is vouched for by its digest alone: what it was made with is not among the facts".to_owned());
    }
    Ok(again)
}

/// What of an answer differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The answer itself.
    Answer,
    /// What it rests on, and for how long.
    Ground,
}

/// What of an answer differs, in a sentence; nothing if it is the same.
fn differ(is: &Answered, said: &Answered) -> Option<(Part, String)> {
    if is == said {
        return None;
    }
    let Answered { domain, .. } = said;
    let word = |answered: &Answered| {
        let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        format!("{} ({})", word(serde_json::json!(answered.answer)), word(serde_json::json!(answered.question)))
    };
    let codes = |codes: &[String]| if codes.is_empty() { "no code".to_owned() } else { codes.join(", ") };
    let (now, then) = (word(is), word(said));
    Some(if now != then {
        (Part::Answer, format!("{domain}: it says {then}, and {now} follows from the facts, because of {}", codes(&is.because)))
    } else if is.because != said.because {
        (Part::Ground, format!("{domain}: it is said to rest on {}, and rests on {}", codes(&said.because), codes(&is.because)))
    } else if is.valid_until != said.valid_until {
        (Part::Ground, format!("{domain}: it is said to hold until {}, and holds until {}", said.valid_until, is.valid_until))
    } else {
        (Part::Answer, format!("{domain}: the times or the roots are not those of the facts"))
    })
}

/// Whether assessment.json, which programs read, says the same as the manifest.
fn said(files: &Files, manifest: &Manifest) -> Result<Option<String>, String> {
    let Some(text) = files.get(ASSESSMENT) else { return Ok(Some(format!("there is no {ASSESSMENT}"))) };
    let value: serde_json::Value = serde_json::from_slice(text).map_err(|error| format!("{ASSESSMENT}: {error}"))?;
    let all = match value {
        serde_json::Value::Array(all) => all,
        one => vec![one],
    };
    let says = |value: &serde_json::Value, said: &Answered| {
        let is = |field: &str, said: serde_json::Value| value[field] == said;
        is("domain", serde_json::json!(said.domain))
            && is("answer", serde_json::json!(said.answer))
            && is("because", serde_json::json!(said.because))
    };
    let same = all.len() == manifest.domains.len() && all.iter().zip(&manifest.domains).all(|(value, said)| says(value, said));
    Ok((!same).then(|| format!("{ASSESSMENT} says something else than {MANIFEST}")))
}

/// Whether one version comes after another; what is no version does.
fn is_newer(one: &str, other: &str) -> bool {
    let parts = |version: &str| {
        let parts: Option<Vec<u64>> = version.split('.').map(|part| part.parse().ok()).collect();
        parts.filter(|parts| parts.len() == 3)
    };
    parts(one).is_none_or(|one| parts(other).is_some_and(|other| one > other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        for (one, other, newer) in [
            ("0.1.0", "0.1.0", false),
            ("0.2.0", "0.10.0", false),
            ("0.10.0", "0.2.0", true),
            ("1.0.0", "0.9.9", true),
            ("0.1.0-next", "0.1.0", true),
            ("", "0.1.0", true),
        ] {
            assert_eq!(is_newer(one, other), newer, "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_bundle_is_told_from_what_is_too_new() {
        let now = Timestamp::UNIX_EPOCH;
        let with = |manifest: Option<&str>| {
            let files = manifest.map(|text| (MANIFEST.to_owned(), text.as_bytes().to_vec())).into_iter().collect();
            verify(Contents { files, faults: Vec::new() }, now)
        };
        for (manifest, why) in [(None, "no bundle.json"), (Some("{"), "EOF"), (Some("{}"), "does not say"), (Some("[7]"), "does not say")] {
            assert!(with(manifest).expect_err("no bundle").contains(why), "{manifest:?}");
        }
        for manifest in [r#"{"schema": "stsready/bundle/2"}"#, r#"{"schema": "stsready/bundle/1"}"#] {
            let verified = with(Some(manifest)).expect("a bundle");
            // Without its sums it is no whole bundle either.
            assert_eq!((verified.outcome, verified.untold.len(), verified.faults.len()), (Follows::No, 1, 1), "{verified:?}");
        }
    }

    #[test]
    fn sums_are_held_against_every_file() {
        let digest = Fingerprint::of(b"x");
        for (text, faults) in [
            (format!("{digest}  a\n"), vec![]),
            (format!("{digest} *a\n"), vec![]),
            (String::new(), vec!["a is not in SHA256SUMS"]),
            (format!("{digest}  a\n{digest}  b\n"), vec!["b is missing"]),
            (format!("{digest}  a\n{digest}  a\n"), vec!["SHA256SUMS names a twice"]),
            (format!("{}  a\n", Fingerprint::of(b"y")), vec!["a was changed"]),
            ("x  a\n".to_owned(), vec!["SHA256SUMS has a line that is none: x  a", "a is not in SHA256SUMS"]),
        ] {
            let files: Files = [("a".to_owned(), b"x".to_vec()), (SUMS.to_owned(), text.clone().into_bytes())].into();
            let mut told = Vec::new();
            sums(&files, &digests(&files), &mut BTreeSet::new(), &mut told);
            assert_eq!(told.len(), faults.len(), "{text}: {told:?}");
            assert!(told.iter().zip(&faults).all(|(told, fault)| told.starts_with(fault)), "{text}: {told:?}");
        }
    }
}
