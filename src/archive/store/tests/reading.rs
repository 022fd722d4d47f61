use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::archive::Archive;
use crate::model::facts::reports::{ReportFacts, SetAside};

fn facts(store: &Store, about: &str, since: Timestamp) -> ReportFacts {
    store.facts(&domain(about), since, false).expect("readable")
}

fn ids(facts: &ReportFacts) -> Vec<&str> {
    facts.reports.iter().map(|report| report.id.as_str()).collect()
}

/// The same files, read into memory and taken into the store, say the same about every domain.
#[test]
fn the_store_says_what_the_files_say() {
    let policy = |about: Option<&str>, failed: u64| {
        json!({"policy": {"policy-type": "sts", "policy-string": ["version: STSv1", "mode: testing"], "policy-domain": about, "mx-host": "mx.x.example"},
            "summary": {"total-successful-session-count": 4, "total-failure-session-count": failed},
            "failure-details": [{"result-type": "validation-failure", "failed-session-count": failed, "odd-key": {"a": [1]}}]})
    };
    let file = |id: &str, policies: Vec<serde_json::Value>| {
        json!({"organization-name": "Ö GmbH", "report-id": id, "odd": 1, "policies": policies,
            "date-range": {"start-datetime": "2026-03-01T00:00:00.5Z", "end-datetime": "2026-03-01T23:59:59.999999999Z"}})
        .to_string()
    };
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("one.json", file("1", vec![policy(Some("shop.example"), 0)])),
        ("two.json", file("2", vec![policy(None, 1), policy(Some("shop.example"), 2), policy(Some("other.example"), 3)])),
        ("three.json", file("2026-03-01T00:00:00Z_shop.example", vec![policy(None, 1)])),
        ("none.json", file("4", vec![policy(None, 1)])),
        ("other.json", file("5", vec![policy(Some("other.example"), 1)])),
        ("nothing.json", file("6", vec![])),
    ] {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let archive = Archive::read(&[folder.path().to_owned()]).expect("readable");
    let scene = Scene::new();
    scene.take(archive.reports(&[]).map(|(reporter, source, report)| Received {
        report: report.clone(),
        reporter: reporter.to_owned(),
        subject: report.id.rsplit_once("Z_").map(|(_, name)| domain(name)),
        source: source.to_owned(),
        authenticity: Authenticity::Operator,
        received_at: None,
        raw: None,
    }));
    assert_eq!(scene.store.domains().expect("readable"), [domain("other.example"), domain("shop.example")]);
    for about in ["shop.example", "other.example", "nobody.example"] {
        let stored = facts(&scene.store, about, day(0));
        assert_eq!(stored.reports, archive.for_domain(&domain(about)).reports, "{about}");
        assert_eq!((stored.duplicates, &stored.set_aside[..]), (0, &[][..]));
        assert!(stored.sources[0].starts_with("store /"), "{:?}", stored.sources);
    }
}

#[test]
fn only_periods_that_end_after_the_time_count() {
    let scene = Scene::new();
    scene.take((0..5).map(|n| report(&n.to_string(), "shop.example", n, 0)));
    let end = report("", "", 2, 0).report.end;
    for (since, expected) in [(end, &["3", "4"][..]), (end - SignedDuration::from_nanos(1), &["2", "3", "4"]), (day(9), &[])] {
        assert_eq!(ids(&facts(&scene.store, "shop.example", since)), expected, "{since}");
    }
}

#[test]
fn what_does_not_count_is_set_aside_by_reporter_and_state() {
    let scene = Scene::new();
    let from = |reporter: &str, received: Received| Received { reporter: reporter.into(), ..received };
    let newer = Authenticity::Unverifiable { why: "expired".into(), again: false };
    scene.take([
        report("counts", "shop.example", 0, 0),
        by(unverifiable(false), report("u1", "shop.example", 0, 0)),
        by(newer.clone(), report("u2", "shop.example", 3, 0)),
        by(failed(), report("f", "shop.example", 1, 0)),
        from("b.example", by(failed(), report("g", "shop.example", 2, 5))),
        by(failed(), report("elsewhere", "other.example", 2, 0)),
    ]);
    let end = |number| report("", "", number, 0).report.end;
    let aside =
        |reporter: &str, authenticity, reports, number| SetAside { reporter: reporter.into(), authenticity, reports, newest: end(number) };
    let (of_b, of_sender) = (aside("b.example", failed(), 1, 2), aside("sender.example", failed(), 1, 1));
    let strict = facts(&scene.store, "shop.example", day(0));
    assert_eq!((ids(&strict), strict.unverified_counted), (vec!["counts"], 0));
    assert_eq!(strict.set_aside, [of_b.clone(), of_sender.clone(), aside("sender.example", newer, 2, 3)]);
    let trusting = scene.store.facts(&domain("shop.example"), day(0), true).expect("readable");
    assert_eq!((ids(&trusting), trusting.unverified_counted), (vec!["counts", "u1", "u2"], 2));
    assert_eq!(trusting.set_aside, [of_b, of_sender]);
}

#[test]
fn rejections_of_the_time_are_told_and_a_flood_of_them_counted() {
    let scene = Scene::new();
    let mut intake = scene.store.intake(now()).expect("an intake");
    let many = (0..25).map(|n| refused(&format!("{n}.json"))).collect();
    intake.take(Parcel { rejected: many, last: true, ..Parcel::default() }).expect("taken");
    intake.finish().expect("kept");
    let told = facts(&scene.store, "shop.example", now() - SignedDuration::from_hours(1));
    assert_eq!((told.rejected.len(), told.rejected_beside), (20, 5), "{told:?}");
    let later = facts(&scene.store, "shop.example", now());
    assert_eq!((later.rejected, later.rejected_beside), (vec![], 0));
}

#[test]
fn filters_leave_what_was_asked_for() {
    let scene = Scene::new();
    let from = |reporter: &str, received: Received| Received { reporter: reporter.into(), ..received };
    scene.take([
        report("a", "shop.example", 0, 0),
        report("b", "shop.example", 1, 2),
        from("other.example", report("c", "shop.example", 2, 0)),
        from("other.example", report("d", "sub.example", 3, 1)),
    ]);
    let all = Filter::default;
    let (shop, sub) = (domain("shop.example"), domain("sub.example"));
    let end = |number| report("", "", number, 0).report.end;
    for (filter, expected) in [
        (all(), "abcd"),
        (Filter { newest_first: true, ..all() }, "dcba"),
        (Filter { newest_first: true, limit: Some(2), ..all() }, "dc"),
        (Filter { limit: Some(0), ..all() }, ""),
        (Filter { domains: vec![shop.clone()], ..all() }, "abc"),
        (Filter { domains: vec![shop.clone(), sub.clone(), domain("nobody.example")], ..all() }, "abcd"),
        (Filter { domains: vec![domain("nobody.example")], ..all() }, ""),
        (Filter { reporters: vec!["other.example".into()], ..all() }, "cd"),
        (Filter { reporters: vec!["nobody".into()], ..all() }, ""),
        (Filter { failures: true, ..all() }, "bd"),
        (Filter { since: Some(end(1)), ..all() }, "cd"),
        (Filter { until: Some(end(1)), ..all() }, "ab"),
        (Filter { domains: vec![shop], since: Some(end(0)), until: Some(end(1)), ..all() }, "b"),
        (Filter { domains: vec![sub], reporters: vec!["sender.example".into()], ..all() }, ""),
    ] {
        let found: String = each(&scene.store, &filter).into_iter().map(|stored| stored.report.id).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[test]
fn a_listing_ends_when_its_reader_has_had_enough() {
    let scene = Scene::new();
    scene.take((0..5).map(|n| report(&n.to_string(), "shop.example", n, 0)));
    let mut seen = 0;
    let take = |_| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    scene.store.each(&Filter::default(), take).expect("readable");
    assert_eq!(seen, 2);
}

#[test]
fn readers_do_not_wait_for_a_writer() {
    let scene = Scene::new();
    scene.take([report("a", "shop.example", 0, 0)]);
    let reader = scene.again();
    reader.connection.busy_timeout(std::time::Duration::ZERO).expect("set");
    scene.store.connection.execute_batch("BEGIN IMMEDIATE; DELETE FROM report").expect("a writer in the middle of it");
    assert_eq!(ids(&facts(&reader, "shop.example", day(0))), ["a"]);
}

prop_compose! {
    fn any_unknown()(keys in prop::collection::btree_map("[a-z]{1,4}", any::<i32>(), 0..2)) -> Unknown {
        keys.into_iter().map(|(key, value)| (key, value.into())).collect()
    }
}

#[test]
fn a_text_that_was_given_and_counts_is_not_set_aside_beside_it() {
    let scene = Scene::new();
    let (one, two) = (by(failed(), report("a", "shop.example", 0, 0)), by(unverifiable(false), report("b", "shop.example", 0, 0)));
    let given = [one.report.sha256].into();
    scene.take([one, two]);
    let aside = |given| {
        let facts = scene.store.facts_beside(&given, &domain("shop.example"), day(-1), false).expect("readable");
        facts.set_aside.iter().map(|aside| aside.reports).sum::<u64>()
    };
    assert_eq!((aside(std::collections::BTreeSet::new()), aside(given)), (2, 1));
}

prop_compose! {
    fn any_detail()(
        result_type in "\\PC{0,12}", mx in prop::option::of("[a-z]{1,9}\\.example"), texts in prop::array::uniform5(prop::option::of(".{0,20}")),
        sessions in 0..u64::MAX / 2, unknown in prop::collection::btree_map("[a-z]{1,4}", any::<i32>(), 0..3),
    ) -> FailureDetail {
        let [helo, receiving_ip, sending_ip, reason, additional] = texts;
        let unknown = unknown.into_iter().map(|(key, value)| (key, value.into())).collect();
        FailureDetail { result_type, mx: mx.map(|name| domain(&name)), helo, receiving_ip, sending_ip, sessions, reason, additional, unknown }
    }
}

prop_compose! {
    fn any_entry()(
        policy_type in prop_oneof![
            Just(PolicyType::Sts), Just(PolicyType::Tlsa), Just(PolicyType::NoPolicyFound), "[A-Z]{0,5}".prop_map(PolicyType::Other)
        ],
        named in prop::option::of("[a-z]{1,9}\\.example"), policy_string in prop::collection::vec(".{0,30}", 0..4),
        mx_host in prop::collection::vec(".{0,30}", 0..3), successful in 0..u64::MAX / 2, failed in 0..u64::MAX / 2,
        details in prop::collection::vec(any_detail(), 0..3), unknown in prop::array::uniform3(any_unknown()),
    ) -> PolicyEntry {
        let [unknown, unknown_in_policy, unknown_in_summary] = unknown;
        PolicyEntry {
            policy_type, domain: named.map(|name| domain(&name)), policy_string, mx_host, successful, failed, details, unknown,
            unknown_in_policy, unknown_in_summary,
        }
    }
}

prop_compose! {
    fn any_received()(
        texts in (".{0,20}", prop::option::of(".{0,20}"), ".{0,20}", ".{0,20}", "(/|.){0,30}"),
        subject in prop::option::of("[a-z]{1,9}\\.example"), times in (0..4_000_000_000_000_000_000_i64, 0..1_000_000_000_000_i64),
        policies in prop::collection::vec(any_entry(), 0..4), oddities in prop::collection::vec(".{0,20}", 0..3),
        who in prop_oneof![Just(verified()), Just(Authenticity::Operator), Just(unverifiable(true)), Just(failed())],
        received_at in prop::option::of(0..4_000_000_000_000_000_000_i64), raw in prop::option::of(prop::collection::vec(any::<u8>(), 0..200)),
        unknown in prop::array::uniform2(any_unknown()),
    ) -> Received {
        let (organization, contact, id, reporter, source) = texts;
        let at = |nanos: i64| Timestamp::from_nanosecond(i128::from(nanos)).expect("in range");
        let sha256 = Fingerprint::of(id.as_bytes());
        let [unknown, unknown_in_range] = unknown;
        let (start, end) = (at(times.0), at(times.0 + times.1));
        let report = TlsReport { organization, contact, id, start, end, policies, oddities, sha256, unknown, unknown_in_range };
        Received {
            report, reporter, subject: subject.map(|name| domain(&name)), source, authenticity: who, received_at: received_at.map(at), raw,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_went_in_comes_out(received in any_received()) {
        let scene = Scene::new();
        scene.take([received.clone()]);
        let all = scene.all();
        prop_assert_eq!(all.len(), 1);
        let Some(stored) = all.into_iter().next() else { return Ok(()) };
        let back = Received {
            report: stored.report, reporter: stored.reporter, subject: stored.subject, source: stored.source,
            authenticity: stored.authenticity, received_at: stored.received_at, raw: stored.raw,
        };
        prop_assert_eq!(back, received);
        prop_assert_eq!(scene.store.check().expect("readable"), Vec::<String>::new());
    }
}
