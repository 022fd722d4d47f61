//! What earlier checks saw: kept in the store, part of the facts, and judged.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::check::Scene;
use crate::lab::{Https, Lab, Page};
use crate::letters::{Letter, SENDERS, days_ago};
use crate::run::{Assessment, Finding, Run, stsready};

/// A check against the store of this scene.
fn check(scene: &Scene<'_>, more: &[&str]) -> Run {
    // Looks are told apart by their second.
    std::thread::sleep(std::time::Duration::from_millis(1_050));
    scene.check().args(["--store", &store(scene)]).args(more).run()
}

fn store(scene: &Scene<'_>) -> String {
    file(scene, "sqlite")
}

fn file(scene: &Scene<'_>, kind: &str) -> String {
    scene.lab.folder().join(format!("{}.{kind}", scene.name)).display().to_string()
}

fn codes(assessment: &Assessment) -> Vec<&str> {
    assessment.findings().into_iter().map(Finding::code).collect()
}

#[test]
fn what_was_seen_before_is_in_the_facts_and_changes_no_byte_when_they_are_judged_again() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "again.test", |_| {});
    let facts = file(&scene, "json");
    check(&scene, &["--save-facts", &facts]).exits(0);
    let first: Value = serde_json::from_slice(&std::fs::read(&facts).unwrap()).unwrap();
    assert!(first.get("history").is_none(), "nothing was known before the first check");
    let live = check(&scene, &["--save-facts", &facts]).exits(0);
    let second: Value = serde_json::from_slice(&std::fs::read(&facts).unwrap()).unwrap();
    assert_eq!(second["history"]["days"][0]["proven"].as_array().unwrap().len(), 2);
    assert!(second["history"].get("certificates").is_none(), "names and ends of certificates are enough");
    assert_eq!(second["history"]["leaves"].as_object().unwrap().len(), 2, "of the MX hosts");
    let again = stsready(["check", "--facts", &facts, "--format", "json"]).run().exits(0);
    assert_eq!(again.stdout, live.stdout);
}

#[test]
fn another_mx_set_restarts_the_window() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "set.test", |_| {});
    check(&scene, &[]).exits(0);
    scene.domain.without_mx();
    scene.domain.add_mx(20, &scene.mx_name(1));
    scene.domain.add_mx(10, &scene.mx_name(2));
    check(&scene, &[]).exits(0);
    scene.domain.without_mx();
    scene.domain.add_mx(10, &scene.mx_name(1));
    let run = check(&scene, &[]).exits(3);
    let assessment = run.assessment();
    assert_eq!(assessment.of("reports-window-short").len(), 1, "{run}");
    assert!(
        assessment.of("reports-window-short")[0]
            .text("message")
            .starts_with("the MX set changed (mx1.set.test, mx2.set.test to mx1.set.test)"),
        "{run}"
    );
    assert_eq!(check(&scene, &["--no-dane"]).exits(3).assessment().of("reports-window-short").len(), 1, "it stays restarted");
}

#[test]
fn a_renewal_and_an_unused_pattern_restart_nothing() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "same.test", |_| {});
    check(&scene, &[]).exits(0);
    scene.mx_presents(1, scene.issue(&scene.leaf(1).expires_in(85)));
    scene.edit_policy("max_age", "mx: spare.elsewhere.test\r\nmax_age");
    let assessment = check(&scene, &[]).exits(0).assessment();
    assert_eq!(assessment.answer(), "ready");
}

/// The last saved facts of this scene, with clean checks on so many earlier days.
fn with_earlier_days(scene: &Scene<'_>, days: &[i64]) -> Assessment {
    let facts = file(scene, "json");
    check(scene, &[]);
    check(scene, &["--save-facts", &facts]);
    let mut saved: Value = serde_json::from_slice(&std::fs::read(&facts).unwrap()).unwrap();
    let long_ago = (Timestamp::now() - SignedDuration::from_hours(24 * 60)).to_string();
    for subject in saved["history"]["subjects"].as_array_mut().unwrap() {
        for span in subject["spans"].as_array_mut().unwrap() {
            span["first_seen"] = json!(long_ago);
        }
    }
    let today = saved["history"]["days"][0].clone();
    for ago in days {
        let mut day = today.clone();
        let at = format!("{}T08:00:00Z", days_ago(*ago));
        (day["day"], day["first_at"], day["last_at"]) = (json!(days_ago(*ago).to_string()), json!(at), json!(at));
        saved["history"]["days"].as_array_mut().unwrap().push(day);
    }
    std::fs::write(&facts, saved.to_string()).unwrap();
    stsready(["check", "--facts", &facts, "--format", "json"]).run().assessment()
}

#[test]
fn clean_checks_of_three_days_stand_in_for_a_reporter_and_for_sessions() {
    let lab = Lab::start_blocking().unwrap();
    let staged = |name: &str, sessions: u64| {
        let mut scene = Scene::new(&lab, name, |_| {});
        let (organization, contact, _) = SENDERS[0];
        let letter = |day| Letter::new(&scene.name, organization, contact, days_ago(day)).policy(&scene.domain.policy).successful(sessions);
        let letters = (1..=20).map(letter).collect();
        scene.letters(letters);
        scene
    };
    let small = staged("small.test", 2);
    let two = with_earlier_days(&small, &[1]);
    assert_eq!((two.answer(), codes(&two)), ("inconclusive", vec!["reports-few-sessions", "reports-single-reporter"]));
    assert!(two.0["would_change_if"].to_string().contains("stand in for what the reports lack"), "{:#}", two.0["would_change_if"]);
    let three = with_earlier_days(&small, &[1, 5]);
    assert_eq!((three.answer(), codes(&three)), ("ready", vec![]));
    assert_eq!(three.0["reports"]["checks"]["stands_in_for"], json!(["reporters", "sessions"]));
    let tiny = with_earlier_days(&staged("tiny.test", 0), &[1, 5]);
    assert_eq!((tiny.answer(), codes(&tiny)), ("inconclusive", vec!["reports-few-sessions"]), "twenty sessions remain needed");
}

#[test]
fn an_older_policy_that_senders_may_hold_is_in_the_horizon() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "older.test", |plan| plan.mode = "enforce".into());
    check(&scene, &[]).exits(0);
    let narrow = crate::lab::domain::policy("enforce", 604_800, &[&scene.mx_name(1)]);
    scene.policy(&narrow);
    check(&scene, &[]);
    let wide = crate::lab::domain::policy("enforce", 1_209_600, &[&scene.mx_name(1), &scene.mx_name(2)]);
    scene.domain.publish(&wide, "20260303T000000");
    let assessment = check(&scene, &[]).assessment();
    let horizon = &assessment.0["horizon"];
    assert_eq!(horizon["older"].as_array().map(Vec::len), Some(1), "the first policy is served again: {:#}", assessment.0);
    assert_eq!((&horizon["older"][0]["satisfied"], &horizon["older"][0]["uncovered"]), (&json!(false), &json!(["mx2.older.test"])));
    let back = horizon["roll_back"].to_string();
    assert!(back.contains("mode: testing") && back.contains("IN TXT") && !back.contains("20260303T000000"), "{back}");
    let page = scene.check_as("text").args(["--store", &store(&scene)]).run();
    assert!(page.stdout.contains("does not cover mx2.older.test"), "{page}");
}

#[test]
fn the_mode_of_a_policy_that_is_out_of_reach_comes_from_earlier_checks() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "gone.test", |plan| plan.mode = "enforce".into());
    scene.without_reports();
    assert_eq!(check(&scene, &[]).exits(0).assessment().0["question"], "stay-in-enforce");
    scene.domain.policy_host.set(Https::serving(Page::status(404)));
    let without = scene.check().run().exits(1).assessment();
    assert_eq!(without.0["question"], "start-testing");
    assert_eq!(check(&scene, &[]).exits(1).assessment().0["question"], "stay-in-enforce");
}

#[test]
fn history_tells_what_came_and_went() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "told.test", |_| {});
    let call = |more: &[&str]| stsready(["history", "told.test", "--store", &store(&scene)]).args(more).run();
    let nothing = call(&[]).exits(3);
    assert!(nothing.stdout.is_empty() && nothing.stderr.contains("no store"), "{nothing}");
    check(&scene, &[]);
    let policy = scene.domain.policy.replace("1209600", "604800");
    scene.domain.publish(&policy, "20260404T000000");
    check(&scene, &[]);
    let call = |more: &[&str]| stsready(["history", "told.test", "--store", &store(&scene)]).args(more).run();
    let told = call(&["--format", "json"]).exits(0).json();
    assert_eq!(told["schema"], "stsready/history/1");
    assert_eq!((&told["days"][0]["times"], told["days"].as_array().unwrap().len()), (&json!(2), 1));
    let of = |kind: &str, event: &str| {
        let events = told["events"].as_array().unwrap();
        events.iter().filter(|it| it["kind"] == kind && it["event"] == event).count()
    };
    assert_eq!((of("policy", "found"), of("policy", "came"), of("policy", "went")), (1, 1, 1));
    assert_eq!((of("policy-record", "came"), of("mx", "found"), of("mx", "went")), (1, 1, 0));
    assert_eq!((of("chain", "found"), of("address", "found")), (3, 2));
    let text = call(&[]).exits(0);
    for part in ["told.test", "2 checks on 1 day", "Policy record", "id 20260404T000000", "Certificates", "mx1.told.test"] {
        assert!(text.stdout.contains(part), "{part}{text}");
    }
    let lines = call(&["--format", "ndjson"]).exits(0);
    let rows = |kind: &str| told[kind].as_array().unwrap().len();
    assert_eq!(lines.stdout.lines().count(), rows("events") + rows("answers"));
    assert!(lines.stdout.lines().all(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line["domain"] == "told.test")));
    assert_eq!(call(&["--since", "2000-01-01"]).exits(0).stdout.lines().count(), text.stdout.lines().count());
    let other = stsready(["history", "other.test", "--store", &store(&scene)]).run().exits(3);
    assert!(other.stderr.contains("never observed"), "{other}");
    call(&["--since", "yesterday"]).refuses(&["30d"]);
}

/// What was answered is remembered when it changes, and told with how long it lasted.
#[test]
fn history_tells_what_was_answered_and_since_when() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "answered.test", |_| {});
    let call = |more: &[&str]| stsready(["history", "answered.test", "--store", &store(&scene)]).args(more).run();
    check(&scene, &[]).exits(0);
    check(&scene, &[]).exits(0);
    scene.mx_presents(1, scene.leaf(1).self_signed());
    check(&scene, &[]).exits(1);
    // A stage alone answers another question, and what was observed earlier is no check of now.
    stsready(["mx", "answered.test", "--store", &store(&scene)]).at(&lab).run().exits(1);
    let facts = file(&scene, "json");
    check(&scene, &["--save-facts", &facts]).exits(1);
    stsready(["check", "--facts", &facts, "--store", &store(&scene)]).run().exits(1);
    let answers = call(&["--format", "json"]).exits(0).json()["answers"].clone();
    let told: Vec<_> = answers.as_array().unwrap().iter().map(|span| (&span["answer"], &span["because"], &span["times"])).collect();
    let due = [(json!("ready"), json!([]), json!(2)), (json!("not-ready"), json!(["cert-self-signed"]), json!(2))];
    assert_eq!(told, due.iter().map(|(answer, because, times)| (answer, because, times)).collect::<Vec<_>>());
    assert_eq!(answers[0]["question"], "switch-to-enforce");
    let text = call(&[]).exits(0).stdout;
    for part in ["Answers", "ready to switch to enforce (2 checks", "not ready to switch to enforce: cert-self-signed"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let line = call(&["--format", "ndjson"]).exits(0).stdout;
    let answered = line.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(|line| line["event"] == "answered");
    assert_eq!(answered.count(), 2);
    // By which thresholds it was answered is part of the answer.
    check(&scene, &["--threshold", "sessions=250"]).exits(1);
    let text = call(&[]).exits(0).stdout;
    assert!(text.contains("cert-self-signed; by other thresholds:"), "{text}");
    assert_eq!(call(&["--format", "json"]).exits(0).json()["answers"][2]["thresholds"], json!(["sessions 250"]));
}
