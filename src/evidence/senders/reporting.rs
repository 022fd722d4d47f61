//! How senders report (RFC 8460): who does not, and what is missing from what others write.

use super::{Behaviour, View};
use crate::evidence::reports::{Meaning, meaning};
use crate::model::facts::reports::{PolicyType, Report, ReportPolicy};
use crate::wire::tlsrpt_record;

pub(super) static BEHAVIOURS: &[Behaviour] = &[
    Behaviour {
        sender: "Exim, and Postfix before 3.10,",
        name: "no-reports",
        source: "Exim has no TLS reporting, Postfix has it since 3.10; RFC 8460 asks no sender to report",
        see: None,
        effect: |view| asked(view).then(|| "will send no report: what they meet here is in no evidence".to_owned()),
    },
    Behaviour {
        sender: "mox",
        name: "failures-only",
        source: "mox tlsrptsend; RFC 8460 §4.1 wants successes too",
        see: None,
        effect: |view| asked(view).then(|| "will report only when something failed: its silence is no gap, and no evidence".to_owned()),
    },
    Behaviour {
        sender: "Mail.ru",
        name: "no-policy-string",
        source: "its reports; a policy-string belongs to RFC 8460 §4.4",
        see: None,
        effect: mail_ru,
    },
    Behaviour {
        sender: "Microsoft",
        name: "no-mx-host",
        source: "its reports; receiving-mx-hostname is optional in RFC 8460 §4.4",
        see: None,
        effect: microsoft_without_host,
    },
    Behaviour {
        sender: "Microsoft",
        name: "sts-and-tlsa",
        source: "its reports; RFC 8460 §4.4 has an entry a policy",
        see: None,
        effect: microsoft_twice,
    },
];

/// Whether reports are asked for, and were looked at.
fn asked(view: &View<'_>) -> bool {
    let record = view.facts.record.as_ref().and_then(|record| tlsrpt_record::select(&record.txt.texts()));
    view.facts.reports.is_some() && record.is_some_and(|record| record.targets.iter().any(|target| target.uri.is_ok()))
}

fn reports_of<'a>(view: &View<'a>, reporter: &'static str) -> impl Iterator<Item = &'a Report> {
    view.facts.reports.iter().flat_map(|reports| &reports.reports).filter(move |report| report.reporter == reporter)
}

fn sum(counts: impl Iterator<Item = u64>) -> Option<u64> {
    Some(counts.fold(0, u64::saturating_add)).filter(|sum| *sum > 0)
}

fn mail_ru(view: &View<'_>) -> Option<String> {
    let without_text = |policy: &&ReportPolicy| policy.policy_type == PolicyType::Sts && policy.policy_string.is_empty();
    let entries = reports_of(view, "mail.ru").flat_map(|report| &report.policies).filter(without_text);
    let sessions = sum(entries.map(|policy| policy.successful))?;
    Some(format!("does not say which policy it applied: its successes ({sessions} in all reports) do not count as evidence"))
}

fn microsoft_without_host(view: &View<'_>) -> Option<String> {
    let details = reports_of(view, "microsoft.com").flat_map(|report| &report.policies).flat_map(|policy| &policy.details);
    let homeless = details.filter(|detail| detail.mx.is_none() && meaning(&detail.result_type) == Meaning::Refused);
    let sessions = sum(homeless.map(|detail| detail.sessions))?;
    Some(format!("does not say which MX host its failures met ({sessions} in all reports): they are held against every host"))
}

fn microsoft_twice(view: &View<'_>) -> Option<String> {
    let has = |report: &Report, kind: &PolicyType| report.policies.iter().any(|policy| policy.policy_type == *kind);
    let mut reports = reports_of(view, "microsoft.com");
    let twice = reports.any(|report| has(report, &PolicyType::Sts) && has(report, &PolicyType::Tlsa));
    twice.then(|| "lists the same sessions under sts and tlsa: they are counted once".to_owned())
}
