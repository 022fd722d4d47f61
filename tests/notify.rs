//! `check --notify` and `--changed-since-last`: who is told what, and that nobody is told twice.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::documents::hold;
use crate::lab::{BlockingLab, Domain, Fault, Https, Lab, Page};
use crate::run::{Run, stsready};

/// A domain in enforce that is ready, and a folder for the store.
struct Scene {
    lab: BlockingLab,
    domain: Domain,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let lab = Lab::start_blocking().unwrap();
        let domain = lab.good_domain("shop.test", |plan| plan.mode = "enforce".into());
        Self { lab, domain, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn check(&self, words: &[&str], env: &[(&str, &str)]) -> Run {
        let store = self.path("store.sqlite");
        let call = stsready(["check", "shop.test", "--store", store.to_str().unwrap()]).args(words).at(&self.lab);
        env.iter().fold(call, |call, (name, value)| call.env(name, value)).may_fail().run()
    }

    fn breaks(&self) {
        self.domain.policy_host.set(Https::serving(Page::status(404)));
    }

    fn heals(&self) {
        self.domain.policy_host.set(Https::serving(Page::policy(&self.domain.policy)));
    }
}

/// One request: its headers in lower case, and its body.
#[derive(Clone, Debug)]
struct Post {
    headers: Vec<(String, String)>,
    body: String,
}

impl Post {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    fn json(&self) -> Value {
        hold(&self.body);
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A receiver of webhooks.
struct Receiver {
    address: SocketAddr,
    status: Arc<AtomicU16>,
    posts: Arc<Mutex<Vec<Post>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (status, posts) = (Arc::new(AtomicU16::new(204)), Arc::new(Mutex::new(Vec::new())));
        let (answer, kept) = (status.clone(), posts.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                kept.lock().unwrap().push(receive(stream, answer.load(Ordering::SeqCst)));
            }
        });
        Self { address, status, posts }
    }

    fn option(&self) -> String {
        format!("--notify=http://{}/hooks/token-7", self.address)
    }

    fn taken(&self) -> Vec<Post> {
        std::mem::take(&mut *self.posts.lock().unwrap())
    }
}

fn receive(stream: TcpStream, status: u16) -> Post {
    let mut reader = BufReader::new(stream);
    let (mut line, mut headers) = (String::new(), Vec::new());
    reader.read_line(&mut line).unwrap();
    assert!(line.starts_with("POST /hooks/token-7 HTTP/1.1"), "{line}");
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut post = Post { headers, body: String::new() };
    let length: usize = post.header("content-length").parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    post.body = String::from_utf8(body).unwrap();
    write!(reader.get_mut(), "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    post
}

#[test]
fn a_webhook_is_told_once_and_signed() {
    let (scene, receiver) = (Scene::new(), Receiver::start());
    let option = receiver.option();
    let secret = [("STSREADY_NOTIFY_SECRET", "whsec_c2VjcmV0")];
    let check = |exit: i32| scene.check(&[&option], &secret).exits(exit);
    check(0);
    assert_eq!(receiver.taken().len(), 0, "a first look that finds nothing wrong is no news");
    scene.breaks();
    check(1);
    let [post] = &receiver.taken()[..] else { panic!("one message") };
    let event = &post.json()["events"][0];
    assert_eq!(
        (&event["domain"], &event["answer"], &event["before"]["answer"]),
        (&"shop.test".into(), &"not-ready".into(), &"ready".into())
    );
    assert!(event["began"].as_array().unwrap().iter().any(|alert| alert["code"] == "fetch-status"), "{event}");
    assert!(post.json()["text"].as_str().unwrap().starts_with("shop.test is not ready, was ready"), "{}", post.body);
    let signed = format!("{}.{}.{}", post.header("webhook-id"), post.header("webhook-timestamp"), post.body);
    let signature = STANDARD.decode(post.header("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, b"secret"), signed.as_bytes(), &signature).expect("signed with the secret");
    check(1);
    assert_eq!(receiver.taken().len(), 0, "nothing is told twice");

    scene.heals();
    receiver.status.store(500, Ordering::SeqCst);
    let run = check(4);
    assert!(run.stderr.contains("answered HTTP 500") && !run.stderr.contains("token-7"), "{run}");
    let lost = receiver.taken();
    receiver.status.store(200, Ordering::SeqCst);
    check(0);
    let again = receiver.taken();
    assert_eq!((lost.len(), again.len()), (1, 1), "what did not arrive is sent again");
    assert_eq!(again[0].json()["events"][0]["ended"][0]["code"], "fetch-status");
    check(0);
    assert_eq!(receiver.taken().len(), 0);
    let store = std::fs::read(scene.path("store.sqlite")).unwrap();
    assert!(!store.windows(7).any(|bytes| bytes == b"token-7"), "the address may be a secret");
}

#[test]
fn what_cannot_be_looked_at_is_not_told_as_over() {
    let (scene, receiver) = (Scene::new(), Receiver::start());
    let event = |exit: i32| {
        scene.check(&[&receiver.option()], &[]).exits(exit);
        let [post] = &receiver.taken()[..] else { panic!("one message") };
        post.json()["events"][0].clone()
    };
    let codes =
        |alerts: &Value| alerts.as_array().unwrap().iter().map(|alert| alert["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    scene.breaks();
    assert_eq!(codes(&event(1)["began"]), ["fetch-status"]);
    let host = "mta-sts.shop.test";
    scene.lab.dns().fault(host, Fault::ServFail);
    let unseen = event(3);
    let lists = ["began", "ended", "alerts"].map(|list| codes(&unseen[list]));
    assert_eq!(lists, [vec![], vec![], vec!["fetch-status".to_owned()]], "{unseen}");
    scene.lab.dns().heal(host);
    scene.heals();
    assert_eq!(codes(&event(0)["ended"]), ["fetch-status"]);
}

#[test]
fn a_mail_and_a_command_get_the_same() {
    let scene = Scene::new();
    let script = |name: &str, text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(scene.path(name), text).unwrap();
        std::fs::set_permissions(scene.path(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("sendmail", "#!/bin/sh\necho \"$@\" > \"$(dirname \"$0\")/words\"\ncat >> \"$(dirname \"$0\")/mail\"\n");
    let sendmail = scene.path("sendmail");
    let env = [("STSREADY_SENDMAIL", sendmail.to_str().unwrap())];
    let told = scene.path("told");
    let config = scene.path("config.toml");
    let command = format!("cat > {0}.json; printf %s \"$STSREADY_TEXT\" > {0}", told.display());
    std::fs::write(&config, format!("[[notify]]\nto = 'mailto:ops@example.com'\n[[notify]]\nto = 'command:{command}'\n")).unwrap();
    let words = ["--notify", "--config", config.to_str().unwrap()];
    scene.breaks();
    scene.check(&words, &env).exits(1);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let mail = read(&scene.path("mail"));
    let (head, body) = mail.split_once("\n\n").unwrap();
    assert_eq!(read(&scene.path("words")), "-i -t\n");
    assert!(head.starts_with("To: ops@example.com\nSubject: shop.test is not ready: ") && head.is_ascii(), "{mail}");
    assert!(head.contains("\nAuto-Submitted: auto-generated\n"), "{mail}");
    assert!(body.contains("fetch-status") && body.contains("stsready check shop.test"), "{mail}");
    let json: Value = serde_json::from_str(&read(&scene.path("told.json"))).unwrap();
    assert_eq!((&json["schema"], json["text"].as_str()), (&"stsready/notification/1".into(), Some(read(&told).as_str())));
    scene.check(&words, &env).exits(1);
    assert_eq!(read(&scene.path("mail")), mail, "nothing is told twice");

    let run = scene.check(&["--notify=command:exit 7", "--fail-on", "never"], &[]).exits(4);
    assert!(run.stderr.contains("failed to notify the command"), "{run}");
    scene.check(&["--notify=command:exit 8", "--fail-on", "never", "--format", "nagios"], &[]).exits(3);
}

#[test]
fn only_what_changed_is_printed() {
    let scene = Scene::new();
    let file = scene.path("a.json");
    let check = |exit: i32| {
        scene.check(&["--changed-since-last", "--format", "text", "-q", "-o", "-", "-o", file.to_str().unwrap()], &[]).exits(exit).stdout
    };
    assert!(check(0).contains("shop.test"), "the first time all is new");
    assert_eq!(check(0), "");
    scene.breaks();
    assert!(check(1).contains("NOT READY"));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(check(1), "", "the exit code says it all the same");
    let json: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(json["answer"], "not-ready", "files are written all the same");
    let lines = || scene.check(&["--changed-since-last", "--format", "ndjson"], &[]).stdout;
    assert_eq!(lines(), "");
    scene.heals();
    assert_eq!((lines().lines().count(), lines().lines().count()), (1, 0));
}

#[test]
fn what_is_wrong_with_a_channel_is_said_before_anything_is_looked_at() {
    let scene = Scene::new();
    let config = scene.path("config.toml");
    let words = |text: &str| std::fs::write(&config, text).unwrap();
    let check = |words: &[&str]| scene.check(&[words, &["--config", config.to_str().unwrap()]].concat(), &[]);
    words("");
    check(&["--notify"]).refuses(&["[[notify]]"]);
    check(&["--notify=ftp://token.example"]).refuses(&["mailto:ADDRESS"]);
    check(&["--notify=https://hooks.example", "--no-store"]).refuses(&["--no-store"]);
    words("[[notify]]\nto = 'https://hooks.example/'\nsecret-env = 'STSREADY_TEST_NOTHING'\n");
    check(&["--notify"]).refuses(&["STSREADY_TEST_NOTHING"]);
    words("[[notify]]\nto = 'mailto:a b@example.com'\nsecret-file = 'x'\n");
    check(&[]).refuses(&["line 2", "mailto:postmaster@example.com"]);
    words("[[notify]]\nto = 'mailto:ops@example.com'\nsecret-file = 'x'\n");
    check(&[]).refuses(&["for webhooks"]);
}
