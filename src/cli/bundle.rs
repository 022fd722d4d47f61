//! `--bundle`: everything about a check in one folder or archive, to be kept with the change: the ticket, the report, the assessment, the
//! facts, and the digests of all; and `bundle verify`, which asks years later whether the answer follows from the facts.
//!
//! In: the facts of each domain as they come, the assessments in the end. Out: the files, written all or none.

mod judge;
mod manifest;
mod read;
mod verify;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

pub(super) use self::verify::run;
use self::write::Target;
use super::{Failure, saved};
use crate::model::assessment::Assessment;
use crate::model::facts::Facts;
use crate::model::plan::Plan;
use crate::model::settings::Settings;
use crate::render::{change, html, json, ticket};
use crate::wire::fingerprint::Fingerprint;

/// What the bundle says of itself.
const MANIFEST: &str = "bundle.json";
/// The digests of all files, as `sha256sum` writes and checks them.
const SUMS: &str = "SHA256SUMS";
/// What was observed.
const FACTS: &str = "facts.json";
/// The assessment, whole.
const ASSESSMENT: &str = "assessment.json";
/// The change ticket.
const TICKET: &str = "ticket.md";
/// The same for a browser.
const REPORT: &str = "report.html";
/// The plan of a change, for people
const PLAN_TICKET: &str = "plan.md";
/// and for programs.
const PLAN: &str = "plan.json";

/// No file is larger, in reading or in writing.
const FILE_CAP: u64 = 256 << 20;
/// Nor are all of them together.
const BUNDLE_CAP: u64 = 512 << 20;

/// A file by its name.
type Files = BTreeMap<String, Vec<u8>>;

/// A bundle in the making.
pub(super) struct Bundle {
    target: Target,
    facts: Vec<(usize, Facts)>,
}

impl Bundle {
    /// Refuses a place where it cannot be written, before anything is looked at.
    pub(super) fn begin(path: &Path) -> Result<Self, Failure> {
        Ok(Self { target: Target::begin(path)?, facts: Vec::new() })
    }

    /// Takes the facts of a domain; `index` is its place among all.
    pub(super) fn take(&mut self, index: usize, facts: &Facts) {
        self.facts.push((index, facts.clone()));
    }

    /// Writes it. `assessments` are those of the facts, in the order of their places.
    pub(super) fn finish(mut self, assessments: &[&Assessment], settings: &Settings, plan: Option<&Plan>) -> Result<(), Failure> {
        self.facts.sort_by_key(|(index, _)| *index);
        let facts: Vec<Facts> = self.facts.into_iter().map(|(_, facts)| facts).collect();
        let mut files = documents(assessments)?;
        files.insert(FACTS.to_owned(), saved::text(&facts)?.into_bytes());
        if let Some(plan) = plan {
            files.insert(PLAN_TICKET.to_owned(), change::markdown::document(plan).into_bytes());
            files.insert(PLAN.to_owned(), change::json::document(plan)?.into_bytes());
        }
        let manifest = manifest::of(assessments, settings, plan, digests(&files))?;
        files.insert(MANIFEST.to_owned(), manifest.into_bytes());
        let sums: String = digests(&files).iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect();
        files.insert(SUMS.to_owned(), sums.into_bytes());
        let size: u64 = files.values().map(|bytes| bytes.len() as u64).sum();
        if size > BUNDLE_CAP || files.values().any(|bytes| bytes.len() as u64 > FILE_CAP) {
            return Err(Failure::Usage(format!("a bundle of {} MiB would be too large; make several, of fewer domains each", size >> 20)));
        }
        let newest = assessments.iter().map(|assessment| assessment.asked_at).max().unwrap_or_default();
        self.target.write(&files, newest)
    }
}

/// What is rendered out of the assessments alone, and so can be rendered again from the facts.
fn documents(assessments: &[&Assessment]) -> Result<Files, Failure> {
    let all = [
        (TICKET, ticket::document(assessments)),
        (REPORT, html::document(assessments, html::Options { all: true })),
        (ASSESSMENT, json::document(assessments, true)?),
    ];
    Ok(all.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect())
}

fn digests(files: &Files) -> BTreeMap<String, Fingerprint> {
    files.iter().map(|(name, bytes)| (name.clone(), Fingerprint::of(bytes))).collect()
}
