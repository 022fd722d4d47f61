//! A playbook walked for one domain, one room per format; and playbooks by themselves.

pub mod html;
pub mod json;
pub mod markdown;
pub mod text;

use crate::model::guide::{Guide, Rung, RungState, Standing};
use crate::model::plan::{Action, Publish};

/// Findings beyond these are counted.
const AGAINST_SHOWN: usize = 8;

/// Where the domain stands, in a word and in a sentence.
fn standing(guide: &Guide) -> (&'static str, String) {
    let domain = guide.domain.shown();
    let step = guide.current().map(|rung| rung.title.as_str()).unwrap_or_default();
    let number = format!("step {} of {}", guide.current.map_or(0, |current| current + 1), guide.rungs.len());
    match guide.standing {
        Standing::Done => ("DONE", format!("{domain}: every step of {} that can be checked is done", guide.playbook)),
        Standing::ToDo => ("TO DO", format!("{domain}, {number}: {step}")),
        Standing::Waiting => ("WAIT", format!("{domain}, {number}: {step}")),
        Standing::Unknown => ("UNKNOWN", format!("{domain}, {number} could not be looked at: {step}")),
        Standing::NotApplicable => ("NOT APPLICABLE", format!("{domain} takes no mail: there is nothing for {} to do", guide.playbook)),
    }
}

/// The sign and the word of a step; both say it without colour.
fn state(state: RungState) -> (&'static str, &'static str) {
    match state {
        RungState::Done => ("✓", "done"),
        RungState::Current => ("→", "now"),
        RungState::Waiting => ("…", "wait"),
        RungState::Ahead => ("·", "later"),
    }
}

/// Where a text goes, in words.
fn place(publish: &Publish) -> String {
    match (publish.place.as_str(), publish.action) {
        ("dns", Action::Replace) => "Publish in DNS, in the place of what is there:".to_owned(),
        ("dns", Action::Add) => "Add in DNS:".to_owned(),
        ("dns", Action::Remove) => "Remove from DNS:".to_owned(),
        (place, Action::Remove) => format!("Remove from {place}:"),
        (place, _) => format!("Serve at {place}:"),
    }
}

/// Whether what stands before the steps is to be read: as long as nothing is done.
fn is_new(guide: &Guide) -> bool {
    guide.rungs.iter().all(|rung: &Rung| rung.state != RungState::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::guide::{Block, GateState, Piece};
    use crate::model::plan::Wait;
    use crate::wire::name::Domain;

    /// At its first step of two, with the same hostile words wherever words can stand.
    fn guide(words: &str) -> Guide {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let words = || words.to_owned();
        let pieces = || vec![Piece::Text(words()), Piece::Strong(words()), Piece::Code(words())];
        let rung = |state| Rung {
            id: "one".to_owned(),
            title: words(),
            state,
            gates: vec![GateState { gate: words(), open: false }],
            against: Vec::new(),
            from: Some(at),
            waits: vec![Wait { why: words(), seconds: 86_400, until: at }],
            body: vec![
                Block::Heading(pieces()),
                Block::Paragraph(pieces()),
                Block::Item { mark: "-".to_owned(), depth: 1, pieces: pieces() },
                Block::Code(words()),
                Block::Publish(Publish { action: Action::Add, place: words(), text: words() }),
                Block::Verify(vec![words()]),
            ],
        };
        Guide {
            domain: Domain::from_dns("a.example"),
            playbook: words(),
            title: words(),
            intro: vec![Block::Paragraph(pieces())],
            standing: Standing::ToDo,
            asked_at: at,
            observed_at: at,
            again: words(),
            rungs: vec![rung(RungState::Current), rung(RungState::Ahead)],
            current: Some(0),
        }
    }

    #[test]
    fn nothing_that_was_seen_is_markup_or_reaches_the_terminal_raw() {
        let hostile = guide("<script>x</script> [a](https://b) \u{1b}[2J\u{202e} ``` \" ' & {{x}}");
        let text = anstream::adapter::strip_str(&text::page(&hostile, 80)).to_string();
        let (ticket, page, json) = (markdown::document(&hostile), html::document(&hostile), json::document(&hostile).expect("JSON"));
        for shown in [&text, &ticket, &page, &json] {
            assert!(!shown.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'), "{shown}");
        }
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;x&lt;/script&gt;"), "{page}");
        // Outside of fenced blocks and code nothing of it is markup.
        let prose: Vec<&str> = ticket.split("\n````\n").step_by(2).collect();
        assert!(prose.iter().all(|prose| !prose.contains("<script") && !prose.contains("](http")), "{ticket}");
    }

    #[test]
    fn every_format_says_where_the_domain_stands() {
        for (standing, word) in [
            (Standing::Done, "DONE"),
            (Standing::ToDo, "TO DO"),
            (Standing::Waiting, "WAIT"),
            (Standing::Unknown, "UNKNOWN"),
            (Standing::NotApplicable, "NOT APPLICABLE"),
        ] {
            let guide = Guide { standing, ..guide("word") };
            let text = anstream::adapter::strip_str(&text::headline_alone(&guide, 80)).to_string();
            assert!(text.starts_with(word), "{text}");
            assert!(
                markdown::document(&guide).contains(&format!("**{word}** ")) && html::document(&guide).contains(&format!("<b>{word}</b>"))
            );
        }
    }
}
