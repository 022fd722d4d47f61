//! A Markdown document being written, as GitHub, GitLab and Jira read it (CommonMark with tables): headings, paragraphs, tables, lists,
//! fenced texts, each with the empty lines that it needs.
//!
//! Whatever is put into it comes as an [`Inline`], which can only be made by escaping: no text can be forgotten.

use std::fmt::Write as _;
use std::ops::Add;

use super::{escape, text};
use crate::model::finding::{Finding, Fix, Outcome};

/// A piece of a line, in which nothing is markup that is not ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inline(String);

impl Inline {
    /// Prose.
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self(escape::markdown(text.as_ref()))
    }

    /// A name, a value, a time, a digest: to be copied as it is.
    pub(super) fn code(text: impl ToString) -> Self {
        Self(escape::code(&text.to_string()))
    }

    /// In bold.
    pub(super) fn strong(text: impl AsRef<str>) -> Self {
        Self(format!("**{}**", escape::markdown(text.as_ref())))
    }

    /// Values, with commas between.
    pub(super) fn codes(values: impl IntoIterator<Item = impl ToString>) -> Self {
        Self(values.into_iter().map(|value| Self::code(value).0).collect::<Vec<_>>().join(", "))
    }

    /// Whether nothing would be seen.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Add for Inline {
    type Output = Self;

    fn add(mut self, more: Self) -> Self {
        self.0.push_str(&more.0);
        self
    }
}

/// The document.
#[derive(Debug, Default)]
pub(super) struct Document {
    out: String,
    /// How many levels its headings stand below those of a document of its own.
    below: usize,
}

impl Document {
    /// Headings from now on stand so many levels below their own.
    pub(super) fn below(&mut self, levels: usize) {
        self.below = levels;
    }

    /// The text as written, with one line end.
    pub(super) fn finish(mut self) -> String {
        while self.out.ends_with("\n\n") {
            self.out.pop();
        }
        self.out
    }

    /// A heading; 1 is the title.
    pub(super) fn heading(&mut self, level: usize, heading: Inline) {
        let level = (level + self.below).clamp(1, 6);
        self.block(&format!("{} {}", "#".repeat(level), heading.0));
    }

    /// A paragraph in one line.
    pub(super) fn paragraph(&mut self, text: Inline) {
        self.block(&text.0);
    }

    /// Text to copy, or to read as it came.
    pub(super) fn fenced(&mut self, text: &str) {
        self.block(&escape::fenced(text));
    }

    /// Items; none, no list.
    pub(super) fn list(&mut self, items: impl IntoIterator<Item = Inline>) {
        let lines: Vec<String> = items.into_iter().map(|item| format!("- {}", item.0)).collect();
        self.block(&lines.join("\n"));
    }

    /// Steps with their numbers, each with what is to be published.
    pub(super) fn steps(&mut self, steps: &[Fix]) {
        for (index, step) in steps.iter().enumerate() {
            // No list: what is fenced would have to be indented with it, and would be copied with the spaces.
            self.paragraph(Inline::strong(format!("Step {}", index + 1)) + Inline::text(format!(": {}", step.say)));
            if let Some(text) = &step.publish {
                self.fenced(text);
            }
        }
    }

    /// Findings, a line each, with what is accepted of them and what mends them; none, no list.
    pub(super) fn findings<'a>(&mut self, all: impl IntoIterator<Item = &'a Finding>) {
        let text = findings(all);
        self.block(text.trim_end());
    }

    /// A table; without rows, none.
    pub(super) fn table<const N: usize>(&mut self, header: [&str; N], rows: impl IntoIterator<Item = [Inline; N]>) {
        let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
        let mut lines = vec![row(header.map(escape::markdown).to_vec()), row(vec!["---".to_owned(); N])];
        lines.extend(rows.into_iter().map(|cells| row(cells.map(|cell| cell.0).to_vec())));
        if lines.len() > 2 {
            self.block(&lines.join("\n"));
        }
    }

    fn block(&mut self, text: &str) {
        if !text.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(self.out, "{text}\n");
        }
    }
}

/// Findings as items: code, weight, what it is about, what it says; below, that it is accepted, and the mend.
pub(super) fn findings<'a>(all: impl IntoIterator<Item = &'a Finding>) -> String {
    let mut out = String::new();
    for finding in all {
        let weight = if finding.outcome == Outcome::Undetermined { "not known" } else { finding.severity.as_str() };
        let (code, subject) = (escape::markdown(finding.code()), escape::code(&finding.subject));
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(out, "- **{code}** ({weight}) {subject}: {}", escape::markdown(&finding.message));
        if let Some(accepted) = &finding.accepted {
            let _ = writeln!(out, "  - accepted: {}", escape::markdown(&text::accepted(accepted)));
        }
        if let Some(fix) = &finding.fix {
            let _ = writeln!(out, "  - fix: {}", escape::markdown(&fix.say));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_stand_apart_and_what_is_empty_leaves_no_trace() {
        let mut document = Document::default();
        document.heading(1, Inline::text("A *title*"));
        document.list([]);
        document.table(["a"], []);
        document.paragraph(Inline::strong("x") + Inline::text(": y") + Inline::codes([1, 2]));
        document.table(["a", "b"], [[Inline::code("1|2"), Inline::text("|")]]);
        document.below(1);
        document.heading(2, Inline::code("c"));
        document.fenced("```");
        assert_eq!(
            document.finish(),
            "# A \\*title\\*\n\n**x**: y`1`, `2`\n\n| a | b |\n| --- | --- |\n| 1\\|2 | \\| |\n\n### `c`\n\n````\n```\n````\n"
        );
    }
}
