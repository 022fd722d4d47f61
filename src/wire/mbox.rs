//! Mailboxes of the mbox family (RFC 4155), a message at a time: whatever the length of the mailbox, one message of it is in memory.
//!
//! In: a reader. Out: each [`Message`]. `From ` lines inside a message are no separators where they plainly are none (mboxo writers do
//! not quote all of them), and the quoting of mboxrd (`>From `, `>>From `) is undone, so that signatures over the body hold. Where all
//! messages have the length that their `Content-Length` says (mboxcl, mboxcl2), that tells where the next one ends; not the first one's,
//! for its sender may have written the field and would swallow what follows.

use std::io::{self, Read};

use jiff::Timestamp;
use jiff::civil::DateTime;
use memchr::memmem::Finder;

use super::mail::{self, MAIL_CAP};

/// How much behind a `From ` line is looked at before it is judged.
const LOOKAHEAD: usize = 16 << 10;
/// How much is read at once.
const PIECE: usize = 256 << 10;
/// The longest separator line; what is longer is text.
const SEPARATOR_CAP: usize = 1000;

/// Whether `bytes` begin as a mailbox does.
pub fn is_mbox(bytes: &[u8]) -> bool {
    bytes.starts_with(b"From ")
}

/// A mailbox in reading.
#[derive(Debug)]
pub struct Mailbox<R> {
    reader: R,
    /// What was read and not handed out yet; a message begins at `begin`.
    window: Vec<u8>,
    begin: usize,
    ended: bool,
    /// Whether every `From ` line so far was a separator, so that `>From ` is mboxrd's quoting.
    quoted: bool,
    /// How many messages so far have had the length that they say, if all of them have.
    counted: Option<u64>,
}

/// A message of a mailbox.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// When it was delivered, by its separator line; a time without zone is taken as UTC.
    pub delivered_at: Option<Timestamp>,
    /// The message, quoting undone; of one longer than [`MAIL_CAP`] the beginning.
    pub text: &'a [u8],
    /// Whether it was longer.
    pub cut: bool,
}

impl<R: Read> Mailbox<R> {
    /// Reads a mailbox from its beginning, which is a `From ` line.
    pub fn new(reader: R) -> Self {
        Self { reader, window: Vec::new(), begin: 0, ended: false, quoted: true, counted: Some(0) }
    }

    /// The next message, `None` at the end.
    ///
    /// # Errors
    /// What the reader says.
    pub fn next_message(&mut self) -> io::Result<Option<Message<'_>>> {
        let Some(line_end) = self.separator()? else { return Ok(None) };
        let delivered_at = delivered_at(&self.window[self.begin..line_end]);
        let begin = line_end;
        // Offsets are counted from `self.begin`, for the window moves when more is read.
        let begin = begin - self.begin;
        let said = if self.counted.is_some() { self.end_by_length(begin)? } else { None };
        let (end, next, cut) = match said.filter(|_| self.counted > Some(0)) {
            Some(end) => {
                let message = self.window.get(self.begin + begin..self.begin + end).unwrap_or_default();
                self.quoted &= Finder::new(b"\nFrom ").find(message).is_none();
                (end, end, false)
            }
            None => self.end_of_message(begin)?,
        };
        self.counted = self.counted.filter(|_| said == Some(next)).map(|messages| messages + 1);
        let (from, to) = (self.begin + begin, self.begin + end);
        let to = if self.quoted { from + unquote(&mut self.window[from..to]) } else { to };
        self.begin += next;
        Ok(Some(Message { delivered_at, text: &self.window[from..to], cut }))
    }

    /// The end of the separator line at `begin`, as an index into the window; `None` at the end of the mailbox.
    fn separator(&mut self) -> io::Result<Option<usize>> {
        self.fill(SEPARATOR_CAP)?;
        let rest = self.window.get(self.begin..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        Ok(Some(self.begin + end.min(SEPARATOR_CAP)))
    }

    /// Where the message that starts at `start` ends by its `Content-Length`, if a separator or the end of the mailbox is there; from
    /// `self.begin`.
    fn end_by_length(&mut self, start: usize) -> io::Result<Option<usize>> {
        self.fill(start + LOOKAHEAD)?;
        let head = self.window.get(self.begin + start..).unwrap_or_default();
        let Some((body, length)) = content_length(&head[..head.len().min(LOOKAHEAD)]) else { return Ok(None) };
        let end = start + body + length;
        self.fill(end + LOOKAHEAD)?;
        let rest = self.window.get(self.begin + end..).unwrap_or_default();
        // The blank line before a separator may be counted or not.
        let blank = rest.iter().take(2).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let (before, after) = self.window[self.begin..].split_at((end + blank).min(self.window.len() - self.begin));
        let lands = if after.is_empty() { end <= before.len() } else { is_separator(&before[start..], after) };
        Ok(lands.then_some(end + blank))
    }

    /// Where the message that starts at `start` ends, where the next separator begins, and whether it was cut; all from `self.begin`.
    fn end_of_message(&mut self, start: usize) -> io::Result<(usize, usize, bool)> {
        let finder = Finder::new(b"\nFrom ");
        // The line end of the separator counts as the one before a `From ` line.
        let mut searched = start.saturating_sub(1);
        let mut cut_at = None;
        loop {
            let rest = self.window.get(self.begin + searched..).unwrap_or_default();
            match finder.find(rest) {
                Some(at) => {
                    let line = searched + at + 1;
                    self.fill(line + LOOKAHEAD)?;
                    let window = &self.window[self.begin..];
                    if is_separator(&window[start.min(line)..line], &window[line..]) {
                        return Ok((cut_at.unwrap_or(line), line, cut_at.is_some()));
                    }
                    self.quoted = false;
                    searched = line;
                }
                None => {
                    let held = self.window.len() - self.begin;
                    searched = held.saturating_sub(5).max(searched);
                    if self.ended {
                        return Ok((cut_at.unwrap_or(held), held, cut_at.is_some()));
                    }
                    self.fill(held + PIECE)?;
                }
            }
            if cut_at.is_some() || searched > start + MAIL_CAP {
                // Its beginning is kept and what follows is thrown away as it comes.
                let keep = *cut_at.get_or_insert(start + MAIL_CAP);
                if searched > keep + PIECE {
                    self.window.drain(self.begin + keep..self.begin + searched);
                    searched = keep;
                }
            }
        }
    }

    /// Has at least `wanted` bytes from `begin` on in the window, unless the mailbox ends before.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        if self.ended || self.window.len() - self.begin >= wanted {
            return Ok(());
        }
        self.window.drain(..self.begin);
        self.begin = 0;
        while !self.ended && self.window.len() < wanted {
            let held = self.window.len();
            let more = (wanted - held).max(PIECE) as u64;
            let read = (&mut self.reader).take(more).read_to_end(&mut self.window)?;
            self.ended = (read as u64) < more;
        }
        Ok(())
    }
}

/// Where the body of a message begins, and how long it is by its `Content-Length`; `None` where it does not say so once and credibly.
fn content_length(head: &[u8]) -> Option<(usize, usize)> {
    let (mut at, mut length) = (0, None);
    loop {
        let line = head[at..].split_inclusive(|byte| *byte == b'\n').next().filter(|line| line.ends_with(b"\n"))?;
        at += line.len();
        if line.trim_ascii().is_empty() {
            return Some((at, length?));
        }
        let colon = memchr::memchr(b':', line).unwrap_or(0);
        if line[..colon].eq_ignore_ascii_case(b"Content-Length") {
            let said = std::str::from_utf8(&line[colon + 1..]).ok()?.trim().parse().ok().filter(|said| *said <= MAIL_CAP)?;
            if length.replace(said).is_some() {
                return None;
            }
        }
    }
}

/// Whether a `From ` line begins a message. `before` is the message so far, `line` the line and what follows.
///
/// A separator begins with `From `, and it has a sender and a date, or comes after a blank line and before a header; mails that tell of "From here on" do neither.
fn is_separator(before: &[u8], line: &[u8]) -> bool {
    if !is_mbox(line) {
        return false;
    }
    let end = memchr::memchr(b'\n', line).unwrap_or(line.len());
    let (line, after) = line.split_at(end);
    let after = after.strip_prefix(b"\n").unwrap_or(after);
    let after_blank = before.is_empty() || before.ends_with(b"\n\n") || before.ends_with(b"\n\r\n") || before == b"\n" || before == b"\r\n";
    let dated = line.len() < SEPARATOR_CAP && delivered_at(line).is_some();
    match (after_blank, dated) {
        (true, true) => true,
        (true, false) | (false, true) => mail::is_mail(after),
        (false, false) => false,
    }
}

/// The date of a separator line, as `asctime` writes it: `From sender Sun Mar  1 06:30:00 2026`, at times with a zone before or after
/// the year.
fn delivered_at(line: &[u8]) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let line = std::str::from_utf8(line.get(..line.len().min(SEPARATOR_CAP))?).ok()?;
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let (at, month) =
        words.iter().enumerate().find_map(|(at, word)| MONTHS.iter().position(|name| name == word).map(|month| (at, month)))?;
    let number = |text: &str| text.parse::<i8>().ok();
    let day = number(words.get(at + 1)?)?;
    let mut time = words.get(at + 2)?.split(':').map(number);
    let (hour, minute, second) = (time.next()??, time.next()??, time.next().unwrap_or(Some(0))?);
    let rest = words.get(at + 3..)?;
    let year = rest.iter().find(|word| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()?;
    let offset = rest.iter().find_map(|word| offset(word)).unwrap_or(0);
    let month = i8::try_from(month + 1).ok()?;
    let civil = DateTime::new(year, month, day, hour, minute, second.min(59), 0).ok()?;
    jiff::tz::Offset::from_seconds(offset).ok()?.to_timestamp(civil).ok()
}

/// `+0130` in seconds.
fn offset(word: &str) -> Option<i32> {
    let (sign, digits) = match word.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = Some(digits).filter(|digits| digits.len() == 4)?.parse::<i32>().ok()?;
    Some(sign * (digits / 100 * 3600 + digits % 100 * 60))
}

/// Takes one `>` off every line of `>`s and `From `, in place; the new length.
fn unquote(message: &mut [u8]) -> usize {
    let finder = Finder::new(b"From ");
    let (mut read, mut written, mut searched) = (0, 0, 0);
    while let Some(at) = finder.find(&message[searched..]).map(|at| searched + at) {
        searched = at + 1;
        let marks = message[read..at].iter().rev().take_while(|byte| **byte == b'>').count();
        let begins_line = at - marks == 0 || message.get(at - marks - 1) == Some(&b'\n');
        if marks > 0 && begins_line {
            let length = at - 1 - read;
            message.copy_within(read..read + length, written);
            written += length;
            read = at;
        }
    }
    message.copy_within(read.., written);
    written + message.len() - read
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "From: a@b.example\nSubject: s\n\n";

    fn messages(text: &str) -> Vec<String> {
        let mut mailbox = Mailbox::new(text.as_bytes());
        let mut found = Vec::new();
        while let Some(message) = mailbox.next_message().expect("memory") {
            found.push(String::from_utf8_lossy(message.text).into_owned());
        }
        found
    }

    #[test]
    fn a_separator_is_told_from_text() {
        for (line, cuts) in [
            ("\nFrom b@c.example Sun Mar  1 06:30:00 2026\n", true),
            ("From b@c.example Sun Mar  1 06:30:00 2026\n", true),
            ("\r\nFrom - Sun Mar 01 06:30:00 2026\r\n", true),
            ("\nFrom b Mon\n", true),
            ("\nFrom b@c.example Sun Mar  1 06:30 +0200 2026\n", true),
            ("From here on\n", false),
        ] {
            let text = format!("From a Sun\n{HEAD}one\n{line}{HEAD}two\n");
            assert_eq!(messages(&text).len(), if cuts { 2 } else { 1 }, "{line:?}");
        }
        for text in [
            "\nFrom here on it is easy.\nNote: there is more\n",
            "\nFrom now on\n\nFrom: me\n",
            "From b@c Sun Mar  1 06:30:00 2026\nand so on\n",
        ] {
            assert_eq!(messages(&format!("From a Sun\n{HEAD}one\n{text}")).len(), 1, "{text:?}");
        }
    }

    #[test]
    fn quoting_is_undone_where_the_mailbox_quotes() {
        let text = format!("From a Sun\n{HEAD}>From a\n>>From b\n> From c\n>Fromage\nx>From d\n");
        assert_eq!(messages(&text), [format!("{HEAD}From a\n>From b\n> From c\n>Fromage\nx>From d\n")]);
        let unquoted = format!("From a Sun\n{HEAD}From here on\n>From a\n");
        assert_eq!(messages(&unquoted), [format!("{HEAD}From here on\n>From a\n")]);
    }

    /// A message of a mailbox whose writer says how long its body is.
    fn counted(body: &str) -> String {
        format!(
            "From a@b Sun Mar  1 06:30:00 2026\n{}Content-Length: {}\n\n{body}\n",
            HEAD.trim_end_matches('\n').to_owned() + "\n",
            body.len()
        )
    }

    #[test]
    fn lengths_are_believed_where_all_mails_have_them() {
        let forged = format!("hello\n\nFrom x@y Sun Mar  1 06:30:00 2026\n{HEAD}forged\n>From here\n");
        let all = [counted("one\n"), counted(&forged), counted("three\n")].concat();
        let found = messages(&all);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].contains("forged\n>From here\n") && found[2].contains("three"), "{found:?}");
        let last = messages(&[counted("one\n"), counted(&forged)].concat());
        assert!(last.len() == 2 && last[1].ends_with("forged\n>From here\n\n"), "{last:?}");
        // The mailbox ends with the last byte that is counted.
        let all = [counted("one\n"), counted(&forged)].concat();
        let last = messages(&all[..all.len() - 1]);
        assert!(last.len() == 2 && last[1].ends_with("forged\n>From here\n"), "{last:?}");
        // Quoted as well as counted (mboxcl).
        let quoting = messages(&[counted("one\n"), counted(">From here\n")].concat());
        assert!(quoting.len() == 2 && quoting[1].ends_with("\n\nFrom here\n\n"), "{quoting:?}");
    }

    #[test]
    fn a_length_that_leads_nowhere_is_not_believed() {
        let after = format!("From b@c Mon Mar  2 06:30:00 2026\n{HEAD}after\n");
        for length in [0, 2, 5, 1000, 1 << 20] {
            let wrong = format!("From a@b Sun Mar  1 06:30:00 2026\nContent-Length: {length}\nFrom: a@b\n\nwrong\n\n");
            let found = messages(&[counted("one\n"), counted("two\n"), wrong.clone(), after.clone()].concat());
            assert!(found.len() == 4 && found[3].ends_with("after\n"), "{length}: {found:?}");
            let found = messages(&[counted("one\n"), wrong].concat());
            assert!(found.len() == 2 && found[1].ends_with("\n\nwrong\n\n"), "{length}: {found:?}");
        }
    }

    #[test]
    fn of_a_long_mailbox_little_is_in_memory() {
        let body = "a line of some length\n".repeat(50);
        for mail in [counted(&body), format!("From a@b Sun Mar  1 06:30:00 2026\n{HEAD}{body}\n")] {
            let text = mail.repeat(4 * PIECE / mail.len());
            let mut mailbox = Mailbox::new(text.as_bytes());
            let mut number = 0;
            while mailbox.next_message().expect("memory").is_some() {
                number += 1;
                assert!(mailbox.window.len() < 2 * PIECE, "{number}: {}", mailbox.window.len());
            }
            assert_eq!(number, 4 * PIECE / mail.len());
        }
    }

    #[test]
    fn a_length_that_a_sender_wrote_swallows_nothing() {
        let victim = format!("From b@c Mon Mar  2 06:30:00 2026\n{HEAD}two\n\n");
        let last = format!("From d@e Mon Mar  3 06:30:00 2026\n{HEAD}three\n");
        // As long as to the separator behind the next mail; to the end; beyond it; said twice.
        for length in ["one\n\n".len() + victim.len(), "one\n\n".len() + victim.len() + last.len(), 1 << 20, 5, 0] {
            for field in [format!("Content-Length: {length}\n"), format!("Content-Length: {length}\ncontent-length: {length}\n")] {
                let greedy = format!("From a@b Sun Mar  1 06:30:00 2026\n{field}From: a@b\n\none\n\n");
                assert_eq!(messages(&format!("{greedy}{victim}{last}")).len(), 3, "{field}");
                let later = format!("From a@b Sun Mar  1 06:30:00 2026\n{HEAD}zero\n\n{greedy}{victim}{last}");
                assert_eq!(messages(&later).len(), 4, "{field}");
            }
        }
    }

    #[test]
    fn dates_of_separators_are_read() {
        for (line, means) in [
            ("From a@b Sun Mar  1 06:30:00 2026", Some("2026-03-01T06:30:00Z")),
            ("From a@b Sun Mar  1 06:30:00 +0200 2026", Some("2026-03-01T04:30:00Z")),
            ("From a@b Sun Mar  1 06:30:00 2026 -0130", Some("2026-03-01T08:00:00Z")),
            ("From a@b Sun Mar  1 06:30:60 UTC 2026", Some("2026-03-01T06:30:59Z")),
            ("From a@b Sun Mar  1 06:30:00 GMT0 2026", Some("2026-03-01T06:30:00Z")),
            ("From 1999 Sun Mar  1 06:30:00 2026", Some("2026-03-01T06:30:00Z")),
            ("From a@b Sun Mar 41 06:30:00 2026", None),
            ("From a@b", None),
            ("From May", None),
        ] {
            assert_eq!(delivered_at(line.as_bytes()).map(|at| at.to_string()).as_deref(), means, "{line}");
        }
    }

    #[test]
    fn a_message_beyond_the_cap_is_cut_and_costs_no_other() {
        let text = format!("From a Sun\n{HEAD}{}\nFrom b Mon\n{HEAD}two\n", "x\n".repeat(MAIL_CAP));
        let mut mailbox = Mailbox::new(text.as_bytes());
        let first = mailbox.next_message().unwrap().expect("a message");
        assert!(first.cut && first.text.len() == MAIL_CAP);
        assert!(mailbox.window.len() < MAIL_CAP + 4 * PIECE);
        assert_eq!(mailbox.next_message().unwrap().expect("a message").text, format!("{HEAD}two\n").as_bytes());
        assert!(mailbox.next_message().unwrap().is_none());
    }

    /// A reader that gives a byte at a time shows whatever depends on where a piece ends.
    struct Drop<'a>(&'a [u8]);

    impl Read for Drop<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let length = into.len().min(1).min(self.0.len());
            (&mut self.0).take(length as u64).read(into)
        }
    }

    proptest! {
        #[test]
        fn any_text_like_a_mailbox_is_answered(text in "(From a Sun|From b Mon Mar 1 06:30:00 2026\nContent-Length: 7\n\n|>From |Content-Length: (0|4|30)\n|Subject: s|From: a@b|\n|\r\n|[a-z> ]){0,60}") {
            let text = format!("From a\n{text}");
            let found = messages(&text);
            prop_assert!(found.iter().map(String::len).sum::<usize>() <= text.len());
            let mut mailbox = Mailbox::new(Drop(text.as_bytes()));
            let mut again = Vec::new();
            while let Some(message) = mailbox.next_message().expect("memory") {
                again.push(String::from_utf8_lossy(message.text).into_owned());
            }
            prop_assert_eq!(again, found);
        }

        #[test]
        fn quoted_mails_make_the_round_trip(bodies in proptest::collection::vec("(From |>From |>>From |>|[a-z ]|\n){0,20}", 1..5)) {
            let quoted = |mail: &str| {
                let quote = |line: &str| if line.trim_start_matches('>').starts_with("From ") { format!(">{line}") } else { line.to_owned() };
                mail.split_inclusive('\n').map(quote).collect::<String>()
            };
            let mails: Vec<String> = bodies.iter().map(|body| format!("Subject: s\nTo: x\n\n{body}\n\n")).collect();
            let mailbox: String = mails.iter().map(|mail| format!("From a Sun Mar  1 06:30:00 2026\n{}", quoted(mail))).collect();
            prop_assert_eq!(messages(&mailbox), mails);
        }
    }
}
