//! `history`: the timeline of a domain, for people and programs.

use serde::Serialize;

use super::escape;
use super::page::{Look, Page};
use super::text::sessions::count;
use super::text::{date, duration, minute};
use crate::model::assessment::{Answer, Question};
use crate::model::history::seen::{Kind, Seen, Showed};
use crate::model::timeline::{Event, Timeline, Turn};
use crate::model::verdict::VerdictSpan;
use crate::wire::name::Domain;

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/history/1";

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "History"))]
pub(super) struct Document<'a> {
    /// The schema's name and version.
    schema: &'static str,
    #[serde(flatten)]
    timeline: &'a Timeline,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "{T}Line"))]
pub(super) struct Line<'a, T> {
    /// The schema's name and version.
    schema: &'static str,
    /// The policy domain.
    domain: &'a Domain,
    #[serde(flatten)]
    row: &'a T,
}

/// An answer as a line among events.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Answered"))]
pub(super) struct Answered<'a> {
    /// That it is an answer.
    #[cfg_attr(test, schemars(extend("const" = "answered")))]
    event: &'static str,
    #[serde(flatten)]
    answer: &'a VerdictSpan,
}

/// One object.
pub fn document(timeline: &Timeline) -> Result<String, serde_json::Error> {
    escape::json_pretty(&Document { schema: SCHEMA, timeline })
}

/// One event a line, then one answer a line (`"event": "answered"`).
pub fn lines(timeline: &Timeline) -> Result<String, serde_json::Error> {
    let domain = &timeline.domain;
    let events = timeline.events.iter().map(|row| escape::json_line(&Line { schema: SCHEMA, domain, row }));
    let answers = timeline
        .answers
        .iter()
        .map(|answer| escape::json_line(&Line { schema: SCHEMA, domain, row: &Answered { event: "answered", answer } }));
    events.chain(answers).collect()
}

/// For people: the checks in a line, then what came and went, a block a kind of thing and name.
pub fn text(timeline: &Timeline, width: usize) -> String {
    let mut page = Page::new(width);
    page.line(&[(Look::Strong, &timeline.domain.shown()), (Look::Faint, &format!("  since {}", date(timeline.since)))]);
    checks(timeline, &mut page);
    answers(&timeline.answers, &mut page);
    for kind in Kind::ALL {
        let mut events: Vec<&Event> = timeline.events.iter().filter(|event| event.kind == kind).collect();
        // By name, then time: what belongs together stands together.
        events.sort_by(|a, b| (&a.name, a.at, a.event).cmp(&(&b.name, b.at, b.event)));
        if events.is_empty() {
            continue;
        }
        page.gap();
        page.line(&[(Look::Strong, heading(kind))]);
        for event in events {
            let (sign, look) = match event.event {
                Turn::Found => ("·", Look::Faint),
                Turn::Came => ("+", Look::Good),
                Turn::Went => ("−", Look::Warning),
            };
            let lead = [(Look::Faint, format!("  {} ", minute(event.at))), (look, format!("{sign} "))];
            let lead: Vec<(Look, &str)> = lead.iter().map(|(look, text)| (*look, text.as_str())).collect();
            page.paragraph(&lead, Look::Plain, &format!("{}  {}", event.name, value(event)));
        }
    }
    page.finish()
}

/// What was answered, and since when.
fn answers(answers: &[VerdictSpan], page: &mut Page) {
    if answers.is_empty() {
        return;
    }
    page.gap();
    page.line(&[(Look::Strong, "Answers")]);
    for span in answers {
        let (sign, word, look) = match span.verdict.answer {
            Answer::Ready => ("✓", "ready", Look::Good),
            Answer::NotReady => ("✗", "not ready", Look::Bad),
            Answer::Inconclusive => ("?", "inconclusive", Look::Unknown),
            Answer::NotApplicable => ("–", "not applicable", Look::Faint),
        };
        let question = match span.verdict.question {
            Question::SwitchToEnforce => "to switch to enforce",
            Question::StayInEnforce => "to stay in enforce",
            Question::StartTesting => "to start testing",
            Question::CheckStage => "of a stage",
        };
        let listed = |lead: &str, all: &[String]| if all.is_empty() { String::new() } else { format!("{lead}: {}", all.join(", ")) };
        let because = listed("", &span.verdict.because);
        let accepted = listed("; accepted", &span.verdict.accepted);
        let thresholds = listed("; by other thresholds", &span.verdict.thresholds);
        let until =
            if span.times > 1 { format!(" ({}, until {})", count(span.times, "check"), minute(span.last_at)) } else { String::new() };
        let lead = [(Look::Faint, format!("  {} ", minute(span.first_at))), (look, format!("{sign} "))];
        let lead: Vec<(Look, &str)> = lead.iter().map(|(look, text)| (*look, text.as_str())).collect();
        page.paragraph(&lead, Look::Plain, &format!("{word} {question}{because}{accepted}{thresholds}{until}"));
    }
}

fn checks(timeline: &Timeline, page: &mut Page) {
    let times = timeline.days.iter().fold(0_u64, |sum, day| sum.saturating_add(day.times));
    let proven = timeline.days.iter().filter(|day| !day.proven.is_empty()).count();
    let last = timeline.days.last().map(|day| format!(", the last at {}", minute(day.last_at))).unwrap_or_default();
    let days = count(u64::try_from(timeline.days.len()).unwrap_or(u64::MAX), "day");
    page.line(&[(Look::Faint, &format!("  {} on {days}{last}; MX addresses proven clean on {proven}", count(times, "check")))]);
    page.line(&[(Look::Faint, "  · seen at the first look   + came   − seen for the last time")]);
}

fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::Policy => "Policy",
        Kind::PolicyRecord => "Policy record",
        Kind::Mx => "MX records",
        Kind::Address => "Addresses",
        Kind::Server => "Servers",
        Kind::Chain => "Certificates",
        Kind::Ttl => "TTLs",
    }
}

fn value(event: &Event) -> String {
    match &event.seen {
        Seen::Policy { text, .. } if text.is_empty() => "none".to_owned(),
        Seen::Policy { sha256, text, mode, max_age } => {
            let mode = mode.as_deref().unwrap_or("without a valid mode");
            let max_age = max_age.map_or_else(|| "no valid max_age".to_owned(), |seconds| format!("max_age {}", duration(seconds)));
            let hosts = text.lines().filter(|line| line.trim_start().starts_with("mx")).count();
            format!("{mode}, {max_age}, {}, SHA-256 {}", count(u64::try_from(hosts).unwrap_or(u64::MAX), "mx line"), sha256.short())
        }
        Seen::PolicyRecord { text, id } => id.as_ref().map_or_else(|| format!("without a valid id: {text}"), |id| format!("id {id}")),
        Seen::Mx { records } => {
            let records = records.iter().map(|record| format!("{} {}", record.preference, record.exchange));
            records.collect::<Vec<_>>().join(", ")
        }
        Seen::Address { address } => address.to_string(),
        Seen::Ttl { hours } => format!("up to {hours} hours"),
        Seen::Server { showed, version } => {
            let version = version.as_ref().map(|version| format!(" ({version})")).unwrap_or_default();
            format!("{}{version}", showed_words(*showed))
        }
        Seen::Chain { certificates, root } => {
            let root = root.as_ref().map_or_else(|| "no root".to_owned(), |root| format!("root {root}"));
            match (&event.leaf, certificates.first()) {
                (Some(leaf), _) => {
                    let more = if leaf.names.len() > 3 { format!(" and {} more", leaf.names.len() - 3) } else { String::new() };
                    let names = leaf.names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
                    format!("{names}{more}, until {}, by {}, {root}", date(leaf.not_after), leaf.issuer)
                }
                (None, Some(sha256)) => format!("SHA-256 {}, {root}", sha256.short()),
                (None, None) => root,
            }
        }
    }
}

fn showed_words(showed: Showed) -> &'static str {
    match showed {
        Showed::SpeaksTls => "speaks TLS",
        Showed::NothingInTls => "nothing answered inside TLS",
        Showed::HandshakeFailed => "the handshake failed",
        Showed::StarttlsRejected => "STARTTLS was rejected",
        Showed::NoStarttls => "no STARTTLS",
    }
}
