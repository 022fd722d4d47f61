//! What fetching gave: a line for each folder and what was refused, for people; the same for programs (`stsready/fetch/1`).

use serde::Serialize;

use super::escape;
use super::page::{Look, Page};
use super::row;
use super::text::sessions::count;
use crate::model::facts::reports::Rejected;

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/fetch/1";

/// What is told of a folder.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Folder {
    /// What it is called.
    pub account: String,
    /// Where it is.
    pub url: String,
    /// `read`, or `failed` with an error.
    #[cfg_attr(test, schemars(extend("enum" = ["read", "failed"])))]
    pub state: &'static str,
    /// Why it was not read to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Messages that were looked at.
    pub messages: u64,
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
    /// What could not be read.
    pub rejected: u64,
    /// Messages that are something else.
    pub ignored: u64,
    /// Messages that were moved; absent where none are to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<u64>,
    /// Messages that were marked as seen; absent where none are to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    /// What the UIDs are good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid_validity: Option<u32>,
    /// How far the folder was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_uid: Option<u32>,
    /// The first of the refusals that were not told yet.
    pub refused: Vec<Rejected>,
    /// How many more there were.
    #[serde(skip)]
    pub untold: usize,
}

/// What was fetched, folder by folder.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Fetch"))]
pub(super) struct Document<'a> {
    /// The schema's name and version.
    schema: &'static str,
    /// The folders.
    accounts: &'a [&'a Folder],
}

/// One object.
pub fn document(folders: &[&Folder]) -> Result<String, serde_json::Error> {
    escape::json_pretty(&Document { schema: SCHEMA, accounts: folders })
}

/// One folder as one object, in one line.
pub fn line(folder: &Folder) -> Result<String, serde_json::Error> {
    row::line(SCHEMA, folder)
}

/// For people; `quiet`: only what was rejected.
pub fn text(folders: &[&Folder], quiet: bool, width: usize) -> String {
    let mut page = Page::new(width);
    for folder in folders {
        if !quiet && (folder.messages > 0 || folder.error.is_none()) {
            page.paragraph(&[(Look::Strong, &folder.account)], Look::Plain, &format!(": {}", summary(folder)));
        }
        for rejected in &folder.refused {
            page.paragraph(&[(Look::Warning, "  ! ")], Look::Plain, &format!("{}: {}", rejected.source, rejected.reason));
        }
        if folder.untold > 0 {
            page.line(&[(Look::Faint, &format!("  and {} more: stsready reports list --rejected", folder.untold))]);
        }
    }
    page.finish()
}

fn summary(folder: &Folder) -> String {
    let numbers = [
        (folder.unproven, "of them not counted, for nothing proves who wrote them"),
        (folder.known, "known"),
        (folder.replaced, "replaced"),
        (folder.pruned, "passed over, for older ones were pruned away"),
        (folder.rejected, "rejected"),
        (folder.ignored, "without a report"),
        (folder.moved.unwrap_or(0), "moved"),
        (folder.seen.unwrap_or(0), "marked as seen"),
    ];
    let mut parts = vec![format!("{} looked at", count(folder.messages, "message"))];
    parts.extend((folder.new > 0).then(|| count(folder.new, "new report")));
    parts.extend(numbers.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")));
    let read_to = folder.last_uid.map(|uid| format!("; read up to UID {uid}")).unwrap_or_default();
    let broke_off = if folder.error.is_some() { ", then it broke off" } else { "" };
    format!("{}{read_to}{broke_off}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_line_and_its_refusals() {
        let rejected = Rejected { source: "UID 7\u{1b}".to_owned(), reason: "why".to_owned() };
        let folder = Folder {
            account: "tlsrpt".to_owned(),
            messages: 35,
            new: 2,
            unproven: 1,
            known: 2,
            rejected: 30,
            ignored: 1,
            moved: Some(3),
            last_uid: Some(77),
            refused: vec![rejected; 20],
            untold: 10,
            ..Folder::default()
        };
        let shown = text(&[&folder], false, 400);
        let line = "35 messages looked at, 2 new reports, 1 of them not counted, for nothing proves who wrote them, 2 known, 30 rejected, \
                    1 without a report, 3 moved; read up to UID 77";
        assert!(shown.contains(line), "{shown}");
        assert!(shown.matches("why").count() == 20 && shown.contains("and 10 more") && shown.contains("UID 7\\u{1b}"), "{shown}");
        assert!(!text(&[&folder], true, 400).contains("looked at"), "quiet: only what was rejected");
    }
}
