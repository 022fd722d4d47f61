//! Every fault with its evidence and its mend; what the operator accepts; what would change the answer.

use std::collections::BTreeSet;

use crate::model::acceptance::AcceptanceNote;
use crate::model::assessment::{Answer, Assessment};
use crate::model::finding::{Evidence, Finding, by_code};
use crate::render::markdown::{Document, Inline};
use crate::render::page::sign;
use crate::render::text::findings::{Weighed, subject};

/// Findings of one code beyond these are told in a line.
const IN_FULL: usize = 6;
/// Lines of one code beyond those are counted.
const IN_LINES: usize = 40;
/// Observations of one finding beyond these are counted.
const EVIDENCE_SHOWN: usize = 6;

pub(super) fn write(assessment: &Assessment, document: &mut Document) {
    let Weighed { deciding, unsettling, accepted, warnings, advice } = Weighed::of(assessment);
    let heading = if assessment.answer == Answer::Inconclusive { "What keeps the answer open" } else { "What decides it" };
    section(heading, &deciding, document);
    section("Could not be looked at", &unsettling, document);
    section("Accepted risks", &accepted, document);
    section("Warnings", &warnings, document);
    if !advice.is_empty() {
        document.heading(2, Inline::text("Advice"));
        lines(&advice, document);
    }
    let notes: Vec<Inline> = assessment.acceptances.iter().filter_map(AcceptanceNote::said).map(Inline::text).collect();
    if !notes.is_empty() {
        document.heading(2, Inline::text("Acceptances that came to nothing"));
        document.list(notes);
    }
    if !assessment.would_change_if.is_empty() {
        document.heading(2, Inline::text("This changes if"));
        document.list(assessment.would_change_if.iter().map(Inline::text));
    }
}

fn section(heading: &str, findings: &[&Finding], document: &mut Document) {
    if findings.is_empty() {
        return;
    }
    document.heading(2, Inline::text(heading));
    // Three faults of one certificate are seen in the same certificate: it is described once.
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    for (_, same) in by_code(findings) {
        for (index, finding) in same.iter().take(IN_FULL).enumerate() {
            let repeats_fix = index > 0 && same.first().is_some_and(|first| first.fix == finding.fix);
            let evidence: Vec<&Evidence> = finding.evidence.iter().filter(|evidence| shown.insert(&evidence.text)).collect();
            one(finding, &evidence, repeats_fix, document);
        }
        lines(same.get(IN_FULL..).unwrap_or_default(), document);
    }
}

fn one(finding: &Finding, evidence: &[&Evidence], repeats_fix: bool, document: &mut Document) {
    let (sign, _) = sign(finding);
    document.heading(
        3,
        Inline::text(format!("{sign} ")) + Inline::code(finding.code()) + Inline::text(" at ") + Inline::code(subject(finding)),
    );
    document.paragraph(Inline::text(&finding.message));
    let labelled = |label: &str, value: Inline| Inline::text(format!("{label}: ")) + value;
    let mut facts = Vec::new();
    facts.extend(finding.accepted.iter().map(|accepted| {
        let until = accepted.until.map_or_else(|| "for good".to_owned(), |until| format!("until {until}"));
        Inline::strong(format!("accepted {until}")) + Inline::text(format!(": {}", accepted.reason))
    }));
    facts.extend(finding.expected.iter().map(|expected| labelled("expected", Inline::code(expected))));
    facts.extend(finding.found.iter().map(|found| labelled("found", Inline::code(found))));
    facts.extend(evidence.iter().take(EVIDENCE_SHOWN).map(|evidence| match evidence.at {
        Some(at) => labelled(&format!("seen {at}"), Inline::code(&evidence.text)),
        None => labelled("seen", Inline::code(&evidence.text)),
    }));
    if let Some(more) = evidence.len().checked_sub(EVIDENCE_SHOWN).filter(|more| *more > 0) {
        facts.push(Inline::text(format!("and {more} more observations")));
    }
    facts.push(labelled("by", Inline::text(finding.rule.reference)));
    document.list(facts);
    if let Some(fix) = finding.fix.as_ref().filter(|_| !repeats_fix) {
        document.paragraph(Inline::strong("Fix") + Inline::text(format!(": {}", fix.say)));
        if let Some(text) = &fix.publish {
            document.fenced(text);
        }
    }
}

fn lines(findings: &[&Finding], document: &mut Document) {
    let more = findings.len().saturating_sub(IN_LINES);
    document.findings(findings.iter().take(IN_LINES).copied());
    if more > 0 {
        document.paragraph(Inline::text(format!("and {more} more")));
    }
}
