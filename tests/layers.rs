//! The house holds: a floor imports only floors below it, and pure rooms know no clock, no I/O and no printing.

use std::fs;
use std::path::{Path, PathBuf};

const FLOORS: &[(&str, u8)] = &[
    ("wire", 0),
    ("model", 1),
    ("evidence", 2),
    ("render", 2),
    ("net", 2),
    ("archive", 2),
    ("playbook", 2),
    ("rules", 3),
    ("decide", 4),
    ("stages", 5),
    ("cli", 6),
];

const PURE: &[&str] = &["wire", "model", "evidence", "render", "playbook", "rules", "decide"];

/// What pure rooms may not name.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::io::std",
    "std::env::",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "tokio::",
    "reqwest::",
    "println!",
    "eprintln!",
    "print!(",
    "std::process",
    "std::thread",
];

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// Every source file with the room it lies in and its text up to its tests.
fn sources() -> Vec<(PathBuf, String, String)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    files
        .into_iter()
        .filter_map(|path| {
            let inside = path.strip_prefix(&root).unwrap();
            let room = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
            let is_test = inside.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs");
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            (!room.contains('.') && !is_test).then_some((path, room, code))
        })
        .collect()
}

fn without_comments(code: &str) -> String {
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The rooms that `code` names by a `crate::room` path or in a `crate::{…}` list.
fn rooms_named(code: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut rooms = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = &list[..list.find("};").unwrap_or(list.len())];
                let mut depth = 0;
                let mut item = String::new();
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 0 => rooms.push(word(std::mem::take(&mut item).trim())),
                        c if depth == 0 => item.push(c),
                        _ => {}
                    }
                }
                rooms.push(word(item.trim()));
            }
            None => rooms.push(word(rest)),
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

#[test]
fn every_room_has_a_floor() {
    for (path, room, _) in sources() {
        assert!(floor(&room).is_some(), "{} lies in a room without a floor: {room}", path.display());
    }
}

#[test]
fn a_floor_imports_only_floors_below_it() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, room, code) in sources() {
        let own = floor(&room).unwrap();
        for named in rooms_named(&without_comments(&code)) {
            let Some(other) = floor(&named) else { continue };
            seen += 1;
            if named != room && other >= own {
                wrong.push(format!("{}: {room} (floor {own}) imports {named} (floor {other})", path.display()));
            }
        }
    }
    assert!(seen > 100, "the test must see the imports it judges, saw {seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_know_no_clock_no_io_and_no_printing() {
    let mut wrong = Vec::new();
    for (path, room, code) in sources() {
        if PURE.contains(&room.as_str()) {
            let code = without_comments(&code);
            wrong.extend(IMPURE.iter().filter(|name| code.contains(**name)).map(|name| format!("{} names {name}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_command_line_reads_the_wall_clock() {
    for (path, room, code) in sources() {
        let reads = ["Timestamp::now", "SystemTime::now", "Zoned::now"].iter().any(|name| without_comments(&code).contains(name));
        assert!(room == "cli" || !reads, "{} reads the clock", path.display());
    }
}

#[test]
fn paths_and_lists_are_both_seen() {
    let code = "use crate::wire::name; use crate::{model::facts::{a, b}, net}; let x = crate::rules::judge();";
    assert_eq!(rooms_named(code), ["wire", "model", "net", "rules"]);
}
