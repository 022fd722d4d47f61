//! What `reports fetch` prints: a line for each folder, what was refused, and the same as JSON.

use serde::Serialize;

use super::super::args::{FetchArgs, ListFormat};
use super::super::{Exit, Failure, Streams};
use super::accounts::Plan;
use crate::archive::imap::{After, Outcome};
use crate::archive::intake::Refused;
use crate::model::facts::reports::Rejected;
use crate::render::escape;
use crate::render::page::{Look, Page};

/// The schema's name and version.
const SCHEMA: &str = "stsready/fetch/1";
/// How many refusals of a folder are told one by one; the store has all of them.
const REFUSED_TOLD: usize = 20;

/// What is to be told of a folder.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    /// What it is called.
    account: String,
    url: String,
    /// `read`, or `failed` with an error.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Messages that were looked at.
    messages: u64,
    new: u64,
    known: u64,
    replaced: u64,
    rejected: u64,
    /// Messages that are something else.
    ignored: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid_validity: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_uid: Option<u32>,
    /// The first of the refusals that were not told yet.
    refused: Vec<Rejected>,
    /// How many more there were.
    #[serde(skip)]
    untold: usize,
    #[serde(skip)]
    exit: Option<Exit>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    accounts: &'a [Told],
}

#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    #[serde(flatten)]
    told: &'a Told,
}

impl Told {
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            account: plan.name.clone(),
            url: plan.url.to_string(),
            state: "read",
            error: None,
            messages: 0,
            new: 0,
            known: 0,
            replaced: 0,
            rejected: 0,
            ignored: 0,
            moved: matches!(plan.after, After::MoveTo(_)).then_some(0),
            seen: (plan.after == After::Seen).then_some(0),
            uid_validity: None,
            last_uid: None,
            refused: Vec::new(),
            untold: 0,
            exit: None,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.account
    }

    /// Takes over what the folder gave; tells whether that is more than before.
    pub(super) fn update(&mut self, outcome: &Outcome) -> bool {
        let grown = outcome.messages > self.messages;
        self.messages = outcome.messages;
        (self.new, self.known, self.replaced) = (outcome.kept.new, outcome.kept.known, outcome.kept.replaced);
        (self.rejected, self.ignored) = (outcome.kept.rejected, outcome.ignored);
        self.moved = self.moved.map(|_| outcome.settled);
        self.seen = self.seen.map(|_| outcome.settled);
        self.uid_validity = outcome.mark.map(|mark| mark.uid_validity);
        self.last_uid = outcome.mark.map(|mark| mark.last_uid);
        grown
    }

    pub(super) fn refuse(&mut self, refused: &[Refused]) {
        let room = REFUSED_TOLD.saturating_sub(self.refused.len());
        self.untold += refused.len().saturating_sub(room);
        self.refused.extend(refused.iter().take(room).map(|refused| refused.rejected.clone()));
    }

    pub(super) fn fail(&mut self, why: String, exit: Exit) {
        (self.state, self.error, self.exit) = ("failed", Some(why), Some(exit));
    }

    pub(super) fn exit(&self) -> Exit {
        self.exit.unwrap_or(Exit::Ready)
    }
}

/// Said each time that messages have been read where the command stays.
pub(super) fn meanwhile(told: &mut Told, args: &FetchArgs, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let text = match args.format {
        ListFormat::Text => page(std::slice::from_ref(told), args.quiet, streams.width),
        // One document is printed at the end.
        ListFormat::Json => return Ok(()),
        ListFormat::Ndjson => escape::json_line(&Line { schema: SCHEMA, told })?,
    };
    (told.refused, told.untold) = (Vec::new(), 0);
    streams.out.write_all(text.as_bytes())?;
    Ok(streams.out.flush()?)
}

/// Said at the end. Why a folder could not be read goes to the error stream, too: there it is seen, wherever the rest is sent. Where the
/// command stays that was said when it happened.
pub(super) fn end(all: &[Told], args: &FetchArgs, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let text = match args.format {
        // Each folder has had its lines.
        ListFormat::Text | ListFormat::Ndjson if args.idle => String::new(),
        ListFormat::Text => page(all, args.quiet, streams.width),
        ListFormat::Json => escape::json_pretty(&Document { schema: SCHEMA, accounts: all })?,
        ListFormat::Ndjson => all.iter().map(|told| escape::json_line(&Line { schema: SCHEMA, told })).collect::<Result<_, _>>()?,
    };
    streams.out.write_all(text.as_bytes())?;
    streams.out.flush()?;
    all.iter().filter(|_| !args.idle).try_for_each(|told| failure(told, streams))
}

/// Why a folder could not be read, if so.
pub(super) fn failure(told: &Told, streams: &mut Streams<'_>) -> Result<(), Failure> {
    if let Some(error) = &told.error {
        writeln!(streams.err, "stsready: {}: {}", escape::terminal(&told.account), escape::terminal(error))?;
    }
    Ok(())
}

fn page(all: &[Told], quiet: bool, width: usize) -> String {
    let mut page = Page::new(width);
    for told in all {
        if !quiet && (told.messages > 0 || told.error.is_none()) {
            page.paragraph(&[(Look::Strong, &told.account)], Look::Plain, &format!(": {}", summary(told)));
        }
        for rejected in &told.refused {
            page.paragraph(&[(Look::Warning, "  ! ")], Look::Plain, &format!("{}: {}", rejected.source, rejected.reason));
        }
        if told.untold > 0 {
            page.line(&[(Look::Faint, &format!("  and {} more: stsready reports list --rejected", told.untold))]);
        }
    }
    page.finish()
}

fn summary(told: &Told) -> String {
    let mut parts = vec![format!("{} {} looked at", told.messages, if told.messages == 1 { "message" } else { "messages" })];
    let mut part = |number: u64, what: &str| {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    };
    part(told.new, if told.new == 1 { "new report" } else { "new reports" });
    part(told.known, "known");
    part(told.replaced, "replaced");
    part(told.rejected, "rejected");
    part(told.ignored, "without a report");
    part(told.moved.unwrap_or(0), "moved");
    part(told.seen.unwrap_or(0), "marked as seen");
    let read_to = told.last_uid.map(|uid| format!("; read up to UID {uid}")).unwrap_or_default();
    let broke_off = if told.error.is_some() { ", then it broke off" } else { "" };
    format!("{}{read_to}{broke_off}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::imap::{Kept, Mark};

    fn told(outcome: &Outcome) -> Told {
        let plan = Plan {
            name: "tlsrpt".to_owned(),
            url: "imaps://tlsrpt@imap.example.com/INBOX".parse().expect("an address"),
            password: super::super::password::Source::default(),
            after: After::MoveTo("Done".to_owned()),
            ca_file: None,
        };
        let mut told = Told::of(&plan);
        assert!(told.update(outcome) && !told.update(outcome));
        told
    }

    #[test]
    fn a_folder_has_one_line_and_its_refusals() {
        let kept = Kept { new: 1, known: 2, replaced: 0, rejected: 30 };
        let mark = Some(Mark { uid_validity: 5, last_uid: 77 });
        let mut told = told(&Outcome { messages: 34, kept, ignored: 1, settled: 3, mark, error: None });
        let rejected = Rejected { source: "UID 7\u{1b}".to_owned(), reason: "why".to_owned() };
        let refused = Refused { rejected, sha256: crate::wire::fingerprint::Fingerprint::of(b""), size: 1 };
        told.refuse(&vec![refused; 30]);
        let text = page(&[told.clone()], false, 200);
        assert!(
            text.contains("34 messages looked at, 1 new report, 2 known, 30 rejected, 1 without a report, 3 moved; read up to UID 77"),
            "{text}"
        );
        assert_eq!(text.matches("why").count(), REFUSED_TOLD);
        assert!(text.contains("and 10 more") && text.contains("UID 7\\u{1b}"), "{text}");
        assert!(!page(&[told], true, 200).contains("looked at"), "quiet: only what was rejected");
    }
}
