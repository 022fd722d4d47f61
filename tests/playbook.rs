//! Playbooks: what they name is there, and what they leave open is filled in for real domains.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use stsready::playbook::embedded;
use stsready::rules::catalogue;

use crate::check::Scene;
use crate::lab::Lab;
use crate::run::stsready;

/// Every Markdown file that ships: playbooks and rule pages, by path.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks");
    let mut pages = Vec::new();
    for folder in [root.clone(), root.join("rules")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "md") {
                pages.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    pages.sort();
    pages
}

/// What stands in backticks or in fenced blocks, by line.
fn code(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            found.push((index + 1, line.trim().to_owned()));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(|code| (index + 1, code.to_owned())));
        }
    }
    found
}

/// The help of each command, once.
#[derive(Default)]
struct Help(BTreeMap<String, Option<String>>);

impl Help {
    fn of(&mut self, words: &[&str]) -> Option<String> {
        let key = words.join(" ");
        self.0
            .entry(key)
            .or_insert_with(|| {
                let run = stsready(words).args(["--help"]).run();
                (run.exit == 0).then_some(run.stdout)
            })
            .clone()
    }
}

#[test]
fn every_file_is_embedded_and_every_name_is_listed() {
    let files: BTreeSet<String> = pages()
        .iter()
        .filter(|(path, _)| path.parent().unwrap().ends_with("playbooks"))
        .map(|(path, _)| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let ours: BTreeSet<String> = embedded::TEXTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, ours);
    let listed = stsready(["playbook", "list", "--format", "json"]).run().exits(0).json();
    let listed: BTreeSet<String> = listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(listed, ours);
}

#[test]
fn every_command_in_a_page_is_one() {
    let mut help = Help::default();
    let mut seen = 0;
    let mut wrong = Vec::new();
    for (path, text) in pages() {
        for (line, code) in code(&text) {
            // A command may stand behind another one, or before a pipe.
            for command in code.split(['|', ';', '&', '(', ')']).filter_map(|part| part.trim().strip_prefix("stsready ")) {
                seen += 1;
                let command = command.split(" #").next().unwrap_or_default().split('>').next().unwrap_or_default();
                let words: Vec<&str> = command.split_whitespace().collect();
                if let Err(why) = known(&words, &mut help) {
                    wrong.push(format!("{}:{line}: stsready {command}: {why}", path.display()));
                }
            }
        }
    }
    assert!(seen > 200, "the test must see the commands that it judges, saw {seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the command is there, with each of its options; and what it names, where that can be looked up.
fn known(words: &[&str], help: &mut Help) -> Result<(), String> {
    const NESTED: [&str; 4] = ["reports", "store", "change", "playbook"];
    let depth = if words.first().is_some_and(|first| NESTED.contains(first)) && words.len() > 1 { 2 } else { 1 };
    let (path, rest) = words.split_at(depth.min(words.len()));
    let text = help.of(path).ok_or("there is no such command")?;
    let options: BTreeSet<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '-')).filter(|word| word.starts_with('-')).collect();
    for option in rest.iter().filter(|word| word.starts_with('-') && word.len() > 1) {
        let name = option.split('=').next().unwrap_or_default();
        if !options.contains(name) {
            return Err(format!("there is no option {name}"));
        }
    }
    match (path, rest.first()) {
        // What is filled in later, and what stands for a name.
        (_, Some(name)) if name.contains("{{") || name.bytes().all(|byte| byte.is_ascii_uppercase()) => Ok(()),
        (["playbook", "show"], Some(name)) if embedded::find(name).is_none() => Err(format!("there is no playbook {name}")),
        (["explain"], Some(code)) if stsready(["explain", code]).run().exit != 0 => Err(format!("there is no page {code}")),
        _ => Ok(()),
    }
}

#[test]
fn every_code_in_a_page_is_one() {
    let families: BTreeSet<&str> = catalogue::all().iter().map(|rule| rule.family()).collect();
    let other = ["mx-host", "policy-string", "policy-type", "policy-domain", "record-ttl", "policy-host"];
    let mut wrong = Vec::new();
    for (path, text) in pages().iter().filter(|(path, _)| path.parent().unwrap().ends_with("playbooks")) {
        for (line, code) in code(text) {
            let looks = code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            let family = code.split_once('-').map(|(family, _)| family);
            if looks
                && family.is_some_and(|family| families.contains(family))
                && !other.contains(&code.as_str())
                && catalogue::find(&code).is_none()
            {
                wrong.push(format!("{}:{line}: {code}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Three domains in testing with a few days of reports: everything that a playbook can name is known of them.
#[test]
fn everything_is_filled_in_for_real_domains() {
    let lab = Lab::start_blocking().unwrap();
    let mut scenes = vec![
        Scene::new(&lab, "alpha.test", |_| {}),
        Scene::new(&lab, "beta.test", |plan| plan.mx_hosts = 1),
        Scene::new(&lab, "xn--bcher-kva.test", |plan| plan.max_age = 86_400),
    ];
    let chain = lab.folder().join("chain.pem");
    let policy = lab.folder().join("policy.txt");
    for scene in &mut scenes {
        scene.letters(scene.clean(1..=5));
        scene.start(crate::lab::Smtp::default(), &[]);
        std::fs::write(&chain, scene.issue(&scene.leaf(1)).pem()).unwrap();
        let mx3 = scene.below("mx3");
        std::fs::write(&policy, crate::lab::domain::policy("testing", 86_400, &[&mx3])).unwrap();
        let facts = lab.folder().join(format!("{}.facts.json", scene.name));
        let (mx1, inbox) = (scene.mx_name(1), scene.post().unwrap());
        // One look for all of them: with the host that is not in DNS as an MX yet.
        let words = ["guide", scene.name.as_str(), "--playbook", "add-mx", "--host", mx3.as_str(), "--reports"];
        stsready(words).args([inbox]).args(["--save-facts".as_ref(), facts.as_os_str()]).at(&lab).run();
        // That one does not tell a domain that takes mail to take none.
        for (name, text) in embedded::TEXTS.iter().filter(|(name, _)| *name != "parked-domain") {
            let host = if text.contains("plan = \"add-mx\"") || text.contains("plan = \"provider\"") { &mx3 } else { &mx1 };
            for format in ["json", "html"] {
                let call = stsready(["guide", scene.name.as_str(), "--playbook", name, "--host", host, "--format", format]);
                let call = call.args(["--chain".as_ref(), chain.as_os_str(), "--policy".as_ref(), policy.as_os_str()]);
                let call = call.args(["--facts".as_ref(), facts.as_os_str(), "--roots".as_ref(), lab.root_file().as_os_str()]);
                let run = call.run();
                for left_open in ["not known:", "Not yet:", "{{", "\\{"] {
                    assert!(!run.stdout.contains(left_open), "{name} at {}: {left_open}{run}", scene.name);
                }
                assert!([0, 1, 3].contains(&run.exit) && !run.stdout.is_empty(), "{run}");
            }
        }
    }
}

const OWN: &str = "\
+++
[[step]]
id = \"host\"
gate = [\"fetch-host-missing\"]

[[step]]
id = \"ticket\"

[[step]]
id = \"mx\"
gate = [\"stage:mx\", \"answer:ready\"]
+++
# How we do it at {{domain}}

## host: The policy host

## ticket: Write the ticket

Ask *Ann* <ann@example.com> about {{mx.hosts}}.

## mx: The servers

```verify
stsready mx {{domain}}
```
";

#[test]
fn a_playbook_of_ones_own_is_walked_from_a_file_and_from_a_folder() {
    let lab = Lab::start_blocking().unwrap();
    let _scene = Scene::new(&lab, "alpha.test", |_| {});
    let folder = lab.folder().join("playbooks");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("ours.md");
    std::fs::write(&file, OWN).unwrap();
    // A name of one's own goes before ours.
    std::fs::write(folder.join("leave.md"), OWN.replace("How we do it", "How we leave")).unwrap();
    let config = lab.folder().join("config.toml");
    std::fs::write(&config, format!("playbooks = {:?}\n", folder.display().to_string())).unwrap();
    let guide = stsready(["guide", "alpha.test", "--format", "json", "--playbook"]).args([&file]).at(&lab).run().exits(3).json();
    let states: Vec<&str> = guide["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["done", "current", "current"]);
    assert_eq!(guide["current"], 3);
    assert!(guide["steps"][1]["body"].as_str().unwrap().contains("&lt;`ann@example.com`&gt; about mx1.alpha.test"), "{guide:#}");
    let named = stsready(["guide", "alpha.test", "--format", "json", "--playbook", "ours", "--config"]).args([&config]).at(&lab).run();
    assert_eq!(named.exits(3).json()["title"], "How we do it at alpha.test");
    let list = stsready(["playbook", "list", "--config"]).args([&config]).run().exits(0).stdout;
    assert!(
        list.contains("ours") && list.contains("How we leave") && !list.contains("Leave MTA-STS") && list.contains("rollout"),
        "{list}"
    );
    std::fs::write(folder.join("broken.md"), "no head").unwrap();
    let list = stsready(["playbook", "list", "--config"]).args([&config]).run().exits(2);
    assert!(list.stderr.contains("broken.md") && list.stderr.contains("line 1") && list.stdout.contains("rollout"), "{list}");
    let shown = stsready(["playbook", "show", "leave", "--config"]).args([&config]).run().exits(0).stdout;
    assert!(shown.starts_with("How we leave at {{domain}}\n") && shown.contains("done when  stage:mx, answer:ready"), "{shown}");
}

#[test]
fn what_is_wrong_with_a_file_is_said_by_line() {
    let lab = Lab::start_blocking().unwrap();
    let file = lab.folder().join("own.md");
    std::fs::write(&file, OWN).unwrap();
    let check = || stsready(["playbook", "check"]).args([&file]).run();
    assert!(check().exits(0).stdout.ends_with("own.md: 3 steps, nothing wrong\n"));
    std::fs::write(&file, OWN.replace("fetch-host-missing", "fetch-host-mising").replace("{{mx.hosts}}", "{{mx.host}}\u{1b}[2J")).unwrap();
    let said = check().exits(1).stdout;
    assert!(said.contains("own.md:4: there is no rule \"fetch-host-mising\"; did you mean fetch-host-missing?"), "{said}");
    assert!(said.contains("own.md:19: there is no placeholder {{mx.host}}; did you mean mx.hosts?"), "{said}");
    stsready(["guide", "a.test", "--playbook"]).args([&file]).run().refuses(&["own.md", "line 4", "line 19"]);
    let placeholders = stsready(["playbook", "check", "--placeholders", "-"]).stdin(OWN).run().exits(0).stdout;
    assert!(placeholders.contains("{{policy.testing}}"), "{placeholders}");
    stsready(["playbook", "show", "rolout"]).run().refuses(&["did you mean rollout?", "stsready playbook list"]);
}

/// The lines that stand in blocks `cron`: README's, and those of the pages.
#[test]
fn every_line_for_cron_is_one_command_of_a_shell() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = (root.join("README.md"), std::fs::read_to_string(root.join("README.md")).unwrap());
    let mut seen = 0;
    for (path, text) in pages().into_iter().chain([readme]) {
        for block in text.split("```cron\n").skip(1) {
            for line in block.split("```").next().unwrap().lines() {
                let command = line.splitn(6, char::is_whitespace).nth(5).unwrap_or_else(|| panic!("{}: {line}", path.display())).trim();
                seen += 1;
                assert!(!command.contains('%'), "cron ends the command there: {}: {line}", path.display());
                assert!(command.contains("/usr/local/bin/stsready "), "cron finds no other: {}: {line}", path.display());
                let shell = std::process::Command::new("sh").args(["-n", "-c", command]).output().unwrap();
                assert!(shell.status.success(), "{}: {line}: {}", path.display(), String::from_utf8_lossy(&shell.stderr));
            }
        }
    }
    assert!(seen >= 4, "README's and a page's, saw {seen}");
}
