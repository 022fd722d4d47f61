//! The policy texts of a change of mode. In: today's text. Out: the next one. Whoever tells of a change, a check or a plan, publishes these.

use crate::evidence::providers;
use crate::rules::Case;
use crate::wire::policy::edit::{Edit, edited};
use crate::wire::policy::{Mode, parse};

/// A day, in seconds.
pub(super) const DAY: u64 = 86_400;
/// The first policy in enforce is held for a day at least and a week at most: what is wrong with it must pass soon.
const FIRST_SHORTEST: u64 = DAY;
/// See [`FIRST_SHORTEST`].
const FIRST_LONGEST: u64 = 7 * DAY;

/// The policy to begin with: in testing, with the MX hosts of today; `None` where none is known. It lives for a week in caches: long enough to
/// be used, short enough to be taken back.
pub(super) fn first(case: &Case<'_>) -> Option<String> {
    let hosts = case.facts.servers.as_deref().filter(|hosts| !hosts.is_empty())?;
    let lines =
        providers::patterns(hosts.iter().map(|host| &host.name)).iter().map(|pattern| format!("mx: {pattern}\n")).collect::<String>();
    Some(format!("version: STSv1\nmode: testing\n{lines}max_age: {FIRST_LONGEST}\n"))
}

/// In enforce, for as long as a first one should be held; one in enforce stays as it is.
pub(super) fn enforcing(text: &str) -> String {
    let today = parse(text);
    if today.mode == Some(Mode::Enforce) {
        return text.to_owned();
    }
    let max_age = today.max_age.unwrap_or(FIRST_LONGEST).clamp(FIRST_SHORTEST, FIRST_LONGEST);
    let mut edits = vec![Edit::Mode(Mode::Enforce)];
    edits.extend((today.max_age != Some(max_age)).then_some(Edit::MaxAge(max_age)));
    anew(text, &edits)
}

/// Back in testing; one in testing stays as it is.
pub(super) fn testing(text: &str) -> String {
    if parse(text).mode == Some(Mode::Testing) {
        return text.to_owned();
    }
    anew(text, &[Edit::Mode(Mode::Testing)])
}

/// Withdrawn, to be forgotten after a day. Its mx lines stay: some senders want one in every mode.
pub(super) fn withdrawn(text: &str) -> String {
    anew(text, &[Edit::Mode(Mode::None), Edit::MaxAge(DAY)])
}

/// The text with these changes, and without what no text that is written anew should have: a byte order mark, and empty lines, for which
/// some senders reject the whole policy.
pub(super) fn anew(text: &str, edits: &[Edit]) -> String {
    let text = text.trim_start_matches('\u{feff}');
    edited(&text.split_inclusive('\n').filter(|line| !line.trim().is_empty()).collect::<String>(), edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_policy_in_enforce_is_held_for_a_day_to_a_week() {
        let text = |mode: &str, max_age: u64| format!("version: STSv1\nmode: {mode}\nmx: a.b\nmax_age: {max_age}\n");
        for (max_age, held) in [(60, 86_400), (86_400, 86_400), (400_000, 400_000), (604_800, 604_800), (31_557_600, 604_800)] {
            assert_eq!(enforcing(&text("testing", max_age)), text("enforce", held), "{max_age}");
        }
        assert_eq!(enforcing(&text("enforce", 31_557_600)), text("enforce", 31_557_600), "enforced already");
        assert_eq!(enforcing("version: STSv1\nmode: testing\nmx: a.b\n"), text("enforce", 604_800));
        assert_eq!(withdrawn(&text("enforce", 31_557_600)), text("none", 86_400));
    }

    #[test]
    fn a_text_that_is_written_anew_has_no_empty_lines() {
        let served = |mode: &str| format!("\u{feff}version: STSv1\r\n\r\nmode: {mode}\r\n  \r\nmx: a.b\r\nmax_age: 86400\r\n\r\n");
        let anew = |mode: &str| format!("version: STSv1\r\nmode: {mode}\r\nmx: a.b\r\nmax_age: 86400\r\n");
        assert_eq!(enforcing(&served("testing")), anew("enforce"));
        assert_eq!(testing(&served("enforce")), anew("testing"));
        assert_eq!(withdrawn(&served("enforce")), anew("none"));
        // What is not changed keeps its bytes: an id may have been made for them.
        assert_eq!(testing(&served("testing")), served("testing"));
    }
}
