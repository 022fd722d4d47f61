//! Findings of rules that only the sample knows: every outcome, every severity.

use super::{BREAKOUT, FORMULA, HOSTILE, at, endless};
use crate::model::acceptance::Accepted;
use crate::model::finding::{Evidence, EvidenceKind, Finding, Sheet};
use crate::model::rule::{Rule, Severity, Stage};

const fn rule(code: &'static str, stage: Stage, severities: &'static [Severity], title: &'static str) -> Rule {
    Rule { code, title, stage, severities, undetermined: true, reference: "RFC 8461 §4.2", page: "" }
}

static BLOCKER: Rule = rule("sample-blocker", Stage::Mx, &[Severity::Blocker], "the certificate has expired");
static OTHER_BLOCKER: Rule = rule("sample-other-blocker", Stage::Policy, &[Severity::Blocker], "an MX host is not in the policy");
static UNKNOWN: Rule = rule("sample-unknown", Stage::Mx, &[Severity::Blocker], "a server does not answer");
static DARK: Rule = rule("sample-dark", Stage::Reports, &[Severity::Advice], "nobody is known to report");
static ACCEPTED: Rule = rule("sample-accepted", Stage::Reports, &[Severity::Blocker], "too few sessions");
static WARNING: Rule = rule("sample-warning", Stage::Policy, &[Severity::Warning], "the max_age is short");
static ADVICE: Rule = rule("sample-advice", Stage::Record, &[Severity::Advice], "nobody reads the reports");
static NOTED: Rule = rule("sample-noted", Stage::Record, &[], "worth a note");

/// Worst first, as an assessment has them.
pub(super) fn all() -> Vec<Finding> {
    let mut sheet = Sheet::default();
    let seen = at("2026-03-10T11:57:00Z");
    for address in ["192.0.2.10", "2001:db8::10"] {
        sheet
            .broken(
                &BLOCKER,
                format!("mx2.example.net {address}"),
                format!("the certificate of mx2.example.net expired on 2026-03-01 {HOSTILE}"),
                Evidence::at(EvidenceKind::Certificate, seen, format!("CN={HOSTILE}; until 2026-03-01T00:00Z")),
            )
            .expected("a certificate that is valid now")
            .found(format!("one that ended on 2026-03-01 {BREAKOUT}"))
            .evidence(Evidence::at(EvidenceKind::Smtp, seen, format!("220 {FORMULA}")))
            .evidence(Evidence::new(EvidenceKind::Tls, endless()))
            .fix_with("renew the certificate and reload the server", format!("certbot renew\n# {BREAKOUT}\n{FORMULA}"));
    }
    sheet
        .broken(
            &OTHER_BLOCKER,
            BREAKOUT,
            "mx3.example.com is an MX host and no pattern of the policy covers it",
            Evidence::at(EvidenceKind::Dns, seen, "example.net. 3600 IN MX 30 mx3.example.com."),
        )
        .expected("mx: mx3.example.com in the policy")
        .found(FORMULA)
        .line(3)
        .fix_with("add a line to the policy", "mx: mx3.example.com\r\n");
    sheet
        .undetermined(
            &UNKNOWN,
            "mx4.example.com 198.51.100.4",
            "mx4.example.com does not answer at port 25",
            Evidence::at(EvidenceKind::Tcp, seen, format!("timeout {HOSTILE}")),
        )
        .fix("look again from another place");
    sheet
        .broken(&ACCEPTED, "xn--bcher-kva.example", "41 sessions are few", Evidence::new(EvidenceKind::Report, "41 sessions in 14 days"))
        .expected("100 sessions")
        .found("41")
        .accepted = Some(Accepted { reason: format!("a small domain {HOSTILE}"), until: Some(jiff::civil::date(2026, 6, 30)) });
    sheet
        .broken(
            &WARNING,
            "policy",
            "a max_age of 7 days is short",
            Evidence::new(EvidenceKind::Policy, format!("max_age: 604800 {HOSTILE}")),
        )
        .expected("30 days or more")
        .found("7 days")
        .line(5)
        .fix_with("raise it", "max_age: 2592000");
    sheet
        .broken(&ADVICE, FORMULA, format!("the mailbox {BREAKOUT} takes no mail"), Evidence::new(EvidenceKind::Dns, BREAKOUT))
        .fix("let somebody read it");
    sheet
        .undetermined(&DARK, "reports", "no archive was given", Evidence::new(EvidenceKind::Report, "no --reports"))
        .severity(Severity::Advice);
    sheet.holds(&BLOCKER, "mx1.example.net 192.0.2.1");
    sheet.holds(&WARNING, BREAKOUT);
    sheet.not_applicable(&NOTED, "record", format!("there is no second record {HOSTILE}"));
    sheet.into_findings()
}

/// Nothing but what holds, and a piece of advice.
pub(super) fn clean() -> Vec<Finding> {
    let mut sheet = Sheet::default();
    sheet
        .broken(&ADVICE, "_smtp._tls.good.example", "one target is few", Evidence::new(EvidenceKind::Dns, "rua=mailto:tls@good.example"))
        .fix("name a second target");
    sheet.holds(&BLOCKER, "mx1.example.net 192.0.2.1");
    sheet.holds(&OTHER_BLOCKER, "mx1.example.net");
    sheet.into_findings()
}

/// What could not be looked at.
pub(super) fn open() -> Vec<Finding> {
    let mut sheet = Sheet::default();
    sheet
        .undetermined(
            &UNKNOWN,
            "mx1.waiting.example 192.0.2.9",
            "mx1.waiting.example does not answer at port 25",
            Evidence::at(EvidenceKind::Tcp, at("2026-03-10T11:59:00Z"), "no answer within 30 s"),
        )
        .fix("look again from a host whose port 25 is open");
    sheet.into_findings()
}
