//! A way to somebody: a webhook, a mailbox, a command.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use url::Url;

use super::{Failure, News, observe, setup};
use crate::archive::imap::tls_config;
use crate::cli::args::Target;
use crate::cli::config::Notify;
use crate::net::webhook::{Key, Webhook, place};
use crate::render::news;
use crate::wire::fingerprint::Fingerprint;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked whether it has ended.
const EVERY: Duration = Duration::from_millis(20);
/// Where the key of webhooks of the call stands.
const SECRET: &str = "STSREADY_NOTIFY_SECRET";
/// A secret is no longer than this.
const SECRET_CAP: usize = 4 << 10;

/// A way to somebody.
pub(super) struct Channel {
    /// By what it is known in the store. No address: that of a webhook, or a command, may hold a secret.
    pub(super) name: String,
    /// What may be shown of it.
    pub(super) shown: String,
    way: Way,
}

enum Way {
    Webhook(Box<Webhook>),
    Mail(String),
    Command(String),
}

impl Channel {
    /// Of the configuration.
    pub(super) fn of(notify: &Notify) -> Result<Self, Failure> {
        let secret = match (&notify.secret_env, &notify.secret_file) {
            (Some(name), _) => Some(Secret::Environment(name)),
            (None, Some(path)) => Some(Secret::File(path)),
            (None, None) => None,
        };
        Self::new(&notify.target, secret, notify.ca_file.as_deref())
    }

    /// Of the call.
    pub(super) fn given(target: &Target) -> Result<Self, Failure> {
        let secret = std::env::var_os(SECRET).is_some_and(|value| !value.is_empty()).then_some(Secret::Environment(SECRET));
        Self::new(target, secret, None)
    }

    fn new(target: &Target, secret: Option<Secret<'_>>, ca_file: Option<&Path>) -> Result<Self, Failure> {
        let named = |kind: &str, text: &str| format!("{kind} {}", Fingerprint::of(text.as_bytes()).short());
        Ok(match target {
            Target::Webhook(url) => {
                let key = secret.map(|secret| secret.read()).transpose().map_err(Failure::Usage)?;
                let tls = tls_config(ca_file).map_err(|error| Failure::Usage(error.to_string()))?;
                let way = Way::Webhook(Box::new(Webhook { url: Url::clone(url), key, tls }));
                Self { name: named("webhook", url.as_str()), shown: place(url), way }
            }
            Target::Mail(address) => Self { name: format!("mail {address}"), shown: address.clone(), way: Way::Mail(address.clone()) },
            Target::Command(command) => {
                Self { name: named("command", command), shown: "the command".to_owned(), way: Way::Command(command.clone()) }
            }
            Target::Configured => return Err(Failure::Internal("the targets of the configuration are no target themselves".to_owned())),
        })
    }

    /// Sends one message with all of it; nothing where there is none.
    pub(super) fn send(&self, all: &[News]) -> Result<(), String> {
        if all.is_empty() {
            return Ok(());
        }
        let body = || news::json(all).map_err(|error| error.to_string());
        match &self.way {
            Way::Webhook(webhook) => post(webhook, body()?, all),
            Way::Mail(address) => {
                let mut command = Command::new(sendmail());
                command.args(["-i", "-t"]);
                run(command, news::mail(all, address))
            }
            Way::Command(line) => {
                let mut command = Command::new("sh");
                command.arg("-c").arg(line).env("STSREADY_TEXT", news::line(all));
                run(command, body()?)
            }
        }
    }
}

/// Where the key comes from.
enum Secret<'a> {
    Environment(&'a str),
    File(&'a Path),
}

impl Secret<'_> {
    fn read(&self) -> Result<Key, String> {
        let (from, bytes) = match self {
            Self::Environment(name) => {
                let value =
                    std::env::var_os(name).ok_or_else(|| format!("the environment variable {name} for the webhook's secret is not set"))?;
                (format!("the environment variable {name}"), value.into_encoded_bytes())
            }
            Self::File(path) => (path.display().to_string(), setup::bytes(path).map_err(|failure| failure.to_string())?),
        };
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let text = std::str::from_utf8(line).ok().filter(|text| text.len() <= SECRET_CAP);
        let key = text.ok_or("it is no text").and_then(|text| Key::parse(text.trim()));
        key.map_err(|why| format!("the webhook's secret in {from} cannot be used: {why}"))
    }
}

fn post(webhook: &Webhook, body: String, all: &[News]) -> Result<(), String> {
    // What is told is what the message is: sent again after it was lost on the way back, it has the same id.
    let told: Vec<String> = all.iter().map(|news| format!("{} {:?} {:?}", news.domain, news.before, news.now)).collect();
    let id = format!("msg_{}", Fingerprint::of(told.join("\n").as_bytes()));
    // Who calls this may be inside a runtime, which cannot wait within itself.
    let sent = thread::scope(|scope| {
        let send = || {
            let runtime = observe::runtime().map_err(|failure| failure.to_string())?;
            runtime.block_on(webhook.post(body, &id, setup::clock())).map_err(|error| error.to_string())
        };
        scope.spawn(send).join()
    });
    sent.unwrap_or_else(|_| Err("internal error while posting; please report it".to_owned()))
}

/// The local mail system's door.
fn sendmail() -> PathBuf {
    let named = std::env::var_os("STSREADY_SENDMAIL").filter(|path| !path.is_empty()).map(PathBuf::from);
    let usual = || ["/usr/sbin/sendmail", "/usr/lib/sendmail"].into_iter().map(PathBuf::from).find(|path| path.exists());
    named.or_else(usual).unwrap_or_else(|| PathBuf::from("sendmail"))
}

/// Runs a command with this on its standard input. What it prints is none of ours; what it complains of is the user's to see.
fn run(mut command: Command, input: String) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let mut child = spawned.map_err(|error| format!("cannot run {program}: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // Elsewhere, for it may never read; and one that does not read has all that it wants.
        thread::spawn(move || stdin.write_all(input.as_bytes()));
    }
    match wait(&mut child) {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => Err(format!("{program} failed ({status})")),
        Ok(None) => Err(format!("{program} did not end within {} s", PATIENCE.as_secs())),
        Err(error) => Err(format!("cannot wait for {program}: {error}")),
    }
}

/// How it ended; `None` if it had to be ended.
fn wait(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(EVERY);
    }
    child.kill()?;
    child.wait().map(|_| None)
}
