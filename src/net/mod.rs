//! Floor 2: looking. DNS, HTTPS, SMTP and TLS, each with caps and deadlines; what is seen becomes facts, and nothing is judged here.

pub mod dns;
pub mod limit;
pub mod shelf;
pub mod smtp;
pub mod tls;
pub mod trust;
