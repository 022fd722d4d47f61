//! What holds of the answer whatever the reports are: judged whole, from facts to verdict.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::Value;
use stsready::decide;
use stsready::model::assessment::Answer;
use stsready::model::facts::Facts;
use stsready::model::facts::reports::{Authenticity, FailureDetail, PolicyType, Report, ReportFacts, ReportPolicy};
use stsready::model::settings::Settings;
use stsready::render::json as rendered;
use stsready::wire::fingerprint::Fingerprint;
use stsready::wire::name::Domain;

use super::situation::Situation;
use super::world::World;

const TESTING: &str = "version: STSv1\nmode: testing\nmx: mx1.shop.example\nmx: mx2.shop.example\nmax_age: 1209600\n";
const KINDS: [&str; 6] =
    ["certificate-expired", "starttls-not-supported", "validation-failure", "sts-policy-fetch-error", "tlsa-invalid", "of-tomorrow"];
const HOSTS: [Option<&str>; 4] = [Some("mx1.shop.example"), Some("mx2.shop.example"), Some("old.other.example"), None];
const REASONS: [Option<&str>; 3] = [None, Some("i/o timeout"), Some("x509: certificate has expired or is not yet valid")];

fn now() -> Timestamp {
    "2026-03-31T12:00:00Z".parse().unwrap()
}

/// One report in a few numbers.
#[derive(Clone, Debug, PartialEq)]
struct Letter {
    reporter: usize,
    days_ago: i64,
    lasting: i64,
    ok: u64,
    /// Kind, host, reason, sessions.
    failed: Option<(usize, usize, usize, u64)>,
}

impl Letter {
    fn report(&self, number: usize) -> Report {
        let reporter = ["a.example", "b.example", "c.example", "z.example"][self.reporter];
        let today = Timestamp::from_second(now().as_second().div_euclid(86_400) * 86_400).unwrap();
        let start = today - SignedDuration::from_hours(24 * self.days_ago);
        let details: Vec<FailureDetail> = self
            .failed
            .iter()
            .map(|(kind, host, reason, sessions)| FailureDetail {
                result_type: KINDS[*kind].to_owned(),
                mx: HOSTS[*host].map(Domain::from_dns),
                reason: REASONS[*reason].map(str::to_owned),
                sessions: *sessions,
                ..FailureDetail::default()
            })
            .collect();
        let policy = ReportPolicy {
            policy_type: PolicyType::Sts,
            domain: Domain::from_dns("shop.example"),
            policy_string: TESTING.lines().map(str::to_owned).collect(),
            mx_host: Vec::new(),
            successful: self.ok,
            failed: details.iter().map(|detail| detail.sessions).sum(),
            details,
        };
        Report {
            reporter: reporter.to_owned(),
            organization: reporter.to_uppercase(),
            id: number.to_string(),
            start,
            end: start + SignedDuration::from_secs(86_400 * self.lasting - 1),
            source: "test".to_owned(),
            sha256: Fingerprint::of(format!("{number} {self:?}").as_bytes()),
            authenticity: Authenticity::Operator,
            policies: vec![policy],
            oddities: Vec::new(),
        }
    }
}

fn reports(letters: &[Letter]) -> Vec<Report> {
    letters.iter().enumerate().map(|(number, letter)| letter.report(number)).collect()
}

/// Everything but the reports in good order, certificates renewed six days ago, clean checks on some days or none.
struct Base(Facts);

static WITHOUT_CHECKS: LazyLock<Base> = LazyLock::new(|| Base::new(""));
static WITH_CHECKS: LazyLock<Base> = LazyLock::new(|| Base::new("1-3"));

fn base(checks: bool) -> &'static Base {
    if checks { &WITH_CHECKS } else { &WITHOUT_CHECKS }
}

impl Base {
    fn new(checks: &str) -> Self {
        let checks = if checks.is_empty() {
            String::new()
        } else {
            format!("was = [{{ seen = \"policy testing mx1 mx2\", from = 60 }}]\nchecks = [{{ days = \"{checks}\" }}]\n")
        };
        let situation: Situation =
            toml::from_str(&format!("name = \"base\"\nanswer = \"ready\"\nissued = \"2026-03-25T00:00:00Z\"\n{checks}")).unwrap();
        Self(serde_json::from_value(World::new().facts(&situation, now())).unwrap())
    }

    fn page(&self, reports: Vec<Report>) -> Value {
        let facts =
            Facts { reports: Some(ReportFacts { sources: vec!["test".into()], reports, ..ReportFacts::default() }), ..self.0.clone() };
        let assessment = decide::assess(&facts, &Settings::default(), now());
        serde_json::from_str(&rendered::document(&[&assessment], true).unwrap()).unwrap()
    }

    /// How good the answer is, and what decides it.
    fn answer(&self, letters: &[Letter]) -> (u8, Vec<&'static str>) {
        let reports = Some(ReportFacts { sources: vec!["test".into()], reports: reports(letters), ..ReportFacts::default() });
        let assessment = decide::assess(&Facts { reports, ..self.0.clone() }, &Settings::default(), now());
        let rank = match assessment.answer {
            Answer::Ready => 2,
            Answer::Inconclusive => 1,
            Answer::NotReady => 0,
            Answer::NotApplicable => panic!("it takes mail"),
        };
        (rank, assessment.because)
    }
}

fn failed() -> impl Strategy<Value = (usize, usize, usize, u64)> {
    (0..KINDS.len(), 0..HOSTS.len(), 0..REASONS.len(), 1..9u64)
}

/// A month of reports: mostly daily and clean, at times nobody writes, now and then something fails. Often enough, and often just not.
fn month() -> impl Strategy<Value = Vec<Letter>> {
    let day = prop_oneof![
        3 => Just(None),
        12 => (0..30u64).prop_map(|ok| Some((ok, None))),
        1 => (0..2_000u64, failed()).prop_map(|(ok, failed)| Some((ok, Some(failed)))),
    ];
    let reporter = (prop::collection::vec(day, 32), 0..12i64, 10..33i64);
    prop::collection::vec(reporter, 1..4).prop_map(|reporters| {
        let mut letters = Vec::new();
        for (reporter, (days, newest, oldest)) in reporters.into_iter().enumerate() {
            // Most write of yesterday.
            let newest = if newest > 4 { 1 } else { newest };
            for (days_ago, day) in (0..).zip(days).filter(|(days_ago, _)| (newest..oldest).contains(days_ago)) {
                letters.extend(day.map(|(ok, failed)| Letter { reporter, days_ago, lasting: 1, ok, failed }));
            }
        }
        letters
    })
}

fn with(letters: &[Letter], more: Letter) -> Vec<Letter> {
    [letters, &[more]].concat()
}

/// The weekdays with successes. On which of them nobody is due is learnt from the reports: a first one on a Sunday says that Sundays are
/// due, and that can be worse than none.
fn written_on(letters: &[Letter]) -> BTreeSet<i64> {
    let good = letters.iter().filter(|letter| letter.ok > 0);
    good.flat_map(|letter| (0..letter.lasting).map(|day| (letter.days_ago - day).rem_euclid(7))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// So removing one never makes it better, and never makes anything ready.
    #[test]
    fn a_clean_report_more_never_makes_the_answer_worse(
        letters in month(), reporter in 0..4usize, days_ago in 0..33i64, ok in 1..200u64, weekly in any::<bool>(), checks in any::<bool>(),
    ) {
        let base = base(checks);
        let (lasting, days_ago) = if weekly { (7, days_ago.max(7)) } else { (1, days_ago) };
        let more = Letter { reporter, days_ago, lasting, ok, failed: None };
        prop_assume!(written_on(&letters).is_superset(&written_on(std::slice::from_ref(&more))));
        let (before, after) = (base.answer(&letters), base.answer(&with(&letters, more.clone())));
        prop_assert!(after.0 >= before.0, "{:?} became {:?} with {:?}", before, after, more);
    }

    #[test]
    fn a_failure_more_never_makes_the_answer_better(
        letters in month(), reporter in 0..4usize, days_ago in 0..33i64, failed in failed(), many in any::<bool>(), checks in any::<bool>(),
    ) {
        let base = base(checks);
        let (kind, host, reason, sessions) = failed;
        let failed = Some((kind, host, reason, if many { sessions * 1_000 } else { sessions }));
        let more = Letter { reporter, days_ago, lasting: 1, ok: 0, failed };
        let (before, after) = (base.answer(&letters), base.answer(&with(&letters, more.clone())));
        prop_assert!(after.0 <= before.0, "{:?} became {:?} with {:?}", before, after, more);
    }

    #[test]
    fn clean_checks_less_never_make_the_answer_better(letters in month()) {
        prop_assert!(base(false).answer(&letters).0 <= base(true).answer(&letters).0);
    }

    #[test]
    fn neither_order_nor_repetition_changes_a_byte(letters in month(), turn in 0..90usize, again in 0..90usize) {
        let base = base(true);
        let reports = reports(&letters);
        let mut turned = reports.clone();
        let by = turn.min(turned.len());
        turned.rotate_left(by);
        turned.extend(reports.iter().take(again).cloned());
        prop_assert_eq!(base.page(turned), base.page(reports));
    }
}

/// The months made up must come out every way, or the properties above say little.
#[test]
fn the_months_made_up_come_out_every_way() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let base = base(false);
    let mut runner = TestRunner::deterministic();
    let mut seen = [0; 3];
    for _ in 0..200 {
        let letters = month().new_tree(&mut runner).unwrap().current();
        seen[usize::from(base.answer(&letters).0)] += 1;
    }
    assert!(seen.iter().all(|times| *times >= 5), "not ready, inconclusive, ready: {seen:?}");
}
