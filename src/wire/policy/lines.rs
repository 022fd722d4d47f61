//! Cuts a policy into lines. The grammar knows LF and CRLF; a CR alone is counted as a line end too, and marked.

/// One line, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: usize,
    pub(super) text: &'a str,
    /// Whether it ends in a CR that no LF follows, or in several.
    pub(super) bare_cr: bool,
}

/// The lines of `text`; a line end at the very end opens no further line.
pub(super) fn split(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut pieces: Vec<&str> = text.split('\n').collect();
    let unfinished = pieces.pop().filter(|last| !last.is_empty());
    let finished = pieces.into_iter().map(|piece| piece.strip_suffix('\r').unwrap_or(piece));
    for piece in finished.chain(unfinished) {
        split_at_cr(piece, &mut lines);
    }
    lines
}

/// What is left between two line ends may hold CRs. Empty parts between CRs are no blank lines: the CRs are the fault.
fn split_at_cr<'a>(piece: &'a str, lines: &mut Vec<Line<'a>>) {
    let bare_cr = piece.contains('\r');
    let mut parts = piece.split('\r').filter(|part| !bare_cr || !part.is_empty()).peekable();
    if parts.peek().is_none() {
        lines.push(Line { number: lines.len() + 1, text: "", bare_cr });
        return;
    }
    let ends_in_cr = piece.ends_with('\r');
    while let Some(text) = parts.next() {
        let bare_cr = parts.peek().is_some() || ends_in_cr;
        lines.push(Line { number: lines.len() + 1, text, bare_cr });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sort_of_line_end_is_a_line_end() {
        for (text, expected) in [
            ("a", vec![("a", false)]),
            ("a\n", vec![("a", false)]),
            ("a\r\nb\r\n", vec![("a", false), ("b", false)]),
            ("a\n\n", vec![("a", false), ("", false)]),
            ("a\n\nb", vec![("a", false), ("", false), ("b", false)]),
            ("a\rb\rc", vec![("a", true), ("b", true), ("c", false)]),
            ("a\rb\r", vec![("a", true), ("b", true)]),
            ("a\r\r\nb\n", vec![("a", true), ("b", false)]),
            ("a\n\r\nb", vec![("a", false), ("", false), ("b", false)]),
            ("a\n\r\r\nb", vec![("a", false), ("", true), ("b", false)]),
        ] {
            let lines: Vec<_> = split(text).iter().map(|line| (line.text, line.bare_cr)).collect();
            assert_eq!(lines, expected, "{text:?}");
            assert!(split(text).iter().map(|line| line.number).eq(1..=lines.len()), "{text:?}");
        }
    }
}
