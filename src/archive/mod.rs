//! Floor 2: reports in. Files and directories are read once, for however many domains are judged.
//!
//! In: the paths that the operator gave. Out: an [`Archive`], from which each domain takes its
//! [`ReportFacts`]. What a file is, is told by its content, never by its name; names only break a tie where the content says nothing.
//! A file that cannot be read as a report is a [`Rejected`] with its reason and costs no other. [`read`] hands reports over one by one,
//! however many there are.

pub mod authenticity;
mod collect;
mod concern;
mod contents;
mod delivery;
pub mod imap;
pub mod intake;
mod look;
mod open;
mod origin;
mod purse;
mod queue;
pub mod read;
pub mod store;
mod walk;

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::PathBuf;

use self::collect::{Collected, Collection};
use self::intake::OperatorsWord;
use self::read::ReadFailure;
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
        let sources = paths.iter().map(|path| path.display().to_string()).collect();
        let mut archive = Self { sources, ..Self::default() };
        let mut collection = Collection::default();
        // Whatever a mailbox holds is the operator's word.
        let options = read::Options { quoted_mailboxes: true, ..read::Options::new(&OperatorsWord) };
        let totals = read::each(paths, &options, |parcel, _| {
            archive.ignored += u64::from(parcel.ignored);
            archive.rejected.extend(parcel.rejected.into_iter().map(|refused| refused.rejected));
            parcel.reports.into_iter().for_each(|received| collection.add(received));
            Ok::<(), Infallible>(())
        })
        .map_err(ReadFailure::into_read)?;
        archive.files = totals.files;
        archive.rejected.sort_by(|a, b| (&a.source, &a.reason).cmp(&(&b.source, &b.reason)));
        archive.reports = collection.sorted();
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
        let mut facts = ReportFacts {
            sources: self.sources.clone(),
            files: self.files,
            duplicates: concerned.iter().map(|collected| collected.duplicates).sum(),
            ignored: self.ignored,
            other_domains: (self.reports.len() - concerned.len()) as u64,
            rejected: self.rejected.clone(),
            rejected_beside: 0,
            set_aside: Vec::new(),
            unverified_counted: 0,
            reports: concerned.iter().map(|collected| collected.about(domain)).collect(),
        };
        facts.keep_each_text_once();
        facts
    }

    /// The reports about any of these domains, or all of them, as they were read; with who sent each and where it was read from.
    pub fn reports<'a>(&'a self, about: &'a [Domain]) -> impl Iterator<Item = (&'a str, &'a str, &'a TlsReport)> {
        let wanted = |report: &&Collected| about.is_empty() || report.domains().iter().any(|domain| about.contains(domain));
        self.reports.iter().filter(wanted).map(Collected::as_read)
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

#[cfg(test)]
mod field_tests;
#[cfg(test)]
mod tests;
