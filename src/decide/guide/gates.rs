//! Whether a gate holds, and what keeps it closed.

use crate::model::assessment::{Answer, Assessment, State};
use crate::model::finding::{Finding, Outcome};
use crate::model::guide::GateState;
use crate::playbook::gate::{Condition, Gate};
use crate::rules::drift;
use crate::wire::policy::Mode;
use crate::wire::policy_id;

/// All gates of a step.
pub(super) struct Gates<'a> {
    pub(super) states: Vec<GateState>,
    /// What keeps those closed that are, each once, worst first.
    pub(super) against: Vec<&'a Finding>,
}

/// Looks at them. `due` is the mode that the policy should have before the switch.
pub(super) fn of<'a>(conditions: &[Condition], assessment: &'a Assessment, due: Mode) -> Gates<'a> {
    let mut states = Vec::new();
    let mut closing: Vec<&Gate> = Vec::new();
    for condition in conditions {
        let open = condition.any.iter().any(|gate| holds(gate, assessment, due));
        if !open {
            closing.extend(&condition.any);
        }
        states.push(GateState { gate: condition.text.clone(), open });
    }
    // The assessment has its findings worst first.
    let against = assessment.findings.iter().filter(|finding| closing.iter().any(|gate| closes(gate, finding))).collect();
    Gates { states, against }
}

fn holds(gate: &Gate, assessment: &Assessment, due: Mode) -> bool {
    let is_in = |mode: Mode| assessment.policy.as_ref().and_then(|policy| policy.mode.as_deref()) == Some(mode.as_str());
    let asked = |of: fn(&Finding, &str) -> bool, name: &str| {
        let mut those = assessment.findings.iter().filter(|finding| of(finding, name)).peekable();
        // What was never asked does not hold.
        those.peek().is_some()
            && those.clone().any(|finding| finding.outcome != Outcome::NotApplicable)
            && !those.any(|finding| closes(gate, finding))
    };
    match gate {
        Gate::Rule(code) => asked(|finding, code| finding.code() == code, code),
        Gate::Family(family) => asked(|finding, family| finding.rule.family() == family, family),
        Gate::Stage(stage) => {
            let state = assessment.stages.iter().find(|state| state.stage == *stage).map(|state| state.state);
            matches!(state, Some(State::Pass | State::Warn))
        }
        Gate::Mode(mode) => is_in(*mode),
        Gate::DueMode => is_in(due) || is_in(Mode::Testing),
        Gate::Answer(answer) => assessment.answer == *answer,
        Gate::Announced => announced(assessment),
    }
}

/// Whether the id goes with the text: by the id's own word where it has one, else unless earlier looks say that it does not.
fn announced(assessment: &Assessment) -> bool {
    let Some((policy, id)) = assessment.policy.as_ref().and_then(|policy| Some((policy, policy.id.as_deref()?))) else { return false };
    if policy_id::is_marked(id) {
        policy_id::names(id, &policy.text)
    } else {
        !assessment.findings.iter().any(|finding| closes(&Gate::Announced, finding))
    }
}

/// Whether this finding keeps this gate closed.
fn closes(gate: &Gate, finding: &Finding) -> bool {
    let weighs = finding.blocks() || finding.unsettles();
    match gate {
        Gate::Rule(code) => finding.code() == *code && finding.is_shown(),
        Gate::Family(family) => finding.rule.family() == *family && weighs,
        Gate::Stage(stage) => finding.stage == *stage && (weighs || finding.outcome == Outcome::Undetermined),
        // No finding stands against what the domain is.
        Gate::Mode(_) | Gate::DueMode => false,
        Gate::Answer(answer) => *answer == Answer::Ready && weighs,
        Gate::Announced => finding.rule == &drift::BODY_WITHOUT_ID && finding.is_shown(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::decide::assess;
    use crate::model::assessment::StageState;
    use crate::model::facts::Facts;
    use crate::model::finding::{Evidence, EvidenceKind, Sheet};
    use crate::model::fixture::vantage;
    use crate::model::rule::{Severity, Stage};
    use crate::model::settings::Settings;
    use crate::playbook::Playbook;
    use crate::rules::{catalogue, cert, mx, record};

    use crate::wire::name::Domain;

    /// An assessment with these findings and nothing else.
    fn assessment(write: impl FnOnce(&mut Sheet)) -> Assessment {
        let facts = Facts::nothing(Domain::from_dns("shop.example"), Timestamp::UNIX_EPOCH, vantage());
        let mut sheet = Sheet::default();
        write(&mut sheet);
        let stages = vec![StageState { stage: Stage::Record, state: State::Warn }, StageState { stage: Stage::Mx, state: State::Fail }];
        Assessment {
            findings: sheet.into_findings(),
            stages,
            answer: Answer::NotReady,
            ..assess(&facts, &Settings::default(), Timestamp::UNIX_EPOCH)
        }
    }

    /// Whether the gate is open, and the codes against it.
    fn gate(gate: &str, assessment: &Assessment) -> (bool, Vec<&'static str>) {
        let text = format!("+++\n[[step]]\nid = \"a\"\ngate = [\"{gate}\"]\n+++\n# T\n## a: A\n");
        let playbook = Playbook::parse("one", &text, &catalogue::all()).expect("a playbook");
        let gates = of(&playbook.steps[0].gates, assessment, Mode::Testing);
        (gates.states[0].open, gates.against.iter().map(|finding| finding.code()).collect())
    }

    #[test]
    fn a_gate_holds_only_where_it_was_asked_and_nothing_speaks_against_it() {
        let seen = || Evidence::new(EvidenceKind::Dns, "x");
        let judged = assessment(|sheet| {
            sheet.broken(&cert::EXPIRED, "mx1", "ended", seen());
            sheet.holds(&cert::NAME_MISMATCH, "mx1");
            sheet.undetermined(&mx::UNRESOLVABLE, "mx2", "no answer", seen());
            sheet.not_applicable(&mx::CNAME, "mx2", "no answer");
            sheet.holds(&mx::UNCOVERED, "mx1");
            sheet.broken(&record::TTL, "_smtp._tls", "long", seen()).severity(Severity::Advice);
            sheet.holds(&record::MISSING, "_smtp._tls");
        });
        for (written, open, against) in [
            ("cert-expired", false, &["cert-expired"][..]),
            ("cert-name-mismatch", true, &[]),
            ("mx-unresolvable", false, &["mx-unresolvable"]),
            ("mx-cname", false, &[]),
            ("txt-missing", false, &[]),
            ("record-ttl", false, &["record-ttl"]),
            ("family:record", true, &[]),
            ("family:mx", false, &["mx-unresolvable"]),
            ("family:txt", false, &[]),
            ("stage:record", true, &[]),
            ("stage:mx", false, &["cert-expired", "mx-unresolvable"]),
            ("stage:reports", false, &[]),
            ("mode:enforce", false, &[]),
            ("answer:not-ready", true, &[]),
            ("answer:not-applicable", false, &[]),
            ("policy:announced", false, &[]),
            ("policy:mode", false, &[]),
            ("answer:ready", false, &["cert-expired", "mx-unresolvable"]),
            ("mx-uncovered or cert-expired", true, &[]),
            ("mode:enforce or mx-unresolvable", false, &["mx-unresolvable"]),
        ] {
            assert_eq!(gate(written, &judged), (open, against.to_vec()), "{written}");
        }
    }
}
