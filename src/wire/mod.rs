//! Floor 0: formats to typed values. No I/O, no clock; every parser takes hostile bytes and returns what it found with every problem.

pub mod certificate;
pub mod fields;
pub mod fingerprint;
pub mod gzip;
pub mod hello;
pub mod host_port;
pub mod hostname;
pub mod http_date;
pub mod imap;
pub mod likeness;
pub mod mail;
pub mod masking;
pub mod name;
pub mod pattern;
pub mod policy;
pub mod report;
pub mod rua;
pub mod scope;
pub mod smtp;
pub mod sts_record;
pub mod tlsa;
pub mod tlsrpt_record;
pub mod version;
pub mod zip;
pub mod zone;
