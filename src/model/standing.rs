//! What of an answer is worth a word when it changes, and what became of it since somebody was last told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::assessment::{Answer, Question};
use super::rule::Severity;
use crate::wire::name::Domain;

/// How a domain stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What was asked.
    pub question: Question,
    /// The answer.
    pub answer: Answer,
    /// What is broken and not accepted, or was when somebody was last told and cannot be looked at now; by code and subject, advice aside.
    pub alerts: Vec<Alert>,
}

/// Something broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Alert {
    /// The rule's code.
    pub code: String,
    /// What it is about.
    pub subject: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop. It may name numbers that change daily: a change of it is none.
    pub message: String,
}

/// How a domain stands, held against how it stood when somebody was last told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The domain.
    pub domain: Domain,
    /// When it was judged.
    pub at: Timestamp,
    /// How it stands.
    pub now: Standing,
    /// When somebody was told last, and of what answer to what question; `None` if nobody ever was.
    pub before: Option<Told>,
    /// What is broken and was not, or is worse than it was.
    pub began: Vec<Alert>,
    /// What was broken and is seen not to be any more.
    pub ended: Vec<Alert>,
}

/// What somebody was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// What was asked.
    pub question: Question,
    /// The answer.
    pub answer: Answer,
}

impl News {
    /// Whether anything is otherwise than it was.
    pub fn is_any(&self) -> bool {
        let same = self.before.is_some_and(|told| (told.question, told.answer) == (self.now.question, self.now.answer));
        !same || !self.began.is_empty() || !self.ended.is_empty()
    }

    /// Whether somebody should be called: another answer or question, or something that broke or got worse. Not for a first look, unless it
    /// finds the domain not ready.
    pub fn is_worth_a_call(&self) -> bool {
        match &self.before {
            None => self.now.answer == Answer::NotReady,
            Some(told) => (told.question, told.answer) != (self.now.question, self.now.answer) || !self.began.is_empty(),
        }
    }
}
