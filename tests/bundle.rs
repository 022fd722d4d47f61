//! Bundles: made by `check` and `change`, looked into again, and in hostile hands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::check::Scene;
use crate::lab::{Lab, Socks5};
use crate::run::{Call, Run, stsready};

/// The files of a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())
    };
    std::fs::read_dir(folder).unwrap().map(entry).collect()
}

fn verify(path: &Path) -> Call {
    stsready(["bundle", "verify"]).args([path])
}

/// Writes the sums anew, as somebody would who changed a file and hides it.
fn seal(folder: &Path) {
    let mut all = files(folder);
    all.remove("SHA256SUMS");
    let digest = |bytes: &[u8]| stsready_digest(bytes);
    let mut manifest: Value = serde_json::from_slice(&all["bundle.json"]).unwrap();
    for (name, bytes) in all.iter().filter(|(name, _)| *name != "bundle.json") {
        manifest["files"][name] = digest(bytes).into();
    }
    all.insert("bundle.json".to_owned(), manifest.to_string().into_bytes());
    let sums: String = all.iter().map(|(name, bytes)| format!("{}  {name}\n", digest(bytes))).collect();
    std::fs::write(folder.join("bundle.json"), &all["bundle.json"]).unwrap();
    std::fs::write(folder.join("SHA256SUMS"), sums).unwrap();
}

fn stsready_digest(bytes: &[u8]) -> String {
    stsready::wire::fingerprint::Fingerprint::of(bytes).to_string()
}

/// What it printed, however it was wrapped.
fn said(run: &Run) -> String {
    run.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(path, value.to_string()).unwrap();
}

fn copy(from: &Path, to: PathBuf) -> PathBuf {
    std::fs::create_dir(&to).unwrap();
    for (name, bytes) in files(from) {
        std::fs::write(to.join(name), bytes).unwrap();
    }
    to
}

/// A ready domain that is only ready by a risk and a threshold, in a bundle.
fn bundled<'a>(lab: &'a Lab, name: &'a str) -> (Scene<'a>, PathBuf, Run) {
    let mut scene = Scene::new(lab, name, |_| {});
    scene.args(&["--threshold", "sessions=100000", "--accept", "reports-few-sessions=a small | `domain` <b>"]);
    let folder = lab.folder().join(format!("{name}.bundle"));
    let run = scene.check().args(["--bundle".as_ref(), folder.as_os_str()]).run().exits(0);
    (scene, folder, run)
}

#[test]
fn a_bundle_is_as_it_was_and_its_answer_follows_with_the_settings_of_then() {
    let lab = Lab::start_blocking().unwrap();
    let (_scene, folder, run) = bundled(&lab, "alpha.test");
    let all = files(&folder);
    assert!(all.keys().eq(["SHA256SUMS", "assessment.json", "bundle.json", "facts.json", "report.html", "ticket.md"]), "{:?}", all.keys());
    let checked = Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&folder).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
    let ticket = String::from_utf8(all["ticket.md"].clone()).unwrap();
    for what in ["# READY: alpha.test", "a small \\| \\`domain\\` &lt;b&gt;", "sessions 100000 (default 300)", "## Reports", "Report id"] {
        assert!(ticket.contains(what), "{what}\n{ticket}");
    }
    let assessment: Value = serde_json::from_slice(&all["assessment.json"]).unwrap();
    assert_eq!((&assessment["answer"], &assessment["because"]), (&run.json()["answer"], &run.json()["because"]));
    let until = assessment["valid_until"].as_str().unwrap();

    let same = verify(&folder).run().exits(0);
    assert!(same.stdout.starts_with("SAME ANSWER") && said(&same).contains(until) && said(&same).contains("is valid until"), "{same}");
    let late = verify(&folder).args(["--now", "2199-01-01", "--format", "json"]).run().exits(0).json();
    assert_eq!((&late["schema"], &late["outcome"]), (&"stsready/bundle-check/1".into(), &"yes".into()));
    assert_eq!((&late["domains"][0]["valid"], &late["files"], &late["faults"]), (&false.into(), &5.into(), &Value::Array(Vec::new())));
    // By the settings of today it would be another answer: those of then are what counts.
    stsready(["check", "--facts"]).args([folder.join("facts.json")]).args(["--threshold", "sessions=100000"]).run().exits(3);
}

#[test]
fn whoever_changes_a_file_is_found_out() {
    let lab = Lab::start_blocking().unwrap();
    let (_scene, folder, _) = bundled(&lab, "alpha.test");
    let room = lab.folder().join("copies");
    std::fs::create_dir(&room).unwrap();
    let fresh = |name: &str| copy(&folder, room.join(name));

    let one = fresh("ticket");
    std::fs::write(one.join("ticket.md"), "# READY: all of it\n").unwrap();
    let run = verify(&one).run().exits(1);
    assert!(said(&run).contains("ticket.md was changed") && said(&run).contains("ticket.md does not say what follows"), "{run}");
    // With new sums the words alone give it away.
    seal(&one);
    let run = verify(&one).run().exits(1);
    assert!(!said(&run).contains("was changed") && said(&run).contains("ticket.md does not say what follows"), "{run}");

    let accepted = fresh("accepted");
    edit(&accepted.join("bundle.json"), |manifest| drop(manifest.as_object_mut().unwrap().remove("accept")));
    seal(&accepted);
    let run = verify(&accepted).run().exits(1);
    assert!(said(&run).contains("it says ready (switch-to-enforce), and inconclusive (switch-to-enforce) follows"), "{run}");

    let codes = fresh("codes");
    edit(&codes.join("bundle.json"), |manifest| manifest["domains"][0]["because"] = serde_json::json!(["mx-single"]));
    seal(&codes);
    let run = verify(&codes).run().exits(1);
    assert!(said(&run).contains("said to rest on mx-single, and rests on no code"), "{run}");

    let answer = fresh("answer");
    edit(&answer.join("assessment.json"), |assessment| assessment["answer"] = "not-ready".into());
    seal(&answer);
    verify(&answer).run().exits(1);

    let more = fresh("more");
    std::fs::write(more.join("approval.txt"), "yes").unwrap();
    let run = verify(&more).run().exits(1);
    assert!(said(&run).contains("approval.txt is not in SHA256SUMS"), "{run}");

    let less = fresh("less");
    std::fs::remove_file(less.join("ticket.md")).unwrap();
    let run = verify(&less).run().exits(1);
    assert!(said(&run).contains("ticket.md is missing"), "{run}");

    let link = fresh("link");
    std::fs::rename(link.join("ticket.md"), room.join("elsewhere.md")).unwrap();
    std::os::unix::fs::symlink(room.join("elsewhere.md"), link.join("ticket.md")).unwrap();
    let run = verify(&link).run().exits(1);
    assert!(said(&run).contains("ticket.md is no plain file"), "{run}");
}

#[test]
fn what_is_no_bundle_or_too_new_is_told_apart() {
    let lab = Lab::start_blocking().unwrap();
    let (_scene, folder, _) = bundled(&lab, "alpha.test");
    let empty = lab.folder().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let text = lab.folder().join("text.tar.gz");
    std::fs::write(&text, "no archive").unwrap();
    for none in [&empty, &text, &lab.folder().join("gone"), &lab.folder().to_owned()] {
        verify(none).run().refuses(&[&none.display().to_string()]);
    }
    let newer = copy(&folder, lab.folder().join("newer"));
    edit(&newer.join("bundle.json"), |manifest| manifest["tool"]["version"] = "99.0.0".into());
    seal(&newer);
    let run = verify(&newer).run().exits(3);
    assert!(run.stdout.starts_with("CANNOT TELL") && said(&run).contains("99.0.0"), "{run}");
    let other = copy(&folder, lab.folder().join("other"));
    edit(&other.join("bundle.json"), |manifest| manifest["thresholds"]["hours-of-moonlight"] = 3.into());
    seal(&other);
    let run = verify(&other).run().exits(3);
    assert!(said(&run).contains("hours-of-moonlight"), "{run}");
}

#[test]
fn a_packed_bundle_has_the_same_bytes_every_time_and_unpacks_everywhere() {
    let lab = Lab::start_blocking().unwrap();
    let (_scene, folder, _) = bundled(&lab, "alpha.test");
    let packed = |name: &str| {
        let path = lab.folder().join(name);
        let again = stsready(["check", "--facts"]).args([folder.join("facts.json")]).args(["--bundle".as_ref(), path.as_os_str()]);
        again.args(["--format", "ndjson", "--output", "/dev/null"]).run().exits(0);
        path
    };
    let (one, two) = (packed("one.tar.gz"), packed("two.tgz"));
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(two).unwrap());
    verify(&one).run().exits(0);
    let room = lab.folder().join("unpacked");
    std::fs::create_dir(&room).unwrap();
    assert!(Command::new("tar").arg("-xzf").arg(&one).arg("-C").arg(&room).status().unwrap().success());
    verify(&room.join("stsready-bundle")).run().exits(0);
}

#[test]
fn a_place_that_holds_something_else_is_refused_before_anything_is_asked() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let folder = lab.folder().join("mine");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("notes.txt"), "mine").unwrap();
    scene.check().args(["--bundle".as_ref(), folder.as_os_str()]).run().refuses(&["notes.txt", "no part of a bundle"]);
    assert_eq!(lab.dns().all_queries(), 0);
    assert_eq!(files(&folder).len(), 1);
}

/// Under a proxy's password there is none in any file.
#[test]
fn no_secret_goes_into_a_bundle() {
    let lab = Lab::start_blocking().unwrap();
    lab.good_domain("alpha.test", |plan| plan.mode = "enforce".into());
    let proxy = lab.socks5_proxy(Socks5 { login: Some(("me", "hush-hush")), ..Socks5::default() });
    let folder = lab.folder().join("bundle");
    let call = stsready(["check", "alpha.test"]).at(&lab).args(["--bundle".as_ref(), folder.as_os_str()]);
    call.env("STSREADY_SOCKS5", &format!("me:hush-hush@{}", proxy.socket())).run();
    let all = files(&folder);
    assert!(String::from_utf8_lossy(&all["ticket.md"]).contains(&proxy.socket().to_string()), "the proxy was used");
    for (name, bytes) in all {
        assert!(!String::from_utf8_lossy(&bytes).contains("hush"), "{name}");
    }
}

#[test]
fn the_bundle_of_a_change_holds_its_plan() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let folder = lab.folder().join("bundle");
    let run = scene.change_as("markdown", vec!["enforce".to_owned()]).args(["--bundle".as_ref(), folder.as_os_str()]).run().exits(0);
    let all = files(&folder);
    assert_eq!(String::from_utf8_lossy(&all["plan.md"]), run.stdout);
    assert!(all.contains_key("plan.json") && all.contains_key("ticket.md"), "{:?}", all.keys());
    let manifest: Value = serde_json::from_slice(&all["bundle.json"]).unwrap();
    assert_eq!(manifest["plan"], serde_json::json!({"change": "enforce", "answer": "ready"}));
    let verified = verify(&folder).run().exits(0);
    assert!(said(&verified).contains("the plan is vouched for by its digest alone"), "{verified}");
}

/// What was kept by an older version must be read as long as its schema is.
#[test]
fn the_bundle_of_an_older_version_is_judged_again() {
    let older = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bundle-0.0.9.tar.gz");
    let run = verify(&older).args(["--now", "2026-11-23"]).run().exits(0);
    let answer = "alpha.test was ready as of 2026-11-22T18:01:58Z; its evidence is valid until";
    for words in ["SAME ANSWER", answer, "another version, 0.0.9", "4 files"] {
        assert!(said(&run).contains(words), "{words}{run}");
    }
    let late = verify(&older).args(["--now", "2026-11-30"]).run().exits(0);
    assert!(said(&late).contains("6 days 5 hours ago: look again"), "{late}");
}
