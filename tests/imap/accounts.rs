//! Which accounts are read, and where their passwords come from.

use super::{Desk, mails};
use crate::lab::{Imap, Lab};
use crate::run::stsready;

#[test]
fn what_cannot_be_an_account_is_refused_with_the_way_out() {
    let desk = Desk::new();
    for (args, words) in [
        (&["imaps://a:hunter2@imap.example.com/INBOX"][..], &["it holds a password", "--password-command"][..]),
        (&["imap://a@imap.example.com/INBOX"], &["clear text", "imaps://"]),
        (&["tlsrpt"], &["no account of the configuration is called \"tlsrpt\"", "there is none"]),
        (&["a:hunter2@imap.example.com"], &["begins with imaps://"]),
        (&[], &["there is no account to fetch from", "[[imap]]"]),
        (&["imaps://a@h.example/x", "--move-to", "x"], &["folder that they are in"]),
        (&["imaps://a@h.example/x", "--move-to", "y", "--seen"], &["--seen"]),
        (&["imaps://a@h.example/x", "--password-env", "A", "--password-file", "B"], &["--password-file"]),
    ] {
        let run = desk.call().args(args).run().refuses(words);
        assert!(!run.stderr.contains("hunter2"), "{run}");
    }
}

#[test]
fn the_configuration_is_held_to_what_is_known() {
    let desk = Desk::new();
    for (text, words) in [
        ("[[imap]]\nname = 'a'\nurl = 'imaps://a@h.example/'\npassword = 'hunter2'\n", &["line 4", "password"][..]),
        ("[[imap]]\nname = 'a'\nurl = 'imaps://a:hunter2@h.example/'\n", &["account \"a\"", "it holds a password"]),
        ("[[imap]]\nname = 'a'\nurl = 'imaps://a@h.example/'\nmove-to = 'x'\nseen = true\n", &["account \"a\"", "exclude"]),
        (
            "[[imap]]\nname = 'a'\nurl = 'imaps://a@h.example/'\n[[imap]]\nname = 'a'\nurl = 'imaps://b@h.example/'\n",
            &["two accounts", "\"a\""],
        ),
        ("[[imap]]\nname = 'a'\nurl = 'imaps://a@h.example/'\npassword-env = 'x'\npassword-file = 'y'\n", &["account \"a\"", "exclude"]),
    ] {
        let run = desk.call().args(["--config", &desk.file("config.toml", text)]).run().refuses(words);
        assert!(!run.stderr.contains("hunter2"), "{run}");
    }
}

#[test]
fn all_accounts_of_the_configuration_are_read_and_one_that_fails_costs_no_other() {
    let lab = Lab::start_blocking().expect("a lab");
    let hosts = [3, 2, 1].map(|number| lab.imap_host(Imap::with(mails(number))));
    let desk = Desk::new();
    let wrong = desk.file("wrong", "not this one\n");
    let account = |name: &str, number: usize, password: &str| {
        let url = format!("imaps://tlsrpt@{}/INBOX", hosts[number].socket());
        format!("[[imap]]\nname = '{name}'\nurl = '{url}'\nca-file = '{}'\n{password}\n", lab.root_file().display())
    };
    let text = account("one", 0, "password-command = 'printf correct'")
        + &account("two", 1, &format!("password-file = '{wrong}'"))
        + &account("three", 2, "password-env = 'THIRD'");
    let config = desk.file("config.toml", &text);
    let call = || desk.call().args(["--config", &config]).env("THIRD", "correct");
    let run = call().run().exits(2);
    let told = run.json();
    let row = |number: usize| (told["accounts"][number]["account"].as_str(), told["accounts"][number]["state"].as_str());
    assert_eq!([row(0), row(1), row(2)], [(Some("one"), Some("read")), (Some("two"), Some("failed")), (Some("three"), Some("read"))]);
    let new: u64 = [0, 2].iter().filter_map(|number| told["accounts"][*number]["new"].as_u64()).sum();
    let known: u64 = [0, 2].iter().filter_map(|number| told["accounts"][*number]["known"].as_u64()).sum();
    assert_eq!((new, known), (3, 1), "the same report in two folders is one{run}");
    assert!(run.stderr.contains("stsready: two: the server refused user or password"), "{run}");
    assert!(run.stderr.contains("others on this machine may read the password file"), "{run}");
    // By name: that one alone; and what the call says goes before the configuration.
    let run = call().args(["two", "--password-command", "echo correct"]).run().exits(0);
    assert_eq!(run.json()["accounts"][0]["known"], 2, "{run}");
    call().args(["four"]).run().refuses(&["\"four\"", "there are: one, two, three"]);
}

#[test]
fn a_password_that_cannot_be_had_is_said_before_anything_is_connected_to() {
    let lab = Lab::start_blocking().expect("a lab");
    let host = lab.imap_host(Imap::default());
    let url = format!("imaps://tlsrpt@{}/INBOX", host.socket());
    let desk = Desk::new();
    let none = desk.folder.path().join("none").display().to_string();
    for (args, words) in [
        (&[][..], "STSREADY_IMAP_PASSWORD is not set"),
        (&["--password-env", "NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE is not set"),
        (&["--password-file", &none], "cannot read the password file"),
        (&["--password-command", "echo hunter2; exit 1"], "the password command failed"),
    ] {
        let run = desk.call().args([&url]).args(args).run().exits(2);
        assert!(run.stderr.contains(words) && !run.stderr.contains("hunter2"), "{words}{run}");
    }
    assert_eq!(host.visits().total(), 0);
}

#[test]
fn the_help_shows_the_configuration() {
    let run = stsready(["reports", "fetch", "--help"]).run().exits(0);
    for words in ["[[imap]]", "password-command", "never an argument"] {
        assert!(run.stdout.contains(words), "{words}{run}");
    }
}

#[test]
fn people_are_told_in_a_line_and_programs_in_one_too() {
    let lab = Lab::start_blocking().expect("a lab");
    let host = lab.imap_host(Imap::with(mails(2).into_iter().chain([super::BROKEN.to_owned(), super::LUNCH.to_owned()])));
    let url = format!("imaps://tlsrpt@{}/INBOX", host.socket());
    let fetch =
        |desk: &Desk, more: &[&str]| desk.fetch(&url, more).args(["--ca-file".as_ref(), lab.root_file().as_os_str()]).run().exits(0);
    let text = fetch(&Desk::new(), &["--format", "text"]);
    let flat = text.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("4 messages looked at, 2 new reports, 2 of them not counted, for nothing proves who wrote them, 1 rejected, 1 without a report; read up to UID 4"), "{text}");
    assert!(flat.contains("UID 3: "), "{text}");
    let quiet = fetch(&Desk::new(), &["--format", "text", "--quiet"]);
    assert!(!quiet.stdout.contains("looked at") && quiet.stdout.contains("UID 3"), "{quiet}");
    let line: serde_json::Value = serde_json::from_str(&fetch(&Desk::new(), &["--format", "ndjson"]).stdout).expect("one object");
    assert_eq!((line["schema"].as_str(), line["new"].as_u64()), (Some("stsready/fetch/1"), Some(2)));
}
