//! The words of the assessment's enumerations, as in JSON, for formats that are not written by a serialiser.

use crate::model::assessment::{AddressOutcome, Answer, Question, State};
use crate::model::expiry::HostRole;
use crate::model::finding::Outcome;

/// As in JSON.
pub(super) fn question(question: Question) -> &'static str {
    match question {
        Question::SwitchToEnforce => "switch-to-enforce",
        Question::StayInEnforce => "stay-in-enforce",
        Question::StartTesting => "start-testing",
        Question::CheckStage => "check-stage",
    }
}

/// All of them.
pub(super) const ANSWERS: [&str; 4] = ["ready", "not-ready", "inconclusive", "not-applicable"];

/// As in JSON.
pub(super) fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Ready => "ready",
        Answer::NotReady => "not-ready",
        Answer::Inconclusive => "inconclusive",
        Answer::NotApplicable => "not-applicable",
    }
}

/// All of them.
pub(super) const STATES: [&str; 5] = ["pass", "warn", "fail", "undetermined", "not-applicable"];

/// As in JSON.
pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Pass => "pass",
        State::Warn => "warn",
        State::Fail => "fail",
        State::Undetermined => "undetermined",
        State::NotApplicable => "not-applicable",
    }
}

/// All of them.
pub(super) const OUTCOMES: [&str; 3] = ["proven", "broken", "undetermined"];

/// As in JSON.
pub(super) fn address(outcome: AddressOutcome) -> &'static str {
    match outcome {
        AddressOutcome::Proven => "proven",
        AddressOutcome::Broken => "broken",
        AddressOutcome::Undetermined => "undetermined",
    }
}

/// As in JSON.
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Broken => "broken",
        Outcome::Undetermined => "undetermined",
        Outcome::Holds => "holds",
        Outcome::NotApplicable => "not-applicable",
    }
}

/// As in JSON.
pub(super) fn role(role: HostRole) -> &'static str {
    match role {
        HostRole::Mx => "mx",
        HostRole::PolicyHost => "policy-host",
        HostRole::Host => "host",
    }
}
