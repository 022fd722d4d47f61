//! Everything that breaks: each fault, what the user is told of it, how long the run may take and how much it may hold.
//!
//! A row is a row of [`crate::check`]: a healthy domain, one fault, and exactly the findings that are due, so that nothing else is lost or
//! invented; here it also gives words that must reach the user, and has a deadline. The table of all of them, with those that
//! `tests/check` stages, is `tests/golden/faults.md`; a test holds it against the rows (`STSREADY_UPDATE_GOLDEN=1` writes it anew).
//!
//! | what breaks | where |
//! |---|---|
//! | DNS | [`dns`], and `tests/check/domain.rs` |
//! | the connection to an MX host | [`tcp`], and `tests/check/starttls.rs` |
//! | a TLS handshake | [`tls`], `tests/check/starttls.rs` and `tests/check/fetch.rs` |
//! | a dialogue that ends at each of its bytes | [`offsets`] |
//! | disks, files, outputs, the clock | [`disk`], and `tests/store.rs` |
//! | what a policy host serves | [`https`], and `tests/check/fetch.rs` |

mod disk;
mod dns;
mod https;
mod offsets;
mod tcp;
mod tls;

use std::fmt::Write as _;
use std::time::Duration;

use crate::check::Scene;
use crate::check::row::{Answer, Row, row};

/// The `--timeout` of every row: each single wait is this long at the most.
const PATIENCE: &str = "4s";
/// What a run may take with that patience: some waits follow on each other, and the machine has other things to do.
const LIMIT: Duration = Duration::from_mins(1);

/// What stands above the table.
const HEAD: &str = "# Faults, and what the user is told

Written by `tests/faults.rs` from the rows that it tests, and from those of `tests/check`. A finding is its weight, its code and the beginning
of its subject (behind `*` its end); `|` where the network decides.
";

/// A fault: what the answer to the whole is, what is due to be said of the fault, and words of it.
fn fault(
    name: &'static str,
    answer: Answer,
    findings: &'static [&'static str],
    words: &'static [&'static str],
    arrange: fn(&mut Scene<'_>),
) -> Row {
    row(name, answer, findings, arrange).tells(words).within(LIMIT).impatient(PATIENCE)
}

fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![("DNS", dns::rows()), ("MX hosts", tcp::rows()), ("TLS", tls::rows()), ("policy hosts", https::rows())]
}

#[test]
fn the_table_of_faults_is_the_one_that_is_tested() {
    let mut text = HEAD.to_owned();
    for (what, rows) in tables().into_iter().chain(crate::check::faults()) {
        let _ = write!(text, "\n## {what}\n\n| fault | answer | findings | words |\n|---|---|---|---|\n");
        for row in rows {
            let cell = |words: &[&str]| words.iter().map(|word| format!("`{}`", word.replace('|', "\\|"))).collect::<Vec<_>>().join("<br>");
            let _ = writeln!(text, "| {} | {} | {} | {} |", row.name, row.answer().word(), cell(row.findings()), cell(row.words()));
        }
    }
    text.push_str("\n## An MX host's side that ends at each byte\n\nNever ready; whichever of these fits what was seen:\n\n");
    for due in offsets::OF_MX_HOSTS {
        let _ = writeln!(text, "- `{due}`");
    }
    text.push_str("\n## Disks, files, outputs, the clock\n\n| fault | exit code | words |\n|---|---|---|\n");
    for disk::Told { fault, exit, words } in disk::TABLE {
        let _ = writeln!(text, "| {fault} | {exit} | {} |", words.join("<br>"));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/faults.md");
    if std::env::var_os("STSREADY_UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap_or_default() == text, "tests/golden/faults.md is not what the rows say");
}
