//! The server's first flight in clear text (RFC 5246 §7.3): records in, version, suite, chain and curve out, or the alert that came
//! instead.

use super::suite;

/// At most this many bytes are read, records and all.
pub const FLIGHT_CAP: usize = 128 * 1024;

/// TLS 1.2.
const NEWEST_OFFERED: u16 = 0x0303;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const WARNING: u8 = 1;
const CLOSE_NOTIFY: u8 = 0;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const SERVER_HELLO_DONE: u8 = 14;
/// The curve of an elliptic exchange is one of the named ones (RFC 8422 §5.4).
const NAMED_CURVE: usize = 3;
/// A plaintext fragment is at most 2^14 bytes; some servers add a little (RFC 5246 §6.2.1).
const RECORD_CAP: usize = (1 << 14) + 2_048;

/// What answered the hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flight {
    /// The server chose and sent its chain.
    Served(ServerFlight),
    /// An alert; its description byte. Warnings are passed over.
    Alert(u8),
}

/// What a server chose, and its certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFlight {
    /// As on the wire: 0x0303 is TLS 1.2.
    pub version: u16,
    /// The suite's number.
    pub suite: u16,
    /// DER, in the order served.
    pub chain: Vec<Vec<u8>>,
    /// The number of the group that keys are exchanged over, where the suite has one and the message that names it came.
    pub group: Option<u16>,
    /// The fatal alert by which the server broke off behind its chain: its description byte.
    pub alert: Option<u8>,
}

/// Why bytes are no flight of a TLS server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlightError {
    /// Not a TLS record.
    #[error("what came is no TLS: {0:?}")]
    NotTls(String),
    /// A record or message that contradicts itself.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// A version newer than the hand-written hello offers; it names the newest one, and takes any older.
    #[error("the server chose {0}, which was not offered")]
    NotOffered(String),
    /// More than [`FLIGHT_CAP`] without a certificate.
    #[error("more than {FLIGHT_CAP} bytes before the certificate was complete")]
    TooLarge,
    /// The flight ended without a certificate: an anonymous suite, which was not offered.
    #[error("the server sent no certificate")]
    NoCertificate,
}

/// `TLSv1.2` and so on, as in facts; the number where there is no such version.
pub fn version_name(version: u16) -> String {
    match version {
        0x0300 => "SSLv3".into(),
        0x0301 => "TLSv1.0".into(),
        0x0302 => "TLSv1.1".into(),
        0x0303 => "TLSv1.2".into(),
        0x0304 => "TLSv1.3".into(),
        other => format!("0x{other:04X}"),
    }
}

/// Reads a flight out of a stream of bytes.
#[derive(Debug, Default)]
pub struct FlightReader {
    records: Vec<u8>,
    messages: Vec<u8>,
    fed: usize,
    chosen: Option<(u16, u16)>,
    served: Option<ServerFlight>,
}

impl FlightReader {
    /// A reader that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what came; `None` if more is needed: a flight ends with ServerHelloDone. Nothing is kept beyond [`FLIGHT_CAP`].
    ///
    /// # Errors
    /// [`FlightError`]: no TLS, or too much of it, before a chain came.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<Flight>, FlightError> {
        match self.take(bytes) {
            // The chain was served; what goes wrong behind it does not take it back.
            Err(_) if self.served.is_some() => Ok(self.served_so_far().map(Flight::Served)),
            Ok(Some(Flight::Alert(alert))) if self.served.is_some() => {
                Ok(self.served_so_far().map(|served| Flight::Served(ServerFlight { alert: Some(alert), ..served })))
            }
            taken => taken,
        }
    }

    /// Whether the chain has come: what is missing then is worth a short wait only.
    pub fn has_chain(&self) -> bool {
        self.served.is_some()
    }

    /// The flight as far as it came, if the chain was in it: for a peer that stops behind it.
    pub fn served_so_far(&mut self) -> Option<ServerFlight> {
        self.served.take()
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Option<Flight>, FlightError> {
        self.fed = self.fed.saturating_add(bytes.len());
        if self.fed > FLIGHT_CAP {
            return Err(FlightError::TooLarge);
        }
        self.records.extend_from_slice(bytes);
        let before = self.messages.len();
        let ended = self.take_records();
        // What came before an alert or before nonsense counts first.
        if self.messages.len() > before
            && let Some(flight) = self.read_messages()?
        {
            return Ok(Some(flight));
        }
        ended
    }

    /// Takes the fragments out of whole records; an alert ends that.
    fn take_records(&mut self) -> Result<Option<Flight>, FlightError> {
        let records = std::mem::take(&mut self.records);
        let mut rest = records.as_slice();
        while let Some((kind, fragment, behind)) = next_record(rest)? {
            rest = behind;
            match kind {
                ALERT => {
                    let &[level, description] = fragment else { return Err(FlightError::Malformed("alert")) };
                    // A warning such as unrecognized_name is followed by the handshake; a close is the end.
                    if level != WARNING || description == CLOSE_NOTIFY {
                        return Ok(Some(Flight::Alert(description)));
                    }
                }
                HANDSHAKE => self.messages.extend_from_slice(fragment),
                _ => return Err(FlightError::Malformed("record: neither handshake nor alert")),
            }
        }
        self.records = rest.to_vec();
        Ok(None)
    }

    fn read_messages(&mut self) -> Result<Option<Flight>, FlightError> {
        let messages = std::mem::take(&mut self.messages);
        let mut rest = Reader(&messages);
        loop {
            let mut ahead = rest;
            let Some((kind, body)) = ahead.message() else { break };
            rest = ahead;
            match kind {
                SERVER_HELLO => {
                    let (version, suite) = server_hello(body).ok_or(FlightError::Malformed("ServerHello"))?;
                    if version > NEWEST_OFFERED {
                        return Err(FlightError::NotOffered(version_name(version)));
                    }
                    self.chosen = Some((version, suite));
                }
                CERTIFICATE => {
                    let (version, suite) = self.chosen.ok_or(FlightError::Malformed("flight: a certificate before ServerHello"))?;
                    let chain = certificates(body).ok_or(FlightError::Malformed("Certificate message"))?;
                    if chain.is_empty() {
                        return Err(FlightError::NoCertificate);
                    }
                    self.served = Some(ServerFlight { version, suite, chain, group: None, alert: None });
                }
                SERVER_KEY_EXCHANGE => {
                    if let Some(served) = self.served.as_mut().filter(|served| suite::names_its_curve(served.suite)) {
                        served.group = named_group(body);
                    }
                }
                SERVER_HELLO_DONE => {
                    return self.served_so_far().map(|served| Some(Flight::Served(served))).ok_or(FlightError::NoCertificate);
                }
                _ => {}
            }
        }
        self.messages = rest.0.to_vec();
        Ok(None)
    }
}

/// A record: its type, its fragment and what lies behind it.
type Record<'a> = (u8, &'a [u8], &'a [u8]);

/// The next record, if it is whole.
fn next_record(bytes: &[u8]) -> Result<Option<Record<'_>>, FlightError> {
    let not_tls = || FlightError::NotTls(String::from_utf8_lossy(bytes.get(..40).unwrap_or(bytes)).into_owned());
    // Type and major version tell TLS from anything else as soon as they are there.
    if bytes.first().is_some_and(|kind| !(20..=24).contains(kind)) || bytes.get(1).is_some_and(|major| *major != 3) {
        return Err(not_tls());
    }
    let &[kind, _, _, high, low, ref rest @ ..] = bytes else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > RECORD_CAP {
        return Err(FlightError::Malformed("record: longer than TLS allows"));
    }
    Ok(rest.split_at_checked(length).map(|(fragment, behind)| (kind, fragment, behind)))
}

/// Version and suite (RFC 5246 §7.4.1.3).
fn server_hello(body: &[u8]) -> Option<(u16, u16)> {
    let mut body = Reader(body);
    let version = body.number(2)?;
    body.take(32)?; // random
    body.prefixed(1)?; // session id
    let suite = body.number(2)?;
    Some((u16::try_from(version).ok()?, u16::try_from(suite).ok()?))
}

/// The curve that an elliptic exchange goes over (RFC 8422 §5.4).
fn named_group(body: &[u8]) -> Option<u16> {
    let mut body = Reader(body);
    let kind = body.number(1)?;
    let group = body.number(2)?;
    if kind == NAMED_CURVE { u16::try_from(group).ok() } else { None }
}

/// The certificates (RFC 5246 §7.4.2).
fn certificates(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut body = Reader(body);
    let mut list = Reader(body.prefixed(3)?);
    let mut chain = Vec::new();
    while !list.0.is_empty() {
        chain.push(list.prefixed(3)?.to_vec());
    }
    body.0.is_empty().then_some(chain)
}

/// A slice that is read from the front.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, width: usize) -> Option<usize> {
        Some(self.take(width)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    fn prefixed(&mut self, width: usize) -> Option<&'a [u8]> {
        let length = self.number(width)?;
        self.take(length)
    }

    /// A handshake message: its type and its body; `None` if it is not whole yet.
    fn message(&mut self) -> Option<(u8, &'a [u8])> {
        let kind = self.take(1)?;
        Some((*kind.first()?, self.prefixed(3)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![kind];
        out.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
        out.extend_from_slice(body);
        out
    }

    fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
        let mut out = vec![kind, 3, 3];
        out.extend_from_slice(&u16::try_from(fragment.len()).unwrap().to_be_bytes());
        out.extend_from_slice(fragment);
        out
    }

    fn hello(version: u16, suite: u16) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend_from_slice(&[9; 32]);
        body.push(0);
        body.extend_from_slice(&suite.to_be_bytes());
        body.push(0);
        message(SERVER_HELLO, &body)
    }

    fn done() -> Vec<u8> {
        message(SERVER_HELLO_DONE, &[])
    }

    fn served(version: u16, suite: u16, chain: &[&[u8]]) -> ServerFlight {
        let chain = chain.iter().map(|der| der.to_vec()).collect();
        ServerFlight { version, suite, chain, group: None, alert: None }
    }

    fn certificate(chain: &[&[u8]]) -> Vec<u8> {
        let list: Vec<u8> = chain.iter().flat_map(|der| message(0, der)[1..].to_vec()).collect();
        message(CERTIFICATE, &message(0, &list)[1..])
    }

    #[test]
    fn version_suite_and_chain_are_read_from_one_record_or_many() {
        let messages = [hello(0x0301, 0x002F), certificate(&[b"leaf", b"intermediate"]), done()].concat();
        let expected = Flight::Served(served(0x0301, 0x002F, &[b"leaf", b"intermediate"]));
        for size in [1, 3, 7, messages.len()] {
            let stream: Vec<u8> = messages.chunks(size).flat_map(|piece| record(HANDSHAKE, piece)).collect();
            assert_eq!(FlightReader::new().feed(&stream), Ok(Some(expected.clone())), "fragments of {size}");
            let mut reader = FlightReader::new();
            let mut seen = Ok(None);
            for byte in stream.chunks(2) {
                seen = reader.feed(byte);
                if seen != Ok(None) {
                    break;
                }
            }
            assert_eq!(seen, Ok(Some(expected.clone())), "packets of two bytes");
        }
    }

    #[test]
    fn a_fatal_alert_ends_the_flight_and_a_warning_does_not() {
        assert_eq!(FlightReader::new().feed(&record(ALERT, &[2, 70])), Ok(Some(Flight::Alert(70))));
        assert_eq!(FlightReader::new().feed(&record(ALERT, &[1, 0])), Ok(Some(Flight::Alert(0))));
        let flight = [hello(0x0303, 0x0035), certificate(&[b"leaf"]), done()].concat();
        let warned = [record(ALERT, &[1, 112]), record(HANDSHAKE, &flight)];
        assert!(matches!(FlightReader::new().feed(&warned.concat()), Ok(Some(Flight::Served(_)))));
    }

    #[test]
    fn an_alert_behind_the_chain_is_told_beside_it() {
        let flight = record(HANDSHAKE, &[hello(0x0303, 0xC02F), certificate(&[b"leaf"])].concat());
        let expected = |alert| Ok(Some(Flight::Served(ServerFlight { alert, ..served(0x0303, 0xC02F, &[b"leaf"]) })));
        assert_eq!(FlightReader::new().feed(&[flight.clone(), record(ALERT, &[2, 80])].concat()), expected(Some(80)));
        let mut reader = FlightReader::new();
        assert_eq!(reader.feed(&flight), Ok(None));
        assert_eq!(reader.feed(&record(ALERT, &[2, 80])), expected(Some(80)), "in a packet of its own");
    }

    #[test]
    fn the_curve_is_read_behind_the_chain() {
        let exchange = |curve: &[u8]| message(SERVER_KEY_EXCHANGE, &[curve, &[65; 66]].concat());
        let request = message(13, &[1, 1, 0, 0, 0, 0]);
        for (suite, curve, group) in [
            (0xC02F, &[3, 0, 0x19][..], Some(0x0019)),
            (0xC02F, &[3, 0, 0x17], Some(0x0017)),
            (0xC02F, &[1, 0, 0x17], None),
            (0x009E, &[3, 0, 0x17], None),
        ] {
            let flight = [hello(0x0303, suite), certificate(&[b"leaf"]), exchange(curve), request.clone(), done()].concat();
            let expected = ServerFlight { group, ..served(0x0303, suite, &[b"leaf"]) };
            assert_eq!(FlightReader::new().feed(&record(HANDSHAKE, &flight)), Ok(Some(Flight::Served(expected))), "{curve:?}");
        }
    }

    #[test]
    fn what_goes_wrong_behind_the_chain_does_not_take_it_back() {
        let begun = record(HANDSHAKE, &[hello(0x0303, 0xC02F), certificate(&[b"leaf"])].concat());
        let expected = served(0x0303, 0xC02F, &[b"leaf"]);
        let mut reader = FlightReader::new();
        assert_eq!((reader.feed(&record(HANDSHAKE, &hello(0x0303, 0xC02F))), reader.has_chain()), (Ok(None), false));
        let mut reader = FlightReader::new();
        assert_eq!((reader.feed(&begun), reader.has_chain()), (Ok(None), true));
        assert_eq!(reader.served_so_far(), Some(expected.clone()));
        for worse in [b"220 mx".to_vec(), record(23, b"data"), record(ALERT, &[1, 90, 3])] {
            let answer = FlightReader::new().feed(&[begun.clone(), worse].concat());
            assert_eq!(answer, Ok(Some(Flight::Served(expected.clone()))));
        }
        assert_eq!(FlightReader::new().served_so_far(), None);
    }

    #[test]
    fn what_is_no_flight_is_an_error() {
        for (bytes, says) in [
            (b"220 mx ESMTP\r\n".to_vec(), "no TLS"),
            (vec![22, 4], "no TLS"),
            (record(23, b"data"), "neither handshake nor alert"),
            (record(ALERT, &[2]), "malformed alert"),
            (vec![22, 3, 3, 0xFF, 0xFF], "longer than TLS allows"),
            (record(HANDSHAKE, &certificate(&[b"leaf"])), "before ServerHello"),
            (record(HANDSHAKE, &message(SERVER_HELLO, &[3, 3])), "malformed ServerHello"),
            (record(HANDSHAKE, &hello(0x0304, 5)), "TLSv1.3, which was not offered"),
            (record(HANDSHAKE, &hello(0x7F00, 5)), "0x7F00, which was not offered"),
            (
                [record(HANDSHAKE, &hello(0x0303, 5)), record(HANDSHAKE, &message(CERTIFICATE, &[0, 0, 9, 1]))].concat(),
                "malformed Certificate",
            ),
            ([record(HANDSHAKE, &hello(0x0303, 5)), record(HANDSHAKE, &certificate(&[]))].concat(), "no certificate"),
            ([record(HANDSHAKE, &hello(0x0303, 5)), record(HANDSHAKE, &message(SERVER_HELLO_DONE, &[]))].concat(), "no certificate"),
        ] {
            let error = FlightReader::new().feed(&bytes).expect_err(says).to_string();
            assert!(error.contains(says), "{says}: {error}");
        }
    }

    #[test]
    fn an_endless_flight_is_cut_off() {
        let mut reader = FlightReader::new();
        let piece = record(HANDSHAKE, &message(12, &[0; 1_000]));
        let mut last = Ok(None);
        for _ in 0..=FLIGHT_CAP / piece.len() {
            last = reader.feed(&piece);
        }
        assert_eq!(last, Err(FlightError::TooLarge));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), cut in 1_usize..64) {
            let mut reader = FlightReader::new();
            for piece in bytes.chunks(cut) {
                if reader.feed(piece).is_err() {
                    break;
                }
            }
        }

        #[test]
        fn arbitrary_handshake_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = FlightReader::new().feed(&record(HANDSHAKE, &bytes));
            let _ = FlightReader::new().feed(&[record(HANDSHAKE, &hello(0x0303, 0x0035)), record(HANDSHAKE, &message(CERTIFICATE, &bytes))].concat());
        }
    }
}
