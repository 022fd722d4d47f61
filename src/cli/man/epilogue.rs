//! What stands behind the options in help, taken apart for a manual page: examples, exit codes, everything else.

/// A section of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section<'a> {
    /// Its heading, in capitals.
    pub(super) title: &'static str,
    /// In their order.
    pub(super) blocks: Vec<Block<'a>>,
}

/// A part of a section.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block<'a> {
    /// Prose.
    Paragraph(&'a str),
    /// A word, and what it means.
    Item(&'a str, &'a str),
    /// Lines as they are.
    Verbatim(Vec<&'a str>),
}

/// Takes `text` apart: an unindented line that ends in a colon heads the indented ones below it.
pub(super) fn read(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let said = line.trim();
        if line.starts_with(' ') {
            let blocks = within(&mut sections, None);
            match (said.split_once("  "), said.starts_with(|c: char| c.is_ascii_digit())) {
                // Exit codes are numbers.
                (Some((term, meaning)), true) => blocks.push(Block::Item(term, meaning.trim_start())),
                _ => match blocks.last_mut() {
                    Some(Block::Verbatim(lines)) => lines.push(&line[2.min(line.len())..]),
                    _ => blocks.push(Block::Verbatim(vec![&line[2.min(line.len())..]])),
                },
            }
        } else if said.starts_with("Example") && said.ends_with(':') {
            within(&mut sections, Some("EXAMPLES"));
        } else if said.starts_with("Exit codes") {
            let blocks = within(&mut sections, Some("EXIT STATUS"));
            // What else the heading says: of what, or all of it in one line.
            match said.strip_prefix("Exit codes:").map(str::trim) {
                Some("") => {}
                Some(all) => blocks.push(Block::Paragraph(all)),
                None => blocks.push(Block::Paragraph(said)),
            }
        } else if ["With many domains", "As a monitoring plugin"].iter().any(|begin| said.starts_with(begin)) {
            within(&mut sections, None).push(Block::Paragraph(said));
        } else {
            within(&mut sections, Some("NOTES")).push(Block::Paragraph(said));
        }
    }
    sections
}

/// The blocks of the section `title`, which is begun where there is none yet; of the last one without a title.
fn within<'s, 'a>(sections: &'s mut Vec<Section<'a>>, title: Option<&'static str>) -> &'s mut Vec<Block<'a>> {
    let title = title.or(sections.last().map(|section| section.title)).unwrap_or("NOTES");
    let place = sections.iter().position(|section| section.title == title).unwrap_or_else(|| {
        sections.push(Section { title, blocks: Vec::new() });
        sections.len() - 1
    });
    // Found, or just put there.
    &mut sections[place].blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit;

    #[test]
    fn examples_stay_lines_and_prose_is_prose() {
        let text = "Examples:\n  stsready a b   (why)\n  stsready c\nEvery run looks.\n\nExit codes: 0 read, 2 wrong\n";
        let section = |title, blocks| Section { title, blocks };
        assert_eq!(
            read(text),
            [
                section("EXAMPLES", vec![Block::Verbatim(vec!["stsready a b   (why)", "stsready c"])]),
                section("NOTES", vec![Block::Paragraph("Every run looks.")]),
                section("EXIT STATUS", vec![Block::Paragraph("0 read, 2 wrong")]),
            ]
        );
    }

    #[test]
    fn every_exit_code_is_an_item() {
        let sections = read(exit::TABLE);
        let [section] = sections.as_slice() else { panic!("{sections:?}") };
        let terms: Vec<&str> =
            section.blocks.iter().filter_map(|block| if let Block::Item(term, _) = block { Some(*term) } else { None }).collect();
        assert_eq!((section.title, terms), ("EXIT STATUS", vec!["0", "1", "2", "3", "4"]));
        let [.., Block::Paragraph(many), Block::Paragraph(plugin)] = section.blocks.as_slice() else { panic!("{section:?}") };
        assert!(many.starts_with("With many domains") && plugin.starts_with("As a monitoring plugin"));
    }
}
