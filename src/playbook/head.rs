//! The head of a playbook: TOML between two lines `+++`.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::gate::Condition;
use super::wait::WaitFor;
use super::{Fault, PlanOf, Wrong};
use crate::model::rule::Rule;

/// The two halves of a text, each with the number of its first line.
pub(super) struct Half<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// A step as the head has it.
pub(super) struct StepHead {
    pub(super) id: String,
    pub(super) line: usize,
    pub(super) gates: Vec<Condition>,
    pub(super) wait: Option<WaitFor>,
    pub(super) plan: Option<PlanOf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(default)]
    step: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: Spanned<String>,
    #[serde(default)]
    gate: Vec<Spanned<String>>,
    wait: Option<Spanned<String>>,
    plan: Option<Spanned<String>>,
}

/// Cuts the head off.
pub(super) fn split(text: &str) -> Result<(Half<'_>, Half<'_>), Fault> {
    let mut begin = 0;
    let mut end = None;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let is_mark = line.trim_end() == "+++";
        match (index, is_mark) {
            (0, true) => {}
            (0, false) => return Err(Fault { line: 1, wrong: Wrong::NoHead }),
            (_, true) => {
                end = Some((begin, begin + line.len(), index));
                break;
            }
            (_, false) => {}
        }
        begin += line.len();
    }
    if text.is_empty() {
        return Err(Fault { line: 1, wrong: Wrong::NoHead });
    }
    let Some((end, rest, index)) = end else { return Err(Fault { line: 1, wrong: Wrong::OpenHead }) };
    let first = text.find('\n').map_or(text.len(), |at| at + 1);
    let (Some(head), Some(body)) = (text.get(first..end), text.get(rest..)) else {
        return Err(Fault { line: 1, wrong: Wrong::OpenHead });
    };
    Ok((Half { text: head, line: 2 }, Half { text: body, line: index + 2 }))
}

/// Reads the steps; what is wrong goes to `faults`.
pub(super) fn read(half: &Half<'_>, rules: &[&'static Rule], faults: &mut Vec<Fault>) -> Vec<StepHead> {
    let line = |span: Range<usize>| half.line + half.text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
    let head: Head = match toml::from_str(half.text) {
        Ok(head) => head,
        Err(error) => {
            let line = line(error.span().unwrap_or_default());
            faults.push(Fault { line, wrong: Wrong::Head(error.message().to_owned()) });
            return Vec::new();
        }
    };
    if head.step.is_empty() {
        faults.push(Fault { line: half.line, wrong: Wrong::NoSteps });
    }
    let mut seen = BTreeSet::new();
    let mut steps = Vec::new();
    for step in head.step {
        let (at, id) = (line(step.id.span()), step.id.into_inner());
        let legal = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !legal {
            faults.push(Fault { line: at, wrong: Wrong::BadId(id) });
            continue;
        }
        if !seen.insert(id.clone()) {
            faults.push(Fault { line: at, wrong: Wrong::SameId(id) });
            continue;
        }
        let mut sort = |found: Result<_, Wrong>, span| match found {
            Ok(found) => Some(found),
            Err(wrong) => {
                faults.push(Fault { line: line(span), wrong });
                None
            }
        };
        let gates = step.gate.iter().filter_map(|gate| sort(Condition::parse(gate.get_ref(), rules), gate.span())).collect();
        let mut note = |wrong, span| faults.push(Fault { line: line(span), wrong });
        let wait = step.wait.and_then(|wait| {
            let found = WaitFor::parse(wait.get_ref());
            if found.is_none() {
                note(Wrong::NoSuchWait(wait.get_ref().clone()), wait.span());
            }
            found
        });
        let plan = step.plan.and_then(|plan| {
            let found = PlanOf::ALL.into_iter().find(|known| known.as_str() == plan.get_ref());
            if found.is_none() {
                let known = PlanOf::ALL.map(PlanOf::as_str).join(", ");
                note(Wrong::NoSuchValue { kind: "plan", value: plan.get_ref().clone(), known }, plan.span());
            }
            found
        });
        steps.push(StepHead { id, line: at, gates, wait, plan });
    }
    steps
}
