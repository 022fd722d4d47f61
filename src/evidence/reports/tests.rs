use jiff::SignedDuration;
use proptest::prelude::*;

use super::letters::{Letter, TESTING, facts, now};
use super::*;
use crate::evidence::past::What;
use crate::model::assessment::{GroupLabel, ReportId};
use crate::model::facts::reports::PolicyType;
use crate::model::settings::Settings;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::policy;

fn judged(letters: impl IntoIterator<Item = Letter>) -> Judged {
    judged_with(letters, &clean())
}

fn judged_with(letters: impl IntoIterator<Item = Letter>, live: &Live) -> Judged {
    let reports = facts(letters);
    let live_mx = BTreeSet::from(["mx1.shop.example", "mx2.shop.example"].map(Domain::from_dns));
    let policy = policy::parse(TESTING);
    let settings = Settings::default();
    judge(&Situation { reports: &reports, live_mx: &live_mx, policy: Some(&policy), live, now: now(), settings: &settings.evidence })
}

/// Everything probed and clean.
fn clean() -> Live {
    Live { proven: BTreeSet::from(["mx1.shop.example", "mx2.shop.example"].map(Domain::from_dns)), policy_proven: true, ..Live::default() }
}

fn two(days: impl IntoIterator<Item = i64> + Clone) -> Vec<Letter> {
    [Letter::daily("a.example", days.clone()), Letter::daily("b.example", days)].concat()
}

fn labels(judged: &Judged) -> Vec<GroupLabel> {
    judged.groups.iter().map(|group| group.summary.label).collect()
}

#[test]
fn the_summary_adds_up() {
    let mut letters = two(1..=20);
    letters.push(Letter::new("a.example", 3).sessions(0).failed("certificate-expired", "mx1.shop.example", 4));
    let judged = judged(letters);
    let summary = &judged.summary;
    assert_eq!((summary.window.days, summary.days_with_reports), (20, 20));
    assert_eq!((summary.sessions, summary.failures), (2 * 20 * 20 + 4, 4));
    assert_eq!(summary.days.len(), 31);
    assert_eq!(summary.days.iter().map(|day| day.successful).sum::<u64>(), 800);
    assert_eq!(summary.reporters.iter().map(|reporter| reporter.sessions).sum::<u64>(), 804);
    assert_eq!(summary.suffices_at, None);
    assert!(summary.failure_rate_upper_bound.is_some_and(|bound| bound > 4.0 / 804.0 && bound < 0.02));
}

/// An auditor asks for each: two entries are one report, and the oldest go first where there are too many.
#[test]
fn every_report_that_is_counted_is_named_with_its_digest() {
    let mut letters: Vec<Letter> = two(1..=20).into_iter().map(|letter| letter.and(PolicyType::Tlsa, "3 1 1 AB", 20)).collect();
    letters.push(Letter::new("old.example", 60));
    let summary = judged(letters).summary;
    assert_eq!((summary.ids.len() as u64, summary.ids_left_out), (summary.reports, 0));
    let told = |id: &ReportId| (id.reporter.clone(), id.id.clone(), id.sha256);
    let named = |reporter: &str, ago: i64| {
        (reporter.to_owned(), format!("{reporter}-{ago}"), Fingerprint::of(format!("{reporter}-{ago}").as_bytes()))
    };
    assert_eq!(
        summary.ids.iter().take(3).map(told).collect::<Vec<_>>(),
        [named("a.example", 1), named("b.example", 1), named("a.example", 2)]
    );
    assert!(summary.ids.iter().all(|id| id.reporter != "old.example"));

    let many = (0..1_100).map(|number| Letter::new(&format!("r{number:04}.example"), 1 + number % 20));
    let summary = judged(many).summary;
    assert_eq!((summary.reports, summary.ids.len(), summary.ids_left_out), (1_100, 1_000, 100));
    assert!(summary.ids.iter().all(|id| id.end > now() - SignedDuration::from_hours(24 * 20)));
}

#[test]
fn a_session_counts_once_whatever_types_it_is_listed_under() {
    let letters: Vec<Letter> = two(1..=20).into_iter().map(|letter| letter.and(PolicyType::Tlsa, "3 1 1 AB", 20)).collect();
    let summary = judged(letters).summary;
    assert_eq!(summary.sessions, 800);
    assert_eq!(summary.reporters[0].sessions, 400);
}

#[test]
fn a_weekly_report_is_spread_over_its_days() {
    let weekly = |reporter: &str| [29, 22, 15, 8].map(|ago| Letter::new(reporter, ago).sessions(140).lasting(7));
    let judged = judged([weekly("a.example"), weekly("b.example")].concat());
    assert_eq!(judged.lacks, []);
    assert_eq!(judged.summary.days[5].successful, 40);
}

#[test]
fn totals_and_details_that_disagree_lose_nothing() {
    let sessions = |letter: Letter| judged([letter]).groups.iter().map(|group| group.summary.sessions).sum::<u64>();
    let detailed = |total| Letter::new("a.example", 2).failed("validation-failure", "mx1.shop.example", 2).total_failed(total);
    assert_eq!(sessions(detailed(0)), 2, "details beside a total of none");
    assert_eq!(sessions(detailed(1)), 2, "details beyond the total");
    assert_eq!(sessions(detailed(5)), 5, "a total beyond the details");
    assert_eq!(sessions(Letter::new("a.example", 2).total_failed(3)), 3, "a total alone");
}

#[test]
fn an_unused_pattern_and_the_order_of_lines_make_no_other_policy() {
    let same = "version: STSv1\nmax_age: 86400\nmode: testing\nmx: *.shop.example\nmx: mx.provider.example\n";
    assert_eq!(judged(two(1..=20).into_iter().map(|letter| letter.policy(same))).lacks, []);
    for other in [TESTING.replace("testing", "enforce"), TESTING.replace("mx: mx2.shop.example\n", ""), TESTING.replace("testing", "none")]
    {
        let lacks = judged(two(1..=20).into_iter().map(|letter| letter.policy(&other))).lacks;
        assert!(matches!(lacks[..], [Lack::OtherPolicy { .. }]), "{other}: {lacks:?}");
    }
}

#[test]
fn a_change_of_policy_restarts_the_window_and_a_lagging_cache_does_not() {
    let old = TESTING.replace("mx: mx2.shop.example\n", "");
    let before: Vec<Letter> = two(6..=28).into_iter().map(|letter| letter.policy(&old)).collect();
    let lacks = judged([before, two(1..=5)].concat()).lacks;
    assert!(matches!(lacks[..], [Lack::WindowShort { .. }]), "{lacks:?}");

    let lagging: Vec<Letter> = Letter::daily("c.example", 1..=20).into_iter().map(|letter| letter.policy(&old)).collect();
    assert_eq!(judged([lagging, two(1..=20)].concat()).lacks, []);

    let there = two(15..=28);
    let and: Vec<Letter> = two(8..=14).into_iter().map(|letter| letter.policy(&old)).collect();
    let lacks = judged([there, and, two(1..=7)].concat()).lacks;
    assert!(matches!(lacks[..], [Lack::WindowShort { .. }]), "there and back again: {lacks:?}");
}

/// Everything clean, and a change of the MX set so many days ago at noon.
fn changed(days_ago: i64) -> Live {
    let at = now() - SignedDuration::from_hours(24 * days_ago);
    let change = Change { what: What::MxSet, at, from: "mx1.shop.example".to_owned(), to: "two".to_owned() };
    Live { changed: Some(change), ..clean() }
}

/// Everything clean, and checks that were so on these days.
fn checked(days_ago: impl IntoIterator<Item = i64>) -> Live {
    let date = |ago: i64| (now() - SignedDuration::from_hours(24 * ago)).to_zoned(jiff::tz::TimeZone::UTC).date();
    Live { clean_days: days_ago.into_iter().map(date).collect(), ..clean() }
}

#[test]
fn a_change_that_checks_saw_restarts_the_window() {
    let lacks = |letters, ago| judged_with(letters, &changed(ago)).lacks;
    let short = |lacks: &[Lack]| matches!(lacks, [Lack::WindowShort { changed: Some(_), .. }]);
    assert_eq!(lacks(two(1..=30), 20), []);
    assert_eq!(lacks(two(1..=30), 16), []);
    assert!(short(&lacks(two(1..=30), 14)), "of the day itself nothing counts, so 13 whole days are left");
    assert!(short(&lacks(two(1..=30), 3)));
    assert!(short(&lacks(two(1..=30), 0)), "no report is about the present state yet");
    assert!(short(&lacks(two(1..=30), 1)), "no report since");
    assert!(matches!(lacks(two(1..=5), 20)[..], [Lack::WindowShort { changed: None, .. }]), "an old change is not why");
    assert_eq!(lacks(vec![], 3), [Lack::None]);
    let since = judged_with(two(1..=30), &changed(3)).summary;
    assert_eq!((since.sessions, since.days_with_reports), (80, 2), "what was before counts for nothing");
    assert_eq!(since.suffices_at.map(|at| at.to_string()).as_deref(), Some("2026-04-12T00:00:00Z"));
}

#[test]
fn failures_from_before_a_change_are_judged_all_the_same() {
    let failed = Letter::new("a.example", 20).failed("certificate-expired", "mx1.shop.example", 5);
    let letters = || [two(1..=14), vec![failed.clone(), Letter::new("a.example", 21)]].concat();
    assert_eq!(judged_with(letters(), &changed(10)).groups, judged(letters()).groups);
}

#[test]
fn clean_checks_stand_in_for_a_reporter_and_for_sessions() {
    let one = |sessions| Letter::daily("a.example", 1..=20).into_iter().map(move |letter| letter.sessions(sessions)).collect::<Vec<_>>();
    let said = |letters, days: &[i64]| {
        let judged = judged_with(letters, &checked(days.iter().copied()));
        (judged.lacks.len(), judged.summary.checks.map(|checks| checks.stands_in_for).unwrap_or_default())
    };
    use crate::model::assessment::CheckedFor::{Reporters, Sessions};
    assert_eq!(said(one(20), &[]), (1, vec![]));
    assert_eq!(said(one(20), &[0, 1]), (1, vec![]), "two days are too few");
    assert_eq!(said(one(20), &[0, 1, 2]), (0, vec![Reporters]));
    assert_eq!(said(one(1), &[0, 1, 2]), (0, vec![Reporters, Sessions]));
    assert_eq!(said(one(1), &[0, 1, 40]), (2, vec![]), "what was before the window stands in for nothing");
    assert_eq!(said(two(1..=20), &[0, 1, 2]), (0, vec![]), "nothing lacked");
    let rare = |days: &[i64]| said(one(1).into_iter().take(18).chain([Letter::new("b.example", 3).sessions(1)]).collect(), days);
    assert_eq!(rare(&[0, 1, 2]), (1, vec![]), "twenty sessions remain needed");
    assert_eq!(said(vec![], &[0, 1, 2]), (1, vec![]), "checks alone are no reports");
    assert_eq!(said(Letter::daily("a.example", 1..=5), &[0, 1, 2]).0, 1, "a short window stays short");
}

#[test]
fn checks_from_before_a_change_stand_in_for_nothing() {
    let live = |ago| Live { clean_days: checked([1, 2, 18, 19]).clean_days, ..changed(ago) };
    let lacks = |ago| judged_with(Letter::daily("a.example", 1..=30), &live(ago)).lacks;
    assert_eq!(lacks(20), []);
    assert!(matches!(lacks(17)[..], [Lack::SingleReporter { .. }]));
}

#[test]
fn it_says_from_when_on_checks_would_do() {
    let at = |letters: Vec<Letter>, days: &[i64]| {
        let checks = judged_with(letters, &checked(days.iter().copied())).summary.checks;
        checks.and_then(|checks| checks.would_suffice_at).map(|at| at.to_string())
    };
    let one = |days| Letter::daily("a.example", days);
    assert_eq!(at(one(1..=20), &[0]).as_deref(), Some("2026-04-02T00:00:00Z"), "tomorrow and the day after");
    assert_eq!(at(one(1..=20), &[0, 5]).as_deref(), Some("2026-04-01T00:00:00Z"));
    assert_eq!(at(one(1..=10), &[0, 1]).as_deref(), Some("2026-04-04T00:00:00Z"), "not before the window is long enough");
    assert_eq!(at(one(1..=20), &[]), None, "today's check was not clean");
    assert_eq!(at(one(1..=20), &[0, 1, 2]), None, "they do now");
    assert_eq!(at(two(1..=20), &[0]), None, "nothing lacks");
    assert_eq!(at(one(12..=30), &[0]), None, "no check makes up for reports that have stopped");
}

#[test]
fn it_says_when_the_evidence_will_suffice() {
    let at = |letters: Vec<Letter>| judged(letters).summary.suffices_at.map(|at| at.to_string());
    assert_eq!(at(two(1..=5)).as_deref(), Some("2026-04-09T00:00:00Z"), "14 days from the first report");
    assert_eq!(at(vec![]).as_deref(), Some("2026-04-14T00:00:00Z"), "14 days from today");
    let slow = |each| two(1..=15).into_iter().map(|letter| letter.sessions(each)).collect();
    assert_eq!(at(slow(6)).as_deref(), Some("2026-04-10T00:00:00Z"), "12 a day: 25 days of them, 15 are there");
    assert_eq!(at(slow(1)), None, "two a day never make 300 in 30 days");
    assert_eq!(at(Letter::daily("a.example", 1..=20)), None, "nobody knows when a second reporter comes");
}

#[test]
fn the_future_is_no_evidence() {
    let judged = judged([Letter::new("a.example", -2)]);
    assert_eq!((judged.lacks, judged.from_the_future), (vec![Lack::None], 1));
}

#[test]
fn failures_are_labelled_by_what_the_probes_show() {
    let failing = |result_type: &'static str, mx: &'static str| move |ago| Letter::new("a.example", ago).failed(result_type, mx, 5);
    let recent = |letter: &dyn Fn(i64) -> Letter| [two(3..=20), vec![letter(2).sessions(15)]].concat();
    let past = |letter: &dyn Fn(i64) -> Letter| [two(1..=14), vec![letter(20), letter(21)]].concat();

    let expired = failing("certificate-expired", "mx1.shop.example");
    assert_eq!(labels(&judged(recent(&expired))), [GroupLabel::Unexplained]);
    assert_eq!(labels(&judged(past(&expired))), [GroupLabel::Fixed]);
    let mut live = clean();
    live.proven.clear();
    assert_eq!(labels(&judged_with(past(&expired), &live)), [GroupLabel::Unexplained], "unproven is not clean");
    live.faults.insert((Domain::from_dns("mx1.shop.example"), "certificate-expired"));
    assert_eq!(labels(&judged_with(recent(&expired), &live)), [GroupLabel::StillTrue]);
    assert_eq!(labels(&judged_with(recent(&failing("certificate-host-mismatch", "mx1.shop.example")), &live)), [GroupLabel::Unexplained]);
    assert_eq!(labels(&judged_with(recent(&failing("validation-failure", "mx1.shop.example")), &live)), [GroupLabel::StillTrue]);

    assert_eq!(labels(&judged(recent(&failing("certificate-expired", "old.example.net")))), [GroupLabel::Foreign]);
    assert_eq!(labels(&judged(recent(&failing("tlsa-invalid", "mx1.shop.example")))), [GroupLabel::NotSts]);
    assert_eq!(labels(&judged(recent(&failing("sts-policy-fetch-error", "")))), [GroupLabel::Unexplained]);
    assert_eq!(labels(&judged(past(&failing("sts-policy-fetch-error", "")))), [GroupLabel::Fixed]);
    let fault = Live { policy_fault: true, ..Live::default() };
    assert_eq!(labels(&judged_with(recent(&failing("sts-webpki-invalid", "")), &fault)), [GroupLabel::StillTrue]);
}

#[test]
fn a_new_certificate_explains_what_chance_could_not() {
    // One failure in a thousand, and 60 clean sessions since: chance explains nothing.
    let letters =
        || [vec![Letter::new("a.example", 6).sessions(999).failed("certificate-expired", "mx1.shop.example", 1)], two(1..=5)].concat();
    assert_eq!(labels(&judged(letters())), [GroupLabel::Unexplained]);
    let mut live = clean();
    live.certificate_since.insert(Domain::from_dns("mx1.shop.example"), "2026-03-25T14:00:00Z".parse().expect("a time"));
    let judged = judged_with(letters(), &live);
    assert_eq!(labels(&judged), [GroupLabel::Fixed]);
    assert!(matches!(judged.groups[0].explanation, Some(Explanation::Certificate(_))));
}

#[test]
fn failures_under_an_older_policy_are_explained_by_the_change() {
    let old = TESTING.replace("mx: mx2.shop.example\n", "");
    let before = Letter::new("a.example", 20).policy(&old).sessions(5000).failed("validation-failure", "mx2.shop.example", 1);
    let judged = judged([vec![before], two(1..=15)].concat());
    assert_eq!(judged.groups[0].explanation, Some(Explanation::Policy));
}

#[test]
fn another_mode_explains_no_failure() {
    let enforce = TESTING.replace("testing", "enforce");
    let before = Letter::new("a.example", 20).policy(&enforce).sessions(5000).failed("validation-failure", "mx2.shop.example", 1);
    assert_eq!(labels(&judged([vec![before], two(1..=15)].concat())), [GroupLabel::Unexplained]);
}

#[test]
fn failures_are_no_evidence() {
    let failing = |reporter, ago| Letter::new(reporter, ago).sessions(0).failed("certificate-expired", "old.other.example", 500);
    let one = |days: std::ops::RangeInclusive<i64>| Letter::daily("a.example", days);
    let lacks = |letters| judged(letters).lacks;
    assert!(matches!(lacks([one(1..=20), vec![failing("b.example", 3)]].concat())[..], [Lack::SingleReporter { .. }]));
    assert!(matches!(lacks([two(1..=10), vec![failing("a.example", 20)]].concat())[..], [Lack::WindowShort { .. }]));
    let few: Vec<Letter> = two(1..=20).into_iter().map(|letter| letter.sessions(7)).collect();
    assert!(matches!(lacks([few, vec![failing("a.example", 5)]].concat())[..], [Lack::FewSessions { sessions: 280, .. }]));
    assert!(matches!(lacks([1, 8, 15].map(|ago| failing("a.example", ago)).to_vec())[..], [Lack::FewSessions { sessions: 0, .. }]));
}

#[test]
fn what_is_of_the_future_is_not_the_newest_for_ever() {
    let endless = Letter::new("a.example", 20).lasting(30_000);
    assert_eq!(judged([endless.clone()]).lacks, [Lack::None]);
    assert!(matches!(judged([two(10..=30), vec![endless]].concat()).lacks[..], [Lack::Stale { .. }, ..]));
}

#[test]
fn reasons_do_not_make_faults() {
    let fault = |ago: i64| Letter::new("a.example", ago).sessions(1_000).failed("validation-failure", "mx2.shop.example", 20);
    let recurring = |because: fn(i64) -> String| -> Vec<Letter> {
        [4, 8, 12, 16, 20, 24, 28].map(|ago| fault(ago).because(&because(ago))).into_iter().chain(two(1..=3)).collect()
    };
    for because in [|_| "i/o timeout".to_owned(), |ago| format!("i/o timeout, connection {ago}")] {
        let judged = judged(recurring(because));
        assert!(labels(&judged).iter().all(|label| *label == GroupLabel::Unexplained), "{:?}", judged.groups);
        assert!(judged.groups.iter().all(|group| group.weighty));
    }
}

#[test]
fn beyond_the_cap_reasons_are_told_together_in_any_order() {
    let many = |numbers: &mut dyn Iterator<Item = u64>| {
        let letters = numbers.map(|n| {
            Letter::new(&format!("r{n}.example"), 2).failed("certificate-expired", "mx1.shop.example", 1 + n % 7).because(&n.to_string())
        });
        judged(letters.collect::<Vec<_>>()).groups
    };
    let forth = many(&mut (0..600));
    assert_eq!(forth, many(&mut (0..600).rev()));
    assert_eq!(forth.iter().map(|group| group.summary.sessions).sum::<u64>(), (0..600).map(|n| 1 + n % 7).sum::<u64>());
    assert_eq!(forth.iter().filter(|group| group.summary.reason.is_some()).count(), 500);
}

#[test]
fn a_group_weighs_when_it_recurs_or_is_shared_or_is_a_real_share() {
    let weighty = |letters: Vec<Letter>| judged(letters).groups.iter().any(|group| group.weighty);
    let one = |reporter: &str, ago| Letter::new(reporter, ago).sessions(5000).failed("certificate-not-trusted", "mx1.shop.example", 1);
    assert!(!weighty(vec![one("a.example", 2)]), "one of five thousand, once");
    assert!(weighty(vec![one("a.example", 2), one("a.example", 4)]), "twice");
    assert!(weighty(vec![one("a.example", 2), one("b.example", 2)]), "two reporters");
    assert!(weighty(vec![one("a.example", 2).sessions(500)]), "one of five hundred");
}

#[test]
fn senders_without_a_policy_give_hints_and_no_evidence() {
    let without = |ago| Letter::new("a.example", ago).kind(PolicyType::NoPolicyFound);
    let judged =
        judged([vec![without(2).failed("starttls-not-supported", "mx1.shop.example", 3)], (3..=20).map(without).collect()].concat());
    assert!(matches!(judged.lacks[..], [Lack::OtherPolicy { .. }]), "{:?}", judged.lacks);
    assert!(judged.groups[0].hint);
    assert_eq!((judged.summary.sessions, judged.summary.failures), (0, 0));
}

/// Every line of what enforce would have refused: host, sessions, hosts left.
fn refused(judged: &Judged) -> Vec<(Option<&str>, u64, Option<usize>)> {
    judged.summary.refused.iter().map(|line| (line.mx.as_ref().map(Domain::as_str), line.sessions, line.hosts_left)).collect()
}

#[test]
fn what_enforce_would_have_refused_is_told_by_day_sender_and_host() {
    let (mx1, mx2) = ("mx1.shop.example", "mx2.shop.example");
    let expired = "certificate-expired";
    for (letters, expected, worst) in [
        (vec![Letter::new("a.example", 2)], vec![], None),
        (vec![Letter::new("a.example", 2).failed(expired, mx1, 3)], vec![(Some(mx1), 3, Some(1))], Some(1)),
        (
            vec![Letter::new("a.example", 2).failed(expired, mx1, 3).failed("validation-failure", mx2, 1)],
            vec![(Some(mx1), 3, Some(0)), (Some(mx2), 1, Some(0))],
            Some(0),
        ),
        // Another sender, another day: each had the other host.
        (
            vec![Letter::new("a.example", 2).failed(expired, mx1, 3), Letter::new("b.example", 2).failed(expired, mx2, 1)],
            vec![(Some(mx1), 3, Some(1)), (Some(mx2), 1, Some(1))],
            Some(1),
        ),
        (
            vec![Letter::new("a.example", 3).failed(expired, mx1, 3), Letter::new("a.example", 2).failed(expired, mx2, 1)],
            vec![(Some(mx1), 3, Some(1)), (Some(mx2), 1, Some(1))],
            Some(1),
        ),
        // Two faults of one host on one day are one line.
        (
            vec![Letter::new("a.example", 2).failed(expired, mx1, 3).failed("certificate-not-trusted", mx1, 2)],
            vec![(Some(mx1), 5, Some(1))],
            Some(1),
        ),
        // Which host it was is not known, or it is none now: nothing is said about the others.
        (vec![Letter::new("a.example", 2).failed(expired, "", 3)], vec![(None, 3, None)], None),
        (vec![Letter::new("a.example", 2).failed(expired, "old.shop.example", 3)], vec![(Some("old.shop.example"), 3, None)], None),
        // Neither a fetch error nor DANE nor a sender without a policy refuses anything.
        (vec![Letter::new("a.example", 2).failed("sts-policy-fetch-error", "", 3)], vec![], None),
        (vec![Letter::new("a.example", 2).failed("tlsa-invalid", mx1, 3)], vec![], None),
        (vec![Letter::new("a.example", 2).kind(PolicyType::NoPolicyFound).failed(expired, mx1, 3)], vec![], None),
        (vec![Letter::new("a.example", 40).failed(expired, mx1, 3)], vec![], None),
    ] {
        let judged = judged(letters);
        assert_eq!(refused(&judged), expected);
        assert_eq!(judged.summary.hosts_left.map(|hosts| (hosts.left, hosts.of)), worst.map(|left| (left, 2)), "{expected:?}");
    }
}

#[test]
fn a_weekly_refusal_is_spread_over_its_days() {
    let judged = judged([Letter::new("a.example", 9).lasting(7).failed("certificate-expired", "mx1.shop.example", 14)]);
    assert_eq!(refused(&judged), vec![(Some("mx1.shop.example"), 2, Some(1)); 7]);
}

#[test]
fn beyond_the_cap_the_smallest_refusals_are_counted() {
    let many = (0..1_100).fold(Letter::new("a.example", 2), |letter, n| {
        letter.failed("certificate-expired", &format!("mx{n}.elsewhere.example"), if n == 7 { 1 } else { 2 })
    });
    let summary = judged([many]).summary;
    assert_eq!((summary.refused.len(), summary.refused_left_out), (1_000, 100));
    assert!(summary.refused.iter().all(|line| line.sessions == 2) && summary.refused.is_sorted());
}

#[test]
fn the_surest_reading_of_a_groups_words_stands_beside_it() {
    let failing = |reason| Letter::new("a.example", 2).failed("validation-failure", "mx1.shop.example", 1).because(reason);
    let causes = |letter| -> Vec<Option<&'static str>> {
        judged([letter]).groups.iter().map(|group| group.summary.cause.as_ref().map(|cause| cause.see)).collect()
    };
    assert_eq!(causes(failing("remote error: tls: handshake failure")), [Some("starttls-handshake")]);
    assert_eq!(causes(failing("who knows")), [None]);
    let json = serde_json::to_value(&judged([failing("MX_HOSTS_MISMATCH")]).groups[0].summary).expect("JSON");
    assert_eq!((&json["see"], &json["confidence"]), (&"mx-uncovered".into(), &"certain".into()));
    let json = serde_json::to_value(&judged([failing("who knows")]).groups[0].summary).expect("JSON");
    assert!(json.get("cause").is_none() && json.get("see").is_none());
}

/// Some letters, as a property test makes them up.
fn any_letters() -> impl Strategy<Value = Vec<Letter>> {
    let letter = (0..4usize, -2..40i64, 0..40u64, 0..6usize, 0..4u64).prop_map(|(reporter, ago, sessions, kind, failed)| {
        let reporter = ["a.example", "b.example", "c.example", "d.example"][reporter];
        let letter = Letter::new(reporter, ago).sessions(sessions);
        match kind {
            0 => letter.policy(&TESTING.replace("testing", "enforce")),
            1 => letter.kind(PolicyType::NoPolicyFound),
            2 => letter.failed("certificate-expired", "mx1.shop.example", failed),
            3 => letter.failed("sts-policy-fetch-error", "", failed),
            4 => letter.lasting(7),
            _ => letter,
        }
    });
    proptest::collection::vec(letter, 0..60).prop_map(|mut letters| {
        // As in an archive: one report a reporter and day.
        letters.sort_by_key(|letter| format!("{letter:?}"));
        letters.dedup_by_key(|letter| facts([letter.clone()]).reports[0].id.clone());
        letters
    })
}

proptest! {
    #[test]
    fn order_changes_nothing(letters in any_letters(), turn in 0..60usize) {
        let mut turned = letters.clone();
        let by = turn.min(turned.len());
        turned.rotate_left(by);
        prop_assert_eq!(judged(letters), judged(turned));
    }

    #[test]
    fn a_clean_report_since_never_makes_it_worse(letters in any_letters()) {
        let past: Vec<Letter> = letters.into_iter().filter(|letter| facts([letter.clone()]).reports[0].end < now()).collect();
        let since = ["a.example", "b.example", "c.example", "d.example"].map(|reporter| Letter::new(reporter, 0));
        let (before, after) = (judged(past.clone()), judged([past, since.to_vec()].concat()));
        prop_assert!(after.lacks.is_empty() || !before.lacks.is_empty());
        let open = |judged: &Judged| labels(judged).iter().filter(|label| **label == GroupLabel::Unexplained).count();
        prop_assert!(open(&after) <= open(&before));
    }

    #[test]
    fn one_more_clean_report_never_unsettles_what_suffices(extra in -1..35i64, reporter in 0..3usize) {
        let reporter = ["a.example", "b.example", "z.example"][reporter];
        let mut letters = two(1..=29);
        letters.retain(|letter| facts([letter.clone()]).reports[0].id != format!("{reporter}-{extra}"));
        letters.push(Letter::new(reporter, extra));
        prop_assert_eq!(judged(letters).lacks, vec![]);
    }

    #[test]
    fn refusals_add_up_and_leave_some_hosts(letters in any_letters()) {
        let summary = judged(letters).summary;
        let refused: u64 = summary.refused.iter().map(|line| line.sessions).sum();
        let counted: u64 = summary.days.iter().map(|day| day.failed).sum();
        prop_assert!(refused >= counted, "what counts as failed would have been refused");
        prop_assert!(summary.refused.iter().all(|line| line.hosts_left.is_none_or(|left| left < 2)));
    }

    #[test]
    fn a_check_less_never_makes_it_better(letters in any_letters(), days in proptest::collection::btree_set(0..35i64, 1..6)) {
        let lacks = |days: Vec<i64>| judged_with(letters.clone(), &checked(days)).lacks.len();
        let fewer: Vec<i64> = days.iter().copied().skip(1).collect();
        prop_assert!(lacks(days.into_iter().collect()) <= lacks(fewer));
    }

    #[test]
    fn a_change_never_makes_it_better(first in 1..30i64, last in 1..40i64, ago in 0..40i64, days in proptest::collection::btree_set(0..35i64, 0..6)) {
        let before = checked(days);
        let after = Live { changed: changed(ago).changed, ..before.clone() };
        let enough = |live: &Live| judged_with(two(first..=last), live).lacks.is_empty();
        prop_assert!(enough(&before) || !enough(&after));
    }

    #[test]
    fn a_failure_more_is_one_more_to_explain(letters in any_letters(), ago in 0..31i64, kind in 0..3usize) {
        let kind = ["certificate-expired", "sts-policy-fetch-error", "of-tomorrow"][kind];
        let failing = Letter::new("f.example", ago).sessions(0).policy("").failed(kind, "mx1.shop.example", 3);
        let open = |judged: &Judged| labels(judged).iter().filter(|label| **label == GroupLabel::Unexplained).count();
        prop_assert!(open(&judged([letters.clone(), vec![failing]].concat())) > open(&judged(letters)));
    }

    #[test]
    fn the_summary_is_consistent(letters in any_letters()) {
        let summary = judged(letters).summary;
        prop_assert!(summary.failures <= summary.sessions);
        prop_assert!(summary.days_with_reports <= summary.window.days + 1);
        prop_assert!(summary.window.start <= summary.window.end);
    }
}

#[test]
fn a_shorter_window_of_evidence_hides_no_failure_of_the_month() {
    let mut letters = two(1..=25);
    letters.extend((16..=18).map(|day| Letter::new("a.example", day).failed("validation-failure", "mx1.shop.example", 50)));
    let reports = facts(letters);
    let live_mx = BTreeSet::from(["mx1.shop.example", "mx2.shop.example"].map(Domain::from_dns));
    let policy = policy::parse(TESTING);
    let short = crate::model::settings::EvidenceSettings { window_days: 7, longest_window_days: 7, ..Settings::default().evidence };
    let of = |settings: &crate::model::settings::EvidenceSettings| {
        judge(&Situation { reports: &reports, live_mx: &live_mx, policy: Some(&policy), live: &clean(), now: now(), settings })
    };
    assert_eq!(labels(&of(&short)), labels(&of(&Settings::default().evidence)));
    assert_eq!(of(&short).groups.len(), 1);
}

#[test]
fn a_detail_of_another_kind_is_no_excuse_for_what_the_total_says() {
    let days = || (3..=5).map(|day| Letter::new("a.example", day));
    let of = |failed: Vec<Letter>| {
        let judged = judged(two(1..=25).into_iter().chain(failed));
        judged.groups.iter().any(|group| group.summary.result_type == "unspecified" && group.summary.label == GroupLabel::Unexplained)
    };
    for (result_type, mx, unexplained) in [
        ("validation-failure", "elsewhere.example", true),
        ("tlsa-invalid", "mx1.shop.example", true),
        ("sts-policy-fetch-error", "", true),
        ("validation-failure", "mx1.shop.example", false),
        ("validation-failure", "", false),
    ] {
        let failed = days().map(|letter| letter.failed(result_type, mx, 1).total_failed(2_000)).collect();
        assert_eq!(of(failed), unexplained, "{result_type} {mx}");
    }
}
