//! What rules say: a rule, a subject, an outcome, and why. A broken finding cannot be made without evidence.

use jiff::Timestamp;
use serde::Serialize;

use super::acceptance::Accepted;
use super::rule::{Rule, Severity, Stage};

/// What became of a rule on a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The fault is there.
    Broken,
    /// We could not look.
    Undetermined,
    /// The fault is not there.
    Holds,
    /// It makes no sense to ask: the step it depends on failed, or the domain has no such thing.
    NotApplicable,
}

/// One thing that was seen, as it was seen. Hostile text; renderers escape it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Evidence {
    /// What sort of observation.
    pub kind: EvidenceKind,
    /// The observation: an answer with its TTL, a reply line, a status and header, a certificate's words, report rows.
    pub text: String,
    /// When, where the observation has a time of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// The sorts of observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// A DNS answer, or its absence.
    Dns,
    /// An HTTP answer.
    Http,
    /// A line of the policy.
    Policy,
    /// A TCP connection.
    Tcp,
    /// An SMTP reply.
    Smtp,
    /// A TLS handshake.
    Tls,
    /// A certificate.
    Certificate,
    /// TLS reports.
    Report,
}

impl Evidence {
    /// An observation without a time of its own.
    pub fn new(kind: EvidenceKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), at: None }
    }

    /// An observation made at `at`.
    pub fn at(kind: EvidenceKind, at: Timestamp, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), at: Some(at) }
    }
}

/// What to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fix {
    /// The step, as a sentence.
    pub say: String,
    /// The exact text to publish (a zone-file line, a policy line or a whole policy), where one can be computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish: Option<String>,
}

impl Fix {
    /// Adds the exact text to publish.
    #[must_use]
    pub fn with(self, publish: impl Into<String>) -> Self {
        Self { publish: Some(publish.into()), ..self }
    }
}

/// A rule's outcome on a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The stage it counts in; the rule's own unless the check says otherwise.
    pub stage: Stage,
    /// The outcome.
    pub outcome: Outcome,
    /// How bad it is if broken, or would be if undetermined turned out broken.
    pub severity: Severity,
    /// What it is about: a name, a host with its address, a line.
    pub subject: String,
    /// One sentence for a person, without a full stop.
    pub message: String,
    /// What was expected.
    pub expected: Option<String>,
    /// What was found.
    pub found: Option<String>,
    /// What was seen; never empty when broken.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub fix: Option<Fix>,
    /// The line of the policy it is about, from 1.
    pub line: Option<usize>,
    /// That the operator accepts it; it then neither blocks nor unsettles, and is told all the same.
    pub accepted: Option<Accepted>,
}

impl Finding {
    /// The rule's code.
    pub fn code(&self) -> &'static str {
        self.rule.code
    }

    /// Whether it alone keeps the answer from being ready: a broken blocker that is not accepted.
    pub fn blocks(&self) -> bool {
        self.outcome == Outcome::Broken && self.severity == Severity::Blocker && self.accepted.is_none()
    }

    /// Whether it alone keeps the answer from being certain: something that the answer needs could not be looked at, and that is not
    /// accepted.
    pub fn unsettles(&self) -> bool {
        self.outcome == Outcome::Undetermined && self.severity == Severity::Blocker && self.accepted.is_none()
    }

    /// Whether somebody should be warned of it: broken, more than advice, and not accepted.
    pub fn warns(&self) -> bool {
        self.outcome == Outcome::Broken && self.severity >= Severity::Warning && self.accepted.is_none()
    }

    /// Whether it is anything that a person should see without asking for everything.
    pub fn is_shown(&self) -> bool {
        matches!(self.outcome, Outcome::Broken | Outcome::Undetermined)
    }

    /// Sets the severity.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }

    /// Sets the stage.
    pub fn stage(&mut self, stage: Stage) -> &mut Self {
        self.stage = stage;
        self
    }

    /// Says what was expected.
    pub fn expected(&mut self, text: impl Into<String>) -> &mut Self {
        self.expected = Some(text.into());
        self
    }

    /// Says what was found.
    pub fn found(&mut self, text: impl Into<String>) -> &mut Self {
        self.found = Some(text.into());
        self
    }

    /// Adds an observation.
    pub fn evidence(&mut self, evidence: Evidence) -> &mut Self {
        self.evidence.push(evidence);
        self
    }

    /// Says what to do.
    pub fn fix(&mut self, say: impl Into<String>) -> &mut Self {
        self.fix = Some(Fix { say: say.into(), publish: None });
        self
    }

    /// Says what to do, with the exact text to publish.
    pub fn fix_with(&mut self, say: impl Into<String>, publish: impl Into<String>) -> &mut Self {
        self.fix = Some(Fix { say: say.into(), publish: Some(publish.into()) });
        self
    }

    /// Says which line of the policy it is about, from 1.
    pub fn line(&mut self, line: usize) -> &mut Self {
        self.line = Some(line);
        self
    }
}

/// The codes of findings, each once, in the order in which they are first met.
pub fn codes<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<&'static str> {
    let mut codes = Vec::new();
    for finding in findings {
        if !codes.contains(&finding.code()) {
            codes.push(finding.code());
        }
    }
    codes
}

/// The findings of each code, in the order of [`codes`]; those of one code in their own.
pub fn by_code<'a>(findings: &[&'a Finding]) -> Vec<(&'static str, Vec<&'a Finding>)> {
    let of = |code| findings.iter().copied().filter(|finding| finding.code() == code).collect();
    codes(findings.iter().copied()).into_iter().map(|code| (code, of(code))).collect()
}

/// The sheet on which rules write: every rule that ran leaves a finding, not only the broken ones.
#[derive(Debug, Default)]
pub struct Sheet {
    findings: Vec<Finding>,
}

impl Sheet {
    /// The fault is there, and this shows it.
    pub fn broken(
        &mut self,
        rule: &'static Rule,
        subject: impl Into<String>,
        message: impl Into<String>,
        evidence: Evidence,
    ) -> &mut Finding {
        self.add(rule, Outcome::Broken, subject.into(), message.into(), vec![evidence])
    }

    /// We could not look, and this is why.
    pub fn undetermined(
        &mut self,
        rule: &'static Rule,
        subject: impl Into<String>,
        message: impl Into<String>,
        evidence: Evidence,
    ) -> &mut Finding {
        let finding = self.add(rule, Outcome::Undetermined, subject.into(), message.into(), vec![evidence]);
        finding.severity(Severity::Blocker)
    }

    /// The fault is not there.
    pub fn holds(&mut self, rule: &'static Rule, subject: impl Into<String>) {
        self.add(rule, Outcome::Holds, subject.into(), String::new(), Vec::new());
    }

    /// It makes no sense to ask.
    pub fn not_applicable(&mut self, rule: &'static Rule, subject: impl Into<String>, why: impl Into<String>) {
        self.add(rule, Outcome::NotApplicable, subject.into(), why.into(), Vec::new());
    }

    /// Whether `rule` was found broken on any subject so far.
    pub fn has_broken(&self, rule: &Rule) -> bool {
        self.findings.iter().any(|finding| finding.outcome == Outcome::Broken && finding.rule == rule)
    }

    /// The findings so far, to be added to.
    pub fn findings_mut(&mut self) -> impl Iterator<Item = &mut Finding> {
        self.findings.iter_mut()
    }

    /// The findings so far.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// All findings, in the order written.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    fn add(&mut self, rule: &'static Rule, outcome: Outcome, subject: String, message: String, evidence: Vec<Evidence>) -> &mut Finding {
        self.findings.push(Finding {
            rule,
            stage: rule.stage,
            outcome,
            severity: rule.worst(),
            subject,
            message,
            expected: None,
            found: None,
            evidence,
            fix: None,
            line: None,
            accepted: None,
        });
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }
}
