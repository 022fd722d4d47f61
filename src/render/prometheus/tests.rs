use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;
use crate::render::sample::{self, golden};

fn pages() -> [(&'static str, String); 2] {
    let all = sample::assessments();
    [("prometheus-check.prom", check::page(&all.iter().collect::<Vec<_>>())), ("prometheus-expiry.prom", expiry::page(&sample::expiry()))]
}

#[test]
fn what_is_written_is_as_agreed() {
    for (name, page) in pages() {
        golden(name, &page);
    }
}

/// The format's own grammar, as far as it is used here.
#[test]
fn every_line_is_a_comment_or_a_series_and_no_series_comes_twice() {
    for (name, page) in pages() {
        assert!(page.ends_with('\n') && !page.contains(['\u{1b}', '\u{202e}', '\0', '\r']), "{name}");
        let mut seen = BTreeSet::new();
        let mut typed = BTreeSet::new();
        for line in page.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let words: Vec<&str> = comment.split(' ').collect();
                assert!(matches!(words[0], "HELP" | "TYPE"), "{line}");
                assert!(words[0] == "HELP" || typed.insert(words[1].to_owned()), "{line}: its type is said twice");
                continue;
            }
            let (series, value) = line.rsplit_once(' ').expect("a value");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            let metric = series.split('{').next().unwrap_or_default();
            assert!(typed.contains(metric), "{line}: it has no type");
            assert!(seen.insert(series.to_owned()), "{line}: twice");
            if let Some(labels) = series.strip_prefix(metric).filter(|labels| !labels.is_empty()) {
                assert!(quotes_are_closed(labels), "{line}");
            }
        }
    }
}

fn quotes_are_closed(labels: &str) -> bool {
    let (mut inside, mut escaped) = (false, false);
    for c in labels.chars() {
        match (inside, escaped, c) {
            (true, true, 'n' | '\\' | '"') => escaped = false,
            (true, true, _) => return false,
            (true, false, '\\') => escaped = true,
            (_, _, '"') => inside = !inside,
            _ => {}
        }
    }
    !inside && labels.starts_with('{') && labels.ends_with('}')
}

/// The end stays when it is over, and when the host is silent.
#[test]
fn a_certificate_has_its_series_after_its_end_and_without_its_host() {
    let page = check::page(&[&sample::assessment()]);
    for (host, address, end) in [
        ("mx2.example.net", "192.0.2.10", sample::now().as_second() - 9 * 86_400),
        ("mx4.example.com", "198.51.100.4", sample::now().as_second() + 40 * 86_400),
    ] {
        let series = format!(
            "stsready_certificate_not_after_timestamp_seconds{{domain=\"xn--bcher-kva.example\",host=\"{host}\",address=\"{address}\",key_type=\"rsa\",role=\"mx\"}} {end}\n"
        );
        assert!(page.contains(&series), "{series}{page}");
    }
}

/// Of every set of states exactly one is 1.
#[test]
fn one_state_of_a_set_holds() {
    let all = sample::assessments();
    for assessment in &all {
        let page = check::page(&[assessment]);
        let answers: Vec<&str> = page.lines().filter(|line| line.starts_with("stsready_answer{")).collect();
        assert_eq!((answers.len(), answers.iter().filter(|line| line.ends_with(" 1")).count()), (4, 1), "{answers:?}");
    }
}

/// With promtool, where it is; `STSREADY_PROMTOOL=required` makes its absence a failure.
#[test]
fn promtool_finds_nothing_to_complain_about() {
    for (name, page) in pages() {
        let child =
            Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let Ok(mut child) = child else {
            assert!(std::env::var_os("STSREADY_PROMTOOL").is_none_or(|value| value != "required"), "promtool is not installed");
            return;
        };
        child.stdin.take().expect("a pipe").write_all(page.as_bytes()).expect("promtool reads");
        let output = child.wait_with_output().expect("promtool ends");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.is_empty(), "{name}: {said}");
    }
}
