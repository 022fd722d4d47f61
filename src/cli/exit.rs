//! The exit codes, in one table.

use clap::ValueEnum;

use crate::model::assessment::{Answer, Assessment};
use crate::model::finding::Finding;
use crate::model::guide::{Guide, Standing};
use crate::model::plan::Plan;
use crate::render::nagios::Status;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: ready, or nothing broken, or not applicable.
    Ready,
    /// 1: not ready, a blocker.
    NotReady,
    /// 2: usage or configuration error.
    Usage,
    /// 3: inconclusive.
    Inconclusive,
    /// 4: the tool itself failed.
    Internal,
    /// 0 to 3 as monitoring plugins do, for what prints as one.
    Plugin(Status),
}

/// The table as help and README show it.
pub(super) const TABLE: &str = "\
Exit codes:
  0  ready, or nothing broken, or not applicable
  1  not ready: at least one blocker
  2  usage or configuration error
  3  inconclusive: something could not be looked at, or the evidence does not suffice
  4  the tool itself failed
With many domains: the worst, in the order 4, 1, 3, 0.
As a monitoring plugin (--format nagios): 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; the worst in the order 2, 1, 3, 0.";

/// Where the exit code draws the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Only blockers
    Blocker,
    /// Blockers (1) and what could not be determined (3)
    #[default]
    Inconclusive,
    /// Those and broken warnings (1) that are not accepted
    Warning,
    /// Nothing
    Never,
}

impl Exit {
    /// The process's code.
    pub fn code(self) -> u8 {
        match self {
            Self::Ready => 0,
            Self::NotReady => 1,
            Self::Usage => 2,
            Self::Inconclusive => 3,
            Self::Internal => 4,
            Self::Plugin(status) => status.code(),
        }
    }

    /// The worse of two, in the order 4, 1, 3, 0.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |exit| match exit {
            Self::Internal | Self::Usage | Self::Plugin(_) => 3,
            Self::NotReady => 2,
            Self::Inconclusive => 1,
            Self::Ready => 0,
        };
        if rank(other) > rank(self) { other } else { self }
    }

    /// For one assessment, with the line drawn by `--fail-on`.
    pub fn of(assessment: &Assessment, fail_on: FailOn) -> Self {
        Self::of_answer(assessment.answer, &assessment.findings, fail_on)
    }

    /// The same for a plan: ready is "go".
    pub fn of_plan(plan: &Plan, fail_on: FailOn) -> Self {
        Self::of_answer(plan.answer, &plan.findings, fail_on)
    }

    /// The same for a guide, by its current step: ready is "nothing left to do", inconclusive is "wait".
    pub fn of_guide(guide: &Guide, fail_on: FailOn) -> Self {
        let answer = match guide.standing {
            Standing::Done => Answer::Ready,
            Standing::ToDo => Answer::NotReady,
            Standing::Waiting | Standing::Unknown => Answer::Inconclusive,
            Standing::NotApplicable => Answer::NotApplicable,
        };
        Self::of_answer(answer, &[], fail_on)
    }

    /// What one assessment is to a monitor: not ready is critical, what only `--fail-on warning` objects to is a warning.
    pub fn status(assessment: &Assessment, fail_on: FailOn) -> Status {
        match Self::of(assessment, fail_on) {
            Self::Ready => Status::Ok,
            Self::NotReady if assessment.answer == Answer::NotReady => Status::Critical,
            Self::NotReady => Status::Warning,
            Self::Inconclusive | Self::Usage | Self::Internal => Status::Unknown,
            Self::Plugin(status) => status,
        }
    }

    fn of_answer(answer: Answer, findings: &[Finding], fail_on: FailOn) -> Self {
        match (fail_on, answer) {
            (FailOn::Never, _) | (_, Answer::NotApplicable) => Self::Ready,
            (_, Answer::NotReady) => Self::NotReady,
            (FailOn::Warning, _) if findings.iter().any(Finding::warns) => Self::NotReady,
            (FailOn::Blocker, Answer::Inconclusive) => Self::Ready,
            (_, Answer::Inconclusive) => Self::Inconclusive,
            (_, Answer::Ready) => Self::Ready,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_worst_of_many_domains_wins() {
        use Exit::{Inconclusive, Internal, NotReady, Ready};
        for (many, worst) in [
            (vec![Ready, Ready], Ready),
            (vec![Ready, Inconclusive], Inconclusive),
            (vec![Inconclusive, NotReady, Ready], NotReady),
            (vec![NotReady, Inconclusive], NotReady),
            (vec![NotReady, Internal], Internal),
        ] {
            assert_eq!(many.iter().copied().fold(Ready, Exit::worse), worst, "{many:?}");
        }
    }
}
