//! The formats for machines that watch: the real binary against the lab, read by what reads them elsewhere.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::check::Scene;
use crate::lab::{Ehlo, Greeting, Lab};
use crate::letters;
use crate::run::{Run, stsready};

/// What a program says about this input, and whether it found it right; `None` where it is not installed, unless `required` names it.
fn judged_by(program: &str, required: &str, args: &[&str], input: &str) -> Option<(bool, String)> {
    let child = Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        assert!(std::env::var_os(required).is_none_or(|value| value != "required"), "{program} is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Some((output.status.success(), said))
}

fn promtool_is_content(text: &str) {
    if let Some(said) = judged_by("promtool", "STSREADY_PROMTOOL", &["check", "metrics"], text) {
        assert_eq!(said, (true, String::new()), "{text}");
    }
}

/// Exit code and first line of a plugin.
#[track_caller]
fn plugin(run: Run, code: i32, begin: &str) -> Run {
    let run = run.exits(code);
    assert!(run.stdout.starts_with(&format!("STSREADY {begin}")), "{run}");
    assert!(run.stdout.lines().next().unwrap_or_default().matches(" | ").count() <= 1, "{run}");
    run
}

#[test]
fn a_plugin_exits_as_plugins_do() {
    let lab = Lab::start_blocking().unwrap();
    let ready = Scene::new(&lab, "ready.test", |_| {});
    let run = plugin(ready.check_as("nagios").run(), 0, "OK - ready.test can switch");
    assert!(run.stdout.contains("'blockers'=0;;0 ") && run.stdout.contains("'mx1.ready.test 127."), "{run}");

    let warned = Scene::new(&lab, "warned.test", |plan| plan.mx_hosts = 1);
    warned.mx_presents(1, warned.issue(&warned.leaf(1).expires_in(20)));
    plugin(warned.check_as("nagios").run(), 0, "OK - ");
    let run = plugin(warned.check_as("nagios").args(["--fail-on", "warning"]).run(), 1, "WARNING - ");
    assert!(run.stdout.lines().next().unwrap_or_default().contains("(cert-expiring"), "{run}");

    let broken = Scene::new(&lab, "broken.test", |_| {});
    broken.mx_does(2, |smtp| smtp.ehlo = Ehlo::WithoutStarttls);
    plugin(broken.check_as("nagios").run(), 2, "CRITICAL - ");
    plugin(broken.check_as("nagios").args(["--fail-on", "never"]).run(), 0, "OK - ");

    let mut open = Scene::new(&lab, "open.test", |_| {});
    open.without_reports();
    plugin(open.check_as("nagios").run(), 3, "UNKNOWN - ");

    let all = stsready(["policy", "ready.test", "warned.test", "broken.test", "--format", "nagios"]).at(&lab).run();
    plugin(all, 0, "OK - 3 domains: 3 OK | ");
}

/// A monitor shows the first line of standard output, and nothing else: a wrong call must not look like an answer.
#[test]
fn a_wrong_call_is_unknown_to_a_monitor() {
    for words in [
        &["check", "--format", "nagios", "--nonsense", "a.test"][..],
        &["check", "--format=nagios", "not a domain"],
        &["check", "--format", "nagios", "--facts", "/nonexistent/facts.json"],
        &["expiry", "--format", "nagios", "--accept", "mx-single=x", "a.test"],
        &["reports", "digest", "--format", "nagios"],
    ] {
        let run = plugin(stsready(words).run(), 3, "UNKNOWN - ");
        assert_eq!((run.stdout.lines().count(), run.stderr.as_str()), (1, ""), "{run}");
    }
    let run = stsready(["check", "a.test", "--nonsense | x=1\n"]).env("STSREADY_FORMAT", "nagios").run();
    assert!(!plugin(run, 3, "UNKNOWN - ").stdout.contains('|'));
    stsready(["check", "--format", "json", "--nonsense", "a.test"]).env("STSREADY_FORMAT", "nagios").run().refuses(&["--nonsense"]);
}

#[test]
fn the_ends_of_certificates_are_watched() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mx_hosts = 1);
    let expiry = |format: &str| stsready(["expiry", "alpha.test", "--format", format]).at(&lab);
    plugin(expiry("nagios").run(), 0, "OK - 2 served certificates: 2 fine; first ");
    scene.mx_presents(1, scene.issue(&scene.leaf(1).expires_in(20)));
    plugin(expiry("nagios").run(), 1, "WARNING - ");
    plugin(expiry("nagios").args(["--fail-on", "blocker"]).run(), 0, "OK - ");
    scene.mx_presents(1, scene.issue(&scene.leaf(1).expires_in(-3)));
    let run = plugin(expiry("nagios").run(), 2, "CRITICAL - ");
    assert!(run.stdout.contains("=-2") && run.stdout.contains("'expired'=1;;0 "), "{run}");

    let csv = expiry("csv").run().exits(1);
    let rows: Vec<&str> = csv.stdout.lines().collect();
    assert!(rows.len() == 3 && rows[1].starts_with("certificate,expired,mx1.alpha.test,127."), "{csv}");
    let page = expiry("markdown").run().exits(1);
    assert!(page.stdout.contains("\n| expired | mx1.alpha.test | 127."), "{page}");

    scene.mx_does(1, |smtp| smtp.ehlo = Ehlo::WithoutStarttls);
    plugin(expiry("nagios").run(), 3, "UNKNOWN - ");
}

/// What a collector reads is whole and readable; the end of a certificate stays after it, and when its host is silent.
#[test]
fn the_series_of_a_certificate_does_not_end_with_its_connection() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "kept.test", |plan| plan.mx_hosts = 1);
    let file = |name: &str| lab.folder().join(name).display().to_string();
    let (store, metrics) = (file("kept.sqlite"), file("kept.prom"));
    let written = || {
        // Looks are told apart by their second.
        std::thread::sleep(std::time::Duration::from_millis(1_050));
        scene.check_as("prometheus").args(["--store", &store, "--output", &metrics]).run();
        std::fs::read_to_string(&metrics).unwrap()
    };
    let not_after = |text: &str| -> Vec<String> {
        let name = "stsready_certificate_not_after_timestamp_seconds{";
        text.lines().filter(|line| line.starts_with(name) && line.contains("role=\"mx\"")).map(str::to_owned).collect()
    };
    scene.mx_presents(1, scene.issue(&scene.leaf(1).expires_in(-2)));
    let expiry = || stsready(["expiry", "kept.test", "--format", "prometheus", "--store", &store]).at(&lab).run();
    // It looks as well, so it goes first: what is asked below is when the check looked.
    let expiry_seen = expiry().exits(1);
    let seen = written();
    promtool_is_content(&seen);
    assert_eq!(not_after(&seen).len(), 1, "{seen}");
    assert!(seen.contains("stsready_answer{domain=\"kept.test\",question=\"switch-to-enforce\",answer=\"not-ready\"} 1\n"), "{seen}");

    scene.mx_does(1, |smtp| smtp.greeting = Greeting::BusyAfter(0));
    let silent = written();
    promtool_is_content(&silent);
    assert_eq!(not_after(&silent), not_after(&seen), "{silent}");
    let value = |text: &str, name: &str| -> i64 {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}: {text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let last_seen = "stsready_certificate_last_seen_timestamp_seconds{domain=\"kept.test\",host=\"mx1";
    assert_eq!(value(&silent, last_seen), value(&seen, last_seen), "{silent}");
    assert!(value(&silent, "stsready_last_run_timestamp_seconds") > value(&seen, "stsready_last_run_timestamp_seconds"));
    assert_eq!(value(&silent, "stsready_last_success_timestamp_seconds"), value(&seen, "stsready_last_run_timestamp_seconds"), "{silent}");

    let expiry_silent = expiry().exits(3);
    promtool_is_content(&expiry_silent.stdout);
    assert_eq!(not_after(&expiry_silent.stdout), not_after(&expiry_seen.stdout), "{expiry_silent}");
}

#[test]
fn a_pipeline_reads_test_results_and_annotations() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "pipe.test", |_| {});
    scene.mx_does(2, |smtp| smtp.ehlo = Ehlo::WithoutStarttls);
    let run = scene.check_as("junit").run().exits(1);
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/junit.xsd");
    if let Some((valid, said)) = judged_by("xmllint", "STSREADY_XMLLINT", &["--noout", "--nonet", "--schema", schema, "-"], &run.stdout) {
        assert!(valid, "{said}{run}");
    }
    assert!(run.stdout.contains("<testcase name=\"starttls-missing mx2.pipe.test 127."), "{run}");

    let run = scene.check_as("github").run().exits(1);
    assert!(run.stdout.starts_with("::error title=pipe.test not-ready::pipe.test must not switch"), "{run}");
    assert!(run.stdout.contains("\n::error title=starttls-missing mx2.pipe.test 127."), "{run}");

    let draft = lab.folder().join("draft.txt");
    std::fs::write(&draft, "version: STSv1\r\nmode: testing\r\nmx: *.pipe.test\r\nmax_age: 99999999999\r\n").unwrap();
    let run = stsready(["policy", "--format", "github", "--file"]).args([&draft]).run().exits(1);
    let place = format!("::error file={},line=4,title=policy-max-age-", draft.display());
    assert!(run.stdout.lines().any(|line| line.starts_with(&place)), "{run}");
}

#[test]
fn a_digest_has_a_row_a_domain() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "rows.test", |_| {});
    let store = lab.folder().join("rows.sqlite").display().to_string();
    let folder = scene.post().unwrap().display().to_string();
    stsready(["reports", "ingest", &folder, "--no-dkim", "--store", &store]).run().exits(0);
    let digest = |format: &str| stsready(["reports", "digest", "--format", format, "--store", &store]).run().exits(0);
    let rows = digest("csv").stdout;
    let figures: Vec<Vec<&str>> = rows.lines().map(|row| row.split(',').collect()).collect();
    assert!(figures.len() == 2 && figures[1][0] == "rows.test" && figures[1].len() == figures[0].len(), "{rows}");
    assert_eq!(figures[1][8], letters::SENDERS.len().to_string(), "reporters: {rows}");
    let line = digest("ndjson").json();
    assert_eq!((line["schema"].as_str(), line["domain"].as_str()), (Some("stsready/digest/1"), Some("rows.test")));
}
