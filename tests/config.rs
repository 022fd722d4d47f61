//! What an operator sets: accepted risks, thresholds, the configuration with its domains, and what is in effect.

use serde_json::{Value, json};

use crate::check::Scene;
use crate::lab::{BlockingLab, Lab};
use crate::letters::{Letter, SENDERS, days_ago};
use crate::run::{Call, Run, stsready};

/// A healthy domain that only one sender reports about.
fn one_reporter<'a>(lab: &'a BlockingLab, name: &str) -> Scene<'a> {
    let mut scene = Scene::new(lab, name, |_| {});
    let (organization, contact, _) = SENDERS[0];
    let letter = |day| Letter::new(&scene.name, organization, contact, days_ago(day)).policy(&scene.domain.policy).successful(40);
    let letters = (1..=21).map(letter).collect();
    scene.letters(letters);
    scene
}

/// A configuration in the lab's folder.
fn config(lab: &Lab, name: &str, text: &str) -> String {
    let path = lab.folder().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn note(run: &Run) -> Value {
    let assessment = run.json();
    assert_eq!(assessment["acceptances"].as_array().map(Vec::len), Some(1), "{run}");
    assessment["acceptances"][0].clone()
}

#[test]
fn evidence_that_does_not_suffice_can_be_accepted_and_stays_in_every_output() {
    let lab = Lab::start_blocking().unwrap();
    let scene = one_reporter(&lab, "single.test");
    scene.check().run().exits(3);
    let accept = ["--accept", "reports-single-reporter=one sender is all there is"];
    let facts = lab.folder().join("single.json");
    let run = scene.check().args(accept).args(["--save-facts".as_ref(), facts.as_os_str()]).run().exits(0);
    let assessment = run.assessment();
    assert_eq!((assessment.answer(), &assessment.0["because"]), ("ready", &json!([])));
    let [finding] = assessment.of("reports-single-reporter")[..] else { panic!("it is told{run}") };
    assert_eq!((finding.text("outcome"), finding.text("severity")), ("undetermined", "blocker"));
    assert_eq!(finding.0["accepted"], json!({"reason": "one sender is all there is"}));
    assert_eq!(assessment.0["stages"][3], json!({"stage": "reports", "state": "warn"}));
    let note = note(&run);
    assert_eq!((&note["state"], &note["findings"]), (&json!("used"), &json!(1)));
    let again = stsready(["check", "--format", "json", "--facts"]).args([&facts]).args(accept).run().exits(0);
    assert_eq!(again.stdout, run.stdout, "saved facts give the same bytes");
    let text = scene.check_as("text").args(accept).run().exits(0).stdout;
    for part in ["READY", "accepted risks reports-single-reporter", "Accepted risks", "one sender is all there is (for good)"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(scene.check_as("text").args(accept).arg_quiet().run().exits(0).stdout.contains("accepted risks"));
    scene.check().args(accept).args(["--fail-on", "warning"]).run().exits(0);
    // The planner goes by the same acceptance, and the ticket has it.
    let plan = |format: &str| scene.change_as(format, vec!["enforce".into()]);
    plan("json").run().exits(3);
    let go = plan("json").args(accept).run().exits(0).json();
    let told = go["findings"].as_array().unwrap().iter().any(|finding| finding["accepted"]["reason"] == "one sender is all there is");
    assert!(told, "{go:#}");
    assert!(plan("markdown").args(accept).run().exits(0).stdout.contains("accepted: one sender is all there is"));
    assert!(plan("text").args(accept).run().exits(0).stdout.contains("one sender is all there is"));
}

trait Quiet {
    fn arg_quiet(self) -> Self;
}

impl Quiet for Call {
    fn arg_quiet(self) -> Self {
        self.args(["--quiet"])
    }
}

#[test]
fn blockers_are_not_accepted_but_for_the_record_and_one_group_of_failures() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "ending.test", |_| {});
    scene.mx_presents(1, scene.issue(&scene.leaf(1).expires_in(9)));
    let run = scene.check().args(["--accept", "cert-expiring=it will do"]).run().exits(1);
    let refused = note(&run);
    assert_eq!(refused["state"], "refused");
    assert!(refused["why"].as_str().unwrap().contains("a blocker cannot be accepted"), "{run}");
    assert!(
        scene.check_as("text").args(["--accept", "cert-expiring=it will do"]).run().exits(1).stdout.contains("cert-expiring: refused, for")
    );

    let scene = Scene::new(&lab, "warned.test", |_| {});
    scene.mx_presents(1, scene.issue(&scene.leaf(1).expires_in(20)));
    scene.check().args(["--fail-on", "warning"]).run().exits(1);
    scene.check().args(["--fail-on", "warning", "--accept", "cert-expiring@mx1.warned.test=renewed on Monday"]).run().exits(0);
    scene.check().args(["--fail-on", "warning", "--accept", "cert-expiring@mx2.warned.test=renewed on Monday"]).run().exits(1);

    let scene = Scene::new(&lab, "silent.test", |_| {});
    scene.remove("_smtp._tls");
    scene.check().run().exits(1);
    let run = scene.check().args(["--accept", "record-missing=we read no reports"]).run().exits(0);
    assert_eq!(run.assessment().0["stages"][0], json!({"stage": "record", "state": "warn"}), "{run}");

    let mut scene = Scene::new(&lab, "failing.test", |_| {});
    let mx = scene.mx_name(1);
    scene.amend(SENDERS[0].0, &[1, 2], |letter| letter.failed("certificate-not-trusted", &mx, 2));
    let all = scene.check().args(["--accept", "reports-failing=known"]).run().exits(1);
    let subject = all.assessment().of("reports-failing")[0].text("subject").to_owned();
    assert!(note(&all)["why"].as_str().unwrap().contains(&format!("reports-failing@{subject}")), "{all}");
    let run = scene.check().args(["--accept", &format!("reports-failing@{subject}=their proxy breaks TLS; they know")]).run().exits(0);
    assert_eq!(run.assessment().answer(), "ready", "{run}");
}

#[test]
fn acceptances_of_the_configuration_end_and_are_told_when_they_are_of_no_use() {
    let lab = Lab::start_blocking().unwrap();
    let scene = one_reporter(&lab, "dated.test");
    let with = |name: &str, more: &str| {
        let text = format!("[[accept]]\ncode = 'reports-single-reporter'\nreason = 'one is enough'\n{more}\n");
        scene.check().args(["--config", &config(&lab, name, &text)]).run()
    };
    let over = with("over.toml", "until = 2026-01-31").exits(3);
    assert_eq!((&note(&over)["state"], &note(&over)["until"]), (&json!("expired"), &json!("2026-01-31")));
    let holds = with("holds.toml", "until = 2199-01-31").exits(0);
    assert_eq!(note(&holds)["state"], "used");
    assert!(holds.json()["would_change_if"].to_string().contains("2199-01-31"), "{holds}");
    with("ours.toml", "domain = 'dated.test'").exits(0);
    let other = with("other.toml", "domain = 'other.test'").exits(3);
    assert!(other.json().get("acceptances").is_none(), "it is not about this domain{other}");
    let unused = scene.check().args(["--accept", "reports-silent=whatever"]).run().exits(3);
    assert_eq!(note(&unused)["state"], "unused");
    let stage = stsready(["record", "dated.test", "--format", "json", "--accept", "reports-silent=whatever"]).at(&lab).run().exits(0);
    assert!(stage.json().get("acceptances").is_none(), "reports were not looked at{stage}");
}

#[test]
fn an_acceptance_that_cannot_be_is_misuse() {
    for (target, words) in [
        ("reports-singel-reporter=x", &["did you mean reports-single-reporter?"][..]),
        ("cert-expired=x", &["cert-expired", "cannot be accepted"]),
        ("mx-single", &["reason"]),
        ("mx-single=", &["reason"]),
        ("nothing=x", &["stsready rules"]),
    ] {
        stsready(["check", "alpha.test", "--accept", target]).run().refuses(words);
    }
    stsready(["expiry", "alpha.test", "--accept", "mx-single=x"]).run().refuses(&["--accept", "expiry"]);
    stsready(["check", "alpha.test", "--threshold", "sesions=1"]).run().refuses(&["did you mean sessions?"]);
    stsready(["check", "alpha.test", "--threshold", "sessions=0"]).run().refuses(&["between 1 and"]);
    stsready(["check", "alpha.test", "--threshold", "window-days=40"]).run().refuses(&["window-days (40)", "longest-window-days (30)"]);
}

/// Argument before environment before file; and the ticket says by what was judged.
#[test]
fn thresholds_are_settings() {
    let lab = Lab::start_blocking().unwrap();
    let scene = one_reporter(&lab, "small.test");
    let file = config(&lab, "thresholds.toml", "[thresholds]\nreporters = 1\nsessions = 250\n");
    let run = scene.check().args(["--config", &file]).run().exits(0);
    let due = json!([{"name": "reporters", "value": 1, "default": 2}, {"name": "sessions", "value": 250, "default": 300}]);
    assert_eq!(run.json()["thresholds"], due, "{run}");
    let text = scene.check_as("text").args(["--config", &file]).run().exits(0).stdout;
    assert!(text.contains("reporters 1 (default 2), sessions 250 (default 300)"), "{text}");
    assert!(scene.check().run().exits(3).json().get("thresholds").is_none());
    scene.check().env("STSREADY_THRESHOLD", "reporters=1,grace-days=2").run().exits(0);
    scene.check().args(["--config", &file]).env("STSREADY_THRESHOLD", "reporters=2").run().exits(3);
    scene.check().args(["--config", &file, "--threshold", "reporters=1"]).env("STSREADY_THRESHOLD", "reporters=2").run().exits(0);
}

/// Two domains of one lab.
fn two_domains() -> BlockingLab {
    let lab = Lab::start_blocking().unwrap();
    for name in ["shop.test", "bank.test"] {
        lab.good_domain(name, |plan| plan.mode = "enforce".into());
    }
    lab
}

/// A configuration that says all that a call about them would have to say.
fn office(lab: &BlockingLab, more: &str) -> String {
    let args = lab.args();
    let value = |option: &str| args.iter().skip_while(|arg| *arg != option).nth(1).unwrap().clone();
    let text = format!(
        "resolver = ['{}']\nroots = '{}'\ntrust-anchor = '{}'\nsmtp-port = {}\nhttps-port = {}\n{more}\n\
         [[domain]]\nname = 'shop.test'\nowner = 'mail team'\ngroup = 'shops'\n[[domain]]\nname = 'bank.test'\n",
        value("--resolver"),
        value("--roots"),
        value("--trust-anchor"),
        value("--smtp-port"),
        value("--https-port"),
    );
    config(lab, "office.toml", &text)
}

#[test]
fn a_configuration_stands_in_for_options_and_domains() {
    let lab = two_domains();
    let file = office(&lab, "format = 'json'");
    let check = |more: &[&str]| stsready(["check", "--config", &file]).args(more).run();
    let both = check(&[]).exits(0);
    let names: Vec<String> = both.assessments().iter().map(|assessment| assessment.domain().to_owned()).collect();
    assert_eq!(names, ["shop.test", "bank.test"]);
    assert_eq!((&both.json()[0]["owner"], &both.json()[0]["group"]), (&json!("mail team"), &json!("shops")));
    assert!(both.json()[1].get("owner").is_none(), "{both}");
    assert_eq!(check(&["--group", "shops"]).exits(0).assessment().domain(), "shop.test");
    assert_eq!(check(&["bank.test"]).exits(0).assessment().domain(), "bank.test");
    check(&["--group", "shop"]).refuses(&["\"shop\"", "shops"]);
    check(&["--group", "shops", "bank.test"]).refuses(&["--group"]);
    let text = check(&["--format", "text", "shop.test"]).exits(0).stdout;
    assert!(text.contains("owner mail team"), "{text}");
    assert!(check(&["--format", "text"]).exits(0).stdout.lines().next().unwrap().ends_with("mail team"));
    // Argument before environment before file.
    let by_environment = stsready(["check", "--config", &file]).env("STSREADY_FORMAT", "ndjson").run().exits(0);
    assert_eq!(by_environment.stdout.lines().count(), 2, "{by_environment}");
    let by_argument = stsready(["check", "--config", &file, "--format=json"]).env("STSREADY_FORMAT", "ndjson").run().exits(0);
    assert!(by_argument.json().is_array());
    let named = stsready(["check"]).env("STSREADY_CONFIG", &file).run().exits(0);
    assert_eq!(named.assessments().len(), 2);
    // The file's store is no contradiction to a call without one, which is what these calls are.
    let kept = lab.folder().join("kept.sqlite");
    let stored = office(&lab, &format!("store = '{}'", kept.display()));
    stsready(["check", "--config", &stored, "--quiet"]).run().exits(0);
    assert!(!kept.exists());
    stsready(["check", "shop.test", "--config", &stored, "--quiet"]).env("STSREADY_NO_STORE", "no").run().exits(0);
    assert!(kept.exists());
    // A draft and a host are subjects of their own.
    let draft = config(&lab, "draft.txt", "version: STSv1\nmode: testing\nmx: mx1.shop.test\nmax_age: 604800\n");
    let file = office(&lab, "format = 'json'");
    assert!(stsready(["policy", "--file", &draft, "--config", &file]).run().exits(0).json().is_object());
}

/// What one says aside sets the file's other choice aside.
#[test]
fn options_that_shut_each_other_out_go_by_the_call() {
    let lab = two_domains();
    let file = office(&lab, "format = 'json'\nipv6 = true");
    let run = stsready(["check", "shop.test", "--config", &file]).run();
    assert_eq!(run.json()["vantage"]["ipv4"], "switched-off", "{run}");
    let run = stsready(["check", "shop.test", "--config", &file, "--ipv4"]).run().exits(0);
    assert_eq!(run.json()["vantage"]["ipv6"], "switched-off", "{run}");
}

/// An argument goes before a variable that contradicts it, and an empty variable is none; two arguments are a contradiction.
#[test]
fn arguments_go_before_the_environment_and_empty_variables_are_none() {
    let lab = two_domains();
    let file = office(&lab, "");
    let check = |more: &[&str]| stsready(["check", "shop.test", "--quiet", "--config", &file]).args(more);
    let path = |name: &str| lab.folder().join(name).display().to_string();
    let (refused, named) = (path("refused.sqlite"), path("named.sqlite"));
    check(&["--no-store"]).env("STSREADY_STORE", &refused).run().exits(0);
    assert!(!std::path::Path::new(&refused).exists());
    check(&["--store", &named]).env("STSREADY_NO_STORE", "1").run().exits(0);
    assert!(std::path::Path::new(&named).exists());
    check(&["--store", &named, "--no-store"]).run().refuses(&["--store", "--no-store"]);
    let other = path("other.sqlite");
    check(&[]).env("STSREADY_STORE", &other).env("STSREADY_NO_STORE", "0").run().exits(0);
    assert!(std::path::Path::new(&other).exists());

    let wrong = config(&lab, "wrong.toml", "x = 1\n");
    let checked = |args: &[&str], variable: &str| stsready(["config", "check"]).args(args).env("STSREADY_CONFIG", variable).run();
    assert!(checked(&[&file], &wrong).exits(0).stdout.contains("office.toml"));
    assert!(checked(&["--config", &file], &wrong).exits(0).stdout.contains("office.toml"));
    checked(&[], &wrong).refuses(&["wrong.toml"]);
    checked(&[&file, "--config", &wrong], "").refuses(&["two files"]);
    assert!(checked(&[], "").exits(0).stdout.contains("no configuration"));
    // The last of two files is the one, for options and for all else.
    let two = stsready(["config", "show", "--format", "json", "--config", &wrong, "--config", &file]).run().exits(0).json();
    assert!(two["file"].as_str().unwrap().ends_with("office.toml"), "{two:#}");
    assert!(two["options"].as_array().unwrap().iter().any(|option| option["name"] == "roots" && option["source"] == "file"), "{two:#}");

    let shown = |args: &[&str]| {
        let run = stsready(["config", "show", "--format", "json"]).args(args).env("STSREADY_WARN", "20d").run().exits(0).json();
        let all = run["thresholds"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["name"] == "warning-at-most").map(|one| (one["value"].clone(), one["source"].clone())).unwrap()
    };
    assert_eq!(shown(&[]), (json!("20d"), json!("environment")));
    assert_eq!(shown(&["--threshold", "warning-at-most=18d"]), (json!("18d"), json!("flag")));
}

#[test]
fn a_faulty_configuration_stops_what_reads_it_and_check_lists_every_fault() {
    let lab = Lab::start_blocking().unwrap();
    let file = config(
        &lab,
        "faulty.toml",
        "timeout = 'soon'\nresolvr = '192.0.2.1'\n[thresholds]\nsessions = 0\n[[accept]]\ncode = 'cert-expired'\n",
    );
    let stopped = stsready(["check", "alpha.test", "--config", &file]).run().refuses(&[&file, "line 1", "10s", "config check"]);
    assert!(stopped.stderr.contains("4 more"), "{stopped}");
    for call in [vec!["config", "check", &file], vec!["config", "check", "--config", &file]] {
        let run = stsready(call).run().refuses(&[
            "line 1",
            "line 2",
            "did you mean resolver?",
            "line 4",
            "line 5",
            "line 6",
            "cannot be accepted",
        ]);
        assert_eq!(run.stderr.lines().count(), 5, "{run}");
    }
    stsready(["config", "show", "--config", &file]).run().refuses(&["line 1"]);
    stsready(["explain", "cert-expired"]).env("STSREADY_CONFIG", &file).run().exits(0);
    stsready(["config", "check", "/nonexistent.toml"]).run().refuses(&["/nonexistent.toml"]);
    assert!(stsready(["config", "check"]).run().exits(0).stdout.contains("no configuration"));
    let right = office(&lab, "");
    let run = stsready(["config", "check", &right]).run().exits(0);
    assert!(run.stdout.contains("5 options") && run.stdout.contains("2 domains"), "{run}");
    assert_eq!(lab.dns().all_queries(), 0);
}

#[test]
fn show_tells_every_value_with_where_it_comes_from_and_no_secret() {
    let lab = Lab::start_blocking().unwrap();
    let more = "timeout = '7s'\nno-dane = true\njobs = 9\n[thresholds]\nsessions = 250\n[[accept]]\ncode = 'mx-single'\nreason = 'small'\n\
                [[imap]]\nname = 'tlsrpt'\nurl = 'imaps://me@imap.test/INBOX'\npassword-command = 'pass show imap'\n\
                [[notify]]\nto = 'https://hooks.test/T0/secret'\nsecret-env = 'KEY'\n[[notify]]\nto = 'mailto:postmaster@shop.test'\n\
                [[notify]]\nto = 'command:tell --token secret'\n";
    let file = office(&lab, more);
    let call = || {
        stsready(["config", "show", "--config", &file, "--jobs", "3", "--warn", "20d", "--accept", "record-missing=none read"])
            .env("STSREADY_HELO", "check.test")
            .env("STSREADY_SOCKS5", "me:secret@127.0.0.1:1080")
    };
    let shown = call().args(["--format", "json"]).run().exits(0);
    let json = shown.json();
    let option = |name: &str| json["options"].as_array().unwrap().iter().find(|option| option["name"] == name).unwrap().clone();
    for (name, values, source) in [
        ("jobs", json!(["3"]), "flag"),
        ("helo", json!(["check.test"]), "environment"),
        ("socks5", json!(["me@127.0.0.1:1080"]), "environment"),
        ("timeout", json!(["7s"]), "file"),
        ("no-dane", json!(["true"]), "file"),
        ("deny-private", json!(["false"]), "default"),
        ("fail-on", json!(["inconclusive"]), "default"),
        ("ca-file", json!([]), "default"),
    ] {
        assert_eq!((&option(name)["values"], &option(name)["source"]), (&values, &json!(source)), "{name}{shown}");
    }
    let threshold = |name: &str| json["thresholds"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
    for (name, value, source) in
        [("sessions", json!(250), "file"), ("warning-at-most", json!("20d"), "flag"), ("reporters", json!(2), "default")]
    {
        assert_eq!((&threshold(name)["value"], &threshold(name)["source"]), (&value, &json!(source)), "{name}{shown}");
    }
    assert_eq!(json["domains"][0], json!({"name": "shop.test", "owner": "mail team", "group": "shops"}));
    assert_eq!(json["accept"].as_array().unwrap().iter().map(|one| &one["source"]).collect::<Vec<_>>(), ["flag", "file"]);
    assert_eq!(json["imap"], json!([{"name": "tlsrpt", "url": "imaps://me@imap.test/INBOX"}]));
    assert_eq!(
        json["notify"],
        json!([
            {"kind": "webhook", "to": "https://hooks.test", "signed": true},
            {"kind": "mail", "to": "postmaster@shop.test", "signed": false},
            {"kind": "command", "signed": false},
        ])
    );
    let text = call().run().exits(0);
    for part in ["timeout", "7s", "sessions", "default 300", "shop.test", "mx-single: small (file)", "tlsrpt", "https://hooks.test"] {
        assert!(text.stdout.contains(part), "{part}{text}");
    }
    assert!(!shown.stdout.contains("secret") && !text.stdout.contains("secret") && !shown.stdout.contains("pass show"), "{shown}");
}
