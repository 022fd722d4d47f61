//! What to do with the answer, with the exact texts: where it is "ready", the switch; where nothing is published, the first policy.

use std::collections::BTreeSet;

use super::back::unused_id;
use crate::model::assessment::{Answer, Question};
use crate::model::facts::Facts;
use crate::model::finding::Fix;
use crate::model::looked::Looked;
use crate::rules::Case;
use crate::wire::policy::Mode;
use crate::wire::policy::edit::{Edit, edited};
use crate::wire::zone;

/// The first policy lives for a week in caches: long enough to be used, short enough to be taken back.
const FIRST_MAX_AGE: u32 = 604_800;

/// The steps in their order; empty where the findings themselves say what to do.
pub(super) fn steps(case: &Case<'_>, question: Question, answer: Answer) -> Vec<Fix> {
    match (question, answer) {
        (Question::SwitchToEnforce, Answer::Ready) => switch(case),
        (Question::StartTesting, Answer::NotReady) if case.body.is_none() => start(case),
        _ => Vec::new(),
    }
}

/// From nothing to testing, with the MX hosts of today; empty where there are none.
fn start(case: &Case<'_>) -> Vec<Fix> {
    let domain = &case.facts.domain;
    let Some(policy) = first_policy(case) else { return Vec::new() };
    let record = zone::txt_line(&domain.child("_mta-sts"), &format!("v=STSv1; id={};", unused_id(case, &BTreeSet::new())));
    vec![
        step("publish the TLS-RPT record, so that reports begin to come"),
        step(format!(
            "serve this at https://mta-sts.{domain}/.well-known/mta-sts.txt, as text/plain, with a certificate for mta-sts.{domain}"
        ))
        .with(policy),
        step("publish its record; an id names one text of the policy and is never used again").with(record),
        step("stay in testing for two weeks at least, while reports come in; then check again with --reports"),
    ]
}

/// The policy to begin with: in testing, with the MX hosts of today; `None` where none is known.
pub(super) fn first_policy(case: &Case<'_>) -> Option<String> {
    let hosts: Vec<String> = case.facts.servers.iter().flatten().map(|host| format!("mx: {}\n", host.name)).collect();
    (!hosts.is_empty()).then(|| format!("version: STSv1\nmode: testing\n{}max_age: {FIRST_MAX_AGE}\n", hosts.concat()))
}

pub(super) fn step(say: impl Into<String>) -> Fix {
    Fix { say: say.into(), publish: None }
}

/// From testing to enforce (decision: "switch to enforce").
fn switch(case: &Case<'_>) -> Vec<Fix> {
    let Some(body) = case.body else { return Vec::new() };
    let domain = &case.facts.domain;
    let ttl = ttl(case.facts);
    let record = record(case, &unused_id(case, &BTreeSet::new()));
    vec![
        step(format!("serve this at https://mta-sts.{domain}/.well-known/mta-sts.txt"))
            .with(edited(&body.text, &[Edit::Mode(Mode::Enforce)])),
        step("fetch it and compare the bytes; many senders read it only after the next step"),
        step("publish a new id, one that was never used before").with(record),
        step(format!("check again after {ttl} seconds (the record's TTL), after 24 hours, after 72 hours and after 7 days")),
    ]
}

/// The `_mta-sts` record with this id, as it is published now.
pub(super) fn record(case: &Case<'_>, id: &str) -> String {
    format!("_mta-sts.{}. {} IN TXT \"v=STSv1; id={id};\"", case.facts.domain, ttl(case.facts))
}

pub(super) fn ttl(facts: &Facts) -> u32 {
    facts.policy.as_ref().and_then(|policy| Looked::seen(&policy.txt.answer)).map_or(3600, |answer| answer.ttl)
}
