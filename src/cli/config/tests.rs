use proptest::prelude::*;

use super::*;
use crate::model::threshold::Amount;

/// The example of the documentation.
fn example() -> String {
    let lines = include_str!("mod.rs").lines();
    let inside = lines.skip_while(|line| *line != "//! ```toml").skip(1).take_while(|line| *line != "//! ```");
    inside.map(|line| format!("{}\n", line.trim_start_matches("//!").trim_start())).collect()
}

fn faults(text: &str) -> Vec<String> {
    Config::parse(text).expect_err(text).iter().map(ToString::to_string).collect()
}

#[test]
fn all_of_it_is_read() {
    let config = Config::parse(&example()).expect("the example is right");
    assert_eq!(config.store, Some(PathBuf::from("/var/lib/stsready/store.sqlite")));
    let set = |name, value: &str| Set { name, values: vec![value.to_owned()] };
    let options = [set("store", "/var/lib/stsready/store.sqlite"), set("resolver", "192.0.2.53"), set("timeout", "20s")];
    assert_eq!(config.options, options);
    assert_eq!(config.reports, Reports { authserv_id: vec!["mx.example.com".into()], trust_unverified: false, keep_raw: true });
    let imap = Imap {
        name: "tlsrpt".into(),
        url: "imaps://tlsrpt@imap.example.com/INBOX".into(),
        password_command: Some("pass show imap".into()),
        move_to: Some("Done".into()),
        ca_file: Some("/etc/ssl/own-ca.pem".into()),
        ..Imap::default()
    };
    assert_eq!(config.imap, [imap]);
    let turned: Vec<_> = config.thresholds.iter().map(|(knob, amount)| (knob.name, amount.to_string())).collect();
    assert_eq!(turned, [("sessions", "200".to_owned()), ("critical-at-most", "10d".to_owned())]);
    let domain = Domain::from_dns("example.com");
    let accepted = Acceptance {
        rule: acceptable("reports-single-reporter").expect("a rule"),
        subject: Some("example.com".into()),
        domain: Some(domain.clone()),
        reason: "one sender is all there is".into(),
        until: Some(jiff::civil::date(2027, 3, 31)),
    };
    assert_eq!(config.accept, [accepted]);
    assert_eq!(config.keeper(&domain), Keeper { owner: Some("mail team".into()), group: Some("shops".into()) });
    assert_eq!(config.keeper(&Domain::from_dns("example.net")), Keeper::default());
    assert_eq!(Config::parse(""), Ok(Config::default()));
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (text, words) in [
        ("store = 'x'\nstores = 'y'\n", &["line 2", "\"stores\"", "did you mean store?"][..]),
        (
            "[reports]\nkeep-raw = true\n\ntrust-unverfied = true\n",
            &["line 4", "trust-unverfied", "[reports]", "did you mean trust-unverified?"],
        ),
        ("[[imap]]\nname = 'a'\nurl = 'imaps://a@b.test/'\npassword = 'secret'\n", &["line 4", "password"]),
        ("[[imap]]\nname = 'a'\nurl = 'ftp://b.test/'\n", &["line 3", "account \"a\"", "imaps://"]),
        ("[[imap]]\nname = 'a'\nurl = 'imaps://a:secret@b.test/'\n", &["line 3", "it holds a password"]),
        ("[[imap]]\nname = 'a'\nurl = 'imaps://a@b.test/'\nseen = true\nmove-to = 'D'\n", &["line 5", "move-to and seen exclude"]),
        (
            "[[imap]]\nname = 'a'\nurl = 'imaps://a@b.test/'\npassword-env = 'x'\npassword-file = 'y'\n",
            &["line 4", "password-command, password-file and password-env exclude"],
        ),
        (
            "[[imap]]\nname = 'a'\nurl = 'imaps://a@b.test/'\n[[imap]]\nname = 'a'\nurl = 'imaps://c@b.test/'\n",
            &["line 5", "two accounts are called \"a\""],
        ),
        ("smtp-port = 0x10000\n", &["line 1", "65536"]),
        ("[[imap]]\nname = 'a'\n", &["line 1", "url"]),
        ("[reports]\nkeep-raw = 'yes'\n", &["line 2", "boolean"]),
        ("\n\nx ==\n", &["line 3"]),
        ("timeout = 'soon'\n", &["line 1", "soon", "--timeout", "10s"]),
        ("\nresolver = ['192.0.2.1', 'dns.test']\n", &["line 2", "dns.test"]),
        ("resolver = 5\n", &["line 1", "resolver", "list"]),
        ("format = 'yaml'\n", &["line 1", "yaml"]),
        ("no-dane = 1\n", &["line 1", "no-dane", "boolean"]),
        ("ipv4 = true\nipv6 = true\n", &["line 2", "ipv4 and ipv6"]),
        ("socks5 = 'me:secret@127.0.0.1:1080'\n", &["line 1", "STSREADY_SOCKS5"]),
        ("proxy = 'http://me:secret@127.0.0.1:1080'\n", &["line 1", "STSREADY_PROXY"]),
        ("now = 2026-01-01\n", &["line 1", "no setting \"now\""]),
        ("[thresholds]\nsesions = 1\n", &["line 2", "did you mean sessions?"]),
        ("[thresholds]\nsessions = 0\n", &["line 2", "between 1 and"]),
        ("[thresholds]\nwindow-days = 40\n", &["line 1", "window-days (40) is larger than longest-window-days (30)"]),
        ("[thresholds]\nwarning-at-most = 30\n", &["line 2", "30d or 36h"]),
        ("[[accept]]\ncode = 'mx-singel'\nreason = 'x'\n", &["line 2", "did you mean mx-single?"]),
        ("[[accept]]\ncode = 'cert-expired'\nreason = 'x'\n", &["line 2", "cannot be accepted"]),
        ("[[accept]]\ncode = 'mx-single'\n", &["line 1", "reason"]),
        ("[[accept]]\ncode = 'mx-single'\nreason = ' '\n", &["line 1", "reason"]),
        ("[[accept]]\ncode = 'mx-single'\nreason = 'x'\nuntil = 'May'\n", &["line 4", "2027-03-31"]),
        ("[[domain]]\nname = 'no_dot'\n", &["line 2", "no dot"]),
        ("[[domain]]\nowner = 'x'\n", &["line 1", "name"]),
        ("[[domain]]\nname = 'a.test'\n[[domain]]\nname = 'A.test'\n", &["line 4", "a.test"]),
        ("domain = 'a.test'\n", &["line 1", "[[domain]]"]),
        ("reports = 3\n", &["line 1", "[reports]"]),
    ] {
        let why = faults(text).join("\n");
        assert_eq!(why.lines().count(), 1, "{text:?}: {why}");
        assert!(words.iter().all(|word| why.contains(word)), "{text:?}: {why}");
        assert!(!why.contains("secret"), "{why}");
    }
}

#[test]
fn all_faults_are_told_at_once_in_their_order() {
    let text =
        "timeout = 'soon'\nstores = 'x'\n\n[thresholds]\nsessions = 0\nreporters = 2\n[[domain]]\n[[accept]]\ncode = 'x'\nreasn = 'y'\n";
    let lines: Vec<usize> = Config::parse(text).expect_err("faulty").iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [1, 2, 5, 7, 8, 9, 10]);
}

#[test]
fn text_without_meaning_is_an_error_and_no_panic() {
    for text in [
        "[",
        "[[",
        "a.b.c = 1",
        "[[imap",
        "x = {",
        "store = \"\\uD800\"",
        "[accept]\n",
        "imap = [1, 'x']\n",
        "\u{feff}store = 'x'",
        "[reports.reports]\n",
    ] {
        if let Err(faults) = Config::parse(text) {
            assert!(faults.iter().all(|fault| fault.line >= 1 && !fault.what.is_empty()), "{text:?}");
        }
    }
}

#[test]
fn every_option_of_the_file_is_one_of_the_command_line() {
    use super::super::args::{AnyFormat, Common, Outputs};
    use clap::Args as _;
    let command = Outputs::<AnyFormat>::augment_args(Common::augment_args(clap::Command::new("x")));
    let known: Vec<&str> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
    for name in names() {
        assert!(known.contains(&name), "{name}");
    }
}

#[test]
fn the_file_is_found_by_the_call() {
    let call = |words: &[&str]| named(&words.iter().map(OsString::from).collect::<Vec<_>>());
    assert_eq!(call(&["stsready", "check", "--config", "a.toml", "x.test"]), Some("a.toml".into()));
    assert_eq!(call(&["stsready", "check", "--config=b.toml"]), Some("b.toml".into()));
    assert_eq!(call(&["stsready", "check", "--config", "a.toml", "--config", "b.toml"]), Some("b.toml".into()));
    assert_eq!(call(&["stsready", "check", "--config=b.toml", "--config", "a.toml", "x.test"]), Some("a.toml".into()));
    assert_eq!(call(&["stsready", "check", "--config"]), None);
    assert_eq!(call(&["stsready", "check", "--", "--config", "c.toml"]), None);
}

#[test]
fn numbers_count_by_their_value_and_not_by_their_digits() {
    let config = Config::parse("smtp-port = 0x19\njobs = 0o17\n[thresholds]\nsessions = 0x100\nreporters = 0b10\ncheck-days = 1_0\n");
    let config = config.expect("right");
    let values: Vec<&str> = config.options.iter().flat_map(|set| &set.values).map(String::as_str).collect();
    assert_eq!(values, ["25", "15"]);
    let mut amounts: Vec<_> = config.thresholds.iter().map(|(knob, amount)| (knob.name, *amount)).collect();
    amounts.sort_by_key(|(name, _)| *name);
    assert_eq!(amounts, [("check-days", Amount::Count(10)), ("reporters", Amount::Count(2)), ("sessions", Amount::Count(256))]);
}

/// The format of a command's answers is none of the texts that are redirected into files, nor of commands that do not write it.
#[test]
fn the_file_s_format_is_a_default_where_answers_are_written_in_it() {
    use clap::CommandFactory as _;
    let default = |format: &str, path: &[&str]| {
        let file = [Set { name: "format", values: vec![format.to_owned()] }];
        let mut command = defaults(super::super::args::Cli::command(), &file, &[]);
        for name in path {
            command = command.find_subcommand(name).expect(name).clone();
        }
        let arg = command.get_arguments().find(|arg| arg.get_long() == Some("format")).expect("a format");
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect::<String>()
    };
    for (format, path, expected) in [
        ("json", &["check"][..], "json"),
        ("json", &["history"], "json"),
        ("json", &["generate", "policy"], "zone"),
        ("json", &["reports", "digest"], "text"),
        ("markdown", &["check"], "text"),
        ("markdown", &["change", "enforce"], "markdown"),
        ("markdown", &["guide"], "markdown"),
        ("html", &["change", "enforce"], "text"),
        ("html", &["guide"], "html"),
        ("ndjson", &["store", "stats"], "ndjson"),
    ] {
        assert_eq!(default(format, path), expected, "{format} {path:?}");
    }
}

/// A default, so that a variable that says no is heard.
#[test]
fn trust_in_unverified_mails_is_a_default() {
    use clap::CommandFactory as _;
    let file = [Set { name: "trust-unverified", values: vec!["true".to_owned()] }];
    for words in [&["stsready", "check"][..], &["stsready", "reports", "show"], &["stsready", "reports", "digest"]] {
        let trusts = |file: &[Set]| {
            let matches = defaults(super::super::args::Cli::command(), file, &[]).try_get_matches_from(words).expect("a call");
            let mut matches = &matches;
            while let Some((_, inner)) = matches.subcommand() {
                matches = inner;
            }
            matches.get_flag("trust_unverified")
        };
        assert!(trusts(&file) && !trusts(&[]), "{words:?}");
    }
}

#[test]
fn thresholds_are_amounts() {
    let config = Config::parse("[thresholds]\ndays-with-reports = '10/14'\nwarning-at-most = '36h'\nreporters = 3\n").expect("right");
    let amounts: Vec<Amount> = config.thresholds.iter().map(|(_, amount)| *amount).collect();
    assert_eq!(amounts, [Amount::Share(10.0 / 14.0), Amount::Count(3), Amount::Span(jiff::SignedDuration::from_hours(36))]);
}

proptest! {
    /// Whatever is in the file, it is read or its faults have lines of it.
    #[test]
    fn any_text_is_read_or_told_with_its_lines(
        text in "(\\[\\[?(imap|accept|domain|thresholds|reports|x)\\]?\\]|(name|code|url|until|sessions|timeout|resolver|keep-raw|ipv6) = (1|true|'a'|\\['a'\\]|2027-03-31|\\{\\})|\\PC{0,6}|\n){0,20}",
    ) {
        if let Err(faults) = Config::parse(&text) {
            let lines = text.lines().count().max(1) + 1;
            prop_assert!(!faults.is_empty() && faults.is_sorted());
            prop_assert!(faults.iter().all(|fault| (1..=lines).contains(&fault.line) && !fault.what.is_empty()), "{:?}", faults);
        }
    }
}
