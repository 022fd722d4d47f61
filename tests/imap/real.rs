//! A real server.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::dovecot::Dovecot;
use super::{BROKEN, Desk, LUNCH, mail, mails, numbers};
use crate::run::Run;

fn fetch(desk: &Desk, dovecot: &Dovecot, folder: &str, more: &[&str]) -> Run {
    desk.fetch(&dovecot.url(folder), more).args(["--timeout", "30s", "--ca-file", &dovecot.ca_file()]).run()
}

#[test]
fn thousands_of_messages_are_read_in_bounded_memory_and_only_once() {
    let Some(dovecot) = Dovecot::start() else { return };
    dovecot.deliver("INBOX", mails(3000));
    let desk = Desk::new();
    let first = fetch(&desk, &dovecot, "INBOX", &[]).exits(0);
    numbers(&first, &[("messages", 3000), ("new", 3000), ("rejected", 0), ("last_uid", 3000)]);
    assert!(first.peak_kib < 120 * 1024, "{} KiB{first}", first.peak_kib);
    let second = fetch(&desk, &dovecot, "INBOX", &[]).exits(0);
    numbers(&second, &[("messages", 0), ("last_uid", 3000)]);
    dovecot.deliver("INBOX", [LUNCH.to_owned(), BROKEN.to_owned(), mail(4000), mail(1)]);
    numbers(&fetch(&desk, &dovecot, "INBOX", &[]).exits(0), &[("messages", 4), ("new", 1), ("known", 1), ("rejected", 1), ("ignored", 1)]);
    assert!(dovecot.flags("INBOX").iter().all(String::is_empty), "only looked at: nothing is marked as seen");
    // Another UIDVALIDITY: all is read again, and known.
    dovecot.renumber("INBOX", 77);
    let again = fetch(&desk, &dovecot, "INBOX", &[]).exits(0);
    numbers(&again, &[("messages", 3004), ("new", 0), ("known", 3002), ("uid_validity", 77)]);
}

#[test]
fn a_folder_is_found_by_its_name_in_any_script() {
    let Some(dovecot) = Dovecot::start() else { return };
    dovecot.deliver("TLS &- Pr&APw-fung.&U,BTFw-", mails(2));
    let desk = Desk::new();
    numbers(&fetch(&desk, &dovecot, "TLS%20&%20Pr%C3%BCfung.台北", &[]).exits(0), &[("new", 2)]);
    let none = fetch(&desk, &dovecot, "Pr%C3%BCfung", &[]).exits(2);
    assert!(none.stderr.contains("the folder \"Prüfung\" cannot be opened"), "{none}");
}

#[test]
fn a_wrong_password_is_refused_by_the_server() {
    let Some(dovecot) = Dovecot::start() else { return };
    let desk = Desk::new();
    let call = desk.fetch(&dovecot.url("INBOX"), &["--ca-file", &dovecot.ca_file()]).env("STSREADY_IMAP_PASSWORD", "hunter2");
    let run = call.run().exits(2);
    assert!(run.stderr.contains("the server refused user or password") && !run.stderr.contains("hunter2"), "{run}");
    // Without its CA the server is not talked to.
    let run = desk.fetch(&dovecot.url("INBOX"), &[]).run().exits(3);
    assert!(run.stderr.contains("--ca-file"), "{run}");
}

#[test]
fn messages_are_moved_or_marked_and_others_left() {
    let Some(dovecot) = Dovecot::start() else { return };
    dovecot.deliver("INBOX", mails(60).into_iter().chain([LUNCH.to_owned()]));
    dovecot.deliver("Done", []);
    let desk = Desk::new();
    numbers(&fetch(&desk, &dovecot, "INBOX", &["--move-to", "Done"]).exits(0), &[("new", 60), ("moved", 60), ("ignored", 1)]);
    assert_eq!((dovecot.flags("INBOX").len(), dovecot.flags("Done").len()), (1, 60));
    numbers(&fetch(&desk, &dovecot, "Done", &["--seen"]).exits(0), &[("known", 60), ("seen", 60)]);
    assert!(dovecot.flags("Done").iter().all(|flags| flags == "S"), "{:?}", dovecot.flags("Done"));
    let missing = fetch(&Desk::new(), &dovecot, "Done", &["--move-to", "Nowhere"]).exits(2);
    assert!(missing.stderr.contains("\"Nowhere\" cannot be opened"), "{missing}");
    assert_eq!(dovecot.flags("Done").len(), 60);
}

#[test]
fn who_stays_reads_what_arrives_and_ends_when_asked_to() {
    let Some(dovecot) = Dovecot::start() else { return };
    dovecot.deliver("INBOX", mails(1));
    let desk = Desk::new();
    let args = ["--idle", "--format", "ndjson", "--ca-file", &dovecot.ca_file()];
    let mut staying = Staying::start(&desk, &dovecot.url("INBOX"), &args);
    assert_eq!(staying.next()["new"], 1);
    dovecot.deliver("INBOX", [mail(1), mail(2)].into_iter().skip(1));
    assert_eq!(staying.next()["new"], 2, "what arrives is read");
    // The connection ends; it is made anew.
    dovecot.kick();
    dovecot.deliver("INBOX", [mail(3)]);
    assert_eq!(staying.next()["new"], 3, "after a broken connection, too");
    assert_eq!(staying.end(), Some(0));
    numbers(&fetch(&desk, &dovecot, "INBOX", &[]).exits(0), &[("messages", 0), ("last_uid", 3)]);
}

/// A run that stays.
struct Staying {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Staying {
    fn start(desk: &Desk, url: &str, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stsready"))
            .args(["reports", "fetch", url, "--no-dkim", "--store"])
            .arg(desk.folder.path().join("store.sqlite"))
            .args(args)
            .env("STSREADY_IMAP_PASSWORD", "correct")
            .env("XDG_CONFIG_HOME", "/nonexistent")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines() {
                // Nobody listens after the test has failed.
                let _ = sender.send(line.expect("UTF-8"));
            }
        });
        Self { child, lines }
    }

    /// What it tells next.
    fn next(&mut self) -> serde_json::Value {
        let line = self.lines.recv_timeout(Duration::from_secs(40)).expect("it tells of what arrived");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Asks it to end, as a service manager does; gives its exit code.
    fn end(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        let status = self.child.wait().expect("it ends");
        status.code()
    }
}

impl Drop for Staying {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
