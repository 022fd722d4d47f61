//! Reports on their way through the store: in once, whatever they come in, and out as summaries and evidence.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::check::Scene;
use crate::lab::Lab;
use crate::letters::{self, Letter, days_ago};
use crate::run::{Call, stsready};

const POLICY: &str = "version: STSv1\nmode: testing\nmx: mx1.alpha.test\nmax_age: 604800\n";

/// A store of its own, and a folder of reports.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new(letters: impl IntoIterator<Item = Letter>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        for letter in letters {
            letter.write_gzip(&folder.path().join("in"));
        }
        Self { folder }
    }

    fn inbox(&self) -> PathBuf {
        self.folder.path().join("in")
    }

    fn store(&self) -> String {
        self.folder.path().join("data/store.sqlite").display().to_string()
    }

    fn call(&self, args: &[&str]) -> Call {
        stsready(args).args(["--store", &self.store()])
    }

    fn ingest(&self) -> serde_json::Value {
        self.call(&["reports", "ingest", "--no-dkim", "--format", "json"]).args([self.inbox()]).run().exits(0).json()
    }
}

fn two_weeks() -> Vec<Letter> {
    letters::clean("alpha.test", POLICY, 1..15)
}

#[test]
fn what_was_taken_in_is_shown_again() {
    let desk = Desk::new(two_weeks());
    let first = desk.ingest();
    assert_eq!((&first["new"], &first["known"], &first["files"]), (&28.into(), &0.into(), &28.into()), "{first}");
    let run = desk.call(&["reports", "show", "alpha.test"]).run().exits(0);
    for word in ["602 sessions", "google.com", "microsoft.com", "28 reports", "testing"] {
        assert!(run.stdout.contains(word), "{word}{run}");
    }
    let shown = desk.call(&["reports", "show", "alpha.test", "--format", "json"]).run().exits(0).json();
    let about = &shown["domains"][0];
    assert_eq!((&about["breakdown"]["successful"], &about["breakdown"]["failed"]), (&602.into(), &0.into()), "{shown}");
    let csv = desk.call(&["reports", "show", "alpha.test", "--format", "csv"]).run().exits(0);
    assert_eq!(csv.stdout.lines().count(), 29, "a header and a row for each day and reporter{csv}");
    let rows = desk.call(&["reports", "show", "alpha.test", "--format", "ndjson"]).run().exits(0);
    assert_eq!(rows.stdout.lines().count(), 28, "{rows}");
}

#[test]
fn the_same_again_changes_nothing() {
    let desk = Desk::new(two_weeks());
    desk.ingest();
    let again = desk.ingest();
    assert_eq!((&again["new"], &again["unchanged"]), (&0.into(), &28.into()), "{again}");
    let forced = desk.call(&["reports", "ingest", "--no-dkim", "--again", "--format", "json"]).args([desk.inbox()]).run().exits(0).json();
    assert_eq!((&forced["new"], &forced["known"], &forced["replaced"]), (&0.into(), &28.into(), &0.into()), "{forced}");
}

#[test]
fn one_bad_file_is_kept_aside_with_its_reason() {
    let desk = Desk::new(two_weeks());
    std::fs::write(desk.inbox().join("half.json"), "{\"organization-name\": \"x\u{1b}[2J").unwrap();
    let outcome = desk.ingest();
    assert_eq!((&outcome["new"], &outcome["rejected_count"]), (&28.into(), &1.into()), "{outcome}");
    let run = desk.call(&["reports", "list", "--rejected"]).run().exits(0);
    assert!(run.stdout.contains("half.json") && run.stdout.contains("not JSON"), "{run}");
}

#[test]
fn rows_are_filtered() {
    let failing =
        Letter::new("beta.test", "Mail.ru", "abuse@mail.ru", days_ago(2)).policy(POLICY).failed("certificate-expired", "mx1.beta.test", 3);
    let desk = Desk::new(two_weeks().into_iter().chain([failing]));
    desk.ingest();
    let rows = |args: &[&str]| desk.call(&["reports", "list", "--format", "ndjson"]).args(args).run().stdout.lines().count();
    assert_eq!(rows(&[]), 29);
    assert_eq!(rows(&["--domain", "beta.test"]), 1);
    assert_eq!(rows(&["--failures"]), 1);
    assert_eq!(rows(&["--reporter", "google.com"]), 14);
    assert_eq!(rows(&["--limit", "5"]), 5);
    assert!((1..=8).contains(&rows(&["--domain", "alpha.test", "--since", "4d"])));
    let csv = desk.call(&["reports", "list", "--format", "csv", "--failures"]).run().exits(0);
    assert!(csv.stdout.starts_with("start,end,reporter") && csv.stdout.contains("mail.ru"), "{csv}");
}

#[test]
fn the_digest_tells_what_is_new() {
    let failing = Letter::new("alpha.test", "Google Inc.", "smtp-tls-reporting@google.com", days_ago(0))
        .policy(POLICY)
        .successful(20)
        .failed("certificate-expired", "mx1.alpha.test", 3);
    let desk = Desk::new(letters::clean("alpha.test", POLICY, 1..20).into_iter().chain([failing]).chain(letters::clean(
        "quiet.test",
        POLICY,
        1..20,
    )));
    desk.ingest();
    let run = desk.call(&["reports", "digest"]).run().exits(0);
    for word in ["certificate-expired at mx1.alpha.test: 3 sessions, new", "nothing new at 1 domain: quiet.test"] {
        assert!(run.stdout.contains(word), "{word}{run}");
    }
    let markdown = desk.call(&["reports", "digest", "alpha.test", "--format", "markdown"]).run().exits(0);
    assert!(markdown.stdout.starts_with("# TLS reports\n"), "{markdown}");
    let json = desk.call(&["reports", "digest", "--format", "json"]).run().exits(0).json();
    assert_eq!(json["domains"][0]["failures"][0]["new"], true, "{json}");
}

#[test]
fn a_check_judges_by_the_store_and_files_beside_it() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let (desk, reports) = (Desk::new([]), scene.post().unwrap());
    let check = |args: &[&str]| stsready(["check", "alpha.test", "--format", "json"]).args(args).at(&lab);
    let answer = |args: &[&str]| {
        let run = check(args).args(["--store", &desk.store()]).run();
        (run.exit, run.assessment().answer().to_owned())
    };
    assert_eq!(answer(&[]), (3, "inconclusive".to_owned()), "an empty store is no evidence");
    assert_eq!(answer(&["--reports", reports.to_str().unwrap()]), (0, "ready".to_owned()));
    assert_eq!(answer(&[]), (3, "inconclusive".to_owned()), "reports given are not kept");
    desk.call(&["reports", "ingest", "--no-dkim"]).args([&reports]).run().exits(0);
    assert_eq!(answer(&[]), (0, "ready".to_owned()));
    let both = check(&["--store", &desk.store(), "--reports", reports.to_str().unwrap()]).run().exits(0);
    assert_eq!(both.assessment().0["reports"]["sessions"], check(&["--store", &desk.store()]).run().assessment().0["reports"]["sessions"]);
    let without = check(&["--no-store"]).run().exits(3);
    assert_eq!(without.assessment().of("reports-none").len(), 1, "{without}");
}

#[test]
fn a_store_that_is_not_there_is_said() {
    let desk = Desk::new([]);
    for args in [&["reports", "show", "alpha.test"][..], &["reports", "list"], &["reports", "digest"]] {
        let run = desk.call(args).run().exits(3);
        assert!(run.stderr.contains("reports ingest"), "{run}");
    }
    assert!(!Path::new(&desk.store()).exists(), "looking creates nothing");
}

#[test]
fn a_mistyped_domain_or_path_is_refused() {
    let desk = Desk::new([]);
    desk.call(&["reports", "show", "no/such/folder"]).run().refuses(&["no/such/folder", "no such file"]);
}
