//! Floor 2: one room per format over one assessment, and one place for escaping. Pure: strings out, nothing printed.

pub mod breakdown;
pub mod change;
pub mod digest;
pub mod escape;
pub mod expiry;
pub mod guide;
pub mod history;
pub mod ingest;
pub mod json;
pub mod list;
pub mod page;
pub mod reports;
pub mod rules;
pub mod text;
pub mod verify;
