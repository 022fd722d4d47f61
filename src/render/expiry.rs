//! `expiry`: every certificate's end, soonest first, for people and for programs (`stsready/expiry/1`).

use serde::Serialize;

use super::escape;
use super::page::{Look, Page};
use super::text::sessions::count;
use crate::model::expiry::{DiskSummary, Expiry, ExpiryEntry, HostRole, OnDisk, RunwayState, Unseen};
use crate::model::facts::policy::place;
use crate::model::facts::vantage::Vantage;
use crate::wire::name::Domain;

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/expiry/1";
/// Rows that are fine are counted beyond these; those that are not are always shown.
const FINE_SHOWN: usize = 40;
/// Domains named in a row.
const DOMAINS_SHOWN: usize = 2;

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Expiry"))]
pub(super) struct View<'a> {
    /// The schema's name and version.
    schema: &'static str,
    /// Who wrote it.
    tool: super::json::Tool,
    /// As of when it was judged.
    asked_at: jiff::Timestamp,
    /// The worst state of any certificate.
    state: Option<RunwayState>,
    /// From where it was looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    vantage: Option<&'a Vantage>,
    /// Every certificate served, soonest end first.
    entries: &'a [ExpiryEntry],
    /// Places that showed none.
    unseen: &'a [Unseen],
    /// Certificate files of the operator.
    #[serde(skip_serializing_if = "<[DiskSummary]>::is_empty")]
    files: &'a [DiskSummary],
}

/// One object.
pub fn document(expiry: &Expiry) -> Result<String, serde_json::Error> {
    let Expiry { asked_at, vantage, entries, unseen, files, last_known: _ } = expiry;
    let (tool, state) = (super::json::TOOL, expiry.worst());
    escape::json_pretty(&View { schema: SCHEMA, tool, asked_at: *asked_at, state, vantage: vantage.as_ref(), entries, unseen, files })
}

/// One line for each certificate, then for each place that showed none, then for each file; `kind` says which.
pub fn lines(expiry: &Expiry) -> Result<String, serde_json::Error> {
    let mut out = String::new();
    for entry in &expiry.entries {
        out.push_str(&escape::json_line(&Line { schema: SCHEMA, kind: "entry", of: entry })?);
    }
    for unseen in &expiry.unseen {
        out.push_str(&escape::json_line(&Line { schema: SCHEMA, kind: "unseen", of: unseen })?);
    }
    for file in &expiry.files {
        out.push_str(&escape::json_line(&Line { schema: SCHEMA, kind: "file", of: file })?);
    }
    Ok(out)
}

/// A line of ndjson: what it is, and that.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "{T}Line"))]
pub(super) struct Line<'a, T> {
    /// The schema's name and version.
    schema: &'static str,
    /// What the line is about.
    #[cfg_attr(test, schemars(extend("enum" = ["entry", "unseen", "file"])))]
    kind: &'static str,
    #[serde(flatten)]
    of: &'a T,
}

/// For people: the answer, the certificates, what could not be seen, and what lies on disk.
pub fn text(expiry: &Expiry, width: usize) -> String {
    let mut page = Page::new(width);
    headline(expiry, &mut page);
    table(expiry, &mut page);
    unseen(expiry, &mut page);
    files(expiry, &mut page);
    page.finish()
}

/// The answer's line alone.
pub fn summary(expiry: &Expiry, width: usize) -> String {
    let mut page = Page::new(width);
    headline(expiry, &mut page);
    page.finish()
}

/// How many certificates there are, and in which states.
pub(super) fn counts(expiry: &Expiry) -> String {
    let of = |state| expiry.entries.iter().filter(|entry| entry.state == state).count() as u64;
    let mut parts = Vec::new();
    for (state, words) in [
        (RunwayState::Expired, "expired"),
        (RunwayState::NotYetValid, "not valid yet"),
        (RunwayState::Critical, "about to expire"),
        (RunwayState::Warning, "expiring soon"),
        (RunwayState::Overdue, "overdue for renewal"),
        (RunwayState::Fine, "fine"),
    ] {
        match of(state) {
            0 => {}
            number => parts.push(format!("{number} {words}")),
        }
    }
    let total = count(expiry.entries.len() as u64, "served certificate");
    if parts.is_empty() { "no certificate was seen".to_owned() } else { format!("{total}: {}", parts.join(", ")) }
}

fn headline(expiry: &Expiry, page: &mut Page) {
    let (sign, look) = match expiry.worst() {
        Some(worst) => (sign(worst), look(worst)),
        None => ("?", Look::Unknown),
    };
    page.paragraph(&[(look, sign), (Look::Plain, " ")], Look::Strong, &counts(expiry));
    if !expiry.unseen.is_empty() {
        let places = count(expiry.unseen.len() as u64, "place");
        page.paragraph(&[(Look::Unknown, "?"), (Look::Plain, " ")], Look::Plain, &format!("{places} showed no certificate"));
    }
}

fn table(expiry: &Expiry, page: &mut Page) {
    if expiry.entries.is_empty() {
        return;
    }
    page.gap();
    page.line(&[(Look::Strong, "Certificates, soonest end first")]);
    let mut fine = 0;
    let shown = expiry.entries.iter().filter(|entry| {
        fine += usize::from(entry.state == RunwayState::Fine);
        entry.state != RunwayState::Fine || fine <= FINE_SHOWN
    });
    let rows: Vec<_> = shown.map(row).collect();
    page.table(2, &rows);
    if fine > FINE_SHOWN {
        page.line(&[(Look::Faint, &format!("  and {} more that are fine", fine - FINE_SHOWN))]);
    }
}

fn row(entry: &ExpiryEntry) -> Vec<(Look, String)> {
    let look = look(entry.state);
    let port = match entry.port {
        None | Some(25) => String::new(),
        Some(port) => format!(" port {port}"),
    };
    let host = entry.host_unicode.as_ref().map_or_else(|| entry.host.to_string(), |unicode| format!("{} ({unicode})", entry.host));
    vec![
        (look, format!("{} {}", sign(entry.state), word(entry.state))),
        (Look::Plain, host),
        (Look::Plain, format!("{}{port}", place(entry.address))),
        (Look::Plain, entry.key_type.clone()),
        (Look::Plain, format!("until {}", super::text::minute(entry.not_after))),
        (look, left(entry.seconds_left)),
        (Look::Faint, notes(entry)),
    ]
}

/// What else is to be said of an entry.
pub(super) fn notes(entry: &ExpiryEntry) -> String {
    let mut notes = Vec::new();
    if entry.decided_by != "the certificate" {
        notes.push(format!("{} ends first", entry.decided_by));
    }
    if entry.on_disk == Some(OnDisk::Newer) {
        notes.push("a newer one is on disk: reload".to_owned());
    }
    if !entry.trusted {
        notes.push("not publicly trusted".to_owned());
    }
    // A domain that is its own host says nothing new.
    let domains: Vec<&str> = entry.domains.iter().filter(|domain| **domain != entry.host).map(Domain::as_str).collect();
    let more = domains.len().saturating_sub(DOMAINS_SHOWN);
    if entry.role == HostRole::Mx && !domains.is_empty() {
        let named = domains.get(..DOMAINS_SHOWN.min(domains.len())).unwrap_or_default().join(", ");
        notes.push(if more > 0 { format!("for {named} and {more} more") } else { format!("for {named}") });
    }
    notes.join("; ")
}

fn unseen(expiry: &Expiry, page: &mut Page) {
    if expiry.unseen.is_empty() {
        return;
    }
    page.gap();
    page.line(&[(Look::Strong, "No certificate seen")]);
    for unseen in &expiry.unseen {
        let address = unseen.address.map(|address| format!(" {}", place(address))).unwrap_or_default();
        let sign = if unseen.open { "  ? " } else { "  · " };
        page.paragraph(&[(Look::Unknown, sign)], Look::Plain, &format!("{}{address}: {}", unseen.host, unseen.why));
    }
}

fn files(expiry: &Expiry, page: &mut Page) {
    if expiry.files.is_empty() {
        return;
    }
    page.gap();
    page.line(&[(Look::Strong, "Files")]);
    for file in &expiry.files {
        let said = match &file.leaf {
            None => "its first certificate cannot be read".to_owned(),
            Some(leaf) => {
                let end = super::text::minute(leaf.not_after);
                let names = leaf.names.join(", ");
                let compared = match file.compared {
                    0 => "no host that was looked at serves such a certificate: not compared".to_owned(),
                    number => format!("compared with {}", count(number as u64, "chain")),
                };
                format!("{names} until {end}; {compared}")
            }
        };
        let look = if file.compared == 0 { Look::Unknown } else { Look::Good };
        page.paragraph(&[(look, if file.compared == 0 { "  ? " } else { "  · " })], Look::Plain, &format!("{}: {said}", file.file));
    }
}

fn sign(state: RunwayState) -> &'static str {
    match state {
        RunwayState::Fine => "✓",
        RunwayState::Overdue => "·",
        RunwayState::Warning => "!",
        RunwayState::Critical | RunwayState::NotYetValid | RunwayState::Expired => "✗",
    }
}

pub(super) fn word(state: RunwayState) -> &'static str {
    match state {
        RunwayState::Fine => "fine",
        RunwayState::Overdue => "overdue",
        RunwayState::Warning => "warning",
        RunwayState::Critical => "critical",
        RunwayState::NotYetValid => "not valid yet",
        RunwayState::Expired => "expired",
    }
}

fn look(state: RunwayState) -> Look {
    match state {
        RunwayState::Fine => Look::Good,
        RunwayState::Overdue => Look::Plain,
        RunwayState::Warning => Look::Warning,
        RunwayState::Critical | RunwayState::NotYetValid | RunwayState::Expired => Look::Bad,
    }
}

/// Days, or hours under ten days.
pub(super) fn left(seconds: i64) -> String {
    const HOUR: i64 = 3_600;
    let (amount, after) = (seconds.abs(), if seconds < 0 { "over" } else { "left" });
    if amount < 240 * HOUR { format!("{} h {after}", amount / HOUR) } else { format!("{} d {after}", amount / (24 * HOUR)) }
}
