//! The failures in reports, one finding a fault: the groups of one reporter, MX host and result-type stand together, each reason as a
//! row of evidence. No group is lost: one that the live check shows too is linked to it, not reported twice.

use std::collections::{BTreeMap, BTreeSet};

use super::lacking::day;
use super::{DANE, FAILING, FETCH_ERROR, FIXED, FOREIGN_MX, counted};
use crate::evidence::reports::{Explanation, Group, Judged, Meaning};
use crate::model::assessment::{Cause, Confidence, GroupLabel, Refused};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::rule::{Rule, Severity};
use crate::rules::Case;
use crate::wire::name::Domain;

/// Findings of one rule; hostile reports may name a million hosts.
const FINDING_CAP: usize = 50;
/// Rows of evidence of one finding.
const ROW_CAP: usize = 10;

/// Reporters or days from which on an unrecovered fetch error is a blocker.
const FETCH_REPORTERS: usize = 2;
const FETCH_DAYS: usize = 3;

/// Writes the rules about failures; those that do not come up are left to hold.
pub(super) fn write(case: &Case<'_>, judged: &Judged, live_mx: &BTreeSet<Domain>, sheet: &mut Sheet) {
    let domain = case.facts.domain.as_str();
    let labelled = |label| judged.groups.iter().filter(move |group: &&Group| group.summary.label == label);

    for (subject, groups) in by_subject(labelled(GroupLabel::StillTrue), failing_subject) {
        let rule: &'static Rule = if is_fetch(&groups) { &FETCH_ERROR } else { &FAILING };
        let (sessions, summary) = (sessions(&groups), &groups[0].summary);
        let why = format!("still true: the live checks show the fault of these {sessions} sessions ({}) too", summary.result_type);
        sheet.not_applicable(rule, subject, why);
    }
    let refused = labelled(GroupLabel::Unexplained).filter(|group| group.meaning != Meaning::Fetch);
    capped(&FAILING, domain, &by_subject(refused, failing_subject), sheet, |subject, groups, sheet| {
        failing(subject, groups, &left(groups, &judged.summary.refused, live_mx), sheet);
    });
    let fetch: Vec<&Group> = labelled(GroupLabel::Unexplained).filter(|group| group.meaning == Meaning::Fetch).collect();
    if !fetch.is_empty() {
        fetch_error(domain, &fetch, sheet);
    }
    let by_mx = |group: &Group| group.summary.mx.as_ref().map_or_else(|| domain.to_owned(), ToString::to_string);
    capped(&FOREIGN_MX, domain, &by_subject(labelled(GroupLabel::Foreign), by_mx), sheet, foreign);
    capped(&DANE, domain, &by_subject(labelled(GroupLabel::NotSts), by_mx), sheet, dane);
    capped(&FIXED, domain, &by_subject(labelled(GroupLabel::Fixed), failing_subject), sheet, fixed);
}

/// What the sender would have had left besides the refused host, on the worst of those days; nothing where that is not known.
fn left(groups: &[&Group], refused: &[Refused], live_mx: &BTreeSet<Domain>) -> String {
    let summary = &groups[0].summary;
    let Some(mx) = summary.mx.as_ref().filter(|mx| live_mx.contains(*mx)) else { return String::new() };
    let on = |day| groups.iter().any(|group| group.on.contains(&day));
    let lines = refused.iter().filter(|line| line.reporter == summary.reporter && line.mx.as_ref() == Some(mx));
    // A sender that applied no policy refused nothing: what one that does would have left is all but this host, which is among them.
    let worst = lines.filter(|line| on(line.day)).filter_map(|line| line.hosts_left).min().unwrap_or(live_mx.len() - 1);
    match (worst, live_mx.len()) {
        (_, 1) => "; it is the only MX host, so the mail would have waited".to_owned(),
        (0, all) => format!("; none of {all} MX hosts left, so the mail would have waited"),
        (left, all) => format!("; {left} of {all} MX hosts left"),
    }
}

fn failing(subject: &str, groups: &[&Group], left: &str, sheet: &mut Sheet) {
    let summary = &groups[0].summary;
    let (reporter, result_type) = (&summary.reporter, &summary.result_type);
    let sessions = counted(sessions(groups), "session", "sessions");
    let place = summary.mx.as_ref().map_or_else(|| "an MX host".to_owned(), ToString::to_string);
    let message = if groups.iter().all(|group| group.hint) {
        format!(
            "{reporter}, which applied no MTA-STS policy, met {result_type} at {place} in {sessions}: senders that do would refuse it{left}"
        )
    } else {
        format!("under enforce {reporter} would have refused {place} in {sessions} ({result_type}){left}")
    };
    let severity = if groups.iter().any(|group| group.weighty && !group.hint) { Severity::Blocker } else { Severity::Warning };
    let finding = sheet.broken(&FAILING, subject, message, row(groups[0]));
    finding.severity(severity);
    finding.expected("no failure that the live checks and the time since do not explain").found(when(groups));
    for group in groups.iter().skip(1).take(ROW_CAP) {
        finding.evidence(row(group));
    }
    finding.fix(format!(
        "the live checks do not show it: look for one bad back end of several, the other address family, a firewall that treats the \
         sender's region differently, an interception on the way{}; then let clean days of this reporter show that it is mended: at \
         least 3, and more than it lasted",
        pages(groups)
    ));
}

fn fetch_error(domain: &str, groups: &[&Group], sheet: &mut Sheet) {
    let reporters: BTreeSet<&str> = groups.iter().map(|group| group.summary.reporter.as_str()).collect();
    let days: BTreeSet<_> = groups.iter().flat_map(|group| group.on.iter().copied()).collect();
    let heavy = reporters.len() >= FETCH_REPORTERS || days.len() >= FETCH_DAYS;
    let who = if reporters.len() <= 3 {
        reporters.iter().copied().collect::<Vec<_>>().join(", ")
    } else {
        format!("{} reporters", reporters.len())
    };
    let message = format!("{who} could not obtain the policy on {}, and no recovery is seen since", counted(days.len(), "day", "days"));
    let finding = sheet.broken(&FETCH_ERROR, domain, message, row(groups[0]));
    finding.severity(if heavy { Severity::Blocker } else { Severity::Warning });
    finding.expected("every sender can fetch the policy, or 3 clean days since").found(when(groups));
    for group in groups.iter().skip(1).take(ROW_CAP) {
        finding.evidence(row(group));
    }
    finding.fix(format!(
        "see how mta-sts.{domain} answers those senders: status, certificate, every address, bot protection, blocks by region{}",
        pages(groups)
    ));
}

fn foreign(subject: &str, groups: &[&Group], sheet: &mut Sheet) {
    let message = format!("senders report {} at {subject}, which is no MX of the domain", counted(sessions(groups), "failure", "failures"));
    let finding = sheet.broken(&FOREIGN_MX, subject, message, row(groups[0]));
    finding.expected("failures at MX hosts only, if any").found(when(groups));
    for group in groups.iter().skip(1).take(ROW_CAP) {
        finding.evidence(row(group));
    }
    finding.fix("if the host was an MX, these reports leave the window by themselves; if it is unknown to you, check DNS at every name server and keep the reports");
}

fn dane(subject: &str, groups: &[&Group], sheet: &mut Sheet) {
    let summary = &groups[0].summary;
    let message = format!(
        "{} fails in {} of DANE senders ({}), whatever the policy's mode",
        subject,
        counted(sessions(groups), "session", "sessions"),
        summary.result_type
    );
    let finding = sheet.broken(&DANE, subject, message, row(groups[0]));
    finding.expected("TLSA records that match, in a zone whose DNSSEC validates").found(when(groups));
    for group in groups.iter().skip(1).take(ROW_CAP) {
        finding.evidence(row(group));
    }
    finding.fix("compare the TLSA records of the MX host with the key that it serves, and validate its zone");
}

fn fixed(subject: &str, groups: &[&Group], sheet: &mut Sheet) {
    let summary = &groups[0].summary;
    let why = match groups[0].explanation {
        Some(Explanation::Certificate(since)) => format!("the certificate is another one since {}", day(since)),
        Some(Explanation::Policy) => "they occurred under a policy that did not cover the host".to_owned(),
        Some(Explanation::Moved(since)) => format!("the host has other addresses since {}", day(since)),
        Some(Explanation::Chance) | None => "so long a clean run is no chance at the old rate".to_owned(),
    };
    let clean = format!("{} clean days with {} since", groups[0].clean_days, counted(groups[0].clean_sessions, "session", "sessions"));
    let message = format!(
        "{} of {} ({}) are taken as fixed: {why}, and {clean}",
        counted(sessions(groups), "failure", "failures"),
        summary.reporter,
        summary.result_type
    );
    let finding = sheet.broken(&FIXED, subject, message, row(groups[0]));
    finding.expected("no failures").found(when(groups));
    for group in groups.iter().skip(1).take(ROW_CAP) {
        finding.evidence(row(group));
    }
    finding.fix("see that the cause cannot come back: under enforce those days would have been days of delayed mail");
}

/// The groups of one subject together, in the order of the groups.
fn by_subject<'a>(groups: impl Iterator<Item = &'a Group>, subject: impl Fn(&Group) -> String) -> Vec<(String, Vec<&'a Group>)> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut found: Vec<(String, Vec<&Group>)> = Vec::new();
    for group in groups {
        let subject = subject(group);
        let place = *places.entry(subject.clone()).or_insert_with(|| {
            found.push((subject, Vec::new()));
            found.len() - 1
        });
        found[place].1.push(group);
    }
    found
}

/// Reporter, MX host and result-type; hints apart.
fn failing_subject(group: &Group) -> String {
    let summary = &group.summary;
    let mx = summary.mx.as_ref().map(|mx| format!(" {mx}")).unwrap_or_default();
    let hint = if group.hint { " (no policy applied)" } else { "" };
    format!("{}{mx} {}{hint}", summary.reporter, summary.result_type)
}

/// Writes one finding a subject; beyond the cap one that counts the rest, so that none is lost.
fn capped<'a>(
    rule: &'static Rule,
    domain: &str,
    subjects: &[(String, Vec<&'a Group>)],
    sheet: &mut Sheet,
    write: impl Fn(&str, &[&'a Group], &mut Sheet),
) {
    for (subject, groups) in subjects.iter().take(FINDING_CAP) {
        write(subject, groups, sheet);
    }
    let rest: Vec<&Group> = subjects.iter().skip(FINDING_CAP).flat_map(|(_, groups)| groups.iter().copied()).collect();
    if let Some(first) = rest.first() {
        let message =
            format!("{} more groups of failures of this kind, {} in all", rest.len(), counted(sessions(&rest), "session", "sessions"));
        let finding = sheet.broken(rule, domain, message, row(first));
        for group in rest.iter().skip(1).take(ROW_CAP) {
            finding.evidence(row(group));
        }
    }
}

fn is_fetch(groups: &[&Group]) -> bool {
    groups.iter().all(|group| group.meaning == Meaning::Fetch)
}

fn sessions(groups: &[&Group]) -> u64 {
    groups.iter().fold(0, |sum, group| sum.saturating_add(group.summary.sessions))
}

/// `3 sessions on 2 days, 2026-03-01 to 2026-03-04`.
fn when(groups: &[&Group]) -> String {
    let days: BTreeSet<_> = groups.iter().flat_map(|group| group.on.iter().copied()).collect();
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return counted(sessions(groups), "session", "sessions") };
    let range =
        if first == last { format!("on {first}") } else { format!("on {} from {first} to {last}", counted(days.len(), "day", "days")) };
    format!("{} {range}", counted(sessions(groups), "session", "sessions"))
}

fn row(group: &Group) -> Evidence {
    let summary = &group.summary;
    let mx = summary.mx.as_ref().map(|mx| format!(" at {mx}")).unwrap_or_default();
    let reason = summary.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let cause = summary.cause.as_ref().map(|cause| format!("; {}", reading(cause))).unwrap_or_default();
    let text = format!("{}: {}{mx}{reason}: {}{cause}", summary.reporter, summary.result_type, when(&[group]));
    Evidence::at(EvidenceKind::Report, summary.last, text)
}

/// A cause as evidence words it, with how sure it is.
fn reading(cause: &Cause) -> String {
    let sure = match cause.confidence {
        Confidence::Certain => "that is",
        Confidence::Likely => "likely",
        Confidence::Guess => "perhaps",
    };
    format!("{sure}: {} (see {})", cause.cause, cause.see)
}

/// The pages that the reporters' words lead to, for a fix; a guess leads nowhere.
fn pages(groups: &[&Group]) -> String {
    let causes = groups.iter().filter_map(|group| group.summary.cause.as_ref()).filter(|cause| cause.confidence > Confidence::Guess);
    let codes: BTreeSet<&str> = causes.map(|cause| cause.see).collect();
    if codes.is_empty() {
        return String::new();
    }
    format!("; the reporters' words lead to {}", codes.into_iter().collect::<Vec<_>>().join(", "))
}
