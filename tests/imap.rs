//! `reports fetch`, from the real binary: against a scripted server that does what no real one will, and against Dovecot.

mod accounts;
mod dovecot;
mod library;
mod real;
mod scripted;

use jiff::ToSpan as _;
use tempfile::TempDir;

use crate::letters::{self, Letter};
use crate::run::{Call, Run, stsready};

/// So many mails, each with a report of its own.
fn mails(number: i64) -> Vec<String> {
    (0..number).map(mail).collect()
}

/// A mail with a report that no other number has.
fn mail(number: i64) -> String {
    let day = letters::days_ago(0).checked_sub(number.days()).expect("a date");
    Letter::new("shop.example", "Google Inc.", "smtp-tls-reporting@google.com", day)
        .policy("version: STSv1\nmode: testing")
        .successful(5)
        .mail()
}

/// A mail between people.
const LUNCH: &str = "From: a@b.example\r\nTo: c@b.example\r\nSubject: lunch?\r\n\r\nNoon?\r\n";

/// A mail that was meant to hold a report.
const BROKEN: &str = "From: a@b.example\r\nTLS-Report-Domain: shop.example\r\nTLS-Report-Submitter: b.example\r\n\
    Content-Type: application/tlsrpt+gzip; name=\"b.example!shop.example!1!2.json.gz\"\r\n\r\nThe attachment was removed.\r\n";

/// A store of its own, and the runs that use it.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    /// `reports fetch` with the right password.
    fn fetch(&self, url: &str, more: &[&str]) -> Call {
        self.call().args([url]).args(more).env("STSREADY_IMAP_PASSWORD", "correct")
    }

    fn call(&self) -> Call {
        let store = self.folder.path().join("store.sqlite");
        stsready(["reports", "fetch", "--format", "json", "--timeout", "5s", "--no-dkim", "--store"]).args([store])
    }

    /// Writes a file for a run to read.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a writable folder");
        path.display().to_string()
    }
}

/// What a run told of its only account, field by field.
#[track_caller]
fn told(run: &Run) -> serde_json::Value {
    let document = run.json();
    let accounts = document["accounts"].as_array().unwrap_or_else(|| panic!("no accounts{run}"));
    assert_eq!(accounts.len(), 1, "one account{run}");
    accounts[0].clone()
}

/// Asserts numbers of the only account.
#[track_caller]
fn numbers(run: &Run, expected: &[(&str, u64)]) {
    let told = told(run);
    for (field, number) in expected {
        assert_eq!(told[field].as_u64(), Some(*number), "{field}{run}");
    }
}
