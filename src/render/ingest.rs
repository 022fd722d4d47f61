//! What an intake of reports came to: for people and for programs (`stsready/ingest/1`).

use serde::Serialize;

use super::escape;
use super::page::{Look, Page};
use super::text::sessions::count;
use crate::model::facts::reports::Rejected;

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/ingest/1";
/// Rejections beyond these are counted in the text.
const REJECTED_SHOWN: usize = 20;

/// What came of an intake.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Intake {
    /// Where the store is.
    pub store: String,
    /// Files looked at.
    pub files: u64,
    /// Of these, those that were not read, for they have not changed since the last time.
    pub unchanged: u64,
    /// Reports that are new in the store.
    pub new: u64,
    /// Reports that were there already.
    pub known: u64,
    /// Reports that took the place of a less proven or less complete text.
    pub replaced: u64,
    /// Of the new and the replacing ones, those that do not count, for nothing proves who wrote them.
    pub unproven: u64,
    /// Reports older than what was pruned away, which stay away.
    pub pruned: u64,
    /// Files that plainly are something else.
    pub ignored: u64,
    /// What could not be read, with its reason: the first of them.
    pub rejected: Vec<Rejected>,
    /// How many could not be read.
    pub rejected_count: u64,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Intake"))]
pub(super) struct View<'a> {
    /// The schema's name and version.
    schema: &'static str,
    #[serde(flatten)]
    intake: &'a Intake,
}

/// One object.
pub fn document(intake: &Intake) -> Result<String, serde_json::Error> {
    escape::json_pretty(&View { schema: SCHEMA, intake })
}

/// For people; `quiet`: only what was rejected.
pub fn text(intake: &Intake, quiet: bool, width: usize) -> String {
    let mut page = Page::new(width);
    if !quiet {
        let numbers = [
            (intake.unproven, "of them not counted, for nothing proves who wrote them"),
            (intake.known, "known already"),
            (intake.replaced, "replaced by a better text"),
            (intake.pruned, "passed over, for older ones were pruned away"),
            (intake.rejected_count, "rejected"),
            (intake.ignored, "ignored as something else"),
        ];
        let mut parts: Vec<String> =
            numbers.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
        parts.push(format!("in {}", count(intake.files, "file")));
        if intake.unchanged > 0 {
            parts.push(format!("{} of them unchanged", intake.unchanged));
        }
        let new = format!("{} new", count(intake.new, "report"));
        page.line(&[(Look::Strong, &new), (Look::Plain, &format!(", {}", parts.join(", ")))]);
        page.line(&[(Look::Faint, &format!("store: {}", intake.store))]);
    }
    if !intake.rejected.is_empty() && !quiet {
        page.gap();
    }
    for rejected in intake.rejected.iter().take(REJECTED_SHOWN) {
        page.paragraph(&[(Look::Warning, "! ")], Look::Plain, &format!("{}: {}", rejected.source, rejected.reason));
    }
    let more = intake.rejected_count.saturating_sub(REJECTED_SHOWN as u64);
    if more > 0 {
        page.line(&[(Look::Faint, &format!("  and {more} more; `stsready reports list --rejected` shows all"))]);
    }
    page.finish()
}
