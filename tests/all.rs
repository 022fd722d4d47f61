//! All integration tests, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod archive;
mod bundle;
mod chains;
mod change;
mod check;
mod cli;
mod config;
mod corpus;
mod dkim;
mod documents;
mod expiry;
mod facts;
mod generate;
mod guide;
mod history;
mod hostile;
mod imap;
mod lab;
mod lab_selftest;
mod layers;
mod letters;
mod monitor;
mod notify;
mod pages;
mod playbook;
mod polite;
mod readme;
mod real;
mod replay;
mod report;
mod run;
mod schema;
mod servers;
mod shell;
mod store;
