//! Every fault: what decides, what is not known, what is accepted, the rest; each with its evidence and what to do.

use std::collections::BTreeSet;

use super::Options;
use super::paper::{Paper, name};
use super::shell::pre;
use super::table::{self, Cell};
use crate::model::assessment::{Answer, Assessment};
use crate::model::finding::{Finding, Outcome, by_code};
use crate::render::escape::html;
use crate::render::page::{Look, sign};
use crate::render::text::accepted as accepted_by;
use crate::render::text::findings::{Weighed, seen, subject};

/// Findings of one code beyond these are counted.
const SUBJECTS_SHOWN: usize = 24;
/// Evidence of one finding beyond these is counted.
const EVIDENCE_SHOWN: usize = 12;
/// What holds, and what does not apply, beyond these is counted.
const LISTED: usize = 400;

pub(super) fn write(assessment: &Assessment, options: Options, paper: &mut Paper) {
    // The first finding of a code is what links to the code lead to.
    let mut linked = BTreeSet::new();
    let Weighed { deciding, unsettling, accepted, warnings, advice } = Weighed::of(assessment);
    let heading = if assessment.answer == Answer::Inconclusive { "What keeps the answer open" } else { "What decides it" };
    for (id, heading, findings) in [
        ("decides", heading, deciding),
        ("unknown", "Could not be looked at", unsettling),
        ("accepted", "Accepted risks", accepted),
        ("warnings", "Warnings", warnings),
        ("advice", "Advice", advice),
    ] {
        if !findings.is_empty() {
            paper.section(id, heading, |paper| part(&findings, &mut linked, paper));
        }
    }
    unshown(assessment, &linked, paper);
    if options.all {
        paper.section("rest", "What holds and what does not apply", |paper| listed(assessment, paper));
    }
}

/// Findings that belong under one heading; equal codes stand together.
fn part(findings: &[&Finding], linked: &mut BTreeSet<&'static str>, paper: &mut Paper) {
    // Three faults of one certificate are seen in the same certificate: it is described once.
    let mut told = BTreeSet::new();
    for (code, same) in by_code(findings) {
        for (index, finding) in same.iter().take(SUBJECTS_SHOWN).enumerate() {
            let id = if linked.insert(code) { format!(" id=\"{}\"", paper.id(&format!("code-{code}"))) } else { String::new() };
            let repeats = index > 0 && same.first().is_some_and(|first| first.fix == finding.fix);
            one(finding, &id, repeats, &mut told, paper);
        }
        if same.len() > SUBJECTS_SHOWN {
            paper.paragraph(Look::Faint, &format!("and {} more of {code}", same.len() - SUBJECTS_SHOWN));
        }
    }
}

fn one<'a>(finding: &'a Finding, id: &str, repeats_fix: bool, told: &mut BTreeSet<&'a str>, paper: &mut Paper) {
    let (sign, look) = sign(finding);
    let weight = if finding.outcome == Outcome::Undetermined { "not known" } else { finding.severity.as_str() };
    let colour = if finding.accepted.is_some() { Look::Faint } else { look };
    paper.line(format_args!("<article class=\"finding {}\"{id}>", name(colour)));
    let (colour, code, subject) = (name(colour), html(finding.code()), html(&subject(finding)));
    paper.heading(format_args!("<span class=\"{colour}\">{sign} {weight}</span> <code>{code}</code> {subject}"));
    paper.paragraph(Look::Plain, &finding.message);
    let evidence: Vec<_> = finding.evidence.iter().filter(|evidence| told.insert(&evidence.text)).collect();
    // What was found is often the very words that were seen; then it is said once, with its time.
    let found = finding.found.as_ref().filter(|found| !evidence.iter().any(|evidence| evidence.text.ends_with(found.as_str())));
    paper.line(format_args!("<dl>"));
    if let Some(accepted) = &finding.accepted {
        paper.line(format_args!("<dt>accepted</dt><dd>{}</dd>", html(&accepted_by(accepted))));
    }
    for (term, said) in [("expected", finding.expected.as_ref()), ("found", found)] {
        if let Some(said) = said {
            paper.line(format_args!("<dt>{term}</dt><dd>{}</dd>", html(said)));
        }
    }
    for evidence in evidence.iter().take(EVIDENCE_SHOWN) {
        paper.line(format_args!("<dt>seen</dt><dd>{}</dd>", html(&seen(evidence))));
    }
    if evidence.len() > EVIDENCE_SHOWN {
        paper.line(format_args!("<dt>seen</dt><dd>and {} more</dd>", evidence.len() - EVIDENCE_SHOWN));
    }
    if let Some(fix) = finding.fix.as_ref().filter(|_| !repeats_fix) {
        let publish = fix.publish.as_deref().map(pre).unwrap_or_default();
        paper.line(format_args!("<dt class=\"good\">fix</dt><dd>{}{publish}</dd>", html(&fix.say)));
    }
    let reference = html(finding.rule.reference);
    paper.line(format_args!("<dt>see</dt><dd class=\"faint\">{reference}; <code>stsready explain {code}</code></dd>\n</dl>\n</article>"));
}

/// Codes that decide and are none of what is shown, such as that a domain takes no mail: links to them lead here.
fn unshown(assessment: &Assessment, linked: &BTreeSet<&'static str>, paper: &mut Paper) {
    let codes: Vec<&'static str> = assessment.because.iter().copied().filter(|code| !linked.contains(code)).collect();
    if codes.is_empty() {
        return;
    }
    paper.section("because", "What decides it besides", |paper| {
        paper.line(format_args!("<ul>"));
        for code in codes {
            let about = assessment.findings.iter().find(|finding| finding.code() == code);
            let about = about.map(|finding| format!(": {}", html(finding.rule.title))).unwrap_or_default();
            let id = paper.id(&format!("code-{code}"));
            paper.line(format_args!("<li id=\"{id}\"><code>{}</code>{about}</li>", html(code)));
        }
        paper.line(format_args!("</ul>"));
    });
}

/// What holds and what does not apply, a row each.
fn listed(assessment: &Assessment, paper: &mut Paper) {
    for (outcome, heading, word) in
        [(Outcome::Holds, "Holds", ("✓", Look::Good)), (Outcome::NotApplicable, "Does not apply", ("–", Look::Faint))]
    {
        let of = || assessment.findings.iter().filter(move |finding| finding.outcome == outcome);
        let number = of().count();
        let rows = of().take(LISTED).map(|finding| {
            let state = Cell::State(word.1, word.0, heading.to_lowercase());
            vec![Cell::Code(finding.code().to_owned()), state, Cell::Text(finding.subject.clone()), Cell::Long(finding.message.clone())]
        });
        if number > 0 {
            table::folded(paper, &format!("{heading}: {number}"), &["Rule", "State", "Subject", "Why"], rows);
        }
        if number > LISTED {
            paper.paragraph(Look::Faint, &format!("and {} more", number - LISTED));
        }
    }
}
