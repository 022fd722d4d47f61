//! The change planner: is this change safe now, and in which steps is it made?
//!
//! In: what was observed, the change, a time. Out: a [`Plan`]. The state after the change goes through the same
//! rules as the state before it. A step counts as done when the world is as it wants it: nothing is remembered from one run to the next.

mod after;
mod route;
mod steps;
mod verdict;
mod world;

use jiff::Timestamp;

use self::verdict::Verdict;
use self::world::World;
use super::assess;
use crate::model::acceptance::AcceptanceNote;
use crate::model::assessment::Answer;
use crate::model::change::Change;
use crate::model::facts::Facts;
use crate::model::finding::Finding;
use crate::model::plan::{Plan, StepState};
use crate::model::settings::Settings;
use crate::model::threshold;
use crate::rules::Case;
use crate::rules::change::concerns;

/// What a plan rests on beside the facts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// The id to publish first, in place of a proposed one.
    pub id: Option<&'a str>,
}

/// Plans one change as of `now`.
pub fn plan(facts: &Facts, change: &Change, given: Given<'_>, settings: &Settings, now: Timestamp) -> Plan {
    let today = facts.clone().without_asked();
    let case = Case::new(&today, settings, now);
    let world = World::new(&case, given.id);
    let route = steps::of(&world, facts, change);
    let target = after::of(&world, facts, change);
    let before = assess(&today, settings, now);
    let then = assess(&target, settings, now);
    let verdict =
        verdict::of(&verdict::Grounds { world: &world, change, target: &target, before: &before, then: &then, settings, route: &route });
    let Verdict { answer, findings, standing, because } = verdict;
    let mut plan = Plan {
        domain: facts.domain.clone(),
        change: change.name(),
        subject: change.subject(),
        answer,
        asked_at: now,
        observed_at: facts.observed_at,
        valid_until: before.valid_until,
        vantage: facts.vantage.clone(),
        because,
        findings,
        standing,
        next: None,
        notes: route.notes,
        steps: route.steps,
        held: world.in_caches(),
    };
    // What the operator set for the judgement belongs into the ticket.
    plan.notes.extend(before.acceptances.iter().filter_map(AcceptanceNote::said).map(|said| format!("accepting {said}")));
    plan.notes.extend(threshold::told(&before.thresholds).map(|told| format!("judged {told}")));
    // The first step of what brings hosts is to prove them; whether they are is the verdict's to say.
    let brings = matches!(change, Change::AddMx { .. } | Change::Provider { .. });
    let stands = |finding: &Finding| (finding.blocks() || finding.unsettles()) && change.hosts().iter().any(|host| concerns(finding, host));
    if let Some(first) = plan.steps.first_mut().filter(|_| brings && plan.findings.iter().any(stands)) {
        first.state = StepState::Later;
    }
    if matches!(plan.answer, Answer::Ready) {
        plan.next = plan.steps.iter().position(|step| step.state != StepState::Done);
    } else {
        for step in plan.steps.iter_mut().filter(|step| step.state != StepState::Done) {
            step.state = StepState::Later;
        }
    }
    plan
}

#[cfg(test)]
pub(super) mod tests;
