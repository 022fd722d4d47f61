//! All integration tests, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod lab;
mod lab_selftest;
mod layers;
mod letters;
mod pages;
mod servers;
