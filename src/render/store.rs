//! The store as a whole, for people and for programs (`stsready/store/1`): its numbers, whether it is sound, what pruning took.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::escape;
use super::page::{Look, Page};
use crate::model::store::{Pruned, Stats};

/// The schema's name and version. In what `store stats` and `store check` write, `schema` has always been the number of the store's own
/// layout, and stays that.
pub const SCHEMA: &str = "stsready/store/1";

/// Where a store is, or would be.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Place {
    /// The schema's name and version.
    schema: &'static str,
    /// Its file.
    path: PathBuf,
    /// Whether it is there.
    exists: bool,
}

impl Place {
    /// The place `path`.
    pub fn new(path: PathBuf, exists: bool) -> Self {
        Self { schema: SCHEMA, path, exists }
    }
}

/// Whether a store is sound.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Checked {
    /// Its file.
    pub path: PathBuf,
    /// The version of its layout.
    pub schema: u32,
    /// Whether nothing is wrong.
    pub sound: bool,
    /// What is wrong, as sentences.
    pub faults: Vec<String>,
}

/// What a pruning took away, and by which line.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Pruning {
    /// The schema's name and version.
    schema: &'static str,
    /// What ended before goes.
    older_than: Timestamp,
    /// Whether nothing was taken, only counted.
    dry_run: bool,
    #[serde(flatten)]
    pruned: Pruned,
}

impl Pruning {
    /// What went, or would go, as it is older than `older_than`.
    pub fn new(older_than: Timestamp, dry_run: bool, pruned: Pruned) -> Self {
        Self { schema: SCHEMA, older_than, dry_run, pruned }
    }
}

/// One object.
pub fn document(of: &impl Serialize) -> Result<String, serde_json::Error> {
    escape::json_pretty(of)
}

/// One object, in one line.
pub fn line(of: &impl Serialize) -> Result<String, serde_json::Error> {
    escape::json_line(of)
}

/// Numbers.
pub fn stats(stats: &Stats, width: usize) -> String {
    let states = stats.reports;
    let mut page = Page::new(width);
    page.line(&[(Look::Strong, &stats.path.display().to_string())]);
    let row = |name: &str, value: String| vec![(Look::Faint, name.to_owned()), (Look::Plain, value)];
    let mut rows = vec![
        row("reports", states.total.to_string()),
        row(
            "  by proof",
            format!(
                "{} verified, {} plain files, {} not verified, {} with a wrong signature",
                states.verified, states.operator, states.unverifiable, states.failed
            ),
        ),
    ];
    if let (Some(first), Some(last)) = (stats.first, stats.last) {
        rows.push(row("  periods", format!("{first} to {last}")));
    }
    rows.extend(stats.pruned_to.map(|line| row("  pruned", format!("up to {line}"))));
    rows.extend([
        row("  about", format!("{} domains, by {} reporters", stats.domains, stats.reporters)),
        row("  texts kept", stats.texts_kept.to_string()),
        row("rejected", stats.rejections.to_string()),
        row("read", format!("{} files, {} IMAP folders", stats.files, stats.folders)),
        row(
            "observed",
            format!("{} values at {} domains, {} certificates", stats.observations, stats.observed_domains, stats.certificates),
        ),
        row("size", size(stats)),
        row("schema", stats.schema.to_string()),
    ]);
    page.table(2, &rows);
    page.finish()
}

fn size(stats: &Stats) -> String {
    match stats.bytes_a_report {
        Some(each) => format!("{} ({each} bytes a report)", bytes(stats.bytes)),
        None => bytes(stats.bytes),
    }
}

/// With the unit that leaves few digits.
fn bytes(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        10_000..=9_999_999 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// What is wrong with the store at `path`, and the way out; or that nothing is.
pub fn check(path: &str, faults: &[String], width: usize) -> String {
    let mut page = Page::new(width);
    let (look, word) = if faults.is_empty() { (Look::Good, "sound") } else { (Look::Bad, "damaged") };
    page.line(&[(look, word), (Look::Plain, "  "), (Look::Plain, path)]);
    for fault in faults {
        page.paragraph(&[(Look::Bad, "  - ")], Look::Plain, fault);
    }
    if !faults.is_empty() {
        let way_out = "`stsready store export` saves what can still be read; then move the file away and ingest the reports again";
        page.paragraph(&[(Look::Plain, "  ")], Look::Plain, way_out);
    }
    page.finish()
}

/// What a pruning took away, or would take.
pub fn pruned(pruned: &Pruned, dry_run: bool, width: usize) -> String {
    let what = format!("{} reports and {} rejections", pruned.reports, pruned.rejections);
    let stays = format!("{} reports stay, and all that live checks observed", pruned.reports_kept);
    let told = if dry_run {
        format!("{what} would go; {stays}")
    } else {
        format!("{what} are gone; {stays}; {} before, {} now", bytes(pruned.bytes_before), bytes(pruned.bytes_after))
    };
    let mut page = Page::new(width);
    page.paragraph(&[], Look::Plain, &told);
    page.finish()
}
