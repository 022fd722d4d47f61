//! The catalogue and its pages, for a terminal.

use super::blocks::{Block, read};
use super::page::{Look, Page};
use crate::model::result_type::ResultType;
use crate::model::rule::{Rule, Severity};

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
                page.line(&[(Look::Strong, title), (Look::Faint, &format!("  {}  {}", severities(rule), rule.title))]);
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
            Block::Table(rows) => {
                let look = |row: usize| if row == 0 { Look::Faint } else { Look::Plain };
                let row = |(number, cells): (usize, &Vec<&str>)| cells.iter().map(|cell| (look(number), plain(cell))).collect();
                page.table(2, &rows.iter().enumerate().map(row).collect::<Vec<_>>());
            }
            Block::Gap => page.gap(),
        }
    }
    page.finish()
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
    let row = |rule: &&Rule| vec![(Look::Code, format!("stsready explain {}", rule.code)), (Look::Plain, rule.title.to_owned())];
    page.table(2, &result_type.rules.iter().map(row).collect::<Vec<_>>());
    page.finish()
}

/// The same as Markdown.
pub fn result_type_markdown(result_type: &ResultType) -> String {
    let ResultType { name, meaning, under_enforce, reference, rules } = result_type;
    let pages: String = rules.iter().map(|rule| format!("- `{}`: {}\n", rule.code, rule.title)).collect();
    format!("# {name}\n\nA result-type of TLS reports ({reference}): {meaning}.\n\nUnder enforce: {under_enforce}.\n\n## Pages\n\n{pages}")
}
