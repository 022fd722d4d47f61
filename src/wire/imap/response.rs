//! What a response means (RFC 9051 §7), as far as reading a folder needs it. Whatever else a server says is [`Response::Other`].

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use super::frame::{Frame, Piece};

/// How deep lists may nest where they are passed over.
const NESTING_CAP: usize = 100;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// The answer to the command with this tag.
    Done(String, Status, Words),
    /// `* OK` and its like: the greeting, a warning, or what a folder is like.
    Told(Status, Words),
    /// `* CAPABILITY`: in upper case.
    Capabilities(Vec<String>),
    /// `* n EXISTS`: so many messages are in the folder.
    Exists(u32),
    /// `* n FETCH`.
    Fetched(Message),
    /// `+`: the server waits for more.
    GoOn,
    /// Anything else.
    Other,
}

/// How a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok,
    /// Not done.
    No,
    /// Not understood.
    Bad,
    /// The server is about to close the connection.
    Bye,
    /// In the greeting: logged in already.
    PreAuth,
}

/// The words of an answer, hostile as all else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// What stands in brackets, in upper case where it is a word of the protocol.
    pub code: Option<Code>,
    /// What is meant for people.
    pub text: String,
}

/// A response code (RFC 9051 §7.1, RFC 5530).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// `UIDVALIDITY n`.
    UidValidity(u32),
    /// `UIDNEXT n`.
    UidNext(u32),
    /// `CAPABILITY …`.
    Capabilities(Vec<String>),
    /// Any other: its first word, in upper case.
    Word(String),
}

/// What was told about one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its UID.
    pub uid: Option<u32>,
    /// `RFC822.SIZE`, by the server's word.
    pub size: Option<u64>,
    /// `INTERNALDATE`: when the server received it.
    pub received_at: Option<Timestamp>,
    /// `BODY[]` or a part of it, whichever was asked for.
    pub content: Option<Content>,
}

/// A message's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// More than was kept: how many bytes.
    TooLong(u64),
    /// The server has none to give.
    Nil,
}

impl Response {
    /// Reads a response.
    pub fn read(frame: Frame) -> Self {
        let mut cursor = Cursor { pieces: frame.pieces.into_iter(), text: Vec::new(), at: 0 };
        cursor.next_text();
        match cursor.word().as_str() {
            "+" => Self::GoOn,
            "*" => cursor.skip_space().untagged().unwrap_or(Self::Other),
            tag => {
                let tag = tag.to_owned();
                match cursor.skip_space().status() {
                    Some(status) if !tag.is_empty() => Self::Done(tag, status, cursor.words()),
                    _ => Self::Other,
                }
            }
        }
    }
}

/// Reads on through the pieces of a frame. Literals are taken out of it, never copied.
struct Cursor {
    pieces: std::vec::IntoIter<Piece>,
    /// The piece of text that is read.
    text: Vec<u8>,
    at: usize,
}

impl Cursor {
    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// Goes over one byte if it is this one.
    fn eat(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    /// Goes on to the piece after a literal.
    fn next_text(&mut self) {
        if let [Piece::Text(_), ..] = self.pieces.as_slice()
            && let Some(Piece::Text(text)) = self.pieces.next()
        {
            (self.text, self.at) = (text, 0);
        }
    }

    fn skip_space(&mut self) -> &mut Self {
        while self.eat(b' ') {}
        self
    }

    /// Up to a space or the end.
    fn word(&mut self) -> String {
        self.until(|byte| byte == b' ')
    }

    fn until(&mut self, stop: impl Fn(u8) -> bool) -> String {
        let rest = self.rest();
        let end = rest.iter().position(|byte| stop(*byte)).unwrap_or(rest.len());
        let word = String::from_utf8_lossy(&rest[..end]).into_owned();
        self.at += end;
        word
    }

    fn number<N: std::str::FromStr>(&mut self) -> Option<N> {
        self.until(|byte| !byte.is_ascii_digit()).parse().ok()
    }

    fn status(&mut self) -> Option<Status> {
        let status = match self.word().to_ascii_uppercase().as_str() {
            "OK" => Status::Ok,
            "NO" => Status::No,
            "BAD" => Status::Bad,
            "BYE" => Status::Bye,
            "PREAUTH" => Status::PreAuth,
            _ => return None,
        };
        Some(status)
    }

    /// Code and text to the end of the line.
    fn words(&mut self) -> Words {
        self.skip_space();
        let code = if self.eat(b'[') { Some(self.code()) } else { None };
        let text = String::from_utf8_lossy(self.rest()).trim().to_owned();
        Words { code, text }
    }

    fn code(&mut self) -> Code {
        let inner = self.until(|byte| byte == b']');
        self.eat(b']');
        let (name, value) = inner.split_once(' ').unwrap_or((&inner, ""));
        let name = name.to_ascii_uppercase();
        let number = value.trim().parse().ok();
        match (name.as_str(), number) {
            ("UIDVALIDITY", Some(number)) => Code::UidValidity(number),
            ("UIDNEXT", Some(number)) => Code::UidNext(number),
            ("CAPABILITY", _) => Code::Capabilities(capabilities(value)),
            _ => Code::Word(name),
        }
    }

    fn untagged(&mut self) -> Option<Response> {
        if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            let number = self.number()?;
            return match self.skip_space().word().to_ascii_uppercase().as_str() {
                "EXISTS" => Some(Response::Exists(number)),
                "FETCH" => self.skip_space().message().map(Response::Fetched),
                _ => None,
            };
        }
        let begin = self.at;
        if let Some(status) = self.status() {
            return Some(Response::Told(status, self.words()));
        }
        self.at = begin;
        if self.word().eq_ignore_ascii_case("CAPABILITY") {
            let list = String::from_utf8_lossy(self.rest()).into_owned();
            return Some(Response::Capabilities(capabilities(&list)));
        }
        None
    }

    /// `(NAME VALUE …)`. What comes before something that cannot be understood is kept.
    fn message(&mut self) -> Option<Message> {
        if !self.eat(b'(') {
            return None;
        }
        let mut message = Message::default();
        loop {
            self.skip_space();
            let name = self.item_name();
            if name.is_empty() {
                return Some(message);
            }
            self.skip_space();
            match name.as_str() {
                "UID" => message.uid = self.number(),
                "RFC822.SIZE" => message.size = self.number(),
                "INTERNALDATE" => message.received_at = self.string().and_then(|content| internal_date(&content)),
                name if name.starts_with("BODY[") => message.content = self.string(),
                _ => {
                    if !self.pass_over() {
                        return Some(message);
                    }
                }
            }
        }
    }

    /// `UID`, `BODY[HEADER.FIELDS (SUBJECT)]<0>`: in upper case. Nothing at the end of the list.
    fn item_name(&mut self) -> String {
        let mut name = self.until(|byte| matches!(byte, b' ' | b'(' | b')' | b'[' | b'"'));
        if self.peek() == Some(b'[') {
            name.push_str(&self.until(|byte| byte == b']'));
            name.push_str(&self.until(|byte| byte == b' '));
        }
        name.make_ascii_uppercase();
        name
    }

    /// A literal, a quoted string or NIL.
    fn string(&mut self) -> Option<Content> {
        if self.rest().is_empty() {
            let content = match self.pieces.next()? {
                Piece::Literal(bytes) => Content::Bytes(bytes),
                Piece::TooLong(length) => Content::TooLong(length),
                Piece::Text(_) => return None,
            };
            (self.text, self.at) = (Vec::new(), 0);
            self.next_text();
            return Some(content);
        }
        if self.eat(b'"') {
            let mut bytes = Vec::new();
            loop {
                let byte = self.peek()?;
                self.at += 1;
                match byte {
                    b'"' => return Some(Content::Bytes(bytes)),
                    b'\\' => {
                        bytes.push(self.peek()?);
                        self.at += 1;
                    }
                    byte => bytes.push(byte),
                }
            }
        }
        let is_nil = self.until(|byte| !byte.is_ascii_alphabetic()).eq_ignore_ascii_case("NIL");
        is_nil.then_some(Content::Nil)
    }

    /// Goes over a value of any form; `false` if it has no end.
    fn pass_over(&mut self) -> bool {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                Some(b'(') => {
                    depth += 1;
                    self.at += 1;
                    if depth > NESTING_CAP {
                        return false;
                    }
                }
                Some(b')') if depth == 0 => return true,
                Some(b')') => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(b' ') => self.at += 1,
                Some(b'"') | None => {
                    if self.string().is_none() {
                        return false;
                    }
                }
                Some(_) => {
                    // A stray byte that belongs to no atom would be met for ever.
                    if self.until(|byte| matches!(byte, b' ' | b'(' | b')' | b'"')).is_empty() {
                        return false;
                    }
                }
            }
            if depth == 0 {
                return true;
            }
        }
    }
}

fn capabilities(list: &str) -> Vec<String> {
    list.split_ascii_whitespace().map(str::to_ascii_uppercase).collect()
}

/// `17-Jul-1996 02:44:25 -0700`; the day may be one digit after a space (RFC 9051 §9, date-time).
fn internal_date(content: &Content) -> Option<Timestamp> {
    let Content::Bytes(bytes) = content else { return None };
    let text = std::str::from_utf8(bytes).ok()?;
    let mut words = text.split_ascii_whitespace();
    let (date, time, zone) = (words.next()?, words.next()?, words.next()?);
    let mut date = date.split('-');
    let (day, month, year) = (date.next()?.parse().ok()?, date.next()?, date.next()?.parse().ok()?);
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    let date = Date::new(year, i8::try_from(month + 1).ok()?, day).ok()?;
    let mut time = time.split(':').map(|number| number.parse::<i8>().ok());
    let time = Time::new(time.next()??, time.next()??, time.next()??, 0).ok()?;
    zone_offset(zone)?.to_timestamp(date.to_datetime(time)).ok()
}

/// A sign and four digits, hours and minutes (RFC 9051 §9, zone).
fn zone_offset(zone: &str) -> Option<Offset> {
    let &[sign @ (b'+' | b'-'), ref digits @ ..] = zone.as_bytes() else { return None };
    let &[h, hour, m, minute] = digits else { return None };
    let two =
        |tens: u8, ones: u8| (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i32::from(tens - b'0') * 10 + i32::from(ones - b'0'));
    let seconds = two(h, hour)? * 3600 + two(m, minute)? * 60;
    Offset::from_seconds(if sign == b'-' { -seconds } else { seconds }).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::frame::Frames;
    use super::*;

    fn read(text: &str) -> Response {
        let (_, frame) = Frames::new(1000).take(text.as_bytes()).expect("no error");
        Response::read(frame.expect("a whole response"))
    }

    fn words(code: Option<Code>, text: &str) -> Words {
        Words { code, text: text.to_owned() }
    }

    #[test]
    fn answers_are_told_apart() {
        let word = |word: &str| Some(Code::Word(word.to_owned()));
        for (text, response) in [
            ("* OK ready\r\n", Response::Told(Status::Ok, words(None, "ready"))),
            ("* BYE\r\n", Response::Told(Status::Bye, words(None, ""))),
            ("* preauth hello\r\n", Response::Told(Status::PreAuth, words(None, "hello"))),
            ("A1 OK [READ-ONLY] done\r\n", Response::Done("A1".into(), Status::Ok, words(word("READ-ONLY"), "done"))),
            (
                "A2 NO [AUTHENTICATIONFAILED] wrong\x1b[2J\n",
                Response::Done("A2".into(), Status::No, words(word("AUTHENTICATIONFAILED"), "wrong\x1b[2J")),
            ),
            ("A3 BAD\r\n", Response::Done("A3".into(), Status::Bad, words(None, ""))),
            ("* OK [UIDVALIDITY 17] x\r\n", Response::Told(Status::Ok, words(Some(Code::UidValidity(17)), "x"))),
            ("* OK [UIDNEXT 4294967295]\r\n", Response::Told(Status::Ok, words(Some(Code::UidNext(u32::MAX)), ""))),
            ("* OK [UIDNEXT 4294967296]\r\n", Response::Told(Status::Ok, words(word("UIDNEXT"), ""))),
            (
                "* OK [CAPABILITY IMAP4rev1 Idle] hi\r\n",
                Response::Told(Status::Ok, words(Some(Code::Capabilities(vec!["IMAP4REV1".into(), "IDLE".into()])), "hi")),
            ),
            ("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", Response::Capabilities(vec!["IMAP4REV1".into(), "AUTH=PLAIN".into()])),
            ("* 23 EXISTS\r\n", Response::Exists(23)),
            ("+ idling\r\n", Response::GoOn),
            ("+\r\n", Response::GoOn),
            ("* FLAGS (\\Seen)\r\n", Response::Other),
            ("* 99999999999 EXISTS\r\n", Response::Other),
            ("* 3 EXPUNGE\r\n", Response::Other),
            ("\r\n", Response::Other),
            ("A1\r\n", Response::Other),
            (" OK done\r\n", Response::Other),
        ] {
            assert_eq!(read(text), response, "{text:?}");
        }
    }

    #[test]
    fn messages_are_read_in_any_order_of_their_items() {
        let whole = Message {
            uid: Some(7),
            size: Some(5),
            received_at: Some("1996-07-17T09:44:25Z".parse().expect("valid")),
            content: Some(Content::Bytes(b"a\r\nb)".to_vec())),
        };
        for text in [
            "* 1 FETCH (UID 7 RFC822.SIZE 5 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {5}\r\na\r\nb))\r\n",
            "* 1 FETCH (BODY[] {5}\r\na\r\nb) INTERNALDATE \"17-jul-1996 02:44:25 -0700\" FLAGS (\\Seen ($x \"q)\")) RFC822.SIZE 5 UID 7)\r\n",
            "* 1 fetch (x-odd (a {2}\r\n() b) uid 7 MODSEQ (12) rfc822.size 5 internaldate \"17-Jul-1996 02:44:25 -0700\" body[] {5}\r\na\r\nb))\r\n",
        ] {
            assert_eq!(read(text), Response::Fetched(whole.clone()), "{text:?}");
        }
        let content = |content| Response::Fetched(Message { content: Some(content), ..Message::default() });
        for (text, response) in [
            ("* 1 FETCH (BODY[] \"a \\\"b\\\\\")\r\n", content(Content::Bytes(b"a \"b\\".to_vec()))),
            ("* 1 FETCH (BODY[] NIL)\r\n", content(Content::Nil)),
            ("* 1 FETCH (BODY[HEADER.FIELDS (SUBJECT X)]<0> {1}\r\nx)\r\n", content(Content::Bytes(b"x".to_vec()))),
            (&format!("* 1 FETCH (BODY[] {{2000}}\r\n{})\r\n", "x".repeat(2000)), content(Content::TooLong(2000))),
            ("* 1 FETCH (UID 0x7)\r\n", Response::Fetched(Message { uid: Some(0), ..Message::default() })),
            ("* 1 FETCH (UID)\r\n", Response::Fetched(Message::default())),
        ] {
            assert_eq!(read(text), response, "{text:.60?}");
        }
    }

    #[test]
    fn dates_are_those_of_the_server() {
        for (text, date) in [
            ("17-Jul-1996 02:44:25 -0700", Some("1996-07-17T09:44:25Z")),
            (" 1-Mar-2026 00:00:00 +0100", Some("2026-02-28T23:00:00Z")),
            ("01-Mar-2026 00:00:00 +0000", Some("2026-03-01T00:00:00Z")),
            ("01-Mar-2026 09:15:00 +0545", Some("2026-03-01T03:30:00Z")),
            ("31-Feb-2026 00:00:00 +0000", None),
            ("01-Mrz-2026 00:00:00 +0000", None),
            ("01-Mar-2026 25:00:00 +0000", None),
            ("01-Mar-2026 00:00:00 +9999", None),
            ("01-Mar-2026 00:00:00 -00999999999", None),
            ("01-Mar-2026 00:00:00 --100", None),
            ("01-Mar-2026 00:00:00 +1", None),
            ("01-Mar-2026 00:00:00 0100", None),
            ("01-Mar-2026 00:00:00 ä", None),
            ("", None),
        ] {
            let expected = date.map(|date| date.parse::<Timestamp>().expect("valid"));
            assert_eq!(internal_date(&Content::Bytes(text.into())), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_response_is_answered(text in "\\* 1 FETCH (\\(|\\)|UID|BODY\\[|\\]|<0>|\"|\\\\| |[0-9]|NIL|\\{2\\}\r\n){0,60}\r\n") {
            if let Ok((_, Some(frame))) = Frames::new(10).take(text.as_bytes()) {
                let _ = Response::read(frame);
            }
        }

        #[test]
        fn no_pieces_panic(pieces in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..8)) {
            let pieces = pieces.into_iter().map(|(text, bytes)| if text { Piece::Text(bytes) } else { Piece::Literal(bytes) }).collect();
            let _ = Response::read(Frame { pieces });
        }
    }
}
