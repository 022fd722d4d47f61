//! Everything that reads what strangers send, given any bytes: a panic where it breaks a promise.
//!
//! One room a target. libFuzzer calls them (`src/bin/`), and `tests/fuzz.rs` gives them the seeds and every input that was once a fault.
#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "what is asserted here is meant to panic, and the programs of libFuzzer call it from outside"
)]

pub mod auth_results;
pub mod certificate;
pub mod config;
pub mod dkim;
pub mod escape;
pub mod facts;
pub mod framing;
pub mod hello;
pub mod imap;
pub mod mail;
pub mod mailbox;
pub mod names;
pub mod playbook;
pub mod policy;
pub mod records;
pub mod report;
pub mod smtp;

/// A target: the name of its program and of its folder of seeds, and what is given the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("auth_results", auth_results::any),
    ("certificate", certificate::any),
    ("config", config::any),
    ("dkim", dkim::any),
    ("escape", escape::any),
    ("facts", facts::any),
    ("framing", framing::any),
    ("hello", hello::any),
    ("imap", imap::any),
    ("mail", mail::any),
    ("mailbox", mailbox::any),
    ("names", names::any),
    ("playbook", playbook::any),
    ("policy", policy::any),
    ("records", records::any),
    ("report", report::any),
    ("smtp", smtp::any),
];
