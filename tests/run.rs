//! Runs the real binary and reads what it said.
//!
//! In: arguments, input, environment. Out: a [`Run`]. What must hold for every run whatsoever is asserted here: it ends, with one of the
//! documented exit codes, without a panic, and what it prints is UTF-8 without control characters other than line ends.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lab::Lab;

/// Far above what any run takes, so that only a hang meets it.
const LIMIT: Duration = Duration::from_secs(100);
const POLL: Duration = Duration::from_millis(4);

/// A run to be made.
#[must_use]
pub(crate) struct Call {
    args: Vec<OsString>,
    stdin: Vec<u8>,
    env: Vec<(String, String)>,
    may_fail: bool,
    through: Option<String>,
}

/// `stsready` with these arguments.
pub(crate) fn stsready<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Call {
    Call { args: Vec::new(), stdin: Vec::new(), env: Vec::new(), may_fail: false, through: None }.args(args)
}

impl Call {
    /// Points it at the lab.
    pub(crate) fn at(self, lab: &Lab) -> Self {
        self.args(lab.args())
    }

    /// More arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// What it reads from standard input; nothing unless given.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// An environment variable; of `STSREADY_*` and those about colour none is inherited.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// That the tool itself may fail (exit code 4): the test sees to it.
    pub(crate) fn may_fail(mut self) -> Self {
        self.may_fail = true;
        self
    }

    /// Started by a shell after this, such as a limit or another standard output.
    pub(crate) fn through(mut self, line: &str) -> Self {
        self.through = Some(line.to_owned());
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Run {
        let command: Vec<String> = self.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
        let command = format!("stsready {}", command.join(" "));
        let mut child = self.spawn();
        let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
        let mut stdin = child.stdin.take();
        let input = self.stdin;
        let writer = thread::spawn(move || {
            // A run that refuses its arguments reads nothing.
            let _ = stdin.as_mut().map(|stdin| stdin.write_all(&input));
        });
        let begun = Instant::now();
        let mut peak_kib = 0;
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                break Some(status);
            }
            if begun.elapsed() > LIMIT {
                child.kill().expect("an own child can be killed");
                child.wait().expect("a killed child ends");
                break None;
            }
            peak_kib = peak_kib.max(peak(&child).unwrap_or(0));
            thread::sleep(POLL);
        };
        let (stdout, stderr) = (out.join().expect("a reader"), err.join().expect("a reader"));
        writer.join().expect("a writer");
        let said = || format!("\n$ {command}\n{}\n{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        let status = status.unwrap_or_else(|| panic!("still running after {} s{}", LIMIT.as_secs(), said()));
        let exit = status.code().unwrap_or_else(|| panic!("ended by {status}{}", said()));
        let taken = begun.elapsed();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| panic!("what it prints is UTF-8{}", said()));
        let run = Run { exit, stdout: text(&stdout), stderr: text(&stderr), peak_kib, taken, command };
        run.hold(self.may_fail);
        run
    }

    /// Starts it, and kills it (SIGKILL) once `ripe`.
    pub(crate) fn kill_when(self, ripe: impl Fn() -> bool) {
        let mut child = self.spawn();
        let begun = Instant::now();
        while !ripe() {
            let ended = child.try_wait().expect("a child can be waited for");
            assert!(ended.is_none() && begun.elapsed() < LIMIT, "it ended, or nothing happened, before it could be killed: {ended:?}");
            thread::sleep(POLL);
        }
        child.kill().expect("an own child can be killed");
        child.wait().expect("a killed child ends");
    }

    fn spawn(&self) -> Child {
        let binary = env!("CARGO_BIN_EXE_stsready");
        let mut command = match &self.through {
            None => Command::new(binary),
            Some(line) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("{line}\nexec \"$0\" \"$@\""), binary]);
                shell
            }
        };
        for (name, _) in std::env::vars_os() {
            let shown = name.to_string_lossy();
            if shown.starts_with("STSREADY_") || ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"].contains(&shown.as_ref()) {
                command.env_remove(&name);
            }
        }
        // No test meets the store or the configuration of whoever runs it.
        let own = ["STSREADY_STORE", "STSREADY_NO_STORE"];
        if !self.args.iter().any(|arg| arg == "--store") && !self.env.iter().any(|(name, _)| own.contains(&name.as_str())) {
            command.env("STSREADY_NO_STORE", "1");
        }
        command.env("XDG_CONFIG_HOME", "/nonexistent");
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.args(&self.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the binary starts")
    }
}

fn drain(stream: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.expect("a piped stream").read_to_end(&mut bytes).expect("a pipe can be read");
        bytes
    })
}

/// The most memory that the process has held so far, where the system tells.
fn peak(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// A run that has ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code.
    pub(crate) exit: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// The most memory seen, in KiB; 0 where the system does not tell.
    pub(crate) peak_kib: u64,
    /// How long it took.
    pub(crate) taken: Duration,
    command: String,
}

impl Run {
    /// What holds for every run.
    fn hold(&self, may_fail: bool) {
        assert!((0..=4).contains(&self.exit), "exit code {} is none of the documented ones{self}", self.exit);
        assert!(!self.stderr.contains("panicked at"), "it panicked{self}");
        assert!(may_fail || self.exit != 4, "nothing in this test lets the tool itself fail{self}");
        // In JSON some control characters may stand as they are; what reads it is a program.
        let json = self.stdout.starts_with(['{', '[']);
        let control = |c: &char| c.is_control() && *c != '\n' && !(json && *c >= '\u{7f}');
        for (name, text) in [("output", &self.stdout), ("error output", &self.stderr)] {
            assert_eq!(text.chars().find(control), None, "a control character in the {name}{self}");
        }
        if json && !self.command.starts_with("stsready schema") {
            crate::documents::hold(&self.stdout);
        }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.exit, code, "the exit code{self}");
        self
    }

    /// Asserts a usage error whose message has all of `words`, with nothing on standard output.
    #[track_caller]
    pub(crate) fn refuses(self, words: &[&str]) -> Self {
        let run = self.exits(2);
        assert_eq!(run.stdout, "", "a usage error prints nothing on standard output{run}");
        for word in words {
            assert!(run.stderr.contains(word), "the message does not say {word:?}{run}");
        }
        run
    }

    /// Standard output as one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON: {error}{self}"))
    }

    /// The one assessment printed as JSON.
    #[track_caller]
    pub(crate) fn assessment(&self) -> Assessment {
        Assessment(self.json())
    }

    /// The assessments printed as a JSON array, or one a line.
    #[track_caller]
    pub(crate) fn assessments(&self) -> Vec<Assessment> {
        if let Ok(Value::Array(many)) = serde_json::from_str(&self.stdout) {
            return many.into_iter().map(Assessment).collect();
        }
        let line = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON: {error}{self}"));
        self.stdout.lines().map(line).map(Assessment).collect()
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\n$ {}\n{}{}(exit code {})", self.command, self.stdout, self.stderr, self.exit)
    }
}

/// An assessment as other programs read it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Assessment(pub(crate) Value);

impl Assessment {
    /// `ready`, `not-ready`, `inconclusive` or `not-applicable`.
    pub(crate) fn answer(&self) -> &str {
        self.0["answer"].as_str().unwrap_or_default()
    }

    /// The domain, in A-labels.
    pub(crate) fn domain(&self) -> &str {
        self.0["domain"].as_str().unwrap_or_default()
    }

    /// All findings that are shown: what is broken, and what could not be looked at.
    pub(crate) fn findings(&self) -> Vec<Finding<'_>> {
        let findings = self.0["findings"].as_array().expect("an assessment has findings");
        let all = findings.iter().map(Finding);
        all.filter(|finding| ["broken", "undetermined"].contains(&finding.text("outcome"))).collect()
    }

    /// The findings of one code.
    pub(crate) fn of(&self, code: &str) -> Vec<Finding<'_>> {
        self.findings().into_iter().filter(|finding| finding.code() == code).collect()
    }
}

/// One finding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finding<'a>(pub(crate) &'a Value);

impl<'a> Finding<'a> {
    /// A field, empty if there is none.
    pub(crate) fn text(self, field: &str) -> &'a str {
        self.0[field].as_str().unwrap_or_default()
    }

    /// The rule's code.
    pub(crate) fn code(self) -> &'a str {
        self.text("code")
    }

    /// `blocker`, `warning` or `advice` where it is broken; `unknown` where it could not be looked at and keeps the answer from being
    /// certain, `unknown-warning` and `unknown-advice` where it does not.
    pub(crate) fn weight(self) -> String {
        match (self.text("outcome"), self.text("severity")) {
            ("broken", severity) => severity.to_owned(),
            (_, "blocker") => "unknown".to_owned(),
            (_, severity) => format!("unknown-{severity}"),
        }
    }
}
