//! The answer, why, what would change it, and how long it holds.

use jiff::{SignedDuration, Timestamp};

use crate::evidence::merge;
use crate::model::assessment::{Answer, Question, ReportsSummary, RunwayEntry};
use crate::model::finding::{Finding, codes};
use crate::model::history::Subject;
use crate::model::history::seen::Kind;
use crate::model::rule::{Severity, Stage};
use crate::rules::{Case, domain};

/// Probes are good for a day.
const PROBES_HOLD: SignedDuration = SignedDuration::from_hours(24);

/// Everything that the verdict rests on.
pub(super) struct Grounds<'a> {
    /// The facts and the time.
    pub(super) case: &'a Case<'a>,
    /// What is asked.
    pub(super) question: Question,
    /// With their final severities, worst first.
    pub(super) findings: &'a [Finding],
    /// What the reports add up to.
    pub(super) reports: Option<&'a ReportsSummary>,
    /// Soonest first.
    pub(super) runway: &'a [RunwayEntry],
    /// Whether a policy may be there that could not be read.
    pub(super) mode_unknown: bool,
}

/// The verdict.
pub(super) struct Verdict {
    pub(super) answer: Answer,
    pub(super) because: Vec<&'static str>,
    pub(super) would_change_if: Vec<String>,
    pub(super) valid_until: Timestamp,
}

/// Decides.
pub(super) fn of(grounds: &Grounds<'_>) -> Verdict {
    let answer = answer(grounds);
    let deciding: Vec<&Finding> = grounds.findings.iter().filter(|finding| decides(answer, finding)).collect();
    Verdict {
        answer,
        because: codes(deciding.iter().copied()),
        would_change_if: would_change_if(grounds, answer, &deciding),
        valid_until: valid_until(grounds),
    }
}

fn answer(grounds: &Grounds<'_>) -> Answer {
    let any = |test: fn(&Finding) -> bool| grounds.findings.iter().any(test);
    if any(takes_no_mail) {
        return Answer::NotApplicable;
    }
    // Whether a missing record blocks depends on the mode; where the mode could not be read, it decides nothing.
    let blocks = |finding: &&Finding| finding.blocks() && !(grounds.mode_unknown && finding.stage == Stage::Record);
    if grounds.findings.iter().any(|finding| blocks(&finding)) {
        Answer::NotReady
    } else if any(Finding::unsettles) || any(Finding::blocks) {
        Answer::Inconclusive
    } else {
        Answer::Ready
    }
}

fn takes_no_mail(finding: &Finding) -> bool {
    finding.outcome == crate::model::finding::Outcome::Broken && [&domain::NULL_MX, &domain::NO_MAIL].contains(&finding.rule)
}

fn decides(answer: Answer, finding: &Finding) -> bool {
    match answer {
        Answer::NotReady => finding.blocks(),
        Answer::Inconclusive => finding.unsettles() || finding.blocks(),
        Answer::NotApplicable => takes_no_mail(finding),
        Answer::Ready => false,
    }
}

fn would_change_if(grounds: &Grounds<'_>, answer: Answer, deciding: &[&Finding]) -> Vec<String> {
    let mut sentences = Vec::new();
    for finding in deciding {
        let sentence = match answer {
            Answer::NotReady => format!("{} is mended ({})", finding.code(), finding.subject),
            Answer::Inconclusive if finding.stage == Stage::Reports => continue,
            Answer::Inconclusive => format!("{} can be looked at ({})", finding.subject, finding.code()),
            Answer::NotApplicable => "the domain begins to take mail".to_owned(),
            Answer::Ready => continue,
        };
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    let evidence_missing = deciding.iter().any(|finding| finding.stage == Stage::Reports && finding.unsettles());
    if evidence_missing {
        match grounds.reports.and_then(|reports| reports.suffices_at) {
            Some(date) => sentences.push(format!("evidence suffices on {} if reports stay clean", day(date))),
            None => sentences.push("reports arrive, or are given with --reports".to_owned()),
        }
        if let Some(checks) = grounds.reports.and_then(|reports| reports.checks.as_ref())
            && let Some(date) = checks.would_suffice_at
        {
            sentences.push(format!(
                "every MX address stays clean in a check a day: on {} the checks of {} days stand in for what the reports lack",
                day(date),
                checks.needed
            ));
        }
    }
    if answer == Answer::Ready {
        let ending = grounds.findings.iter().filter_map(|finding| Some((finding, finding.accepted.as_ref()?.until?)));
        for (finding, until) in ending.filter(|(finding, _)| finding.severity >= Severity::Warning) {
            sentences.push(format!("the risk is accepted no longer than {until}: {} ({})", finding.code(), finding.subject));
        }
        if let Some(first) = grounds.runway.first() {
            sentences.push(format!("a certificate ends: {} on {}", first.subject, day(first.not_after)));
        }
        if grounds.question != Question::CheckStage {
            sentences.push("the MX set, the policy or a certificate changes: check again then".to_owned());
        }
    }
    sentences
}

/// The earliest of a day after the probes, the next threshold of a certificate, the end of an accepted risk, and the end of the policy's TXT
/// TTL where a change is being seen: until then senders come to know of it one by one.
fn valid_until(grounds: &Grounds<'_>) -> Timestamp {
    let case = grounds.case;
    let day_later = case.facts.observed_at.checked_add(PROBES_HOLD).unwrap_or(Timestamp::MAX);
    let thresholds = crate::evidence::runway::thresholds(case.facts, case.settings, case.now);
    let next = thresholds.into_iter().filter(|(severity, at)| *severity >= Severity::Warning && *at > case.now).map(|(_, at)| at).min();
    // What another vantage saw counts for so long only.
    let lent = case.facts.others.iter().filter(|other| !other.gave.is_empty());
    let lent = lent.filter_map(|other| other.observed_at.checked_add(merge::FRESH).ok()).filter(|at| *at > case.now).min();
    // A risk is accepted until its day is over.
    let accepted = grounds.findings.iter().filter_map(|finding| finding.accepted.as_ref()?.ends());
    next.into_iter().chain(lent).chain(accepted).chain(change_settles(case)).fold(day_later, Timestamp::min)
}

/// When the last sender knows of a policy or a record that this look, or one less than the TXT record's TTL before it, saw first.
fn change_settles(case: &Case<'_>) -> Option<Timestamp> {
    let ttl = case.facts.policy.as_ref()?.txt.answer.seen()?.ttl;
    let published = |subject: &&Subject| matches!(subject.kind, Kind::Policy | Kind::PolicyRecord);
    let subjects = case.past.iter().flat_map(|past| &past.subjects).filter(published);
    // What nobody saw otherwise is not known to have changed.
    let changed = subjects.flat_map(|subject| {
        subject.current().map(|span| span.first_seen).filter(|since| subject.spans.iter().any(|span| span.first_seen < *since))
    });
    changed.max()?.checked_add(SignedDuration::from_secs(i64::from(ttl))).ok().filter(|settled| *settled > case.now)
}

fn day(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}
