//! `playbook`: the ways of working by themselves, the embedded ones and those of the operator's own.

use std::path::{Path, PathBuf};

use super::args::{ListFormat, PageFormat, PlaybookCheck, PlaybookCommand, PlaybookList, PlaybookShow, WhichStore};
use super::config::Config;
use super::{Exit, Failure, Streams, setup};
use crate::playbook::placeholder::{Placeholder, Values};
use crate::playbook::{Playbook, Step, embedded};
use crate::render::escape;
use crate::render::guide::json::Listed;
use crate::render::guide::text;
use crate::rules::catalogue;
use crate::wire::likeness::edits_within;

/// More files than this in a folder are no playbooks.
const OWN_CAP: usize = 1_000;

pub(super) fn run(command: &PlaybookCommand, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    match command {
        PlaybookCommand::List(args) => list(args, streams),
        PlaybookCommand::Show(args) => show(args, streams),
        PlaybookCommand::Check(args) => check(args, streams),
    }
}

/// A playbook's text, and what it is called.
pub(super) struct Source {
    name: String,
    text: String,
    /// As messages name it; `None` for one of ours.
    file: Option<PathBuf>,
}

impl Source {
    /// Finds it: a file, one of the operator's folder, or one of ours.
    pub(super) fn find(name: &str, folder: Option<&Path>) -> Result<Self, Failure> {
        let is_file = Path::new(name).extension().is_some_and(|end| end == "md");
        if is_file || name.contains(['/', '\\']) || name == "-" {
            return Self::file(Path::new(name));
        }
        let own = folder.map(|folder| folder.join(format!("{name}.md"))).filter(|path| path.is_file());
        if let Some(path) = own {
            return Self::file(&path);
        }
        let text = embedded::find(name).ok_or_else(|| {
            let close = embedded::TEXTS.iter().filter_map(|(known, _)| edits_within(name, known, 4).map(|edits| (edits, *known)));
            let near = close.min_by_key(|(edits, _)| *edits).map(|(_, known)| format!("did you mean {known}? ")).unwrap_or_default();
            Failure::Usage(format!("there is no playbook {name:?}; {near}`stsready playbook list` lists them all"))
        })?;
        Ok(Self { name: name.to_owned(), text: text.to_owned(), file: None })
    }

    fn file(path: &Path) -> Result<Self, Failure> {
        let text = String::from_utf8(setup::bytes(path)?).map_err(|_| Failure::Usage(format!("{} is not UTF-8", path.display())))?;
        let name = path.file_stem().map_or_else(|| "playbook".to_owned(), |stem| stem.to_string_lossy().into_owned());
        Ok(Self { name, text, file: Some(path.to_owned()) })
    }

    /// Reads it.
    pub(super) fn parse(&self) -> Result<Playbook, Failure> {
        Playbook::parse(&self.name, &self.text, &catalogue::all()).map_err(|faults| match &self.file {
            Some(file) => Failure::Usage(format!("{} is no playbook: {faults}", file.display())),
            // A test reads all of ours.
            None => Failure::Internal(format!("the playbook {}: {faults}", self.name)),
        })
    }

    /// How `--playbook` finds it again: a file of the operator's own by its path.
    pub(super) fn called(&self, name: &str) -> String {
        if self.file.is_some() { name.to_owned() } else { self.name.clone() }
    }
}

/// The operator's folder, by the configuration.
pub(super) fn folder(config: Option<&PathBuf>) -> Result<Option<PathBuf>, Failure> {
    let which = WhichStore { path: None, config: config.cloned() };
    Ok(Config::load(&which)?.playbooks)
}

fn list(args: &PlaybookList, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let mut sources = own(folder(args.config.as_ref())?.as_deref())?;
    let ours = embedded::TEXTS.iter().map(|(name, text)| Source { name: (*name).to_owned(), text: (*text).to_owned(), file: None });
    let known: Vec<String> = sources.iter().map(|source| source.name.clone()).collect();
    sources.extend(ours.filter(|source| !known.contains(&source.name)));
    let values = Values::names();
    let (mut views, mut exit) = (Vec::new(), Exit::Ready);
    for source in &sources {
        match source.parse() {
            Ok(playbook) => views.push(Listed::new(
                source.name.clone(),
                playbook.title(&values),
                source.file.as_ref().map(|file| file.display().to_string()),
                playbook.steps.iter().map(|step| step.id.clone()).collect(),
            )),
            // One that is none hides no other.
            Err(failure) => {
                writeln!(streams.err, "stsready: {}", escape::terminal(&failure.to_string()))?;
                exit = failure.exit();
            }
        }
    }
    match args.format {
        ListFormat::Text => {
            let rows: Vec<_> = views.into_iter().map(|view| (view.name, view.title, view.file.unwrap_or_default())).collect();
            write!(streams.out, "{}", text::list(&rows))?;
        }
        ListFormat::Json => write!(streams.out, "{}", escape::json_pretty(&views)?)?,
        ListFormat::Ndjson => {
            for view in &views {
                write!(streams.out, "{}", escape::json_line(view)?)?;
            }
        }
    }
    Ok(exit)
}

/// The playbooks in the operator's folder, by name.
fn own(folder: Option<&Path>) -> Result<Vec<Source>, Failure> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    let wrong = |error| Failure::Read { path: folder.to_owned(), error };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)?.take(OWN_CAP) {
        let path = entry.map_err(wrong)?.path();
        if path.extension().is_some_and(|end| end == "md") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| Source::file(path)).collect()
}

fn show(args: &PlaybookShow, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let source = Source::find(&args.name, folder(args.config.as_ref())?.as_deref())?;
    let playbook = source.parse()?;
    if args.format == PageFormat::Markdown {
        // The text may be anybody's; what could corrupt a terminal is shown, not done.
        let lines = source.text.lines().map(|line| format!("{}\n", escape::terminal(line)));
        write!(streams.out, "{}", lines.collect::<String>())?;
        return Ok(Exit::Ready);
    }
    let values = Values::names();
    let step = |step: &Step| {
        let mut gates: Vec<String> = step.gates.iter().map(|gate| gate.text.clone()).collect();
        gates.extend(step.plan.map(|plan| format!("every step of `stsready change {}` is done", plan.as_str())));
        (step.title(&values), gates, step.body(&values))
    };
    let steps: Vec<_> = playbook.steps.iter().map(step).collect();
    write!(streams.out, "{}", text::playbook(&playbook.title(&values), &playbook.intro(&values), &steps, streams.width))?;
    Ok(Exit::Ready)
}

/// Prints every fault of every file; 1 where there is any.
fn check(args: &PlaybookCheck, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let mut exit = Exit::Ready;
    for path in &args.files {
        let source = Source::file(path)?;
        let shown = escape::terminal(&path.display().to_string()).into_owned();
        match Playbook::parse(&source.name, &source.text, &catalogue::all()) {
            Ok(playbook) => writeln!(streams.out, "{shown}: {} steps, nothing wrong", playbook.steps.len())?,
            Err(faults) => {
                exit = Exit::NotReady;
                for fault in faults.0 {
                    let wrong = fault.wrong.to_string();
                    writeln!(streams.out, "{shown}:{}: {}", fault.line, escape::terminal(&wrong))?;
                }
            }
        }
    }
    if args.placeholders {
        let rows: Vec<_> = Placeholder::ALL
            .iter()
            .map(|placeholder| {
                let lines = if placeholder.is_several_lines() { "several lines" } else { "" };
                (format!("{{{{{}}}}}", placeholder.name()), placeholder.meaning().to_owned(), lines.to_owned())
            })
            .collect();
        write!(streams.out, "{}", text::list(&rows))?;
    }
    Ok(exit)
}
