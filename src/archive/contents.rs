//! What a content is, and the reports in it.
//!
//! In: bytes, or a reader of more than fits into memory. Out: reports and refusals, into a [`Delivery`]. Packed data is unpacked,
//! archives and mailboxes are walked through and mails taken apart until JSON is reached, at most [`LAYER_CAP`] layers deep and within
//! the caps of each format. What a content is, is told by itself, never by its name. Every layer that fails leaves a reason.

use std::cell::OnceCell;
use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;

use super::concern::looks_like_tls_report;
use super::delivery::{Delivery, Stopped, may_pass};
use super::intake::{Received, Verifier};
use super::look::{Expected, delivered_by_name, is_dmarc, is_left_over, is_xml};
use super::origin::{Envelope, Origin};
use super::purse::Purse;
use super::read::Options;
use crate::model::facts::reports::Authenticity;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::{gzip, mail, mbox, report, tar, zip};

/// The largest content that is read into memory. Larger mailboxes and tar archives are read a message, a member at a time.
pub(super) const CONTENT_CAP: usize = 64 << 20;
/// All that may be in memory unpacked at one time, over the layers.
const LIVE_CAP: usize = 2 * CONTENT_CAP;
/// A gzipped tar archive of gzipped mails with a gzipped report in a forwarded mail has six layers; nobody needs more.
pub(super) const LAYER_CAP: usize = 6;
/// The longest name of a packed file that is repeated.
const NAME_CAP: usize = 200;
/// How much of a stream tells what it is.
const HEAD: usize = 1024;
/// A buffer larger than this is not kept for the next file.
const SPARE_CAP: usize = 1 << 20;

/// What is used again from file to file.
#[derive(Debug, Default)]
pub(super) struct Bench {
    unpacker: gzip::Unpacker,
    spare: Vec<Vec<u8>>,
}

impl Bench {
    /// An empty buffer.
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes a buffer back.
    pub(super) fn give_back(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= SPARE_CAP {
            buffer.clear();
            self.spare.push(buffer);
        }
    }
}

/// A source in reading.
pub(super) struct Contents<'a, 'send> {
    options: &'a Options<'a>,
    bench: &'a mut Bench,
    pub(super) delivery: Delivery<'send>,
    /// Unpacked and in memory now.
    live: usize,
}

/// Where in a source a content lies.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The path, and what in it.
    pub(super) source: &'a str,
    /// What surrounds it.
    pub(super) origin: Origin<'a>,
    expected: Expected,
    /// What may be unpacked.
    purse: &'a Purse,
    /// The innermost mail around it.
    mail: Option<&'a Proof<'a>>,
    /// Whether the bytes around it may be text of another mail.
    doubtful: bool,
    /// When its server received it.
    pub(super) received_at: Option<Timestamp>,
    /// How many layers more are opened.
    layers: usize,
}

impl<'a> Place<'a> {
    /// The outermost.
    pub(super) fn new(source: &'a str, origin: Origin<'a>, received_at: Option<Timestamp>, expected: Expected, purse: &'a Purse) -> Self {
        Self { source, origin, expected, purse, mail: None, doubtful: false, received_at, layers: LAYER_CAP }
    }

    /// A layer further in.
    fn inside(self) -> Self {
        Self { layers: self.layers - 1, ..self }
    }
}

/// A mail, and who proves it, asked when the first report comes out of it: mails without one cost no look at a key.
struct Proof<'a> {
    mail: &'a [u8],
    /// Whether it came inside another mail.
    attached: bool,
    /// Whether it may be text of another mail.
    doubtful: bool,
    received_at: Option<Timestamp>,
    verdict: OnceCell<Authenticity>,
}

impl Proof<'_> {
    fn authenticity(&self, verifier: &dyn Verifier) -> Authenticity {
        let verify = || match (self.attached, self.doubtful) {
            (true, _) => verifier.verify_attached(self.mail),
            (false, true) => verifier.verify_in_mailbox(self.mail, self.received_at),
            (false, false) => verifier.verify(self.mail, self.received_at),
        };
        self.verdict.get_or_init(verify).clone()
    }
}

impl<'a, 'send> Contents<'a, 'send> {
    /// Nothing read yet.
    pub(super) fn new(options: &'a Options<'a>, bench: &'a mut Bench, delivery: Delivery<'send>) -> Self {
        Self { options, bench, delivery, live: 0 }
    }

    /// Reads one layer, or the reports.
    pub(super) fn bytes(&mut self, bytes: &[u8], place: Place<'_>) -> Result<(), Stopped> {
        if place.layers == 0 {
            self.delivery.refuse(place.source, "packed too many times over", bytes);
        } else if gzip::is_gzip(bytes) {
            return self.gunzip(bytes, place);
        } else if bytes.trim_ascii().is_empty() {
            self.delivery.refuse(place.source, "empty", bytes);
        } else if place.expected == Expected::Message {
            return self.one_mail(bytes, place);
        } else if mail::is_json(bytes) {
            return self.documents(bytes, place);
        } else if mail::is_zip(bytes) {
            return self.unzip(bytes, place);
        } else if mbox::is_mbox(bytes) {
            return if place.expected == Expected::OneMail { self.one_mail(bytes, place) } else { self.mailbox(bytes, place) };
        } else if tar::is_tar(bytes) {
            return self.members(bytes, place);
        } else if mail::is_mail(bytes) {
            return self.one_mail(bytes, place);
        } else if is_xml(bytes) {
            let why = if is_dmarc(bytes) { "a DMARC report (XML), not a TLS report" } else { "XML or HTML, not a TLS report" };
            self.delivery.refuse(place.source, why, bytes);
        } else {
            // Not looked through for JSON: it may be a mail that does not look like one, and what is in a mail must be proven.
            self.delivery.refuse(place.source, "neither a report (JSON) nor a mail, nor packed in a way that is read", bytes);
        }
        Ok(())
    }

    /// Reads what may be too large for memory: of `size` bytes, where that is known.
    pub(super) fn stream(&mut self, mut reader: &mut dyn Read, size: Option<u64>, place: Place<'_>) -> Result<(), Stopped> {
        let mut head = Vec::with_capacity(HEAD);
        if let Err(problem) = (&mut reader).take(HEAD as u64).read_to_end(&mut head) {
            self.unreadable(place, problem, &head);
            return Ok(());
        }
        if place.layers == 0 {
            self.delivery.refuse(place.source, "packed too many times over", &head);
            return Ok(());
        }
        let gzip = gzip::is_gzip(&head);
        let mailbox = mbox::is_mbox(&head) && place.expected == Expected::Anything;
        let archive = tar::is_tar(&head) && place.expected != Expected::Message;
        let mut whole = Cursor::new(head).chain(reader);
        if gzip {
            let mut unpacked = place.purse.charge(gzip::Stream::new(&mut whole as &mut dyn Read));
            return self.stream(&mut unpacked, None, place.inside());
        } else if mailbox {
            return self.mailbox(whole, place);
        } else if archive {
            return self.members(whole, place);
        } else if let Some(size) = size.filter(|size| *size > CONTENT_CAP as u64) {
            self.delivery.refuse_unread(place.source, too_large(), whole.get_ref().0.get_ref(), size);
            return Ok(());
        }
        self.whole(&mut whole, size, place)
    }

    /// Reads the rest of `reader` into memory, if it fits, and what is in it.
    fn whole(&mut self, reader: &mut dyn Read, size: Option<u64>, place: Place<'_>) -> Result<(), Stopped> {
        let mut bytes = self.bench.buffer();
        let most = CONTENT_CAP.min(self.room());
        let read = reader.take(most as u64 + 1).read_to_end(&mut bytes);
        match read {
            Err(problem) => self.unreadable(place, problem, &bytes),
            Ok(_) if bytes.len() > most => {
                let head = bytes.get(..HEAD).unwrap_or(&bytes);
                self.delivery.refuse_unread(place.source, too_large(), head, size.unwrap_or(bytes.len() as u64));
            }
            Ok(_) => self.held(&bytes, place)?,
        }
        self.bench.give_back(bytes);
        Ok(())
    }

    /// What is read from failed.
    fn unreadable(&mut self, place: Place<'_>, problem: io::Error, read: &[u8]) {
        if may_pass(&problem) {
            self.delivery.refuse_for_now(place.source, problem);
        } else {
            self.delivery.refuse(place.source, problem.to_string(), read);
        }
    }

    /// Goes a layer further in with bytes that came out of this one.
    fn held(&mut self, bytes: &[u8], place: Place<'_>) -> Result<(), Stopped> {
        if let Err(empty) = place.purse.pay(bytes.len()) {
            self.delivery.refuse(place.source, empty.to_string(), bytes);
            return Ok(());
        }
        self.live += bytes.len();
        let outcome = self.bytes(bytes, place);
        self.live -= bytes.len();
        outcome
    }

    /// How much more may be in memory.
    fn room(&self) -> usize {
        LIVE_CAP.saturating_sub(self.live)
    }

    fn gunzip(&mut self, packed: &[u8], place: Place<'_>) -> Result<(), Stopped> {
        // Where there is no more to be had, the work of unpacking is not done either.
        if let Err(empty) = place.purse.pay(0) {
            self.delivery.refuse(place.source, empty.to_string(), packed);
            return Ok(());
        }
        let mut data = self.bench.buffer();
        match self.bench.unpacker.unpack(packed, self.room(), &mut data) {
            Ok(_) => self.held(&data, place.inside())?,
            // Mailboxes and tar archives need not fit into memory.
            Err(gzip::GzipError::TooLarge(_))
                if mbox::is_mbox(&data) && place.expected == Expected::Anything
                    || tar::is_tar(&data) && place.expected != Expected::Message =>
            {
                drop(std::mem::take(&mut data));
                return self.stream(&mut &*packed, None, place);
            }
            Err(why) => self.delivery.refuse(place.source, why.to_string(), packed),
        }
        self.bench.give_back(data);
        Ok(())
    }

    /// Every file of a zip archive.
    fn unzip(&mut self, packed: &[u8], place: Place<'_>) -> Result<(), Stopped> {
        // A broken archive may have thousands of files that cannot be had: it is hashed once.
        let sha256 = OnceCell::new();
        let walked = zip::unpack(packed, self.room(), |file| {
            let outcome = match file {
                Ok(file) => {
                    let source = format!("{}: {}", place.source, clip(&file.name));
                    let origin = place.origin.with_name(Some(&file.name));
                    let expected = Expected::at(Path::new(&file.name));
                    self.held(&file.data, Place { source: &source, origin, expected, ..place.inside() })
                }
                Err(why) => {
                    let sha256 = *sha256.get_or_init(|| Fingerprint::of(packed));
                    self.delivery.refuse_as(place.source, why.to_string(), sha256, packed.len() as u64);
                    Ok(())
                }
            };
            outcome.map_or_else(|Stopped| ControlFlow::Break(()), ControlFlow::Continue)
        });
        if walked.is_break() { Err(Stopped) } else { Ok(()) }
    }

    /// Every file of a tar archive.
    fn members(&mut self, reader: impl Read, place: Place<'_>) -> Result<(), Stopped> {
        let mut archive = tar::Archive::new(reader);
        loop {
            match archive.next_member() {
                Ok(None) => return Ok(()),
                Err(tar::TarError::Source(problem)) => {
                    self.unreadable(place, problem, &[]);
                    return Ok(());
                }
                Err(why) => {
                    self.delivery.refuse(place.source, why.to_string(), &[]);
                    return Ok(());
                }
                Ok(Some(mut member)) => {
                    let name = std::mem::take(&mut member.name);
                    if is_left_over(&name) {
                        continue;
                    }
                    let source = format!("{}: {}", place.source, clip(&name));
                    let origin = place.origin.with_name(name.rsplit('/').next());
                    let received_at = delivered_by_name(&name).or(place.received_at);
                    let place = Place { source: &source, origin, expected: Expected::at(Path::new(&name)), received_at, ..place.inside() };
                    let size = member.size;
                    if size > CONTENT_CAP as u64 {
                        self.stream(&mut member, Some(size), place)?;
                    } else {
                        self.whole(&mut member, Some(size), place)?;
                    }
                }
            }
        }
    }

    /// Every message of a mailbox.
    fn mailbox(&mut self, reader: impl Read, place: Place<'_>) -> Result<(), Stopped> {
        let mut mailbox = mbox::Mailbox::new(reader);
        let mut number = 0_u64;
        loop {
            number += 1;
            match mailbox.next_message() {
                Ok(None) => return Ok(()),
                Err(problem) => {
                    self.unreadable(place, problem, &[]);
                    return Ok(());
                }
                Ok(Some(message)) => {
                    let source = format!("{}: message {number}", place.source);
                    if message.cut {
                        self.without_report(message.text, &source, mail::MailError::TooLarge.to_string());
                        continue;
                    }
                    let received_at = message.delivered_at.or(place.received_at);
                    // Only of the first it is certain that no other mail's text begins it.
                    let doubtful = place.doubtful || number > 1 && !self.options.quoted_mailboxes;
                    self.one_mail(message.text, Place { source: &source, received_at, doubtful, ..place.inside() })?;
                }
            }
        }
    }

    /// A mail's parts. Of one without a report, a refusal says so, if it was meant to hold one.
    pub(super) fn one_mail(&mut self, bytes: &[u8], place: Place<'_>) -> Result<(), Stopped> {
        let mail = match mail::read(bytes) {
            Ok(mail) => mail,
            Err(why) => {
                self.without_report(bytes, place.source, why.to_string());
                return Ok(());
            }
        };
        let begin = self.delivery.moment();
        let envelope = Envelope::of(&mail, place.origin);
        // A mail in a mail proves itself or nothing: who sent the outer one did not write it, or is no sender of reports.
        let (attached, doubtful, received_at) = (place.mail.is_some(), place.doubtful, place.received_at);
        let proof = Proof { mail: bytes, attached, doubtful, received_at, verdict: OnceCell::new() };
        let own = Purse::of_mail(bytes);
        let place = Place { purse: if attached { place.purse } else { &own }, ..place };
        let (declared, vague): (Vec<_>, Vec<_>) = mail.parts.iter().partition(|part| part.declared);
        for part in declared {
            self.part(part, &envelope, &proof, place)?;
        }
        // A text that merely begins with a brace is tried, but failing it is worth a word only if the mail held no report at all.
        let doubt = self.delivery.moment();
        for part in vague {
            self.part(part, &envelope, &proof, place)?;
        }
        let delivered = self.delivery.delivered_since(begin);
        if delivered {
            self.delivery.forget_refused_since(doubt);
        } else if !looks_like_tls_report(bytes) {
            self.delivery.forget_refused_since(begin);
            self.delivery.pass_over();
            return Ok(());
        }
        if mail.cut {
            self.delivery.refuse(place.source, "a mail with too many or too deeply nested parts; the rest was not read", bytes);
        } else if self.delivery.silent_since(begin) {
            self.delivery.refuse(place.source, "a mail without a TLS report in it", bytes);
        }
        Ok(())
    }

    /// A mail that cannot be taken apart: a loss if it was meant to hold a report, else none of our concern.
    fn without_report(&mut self, bytes: &[u8], source: &str, why: String) {
        if looks_like_tls_report(bytes) { self.delivery.refuse(source, why, bytes) } else { self.delivery.pass_over() }
    }

    fn part(&mut self, part: &mail::Part<'_>, envelope: &Envelope, proof: &Proof<'_>, place: Place<'_>) -> Result<(), Stopped> {
        let origin = Origin::in_mail(envelope, place.origin).with_name(part.name.as_deref());
        let place = Place { origin, expected: Expected::Anything, mail: Some(proof), ..place.inside() };
        if part.attached && place.layers > 0 { self.one_mail(&part.data, place) } else { self.held(&part.data, place) }
    }

    fn documents(&mut self, bytes: &[u8], place: Place<'_>) -> Result<(), Stopped> {
        let walked = report::each(bytes, |document| {
            let report::Document { text, read } = document;
            let delivered = match read {
                Ok(report) => {
                    let verifier = self.options.verifier;
                    let authenticity = place.mail.map_or(Authenticity::Operator, |proof| proof.authenticity(verifier));
                    let received = Received {
                        reporter: place.origin.reporter(&report, &authenticity),
                        subject: place.origin.subject(&report),
                        source: place.source.to_owned(),
                        authenticity,
                        received_at: place.mail.and_then(|mail| mail.received_at),
                        raw: self.options.keep_raw.then(|| text.as_bytes().to_vec()),
                        report,
                    };
                    self.delivery.report(received, text.len())
                }
                Err(why) => {
                    self.delivery.refuse(place.source, why.to_string(), text.as_bytes());
                    Ok(())
                }
            };
            delivered.map_or_else(|Stopped| ControlFlow::Break(()), ControlFlow::Continue)
        });
        if walked.is_break() { Err(Stopped) } else { Ok(()) }
    }
}

fn too_large() -> String {
    format!("larger than {} MiB, and neither a mailbox nor a tar archive", CONTENT_CAP >> 20)
}

fn clip(name: &str) -> &str {
    name.char_indices().nth(NAME_CAP).map_or(name, |(end, _)| &name[..end])
}
