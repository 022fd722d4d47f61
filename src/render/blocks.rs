//! A rule's page, cut into blocks: the little of Markdown that pages are written in. One reading for the terminal and for HTML.

/// A piece of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block<'a> {
    /// `# …`
    Title(&'a str),
    /// `## …`
    Heading(&'a str),
    /// Lines that belong together, as one.
    Paragraph(String),
    /// `- …` or `1. …`, with the lines that go on with it.
    Item {
        /// How many spaces stand before it.
        indent: usize,
        /// `-`, or the number with its dot.
        mark: &'a str,
        /// What it says.
        text: String,
    },
    /// What stands between fences, line by line.
    Code {
        /// The first word behind the fence: `bad`, `good` or nothing.
        kind: &'a str,
        /// The lines as they are.
        lines: Vec<&'a str>,
    },
    /// Rows of cells; the first is the heading.
    Table(Vec<Vec<&'a str>>),
    /// An empty line.
    Gap,
}

/// Cuts a page.
pub(super) fn read(page: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut lines = page.lines();
    // Whether the next line may go on with the last block.
    let mut open = false;
    while let Some(line) = lines.next() {
        let was_open = std::mem::replace(&mut open, false);
        if let Some(info) = line.trim_start().strip_prefix("```") {
            let kind = info.split_whitespace().next().unwrap_or_default();
            let inside = lines.by_ref().take_while(|line| !line.trim_start().starts_with("```"));
            blocks.push(Block::Code { kind, lines: inside.collect() });
        } else if line.trim().is_empty() {
            blocks.push(Block::Gap);
        } else if let Some(title) = line.strip_prefix("# ") {
            blocks.push(Block::Title(title));
        } else if let Some(heading) = line.strip_prefix("## ") {
            blocks.push(Block::Heading(heading));
        } else if line.starts_with('|') {
            let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
            match blocks.last_mut() {
                _ if cells.iter().all(|cell| !cell.is_empty() && cell.bytes().all(|byte| matches!(byte, b'-' | b':'))) => {}
                Some(Block::Table(rows)) => rows.push(cells),
                _ => blocks.push(Block::Table(vec![cells])),
            }
        } else if let Some((mark, text)) = item(line) {
            open = true;
            blocks.push(Block::Item { indent: line.len() - line.trim_start().len(), mark, text: text.to_owned() });
        } else {
            open = true;
            match blocks.last_mut().filter(|_| was_open) {
                Some(Block::Paragraph(text) | Block::Item { text, .. }) => {
                    text.push(' ');
                    text.push_str(line.trim());
                }
                _ => blocks.push(Block::Paragraph(line.trim().to_owned())),
            }
        }
    }
    blocks
}

/// The mark and the text of an item of a list, at any depth.
fn item(line: &str) -> Option<(&str, &str)> {
    let (mark, text) = line.trim_start().split_once(' ')?;
    let is_number = || mark.strip_suffix('.').is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    (mark == "-" || is_number()).then_some((mark, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_where_a_reader_would() {
        let page = "# code\n\n## What\n\none\ntwo\n\n- first\n  goes on\n   - deeper\n2. second\n\n| a | b |\n|---|:--|\n| `c` | d |\n\n```bad x\n# not a title\n\n```\nthree\n";
        let item = |indent, mark, text: &str| Block::Item { indent, mark, text: text.to_owned() };
        assert_eq!(
            read(page),
            [
                Block::Title("code"),
                Block::Gap,
                Block::Heading("What"),
                Block::Gap,
                Block::Paragraph("one two".to_owned()),
                Block::Gap,
                item(0, "-", "first goes on"),
                item(3, "-", "deeper"),
                item(0, "2.", "second"),
                Block::Gap,
                Block::Table(vec![vec!["a", "b"], vec!["`c`", "d"]]),
                Block::Gap,
                Block::Code { kind: "bad", lines: vec!["# not a title", ""] },
                Block::Paragraph("three".to_owned()),
            ]
        );
        assert_eq!(read(""), []);
        assert_eq!(read("```\nnever closed"), [Block::Code { kind: "", lines: vec!["never closed"] }]);
        assert_eq!(read("95. percent of it"), [item(0, "95.", "percent of it")]);
    }
}
