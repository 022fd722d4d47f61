//! The change ticket: an assessment as Markdown, for whoever has to sign a change and whoever has to look it up years later.
//!
//! In: assessments. Out: one document: the answer and until when it holds, what decides with the evidence and the exact texts, the way back,
//! and everything that the answer rests on: hosts with the fingerprints of their certificates, the policy as served with its digest, the
//! reports by their ids and digests, the risks that were accepted, the thresholds, and from where it was looked.

mod findings;
mod grounds;
mod policy;
mod reports;
mod servers;
mod verdict;

use super::markdown::{Document, Inline};
use super::text::headline;
use crate::model::assessment::Assessment;

/// One ticket; where there are several domains, a table of them stands before their pages.
pub fn document(assessments: &[&Assessment]) -> String {
    let mut document = Document::default();
    if let [one] = assessments {
        page(one, &mut document);
        return document.finish();
    }
    document.heading(1, Inline::text(format!("MTA-STS of {} domains", assessments.len())));
    let row = |assessment: &Assessment| {
        [
            Inline::code(assessment.domain.shown()),
            Inline::strong(headline::word(assessment)),
            Inline::codes(&assessment.because),
            Inline::code(assessment.valid_until),
            Inline::text(assessment.keeper.owner.as_deref().unwrap_or_default()),
        ]
    };
    document.table(["Domain", "Answer", "Because", "Evidence valid until", "Owner"], assessments.iter().copied().map(row));
    document.below(1);
    for assessment in assessments {
        page(assessment, &mut document);
    }
    document.finish()
}

fn page(assessment: &Assessment, document: &mut Document) {
    verdict::write(assessment, document);
    findings::write(assessment, document);
    policy::way_back(assessment, document);
    servers::write(assessment, document);
    policy::write(assessment, document);
    reports::write(assessment, document);
    grounds::write(assessment, document);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::{self, HOSTILE};

    #[test]
    fn the_ticket_of_everything_at_once_and_of_every_answer() {
        sample::golden("ticket.md", &document(&[&sample::assessment()]));
        sample::golden("tickets.md", &document(&sample::assessments().iter().collect::<Vec<_>>()));
    }

    #[test]
    fn a_ticket_has_what_a_change_is_signed_by() {
        let ticket = document(&[&sample::assessment()]);
        for what in [
            "# NOT READY: xn--bcher-kva.example (bücher.example)",
            "Is it safe to stay in enforce?",
            "| Evidence valid until | `2026-03-11T12:00:00Z` |",
            concat!("| Tool | stsready ", env!("CARGO_PKG_VERSION"), " |"),
            "`192.0.2.53:53`",
            "## Roll-back",
            "## Accepted risks",
            "sessions 100 (default 300)",
            "| Google |",
        ] {
            assert!(ticket.contains(what), "{what}\n{ticket}");
        }
    }

    /// Outside of fences and code, every sign of a hostile text that could be markup is escaped.
    #[test]
    fn nothing_hostile_is_markup() {
        let ticket = document(&sample::assessments().iter().collect::<Vec<_>>());
        assert!(!ticket.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'), "{ticket}");
        let mut fence: Option<String> = None;
        let mut seen = 0;
        for line in ticket.lines() {
            let ticks: String = line.chars().take_while(|c| *c == '`').collect();
            match &fence {
                Some(open) if *open == line => fence = None,
                Some(_) => seen += 1,
                None if ticks.len() > 2 => {
                    assert_eq!(ticks, line, "a fence stands alone");
                    fence = Some(ticks);
                }
                None => {
                    // In turns outside and inside of code.
                    let prose: String = line.replace("\\`", "").split('`').step_by(2).collect();
                    for markup in ["<", "](", "**b**", "https:/", "www.", "@"] {
                        assert!(!prose.contains(markup), "{markup} in {line}");
                    }
                }
            }
        }
        assert!(fence.is_none() && seen > 20, "every fence ends");
        assert!(!ticket.contains(HOSTILE));
    }
}
