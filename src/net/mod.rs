//! Floor 2: looking. DNS, HTTPS, SMTP and TLS, each with caps and deadlines; nothing here judges.

pub mod dns;
pub mod https;

/// Where observations get their time from: handed down from the command line, so that nothing below it reads a clock of its own.
pub type Clock = fn() -> jiff::Timestamp;
