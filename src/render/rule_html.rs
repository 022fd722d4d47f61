//! A rule's page as HTML: one file that needs nothing else, without script, every text escaped.

use std::fmt::Write as _;

use super::blocks::{Block, read};
use super::escape;
use super::html::shell;
use crate::model::result_type::ResultType;
use crate::model::rule::Rule;

/// What such a page has beyond the common style.
const STYLE: &str =
    "pre.bad{border-color:var(--bad)}pre.good{border-color:var(--good)}.about{color:var(--faint)}.deeper{margin-left:1.5rem}";

/// A rule's page.
pub fn rule(rule: &Rule) -> String {
    let severities: Vec<&str> = rule.severities.iter().map(|severity| severity.as_str()).collect();
    let weight = if severities.is_empty() { String::new() } else { format!("{}: ", severities.join(" or ")) };
    let about = format!("{weight}{} ({})", rule.title, rule.reference);
    document(rule.code, &about, &read(rule.page))
}

/// A result-type of reports, with the pages that it leads to.
pub fn result_type(result_type: &ResultType) -> String {
    let page = super::rules::result_type_markdown(result_type);
    document(result_type.name, "a result-type of TLS reports", &read(&page))
}

fn document(title: &str, about: &str, blocks: &[Block<'_>]) -> String {
    let mut out = "<main>\n".to_owned();
    let mut list: Option<&str> = None;
    for block in blocks {
        let next = match block {
            Block::Item { mark, .. } => Some(if *mark == "-" { "ul" } else { "ol" }),
            // Between two items an empty line ends nothing.
            Block::Gap => list,
            _ => None,
        };
        if next != list {
            if let Some(list) = list {
                let _ = writeln!(out, "</{list}>");
            }
            if let (Some(next), Block::Item { mark, .. }) = (next, block) {
                let start = mark.trim_end_matches('.');
                let _ = if next == "ol" { writeln!(out, "<ol start=\"{}\">", escape::html(start)) } else { writeln!(out, "<ul>") };
            }
            list = next;
        }
        // Writing to a String cannot fail, here and above.
        let _ = match block {
            Block::Title(title) => writeln!(out, "<h1>{}</h1>\n<p class=\"about\">{}</p>", inline(title), escape::html(about)),
            Block::Heading(heading) => writeln!(out, "<h2>{}</h2>", inline(heading)),
            Block::Paragraph(text) => writeln!(out, "<p>{}</p>", inline(text)),
            Block::Item { indent, text, .. } => {
                let class = if *indent > 0 { " class=\"deeper\"" } else { "" };
                writeln!(out, "<li{class}>{}</li>", inline(text))
            }
            Block::Code { kind, lines } => {
                let class = if matches!(*kind, "bad" | "good") { format!(" class=\"{kind}\"") } else { String::new() };
                let text: Vec<_> = lines.iter().map(|line| escape::html(line)).collect();
                writeln!(out, "<pre{class}>{}</pre>", text.join("\n"))
            }
            Block::Table(rows) => table(&mut out, rows),
            Block::Gap => Ok(()),
        };
    }
    if let Some(list) = list {
        let _ = writeln!(out, "</{list}>");
    }
    out.push_str("</main>\n");
    shell::document(title, STYLE, &out)
}

fn table(out: &mut String, rows: &[Vec<&str>]) -> std::fmt::Result {
    writeln!(out, "<table>")?;
    for (index, row) in rows.iter().enumerate() {
        let tag = if index == 0 { "th" } else { "td" };
        let cells: String = row.iter().map(|cell| format!("<{tag}>{}</{tag}>", inline(cell))).collect();
        writeln!(out, "<tr>{cells}</tr>")?;
    }
    writeln!(out, "</table>")
}

/// Code between backticks, strong words between double stars; all else is text. A mark that is never closed is text, too.
fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((mark, tag, at)) =
        [("`", "code"), ("**", "strong")].into_iter().filter_map(|(m, t)| Some((m, t, rest.find(m)?))).min_by_key(|(_, _, at)| *at)
    {
        let (before, after) = (&rest[..at], &rest[at + mark.len()..]);
        let Some((inside, behind)) = after.split_once(mark) else { break };
        let _ = write!(out, "{}<{tag}>{}</{tag}>", escape::html(before), if tag == "code" { escape::html(inside) } else { inline(inside) });
        rest = behind;
    }
    out.push_str(&escape::html(rest));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rule::{Severity, Stage};

    fn page(text: &'static str) -> String {
        let severities = &[Severity::Blocker, Severity::Warning];
        rule(&Rule { code: "x-y", title: "a <b> & c", stage: Stage::Mx, severities, undetermined: false, reference: "RFC 1", page: text })
    }

    #[test]
    fn a_page_becomes_one_document() {
        let html =
            page("# x-y\n\n## Fix\n\nsay `a<b` and **do `c`**\n\n1. one\n\n2. two\n- three\n\n```bad\n<x>&\n```\n\n| h |\n|---|\n| d |\n");
        for part in [
            "<title>x-y</title>",
            "<h1>x-y</h1>\n<p class=\"about\">blocker or warning: a &lt;b&gt; &amp; c (RFC 1)</p>",
            "<h2>Fix</h2>",
            "<p>say <code>a&lt;b</code> and <strong>do <code>c</code></strong></p>",
            "<ol start=\"1\">\n<li>one</li>\n<li>two</li>\n</ol>\n<ul>\n<li>three</li>\n</ul>",
            "<pre class=\"bad\">&lt;x&gt;&amp;</pre>",
            "<tr><th>h</th></tr>\n<tr><td>d</td></tr>",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
    }

    #[test]
    fn nothing_on_a_page_is_markup_of_its_own() {
        let html = page(
            "# <script>\n\n<img src=x onerror=alert(1)> \"' `never closed **nor this\n\n```<b>\n</pre><script>alert(1)</script>\n```\n",
        );
        let body = html.split("<body>").nth(1).expect("a body");
        for hostile in ["<script", "<img", "</pre><", "<b>"] {
            assert!(!body.contains(hostile), "{hostile}\n{body}");
        }
        assert!(body.contains("`never closed **nor this") && body.contains("&quot;&#39;"), "{body}");
    }

    #[test]
    fn every_element_that_is_opened_is_closed() {
        for text in ["- a\n\ntext\n- b", "1. a\n- b\n1. c\n```\nx", "| a |", "- a\n   - b\n", "**a `b** c`", "# t\n- `x"] {
            let html = document("t", "a", &read(text));
            for tag in ["ul", "ol", "li", "pre", "table", "code", "strong", "p", "h1"] {
                let (opened, closed) = (html.matches(&format!("<{tag}>")).count(), html.matches(&format!("</{tag}>")).count());
                let with_attributes = html.matches(&format!("<{tag} ")).count();
                assert_eq!(opened + with_attributes, closed, "{tag}\n{html}");
            }
        }
    }
}
