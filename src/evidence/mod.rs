//! Floor 2: pure arithmetic over facts: what reports add up to, how long certificates last, until when senders hold a policy.

pub mod clock;
pub mod disk;
pub mod horizon;
pub mod merge;
pub mod past;
pub mod reports;
pub mod runway;
