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

    /// A table: each column as wide as its widest cell, the last one open-ended. What does not fit goes on below: of the last cell beside the
    /// others where there is room, else under all of them; of another cell in its column. Nothing is cut off.
    pub fn table(&mut self, indent: usize, rows: &[Vec<(Look, String)>]) {
        let cells: Vec<Vec<(Look, String)>> =
            rows.iter().map(|row| row.iter().map(|(look, text)| (*look, escape::terminal(text).into_owned())).collect()).collect();
        let room = self.width.saturating_sub(indent);
        let widths = columns(&cells, room);
        for row in cells {
            let (mut begin, mut below) = (0, None);
            let mut pieces: Vec<(Look, usize, Vec<String>)> = Vec::new();
            for (column, (look, text)) in row.iter().enumerate() {
                let free = room.saturating_sub(begin);
                let is_last = column + 1 == row.len();
                if is_last && text.width() > free && free < BESIDE {
                    below = Some((*look, BELOW, wrapped(text, room.saturating_sub(BELOW))));
                } else {
                    pieces.push((*look, begin, wrapped(text, if is_last { free } else { widths[column] })));
                }
                begin += widths[column] + GAP;
            }
            self.pieces(indent, &pieces);
            if let Some(below) = below {
                self.pieces(indent, &[below]);
            }
        }
    }

    /// Cells side by side: each with the column that it begins at, and its lines.
    fn pieces(&mut self, indent: usize, pieces: &[(Look, usize, Vec<String>)]) {
        for line in 0..pieces.iter().map(|(.., lines)| lines.len()).max().unwrap_or(0) {
            let mut written = 0;
            for (look, begin, lines) in pieces {
                let Some(text) = lines.get(line).filter(|text| !text.is_empty()) else { continue };
                self.out.push_str(&" ".repeat((indent + begin).saturating_sub(written)));
                self.styled(*look, text);
                written = indent + begin + text.width();
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

/// Columns between two columns.
const GAP: usize = 2;
/// No column is made narrower for a page that is too narrow: a date fits.
const NARROWEST: usize = 10;
/// A last cell that does not fit is broken where it stands if there is so much room for it.
const BESIDE: usize = 24;
/// Else it stands below, so far in.
const BELOW: usize = 4;

/// How wide each column is: the last one as wide as it likes, the widest of the others give way until they fit.
fn columns(rows: &[Vec<(Look, String)>], room: usize) -> Vec<usize> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest =
        |column: usize, of: fn(&str) -> usize| rows.iter().filter_map(|row| row.get(column)).map(|(_, text)| of(text)).max().unwrap_or(0);
    let word = |text: &str| text.split_whitespace().map(str::width).max().unwrap_or(0);
    let mut widths: Vec<usize> = (0..count).map(|column| widest(column, str::width)).collect();
    let others = count.saturating_sub(1);
    // Words are broken only where there is no other way.
    for least in [(0..count).map(|column| widest(column, word).max(NARROWEST)).collect(), vec![NARROWEST; count]] {
        while widths.iter().take(others).sum::<usize>() + GAP * others.saturating_sub(1) > room {
            let widest = (0..others).filter(|column| widths[*column] > least[*column]).max_by_key(|column| widths[*column]);
            let Some(column) = widest else { break };
            widths[column] -= 1;
        }
    }
    widths
}

/// The lines of a cell; the first is empty where the cell is.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    if text.width() <= width {
        return vec![text.to_owned()];
    }
    let options = textwrap::Options::new(width).break_words(true).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
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
    fn what_does_not_fit_goes_on_below() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (Look::Plain, (*cell).to_owned())).collect();
        let mut page = Page::new(40);
        page.table(2, &[row(&["✓", "mx1.shop.example", "until 2027-02-10", "renewed, not reloaded"]), row(&["✗", "mx2", "gone", ""])]);
        page.table(0, &[row(&["one", "a last cell is broken where it stands"]), row(&["two", "or not"])]);
        page.table(0, &[row(&["mx1.shop.example", "192.0.2.1", "ecdsa until 2027-02-10", "x"])]);
        page.table(0, &[row(&[&"x".repeat(50)])]);
        let lines = [
            "  ✓  mx1.shop.example  until 2027-02-10",
            "      renewed, not reloaded",
            "  ✗  mx2               gone",
            "one  a last cell is broken where it",
            "     stands",
            "two  or not",
            "mx1.shop.example  192.0.2.1  ecdsa until",
            "                             2027-02-10",
            "    x",
            &"x".repeat(40),
            &"x".repeat(10),
        ];
        assert_eq!(plain(page).lines().collect::<Vec<_>>(), lines);
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
