//! For the ticket: the plan as Markdown (CommonMark). Texts to publish stand in fenced blocks, to be copied as they are.

use std::fmt::Write as _;

use super::{action, answer, called, held, state};
use crate::model::finding::{Finding, Outcome};
use crate::model::plan::{Plan, Step};
use crate::render::escape::{fenced, markdown};
use crate::render::text::{duration, minute};

/// One plan as a document.
pub fn document(plan: &Plan) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail, here and below.
    let (word, sentence) = answer(plan);
    let _ = writeln!(out, "# {}: {}\n", markdown(&plan.domain.shown()), markdown(&called(plan)));
    let _ = writeln!(out, "**{word}** {}\n", markdown(&sentence));
    let _ = writeln!(
        out,
        "Judged as of {}, observed {}; holds until {}.\n",
        minute(plan.asked_at),
        minute(plan.observed_at),
        minute(plan.valid_until)
    );
    findings(&mut out, "What decides and what it brings", &plan.findings);
    findings(&mut out, "Broken today, whatever this change does", &plan.standing);
    if !plan.steps.is_empty() {
        out.push_str("## Steps\n\n");
    }
    for (index, step) in plan.steps.iter().enumerate() {
        one(&mut out, index + 1, step);
    }
    list(&mut out, "Besides", &plan.notes);
    list(&mut out, "What senders may hold", &plan.held.iter().map(held).collect::<Vec<_>>());
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}

fn findings(out: &mut String, heading: &str, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {heading}\n");
    for finding in findings {
        let weight = if finding.outcome == Outcome::Undetermined { "not known" } else { finding.severity.as_str() };
        let _ = writeln!(out, "- **{}** ({weight}) {}: {}", finding.code(), markdown(&finding.subject), markdown(&finding.message));
        if let Some(accepted) = &finding.accepted {
            let _ = writeln!(out, "  - accepted: {}", markdown(&crate::render::text::accepted(accepted)));
        }
        if let Some(fix) = &finding.fix {
            let _ = writeln!(out, "  - fix: {}", markdown(&fix.say));
        }
    }
    out.push('\n');
}

fn one(out: &mut String, number: usize, step: &Step) {
    let (sign, word) = state(step.state);
    let _ = writeln!(out, "### {number}. {sign} {word}: {}\n", markdown(&step.say));
    for publish in &step.publish {
        let _ = writeln!(out, "{}\n\n{}\n", markdown(&action(publish)), fenced(&publish.text));
    }
    for wait in &step.waits {
        let _ = writeln!(out, "- until {} ({}): {}", minute(wait.until), duration(wait.seconds), markdown(&wait.why));
    }
    if !step.waits.is_empty() {
        out.push('\n');
    }
    if !step.verify.is_empty() {
        let _ = writeln!(out, "Verify:\n\n{}\n", fenced(&step.verify.join("\n")));
    }
    if let Some(back) = &step.back {
        let _ = writeln!(out, "Back: {}\n", markdown(back));
    }
}

fn list(out: &mut String, heading: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {heading}\n");
    for item in items {
        let _ = writeln!(out, "- {}", markdown(item));
    }
    out.push('\n');
}
