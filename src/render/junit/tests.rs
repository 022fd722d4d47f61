use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;
use crate::render::sample::{self, golden};

const DEFAULT: Line = Line { warnings: false, undetermined: true };

fn written(line: Line) -> String {
    page(&sample::assessments().iter().collect::<Vec<_>>(), line)
}

#[test]
fn what_is_written_is_as_agreed() {
    golden("junit.xml", &written(DEFAULT));
}

/// The number in an attribute of the suites, and how many elements there are.
fn counted(page: &str, attribute: &str, element: &str) -> (usize, usize) {
    let begin = format!(" {attribute}=\"");
    let numbers = page.split(&begin).skip(1);
    let said = numbers.filter_map(|rest| rest.split('"').next()?.parse::<usize>().ok()).sum();
    (said, page.matches(&format!("<{element}")).count())
}

#[test]
fn the_numbers_of_a_suite_are_those_of_its_cases() {
    for line in [DEFAULT, Line { warnings: true, undetermined: false }] {
        let page = written(line);
        for (attribute, element) in [("tests", "testcase "), ("failures", "failure "), ("errors", "error "), ("skipped", "skipped ")] {
            let (said, there) = counted(&page, attribute, element);
            assert_eq!(said, there, "{attribute} {line:?}");
            assert!(there > 0 || element == "error ", "{attribute} {line:?}");
        }
    }
}

#[test]
fn the_line_of_fail_on_is_the_line_of_failures() {
    let of = |line, element: &str| written(line).matches(element).count();
    let warning = "<failure type=\"warning\"";
    assert_eq!(of(DEFAULT, warning), 0);
    assert!(of(Line { warnings: true, ..DEFAULT }, warning) > 0);
    assert!(of(DEFAULT, "<error ") > 0);
    assert_eq!(of(Line { undetermined: false, ..DEFAULT }, "<error "), 0);
    assert_eq!(of(DEFAULT, "<failure type=\"blocker\""), of(Line { warnings: true, undetermined: false }, "<failure type=\"blocker\""));
}

#[test]
fn no_word_from_outside_is_markup() {
    let page = written(DEFAULT);
    for forbidden in ["<script", "<img", "\u{1b}", "\0", "\u{202e}", "<!", "\r"] {
        assert!(!page.contains(forbidden), "{forbidden:?}");
    }
}

/// With xmllint, where it is, against the shape that the readers of this format share; `STSREADY_XMLLINT=required` makes its absence a
/// failure.
#[test]
fn xmllint_finds_it_valid() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/junit.xsd");
    for line in [DEFAULT, Line { warnings: true, undetermined: false }] {
        let mut command = Command::new("xmllint");
        command.args(["--noout", "--nonet", "--schema", schema, "-"]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let Ok(mut child) = child else {
            assert!(std::env::var_os("STSREADY_XMLLINT").is_none_or(|value| value != "required"), "xmllint is not installed");
            return;
        };
        child.stdin.take().expect("a pipe").write_all(written(line).as_bytes()).expect("xmllint reads");
        let output = child.wait_with_output().expect("xmllint ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
