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
    edited(text, &edits)
}

/// Back in testing.
pub(super) fn testing(text: &str) -> String {
    edited(text, &[Edit::Mode(Mode::Testing)])
}

/// Withdrawn, to be forgotten after a day. Its mx lines stay: some senders want one in every mode.
pub(super) fn withdrawn(text: &str) -> String {
    edited(text, &[Edit::Mode(Mode::None), Edit::MaxAge(DAY)])
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
}
