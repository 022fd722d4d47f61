//! Floor 2: pure arithmetic over facts: what reports add up to and their words mean, how long certificates last, what of them is remembered,
//! until when senders hold a policy, and which senders do not do as the RFCs say.

pub mod clock;
pub mod disk;
pub mod horizon;
pub mod last_known;
pub mod merge;
pub mod past;
pub mod providers;
pub mod reasons;
pub mod reports;
pub mod runway;
pub mod senders;
pub mod timeline;
