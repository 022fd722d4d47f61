//! Saved facts: complete, portable, and judged to the same bytes as the live run.

use std::path::PathBuf;

use serde_json::Value;

use crate::check::Scene;
use crate::lab::{Ehlo, Lab, Socks5, Socks5Answer};
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

/// The host where port 25 is open probes, the other one sees everything else.
#[test]
fn a_probe_made_elsewhere_fills_what_cannot_be_seen_here() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let reports = scene.post().unwrap();
    let (probe, here) = (path(&lab, "probe.json"), path(&lab, "here.json"));
    stsready(["mx", "alpha.test", "--save-facts", &probe]).at(&lab).run().exits(0);
    let connections = scene.mx(1).visits().total();

    // Named, the domain is looked at as far as the file does not tell.
    let run =
        stsready(["check", "alpha.test", "--format", "json", "--facts", &probe, "--reports"]).args([&reports]).at(&lab).run().exits(0);
    assert_eq!((run.assessment().answer(), run.json()["vantages"].as_array().unwrap().len()), ("ready", 1), "{run}");
    assert_eq!(scene.mx(1).visits().total(), connections, "the MX hosts were not probed again");
    // Not named, only what is there is judged.
    stsready(["check", "--facts", &probe]).run().refuses(&["alpha.test", "record stage"]);

    // Two files, without any network: one vantage behind a proxy that lets nothing through.
    // Times are whole seconds, and the newest look leads.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let blocked = lab.socks5_proxy(Socks5 { answer: Socks5Answer::Reply(2), ..Socks5::default() }).socket().to_string();
    scene.check().args(["--socks5", &blocked, "--save-facts", &here]).run().exits(3);
    let queries = lab.dns().all_queries();
    for files in [[&here, &probe], [&probe, &here]] {
        let merged = stsready(["check", "--format", "json", "--facts", files[0], "--facts", files[1]]).run().exits(0);
        assert!(merged.assessment().of("starttls-unreachable").is_empty(), "{merged}");
        assert_eq!(merged.json()["vantage"]["socks5"], blocked, "the newest look is the main one");
        let gave = merged.json()["vantages"][0]["gave"].to_string();
        assert!(gave.contains("mx1.alpha.test") && gave.contains("mx2.alpha.test"), "{gave}");
    }
    assert_eq!(lab.dns().all_queries(), queries);
    let page = stsready(["check", "--facts", &here, "--facts", &probe]).run().exits(0).stdout;
    assert!(page.contains("also     ") && page.contains("gave: "), "{page}");
}

/// Reports are read from files: that they are not in the facts is no reason to look at anything.
#[test]
fn facts_without_reports_are_judged_with_those_given_or_none() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let (facts, reports) = (path(&lab, "facts.json"), scene.post().unwrap());
    scene.check().args(["--save-facts", &facts]).run().exits(0);
    let mut value: Value = serde_json::from_str(&std::fs::read_to_string(&facts).unwrap()).unwrap();
    value.as_object_mut().unwrap().remove("reports");
    std::fs::write(&facts, value.to_string()).unwrap();
    let queries = lab.dns().all_queries();
    let run = stsready(["check", "alpha.test", "--format", "json", "--facts", &facts]).at(&lab).run().exits(3);
    assert_eq!(run.assessment().findings()[0].code(), "reports-none", "{run}");
    stsready(["check", "--quiet", "--facts", &facts, "--reports"]).args([&reports]).run().exits(0);
    stsready(["check", "--facts", &facts]).run().refuses(&["reports stage", "alpha.test"]);
    assert_eq!(lab.dns().all_queries(), queries);
}

/// A day is remembered with what was proven, what was broken, and where DNS led.
#[test]
fn what_a_check_saw_broken_is_remembered_beside_what_it_proved() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let (store, facts) = (path(&lab, "store.sqlite"), path(&lab, "facts.json"));
    let check = || {
        std::thread::sleep(std::time::Duration::from_millis(1_050));
        scene.check().args(["--store", &store, "--save-facts", &facts]).run()
    };
    check().exits(0);
    scene.mx_presents(2, scene.issue(&scene.leaf(2).expires_in(-2)));
    check().exits(1);
    check().exits(1);
    let saved: Value = serde_json::from_slice(&std::fs::read(&facts).unwrap()).unwrap();
    let today = saved["history"]["days"].as_array().unwrap().last().unwrap();
    let hosts = |list: &str| -> Vec<&str> {
        let names = today[list].as_array().unwrap().iter().filter_map(Value::as_str);
        names.map(|name| name.split(' ').next().unwrap()).collect()
    };
    let both = ["mx1.alpha.test", "mx2.alpha.test"];
    assert_eq!((hosts("proven"), hosts("broken"), hosts("given")), (both.to_vec(), vec!["mx2.alpha.test"], both.to_vec()), "{today:#}");
    let vantage = today["vantage"].as_str().unwrap();
    assert!(vantage.contains(&format!("port {}", lab.smtp_port())), "another port is another vantage: {vantage}");
}

/// A probe made without a store is judged with what the store remembers, where its reports are asked for.
#[test]
fn a_probe_from_elsewhere_is_judged_with_what_the_store_remembers() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let (store, probe, reports) = (path(&lab, "store.sqlite"), path(&lab, "probe.json"), scene.post().unwrap());
    stsready(["reports", "ingest", "--store", &store]).args([&reports]).run().exits(0);
    stsready(["check", "alpha.test", "--store", &store, "--quiet"]).at(&lab).run().exits(0);
    scene.domain.without_mx();
    scene.domain.add_mx(10, &scene.mx_name(1));
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    scene.check().args(["--save-facts", &probe]).run().exits(0);
    let mut value: Value = serde_json::from_slice(&std::fs::read(&probe).unwrap()).unwrap();
    assert!(value.get("history").is_none());
    value.as_object_mut().unwrap().remove("reports");
    std::fs::write(&probe, value.to_string()).unwrap();
    let judged = stsready(["check", "alpha.test", "--format", "json", "--facts", &probe, "--store", &store]).run().exits(3);
    let short = judged.assessment();
    assert!(short.of("reports-window-short")[0].text("message").starts_with("the MX set changed"), "{judged}");
}

/// What was seen to be wrong stays wrong, though an older look saw it right.
#[test]
fn an_older_success_does_not_cover_a_fault() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let (before, after) = (path(&lab, "before.json"), path(&lab, "after.json"));
    stsready(["mx", "alpha.test", "--save-facts", &before]).at(&lab).run().exits(0);
    scene.mx_does(1, |smtp| smtp.ehlo = Ehlo::WithoutStarttls);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    stsready(["mx", "alpha.test", "--save-facts", &after]).at(&lab).run().exits(1);
    let merged = stsready(["mx", "--format", "json", "--facts", &before, "--facts", &after]).run().exits(1);
    assert_eq!(merged.assessment().findings()[0].code(), "starttls-missing", "{merged}");
    assert!(merged.json()["vantages"][0]["proved"].to_string().contains("mx1.alpha.test"), "{merged}");
}

/// Three days on a probe says nothing about today: named, the domain is probed again; of files alone it is told.
#[test]
fn probes_of_long_ago_fill_nothing() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let (old, new) = (path(&lab, "old.json"), path(&lab, "new.json"));
    stsready(["mx", "alpha.test", "--save-facts", &old]).at(&lab).run().exits(0);
    let mut value: Value = serde_json::from_str(&std::fs::read_to_string(&old).unwrap()).unwrap();
    let long_ago = format!("{}T00:00:00Z", letters::days_ago(5));
    value["observed_at"] = long_ago.clone().into();
    for host in value["servers"].as_array_mut().unwrap() {
        for probe in host["probes"].as_array_mut().unwrap() {
            probe["at"] = long_ago.clone().into();
        }
    }
    std::fs::write(&old, value.to_string()).unwrap();
    stsready(["record", "alpha.test", "--save-facts", &new]).at(&lab).run().exits(0);
    stsready(["mx", "--facts", &old, "--facts", &new]).run().refuses(&["mx stage", "72 hours"]);
    let before = scene.mx(1).visits().total();
    let reports = scene.post().unwrap();
    let call = stsready(["check", "alpha.test", "--format", "json", "--facts", &old, "--facts", &new, "--reports"]);
    let run = call.args([&reports]).at(&lab).run().exits(0);
    assert!(scene.mx(1).visits().total() > before, "probed again");
    assert!(run.json()["vantages"].to_string().contains("too_old"), "{run}");
}

/// Whom senders trust is part of what was judged: a probe under one set of roots says nothing under another.
#[test]
fn looks_under_different_roots_are_not_merged() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let (ours, others) = (path(&lab, "ours.json"), path(&lab, "others.json"));
    scene.check().args(["--save-facts", &ours]).run().exits(0);
    let mut value: Value = serde_json::from_str(&std::fs::read_to_string(&ours).unwrap()).unwrap();
    value["vantage"]["roots"] = serde_json::json!({"name": "mozilla", "count": 145, "sha256": "00".repeat(32)});
    value.as_object_mut().unwrap().remove("record");
    std::fs::write(&others, value.to_string()).unwrap();
    for files in [[&ours, &others], [&others, &ours]] {
        stsready(["mx", "--facts", files[0], "--facts", files[1]]).run().refuses(&["alpha.test", "mozilla", "--roots"]);
    }
    stsready(["mx", "--facts", &ours]).run().exits(0);
    // What is missing is not looked at under other roots either.
    let before = scene.mx(1).visits().total();
    stsready(["check", "alpha.test", "--facts", &others]).at(&lab).run().refuses(&["alpha.test", "mozilla", "--roots"]);
    assert_eq!(scene.mx(1).visits().total(), before);
}

/// Turned away today, the fault that was seen an hour ago is still one.
#[test]
fn being_turned_away_covers_no_fault_that_was_seen() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let (before, after) = (path(&lab, "before.json"), path(&lab, "after.json"));
    scene.mx_presents(1, scene.leaf(1).self_signed());
    scene.check().args(["--save-facts", &before]).run().exits(1);
    scene.mx_does(1, |smtp| smtp.greeting = crate::lab::Greeting::Refuse("421 4.7.0 too many connections"));
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    scene.check().args(["--save-facts", &after]).run().exits(3);
    let merged = stsready(["check", "--format", "json", "--facts", &before, "--facts", &after]).run().exits(1);
    assert_eq!(merged.assessment().findings()[0].code(), "cert-self-signed", "{merged}");
}

/// Facts that lack a probe, or the end of one, are never ready.
#[test]
fn a_probe_that_is_missing_leaves_the_answer_open() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let facts = path(&lab, "facts.json");
    scene.check().args(["--save-facts", &facts]).run().exits(0);
    let whole: Value = serde_json::from_str(&std::fs::read_to_string(&facts).unwrap()).unwrap();
    let cut = |kept: &[&str]| {
        let mut value = whole.clone();
        value["servers"][1]["probes"][0].as_object_mut().unwrap().retain(|key, _| kept.contains(&key.as_str()));
        value
    };
    let mut none = whole.clone();
    none["servers"][1]["probes"] = serde_json::json!([]);
    for (value, code) in [
        (none, "mx-unprobed"),
        (cut(&["address", "port", "at", "connect", "greeting"]), "starttls-unreachable"),
        // As `expiry --host mx2.alpha.test:443` of the version before.
        (cut(&["address", "port", "at", "connect", "tls"]), "starttls-unreachable"),
    ] {
        std::fs::write(&facts, value.to_string()).unwrap();
        let run = stsready(["check", "--format", "json", "--facts", &facts]).run().exits(3);
        assert_eq!(run.assessment().of(code).len(), 1, "{run}");
    }
}

/// Facts of the version before had none of the ways that this one knows.
#[test]
fn facts_without_the_newer_fields_still_load() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let facts = path(&lab, "facts.json");
    let live = scene.check().args(["--save-facts", &facts]).run().exits(0);
    let mut value: Value = serde_json::from_str(&std::fs::read_to_string(&facts).unwrap()).unwrap();
    let known = ["resolvers", "roots", "ipv4", "ipv6", "helo"];
    assert!(value["vantage"].as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{}", value["vantage"]);
    assert!(value.get("others").is_none());
    value["vantage"]["a_field_of_a_later_version"] = true.into();
    std::fs::write(&facts, value.to_string()).unwrap();
    let again = stsready(["check", "--facts", &facts, "--format", "json"]).run().exits(0);
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
