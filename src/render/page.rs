//! A page of text for a terminal: styles, wrapping to the width, columns; everything that is put on it is escaped.
//!
//! The page always carries its styles; whoever prints it strips them where the terminal (or `NO_COLOR`) wants none.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use super::escape;
use crate::model::finding::{Finding, Outcome};
use crate::model::rule::Severity;

/// How something is to look; what it means must also be said in words or by a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// As is.
    Plain,
    /// A heading or the answer itself.
    Strong,
    /// Beside the point.
    Faint,
    /// Good.
    Good,
    /// A warning.
    Warning,
    /// A blocker.
    Bad,
    /// Not known.
    Unknown,
    /// Something to type or publish.
    Code,
}

impl Look {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Good => colour(AnsiColor::Green),
            Self::Warning => colour(AnsiColor::Yellow),
            Self::Bad => colour(AnsiColor::Red).bold(),
            Self::Unknown => colour(AnsiColor::Magenta),
            Self::Code => colour(AnsiColor::Cyan),
        }
    }
}

/// How a finding that is shown begins: what could not be looked at, then by its weight.
pub fn sign(finding: &Finding) -> (&'static str, Look) {
    match (finding.outcome, finding.severity) {
        (Outcome::Undetermined, _) => ("?", Look::Unknown),
        (_, Severity::Blocker) => ("✗", Look::Bad),
        (_, Severity::Warning) => ("!", Look::Warning),
        (_, Severity::Advice) => ("·", Look::Faint),
    }
}

/// A page being written.
#[derive(Debug)]
pub struct Page {
    out: String,
    width: usize,
}

impl Page {
    /// An empty page, `width` columns wide (at least 40).
    pub fn new(width: usize) -> Self {
        Self { out: String::new(), width: width.max(40) }
    }

    /// The page as written.
    pub fn finish(self) -> String {
        self.out
    }

    /// The columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// An empty line; never two in a row, none at the top.
    pub fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// One line of differently styled parts, not wrapped.
    pub fn line(&mut self, parts: &[(Look, &str)]) {
        for (look, text) in parts {
            self.styled(*look, &escape::terminal(text));
        }
        self.out.push('\n');
    }

    /// A paragraph, wrapped; `lead` (already part of the layout) stands before its first line, later lines hang below the text.
    pub fn paragraph(&mut self, lead: &[(Look, &str)], look: Look, text: &str) {
        let hang: usize = lead.iter().map(|(_, text)| text.width()).sum();
        let text = escape::terminal(text);
        let options = textwrap::Options::new(self.width.saturating_sub(hang).max(20))
            .break_words(true)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        let mut lines = textwrap::wrap(&text, options).into_iter();
        for (look, text) in lead {
            self.styled(*look, &escape::terminal(text));
        }
        self.styled(look, &lines.next().unwrap_or_default());
        self.out.push('\n');
        for line in lines {
            self.out.push_str(&" ".repeat(hang));
            self.styled(look, &line);
            self.out.push('\n');
        }
    }

    /// Text to copy: every line as it is, never wrapped, indented.
    pub fn verbatim(&mut self, indent: usize, text: &str) {
        for line in text.lines() {
            self.out.push_str(&" ".repeat(indent));
            self.styled(Look::Code, &escape::terminal(line));
            self.out.push('\n');
        }
    }

    /// A table: each column as wide as its widest cell, the last one open-ended; rows that do not fit lose the end of their longest cell.
    pub fn table(&mut self, indent: usize, rows: &[Vec<(Look, String)>]) {
        let cells: Vec<Vec<(Look, String)>> =
            rows.iter().map(|row| row.iter().map(|(look, text)| (*look, escape::terminal(text).into_owned())).collect()).collect();
        let columns = cells.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| cells.iter().filter_map(|row| row.get(column)).map(|(_, text)| text.width()).max().unwrap_or(0))
            .collect();
        for row in cells {
            self.out.push_str(&" ".repeat(indent));
            let last = row.len().saturating_sub(1);
            for (column, (look, text)) in row.iter().enumerate() {
                self.styled(*look, text);
                if column < last {
                    let padding = widths.get(column).copied().unwrap_or(0).saturating_sub(text.width()) + 2;
                    self.out.push_str(&" ".repeat(padding));
                }
            }
            while self.out.ends_with(' ') {
                self.out.pop();
            }
            self.out.push('\n');
        }
    }

    fn styled(&mut self, look: Look, text: &str) {
        if look == Look::Plain || text.trim().is_empty() {
            self.out.push_str(text);
        } else {
            let style = look.style();
            // Writing to a String cannot fail.
            let _ = write!(self.out, "{style}{text}{style:#}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(page: Page) -> String {
        anstream::adapter::strip_str(&page.finish()).to_string()
    }

    #[test]
    fn paragraphs_hang_below_their_lead() {
        let mut page = Page::new(40);
        page.paragraph(&[(Look::Bad, "  fix  ")], Look::Plain, "one two three four five six seven eight nine ten");
        assert_eq!(plain(page), "  fix  one two three four five six seven\n       eight nine ten\n");
    }

    #[test]
    fn nothing_put_on_a_page_reaches_the_terminal_raw() {
        let mut page = Page::new(80);
        page.line(&[(Look::Plain, "a\u{1b}[2J")]);
        page.paragraph(&[(Look::Plain, "\u{7}")], Look::Plain, "b\u{1b}]0;x\u{7}");
        page.verbatim(2, "c\u{1b}c\nd");
        page.table(0, &[vec![(Look::Plain, "e\u{9b}2J".into())]]);
        assert_eq!(plain(page), "a\\u{1b}[2J\n\\u{7}b\\u{1b}]0;x\\u{7}\n  c\\u{1b}c\n  d\ne\\u{9b}2J\n");
    }

    #[test]
    fn columns_line_up_by_what_is_seen() {
        let mut page = Page::new(80);
        page.table(
            1,
            &[vec![(Look::Good, "日本".into()), (Look::Plain, "x".into())], vec![(Look::Plain, "a".into()), (Look::Plain, "y".into())]],
        );
        assert_eq!(plain(page), " 日本  x\n a     y\n");
    }
}
