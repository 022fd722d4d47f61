//! The JSON Schemas (draft 2020-12) of every document that commands write: a document's name in, its schema out.
//!
//! The texts stand in the tree, so that the program carries nothing but them and a change of the contract is read in review. They are
//! derived from the very types that are serialised; a test does that anew and compares (`STSREADY_UPDATE_GOLDEN=1` rewrites them).

#[cfg(test)]
mod tests;

use super::page::{Look, Page};
use super::{
    breakdown, bundle, change, config, digest, expiry, fetch, generate, guide, history, ingest, json, list, news, reports, rules, store,
    verify,
};
use crate::model::{bundle as model_bundle, facts};

/// The schema of one document.
#[derive(Debug)]
pub struct Published {
    /// What it is called.
    pub name: &'static str,
    /// Other words for it.
    pub also: &'static [&'static str],
    /// Its `$id`: what documents have as `schema`.
    pub id: &'static str,
    /// What is written in it, and by which commands.
    pub about: &'static str,
    /// The schema itself, with a line end.
    pub text: &'static str,
}

macro_rules! published {
    ($name:literal $(or $also:literal)?, $id:expr, $about:literal) => {
        Published { name: $name, also: &[$($also)?], id: $id, about: $about, text: include_str!(concat!($name, ".json")) }
    };
}

/// All of them, the most asked for first.
pub static ALL: [Published; 20] = [
    published!("assessment", json::SCHEMA, "The answer for a domain and all that it rests on: `check`, `record`, `policy` and `mx`"),
    published!("facts", facts::SCHEMA, "What was observed of a domain: `--save-facts` writes it, `--facts` reads it"),
    published!("digest", digest::SCHEMA, "What is new in the reports: `reports digest`"),
    published!("change" or "plan", change::json::SCHEMA, "Whether a change is safe, and its steps: `change`"),
    published!("expiry", expiry::SCHEMA, "When certificates end: `expiry`"),
    published!("guide", guide::json::SCHEMA, "Where a domain stands in a way of working: `guide`"),
    published!("history", history::SCHEMA, "What came and went as checks saw it: `history`"),
    published!("reports", reports::SCHEMA, "What TLS reports say: `reports show`"),
    published!("breakdown", breakdown::SCHEMA, "A row of the sums over reports: `reports show --format ndjson` out of the store"),
    published!("report-list", list::SCHEMA, "The reports in the store, or what could not be read: `reports list`"),
    published!("ingest", ingest::SCHEMA, "What an intake of reports came to: `reports ingest`"),
    published!("fetch", fetch::SCHEMA, "What fetching from mailboxes came to: `reports fetch`"),
    published!("store", store::SCHEMA, "The store as a whole: `store path`, `store stats`, `store check` and `reports prune`"),
    published!("generate", generate::SCHEMA, "The texts to publish: `generate`"),
    published!("bundle", model_bundle::SCHEMA, "What a bundle says of itself: `bundle.json` of `check --bundle` and `change --bundle`"),
    published!("bundle-check", bundle::SCHEMA, "Whether a bundle's answer still follows from its facts: `bundle verify`"),
    published!("notification", news::SCHEMA, "What somebody is told: the body of a webhook, the input of a command: `check --notify`"),
    published!("config", config::SCHEMA, "The configuration in effect: `config show`"),
    published!("rule", rules::SCHEMA, "A rule of the catalogue: `rules`"),
    published!("playbook", guide::json::PLAYBOOK_SCHEMA, "A way of working: `playbook list`"),
];

/// The schema of the hidden command `verify`, which no other names.
pub static VERIFY: Published = published!("verify", verify::SCHEMA, "What was concluded about a chain of certificates: `verify`");

/// Which there are, for people.
pub fn list(width: usize) -> String {
    let mut page = Page::new(width);
    let row = |published: &Published| {
        vec![(Look::Strong, published.name.to_owned()), (Look::Faint, published.id.to_owned()), (Look::Plain, published.about.to_owned())]
    };
    page.table(0, &ALL.iter().map(row).collect::<Vec<_>>());
    page.finish()
}

/// The schema that is called so.
pub fn find(name: &str) -> Option<&'static Published> {
    ALL.iter().chain([&VERIFY]).find(|published| published.name == name || published.also.contains(&name))
}
