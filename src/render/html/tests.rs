//! What every page must be, whatever stands in the assessments: well formed, inert, told apart, reachable.

use std::collections::HashSet;

use super::*;
use crate::render::escape::html;
use crate::render::sample::{self, golden};

/// A page by its name.
fn pages() -> Vec<(&'static str, String)> {
    let all = Options { all: true };
    let each = sample::assessments().into_iter().map(|assessment| ("one of each answer", domain(&assessment, all)));
    let hostile = sample::assessment();
    let rest = [
        ("hostile", domain(&hostile, Options::default())),
        ("many", index(&sample::assessments(), all)),
        ("none", index(&[], Options::default())),
    ];
    each.chain(rest).collect()
}

/// A tag as a browser meets it.
struct Tag {
    name: String,
    closes: bool,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Every tag: no text between tags holds a `<`, no value a `"`, so that what looks like a tag is one. The style is left out.
fn tags(page: &str) -> Vec<Tag> {
    let (before, rest) = page.split_once("<style>").expect("a style");
    let (_, after) = rest.split_once("</style>").expect("its end");
    let mut tags = Vec::new();
    for part in format!("{before}{after}").split('<').skip(1) {
        let (inside, text) = part.split_once('>').unwrap_or_else(|| panic!("no end of <{part}"));
        assert!(!text.contains('>'), "a stray > in {text:?}");
        let closes = inside.starts_with('/');
        let inside = inside.trim_start_matches('/').trim_end_matches('/');
        let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
        let mut attributes = Vec::new();
        while let Some((key, behind)) = rest.split_once("=\"") {
            let (value, next) = behind.split_once('"').unwrap_or_else(|| panic!("no end of {key} in <{inside}>"));
            attributes.push((key.trim().to_owned(), value.to_owned()));
            rest = next;
        }
        assert!(rest.trim().is_empty() || name == "!DOCTYPE", "{rest:?} in <{inside}>");
        tags.push(Tag { name: name.to_owned(), closes, attributes });
    }
    tags
}

#[test]
fn the_pages_are_as_they_were() {
    golden("report.html", &with_any_version(domain(&sample::assessment(), Options { all: true })));
    golden("reports.html", &with_any_version(index(&sample::assessments(), Options::default())));
}

/// A release changes nothing else.
fn with_any_version(page: String) -> String {
    page.replace(&format!("stsready {}.", env!("CARGO_PKG_VERSION")), "stsready VERSION.")
}

#[test]
fn nothing_of_others_is_markup_and_nothing_is_loaded() {
    const ELEMENTS: &str = "!DOCTYPE html head meta title body main header footer nav section article h1 h2 h3 h4 p ul ol li dl dt dd a b \
                            strong code pre span div table caption thead tbody tr th td figure figcaption details summary svg g rect line \
                            text desc";
    const ATTRIBUTES: &str = "lang charset http-equiv content name class id href scope role tabindex aria-label aria-labelledby aria-hidden x \
                              y x1 x2 y1 y2 width height opacity text-anchor";
    let known = |list: &str, word: &str| list.split_whitespace().any(|known| known == word);
    for (name, page) in pages() {
        for tag in tags(&page) {
            assert!(known(ELEMENTS, &tag.name), "<{}> on {name}", tag.name);
            for (key, value) in &tag.attributes {
                assert!(tag.name.starts_with('!') || known(ATTRIBUTES, key), "{key} of <{}> on {name}", tag.name);
                assert!(key != "href" || value.starts_with('#'), "href {value} on {name}");
            }
        }
        let style = page.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).expect("a style");
        assert!(!style.contains("url(") && !style.contains("@import"), "{style}");
        assert!(!page.chars().any(|c| c != '\n' && c != '\t' && c.is_control() || c == '\u{202e}'), "{name}");
    }
}

#[test]
fn every_id_is_one_and_every_link_leads_somewhere() {
    for (name, page) in pages() {
        let tags = tags(&page);
        let mut ids = HashSet::new();
        for id in tags.iter().filter_map(|tag| tag.attribute("id")) {
            assert!(ids.insert(id), "{id} twice on {name}");
            assert!(!id.contains(char::is_whitespace), "{id:?} on {name}");
        }
        let links = tags.iter().filter_map(|tag| tag.attribute("href")).map(|link| link.trim_start_matches('#'));
        let labels = tags.iter().filter_map(|tag| tag.attribute("aria-labelledby")).flat_map(str::split_whitespace);
        for target in links.chain(labels) {
            assert!(ids.contains(target), "{target} is nowhere on {name}");
        }
    }
}

#[test]
fn elements_close_in_their_order_and_headings_skip_no_level() {
    for (name, page) in pages() {
        let (mut open, mut last): (Vec<String>, u32) = (Vec::new(), 0);
        for tag in tags(&page) {
            if tag.closes {
                assert_eq!(open.pop().as_ref(), Some(&tag.name), "on {name}");
                continue;
            }
            if let Some(level) = tag.name.strip_prefix('h').and_then(|level| level.parse::<u32>().ok()) {
                assert!(level <= last + 1, "h{level} after h{last} on {name}");
                last = level;
            }
            if !matches!(tag.name.as_str(), "!DOCTYPE" | "meta" | "rect" | "line") {
                open.push(tag.name);
            }
        }
        assert!(open.is_empty(), "{open:?} on {name}");
    }
}

#[test]
fn the_answer_stands_first_and_every_fault_with_its_fix_below() {
    for assessment in sample::assessments() {
        let page = domain(&assessment, Options::default());
        let (head, body) = page.split_once("<nav").expect("sections");
        let (_, word, _) = crate::render::text::headline::word(&assessment);
        assert!(head.contains(&format!(" {word}</strong>")), "{head}");
        for finding in assessment.findings.iter().filter(|finding| finding.is_shown()) {
            assert!(body.contains(&html(&finding.message)), "{}", finding.message);
            let text = finding.fix.as_ref().and_then(|fix| fix.publish.as_deref()).unwrap_or_default();
            assert!(body.contains(&html(text.trim_end())), "{text}");
        }
        for code in &assessment.because {
            assert!(head.contains(&format!("<a href=\"#code-{code}\">")), "{head}");
        }
    }
}

#[test]
fn a_file_of_many_has_a_row_and_a_page_for_each() {
    let assessments = sample::assessments();
    let page = index(&assessments, Options::default());
    assert!(page.contains("<p>1 not ready, 1 inconclusive, 1 ready, 1 not applicable</p>"), "{page}");
    for (number, assessment) in (1..).zip(&assessments) {
        let shown = html(&assessment.domain.shown());
        assert!(page.contains(&format!("<a href=\"#d{number}-answer\">{shown}</a>")), "{shown}");
        assert!(page.contains(&format!("<h2 id=\"d{number}-domain\">{shown}</h2>")), "{shown}");
    }
    assert_eq!(document(&assessments[..1], Options::default()), domain(&assessments[0], Options::default()));
    assert_eq!(document(&assessments, Options::default()), page);
}

/// One broken host of a hundred addresses must not make a page that no browser opens.
#[test]
fn a_page_stays_readable_however_much_was_seen() {
    let mut assessment = sample::assessment();
    assessment.mx = std::iter::repeat_n(assessment.mx, 500).flatten().collect();
    assessment.findings = std::iter::repeat_n(assessment.findings, 500).flatten().collect();
    assessment.runway = std::iter::repeat_n(assessment.runway, 500).flatten().collect();
    let page = domain(&assessment, Options { all: true });
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    for words in ["and 976 more of sample-blocker", "and 3100 more addresses", "and 3940 more that end later", "and 600 more</p>"] {
        assert!(page.contains(words), "{words}");
    }
}
