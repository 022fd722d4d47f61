//! What the remembered past means for the present: which changes made earlier evidence worthless, on which days live checks were clean,
//! and which policies senders may still hold.
//!
//! In: a [`History`](crate::model::history::History) with the present look on top. Out: [`Change`]s, days, and [`Held`].

mod changes;
mod checks;
pub mod held;
mod published;
mod since;

pub use self::changes::{Change, What, all as changes, organisation};
pub use self::checks::{Checked, checked};
pub use self::held::{Held, HeldPolicy};
pub use self::published::Published;
pub use self::since::{moved_since, remembered_since, served_since};

#[cfg(test)]
mod tests;
