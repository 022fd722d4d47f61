//! Workflow commands of GitHub Actions: an annotation a finding, at its line where a draft is judged, and a folded block with the rest.
//!
//! | what was found | annotation |
//! |---|---|
//! | a broken blocker; the answer where it is not ready | error |
//! | a broken warning; what could not be looked at; the answer where it is inconclusive | warning |
//! | advice; accepted risks; the answer where it is ready | notice |
//!
//! GitHub shows ten annotations of a weight in a step: beyond nine of a domain, one says how many more there are, and the block has them.

use super::escape::{workflow_data, workflow_log, workflow_property};
use super::text::sessions::count;
use super::text::{accepted, headline, minute};
use super::words;
use crate::model::assessment::{Answer, Assessment};
use crate::model::finding::{Finding, Outcome};
use crate::model::rule::Severity;

/// Annotations of one weight.
const SHOWN: usize = 9;

/// Of any number of domains.
pub fn page(assessments: &[&Assessment]) -> String {
    assessments.iter().map(|assessment| one(assessment)).collect()
}

/// The weight of an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Error,
    Warning,
    Notice,
}

impl Weight {
    fn command(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }

    fn of(finding: &Finding) -> Self {
        match (finding.outcome, finding.severity) {
            _ if finding.accepted.is_some() => Self::Notice,
            (Outcome::Broken, Severity::Blocker) => Self::Error,
            (_, Severity::Advice) => Self::Notice,
            _ => Self::Warning,
        }
    }
}

fn one(assessment: &Assessment) -> String {
    let shown: Vec<&Finding> = assessment.findings.iter().filter(|finding| finding.is_shown()).collect();
    let mut lines = vec![answer(assessment)];
    for weight in [Weight::Error, Weight::Warning, Weight::Notice] {
        let of: Vec<&&Finding> = shown.iter().filter(|finding| Weight::of(finding) == weight).collect();
        lines.extend(of.iter().take(SHOWN).map(|finding| annotation(assessment, weight, finding)));
        if of.len() > SHOWN {
            let more = format!("{} of {}: the log has them", count((of.len() - SHOWN) as u64, "more finding"), assessment.domain.shown());
            lines.push(command(weight, &[("title", "stsready".to_owned())], &[more]));
        }
    }
    lines.extend(block(assessment, &shown));
    lines.push(String::new());
    lines.join("\n")
}

fn answer(assessment: &Assessment) -> String {
    let weight = match assessment.answer {
        Answer::NotReady => Weight::Error,
        Answer::Inconclusive => Weight::Warning,
        Answer::Ready | Answer::NotApplicable => Weight::Notice,
    };
    let title = format!("{} {}", assessment.domain.shown(), words::answer(assessment.answer));
    command(weight, &[("title", title)], &[headline::sentence(assessment)])
}

fn annotation(assessment: &Assessment, weight: Weight, finding: &Finding) -> String {
    let mut properties = Vec::new();
    // Standard input has no place in a repository.
    if let (Some(file), Some(line)) = (assessment.draft.as_ref().filter(|file| *file != "-"), finding.line) {
        properties.extend([("file", file.clone()), ("line", line.to_string())]);
    }
    properties.push(("title", format!("{} {}", finding.code(), finding.subject)));
    let mut said = vec![if finding.outcome == Outcome::Undetermined {
        format!("could not be looked at: {}", finding.message)
    } else {
        finding.message.clone()
    }];
    said.extend(finding.accepted.iter().map(|reason| format!("accepted: {}", accepted(reason))));
    said.extend(finding.expected.iter().map(|text| format!("expected: {text}")));
    said.extend(finding.found.iter().map(|text| format!("found: {text}")));
    if let Some(fix) = &finding.fix {
        said.push(format!("fix: {}", fix.say));
        said.extend(fix.publish.iter().flat_map(|text| text.lines()).map(|line| format!("  {line}")));
    }
    command(weight, &properties, &said)
}

/// One command; its text may have several lines.
fn command(weight: Weight, properties: &[(&str, String)], lines: &[String]) -> String {
    let properties: Vec<String> = properties.iter().map(|(name, value)| format!("{name}={}", workflow_property(value))).collect();
    let lines: Vec<String> = lines.iter().map(|line| workflow_data(line)).collect();
    format!("::{} {}::{}", weight.command(), properties.join(","), lines.join("%0A"))
}

/// What stands in the log, folded; every line begins with a word of ours, so that none is a command.
fn block(assessment: &Assessment, shown: &[&Finding]) -> Vec<String> {
    let mut lines = vec![format!("::group::{}", workflow_data(&headline::sentence(assessment)))];
    lines.extend(assessment.stages.iter().map(|stage| format!("stage {}: {}", stage.stage.as_str(), words::state(stage.state))));
    lines.extend(shown.iter().map(|finding| {
        let weight = if finding.outcome == Outcome::Undetermined { "undetermined" } else { finding.severity.as_str() };
        let told = workflow_log(&format!("{} {}: {}", finding.code(), finding.subject, finding.message));
        let accepted = if finding.accepted.is_some() { "accepted " } else { "" };
        format!("{accepted}{weight} {told}")
    }));
    lines.push(format!("holds until {}; observed {}", minute(assessment.valid_until), minute(assessment.observed_at)));
    lines.push("::endgroup::".to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::{self, golden};

    fn written() -> String {
        page(&sample::assessments().iter().collect::<Vec<_>>())
    }

    #[test]
    fn what_is_written_is_as_agreed() {
        golden("github.txt", &written());
    }

    /// A command as the runner reads it: its name, its properties, its text.
    fn read(line: &str) -> Option<(String, Vec<(String, String)>, String)> {
        let rest = line.trim_start().strip_prefix("::")?;
        let (head, data) = rest.split_once("::")?;
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        let undo = |text: &str| {
            ["%0D=\r", "%0A=\n", "%3A=:", "%2C=,", "%25=%"].iter().fold(text.to_owned(), |text, pair| {
                let (from, to) = pair.split_once('=').expect("a pair");
                text.replace(from, to)
            })
        };
        let properties = properties.split(',').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.to_owned(), undo(value)));
        Some((name.to_owned(), properties.collect(), undo(data)))
    }

    #[test]
    fn the_runner_meets_only_our_commands() {
        let page = written();
        assert!(!page.contains("##[") && !page.contains(['\u{1b}', '\0', '\r', '\u{202e}']));
        let mut open = 0;
        for line in page.lines() {
            match read(line) {
                Some((name, properties, _)) => match name.as_str() {
                    "error" | "warning" | "notice" => {
                        assert!(properties.iter().any(|(name, _)| name == "title"), "{line}");
                        assert!(properties.iter().all(|(name, _)| ["title", "file", "line"].contains(&name.as_str())), "{line}");
                    }
                    "group" => open += 1,
                    "endgroup" => open -= 1,
                    other => panic!("{other}"),
                },
                None => assert!(open == 1, "outside of a block: {line}"),
            }
        }
        assert_eq!(open, 0);
    }

    #[test]
    fn a_draft_is_annotated_at_its_line() {
        let mut assessment = sample::assessment();
        assessment.draft = Some("well-known/mta-sts,1.txt".to_owned());
        let page = page(&[&assessment]);
        let placed: Vec<_> =
            page.lines().filter_map(read).filter(|(_, properties, _)| properties.iter().any(|(name, _)| name == "file")).collect();
        let lines = assessment.findings.iter().filter(|finding| finding.is_shown() && finding.line.is_some()).count();
        assert!(lines > 0 && placed.len() == lines, "{placed:?}");
        assert!(
            placed
                .iter()
                .all(|(_, properties, _)| properties[0].1 == "well-known/mta-sts,1.txt" && properties[1].1.parse::<usize>().is_ok())
        );
        assessment.draft = Some("-".to_owned());
        assert!(!super::page(&[&assessment]).contains("file="));
    }

    #[test]
    fn what_is_too_much_for_the_page_is_counted() {
        let mut assessment = sample::assessment();
        let blocker = assessment.findings.iter().find(|finding| finding.blocks()).expect("a blocker").clone();
        assessment.findings = vec![blocker; 25];
        let page = page(&[&assessment]);
        assert_eq!(page.matches("::error ").count(), 1 + SHOWN + 1);
        assert!(page.contains("16 more findings of"), "{page}");
    }
}
