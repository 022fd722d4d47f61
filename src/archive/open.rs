//! One file, opened: what its content is, and the reports in it.
//!
//! Packed data is unpacked and mails are taken apart until JSON is reached, at most [`LAYER_CAP`] layers deep and within the caps
//! of each format. Every layer that fails leaves a reason.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use super::ReadError;
use super::origin::{Found, Origin};
use super::walk::{self, File};
use crate::model::facts::reports::Rejected;
use crate::wire::{gzip, mail, report, zip};

/// The largest file that is read.
const FILE_CAP: usize = 64 << 20;
/// All that one file unpacks to, over its parts and layers. Each part has its own cap; this one is for a mail of a thousand parts.
const UNPACKED_CAP: usize = 1 << 30;
/// A gzipped mail with a gzipped report in a forwarded mail has four layers; nobody needs more.
const LAYER_CAP: usize = 5;
/// How many rejections of one file are told one by one.
const TOLD_CAP: usize = 20;
/// How many are remembered while it is read.
const REASON_CAP: usize = 10_000;

/// What came out of a file.
#[derive(Debug, Default)]
pub(super) struct Opened {
    /// The reports, in their order.
    pub(super) reports: Vec<Found>,
    /// What in it could not be read.
    pub(super) rejected: Vec<Rejected>,
    /// Whether it plainly is something else.
    pub(super) ignored: bool,
    /// Rejections beyond [`REASON_CAP`].
    untold: usize,
    /// How much was unpacked so far.
    unpacked: usize,
}

/// Opens a file.
pub(super) fn file(file: &File) -> Result<Opened, ReadError> {
    let source = file.path.display().to_string();
    let mut opened = Opened::default();
    if let Some(problem) = &file.problem {
        opened.reject(&source, problem.clone());
        return Ok(opened);
    }
    let bytes = match read(&file.path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            opened.reject(&source, format!("larger than {} MiB", FILE_CAP >> 20));
            return Ok(opened);
        }
        Err(problem) if file.given => return Err(walk::wrong(&file.path, problem)),
        Err(problem) => {
            opened.reject(&source, problem.to_string());
            return Ok(opened);
        }
    };
    // In a directory, what neither looks nor is called like a report is no concern of ours: it is counted and not complained about.
    let concerns_us = file.given || promises_report(&file.path) || looks_like_report(&bytes);
    if !concerns_us {
        opened.ignored = true;
        return Ok(opened);
    }
    let origin = Origin::default().with_name(file.path.file_name().and_then(|name| name.to_str()));
    content(bytes, &source, &origin, LAYER_CAP, &mut opened);
    opened.shorten(&source);
    // A hidden file that cannot be read is an editor's or a download's left-over.
    if !file.given && opened.reports.is_empty() && is_hidden(&file.path) {
        opened = Opened { ignored: true, ..Opened::default() };
    }
    Ok(opened)
}

impl Opened {
    /// Notes why something could not be read; of a flood only the number is kept.
    fn reject(&mut self, source: &str, reason: impl Into<String>) {
        if self.rejected.len() < REASON_CAP {
            self.rejected.push(Rejected { source: source.to_owned(), reason: reason.into() });
        } else {
            self.untold += 1;
        }
    }

    /// A file of ten thousand broken documents needs no ten thousand reasons: the same reason is told once with its number, and at
    /// most [`TOLD_CAP`] of them.
    fn shorten(&mut self, source: &str) {
        let mut times: Vec<(Rejected, usize)> = Vec::new();
        for rejected in self.rejected.drain(..) {
            match times.last_mut() {
                Some((last, number)) if *last == rejected => *number += 1,
                _ => times.push((rejected, 1)),
            }
        }
        let more = times.iter().skip(TOLD_CAP).map(|(_, number)| number).sum::<usize>() + self.untold;
        self.rejected = times.into_iter().take(TOLD_CAP).map(|(rejected, number)| told(rejected, number)).collect();
        if more > 0 {
            self.rejected.push(Rejected { source: source.to_owned(), reason: format!("and {more} more in the same file") });
        }
    }
}

fn told(rejected: Rejected, times: usize) -> Rejected {
    if times == 1 { rejected } else { Rejected { reason: format!("{} ({times} times)", rejected.reason), ..rejected } }
}

/// One layer: takes it off, or reads the reports.
fn content(bytes: Vec<u8>, source: &str, origin: &Origin, layers: usize, opened: &mut Opened) {
    if layers == 0 {
        opened.reject(source, "packed too many times over");
    } else if bytes.trim_ascii().is_empty() {
        opened.reject(source, "empty");
    } else if gzip::is_gzip(&bytes) {
        match gzip::unpack(&bytes) {
            Ok(unpacked) => {
                drop(bytes);
                opened.unpacked = opened.unpacked.saturating_add(unpacked.data.len());
                if opened.unpacked > UNPACKED_CAP {
                    return opened.reject(source, format!("it unpacks to more than {} MiB in all", UNPACKED_CAP >> 20));
                }
                content(unpacked.data, source, origin, layers - 1, opened);
            }
            Err(why) => opened.reject(source, why.to_string()),
        }
    } else if mail::is_zip(&bytes) {
        archive(&bytes, source, origin, layers, opened);
    } else if bytes.starts_with(b"From ") {
        mailbox(&bytes, source, origin, layers, opened);
    } else if mail::is_mail(&bytes) {
        one_mail(&bytes, source, origin, layers, opened);
    } else if is_xml(&bytes) {
        let dmarc = bytes.windows(9).take(4096).any(|window| window == b"<feedback");
        opened.reject(source, if dmarc { "a DMARC report (XML), not a TLS report" } else { "XML or HTML, not a TLS report" });
    } else {
        documents(&bytes, source, origin, opened);
    }
}

/// Every file of a zip archive.
fn archive(bytes: &[u8], source: &str, origin: &Origin, layers: usize, opened: &mut Opened) {
    zip::unpack(bytes, |file| match file {
        Ok(file) => {
            opened.unpacked = opened.unpacked.saturating_add(file.data.len());
            if opened.unpacked > UNPACKED_CAP {
                return opened.reject(source, format!("it unpacks to more than {} MiB in all", UNPACKED_CAP >> 20));
            }
            let origin = origin.with_name(Some(&file.name));
            content(file.data, &format!("{source}: {}", file.name), &origin, layers - 1, opened);
        }
        Err(why) => opened.reject(source, why.to_string()),
    });
}

fn documents(bytes: &[u8], source: &str, origin: &Origin, opened: &mut Opened) {
    for document in report::read_all(bytes) {
        match document {
            Ok(report) => opened.reports.push(Found { report, origin: origin.clone(), source: source.to_owned() }),
            Err(why) => opened.reject(source, why.to_string()),
        }
    }
}

/// Every message of an mbox file.
fn mailbox(bytes: &[u8], source: &str, origin: &Origin, layers: usize, opened: &mut Opened) {
    // The iterator reads from memory, so it cannot fail and its messages are no larger than the file.
    let messages = mail_parser::mailbox::mbox::MessageIterator::new(bytes);
    for (number, message) in messages.filter_map(Result::ok).enumerate() {
        one_mail(message.contents(), &format!("{source}: message {}", number + 1), origin, layers, opened);
    }
}

/// One mail by itself.
pub(super) fn mail(bytes: &[u8], source: &str) -> Opened {
    let mut opened = Opened::default();
    one_mail(bytes, source, &Origin::default(), LAYER_CAP, &mut opened);
    opened
}

fn one_mail(bytes: &[u8], source: &str, origin: &Origin, layers: usize, opened: &mut Opened) {
    let mail = match mail::read(bytes) {
        Ok(mail) => mail,
        Err(why) => return opened.reject(source, why.to_string()),
    };
    let origin = origin.in_mail(&mail);
    let before = (opened.reports.len(), opened.rejected.len());
    let mut doubtful = Opened { unpacked: opened.unpacked, ..Opened::default() };
    for part in mail.parts {
        let origin = origin.with_name(part.name.as_deref());
        // A text that merely begins with a brace is tried, but failing it is worth a word only if the mail held no report at all.
        let into = if part.declared { &mut *opened } else { &mut doubtful };
        content(part.data, source, &origin, layers - 1, into);
    }
    opened.unpacked = opened.unpacked.max(doubtful.unpacked);
    opened.reports.append(&mut doubtful.reports);
    if opened.reports.len() == before.0 {
        opened.rejected.append(&mut doubtful.rejected);
        opened.untold += doubtful.untold;
    }
    if mail.cut {
        opened.reject(source, "a mail with too many or too deeply nested parts; the rest was not read");
    } else if (opened.reports.len(), opened.rejected.len()) == before {
        opened.reject(source, "a mail without a TLS report in it");
    }
}

/// The file's bytes, `None` beyond the cap.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(FILE_CAP as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= FILE_CAP).then_some(bytes))
}

/// Whether the name says that it is a report or a mail, so that anything else in it is a loss.
fn promises_report(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let maildir = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "cur" || folder == "new");
    let endings = [".json", ".gz", ".gzip", ".zip", ".eml", ".mbox", ".msg", ".ndjson", ".jsonl"];
    maildir || endings.iter().any(|ending| name.ends_with(ending))
}

/// Whether the content has the look of a report, a mail, or something that reports are packed in or mistaken for.
fn looks_like_report(bytes: &[u8]) -> bool {
    let dmarc = is_xml(bytes) && bytes.windows(9).take(4096).any(|window| window == b"<feedback");
    gzip::is_gzip(bytes) || mail::is_zip(bytes) || mail::is_json(bytes) || mail::is_mail(bytes) || bytes.starts_with(b"From ") || dmarc
}

fn is_xml(bytes: &[u8]) -> bool {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start().starts_with(b"<")
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}
