//! The catalogue and its pages, for a terminal.

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

/// A rule's page: headings, paragraphs wrapped to the width, lists, code as it is.
pub fn explain(rule: &Rule, width: usize) -> String {
    let mut page = Page::new(width.min(100));
    let mut code = false;
    let mut paragraph = String::new();
    let mut lead = String::new();
    for line in rule.page.lines() {
        let fence = line.trim_start().strip_prefix("```");
        if code {
            if fence.is_some() {
                code = false;
                page.gap();
            } else {
                page.verbatim(4, if line.is_empty() { " " } else { line });
            }
            continue;
        }
        let item = is_item(line);
        if line.trim().is_empty() || line.starts_with('#') || fence.is_some() || item {
            flush(&mut page, &mut lead, &mut paragraph);
        }
        if let Some(info) = fence {
            code = true;
            page.gap();
            let kind = info.split_whitespace().next().unwrap_or_default();
            if matches!(kind, "bad" | "good") {
                let look = if kind == "bad" { Look::Bad } else { Look::Good };
                page.line(&[(Look::Plain, "  "), (look, kind)]);
            }
        } else if let Some(heading) = line.strip_prefix("# ") {
            page.line(&[(Look::Strong, heading), (Look::Faint, &format!("  {}  {}", severities(rule), rule.title))]);
        } else if let Some(heading) = line.strip_prefix("## ") {
            page.gap();
            page.line(&[(Look::Strong, heading)]);
        } else if line.trim().is_empty() {
            page.gap();
        } else if item {
            let indent = line.len() - line.trim_start().len();
            let (mark, text) = line.trim_start().split_once(' ').unwrap_or(("-", line));
            lead = format!("{}{mark} ", " ".repeat(indent + 2));
            paragraph = text.to_owned();
        } else {
            if paragraph.is_empty() && lead.is_empty() {
                lead = "  ".to_owned();
            } else {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim());
        }
    }
    flush(&mut page, &mut lead, &mut paragraph);
    page.finish()
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

/// Whether the line begins an item of a list: `- ` or `1. `, at any depth.
fn is_item(line: &str) -> bool {
    let numbered = |(number, _): (&str, &str)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    line.trim_start().starts_with("- ") || line.trim_start().split_once(". ").is_some_and(numbered)
}

fn flush(page: &mut Page, lead: &mut String, paragraph: &mut String) {
    if !paragraph.is_empty() {
        let text = paragraph.replace("**", "").replace('`', "");
        page.paragraph(&[(Look::Plain, lead.as_str())], Look::Plain, &text);
    }
    lead.clear();
    paragraph.clear();
}
