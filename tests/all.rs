//! The integration tests: one binary, so that it links once.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests stop at the first surprise, and say so")]

mod pages;
