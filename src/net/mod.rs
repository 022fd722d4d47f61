//! Floor 2: looking. DNS, HTTPS, SMTP and TLS, each with caps and deadlines; nothing here judges.

pub mod dns;
