//! What failed: by cause, by sender, each kind with what became of it, what the senders' words mean, and what enforce would have refused.

use super::paper::Paper;
use super::scale::Share;
use super::table::{self, Cell};
use crate::model::assessment::{Assessment, FailureGroup, ReportsSummary};
use crate::render::page::Look;
use crate::render::text::date;
use crate::render::text::reasons::{by, readings, sure};
use crate::render::text::sessions::{count, label};
use crate::wire::name::Domain;

/// Rows of one table beyond these are counted.
const SHOWN: usize = 50;

pub(super) fn write(assessment: &Assessment, paper: &mut Paper) {
    let Some(reports) = assessment.reports.as_ref().filter(|reports| !reports.groups.is_empty() || !reports.refused.is_empty()) else {
        return;
    };
    paper.section("failures", "Failures", |paper| {
        let groups = &reports.groups;
        weighed(paper, "Failures by cause", "Cause", groups.iter().map(|group| (group.result_type.as_str(), group.sessions)));
        weighed(paper, "Failures by sender", "Sender", groups.iter().map(|group| (group.reporter.as_str(), group.sessions)));
        kinds(groups, paper);
        meanings(groups, paper);
        refused(reports, paper);
    });
}

/// Failed sessions added up by one of their properties, most first, with bars.
fn weighed<'a>(paper: &mut Paper, caption: &str, column: &str, of: impl Iterator<Item = (&'a str, u64)>) {
    let mut sums: Vec<(&str, u64)> = Vec::new();
    for (key, sessions) in of {
        match sums.iter_mut().find(|(known, _)| *known == key) {
            Some((_, sum)) => *sum = sum.saturating_add(sessions),
            None => sums.push((key, sessions)),
        }
    }
    sums.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(other.0)));
    let most = sums.first().map_or(0, |(_, sum)| *sum);
    let rows = sums
        .iter()
        .take(SHOWN)
        .map(|(key, sum)| vec![Cell::Text((*key).to_owned()), Cell::Number(*sum), Cell::Bar(Look::Bad, Share::of(*sum, most).visible())]);
    table::write(paper, caption, &[column, "Sessions", "Share of the largest"], rows);
    more(paper, sums.len(), 0);
}

fn kinds(groups: &[FailureGroup], paper: &mut Paper) {
    let rows = groups.iter().take(SHOWN).map(|group| {
        let (sign, word, look) = label(group.label);
        let (first, last) = (date(group.first), date(group.last));
        vec![
            Cell::Text(group.result_type.clone()),
            Cell::State(look, sign, word.to_owned()),
            Cell::Text(host(group.mx.as_ref())),
            Cell::Number(group.sessions),
            Cell::Text(if first == last { first } else { format!("{first} to {last}") }),
            Cell::Text(group.reporter.clone()),
            Cell::Long(group.reason.clone().unwrap_or_default()),
        ]
    });
    let columns = ["Result", "What became of it", "MX host", "Sessions", "When", "Reported by", "In the sender's words"];
    table::write(paper, "Each kind of failure, held against today's probe", &columns, rows);
    more(paper, groups.len(), 0);
}

fn meanings(groups: &[FailureGroup], paper: &mut Paper) {
    let readings = readings(groups);
    let rows = readings.iter().take(SHOWN).map(|(cause, reporters)| {
        let (cause, see, sure) = (cause.cause.clone(), cause.see.to_owned(), sure(cause.confidence).to_owned());
        vec![Cell::Long(cause), Cell::Text(sure), Cell::Code(see), Cell::Text(by(reporters))]
    });
    table::write(paper, "What their words mean", &["Most likely", "How sure", "See rule", "In the words of"], rows);
    more(paper, readings.len(), 0);
}

fn refused(reports: &ReportsSummary, paper: &mut Paper) {
    let of = reports.hosts_left.map(|hosts| hosts.of);
    let rows = reports.refused.iter().rev().take(SHOWN).map(|line| {
        let left = line.hosts_left.zip(of).map_or_else(|| "not known".to_owned(), |(left, of)| format!("{left} of {of}"));
        let (day, host) = (line.day.to_string(), host(line.mx.as_ref()));
        vec![Cell::Text(day), Cell::Text(host), Cell::Number(line.sessions), Cell::Text(line.reporter.clone()), Cell::Text(left)]
    });
    let columns = ["Day", "MX host", "Sessions", "Sender", "MX hosts left"];
    table::write(paper, "What enforce would have refused", &columns, rows);
    more(paper, reports.refused.len(), reports.refused_left_out);
}

fn host(mx: Option<&Domain>) -> String {
    mx.map_or_else(|| "none named".to_owned(), ToString::to_string)
}

fn more(paper: &mut Paper, rows: usize, left_out: usize) {
    let more = rows.saturating_sub(SHOWN).saturating_add(left_out) as u64;
    if more > 0 {
        paper.paragraph(Look::Faint, &format!("and {}", count(more, "more row")));
    }
}
