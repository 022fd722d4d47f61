//! TLS in clear text: a hand-written ClientHello with old versions and wide suites, and the server's flight that answers it.
//!
//! A modern TLS library refuses to talk to an old server, and then nothing is learned. This hello is understood by SSL 3.0 to
//! TLS 1.2; what answers it names version, suite and the whole chain before anything is encrypted. No cryptography is done.

mod alert;
mod client;
mod flight;
mod group;
mod offer;
mod suite;

pub use alert::alert_name;
pub use client::client_hello;
pub use flight::{FLIGHT_CAP, Flight, FlightError, FlightReader, ServerFlight, version_name};
pub use group::{group_name, is_modern_group};
pub use offer::Offer;
pub use suite::{is_modern, suite_name};
