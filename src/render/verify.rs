//! The answer of the hidden command `verify`, schema `stsready/verify/1`: what programs compare with the verdicts of others.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::facts::tls::Path;
use crate::model::finding::{Finding, Outcome};
use crate::model::rule::Severity;
use crate::wire::name::Domain;

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/verify/1";

/// What was concluded about a chain.
#[derive(Debug)]
pub struct Verdict<'a> {
    /// The name that it was held against.
    pub name: &'a Domain,
    /// As of when.
    pub at: Timestamp,
    /// Whether no blocker speaks against it, and nothing that would be one is open.
    pub accepted: bool,
    /// The path that was judged.
    pub path: Option<&'a Path>,
    /// What is broken or undetermined.
    pub findings: &'a [&'a Finding],
}

/// What was concluded about a chain.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Verdict"))]
pub(super) struct Document<'a> {
    /// The schema's name and version.
    schema: &'static str,
    /// The name that it was held against.
    name: &'a Domain,
    /// As of when.
    at: Timestamp,
    /// Whether no blocker speaks against it, and nothing that would be one is open.
    accepted: bool,
    /// The path that was judged.
    path: Option<&'a Path>,
    /// What is broken or undetermined.
    findings: Vec<FindingView<'a>>,
}

/// What a rule says of the chain.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Finding"))]
struct FindingView<'a> {
    /// The rule's code.
    code: &'static str,
    /// What came of it.
    outcome: Outcome,
    /// How much it matters if broken.
    severity: Severity,
    /// One plain sentence.
    message: &'a str,
    /// What should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    /// What is.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<&'a str>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a str>,
}

/// As one JSON object.
///
/// # Errors
/// None that a verdict can cause: only the serializer's own.
pub fn document(verdict: &Verdict<'_>) -> Result<String, serde_json::Error> {
    let findings = verdict.findings.iter().map(|finding| FindingView {
        code: finding.code(),
        outcome: finding.outcome,
        severity: finding.severity,
        message: &finding.message,
        expected: finding.expected.as_deref(),
        found: finding.found.as_deref(),
        fix: finding.fix.as_ref().map(|fix| fix.say.as_str()),
    });
    let document = Document {
        schema: SCHEMA,
        name: verdict.name,
        at: verdict.at,
        accepted: verdict.accepted,
        path: verdict.path,
        findings: findings.collect(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
