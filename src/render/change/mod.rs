//! The plan of a change, one room per format.

pub mod json;
pub mod markdown;
pub mod text;

use crate::model::assessment::Answer;
use crate::model::plan::{Action, Held, HeldFrom, Plan, Publish, StepState};

/// The change as a person says it: `add-mx mx3.example.com`.
fn called(plan: &Plan) -> String {
    match &plan.subject {
        Some(subject) => format!("{} {subject}", plan.change),
        None => plan.change.to_owned(),
    }
}

/// The answer in a word, and what it comes to in a sentence.
fn answer(plan: &Plan) -> (&'static str, String) {
    let (change, domain) = (called(plan), plan.domain.shown());
    let left = plan.steps.iter().filter(|step| step.state != StepState::Done).count();
    match plan.answer {
        Answer::Ready if plan.is_done() => ("DONE", format!("{change} at {domain}: everything is as it should be, nothing is left to do")),
        Answer::Ready => {
            let number = plan.next.map_or(0, |next| next + 1);
            let waiting = plan.next.and_then(|next| plan.steps.get(next)).is_some_and(|step| step.state == StepState::Waiting);
            let what = if waiting { "is a time to wait for" } else { "is next" };
            ("GO", format!("{change} at {domain}: nothing stands against it; step {number} of {} {what}, {left} left", plan.steps.len()))
        }
        Answer::NotReady => {
            ("NO", format!("{change} at {domain} would lose or delay mail, or could not be taken back: see what stands against it"))
        }
        Answer::Inconclusive => ("UNKNOWN", format!("{change} at {domain}: something that it depends on could not be looked at")),
        Answer::NotApplicable => ("NOT APPLICABLE", format!("{domain} takes no mail: there is nothing to change for MTA-STS")),
    }
}

fn state(state: StepState) -> (&'static str, &'static str) {
    match state {
        StepState::Done => ("✓", "done"),
        StepState::Next => ("→", "next"),
        StepState::Waiting => ("…", "wait"),
        StepState::Later => ("·", "later"),
    }
}

/// What is to be done with a text, in words.
fn action(publish: &Publish) -> String {
    let place = if publish.place == "dns" { "in DNS" } else { publish.place.as_str() };
    match publish.action {
        Action::Replace => format!("{place}, in the place of what is there:"),
        Action::Add => format!("{place}, to be added:"),
        Action::Remove => format!("{place}, to be removed:"),
    }
}

fn held(held: &Held) -> String {
    let mode = held.mode.map_or("no valid mode", |mode| mode.as_str());
    let mx = if held.mx.is_empty() { "no mx".to_owned() } else { held.mx.join(", ") };
    let seen = match held.seen {
        HeldFrom::Now => "served now",
        HeldFrom::Checks => "seen by an earlier check",
        HeldFrom::Reports => "named in reports",
    };
    format!("{mode} ({mx}) until {}, {seen}", super::text::minute(held.until))
}
