//! Rungs put one above the other: each with its gates and its dates; then which of them is current.

use jiff::{SignedDuration, Timestamp};

use super::{due, gates};
use crate::model::assessment::{Answer, Assessment};
use crate::model::finding::{Finding, Outcome};
use crate::model::guide::{Block, GateState, Piece, Rung, RungState, Standing};
use crate::model::plan::{self, Plan, StepState, Wait};
use crate::playbook::Step;
use crate::playbook::placeholder::Values;
use crate::playbook::wait::WaitFor;
use crate::rules::Case;
use crate::wire::policy::Mode;

/// The rungs so far.
pub(super) struct Ladder<'a> {
    assessment: &'a Assessment,
    txt_ttl: u64,
    /// The mode that the policy should have before the switch.
    due: Mode,
    now: Timestamp,
    rungs: Vec<(Rung, Kind)>,
    /// When the rung to come can be begun at the earliest; `None` once no date can be computed.
    earliest: Option<Timestamp>,
}

/// What is known of a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing here can check it.
    Unchecked,
    /// Its gates hold.
    Done,
    /// There is something to do.
    ToDo,
    /// There is nothing to do but to wait.
    Waiting,
    /// It could not be looked at.
    Unknown,
}

impl<'a> Ladder<'a> {
    pub(super) fn new(assessment: &'a Assessment, case: &Case<'_>) -> Self {
        let txt_ttl = u64::from(case.held.published.txt_ttl);
        Self { assessment, txt_ttl, due: due::mode(case), now: case.now, rungs: Vec::new(), earliest: Some(case.now) }
    }

    /// A step of the playbook's own.
    pub(super) fn step(&mut self, step: &Step, values: &Values) {
        let gates = gates::of(&step.gates, self.assessment, self.due);
        let done = gates.states.iter().all(|gate| gate.open);
        let known = gates.against.iter().any(|finding| finding.outcome == Outcome::Broken);
        let kind = if step.gates.is_empty() && step.plan.is_none() {
            Kind::Unchecked
        } else if done && step.plan.is_none() {
            Kind::Done
        } else if known || gates.against.is_empty() {
            Kind::ToDo
        } else if step.wait.is_some() {
            Kind::Waiting
        } else {
            Kind::Unknown
        };
        let from = self.earliest.filter(|at| *at > self.now && kind != Kind::Done);
        let waits = if kind == Kind::Done { Vec::new() } else { step.wait.and_then(|wait| self.wait(wait)).into_iter().collect() };
        let rung = Rung {
            id: step.id.clone(),
            title: step.title(values),
            state: RungState::Ahead,
            gates: gates.states,
            against: gates.against.into_iter().cloned().collect(),
            from,
            waits,
            body: step.body(values),
        };
        self.rungs.push((rung, kind));
    }

    /// The steps of a plan, in the place of the step that plans it.
    pub(super) fn plan(&mut self, step: &Step, values: &Values, plan: &Plan) {
        let stands: Vec<Finding> = plan.findings.iter().filter(|finding| finding.blocks() || finding.unsettles()).cloned().collect();
        if plan.steps.is_empty() {
            // There is nothing yet that the change could be made to: what stands against it says what.
            self.step(step, values);
            if let Some((rung, _)) = self.rungs.last_mut() {
                rung.against = stands;
            }
            return;
        }
        let first = plan.steps.iter().position(|planned| planned.state != StepState::Done);
        let base = self.earliest;
        for (index, planned) in plan.steps.iter().enumerate() {
            let kind = match (planned.state, plan.answer) {
                (StepState::Done, _) => Kind::Done,
                (_, Answer::Inconclusive) => Kind::Unknown,
                (StepState::Waiting, _) => Kind::Waiting,
                _ => Kind::ToDo,
            };
            let from = self.earliest.filter(|at| *at > self.now && kind != Kind::Done);
            let waits = if kind == Kind::Done { Vec::new() } else { self.planned(&planned.waits, base) };
            let mut body = if first == Some(index) { step.body(values) } else { Vec::new() };
            body.extend(texts(planned, plan.answer == Answer::Ready));
            let rung = Rung {
                id: format!("{}.{}", step.id, index + 1),
                title: planned.say.clone(),
                state: RungState::Ahead,
                gates: vec![GateState { gate: format!("change:{}", plan.change), open: kind == Kind::Done }],
                against: if first == Some(index) { stands.clone() } else { Vec::new() },
                from,
                waits,
                body,
            };
            self.rungs.push((rung, kind));
        }
    }

    /// The waits of a plan that is reckoned from now, reckoned from when it can be begun.
    fn planned(&mut self, waits: &[Wait], base: Option<Timestamp>) -> Vec<Wait> {
        let Some(base) = base else { return Vec::new() };
        let later = base.duration_since(self.now);
        let waits: Vec<Wait> = waits.iter().map(|wait| Wait { until: add(wait.until, later), ..wait.clone() }).collect();
        self.earliest = waits.iter().map(|wait| wait.until).chain(self.earliest).max();
        waits
    }

    fn wait(&mut self, wait: WaitFor) -> Option<Wait> {
        let since = self.earliest;
        let policy = self.assessment.policy.as_ref();
        let (why, seconds) = match wait {
            WaitFor::Evidence => {
                let until = self.assessment.reports.as_ref().and_then(|reports| reports.suffices_at);
                self.earliest = until.map(|until| self.earliest.map_or(until, |earliest| earliest.max(until)));
                let seconds = u64::try_from(until?.duration_since(self.now).as_secs()).unwrap_or(0);
                return Some(Wait { why: "reports that suffice, if they stay clean".to_owned(), seconds, until: until? });
            }
            WaitFor::Ttl => ("every resolver has the new record", self.txt_ttl),
            WaitFor::Policy => {
                let held = policy.and_then(|policy| policy.max_age).map(|max_age| max_age + self.txt_ttl);
                let Some(held) = held else {
                    self.earliest = None;
                    return None;
                };
                ("nobody holds what was served before", held)
            }
            WaitFor::Time(seconds) => ("so long at least", seconds),
        };
        let until = add(since?, SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)));
        self.earliest = Some(until);
        Some(Wait { why: why.to_owned(), seconds, until })
    }

    /// The rungs with their states, which of them is current, and where that leaves the domain.
    pub(super) fn finish(self) -> (Vec<Rung>, Option<usize>, Standing) {
        let current = self.rungs.iter().position(|(_, kind)| !matches!(kind, Kind::Unchecked | Kind::Done));
        let standing = match current.and_then(|current| self.rungs.get(current)).map(|(_, kind)| *kind) {
            None => Standing::Done,
            Some(Kind::Waiting) => Standing::Waiting,
            Some(Kind::Unknown) => Standing::Unknown,
            Some(_) => Standing::ToDo,
        };
        let end = current.unwrap_or(self.rungs.len());
        // What nothing can check is to be read when it is its turn: right before the current step.
        let read = self.rungs.iter().take(end).rposition(|(_, kind)| *kind != Kind::Unchecked).map_or(0, |last| last + 1);
        let state = |index: usize, kind: Kind| match kind {
            Kind::Done => RungState::Done,
            Kind::Waiting if Some(index) == current => RungState::Waiting,
            _ if Some(index) == current || (read..end).contains(&index) => RungState::Current,
            Kind::Unchecked if index < end => RungState::Done,
            _ => RungState::Ahead,
        };
        let rungs = self.rungs.into_iter().enumerate().map(|(index, (rung, kind))| Rung { state: state(index, kind), ..rung });
        (rungs.collect(), current, standing)
    }
}

/// What a planned step says; its texts only where the plan may be carried out.
fn texts(planned: &plan::Step, go: bool) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    if go {
        blocks.extend(planned.publish.iter().cloned().map(Block::Publish));
    }
    if !planned.verify.is_empty() {
        blocks.push(Block::Verify(planned.verify.clone()));
    }
    if let Some(back) = &planned.back {
        blocks.push(Block::Paragraph(vec![Piece::Strong("The way back:".to_owned()), Piece::Text(format!(" {back}."))]));
    }
    blocks
}

fn add(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}
