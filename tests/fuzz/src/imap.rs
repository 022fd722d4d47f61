//! What an IMAP server answers: cut the same however it comes, no more kept than may be, and every answer means something.

use stsready::wire::imap::command::{Command, Names};
use stsready::wire::imap::frame::{Frame, FrameError, Frames, Piece};
use stsready::wire::imap::response::{Content, Response};

/// Small, so that it is reached.
const CAP: u64 = 64;

pub fn any(bytes: &[u8]) {
    let whole = frames(bytes, bytes.len());
    for size in [1, 5] {
        assert_eq!(frames(bytes, size), whole, "in pieces of {size}");
    }
    for frame in whole.0 {
        if let Response::Fetched(message) = Response::read(frame)
            && let Some(Content::Bytes(content)) = message.content
        {
            assert!(content.len() <= bytes.len());
        }
    }
    arguments(&String::from_utf8_lossy(bytes));
}

fn frames(bytes: &[u8], size: usize) -> (Vec<Frame>, Option<FrameError>) {
    let (mut cutter, mut found) = (Frames::new(CAP), Vec::new());
    for mut piece in bytes.chunks(size.max(1)) {
        while !piece.is_empty() {
            match cutter.take(piece) {
                Ok((taken, frame)) => {
                    assert!(taken > 0, "it goes on");
                    piece = &piece[taken..];
                    found.extend(frame);
                }
                Err(error) => return (found, Some(error)),
            }
        }
    }
    for frame in &found {
        let kept: usize = frame.pieces.iter().map(|piece| if let Piece::Literal(bytes) = piece { bytes.len() } else { 0 }).sum();
        assert!(kept as u64 <= CAP, "{kept} bytes kept");
    }
    (found, None)
}

/// No name makes a second line of a command, but in a literal, which says how long it is.
fn arguments(text: &str) {
    for names in [Names::Utf7, Names::Utf8] {
        if let Ok(command) = Command::new("EXAMINE").folder(text, names) {
            assert!(command.pieces().all(|piece| !piece.contains(&b'\n') && !piece.contains(&b'\r')));
        }
    }
    if let Ok(command) = Command::new("LOGIN").text(text) {
        let pieces: Vec<&[u8]> = command.pieces().collect();
        match *pieces {
            [one] => assert!(!one.contains(&b'\n')),
            [before, literal] => {
                assert!(before.ends_with(format!("{{{}}}", literal.len()).as_bytes()), "{command:?}");
            }
            _ => panic!("{} pieces", pieces.len()),
        }
    }
}
