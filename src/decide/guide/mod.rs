//! Where a domain stands on the ladder of a playbook.
//!
//! In: facts, a playbook, what it was called for, a time. Out: a [`Guide`]. The facts are judged as `check` judges them; gates read the
//! findings, steps that plan a change get their steps and their exact texts from the change planner, which refuses where it must.
//! Nothing is remembered from one run to the next: a step is done when the world is as it wants it.

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
use crate::model::guide::{Guide, Standing};
use crate::model::settings::Settings;
use crate::playbook::Playbook;
use crate::playbook::gate::Gate;
use crate::rules::Case;
use crate::wire::name::Domain;

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
    let mut ladder = Ladder::new(&assessment, case.held.published.txt_ttl, now);
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
    let (rungs, current, mut standing) = ladder.finish();
    let parks = |gate: &Gate| matches!(gate, Gate::Answer(Answer::NotApplicable));
    let applies = assessment.answer != Answer::NotApplicable
        || playbook.steps.iter().any(|step| step.gates.iter().flat_map(|gate| &gate.any).any(parks));
    if !applies {
        standing = Standing::NotApplicable;
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
