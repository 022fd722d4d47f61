//! Servers that do what no real one will.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{BROKEN, Desk, LUNCH, mail, mails, numbers, told};
use crate::lab::{BlockingLab, Host, Imap, ImapAnswer, Lab, Leaf};
use crate::run::Run;

struct Scene {
    lab: BlockingLab,
    host: Host<Imap>,
    /// What is in its folder.
    mails: Arc<Mutex<BTreeMap<u32, Vec<u8>>>>,
    desk: Desk,
}

impl Scene {
    fn new(imap: Imap) -> Self {
        let lab = Lab::start_blocking().expect("a lab");
        let mails = Arc::clone(&imap.mails);
        let host = lab.imap_host(imap);
        Self { lab, host, mails, desk: Desk::new() }
    }

    fn url(&self) -> String {
        format!("imaps://tlsrpt@{}/INBOX", self.host.socket())
    }

    fn fetch(&self, more: &[&str]) -> Run {
        self.desk.fetch(&self.url(), more).args(["--ca-file".as_ref(), self.lab.root_file().as_os_str()]).run()
    }

    /// All commands so far, over all connections.
    fn commands(&self) -> Vec<String> {
        self.host.seen().concat()
    }
}

fn say(text: &str) -> ImapAnswer {
    ImapAnswer::Say(text.to_owned())
}

fn say_and_close(text: &str) -> ImapAnswer {
    ImapAnswer::SayAndClose(text.to_owned())
}

#[test]
fn a_folder_is_read_once_and_then_only_what_is_new() {
    let scene = Scene::new(Imap::with([mail(1), LUNCH.to_owned(), BROKEN.to_owned(), mail(2), mail(2)]));
    let first = scene.fetch(&[]).exits(0);
    numbers(&first, &[("messages", 5), ("new", 2), ("known", 1), ("rejected", 1), ("ignored", 1), ("last_uid", 5), ("uid_validity", 7)]);
    let refused = &told(&first)["refused"][0];
    assert_eq!(refused["source"].as_str(), Some(format!("{} UID 3", scene.url()).as_str()), "{first}");
    let commands = scene.commands();
    assert!(commands.iter().any(|command| command.starts_with("EXAMINE")), "{commands:?}");
    let changes = ["SELECT", "UID STORE", "UID MOVE", "UID EXPUNGE", "EXPUNGE", "CLOSE", "DELETE"];
    assert!(!commands.iter().any(|command| changes.iter().any(|change| command.starts_with(change))), "only looked at: {commands:?}");

    numbers(&scene.fetch(&[]).exits(0), &[("messages", 0), ("new", 0), ("last_uid", 5)]);
    scene.mails.lock().unwrap().insert(9, mail(3).into_bytes());
    numbers(&scene.fetch(&[]).exits(0), &[("messages", 1), ("new", 1), ("last_uid", 9)]);
    // What was read is not asked for again, though `10:*` names the last message (RFC 9051).
    numbers(&scene.fetch(&[]).exits(0), &[("messages", 0)]);
}

#[test]
fn another_uidvalidity_lets_everything_be_read_again() {
    let scene = Scene::new(Imap::with(mails(3)));
    numbers(&scene.fetch(&[]).exits(0), &[("messages", 3), ("new", 3)]);
    scene.host.change(|imap| imap.uid_validity = 8);
    numbers(&scene.fetch(&[]).exits(0), &[("messages", 3), ("new", 0), ("known", 3), ("uid_validity", 8)]);
}

#[test]
fn a_connection_that_breaks_in_a_message_is_made_anew() {
    let half = "* 1 FETCH (UID 1 BODY[] {1000}\r\nFrom: a@b.exam";
    let scene = Scene::new(Imap::with(mails(120)).times(1, "UID FETCH 51", say_and_close(half)));
    let run = scene.fetch(&[]).exits(0);
    numbers(&run, &[("new", 120), ("known", 0), ("rejected", 0), ("last_uid", 120)]);
    assert!(run.stderr.contains("next try in 1 s"), "{run}");
    assert!(scene.commands().contains(&"UID FETCH 51:* (UID RFC822.SIZE)".to_owned()), "what was kept is not read again");
}

#[test]
fn a_message_over_which_the_connection_always_breaks_does_not_cost_the_rest() {
    let half = "* 1 FETCH (UID 2 BODY[] {1000}\r\nFrom: a@b.exam";
    let imap = Imap::with(mails(4)).at("UID FETCH 1:4 (UID INTERNALDATE", say_and_close(half));
    let imap = imap.at("UID FETCH 2:3 (UID INTERNALDATE", say_and_close(half));
    let scene = Scene::new(imap.at("UID FETCH 2 (UID INTERNALDATE", say_and_close(half)));
    let run = scene.fetch(&["--timeout", "400ms"]).exits(0);
    numbers(&run, &[("new", 3), ("rejected", 1), ("last_uid", 4)]);
    assert!(told(&run)["refused"][0]["reason"].as_str().is_some_and(|why| why.contains("broke each time")), "{run}");
}

#[test]
fn a_message_that_the_server_withholds_does_not_cost_the_rest() {
    let imap = Imap::with(mails(4)).at("UID FETCH 1:4 (UID INTERNALDATE", say("TAG NO [SERVERBUG] cannot\r\n"));
    let scene = Scene::new(imap.at("UID FETCH 3 (UID INTERNALDATE", say("TAG NO it is \u{1b}[31mbroken\r\n")));
    let run = scene.fetch(&[]).exits(0);
    numbers(&run, &[("new", 3), ("rejected", 1), ("last_uid", 4)]);
    assert!(told(&run)["refused"][0]["reason"].as_str().is_some_and(|why| why.contains("did not hand it over: it is")), "{run}");
}

#[test]
fn a_message_that_is_left_out_is_asked_for_again_and_missed_aloud() {
    let body = |uid: u32| {
        let mail = mail(i64::from(uid) - 1);
        format!("* {uid} FETCH (UID {uid} INTERNALDATE \"01-Mar-2026 10:00:00 +0000\" BODY[] {{{}}}\r\n{mail})\r\n", mail.len())
    };
    // All is well, says the server: 2 is left out once, 3 each time, of 4 there is no more than a flag, and 5 is gone meanwhile.
    let some = format!("{}* 4 FETCH (UID 4 FLAGS ())\r\nTAG OK done\r\n", body(1));
    let nothing = || say("TAG OK done\r\n");
    let imap = Imap::with(mails(6)).at("UID FETCH 1:6 (UID INTERNALDATE", say(&some));
    let imap = imap
        .at("UID FETCH 2:6 (UID)", say("* 2 FETCH (UID 2)\r\n* 3 FETCH (UID 3)\r\n* 4 FETCH (UID 4)\r\n* 6 FETCH (UID 6)\r\nTAG OK x\r\n"));
    let scene = Scene::new(imap.at("UID FETCH 3 (UID INTERNALDATE", nothing()).at("UID FETCH 4 (UID INTERNALDATE", nothing()));
    let run = scene.fetch(&[]).exits(0);
    numbers(&run, &[("new", 3), ("rejected", 2), ("last_uid", 6)]);
    for (refused, uid) in told(&run)["refused"].as_array().expect("a list").iter().zip([3, 4]) {
        assert!(refused["source"].as_str().is_some_and(|source| source.ends_with(&format!("UID {uid}"))), "{run}");
        assert!(refused["reason"].as_str().is_some_and(|why| why.contains("did not hand it over, and does not say why")), "{run}");
    }
    assert!(!scene.commands().iter().any(|command| command.starts_with("UID FETCH 5 ")), "what is gone is not asked for");
}

#[test]
fn a_folder_is_read_from_its_beginning_where_that_is_asked_for() {
    let scene = Scene::new(Imap::with(mails(3)));
    numbers(&scene.fetch(&[]).exits(0), &[("messages", 3), ("new", 3)]);
    numbers(&scene.fetch(&[]).exits(0), &[("messages", 0)]);
    numbers(&scene.fetch(&["--again"]).exits(0), &[("messages", 3), ("known", 3), ("last_uid", 3)]);
    numbers(&scene.fetch(&[]).exits(0), &[("messages", 0)]);
}

#[test]
fn a_wrong_password_is_one_clear_error_and_no_second_try() {
    let scene = Scene::new(Imap::default());
    let run = scene.desk.fetch(&scene.url(), &[]).args(["--ca-file".as_ref(), scene.lab.root_file().as_os_str()]);
    let run = run.env("STSREADY_IMAP_PASSWORD", "hunter2").run().exits(2);
    assert!(run.stderr.contains("refused user or password: wrong user or password"), "{run}");
    assert!(!run.stderr.contains("hunter2") && !run.stdout.contains("hunter2"), "{run}");
    assert_eq!(scene.host.visits().total(), 1, "one connection");
}

#[test]
fn a_server_is_logged_in_to_as_it_can() {
    for (capabilities, login) in [
        ("IMAP4rev1 SASL-IR AUTH=PLAIN", "AUTHENTICATE PLAIN AHRsc3JwdABjb3JyZWN0"),
        ("IMAP4rev1 AUTH=PLAIN LOGINDISABLED", "AUTHENTICATE PLAIN"),
        ("IMAP4rev1", "LOGIN \"tlsrpt\" \"correct\""),
    ] {
        let scene = Scene::new(Imap { capabilities, ..Imap::with(mails(1)) });
        numbers(&scene.fetch(&[]).exits(0), &[("new", 1)]);
        assert!(scene.commands().iter().any(|command| command == login), "{capabilities}: {:?}", scene.commands());
    }
    let scene = Scene::new(Imap { capabilities: "IMAP4rev1 LOGINDISABLED", ..Imap::default() });
    assert!(scene.fetch(&[]).exits(2).stderr.contains("takes no password"));
    assert!(!scene.commands().iter().any(|command| command.starts_with("LOGIN")));
}

#[test]
fn what_a_server_does_wrong_is_named() {
    let endless = "* OK ".to_owned() + &"x".repeat(4000);
    for (name, imap, exit, words) in [
        (
            "bye at login",
            Imap::default().at("AUTHENTICATE", say("* BYE too many connections\r\n")),
            3,
            "ended the connection: too many connections",
        ),
        ("unavailable", Imap::default().at("AUTHENTICATE", say("TAG NO [UNAVAILABLE] later\r\n")), 3, "just now: later"),
        ("no folder", Imap::default().at("EXAMINE", say("TAG NO [NONEXISTENT] no such folder\r\n")), 2, "cannot be opened: no such folder"),
        ("bad", Imap::default().at("EXAMINE", say("TAG BAD \u{1b}]0;x\u{7} what\r\n")), 2, "\\u{1b}]0;x\\u{7} what"),
        ("no uidvalidity", Imap::default().at("EXAMINE", say("* 3 EXISTS\r\nTAG OK x\r\n")), 3, "UIDVALIDITY"),
        ("no greeting", Imap { greeting: "HTTP/1.1 400 Bad Request", ..Imap::default() }, 3, "does not speak IMAP"),
        ("turned away", Imap { greeting: "* BYE not today", ..Imap::default() }, 3, "not today"),
        ("endless line", Imap::default().at("EXAMINE", ImapAnswer::Flood(endless)), 3, "a line of more than 64 KiB"),
        ("impossible literal", Imap::default().at("EXAMINE", say("* X {99999999999}\r\n")), 3, "impossible length"),
        ("cannot move", Imap { capabilities: "IMAP4rev1 AUTH=PLAIN SASL-IR", ..Imap::default() }, 2, "cannot move messages"),
        ("read only", Imap::default().at("SELECT", say("* OK [UIDVALIDITY 1] x\r\nTAG OK [READ-ONLY] x\r\n")), 2, "may not be changed"),
    ] {
        let scene = Scene::new(imap);
        let more: &[&str] = match name {
            "cannot move" => &["--move-to", "Done"],
            "read only" => &["--seen"],
            _ => &[],
        };
        // What may pass is tried several times, with pauses that grow from this.
        let run = scene.fetch(&[more, &["--timeout", "400ms"]].concat()).exits(exit);
        assert!(run.stderr.contains(words), "{name}{run}");
    }
}

#[test]
fn a_silent_server_is_waited_for_and_given_up() {
    let scene = Scene::new(Imap::with(mails(2)).at("UID FETCH", ImapAnswer::Silent));
    let run = scene.fetch(&["--timeout", "300ms"]).exits(3);
    assert!(run.stderr.contains("nothing came from the server within 0.3 s"), "{run}");
    assert!(run.taken < Duration::from_secs(40), "{run}");
}

#[test]
fn a_run_that_is_killed_loses_nothing_and_the_next_one_completes_it() {
    let scene = Scene::new(Imap::with(mails(400)));
    let call = || scene.desk.fetch(&scene.url(), &[]).args(["--ca-file".as_ref(), scene.lab.root_file().as_os_str()]);
    for batches in [1, 3] {
        // The pace of the lab makes sure that there is something left to be killed.
        scene.lab.set_reply_delay(Duration::from_millis(30));
        let before = scene.commands().len();
        let fetches = || scene.commands().iter().skip(before).filter(|command| command.contains("BODY.PEEK[]")).count();
        call().kill_when(|| fetches() > batches);
    }
    scene.lab.set_reply_delay(Duration::ZERO);
    let last = call().run().exits(0);
    let told = told(&last);
    assert!(told["messages"].as_u64().is_some_and(|messages| messages < 400), "what was kept is not read again{last}");
    scene.host.change(|imap| imap.uid_validity += 1);
    numbers(&call().run().exits(0), &[("messages", 400), ("new", 0), ("known", 400)]);
}

#[test]
fn hostile_literals_take_no_memory() {
    let large = 100_000_000;
    let pump = format!("* 1 FETCH (UID 1 BODY[] {{{large}}}\r\n{} X)\r\nTAG OK x\r\n", "x".repeat(large));
    let scene = Scene::new(Imap::with(mails(2)).at("UID FETCH 1:2 (UID INTERNALDATE", say(&pump)));
    let run = scene.fetch(&[]).exits(0);
    numbers(&run, &[("new", 1), ("rejected", 1), ("last_uid", 2)]);
    assert!(told(&run)["refused"][0]["reason"].as_str().is_some_and(|why| why.contains("100000000 bytes")), "{run}");
    assert!(run.peak_kib < 60 * 1024, "{} KiB{run}", run.peak_kib);
}

#[test]
fn a_message_larger_than_a_mail_may_be_is_not_fetched() {
    let size = |uid: u32, size: u64| format!("* 1 FETCH (UID {uid} RFC822.SIZE {size})\r\n");
    let listed = format!("{}{}{}{}TAG OK x\r\n", size(1, 900), size(2, 30 << 20), size(3, u64::MAX), size(4, 900));
    let imap =
        Imap::with([mail(1), BROKEN.to_owned(), LUNCH.to_owned(), mail(2)]).times(1, "UID FETCH 1:* (UID RFC822.SIZE)", say(&listed));
    let scene = Scene::new(imap);
    let run = scene.fetch(&[]).exits(0);
    numbers(&run, &[("new", 2), ("rejected", 1), ("ignored", 1), ("last_uid", 4)]);
    assert!(told(&run)["refused"][0]["reason"].as_str().is_some_and(|why| why.contains("more than 25 MiB")), "{run}");
    let whole = |command: &&String| command.contains("BODY.PEEK[]");
    assert_eq!(scene.commands().iter().filter(whole).count(), 2, "{:?}", scene.commands());
}

#[test]
fn a_certificate_that_does_not_stand_ends_it_before_the_password() {
    let scene = Scene::new(Imap::default());
    let address = scene.host.address().to_string();
    for (identity, words) in [
        (scene.lab.chain("other.lab.test"), "is not for the name"),
        (scene.lab.ca().issue(&Leaf::for_host(&address).expires_in(-3)), "has expired"),
        (scene.lab.ca().issue(&Leaf::for_host(&address).signed_by(scene.lab.ca().unknown_root())), "comes from no public CA"),
    ] {
        scene.host.set_identity(identity);
        let run = scene.fetch(&[]).exits(3);
        assert!(run.stderr.contains(words), "{words}{run}");
    }
    assert_eq!(scene.commands(), [""; 0], "nothing was said");
}

#[test]
fn a_server_that_signs_its_own_certificate_stands_if_it_is_given() {
    let scene = Scene::new(Imap::with(mails(1)));
    let leaf = Leaf::for_host(&scene.host.address().to_string());
    let fetch = |ca_file: &str| scene.desk.fetch(&scene.url(), &["--ca-file", ca_file]).run();
    for (leaf, words) in [
        (leaf.clone().ca_true(), None),
        (leaf.clone(), None),
        (leaf.clone().ca_true().expires_in(-3), Some("has expired")),
        (Leaf::for_host("other.lab.test").ca_true(), Some("is not for the name")),
    ] {
        let chain = leaf.self_signed();
        let given = scene.desk.file("own.pem", &chain.pem());
        scene.host.set_identity(chain);
        match words {
            None => numbers(&fetch(&given).exits(0), &[("rejected", 0)]),
            Some(words) => assert!(fetch(&given).exits(3).stderr.contains(words), "{words}"),
        }
    }
    // Another that says the same is not the one that was given.
    scene.host.set_identity(leaf.ca_true().self_signed());
    let run = fetch(&scene.lab.root_file().display().to_string()).exits(3);
    assert!(run.stderr.contains("is signed by itself") && run.stderr.contains("--ca-file"), "{run}");
}

#[test]
fn starttls_is_used_and_nothing_before_it_is_believed() {
    let url = |scene: &Scene| format!("imap+starttls://tlsrpt@{}/INBOX", scene.host.socket());
    let fetch = |scene: &Scene| scene.desk.fetch(&url(scene), &[]).args(["--ca-file".as_ref(), scene.lab.root_file().as_os_str()]).run();
    let clear = |imap: Imap| Scene::new(Imap { clear: true, ..imap });
    let scene = clear(Imap::with(mails(2)));
    numbers(&fetch(&scene).exits(0), &[("new", 2)]);
    assert_eq!(scene.commands()[0], "STARTTLS");
    for (imap, words) in [
        (Imap::default().at("STARTTLS", say("TAG NO not here\r\n")), "not here"),
        // A second answer in the same breath pretends to have come under TLS.
        (Imap::default().at("STARTTLS", say("TAG OK begin\r\n* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n")), "goes on talking in clear text"),
        (Imap { greeting: "* PREAUTH welcome", ..Imap::default() }, "logged in already"),
    ] {
        let scene = clear(imap);
        let run = fetch(&scene).exits(3);
        assert!(run.stderr.contains(words), "{words}{run}");
    }
}

#[test]
fn messages_are_moved_or_marked_only_after_their_reports_are_kept_and_others_stay() {
    let mails = || Imap::with([mail(1), LUNCH.to_owned(), BROKEN.to_owned(), mail(2)]);
    let scene = Scene::new(mails());
    let run = scene.fetch(&["--seen"]).exits(0);
    numbers(&run, &[("new", 2), ("seen", 2), ("last_uid", 4)]);
    assert!(scene.commands().contains(&"UID STORE 1,4 +FLAGS.SILENT (\\Seen)".to_owned()), "{:?}", scene.commands());

    let scene = Scene::new(mails().times(1, "UID MOVE", say("TAG NO [TRYCREATE] no such folder\r\n")));
    let run = scene.fetch(&["--move-to", "Erledigt ä"]).exits(2);
    assert!(run.stderr.contains("\"Erledigt ä\" cannot be opened: no such folder"), "{run}");
    // The reports are kept; the messages are met again, and moved this time.
    let run = scene.fetch(&["--move-to", "Erledigt ä"]).exits(0);
    numbers(&run, &[("new", 0), ("known", 2), ("moved", 2), ("last_uid", 4)]);
    assert!(scene.commands().contains(&"UID MOVE 1,4 \"Erledigt &AOQ-\"".to_owned()), "{:?}", scene.commands());
    let left: Vec<u32> = scene.mails.lock().unwrap().keys().copied().collect();
    assert_eq!(left, [2, 3]);
}
