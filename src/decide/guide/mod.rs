//! Where a domain stands on the ladder of a playbook.
//!
//! In: facts, a playbook, what it was called for, a time. Out: a [`Guide`]. The facts are judged as `check` judges them; gates read the
//! findings, steps that plan a change get their steps and their exact texts from the change planner, which refuses where it must.
//! Nothing is remembered from one run to the next: a step is done when the world is as it wants it.

mod due;
mod gates;
mod ladder;
mod values;

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;

use self::ladder::Ladder;
use super::assess;
use super::change::{Given, plan};
use crate::model::assessment::Answer;
use crate::model::change::Change;
use crate::model::facts::Facts;
use crate::model::facts::dns::MxRecord;
use crate::model::guide::{Guide, RungState, Standing};
use crate::model::history::seen::{Kind, Seen};
use crate::model::settings::Settings;
use crate::playbook::gate::Gate;
use crate::playbook::{PlanOf, Playbook};
use crate::rules::Case;
use crate::wire::name::Domain;
use crate::wire::pattern::MxPattern;

/// What a playbook was called for.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// Where reports shall go, where there is no record yet.
    pub rua: Option<&'a str>,
    /// The web server that serves, or shall serve, the policy.
    pub web: Option<&'a Web>,
    /// The host that it is about.
    pub host: Option<&'a Domain>,
    /// The changes that its steps plan.
    pub changes: &'a [Change],
    /// The command that looks again.
    pub again: &'a str,
}

/// A web server, as a record leads to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Web {
    /// By its address.
    Address(IpAddr),
    /// By an alias for its name.
    Alias(Domain),
}

impl fmt::Display for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Alias(name) => name.fmt(f),
        }
    }
}

/// Walks a playbook for one domain as of `now`.
pub fn guide(facts: &Facts, playbook: &Playbook, about: About<'_>, settings: &Settings, now: Timestamp) -> Guide {
    let today = facts.clone().without_asked();
    let assessment = assess(&today, settings, now);
    let case = Case::new(&today, settings, now);
    let values = values::of(&case, &assessment, about);
    let mut ladder = Ladder::new(&assessment, &case);
    for step in &playbook.steps {
        let change = step.plan.and_then(|kind| about.changes.iter().find(|change| change.name() == kind.as_str()));
        match change {
            Some(change) => {
                let given = Given { id: None };
                ladder.plan(step, &values, &plan(facts, change, given, settings, now));
            }
            None => ladder.step(step, &values),
        }
    }
    let (mut rungs, current, mut standing) = ladder.finish();
    let applies = assessment.answer != Answer::NotApplicable || is_for_parked(playbook, &case);
    if !applies {
        standing = Standing::NotApplicable;
        for rung in &mut rungs {
            rung.state = RungState::Ahead;
        }
    }
    Guide {
        domain: facts.domain.clone(),
        playbook: playbook.name.clone(),
        title: playbook.title(&values),
        intro: playbook.intro(&values),
        standing,
        asked_at: now,
        observed_at: facts.observed_at,
        again: about.again.to_owned(),
        rungs,
        current: current.filter(|_| applies),
    }
}

/// Whether the playbook has something to do for a domain that takes no mail: one about such domains, and one that takes back a policy that
/// is there, or is held.
fn is_for_parked(playbook: &Playbook, case: &Case<'_>) -> bool {
    let parks = |gate: &Gate| matches!(gate, Gate::Answer(Answer::NotApplicable));
    let takes_back = || playbook.plans().any(|plan| matches!(plan, PlanOf::Leave | PlanOf::Testing));
    let is_there = || case.policy.is_some() || case.record().is_some() || !case.held.policies.is_empty();
    playbook.steps.iter().any(|step| step.gates.iter().flat_map(|gate| &gate.any).any(parks)) || (takes_back() && is_there())
}

/// Why this change has nothing that it could be made to: the host that is to go is an MX host neither by the records of today, nor by
/// today's policy, nor by anything remembered. `None` where it is one, and where that could not be looked up.
pub fn moot(facts: &Facts, change: &Change, settings: &Settings, now: Timestamp) -> Option<String> {
    let Change::RemoveMx { host } = change else { return None };
    let today = facts.clone().without_asked();
    let case = Case::new(&today, settings, now);
    let mail = today.mail.as_ref().filter(|mail| mail.mx.failure().is_none())?;
    let names = |records: &[MxRecord]| records.iter().any(|record| record.exchange == *host);
    let remembered = case.past.iter().flat_map(|past| past.of(Kind::Mx)).flat_map(|subject| &subject.spans);
    let covers = |mx: &[MxPattern]| mx.iter().any(|pattern| pattern.matches(host));
    let is_one = mail.mx.seen().is_some_and(|answer| names(&answer.value))
        || case.policy.as_ref().is_some_and(|policy| covers(&policy.mx))
        || case.held.policies.iter().any(|held| covers(&held.mx))
        || remembered.into_iter().any(|span| matches!(&span.seen, Seen::Mx { records } if names(records)));
    let domain = &facts.domain;
    (!is_one).then(|| {
        format!("{host} is and was no MX host of {domain}, as far as is known here: no MX record, no policy and no earlier check names it")
    })
}

#[cfg(test)]
mod tests;
