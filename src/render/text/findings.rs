//! Every fault: what decides in full, then warnings, then advice; equal codes stand together.

use std::collections::BTreeSet;

use super::Options;
use crate::model::assessment::{Answer, Assessment};
use crate::model::finding::{Evidence, Finding, Outcome, by_code};
use crate::model::rule::Severity;
use crate::render::page::{Look, Page, sign};

/// Findings of one code beyond these are counted, not listed.
const SUBJECTS_SHOWN: usize = 12;
/// Evidence lines of one finding beyond these are counted.
const EVIDENCE_SHOWN: usize = 6;

pub(super) fn write(assessment: &Assessment, options: Options, page: &mut Page) {
    let Weighed { deciding, unsettling, accepted, warnings, advice } = Weighed::of(assessment);
    let heading = if assessment.answer == Answer::Inconclusive { "What keeps the answer open" } else { "What decides it" };
    section(page, heading, &deciding, true);
    section(page, "Could not be looked at", &unsettling, true);
    section(page, "Accepted risks", &accepted, true);
    section(page, "Warnings", &warnings, true);
    section(page, "Advice", &advice, false);
    if options.all {
        listed(assessment, page);
    }
}

/// The findings that are shown, by what they are to the answer; each in one place.
pub(in crate::render) struct Weighed<'a> {
    /// They make the answer what it is.
    pub(in crate::render) deciding: Vec<&'a Finding>,
    /// They would unsettle it, were it not decided.
    pub(in crate::render) unsettling: Vec<&'a Finding>,
    /// The operator accepts them.
    pub(in crate::render) accepted: Vec<&'a Finding>,
    /// They neither block nor unsettle.
    pub(in crate::render) warnings: Vec<&'a Finding>,
    /// Improvements.
    pub(in crate::render) advice: Vec<&'a Finding>,
}

impl<'a> Weighed<'a> {
    pub(in crate::render) fn of(assessment: &'a Assessment) -> Self {
        let (accepted, shown): (Vec<&Finding>, Vec<&Finding>) =
            assessment.findings.iter().filter(|finding| finding.is_shown()).partition(|finding| finding.accepted.is_some());
        let (deciding, rest): (Vec<_>, Vec<_>) = shown
            .into_iter()
            .partition(|finding| assessment.because.contains(&finding.code()) && (finding.blocks() || finding.unsettles()));
        let (unsettling, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|finding| finding.unsettles() || finding.blocks());
        let (warnings, advice): (Vec<_>, Vec<_>) = rest.into_iter().partition(|finding| finding.severity >= Severity::Warning);
        Self { deciding, unsettling, accepted, warnings, advice }
    }
}

fn section(page: &mut Page, heading: &str, findings: &[&Finding], in_full: bool) {
    if findings.is_empty() {
        return;
    }
    page.gap();
    page.line(&[(Look::Strong, heading)]);
    // Three faults of one certificate are seen in the same certificate: it is described once.
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    for (code, same) in by_code(findings) {
        if in_full {
            page.gap();
        }
        for (index, finding) in same.iter().take(SUBJECTS_SHOWN).enumerate() {
            let repeats_fix = index > 0 && same.first().is_some_and(|first| first.fix == finding.fix);
            let evidence: Vec<&Evidence> = finding.evidence.iter().filter(|evidence| shown.insert(&evidence.text)).collect();
            one(page, finding, in_full.then_some(&evidence), repeats_fix);
        }
        if same.len() > SUBJECTS_SHOWN {
            page.line(&[(Look::Faint, &format!("    and {} more of {code}", same.len() - SUBJECTS_SHOWN))]);
        }
    }
}

/// One finding; `evidence` is what of it was not shown yet, `None` where a line is enough.
fn one(page: &mut Page, finding: &Finding, evidence: Option<&Vec<&Evidence>>, repeats_fix: bool) {
    let (sign, look) = sign(finding);
    page.line(&[(look, &format!("  {sign} {}", finding.code())), (Look::Faint, "  "), (Look::Plain, &subject(finding))]);
    page.paragraph(&[(Look::Plain, "    ")], Look::Plain, &finding.message);
    if let Some(accepted) = &finding.accepted {
        page.paragraph(&[(Look::Unknown, "    accepted  ")], Look::Plain, &super::accepted(accepted));
    }
    if let Some(evidence) = evidence {
        // What was found is often the very words that were seen; then it is said once, with its time.
        let found = finding.found.as_ref().filter(|found| !evidence.iter().any(|evidence| evidence.text.ends_with(found.as_str())));
        for (label, text) in [("expected", finding.expected.as_ref()), ("found", found)] {
            if let Some(text) = text {
                page.paragraph(&[(Look::Faint, &format!("    {label:<9} "))], Look::Plain, text);
            }
        }
        for evidence in evidence.iter().take(EVIDENCE_SHOWN) {
            page.paragraph(&[(Look::Faint, "    seen      ")], Look::Faint, &seen(evidence));
        }
        if evidence.len() > EVIDENCE_SHOWN {
            page.line(&[(Look::Faint, &format!("              and {} more", evidence.len() - EVIDENCE_SHOWN))]);
        }
    }
    if let Some(fix) = finding.fix.as_ref().filter(|_| !repeats_fix) {
        page.paragraph(&[(Look::Good, "    fix       ")], Look::Plain, &fix.say);
        if let Some(text) = &fix.publish {
            page.verbatim(14, text);
        }
    }
}

/// What a finding is about, with the line of the policy.
pub(in crate::render) fn subject(finding: &Finding) -> String {
    match finding.line {
        Some(line) => format!("{} line {line}", finding.subject),
        None => finding.subject.clone(),
    }
}

/// What was seen, and when.
pub(in crate::render) fn seen(evidence: &Evidence) -> String {
    match evidence.at {
        Some(at) => format!("{}  ({})", evidence.text, super::minute(at)),
        None => evidence.text.clone(),
    }
}

/// What holds and what does not apply, a line each.
fn listed(assessment: &Assessment, page: &mut Page) {
    for (outcome, heading, sign, look) in
        [(Outcome::Holds, "Holds", "✓", Look::Good), (Outcome::NotApplicable, "Does not apply", "–", Look::Faint)]
    {
        page.gap();
        page.line(&[(Look::Strong, heading)]);
        let rows: Vec<_> = assessment
            .findings
            .iter()
            .filter(|finding| finding.outcome == outcome)
            .map(|finding| {
                let about =
                    if finding.message.is_empty() { finding.subject.clone() } else { format!("{}: {}", finding.subject, finding.message) };
                vec![(look, sign.to_owned()), (Look::Plain, finding.code().to_owned()), (Look::Faint, about)]
            })
            .collect();
        page.table(2, &rows);
    }
}
