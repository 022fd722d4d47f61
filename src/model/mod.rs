//! Floor 1: plain data that everything above speaks in: facts, rules, findings, the assessment.

pub mod acceptance;
pub mod assessment;
pub mod breakdown;
pub mod bundle;
pub mod change;
pub mod digest;
pub mod effective;
pub mod expiry;
pub mod facts;
pub mod finding;
#[cfg(test)]
pub(crate) mod fixture;
pub mod generated;
pub mod guide;
pub mod history;
pub mod looked;
pub mod plan;
pub mod result_type;
pub mod rule;
pub mod settings;
pub mod store;
pub mod threshold;
pub mod timeline;
pub mod verdict;
