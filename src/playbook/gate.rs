//! Gates: what must hold before a step counts as done.
//!
//! | written | holds when |
//! |---|---|
//! | `cert-expired` | the rule was asked, and nothing broken or unknown was found |
//! | `family:cert` | no rule of the family blocks, and none that matters was left open |
//! | `stage:mx` | the stage passes, warnings aside |
//! | `mode:enforce` | the policy has this mode |
//! | `answer:ready` | the verdict is this |
//! | `policy:announced` | the id in the record was made for the text that is served, as far as that can be told |
//! | `policy:mode` | the policy is in testing, or in enforce where senders may go by that already |
//!
//! `A or B` holds when one of them does. A step has as many gates as it needs; all must hold.

use super::Wrong;
use crate::model::assessment::Answer;
use crate::model::rule::{Rule, Stage};
use crate::wire::likeness::edits_within;
use crate::wire::policy::Mode;

/// One thing that can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// A rule, by its code.
    Rule(&'static str),
    /// All rules of a family.
    Family(&'static str),
    /// A stage.
    Stage(Stage),
    /// The policy's mode.
    Mode(Mode),
    /// The verdict.
    Answer(Answer),
    /// The id in the record was made for the text that is served.
    Announced,
    /// The mode that is served is the one that the policy should have before the switch.
    DueMode,
}

/// One of several things holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// As written.
    pub text: String,
    /// The alternatives; at least one.
    pub any: Vec<Gate>,
}

const MODES: [(&str, Mode); 3] = [("testing", Mode::Testing), ("enforce", Mode::Enforce), ("none", Mode::None)];
const ANSWERS: [(&str, Answer); 4] = [
    ("ready", Answer::Ready),
    ("not-ready", Answer::NotReady),
    ("inconclusive", Answer::Inconclusive),
    ("not-applicable", Answer::NotApplicable),
];

impl Condition {
    /// Reads one line of `gate`.
    pub(super) fn parse(text: &str, rules: &[&'static Rule]) -> Result<Self, Wrong> {
        let any = text.split(" or ").map(|gate| one(gate.trim(), rules)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), any })
    }
}

fn one(text: &str, rules: &[&'static Rule]) -> Result<Gate, Wrong> {
    let stages = || Stage::ALL.map(|stage| (stage.as_str(), stage));
    match text.split_once(':') {
        Some(("stage", value)) => among("stage", value, &stages()).map(Gate::Stage),
        Some(("mode", value)) => among("mode", value, &MODES).map(Gate::Mode),
        Some(("answer", value)) => among("answer", value, &ANSWERS).map(Gate::Answer),
        Some(("policy", value)) => among("policy", value, &[("announced", Gate::Announced), ("mode", Gate::DueMode)]),
        Some(("family", value)) => {
            let mut families: Vec<(&'static str, &'static str)> = rules.iter().map(|rule| (family(rule), family(rule))).collect();
            families.dedup();
            among("family", value, &families).map(Gate::Family)
        }
        _ => rules.iter().find(|rule| rule.code == text).map(|rule| Gate::Rule(rule.code)).ok_or_else(|| {
            let close = rules.iter().filter_map(|rule| edits_within(text, rule.code, 4).map(|edits| (edits, rule.code)));
            let near = close.min_by_key(|(edits, _)| *edits).map(|(_, code)| code.to_owned());
            Wrong::NoSuchRule { code: text.to_owned(), near }
        }),
    }
}

fn family(rule: &&'static Rule) -> &'static str {
    rule.code.split_once('-').map_or(rule.code, |(family, _)| family)
}

fn among<T: Copy>(kind: &'static str, value: &str, known: &[(&'static str, T)]) -> Result<T, Wrong> {
    known.iter().find(|(name, _)| *name == value).map(|(_, value)| *value).ok_or_else(|| {
        let known = known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        Wrong::NoSuchValue { kind, value: value.to_owned(), known }
    })
}
