//! What the tests of every renderer render: assessments with everything that can occur in them, an expiry list, a digest; and the
//! golden files that the results are compared with.
//!
//! Whatever comes from DNS, servers, mails, reports or the operator is hostile here: markup, formulas, escapes, endless words.

mod findings;
mod monitor;
mod past;
mod reports;
mod servers;

use jiff::Timestamp;

use crate::model::acceptance::{AcceptanceNote, AcceptanceState};
use crate::model::assessment::{
    Answer, Assessment, Horizon, Keeper, PolicySummary, Question, RecordSummary, SenderNote, StageState, State,
};
use crate::model::facts::vantage::Vantage;
use crate::model::finding::Fix;
use crate::model::fixture;
use crate::model::rule::Stage;
use crate::model::threshold::{Amount, Changed};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

pub(crate) use monitor::{digest, expiry};

/// Markup of every format, terminal escapes, text that runs backwards, line ends.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script> | `tick` ``` **b** [a](https://evil.example) \u{1b}[2J\u{202e}txt.exe \"double\" \
                                  'single' & {{x}} \0\nsecond line\r\nthird";
/// What a spreadsheet would run.
pub(crate) const FORMULA: &str = "=cmd()|' /C calc'!A0";
/// What would leave an element or an attribute, and fetch something.
pub(crate) const BREAKOUT: &str = "\"'></pre></style></title><img src=\"https://evil.example/x\" onerror=alert(1)>]]>-->";

/// A word without any place to break it.
pub(crate) fn endless() -> String {
    "endless-".repeat(80)
}

/// The instant that everything is judged at.
pub(crate) fn now() -> Timestamp {
    at("2026-03-10T12:00:00Z")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn days_from_now(days: i64) -> Timestamp {
    now() + jiff::SignedDuration::from_hours(24 * days)
}

fn domain(text: &str) -> Domain {
    Domain::parse(text).expect("a domain")
}

/// Everything at once, nothing of it friendly: the one to hold a renderer against.
pub(crate) fn assessment() -> Assessment {
    let findings = findings::all();
    Assessment {
        domain: domain("xn--bcher-kva.example"),
        question: Question::StayInEnforce,
        answer: Answer::NotReady,
        asked_at: now(),
        observed_at: at("2026-03-10T11:58:30Z"),
        valid_until: days_from_now(1),
        vantage: past::vantage(),
        vantages: past::vantages(),
        clock_offset_seconds: Some(-95),
        stages: stages([State::Warn, State::Fail, State::Undetermined, State::Pass]),
        because: vec!["sample-blocker", "sample-other-blocker"],
        would_change_if: vec!["mx2.example.net serves a valid certificate".to_owned(), HOSTILE.to_owned()],
        next: vec![
            Fix { say: format!("go back to testing {HOSTILE}"), publish: Some(POLICY.replace("enforce", "testing")) },
            Fix { say: "then change the id".to_owned(), publish: Some(format!("_mta-sts TXT \"v=STSv1; id=2\" ; {BREAKOUT}")) },
        ],
        findings,
        mx: servers::all(),
        policy: Some(PolicySummary {
            text: format!("{POLICY}x-note: {HOSTILE}\r\n{BREAKOUT}\r\n"),
            sha256: Fingerprint::of(b"policy"),
            mode: Some("enforce".to_owned()),
            max_age: Some(604_800),
            mx: vec!["mx1.example.net".to_owned(), "*.example.org".to_owned()],
            id: Some("20260301T000000".to_owned()),
            usable: true,
        }),
        record: Some(RecordSummary {
            texts: vec![format!("v=TLSRPTv1; rua=mailto:tls@example.net; x={HOSTILE}")],
            rua: vec!["mailto:tls@example.net".to_owned(), format!("https://reports.example/{BREAKOUT}")],
        }),
        reports: Some(reports::troubled()),
        runway: servers::runway(),
        horizon: Some(past::horizon()),
        senders: vec![
            SenderNote {
                sender: "Google",
                behaviour: "floors max_age",
                effect: format!("holds the policy for a day at least {HOSTILE}"),
                source: "support.google.com; RFC 8461 §3.2",
                see: Some("sample-warning"),
            },
            SenderNote {
                sender: "Postfix with a resolver plugin",
                behaviour: "asks seldom",
                effect: "keeps what it holds when the policy host is away".to_owned(),
                source: "RFC 8461 §3.3",
                see: None,
            },
        ],
        acceptances: acceptances(),
        thresholds: vec![
            Changed { name: "sessions", value: Amount::Count(100), default: Amount::Count(300) },
            Changed {
                name: "warning-at-most",
                value: Amount::Span(jiff::SignedDuration::from_hours(24 * 20)),
                default: Amount::Span(jiff::SignedDuration::from_hours(24 * 30)),
            },
        ],
        keeper: Keeper { owner: Some(format!("Mail team {HOSTILE}")), group: Some(FORMULA.to_owned()) },
        draft: Some(format!("drafts/{BREAKOUT}.txt")),
        last_known: expiry().last_known,
        looked_at: Some(days_from_now(-2)),
    }
}

/// One for each answer and each question: ready, not ready (the one above), inconclusive, not applicable.
pub(crate) fn assessments() -> Vec<Assessment> {
    let plain = plain();
    vec![
        Assessment {
            findings: findings::clean(),
            mx: servers::clean(),
            policy: Some(policy("testing")),
            reports: Some(reports::clean()),
            runway: servers::runway().into_iter().filter(|entry| entry.seconds_left > 86_400 * 30).collect(),
            horizon: Some(Horizon { older: Vec::new(), clamped: Vec::new(), ..past::horizon() }),
            ..plain.clone()
        },
        assessment(),
        Assessment {
            domain: domain("waiting.example"),
            question: Question::StartTesting,
            answer: Answer::Inconclusive,
            stages: stages([State::Pass, State::Pass, State::Undetermined, State::Undetermined]),
            because: vec!["sample-unknown"],
            findings: findings::open(),
            would_change_if: vec!["the policy host answers".to_owned()],
            keeper: Keeper { owner: None, group: Some("customers".to_owned()) },
            ..plain.clone()
        },
        Assessment {
            domain: domain("silent.example"),
            question: Question::CheckStage,
            answer: Answer::NotApplicable,
            stages: stages([State::NotApplicable; 4]),
            because: vec!["sample-noted"],
            keeper: Keeper::default(),
            ..plain
        },
    ]
}

/// Ready, with nothing in it yet.
fn plain() -> Assessment {
    Assessment {
        domain: domain("good.example"),
        question: Question::SwitchToEnforce,
        answer: Answer::Ready,
        asked_at: now(),
        observed_at: now(),
        valid_until: days_from_now(3),
        vantage: Vantage { resolvers: vec!["192.0.2.53:53".to_owned()], ..fixture::vantage() },
        vantages: Vec::new(),
        clock_offset_seconds: Some(1),
        stages: stages([State::Pass; 4]),
        because: Vec::new(),
        would_change_if: Vec::new(),
        next: Vec::new(),
        findings: Vec::new(),
        mx: Vec::new(),
        policy: None,
        record: Some(RecordSummary {
            texts: vec!["v=TLSRPTv1; rua=mailto:tls@good.example".to_owned()],
            rua: vec!["mailto:tls@good.example".to_owned()],
        }),
        reports: None,
        runway: Vec::new(),
        horizon: None,
        senders: Vec::new(),
        acceptances: Vec::new(),
        thresholds: Vec::new(),
        keeper: Keeper { owner: Some("postmaster@good.example".to_owned()), group: Some("our own".to_owned()) },
        draft: None,
        last_known: Vec::new(),
        looked_at: Some(now()),
    }
}

const POLICY: &str = "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.net\r\nmx: *.example.org\r\nmax_age: 604800\r\n";

fn policy(mode: &str) -> PolicySummary {
    PolicySummary {
        text: POLICY.replace("enforce", mode),
        sha256: Fingerprint::of(mode.as_bytes()),
        mode: Some(mode.to_owned()),
        max_age: Some(604_800),
        mx: vec!["mx1.example.net".to_owned(), "*.example.org".to_owned()],
        id: Some("20260201T000000".to_owned()),
        usable: true,
    }
}

fn stages(states: [State; 4]) -> Vec<StageState> {
    Stage::ALL.into_iter().zip(states).map(|(stage, state)| StageState { stage, state }).collect()
}

/// One in each state.
fn acceptances() -> Vec<AcceptanceNote> {
    let note = |code, state, findings| AcceptanceNote {
        code,
        subject: None,
        domain: None,
        reason: format!("agreed with the board {HOSTILE}"),
        until: Some(jiff::civil::date(2026, 6, 30)),
        state,
        findings,
        why: None,
    };
    vec![
        AcceptanceNote { subject: Some(BREAKOUT.to_owned()), ..note("sample-accepted", AcceptanceState::Used, 1) },
        AcceptanceNote { domain: Some(domain("xn--bcher-kva.example")), ..note("sample-noted", AcceptanceState::Unused, 0) },
        AcceptanceNote { until: Some(jiff::civil::date(2026, 3, 1)), ..note("sample-warning", AcceptanceState::Expired, 0) },
        AcceptanceNote {
            why: Some("a policy that cannot be had is no risk but a fault".to_owned()),
            ..note("sample-blocker", AcceptanceState::Refused, 0)
        },
    ]
}

/// Compares with `tests/golden/NAME`; with `STSREADY_UPDATE_GOLDEN=1` in the environment the file is written instead. Tests may read
/// files, the rooms that they test may not.
#[cfg(test)]
pub(crate) fn golden(name: &str, text: &str) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("STSREADY_UPDATE_GOLDEN").is_some_and(|update| update == "1") {
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("the folder");
        std::fs::write(&file, text).expect("the golden file");
        return;
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    if let Some((number, (was, is))) = golden.split('\n').zip(text.split('\n')).enumerate().find(|(_, (was, is))| was != is) {
        panic!("{name} differs from line {} on:\nwas {was:?}\nis  {is:?}\nSTSREADY_UPDATE_GOLDEN=1 accepts it", number + 1);
    }
    assert_eq!(golden.len(), text.len(), "{name} differs at its end; STSREADY_UPDATE_GOLDEN=1 accepts it");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::model::finding::Outcome;

    #[test]
    fn the_sample_has_everything_that_can_occur() {
        let findings = assessment().findings;
        for outcome in [Outcome::Broken, Outcome::Undetermined, Outcome::Holds, Outcome::NotApplicable] {
            assert!(findings.iter().any(|finding| finding.outcome == outcome), "{outcome:?}");
        }
        assert!(findings.iter().any(|finding| finding.accepted.is_some()) && findings.iter().any(|finding| finding.line.is_some()));
        let answers: HashSet<String> = assessments().iter().map(|assessment| format!("{:?}", assessment.answer)).collect();
        assert_eq!(answers.len(), 4);
        let states: HashSet<String> =
            assessments().iter().flat_map(|assessment| assessment.stages.clone()).map(|stage| format!("{:?}", stage.state)).collect();
        assert_eq!(states.len(), 5);
        let ends: HashSet<String> = expiry().entries.iter().map(|entry| format!("{:?}", entry.state)).collect();
        assert_eq!(ends.len(), 6);
        assert!(digest().domains.iter().any(|domain| domain.day.is_none()));
    }
}
