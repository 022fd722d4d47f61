//! The catalogue and its pages, for a terminal.

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::blocks::{Block, read};
use super::escape;
use super::page::{Look, Page};
use crate::model::result_type::ResultType;
use crate::model::rule::{Rule, Severity, Stage};

/// The schema's name and version, of one rule.
pub const SCHEMA: &str = "stsready/rule/1";

/// One rule of the catalogue.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Rule"))]
pub(super) struct View {
    /// The schema's name and version.
    schema: &'static str,
    /// Its code, which is its identity.
    code: &'static str,
    /// The stage that it belongs to.
    stage: Stage,
    /// The severities that it can have if broken, worst first; empty if it only notes.
    severities: &'static [Severity],
    /// Whether the answer is inconclusive where this could not be looked at.
    undetermined: bool,
    /// The fault in a few words.
    title: &'static str,
    /// RFC and section, or another source.
    reference: &'static str,
}

impl View {
    fn of(rule: &Rule) -> Self {
        let Rule { code, title, stage, severities, undetermined, reference, page: _ } = *rule;
        Self { schema: SCHEMA, code, stage, severities, undetermined, title, reference }
    }
}

/// The catalogue as an array.
pub fn document(rules: &[&Rule]) -> Result<String, serde_json::Error> {
    escape::json_pretty(&rules.iter().map(|rule| View::of(rule)).collect::<Vec<_>>())
}

/// A rule a line.
pub fn lines(rules: &[&Rule]) -> Result<String, serde_json::Error> {
    rules.iter().map(|rule| escape::json_line(&View::of(rule))).collect()
}

/// The catalogue as a table, a family after the other.
pub fn catalogue(rules: &[&Rule], width: usize) -> String {
    let mut page = Page::new(width);
    let mut family = "";
    let mut rows = Vec::new();
    for rule in rules {
        if rule.family() != family {
            family = rule.family();
            if !rows.is_empty() {
                page.table(2, &std::mem::take(&mut rows));
            }
            page.gap();
            page.line(&[(Look::Strong, family)]);
        }
        rows.push(vec![
            (Look::Plain, rule.code.to_owned()),
            (look(rule), severities(rule)),
            (Look::Plain, rule.title.to_owned()),
            (Look::Faint, rule.reference.to_owned()),
        ]);
    }
    page.table(2, &rows);
    page.gap();
    page.line(&[(Look::Faint, "B blocker  W warning  A advice  U makes the answer inconclusive if it cannot be looked at")]);
    page.finish()
}

/// `B/W U` as in the catalogue's documentation.
pub fn severities(rule: &Rule) -> String {
    let letters: Vec<&str> = rule
        .severities
        .iter()
        .map(|severity| match severity {
            Severity::Blocker => "B",
            Severity::Warning => "W",
            Severity::Advice => "A",
        })
        .chain(rule.undetermined.then_some("U"))
        .collect();
    letters.join("/")
}

fn look(rule: &Rule) -> Look {
    match rule.worst() {
        Severity::Blocker => Look::Bad,
        Severity::Warning => Look::Warning,
        Severity::Advice => Look::Faint,
    }
}

/// A rule's page: headings, paragraphs wrapped to the width, lists, tables, code as it is.
pub fn explain(rule: &Rule, width: usize) -> String {
    let mut page = Page::new(width.min(100));
    for block in read(rule.page) {
        match block {
            Block::Title(title) => {
                let about = format!("{}  {}", severities(rule), rule.title);
                if title.width() + about.width() + 2 <= page.width() {
                    page.line(&[(Look::Strong, title), (Look::Plain, "  "), (Look::Faint, &about)]);
                } else {
                    page.line(&[(Look::Strong, title)]);
                    page.paragraph(&[(Look::Plain, "  ")], Look::Faint, &about);
                }
            }
            Block::Heading(heading) => {
                page.gap();
                page.line(&[(Look::Strong, heading)]);
            }
            Block::Paragraph(text) => page.paragraph(&[(Look::Plain, "  ")], Look::Plain, &plain(&text)),
            Block::Item { indent, mark, text } => {
                page.paragraph(&[(Look::Plain, &format!("{}{mark} ", " ".repeat(indent + 2)))], Look::Plain, &plain(&text));
            }
            Block::Code { kind, lines } => {
                page.gap();
                if matches!(kind, "bad" | "good") {
                    let look = if kind == "bad" { Look::Bad } else { Look::Good };
                    page.line(&[(Look::Plain, "  "), (look, kind)]);
                }
                for line in lines {
                    page.verbatim(4, if line.is_empty() { " " } else { line });
                }
                page.gap();
            }
            Block::Table(rows) => table(&rows, &mut page),
            Block::Gap => page.gap(),
        }
    }
    page.finish()
}

/// A table, or a line a row where the table is wider than the page.
fn table(rows: &[Vec<&str>], page: &mut Page) {
    let cells: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
    let columns = cells.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| cells.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
    let width = (0..columns).map(|column| widest(column) + 2).sum::<usize>();
    if width <= page.width() {
        let look = |row: usize| if row == 0 { Look::Faint } else { Look::Plain };
        let row = |(number, row): (usize, Vec<String>)| row.into_iter().map(|cell| (look(number), cell)).collect();
        page.table(2, &cells.into_iter().enumerate().map(row).collect::<Vec<_>>());
        return;
    }
    for row in cells.iter().skip(1) {
        let (first, rest) = row.split_first().map_or(("", &row[..]), |(first, rest)| (first.as_str(), rest));
        page.paragraph(&[(Look::Plain, "  - ")], Look::Plain, &format!("{first}: {}", rest.join(", ")));
    }
}

/// The words without the marks of Markdown.
fn plain(text: &str) -> String {
    text.replace("**", "").replace('`', "")
}

/// A result-type of reports: what it says, and the pages that it leads to.
pub fn result_type(result_type: &ResultType, width: usize) -> String {
    let mut page = Page::new(width.min(100));
    page.line(&[(Look::Strong, result_type.name), (Look::Faint, "  a result-type of TLS reports")]);
    page.gap();
    page.paragraph(&[(Look::Faint, "  meaning        ")], Look::Plain, result_type.meaning);
    page.paragraph(&[(Look::Faint, "  under enforce  ")], Look::Plain, result_type.under_enforce);
    page.paragraph(&[(Look::Faint, "  reference      ")], Look::Plain, result_type.reference);
    page.gap();
    page.line(&[(Look::Strong, "Pages")]);
    let longest = result_type.rules.iter().map(|rule| rule.code.len()).max().unwrap_or(0);
    for rule in result_type.rules {
        let command = format!("  stsready explain {:<longest$}  ", rule.code);
        page.paragraph(&[(Look::Code, command.as_str())], Look::Plain, rule.title);
    }
    page.finish()
}

/// The same as Markdown.
pub fn result_type_markdown(result_type: &ResultType) -> String {
    let ResultType { name, meaning, under_enforce, reference, rules } = result_type;
    let pages: String = rules.iter().map(|rule| format!("- `{}`: {}\n", rule.code, rule.title)).collect();
    format!("# {name}\n\nA result-type of TLS reports ({reference}): {meaning}.\n\nUnder enforce: {under_enforce}.\n\n## Pages\n\n{pages}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rule::Stage;

    static WIDE: Rule = Rule {
        code: "family-something-long-indeed",
        title: "a title that goes on and on and on until no terminal holds it",
        stage: Stage::Mx,
        severities: &[Severity::Blocker, Severity::Warning],
        undetermined: true,
        reference: "RFC 1",
        page: "# family-something-long-indeed\n\n## What is wrong\n\nA paragraph that is far longer than the page is wide, so that it has to be wrapped somewhere.\n\n| of what | how much of it there is |\n|---|---|\n| a first thing with many words | `another` thing with many words |\n\n- an item that is longer than the page is wide, too\n",
    };

    static RULES: &[&Rule] = &[&WIDE];

    #[test]
    fn a_page_keeps_to_its_width() {
        for width in [40, 60, 100] {
            let type_of_reports = ResultType {
                name: "some-result-type",
                meaning: "something that takes many words to tell, more than a line has",
                under_enforce: "that",
                reference: "RFC 1",
                rules: RULES,
            };
            let pages = [explain(&WIDE, width), result_type(&type_of_reports, width)];
            for page in pages {
                let plain = anstream::adapter::strip_str(&page).to_string();
                assert!(plain.lines().all(|line| line.width() <= width.max(70)), "{width}\n{plain}");
                assert!(plain.contains("another") || plain.contains("some-result-type"), "{plain}");
            }
        }
        let narrow = anstream::adapter::strip_str(&explain(&WIDE, 40)).to_string();
        assert!(narrow.lines().all(|line| line.width() <= 40), "{narrow}");
        assert!(narrow.contains("  - a first thing with many words:\n    another thing"), "{narrow}");
    }
}
