//! A scenario with its expectation, and a table of them run side by side.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::scene::Scene;
use crate::lab::{DomainPlan, Lab};
use crate::run::{Finding, Run, stsready};

/// Runs of the binary at once: most of a run is waiting.
const AT_ONCE: usize = 8;
/// Where a row says nothing else: far more than a healthy domain takes on a machine that has other things to do.
const LONGEST: Duration = Duration::from_secs(90);
/// Far more than a run needs.
const MOST_KIB: u64 = 256 * 1024;
/// So many superfluous findings of a scenario are told whole.
const TOLD: usize = 6;

/// One scenario.
pub(crate) struct Row {
    /// What is the matter, in words.
    pub(crate) name: &'static str,
    answer: Answer,
    findings: &'static [&'static str],
    words: &'static [&'static str],
    limit: Duration,
    patience: Option<&'static str>,
    plan: fn(&mut DomainPlan),
    arrange: fn(&mut Scene<'_>),
    observed: Option<fn(&mut Value)>,
    later: Option<fn(&Scene<'_>)>,
    change: Option<fn(&Scene<'_>) -> Vec<String>>,
}

/// The answer that is due; the exit code follows from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    Ready,
    NotReady,
    Inconclusive,
    NotApplicable,
}

impl Answer {
    /// As JSON names it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotReady => "not-ready",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not-applicable",
        }
    }

    fn exit(self) -> i32 {
        match self {
            Self::Ready | Self::NotApplicable => 0,
            Self::NotReady => 1,
            Self::Inconclusive => 3,
        }
    }
}

/// A scenario: `arrange` changes a healthy domain; `findings` are all that are due, each as `weight code` with, where it matters, the
/// beginning (and behind a `*` the end) of its subject (for weights see [`Finding::weight`]). `code|code` where the network decides which of two it is.
pub(crate) fn row(name: &'static str, answer: Answer, findings: &'static [&'static str], arrange: fn(&mut Scene<'_>)) -> Row {
    Row {
        name,
        answer,
        findings,
        words: &[],
        limit: LONGEST,
        patience: None,
        plan: |_| {},
        arrange,
        observed: None,
        later: None,
        change: None,
    }
}

impl Row {
    /// Builds the domain otherwise to begin with.
    pub(crate) fn plan(self, plan: fn(&mut DomainPlan)) -> Self {
        Self { plan, ..self }
    }

    /// Expects these words, too, in what is said of the findings that are due.
    pub(crate) fn tells(self, words: &'static [&'static str]) -> Self {
        Self { words, ..self }
    }

    /// Waits this long for any one reply.
    pub(crate) fn impatient(self, patience: &'static str) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// Has to end within this time.
    pub(crate) fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Changes what was observed before it is judged: for what would take too long to stage.
    pub(super) fn observed(self, change: fn(&mut Value)) -> Self {
        Self { observed: Some(change), ..self }
    }

    /// Checks once, makes this change, and checks again with the same store: what is told of the second time counts.
    pub(super) fn later(self, change: fn(&Scene<'_>)) -> Self {
        Self { later: Some(change), ..self }
    }

    /// Plans this change (`stsready change …`, without the domain) in place of checking.
    pub(super) fn change(self, words: fn(&Scene<'_>) -> Vec<String>) -> Self {
        Self { change: Some(words), ..self }
    }

    /// Looks, and judges.
    fn run(&self, scene: &Scene<'_>) -> Run {
        if let Some(change) = self.later {
            let store = scene.lab.folder().join(format!("{}.sqlite", scene.name));
            let check = || scene.check().args(["--store".as_ref(), store.as_os_str()]).run();
            check();
            change(scene);
            // Looks are told apart by their second.
            std::thread::sleep(Duration::from_millis(1_050));
            return check();
        }
        if let Some(words) = self.change {
            return scene.change_as("json", words(scene)).run();
        }
        let Some(change) = self.observed else { return scene.check().run() };
        let path = scene.lab.folder().join(format!("{}.facts.json", scene.name));
        scene.check().args(["--save-facts".as_ref(), path.as_os_str()]).run();
        let mut facts: Value = serde_json::from_slice(&std::fs::read(&path).expect("facts were saved")).expect("facts are JSON");
        let domain = if facts.is_array() { &mut facts[0] } else { &mut facts };
        change(domain);
        std::fs::write(&path, facts.to_string()).expect("a file in the lab's folder");
        stsready(["check", "--format", "json", "--facts"]).args([path]).run()
    }

    /// The codes that it expects.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &'static str> {
        self.findings.iter().flat_map(|due| Due::read(due).code.split('|'))
    }

    /// The answer that it expects.
    pub(crate) fn answer(&self) -> Answer {
        self.answer
    }

    /// The findings that it expects.
    pub(crate) fn findings(&self) -> &'static [&'static str] {
        self.findings
    }

    /// The words that it expects.
    pub(crate) fn words(&self) -> &'static [&'static str] {
        self.words
    }

    /// The differences between what is due and what was said; none if all is as it should be.
    fn differences(&self, run: &Run) -> Vec<String> {
        let (exit, assessment) = (run.exit, &run.assessment());
        let mut wrong = Vec::new();
        if run.taken > self.limit {
            wrong.push(format!("took {:?}, at most {:?} were due", run.taken, self.limit));
        }
        if run.peak_kib > MOST_KIB {
            wrong.push(format!("held {} KiB, at most {MOST_KIB} were due", run.peak_kib));
        }
        if assessment.answer() != self.answer.word() {
            wrong.push(format!("answers {}, expected {}", assessment.answer(), self.answer.word()));
        }
        if exit != self.answer.exit() {
            wrong.push(format!("exits with {exit}, expected {}", self.answer.exit()));
        }
        let due: Vec<Due> = self.findings.iter().map(|due| Due::read(due)).collect();
        let findings = assessment.findings();
        let excess: Vec<_> = findings.iter().filter(|finding| !due.iter().any(|due| due.is(**finding))).collect();
        let more = excess.len().saturating_sub(TOLD);
        for finding in excess.into_iter().take(TOLD) {
            let (weight, code, subject) = (finding.weight(), finding.code(), finding.text("subject"));
            wrong.push(format!("says too much: {weight} {code} {subject}\n{:#}", finding.0));
        }
        if more > 0 {
            wrong.push(format!("says too much: and {more} findings more"));
        }
        let mut told = BTreeSet::new();
        for finding in &findings {
            if !told.insert((finding.code(), finding.text("subject"), finding.text("message"))) {
                wrong.push(format!("says twice: {} {} {}", finding.code(), finding.text("subject"), finding.text("message")));
            }
        }
        wrong.dedup();
        for due in &due {
            if !findings.iter().any(|finding| due.is(*finding)) {
                wrong.push(format!("does not say: {} {} {}", due.weight, due.code, due.subject));
            }
        }
        for words in self.words {
            let said = |finding: &Finding<'_>| finding.text("message").contains(words) || finding.0["evidence"].to_string().contains(words);
            if !findings.iter().filter(|finding| due.iter().any(|due| due.is(**finding))).any(said) {
                let said: Vec<_> =
                    findings.iter().map(|finding| format!("{} {}", finding.text("message"), finding.0["evidence"])).collect();
                wrong.push(format!("does not tell {words:?}, but\n{}", said.join("\n")));
            }
        }
        for finding in findings {
            wrong.extend(shortcomings(finding));
        }
        wrong
    }
}

/// What every shown finding must have, whatever it is about.
fn shortcomings(finding: Finding<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for field in ["subject", "message", "title", "expected", "found", "reference"] {
        // A note on what is legal has nothing that was expected otherwise, nor has what could not be looked at.
        let may_miss = !["blocker", "warning"].contains(&finding.weight().as_str()) && ["expected", "found"].contains(&field);
        if finding.text(field).is_empty() && !may_miss {
            wrong.push(format!("{} has no {field}", finding.code()));
        }
    }
    if finding.0["evidence"].as_array().is_none_or(Vec::is_empty) {
        wrong.push(format!("{} has no evidence", finding.code()));
    }
    if finding.text("message").ends_with('.') {
        wrong.push(format!("{}: a message ends without a full stop: {}", finding.code(), finding.text("message")));
    }
    if finding.weight() == "blocker" && finding.text("fix").is_empty() {
        wrong.push(format!("{} says no way out", finding.code()));
    }
    wrong
}

/// A finding that is due.
struct Due {
    weight: &'static str,
    code: &'static str,
    subject: &'static str,
}

impl Due {
    fn read(text: &'static str) -> Self {
        let mut words = text.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default();
        Self { weight: word(), code: word(), subject: word() }
    }

    fn is(&self, finding: Finding<'_>) -> bool {
        self.code.split('|').any(|code| code == finding.code()) && finding.weight() == self.weight && self.is_about(finding.text("subject"))
    }
}

impl Due {
    /// `mx1.` begins the subject; `mx1.* rsa` begins and ends it.
    fn is_about(&self, subject: &str) -> bool {
        let (begin, end) = self.subject.split_once('*').unwrap_or((self.subject, ""));
        subject.starts_with(begin) && subject.ends_with(end)
    }
}

/// Stages every row in one lab and runs the binary for each; all that is wrong is told at once.
pub(crate) fn hold(rows: &[Row]) {
    hold_in(&Lab::start_blocking().expect("the lab needs 127.0.0.0/8"), rows);
}

/// The same in a lab that has something of its own.
pub(crate) fn hold_in(lab: &Lab, rows: &[Row]) {
    let scenes: Vec<Scene<'_>> = rows
        .iter()
        .enumerate()
        .map(|(number, row)| {
            let mut scene = Scene::new(lab, &domain_name(number, row.name), row.plan);
            (row.arrange)(&mut scene);
            if let Some(patience) = row.patience {
                scene.patience(patience);
            }
            scene
        })
        .collect();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            threads.spawn(|| {
                while let Some(number) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < rows.len()) {
                    let run = rows[number].run(&scenes[number]);
                    let wrong = rows[number].differences(&run);
                    if !wrong.is_empty() {
                        failures.lock().unwrap().push((number, wrong));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort_unstable();
    let mut told = String::new();
    for (number, wrong) in &failures {
        let _ = write!(told, "\n== {}\n{}\n", rows[*number].name, wrong.join("\n"));
    }
    assert!(failures.is_empty(), "{} of {} scenarios{told}", failures.len(), rows.len());
}

/// A domain that is called like its scenario, so that whatever is printed tells which it was.
fn domain_name(number: usize, scenario: &str) -> String {
    let words: String = scenario.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    let label: String = words.join("-").chars().take(40).collect();
    format!("{}-{number}.test", label.trim_end_matches('-'))
}
