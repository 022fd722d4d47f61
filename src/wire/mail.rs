//! Report parts in mails (RFC 8460 §5.3): which parts of an RFC 5322 message may hold a report, whatever they are labelled.
//!
//! In: the bytes of one mail. Out: its sender's domain, what its TLS-Report headers say, and the parts whose content looks like
//! gzip, zip or JSON, or whose label promises a report. Header fields and transfer encodings are `mail-parser`'s; the walk over the
//! parts is ours, because the crate's own nests as deep as the mail says, and a hostile mail then overflows the stack. Fields that say
//! nothing about reports (most of a mail) are passed over unread.

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mail_parser::decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode};
use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders as _};
use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memchr2};

use crate::wire::gzip;
use crate::wire::name::Domain;

/// The largest mail that is read.
pub const MAIL_CAP: usize = 25 << 20;
/// How deep parts may nest.
pub const NESTING_CAP: usize = 16;
/// How many parts are looked at.
const PART_CAP: usize = 1000;
/// The longest header block that is read.
const HEADER_CAP: usize = 256 << 10;
/// The header fields that say something about reports.
const FIELDS: [&str; 6] =
    ["From", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "TLS-Report-Submitter", "TLS-Report-Domain"];

/// Set up once: its table of fields takes longer to build than a header to read.
static PARSER: LazyLock<MessageParser> = LazyLock::new(MessageParser::default);
/// Padding may be missing or more, as decoders of mails allow.
static BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// A mail, as far as it concerns reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail<'a> {
    /// The domain of the From address.
    pub from: Option<Domain>,
    /// `TLS-Report-Submitter`.
    pub submitter: Option<Domain>,
    /// `TLS-Report-Domain`.
    pub report_domain: Option<Domain>,
    /// The parts that may hold a report, decoded, in their order.
    pub parts: Vec<Part<'a>>,
    /// Whether parts were left out because of a cap.
    pub cut: bool,
}

/// A part that may hold a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its file name.
    pub name: Option<String>,
    /// Whether its label promises a file: a type other than text, or a file name. A text that merely begins with a brace is no promise.
    pub declared: bool,
    /// Whether it is a mail itself (`message/rfc822`): whoever attached it may have written anything into it.
    pub attached: bool,
    /// Its content, transfer encoding undone.
    pub data: Cow<'a, [u8]>,
}

/// Why bytes are no mail to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Over [`MAIL_CAP`].
    #[error("a mail of more than {} MiB", MAIL_CAP >> 20)]
    TooLarge,
    /// No header field at all.
    #[error("no mail: it has no header")]
    NoHeader,
}

/// Whether `bytes` begin as a mail does: header fields, two of them well known.
pub fn is_mail(bytes: &[u8]) -> bool {
    const KNOWN: [&str; 16] = [
        "arc-seal",
        "authentication-results",
        "content-type",
        "date",
        "delivered-to",
        "dkim-signature",
        "from",
        "message-id",
        "mime-version",
        "received",
        "return-path",
        "subject",
        "tls-report-domain",
        "tls-report-submitter",
        "to",
        "x-received",
    ];
    let mut known = 0;
    for (number, line) in bytes.split(|byte| *byte == b'\n').take(400).enumerate() {
        if number > 0 && matches!(line.first(), Some(b' ' | b'\t')) {
            continue;
        }
        // The blank line behind the header has no colon either.
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
        let name = line[..colon].trim_ascii_end();
        if name.is_empty() || name.len() > 76 || !name.iter().all(u8::is_ascii_graphic) {
            return false;
        }
        known += usize::from(KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())));
        if known >= 2 {
            return true;
        }
    }
    false
}

/// Whether `bytes` begin as a JSON object, or an array of objects, does; a byte order mark and spaces before it are forgiven.
pub fn is_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    match bytes.split_first() {
        Some((b'{', _)) => true,
        Some((b'[', rest)) => rest.trim_ascii_start().starts_with(b"{"),
        _ => false,
    }
}

/// Whether `bytes` begin as a zip archive does.
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Reads a mail.
pub fn read(bytes: &[u8]) -> Result<Mail<'_>, MailError> {
    if bytes.len() > MAIL_CAP {
        return Err(MailError::TooLarge);
    }
    let (head, body) = split_head(bytes);
    if memchr(b':', head).is_none() {
        return Err(MailError::NoHeader);
    }
    let fields = telling_fields(head);
    let header = PARSER.parse_headers(&fields);
    let mut mail = Mail::default();
    if let Some(header) = &header {
        mail.from = header.from().and_then(|from| from.first()).and_then(|from| from.address()).and_then(address_domain);
        mail.submitter = named_domain(header, "TLS-Report-Submitter");
        mail.report_domain = named_domain(header, "TLS-Report-Domain");
    }
    let mut walk = Walk { looked_at: 1, mail };
    walk.content(header.as_ref(), Cow::Borrowed(body), NESTING_CAP);
    Ok(walk.mail)
}

/// The domain of an address, however it is dressed: `a@b`, `Name <a@b>`, `mailto:a@b`.
pub fn address_domain(written: &str) -> Option<Domain> {
    let (_, domain) = written.rsplit_once('@')?;
    let end = domain.find(|c: char| c.is_whitespace() || matches!(c, '>' | ',' | ';' | '?' | ')')).unwrap_or(domain.len());
    Domain::parse(&domain[..end]).ok()
}

fn named_domain(header: &Message<'_>, name: &'static str) -> Option<Domain> {
    match header.header(name)? {
        HeaderValue::Text(text) => Domain::parse(text).ok(),
        _ => None,
    }
}

/// A mail in reading.
struct Walk<'a> {
    /// How many entities so far.
    looked_at: usize,
    mail: Mail<'a>,
}

impl<'a> Walk<'a> {
    /// Looks at one entity and those inside it.
    fn entity(&mut self, entity: Cow<'a, [u8]>, depth: usize) {
        self.looked_at += 1;
        if depth == 0 || self.looked_at > PART_CAP {
            self.mail.cut = true;
            return;
        }
        // A part may well have no header at all (RFC 2046 §5.1: then it is plain text); an empty `Message` must not be asked for one.
        let (head, body) = split_head(&entity);
        let fields = telling_fields(head);
        let header = PARSER.parse_headers(&fields);
        let body_at = entity.len() - body.len();
        let body = match entity {
            Cow::Borrowed(entity) => Cow::Borrowed(&entity[body_at..]),
            Cow::Owned(mut entity) => {
                entity.drain(..body_at);
                Cow::Owned(entity)
            }
        };
        self.content(header.as_ref(), body, depth);
    }

    /// Looks at what comes after a header.
    fn content(&mut self, header: Option<&Message<'_>>, body: Cow<'a, [u8]>, depth: usize) {
        let content_type = header.and_then(|header| header.content_type());
        let (main, sub) = content_type.map_or(("text", "plain"), |kind| (kind.ctype(), kind.subtype().unwrap_or_default()));
        if main.eq_ignore_ascii_case("multipart")
            && let Some(boundary) = content_type.and_then(|kind| kind.attribute("boundary")).filter(|boundary| !boundary.is_empty())
        {
            for (begin, end) in parts(&body, boundary.as_bytes()) {
                let part = match &body {
                    Cow::Borrowed(body) => Cow::Borrowed(&body[begin..end]),
                    Cow::Owned(body) => Cow::Owned(body[begin..end].to_vec()),
                };
                self.entity(part, depth - 1);
            }
            return;
        }
        let data = decoded(body, header.and_then(|header| header.content_transfer_encoding()));
        if main.eq_ignore_ascii_case("message") && ["rfc822", "global"].iter().any(|mail| sub.eq_ignore_ascii_case(mail)) {
            // A mail in a mail is somebody else's, with senders and signatures of its own.
            return self.mail.parts.push(Part { name: None, declared: false, attached: true, data });
        }
        let name = header.and_then(|header| header.attachment_name()).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let labelled = sub.get(..6).is_some_and(|sub| sub.eq_ignore_ascii_case("tlsrpt"));
        let promised = labelled || name.as_deref().is_some_and(is_report_name);
        if promised || gzip::is_gzip(&data) || is_zip(&data) || is_json(&data) {
            let declared = promised || name.is_some() || !main.eq_ignore_ascii_case("text");
            self.mail.parts.push(Part { name, declared, attached: false, data });
        }
    }
}

/// The header block and what comes after its blank line.
fn split_head(entity: &[u8]) -> (&[u8], &[u8]) {
    if let Some(body) = entity.strip_prefix(b"\r\n").or_else(|| entity.strip_prefix(b"\n")) {
        return (&[], body);
    }
    let blank = |at: &usize| matches!(entity.get(at + 1..), Some([b'\n', ..] | [b'\r', b'\n', ..]));
    let Some(end) = memchr_iter(b'\n', entity).take_while(|at| *at <= HEADER_CAP).find(blank) else {
        return (&entity[..entity.len().min(HEADER_CAP)], &[]);
    };
    let (head, rest) = entity.split_at(end + 1);
    (head, rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest))
}

/// Of a header block the fields in [`FIELDS`], as they are.
fn telling_fields(head: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let (mut at, mut keeping) = (0, false);
    while at < head.len() {
        let line = &head[at..memchr(b'\n', &head[at..]).map_or(head.len(), |end| at + end + 1)];
        at += line.len();
        // A line that begins with space continues the field before it (RFC 5322 §2.2.3).
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            let name = &line[..memchr(b':', &line[..line.len().min(80)]).unwrap_or(0)];
            keeping = FIELDS.iter().any(|field| name.trim_ascii_end().eq_ignore_ascii_case(field.as_bytes()));
        }
        if keeping {
            kept.extend_from_slice(line);
        }
    }
    kept
}

/// Where the parts between the boundary lines begin and end (RFC 2046 §5.1.1); a part that is never closed ends with the body.
fn parts(body: &[u8], boundary: &[u8]) -> Vec<(usize, usize)> {
    let delimiter = [b"--", boundary].concat();
    let mut found = Vec::new();
    let mut begins = None;
    for at in Finder::new(&delimiter).find_iter(body) {
        let line_end = memchr(b'\n', &body[at..]).map_or(body.len(), |end| at + end + 1);
        let rest = body[at + delimiter.len()..line_end].trim_ascii();
        let begins_line = at == 0 || body[at - 1] == b'\n';
        if !begins_line || !(rest.is_empty() || rest == b"--") {
            continue;
        }
        if let Some(begin) = begins.take() {
            // The line end before a boundary belongs to the boundary.
            let part: &[u8] = &body[begin..at];
            let part = part.strip_suffix(b"\n").unwrap_or(part);
            found.push((begin, begin + part.strip_suffix(b"\r").unwrap_or(part).len()));
        }
        if rest == b"--" {
            return found;
        }
        begins = Some(line_end);
    }
    found.extend(begins.map(|begin| (begin, body.len())));
    found
}

/// Undoes the transfer encoding; what cannot be undone stays as it is and fails later under its own name.
fn decoded<'a>(body: Cow<'a, [u8]>, encoding: Option<&str>) -> Cow<'a, [u8]> {
    let encoding = encoding.map(str::trim).unwrap_or_default();
    let decoded = if encoding.eq_ignore_ascii_case("base64") {
        base64(&body)
    } else if encoding.eq_ignore_ascii_case("quoted-printable") {
        quoted_printable_decode(&body)
    } else {
        None
    };
    decoded.map_or(body, Cow::Owned)
}

/// Base64 as mails have it (RFC 2045 §6.8): in lines, and characters outside the alphabet are ignored.
fn base64(body: &[u8]) -> Option<Vec<u8>> {
    let mut lines = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(end) = memchr2(b'\n', b'\r', rest) {
        lines.extend_from_slice(&rest[..end]);
        rest = &rest[end + 1..];
    }
    lines.extend_from_slice(rest);
    BASE64.decode(&lines).ok().or_else(|| {
        lines.retain(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
        base64_decode(&lines)
    })
}

/// `….json`, `….json.gz` and what gateways make of them.
fn is_report_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".json", ".json.gz", ".json.gzip", ".json.zip"].iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GZIP: &[u8] = b"\x1f\x8b\x08\x00rest\xff\xfe\r\n\x00";

    fn mail(headers: &str, body: &str) -> Mail<'static> {
        let text =
            format!("From: Sender Reports <noreply@out.sender.example>\r\nTLS-Report-Domain: Shop.example\r\n{headers}\r\n\r\n{body}");
        let read = read(text.as_bytes()).expect("a mail");
        let parts = read
            .parts
            .into_iter()
            .map(|part| Part {
                attached: part.attached,
                data: Cow::Owned(part.data.into_owned()),
                name: part.name,
                declared: part.declared,
            })
            .collect();
        Mail { parts, from: read.from, submitter: read.submitter, report_domain: read.report_domain, cut: read.cut }
    }

    fn base64(data: &[u8]) -> String {
        let text = base64::engine::general_purpose::STANDARD.encode(data);
        text.as_bytes().chunks(4).map(|chunk| String::from_utf8_lossy(chunk).into_owned()).collect::<Vec<_>>().join("\r\n")
    }

    #[test]
    fn parts_are_chosen_by_content_whatever_the_label() {
        for label in
            ["application/tlsrpt+gzip", "application/gzip", "application/x-gzip", "application/octet-stream", "text/plain", "image/png"]
        {
            let body = format!(
                "--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: {label}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
                base64(GZIP),
            );
            let read = mail("Content-Type: multipart/report; report-type=tlsrpt; boundary=b", &body);
            assert_eq!(read.parts.len(), 1, "{label}");
            assert_eq!(read.parts[0].data.as_ref(), GZIP, "{label}: byte for byte");
        }
    }

    #[test]
    fn senders_and_headers_are_read() {
        let read = mail("TLS-Report-Submitter: sender.example\r\nContent-Type: application/tlsrpt+json", "{\"a\":1}");
        let text = |domain: &Option<Domain>| domain.as_ref().map(ToString::to_string);
        assert_eq!(text(&read.from).as_deref(), Some("out.sender.example"));
        assert_eq!(text(&read.submitter).as_deref(), Some("sender.example"));
        assert_eq!(text(&read.report_domain).as_deref(), Some("shop.example"));
        assert_eq!(read.parts[0].data.as_ref(), b"{\"a\":1}");
        assert!(read.parts[0].declared);
    }

    #[test]
    fn a_promise_is_kept_even_when_the_content_is_something_else() {
        let read = mail("Content-Type: application/tlsrpt+gzip; name=\"a!b!1!2.json.gz\"", "The attachment was removed.");
        assert_eq!(read.parts[0].name.as_deref(), Some("a!b!1!2.json.gz"));
        // By the label, by the name, by the content; whether it is declared, where it is taken at all.
        for (content_type, body, declared) in [
            ("application/tlsrpt+gzip", "removed", Some(true)),
            ("application/TLSRPT+json", "removed", Some(true)),
            ("text/plain; name=\"a!b!1!2.json\"", "removed", Some(true)),
            ("text/plain; name=\"a!b!1!2.JSON.gz\"", "removed", Some(true)),
            ("application/octet-stream; name=\"a.json.zip\"", "removed", Some(true)),
            ("text/plain; name=\"a.txt\"", "removed", None),
            ("application/pdf; name=\"a.pdf\"", "removed", None),
            ("text/plain", "Hello", None),
            ("text/plain", "{\"a\":1}", Some(false)),
            ("text/plain; name=\"a.txt\"", "{\"a\":1}", Some(true)),
            ("application/octet-stream", "{\"a\":1}", Some(true)),
        ] {
            let read = mail(&format!("Content-Type: {content_type}"), body);
            assert_eq!(read.parts.first().map(|part| part.declared), declared, "{content_type}: {body}");
        }
    }

    #[test]
    fn forwarded_mails_are_mails_of_their_own() {
        let attached = |mail: Mail<'_>| {
            assert!(mail.parts[0].attached && !mail.parts[0].declared && mail.parts.len() == 1);
            mail.parts[0].data.clone().into_owned()
        };
        let inner = "Content-Type: application/json\r\n\r\n{\"a\":1}";
        let plain = format!("--b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--");
        assert_eq!(attached(mail("Content-Type: multipart/mixed; boundary=\"b\"", &plain)), inner.as_bytes());
        let encoded =
            format!("--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{}\n--b--", base64(inner.as_bytes()));
        assert_eq!(attached(mail("Content-Type: multipart/mixed; boundary=\"b\"", &encoded)), inner.as_bytes());
        // RFC 6532 §3.7; the other subtypes of `message` hold no mail.
        assert_eq!(attached(mail("Content-Type: message/GLOBAL", inner)), inner.as_bytes());
        assert!(mail("Content-Type: message/delivery-status", "Reporting-MTA: dns; a.example").parts.is_empty());
        assert!(!mail("Content-Type: message/delivery-status", "{\"a\":1}").parts[0].attached);
    }

    #[test]
    fn an_unclosed_multipart_keeps_its_last_part() {
        let read = mail("Content-Type: multipart/mixed; boundary=b", "preamble\n--b\nContent-Type: application/json\n\n{\"a\":1}\n");
        assert_eq!(read.parts[0].data.as_ref(), b"{\"a\":1}\n");
    }

    #[test]
    fn nesting_and_number_are_capped() {
        let folded = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(100_000);
        let deep = mail("Content-Type: multipart/mixed; boundary=b", &format!("--b\r\n{folded}"));
        assert!(deep.cut && deep.parts.is_empty());
        let wide = mail("Content-Type: multipart/mixed; boundary=b", &"--b\r\nContent-Type: application/json\r\n\r\n{}\r\n".repeat(5000));
        assert!(wide.cut && wide.parts.len() < PART_CAP);
        assert_eq!(read(&vec![b'a'; MAIL_CAP + 1]), Err(MailError::TooLarge));
        // A mail list in a mail gateway in a mail server is deep enough.
        for (levels, found) in [(NESTING_CAP / 2, true), (NESTING_CAP * 2, false)] {
            let nested: String =
                (0..levels).map(|level| format!("Content-Type: multipart/mixed; boundary=b{level}x\n\n--b{level}x\n")).collect();
            let text = format!("From: a@b.example\n{nested}Content-Type: application/json\n\n{{}}\n");
            let read = read(text.as_bytes()).expect("a mail");
            assert_eq!((read.parts.len(), read.cut), (usize::from(found), !found), "{levels}");
        }
    }

    #[test]
    fn json_is_known_by_how_it_begins() {
        for (text, json) in [
            (&b"{\"a\":1}"[..], true),
            (b"\xef\xbb\xbf\r\n {", true),
            (b"[{\"a\":1}]", true),
            (b" [\n\t{", true),
            (b"[1]", false),
            (b"[list] {", false),
            (b"\"a\"", false),
            (b"a {", false),
            (b"", false),
        ] {
            assert_eq!(is_json(text), json, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn addresses_are_read_however_they_are_dressed() {
        for (written, domain) in [
            ("a@B.example", Some("b.example")),
            ("Name <a@b.example>", Some("b.example")),
            ("Name <a@b.example> (by night)", Some("b.example")),
            ("a@b.example (by night)", Some("b.example")),
            ("\"x@y.example\" <a@b.example>;", Some("b.example")),
            ("(a@b.example)", Some("b.example")),
            ("mailto:a@b.example?subject=x", Some("b.example")),
            ("a@b.example, c", Some("b.example")),
            ("a@b.example\tc", Some("b.example")),
            ("b.example", None),
            ("a@", None),
            ("a@localhost", None),
        ] {
            assert_eq!(address_domain(written).map(|domain| domain.to_string()).as_deref(), domain, "{written}");
        }
    }

    #[test]
    fn mails_are_told_from_other_texts() {
        assert!(is_mail(b"Return-Path: <>\r\nReceived: from a\r\n by b\r\n\r\n"));
        assert!(is_mail(b"X-Odd: 1\nFrom: a@b.example\nSubject: s\n\nbody"));
        assert!(is_mail(b"Received: from a\r\n by b\r\n\twith c\r\nX-Odd: 1\r\nSubject: s\r\n"));
        let long = format!("{}: 1\nFrom: a\nTo: b\n", "x".repeat(200));
        for other in [
            &b""[..],
            b"# README\n\nFrom: here\nTo: there\n",
            b"Title: notes\nDate: today\n\n",
            b"From: a\n\nTo: b\n",
            b"From: a\r\n\r\nTo: b\r\n",
            b"{\"from\":1}",
            b" From: a\nTo: b\nSubject: s\n",
            b": x\nFrom: a\nTo: b\n",
            long.as_bytes(),
        ] {
            assert!(!is_mail(other), "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn base64_is_read_however_it_is_dressed() {
        for written in ["aGVsbG8gdGhlcmU=", "aGVs\r\nbG8g\ndGhl\rcmU=", "aGVsbG8gdGhlcmU", "aGVs bG8g\tdGhl-cmU=\r\n", "aGVsbG8gdGhlcmV="] {
            assert_eq!(super::base64(written.as_bytes()).as_deref(), Some(&b"hello there"[..]), "{written}");
        }
    }

    #[test]
    fn folded_fields_and_capitals_are_no_hindrance() {
        let read = mail("X-Long: a\r\n b\r\ncontent-type:\r\n\tapplication/JSON;\r\n\tNAME=\"a!b!1!2.json\"\r\nX-Last: 1", "{\"a\":1}");
        assert_eq!((read.parts[0].name.as_deref(), read.parts[0].declared), (Some("a!b!1!2.json"), true));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let _ = (read(&bytes), is_mail(&bytes), is_json(&bytes));
        }

        #[test]
        fn any_text_like_mime_is_answered(text in "(--b|--b--|Content-Type: (multipart/mixed; boundary=b|message/rfc822|text/plain)|\r\n|\n|=|[a-z]){0,60}") {
            let _ = read(format!("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n{text}").as_bytes());
        }
    }
}
