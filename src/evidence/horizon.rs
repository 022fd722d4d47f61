//! The commitment that a policy is: until when senders may hold it (RFC 8461 §3.2, §8.1), and how older ones meet the hosts of today.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::past::Published;
use super::past::held::{HeldPolicy, after, clamps};
use crate::model::assessment::{Horizon, OlderPolicy};
use crate::model::facts::Facts;
use crate::wire::name::Domain;
use crate::wire::policy::Mode;

/// Until when a sender may hold the policy if it is (or stays) enforced from `now` on; `None` without a `max_age` or a TXT record.
pub fn if_enforced(facts: &Facts, published: &Published, max_age: Option<u64>, now: Timestamp) -> Option<Horizon> {
    let max_age = max_age?;
    facts.policy.as_ref().and_then(|policy| policy.txt.answer.seen())?;
    let txt_ttl = published.txt_ttl;
    let from = after(now, u64::from(txt_ttl));
    Some(Horizon {
        held_until: after(from, max_age),
        max_age,
        txt_ttl,
        clamped: clamps(Mode::Enforce, max_age, from),
        older: Vec::new(),
        roll_back: Vec::new(),
    })
}

/// The MX hosts of today, as older policies meet them.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    /// All of them.
    pub live: BTreeSet<Domain>,
    /// Those at which senders would be refused by any policy: no STARTTLS, or a certificate that is not valid.
    pub broken: BTreeSet<Domain>,
}

/// A policy that senders may hold, held against the hosts of today.
pub fn against(held: &HeldPolicy, hosts: &Hosts) -> OlderPolicy {
    let covered = |host: &Domain| held.mx.iter().any(|pattern| pattern.matches(host));
    let uncovered: Vec<Domain> = hosts.live.iter().filter(|host| !covered(host)).cloned().collect();
    let broken: Vec<Domain> = hosts.broken.iter().cloned().collect();
    OlderPolicy {
        sha256: held.sha256,
        seen: held.seen,
        mode: held.mode.as_str().to_owned(),
        max_age: held.max_age,
        mx: held.mx.iter().map(ToString::to_string).collect(),
        first_seen: held.first_seen,
        last_seen: held.last_seen,
        held_until: held.until,
        clamped: held.clamped.clone(),
        satisfied: uncovered.is_empty() && broken.is_empty(),
        uncovered,
        broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::HeldFrom;
    use crate::wire::pattern::MxPattern;

    #[test]
    fn an_older_policy_is_held_against_the_hosts_of_today() {
        let names = |names: &[&str]| names.iter().map(|name| Domain::from_dns(name)).collect::<BTreeSet<_>>();
        let held = HeldPolicy {
            mode: Mode::Enforce,
            max_age: 604_800,
            mx: vec![MxPattern::exact(Domain::from_dns("mx1.shop.example"))],
            sha256: None,
            seen: HeldFrom::Checks,
            first_seen: Timestamp::UNIX_EPOCH,
            last_seen: Timestamp::UNIX_EPOCH,
            gone: None,
            until: Timestamp::UNIX_EPOCH,
            clamped: Vec::new(),
            asked_until: Timestamp::UNIX_EPOCH,
            under_this_id: false,
        };
        for (live, broken, satisfied, uncovered) in [
            (&["mx1.shop.example"][..], &[][..], true, 0),
            (&["mx1.shop.example", "mx2.shop.example"], &[], false, 1),
            (&["mx1.shop.example"], &["mx1.shop.example"], false, 0),
        ] {
            let older = against(&held, &Hosts { live: names(live), broken: names(broken) });
            assert_eq!((older.satisfied, older.uncovered.len(), older.broken.len()), (satisfied, uncovered, broken.len()), "{live:?}");
        }
    }
}
