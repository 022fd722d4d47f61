//! What else there is to know: senders that differ, what would change the answer, what the operator set, how long the evidence holds, and
//! from where it was looked.

use super::paper::Paper;
use super::table::{self, Cell};
use crate::model::acceptance::AcceptanceState;
use crate::model::assessment::Assessment;
use crate::model::threshold;
use crate::render::escape::html;
use crate::render::page::Look;
use crate::render::text::minute;
use crate::render::text::senders::{see, unsaid};
use crate::render::text::vantage::{further, words};

/// Sentences of one list beyond these are counted.
const SHOWN: usize = 24;

pub(super) fn write(assessment: &Assessment, paper: &mut Paper) {
    senders(assessment, paper);
    if !assessment.would_change_if.is_empty() {
        paper.section("changes", "This changes if", |paper| list(paper, &assessment.would_change_if));
    }
    operator(assessment, paper);
    paper.section("evidence", "The evidence", |paper| evidence(assessment, paper));
}

/// The last line of every file.
pub(super) fn footer() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("<footer>stsready {version}. All times are UTC. Nothing on this page is loaded from elsewhere, and nothing runs.</footer>\n")
}

fn senders(assessment: &Assessment, paper: &mut Paper) {
    let mut notes = unsaid(assessment).peekable();
    if notes.peek().is_none() {
        return;
    }
    paper.section("senders", "What senders do differently", |paper| {
        let rows = notes.map(|note| {
            let see = see(assessment, note).unwrap_or_default();
            let effect = format!("{} {}", note.sender, note.effect);
            vec![Cell::Text(note.sender.to_owned()), Cell::Long(effect), Cell::Text(note.source.to_owned()), Cell::Code(see.to_owned())]
        });
        table::write(
            paper,
            "Senders that treat this domain in their own way",
            &["Sender", "What it means here", "Known from", "See rule"],
            rows,
        );
    });
}

/// Acceptances, whatever became of them, and other thresholds than the defaults.
fn operator(assessment: &Assessment, paper: &mut Paper) {
    let told = threshold::told(&assessment.thresholds);
    if assessment.acceptances.is_empty() && told.is_none() {
        return;
    }
    paper.section("operator", "What the operator set", |paper| {
        let rows = assessment.acceptances.iter().map(|note| {
            let (sign, word, look) = match note.state {
                AcceptanceState::Used => ("✓", "in use", Look::Good),
                AcceptanceState::Unused => ("·", "unused", Look::Faint),
                AcceptanceState::Expired => ("!", "over", Look::Warning),
                AcceptanceState::Refused => ("✗", "refused", Look::Bad),
            };
            vec![
                Cell::Text(note.target()),
                Cell::State(look, sign, word.to_owned()),
                Cell::Long(note.reason.clone()),
                Cell::Text(note.until.map_or_else(|| "for good".to_owned(), |until| until.to_string())),
                Cell::Long(note.said().unwrap_or_default()),
            ]
        });
        table::write(paper, "Risks to be accepted", &["Risk", "State", "Reason", "Until", "What became of it"], rows);
        if let Some(told) = told {
            paper.paragraph(Look::Plain, &format!("judged {told}"));
        }
    });
}

fn evidence(assessment: &Assessment, paper: &mut Paper) {
    let looked = assessment.looked_at.filter(|at| *at != assessment.observed_at);
    let looked = looked.map(|at| format!("; everything could be looked at last on {}", minute(at))).unwrap_or_default();
    let (until, observed) = (minute(assessment.valid_until), minute(assessment.observed_at));
    paper.line(format_args!("<p>The answer holds until <b>{until}</b>; observed {observed}{looked}.</p>\n<dl>\n<dt>Vantage</dt>"));
    for words in words(assessment) {
        paper.line(format_args!("<dd>{}</dd>", html(&words)));
    }
    paper.line(format_args!("<dt>Roots</dt><dd>SHA-256 <code>{}</code></dd>", assessment.vantage.roots.sha256));
    for other in &assessment.vantages {
        paper.line(format_args!("<dt>Also</dt><dd>{}</dd>", html(&further(other))));
    }
    paper.line(format_args!("</dl>"));
}

fn list(paper: &mut Paper, sentences: &[String]) {
    paper.line(format_args!("<ul>"));
    for sentence in sentences.iter().take(SHOWN) {
        paper.line(format_args!("<li>{}</li>", html(sentence)));
    }
    if sentences.len() > SHOWN {
        paper.line(format_args!("<li>and {} more</li>", sentences.len() - SHOWN));
    }
    paper.line(format_args!("</ul>"));
}
