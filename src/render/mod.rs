//! Floor 2: one room per format over one assessment, and one place for escaping. Pure: strings out, nothing printed.

mod blocks;
pub mod breakdown;
pub mod bundle;
pub mod change;
pub mod config;
pub mod csv;
pub mod digest;
pub mod escape;
pub mod expiry;
pub mod expiry_markdown;
pub mod fetch;
pub mod generate;
pub mod github;
pub mod guide;
pub mod history;
pub mod html;
pub mod ingest;
pub mod json;
pub mod junit;
pub mod list;
mod markdown;
pub mod nagios;
pub mod news;
pub mod page;
pub mod prometheus;
pub mod reports;
mod row;
pub mod rule_html;
pub mod rules;
#[cfg(test)]
pub(crate) mod sample;
pub mod schema;
pub mod store;
pub mod text;
pub mod ticket;
pub mod verify;
mod words;
