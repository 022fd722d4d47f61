//! One source, opened: a file, standard input, a mail. What it is to the operator decides how failing is told.

use std::fs::File as Handle;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use jiff::Timestamp;

use super::ReadError;
use super::contents::{Bench, CONTENT_CAP, Contents, Place};
use super::delivery::{Delivery, Send, Stopped};
use super::intake::Stamp;
use super::look::{Expected, delivered_by_name, is_of_maildir, looks_like_report};
use super::origin::Origin;
use super::purse::Purse;
use super::read::Options;
use super::walk::{self, File, STANDARD_INPUT};

/// What is read at once of a source too large for memory.
const PIECE: usize = 256 << 10;

/// Opens a file and sends off what is in it; the inner error is the operator's mistake.
pub(super) fn file(
    file: &File,
    stamp: Option<Stamp>,
    options: &Options<'_>,
    bench: &mut Bench,
    send: Send<'_>,
) -> Result<Result<(), ReadError>, Stopped> {
    let source = shown(&file.path);
    let known = stamp.as_ref().map_or_else(|| known_by(file), |stamp| Some(stamp.path.clone()));
    let mut delivery = Delivery::new(known, stamp, send);
    if let Some(problem) = &file.problem {
        delivery.refuse_for_now(&source, problem);
        return delivery.finish(&source).map(Ok);
    }
    let mut bytes = bench.buffer();
    let mut rest = match beginning(file, &mut bytes) {
        Ok(rest) => rest,
        Err(problem) if file.given => return Ok(Err(walk::wrong(&file.path, problem))),
        // Moved away meanwhile, as Maildir does: it is met where it is now, by the same name as ever, and must not be known by then.
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => return delivery.vanish().map(Ok),
        Err(problem) => {
            delivery.refuse_for_now(&source, problem);
            return delivery.finish(&source).map(Ok);
        }
    };
    // In a folder, what neither looks nor is called like a report is no concern of ours: it is counted and not complained about.
    if !file.given && !promises_report(&file.path) && !looks_like_report(&bytes) {
        bench.give_back(bytes);
        return delivery.ignore(&source).map(Ok);
    }
    let origin = Origin::default().with_name(file.path.file_name().and_then(|name| name.to_str()));
    let expected = match std::path::absolute(&file.path) {
        _ if is_input(file) && !options.quoted_mailboxes => Expected::OneMail,
        Ok(path) if !is_input(file) => Expected::at(&path),
        _ => Expected::Anything,
    };
    let purse = Purse::of_file(bytes.len());
    let place = Place::new(&source, origin, delivered_by_name(&source), expected, &purse);
    let begin = delivery.moment();
    let mut contents = Contents::new(options, bench, delivery);
    match &mut rest {
        None => contents.bytes(&bytes, place)?,
        Some(rest) => {
            let mut whole = Cursor::new(&bytes).chain(purse.fill(BufReader::with_capacity(PIECE, rest)));
            contents.stream(&mut whole, file.seen.map(|seen| seen.size), place)?;
        }
    }
    let delivery = contents.delivery;
    // A hidden file that cannot be read is an editor's or a download's left-over.
    let left_over = !file.given && !delivery.delivered_since(begin) && is_hidden(&file.path);
    bench.give_back(bytes);
    if left_over { delivery.ignore(&source).map(Ok) } else { delivery.finish(&source).map(Ok) }
}

/// Opens a mail, whatever it begins with.
pub(super) fn mail(
    bytes: &[u8],
    source: &str,
    received_at: Option<Timestamp>,
    options: &Options<'_>,
    bench: &mut Bench,
    send: Send<'_>,
) -> Result<(), Stopped> {
    let mut contents = Contents::new(options, bench, Delivery::new(None, None, send));
    // It pays for itself.
    let purse = Purse::of_mail(bytes);
    contents.one_mail(bytes, Place::new(source, Origin::default(), received_at, Expected::Message, &purse))?;
    contents.delivery.finish(source)
}

/// What is known of a file before it is read; `None` for what is no regular file.
pub(super) fn stamp(file: &File) -> Option<Stamp> {
    let seen = file.seen?;
    Some(Stamp { path: known_by(file)?, size: seen.size, modified: seen.modified })
}

/// What a file is known by from one reading to the next; standard input is another each time.
fn known_by(file: &File) -> Option<String> {
    let path = std::path::absolute(&file.path).ok().filter(|_| !is_input(file))?;
    Some(lasting(&path))
}

fn is_input(file: &File) -> bool {
    file.path.as_os_str() == STANDARD_INPUT
}

/// The path, of a Maildir message without what changes while it stays the same: `new` or `cur`, and the flags.
fn lasting(path: &Path) -> String {
    let whole = || path.to_string_lossy().into_owned();
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return whole() };
    if !is_of_maildir(path) {
        return whole();
    }
    let Some(maildir) = folder.parent() else { return whole() };
    let name = name.to_string_lossy();
    let (unique, _) = name.split_once(":2,").unwrap_or((&name, ""));
    maildir.join(unique).to_string_lossy().into_owned()
}

/// What stays to be read beside the bytes that were.
type Rest = Option<Box<dyn Read>>;

/// Reads as much as may be in memory; the rest, if there is any.
fn beginning(file: &File, bytes: &mut Vec<u8>) -> io::Result<Rest> {
    if is_input(file) {
        let mut input = io::stdin().lock();
        (&mut input).take(CONTENT_CAP as u64 + 1).read_to_end(bytes)?;
        return Ok((bytes.len() > CONTENT_CAP).then(|| Box::new(input) as Box<dyn Read>));
    }
    let mut handle = Handle::open(&file.path)?;
    let size = file.seen.map_or(0, |seen| seen.size);
    if size > CONTENT_CAP as u64 {
        // Its beginning tells what it is; it is not worth more memory.
        (&mut handle).take(PIECE as u64).read_to_end(bytes)?;
        return Ok(Some(Box::new(handle)));
    }
    // One byte more than expected, so that the end is seen without another look.
    bytes.reserve(usize::try_from(size).unwrap_or(0) + 1);
    (&mut handle).take(CONTENT_CAP as u64 + 1).read_to_end(bytes)?;
    Ok((bytes.len() > CONTENT_CAP).then(|| Box::new(handle) as Box<dyn Read>))
}

/// Whether the name says that it is a report or a mail, so that anything else in it is a loss.
fn promises_report(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let endings = [".json", ".gz", ".gzip", ".zip", ".tar", ".tgz", ".eml", ".mbox", ".msg", ".ndjson", ".jsonl"];
    is_of_maildir(path) || endings.iter().any(|ending| name.ends_with(ending))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn shown(path: &Path) -> String {
    if path.as_os_str() == STANDARD_INPUT { "standard input".to_owned() } else { path.display().to_string() }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Bench, File, Options, file, lasting, stamp};
    use crate::archive::intake::OperatorsWord;
    use crate::archive::walk::Seen;

    #[test]
    fn a_maildir_message_stays_the_same_while_it_is_moved_and_flagged() {
        for path in ["/m/new/1772323200.a.host", "/m/cur/1772323200.a.host:2,S", "/m/cur/1772323200.a.host:2,RS"] {
            assert_eq!(lasting(Path::new(path)), "/m/1772323200.a.host", "{path}");
        }
        assert_eq!(lasting(Path::new("/m/archive/1.json")), "/m/archive/1.json");
    }

    #[test]
    fn a_message_that_is_moved_before_it_is_opened_is_not_known_as_read() {
        let gone = PathBuf::from("/nonexistent/new/1772323200.a.host");
        let gone = File { path: gone, seen: Some(Seen { size: 5, modified: 7 }), given: false, problem: None };
        let mut parcels = Vec::new();
        let opened = file(&gone, stamp(&gone), &Options::new(&OperatorsWord), &mut Bench::default(), &mut |parcel, _| {
            parcels.push(parcel);
            Ok(())
        });
        assert!(matches!(opened, Ok(Ok(()))));
        assert!(parcels.len() == 1 && parcels[0].last && parcels[0].stamp.is_none() && parcels[0].origin.is_none(), "{parcels:?}");
    }
}
