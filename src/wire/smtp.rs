//! SMTP replies (RFC 5321 §4.2), read incrementally and capped.
//!
//! In: bytes as they come from a server. Out: a whole [`Reply`], "more is needed", or why these bytes are no SMTP.

use serde::{Deserialize, Serialize};

/// The longest reply line that is read, in bytes without its end. RFC 5321 §4.5.3.1.5 demands 512; servers exceed it.
pub const LINE_CAP: usize = 4 * 1024;
/// About how much of one reply is kept, in bytes. Real ones have less than one KiB.
pub const KEPT: usize = 8 * 1024;
/// All replies of one reader together, in bytes.
pub const REPLIES_CAP: usize = 64 * 1024;

/// A complete reply: its code and the text of every line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reply {
    /// 200 to 599.
    pub code: u16,
    /// The text after code and separator, a line an element; hostile, escaped only when shown.
    pub lines: Vec<String>,
    /// How many lines were left out; see [`Reply::cut`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Reply {
    /// A reply.
    pub fn new(code: u16, lines: Vec<String>) -> Self {
        Self { code, lines, left_out: 0 }
    }

    /// What is kept of a long reply: its first lines up to [`KEPT`], behind them the first that offers STARTTLS, and the last. Hundreds of
    /// hostile servers must not fill the memory.
    #[must_use]
    pub fn cut(mut self) -> Self {
        let (mut kept, mut offered, count) = (0, false, self.lines.len());
        let mut index = 0;
        self.lines.retain(|line| {
            index += 1;
            // A line costs more than its text.
            kept += line.len() + size_of::<String>();
            let offers = index > 1 && offers_starttls(line);
            let keep = kept <= KEPT || (offers && !offered) || index == count;
            offered |= offers;
            keep
        });
        self.left_out += count - self.lines.len();
        self.lines.shrink_to_fit();
        self
    }

    /// Whether the code is 2yz.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Whether the server asks to come back later (4yz).
    pub fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }
}

/// Whether an answer to EHLO offers STARTTLS (RFC 3207 §4): a keyword in any case, in a line after the first, which greets.
pub fn starttls_offered(ehlo: &Reply) -> bool {
    ehlo.code == 250 && ehlo.lines.iter().skip(1).any(|line| offers_starttls(line))
}

fn offers_starttls(line: &str) -> bool {
    line.split_ascii_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("STARTTLS"))
}

/// Why bytes are no SMTP reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// A line that does not begin with a reply code and a separator; the line's first bytes.
    #[error("a line that is no SMTP reply: {0:?}")]
    NotSmtp(String),
    /// The lines of one reply have different codes (RFC 5321 §4.2.1 demands one).
    #[error("one reply with two codes, {0} and {1}")]
    MixedCodes(u16, u16),
    /// A line without an end within [`LINE_CAP`].
    #[error("a reply line of more than {LINE_CAP} bytes")]
    LineTooLong,
    /// More than [`REPLIES_CAP`].
    #[error("more than {REPLIES_CAP} bytes of replies")]
    TooMuch,
}

/// Reads replies out of a stream of bytes.
#[derive(Debug, Default)]
pub struct ReplyReader {
    buffer: Vec<u8>,
    fed: usize,
    code: Option<u16>,
    lines: Vec<String>,
}

impl ReplyReader {
    /// A reader that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what came. Feed no more than a few KiB before asking for [`Self::reply`], which is where the caps are enforced.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.fed = self.fed.saturating_add(bytes.len());
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole reply, or `None` if more bytes are needed. After an error nothing sensible follows.
    ///
    /// # Errors
    /// [`ReplyError`]: the peer does not speak SMTP, or says too much.
    pub fn reply(&mut self) -> Result<Option<Reply>, ReplyError> {
        if self.fed > REPLIES_CAP {
            return Err(ReplyError::TooMuch);
        }
        loop {
            let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') else {
                return if self.buffer.len() > LINE_CAP { Err(ReplyError::LineTooLong) } else { Ok(None) };
            };
            if end > LINE_CAP {
                return Err(ReplyError::LineTooLong);
            }
            let rest = self.buffer.split_off(end + 1);
            let line = std::mem::replace(&mut self.buffer, rest);
            let line = Line::parse(&line)?;
            match self.code {
                Some(code) if code != line.code => return Err(ReplyError::MixedCodes(code, line.code)),
                _ => self.code = Some(line.code),
            }
            self.lines.push(line.text);
            if line.last {
                self.code = None;
                return Ok(Some(Reply::new(line.code, std::mem::take(&mut self.lines))));
            }
        }
    }

    /// Bytes that came behind the last whole reply. Behind the answer to STARTTLS there must be none: they came in clear.
    pub fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// Lines of a reply that has not ended yet.
    pub fn unfinished_lines(&self) -> usize {
        self.lines.len()
    }
}

struct Line {
    code: u16,
    last: bool,
    text: String,
}

impl Line {
    /// `250 text`, `250-text` or a bare `250` (RFC 5321 §4.2.1), with CRLF or, as some servers do, LF alone.
    fn parse(line: &[u8]) -> Result<Self, ReplyError> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let wrong = || ReplyError::NotSmtp(String::from_utf8_lossy(line.get(..80).unwrap_or(line)).into_owned());
        let (digits, rest) = line.split_at_checked(3).ok_or_else(wrong)?;
        let code = digits.iter().try_fold(0_u16, |code, byte| byte.is_ascii_digit().then(|| code * 10 + u16::from(byte - b'0')));
        let code = code.filter(|code| (200..600).contains(code)).ok_or_else(wrong)?;
        let (last, text) = match rest.split_first() {
            None => (true, rest),
            Some((b' ', text)) => (true, text),
            Some((b'-', text)) => (false, text),
            Some(_) => return Err(wrong()),
        };
        Ok(Self { code, last, text: String::from_utf8_lossy(text).into_owned() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<Reply>, ReplyError> {
        let mut reader = ReplyReader::new();
        reader.feed(bytes);
        let mut replies = Vec::new();
        while let Some(reply) = reader.reply()? {
            replies.push(reply);
        }
        Ok(replies)
    }

    fn reply(code: u16, lines: &[&str]) -> Reply {
        Reply::new(code, lines.iter().map(|&line| line.to_owned()).collect())
    }

    #[test]
    fn of_a_long_reply_the_beginning_the_offer_and_the_end_are_kept() {
        let short = reply(250, &["mx", "PIPELINING", "STARTTLS"]);
        assert_eq!(short.clone().cut(), short);
        let noise = || (0..9_000).map(|number| format!("X{number}"));
        let lines = ["mx".to_owned()].into_iter().chain(noise()).chain(["starttls".to_owned()]).chain(noise());
        let long = Reply::new(250, lines.chain(["STARTTLS".to_owned(), "HELP".to_owned()]).collect());
        let (whole, cut) = (long.lines.len(), long.cut());
        assert!(starttls_offered(&cut) && cut.lines.last().is_some_and(|line| line == "HELP"));
        assert_eq!(cut.lines.len() + cut.left_out, whole);
        let size: usize = cut.lines.iter().map(|line| line.len() + size_of::<String>()).sum();
        assert!(size < KEPT + 100, "{size}");
        assert_eq!(cut.clone().cut().lines.len(), cut.lines.len(), "cut again, nothing more is lost");
        // The first line greets: it offers nothing, before and after.
        let never = Reply::new(250, ["STARTTLS".to_owned()].into_iter().chain(noise()).collect()).cut();
        assert!(!starttls_offered(&never));
        let greets =
            Reply::new(250, ["STARTTLS".to_owned()].into_iter().chain(noise()).chain(["STARTTLS".to_owned(), "HELP".to_owned()]).collect());
        assert!(starttls_offered(&greets.cut()), "what greets does not stand for the offer");
        let again = Reply::new(250, vec!["STARTTLS".to_owned(); 9_000]).cut();
        assert!(again.lines.len() < KEPT / size_of::<String>(), "one offer is enough: {}", again.lines.len());
        let large = Reply::new(250, vec!["X-EXTENSION with some forty bytes of arguments".to_owned(); 60]);
        assert_eq!(large.clone().cut(), large, "no server that means well says more");
    }

    #[test]
    fn it_is_written_how_many_lines_were_left_out_and_none_is_not() {
        let whole = reply(250, &["mx"]);
        assert_eq!(serde_json::to_value(&whole).ok(), Some(serde_json::json!({"code": 250, "lines": ["mx"]})));
        let cut = Reply { left_out: 3, ..whole };
        let written = serde_json::to_value(&cut).expect("JSON");
        assert_eq!((&written["left_out"], serde_json::from_value(written.clone()).ok()), (&3.into(), Some(cut)));
    }

    #[test]
    fn whole_replies_are_read() {
        for (bytes, expected) in [
            (&b"220 mx ESMTP\r\n"[..], vec![reply(220, &["mx ESMTP"])]),
            (b"220-wait\r\n220-for it\r\n220 go\r\n", vec![reply(220, &["wait", "for it", "go"])]),
            (b"250\r\n", vec![reply(250, &[""])]),
            (b"250-mx\r\n250\r\n", vec![reply(250, &["mx", ""])]),
            (b"220 lf only\n250 next\n", vec![reply(220, &["lf only"]), reply(250, &["next"])]),
            (b"250 caf\xe9\r\n", vec![reply(250, &["caf\u{fffd}"])]),
            (b"250-mx\r\n", vec![]),
            (b"220 no end", vec![]),
            (b"", vec![]),
        ] {
            assert_eq!(read(bytes), Ok(expected), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn everything_else_is_an_error() {
        for bytes in [
            &b"SSH-2.0-OpenSSH_9.9\r\n"[..],
            b"HTTP/1.1 400 Bad Request\r\n",
            b"\r\n",
            b"22\r\n",
            b"199 low\r\n",
            b"600 high\r\n",
            b"220=mx\r\n",
            b"2200 mx\r\n",
            b"+OK ready\r\n",
        ] {
            assert!(matches!(read(bytes), Err(ReplyError::NotSmtp(_))), "{}", bytes.escape_ascii());
        }
        assert_eq!(read(b"250-mx\r\n220 mx\r\n"), Err(ReplyError::MixedCodes(250, 220)));
    }

    #[test]
    fn endless_lines_and_endless_replies_are_cut_off() {
        assert_eq!(read(&[b'2'; LINE_CAP + 1]), Err(ReplyError::LineTooLong));
        assert_eq!(read(format!("220 {}\r\n", "a".repeat(LINE_CAP)).as_bytes()), Err(ReplyError::LineTooLong));
        let mut reader = ReplyReader::new();
        let fed = (0..).take_while(|_| {
            reader.feed(b"220-and another line that does not end the greeting\r\n");
            matches!(reader.reply(), Ok(None))
        });
        assert!(fed.count() < REPLIES_CAP / 50);
        assert_eq!(reader.reply(), Err(ReplyError::TooMuch));
    }

    #[test]
    fn starttls_is_a_keyword_in_a_line_after_the_first() {
        for (ehlo, offered) in [
            (reply(250, &["mx", "PIPELINING", "STARTTLS"]), true),
            (reply(250, &["mx", "starttls"]), true),
            (reply(250, &["mx", "STARTTLS required"]), true),
            (reply(250, &["STARTTLS"]), false),
            (reply(250, &["mx", "XSTARTTLS"]), false),
            (reply(250, &["mx", "XXXXXXXA"]), false),
            (reply(250, &["mx", "SIZE STARTTLS"]), false),
            (reply(220, &["mx", "STARTTLS"]), false),
            (reply(250, &[]), false),
        ] {
            assert_eq!(starttls_offered(&ehlo), offered, "{ehlo:?}");
        }
    }

    #[test]
    fn bytes_behind_a_reply_are_noticed() {
        let mut reader = ReplyReader::new();
        reader.feed(b"220 go ahead\r\n250 injected");
        assert!(matches!(reader.reply(), Ok(Some(_))));
        assert_eq!(reader.pending(), 12);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let _ = read(&bytes);
        }

        #[test]
        fn the_cuts_between_packets_do_not_matter(code in 200_u16..600, lines in proptest::collection::vec("[ -~]{0,60}", 1..6), cut in 1_usize..9) {
            let last = lines.len() - 1;
            let mut text = String::new();
            for (at, line) in lines.iter().enumerate() {
                let separator = if at == last { " " } else { "-" };
                text += &[code.to_string().as_str(), separator, line, "\r\n"].concat();
            }
            let mut reader = ReplyReader::new();
            let mut seen = None;
            for piece in text.as_bytes().chunks(cut) {
                prop_assert_eq!(&seen, &None);
                reader.feed(piece);
                seen = reader.reply().unwrap();
            }
            prop_assert_eq!(seen, Some(Reply::new(code, lines)));
            prop_assert_eq!(reader.pending(), 0);
        }
    }
}
