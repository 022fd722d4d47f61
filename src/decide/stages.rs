//! The state of each rung of the ladder.

use crate::model::assessment::{StageState, State};
use crate::model::facts::Facts;
use crate::model::finding::{Finding, Outcome};
use crate::model::rule::{Severity, Stage};

/// The stages that were looked at, with their states. A finding of a stage that was not looked at (a lookup that another stage needed)
/// counts in the first that was.
pub(super) fn of(facts: &Facts, findings: &mut [Finding]) -> Vec<StageState> {
    let looked_at: Vec<Stage> = Stage::ALL
        .into_iter()
        .filter(|stage| match stage {
            Stage::Record => facts.record.is_some(),
            Stage::Policy => facts.policy.is_some(),
            Stage::Mx => facts.servers.is_some(),
            Stage::Reports => facts.reports.is_some(),
        })
        .collect();
    if let Some(first) = looked_at.first() {
        for finding in findings.iter_mut().filter(|finding| !looked_at.contains(&finding.stage)) {
            finding.stage = *first;
        }
    }
    let state = |stage| StageState { stage, state: state(&findings.iter().filter(|finding| finding.stage == stage).collect::<Vec<_>>()) };
    looked_at.into_iter().map(state).collect()
}

fn state(findings: &[&Finding]) -> State {
    let any = |test: fn(&Finding) -> bool| findings.iter().any(|finding| test(finding));
    if any(Finding::blocks) {
        State::Fail
    } else if any(Finding::unsettles) {
        State::Undetermined
    // A risk that is accepted fails no stage; that it is there is seen all the same.
    } else if any(|finding| finding.is_shown() && finding.severity >= Severity::Warning) {
        State::Warn
    } else if any(|finding| finding.outcome == Outcome::Undetermined) {
        State::Undetermined
    } else if any(|finding| finding.outcome != Outcome::NotApplicable) {
        State::Pass
    } else {
        State::NotApplicable
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::{Evidence, EvidenceKind, Sheet};
    use crate::rules::mx;

    #[test]
    fn a_stage_is_as_good_as_the_worst_that_stands_against_it() {
        let evidence = || Evidence::new(EvidenceKind::Dns, "seen");
        let broken = |severity| {
            let mut sheet = Sheet::default();
            sheet.broken(&mx::UNCOVERED, "mx1.example.com", "it is so", evidence()).severity(severity);
            sheet
        };
        let open = |severity| {
            let mut sheet = Sheet::default();
            sheet.undetermined(&mx::UNCOVERED, "mx1.example.com", "nobody knows", evidence()).severity(severity);
            sheet
        };
        let mut holds = Sheet::default();
        holds.holds(&mx::UNCOVERED, "mx1.example.com");
        let mut moot = Sheet::default();
        moot.not_applicable(&mx::UNCOVERED, "mx1.example.com", "no subject");
        for (what, sheet, expected) in [
            ("nothing", Sheet::default(), State::NotApplicable),
            ("no subject", moot, State::NotApplicable),
            ("a blocker that is not there", holds, State::Pass),
            ("an advice", broken(Severity::Advice), State::Pass),
            ("a warning", broken(Severity::Warning), State::Warn),
            ("a blocker", broken(Severity::Blocker), State::Fail),
            ("a blocker that may be there", open(Severity::Blocker), State::Undetermined),
            ("a warning that may be there", open(Severity::Warning), State::Warn),
            ("an advice that may be there", open(Severity::Advice), State::Undetermined),
        ] {
            assert_eq!(state(&sheet.findings().iter().collect::<Vec<_>>()), expected, "{what}");
        }
    }
}
