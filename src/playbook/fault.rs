//! What is wrong with a playbook's text: each fault with its line.

use std::fmt;

use super::placeholder;

/// Everything that is wrong with a text, by line; at least one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "; " };
            write!(f, "{end}{fault}")?;
        }
        Ok(())
    }
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {wrong}")]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// What is wrong there.
    pub wrong: Wrong,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// More bytes than a playbook has.
    #[error("the playbook is longer than {0} bytes")]
    TooLong(usize),
    /// No head.
    #[error("a playbook begins with its head, between two lines +++")]
    NoHead,
    /// The head never ends.
    #[error("the head is not closed by a line +++")]
    OpenHead,
    /// The head is no TOML, or not the TOML that is wanted.
    #[error("{0}")]
    Head(String),
    /// No step.
    #[error("there is no [[step]]")]
    NoSteps,
    /// More steps than a ladder has.
    #[error("more than {0} steps")]
    TooManySteps(usize),
    /// An id that cannot stand in a heading.
    #[error("the id {0:?} is not lower-case letters, digits and hyphens")]
    BadId(String),
    /// A second step of this id.
    #[error("there is a step {0:?} already")]
    SameId(String),
    /// A gate that is none.
    #[error("there is no rule {code:?}{}; gates are codes of `stsready rules`, family:…, stage:…, mode:…, answer:…, policy:announced or policy:mode", meant(.near.as_ref()))]
    NoSuchRule {
        /// As written.
        code: String,
        /// The one that was meant.
        near: Option<String>,
    },
    /// A gate whose value is not one of its kind.
    #[error("there is no {kind} {value:?}; there are {known}")]
    NoSuchValue {
        /// `family`, `stage`, `mode`, `answer`, `plan`.
        kind: &'static str,
        /// As written.
        value: String,
        /// All that there are.
        known: String,
    },
    /// A wait that is none.
    #[error("{0:?} is no wait; write evidence, ttl, policy, or a time such as 24h or 14d")]
    NoSuchWait(String),
    /// A step without a section.
    #[error("the step {0:?} has no section; write ## {0}: and what is to be done")]
    NoSection(String),
    /// A section without a step.
    #[error("the section {0:?} belongs to no [[step]] of the head")]
    NoSuchStep(String),
    /// A second section of this step.
    #[error("the step {0:?} has a section already")]
    SameSection(String),
    /// A section that stands where the head does not have it.
    #[error("the section {0:?} does not stand in the order of the head")]
    SectionOrder(String),
    /// A heading of a section without id or title.
    #[error("a step's section begins with ## ID: TITLE")]
    SectionForm,
    /// No `# TITLE`, or a second one.
    #[error("behind the head stands one line # TITLE")]
    Title,
    /// A fence that never ends.
    #[error("the fenced block is not closed")]
    OpenFence,
    /// A fence whose first word is `publish` and that says nowhere known.
    #[error("{0:?} is no place to publish; write publish policy, publish dns, publish dns add or publish dns remove")]
    NoSuchPlace(String),
    /// A placeholder that is none.
    #[error("there is no placeholder {{{{{name}}}}}{}; there are {}", meant(.near.as_ref()), placeholder::names())]
    NoSuchPlaceholder {
        /// As written.
        name: String,
        /// The one that was meant.
        near: Option<String>,
    },
    /// `{{` without its end.
    #[error("{{{{ is not closed by }}}} on the same line")]
    OpenPlaceholder,
    /// A text of several lines where one line is wanted.
    #[error("{{{{{0}}}}} is several lines: let it stand alone on a line of a fenced block")]
    SeveralLines(&'static str),
}

fn meant(near: Option<&String>) -> String {
    near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}
