//! For a browser: one file that needs nothing else, for a domain or for many; the answer first, then what it rests on.
//!
//! In: assessments. Out: HTML with its style inside, without script, under a policy that lets the browser load nothing. Charts are inline
//! SVG without words of others; what a chart shows also stands in words or in a table beside it.

mod closing;
mod days;
mod failures;
mod findings;
mod headline;
mod horizon;
mod index;
mod paper;
mod runway;
mod scale;
mod servers;
pub(in crate::render) mod shell;
mod table;

use crate::model::assessment::Assessment;
use paper::Paper;

/// The style of reports.
const STYLE: &str = include_str!("report.css");

/// How much to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Also list what holds and what does not apply.
    pub all: bool,
}

/// One file for all of them: the page of the domain, or where there are several a list with the page of each behind it.
pub fn document(assessments: &[Assessment], options: Options) -> String {
    match assessments {
        [one] => domain(one, options),
        many => index(many, options),
    }
}

/// The page of one domain.
pub fn domain(assessment: &Assessment, options: Options) -> String {
    let mut page = Paper::new("", 1);
    headline::write(assessment, &mut page);
    let mut rest = Paper::new("", 1);
    sections(assessment, options, &mut rest);
    page.line(format_args!("<nav aria-label=\"Sections\">\n<ul>"));
    for (id, heading) in rest.sections() {
        page.line(format_args!("<li><a href=\"#{id}\">{heading}</a></li>"));
    }
    page.line(format_args!("</ul>\n</nav>"));
    let body = format!("<main>\n{}{}</main>\n{}", page.finish(), rest.finish(), closing::footer());
    shell::document(&headline::title(assessment), STYLE, &body)
}

/// The pages of many domains behind a list of them.
pub fn index(assessments: &[Assessment], options: Options) -> String {
    let body = format!("<main>\n{}</main>\n{}", index::body(assessments, options), closing::footer());
    shell::document(&index::title(assessments), STYLE, &body)
}

/// Everything below the answer.
fn sections(assessment: &Assessment, options: Options, paper: &mut Paper) {
    headline::stages(assessment, paper);
    headline::steps(assessment, paper);
    findings::write(assessment, options, paper);
    servers::write(assessment, paper);
    days::write(assessment, paper);
    failures::write(assessment, paper);
    runway::write(assessment, paper);
    horizon::write(assessment, paper);
    closing::write(assessment, paper);
}

#[cfg(test)]
mod tests;
