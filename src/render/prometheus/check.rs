//! Assessments as metrics.

use std::collections::BTreeMap;

use super::{BUILD, CRITICAL, Exposition, LAST_RUN, LAST_SEEN, LAST_SUCCESS, Metric, NOT_AFTER, Value, WARNING, place};
use crate::model::assessment::{Assessment, ReportsSummary};
use crate::model::finding::{Finding, Outcome};
use crate::model::rule::Severity;
use crate::render::words::{self, ANSWERS, OUTCOMES, STATES};

const ANSWER: Metric = Metric { name: "stsready_answer", help: "1 for the answer to the question that the policy's state poses, else 0." };
const STAGE: Metric = Metric { name: "stsready_stage", help: "1 for the state of a stage, else 0." };
const FINDINGS: Metric =
    Metric { name: "stsready_findings", help: "Findings that are broken or could not be determined, accepted ones apart." };
const ACCEPTED: Metric = Metric { name: "stsready_findings_accepted", help: "Findings that the operator accepts as a risk." };
const FINDING: Metric = Metric {
    name: "stsready_finding",
    help: "Subjects at which a rule is broken or could not be determined; no series where there is none.",
};
const ADDRESS: Metric = Metric { name: "stsready_mx_address", help: "1 for how an address of an MX host fared, else 0." };
const MODE: Metric = Metric { name: "stsready_policy_mode", help: "1 for the mode of the policy, else 0." };
const MAX_AGE: Metric = Metric { name: "stsready_policy_max_age_seconds", help: "The max_age of the policy." };
const VALID_UNTIL: Metric =
    Metric { name: "stsready_evidence_valid_until_timestamp_seconds", help: "Until when the answer holds without looking again." };
const REPORTS: Metric = Metric { name: "stsready_reports", help: "TLS reports in the longest window." };
const REPORTERS: Metric = Metric { name: "stsready_report_reporters", help: "Who reported in the longest window, by registered domain." };
const SESSIONS: Metric =
    Metric { name: "stsready_report_sessions", help: "Reported sessions in the window that count as evidence, failed ones included." };
const FAILED: Metric =
    Metric { name: "stsready_report_failed_sessions", help: "Reported sessions in the window that enforce would have refused." };
const WINDOW: Metric = Metric { name: "stsready_report_window_seconds", help: "The length of the window that was judged." };
const COVERAGE: Metric = Metric { name: "stsready_report_coverage_ratio", help: "The share of the window's days that reports are about." };
const BOUND: Metric =
    Metric { name: "stsready_report_failure_bound_ratio", help: "The exact upper bound at 95 % of the rate of failing sessions." };
const NEWEST: Metric =
    Metric { name: "stsready_report_newest_timestamp_seconds", help: "The end of the newest period that is reported about." };

/// All of them, sorted by metric.
pub fn page(assessments: &[&Assessment]) -> String {
    let mut out = Exposition::default();
    for assessment in assessments {
        let Assessment { domain, question, answer, observed_at, valid_until, looked_at, .. } = assessment;
        let of = ("domain", domain.as_str());
        out.count(&BUILD, &[of, ("version", env!("CARGO_PKG_VERSION"))], 1);
        out.states(&ANSWER, &[of, ("question", words::question(*question))], "answer", &ANSWERS, words::answer(*answer));
        for stage in &assessment.stages {
            out.states(&STAGE, &[of, ("stage", stage.stage.as_str())], "state", &STATES, words::state(stage.state));
        }
        findings(&mut out, assessment);
        for host in &assessment.mx {
            for address in &host.addresses {
                let labels = [of, ("host", host.host.as_str()), ("address", &address.address.to_string())];
                out.states(&ADDRESS, &labels, "outcome", &OUTCOMES, words::address(address.outcome));
            }
        }
        certificates(&mut out, assessment);
        if let Some(policy) = &assessment.policy {
            out.states(&MODE, &[of], "mode", &["testing", "enforce", "none"], policy.mode.as_deref().unwrap_or_default());
            if let Some(max_age) = policy.max_age {
                out.count(&MAX_AGE, &[of], max_age);
            }
        }
        if let Some(summary) = &assessment.reports {
            reports(&mut out, domain.as_str(), summary);
        }
        out.time(&VALID_UNTIL, &[of], *valid_until);
        out.time(&LAST_RUN, &[of], *observed_at);
        if let Some(at) = looked_at {
            out.time(&LAST_SUCCESS, &[of], *at);
        }
    }
    out.finish()
}

fn findings(out: &mut Exposition, assessment: &Assessment) {
    let of = ("domain", assessment.domain.as_str());
    let shown: Vec<&Finding> = assessment.findings.iter().filter(|finding| finding.is_shown()).collect();
    for severity in [Severity::Blocker, Severity::Warning, Severity::Advice] {
        for outcome in [Outcome::Broken, Outcome::Undetermined] {
            let like = |finding: &&&Finding| finding.severity == severity && finding.outcome == outcome && finding.accepted.is_none();
            let labels = [of, ("severity", severity.as_str()), ("outcome", words::outcome(outcome))];
            out.count(&FINDINGS, &labels, shown.iter().filter(like).count() as u64);
        }
    }
    out.count(&ACCEPTED, &[of], shown.iter().filter(|finding| finding.accepted.is_some()).count() as u64);
    let mut kinds: BTreeMap<(&str, Severity, Outcome, bool), u64> = BTreeMap::new();
    for finding in shown {
        *kinds.entry((finding.code(), finding.severity, finding.outcome, finding.accepted.is_some())).or_default() += 1;
    }
    for ((code, severity, outcome, accepted), number) in kinds {
        let accepted = if accepted { "true" } else { "false" };
        let labels = [of, ("code", code), ("severity", severity.as_str()), ("outcome", words::outcome(outcome)), ("accepted", accepted)];
        out.count(&FINDING, &labels, number);
    }
}

fn certificates(out: &mut Exposition, assessment: &Assessment) {
    let of = ("domain", assessment.domain.as_str());
    for entry in &assessment.runway {
        let labels: Vec<_> = std::iter::once(of).chain(place(&entry.place)).collect();
        out.time(&NOT_AFTER, &labels, entry.not_after);
        if let Some(bounds) = entry.place.bounds {
            out.time(&WARNING, &labels, bounds.warning);
            out.time(&CRITICAL, &labels, bounds.critical);
        }
        out.time(&LAST_SEEN, &labels, entry.place.seen_at);
    }
    for known in &assessment.last_known {
        let labels: Vec<_> = std::iter::once(of).chain(place(&known.place)).collect();
        out.last_known(known, &labels);
    }
}

fn reports(out: &mut Exposition, domain: &str, reports: &ReportsSummary) {
    let of = [("domain", domain)];
    out.count(&REPORTS, &of, reports.reports);
    out.count(&REPORTERS, &of, reports.reporters.len() as u64);
    out.count(&SESSIONS, &of, reports.sessions);
    out.count(&FAILED, &of, reports.failures);
    out.add(&WINDOW, &of, Value::Whole(reports.window.days.saturating_mul(86_400)));
    if reports.window.days > 0 {
        #[expect(clippy::cast_precision_loss, reason = "a share to show")]
        let share = reports.days_with_reports as f64 / reports.window.days as f64;
        out.add(&COVERAGE, &of, Value::Ratio(share));
    }
    if let Some(bound) = reports.failure_rate_upper_bound {
        out.add(&BOUND, &of, Value::Ratio(bound));
    }
    if let Some(newest) = reports.reporters.iter().map(|reporter| reporter.last).max() {
        out.time(&NEWEST, &of, newest);
    }
}
