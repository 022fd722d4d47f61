//! Rows for spreadsheets (RFC 4180): the runway of certificates, and the digest of reports.

use super::expiry::word;
use super::list::csv;
use super::words;
use crate::model::digest::{Digest, DomainDigest};
use crate::model::expiry::{Expiry, ExpiryEntry, OnDisk, Unseen};
use crate::model::facts::policy::place;
use crate::render::escape::cell;
use crate::wire::name::Domain;

const EXPIRY: [&str; 17] = [
    "kind",
    "state",
    "host",
    "address",
    "port",
    "role",
    "key_type",
    "not_before",
    "not_after",
    "seconds_left",
    "decided_by",
    "trusted",
    "on_disk",
    "issuer",
    "sha256",
    "domains",
    "why",
];

/// A row a certificate, then one a place that showed none, then one a certificate that is only remembered; `kind` says which.
pub fn expiry(expiry: &Expiry) -> Result<String, csv::Error> {
    let rows = expiry.entries.iter().map(entry).chain(expiry.unseen.iter().map(unseen));
    let remembered = expiry.last_known.iter().map(|known| {
        let place = &known.place;
        Row {
            host: text(place.host.as_str()),
            address: text(&place.address),
            role: words::role(place.role),
            key_type: text(&place.key_type),
            not_after: known.not_after.to_string(),
            why: format!("seen last {}", place.seen_at),
            ..Row::of("last-known")
        }
        .cells()
    });
    csv(EXPIRY, rows.chain(remembered))
}

/// Cells that a row may lack are empty.
#[derive(Default)]
struct Row {
    kind: &'static str,
    state: &'static str,
    host: String,
    address: String,
    port: String,
    role: &'static str,
    key_type: String,
    not_before: String,
    not_after: String,
    seconds_left: String,
    decided_by: String,
    trusted: String,
    on_disk: &'static str,
    issuer: String,
    sha256: String,
    domains: String,
    why: String,
}

impl Row {
    fn of(kind: &'static str) -> Self {
        Self { kind, ..Self::default() }
    }

    /// In the order of [`EXPIRY`].
    fn cells(self) -> [String; 17] {
        [
            self.kind.to_owned(),
            self.state.to_owned(),
            self.host,
            self.address,
            self.port,
            self.role.to_owned(),
            self.key_type,
            self.not_before,
            self.not_after,
            self.seconds_left,
            self.decided_by,
            self.trusted,
            self.on_disk.to_owned(),
            self.issuer,
            self.sha256,
            self.domains,
            self.why,
        ]
    }
}

fn entry(entry: &ExpiryEntry) -> [String; 17] {
    Row {
        state: word(entry.state),
        host: text(entry.host.as_str()),
        address: text(&place(entry.address)),
        port: entry.port.map(|port| port.to_string()).unwrap_or_default(),
        role: words::role(entry.role),
        key_type: text(&entry.key_type),
        not_before: entry.leaf.not_before.to_string(),
        not_after: entry.not_after.to_string(),
        seconds_left: entry.seconds_left.to_string(),
        decided_by: text(&entry.decided_by),
        trusted: entry.trusted.to_string(),
        on_disk: entry.on_disk.map_or("", on_disk),
        issuer: text(&entry.leaf.issuer),
        sha256: entry.leaf.sha256.to_string(),
        domains: names(&entry.domains),
        ..Row::of("certificate")
    }
    .cells()
}

fn unseen(unseen: &Unseen) -> [String; 17] {
    Row {
        state: if unseen.open { "open" } else { "" },
        host: text(unseen.host.as_str()),
        address: unseen.address.map(place).map(|address| text(&address)).unwrap_or_default(),
        role: words::role(unseen.role),
        domains: names(&unseen.domains),
        why: text(&unseen.why),
        ..Row::of("unseen")
    }
    .cells()
}

fn text(text: &str) -> String {
    cell(text).into_owned()
}

fn names(domains: &[Domain]) -> String {
    text(&domains.iter().map(Domain::as_str).collect::<Vec<_>>().join(" "))
}

fn on_disk(state: OnDisk) -> &'static str {
    match state {
        OnDisk::Same => "same",
        OnDisk::Newer => "newer",
        OnDisk::Older => "older",
    }
}

const DIGEST: [&str; 16] = [
    "domain",
    "day",
    "sessions",
    "failed",
    "sessions_before",
    "failed_before",
    "sessions_usual",
    "failed_usual",
    "reporters",
    "new_failures",
    "known_failures",
    "ended_failures",
    "silent",
    "newcomers",
    "new_policies",
    "set_aside",
];

/// A row a domain: its figures, and how much there is to be read of it.
pub fn digest(digest: &Digest) -> Result<String, csv::Error> {
    csv(DIGEST, digest.domains.iter().map(digested))
}

fn digested(domain: &DomainDigest) -> [String; 16] {
    let DomainDigest { domain, day, newest, before, usual, failures, ended, reported, silent, newcomers, policies, set_aside } = domain;
    let new = failures.iter().filter(|failing| failing.new).count();
    let numbers = [
        newest.sessions,
        newest.failed,
        before.sessions,
        before.failed,
        usual.sessions,
        usual.failed,
        reported.len() as u64,
        new as u64,
        (failures.len() - new) as u64,
        ended.len() as u64,
    ];
    let [sessions, failed, sessions_before, failed_before, sessions_usual, failed_usual, reporters, new, known, ended] =
        numbers.map(|number| number.to_string());
    [
        text(domain.as_str()),
        day.map(|day| day.to_string()).unwrap_or_default(),
        sessions,
        failed,
        sessions_before,
        failed_before,
        sessions_usual,
        failed_usual,
        reporters,
        new,
        known,
        ended,
        text(&silent.iter().map(|silent| silent.reporter.as_str()).collect::<Vec<_>>().join(" ")),
        text(&newcomers.join(" ")),
        policies.len().to_string(),
        set_aside.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::{self, golden};

    /// Every cell of a page, read by another's rules than those it was written by: RFC 4180, a quote is doubled.
    fn cells(page: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
        let mut chars = page.chars().peekable();
        while let Some(c) = chars.next() {
            match (quoted, c) {
                (true, '"') if chars.peek() == Some(&'"') => cell.extend(chars.next()),
                (_, '"') => quoted = !quoted,
                (false, ',') => row.push(std::mem::take(&mut cell)),
                (false, '\n') => {
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                (false, '\r') => {}
                (_, c) => cell.push(c),
            }
        }
        rows
    }

    #[test]
    fn no_cell_is_a_formula_and_every_row_is_whole() {
        let pages = [("expiry.csv", expiry(&sample::expiry()).unwrap()), ("digest.csv", digest(&sample::digest()).unwrap())];
        for (name, page) in pages {
            golden(name, &page);
            let rows = cells(&page);
            assert!(rows.len() > 2 && rows.iter().all(|row| row.len() == rows[0].len()), "{name}");
            for cell in rows.iter().flatten() {
                let figure = cell.parse::<i64>().is_ok();
                assert!(figure || !cell.trim_start().starts_with(['=', '+', '-', '@', '\t']), "{name}: {cell:?}");
                assert!(!cell.contains(['\u{1b}', '\u{202e}', '\0', '\n', '\r']), "{name}: {cell:?}");
            }
        }
    }

    #[test]
    fn everything_that_was_looked_at_has_a_row() {
        let sample = sample::expiry();
        let page = expiry(&sample).unwrap();
        let kinds = |kind: &str| cells(&page).iter().filter(|row| row[0] == kind).count();
        let wanted = (sample.entries.len(), sample.unseen.len(), sample.last_known.len());
        assert_eq!((kinds("certificate"), kinds("unseen"), kinds("last-known")), wanted);
    }
}
