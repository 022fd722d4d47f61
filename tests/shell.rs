//! Completions and manual pages, held against the real shells and formatters where they are installed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::stsready;

/// What a program says to `input`, and whether it ended well; `None` where it is not installed.
fn told(program: &str, args: &[&str], input: &str) -> Option<(bool, String)> {
    let mut child = Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    let input = input.to_owned();
    // What has seen a fault reads no further.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    Some((output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))))
}

#[test]
fn shells_can_read_the_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stsready(["completions", shell]).run().exits(0).stdout;
        assert!(script.contains("stsready") && script.contains("save-facts"), "{shell}");
        // What is generated for the other two completes no values.
        if ["bash", "zsh", "fish"].contains(&shell) {
            for word in ["cert-name-mismatch", "assessment", "rollout"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
            if let Some((fine, said)) = told(shell, &["-n"], &script) {
                assert!(fine && said.is_empty(), "{shell}: {said}");
            }
        }
    }
    stsready(["completions", "tcsh"]).run().refuses(&["tcsh", "bash"]);
}

#[test]
fn bash_completes_commands_options_and_values() {
    let script = stsready(["completions", "bash"]).run().exits(0).stdout;
    for (words, due) in [
        (&["stsready", "ex"][..], &["expiry", "explain"][..]),
        (&["stsready", "reports", "sh"], &["show"]),
        (&["stsready", "check", "--save"], &["--save-facts"]),
        (&["stsready", "explain", "cert-name"], &["cert-name-mismatch"]),
        (&["stsready", "guide", "--playbook", "roll"], &["rollout"]),
        (&["stsready", "playbook", "show", "leav"], &["leave"]),
        (&["stsready", "schema", "ass"], &["assessment"]),
        (&["stsready", "rules", "--format", "nd"], &["ndjson"]),
    ] {
        let (last, before) = (words.last().unwrap(), words[words.len() - 2]);
        let ask = format!(
            "{script}\nCOMP_WORDS=({})\nCOMP_CWORD={}\n_stsready stsready '{last}' '{before}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
            words.join(" "),
            words.len() - 1
        );
        let Some((fine, said)) = told("bash", &["--norc"], &ask) else { return };
        let said: Vec<&str> = said.lines().collect();
        assert!(fine && due.iter().all(|due| said.contains(due)), "{words:?}: {said:?}");
    }
}

#[test]
fn fish_completes_what_stands_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("stsready.fish");
    std::fs::write(&script, stsready(["completions", "fish"]).run().exits(0).stdout).unwrap();
    for (call, due) in [
        ("stsready explain cert-na", "cert-name-mismatch"),
        ("stsready schema ass", "assessment"),
        ("stsready playbook show leav", "leave"),
        ("stsready guide --playbook roll", "rollout"),
    ] {
        let ask = format!("source {}; complete -C '{call}'", script.display());
        let Some((fine, said)) = told("fish", &["--no-config", "-c", &ask], "") else { return };
        assert!(fine && said.lines().any(|line| line.split('\t').next() == Some(due)), "{call}: {said}");
    }
}

/// Formatters complain of nothing, and what they make of a page can be read.
#[test]
fn formatters_have_nothing_against_the_pages() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    stsready(["man", "--output-dir"]).args([&pages]).run().exits(0);
    let mut names: Vec<String> =
        std::fs::read_dir(&pages).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert!(names.len() > 25 && names.iter().all(|name| name.starts_with("stsready") && Path::new(name).extension().unwrap() == "1"));
    let main = std::fs::read_to_string(pages.join("stsready.1")).unwrap();
    assert_eq!(stsready(["man"]).run().exits(0).stdout, main);
    for name in &names {
        let page = std::fs::read_to_string(pages.join(name)).unwrap();
        if let Some((fine, said)) = told("groff", &["-man", "-ww", "-z", "-Tutf8"], &page) {
            assert!(fine && said.is_empty(), "{name}: {said}");
        }
        // Pages have no date: a build has no clock, and the same sources give the same bytes.
        if let Some((_, said)) = told("mandoc", &["-T", "lint", "-W", "warning"], &page) {
            let said: Vec<&str> = said.lines().filter(|line| !line.contains("missing date")).collect();
            assert_eq!(said, [""; 0], "{name}");
        }
    }
    let check = std::fs::read_to_string(pages.join("stsready-check.1")).unwrap();
    if let Some((_, shown)) = told("groff", &["-man", "-Tascii", "-P-c", "-P-b", "-P-u", "-rLL=100n"], &check) {
        for line in
            ["stsready-check - All stages, and the verdict", "stsready check [OPTIONS] [DOMAIN]...", "STSREADY_RESOLVER", "EXIT STATUS"]
        {
            assert!(shown.contains(line), "{line}\n{shown}");
        }
        let example = shown.lines().find(|line| line.contains("stsready check example.com --reports")).unwrap();
        assert!(!example.contains("--save-facts"), "each example has a line of its own: {example}");
    }
}
