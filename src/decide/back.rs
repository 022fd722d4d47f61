//! The commitment of a switch, and the way back from it (decision: "Commitment horizon"): until when whom, and what to publish.

use jiff::SignedDuration;

use super::next::step;
use super::texts::{enforcing, testing};
use crate::evidence::horizon::{against, if_enforced};
use crate::evidence::past::held::longest;
use crate::model::assessment::{Horizon, PolicySummary, Question};
use crate::model::finding::{Finding, Fix};
use crate::rules::Case;
use crate::rules::drift::hosts;
use crate::wire::policy;

/// Until when senders hold what, and how to take it back; `None` where there is no policy to switch or to stay with.
pub(super) fn horizon(case: &Case<'_>, question: Question, policy: Option<&PolicySummary>, findings: &[Finding]) -> Option<Horizon> {
    let max_age = match question {
        Question::StayInEnforce => policy?.max_age,
        // The policy that is to be published is the one that will be held.
        Question::SwitchToEnforce => policy::parse(&enforcing(&policy?.text)).max_age,
        Question::StartTesting | Question::CheckStage => return None,
    };
    let mut horizon = if_enforced(case.facts, &case.held.published, max_age, case.now)?;
    let hosts = hosts(case, findings);
    horizon.older = case.held.policies.iter().map(|held| against(held, &hosts)).collect();
    horizon.roll_back = roll_back(case, &horizon);
    Some(horizon)
}

/// The steps back, the quickest first.
fn roll_back(case: &Case<'_>, horizon: &Horizon) -> Vec<Fix> {
    let Some(body) = case.body else { return Vec::new() };
    let domain = &case.facts.domain;
    let held = longest(horizon.held_until, &horizon.clamped);
    // What will be served then is the text in enforce.
    let text = testing(&enforcing(&body.text));
    // The id of a step back is of another text than that of the step forward, and later.
    let id = case.fresh_id(&text, case.now.checked_add(SignedDuration::from_secs(1)).unwrap_or(case.now));
    vec![
        step("mend the MX host or its certificate, if that is what fails: it works at once, also at senders that hold the policy"),
        step(format!("else serve this at https://mta-sts.{domain}/.well-known/mta-sts.txt, and verify the bytes")).with(text),
        step(
            "then publish this id, one that was never used before: a sender that looks up the record, at the latest when its TTL is over, \
             fetches the policy anew",
        )
        .with(case.record_line(&id)),
        step(format!(
            "delete neither the record nor the file: without them senders go on with the enforce policy that they hold, the last until {held}"
        )),
    ]
}
