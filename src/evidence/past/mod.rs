//! What the remembered past means for the present: which changes made earlier evidence worthless, and on which days live checks were
//! clean.
//!
//! In: a [`History`](crate::model::history::History) with the present look on top. Out: [`Change`]s and days.

mod changes;
mod checks;
mod since;

pub use self::changes::{Change, What, all as changes, organisation};
pub use self::checks::{Checked, checked};
pub use self::since::{moved_since, remembered_since, served_since};

#[cfg(test)]
mod tests;
