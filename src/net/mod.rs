//! Floor 2: looking. DNS, HTTPS, SMTP and TLS, each with caps and deadlines; what is seen becomes facts, and nothing is judged here.

pub mod dial;
pub mod dns;
pub mod dns_transport;
pub mod dnssec;
pub mod https;
pub mod issuers;
pub mod limit;
mod memo;
pub mod proxy;
pub mod route;
pub mod shelf;
pub mod smtp;
pub mod socks;
pub mod source;
pub mod tls;
pub mod trust;
pub mod vantage;
pub mod webhook;

/// Where observations get their time from: handed down from the command line, so that nothing below it reads a clock of its own.
pub type Clock = fn() -> jiff::Timestamp;
