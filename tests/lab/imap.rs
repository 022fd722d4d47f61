//! An IMAP server with one folder, which answers as it should but for what its script says.
//!
//! A misbehaviour is a [`Rule`]: at commands that begin so, this answer in place of the right one, so many times.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use super::host::{Host, Note, Role};
use super::tcp::{self, Conn};
use super::tls::{self, Tls};

/// How an IMAP server behaves; the default is a healthy one with an empty folder, the password `correct` and TLS from the first byte.
#[derive(Clone, Debug)]
pub struct Imap {
    /// Begins in clear text, and offers STARTTLS.
    pub clear: bool,
    /// The greeting's line.
    pub greeting: &'static str,
    /// What it says that it can do.
    pub capabilities: &'static str,
    /// Of its folder.
    pub uid_validity: u32,
    /// Its messages by UID; shared with the test, which may put more in.
    pub mails: Arc<Mutex<BTreeMap<u32, Vec<u8>>>>,
    /// What it does otherwise; the first that fits.
    pub script: Vec<Rule>,
}

/// One deviation.
#[derive(Clone, Debug)]
pub struct Rule {
    /// How the command begins, without its tag.
    at: String,
    answer: ImapAnswer,
    left: Arc<AtomicUsize>,
}

/// What is answered in place of the right answer.
#[derive(Clone, Debug)]
pub enum ImapAnswer {
    /// These bytes; `TAG` in them is the command's.
    Say(String),
    /// These bytes, and then the end.
    SayAndClose(String),
    /// These bytes again and again until the client goes away.
    Flood(String),
    /// Nothing, while the connection stays open.
    Silent,
}

impl Default for Imap {
    fn default() -> Self {
        Self {
            clear: false,
            greeting: "* OK ready",
            capabilities: "IMAP4rev1 SASL-IR AUTH=PLAIN MOVE IDLE",
            uid_validity: 7,
            mails: Arc::default(),
            script: Vec::new(),
        }
    }
}

impl Imap {
    /// With these messages under the UIDs 1, 2, 3.
    pub fn with(mails: impl IntoIterator<Item = String>) -> Self {
        let mails = (1..).zip(mails).map(|(uid, mail)| (uid, mail.into_bytes())).collect();
        Self { mails: Arc::new(Mutex::new(mails)), ..Self::default() }
    }

    /// Always answers so.
    #[must_use]
    pub fn at(self, command: &str, answer: ImapAnswer) -> Self {
        self.times(usize::MAX, command, answer)
    }

    /// Answers so, the first times.
    #[must_use]
    pub fn times(mut self, times: usize, command: &str, answer: ImapAnswer) -> Self {
        self.script.push(Rule { at: command.to_owned(), answer, left: Arc::new(AtomicUsize::new(times)) });
        self
    }

    fn answer_to(&self, command: &str) -> Option<ImapAnswer> {
        let fits = |rule: &&Rule| {
            command.starts_with(&rule.at)
                && rule.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
        };
        self.script.iter().find(fits).map(|rule| rule.answer.clone())
    }
}

impl Role for Imap {
    /// The commands, without their tags.
    type Seen = Vec<String>;

    async fn serve(host: Host<Self>, mut conn: Conn) -> io::Result<()> {
        let (imap, note) = (host.role(), host.note());
        if imap.clear {
            conn.write_all(format!("{}\r\n", imap.greeting).as_bytes()).await?;
            // A byte at a time: what follows the command belongs to TLS.
            let mut line = Vec::new();
            while !line.ends_with(b"\n") {
                line.push(conn.read_u8().await?);
            }
            let line = String::from_utf8_lossy(&line).trim().to_owned();
            let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
            note.write(|seen| seen.push(command.to_owned()));
            match imap.answer_to(command) {
                Some(answer) => return misbehave(conn, answer, tag).await,
                None => conn.write_all(format!("{tag} OK begin\r\n").as_bytes()).await?,
            }
        }
        let Some(stream) = tls::accept(&Tls::Modern, &host.identity(), conn).await? else { return Ok(()) };
        let mut client = Client { stream: BufReader::new(stream), imap, note };
        if !client.imap.clear {
            let greeting = client.imap.greeting;
            client.say(greeting).await?;
        }
        client.converse().await
    }
}

async fn misbehave(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: ImapAnswer, tag: &str) -> io::Result<()> {
    match answer {
        ImapAnswer::Say(text) | ImapAnswer::SayAndClose(text) => {
            stream.write_all(text.replace("TAG", tag).as_bytes()).await?;
            stream.flush().await?;
            tcp::hang_up(stream).await
        }
        ImapAnswer::Flood(text) => tcp::repeat(stream, text.as_bytes()).await,
        ImapAnswer::Silent => tcp::hold(stream).await,
    }
}

struct Client<S> {
    stream: BufReader<S>,
    imap: Imap,
    note: Note<Vec<String>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.stream.write_all(line.as_bytes()).await?;
        self.stream.write_all(b"\r\n").await?;
        self.stream.flush().await
    }

    /// The next line, or a literal's bytes where the client waits to be asked for it.
    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        loop {
            if self.stream.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let trimmed = line.trim_end().to_owned();
            let Some(length) = trimmed.strip_suffix('}').and_then(|rest| rest.rsplit_once('{')?.1.parse::<usize>().ok()) else {
                return Ok(trimmed);
            };
            self.say("+ go on").await?;
            let mut literal = vec![0; length];
            self.stream.read_exact(&mut literal).await?;
            line.push_str(&String::from_utf8_lossy(&literal));
        }
    }

    async fn converse(mut self) -> io::Result<()> {
        loop {
            let line = self.line().await?;
            let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
            self.note.write(|seen| seen.push(command.to_owned()));
            match self.imap.answer_to(command) {
                Some(ImapAnswer::Say(text)) => {
                    self.stream.write_all(text.replace("TAG", tag).as_bytes()).await?;
                    self.stream.flush().await?;
                    continue;
                }
                Some(answer) => return misbehave(self.stream, answer, tag).await,
                None => {}
            }
            let done = self.answer(command).await?;
            self.say(&format!("{tag} {done}")).await?;
            if command == "LOGOUT" {
                return tcp::hang_up(self.stream).await;
            }
        }
    }

    /// The right answer, but for its last line, which is given.
    async fn answer(&mut self, command: &str) -> io::Result<&'static str> {
        let words: Vec<&str> = command.split(' ').collect();
        match words.as_slice() {
            ["CAPABILITY"] => self.say(&format!("* CAPABILITY {}", self.imap.capabilities)).await?,
            ["LOGIN", .., password] if *password == "\"correct\"" => {}
            ["AUTHENTICATE", "PLAIN", rest @ ..] => {
                let given = match rest {
                    [given] => (*given).to_owned(),
                    _ => {
                        self.say("+ ").await?;
                        self.line().await?
                    }
                };
                let given = base64::engine::general_purpose::STANDARD.decode(given).unwrap_or_default();
                if !given.ends_with(b"\0correct") {
                    return Ok("NO [AUTHENTICATIONFAILED] wrong user or password");
                }
            }
            ["LOGIN", ..] => return Ok("NO [AUTHENTICATIONFAILED] wrong user or password"),
            ["EXAMINE" | "SELECT", ..] => {
                let (exists, next) = self.numbers();
                self.say(&format!("* {exists} EXISTS\r\n* OK [UIDVALIDITY {}] x\r\n* OK [UIDNEXT {next}] x", self.imap.uid_validity))
                    .await?;
            }
            ["UID", "FETCH", set, items @ ..] => self.fetch(set, &items.join(" ")).await?,
            ["UID", "MOVE", set, ..] => {
                for uid in self.chosen(set) {
                    self.imap.mails.lock().unwrap().remove(&uid);
                }
            }
            ["IDLE"] => {
                self.say("+ idling").await?;
                let before = self.numbers();
                loop {
                    tokio::select! {
                        done = self.line() => {
                            assert_eq!(done?, "DONE", "nothing else may be sent while idling");
                            break;
                        }
                        () = tokio::time::sleep(std::time::Duration::from_millis(20)) => {}
                    }
                    let now = self.numbers();
                    if now != before {
                        self.say(&format!("* {} EXISTS", now.0)).await?;
                        assert_eq!(self.line().await?, "DONE", "a client that hears of a message ends its idling");
                        break;
                    }
                }
            }
            ["LOGOUT"] => self.say("* BYE farewell").await?,
            ["NOOP"] | ["UID", "STORE", ..] | ["ENABLE", ..] => {}
            _ => return Ok("BAD what?"),
        }
        Ok("OK done")
    }

    /// How many messages there are, and the next UID.
    fn numbers(&self) -> (usize, u32) {
        let mails = self.imap.mails.lock().unwrap();
        (mails.len(), mails.last_key_value().map_or(1, |(uid, _)| uid + 1))
    }

    /// The UIDs of a set, as they are there.
    fn chosen(&self, set: &str) -> Vec<u32> {
        let mails = self.imap.mails.lock().unwrap();
        let last = mails.last_key_value().map_or(1, |(uid, _)| *uid);
        let number = |text: &str| if text == "*" { last } else { text.parse().expect("a UID") };
        let ranges: Vec<(u32, u32)> = set
            .split(',')
            .map(|range| range.split_once(':').map_or_else(|| (number(range), number(range)), |(a, b)| (number(a), number(b))))
            .map(|(a, b)| (a.min(b), a.max(b)))
            .collect();
        mails.keys().copied().filter(|uid| ranges.iter().any(|(a, b)| (a..=b).contains(&uid))).collect()
    }

    async fn fetch(&mut self, set: &str, items: &str) -> io::Result<()> {
        for uid in self.chosen(set) {
            let Some(mail) = self.imap.mails.lock().unwrap().get(&uid).cloned() else { continue };
            if items.contains("RFC822.SIZE") {
                self.say(&format!("* 1 FETCH (UID {uid} RFC822.SIZE {})", mail.len())).await?;
                continue;
            }
            let (name, part) =
                if items.contains("HEADER") { ("BODY[HEADER]<0>", &mail[..mail.len().min(2000)]) } else { ("BODY[]", &mail[..]) };
            let head = format!("* 1 FETCH (UID {uid} INTERNALDATE \"01-Mar-2026 10:00:00 +0000\" {name} {{{}}}\r\n", part.len());
            self.stream.write_all(head.as_bytes()).await?;
            self.stream.write_all(part).await?;
            self.say(")").await?;
        }
        Ok(())
    }
}
