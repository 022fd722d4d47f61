//! Floor 2: pure arithmetic over facts: what the reports of a window add up to, failures in groups, how long certificates last, until when
//! senders hold a policy.

pub mod horizon;
pub mod runway;
