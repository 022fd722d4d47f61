//! What to do with the answer, with the exact texts: where it is "ready", the switch; where nothing is published, the first policy.
//!
//! The switch is the one that `change enforce` plans: the same text, the same id, the same record.

use super::texts::{enforcing, first};
use crate::model::assessment::{Answer, Question};
use crate::model::finding::Fix;
use crate::rules::Case;

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
    let Some(policy) = first(case) else { return Vec::new() };
    let record = case.record_line(&case.fresh_id(&policy, case.now));
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

pub(super) fn step(say: impl Into<String>) -> Fix {
    Fix { say: say.into(), publish: None }
}

/// From testing to enforce (decision: "switch to enforce").
fn switch(case: &Case<'_>) -> Vec<Fix> {
    let Some(body) = case.body else { return Vec::new() };
    let domain = &case.facts.domain;
    let text = enforcing(&body.text);
    let record = case.record_line(&case.fresh_id(&text, case.now));
    vec![
        step(format!("serve this at https://mta-sts.{domain}/.well-known/mta-sts.txt")).with(text),
        step("fetch it and compare the bytes; many senders read it only after the next step"),
        step("publish a new id, one that was never used before; the record keeps its TTL").with(record),
        step("check again once the record's TTL is over, after 24 hours, after 72 hours and after 7 days"),
    ]
}
