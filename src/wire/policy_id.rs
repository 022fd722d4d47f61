//! The id of a policy (RFC 8461 §3.1): made so that it is never used twice and tells which text it was made for.
//!
//! An id of ours is the time at which it was made and the beginning of the text's SHA-256: `20261122090000Z1a2b3c4d`. So it can be told
//! later, from what is published alone, whether the id was changed together with the text, and since when at the earliest.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::fingerprint::Fingerprint;

/// The time's form, and how long it is.
const TIME: &str = "%Y%m%d%H%M%S";
const TIME_LENGTH: usize = 14;

/// An id for `text`, made at `now`, that is none of `used`.
pub fn fresh(text: &str, now: Timestamp, used: &BTreeSet<String>) -> String {
    // Out of these bounds a year has a sign or leaves no room to count on; no clock is there.
    let latest = Timestamp::MAX.checked_sub(SignedDuration::from_hours(24 * 365)).unwrap_or(Timestamp::MAX);
    let now = now.clamp(Timestamp::UNIX_EPOCH, latest);
    let at = |later: i64| now.checked_add(SignedDuration::from_secs(later)).unwrap_or(now);
    let made = |at: Timestamp| format!("{}Z{}", at.strftime(TIME), mark(text));
    // One more candidate than there are used ones: one is free.
    let mut candidates = (0..=i64::try_from(used.len()).unwrap_or(i64::MAX)).map(|later| made(at(later)));
    candidates.find(|id| !used.contains(id)).unwrap_or_else(|| made(now))
}

/// Whether an id was made for this text; an id in another form tells nothing and names none.
pub fn names(id: &str, text: &str) -> bool {
    made_at(id).is_some() && id.get(TIME_LENGTH + 1..) == Some(mark(text).as_str())
}

/// Whether an id says which text it was made for, be it this one or another.
pub fn is_marked(id: &str) -> bool {
    let is_mark = |mark: &str| mark.len() == 8 && mark.bytes().all(|byte| byte.is_ascii_hexdigit());
    made_at(id).is_some() && id.get(TIME_LENGTH + 1..).is_some_and(is_mark)
}

/// When an id of ours was made; `None` for any other.
pub fn made_at(id: &str) -> Option<Timestamp> {
    let (time, rest) = (id.get(..TIME_LENGTH)?, id.get(TIME_LENGTH..)?);
    if !time.bytes().all(|byte| byte.is_ascii_digit()) || !rest.starts_with('Z') {
        return None;
    }
    Some(DateTime::strptime(TIME, time).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Eight digits that stand for a text; line ends and white space behind lines are no part of it.
fn mark(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let digest = Fingerprint::of(lines.join("\n").trim_end().as_bytes());
    digest.as_bytes().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_tells_its_text_and_its_time() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().expect("a time");
        let id = fresh("mode: enforce\n", now, &BTreeSet::new());
        assert!(id.starts_with("20261122090000Z"), "{id}");
        assert_eq!(made_at(&id), Some(now));
        assert!(is_marked(&id) && !is_marked("20261122090000Z") && !is_marked("20260101T000000"));
        assert!(names(&id, "mode: enforce\r\n") && names(&id, "mode: enforce") && !names(&id, "mode: testing\n"));
        for other in ["20260101T000000", "1", "", "20261122090000", "20269922090000Z", "2026112209000éZ", "20261122090000Z"] {
            assert!(!names(other, "mode: enforce\n"), "{other}");
        }
        assert_eq!(made_at("20261122090000Z"), Some(now));
        for other in ["20261122090000", "20261122090000X1a2b3c4d", "2026112209000aZ1a2b3c4d"] {
            assert_eq!(made_at(other), None, "{other}");
        }
        let again = fresh("mode: enforce\n", now, &BTreeSet::from([id.clone()]));
        assert!(again != id && names(&again, "mode: enforce\n"));
    }

    #[test]
    fn at_the_end_of_time_there_is_another_id_still() {
        let first = fresh("mode: none\n", Timestamp::MAX, &BTreeSet::new());
        assert_ne!(fresh("mode: none\n", Timestamp::MAX, &BTreeSet::from([first.clone()])), first);
    }

    proptest! {
        #[test]
        fn an_id_is_legal_and_was_never_used(text in "\\PC{0,40}", second in -377_705_023_201_i64..=253_402_207_200, again in 0_usize..40) {
            let now = Timestamp::from_second(second).expect("in range");
            let mut used = BTreeSet::new();
            for _ in 0..=again {
                let id = fresh(&text, now, &used);
                prop_assert!((1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{}", id);
                prop_assert!(names(&id, &text));
                prop_assert!(used.insert(id), "used before");
            }
        }

        #[test]
        fn any_id_can_be_asked(id in "\\PC{0,40}|[0-9]{12,16}Z?[0-9a-f]{0,9}") {
            if let Some(at) = made_at(&id) {
                prop_assert!(id.starts_with(&at.strftime(TIME).to_string()));
            }
        }
    }
}
