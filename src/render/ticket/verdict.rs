//! The head of the ticket: the answer, the question in words, the times, and the ladder.

use crate::model::assessment::{Assessment, Question};
use crate::render::json::TOOL;
use crate::render::markdown::{Document, Inline};
use crate::render::text::{headline, ladder};

pub(super) fn write(assessment: &Assessment, document: &mut Document) {
    let word = headline::word(assessment);
    document.heading(1, Inline::text(format!("{word}: {}", assessment.domain.shown())));
    document.paragraph(Inline::strong(headline::sentence(assessment)));
    let row = |name: &str, value: Inline| [Inline::text(name), value];
    let owner = [("Owner", &assessment.keeper.owner), ("Group", &assessment.keeper.group)];
    let rows = [
        row("Domain", Inline::code(&assessment.domain)),
        row("Question", Inline::text(question(assessment.question))),
        row("Answer", Inline::strong(word)),
        row("Because of", Inline::codes(&assessment.because)),
        row("Accepted risks", Inline::codes(headline::accepted(assessment))),
        row("Observed at", Inline::code(assessment.observed_at)),
        row("Judged as of", Inline::code(assessment.asked_at)),
        row("Evidence valid until", Inline::code(assessment.valid_until)),
        row("Tool", Inline::text(format!("{} {}", TOOL.name, TOOL.version))),
    ];
    let owner = owner.into_iter().filter_map(|(name, value)| Some(row(name, Inline::text(value.as_ref()?))));
    document.table(["", "Times are UTC"], rows.into_iter().chain(owner).filter(|[_, value]| !value.is_empty()));

    document.heading(2, Inline::text("Stages"));
    let stages = assessment.stages.iter().map(|stage| {
        let (sign, word, _) = ladder::sign(stage.state);
        [
            Inline::text(headline::name(stage.stage)),
            Inline::text(format!("{sign} {word}")),
            Inline::text(ladder::seen(assessment, stage.stage)),
        ]
    });
    document.table(["Stage", "State", "Seen"], stages);
    if !assessment.next.is_empty() {
        document.heading(2, Inline::text("What to do now"));
        document.steps(&assessment.next);
    }
}

/// As a person asks it.
fn question(question: Question) -> &'static str {
    match question {
        Question::SwitchToEnforce => "Is it safe to switch MTA-STS from testing to enforce now?",
        Question::StayInEnforce => "Is it safe to stay in enforce?",
        Question::StartTesting => "What is missing before MTA-STS can start in testing?",
        Question::CheckStage => "Is anything broken in the stages that were looked at?",
    }
}
