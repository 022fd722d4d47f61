//! For the ticket: the plan as Markdown (CommonMark). Texts to publish stand in fenced blocks, to be copied as they are.

use super::{action, answer, called, held, state};
use crate::model::finding::Finding;
use crate::model::plan::{Plan, Step};
use crate::render::markdown::{Document, Inline};
use crate::render::text::{duration, minute};

/// One plan as a document.
pub fn document(plan: &Plan) -> String {
    let mut document = Document::default();
    let (word, sentence) = answer(plan);
    document.heading(1, Inline::text(format!("{}: {}", plan.domain.shown(), called(plan))));
    document.paragraph(Inline::strong(word) + Inline::text(format!(" {sentence}")));
    let [asked, observed, valid] = [plan.asked_at, plan.observed_at, plan.valid_until].map(minute);
    document.paragraph(Inline::text(format!("Judged as of {asked}, observed {observed}; holds until {valid}.")));
    findings("What decides and what it brings", &plan.findings, &mut document);
    findings("Broken today, whatever this change does", &plan.standing, &mut document);
    if !plan.steps.is_empty() {
        document.heading(2, Inline::text("Steps"));
    }
    for (index, step) in plan.steps.iter().enumerate() {
        one(index + 1, step, &mut document);
    }
    list("Besides", plan.notes.iter().cloned(), &mut document);
    list("What senders may hold", plan.held.iter().map(held), &mut document);
    document.finish()
}

fn findings(heading: &str, findings: &[Finding], document: &mut Document) {
    if !findings.is_empty() {
        document.heading(2, Inline::text(heading));
        document.findings(findings);
    }
}

fn one(number: usize, step: &Step, document: &mut Document) {
    let (sign, word) = state(step.state);
    document.heading(3, Inline::text(format!("{number}. {sign} {word}: {}", step.say)));
    for publish in &step.publish {
        document.paragraph(Inline::text(action(publish)));
        document.fenced(&publish.text);
    }
    let wait = |wait: &crate::model::plan::Wait| format!("until {} ({}): {}", minute(wait.until), duration(wait.seconds), wait.why);
    document.list(step.waits.iter().map(wait).map(Inline::text));
    if !step.verify.is_empty() {
        document.paragraph(Inline::text("Verify:"));
        document.fenced(&step.verify.join("\n"));
    }
    if let Some(back) = &step.back {
        document.paragraph(Inline::text(format!("Back: {back}")));
    }
}

fn list(heading: &str, items: impl ExactSizeIterator<Item = String>, document: &mut Document) {
    if items.len() > 0 {
        document.heading(2, Inline::text(heading));
        document.list(items.map(Inline::text));
    }
}
