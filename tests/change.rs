//! `change` walked to its end: somebody who does what the plan says, with its own texts and nothing else, arrives.

use jiff::Timestamp;
use serde_json::Value;

use crate::check::Scene;
use crate::lab::{Https, Lab, Smtp};
use crate::run::stsready;

/// More turns than any plan has.
const TURNS: usize = 24;

/// Does what plans say, and lets time pass where they say so.
struct Operator<'a> {
    scene: &'a Scene<'a>,
    words: Vec<String>,
    /// The time, once some was waited for.
    clock: Option<Timestamp>,
    /// The MX records, by preference.
    mx: Vec<(u16, String)>,
    /// What was done, in a word each.
    diary: Vec<String>,
}

impl<'a> Operator<'a> {
    fn new(scene: &'a Scene<'a>, words: &[&str]) -> Self {
        let mx = (10..).step_by(10).zip(scene.domain.mx.iter().map(|(host, _)| host.clone())).collect();
        Self { scene, words: words.iter().map(ToString::to_string).collect(), clock: None, mx, diary: Vec::new() }
    }

    /// The plan as of the operator's time, which must be a go.
    fn plan(&self) -> Value {
        let file = |kind: &str| self.scene.lab.folder().join(format!("{}.{kind}", self.scene.name));
        let (seen, store) = (file("seen.json"), file("sqlite"));
        // Looks are told apart by their second.
        std::thread::sleep(std::time::Duration::from_millis(1_050));
        let call = self.scene.change_as("json", self.words.clone()).args(["--save-facts".as_ref(), seen.as_os_str()]);
        let live = call.args(["--store".as_ref(), store.as_os_str()]).run();
        let Some(clock) = self.clock else { return live.exits(0).json() };
        let later =
            stsready(["change"]).args(&self.words).args([self.scene.name.as_str(), "--format", "json", "--now", &clock.to_string()]);
        later
            .args(["--roots".as_ref(), self.scene.lab.root_file().as_os_str()])
            .args(["--facts".as_ref(), seen.as_os_str()])
            .run()
            .exits(0)
            .json()
    }

    /// Goes on until nothing is left to do.
    fn walk(&mut self) -> &[String] {
        for _ in 0..TURNS {
            let plan = self.plan();
            if plan["done"] == true {
                return &self.diary;
            }
            self.act(&plan);
        }
        panic!("no end is reached: {:?}", self.diary);
    }

    fn act(&mut self, plan: &Value) {
        let next = usize::try_from(plan["next"].as_u64().expect("a step is next")).expect("a small number") - 1;
        let steps = plan["steps"].as_array().expect("steps");
        if steps[next]["state"] == "waiting" {
            let over =
                steps[next]["waits"].as_array().expect("waits").iter().map(|wait| wait["until"].as_str().unwrap().parse().unwrap()).max();
            assert_ne!(self.clock, over, "the wait has no end: {}", steps[next]);
            self.diary.push("wait".to_owned());
            self.clock = over;
            return;
        }
        self.publish(&steps[next]);
    }

    fn publish(&mut self, step: &Value) {
        let publish = step["publish"].as_array().unwrap_or_else(|| panic!("nothing to do in {step}"));
        for publish in publish {
            let text = publish["text"].as_str().unwrap();
            let action = publish["action"].as_str().unwrap();
            if publish["place"] != "dns" {
                assert_eq!(publish["place"], format!("https://mta-sts.{}/.well-known/mta-sts.txt", self.scene.name));
                self.scene.domain.policy_host.set(Https::policy(text));
                self.diary.push(format!("serve {}", text.lines().find_map(|line| line.strip_prefix("mode: ")).unwrap()));
                continue;
            }
            for line in text.lines() {
                self.zone(action, line);
            }
        }
    }

    /// Does to the zone what a line says.
    fn zone(&mut self, action: &str, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        // Lines of records that exist have no TTL.
        let class = words.iter().position(|word| *word == "IN").expect("a class");
        let (name, kind, data) = (words[0].trim_end_matches('.'), words[class + 1], &words[class + 2..]);
        let dns = self.scene.dns();
        match (action, kind) {
            ("replace", "TXT") => dns.replace_txt(name, line.split('"').nth(1).unwrap()),
            (_, "MX") => {
                let record = (data[0].parse().unwrap(), data[1].trim_end_matches('.').to_owned());
                match action {
                    "add" => self.mx.push(record),
                    _ => self.mx.retain(|known| *known != record),
                }
                dns.remove(name, hickory_proto::rr::RecordType::MX);
                for (preference, host) in &self.mx {
                    dns.mx(name, *preference, host);
                }
            }
            ("remove", _) => dns.remove_name(name),
            other => panic!("{other:?} is nothing that an operator was told to do: {line}"),
        }
        self.diary.push(format!("{action} {kind}"));
    }
}

#[test]
fn from_testing_to_a_lasting_enforce() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let mut operator = Operator::new(&scene, &["enforce"]);
    let due = ["serve enforce", "replace TXT", "wait", "wait", "serve enforce", "replace TXT"];
    assert_eq!(operator.walk(), due);
}

#[test]
fn a_body_in_enforce_with_the_old_id_wants_the_id_next() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "alpha.test", |_| {});
    let enforce = scene.domain.policy.replace("testing", "enforce");
    scene.letters(scene.clean(1..=21));
    scene.domain.policy_host.set(Https::policy(&enforce));
    scene.domain.policy = enforce;
    let plan = scene.change_as("json", vec!["enforce".into()]).run().exits(0).json();
    assert_eq!((plan["next"].as_u64(), plan["steps"][0]["state"].as_str()), (Some(2), Some("done")), "{plan:#}");
}

#[test]
fn an_mx_host_more_in_enforce() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    scene.start(Smtp::default(), &[]);
    let mut operator = Operator::new(&scene, &["add-mx", "mx3.alpha.test"]);
    assert_eq!(operator.walk(), ["serve enforce", "replace TXT", "wait", "add MX"]);
    let mx = scene.check().run().exits(0).json()["mx"].as_array().unwrap().len();
    assert_eq!(mx, 3);
}

#[test]
fn in_testing_nothing_is_waited_for() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    scene.start(Smtp::default(), &[]);
    assert_eq!(Operator::new(&scene, &["add-mx", "mx3.alpha.test"]).walk(), ["serve testing", "replace TXT", "add MX"]);
}

#[test]
fn an_mx_host_goes() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    let mut operator = Operator::new(&scene, &["remove-mx", "mx2.alpha.test"]);
    assert_eq!(operator.walk(), ["remove MX", "wait", "serve enforce", "replace TXT"]);
}

#[test]
fn out_of_mta_sts() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    let begun = Timestamp::now();
    let mut operator = Operator::new(&scene, &["leave"]);
    assert_eq!(operator.walk(), ["serve none", "replace TXT", "wait", "remove TXT", "remove A"]);
    let waited = operator.clock.unwrap().duration_since(begun).as_hours() / 24;
    assert_eq!(waited, 14, "the fortnight for which the policy of before may be held");
}

#[test]
fn a_certificate_is_judged_before_and_found_afterwards() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let chain = scene.issue(&scene.leaf(1).expires_in(90));
    let file = lab.folder().join("mx1.pem");
    std::fs::write(&file, chain.pem()).unwrap();
    let words = || vec!["certificate".to_owned(), "--file".to_owned(), file.display().to_string(), "--for".to_owned(), scene.mx_name(1)];
    let plan = scene.change_as("json", words()).run().exits(0).json();
    assert_eq!((plan["next"].as_u64(), plan["done"].as_bool()), (Some(1), Some(false)));
    scene.mx_presents(1, chain);
    let plan = scene.change_as("json", words()).run().exits(0).json();
    assert_eq!((plan["next"].as_u64(), plan["done"].as_bool()), (None, Some(true)), "{plan:#}");
}

#[test]
fn another_provider_takes_over_with_both_in_the_policy_meanwhile() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    scene.start(Smtp::default(), &[]);
    let file = lab.folder().join("provider.txt");
    std::fs::write(&file, crate::lab::domain::policy("enforce", 604_800, &["mx3.alpha.test"])).unwrap();
    let words = ["provider", "--policy", file.to_str().unwrap()];
    let mut operator = Operator::new(&scene, &words);
    let due = ["serve enforce", "replace TXT", "wait", "add MX", "remove MX", "remove MX", "wait", "serve enforce", "replace TXT"];
    assert_eq!(operator.walk(), due);
}

/// Without a store nothing tells when the record went: the wait is counted anew at each run.
#[test]
fn a_store_tells_since_when_to_wait() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "alpha.test", |plan| plan.mode = "enforce".into());
    let store = lab.folder().join("store.sqlite");
    scene.args(&["--store", store.to_str().unwrap()]);
    let words = || vec!["remove-mx".to_owned(), scene.mx_name(2)];
    assert_eq!(scene.change_as("json", words()).run().exits(0).json()["next"], 1);
    // Looks are dated to the second, and of one second the first counts.
    let next_second = || std::thread::sleep(std::time::Duration::from_millis(1_100));
    next_second();
    scene.dns().remove("alpha.test", hickory_proto::rr::RecordType::MX);
    scene.dns().mx("alpha.test", 10, &scene.mx_name(1));
    let until = |plan: &Value| plan["steps"][1]["waits"][0]["until"].as_str().unwrap().to_owned();
    let first = scene.change_as("json", words()).run().exits(0).json();
    assert_eq!(first["steps"][1]["state"], "waiting");
    assert!(!first["steps"][1]["say"].as_str().unwrap().contains("counted from now"), "{first:#}");
    next_second();
    let second = scene.change_as("json", words()).run().exits(0).json();
    assert_eq!(until(&first), until(&second));
}

#[test]
fn the_plan_reads_the_same_in_every_format() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let words = || vec!["enforce".to_owned()];
    let text = scene.change_as("text", words()).run().exits(0).stdout;
    assert!(text.starts_with("GO  enforce at alpha.test: nothing stands against it; step 1 of 6 is next, 6 left\n"), "{text}");
    assert!(text.contains("→ 1. next  serve the policy in enforce") && text.contains("        mode: enforce\n"), "{text}");
    let ticket = scene.change_as("markdown", words()).run().exits(0).stdout;
    assert!(ticket.starts_with("# alpha.test: enforce\n\n**GO**") && ticket.contains("```\nversion: STSv1\nmode: enforce\n"), "{ticket}");
    let json = scene.change_as("json", words()).run().exits(0).json();
    assert_eq!(
        (json["schema"].as_str(), json["answer"].as_str(), json["next"].as_u64()),
        (Some("stsready/change/1"), Some("ready"), Some(1))
    );
    let quiet = scene.change_as("text", words()).args(["-q"]).run().exits(0).stdout;
    assert_eq!(quiet.lines().count(), 1);
}

#[test]
fn what_cannot_be_planned_is_a_usage_error() {
    for (words, says) in [
        (&["enforce", "a.test", "--id", "2026-01-01"][..], "letters or digits"),
        (&["certificate", "--file", "/nonexistent.pem", "--for", "mx.a.test", "a.test"], "/nonexistent.pem"),
        (&["policy", "--file", "/nonexistent.txt", "a.test"], "/nonexistent.txt"),
        (&["enforce"], "DOMAIN"),
    ] {
        stsready(["change"]).args(words).run().refuses(&[says]);
    }
}
