//! Reports for a browser: the real binary against the lab. What the pages are made of is tested beside the renderer.

use crate::check::Scene;
use crate::lab::{Ehlo, Lab};
use crate::run::{Run, stsready};

/// What stands in the page before anything else of the answer, and that the page needs nobody.
#[track_caller]
fn is_one_page(page: &str, run: &Run) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{run}");
    assert!(page.contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-"), "{run}");
    assert!(!["<script", " src=", "href=\"http", "url("].iter().any(|word| page.contains(word)), "{run}");
}

#[test]
fn a_domain_has_its_page_and_many_share_a_file() {
    let lab = Lab::start_blocking().unwrap();
    let ready = Scene::new(&lab, "ready.test", |_| {});
    let broken = Scene::new(&lab, "broken.test", |_| {});
    broken.mx_does(2, |smtp| smtp.ehlo = Ehlo::WithoutStarttls);
    let mut open = Scene::new(&lab, "open.test", |_| {});
    open.without_reports();

    for (scene, code, parts) in [
        (&ready, 0, &["✓ READY</strong>", "ready.test can switch", ">The way back<", ">Sessions per day<", "mode: testing"][..]),
        (&broken, 1, &["✗ NOT READY</strong>", "<a href=\"#code-starttls-missing\">", "id=\"code-starttls-missing\"", "no STARTTLS"]),
        (&open, 3, &["? INCONCLUSIVE</strong>", ">What keeps the answer open<"]),
    ] {
        let run = scene.check_as("html").run().exits(code);
        is_one_page(&run.stdout, &run);
        for part in parts {
            assert!(run.stdout.contains(part), "{part}: {run}");
        }
    }

    let file = lab.folder().join("all.html");
    let domains = ["check", "ready.test", "broken.test", "open.test", "--format", "text", "--format", "html"];
    let run = stsready(domains).at(&lab).args(["--output".as_ref(), file.as_os_str()]).run();
    let page = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}: {run}"));
    is_one_page(&page, &run);
    for part in
        ["<h1 id=\"domains\">MTA-STS of 3 domains</h1>", "<a href=\"#d2-answer\">broken.test</a>", "<h2 id=\"d3-domain\">open.test</h2>"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
}

/// Judging saved facts gives the same bytes.
#[test]
fn the_page_of_saved_facts_is_that_of_the_live_run() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "same.test", |_| {});
    let facts = lab.folder().join("same.json").display().to_string();
    let live = scene.check_as("html").args(["--save-facts", &facts]).run().exits(0);
    let saved = stsready(["check", "--facts", &facts, "--format", "html"]).run().exits(0);
    assert_eq!(live.stdout, saved.stdout);
}
