//! `check`, `record`, `policy` and `mx` as a monitoring plugin: one domain in detail, or the worst of many with their numbers.
//!
//! A service has the same figures at every run: counts, the time that the evidence holds, each certificate's seconds left. For many
//! domains there are numbers and the certificate that ends first; who wants each certificate watches one domain a service, or `expiry`.

use super::{CERTIFICATES, Output, Perfdata, Status};
use crate::model::assessment::{Answer, Assessment, RunwayEntry};
use crate::model::finding::{Finding, Outcome, codes};
use crate::model::rule::Severity;
use crate::render::text::sessions::count;
use crate::render::text::{accepted, headline, minute};

/// Domains that are named in the first line.
const NAMED: usize = 5;

/// An assessment, and how it stands to the line that `--fail-on` draws.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// What it comes to.
    pub status: Status,
    /// It.
    pub assessment: &'a Assessment,
}

/// One run. `lost`: how many domains are missing by a fault of ours.
pub fn page(judged: &[Judged<'_>], lost: usize) -> String {
    match judged {
        [one] if lost == 0 => single(*one).page(),
        many => several(many, lost).page(),
    }
}

/// What all of them come to.
pub fn worst(judged: &[Judged<'_>], lost: usize) -> Status {
    let worst = judged.iter().map(|one| one.status).max().unwrap_or(Status::Unknown);
    if lost > 0 { worst.max(Status::Unknown) } else { worst }
}

fn single(judged: Judged<'_>) -> Output {
    let Judged { status, assessment } = judged;
    let mut said = headline::sentence(assessment);
    let codes = deciding(status, assessment);
    if !codes.is_empty() {
        said = format!("{said} ({})", codes.join(", "));
    }
    let mut perfdata = counts(&[judged]);
    if let Some(reports) = &assessment.reports {
        perfdata.push(Perfdata::count("report sessions", reports.sessions));
        perfdata.push(Perfdata::count("report failures", reports.failures));
        perfdata.push(Perfdata::count("report days", reports.days_with_reports.try_into().unwrap_or(0)));
    }
    let holds = assessment.asked_at.duration_until(assessment.valid_until).as_secs();
    perfdata.push(Perfdata::seconds("evidence holds", holds));
    perfdata.extend(assessment.runway.iter().take(CERTIFICATES).map(|entry| seconds_left(entry.subject.clone(), entry)));
    Output { status, said, perfdata, more: more(assessment) }
}

/// What decides, or what warns where that decides.
fn deciding(status: Status, assessment: &Assessment) -> Vec<&'static str> {
    if status != Status::Warning || !assessment.because.is_empty() {
        return assessment.because.clone();
    }
    codes(open(assessment).filter(|finding| finding.warns()))
}

fn several(judged: &[Judged<'_>], lost: usize) -> Output {
    let status = worst(judged, lost);
    let mut numbers = Vec::new();
    for of in [Status::Critical, Status::Warning, Status::Unknown, Status::Ok] {
        let names: Vec<String> = judged.iter().filter(|one| one.status == of).map(|one| one.assessment.domain.shown()).collect();
        if names.is_empty() {
            continue;
        }
        let number = format!("{} {}", names.len(), of.word());
        let left = names.len().saturating_sub(NAMED);
        let named = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        numbers.push(match (of, left) {
            (Status::Ok, _) => number,
            (_, 0) => format!("{number} ({named})"),
            (_, left) => format!("{number} ({named} and {left} more)"),
        });
    }
    if lost > 0 {
        numbers.push(format!("{lost} lost by an internal error"));
    }
    let said = format!("{}: {}", count((judged.len() + lost) as u64, "domain"), numbers.join(", "));
    let of = |status| judged.iter().filter(|one| one.status == status).count() as u64;
    let mut perfdata = vec![
        Perfdata::count("domains", (judged.len() + lost) as u64),
        Perfdata::count("ok", of(Status::Ok)),
        Perfdata::count("warning", of(Status::Warning)),
        Perfdata::count("critical", of(Status::Critical)),
        Perfdata::count("unknown", of(Status::Unknown) + lost as u64),
    ];
    perfdata.extend(counts(judged));
    let runway = judged.iter().flat_map(|one| &one.assessment.runway);
    perfdata.extend(runway.min_by_key(|entry| entry.not_after).map(|entry| seconds_left("first certificate to end".to_owned(), entry)));
    let mut sorted = judged.to_vec();
    sorted.sort_by_key(|one| std::cmp::Reverse(one.status));
    let more = sorted.iter().filter(|one| one.status != Status::Ok);
    let more = more.map(|one| {
        let because = one.assessment.because.join(", ");
        let because = if because.is_empty() { because } else { format!(" ({because})") };
        format!("{} {}{because}", one.status.word(), headline::sentence(one.assessment))
    });
    Output { status, said, perfdata, more: more.collect() }
}

/// How many findings of each weight, accepted ones apart.
fn counts(judged: &[Judged<'_>]) -> Vec<Perfdata> {
    let number =
        |test: fn(&Finding) -> bool| judged.iter().flat_map(|one| &one.assessment.findings).filter(|finding| test(finding)).count() as u64;
    vec![
        Perfdata::count("blockers", number(Finding::blocks)).none_allowed(),
        Perfdata::count("warnings", number(|finding| finding.warns() && !finding.blocks())),
        Perfdata::count("undetermined", number(Finding::unsettles)),
        Perfdata::count("accepted", number(|finding| finding.accepted.is_some())),
    ]
}

fn open(assessment: &Assessment) -> impl Iterator<Item = &Finding> {
    assessment.findings.iter().filter(|finding| finding.is_shown() && finding.accepted.is_none())
}

fn seconds_left(label: String, entry: &RunwayEntry) -> Perfdata {
    let figure = Perfdata::seconds(label, entry.seconds_left);
    match entry.place.bounds {
        Some(bounds) => {
            let left = |at: jiff::Timestamp| at.duration_until(entry.not_after).as_secs();
            figure.not_below(left(bounds.warning), left(bounds.critical))
        }
        None => figure,
    }
}

/// Every finding that is shown, the accepted ones with their reasons, and how long it holds.
fn more(assessment: &Assessment) -> Vec<String> {
    let mut more: Vec<String> = open(assessment).filter(|finding| finding.severity > Severity::Advice).map(told).collect();
    for finding in &assessment.findings {
        if let Some(reason) = &finding.accepted {
            more.push(format!("accepted {} {}: {}", finding.code(), finding.subject, accepted(reason)));
        }
    }
    let last_known = assessment.last_known.iter().map(|known| {
        let place = &known.place;
        let (seen, end) = (minute(place.seen_at), minute(known.not_after));
        format!("{} {} {} showed no certificate now; the one seen {seen} ends {end}", place.host, place.address, place.key_type)
    });
    more.extend(last_known);
    if assessment.answer != Answer::NotApplicable {
        more.push(format!("holds until {}; observed {}", minute(assessment.valid_until), minute(assessment.observed_at)));
    }
    more
}

fn told(finding: &Finding) -> String {
    let weight = if finding.outcome == Outcome::Undetermined { "undetermined" } else { finding.severity.as_str() };
    format!("{weight} {} {}: {}", finding.code(), finding.subject, finding.message)
}
