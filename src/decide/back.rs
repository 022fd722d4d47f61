//! The commitment of a switch, and the way back from it (decision: "Commitment horizon"): until when whom, and what to publish.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::next::{record, step, ttl};
use crate::evidence::horizon::{self, Hosts};
use crate::model::assessment::{AddressOutcome, Horizon, MxSummary, PolicySummary, Question};
use crate::model::facts::servers::MxSource;
use crate::model::finding::Fix;
use crate::model::history::seen::{Kind, Seen};
use crate::rules::{Case, txt};
use crate::wire::name::Domain;
use crate::wire::policy::Mode;
use crate::wire::policy::edit::{Edit, edited};

/// Until when senders hold what, and how to take it back; `None` where there is no policy to switch or to stay with.
pub(super) fn horizon(case: &Case<'_>, question: Question, policy: Option<&PolicySummary>, mx: &[MxSummary]) -> Option<Horizon> {
    if !matches!(question, Question::SwitchToEnforce | Question::StayInEnforce) {
        return None;
    }
    let mut horizon = horizon::if_enforced(case.facts, policy.and_then(|policy| policy.max_age), case.now)?;
    if let Some(past) = &case.past {
        horizon.older = horizon::older(past, policy.map(|policy| policy.sha256), &hosts(case, mx), case.now);
    }
    horizon.roll_back = roll_back(case, &horizon);
    Some(horizon)
}

/// Today's hosts as any policy meets them.
pub(super) fn hosts(case: &Case<'_>, mx: &[MxSummary]) -> Hosts {
    let asked = |name: &Domain| case.facts.servers.iter().flatten().any(|host| host.name == *name && host.source == MxSource::Asked);
    let live = || mx.iter().filter(|host| !asked(&host.host));
    let broken = live().filter(|host| host.addresses.iter().any(|address| address.outcome == AddressOutcome::Broken));
    Hosts { live: live().map(|host| host.host.clone()).collect(), broken: broken.map(|host| host.host.clone()).collect() }
}

/// The steps back, the quickest first.
fn roll_back(case: &Case<'_>, horizon: &Horizon) -> Vec<Fix> {
    let Some(body) = case.body else { return Vec::new() };
    let domain = &case.facts.domain;
    let held = horizon.clamped.iter().map(|clamp| clamp.held_until).fold(horizon.held_until, jiff::Timestamp::max);
    // The step forward has taken the first id.
    let id = unused_id(case, &BTreeSet::from([unused_id(case, &BTreeSet::new())]));
    vec![
        step("mend the MX host or its certificate, if that is what fails: it works at once, also at senders that hold the policy"),
        step(format!("else serve this at https://mta-sts.{domain}/.well-known/mta-sts.txt, and verify the bytes"))
            .with(edited(&body.text, &[Edit::Mode(Mode::Testing)])),
        step(format!(
            "then publish this id, one that was never used before: a sender that looks up the record, at the latest {} seconds (its TTL) \
             later, fetches the policy anew",
            ttl(case.facts)
        ))
        .with(record(case, &id)),
        step(format!(
            "delete neither the record nor the file: without them senders go on with the enforce policy that they hold, the last until {held}"
        )),
    ]
}

/// An id that was never seen, made of the time.
pub(super) fn unused_id(case: &Case<'_>, taken: &BTreeSet<String>) -> String {
    let spans = case.past.iter().flat_map(|past| past.of(Kind::PolicyRecord)).flat_map(|subject| &subject.spans);
    let used: BTreeSet<&str> = spans
        .filter_map(|span| match &span.seen {
            Seen::PolicyRecord { id, .. } => id.as_deref(),
            _ => None,
        })
        .chain(taken.iter().map(String::as_str))
        .collect();
    // One more second than there are ids is enough.
    let seconds = 0..=i64::try_from(used.len()).unwrap_or(i64::MAX);
    let mut ids = seconds.map(|second| txt::fresh_id(case.now.checked_add(SignedDuration::from_secs(second)).unwrap_or(case.now)));
    ids.find(|id| !used.contains(id.as_str())).unwrap_or_else(|| txt::fresh_id(case.now))
}
