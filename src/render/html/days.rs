//! What senders reported: the sessions of each day as stacked bars with the same numbers in a table, and who reported.

use super::paper::Paper;
use super::scale::Share;
use super::table::{self, Cell};
use crate::model::assessment::{Assessment, DaySummary, ReportsSummary};
use crate::render::escape::html;
use crate::render::page::Look;
use crate::render::text::minute;
use crate::render::text::sessions::{checked, count, days, figures};

/// Reporters beyond these are counted.
const REPORTERS_SHOWN: usize = 50;

pub(super) fn write(assessment: &Assessment, paper: &mut Paper) {
    let Some(reports) = assessment.reports.as_ref().filter(|reports| reports.reports > 0) else { return };
    paper.section("reports", "Reports", |paper| {
        paper.paragraph(Look::Plain, &figures(reports));
        if let Some(checked) = checked(reports) {
            paper.paragraph(Look::Plain, &checked);
        }
        if let Some(at) = reports.suffices_at {
            paper.paragraph(Look::Plain, &format!("if reports stay clean, they suffice on {} at the earliest", minute(at)));
        }
        chart(&reports.days, paper);
        reporters(reports, paper);
    });
}

fn chart(summaries: &[DaySummary], paper: &mut Paper) {
    let total = |day: &DaySummary| day.successful.saturating_add(day.failed);
    let (Some(first), Some(last)) = (summaries.first(), summaries.last()) else { return };
    let most = summaries.iter().map(total).max().unwrap_or(0);
    let (title, about) = (paper.id("days-title"), paper.id("days-about"));
    let failing = summaries.iter().filter(|day| day.failed > 0).count() as u64;
    let silent = summaries.iter().filter(|day| day.reports == 0).count() as u64;
    paper.line(format_args!(
        "<figure>\n<svg class=\"days\" role=\"img\" aria-labelledby=\"{title} {about}\">\n<title id=\"{title}\">Sessions per day</title>\n\
         <desc id=\"{about}\">{} to {}: {} with failures, {} without reports; the table below has every number</desc>",
        first.day,
        last.day,
        count(failing, "day"),
        count(silent, "day"),
    ));
    let columns = summaries.len() as u64;
    for (index, day) in (0..).zip(summaries) {
        bar(day, Share::of(index * 10 + 1, columns * 10), Share::of(8, columns * 10), most, paper);
    }
    paper.line(format_args!("</svg>"));
    if failing > 0 {
        paper.put(format_args!("<svg class=\"marks\" aria-hidden=\"true\">"));
        for (index, _) in (0..).zip(summaries).filter(|(_, day)| day.failed > 0) {
            let middle = Share::of(index * 2 + 1, columns * 2);
            paper.put(format_args!("<text x=\"{middle}\" y=\"12\" text-anchor=\"middle\">×</text>"));
        }
        paper.line(format_args!("</svg>"));
    }
    let failures = if failing > 0 { "; <span class=\"bad\"><span class=\"key\"></span> failures</span>, × below the day" } else { "" };
    paper.line(format_args!(
        "<div class=\"ends\"><span>{}</span><span>{}</span></div>\n\
         <figcaption><span class=\"good\"><span class=\"key low\"></span> successes</span>{failures}; the highest day has {}</figcaption>\n</figure>",
        first.day,
        last.day,
        count(most, "session")
    ));
    let rows = summaries.iter().map(|day| {
        vec![Cell::Text(day.day.to_string()), Cell::Number(day.successful), Cell::Number(day.failed), Cell::Number(day.reports)]
    });
    table::folded(
        paper,
        &format!("The numbers of {}", days(i64::try_from(columns).unwrap_or(0))),
        &["Day", "Successes", "Failures", "Reports"],
        rows,
    );
}

/// One day: failures stand on the successes, and are seen however few they are.
fn bar(day: &DaySummary, x: Share, width: Share, most: u64, paper: &mut Paper) {
    let height = |sessions| if sessions == 0 { Share::default() } else { Share::of(sessions, most).visible() };
    let (good, bad) = (height(day.successful), height(day.failed));
    // A day of few failures among many successes would otherwise reach beyond the top.
    let good = good.at_most(bad.rest());
    paper.line(format_args!(
        "<g><title>{}: {} succeeded, {} failed, {}</title><rect class=\"f-track\" x=\"{x}\" width=\"{width}\" height=\"100%\" opacity=\"{}\"/>\
         <rect class=\"f-good\" x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{good}\"/>\
         <rect class=\"f-bad\" x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{bad}\"/></g>",
        day.day,
        day.successful,
        day.failed,
        html(&count(day.reports, "report")),
        u8::from(day.reports == 0),
        good.rest(),
        good.and(bad).rest(),
    ));
}

fn reporters(reports: &ReportsSummary, paper: &mut Paper) {
    let rows = reports.reporters.iter().take(REPORTERS_SHOWN).map(|reporter| {
        vec![
            Cell::Text(reporter.reporter.clone()),
            Cell::Long(reporter.organization.clone()),
            Cell::Number(reporter.reports),
            Cell::Number(reporter.sessions),
            Cell::Text(minute(reporter.last)),
        ]
    });
    table::write(paper, "Who reported", &["Reporter", "As it names itself", "Reports", "Sessions", "Last period ends"], rows);
    let more = reports.reporters.len().saturating_sub(REPORTERS_SHOWN) as u64;
    if more > 0 {
        paper.paragraph(Look::Faint, &format!("and {}", count(more, "more reporter")));
    }
}
