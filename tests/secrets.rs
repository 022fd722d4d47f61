//! Passwords and other secrets: wherever they come from, they are in nothing that is printed, written or passed on in arguments.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::lab::{BlockingLab, HttpProxy, Imap, ImapAnswer, Lab, Socks5};
use crate::run::{Call, Run, stsready};

/// Nothing else is called so.
const SECRET: &str = "hush-4711-quite";

/// A healthy domain, and a folder for whatever is written.
struct Scene {
    lab: BlockingLab,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let lab = Lab::start_blocking().unwrap();
        lab.good_domain("alpha.test", |plan| plan.mode = "enforce".into());
        Self { lab, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes all that a check can write.
    fn check(&self, format: &str) -> Call {
        let call = stsready(["check", "alpha.test", "--timeout", "5s", "--format", format]).at(&self.lab);
        let call = call.args(["--store".into(), self.path("store.sqlite"), "--save-facts".into(), self.path("facts.json")]);
        call.args(["--bundle".into(), self.path("bundle")]).may_fail()
    }

    /// Holds a run and everything that is in the folder.
    #[track_caller]
    fn clean(&self, run: &Run) {
        for text in [&run.stdout, &run.stderr] {
            assert!(!betrays(text.as_bytes()), "{run}");
        }
        for path in files(self.folder.path()) {
            assert!(!betrays(&fs::read(&path).unwrap()), "{}{run}", path.display());
        }
    }
}

/// Every file below.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() { all.extend(files(&entry.path())) } else { all.push(entry.path()) }
    }
    all
}

/// Whether the secret is in these bytes, as it is or as it is sent.
fn betrays(bytes: &[u8]) -> bool {
    let encoded = [STANDARD.encode(format!("me:{SECRET}")), STANDARD.encode(format!("\0me\0{SECRET}")), STANDARD.encode(SECRET)];
    let mut forms = encoded.iter().map(String::as_str).chain([SECRET]);
    forms.any(|form| bytes.windows(form.len()).any(|window| window == form.as_bytes()))
}

#[test]
fn proxies_passwords_are_told_nobody_whether_they_fit_or_not() {
    let scene = Scene::new();
    let takes = scene.lab.socks5_proxy(Socks5 { login: Some(("me", SECRET)), ..Socks5::default() });
    let refuses = scene.lab.socks5_proxy(Socks5 { login: Some(("me", "another")), ..Socks5::default() });
    let http = scene.lab.http_proxy(HttpProxy { leads_to: None, status: 407, authorization: None });
    let nobody = format!("{}:{}", scene.lab.refusing_address(), scene.lab.https_port());
    for format in ["json", "text", "markdown", "html"] {
        for place in [takes.socket().to_string(), refuses.socket().to_string(), nobody.clone()] {
            let run = scene.check(format).env("STSREADY_SOCKS5", &format!("me:{SECRET}@{place}")).run();
            scene.clean(&run);
        }
        for place in [http.socket().to_string(), nobody.clone()] {
            let run = scene.check(format).env("STSREADY_PROXY", &format!("http://me:{SECRET}@{place}")).run();
            scene.clean(&run);
        }
    }
    assert!(takes.seen().iter().any(|request| request.user.as_deref() == Some("me")), "the password was used");
}

/// What is misused, and holds a secret.
#[test]
fn what_is_wrong_with_a_call_is_told_without_its_secrets() {
    let scene = Scene::new();
    let config = scene.path("config.toml");
    let run_with = |call: Call| {
        let run = call.may_fail().run();
        assert!(!betrays(run.stderr.as_bytes()) && !betrays(run.stdout.as_bytes()), "{run}");
        assert_eq!(run.exit, 2, "{run}");
    };
    for (variable, value) in [
        ("STSREADY_SOCKS5", format!("me:{SECRET}@")),
        ("STSREADY_SOCKS5", format!("socks5://me:{SECRET}@[::1")),
        ("STSREADY_SOCKS5", format!("{}:{SECRET}@127.0.0.1:1", "m".repeat(300))),
        ("STSREADY_PROXY", format!("ftp://me:{SECRET}@127.0.0.1:1")),
        ("STSREADY_PROXY", format!("http://me:{SECRET}@")),
        ("STSREADY_PROXY", format!("http://me:{SECRET}@127.0.0.1:99999")),
    ] {
        run_with(stsready(["check", "alpha.test"]).at(&scene.lab).env(variable, &value));
    }
    for word in [
        format!("--notify=ftp://hooks.example/{SECRET}"),
        format!("--notify=mailto:{SECRET}"),
        format!("--proxy=http://me:{SECRET}@127.0.0.1:1"),
        format!("--socks5=me:{SECRET}@127.0.0.1:1"),
    ] {
        run_with(stsready(["check", "alpha.test", &word]).at(&scene.lab));
    }
    run_with(stsready(["reports", "fetch", &format!("imaps://me:{SECRET}@127.0.0.1:1/INBOX")]));
    run_with(stsready(["reports", "fetch", &format!("imap://me:{SECRET}@127.0.0.1:1/INBOX")]));
    for text in [
        format!("[[imap]]\nname = 'a'\nurl = 'imaps://me:{SECRET}@127.0.0.1:1/INBOX'\n"),
        format!("[[imap]]\nname = 'a'\nurl = 'imaps://me@127.0.0.1:1/INBOX'\npassword = '{SECRET}'\n"),
        format!("[[notify]]\nto = 'ftp://hooks.example/{SECRET}'\n"),
        format!("[[notify]]\nto = 'https://hooks.example/'\nsecret = '{SECRET}'\n"),
        format!("proxy = 'http://me:{SECRET}@127.0.0.1:1'\n"),
        format!("socks5 = 'me:{SECRET}@127.0.0.1:1'\n"),
    ] {
        fs::write(&config, text).unwrap();
        for command in [&["config", "check"][..], &["check", "alpha.test"]] {
            run_with(stsready(command).args(["--config".as_ref(), config.as_os_str()]));
        }
    }
}

#[test]
fn a_mailbox_password_is_told_nobody_however_it_is_given_and_whatever_fails() {
    let scene = Scene::new();
    let file = scene.folder.path().with_extension("password");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let healthy = scene.lab.imap_host(Imap::with([]));
    // Some servers repeat what they do not understand.
    let response = STANDARD.encode(format!("\0me\0{SECRET}"));
    let repeats = ImapAnswer::Say(format!("TAG BAD what is AUTHENTICATE PLAIN {response}, and who is me with {SECRET}?\r\n"));
    let repeating = scene.lab.imap_host(Imap::with([]).at("AUTHENTICATE", repeats));
    let nobody = format!("{}:{}", scene.lab.refusing_address(), scene.lab.https_port());
    let tell = scene.path("arguments");
    // The command writes down what other users see of the process that called it, and of itself.
    let command = format!(
        "tr '\\0' ' ' < /proc/$PPID/cmdline > '{0}'; tr '\\0' ' ' < /proc/$$/cmdline >> '{0}'; cat '{1}'",
        tell.display(),
        file.display()
    );
    for (place, ways) in [(healthy.socket().to_string(), 4), (repeating.socket().to_string(), 4), (nobody, 1)] {
        let url = format!("imaps://me@{place}/INBOX");
        let fetch = || {
            let call = stsready(["reports", "fetch", &url, "--timeout", "5s", "--ca-file"]).args([scene.lab.root_file()]);
            call.args(["--store".into(), scene.path("store.sqlite")]).may_fail()
        };
        let file = file.display().to_string();
        for (words, variable) in [
            (&["--password-command", &command][..], None),
            (&["--password-file", &file], None),
            (&["--password-env", "MAILBOX"], Some("MAILBOX")),
            (&[], Some("STSREADY_IMAP_PASSWORD")),
        ]
        .into_iter()
        .take(ways)
        {
            let call = fetch().args(words);
            let run = match variable {
                Some(name) => call.env(name, SECRET).run(),
                None => call.run(),
            };
            assert_ne!(run.exit, 0, "the password is a wrong one{run}");
            scene.clean(&run);
        }
    }
    let seen = healthy.seen().concat();
    assert!(seen.iter().any(|command| command.contains("LOGIN") || command.contains("AUTHENTICATE")), "it was used: {seen:?}");
    assert!(fs::read_to_string(tell).unwrap().contains("reports fetch"), "the command ran");
    fs::remove_file(file).unwrap();
}

/// The address of a webhook and the key that its messages are signed with.
#[test]
fn a_webhook_that_fails_is_told_without_its_address_and_its_key() {
    let scene = Scene::new();
    let nobody = format!("{}:{}", scene.lab.refusing_address(), scene.lab.https_port());
    let config = scene.folder.path().with_extension("toml");
    fs::write(&config, format!("[[notify]]\nto = 'http://{nobody}/{SECRET}'\nsecret-env = 'KEY'\n")).unwrap();
    let given = |format: &str| {
        let call = scene.check(format).args([&format!("--notify=http://{nobody}/hooks/{SECRET}")]);
        call.env("STSREADY_NOTIFY_SECRET", SECRET).run()
    };
    let configured = |key: &str| scene.check("text").args(["--notify", "--config"]).args([&config]).env("KEY", key).run();
    // What is told first is what changes later.
    for run in [given("json"), configured(SECRET)] {
        assert_eq!(run.exit, 0, "{run}");
    }
    scene.lab.dns().remove_name("_mta-sts.alpha.test");
    for run in [given("json"), given("text"), given("html"), configured(SECRET)] {
        assert!(
            run.stderr.contains("failed to notify") && run.stderr.contains(&scene.lab.refusing_address().to_string()),
            "where it failed is told{run}"
        );
        scene.clean(&run);
    }
    let run = configured(&format!("whsec_{SECRET}!"));
    assert!(run.exit == 2 && run.stderr.contains("KEY"), "no key{run}");
    scene.clean(&run);
    let shown = stsready(["config", "show", "--config"]).args([&config]).env("KEY", SECRET).run();
    assert!(!betrays(shown.stdout.as_bytes()) && !betrays(shown.stderr.as_bytes()), "{shown}");
    fs::remove_file(config).unwrap();
}

/// A command is run by the shell as it stands; nothing else of a call or of a configuration meets a shell.
#[test]
fn a_password_command_is_what_the_user_wrote_and_nothing_more() {
    let scene = Scene::new();
    let host = scene.lab.imap_host(Imap::with([]));
    let traces = scene.path("traces");
    fs::create_dir(&traces).unwrap();
    let fetch = |url: &str, command: &str| {
        let call = stsready(["reports", "fetch", url, "--timeout", "5s", "--password-command", command, "--ca-file"]);
        call.args([scene.lab.root_file()]).args(["--store".into(), scene.path("store.sqlite")]).env("WORD", "rrect").may_fail().run()
    };
    let url = format!("imaps://me@{}/INBOX", host.socket());
    for command in [
        "printf correct",
        "printf '%s\\n' \"co$(printf rr)ect\"; exit 0",
        "echo \"co$WORD\" # and 'nothing' \"else",
        "printf 'cor''rect' | cat; true && :",
    ] {
        fetch(&url, command).exits(0);
    }
    let touch = format!("touch {}/it", traces.display());
    let hostile = format!("$({touch});`{touch}`").replace('/', "%2F").replace(' ', "%20");
    for url in [format!("imaps://{hostile}@{}/INBOX", host.socket()), format!("imaps://me@{}/{hostile}", host.socket())] {
        fetch(&url, "printf correct");
    }
    // What it prints is a password, and never a command.
    fetch(&url, &format!("printf '%s' '$({touch})'"));
    fetch(&url, &format!("printf '%s' '; {touch}'"));
    assert_eq!(fs::read_dir(&traces).unwrap().count(), 0);
}

/// The store is its owner's, whatever mask the shell has; so are the files that SQLite puts beside it.
#[test]
fn a_store_is_its_owners_alone() {
    let scene = Scene::new();
    let folder = scene.path("new");
    let store = folder.join("store.sqlite");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let silent = scene.lab.silent_address();
    scene.lab.dns().mx("alpha.test", 5, "silent.alpha.test");
    scene.lab.dns().address("silent.alpha.test", silent);
    let call = stsready(["check", "alpha.test", "--timeout", "20s", "--store"]).args([&store]).at(&scene.lab).through("umask 000");
    let beside = store.with_file_name("store.sqlite-wal");
    call.kill_when(|| beside.exists());
    assert_eq!((mode(&folder), mode(&store), mode(&beside)), (0o700, 0o600, 0o600));
    let all: Vec<u32> = files(&folder).iter().map(|path| mode(path)).collect();
    assert!(all.iter().all(|mode| *mode == 0o600), "{all:?}");
}

/// Nobody that a domain's records name is connected to inside: not its policy host, not its MX hosts, not where a redirect or a
/// certificate leads.
#[test]
fn deny_private_holds_for_every_kind_of_peer() {
    let scene = Scene::new();
    let lab = &scene.lab;
    let domain = lab.good_domain("beta.test", |plan| plan.mode = "enforce".into());
    let web = lab.http_host(Vec::new());
    let leaf = crate::lab::Leaf::for_host("mx1.beta.test").aia(&format!("http://{web}/ca.der"));
    domain.mx[0].1.set_identity(lab.ca().issue(&leaf).without_intermediates());
    let call = stsready(["check", "beta.test", "--deny-private", "--deep", "--repeat", "2", "--fetch-intermediates"]).at(lab);
    call.run().exits(3);
    let visits = domain.mx.iter().map(|(_, host)| host.visits().total()).chain([domain.policy_host.visits().total()]);
    assert_eq!(visits.sum::<usize>(), 0);
}
