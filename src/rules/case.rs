//! What every rule is given: the facts of one domain, the time they are judged at, and the policy already read.

use jiff::Timestamp;

use crate::model::facts::Facts;
use crate::model::facts::policy::Body;
use crate::model::history::History;
use crate::model::settings::Settings;
use crate::wire::policy::{self, Policy};

/// One domain to be judged.
#[derive(Debug)]
pub struct Case<'a> {
    /// What was observed.
    pub facts: &'a Facts,
    /// As of when it is judged.
    pub now: Timestamp,
    /// The thresholds.
    pub settings: &'a Settings,
    /// The policy's bytes: the draft, else the first body served with status 200.
    pub body: Option<&'a Body>,
    /// The policy read out of [`Case::body`]; `None` if only the beginning of it is known.
    pub policy: Option<Policy>,
    /// What earlier checks saw, with what these facts show on top; `None` where nothing is remembered.
    pub past: Option<History>,
}

impl<'a> Case<'a> {
    /// Reads the policy once for all rules.
    pub fn new(facts: &'a Facts, settings: &'a Settings, now: Timestamp) -> Self {
        let body = facts.policy.as_ref().and_then(|policy| {
            if let Some(draft) = &policy.draft {
                return Some(&draft.body);
            }
            let answers = || policy.fetches.iter().filter_map(|fetch| fetch.answered());
            answers().find(|answer| answer.status == 200).map(|answer| &answer.body)
        });
        // What was cut off at the cap says nothing about what the policy asks.
        let served = facts.policy.iter().flat_map(|policy| &policy.fetches).filter_map(|fetch| fetch.answered());
        let cut = served.clone().any(|answer| answer.too_large && Some(&answer.body) == body);
        let policy = body.filter(|_| !cut).map(|body| policy::parse(&body.text));
        let past = facts.history.as_ref().map(|history| history.clone().for_judging(now).seeing(facts));
        Self { facts, now, settings, body, policy, past }
    }
}
