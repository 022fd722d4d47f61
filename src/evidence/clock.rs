//! How far the clock here is from that of the policy host: out of the `Date` of its answers and when these came.

use jiff::Timestamp;

use crate::model::facts::Facts;
use crate::model::facts::policy::Fetch;
use crate::wire::http_date;

/// A header's second is cut off, and so is ours.
const ROUNDING: i64 = 1;

/// The two clocks, as one answer shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Seconds that the clock here is ahead; negative if it is behind. What the fetch itself took is not counted.
    pub seconds: i64,
    /// When the answer was complete, by the clock here.
    pub here: Timestamp,
    /// The `Date` sent.
    pub date: String,
    /// For how many seconds a cache said it had held the answer.
    pub age: Option<u64>,
    /// The address that answered.
    pub place: String,
}

/// The least difference over all answers: a `Date` kept in a cache looks old, and no cache makes one from the future.
///
/// Only answers that came to the newest vantage count: those of another were dated by another clock. `None` where a draft is judged.
pub fn offset(facts: &Facts) -> Option<Offset> {
    let policy = facts.policy.as_ref().filter(|policy| policy.draft.is_none())?;
    let is_lent = |fetch: &&Fetch| {
        let subject = format!("{} {}", policy.host, fetch.place());
        facts.others.iter().any(|other| other.gave.contains(&subject))
    };
    // By user agent they are lent as a whole, and nothing says by whom.
    let by_agent = policy.by_agent.iter().filter(|_| facts.others.is_empty());
    let own = policy.fetches.iter().filter(|fetch| !is_lent(fetch)).chain(by_agent);
    own.filter_map(of).min_by_key(|offset| offset.seconds.unsigned_abs())
}

fn of(fetch: &Fetch) -> Option<Offset> {
    let answer = fetch.answered()?;
    let sent = answer.date.as_ref()?;
    let age = answer.age.as_deref().and_then(http_date::age);
    let date = http_date::date(sent)?.as_second();
    // A cache keeps the Date of the origin or sends a fresh one: that clock stood somewhere between Date and Date + Age.
    let latest = date.saturating_add(i64::try_from(age.unwrap_or(0)).unwrap_or(i64::MAX));
    let here = fetch.at.as_second();
    // The answer was made somewhere between the first packet and the last.
    let earliest = here.saturating_sub(i64::try_from(fetch.elapsed_ms / 1000).unwrap_or(i64::MAX)).saturating_sub(ROUNDING);
    let seconds = if date > here.saturating_add(ROUNDING) {
        here.saturating_sub(date)
    } else if latest < earliest {
        earliest.saturating_sub(latest)
    } else {
        0
    };
    Some(Offset { seconds, here: fetch.at, date: sent.clone(), age, place: fetch.place() })
}
