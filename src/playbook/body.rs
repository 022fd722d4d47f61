//! The text behind the head: `# TITLE`, what stands before the steps, and a section a step.

use super::head::Half;
use super::prose::{self, Template};
use super::template::{Line, check};
use super::{Fault, Wrong};

/// The text, cut.
#[derive(Default)]
pub(super) struct Body {
    pub(super) title: Line,
    pub(super) intro: Vec<Template>,
    pub(super) sections: Vec<Section>,
}

/// A step's section.
pub(super) struct Section {
    pub(super) id: String,
    pub(super) line: usize,
    pub(super) title: Line,
    pub(super) blocks: Vec<Template>,
}

/// Reads it; what is wrong goes to `faults`.
pub(super) fn read(half: &Half<'_>, faults: &mut Vec<Fault>) -> Body {
    let mut body = Body::default();
    let mut titled = false;
    let mut lines: Vec<(usize, &str)> = Vec::new();
    let mut fence: Option<usize> = None;
    for (number, line) in (half.line..).zip(half.text.lines()) {
        let is_fence = line.trim_start().starts_with("```");
        check(line, number, fence.is_some() && !is_fence, faults);
        if is_fence {
            fence = if fence.is_some() { None } else { Some(number) };
        } else if fence.is_none() {
            if let Some(heading) = line.strip_prefix("## ") {
                finish(&mut body, &mut lines, faults);
                open(&mut body, heading, number, faults);
                continue;
            }
            if let Some(title) = line.strip_prefix("# ") {
                if std::mem::replace(&mut titled, true) || !body.sections.is_empty() {
                    faults.push(Fault { line: number, wrong: Wrong::Title });
                }
                body.title = Line::read(title.trim());
                continue;
            }
        }
        lines.push((number, line));
    }
    if let Some(line) = fence {
        faults.push(Fault { line, wrong: Wrong::OpenFence });
    }
    finish(&mut body, &mut lines, faults);
    if !titled {
        faults.push(Fault { line: half.line, wrong: Wrong::Title });
    }
    body
}

/// Begins the section of a step.
fn open(body: &mut Body, heading: &str, line: usize, faults: &mut Vec<Fault>) {
    let parts = heading.split_once(':').map(|(id, title)| (id.trim(), title.trim()));
    let Some((id, title)) = parts.filter(|(id, title)| !id.is_empty() && !title.is_empty()) else {
        faults.push(Fault { line, wrong: Wrong::SectionForm });
        // What follows is read all the same, so that its faults are told, too.
        body.sections.push(Section { id: heading.to_owned(), line, title: Line::default(), blocks: Vec::new() });
        return;
    };
    if body.sections.iter().any(|section| section.id == id) {
        faults.push(Fault { line, wrong: Wrong::SameSection(id.to_owned()) });
    }
    body.sections.push(Section { id: id.to_owned(), line, title: Line::read(title), blocks: Vec::new() });
}

/// Gives the lines so far to the section that they stand in.
fn finish(body: &mut Body, lines: &mut Vec<(usize, &str)>, faults: &mut Vec<Fault>) {
    let blocks = prose::read(&std::mem::take(lines), faults);
    match body.sections.last_mut() {
        Some(section) => section.blocks = blocks,
        None => body.intro = blocks,
    }
}
