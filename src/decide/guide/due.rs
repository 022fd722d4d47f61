//! The policy that should be served before the switch. In: the case. Out: its mode, its text, and the record that announces it.
//!
//! It is in testing. Where senders may go by a policy in enforce already, it stays there: a fault of the policy is mended in the policy, and
//! not by giving up what protects the domain.

use super::super::question;
use crate::decide::texts::{anew, first};
use crate::model::assessment::Assessment;
use crate::model::history::seen::{Kind, Seen};
use crate::rules::Case;
use crate::wire::pattern::MxPattern;
use crate::wire::policy::edit::{Edit, canonical};
use crate::wire::policy::{Mode, Policy, parse};
use crate::wire::policy_id;

/// The mode that it should have.
pub(super) fn mode(case: &Case<'_>) -> Mode {
    let counts = case.policy.as_ref().and_then(|policy| policy.mode).or_else(|| case.held.last_mode());
    if counts == Some(Mode::Enforce) && may_be_held(case) { Mode::Enforce } else { Mode::Testing }
}

/// Whether a sender may go by what is served, or by an older policy in enforce: where no record tells that there is a policy, and none is
/// known from before, nobody does.
fn may_be_held(case: &Case<'_>) -> bool {
    let unknown = case.facts.policy.as_ref().is_some_and(|policy| policy.txt.answer.failure().is_some());
    case.record().is_some() || unknown || case.held.enforced().next().is_some()
}

/// The mode in words; an error, and why, where today's could not be looked at.
pub(super) fn told(case: &Case<'_>) -> Result<Mode, &'static str> {
    let unknown = question::mode_is_unknown(case) && case.held.last_mode().is_none();
    if unknown && may_be_held(case) { Err("the policy that is served could not be fetched") } else { Ok(mode(case)) }
}

/// Its text: the one that is served, put right where it must be; else the last one that was seen to be right; else the first.
pub(super) fn text(case: &Case<'_>, assessment: &Assessment) -> Result<String, &'static str> {
    let mode = told(case)?;
    let first = first(case).ok_or("no MX host of the domain is known")?;
    let usable = assessment.policy.as_ref().is_some_and(|policy| policy.usable);
    let is_right = |policy: &&Policy| usable || policy.problems.is_empty();
    let served = case.policy.as_ref().filter(is_right).and(case.body).map(|body| body.text.clone());
    let base = served.or_else(|| remembered(case)).unwrap_or(first);
    let policy = parse(&base);
    let hosts = case.facts.servers.iter().flatten().map(|host| &host.name);
    let missing = hosts.filter(|host| !policy.mx.iter().any(|pattern| pattern.matches(host)));
    let mut edits: Vec<Edit> = missing.map(|host| Edit::AddMx(MxPattern::exact(host.clone()))).collect();
    if policy.mode != Some(mode) {
        edits.push(Edit::Mode(mode));
    }
    Ok(anew(&base, &edits))
}

/// The text that checks saw last of those without a fault that were in force.
fn remembered(case: &Case<'_>) -> Option<String> {
    let spans = case.past.iter().flat_map(|past| past.of(Kind::Policy)).flat_map(|subject| &subject.spans);
    let texts = spans.filter_map(|span| match &span.seen {
        Seen::Policy { text, .. } => Some((span.last_seen, text)),
        _ => None,
    });
    let in_force = texts.filter(|(_, text)| {
        let policy = parse(text);
        policy.problems.is_empty() && matches!(policy.mode, Some(Mode::Testing | Mode::Enforce))
    });
    in_force.max_by_key(|(at, _)| *at).map(|(_, text)| text.clone())
}

/// The record that announces it; an error, and why, while it is not what is served. The id in use stays where it names the text.
pub(super) fn record(case: &Case<'_>, text: &Result<String, &'static str>) -> Result<String, &'static str> {
    let due = text.as_ref().map_err(|why| *why)?;
    let says = |text: &str| canonical(&parse(text));
    let served = case.body.map(|body| body.text.as_str()).filter(|served| says(served) == says(due));
    let served = served.ok_or("the policy is not served as it should be yet; serve it first, then look again")?;
    let present = case.record().and_then(|record| record.id);
    let id = present.filter(|id| policy_id::names(id, served)).unwrap_or_else(|| case.fresh_id(served, case.now));
    Ok(case.record_line(&id))
}
