//! The answer, in one sentence and with what it rests on; the ladder of stages; what to do now and the way back.

use super::paper::{Paper, name};
use super::shell::pre;
use super::table::{self, Cell};
use crate::model::assessment::Assessment;
use crate::model::finding::Fix;
use crate::render::escape::html;
use crate::render::text::{headline, horizon, ladder, minute};

/// What the browser's tab says.
pub(super) fn title(assessment: &Assessment) -> String {
    let (_, word, _) = headline::word(assessment);
    format!("{}: {word}", assessment.domain.shown())
}

/// The part of a page that stands alone: with the domain as its heading.
pub(super) fn write(assessment: &Assessment, paper: &mut Paper) {
    open(assessment, paper);
    paper.title("answer", &assessment.domain.shown());
    answer(assessment, paper);
}

/// The same below a heading that already names domain and answer.
pub(super) fn below(assessment: &Assessment, paper: &mut Paper) {
    open(assessment, paper);
    answer(assessment, paper);
}

fn open(assessment: &Assessment, paper: &mut Paper) {
    let (_, _, look) = headline::word(assessment);
    paper.line(format_args!("<header class=\"answer {}\">", name(look)));
}

fn answer(assessment: &Assessment, paper: &mut Paper) {
    paper.line(format_args!("<p class=\"verdict\">{} {}</p>\n<dl>", badge(assessment), html(&headline::sentence(assessment))));
    if !assessment.because.is_empty() {
        let links = assessment.because.iter().map(|code| link(paper, code));
        let links = links.collect::<Vec<_>>().join(", ");
        paper.line(format_args!("<dt>Because</dt><dd>{links}</dd>"));
    }
    let accepted = headline::accepted(assessment);
    if !accepted.is_empty() {
        let links = accepted.iter().map(|code| link(paper, code)).collect::<Vec<_>>().join(", ");
        paper.line(format_args!("<dt>Accepted risks</dt><dd>{links}</dd>"));
    }
    let pairs = [
        ("Draft", assessment.draft.clone()),
        ("Owner", assessment.keeper.owner.clone()),
        ("Group", assessment.keeper.group.clone()),
        ("Observed", Some(minute(assessment.observed_at))),
        ("Judged as of", (assessment.asked_at != assessment.observed_at).then(|| minute(assessment.asked_at))),
        ("Holds until", Some(minute(assessment.valid_until))),
    ];
    for (term, said) in pairs {
        if let Some(said) = said {
            paper.line(format_args!("<dt>{term}</dt><dd>{}</dd>", html(&said)));
        }
    }
    paper.line(format_args!("</dl>\n</header>"));
}

/// The answer's sign and word.
pub(super) fn badge(assessment: &Assessment) -> String {
    let (sign, word, look) = headline::word(assessment);
    format!("<strong class=\"badge {}\">{sign} {word}</strong>", name(look))
}

/// A code that leads to its first finding, where one is shown.
fn link(paper: &Paper, code: &str) -> String {
    format!("<a href=\"#{}\"><code>{}</code></a>", paper.id(&format!("code-{code}")), html(code))
}

/// The ladder.
pub(super) fn stages(assessment: &Assessment, paper: &mut Paper) {
    if assessment.stages.is_empty() {
        return;
    }
    paper.section("stages", "Stages", |paper| {
        let rows = assessment.stages.iter().map(|stage| {
            let (sign, word, look) = ladder::sign(stage.state);
            let seen = ladder::seen(assessment, stage.stage);
            vec![Cell::Text(headline::name(stage.stage).to_owned()), Cell::State(look, sign, word.to_owned()), Cell::Long(seen)]
        });
        table::write(paper, "Each stage of the rollout", &["Stage", "State", "What was seen"], rows);
    });
}

/// What to do now, and the way back.
pub(super) fn steps(assessment: &Assessment, paper: &mut Paper) {
    for (id, heading, fixes) in
        [("next", "What to do now", assessment.next.as_slice()), ("back", "The way back", horizon::roll_back(assessment))]
    {
        if !fixes.is_empty() {
            paper.section(id, heading, |paper| numbered(fixes, paper));
        }
    }
}

fn numbered(fixes: &[Fix], paper: &mut Paper) {
    paper.line(format_args!("<ol>"));
    for fix in fixes {
        let publish = fix.publish.as_deref().map(pre).unwrap_or_default();
        paper.line(format_args!("<li>{}{publish}</li>", html(&fix.say)));
    }
    paper.line(format_args!("</ol>"));
}
