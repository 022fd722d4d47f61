//! Which files there are: the paths as given, and everything below a directory, sorted by name.
//!
//! Links are followed, each directory once, so loops end. Hidden entries are looked at (Maildir++ folders begin with a dot).
//! Inside directories only regular files count: a pipe or a device could block or never end.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::ReadError;

/// How deep directories may nest.
const DEPTH_CAP: usize = 64;

/// What stands for standard input.
pub(super) const STANDARD_INPUT: &str = "-";

/// A file to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// Where it is; [`STANDARD_INPUT`] for that.
    pub(super) path: PathBuf,
    /// Its length in bytes and its time of modification, for a regular file.
    pub(super) seen: Option<Seen>,
    /// Whether the operator named it; then it is meant to be a report, and not being readable is an error.
    pub(super) given: bool,
    /// Why it, or the directory, cannot be opened, if that is known already.
    pub(super) problem: Option<String>,
}

/// A regular file as it was found, before it is read: should it change meanwhile, the next reading sees that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// In bytes.
    pub(super) size: u64,
    /// Nanoseconds since 1970; 0 where the file system tells none.
    pub(super) modified: i64,
}

impl Seen {
    fn of(kind: &fs::Metadata) -> Option<Self> {
        let modified = kind.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0);
        kind.is_file().then_some(Self { size: kind.len(), modified })
    }
}

/// Lists the files under `paths`, each path once.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<File>, ReadError> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        if path.as_os_str() == STANDARD_INPUT {
            found.push(File { path: path.clone(), seen: None, given: true, problem: None });
            continue;
        }
        let kind = fs::metadata(path).map_err(|problem| wrong(path, problem))?;
        if kind.is_dir() {
            let entries = entries(path).map_err(|problem| wrong(path, problem))?;
            if first_visit(path, &mut seen) {
                below(entries, DEPTH_CAP, &mut seen, &mut found);
            }
        } else {
            found.push(File { path: path.clone(), seen: Seen::of(&kind), given: true, problem: None });
        }
    }
    found.sort_by(|a, b| (&a.path, !a.given).cmp(&(&b.path, !b.given)));
    found.dedup_by(|later, earlier| later.path == earlier.path);
    Ok(found)
}

/// The operator's mistake, named.
pub(super) fn wrong(path: &Path, problem: io::Error) -> ReadError {
    if problem.kind() == io::ErrorKind::NotFound {
        ReadError::NotFound(path.to_owned())
    } else {
        ReadError::Unreadable(path.to_owned(), problem)
    }
}

fn below(entries: Vec<PathBuf>, depth: usize, seen: &mut BTreeSet<PathBuf>, found: &mut Vec<File>) {
    for path in entries {
        let mut reject = |why: String| found.push(File { path: path.clone(), seen: None, given: false, problem: Some(why) });
        let kind = match fs::metadata(&path) {
            Ok(kind) => kind,
            // A link to nowhere, or a file that was moved away meanwhile (Maildir does that): nothing is there to be lost.
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => continue,
            Err(problem) => {
                reject(problem.to_string());
                continue;
            }
        };
        if kind.is_file() {
            found.push(File { path, seen: Seen::of(&kind), given: false, problem: None });
        } else if kind.is_dir() && is_unfinished(&path) {
            // A Maildir's messages that are still being written.
        } else if kind.is_dir() && depth == 0 {
            reject(format!("directories nest deeper than {DEPTH_CAP}"));
        } else if kind.is_dir() && first_visit(&path, seen) {
            match self::entries(&path) {
                Ok(entries) => below(entries, depth - 1, seen, found),
                Err(problem) => reject(problem.to_string()),
            }
        }
    }
}

/// Whether it is the `tmp` of a Maildir: there messages lie that are not delivered yet.
fn is_unfinished(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tmp") && path.with_file_name("cur").is_dir() && path.with_file_name("new").is_dir()
}

/// Whether this directory, by whatever path, was not visited yet.
fn first_visit(path: &Path, seen: &mut BTreeSet<PathBuf>) -> bool {
    seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
}

/// Entries sorted by name, so that which of two paths to one directory is taken does not depend on the file system's order.
fn entries(path: &Path) -> io::Result<Vec<PathBuf>> {
    // The names alone: whole paths, which are compared a component at a time, begin alike.
    let mut names = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names.into_iter().map(|name| path.join(name)).collect())
}
