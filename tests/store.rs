//! The store as a file that processes share: killed in the middle, two at once, damaged, pruned; and its commands.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use stsready::archive::store::Store;

use crate::corpus::Corpus;
use crate::run::{Call, stsready};

/// A folder with files of reports, and where the stores are.
struct Scene {
    folder: tempfile::TempDir,
    corpus: Corpus,
}

impl Scene {
    fn new(reports: usize) -> Self {
        let scene = Self { folder: tempfile::tempdir().expect("a folder"), corpus: Corpus::new(7, reports) };
        scene.corpus.write(&scene.files());
        scene
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    fn store(&self, name: &str) -> PathBuf {
        self.folder.path().join(name).join("store.sqlite")
    }

    fn ingest(&self, store: &Path) -> Call {
        stsready(["reports", "ingest", "--no-dkim", "--store"]).args([store]).args([self.files()])
    }

    /// As a process that may be killed.
    fn begin(&self, store: &Path) -> std::process::Child {
        let mut command = binary();
        command.args(["reports", "ingest", "--no-dkim", "--store"]).arg(store).arg(self.files());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
    }
}

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stsready"));
    command.env_remove("STSREADY_STORE").env_remove("STSREADY_NO_STORE").env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// Runs what may end with code 4, which no other test lets happen.
fn output(args: &[&str], store: &Path) -> (i32, String, String) {
    let Output { status, stdout, stderr } = binary().args(args).arg("--store").arg(store).output().expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("it ends by itself"), text(stdout), text(stderr))
}

/// What is in a store but the times of taking in, and where it is.
fn content(store: &Path) -> Vec<String> {
    let run = stsready(["store", "export", "--store"]).args([store]).run().exits(0);
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).expect("JSON");
        if let Some(line) = line.as_object_mut() {
            line.retain(|key, _| !matches!(key.as_str(), "store" | "ingested_at"));
        }
        line.to_string()
    };
    let mut lines: Vec<String> = run.stdout.lines().map(line).collect();
    lines.sort_unstable();
    lines
}

fn stats(store: &Path) -> Value {
    stsready(["store", "stats", "--format", "json", "--store"]).args([store]).run().exits(0).json()
}

fn sound(store: &Path) {
    stsready(["store", "check", "--store"]).args([store]).run().exits(0);
}

#[test]
fn killed_at_any_moment_it_loses_nothing_and_ends_the_same() {
    let scene = Scene::new(4_000);
    let undisturbed = scene.store("undisturbed");
    scene.ingest(&undisturbed).run().exits(0);
    let expected = content(&undisturbed);
    assert_eq!(stats(&undisturbed)["reports"]["total"], REPORTS);
    let mut halves = 0;
    // Killed before it has begun, while the store is made, and as soon as the next batch is there, again and again.
    for (number, pauses) in [&[0_u64, 0, 0][..], &[3, 6], &[12, 25], &[50, 100]].into_iter().enumerate() {
        let store = scene.store(&format!("killed-{number}"));
        for pause in pauses {
            let mut child = scene.begin(&store);
            std::thread::sleep(Duration::from_millis(*pause));
            child.kill().expect("an own child can be killed");
            child.wait().expect("it ends");
            kept(&store);
        }
        let mut reached = kept(&store);
        while reached < REPORTS {
            let mut child = scene.begin(&store);
            while child.try_wait().expect("an own child").is_none() && reports(&store) <= reached {
                std::thread::sleep(Duration::from_millis(1));
            }
            // It may have ended by itself.
            let _ = child.kill();
            child.wait().expect("it ends");
            let now = kept(&store);
            assert!(now > reached, "{now} after {reached}: what was kept is lost, or it does not get on");
            reached = now;
            halves += u32::from(reached < REPORTS);
        }
        scene.ingest(&store).run().exits(0);
        assert_eq!(content(&store), expected, "store {number}");
        sound(&store);
    }
    assert!(halves >= 2, "only {halves} were killed in the middle: the test says little");
}

/// What that scene has: several batches.
const REPORTS: u64 = 4_000;

/// How many reports the store holds, which must be sound.
fn kept(store: &Path) -> u64 {
    Store::open_existing(store).expect("sound after a kill").map_or(0, |store| {
        assert_eq!(store.check().expect("readable"), Vec::<String>::new());
        let stats = store.stats().expect("readable");
        assert_eq!(stats.files, stats.reports.total, "a file is known exactly if its report is there");
        stats.reports.total
    })
}

/// How many there are while somebody writes.
fn reports(store: &Path) -> u64 {
    let Ok(Some(store)) = Store::open_existing(store) else { return 0 };
    store.stats().map_or(0, |stats| stats.reports.total)
}

#[test]
fn two_at_once_come_to_the_same_as_one() {
    let scene = Scene::new(1_500);
    let (alone, shared) = (scene.store("alone"), scene.store("shared"));
    scene.ingest(&alone).run().exits(0);
    let others: Vec<_> = (0..3).map(|_| scene.begin(&shared)).collect();
    scene.ingest(&shared).run().exits(0);
    for mut other in others {
        assert!(other.wait().expect("it ends").success());
    }
    assert_eq!(content(&shared), content(&alone));
    sound(&shared);
}

#[test]
fn the_second_time_nothing_is_written() {
    let scene = Scene::new(500);
    let store = scene.store("store");
    scene.ingest(&store).run().exits(0);
    let before = std::fs::read(&store).expect("there");
    scene.ingest(&store).run().exits(0);
    assert!(std::fs::read(&store).expect("there") == before, "not a byte of it");
}

#[test]
fn its_commands_say_where_how_much_and_whether_it_is_sound() {
    let scene = Scene::new(100);
    let store = scene.store("store");
    let path = stsready(["store", "path", "--store"]).args([&store]).run().exits(0);
    assert_eq!(path.stdout.trim_end(), store.display().to_string());
    for command in [&["store", "stats"][..], &["store", "check"], &["store", "export"], &["reports", "prune", "--older-than", "1d"]] {
        let call = stsready(command).args(["--store".as_ref(), store.as_os_str()]);
        call.run().refuses(&["no store", &store.display().to_string(), "reports ingest"]);
    }
    assert!(!store.exists(), "asking makes none");
    scene.ingest(&store).run().exits(0);
    let numbers = stats(&store);
    assert_eq!(
        (&numbers["reports"]["total"], &numbers["domains"], &numbers["reporters"]),
        (&100.into(), &7.into(), &3.into()),
        "{numbers}"
    );
    let text = stsready(["store", "stats", "--store"]).args([&store]).run().exits(0);
    for word in ["100", "7 domains, by 3 reporters", "bytes a report", "schema"] {
        assert!(text.stdout.contains(word), "{word}: {text}");
    }
    let checked = stsready(["store", "check", "--format", "json", "--store"]).args([&store]).run().exits(0).json();
    assert_eq!((&checked["sound"], &checked["faults"]), (&true.into(), &serde_json::json!([])));
    let exported = stsready(["store", "export", "--store"]).args([&store]).run().exits(0);
    assert_eq!(exported.stdout.lines().count(), 101);
}

#[test]
fn what_is_exported_can_be_read_again() {
    let scene = Scene::new(60);
    let store = scene.store("store");
    scene.ingest(&store).run().exits(0);
    let exported = stsready(["store", "export", "--store"]).args([&store]).run().exits(0).stdout;
    let reports = exported.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).expect("JSON")["report"].to_string() + "\n");
    let file = scene.folder.path().join("exported.ndjson");
    std::fs::write(&file, reports.collect::<String>()).expect("written");
    let again = scene.store("again");
    stsready(["reports", "ingest", "--no-dkim", "--store"]).args([&again, &file]).run().exits(0);
    let total = |store: &Path| {
        let store = Store::open_existing(store).expect("sound").expect("there");
        let mut sums = Vec::new();
        let take = |stored: stsready::archive::store::Stored| {
            let entry = &stored.report.policies[0];
            sums.push((stored.report.id.clone(), stored.report.start, entry.successful, entry.failed, entry.details.clone()));
            std::ops::ControlFlow::Continue(())
        };
        store.each(&stsready::archive::store::Filter::default(), take).expect("readable");
        sums.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        sums
    };
    assert_eq!(total(&again), total(&store));
}

#[test]
fn pruning_takes_what_is_old_and_can_be_tried_first() {
    let scene = Scene::new(300);
    let store = scene.store("store");
    scene.ingest(&store).run().exits(0);
    let prune = |more: &[&str]| {
        let call = stsready(["reports", "prune", "--older-than", "1d", "--format", "json", "--store"]).args([&store]).args(more);
        call.run().exits(0).json()
    };
    let would = prune(&["--dry-run"]);
    assert_eq!((&would["reports"], &would["reports_kept"]), (&300.into(), &0.into()), "{would}");
    assert_eq!(stats(&store)["reports"]["total"], 300);
    let done = prune(&[]);
    assert_eq!((&done["reports"], &stats(&store)["reports"]["total"]), (&300.into(), &0.into()));
    assert!(done["bytes_after"].as_u64() < done["bytes_before"].as_u64(), "{done}");
    scene.ingest(&store).run().exits(0);
    assert_eq!(stats(&store)["reports"]["total"], 0, "the files are known: what was pruned does not come back");
    sound(&store);
}

#[test]
fn a_damaged_store_is_told_with_its_path_and_the_way_out() {
    let scene = Scene::new(2_000);
    let store = scene.store("store");
    scene.ingest(&store).run().exits(0);
    let mut bytes = std::fs::read(&store).expect("there");
    let end = bytes.len();
    bytes[end / 4..end / 2].fill(0x5a);
    std::fs::write(&store, bytes).expect("written");
    let (exit, out, _) = output(&["store", "check"], &store);
    assert!(exit == 4 && out.contains("damaged") && out.contains("store export"), "{exit} {out}");
    let (exit, out, err) = output(&["store", "export"], &store);
    assert!(exit == 4 && out.lines().count() >= 1 && err.contains("not exported"), "{exit} {err}");
    std::fs::write(&store, b"not a database at all, whatever its name says; a hundred bytes are not even needed to see that it is none")
        .expect("written");
    for command in [&["store", "stats"][..], &["store", "check"], &["reports", "prune", "--older-than", "1d"]] {
        let (exit, out, err) = output(command, &store);
        assert!(exit == 4 && out.is_empty(), "{exit} {out}");
        assert!(err.contains(&store.display().to_string()) && err.contains("no store of stsready"), "{err}");
    }
}

#[test]
fn a_long_list_is_cut_for_people_and_whole_for_programs() {
    let scene = Scene::new(1_200);
    let store = scene.store("store");
    scene.ingest(&store).run().exits(0);
    let list = |more: &[&str]| stsready(["reports", "list", "--store"]).args([&store]).args(more).run().exits(0).stdout;
    let text = list(&[]);
    // What does not fit beside goes on below.
    let rows = |text: &str| text.lines().filter(|line| !line.starts_with("    ")).count();
    assert!(rows(&text) == 1_001 && text.contains("the newest 1000 reports; there are more"), "{}", rows(&text));
    assert_eq!(rows(&list(&["--limit", "1100"])), 1_101);
    let csv = list(&["--format", "csv"]);
    assert!(csv.starts_with("start,end,reporter") && csv.lines().count() == 1_201, "{}", csv.lines().count());
    assert_eq!(list(&["--format", "csv", "--limit", "3"]).lines().count(), 4);
}
