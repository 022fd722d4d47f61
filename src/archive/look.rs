//! What a file is by where it lies, and what a content is at first sight.
//!
//! In: a path, or the beginning of a content. Out: what it is taken for before it is read.

use std::path::Path;

use jiff::Timestamp;

use crate::wire::{gzip, mail, mbox, tar};

/// What is known of a content before it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Nothing.
    Anything,
    /// It may be anything but a mailbox: a `From ` line before it is what a delivery agent puts before one mail, and whatever looks like a
    /// second mail is text of the first.
    OneMail,
    /// It is a message of a Maildir: a mail, whatever it begins with.
    Message,
}

impl Expected {
    /// By the place of a file: what lies in a Maildir was delivered there, and is called as nobody calls a report.
    pub(super) fn at(path: &Path) -> Self {
        let is_named_report = || path.file_name().is_some_and(|name| name.to_string_lossy().contains(".json"));
        if is_of_maildir(path) && !is_named_report() { Self::Message } else { Self::Anything }
    }
}

/// Whether the content has the look of a report, a mail, or something that reports are packed in or mistaken for.
pub(super) fn looks_like_report(bytes: &[u8]) -> bool {
    gzip::is_gzip(bytes)
        || mail::is_zip(bytes)
        || mail::is_json(bytes)
        || mbox::is_mbox(bytes)
        || tar::is_tar(bytes)
        || mail::is_mail(bytes)
        || is_xml(bytes) && is_dmarc(bytes)
}

/// Whether a file lies where a Maildir has its messages.
pub(super) fn is_of_maildir(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "cur" || folder == "new")
}

/// When a Maildir message was delivered, by its name: seconds, then what makes it unique.
pub(super) fn delivered_by_name(path: &str) -> Option<Timestamp> {
    let (_, name) = path.rsplit_once('/').filter(|_| is_of_maildir(Path::new(path)))?;
    let (seconds, _) = name.split_once('.')?;
    let seconds = seconds.parse().ok().filter(|seconds| (631_152_000..7_258_118_400_i64).contains(seconds))?;
    Timestamp::from_second(seconds).ok()
}

/// What archives of folders hold besides: hidden files, and the other half of files from a Mac.
pub(super) fn is_left_over(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|name| name.starts_with("._") || name == ".DS_Store")
}

/// Whether it begins as XML or HTML does.
pub(super) fn is_xml(bytes: &[u8]) -> bool {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start().starts_with(b"<")
}

/// Whether it is a DMARC report.
pub(super) fn is_dmarc(bytes: &[u8]) -> bool {
    memchr::memmem::find(&bytes[..bytes.len().min(4096)], b"<feedback").is_some()
}
