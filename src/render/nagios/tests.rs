use super::check::Judged;
use super::*;
use crate::model::assessment::{Answer, Assessment};
use crate::render::sample::{self, golden};

fn status(assessment: &Assessment) -> Status {
    match assessment.answer {
        Answer::Ready | Answer::NotApplicable => Status::Ok,
        Answer::NotReady => Status::Critical,
        Answer::Inconclusive => Status::Unknown,
    }
}

fn checked(assessments: &[Assessment]) -> String {
    let judged: Vec<_> = assessments.iter().map(|assessment| Judged { status: status(assessment), assessment }).collect();
    check::page(&judged, 0)
}

/// A figure as the guidelines define it: label, value, unit, and whether it alerts.
#[derive(Debug, PartialEq)]
struct Figure {
    label: String,
    value: f64,
    unit: String,
    warns: bool,
    alerts: bool,
}

/// The grammar of the guidelines, read without a word of what wrote it.
fn figures(page: &str) -> Vec<Figure> {
    let first = page.lines().next().expect("a first line");
    let mut rest = first.split_once('|').map_or("", |(_, figures)| figures).trim();
    let mut figures = Vec::new();
    while !rest.is_empty() {
        let mut label = String::new();
        rest = rest.strip_prefix('\'').expect("a quoted label");
        loop {
            let (before, after) = rest.split_once('\'').expect("the quote's end");
            label.push_str(before);
            rest = after;
            match rest.strip_prefix('\'') {
                Some(after) => {
                    label.push('\'');
                    rest = after;
                }
                None => break,
            }
        }
        assert!(!label.is_empty() && !label.contains('='), "{label:?}");
        rest = rest.strip_prefix('=').expect("a value");
        let (figure, after) = rest.split_once(' ').unwrap_or((rest, ""));
        rest = after.trim_start();
        let parts: Vec<&str> = figure.split(';').collect();
        assert!(parts.len() <= 5, "{figure}");
        let unit = parts[0].trim_start_matches(|c: char| c.is_ascii_digit() || "-.".contains(c));
        assert!(["", "s", "%", "B", "c"].contains(&unit), "{figure}");
        let value: f64 = parts[0].strip_suffix(unit).expect("a unit behind").parse().expect("a number");
        let is_outside = |at: usize| parts.get(at).is_some_and(|range| !range.is_empty() && outside(value, range));
        figures.push(Figure { label, value, unit: unit.to_owned(), warns: is_outside(1), alerts: is_outside(2) });
    }
    figures
}

/// Whether a range alerts: `[@][start:][end]`, where `start` is 0 unless given, `~` is without bound, and `@` turns it round.
fn outside(value: f64, range: &str) -> bool {
    let (inside, range) = range.strip_prefix('@').map_or((false, range), |range| (true, range));
    let (start, end) = range.split_once(':').unwrap_or(("0", range));
    let start = if start == "~" { f64::NEG_INFINITY } else { start.parse().expect("a start") };
    let end = if end.is_empty() { f64::INFINITY } else { end.parse().expect("an end") };
    (value < start || value > end) != inside
}

#[test]
fn one_domain_is_told_in_one_line_with_its_figures() {
    let page = checked(&[sample::assessment()]);
    golden("nagios-check.txt", &page);
    assert!(
        page.starts_with("STSREADY CRITICAL - bücher.example (xn--bcher-kva.example)") || page.starts_with("STSREADY CRITICAL - "),
        "{page}"
    );
    let figures = figures(&page);
    let of = |label: &str| figures.iter().find(|figure| figure.label == label).unwrap_or_else(|| panic!("no {label}: {figures:?}"));
    assert!(of("blockers").alerts && of("blockers").value > 0.0);
    for (label, warns, alerts) in [
        ("mx2.example.net 192.0.2.10 rsa", true, true),
        ("mx1.example.net 192.0.2.1 ecdsa", true, true),
        ("mx1.example.net 192.0.2.1 rsa", false, false),
    ] {
        let figure = of(label);
        assert_eq!((figure.warns, figure.alerts, figure.unit.as_str()), (warns, alerts, "s"), "{label}");
    }
    assert!(of("mx2.example.net 192.0.2.10 rsa").value < 0.0, "what is over has less than nothing left");
}

#[test]
fn the_worst_of_many_is_told_with_numbers() {
    let page = checked(&sample::assessments());
    golden("nagios-checks.txt", &page);
    assert!(page.starts_with("STSREADY CRITICAL - 4 domains: 1 CRITICAL ("), "{page}");
    let figures = figures(&page);
    let value = |label: &str| figures.iter().find(|figure| figure.label == label).map(|figure| figure.value);
    assert_eq!((value("domains"), value("ok"), value("critical"), value("unknown")), (Some(4.0), Some(2.0), Some(1.0), Some(1.0)));
    let lost = check::page(&[], 2);
    assert!(lost.starts_with("STSREADY UNKNOWN - 2 domains: 2 lost by an internal error | "), "{lost}");
}

#[test]
fn what_ends_first_is_told_of_certificates() {
    let page = expiry::page(&sample::expiry(), Status::Critical);
    golden("nagios-expiry.txt", &page);
    let figures = figures(&page);
    let alerting: Vec<_> =
        figures.iter().filter(|figure| figure.unit == "s" && figure.alerts).map(|figure| figure.label.as_str()).collect();
    assert_eq!(alerting, ["mx2.example.net 192.0.2.1 rsa", "mx1.example.net 192.0.2.1 rsa"]);
}

/// Whatever others wrote stays in its line and before the figures.
#[test]
fn no_word_from_outside_has_a_meaning_to_the_receiver() {
    for page in [
        checked(&[sample::assessment()]),
        checked(&sample::assessments()),
        expiry::page(&sample::expiry(), Status::Ok),
        failed(sample::HOSTILE),
    ] {
        let (first, more) = page.split_once('\n').expect("a line");
        assert!(first.matches(" | ").count() <= 1 && !more.contains('|'), "{page}");
        assert!(!page.contains(['<', '>', '\u{1b}', '\u{202e}', '\0', '\r']), "{page}");
        assert!(page.lines().all(|line| line.chars().count() < 8_000) && page.lines().count() <= LINES + 2, "{page}");
        figures(&page);
    }
    assert_eq!(failed("no\nsuch | thing"), "STSREADY UNKNOWN - no\\nsuch \\u{7c} thing\n");
}

#[test]
fn ranges_alert_on_the_right_side() {
    for (value, range, alerts) in
        [(5.0, "10:", true), (10.0, "10:", false), (-1.0, "10:", true), (1.0, "0", true), (0.0, "0", false), (-3.0, "-5:", false)]
    {
        assert_eq!(outside(value, range), alerts, "{value} {range}");
    }
}
