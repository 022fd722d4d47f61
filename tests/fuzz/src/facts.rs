//! Saved facts: read, written and read again they are the same; judged, they give the same answer each time, in every format, and
//! nothing of what strangers sent does harm in any. They can be merged with a later look.

use jiff::{SignedDuration, Timestamp};
use stsready::decide::assess;
use stsready::evidence::merge::merge;
use stsready::model::assessment::Assessment;
use stsready::model::facts::Facts;
use stsready::model::settings::Settings;
use stsready::render::{github, html, json, prometheus, text, ticket};

use super::escape::harmless_but;

pub fn any(bytes: &[u8]) {
    let Ok(facts) = serde_json::from_slice::<Facts>(bytes) else { return };
    let written = serde_json::to_string(&facts).expect("facts are JSON");
    let again: Facts = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&again).expect("facts are JSON"), written);

    let mut later = again.clone();
    later.observed_at = later.observed_at.checked_add(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN);
    let merged = merge(vec![facts.clone(), later]).expect("two are more than none");

    let settings = Settings::default();
    let clock = Timestamp::from_second(1_800_000_000).expect("a time");
    for now in [facts.observed_at, clock] {
        let (one, two) = (assess(&facts, &settings, now), assess(&again, &settings, now));
        let document = json::document(&[&one], true).expect("an assessment is JSON");
        assert_eq!(document, json::document(&[&two], true).expect("an assessment is JSON"));
        serde_json::from_str::<serde_json::Value>(&document).expect("an assessment is JSON");
        harmless_but(&document, &['\n']);
        shown(&one);
    }
    shown(&assess(&merged, &settings, clock));
}

fn shown(assessment: &Assessment) {
    let all = [assessment];
    for width in [1, 80] {
        let page = text::assessment(assessment, text::Options { width, all: true });
        harmless_but(&unstyled(&page), &['\n']);
    }
    let html = html::document(&all, html::Options { all: true });
    assert_eq!(html.matches("<script").count(), 0);
    for page in [html, ticket::document(&all), github::page(&all), prometheus::check::page(&all)] {
        harmless_but(&page, &['\n', '\t']);
    }
}

/// Without the styles that the page itself gives.
fn unstyled(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, styled)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let end = styled.find(|c: char| !(c.is_ascii_digit() || c == ';')).unwrap_or(styled.len());
        // Only colours and weights are styles.
        assert_eq!(styled[end..].chars().next(), Some('m'), "{page:?}");
        rest = &styled[end + 1..];
    }
    out.push_str(rest);
    out
}
