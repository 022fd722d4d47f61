//! The Markdown of a section, as much of it as playbooks use: paragraphs, lists, headings, fenced blocks; `code` and **stress** in a line.
//!
//! Everything else is text. Markup ends here: what is filled in later can be no markup, and what renders a block escapes all of it.

use super::placeholder::{Placeholder, Values};
use super::template::Line;
use super::{Fault, Wrong};
use crate::model::guide::{Block, Piece};
use crate::model::plan::{Action, Publish};

/// A block with placeholders in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Template {
    Heading(Vec<Span>),
    Paragraph(Vec<Span>),
    Item { mark: String, depth: usize, spans: Vec<Span> },
    Code(Line),
    Publish { action: Action, place: Line, text: Line },
    Verify(Line),
}

/// A run of text in one manner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    manner: Manner,
    line: Line,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Text,
    Strong,
    Code,
}

impl Template {
    /// With the values in their places. A text to publish of which a part is not known is none: the reason stands in its place.
    pub(super) fn fill(&self, values: &Values) -> Block {
        let pieces = |spans: &[Span]| spans.iter().map(|span| span.fill(values)).collect::<Vec<_>>();
        match self {
            Self::Heading(spans) => Block::Heading(pieces(spans)),
            Self::Paragraph(spans) => Block::Paragraph(pieces(spans)),
            Self::Item { mark, depth, spans } => Block::Item { mark: mark.clone(), depth: *depth, pieces: pieces(spans) },
            Self::Code(line) => Block::Code(line.fill(values)),
            Self::Verify(line) => Block::Verify(line.fill(values).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()),
            Self::Publish { action, place, text } => match (place.whole(values), text.whole(values)) {
                (Ok(place), Ok(mut text)) => {
                    // A policy ends with a line end, as every line of it does; a line of a zone file is one line.
                    if place != "dns" && !text.ends_with('\n') {
                        text.push('\n');
                    }
                    Block::Publish(Publish { action: *action, place, text })
                }
                (Err(why), _) | (_, Err(why)) => Block::Paragraph(vec![
                    Piece::Strong("Not yet:".to_owned()),
                    Piece::Text(format!(" what to publish is not known, because {why}.")),
                ]),
            },
        }
    }

    pub(super) fn placeholders(&self) -> Box<dyn Iterator<Item = Placeholder> + '_> {
        match self {
            Self::Heading(spans) | Self::Paragraph(spans) | Self::Item { spans, .. } => {
                Box::new(spans.iter().flat_map(|span| span.line.placeholders()))
            }
            Self::Code(line) | Self::Verify(line) => Box::new(line.placeholders()),
            Self::Publish { place, text, .. } => Box::new(place.placeholders().chain(text.placeholders())),
        }
    }
}

impl Span {
    fn fill(&self, values: &Values) -> Piece {
        let text = self.line.fill(values);
        match self.manner {
            Manner::Text => Piece::Text(text),
            Manner::Strong => Piece::Strong(text),
            Manner::Code => Piece::Code(text),
        }
    }
}

/// Reads numbered lines.
pub(super) fn read(lines: &[(usize, &str)], faults: &mut Vec<Fault>) -> Vec<Template> {
    let mut blocks = Vec::new();
    let mut open: Option<Open> = None;
    let mut rest = lines.iter();
    while let Some((number, line)) = rest.next() {
        let trimmed = line.trim();
        if let Some(info) = trimmed.strip_prefix("```") {
            blocks.extend(open.take().map(Open::close));
            let indent = line.len() - line.trim_start().len();
            let body: Vec<&str> = rest.by_ref().map(|(_, line)| *line).take_while(|line| !line.trim_start().starts_with("```")).collect();
            // Inside a list a block is set in; what is set in deeper stays so.
            let body: Vec<&str> = body.iter().map(|line| strip(line, indent)).collect();
            blocks.extend(fenced(info.trim(), &body.join("\n"), *number, faults));
        } else if trimmed.is_empty() {
            blocks.extend(open.take().map(Open::close));
        } else if let Some(heading) = line.strip_prefix("### ") {
            blocks.extend(open.take().map(Open::close));
            blocks.push(Template::Heading(spans(heading.trim())));
        } else if let Some((mark, text)) = item(trimmed) {
            blocks.extend(open.take().map(Open::close));
            let depth = (line.len() - line.trim_start().len()) / 2;
            open = Some(Open { item: Some((mark.to_owned(), depth.min(4))), text: text.to_owned() });
        } else {
            let open = open.get_or_insert_with(|| Open { item: None, text: String::new() });
            if !open.text.is_empty() {
                open.text.push(' ');
            }
            open.text.push_str(trimmed);
        }
    }
    blocks.extend(open.map(Open::close));
    blocks
}

/// A paragraph or an item that may go on.
struct Open {
    item: Option<(String, usize)>,
    text: String,
}

impl Open {
    fn close(self) -> Template {
        let spans = spans(&self.text);
        match self.item {
            Some((mark, depth)) => Template::Item { mark, depth, spans },
            None => Template::Paragraph(spans),
        }
    }
}

/// A line without so much white space at its beginning, as far as there is any.
fn strip(line: &str, indent: usize) -> &str {
    let space = line.len() - line.trim_start_matches(' ').len();
    line.get(indent.min(space)..).unwrap_or(line)
}

/// The mark and the text of an item: `- text`, `1. text`.
fn item(line: &str) -> Option<(&str, &str)> {
    if let Some(text) = line.strip_prefix("- ") {
        return Some(("-", text));
    }
    let (number, text) = line.split_once(". ")?;
    let is_number = (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| (&line[..=number.len()], text))
}

fn fenced(info: &str, text: &str, number: usize, faults: &mut Vec<Fault>) -> Option<Template> {
    let place = |place: &str, action| Some(Template::Publish { action, place: Line::read(place), text: Line::read(text) });
    match info.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["publish", "policy"] => place("{{policy.url}}", Action::Replace),
        ["publish", "dns"] => place("dns", Action::Replace),
        ["publish", "dns", "add"] => place("dns", Action::Add),
        ["publish", "dns", "remove"] => place("dns", Action::Remove),
        ["publish", ..] => {
            faults.push(Fault { line: number, wrong: Wrong::NoSuchPlace(info.to_owned()) });
            None
        }
        ["verify"] => Some(Template::Verify(Line::read(text))),
        _ => Some(Template::Code(Line::read(text))),
    }
}

/// Cuts a line into its manners. What is opened and never closed is text.
fn spans(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let (mark, manner) = if from.starts_with('`') { ("`", Manner::Code) } else { ("**", Manner::Strong) };
        let inside = from.strip_prefix(mark).and_then(|from| from.split_once(mark)).filter(|(inside, _)| !inside.is_empty());
        if let Some((inside, behind)) = inside {
            push(&mut spans, Manner::Text, &std::mem::take(&mut plain));
            push(&mut spans, manner, inside);
            rest = behind;
        } else {
            // Both marks begin with one byte.
            let (sign, behind) = from.split_at(1);
            plain.push_str(sign);
            rest = behind;
        }
    }
    plain.push_str(rest);
    push(&mut spans, Manner::Text, &plain);
    spans
}

fn push(spans: &mut Vec<Span>, manner: Manner, text: &str) {
    if !text.is_empty() {
        spans.push(Span { manner, line: Line::read(text) });
    }
}
