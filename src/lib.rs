//! stsready: is it safe to switch MTA-STS (RFC 8461) from `testing` to `enforce`? An answer with evidence.
//!
//! # The house
//! One floor imports only floors below it; `tests/layers.rs` reads every `crate::` path and fails on any other.
//!
//! | floor | room | what it is for |
//! |---|---|---|
//! | 0 | [`wire`] | formats to typed values: names, the two TXT records, the policy, SMTP, TLS hellos, certificates, reports |
//! | 1 | [`model`] | plain data: facts, rule, finding, assessment |
//! | 2 | [`evidence`] | pure arithmetic over facts: report window, failure groups, runway, horizon |
//! | 2 | [`render`] | pure: one room per format, one place for escaping |
//! | 2 | [`net`] | looking: DNS, HTTPS, SMTP, TLS, trust; caps and deadlines |
//! | 2 | [`archive`] | TLS reports in: files, mailboxes, IMAP; whether they are authentic; the store of reports and observations |
//! | 2 | [`playbook`] | pure: the ways of working as files: steps, gates, waits, texts to be filled in |
//! | 3 | [`rules`] | pure: the catalogue and one room per family |
//! | 4 | [`decide`] | pure: findings to verdict |
//! | 5 | [`stages`] | one room per stage: look, and put it into facts |
//! | 6 | [`cli`] | arguments, one room per command, exit codes; alone in printing and reading the clock |
//!
//! # The way of the data
//! arguments → stage → net and archive → [`model::facts::Facts`] (one serialisable value a domain) → rules →
//! [`model::finding::Finding`]s → decide → [`model::assessment::Assessment`] → render → exit code.
//! Judging saved facts gives the same assessment as the live run.
//!
//! To add a rule: its page in `playbooks/rules/`, its `rule!` and its check in the family's room under [`rules`].
//! To add a way of working: its file in `playbooks/`, and its name in [`playbook::embedded`].
//! To see more of the world: a field in [`model::facts`], filled in under [`net`] and [`stages`].
//! To write another JSON document, or another member of one: its type derives `schemars::JsonSchema` in tests, and [`render::schema`] lists it.

pub mod archive;
pub mod cli;
pub mod decide;
pub mod evidence;
pub mod model;
pub mod net;
pub mod playbook;
pub mod render;
pub mod rules;
pub mod stages;
pub mod wire;
