//! Floor 2: reports in. Files and directories are read once, for however many domains are judged.
//!
//! In: the paths that the operator gave. Out: an [`Archive`], from which each domain takes its
//! [`ReportFacts`]. What a file is, is told by its content, never by its name; names only break a tie where the content says nothing.
//! A file that cannot be read as a report is a [`Rejected`] with its reason and costs no other.

pub mod authenticity;
mod collect;
pub mod imap;
pub mod intake;
mod open;
mod origin;
pub mod read;
pub mod store;
mod walk;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::collect::Collected;
use self::open::Opened;
use crate::model::facts::reports::{Rejected, ReportFacts};
use crate::wire::name::Domain;
use crate::wire::report::TlsReport;

/// How the operator misused the tool: everything else about a file is a finding.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A path given does not exist.
    #[error("{}: no such file or directory", .0.display())]
    NotFound(PathBuf),
    /// A path given exists and cannot be read.
    #[error("{path}: {why}", path = .0.display(), why = .1)]
    Unreadable(PathBuf, std::io::Error),
}

/// All reports found under some paths, duplicates gone.
#[derive(Debug, Default)]
pub struct Archive {
    sources: Vec<String>,
    files: u64,
    ignored: u64,
    rejected: Vec<Rejected>,
    reports: Vec<Collected>,
    /// Which reports concern a domain.
    index: HashMap<Domain, Vec<usize>>,
}

impl Archive {
    /// Reads files, and directories with all below them. The same paths give the same archive, in any order and on any number of cores.
    ///
    /// # Errors
    /// A path that does not exist or cannot be read at all. What lies inside a directory is rejected, not an error.
    pub fn read(paths: &[PathBuf]) -> Result<Self, ReadError> {
        let files = walk::files(paths)?;
        let mut archive =
            Self { sources: paths.iter().map(|path| path.display().to_string()).collect(), files: files.len() as u64, ..Self::default() };
        let mut found = Vec::new();
        for opened in open_all(&files)? {
            archive.ignored += u64::from(opened.ignored);
            archive.rejected.extend(opened.rejected);
            found.extend(opened.reports);
        }
        archive.rejected.sort_by(|a, b| (&a.source, &a.reason).cmp(&(&b.source, &b.reason)));
        archive.reports = collect::once_each(found);
        for (number, collected) in archive.reports.iter().enumerate() {
            for domain in collected.domains() {
                archive.index.entry(domain).or_default().push(number);
            }
        }
        Ok(archive)
    }

    /// What the reports say about `domain`.
    pub fn for_domain(&self, domain: &Domain) -> ReportFacts {
        let concerned = self.index.get(domain).map(Vec::as_slice).unwrap_or_default();
        let concerned: Vec<&Collected> = concerned.iter().filter_map(|number| self.reports.get(*number)).collect();
        ReportFacts {
            sources: self.sources.clone(),
            files: self.files,
            duplicates: concerned.iter().map(|collected| collected.duplicates).sum(),
            ignored: self.ignored,
            other_domains: (self.reports.len() - concerned.len()) as u64,
            rejected: self.rejected.clone(),
            set_aside: Vec::new(),
            unverified_counted: 0,
            reports: concerned.iter().map(|collected| collected.about(domain)).collect(),
        }
    }

    /// Every report as it was read, with who sent it and where it was read from.
    pub fn reports(&self) -> impl Iterator<Item = (&str, &str, &TlsReport)> {
        self.reports.iter().map(Collected::as_read)
    }

    /// What was read, whatever the domain: no report in it.
    pub fn reading(&self) -> ReportFacts {
        ReportFacts {
            sources: self.sources.clone(),
            files: self.files,
            duplicates: self.reports.iter().map(|collected| collected.duplicates).sum(),
            ignored: self.ignored,
            rejected: self.rejected.clone(),
            ..ReportFacts::default()
        }
    }

    /// The domains that any report concerns, in their order.
    pub fn domains(&self) -> Vec<&Domain> {
        let mut domains: Vec<&Domain> = self.index.keys().collect();
        domains.sort_unstable();
        domains
    }
}

/// Opens the files on all cores; the results come in the files' order.
fn open_all(files: &[walk::File]) -> Result<Vec<Opened>, ReadError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(number) else { return done };
            done.push((number, open::file(file)));
        }
    };
    let mut results = std::thread::scope(|scope| {
        // A few files are not worth a thread.
        let helpers: Vec<_> = (1..cores.min(files.len() / 8 + 1)).map(|_| scope.spawn(work)).collect();
        let mut results = work();
        for helper in helpers {
            match helper.join() {
                Ok(done) => results.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_unstable_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, opened)| opened).collect()
}

#[cfg(test)]
mod tests;
