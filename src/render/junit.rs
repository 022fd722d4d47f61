//! JUnit XML, for what shows test results: a suite a domain, a case a rule and subject.
//!
//! | what was found | case |
//! |---|---|
//! | it holds; advice; a warning below the line of `--fail-on` | passed |
//! | a broken blocker | failure of type `blocker` |
//! | a broken warning under `--fail-on warning` | failure of type `warning` |
//! | could not be looked at, and the answer needs it | error of type `undetermined`; skipped under `--fail-on blocker` |
//! | could not be looked at otherwise; not applicable; an accepted risk | skipped, with why |
//!
//! The first case of a suite is the answer itself. What passes and is worth to be read (warnings, advice) stands in `system-out`. The shape
//! is the one that Ant, Jenkins, GitLab and their kin share: `testsuites` without attributes, `properties` first, both outputs last.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::escape::xml;
use super::text::{accepted, headline, minute};
use super::words;
use crate::model::assessment::{Answer, Assessment};
use crate::model::finding::{Finding, Outcome};
use crate::model::rule::Severity;

/// Where the line is drawn between what passes and what does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Broken warnings are failures.
    pub warnings: bool,
    /// What could not be looked at is an error.
    pub undetermined: bool,
}

/// One document.
pub fn page(assessments: &[&Assessment], line: Line) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (id, assessment) in assessments.iter().enumerate() {
        suite(&mut out, id, assessment, line);
    }
    out.push_str("</testsuites>\n");
    out
}

/// What became of a case.
struct Case {
    name: String,
    class: String,
    became: Became,
}

enum Became {
    Passed,
    Failure { of: &'static str, message: String, text: String },
    Error { message: String, text: String },
    Skipped(String),
}

fn suite(out: &mut String, id: usize, assessment: &Assessment, line: Line) {
    let domain = assessment.domain.as_str();
    let mut cases = vec![answer(assessment, line)];
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for finding in &assessment.findings {
        let class = format!("{domain}.{}", finding.stage.as_str());
        let mut name = format!("{} {}", finding.code(), finding.subject);
        // Two findings of a rule on one subject are two cases.
        let times = met.entry(name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            // Writing to a String cannot fail.
            let _ = write!(name, " ({times})");
        }
        cases.push(Case { name, class, became: became(finding, line) });
    }
    let number = |test: fn(&Became) -> bool| cases.iter().filter(|case| test(&case.became)).count();
    let observed = assessment.observed_at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" package=\"stsready\" id=\"{id}\" timestamp=\"{observed}\" hostname=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"0\">",
        xml(domain),
        xml(Some(assessment.vantage.helo.as_str()).filter(|name| !name.is_empty()).unwrap_or("localhost")),
        cases.len(),
        number(|became| matches!(became, Became::Failure { .. })),
        number(|became| matches!(became, Became::Error { .. })),
        number(|became| matches!(became, Became::Skipped(_))),
    );
    properties(out, assessment);
    for case in &cases {
        self::case(out, case);
    }
    system_out(out, assessment, line);
    out.push_str("    <system-err></system-err>\n  </testsuite>\n");
}

/// Whether the answer is the one hoped for, as a case: inconclusive is not passed either.
fn answer(assessment: &Assessment, line: Line) -> Case {
    let message = headline::sentence(assessment);
    let text = format!("because {}", assessment.because.join(", "));
    let became = match assessment.answer {
        Answer::Ready => Became::Passed,
        Answer::NotReady => Became::Failure { of: "not-ready", message, text },
        Answer::Inconclusive if line.undetermined => Became::Error { message, text },
        Answer::Inconclusive | Answer::NotApplicable => Became::Skipped(message),
    };
    Case { name: words::question(assessment.question).to_owned(), class: format!("{}.answer", assessment.domain), became }
}

fn became(finding: &Finding, line: Line) -> Became {
    if let (true, Some(reason)) = (finding.is_shown(), &finding.accepted) {
        return Became::Skipped(format!("accepted: {}: {}", accepted(reason), finding.message));
    }
    let fails = finding.severity == Severity::Blocker || (line.warnings && finding.severity == Severity::Warning);
    match finding.outcome {
        Outcome::Broken if fails => {
            Became::Failure { of: finding.severity.as_str(), message: finding.message.clone(), text: told(finding) }
        }
        Outcome::Broken | Outcome::Holds => Became::Passed,
        Outcome::Undetermined if line.undetermined && finding.unsettles() => {
            Became::Error { message: finding.message.clone(), text: told(finding) }
        }
        Outcome::Undetermined => Became::Skipped(format!("could not be looked at: {}", finding.message)),
        Outcome::NotApplicable => Became::Skipped(format!("not applicable: {}", finding.message)),
    }
}

/// What a person needs to see it and to mend it, a line each.
fn told(finding: &Finding) -> String {
    let mut lines = Vec::new();
    lines.extend(finding.expected.iter().map(|text| format!("expected: {}", xml(text))));
    lines.extend(finding.found.iter().map(|text| format!("found: {}", xml(text))));
    lines.extend(finding.evidence.iter().map(|evidence| format!("evidence: {}", xml(&evidence.text))));
    if let Some(fix) = &finding.fix {
        lines.push(format!("fix: {}", xml(&fix.say)));
        lines.extend(fix.publish.iter().flat_map(|text| text.lines()).map(|text| format!("publish: {}", xml(text))));
    }
    lines.extend(finding.line.map(|line| format!("line: {line}")));
    lines.push(format!("reference: {}; stsready explain {}", xml(finding.rule.reference), finding.code()));
    lines.join("\n")
}

fn properties(out: &mut String, assessment: &Assessment) {
    out.push_str("    <properties>\n");
    let owner = assessment.keeper.owner.clone();
    let group = assessment.keeper.group.clone();
    let all = [
        ("stsready.version", Some(env!("CARGO_PKG_VERSION").to_owned())),
        ("question", Some(words::question(assessment.question).to_owned())),
        ("answer", Some(words::answer(assessment.answer).to_owned())),
        ("because", Some(assessment.because.join(" "))),
        ("valid-until", Some(assessment.valid_until.to_string())),
        ("owner", owner),
        ("group", group),
    ];
    for (name, value) in all {
        if let Some(value) = value {
            let _ = writeln!(out, "      <property name=\"{name}\" value=\"{}\"/>", xml(&value));
        }
    }
    out.push_str("    </properties>\n");
}

fn case(out: &mut String, case: &Case) {
    let (name, class) = (xml(&case.name), xml(&case.class));
    let _ = write!(out, "    <testcase name=\"{name}\" classname=\"{class}\" time=\"0\"");
    let _ = match &case.became {
        Became::Passed => writeln!(out, "/>"),
        Became::Failure { of, message, text } => {
            writeln!(out, "><failure type=\"{of}\" message=\"{}\">{text}</failure></testcase>", xml(message))
        }
        Became::Error { message, text } => {
            writeln!(out, "><error type=\"undetermined\" message=\"{}\">{text}</error></testcase>", xml(message))
        }
        Became::Skipped(message) => writeln!(out, "><skipped message=\"{}\"/></testcase>", xml(message)),
    };
}

/// What passes and is worth to be read.
fn system_out(out: &mut String, assessment: &Assessment, line: Line) {
    let mut lines = vec![xml(&headline::sentence(assessment))];
    let passing = |finding: &&Finding| finding.outcome == Outcome::Broken && matches!(became(finding, line), Became::Passed);
    lines.extend(assessment.findings.iter().filter(passing).map(|finding| {
        let fix = finding.fix.as_ref().map(|fix| format!("; {}", fix.say)).unwrap_or_default();
        xml(&format!("{} {} {}: {}{fix}", finding.severity.as_str(), finding.code(), finding.subject, finding.message))
    }));
    lines.push(xml(&format!("holds until {}", minute(assessment.valid_until))));
    let _ = writeln!(out, "    <system-out>{}</system-out>", lines.join("\n"));
}

#[cfg(test)]
mod tests;
