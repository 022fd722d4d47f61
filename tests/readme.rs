//! README's recipes, run as they stand: the lines for cron, the systemd unit, the commands for CI. Only the program's path, the files they
//! name and where the Internet is are put in their place.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::lab::{BlockingLab, Https, Lab, Page};

/// What the recipes name.
const PROGRAM: &str = "/usr/local/bin/stsready";
const DOMAIN: &str = "example.com";

/// example.com in the lab, and a place for the files that the recipes name.
struct Scene {
    lab: BlockingLab,
    domain: crate::lab::Domain,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let lab = Lab::start_blocking().unwrap();
        let domain = lab.good_domain(DOMAIN, |plan| plan.mode = "enforce".into());
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("domains"), format!("{DOMAIN}\n")).unwrap();
        std::fs::write(folder.path().join("mta-sts.txt"), &domain.policy).unwrap();
        Self { lab, domain, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a line of a shell, with the environment that a recipe has and no other.
    fn run(&self, line: &str, environment: &[(String, String)]) -> Output {
        let line =
            line.replace(PROGRAM, env!("CARGO_BIN_EXE_stsready")).replace("/etc/domains", &self.path("domains").display().to_string());
        let mut command = Command::new("sh");
        command.args(["-c", &line]).current_dir(self.folder.path()).env_clear();
        command.env("HOME", self.folder.path()).env("PATH", std::env::var_os("PATH").unwrap());
        for words in self.lab.args().chunks(2) {
            let variable = words[0].trim_start_matches('-').replace('-', "_").to_uppercase();
            command.env(format!("STSREADY_{variable}"), &words[1]);
        }
        command.envs(environment.iter().cloned()).output().unwrap()
    }

    fn breaks(&self) {
        self.domain.policy_host.set(Https::serving(Page::status(404)));
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// The blocks of README that begin with this word.
fn blocks(kind: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let begin = format!("```{kind}\n");
    text.split(&begin).skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn a_line_for_cron_is_silent_until_something_is_wrong() {
    let lines: Vec<String> = blocks("cron")
        .iter()
        .flat_map(|block| block.lines())
        .map(|line| line.splitn(6, char::is_whitespace).nth(5).unwrap().trim().to_owned())
        .collect();
    let (fetching, looking): (Vec<&String>, Vec<&String>) = lines.iter().partition(|line| line.contains("reports fetch"));
    assert_eq!((fetching.len(), looking.len()), (1, 3), "{lines:?}");
    let scene = Scene::new();
    let metrics = scene.path("stsready.prom");
    let looking: Vec<String> = looking
        .into_iter()
        .map(|line| line.replace("/var/lib/prometheus/node-exporter/stsready.prom", &metrics.display().to_string()))
        .collect();
    // No mailbox is configured here: that is what it has to say, and nothing about its words.
    let fetched = scene.run(fetching[0], &[]);
    assert!(fetched.status.code() == Some(2) && said(&fetched).contains("[[imap]]"), "{}", said(&fetched));
    for line in &looking {
        let output = scene.run(line, &[]);
        assert!(output.status.success() && said(&output).is_empty(), "{line}\n{}", said(&output));
    }
    scene.breaks();
    assert!(std::fs::read_to_string(&metrics).unwrap().contains("stsready_answer{domain=\"example.com\""));
    let output = scene.run(&looking[0], &[]);
    assert!(said(&output).contains("NOT READY") && said(&output).contains("fetch-status"), "{}", said(&output));
}

#[test]
#[expect(clippy::print_stderr, reason = "what is left out must be said")]
fn the_systemd_unit_keeps_its_own_store_and_fails_where_something_is_wrong() {
    let [unit] = &blocks("ini")[..] else { panic!("one unit with its timer") };
    let scene = Scene::new();
    let value = |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap().to_owned();
    // The folder that systemd makes for the service.
    let state = format!("/var/lib/{}", value("StateDirectory"));
    let environment = value("Environment").replace(&state, &scene.folder.path().display().to_string());
    let environment = environment.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
    let store = PathBuf::from(&environment.1);
    let run = || scene.run(&value("ExecStart"), std::slice::from_ref(&environment));
    let output = run();
    assert!(output.status.success() && said(&output).contains("READY  example.com"), "{}", said(&output));
    assert!(store.exists(), "{}", store.display());
    scene.breaks();
    assert_eq!(run().status.code(), Some(1));
    // The reader of the real thing, where there is one.
    for (name, part) in [("stsready.service", "[Unit]"), ("stsready.timer", "[Timer]")] {
        let text = &unit[unit.find(part).unwrap()..];
        let text = text.split("\n# /etc").next().unwrap().replace(PROGRAM, env!("CARGO_BIN_EXE_stsready"));
        std::fs::write(scene.path(name), text).unwrap();
    }
    match Command::new("systemd-analyze").arg("verify").args([scene.path("stsready.service"), scene.path("stsready.timer")]).output() {
        Ok(output) => assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output)),
        Err(error) => eprintln!("left out: systemd-analyze verify ({error})"),
    }
}

#[test]
fn a_pipeline_stops_at_what_would_cost_mail() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let section = text.split("### In CI").nth(1).unwrap();
    let block = section.split("```\n").nth(1).unwrap();
    let lines: Vec<String> = block.lines().map(|line| line.replace("stsready", PROGRAM).replace("mx3.", "mx1.")).collect();
    assert_eq!(lines.len(), 2, "{block}");
    let scene = Scene::new();
    for line in &lines {
        let output = scene.run(line, &[]);
        assert!(output.status.success(), "{line}\n{}", said(&output));
    }
    std::fs::write(scene.path("mta-sts.txt"), scene.domain.policy.replace("mx1.", "mx9.")).unwrap();
    let output = scene.run(&lines[0], &[]);
    assert!(output.status.code() == Some(1) && said(&output).contains("mx-uncovered"), "{}", said(&output));
}
