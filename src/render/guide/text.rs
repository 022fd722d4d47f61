//! For people: where the domain stands, the ladder, the current step with its texts, what keeps it from being done, what to wait for.

use std::fmt::Write as _;

use super::{AGAINST_SHOWN, is_new, place, standing, state};
use crate::model::finding::Finding;
use crate::model::guide::{Block, Guide, Piece, Rung, RungState, Standing};
use crate::render::page::{Look, Page, sign};
use crate::render::text::{date, duration, minute};

/// One guide as a page.
pub fn page(guide: &Guide, width: usize) -> String {
    let mut page = Page::new(width);
    headline(guide, &mut page);
    page.gap();
    for (index, rung) in guide.rungs.iter().enumerate() {
        line(index + 1, rung, &mut page);
    }
    if guide.standing != Standing::NotApplicable {
        if is_new(guide) {
            page.gap();
            blocks(&guide.intro, &mut page);
        }
        for (index, rung) in guide.now() {
            step(index + 1, rung, &mut page);
        }
    }
    page.gap();
    if guide.current.is_some() {
        page.paragraph(&[(Look::Strong, "Then     ")], Look::Code, &guide.again);
    }
    page.paragraph(
        &[(Look::Faint, "Looked   ")],
        Look::Faint,
        &format!("{}; judged as of {}", minute(guide.observed_at), minute(guide.asked_at)),
    );
    page.finish()
}

/// Where it stands, alone.
pub fn headline_alone(guide: &Guide, width: usize) -> String {
    let mut page = Page::new(width);
    headline(guide, &mut page);
    page.finish()
}

/// A playbook by itself: its title, what stands before the steps, and each step with what it says.
pub fn playbook(title: &str, intro: &[Block], steps: &[(String, Vec<String>, Vec<Block>)], width: usize) -> String {
    let mut page = Page::new(width.min(100));
    page.line(&[(Look::Strong, title)]);
    page.gap();
    blocks(intro, &mut page);
    for (index, (title, gates, body)) in steps.iter().enumerate() {
        page.gap();
        page.paragraph(&[(Look::Strong, &format!("{}. ", index + 1))], Look::Strong, title);
        if !gates.is_empty() {
            page.paragraph(&[(Look::Faint, "  done when  ")], Look::Faint, &gates.join(", "));
        }
        page.gap();
        blocks(body, &mut page);
    }
    page.finish()
}

/// Names of playbooks, each with what it is for.
pub fn list(rows: &[(String, String, String)]) -> String {
    let mut page = Page::new(100);
    let row = |(name, title, from): &(String, String, String)| {
        vec![(Look::Code, name.clone()), (Look::Plain, title.clone()), (Look::Faint, from.clone())]
    };
    page.table(0, &rows.iter().map(row).collect::<Vec<_>>());
    page.finish()
}

fn headline(guide: &Guide, page: &mut Page) {
    let (word, sentence) = standing(guide);
    let look = match guide.standing {
        Standing::Done => Look::Good,
        Standing::ToDo => Look::Warning,
        Standing::Waiting | Standing::Unknown => Look::Unknown,
        Standing::NotApplicable => Look::Faint,
    };
    page.paragraph(&[(look, word), (Look::Plain, "  ")], Look::Strong, &sentence);
    page.paragraph(&[(Look::Faint, &format!("{}: ", guide.playbook))], Look::Faint, &guide.title);
}

fn line(number: usize, rung: &Rung, page: &mut Page) {
    let (sign, word) = state(rung.state);
    let (mark, look) = match rung.state {
        RungState::Done => (Look::Good, Look::Faint),
        RungState::Current | RungState::Waiting => (Look::Strong, Look::Strong),
        RungState::Ahead => (Look::Faint, Look::Plain),
    };
    let mut title = rung.title.clone();
    if let Some(from) = rung.from {
        // Writing to a String cannot fail, here and below.
        let _ = write!(title, " (from {})", date(from));
    } else if let (RungState::Waiting, Some(until)) = (rung.state, rung.waits.iter().map(|wait| wait.until).max()) {
        let _ = write!(title, " (until {})", date(until));
    }
    page.paragraph(&[(mark, &format!("  {sign} {number:>2} {word:<5}  "))], look, &title);
}

fn step(number: usize, rung: &Rung, page: &mut Page) {
    page.gap();
    page.paragraph(&[(Look::Strong, &format!("{number}. "))], Look::Strong, &rung.title);
    page.gap();
    blocks(&rung.body, page);
    for wait in &rung.waits {
        page.gap();
        page.paragraph(
            &[(Look::Unknown, "  until    ")],
            Look::Plain,
            &format!("{} ({}): {}", minute(wait.until), duration(wait.seconds), wait.why),
        );
    }
    against(rung, page);
}

fn against(rung: &Rung, page: &mut Page) {
    if rung.against.is_empty() {
        return;
    }
    page.gap();
    page.line(&[(Look::Strong, "  What keeps it from being done")]);
    for finding in rung.against.iter().take(AGAINST_SHOWN) {
        one(finding, rung.publish().next().is_none(), page);
    }
    if rung.against.len() > AGAINST_SHOWN {
        page.line(&[(Look::Faint, &format!("  and {} more", rung.against.len() - AGAINST_SHOWN))]);
    }
}

/// One finding; the text that it would publish only where the step has none of its own.
fn one(finding: &Finding, with_text: bool, page: &mut Page) {
    let (sign, look) = sign(finding);
    page.line(&[(look, &format!("  {sign} {}", finding.code())), (Look::Faint, "  "), (Look::Plain, &finding.subject)]);
    page.paragraph(&[(Look::Plain, "    ")], Look::Plain, &finding.message);
    if let Some(fix) = &finding.fix {
        page.paragraph(&[(Look::Good, "    fix   ")], Look::Plain, &fix.say);
        if let (true, Some(text)) = (with_text, &fix.publish) {
            page.verbatim(10, text);
        }
    }
    page.paragraph(&[(Look::Faint, "    page  ")], Look::Code, &format!("stsready explain {}", finding.code()));
}

fn blocks(blocks: &[Block], page: &mut Page) {
    for (index, block) in blocks.iter().enumerate() {
        let joins = index > 0 && matches!((blocks.get(index - 1), block), (Some(Block::Item { .. }), Block::Item { .. }));
        if !joins {
            page.gap();
        }
        match block {
            Block::Heading(pieces) => page.paragraph(&[(Look::Plain, "  ")], Look::Strong, &plain(pieces)),
            Block::Paragraph(pieces) => page.paragraph(&[(Look::Plain, "  ")], Look::Plain, &plain(pieces)),
            Block::Item { mark, depth, pieces } => {
                page.paragraph(&[(Look::Plain, &format!("  {}{mark} ", "  ".repeat(*depth)))], Look::Plain, &plain(pieces));
            }
            Block::Code(text) => code(text, page),
            Block::Publish(publish) => {
                page.paragraph(&[(Look::Good, "  ")], Look::Good, &place(publish));
                page.verbatim(6, &publish.text);
            }
            Block::Verify(commands) => {
                page.line(&[(Look::Good, "  Verify:")]);
                page.verbatim(6, &commands.join("\n"));
            }
        }
    }
}

fn code(text: &str, page: &mut Page) {
    for line in text.lines() {
        page.verbatim(6, if line.is_empty() { " " } else { line });
    }
}

fn plain(pieces: &[Piece]) -> String {
    pieces.iter().map(Piece::text).collect()
}
