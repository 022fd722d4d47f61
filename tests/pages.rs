//! The pages of the rules: in the fixed form, each of a rule, and every example on them judged.
//!
//! A fenced block says how it is to be judged: `bad KIND` raises exactly the page's own code, `good KIND` raises nothing; KIND is
//! `record`, `txt` (one TXT record a line) or `policy`. With `escaped`, `\r \n \t \\ \u{..} \xFF` stand for what cannot be written.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use stsready::model::finding::{Finding, Sheet};
use stsready::rules::{catalogue, policy, record, txt};
use stsready::wire::name::Domain;

const HEADINGS: [&str; 5] = ["## What is wrong", "## Why it matters under enforce", "## Fix", "## Verify", "## Reference"];

/// Families whose rules are in the catalogue: their pages must be of a rule.
fn families() -> BTreeSet<&'static str> {
    catalogue::all().iter().map(|rule| rule.family()).collect()
}

/// Every page: its code and its text.
fn pages() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/rules");
    let mut pages: Vec<(String, String)> = fs::read_dir(folder)
        .expect("the pages are there")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), fs::read_to_string(&path).expect("UTF-8")))
        .collect();
    pages.sort();
    assert!(!pages.is_empty());
    pages
}

#[test]
fn every_page_has_the_fixed_form() {
    for (code, text) in pages() {
        let mut fenced = false;
        let headings: Vec<&str> = text
            .lines()
            .filter(|line| {
                fenced ^= line.starts_with("```");
                !fenced && line.starts_with('#')
            })
            .collect();
        let title = format!("# {code}");
        let top: Vec<&str> = headings.iter().copied().filter(|line| !line.starts_with("###")).collect();
        let expected: Vec<&str> = [title.as_str()].into_iter().chain(HEADINGS).collect();
        assert_eq!(top, expected, "{code}.md");
        assert!(!fenced, "{code}.md: a fence stays open");
    }
}

#[test]
fn every_page_is_of_a_rule() {
    for (code, _) in pages() {
        let family = code.split('-').next().unwrap_or_default();
        if families().contains(family) {
            assert!(catalogue::find(&code).is_some(), "{code}.md: no rule has this code");
        }
    }
}

#[test]
fn every_example_is_judged_as_its_page_says() {
    let mut judged = 0;
    for (code, text) in pages() {
        for example in examples(&text) {
            let raised = raised(&example);
            let expected: BTreeSet<&str> = if example.bad { BTreeSet::from([code.as_str()]) } else { BTreeSet::new() };
            assert_eq!(raised, expected, "{code}.md, line {}:\n{}", example.line, example.text);
            judged += 1;
        }
    }
    assert!(judged > 50, "{judged} examples");
}

struct Example<'a> {
    bad: bool,
    kind: &'a str,
    escaped: bool,
    text: String,
    line: usize,
}

fn examples(page: &str) -> Vec<Example<'_>> {
    let mut examples = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let words: Vec<&str> = info.split_whitespace().collect();
        let (bad, kind, escaped) = match words.as_slice() {
            ["bad", kind] => (true, kind, false),
            ["good", kind] => (false, kind, false),
            ["bad", kind, "escaped"] => (true, kind, true),
            ["good", kind, "escaped"] => (false, kind, true),
            ["bad" | "good", ..] => panic!("line {}: {info:?} is no example that can be judged", number + 1),
            _ => continue,
        };
        examples.push(Example { bad, kind, escaped, text: format!("{}\n", body.join("\n")), line: number + 1 });
    }
    examples
}

/// The codes of everything that a person would be shown.
fn raised(example: &Example<'_>) -> BTreeSet<&'static str> {
    let mut sheet = Sheet::default();
    let bytes = if example.escaped { unescape(&example.text) } else { example.text.clone().into_bytes() };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let texts: Vec<String> = text.lines().map(str::to_owned).collect();
    let name = Domain::from_dns;
    match example.kind {
        "record" => record::judge_texts(&texts, &name("_smtp._tls.example.com"), &mut sheet),
        "txt" => txt::judge_texts(&texts, &name("_mta-sts.example.com"), Timestamp::UNIX_EPOCH, &mut sheet),
        "policy" => policy::judge_text(&text, std::str::from_utf8(&bytes).is_ok(), "mta-sts.example.com", &mut sheet),
        other => panic!("{other} is no kind of example"),
    }
    sheet.findings().iter().filter(|finding| finding.is_shown()).map(Finding::code).collect()
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend(before.bytes());
        let (kind, behind) = escape.split_at(1);
        rest = behind;
        match kind {
            "r" => bytes.push(b'\r'),
            "n" => bytes.push(b'\n'),
            "t" => bytes.push(b'\t'),
            "\\" => bytes.push(b'\\'),
            "x" => {
                let (digits, behind) = rest.split_at(2);
                bytes.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
                rest = behind;
            }
            "u" => {
                let (digits, behind) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).expect("\\u{…}");
                let c = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).expect("a character");
                bytes.extend(c.to_string().bytes());
                rest = behind;
            }
            other => panic!("\\{other} is no escape of the examples"),
        }
    }
    bytes.extend(rest.bytes());
    bytes
}
