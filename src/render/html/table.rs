//! Tables that a screen reader can read and a phone can show: a caption, headings with their scope, a frame that scrolls by itself.

use super::paper::{Paper, name};
use super::scale::Share;
use crate::render::escape::html;
use crate::render::page::Look;

/// What stands in a cell; nothing of it is markup yet.
#[derive(Debug)]
pub(super) enum Cell {
    /// Words.
    Text(String),
    /// Words of some length, which get room on a phone.
    Long(String),
    /// Something to be copied or compared letter by letter.
    Code(String),
    /// How many.
    Number(u64),
    /// A sign and a word that say the same as the colour.
    State(Look, &'static str, String),
    /// A bar beside a number: nothing that the number does not say.
    Bar(Look, Share),
}

/// Writes a table; the first cell of each row is what the row is about. Nothing without rows.
pub(super) fn write(paper: &mut Paper, caption: &str, columns: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() {
        return;
    }
    paper.line(format_args!("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">", html(caption)));
    paper.put(format_args!("<table>\n<caption>{}</caption>\n<thead><tr>", html(caption)));
    for column in columns {
        paper.put(format_args!("<th scope=\"col\">{}</th>", html(column)));
    }
    paper.line(format_args!("</tr></thead>\n<tbody>"));
    for row in rows {
        paper.put(format_args!("<tr>"));
        for (index, cell) in row.iter().enumerate() {
            put(paper, cell, index == 0);
        }
        paper.line(format_args!("</tr>"));
    }
    paper.line(format_args!("</tbody>\n</table>\n</div>"));
}

fn put(paper: &mut Paper, cell: &Cell, heads: bool) {
    let (open, close) = if heads { ("th scope=\"row\"", "th") } else { ("td", "td") };
    match cell {
        Cell::Text(text) => paper.put(format_args!("<{open}>{}</{close}>", html(text))),
        Cell::Long(text) => paper.put(format_args!("<{open} class=\"wide\">{}</{close}>", html(text))),
        Cell::Code(text) => paper.put(format_args!("<{open}><code>{}</code></{close}>", html(text))),
        Cell::Number(number) => paper.put(format_args!("<{open} class=\"number\">{number}</{close}>")),
        Cell::State(look, sign, word) => {
            paper.put(format_args!("<{open} class=\"state {}\">{sign} {}</{close}>", name(*look), html(word)));
        }
        Cell::Bar(look, share) => {
            let fill = name(*look);
            paper.put(format_args!(
                "<{open} class=\"bar\"><svg aria-hidden=\"true\"><rect class=\"f-{fill}\" width=\"{share}\" height=\"100%\"/></svg></{close}>"
            ));
        }
    }
}

/// A table that is folded away until it is asked for.
pub(super) fn folded(paper: &mut Paper, summary: &str, columns: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) {
    paper.line(format_args!("<details>\n<summary>{}</summary>", html(summary)));
    write(paper, summary, columns, rows);
    paper.line(format_args!("</details>"));
}
