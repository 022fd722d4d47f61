//! How alike two names are: for "did you mean". In: two texts and the most edits that still count as a slip. Out: the edits.

/// The number of single-character insertions, deletions and replacements that turn `a` into `b`, if at most `most`.
///
/// Costs at most `a.len() * (2 * most + 1)`: only the cells near the diagonal can stay within the bound, so hostile lengths stay cheap.
pub fn edits_within(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let beyond = most + 1;
    let mut row: Vec<usize> = (0..=b.len()).map(|column| column.min(beyond)).collect();
    for (above, left) in a.iter().enumerate() {
        let from = (above + 1).saturating_sub(most).max(1);
        let to = (above + 1 + most).min(b.len());
        let mut diagonal = row.get(from - 1).copied().unwrap_or(beyond);
        // Left of the band: as many deletions as there are rows so far, which is beyond it as soon as the band has left the first column.
        let mut before = (above + 1).min(beyond);
        if let Some(edge) = row.get_mut(from - 1) {
            *edge = before;
        }
        for column in from..=to {
            let (Some(top), Some(right)) = (row.get(column).copied(), b.get(column - 1)) else { break };
            // The cell at the band's right edge has never been reached from above.
            let top = if column == above + 1 + most { beyond } else { top };
            let cell = (diagonal + usize::from(left != right)).min(top + 1).min(before + 1).min(beyond);
            if let Some(place) = row.get_mut(column) {
                *place = cell;
            }
            diagonal = top;
            before = cell;
        }
    }
    row.last().copied().filter(|edits| *edits <= most)
}

/// Of some names the one that a mistyped one was most likely meant to be; the shorter the name, the fewer slips it may hold.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (typed.chars().count() / 3).clamp(1, 4);
    let close = |name: &'a str| edits_within(typed, name, most).map(|edits| (edits, name));
    names.into_iter().filter_map(close).min_by_key(|(edits, _)| *edits).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The whole table, as the textbook has it.
    fn edits(a: &str, b: &str) -> usize {
        let b: Vec<char> = b.chars().collect();
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (above, left) in a.chars().enumerate() {
            let mut next = vec![above + 1];
            for (column, right) in b.iter().enumerate() {
                next.push((row[column] + usize::from(left != *right)).min(row[column + 1] + 1).min(next[column] + 1));
            }
            row = next;
        }
        row[b.len()]
    }

    #[test]
    fn slips_of_the_pen_are_counted() {
        for (a, b, most, edits) in [
            ("mx", "mx", 1, Some(0)),
            ("nmx", "mx", 1, Some(1)),
            ("max-age", "max_age", 2, Some(1)),
            ("verison", "version", 2, Some(2)),
            ("id", "mx", 1, None),
            ("", "mx", 2, Some(2)),
            ("", "", 0, Some(0)),
            ("mx1.exmaple.com", "mx1.example.com", 3, Some(2)),
        ] {
            assert_eq!(edits_within(a, b, most), edits, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_name_is_found_and_none_where_all_are_far() {
        let names = ["store", "sessions", "reporters", "rua"];
        for (typed, meant) in [("stor", Some("store")), ("sesions", Some("sessions")), ("ru", Some("rua")), ("helo", None), ("x", None)] {
            assert_eq!(nearest(typed, names), meant, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn the_band_never_changes_the_count(a in "[abc]{0,9}", b in "[abc]{0,9}", most in 0_usize..5) {
            let whole = edits(&a, &b);
            prop_assert_eq!(edits_within(&a, &b, most), (whole <= most).then_some(whole));
        }
    }
}
