//! A playbook walked for one domain, one room per format; and playbooks by themselves.

pub mod html;
pub mod json;
pub mod markdown;
pub mod text;

use crate::model::guide::{Guide, Rung, RungState, Standing};
use crate::model::plan::{Action, Publish};

/// Findings beyond these are counted.
const AGAINST_SHOWN: usize = 8;

/// Where the domain stands, in a word and in a sentence.
fn standing(guide: &Guide) -> (&'static str, String) {
    let domain = guide.domain.shown();
    let step = guide.current().map(|rung| rung.title.as_str()).unwrap_or_default();
    let number = format!("step {} of {}", guide.current.map_or(0, |current| current + 1), guide.rungs.len());
    match guide.standing {
        Standing::Done => ("DONE", format!("{domain}: every step of {} that can be checked is done", guide.playbook)),
        Standing::ToDo => ("TO DO", format!("{domain}, {number}: {step}")),
        Standing::Waiting => ("WAIT", format!("{domain}, {number}: {step}")),
        Standing::Unknown => ("UNKNOWN", format!("{domain}, {number} could not be looked at: {step}")),
        Standing::NotApplicable => ("NOT APPLICABLE", format!("{domain} takes no mail: there is nothing for {} to do", guide.playbook)),
    }
}

/// The sign and the word of a step; both say it without colour.
fn state(state: RungState) -> (&'static str, &'static str) {
    match state {
        RungState::Done => ("✓", "done"),
        RungState::Current => ("→", "now"),
        RungState::Waiting => ("…", "wait"),
        RungState::Ahead => ("·", "later"),
    }
}

/// Where a text goes, in words.
fn place(publish: &Publish) -> String {
    match (publish.place.as_str(), publish.action) {
        ("dns", Action::Replace) => "Publish in DNS, in the place of what is there:".to_owned(),
        ("dns", Action::Add) => "Add in DNS:".to_owned(),
        ("dns", Action::Remove) => "Remove from DNS:".to_owned(),
        (place, Action::Remove) => format!("Remove from {place}:"),
        (place, _) => format!("Serve at {place}:"),
    }
}

/// Whether what stands before the steps is to be read: as long as nothing is done.
fn is_new(guide: &Guide) -> bool {
    guide.rungs.iter().all(|rung: &Rung| rung.state != RungState::Done)
}
