//! For the ticket: the guide as Markdown (CommonMark). Texts to publish stand in fenced blocks, to be copied as they are.

use std::fmt::Write as _;

use super::{AGAINST_SHOWN, is_new, place, standing, state};
use crate::model::guide::{Block, Guide, Piece, Rung, Standing};
use crate::render::escape::{code, fenced, markdown};
use crate::render::markdown::findings;
use crate::render::text::{date, duration, minute};

/// One guide as a document.
pub fn document(guide: &Guide) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail, here and below.
    let (word, sentence) = standing(guide);
    let _ = writeln!(out, "# {}: {}\n", markdown(&guide.domain.shown()), markdown(&guide.title));
    let _ = writeln!(out, "**{word}** {}\n", markdown(&sentence));
    let _ = writeln!(out, "Judged as of {}, observed {}.\n", minute(guide.asked_at), minute(guide.observed_at));
    for (index, rung) in guide.rungs.iter().enumerate() {
        let (sign, word) = state(rung.state);
        let from = rung.from.map(|from| format!(" (from {})", date(from))).unwrap_or_default();
        let _ = writeln!(out, "{}. {sign} {word}: {}{from}", index + 1, markdown(&rung.title));
    }
    out.push('\n');
    if guide.standing != Standing::NotApplicable {
        if is_new(guide) {
            out.push_str(&blocks(&guide.intro));
        }
        for (index, rung) in guide.now() {
            step(&mut out, index + 1, rung);
        }
    }
    if guide.current.is_some() {
        let _ = writeln!(out, "Then:\n\n{}", fenced(&guide.again));
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}

fn step(out: &mut String, number: usize, rung: &Rung) {
    let _ = writeln!(out, "## {number}. {}\n", markdown(&rung.title));
    out.push_str(&blocks(&rung.body));
    for wait in &rung.waits {
        let _ = writeln!(out, "Until {} ({}): {}\n", minute(wait.until), duration(wait.seconds), markdown(&wait.why));
    }
    if rung.against.is_empty() {
        return;
    }
    out.push_str("What keeps it from being done:\n\n");
    out.push_str(&findings(rung.against.iter().take(AGAINST_SHOWN)));
    if rung.against.len() > AGAINST_SHOWN {
        let _ = writeln!(out, "- and {} more", rung.against.len() - AGAINST_SHOWN);
    }
    out.push('\n');
}

/// Blocks, each with an empty line behind it.
pub fn blocks(blocks: &[Block]) -> String {
    let mut out = String::new();
    for (index, block) in blocks.iter().enumerate() {
        match block {
            Block::Heading(pieces) => {
                let _ = writeln!(out, "### {}\n", line(pieces));
            }
            Block::Paragraph(pieces) => {
                let _ = writeln!(out, "{}\n", line(pieces));
            }
            Block::Item { mark, depth, pieces } => {
                let _ = writeln!(out, "{}{mark} {}", "   ".repeat(*depth), line(pieces));
                if !matches!(blocks.get(index + 1), Some(Block::Item { .. })) {
                    out.push('\n');
                }
            }
            Block::Code(text) => {
                let _ = writeln!(out, "{}\n", fenced(text));
            }
            Block::Publish(publish) => {
                let _ = writeln!(out, "{}\n\n{}\n", markdown(&place(publish)), fenced(&publish.text));
            }
            Block::Verify(commands) => {
                let _ = writeln!(out, "Verify:\n\n{}\n", fenced(&commands.join("\n")));
            }
        }
    }
    out
}

fn line(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => markdown(text),
        Piece::Strong(text) => format!("**{}**", markdown(text)),
        Piece::Code(text) => code(text),
    };
    pieces.iter().map(piece).collect()
}
