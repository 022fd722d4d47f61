//! A server's bytes cut into whole responses (RFC 9051 §2.2.2, §4.3): lines, and the literals that interrupt them.
//!
//! In: bytes as they come, in pieces of any size. Out: [`Frame`]s. No response takes more memory than its caps: an endless line is an
//! error, and of a literal beyond the cap only the length is kept while its bytes pass by, so that what follows it can still be read.

/// The longest line, without literals. Capabilities and folder names are far shorter.
pub const LINE_CAP: usize = 64 << 10;
/// The most literals in one response; a message has two at the most.
const PIECE_CAP: usize = 64;

/// One whole response: text, and literals where they stood. Line ends and the literals' announcements are gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// In their order.
    pub pieces: Vec<Piece>,
}

/// A part of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A part of a line.
    Text(Vec<u8>),
    /// What a literal held.
    Literal(Vec<u8>),
    /// The length of a literal over the cap.
    TooLong(u64),
}

/// Why nothing more can be read from this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A line without end.
    #[error("a line of more than {} KiB", LINE_CAP >> 10)]
    Line,
    /// A response without end.
    #[error("a response of more than {PIECE_CAP} literals")]
    Pieces,
    /// An announcement that is no number.
    #[error("a literal of an impossible length")]
    Length,
}

/// Cuts; one for a connection.
#[derive(Debug)]
pub struct Frames {
    /// How many bytes of literals one response may keep.
    cap: u64,
    /// How many it has kept so far.
    kept: u64,
    /// Bytes of its lines so far.
    lines: usize,
    pieces: Vec<Piece>,
    state: State,
}

#[derive(Debug)]
enum State {
    Line(Vec<u8>),
    Literal { data: Vec<u8>, left: u64 },
    Skipped { length: u64, left: u64 },
}

impl Frames {
    /// Keeps at most `cap` bytes of the literals of one response.
    pub fn new(cap: u64) -> Self {
        Self { cap, kept: 0, lines: 0, pieces: Vec::new(), state: State::Line(Vec::new()) }
    }

    /// Whether nothing of a further response has come yet.
    pub fn is_between(&self) -> bool {
        self.pieces.is_empty() && matches!(&self.state, State::Line(line) if line.is_empty())
    }

    /// Takes bytes up to the end of a response at the most. Gives how many it took, and the response if it is whole.
    ///
    /// # Errors
    /// [`FrameError`]; the connection is then of no more use.
    pub fn take(&mut self, input: &[u8]) -> Result<(usize, Option<Frame>), FrameError> {
        let mut rest = input;
        while !rest.is_empty() {
            match &mut self.state {
                State::Line(line) => {
                    let end = rest.iter().position(|byte| *byte == b'\n');
                    let (part, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
                    self.lines += part.len();
                    if self.lines > LINE_CAP {
                        return Err(FrameError::Line);
                    }
                    line.extend_from_slice(part);
                    rest = after;
                    if end.is_some() && self.line_ends()? {
                        return Ok((input.len() - rest.len(), Some(self.finish())));
                    }
                }
                State::Literal { data, left } => {
                    let (part, after) = rest.split_at(at_most(rest, *left));
                    data.extend_from_slice(part);
                    *left -= part.len() as u64;
                    rest = after;
                    if *left == 0 {
                        let data = std::mem::take(data);
                        self.literal_ends(Piece::Literal(data))?;
                    }
                }
                State::Skipped { length, left } => {
                    let (part, after) = rest.split_at(at_most(rest, *left));
                    *left -= part.len() as u64;
                    rest = after;
                    if *left == 0 {
                        let length = *length;
                        self.literal_ends(Piece::TooLong(length))?;
                    }
                }
            }
        }
        Ok((input.len(), None))
    }

    /// A line has come. Whether the response is whole by it.
    fn line_ends(&mut self) -> Result<bool, FrameError> {
        let State::Line(line) = &mut self.state else { return Ok(false) };
        let mut line = std::mem::take(line);
        line.pop_if(|byte| *byte == b'\n');
        line.pop_if(|byte| *byte == b'\r');
        let announced = if self.pieces.is_empty() && is_words(&line) { None } else { announced(&line)? };
        let Some((text, length)) = announced else {
            self.pieces.push(Piece::Text(line));
            return Ok(true);
        };
        line.truncate(text);
        self.pieces.push(Piece::Text(line));
        self.state = if self.kept.saturating_add(length) > self.cap {
            State::Skipped { length, left: length }
        } else {
            self.kept += length;
            // The announcement alone costs no memory: the space grows with what comes.
            State::Literal { data: Vec::new(), left: length }
        };
        // An empty literal is over before any byte of it comes.
        if length == 0 {
            self.literal_ends(Piece::Literal(Vec::new()))?;
        }
        Ok(false)
    }

    fn literal_ends(&mut self, literal: Piece) -> Result<(), FrameError> {
        self.pieces.push(literal);
        self.state = State::Line(Vec::new());
        if self.pieces.len() > PIECE_CAP { Err(FrameError::Pieces) } else { Ok(()) }
    }

    fn finish(&mut self) -> Frame {
        (self.kept, self.lines) = (0, 0);
        self.state = State::Line(Vec::new());
        Frame { pieces: std::mem::take(&mut self.pieces) }
    }
}

/// How much of what there is belongs to something of which so much is left.
fn at_most(bytes: &[u8], left: u64) -> usize {
    usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()))
}

/// Whether a line ends in words for people, in which braces mean nothing: a status, a continuation, a tagged response.
fn is_words(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"* ") else { return true };
    let word = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
    [&b"OK"[..], b"NO", b"BAD", b"BYE", b"PREAUTH"].iter().any(|status| word.eq_ignore_ascii_case(status))
}

/// The literal that the end of a line announces (`{12}`, `{12+}`, `~{12}`): the length of the text before it, and its own.
fn announced(line: &[u8]) -> Result<Option<(usize, u64)>, FrameError> {
    let Some(inner) = line.strip_suffix(b"}") else { return Ok(None) };
    let Some(open) = inner.iter().rposition(|byte| *byte == b'{') else { return Ok(None) };
    let digits = &inner[open + 1..];
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Ok(None);
    }
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u32>().ok()).ok_or(FrameError::Length)?;
    let text = if line[..open].ends_with(b"~") { open - 1 } else { open };
    Ok(Some((text, u64::from(number))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    fn literal(text: &str) -> Piece {
        Piece::Literal(text.into())
    }

    /// All responses of a stream that comes in pieces of so many bytes.
    fn cut(stream: &[u8], piece: usize, cap: u64) -> Result<Vec<Vec<Piece>>, FrameError> {
        let (mut frames, mut found) = (Frames::new(cap), Vec::new());
        for mut piece in stream.chunks(piece) {
            while !piece.is_empty() {
                let (taken, frame) = frames.take(piece)?;
                piece = &piece[taken..];
                found.extend(frame.map(|frame| frame.pieces));
            }
        }
        Ok(found)
    }

    #[test]
    fn responses_are_cut_however_they_come() {
        let stream = "* OK ready {5}\r\n* 1 FETCH (BODY[] {5}\r\na\r\nb) UID 7)\r\n* 2 FETCH (A {0}\r\n B ~{2}\r\nxy)\nA1 NO {3}\r\n+ {9}\r\n* X {}\r\n";
        let expected = vec![
            vec![text("* OK ready {5}")],
            vec![text("* 1 FETCH (BODY[] "), literal("a\r\nb)"), text(" UID 7)")],
            vec![text("* 2 FETCH (A "), literal(""), text(" B "), literal("xy"), text(")")],
            vec![text("A1 NO {3}")],
            vec![text("+ {9}")],
            vec![text("* X {}")],
        ];
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(cut(stream.as_bytes(), piece, 100).as_ref(), Ok(&expected), "in pieces of {piece}");
        }
    }

    #[test]
    fn of_a_literal_beyond_the_cap_only_the_length_is_kept() {
        let stream = "* 1 FETCH (A {3}\r\nabc B {8}\r\n12345678 C {1}\r\nx)\r\n* 2 EXISTS\r\n";
        let first = vec![text("* 1 FETCH (A "), literal("abc"), text(" B "), Piece::TooLong(8), text(" C "), literal("x"), text(")")];
        for piece in [1, 5, 1000] {
            assert_eq!(cut(stream.as_bytes(), piece, 10), Ok(vec![first.clone(), vec![text("* 2 EXISTS")]]), "in pieces of {piece}");
        }
    }

    #[test]
    fn what_never_ends_is_an_error() {
        let endless = vec![b'a'; LINE_CAP + 1];
        assert_eq!(cut(&endless, 1000, 10), Err(FrameError::Line));
        // Literals between do not begin the count anew.
        assert_eq!(cut("* A ABCDEFGH {1}\r\nx".repeat(10_000).as_bytes(), 1000, u64::MAX), Err(FrameError::Pieces));
        let long = format!("* A {}{{1}}\r\nx", "b".repeat(LINE_CAP / 2));
        assert_eq!(cut(long.repeat(3).as_bytes(), 1000, u64::MAX), Err(FrameError::Line));
        assert_eq!(cut(b"* A {99999999999999999999999}\r\n", 1000, 10), Err(FrameError::Length));
    }

    #[test]
    fn it_is_known_whether_a_response_has_begun() {
        let mut frames = Frames::new(10);
        assert!(frames.is_between());
        for (input, between) in [("* ", false), ("A {2}\r\n", false), ("x", false), ("x", false), ("\r\n", true)] {
            frames.take(input.as_bytes()).expect("no error");
            assert_eq!(frames.is_between(), between, "{input:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_give_the_same(stream in "(\\* |A |\\{[0-9]{1,2}\\}|\r\n|[a-z]){0,60}", piece in 1_usize..20) {
            prop_assert_eq!(cut(stream.as_bytes(), piece, 20), cut(stream.as_bytes(), 10_000, 20));
        }

        #[test]
        fn no_bytes_panic(stream in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = cut(&stream, 7, 20);
        }
    }
}
