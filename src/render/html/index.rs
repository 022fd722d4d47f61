//! Many domains: a row each, and behind the list the page of each, folded away. A browser lays out only what is unfolded, so a thousand open
//! well; links into a folded page unfold it.

use super::Options;
use super::headline::{badge, below};
use super::paper::Paper;
use crate::model::assessment::{Answer, Assessment};
use crate::render::escape::html;
use crate::render::page::Look;
use crate::render::text::date;
use crate::render::text::sessions::count;

/// What the browser's tab says.
pub(super) fn title(assessments: &[Assessment]) -> String {
    format!("MTA-STS of {}", count(assessments.len() as u64, "domain"))
}

pub(super) fn body(assessments: &[Assessment], options: Options) -> String {
    let mut paper = Paper::new("", 1);
    paper.title("domains", &title(assessments));
    paper.paragraph(Look::Plain, &tally(assessments));
    list(assessments, &mut paper);
    for (number, assessment) in (1..).zip(assessments) {
        let prefix = prefix(number);
        let shown = html(&assessment.domain.shown());
        paper.line(format_args!(
            "<details class=\"domain\">\n<summary><h2 id=\"{prefix}domain\">{shown}</h2> {}</summary>",
            badge(assessment)
        ));
        let mut page = Paper::new(&prefix, 2);
        page.line(format_args!("<div id=\"{prefix}answer\">"));
        below(assessment, &mut page);
        page.line(format_args!("</div>"));
        super::sections(assessment, options, &mut page);
        paper.put(format_args!("{}", page.finish()));
        paper.line(format_args!("<p class=\"back\"><a href=\"#domains\">Back to the list</a></p>\n</details>"));
    }
    paper.finish()
}

/// What begins the ids of a domain.
fn prefix(number: usize) -> String {
    format!("d{number}-")
}

/// How many of each answer.
fn tally(assessments: &[Assessment]) -> String {
    let of = |answer| assessments.iter().filter(|assessment| assessment.answer == answer).count();
    let answers = [
        (Answer::NotReady, "not ready"),
        (Answer::Inconclusive, "inconclusive"),
        (Answer::Ready, "ready"),
        (Answer::NotApplicable, "not applicable"),
    ];
    let said = answers.into_iter().filter_map(|(answer, words)| match of(answer) {
        0 => None,
        number => Some(format!("{number} {words}")),
    });
    said.collect::<Vec<_>>().join(", ")
}

fn list(assessments: &[Assessment], paper: &mut Paper) {
    paper.line(format_args!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Domains\">\n<table>\n<caption>Each leads to its page below</caption>\n\
         <thead><tr><th scope=\"col\">Domain</th><th scope=\"col\">Answer</th><th scope=\"col\">Because</th>\
         <th scope=\"col\">First certificate ends</th><th scope=\"col\">Owner</th><th scope=\"col\">Group</th></tr></thead>\n<tbody>"
    ));
    for (number, assessment) in (1..).zip(assessments) {
        let (prefix, domain) = (prefix(number), html(&assessment.domain.shown()));
        let ends = assessment.runway.first().map_or_else(|| "–".to_owned(), |entry| date(entry.not_after));
        let because = html(&assessment.because.join(", "));
        let (owner, group) = (&assessment.keeper.owner, &assessment.keeper.group);
        let (owner, group) = (html(owner.as_deref().unwrap_or_default()), html(group.as_deref().unwrap_or_default()));
        paper.line(format_args!(
            "<tr><th scope=\"row\"><a href=\"#{prefix}answer\">{domain}</a></th><td>{}</td><td>{because}</td><td>{ends}</td><td>{owner}</td>\
             <td>{group}</td></tr>",
            badge(assessment)
        ));
    }
    paper.line(format_args!("</tbody>\n</table>\n</div>"));
}
