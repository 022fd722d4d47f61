//! For a browser: one page that needs nothing else. No script, no foreign request; light and dark as the reader's system has it.

use std::fmt::Write as _;

use super::{AGAINST_SHOWN, is_new, place, standing, state};
use crate::model::finding::Outcome;
use crate::model::guide::{Block, Guide, Piece, Rung, RungState, Standing};
use crate::render::escape::html;
use crate::render::html::shell::{self, pre};
use crate::render::text::{date, duration, minute};

/// What a guide has beyond the common style.
const STYLE: &str = "\
ol.ladder{list-style:none;padding:0;margin:1rem 0}ol.ladder li{padding:.2rem 0}\
.done{color:var(--faint)}.done b{color:var(--good)}.now{font-weight:600}.now b,.standing b{color:var(--warn)}\
p.place{margin-bottom:.3rem;font-weight:600}li.deep{margin-left:1.5rem}";

/// One guide as a page.
pub fn document(guide: &Guide) -> String {
    let (word, sentence) = standing(guide);
    let title = format!("{}: {}", guide.domain.shown(), guide.title);
    let mut out = String::new();
    // Writing to a String cannot fail, here and below.
    let _ = write!(
        out,
        "<main>\n<h1>{}</h1>\n<p class=\"standing\"><b>{word}</b> {}</p>\n<ol class=\"ladder\">\n",
        html(&title),
        html(&sentence),
    );
    for (index, rung) in guide.rungs.iter().enumerate() {
        line(&mut out, index + 1, rung);
    }
    out.push_str("</ol>\n");
    if guide.standing != Standing::NotApplicable {
        if is_new(guide) {
            blocks(&mut out, &guide.intro);
        }
        for (index, rung) in guide.now() {
            step(&mut out, index + 1, rung);
        }
    }
    if guide.current.is_some() {
        let _ = write!(out, "<h2>Then</h2>\n{}", pre(&guide.again));
    }
    let _ =
        write!(out, "<p class=\"faint\">Observed {}; judged as of {}.</p>\n</main>\n", minute(guide.observed_at), minute(guide.asked_at));
    shell::document(&title, STYLE, &out)
}

fn line(out: &mut String, number: usize, rung: &Rung) {
    let (sign, word) = state(rung.state);
    let class = match rung.state {
        RungState::Done => "done",
        RungState::Current | RungState::Waiting => "now",
        RungState::Ahead => "later",
    };
    let from = rung.from.map(|from| format!(", from {}", date(from))).unwrap_or_default();
    let title = html(&rung.title);
    let _ = writeln!(out, "<li class=\"{class}\"><b>{sign}</b> {number}. {title} <span class=\"faint\">({word}{from})</span></li>");
}

fn step(out: &mut String, number: usize, rung: &Rung) {
    let _ = writeln!(out, "<h2>{number}. {}</h2>", html(&rung.title));
    blocks(out, &rung.body);
    for wait in &rung.waits {
        let _ = writeln!(out, "<p>Until <b>{}</b> ({}): {}</p>", minute(wait.until), duration(wait.seconds), html(&wait.why));
    }
    if rung.against.is_empty() {
        return;
    }
    out.push_str("<h3>What keeps it from being done</h3>\n<ul>\n");
    for finding in rung.against.iter().take(AGAINST_SHOWN) {
        let (weight, class) =
            if finding.outcome == Outcome::Undetermined { ("not known", "unknown") } else { (finding.severity.as_str(), "bad") };
        let fix = finding.fix.as_ref().map(|fix| format!("<br>fix: {}", html(&fix.say))).unwrap_or_default();
        let _ = writeln!(
            out,
            "<li><b class=\"{class}\">{}</b> ({weight}) {}: {}{fix}</li>",
            html(finding.code()),
            html(&finding.subject),
            html(&finding.message)
        );
    }
    if rung.against.len() > AGAINST_SHOWN {
        let _ = writeln!(out, "<li>and {} more</li>", rung.against.len() - AGAINST_SHOWN);
    }
    out.push_str("</ul>\n");
}

fn blocks(out: &mut String, blocks: &[Block]) {
    for (index, block) in blocks.iter().enumerate() {
        let is_item =
            |index: Option<usize>| index.and_then(|index| blocks.get(index)).is_some_and(|block| matches!(block, Block::Item { .. }));
        match block {
            Block::Heading(pieces) => {
                let _ = writeln!(out, "<h3>{}</h3>", inline(pieces));
            }
            Block::Paragraph(pieces) => {
                let _ = writeln!(out, "<p>{}</p>", inline(pieces));
            }
            Block::Item { mark, depth, pieces } => {
                if !is_item(index.checked_sub(1)) {
                    out.push_str("<ul>\n");
                }
                let class = if *depth > 0 { " class=\"deep\"" } else { "" };
                let number = if mark == "-" { String::new() } else { format!("{} ", html(mark)) };
                let _ = writeln!(out, "<li{class}>{number}{}</li>", inline(pieces));
                if !is_item(Some(index + 1)) {
                    out.push_str("</ul>\n");
                }
            }
            Block::Code(text) => out.push_str(&pre(text)),
            Block::Publish(publish) => {
                let _ = writeln!(out, "<p class=\"place\">{}</p>", html(&place(publish)));
                out.push_str(&pre(&publish.text));
            }
            Block::Verify(commands) => {
                out.push_str("<p class=\"place\">Verify:</p>\n");
                out.push_str(&pre(&commands.join("\n")));
            }
        }
    }
}

fn inline(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => html(text),
        Piece::Strong(text) => format!("<strong>{}</strong>", html(text)),
        Piece::Code(text) => format!("<code>{}</code>", html(text)),
    };
    pieces.iter().map(piece).collect()
}
