//! What a server is asked, byte by byte (RFC 9051 §6, §4.3). Names and passwords are quoted or sent as literals; what cannot be part of
//! either is refused, so that no name can become a second command.

use std::fmt;

use super::utf7;

/// A command without its tag and line end. Where it is cut, the server must ask for the next piece before it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// What is sent before the server says that it waits for more.
    before: Vec<Vec<u8>>,
    /// The rest.
    last: Vec<u8>,
}

/// Never shows what is sent: it may be a password.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name: Vec<u8> = self.pieces().flatten().copied().take_while(u8::is_ascii_alphabetic).collect();
        write!(f, "Command({})", String::from_utf8_lossy(&name))
    }
}

/// A text that no server can be sent: it holds NUL, or a line end where a name is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it holds a character that cannot be sent")]
pub struct Unsendable;

/// How folder names are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// In modified UTF-7 (RFC 3501 §5.1.3).
    Utf7,
    /// As they are (RFC 9051 §5.1, RFC 6855 §3).
    Utf8,
}

impl Command {
    /// A command of fixed words.
    pub fn new(words: &str) -> Self {
        Self { before: Vec::new(), last: words.as_bytes().to_vec() }
    }

    /// The pieces, in their order; at least one.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.before.iter().chain(std::iter::once(&self.last)).map(Vec::as_slice)
    }

    /// With one more word as it is.
    #[must_use]
    pub fn word(mut self, word: &str) -> Self {
        self.last.push(b' ');
        self.last.extend_from_slice(word.as_bytes());
        self
    }

    /// With a text as one more argument: quoted, or as a literal if it is not plain.
    pub fn text(mut self, text: &str) -> Result<Self, Unsendable> {
        let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.len() < 1000;
        if plain {
            return Ok(self.quoted(text));
        }
        if text.contains('\0') {
            return Err(Unsendable);
        }
        self.last.extend_from_slice(format!(" {{{}}}", text.len()).as_bytes());
        self.before.push(std::mem::replace(&mut self.last, text.as_bytes().to_vec()));
        Ok(self)
    }

    /// With a folder's name as one more argument.
    pub fn folder(self, name: &str, names: Names) -> Result<Self, Unsendable> {
        if name.chars().any(char::is_control) {
            return Err(Unsendable);
        }
        Ok(match names {
            Names::Utf7 => self.quoted(&utf7::encode(name)),
            Names::Utf8 => self.quoted(name),
        })
    }

    fn quoted(mut self, text: &str) -> Self {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        self.last.extend_from_slice(format!(" \"{quoted}\"").as_bytes());
        self
    }
}

/// UIDs as a set (RFC 9051 §9, sequence-set): `1:3,5`. They ascend; none gives an empty text.
pub fn uid_set(uids: &[u32]) -> String {
    let runs = uids.chunk_by(|a, b| a.checked_add(1) == Some(*b)).map(|run| match run {
        [first, .., last] => format!("{first}:{last}"),
        run => run.iter().map(u32::to_string).collect(),
    });
    runs.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(command: &Command) -> String {
        command.pieces().map(|piece| String::from_utf8_lossy(piece).into_owned()).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn names_and_passwords_are_arguments_and_nothing_else() {
        let login =
            |user, password| Command::new("LOGIN").text(user).and_then(|command| command.text(password)).map(|command| sent(&command));
        assert_eq!(login("a", "b c"), Ok("LOGIN \"a\" \"b c\"".into()));
        assert_eq!(login("a\"b", "c\\"), Ok("LOGIN \"a\\\"b\" \"c\\\\\"".into()));
        assert_eq!(login("ä", "b"), Ok("LOGIN {2}|ä \"b\"".into()));
        assert_eq!(login("a", "x\r\nA2 DELETE"), Ok("LOGIN \"a\" {12}|x\r\nA2 DELETE".into()));
        assert_eq!(login("a", "\0"), Err(Unsendable));
        let folder = |name, names| Command::new("EXAMINE").folder(name, names).map(|command| sent(&command));
        assert_eq!(folder("Entwürfe & \"x\"", Names::Utf7), Ok("EXAMINE \"Entw&APw-rfe &- \\\"x\\\"\"".into()));
        assert_eq!(folder("Entwürfe", Names::Utf8), Ok("EXAMINE \"Entwürfe\"".into()));
        assert_eq!(folder("a\r\nb", Names::Utf8), Err(Unsendable));
        assert_eq!(sent(&Command::new("UID FETCH").word("1:*").word("(UID)")), "UID FETCH 1:* (UID)");
    }

    #[test]
    fn no_command_shows_what_it_sends() {
        let login = Command::new("LOGIN").text("user").and_then(|command| command.text("secret")).expect("sendable");
        assert_eq!(format!("{login:?}"), "Command(LOGIN)");
    }

    #[test]
    fn uids_are_written_as_runs() {
        for (uids, set) in [
            (&[][..], ""),
            (&[7], "7"),
            (&[1, 2, 3], "1:3"),
            (&[1, 3, 4, 9], "1,3:4,9"),
            (&[u32::MAX - 1, u32::MAX], "4294967294:4294967295"),
        ] {
            assert_eq!(uid_set(uids), set);
        }
    }
}
