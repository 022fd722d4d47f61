//! What checks answered over time: a row for each answer and the time it lasted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::assessment::{Answer, Question};

/// What one check answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verdict {
    /// What was asked.
    pub question: Question,
    /// The answer.
    pub answer: Answer,
    /// The codes that decided, in the order of the findings.
    pub because: Vec<String>,
    /// The codes that were accepted as risks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
    /// The thresholds that differed from the defaults, each as its name and its value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<String>,
}

/// An answer, and from when to when check after check gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VerdictSpan {
    /// The first check that answered so.
    pub first_at: Timestamp,
    /// The last.
    pub last_at: Timestamp,
    /// How many did.
    pub times: u64,
    /// What they answered.
    #[serde(flatten)]
    pub verdict: Verdict,
}
