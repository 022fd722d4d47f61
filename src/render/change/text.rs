//! For people: the answer, what stands against it, the steps with the next one marked, what senders may hold.

use super::{action, answer, called, held, state};
use crate::model::assessment::Answer;
use crate::model::finding::Finding;
use crate::model::plan::{Plan, Step, StepState};
use crate::render::page::{Look, Page, sign};
use crate::render::text::{accepted as said, duration, minute};

/// Older policies beyond these are counted.
const HELD_SHOWN: usize = 8;

/// One plan as a page.
pub fn page(plan: &Plan, width: usize) -> String {
    let mut page = Page::new(width);
    headline(plan, &mut page);
    findings("What stands against it", plan.findings.iter().filter(|finding| finding.blocks()), &mut page);
    findings("What could not be looked at", plan.findings.iter().filter(|finding| finding.unsettles()), &mut page);
    findings("What it brings besides", plan.findings.iter().filter(|finding| !finding.blocks() && !finding.unsettles()), &mut page);
    findings("Broken today, whatever this change does", plan.standing.iter(), &mut page);
    steps(plan, &mut page);
    notes(plan, &mut page);
    page.finish()
}

/// The answer's line alone.
pub fn line(plan: &Plan, width: usize) -> String {
    let mut page = Page::new(width);
    headline(plan, &mut page);
    page.finish()
}

fn headline(plan: &Plan, page: &mut Page) {
    let (word, sentence) = answer(plan);
    let look = match plan.answer {
        Answer::Ready => Look::Good,
        Answer::NotReady => Look::Bad,
        Answer::Inconclusive => Look::Unknown,
        Answer::NotApplicable => Look::Faint,
    };
    page.paragraph(&[(look, word), (Look::Plain, "  ")], Look::Strong, &sentence);
    if !plan.because.is_empty() {
        page.paragraph(&[(Look::Faint, "because ")], Look::Faint, &plan.because.join(", "));
    }
}

fn findings<'a>(heading: &str, findings: impl Iterator<Item = &'a Finding>, page: &mut Page) {
    let mut headed = false;
    for finding in findings {
        if !std::mem::replace(&mut headed, true) {
            page.gap();
            page.line(&[(Look::Strong, heading)]);
        }
        let (sign, look) = sign(finding);
        page.line(&[(look, &format!("  {sign} {}", finding.code())), (Look::Faint, "  "), (Look::Plain, &finding.subject)]);
        page.paragraph(&[(Look::Plain, "    ")], Look::Plain, &finding.message);
        if let Some(accepted) = &finding.accepted {
            page.paragraph(&[(Look::Unknown, "    accepted  ")], Look::Plain, &said(accepted));
        }
        if let Some(fix) = &finding.fix {
            page.paragraph(&[(Look::Good, "    fix       ")], Look::Plain, &fix.say);
            if let Some(text) = &fix.publish {
                page.verbatim(14, text);
            }
        }
    }
}

fn steps(plan: &Plan, page: &mut Page) {
    if plan.steps.is_empty() {
        return;
    }
    page.gap();
    page.line(&[(Look::Strong, &format!("Steps of {}", called(plan)))]);
    for (index, step) in plan.steps.iter().enumerate() {
        one(index + 1, step, page);
    }
}

fn one(number: usize, step: &Step, page: &mut Page) {
    let (sign, word) = state(step.state);
    let (mark, look) = match step.state {
        StepState::Done => (Look::Good, Look::Faint),
        StepState::Next | StepState::Waiting => (Look::Strong, Look::Strong),
        StepState::Later => (Look::Faint, Look::Plain),
    };
    page.paragraph(&[(mark, &format!("  {sign} {number}. {word:<5} "))], look, &step.say);
    if step.state == StepState::Done {
        return;
    }
    for publish in &step.publish {
        page.paragraph(&[(Look::Faint, "      ")], Look::Faint, &action(publish));
        page.verbatim(8, &publish.text);
    }
    for wait in &step.waits {
        let text = format!("{} ({}): {}", minute(wait.until), duration(wait.seconds), wait.why);
        page.paragraph(&[(Look::Faint, "      until   ")], Look::Plain, &text);
    }
    for command in &step.verify {
        page.paragraph(&[(Look::Faint, "      verify  ")], Look::Code, command);
    }
    if let Some(back) = &step.back {
        page.paragraph(&[(Look::Faint, "      back    ")], Look::Faint, back);
    }
}

fn notes(plan: &Plan, page: &mut Page) {
    if !plan.notes.is_empty() {
        page.gap();
        page.line(&[(Look::Strong, "Besides")]);
        for note in &plan.notes {
            page.paragraph(&[(Look::Plain, "  - ")], Look::Plain, note);
        }
    }
    if !plan.held.is_empty() {
        page.gap();
        page.line(&[(Look::Strong, "What senders may hold")]);
        for policy in plan.held.iter().take(HELD_SHOWN) {
            page.paragraph(&[(Look::Plain, "  - ")], Look::Plain, &held(policy));
        }
        if plan.held.len() > HELD_SHOWN {
            page.line(&[(Look::Faint, &format!("  - and {} more", plan.held.len() - HELD_SHOWN))]);
        }
    }
    page.gap();
    let holds = format!("until {}; observed {}", minute(plan.valid_until), minute(plan.observed_at));
    page.paragraph(&[(Look::Faint, "Holds    ")], Look::Faint, &holds);
}
