//! Steps put one behind the other: each with its gate, its texts, and what is to be waited for.
//!
//! A step is done if its gate holds and all before it are done. The first that is not done is next; the times of those behind it are
//! reckoned from the earliest time at which it can be done.

use jiff::Timestamp;

use super::steps::same;
use super::world::World;
use crate::evidence::past::held::after;
use crate::model::plan::{Action, Publish, Step, StepState, Wait};

/// When what is waited for is over.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// So many seconds after the step before was done.
    After(u64),
    /// Then, whatever is done.
    At(Timestamp),
}

/// The steps so far.
pub(super) struct Route<'w, 'a> {
    world: &'w World<'a>,
    pub(super) steps: Vec<Step>,
    pub(super) notes: Vec<String>,
    /// When the step to come can be begun at the earliest.
    earliest: Timestamp,
    /// When the last step that is still to do can be done; what is waited for behind it is counted from then.
    base: Option<Timestamp>,
    /// Whether the operator's id is still to be used: it is for the first step that publishes one.
    chosen: bool,
    /// Whether the operator's id is published for the text that it was chosen for.
    chosen_is_published: bool,
    /// Whether nothing can stand against what is left.
    pub(super) free: bool,
}

/// The finished way.
pub(super) struct Way {
    pub(super) steps: Vec<Step>,
    pub(super) notes: Vec<String>,
    /// Whether nothing can stand against it any more.
    pub(super) free: bool,
    /// Whether the operator's id is published for the text that it was chosen for: it is no new one then.
    pub(super) chosen_is_published: bool,
}

impl<'w, 'a> Route<'w, 'a> {
    pub(super) fn new(world: &'w World<'a>) -> Self {
        Self {
            world,
            steps: Vec::new(),
            notes: Vec::new(),
            earliest: world.now,
            base: None,
            chosen: true,
            chosen_is_published: false,
            free: false,
        }
    }

    /// Whether everything so far is done.
    pub(super) fn is_done(&self) -> bool {
        self.steps.iter().all(|step| step.state == StepState::Done)
    }

    /// A step that is done when `gate` holds.
    pub(super) fn step(&mut self, gate: bool, say: impl Into<String>) -> &mut Step {
        if !(self.is_done() && gate) {
            self.base = Some(self.earliest);
        }
        self.push(gate, say)
    }

    fn push(&mut self, gate: bool, say: impl Into<String>) -> &mut Step {
        let state = match (self.is_done(), gate) {
            (true, true) => StepState::Done,
            (true, false) => StepState::Next,
            (false, _) => StepState::Later,
        };
        self.steps.push(Step { say: say.into(), publish: Vec::new(), waits: Vec::new(), verify: Vec::new(), back: None, state });
        let last = self.steps.len() - 1;
        &mut self.steps[last]
    }

    /// Serves a policy.
    pub(super) fn serve(&mut self, gate: bool, text: &str, say: &str) -> &mut Step {
        let domain = self.world.domain();
        let place = format!("https://mta-sts.{domain}/.well-known/mta-sts.txt");
        let verify = vec![format!("curl -sS {place}"), format!("stsready policy {domain}")];
        let step = self.step(gate, say);
        step.publish.push(Publish { action: Action::Replace, place, text: text.to_owned() });
        step.verify = verify;
        step
    }

    /// Publishes a new id for a text; done when the id at the name tells senders of the text served.
    pub(super) fn id(&mut self, text: &str) -> &mut Step {
        let world = self.world;
        let mine = self.is_done() && self.chosen && world.chosen.is_some() && world.chosen == world.id();
        // Where nothing tells of which text an id is, the operator's word counts: it was chosen for this one.
        let own = mine || (self.chosen_is_published && world.chosen == world.id() && world.text.is_some_and(|today| same(today, text)));
        let gate = world.id_is_of_text() || (own && !world.id_is_of_older());
        let is_done = self.is_done() && gate;
        if mine && is_done {
            (self.chosen, self.chosen_is_published) = (false, true);
        }
        let id = if !is_done && std::mem::take(&mut self.chosen) {
            world.fresh_id(text, self.earliest)
        } else {
            world.proposed_id(text, self.earliest)
        };
        let (action, how) = match world.record {
            Some(_) => (Action::Replace, "; the record keeps its TTL"),
            None if world.record_comes_new() => (Action::Add, ""),
            None => (Action::Replace, "; no other record with v=STSv1 may stay beside it"),
        };
        let publish = Publish { action, place: "dns".to_owned(), text: world.record_line(&id) };
        let verify = vec![format!("dig +short TXT {}", world.domain().child("_mta-sts")), format!("stsready policy {}", world.domain())];
        let say = "publish the new id, once the policy is served as it should be: an id names one text and is never used again";
        let step = self.step(gate, format!("{say}{how}"));
        step.publish.push(publish);
        step.verify = verify;
        step
    }

    /// Waits for every end; what is counted is counted from `since`, or from now where nothing tells when it began. `moot` where what it
    /// is for has come about.
    pub(super) fn wait(&mut self, say: impl Into<String>, since: Option<Timestamp>, ends: &[(&str, End)], moot: bool) -> &mut Step {
        let reached = self.is_done();
        let (from, now) = (self.base.or(since).unwrap_or(self.world.now), self.world.now);
        let wait = |(why, end): &(&str, End)| {
            let (seconds, until) = match *end {
                End::After(seconds) => (seconds, after(from, seconds)),
                End::At(until) => (u64::try_from(now.duration_until(until).as_secs()).unwrap_or(0), until),
            };
            Wait { why: (*why).to_owned(), seconds, until }
        };
        let waits: Vec<Wait> = ends.iter().map(wait).collect();
        let end = waits.iter().map(|wait| wait.until).max().unwrap_or(now);
        let unknown = since.is_none() && ends.iter().any(|(_, end)| matches!(end, End::After(_)));
        let over = moot || (!unknown && end <= now);
        if !(reached && over) {
            self.earliest = self.earliest.max(end);
        }
        let step = self.push(over, say);
        if reached && unknown && !over {
            step.say.push_str("; counted from now, as no earlier check tells since when");
        }
        if step.state == StepState::Next {
            step.state = StepState::Waiting;
        }
        step.waits = waits;
        step
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    pub(super) fn finish(self) -> Way {
        Way { steps: self.steps, notes: self.notes, free: self.free, chosen_is_published: self.chosen_is_published }
    }
}
