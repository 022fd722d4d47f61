//! The commitment that a policy is: until when senders may hold it (RFC 8461 §3.2, §8.1).

use jiff::{SignedDuration, Timestamp};

use crate::model::assessment::Horizon;
use crate::model::facts::Facts;
use crate::model::looked::Looked;

/// Until when a sender may hold the policy if it is (or stays) enforced from `now` on; `None` without a `max_age` or a TXT record.
pub fn if_enforced(facts: &Facts, max_age: Option<u64>, now: Timestamp) -> Option<Horizon> {
    let max_age = max_age?;
    let txt_ttl = facts.policy.as_ref().and_then(|policy| Looked::seen(&policy.txt.answer))?.ttl;
    let seconds = i64::try_from(max_age).ok()?.checked_add(i64::from(txt_ttl))?;
    Some(Horizon { held_until: now.checked_add(SignedDuration::from_secs(seconds)).ok()?, max_age, txt_ttl })
}
