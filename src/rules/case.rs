//! What every rule is given: the facts of one domain, the time they are judged at, the policy already read, what senders may still hold,
//! and the texts that a next policy is published with.

use jiff::Timestamp;

use crate::evidence::past::Held;
use crate::model::facts::Facts;
use crate::model::facts::policy::Body;
use crate::model::history::History;
use crate::model::settings::Settings;
use crate::wire::name::Domain;
use crate::wire::policy::{self, Policy};
use crate::wire::sts_record::{self, StsRecord};
use crate::wire::{policy_id, zone};

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
    /// The policies other than today's that senders may hold, and how today's was published.
    pub held: Held,
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
        let remembered = facts.history.clone().unwrap_or_else(|| History::nothing(facts.domain.clone()));
        let past = remembered.for_judging(now).seeing(facts);
        let held = Held::of(facts, policy.as_ref(), &past, now);
        Self { facts, now, settings, body, policy, past: facts.history.is_some().then_some(past), held }
    }

    /// The `_mta-sts` record that counts.
    pub fn record(&self) -> Option<StsRecord> {
        self.facts.policy.as_ref().and_then(|policy| sts_record::select(&policy.txt.texts()))
    }

    /// Where the `_mta-sts` record really lies: behind its CNAMEs, where nothing else may be.
    pub fn record_name(&self) -> Domain {
        let answer = self.facts.policy.as_ref().and_then(|policy| policy.txt.answer.seen());
        let target = answer.and_then(|answer| answer.via.last()).map(|link| link.target.clone());
        target.unwrap_or_else(|| self.facts.domain.child("_mta-sts"))
    }

    /// The record with this id as a line of a zone file; what else it says stays, and so does its TTL.
    pub fn record_line(&self, id: &str) -> String {
        match self.record() {
            Some(record) => zone::txt_line_kept(&self.record_name(), &record.with_id(id)),
            None => zone::txt_line(&self.record_name(), &StsRecord::default().with_id(id)),
        }
    }

    /// An id for a text that is published at `at` at the earliest, never used before as far as is known.
    pub fn fresh_id(&self, text: &str, at: Timestamp) -> String {
        policy_id::fresh(text, at, &self.held.published.ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::policy::Fetch;
    use crate::model::looked::Looked;
    use crate::rules::fixture;

    /// What was cut off at the cap may have gone on with anything.
    #[test]
    fn a_policy_of_which_only_the_beginning_is_known_is_not_read() {
        let fetch = |last: u8, body: &str, too_large| {
            let answer = crate::model::facts::policy::Response { too_large, ..crate::model::fixture::served(body) };
            Fetch {
                address: [192, 0, 2, last].into(),
                at: fixture::NOW.parse().expect("a time"),
                agent: "test".to_owned(),
                elapsed_ms: 1,
                connect: Looked::Seen(1),
                tls: None,
                response: Some(Looked::Seen(answer)),
            }
        };
        let other = fixture::POLICY.replace("604800", "86400");
        for (what, fetches, max_age) in [
            ("whole", vec![fetch(1, fixture::POLICY, false)], Some(604_800)),
            ("cut", vec![fetch(1, fixture::POLICY, true)], None),
            ("another one is cut", vec![fetch(1, fixture::POLICY, false), fetch(2, &other, true)], Some(604_800)),
            ("the first one is cut", vec![fetch(1, fixture::POLICY, true), fetch(2, &other, false)], None),
        ] {
            let mut facts = fixture::facts();
            let policy = facts.policy.as_mut().expect("it has one");
            (policy.draft, policy.fetches) = (None, fetches);
            let settings = Settings::default();
            let case = Case::new(&facts, &settings, fixture::NOW.parse().expect("a time"));
            assert_eq!(case.policy.and_then(|policy| policy.max_age), max_age, "{what}");
            assert!(case.body.is_some(), "{what}");
        }
    }
}
