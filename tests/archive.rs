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

/// A mail from a stranger, as a delivery agent that puts a postmark before it hands it over; its text goes on as if a verified report of
/// Google's came after it.
fn forgery() -> String {
    let report = Letter::new("alpha.test", "Google Inc.", "smtp-tls-reporting@google.com", days_ago(1)).policy(POLICY).successful(5000);
    let report = report.mail().replace("\r\n", "\n");
    format!(
        "From evil@evil.test Fri Nov 20 12:00:00 2026\nReturn-Path: <evil@evil.test>\nFrom: evil@evil.test\nSubject: hi\n\nHello\n\n\
         From x@y.test Sun Mar  1 06:30:00 2026\nAuthentication-Results: mx.own.test; dkim=pass header.d=google.com\n\
         Received: from a by mx.own.test; Fri, 20 Nov 2026 12:00:00 +0000\n{report}"
    )
}

#[test]
fn text_of_a_mail_is_never_anothers_verified_report() {
    let verified = |desk: &Desk, more: &[&str], path: &str| {
        let call = desk.call(&["reports", "ingest", "--no-dkim", "--authserv-id", "mx.own.test"]).args(more).args([path]);
        call.stdin(forgery()).run().exits(0);
        desk.call(&["reports", "list", "--format", "csv"]).run().stdout.matches("verified google.com by mx.own.test").count()
    };
    let desk = Desk::new([]);
    assert_eq!(verified(&desk, &[], "-"), 0, "standard input is one mail");
    let (message, mailbox) = (desk.folder.path().join("m/new/1772323200.a.host"), desk.folder.path().join("all.mbox"));
    std::fs::create_dir_all(message.parent().unwrap()).unwrap();
    for path in [&message, &mailbox] {
        std::fs::write(path, forgery()).unwrap();
        assert_eq!(verified(&desk, &[], path.to_str().unwrap()), 0, "{}", path.display());
    }
    assert_eq!(verified(&desk, &[], message.parent().unwrap().to_str().unwrap()), 0);
    let listed = desk.call(&["reports", "list", "--format", "ndjson"]).run().exits(0);
    assert!(listed.stdout.contains("--quoted-mbox"), "why it is not, and what can be said about it{listed}");
    assert_eq!(verified(&desk, &["--quoted-mbox"], "-"), 1, "whoever says that his mailboxes quote such lines is believed");
}

#[test]
fn what_is_whole_at_last_is_rejected_no_more() {
    let desk = Desk::new([]);
    let letter = Letter::new("alpha.test", "Google Inc.", "smtp-tls-reporting@google.com", days_ago(1)).policy(POLICY).successful(9);
    let text = letter.json().to_string();
    let file = desk.inbox().join("report.json");
    std::fs::write(&file, &text[..text.len() / 2]).unwrap();
    let rejections =
        |desk: &Desk| desk.call(&["reports", "list", "--rejected", "--format", "ndjson"]).run().exits(0).stdout.lines().count();
    assert_eq!((&desk.ingest()["rejected_count"], rejections(&desk)), (&1.into(), 1));
    let again = desk.ingest();
    assert_eq!(
        (&again["unchanged"], &again["rejected_count"], rejections(&desk)),
        (&1.into(), &0.into(), 1),
        "it is known as it is{again}"
    );
    std::fs::write(&file, &text).unwrap();
    assert_eq!((&desk.ingest()["new"], rejections(&desk)), (&1.into(), 0));
}

#[test]
fn pruned_reports_stay_away_though_their_mailbox_grows() {
    let desk = Desk::new([]);
    let mailbox = desk.folder.path().join("all.mbox");
    let grow = |days: &[i64]| {
        let message = |day: &i64| {
            let letter = Letter::new("alpha.test", "Google Inc.", "smtp-tls-reporting@google.com", days_ago(*day)).policy(POLICY);
            format!("From a@b.test Thu Jan  1 00:00:00 2026\n{}\n", letter.successful(9).mail().replace("\r\n", "\n"))
        };
        std::fs::write(&mailbox, days.iter().map(message).collect::<String>()).unwrap();
        desk.call(&["reports", "ingest", "--no-dkim", "--again", "--format", "json"]).args([&mailbox]).run().exits(0).json()
    };
    let first = grow(&[90, 3]);
    assert_eq!((&first["new"], &first["unproven"], &first["pruned"]), (&2.into(), &2.into(), &0.into()), "{first}");
    desk.call(&["reports", "prune", "--older-than", "30d"]).run().exits(0);
    let second = grow(&[90, 3, 2]);
    assert_eq!((&second["new"], &second["known"], &second["pruned"]), (&1.into(), &1.into(), &1.into()), "{second}");
    let text = desk.call(&["reports", "ingest", "--no-dkim", "--again"]).args([&mailbox]).run().exits(0);
    assert!(text.stdout.contains("1 passed over, for older ones were pruned away"), "{text}");
}

#[test]
fn naming_a_trusted_server_lets_what_was_left_unproven_be_read_again() {
    let desk = Desk::new([]);
    let letter = Letter::new("alpha.test", "Google Inc.", "smtp-tls-reporting@google.com", days_ago(1)).policy(POLICY).successful(9);
    let mail = format!("Authentication-Results: mx.own.test; dkim=pass header.d=google.com\r\n{}", letter.mail());
    std::fs::write(desk.inbox().join("report.eml"), mail).unwrap();
    std::fs::write(desk.inbox().join("other.json"), letter.json().to_string().replace("Google", "Other")).unwrap();
    let ingest = |more: &[&str]| {
        let call = desk.call(&["reports", "ingest", "--no-dkim", "--format", "json"]).args(more).args([desk.inbox()]);
        let told = call.run().exits(0).json();
        ["new", "unproven", "replaced", "unchanged"].map(|field| told[field].as_u64().unwrap())
    };
    assert_eq!(ingest(&[]), [2, 1, 0, 0]);
    assert_eq!(ingest(&[]), [0, 0, 0, 2]);
    assert_eq!(ingest(&["--authserv-id", "mx.own.test"]), [0, 0, 1, 1]);
    assert_eq!(ingest(&["--authserv-id", "MX.own.test"]), [0, 0, 0, 2]);
}

#[test]
fn a_domain_that_only_the_files_name_tells_is_found() {
    let desk = Desk::new([]);
    let mut report =
        Letter::new("alpha.test", "Google Inc.", "smtp-tls-reporting@google.com", days_ago(1)).policy(POLICY).successful(9).json();
    report["policies"][0]["policy"].as_object_mut().unwrap().remove("policy-domain");
    report["report-id"] = "1".into();
    let file = desk.folder.path().join("google.com!alpha.test!1772323200!1772409599.json");
    std::fs::write(&file, report.to_string()).unwrap();
    let show = |domain: &str| stsready(["reports", "show", "--domain", domain, "--format", "json"]).args([&file]).run();
    assert_eq!(show("alpha.test").exits(0).json()["domains"][0]["breakdown"]["reports"], 1);
    show("beta.test").exits(3);
}

#[test]
fn what_is_given_and_counts_is_not_said_to_be_set_aside() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let desk = Desk::new([]);
    let reports = scene.post().unwrap();
    let mails = desk.folder.path().join("mails");
    std::fs::create_dir(&mails).unwrap();
    for (number, letter) in letters::clean("alpha.test", POLICY, 1..4).iter().enumerate() {
        std::fs::write(mails.join(format!("{number}.eml")), letter.mail()).unwrap();
    }
    desk.call(&["reports", "ingest", "--no-dkim"]).args([&mails]).run().exits(0);
    let broken = |given: &Path| {
        let call = stsready(["check", "alpha.test", "--format", "json", "--store", &desk.store(), "--reports"]).args([given]);
        call.at(&lab).run().assessment().of("reports-unauthenticated").len()
    };
    assert_eq!((broken(&reports), broken(&mails)), (1, 0));
}
