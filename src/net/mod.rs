//! Floor 2: the looking. Asynchronous, capped and timed; what is seen becomes facts, and nothing is decided here.

pub mod limit;
pub mod shelf;
pub mod smtp;
pub mod tls;
pub mod trust;
