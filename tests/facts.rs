//! Saved facts: complete, portable, and judged to the same bytes as the live run.

use std::path::PathBuf;

use serde_json::Value;

use crate::check::Scene;
use crate::lab::{Ehlo, Lab};
use crate::letters;
use crate::run::stsready;

fn path(lab: &Lab, name: &str) -> String {
    lab.folder().join(name).display().to_string()
}

/// A domain with something to say in every stage.
fn troubled(lab: &Lab) -> Scene<'_> {
    let mut scene = Scene::new(lab, "alpha.test", |_| {});
    scene.txt("_smtp._tls", "v=TLSRPTv1; rua=mailto:a@reports.lab.test,mailto:b@reports.lab.test");
    scene.edit_policy("1209600", "3600");
    scene.mx_does(1, |smtp| smtp.ehlo = Ehlo::WithoutStarttls);
    scene.mx_presents(2, scene.issue(&scene.leaf(2).expires_in(-2)));
    scene.file("half.json", "{\"organization-name\": \"x");
    scene
}

#[test]
fn saved_facts_give_the_same_bytes_as_the_live_run() {
    let lab = Lab::start_blocking().unwrap();
    let scene = troubled(&lab);
    let facts = path(&lab, "facts.json");
    let live = scene.check().args(["--save-facts", &facts]).run().exits(1);
    let queries = lab.dns().all_queries();
    let again = stsready(["check", "--facts", &facts, "--format", "json"]).run().exits(1);
    assert_eq!(again.stdout, live.stdout);
    let named = stsready(["check", "alpha.test", "--facts", &facts, "--format", "json"]).run().exits(1);
    assert_eq!(named.stdout, live.stdout);
    assert_eq!(lab.dns().all_queries(), queries, "nothing was asked again");
    let text = |all: bool| {
        let all = if all { &["--all"][..] } else { &[] };
        stsready(["check", "--facts", &facts]).args(all).run().exits(1).stdout
    };
    assert_eq!(text(false), text(false));
    assert_ne!(text(false), text(true));
}

#[test]
fn tlsa_records_are_judged_again_to_the_same_bytes_and_older_facts_have_none() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    lab.dns().sign("alpha.test");
    lab.dns().tlsa(&format!("_{}._tcp.mx1.alpha.test", lab.smtp_port()), 3, 1, 1, vec![7; 32]);
    let facts = path(&lab, "facts.json");
    let live = scene.check().args(["--save-facts", &facts]).run().exits(0);
    assert_eq!(live.assessment().of("dane-mismatch").len(), 1);
    let again = stsready(["check", "--facts", &facts, "--format", "json"]).run().exits(0);
    assert_eq!(again.stdout, live.stdout);
    let mut older: Value = serde_json::from_slice(&std::fs::read(&facts).unwrap()).unwrap();
    for host in older["servers"].as_array_mut().unwrap() {
        assert!(host.as_object_mut().unwrap().remove("dane").is_some());
    }
    std::fs::write(&facts, older.to_string()).unwrap();
    let older = stsready(["check", "--facts", &facts, "--format", "json"]).run().exits(0);
    assert!(older.assessment().findings().is_empty(), "{older}");
}

#[test]
fn facts_are_judged_where_there_is_no_network() {
    let lab = Lab::start_blocking().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let facts = folder.path().join("facts.json");
    let live = troubled(&lab).check().args(["--save-facts".into(), facts.clone()]).run().exits(1);
    drop(lab);
    let again = stsready(["check", "--format", "json", "--facts"]).args([&facts]).run().exits(1);
    assert_eq!(again.stdout, live.stdout);
}

/// Cut to a stage, the facts of a whole check say what that stage alone would have said.
#[test]
fn facts_cut_to_a_stage_judge_as_the_stage_does() {
    let lab = Lab::start_blocking().unwrap();
    let scene = troubled(&lab);
    let whole = path(&lab, "whole.json");
    scene.check().args(["--save-facts", &whole]).run().exits(1);
    for (stage, exit) in [("record", 0), ("policy", 0), ("mx", 1)] {
        let own = path(&lab, &format!("{stage}.json"));
        let live = stsready([stage, "alpha.test", "--format", "json", "--save-facts", &own]).at(&lab).run().exits(exit);
        let again = stsready([stage, "--format", "json", "--facts", &own]).run().exits(exit);
        assert_eq!(again.stdout, live.stdout, "{stage}");

        let cut = stsready([stage, "--format", "json", "--facts", &whole]).run().exits(exit);
        let said = |run: &crate::run::Run| {
            let assessment = run.assessment();
            let mut said: Vec<String> = assessment
                .findings()
                .iter()
                .map(|finding| format!("{} {} {} {}", finding.weight(), finding.code(), finding.text("subject"), finding.text("message")))
                .collect();
            said.sort();
            said
        };
        assert_eq!(said(&cut), said(&live), "{stage}");
        assert_eq!(cut.json()["stages"], live.json()["stages"], "{stage}");
    }
}

#[test]
fn given_reports_take_the_place_of_saved_ones() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "alpha.test", |_| {});
    scene.without_reports();
    let facts = path(&lab, "facts.json");
    let live = scene.check().args(["--save-facts", &facts]).run().exits(3);
    assert_eq!(live.assessment().findings()[0].code(), "reports-none");
    scene.letters(letters::clean("alpha.test", &scene.domain.policy, 1..=21));
    let reports = scene.post().unwrap();
    let call = || stsready(["check", "--facts", &facts, "--format", "json", "--reports"]).args([&reports]);
    let ready = call().run().exits(0);
    assert_eq!(ready.assessment().answer(), "ready");
    // And the other way round: the saved facts themselves are as they were.
    stsready(["check", "--facts", &facts, "--quiet"]).run().exits(3);
}

#[test]
fn facts_can_be_judged_as_of_another_time() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    let facts = path(&lab, "facts.json");
    scene.without_reports();
    scene.check().args(["--save-facts", &facts]).run().exits(0);
    let later = |days: i64| letters::days_ago(-days).to_string();
    let judged = |days: i64| stsready(["check", "--facts", &facts, "--format", "json", "--now", &later(days)]).run();
    let weights =
        |run: &crate::run::Run, code: &str| -> Vec<String> { run.assessment().of(code).iter().map(|finding| finding.weight()).collect() };
    let (overdue, critical, over) = (judged(60), judged(75), judged(85));
    assert_eq!(weights(&overdue, "cert-expiring"), ["warning", "warning"], "{overdue}");
    assert_eq!(weights(&critical, "cert-expiring"), ["blocker", "blocker"], "{critical}");
    assert_eq!(weights(&over, "cert-expired"), ["blocker", "blocker"], "{over}");
    assert_eq!(weights(&over, "fetch-cert-expired"), ["blocker"], "{over}");
}

#[test]
fn a_facts_file_may_hold_several_domains() {
    let lab = Lab::start_blocking().unwrap();
    for name in ["alpha.test", "beta.test", "gamma.test"] {
        lab.good_domain(name, |plan| plan.mode = "enforce".into());
    }
    let facts = path(&lab, "facts.json");
    let args = ["check", "alpha.test", "beta.test", "gamma.test", "--format", "json", "--save-facts", &facts];
    let live = stsready(args).at(&lab).run().exits(0);
    let again = stsready(["check", "--facts", &facts, "--format", "json"]).run().exits(0);
    assert_eq!(again.stdout, live.stdout);

    let one = stsready(["check", "beta.test", "--facts", &facts, "--format", "json"]).run().exits(0);
    assert_eq!(one.assessment(), live.assessments()[1]);
    stsready(["check", "delta.test", "--facts", &facts]).run().refuses(&["delta.test"]);

    // One value a line and an array are the same.
    let all: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&facts).unwrap()).unwrap();
    let lines: Vec<String> = all.iter().map(Value::to_string).collect();
    let ndjson: PathBuf = lab.folder().join("facts.ndjson");
    std::fs::write(&ndjson, lines.join("\n")).unwrap();
    let again = stsready(["check", "--format", "json", "--facts"]).args([&ndjson]).run().exits(0);
    assert_eq!(again.stdout, live.stdout);
}

/// A file that was cut off or changed by hand is refused, never half believed.
#[test]
fn damaged_facts_are_refused() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let facts = path(&lab, "facts.json");
    scene.check().args(["--save-facts", &facts]).run().exits(0);
    let text = std::fs::read_to_string(&facts).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let damaged = path(&lab, "damaged.json");
    let spoil = |change: &dyn Fn(&mut Value)| {
        let mut value = value.clone();
        change(&mut value);
        value.to_string()
    };
    let half = || text[..text.len() / 2].to_owned();
    for content in [
        half(),
        String::new(),
        "[]".to_owned(),
        "null".to_owned(),
        "\"stsready\"".to_owned(),
        spoil(&|value| value["schema"] = "stsready/facts/999".into()),
        spoil(&|value| value["observed_at"] = "once upon a time".into()),
        spoil(&|value| value["servers"] = 7.into()),
        format!("{value} trailing words"),
    ] {
        std::fs::write(&damaged, &content).unwrap();
        stsready(["check", "--facts", &damaged]).run().refuses(&[&damaged]);
    }
}

/// `--save-facts` into a folder that is not there is a failure, and leaves nothing half-written behind.
#[test]
fn facts_are_written_whole_or_not_at_all() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let folder = lab.folder().join("facts");
    std::fs::create_dir(&folder).unwrap();
    let facts = folder.join("facts.json");
    scene.check().args(["--save-facts".into(), facts]).run().exits(0);
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["facts.json"]);
}

/// The text page of a saved observation, with what differs from run to run taken out.
#[test]
fn the_text_page_tells_the_answer_the_ladder_and_the_fix() {
    let lab = Lab::start_blocking().unwrap();
    let scene = troubled(&lab);
    let facts = path(&lab, "facts.json");
    scene.check().args(["--save-facts", &facts]).run().exits(1);
    let page = stsready(["check", "--facts", &facts]).run().exits(1).stdout;
    let mut at = 0;
    for words in ["NOT READY", "alpha.test", "starttls-missing", "mx1.alpha.test", "This changes if", "Holds"] {
        let found = page[at..].find(words);
        assert!(found.is_some(), "{words:?} in this order\n{page}");
        at += found.unwrap();
    }
    for code in ["starttls-missing", "cert-expired", "policy-max-age-short", "record-rua-many", "reports-rejected"] {
        assert!(page.contains(code), "{code}\n{page}");
    }
    let widest = page.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 120, "a line of {widest} columns\n{page}");
}
